"""Agents and their phones, in memory.

Looked up between a match and the ringing; the database has the truth.
"""

from collections.abc import Collection, Sequence

import structlog

from ari_app.calls.call_services import AgentPhone
from ari_app.calls.provisioning import PhoneAccount, browser_user, desk_user
from crm.staff.model import WITH_PHONE, PhoneKind, Staff
from crm.staff.service import StaffService
from foundation.routes import Role

log = structlog.get_logger()


class Agents:
    """Phones, queues and SIP accounts, updated when staff change.

    Supervisors have phones too, which no caller is offered to.
    """

    def __init__(self, staff: StaffService, queues: Collection[str]) -> None:
        """Begin without any agent; `queues` are the names of all queues."""
        self._staff = staff
        self._known_queues = queues
        self._agents: dict[str, Staff] = {}
        self._phones: dict[str, AgentPhone] = {}

    async def load(self) -> None:
        """Read all agents and supervisors from the database."""
        self._agents, self._phones = {}, {}
        for agent in await self._staff.with_phones():
            self._keep(agent)

    def changed(self, staff: Staff) -> PhoneAccount | None:
        """Take over a changed account; return its phone, if it has one."""
        if staff.role not in WITH_PHONE or not staff.active:
            self._agents.pop(staff.id, None)
            self._phones.pop(staff.id, None)
            return None
        self._keep(staff)
        return _account(staff)

    def phone(self, agent_id: str) -> AgentPhone | None:
        """Return the phone of an agent or supervisor; None for all others."""
        return self._phones.get(agent_id)

    def phones(self) -> Sequence[AgentPhone]:
        """Return the phones of all active agents."""
        return [phone for phone in self._phones.values() if self._takes_calls(phone.agent_id)]

    def choice(self, agent_id: str) -> PhoneKind | None:
        """Return the phone that an agent chose; None before the first choice."""
        agent = self._agents.get(agent_id)
        return agent.phone if agent is not None else None

    def in_browser(self, agent_id: str) -> bool:
        """Return whether the agent's phone is in a page."""
        return self.choice(agent_id) is PhoneKind.BROWSER

    def of_endpoint(self, endpoint: str) -> str | None:
        """Return the agent of a SIP user, of either phone."""
        user = desk_user(endpoint)
        return next((agent.id for agent in self._agents.values() if agent.endpoint == user), None)

    def rung(self) -> list[str]:
        """Return the SIP user of every agent's chosen phone."""
        return [phone.endpoint for phone in self.phones()]

    def queues(self, agent_id: str) -> list[str]:
        """Return the queues that an agent serves.

        A queue that was taken out of `queues.yaml` is left out: the agent serves the others.
        """
        agent = self._agents.get(agent_id)
        served = agent.queues if agent is not None else []
        if unknown := [queue for queue in served if queue not in self._known_queues]:
            log.warning("agent_with_unknown_queues", agent_id=agent_id, queues=unknown)
        return [queue for queue in served if queue in self._known_queues]

    def terms(self, agent_id: str) -> tuple[list[str], dict[str, int], str]:
        """Return queues, skills and staff number for signing in."""
        agent = self._agents.get(agent_id)
        if agent is None:
            return [], {}, ""
        return self.queues(agent_id), agent.skills, agent.staff_number

    def account(self, agent_id: str) -> PhoneAccount | None:
        """Return the SIP account of an agent; None for an unknown agent."""
        agent = self._agents.get(agent_id)
        return _account(agent) if agent is not None else None

    def accounts(self) -> list[PhoneAccount]:
        """Return the SIP accounts of all agents and supervisors."""
        return [account for agent in self._agents.values() if (account := _account(agent)) is not None]

    def _takes_calls(self, staff_id: str) -> bool:
        """Tell whether callers are offered to this account."""
        return self._agents[staff_id].role is Role.AGENT

    def _keep(self, agent: Staff) -> None:
        self._agents[agent.id] = agent
        self._phones.pop(agent.id, None)
        if agent.endpoint is not None:
            user = browser_user(agent.endpoint) if agent.phone is PhoneKind.BROWSER else agent.endpoint
            self._phones[agent.id] = AgentPhone(agent.id, agent.staff_number, agent.name, user)


def _account(agent: Staff) -> PhoneAccount | None:
    if agent.endpoint is None or agent.sip_password is None:
        return None
    return PhoneAccount(agent.endpoint, agent.sip_password)
