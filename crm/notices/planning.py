"""Planning of notices: one to each recipient of an event."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

import structlog
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.events import DeadlineAlert, Event, TicketChanged, TicketEvent
from crm.notices import reporters, store
from crm.notices.catalogue import Audience, EventNotice, NoticeCatalogue
from crm.notices.facts import EventFacts, FactFinder, visit_change
from crm.notices.model import (
    DeliveryState,
    DutyRota,
    NoticeChannel,
    NoticeDelivery,
    NoticeRecipient,
    WebhookData,
)
from crm.notices.reporters import Reached
from crm.notices.rota import Shift, on_duty
from crm.outbox.subscriptions import EventEnvelope
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.routes import Role

log = structlog.get_logger()


class Planner:
    """Listener of all events that stores a notice for each recipient."""

    def __init__(
        self,
        database: Database,
        catalogue: NoticeCatalogue,
        facts: FactFinder,
        on_planned: Callable[[Collection[NoticeChannel]], None],
    ) -> None:
        """Create the planner.

        `on_planned` receives, after a commit, the channels on which a notice became due.
        """
        self._database = database
        self._catalogue = catalogue
        self._facts = facts
        self._on_planned = on_planned

    async def plan(self, envelope: EventEnvelope) -> None:
        """Store the notices of an event. Idempotent (F26)."""
        notice = self._catalogue.notice(envelope.kind)
        if notice is None:
            return
        messages = await self._messages(envelope, notice)
        if not messages:
            return
        try:
            async with self._database.write() as session:
                if await store.is_planned(session, envelope.id):
                    return
                session.add_all(messages)
        except IntegrityError:
            async with self._database.read() as session:
                if not await store.is_planned(session, envelope.id):
                    raise
            # Another node planned it at this moment.
            log.info("notices_planned_elsewhere", event_id=envelope.id)
            return
        self._on_planned({message.channel for message in messages})

    def message(self, envelope: EventEnvelope, facts: EventFacts, recipient: NoticeRecipient) -> NoticeDelivery:
        """Return the notice of an event for one recipient."""
        said = self._catalogue.render(envelope.kind, recipient.language, facts.masked())
        whole = self._catalogue.render(envelope.kind, recipient.language, facts.values) if recipient.in_house else None
        now = utc_now()
        return NoticeDelivery(
            id=new_id("notice"),
            event_id=envelope.id,
            kind=envelope.kind,
            key=envelope.key,
            addressee=recipient.id,
            recipient_id=recipient.id,
            department_id=recipient.department_id,
            channel=recipient.channel,
            subject=said.subject,
            text=said.text,
            whole={"subject": whole.subject, "text": whole.text} if whole is not None else None,
            data=_data(envelope.event, facts, recipient) if recipient.channel is NoticeChannel.WEBHOOK else {},
            happened_at=envelope.at,
            created_at=now,
            next_at=now,
        )

    async def _messages(self, envelope: EventEnvelope, notice: EventNotice) -> list[NoticeDelivery]:
        async with self._database.read() as session:
            parts = await self._facts.departments(session, envelope.event)
            candidates = await store.active_of(session, parts.keys())
            informed = self._catalogue.reporter_wordings(envelope.kind, visit_change(envelope.event))
            reached = await reporters.of(session, envelope.event) if informed else []
            named = await _of_the_role(session, envelope.event, notice)
            audience: list[Audience] = ["role"] if named else notice.hear
            receiving = {found.id for found in candidates if _receives(found, envelope.kind, audience, parts)}
            if not receiving and not named and not reached:
                return []
            facts = await self._facts.of(session, envelope)
            chosen = [found for found in await _chosen(session, facts, candidates, utc_now()) if found.id in receiving]
        once = {recipient.id: recipient for recipient in (*named, *chosen)}
        return [
            *(self.message(envelope, facts, recipient) for recipient in once.values()),
            *(self._for_reporter(envelope, facts, reporter) for reporter in reached),
        ]

    def _for_reporter(self, envelope: EventEnvelope, facts: EventFacts, reporter: Reached) -> NoticeDelivery:
        visit = visit_change(envelope.event)
        said = self._catalogue.render_for_reporter(
            envelope.kind, reporter.language, facts.masked() | facts.for_reporter, visit
        )
        now = utc_now()
        may = reporter.obstacle is None
        return NoticeDelivery(
            id=new_id("notice"),
            event_id=envelope.id,
            kind=envelope.kind,
            key=envelope.key,
            addressee=reporter.addressee,
            number=reporter.number,
            channel=NoticeChannel.SMS,
            subject=said.subject,
            text=said.text,
            happened_at=envelope.at,
            state=DeliveryState.QUEUED if may else DeliveryState.NOT_SENT,
            error=reporter.obstacle,
            created_at=now,
            next_at=now if may else None,
        )


def _receives(
    recipient: NoticeRecipient, kind: str, audience: Collection[Audience], parts: Mapping[str, Audience]
) -> bool:
    """Return whether a recipient receives a kind of events.

    Its own switch decides, else the catalogue.
    """
    part = parts[recipient.department_id] if recipient.department_id is not None else "house"
    return recipient.switches.get(kind, part in audience)


async def _of_the_role(session: AsyncSession, event: Event, notice: EventNotice) -> list[NoticeRecipient]:
    """Return recipients of the role that an alert names.

    Recipients who switched the event off are left out.
    """
    if "role" not in notice.hear or not isinstance(event, DeadlineAlert) or event.role is None:
        return []
    role, department_id = Role(event.role), event.role_department_id
    if role is Role.DEPARTMENT and department_id is None:
        department_id = event.held_by
        if department_id is None:
            return []
    found = await store.of_role(session, role, department_id)
    return [recipient for recipient in found if recipient.switches.get(event.kind, True)]


async def _chosen(
    session: AsyncSession, facts: EventFacts, candidates: Sequence[NoticeRecipient], now: datetime
) -> list[NoticeRecipient]:
    """Return the recipients without a department, and those of each department.

    Of a department: the employee who has the ticket, else the recipients on duty, else the standing ones. So no notice
    is lost where all recipients on duty have left.
    """
    departments: dict[str | None, list[NoticeRecipient]] = defaultdict(list)
    for found in candidates:
        departments[found.department_id].append(found)
    chosen = departments.pop(None, [])
    for department_id, own in departments.items():
        assert department_id is not None, "those of none were taken out"
        chosen += [found for found in own if found.staff_id is not None and found.staff_id == facts.person_id] or (
            await _on_duty(session, department_id, own, now)
        )
    return chosen


async def _on_duty(
    session: AsyncSession, department_id: str, own: Sequence[NoticeRecipient], now: datetime
) -> list[NoticeRecipient]:
    by_id = {found.id: found for found in own}
    duty = await duty_at(session, department_id, now)
    reachable = [by_id[recipient_id] for recipient_id in duty or () if recipient_id in by_id]
    return reachable or [found for found in own if found.standing]


async def duty_at(session: AsyncSession, department_id: str, moment: datetime) -> list[str] | None:
    """Return the ids of recipients on duty; None outside the rota."""
    rota = await session.get(DutyRota, department_id)
    exceptions = await store.overrides(session, department_id, moment)
    shifts = [Shift.model_validate(shift) for shift in rota.shifts] if rota is not None else []
    return on_duty(rota.time_zone if rota is not None else "UTC", shifts, exceptions, moment)


def _data(event: Event, facts: EventFacts, recipient: NoticeRecipient) -> WebhookData:
    """Return the codes and facts that a webhook receives beside the text."""
    known = facts.values if recipient.in_house else facts.masked()
    return {
        "ticket_id": event.ticket_id if isinstance(event, TicketEvent) else None,
        "department_id": facts.department_id,
        "version": event.version if isinstance(event, TicketChanged) else None,
        **known,
    }
