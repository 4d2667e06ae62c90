"""Subscriptions: the only place that connects events to their handlers.

Three kinds: entries of the outbox, which survive the process; listeners inside a ticket's transaction; and signals of
this process. A structural test finds listeners that are added elsewhere.
"""

from asyncio import Event
from collections.abc import Callable, Mapping, Sequence

from ari_app.ari.dispatch import Dispatcher
from ari_app.calls.service import CallService
from ari_app.campaigns.dialler import Dialler
from ari_app.campaigns.service import SURVEY_OVER, SURVEY_SUGGESTION, CampaignService
from ari_app.queues.service import QueueService
from ari_app.runtime.connection import ConnectionSetup
from ari_app.runtime.node_lease import NodeLease
from ari_app.runtime.restoration import Restoration
from ari_app.runtime.ticket_reactions import TicketReactions
from ari_app.web.sessions import Sessions
from crm.appointments.service import AppointmentService
from crm.outbox.service import Handler, OutboxService
from crm.privacy.service import PrivacyService
from crm.sla.service import SlaService
from crm.staff.service import StaffService
from crm.tickets.service import TicketService

ENDS_SURVEYS = ("redo", "archive", "cancel", "merge")
"""Actions after which customers are not asked any more about the earlier reply."""


def outbox_handlers(campaigns: CampaignService, reactions: TicketReactions) -> Mapping[str, Sequence[Handler]]:
    """Return the handlers of each kind of outbox entry; all of them are called, and again until all succeed."""
    return {
        "ticket.reply": [reactions.ask_customers],
        "ticket.file": [reactions.link_call],
        "ticket.append": [reactions.link_call, campaigns.withdraw_surveys],
        **{f"ticket.{action}": [campaigns.withdraw_surveys] for action in ENDS_SURVEYS},
        **{f"ticket.{action}": [reactions.ask_again] for action in ("absorb", "unmerge")},
        "ticket.release": [campaigns.withdraw_strangers],
        SURVEY_OVER: [campaigns.settle],
        SURVEY_SUGGESTION: [campaigns.suggested],
    }


def connect_domain(
    *,
    tickets: TicketService,
    sla: SlaService,
    appointments: AppointmentService,
    privacy: PrivacyService,
    campaigns: CampaignService,
    undelivered: OutboxService,
    wake_outbox: Callable[[], None],
) -> None:
    """Connect the services that need the database alone."""
    tickets.listeners += [sla.keeper, appointments.keeper]
    privacy.forgetters.append(campaigns.forget)
    for written in (
        tickets.outbox_written,
        campaigns.outbox_written,
        undelivered.outbox_written,
        sla.runner.outbox_written,
    ):
        written.add_listener(wake_outbox)


def connect_process(
    *,
    stop_requested: Event,
    node: NodeLease,
    restoration: Restoration,
    queues: QueueService,
    staff: StaffService,
    sessions: Sessions,
    connecting: ConnectionSetup,
    dispatcher: Dispatcher,
    calls: CallService,
    campaigns: CampaignService,
    dialler: Dialler,
) -> None:
    """Connect the parts of one process of the service."""
    node.name_taken.add_listener(stop_requested.set)
    node.redis_returned.add_listener(restoration.restore)
    queues.step_unanswered.add_listener(node.doubt)
    staff.account_changed.add_listener(connecting.staff_changed)
    staff.access_changed.add_listener(sessions.end_all)
    dispatcher.new_channel.add_listener(calls.arrived)
    campaigns.attempts_planned.add_listener(dialler.wake)
