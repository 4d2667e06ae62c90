"""Subscriptions: the only place that connects events to their handlers.

Three kinds: events of the outbox, which survive the process; listeners inside a ticket's transaction; and signals of
this process. A structural test finds listeners that are added elsewhere.
"""

from asyncio import Event
from collections.abc import Callable, Sequence

from ari_app.ari.dispatch import Dispatcher
from ari_app.calls.control.service import CallControl
from ari_app.calls.service import CallService
from ari_app.calls.store import CallStore
from ari_app.campaigns.dialler import Dialler
from ari_app.campaigns.service import CampaignService
from ari_app.desk.ticket_news import TicketNewsService
from ari_app.phones.service import PhoneService
from ari_app.queues.documents.service import QueueDocuments
from ari_app.queues.service import QueueService
from ari_app.runtime.background import Restoration
from ari_app.runtime.connection import ConnectionSetup
from ari_app.runtime.live_board import LiveBoard
from ari_app.runtime.live_queues import LiveQueues
from ari_app.runtime.node_lease import NodeLease
from ari_app.runtime.staff_changes import StaffChanges
from ari_app.runtime.ticket_reactions import TicketReactions
from ari_app.web.sessions import Sessions
from crm.appointments.notice import VisitNotice
from crm.appointments.ticket_changes import VisitUpdater
from crm.events import SuggestionMade, SurveyFinished, TicketChanged
from crm.outbox.service import OutboxService
from crm.outbox.subscriptions import Listener, Subscriptions
from crm.privacy.service import PrivacyService
from crm.sla.service import SlaService
from crm.staff.service import StaffService
from crm.tickets.files.service import FileService
from crm.tickets.service import TicketService
from crm.tickets.state_change import TicketListener
from crm.tickets.transitions import TicketAction

REPORTERS_JOIN = (TicketAction.ABSORB, TicketAction.UNMERGE)
ENDS_SURVEYS = (TicketAction.APPEND, TicketAction.REDO, TicketAction.ARCHIVE, TicketAction.CANCEL, TicketAction.MERGE)
"""Actions after which customers are not asked any more about the earlier reply."""


def event_handlers(campaigns: CampaignService, reactions: TicketReactions, notices: Listener) -> Subscriptions:
    """Return the handlers of stored events; failed ones are called again."""
    subscriptions, of_actions = Subscriptions(), TicketChanged.kinds_of
    for handler, actions in (
        (reactions.ask_customers, (TicketAction.REPLY,)),
        (reactions.link_call, (TicketAction.FILE, TicketAction.APPEND)),
        (campaigns.withdraw_surveys, ENDS_SURVEYS),
        (reactions.ask_again, REPORTERS_JOIN),
        (campaigns.withdraw_strangers, (TicketAction.RELEASE,)),
    ):
        subscriptions.on(TicketChanged, handler, kinds=of_actions(*actions))
    subscriptions.on(TicketChanged, reactions.tell_of_change)
    subscriptions.on(SurveyFinished, campaigns.settle)
    subscriptions.on(SuggestionMade, campaigns.suggested)
    subscriptions.on_every_event(notices)
    return subscriptions


def ticket_listeners(sla: SlaService, notice: VisitNotice) -> Sequence[TicketListener]:
    """Return listeners of ticket changes: visits first, since deadlines follow them."""
    return [VisitUpdater(notice), sla.deadlines]


def connect_domain(
    *,
    tickets: TicketService,
    sla: SlaService,
    privacy: PrivacyService,
    files: FileService,
    campaigns: CampaignService,
    undelivered: OutboxService,
    wake_outbox: Callable[[], None],
) -> None:
    """Connect the services that need the database alone."""
    privacy.forgetters.append(campaigns.forget)
    privacy.erased.add_listener(files.sweep_soon)
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
    staff_changes: StaffChanges,
    sessions: Sessions,
    phones: PhoneService,
    connecting: ConnectionSetup,
    dispatcher: Dispatcher,
    calls: CallService,
    ticket_news: TicketNewsService,
    campaigns: CampaignService,
    dialler: Dialler,
    reactions: TicketReactions,
    control: CallControl,
    call_store: CallStore,
    board: LiveBoard,
    queue_documents: QueueDocuments,
    live_queues: LiveQueues,
) -> None:
    """Connect the parts of one process of the service."""
    node.name_taken.add_listener(stop_requested.set)
    node.redis_returned.add_listener(restoration.restore)
    queues.step_unanswered.add_listener(node.doubt)
    staff.account_changed.add_listener(connecting.staff_changed)
    staff.account_stored.add_listener(staff_changes.publish)
    staff.access_changed.add_listener(sessions.end_all)
    sessions.ended.add_listener(phones.session_ended)
    dispatcher.new_channel.add_listener(calls.arrived)
    reactions.ticket_changed.add_listener(ticket_news.changed)
    campaigns.attempts_planned.add_listener(dialler.wake)
    reactions.call_linked.add_listener(control.link_ticket)
    call_store.changed.add_listener(board.look_soon)
    queue_documents.stored.add_listener(live_queues.version_stored)
