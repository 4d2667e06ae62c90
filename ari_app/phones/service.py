"""Service of agents' phones: choice, browser accounts that end with sessions."""

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog
from redis.exceptions import RedisError

from ari_app.ari.client import AriClient
from ari_app.ari.errors import AriError
from ari_app.calls.agent_directory import Agents
from ari_app.calls.provisioning import PhoneAccount, browser_user, push, remove
from ari_app.phones.errors import NoPhoneAccount, TelephonyAway
from ari_app.phones.model import AgentPhoneView, BrowserPhoneView
from ari_app.phones.store import PhoneOwners
from ari_app.web.ice_servers import IceServer
from crm.staff.model import PhoneKind
from crm.staff.service import StaffService
from foundation.problems import Unavailable
from foundation.retrying_tasks import RetryingTasks

SECRET_BYTES = 24
SWEEP_EVERY_S = 60.0
CALL_OVER_EVERY_S = 2.0
"""Pause between two looks whether the call of an ended session is over."""
TURN_CREDENTIAL_S = 24 * 3600
"""Longest session, and with it the longest use of a TURN server's credential."""
DOMAIN = "hotline.invalid"
"""Host part of SIP addresses: users are known by their names, wherever they register."""

log = structlog.get_logger()


class PhoneService:
    """Phones of agents.

    A browser's phone has its account from the moment a page asks for it until the session of that page ends; the page
    of a later session of the same agent takes it over with a new secret.
    """

    def __init__(
        self,
        ari: AriClient,
        agents: Agents,
        staff: StaffService,
        owners: PhoneOwners,
        session_alive: Callable[[str], Awaitable[bool]],
        *,
        in_call: Callable[[str], Awaitable[bool]],
        socket_url: str,
        ice_servers: Sequence[IceServer] = (),
        turn_secret: str = "",
    ) -> None:
        self._ari = ari
        self._agents = agents
        self._staff = staff
        self._owners = owners
        self._session_alive = session_alive
        self._in_call = in_call
        self._socket_url = socket_url
        self._ice_servers = tuple(ice_servers)
        self._turn_secret = turn_secret
        self._retrying = RetryingTasks()

    async def phone(self, agent_id: str) -> AgentPhoneView:
        """Return the phone that is rung.

        Raises:
            NoPhoneAccount: the account has no phone.
        """
        line = self._agents.phone(agent_id)
        if line is None:
            raise NoPhoneAccount("only accounts of active agents and supervisors have a phone")
        kind = self._agents.choice(agent_id)
        return AgentPhoneView(
            kind=kind or PhoneKind.DESK, chosen=kind is not None, online=await self.online(line.endpoint)
        )

    async def choose(self, agent_id: str, kind: PhoneKind) -> AgentPhoneView:
        """Have one of the agent's phones rung from the next offer on.

        Raises:
            NoPhoneAccount: the account has no phone.
        """
        await self._staff.choose_phone(agent_id, kind)
        return await self.phone(agent_id)

    async def open(self, agent_id: str, session_id: str) -> BrowserPhoneView:
        """Create or renew the account of a browser's phone.

        Raises:
            NoPhoneAccount: the account has no phone.
            TelephonyAway: Asterisk does not respond.
            Unavailable: Redis is out of reach.
        """
        desk = self._agents.account(agent_id)
        if desk is None:
            raise NoPhoneAccount("only accounts of active agents and supervisors have a phone")
        user, secret = browser_user(desk.user), secrets.token_urlsafe(SECRET_BYTES)
        try:
            # First the owner: an account without one would outlive its session.
            await self._owners.own(agent_id, session_id)
            await push(self._ari, [PhoneAccount(user, secret, browser=True)])
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable("The phone cannot be opened for the moment.") from error
        except ExceptionGroup as group:
            if group.split(AriError)[1] is not None:
                raise
            raise TelephonyAway("Asterisk does not respond; the phone is tried again.") from group
        log.info("browser_phone_opened", agent_id=agent_id)
        return BrowserPhoneView(
            user=user,
            secret=secret,
            domain=DOMAIN,
            socket_url=self._socket_url,
            ice_servers=[self._with_credential(server, agent_id) for server in self._ice_servers],
        )

    async def session_ended(self, agent_id: str, session_id: str | None) -> None:
        """Remove the browser's phone of a session, or of a person.

        A session that ends in the middle of a call cuts no caller off: its phone is removed after the call.
        """
        self._retrying.start(f"browser-phone:{agent_id}", partial(self._close, agent_id, session_id))

    async def online(self, user: str) -> bool:
        """Return whether the phone of a SIP user is registered."""
        try:
            return (await self._ari.endpoint("PJSIP", user)).online
        except AriError:
            return False

    async def run(self) -> None:
        """Remove phones of sessions that expired, until cancelled."""
        while True:
            try:
                await self.sweep()
            except (RedisError, OSError, TimeoutError, Unavailable) as error:
                log.warning("browser_phones_not_swept", error=str(error))
            await asyncio.sleep(SWEEP_EVERY_S)

    async def sweep(self) -> None:
        """Remove every phone without a living session, once."""
        for agent_id, session_id in (await self._owners.all()).items():
            if not await self._session_alive(session_id):
                await self.session_ended(agent_id, session_id)

    async def aclose(self) -> None:
        """Cancel removals that have not succeeded; the next sweep repeats them."""
        await self._retrying.aclose()

    async def _close(self, agent_id: str, session_id: str | None) -> None:
        while session_id is not None and await self._in_call(agent_id):  # noqa: ASYNC110 - Redis knows the state
            await asyncio.sleep(CALL_OVER_EVERY_S)
        owners = await self._owners.all()
        if agent_id not in owners or session_id not in {None, owners[agent_id]}:
            return
        desk = self._agents.account(agent_id)
        if desk is not None:
            await remove(self._ari, [browser_user(desk.user)])
        if await self._owners.release(agent_id, session_id):
            log.info("browser_phone_closed", agent_id=agent_id)

    def _with_credential(self, server: IceServer, agent_id: str) -> IceServer:
        """Return a TURN server with a credential that expires."""
        if not self._turn_secret or server.credential or not server.urls[0].startswith("turn"):
            return server
        username = f"{int(time.time()) + TURN_CREDENTIAL_S}:{agent_id}"
        signed = hmac.new(self._turn_secret.encode(), username.encode(), hashlib.sha1).digest()
        return server.model_copy(update={"username": username, "credential": base64.b64encode(signed).decode()})
