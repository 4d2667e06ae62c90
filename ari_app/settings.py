"""Settings of an operator, from `HOTLINE_…` variables, validated before anything starts."""

import difflib
import json
import shlex
import shutil
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from redis.asyncio.connection import parse_url
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from ari_app.queues.settings import HIGHEST_PRIORITY
from ari_app.web.addresses import LOOPBACK
from ari_app.web.ice_servers import IceServer
from crm.customers.model import Grade
from crm.notices.channels import gateway_problem
from dev.paths import PROJECT, RUNTIME
from foundation.problems import broken_rules

DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "sqlite": "sqlite",
}
DIALLED_NUMBER = "{number}"
PREFIX = "HOTLINE_"
OTHER_VARIABLES = {
    "HOTLINE_RUNTIME": "Folder of packages, prompts and the state of `make run`; by default `.runtime/`.",
    "HOTLINE_DEBIAN_MIRROR": "Debian mirror of `make prepare`.",
    "HOTLINE_DATABASE_PASSWORD": "`docker-compose.yml`: the password of its PostgreSQL.",
    "HOTLINE_REDIS_PASSWORD": "`docker-compose.yml`: the password of its Redis.",
    "HOTLINE_DATABASE_PORT": "`docker-compose.yml`: port of its PostgreSQL on 127.0.0.1, 15432 by default.",
    "HOTLINE_REDIS_PORT": "`docker-compose.yml`: port of its Redis on 127.0.0.1, 16379 by default.",
    "HOTLINE_SIP_PORT": "`hotline asterisk`: port for phones and the carrier (UDP), 5060 by default.",
    "HOTLINE_SIP_TLS_PORT": "`docker-compose.yml`: Asterisk's port for a trunk with TLS, 5061 by default.",
    "HOTLINE_TRUNK_PASSWORD": "The carrier's password, which a file of `hotline trunk template` refers to.",
    "HOTLINE_RTP_START": "`hotline asterisk`: first RTP port, 20000 by default.",
    "HOTLINE_RTP_END": "`hotline asterisk`: last RTP port, 20399 by default; a conversation needs four.",
    "HOTLINE_EXTERNAL_ADDRESS": "`hotline asterisk`: address for phones and the carrier, behind NAT.",
    "HOTLINE_SERVER_NAME": "`docker-compose.yml`: the name by which browsers reach its proxy, localhost by default.",
    "HOTLINE_HTTPS_PORT": "`docker-compose.yml`: port of its proxy, 8443 by default.",
    "HOTLINE_LOCAL_NETWORK": "`hotline asterisk`: networks that reach Asterisk at its own address.",
}
"""Variables of scripts and of compose; the service does not read them."""
INTERNAL = frozenset({"HOTLINE_PREDECESSOR", "HOTLINE_CRASHPOINTS"})
"""Variables from one process of ours to another."""


def _as_networks(value: object) -> object:
    """Return networks separated by commas or blanks."""
    given = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(given, list | tuple):
        return given
    try:
        return [ip_network(one) if isinstance(one, str) else one for one in given]
    except ValueError as error:
        raise ValueError(f"must be addresses or networks such as 127.0.0.1,10.96.1.0/24: {error}") from error


def _from_json(value: object) -> object:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ValueError(f"must be JSON, which it is not: {error}") from error


def _as_words(value: object) -> object:
    """Return words of a JSON list, or separated by commas or blanks."""
    if isinstance(value, str) and not value.lstrip().startswith("["):
        return value.replace(",", " ").split()
    return _from_json(value)


def _known_zone(value: object) -> str:
    try:
        return str(ZoneInfo(str(value)))
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("must be a time zone such as Asia/Shanghai") from error


def _http_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise ValueError("must begin with http:// or https:// and name a host")
    return value


def _redis_address(value: str) -> str:
    try:
        parse_url(value)
    except ValueError as error:
        raise ValueError("must be an address such as redis://:password@127.0.0.1:6379/0") from error
    return value


def file_in_a_folder(value: Path | None) -> Path | None:
    """Refuse a path that no file can be written to.

    Raises:
        ValueError: its folder is not there, or it is one.
    """
    if value is None:
        return None
    if value.is_dir() or not value.parent.is_dir():
        raise ValueError("must be a file in a folder that there is")
    return value


def _installed(value: str) -> str:
    try:
        words = shlex.split(value)
    except ValueError as error:
        raise ValueError("must be a command") from error
    if words and shutil.which(words[0]) is None:
        raise ValueError(f"must be a program: there is no {words[0]} that can be run")
    return value


Networks = Annotated[list[IPv4Network | IPv6Network], NoDecode, BeforeValidator(_as_networks)]
Hosts = Annotated[list[Annotated[str, Field(pattern=r"^[^\s/]+$")]], NoDecode, BeforeValidator(_as_words)]
LogFile = Annotated[Path | None, AfterValidator(file_in_a_folder)]
Files = Annotated[list[Path], NoDecode, BeforeValidator(_as_words)]
Priority = Annotated[int, Field(ge=0, le=HIGHEST_PRIORITY)]
Priorities = Annotated[dict[Grade, Priority], NoDecode, BeforeValidator(_from_json)]
HttpAddress = Annotated[str, AfterValidator(_http_address)]
Host = Annotated[str, Field(pattern=r"^[^\s/]+$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, Field(pattern=r"^[\w.-]{1,64}$")]
MapLink = Annotated[str, Field(pattern=r"^(|(https://|geo:)[^\s<>]*\{address\}[^\s<>]*)$")]
Command = Annotated[str, AfterValidator(_installed)]


class Settings(BaseSettings):
    """Settings of the service; each field has its variable, such as `HOTLINE_REDIS_URL`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )
    # Errors name the field and the rule, never the value: it may be a password (S29).

    node: Name = "node-1"
    """Name of this process among those that share one Redis and one database."""
    profile: Literal["production", "sample"] = "production"
    """`sample` loads sample data and accounts with a known password; never use it on a reachable address."""

    database_url: str = f"sqlite:///{RUNTIME / 'hotline.db'}"
    """SQLite (sqlite:////absolute/path/hotline.db) or PostgreSQL (postgresql://user:password@host/name)."""
    redis_url: Annotated[str, AfterValidator(_redis_address)] = "redis://127.0.0.1:6379/0"
    """Redis that holds queues, presence and sessions: redis://:password@host:port/number, or rediss:// with TLS."""

    application: Name = "hotline"
    """The Stasis application's name."""
    ari_url: HttpAddress = "http://127.0.0.1:8088/ari"
    """Asterisk's REST interface."""
    ari_user: Annotated[str, Field(min_length=1)] = "hotline"
    """User of ARI and of the manager interface."""
    ari_password: SecretStr
    """The user's password."""
    events: Literal["outbound", "inbound"] = "outbound"
    """Direction of the event WebSocket. Outbound: Asterisk connects to us, and stores events while we are away."""
    events_host: Host = "127.0.0.1"
    """Our address at which Asterisk connects."""
    events_port: Port = 8089
    """Our port for it."""
    ami_host: Host = "127.0.0.1"
    """Asterisk's manager interface, which starts recordings."""
    ami_port: Port = 5038
    """Its port."""

    http_host: Host = "127.0.0.1"
    """Our address for browsers and for the proxy."""
    http_port: Port = 8080
    """Our port for them."""
    public_url: HttpAddress = "http://127.0.0.1:8080"
    """Address at which browsers reach the service: the only origin its WebSocket accepts, and the base of links."""
    console: Path | None = None
    """Folder of the console's built pages, as `python -m dev.console` prints it. Empty: no pages are served."""
    sip_socket: str = Field(default="", pattern=r"^(wss?://[^\s/]+(/\S*)?)?$")
    """WebSocket of Asterisk that browsers' phones connect to. Empty: /sip at `public_url`, which the proxy leads to
    Asterisk."""
    ice_servers: Annotated[list[IceServer], NoDecode, BeforeValidator(_from_json)] = []
    """STUN and TURN servers for browsers' phones outside the own network, as JSON:
    [{"urls": ["turn:turn.example:3478"]}]. Inside it none is needed, and without them a call is answered sooner."""
    turn_secret: SecretStr = SecretStr("")
    """Secret that we share with the TURN server (coturn's static-auth-secret): each phone gets a credential that
    expires. Empty: the servers have their own credentials, or need none."""
    trusted_proxies: Networks = []
    """Networks of our own reverse proxies, such as 127.0.0.1,10.96.1.0/24: of their requests X-Forwarded-For names the
    client. Empty: the peer of the connection is the client. Limits per address need it behind a proxy."""
    metrics_from: Networks = [*LOOPBACK]
    """Networks that may read /metrics, and the failed checks of /readyz, without signing in. Administrators may from
    anywhere."""
    certificates: Files = []
    """Files of TLS certificates in PEM form, such as the trunk's, for the metric of their expiry. The certificate of
    `public_url` is watched by itself."""
    http_connections_per_address: int = Field(default=1000, ge=10)
    """Open HTTP connections from one address, which an office of 150 browsers may share. Trusted proxies have no
    limit."""

    trunk: str = "PJSIP/{number}@carrier"
    """Dial string for numbers outside. Only validated digits take the place of {number} (S15)."""
    trunk_number_format: Literal["e164", "digits", "national"] = "national"
    """Form of {number} that the trunk accepts: +8645188888888, 8645188888888 or 045188888888."""
    hotline_number: str = Field(default="96001", pattern=r"^\+?[0-9]{3,15}$")
    """Number that people see when we call, and that the survey names at its end; one of `callflows/numbers.yaml`."""
    region: str = Field(default="CN", pattern=r"^[A-Z]{2}$")
    """Country of numbers without a country code (ISO 3166)."""
    area_code: str = Field(default="", pattern=r"^(0[0-9]{1,4})?$")
    """Area code of the own city, such as 0451: completes local numbers of callers, and those typed at the desk, in
    searches and in imports. Empty: they stay as they came."""
    time_zone: Annotated[str, BeforeValidator(_known_zone)] = "Asia/Shanghai"
    """Time zone of business hours, holidays, callbacks and printed times."""

    most_calls: int = Field(default=0, ge=0)
    """Calls at a time: further calls are refused before the answer (503), also while the service is overloaded. 0: as
    many as the machine carries. RTP takes two ports for each caller and two for each agent in a call."""
    longest_lag_s: float = Field(default=0.2, gt=0)
    """The service counts as overloaded once its work has been later than this for two seconds: keys and prompts then
    come noticeably late."""

    reconnect_s: float = Field(default=30.0, ge=1, le=300)
    """How long a customer hears music after the agent's phone vanished in a call; then the queue's head."""

    silent_listening: bool = False
    """Agents do not see which supervisor listens to them; a whisper or barge always shows the supervisor."""

    grade_priorities: Priorities = {Grade.VIP: 60, Grade.A: 40, Grade.B: 20}
    """Added to the priority of a customer's calls, by grade (H20), as JSON: {"VIP": 60, "A": 40, "B": 20}."""
    urge_priority: int = Field(default=5, ge=0, le=20)
    """Added to the priority of a customer's calls for each time that an open ticket was urged, four times at most."""

    callflows: Path = PROJECT / "callflows"
    """Folder of flows, prompts, recorded files, queues and notices."""
    prompts: Path = RUNTIME / "prompts"
    """Folder of spoken and converted prompts, which Asterisk reads, too."""
    map_link: MapLink = "geo:0,0?q={address}"
    """Link that opens an address in a map on a worker's telephone; empty: none. Android understands `geo:`."""
    recordings: Path = RUNTIME / "recordings"
    """Folder of recordings; Asterisk writes into its `spool`."""
    spool: Path = RUNTIME / "spool"
    """Where work waits while the database is away: on a disk that survives a crash."""
    queue_log: LogFile = None
    """File of queue events in the format of Asterisk's queue_log, for tools that read it; empty: none is written."""
    espeak: Command = ""
    """The espeak-ng to use; empty: the one unpacked into `.runtime/`."""
    sox: Command = ""
    """The sox to use; empty: the one unpacked into `.runtime/`."""

    survey_delay_s: float = Field(default=60.0, ge=0)
    """From a department's reply to the first callback, in seconds."""
    survey_attempts: int = Field(default=3, ge=1, le=20)
    """Dialling attempts for one contact."""
    survey_retry_s: float = Field(default=3600.0, ge=0)
    """From one attempt to the next, in seconds."""
    survey_parallel: int = Field(default=10, ge=1)
    """Callbacks at a time."""
    visit_notice_workdays: int = Field(default=1, ge=0, le=30)
    """Workdays ahead on which a visit may be booked or wished at the earliest; an urgent ticket needs none."""
    survey_from_hour: int = Field(default=8, ge=0, le=23)
    """Callbacks are placed from this hour on, by the clock of `time_zone` (R3, R5)."""
    survey_until_hour: int = Field(default=21, ge=1, le=24)
    """Callbacks are placed until this hour of the same day."""

    sms_gateway: SecretStr = SecretStr("")
    """Where notices go out as SMS: a URL of Apprise (https://appriseit.com/services) with {address} for the number,
    such as twilio://SID:TOKEN@FROM/{address}. Empty: no SMS is sent."""
    mail_gateway: SecretStr = SecretStr("")
    """The same for e-mail, such as mailtos://user:password@example.org?to={address}."""
    webhook_hosts: Hosts = []
    """Hosts of our own network that webhooks may be sent to, such as erp.intranet,10.1.2.3; other hosts must be on the
    open Internet (S35)."""

    sample_password: SecretStr | None = None
    """The sample accounts' password; required by the sample profile."""

    @property
    def database_name(self) -> str:
        """Return the database's address without its password."""
        return make_url(self.database_url).render_as_string(hide_password=True)

    @property
    def ticket_link(self) -> str:
        """Return the address of a ticket's page, with `{number}` in it."""
        return f"{self.public_url.rstrip('/')}/tickets/{{number}}"

    @property
    def visit_page(self) -> str:
        """Return the page on which reporters change visits, with `{number}`."""
        return f"{self.public_url.rstrip('/')}/progress?number={{number}}"

    @property
    def sip_socket_address(self) -> str:
        """Return the WebSocket that browsers' phones connect to."""
        own = self.public_url.rstrip("/")
        return self.sip_socket or f"ws{own.removeprefix('http')}/sip"

    @model_validator(mode="after")
    def _calling_hours_are_of_one_day(self) -> "Settings":
        if self.survey_from_hour >= self.survey_until_hour:
            raise ValueError(
                "HOTLINE_SURVEY_FROM_HOUR must be before HOTLINE_SURVEY_UNTIL_HOUR: no callback is placed over midnight"
            )
        return self

    @model_validator(mode="after")
    def _sample_accounts_need_a_password(self) -> "Settings":
        if self.profile == "sample" and self.sample_password is None:
            raise ValueError("the sample profile needs HOTLINE_SAMPLE_PASSWORD")
        return self

    @field_validator("sms_gateway", "mail_gateway")
    @classmethod
    def _known_gateway(cls, value: SecretStr) -> SecretStr:
        problem = gateway_problem(value.get_secret_value()) if value.get_secret_value() else None
        if problem is not None:
            raise ValueError(problem)
        return value

    @field_validator("database_url")
    @classmethod
    def _our_driver(cls, value: str) -> str:
        return database_address(value)

    @field_validator("trunk")
    @classmethod
    def _one_number(cls, value: str) -> str:
        if value.count(DIALLED_NUMBER) != 1 or "&" in value:
            raise ValueError(f"must name one endpoint and hold {DIALLED_NUMBER} once, such as PJSIP/{{number}}@carrier")
        return value


def invalid_settings(error: ValidationError) -> list[str]:
    """Return each broken rule by its variable; never the value (S29)."""
    return [": ".join([_variable(place), rule] if place else [rule]) for place, rule in broken_rules(error)]


def _variable(place: tuple[int | str, ...]) -> str:
    field, *within = place
    return ".".join([f"{PREFIX}{str(field).upper()}", *map(str, within)])


def unknown_variables(given: Iterable[str]) -> list[str]:
    """Return a line for each `HOTLINE_…` variable that nothing reads."""
    known = {_variable((name,)) for name in Settings.model_fields} | OTHER_VARIABLES.keys() | INTERNAL
    words = [name.removeprefix(PREFIX) for name in known]
    lines = []
    for name in sorted(given):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name.removeprefix(PREFIX), words, 1)
            lines.append(f"{name}: nothing reads it" + (f"; is it {PREFIX}{near[0]}?" if near else ""))
    return lines


def database_address(value: str) -> str:
    """Return a database's address with the driver that we use.

    Raises:
        ValueError: the database is of another kind, or the address has errors.
    """
    scheme, separator, rest = value.partition("://")
    if not separator or (scheme := DRIVERS.get(scheme, scheme)) not in DRIVERS.values():
        raise ValueError("must begin with postgresql:// or sqlite:///")
    try:
        address = make_url(f"{scheme}://{rest}")
    except (ArgumentError, ValueError) as error:
        raise ValueError("must be an address such as postgresql://user:password@host:5432/name") from error
    if scheme == "sqlite" and (address.host or not address.database):
        raise ValueError("must name a file after three slashes: sqlite:////absolute/path/hotline.db")
    if scheme != "sqlite" and not address.database:
        raise ValueError("must name a database: postgresql://user:password@host:5432/name")
    return f"{scheme}://{rest}"
