"""Models of agents' phones: choice, account of the browser's phone."""

from pydantic import BaseModel

from ari_app.web.ice_servers import IceServer
from crm.staff.model import PhoneKind


class PhoneChoice(BaseModel, extra="forbid"):
    """Phone that is rung from the next offer on."""

    kind: PhoneKind


class AgentPhoneView(BaseModel):
    """Phone of an agent that is rung."""

    kind: PhoneKind
    chosen: bool
    """False: the agent has not chosen yet."""
    online: bool
    """The phone is registered with Asterisk."""


class BrowserPhoneView(BaseModel):
    """SIP account of a page's phone, which ends with the session."""

    user: str
    secret: str
    """Shown only here."""
    domain: str
    """Host part of SIP addresses."""
    socket_url: str
    """WebSocket that carries SIP (RFC 7118)."""
    ice_servers: list[IceServer]
