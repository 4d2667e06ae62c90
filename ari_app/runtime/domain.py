"""Domain services: everything that needs the database but no telephone.

Every such part is made here, with its routes, what it hears from the outbox and what it does in the background.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from zoneinfo import ZoneInfo

import crm.appointments.http
import crm.area_notices.http
import crm.audit.http
import crm.categories.http
import crm.customers.http
import crm.customers.importing.http
import crm.customers.merging.http
import crm.customers.protection.http
import crm.departments.http
import crm.handover.http
import crm.history.http
import crm.outbox.http
import crm.privacy.http
import crm.reports.configured.http
import crm.reports.http
import crm.reports.matrix.http
import crm.reports.scheduled.http
import crm.selfservice.http
import crm.shifts.http
import crm.sla.http
import crm.staff.http
import crm.staff.people.http
import crm.staff.preferences.http
import crm.staff.saved_views.http
import crm.tickets.files.http
import crm.tickets.http
import crm.tickets.link_page
import crm.workorders.http
import recordings.http
from ari_app.campaigns import http as campaigns_http
from ari_app.campaigns.asking import AskingAgents
from ari_app.campaigns.hours import CallingHours
from ari_app.campaigns.model import ANSWERS
from ari_app.campaigns.rules import CampaignRules
from ari_app.campaigns.service import CampaignService
from ari_app.campaigns.settling import SurveyedTicketsByRule
from ari_app.campaigns.wording import SurveyWording
from ari_app.exports.http import Exporting
from ari_app.missed import http as missed_http
from ari_app.missed.planned.service import PlannedCallBacks
from ari_app.missed.reports import http as missed_reports_http
from ari_app.missed.reports.scheduled import call_back_section, rescue_section
from ari_app.missed.reports.service import MissedReports
from ari_app.missed.service import MissedCallers
from ari_app.runtime import subscriptions
from ari_app.runtime.configuration import Configuration
from ari_app.runtime.configured_standards import configured_standards
from ari_app.runtime.notices import Notices
from ari_app.runtime.schema import METADATA
from ari_app.runtime.served_matters import served_matters
from ari_app.runtime.ticket_reactions import TicketReactions
from ari_app.settings import Settings
from ari_app.work.service import SYSTEM_REASONS
from callflows.calendar import ServiceCalendar
from crm.appointments.notice import VisitNotice
from crm.appointments.service import AppointmentService
from crm.area_notices.service import AreaNoticeService
from crm.audit.service import AuditService
from crm.categories.service import CategoryService
from crm.customers.importing.export import ExportService
from crm.customers.importing.service import ImportService
from crm.customers.merging.service import CustomerMergeService
from crm.customers.phone import Home, set_home
from crm.customers.protection.service import ProtectionService
from crm.customers.service import CustomerService
from crm.departments.service import DepartmentService
from crm.handover.service import HandoverService
from crm.history.queue_log import QueueLog
from crm.history.service import HistoryService
from crm.outbox.service import OutboxService, OutboxWorker
from crm.privacy.service import PrivacyService
from crm.reports.counting import CallCounting
from crm.reports.matrix.scheduled import matrix_section
from crm.reports.matrix.service import MatrixService
from crm.reports.model import Language
from crm.reports.scheduled.content import Names, ReportContent
from crm.reports.scheduled.model import ReportSubject
from crm.reports.scheduled.service import Days, ScheduledReports
from crm.reports.service import ReportService
from crm.reports.staffing.service import StaffingService
from crm.selfservice.files import ReportFiles
from crm.selfservice.limits import Limiter
from crm.selfservice.service import SelfService
from crm.selfservice.visits import PublicVisits
from crm.shifts.service import ShiftService
from crm.sla.service import SlaService
from crm.staff.people.service import PeopleService
from crm.staff.preferences.service import PreferencesService
from crm.staff.saved_views.service import SavedViewService
from crm.staff.service import StaffService
from crm.tickets.files.service import FileService
from crm.tickets.service import TicketService
from crm.workorders.service import WorkOrderService
from dev.programs import chinese_font
from foundation.database import Database
from foundation.reader import in_reader_language, reader
from foundation.routes import Routes
from foundation.text_index_filling import TextIndexFilling
from recordings.model import SEGMENTS, RecordingKind
from recordings.service import RecordingService
from recordings.store import last_ticket


class DomainServices:
    """Services of one process that need the database alone."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        recorded: RecordingService,
        configuration: Configuration,
        limiter: Limiter,
    ) -> None:
        set_home(Home(settings.region, settings.area_code))
        self._recorded, self._flows, self._queues = recorded, configuration.library.flows, configuration.queues
        self._database = database
        self._public_url = settings.public_url
        self._console = settings.console is not None
        self.customers = CustomerService(database)
        self.customer_imports = ImportService(database, settings.spool / "imports" / settings.node)
        self.customer_export = ExportService(database, settings.spool / "exports")
        self.privacy = PrivacyService(database)
        self.protection = ProtectionService(database)
        self.customer_merges = CustomerMergeService(database)
        self.audit = AuditService(database)
        self.departments = DepartmentService(database)
        self.categories = CategoryService(database)
        self.area_notices = AreaNoticeService(database)
        self.staff = StaffService(database, configuration.queues)
        self.people = PeopleService(database)
        self.saved_views = SavedViewService(database)
        self.preferences = PreferencesService(database, self.staff)
        self.calendar = ServiceCalendar(configuration.organisation, ZoneInfo(settings.time_zone))
        self.clocks = SlaService(database, settings.time_zone, self.calendar.workdays)
        self.tickets = TicketService(
            database,
            settings.time_zone,
            listeners=subscriptions.ticket_listeners(self.clocks, self._visit_notice(settings)),
            recordings=recorded,
            deadlines=self.clocks.deadlines,
        )
        self.files = FileService(database, settings.recordings / "files")
        self.text_indexes = TextIndexFilling(database, METADATA)
        self.queue_log = QueueLog(settings.queue_log)
        self.history = HistoryService(database, self.queue_log, ticket_of_call=last_ticket)
        self.reports = ReportService(
            database, settings.time_zone, ANSWERS, SEGMENTS, lambda of, key: _name_of(configuration, of, key, reader())
        )
        self.staffing = StaffingService(database, self.reports, self.calendar.workdays.is_workday)
        self.counting = CallCounting(database, settings.time_zone, SEGMENTS)
        self.planned = PlannedCallBacks(database)
        self.missed = MissedCallers(database, self.planned.taken)
        self.missed_reports, self.shifts = (
            MissedReports(database, settings.time_zone),
            ShiftService(database, settings.time_zone),
        )
        self.handovers = HandoverService(database)
        self.appointments = AppointmentService(
            database, self.tickets, self._visit_notice(settings), map_link=settings.map_link
        )
        self.work_orders = WorkOrderService(
            database,
            self.tickets,
            link=settings.ticket_link,
            organisation=self.calendar.organisation.names,
            time_zone=settings.time_zone,
        )
        self.exporting = Exporting(
            configuration.labels,
            ZoneInfo(settings.time_zone),
            settings.spool / "exports",
            self.audit,
            partial(self._names, configuration),
        )
        self.self_service = SelfService(database, self.tickets, limiter, settings.hotline_number, settings.time_zone)
        self.public_visits = PublicVisits(database, self.appointments, limiter)
        self.report_files = ReportFiles(self.files, limiter)
        self.surveyed = SurveyedTicketsByRule(self.tickets, SurveyWording(configuration.library.catalogue))
        rules = _rules(settings)
        self.campaigns = CampaignService(database, rules, self.surveyed, self._recording_of_survey)
        catalogue = configuration.library.catalogue
        self.asking = AskingAgents(database, rules, catalogue, hotline_number=settings.hotline_number)
        self.notices = Notices(settings, database, configuration)
        self.scheduled = ScheduledReports(
            database,
            self._report_content(partial(_name_of, configuration)),
            Days(ZoneInfo(settings.time_zone), self.calendar.workdays.is_workday),
            self.notices.wake,
            can_mail=bool(settings.mail_gateway.get_secret_value()),
            font=chinese_font(),
        )
        self.reactions = reactions = TicketReactions(self.tickets, self.campaigns, recorded, self.history)
        self.outbox = OutboxWorker(database, subscriptions.event_handlers(self.campaigns, reactions, self.notices.plan))
        self.undelivered = OutboxService(database)
        subscriptions.connect_domain(
            tickets=self.tickets,
            sla=self.clocks,
            privacy=self.privacy,
            files=self.files,
            campaigns=self.campaigns,
            undelivered=self.undelivered,
            wake_outbox=self.outbox.wake,
        )

    def _visit_notice(self, settings: Settings) -> VisitNotice:
        workdays = self.calendar.workdays
        return VisitNotice(ZoneInfo(settings.time_zone), workdays.is_workday, settings.visit_notice_workdays)

    def _matrix(self) -> MatrixService:
        return MatrixService(self.reports, lambda: served_matters(self._flows.values()))

    def _report_content(self, names: Names) -> ReportContent:
        further = {
            ReportSubject.MATRIX: matrix_section(self._matrix(), names, self.reports.zone),
            ReportSubject.CALLBACKS: call_back_section(self.missed_reports, names),
            ReportSubject.RESCUE: rescue_section(self.missed_reports, names),
        }
        return ReportContent(self.reports, names, further)

    def routes(self) -> Sequence[Routes]:
        """Return the routes of every part."""
        tables: list[Routes] = []
        tables += [
            crm.customers.http.routes(self.customers),
            crm.customers.merging.http.routes(self.customer_merges),
            crm.customers.protection.http.routes(self.protection),
            crm.privacy.http.routes(self.privacy, self.tickets),
            crm.customers.importing.http.routes(self.customer_imports, self.customer_export),
            crm.audit.http.routes(self.audit),
            crm.departments.http.routes(self.departments),
            crm.categories.http.routes(self.categories),
            crm.area_notices.http.routes(self.area_notices),
            crm.staff.http.routes(self.staff),
            crm.staff.people.http.routes(self.people),
            crm.staff.preferences.http.routes(self.preferences),
            crm.staff.saved_views.http.routes(self.saved_views),
            crm.tickets.http.routes(self.tickets, lambda: tables),
            crm.tickets.files.http.routes(self.files, self.tickets),
            # The console has a page of its own at that address.
            *([] if self._console else [crm.tickets.link_page.routes(self._public_url)]),
            crm.sla.http.routes(self.clocks, self.tickets.may_see),
            crm.selfservice.http.routes(self.self_service, self.report_files, self.public_visits),
            crm.workorders.http.routes(self.work_orders),
            crm.appointments.http.routes(self.appointments, self.tickets),
            crm.handover.http.routes(self.handovers),
            crm.history.http.routes(self.history),
            crm.reports.http.routes(self.reports, self.staffing),
            crm.reports.scheduled.http.routes(self.scheduled),
            crm.reports.matrix.http.routes(self._matrix()),
            crm.reports.configured.http.routes(lambda: configured_standards(self._flows.values(), self._queues)),
            crm.shifts.http.routes(self.shifts),
            crm.outbox.http.routes(self.undelivered),
            self.notices.routes(),
            recordings.http.routes(self._recorded),
            campaigns_http.routes(self.campaigns, self.asking),
            missed_http.routes(self.missed),
            missed_reports_http.routes(self.missed_reports),
        ]
        return tables

    def background(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """Return the background work of the parts, by name."""
        return {
            "outbox": self.outbox.run,
            "calls-back": self.planned.run,
            "outbox-pruning": self.undelivered.prune_regularly,
            "outbox-counting": self.undelivered.count_regularly,
            "clocks": self.clocks.runner.run,
            "files": self.files.run,
            "call-counting": self.counting.run,
            "scheduled-reports": self.scheduled.run,
            "customer-imports": self.customer_imports.run,
            "text-indexes": self.text_indexes.run,
            **self.notices.background(),
        }

    async def aclose(self) -> None:
        """Let go of what the parts hold beside the database."""
        await self.customer_imports.aclose()
        await self.notices.aclose()

    async def _names(self, configuration: Configuration, language: Language) -> Mapping[str, str]:
        """Return the names of staff, departments, causes and queues by id."""
        queues = {
            name: one.title_zh if language == "zh" else one.title_en for name, one in configuration.queues.items()
        }
        departments = {one.id: in_reader_language(one.name, one.name_en) for one in await self.departments.all()}
        causes = {one.id: in_reader_language(one.name, one.name_en) for one in await self.categories.all()}
        return queues | await self.staff.names() | departments | causes

    async def _recording_of_survey(self, call_id: str) -> str | None:
        """Return the recording of a survey call, else of the conversation."""
        found = {view.kind: view.id for view in reversed(await self._recorded.of_call(call_id))}
        return found.get(RecordingKind.SURVEY) or found.get(RecordingKind.CONVERSATION)


LABELS_OF_GROUPS = {"kind": "TicketKind", "channel": "Channel"}
"""Labels of the keys of reports' groups."""
_MATRIX = ("kind", "channel")


def _name_of(configuration: Configuration, group: str, key: str, language: Language) -> str | None:
    """Return the name of a key of a report's group."""
    if group == "pause":
        chosen = configuration.desk.reason(key)
        reason = chosen or next((one for one in SYSTEM_REASONS if one.code == key), None)
        return None if reason is None else reason.zh if language == "zh" else reason.en
    if group == "queue":
        queue = configuration.queues.get(key)
        return None if queue is None else queue.title_zh if language == "zh" else queue.title_en
    if group in {"flow", "flow_step"}:
        title = configuration.library.title_of(key)
        return None if title is None else title.zh if language == "zh" else title.en
    if group == "kind_and_channel":
        words = [
            _name_of(configuration, of, one, language) or one for of, one in zip(_MATRIX, key.split("/"), strict=True)
        ]
        return " × ".join(words)
    label = configuration.labels.groups.get(LABELS_OF_GROUPS.get(group, ""), {}).get(key)
    return None if label is None else label.zh if language == "zh" else label.en


def _rules(settings: Settings) -> CampaignRules:
    hours = CallingHours(
        time_zone=settings.time_zone, from_hour=settings.survey_from_hour, until_hour=settings.survey_until_hour
    )
    return CampaignRules(
        delay_s=settings.survey_delay_s,
        attempts=settings.survey_attempts,
        retry_s=settings.survey_retry_s,
        parallel=settings.survey_parallel,
        hours=hours,
    )
