"""Parts of one process for its queues: matching, documents, agents, facts."""

from functools import partial

from ari_app.calls.agent_directory import Agents
from ari_app.queues.documents import http as documents_http
from ari_app.queues.documents.service import QueueDocuments
from ari_app.queues.service import QueueService
from ari_app.queues.settings import QueueSettings
from ari_app.runtime.background import OwnedTasks
from ari_app.runtime.configuration import QUEUES_FILE, queue_findings
from ari_app.runtime.domain import DomainServices
from ari_app.runtime.live_queues import LiveQueues
from ari_app.settings import Settings
from ari_app.work.desk_file import DeskChoices
from ari_app.work.facts import FactKeeper
from ari_app.work.running import running_states
from foundation.database import Database
from foundation.redis_client import SharedRedis
from foundation.routes import Routes
from ivr.recorded_files import was_converted


class QueueParts:
    """The queues of one process, and what keeps them right."""

    def __init__(
        self,
        settings: Settings,
        in_force: dict[str, QueueSettings],
        choices: DeskChoices,
        *,
        database: Database,
        redis: SharedRedis,
        domain: DomainServices,
    ) -> None:
        """Put the parts together.

        Args:
            in_force: the queues' settings, which later versions change in place for all who hold them.
            choices: tell which pauses are planned.
        """
        self.service = QueueService(redis, in_force, settings.node)
        file = settings.callflows / QUEUES_FILE
        check = partial(queue_findings, settings.callflows, partial(was_converted, cache=settings.prompts))
        self.documents = QueueDocuments(database, domain.staff, file, check)
        self.live = LiveQueues(redis, self.documents, self.service, file)
        self.agents = Agents(domain.staff, in_force)
        self._facts = FactKeeper(redis, database, domain.queue_log, is_planned=choices.is_planned)
        domain.reports.count_running(partial(running_states, self.service, choices.is_planned))

    def routes(self) -> list[Routes]:
        """Return the routes of the queues' documents."""
        return [documents_http.routes(self.documents)]

    async def load(self) -> None:
        """Read the newest version, and the agents."""
        await self.live.load()
        await self.agents.load()

    def own(self, tasks: OwnedTasks) -> None:
        """Begin the background work."""
        tasks.own("live-queues", self.live.run)
        tasks.own("facts", self._facts.run)
