"""Service of recipients and of the log of deliveries."""

from collections.abc import Callable, Collection
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, and_, true
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.departments.model import Department
from crm.events import Event
from crm.notices import address, metrics, store
from crm.notices.catalogue import NoticeCatalogue
from crm.notices.errors import DeliveryNotFound, NotDelivered, NotGivenUp, RecipientInvalid, RecipientNotFound
from crm.notices.facts import EventFacts
from crm.notices.model import DeliveryState, NoticeChannel, NoticeDelivery, NoticeRecipient
from crm.notices.planning import Planner
from crm.notices.views import DeliveryView, EventView, RecipientChange, RecipientCreated, RecipientInput, RecipientView
from crm.outbox.subscriptions import EventEnvelope
from crm.staff.model import Staff
from crm.webhooks.client import OutsideClient
from crm.webhooks.signature import new_secret
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem
from foundation.routes import Principal, Role

KEPT_DAYS = 180
"""Days for which the log of deliveries is kept."""
PRUNE_AT_ONCE = 500
TEST = "notice.test"

log = structlog.get_logger()


class NoticeTest(Event, frozen=True, kw_only=True):
    """Test of a recipient, never stored in the outbox."""

    recipient_id: str

    @property
    def kind(self) -> str:
        """`notice.test`."""
        return TEST

    @property
    def key(self) -> str:
        """The recipient's id."""
        return self.recipient_id


class NoticeService:
    """Recipients and deliveries; `region` is that of local numbers."""

    def __init__(
        self,
        database: Database,
        catalogue: NoticeCatalogue,
        planner: Planner,
        client: OutsideClient,
        *,
        on_due: Callable[[Collection[NoticeChannel]], None],
        region: str = "CN",
        channels: Collection[NoticeChannel] = tuple(NoticeChannel),
    ) -> None:
        """Create the service for channels that have a sender.

        `on_due` gets the channels on which a notice became due.
        """
        self._channels = frozenset(channels)
        self._database = database
        self._catalogue = catalogue
        self._planner = planner
        self._client = client
        self._region = region
        self._on_due = on_due

    def events(self) -> list[EventView]:
        """List the events with a wording, and their default recipients."""
        return [
            EventView(
                kind=kind,
                name_zh=notice.name.zh,
                name_en=notice.name.en,
                department_hears="department" in notice.hear,
                house_hears="house" in notice.hear,
                role_hears="role" in notice.hear,
                subject_zh=notice.zh.subject,
                text_zh=notice.zh.text,
                subject_en=notice.en.subject,
                text_en=notice.en.text,
                reporter_zh=notice.reporter.zh if notice.reporter is not None else None,
                reporter_en=notice.reporter.en if notice.reporter is not None else None,
            )
            for kind, notice in self._catalogue.events.items()
        ]

    async def recipients(self, department_id: str | None) -> list[RecipientView]:
        """Return the recipients of a department, or all."""
        async with self._database.read() as session:
            found = await store.recipients(session, department_id)
        return [RecipientView.of(recipient) for recipient in found]

    async def create(self, given: RecipientInput) -> RecipientCreated:
        """Create a recipient; only this response has a webhook's secret.

        Raises:
            RecipientInvalid: an address that does not fit the channel, a channel without a gateway, or an unknown
                department, employee or event.
        """
        if given.channel not in self._channels:
            _refuse("channel", f"must have a gateway, and the operator has set none for {given.channel}")
        where = address.checked(given.channel, given.address, self._region, self._client)
        address.checked_secret(given.channel, given.secret)
        secret = new_secret() if given.channel is NoticeChannel.WEBHOOK else given.secret
        facts = given.model_dump(exclude={"address", "secret"})
        recipient = NoticeRecipient(id=new_id("recipient"), address=where, secret=secret, created_at=utc_now(), **facts)
        async with self._database.write() as session:
            await self._check(session, recipient)
            session.add(recipient)
        return _with_secret(recipient, shown=given.channel is NoticeChannel.WEBHOOK)

    async def update(self, recipient_id: str, change: RecipientChange) -> RecipientView:
        """Change a recipient; pending notices go to the new address.

        Raises:
            RecipientNotFound: there is none.
            RecipientInvalid: as for a new one.
            EditedMeanwhile: another person changed the same fields.
        """
        changes = change.given()
        async with self._database.write() as session:
            recipient = await session.get(NoticeRecipient, recipient_id, with_for_update=True)
            if recipient is None:
                raise RecipientNotFound(f"there is no recipient {recipient_id}")
            change.check(RecipientView.of(recipient))
            if "address" in changes:
                changes["address"] = address.checked(recipient.channel, change.address, self._region, self._client)
            if "secret" in changes:
                address.checked_secret(recipient.channel, change.secret)
            recipient.sqlmodel_update(changes)
            await self._check(session, recipient)
        return RecipientView.of(recipient)

    async def remove(self, recipient_id: str) -> None:
        """Remove a recipient and its address; the log of deliveries stays.

        Raises:
            RecipientNotFound: there is none.
        """
        async with self._database.write() as session:
            recipient = await _found(session, recipient_id)
            recipient.active, recipient.standing, recipient.secret, recipient.staff_id = False, False, None, None
            recipient.address = "-"

    async def renew_secret(self, recipient_id: str) -> RecipientCreated:
        """Create a new secret for a webhook, used from the next notice.

        Raises:
            RecipientNotFound: there is no such webhook.
        """
        async with self._database.write() as session:
            recipient = await _found(session, recipient_id)
            if recipient.channel is not NoticeChannel.WEBHOOK:
                raise RecipientNotFound(f"there is no webhook {recipient_id}")
            recipient.secret = new_secret()
        return _with_secret(recipient, shown=True)

    async def test(self, recipient_id: str) -> DeliveryView:
        """Send a test notice to a recipient.

        Raises:
            RecipientNotFound: there is none, or it is switched off.
        """
        envelope = EventEnvelope(new_id("event"), NoticeTest(recipient_id=recipient_id), utc_now())
        async with self._database.write() as session:
            recipient = await _found(session, recipient_id)
            if not recipient.active:
                raise RecipientNotFound(f"recipient {recipient_id} is switched off")
            delivery = self._planner.message(envelope, EventFacts(recipient.department_id, None), recipient)
            session.add(delivery)
        self._on_due({recipient.channel})
        return DeliveryView.of(delivery, recipient)

    async def deliveries(self, query: store.LogQuery, *, after: int | None, limit: int) -> list[DeliveryView]:
        """List deliveries, newest first."""
        async with self._database.read() as session:
            found = await store.deliveries(session, query, before=after, limit=limit)
        return [DeliveryView.of(delivery, recipient) for delivery, recipient in found]

    async def redeliver(self, delivery_id: str) -> DeliveryView:
        """Send a notice again with its event id, which receivers recognise.

        Raises:
            DeliveryNotFound: there is none.
            NotDelivered: it is still being delivered.
        """
        async with self._database.write() as session:
            found = await store.delivery(session, delivery_id)
            if found is None:
                raise DeliveryNotFound(f"there is no delivery {delivery_id}")
            delivery, recipient = found
            if not await store.revive(session, utc_now(), col(NoticeDelivery.id) == delivery_id):
                raise NotDelivered(f"delivery {delivery_id} is on its way, or what it said was erased")
            await session.refresh(delivery)
        self._on_due({delivery.channel})
        return DeliveryView.of(delivery, recipient)

    async def drop(self, delivery_id: str, reason: str, by: Principal) -> DeliveryView:
        """Drop a given-up notice; the employee and the reason are stored.

        Raises:
            DeliveryNotFound: there is none.
            NotGivenUp: it is being delivered, was sent, or was dropped before.
        """
        async with self._database.write() as session:
            found = await store.delivery(session, delivery_id)
            if found is None:
                raise DeliveryNotFound(f"there is no delivery {delivery_id}")
            delivery, recipient = found
            if not await store.drop(session, delivery_id, reason, f"{by.name} ({by.staff_number})"):
                raise NotGivenUp(f"delivery {delivery_id} is {delivery.state}")
            await session.refresh(delivery)
        log.info("notice_dropped", delivery_id=delivery_id, by=by.staff_id)
        return DeliveryView.of(delivery, recipient)

    async def redeliver_dead(self, channel: NoticeChannel | None, recipient_id: str | None) -> int:
        """Send given-up notices again; return their number.

        `channel` and `recipient_id` filter them.
        """
        wanted: ColumnElement[bool] = and_(true(), col(NoticeDelivery.state) == DeliveryState.DEAD)
        if channel is not None:
            wanted = and_(wanted, col(NoticeDelivery.channel) == channel)
        if recipient_id is not None:
            wanted = and_(wanted, col(NoticeDelivery.recipient_id) == recipient_id)
        async with self._database.write() as session:
            revived = await store.revive(session, utc_now(), wanted)
        self._on_due(frozenset(NoticeChannel))
        return revived

    async def prune(self) -> int:
        """Remove old deliveries in batches; return their number."""
        before = utc_now() - timedelta(days=KEPT_DAYS)
        removed = 0
        while True:
            async with self._database.write() as session:
                batch = await store.prune(session, before, PRUNE_AT_ONCE)
            removed += batch
            if batch < PRUNE_AT_ONCE:
                return removed

    async def count(self) -> None:
        """Update the metrics."""
        async with self._database.read() as session:
            counts = await store.counts(session)
        for channel in NoticeChannel:
            for state in (DeliveryState.QUEUED, DeliveryState.FAILED, DeliveryState.DEAD):
                metrics.UNSETTLED.labels(channel.value, state.value).set(counts.get((channel, state), 0))

    async def _check(self, session: AsyncSession, recipient: NoticeRecipient) -> None:
        unknown = sorted(recipient.switches.keys() - self._catalogue.events.keys())
        if unknown:
            _refuse("switches", f"must name events there are, which {', '.join(unknown)} is not")
        with session.no_autoflush:
            department_id = recipient.department_id
            if department_id is not None and await session.get(Department, department_id) is None:
                _refuse("department_id", "must exist")
            if recipient.staff_id is None:
                return
            person = await session.get(Staff, recipient.staff_id)
        if person is None or (department_id is not None and person.department_id != department_id):
            _refuse("staff_id", "must be an employee of the recipient's department")
        elif department_id is None and person.role is Role.DEPARTMENT:
            # Without a department it would receive notices about all tickets, which is not for this employee (S7).
            _refuse("department_id", "must be given for an employee of a department")


async def _found(session: AsyncSession, recipient_id: str) -> NoticeRecipient:
    recipient = await session.get(NoticeRecipient, recipient_id)
    if recipient is None:
        raise RecipientNotFound(f"there is no recipient {recipient_id}")
    return recipient


def _with_secret(recipient: NoticeRecipient, *, shown: bool) -> RecipientCreated:
    view = RecipientView.of(recipient).model_dump()
    return RecipientCreated(**view, signing_secret=recipient.secret if shown else None)


def _refuse(field: str, rule: str) -> None:
    raise RecipientInvalid(f"{field} {rule}", [FieldProblem(field=field, rule=rule)])
