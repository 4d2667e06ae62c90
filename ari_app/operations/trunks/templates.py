"""Asterisk files of a carrier's trunk, one template for each kind.

Each builds on `[trunk](!)` of the shipped `pjsip.conf`, which has the settings that every trunk needs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ari_app.operations.trunks.errors import TrunkRefused
from foundation.problems import FieldProblem

NAME = re.compile(r"[a-z][a-z0-9-]{1,30}")
HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]{2,5})?|\[[0-9a-fA-F:]+\](?::[0-9]{2,5})?")
USER = re.compile(r"[A-Za-z0-9+._~-]{1,64}")
ADDRESS = re.compile(r"[A-Za-z0-9.:-]+(?:/[0-9]{1,3})?")
NUMBER = re.compile(r"\+?[0-9]{3,15}")
CODECS = frozenset({"alaw", "ulaw", "g722", "gsm"})
"""Codecs that the shipped Asterisk loads."""
TLS_TRANSPORT = "transport-tls"


class TrunkKind(StrEnum):
    """Way in which a carrier knows the hotline."""

    REGISTRATION = "registration"
    IP = "ip"
    TLS = "tls"


@dataclass(frozen=True)
class Trunk:
    """Connection data from a carrier's letter.

    Args:
        server: host of the carrier, with a port where it is not the usual one.
        user: account at the carrier; its password is the variable HOTLINE_TRUNK_PASSWORD.
        addresses: where the carrier's calls come from; by default the server.
        number: the access number that a registered carrier sends calls to.
        tls_port: our own port for TLS.
    """

    kind: TrunkKind
    server: str
    name: str = "carrier"
    user: str | None = None
    addresses: Sequence[str] = ()
    number: str = "96001"
    codecs: Sequence[str] = ("alaw", "ulaw")
    tls_port: int = 5061

    def __post_init__(self) -> None:
        checks = [
            ("name", NAME.fullmatch(self.name), "2 to 31 small letters, digits or hyphens, a letter first"),
            ("server", HOST.fullmatch(self.server), "a host or an address, with :port where it is not the usual one"),
            ("user", self.user is None or USER.fullmatch(self.user), "up to 64 letters, digits or + . _ ~ -"),
            ("user", self.kind is not TrunkKind.REGISTRATION or self.user, "required: a registration has an account"),
            ("address", all(map(ADDRESS.fullmatch, self.addresses)), "a host, an address or a network"),
            ("number", NUMBER.fullmatch(self.number), "3 to 15 digits, with at most a leading +"),
            ("codec", self.codecs and set(self.codecs) <= CODECS, f"one of {', '.join(sorted(CODECS))}"),
        ]
        problems = [FieldProblem(field=field, rule=f"must be {rule}") for field, valid, rule in checks if not valid]
        if problems:
            raise TrunkRefused("the trunk was not written", problems)

    @property
    def registers(self) -> bool:
        """Tell whether the trunk signs in at the carrier."""
        return self.user is not None

    @property
    def host(self) -> str:
        """Return the server without its port."""
        return re.sub(r":[0-9]+$", "", self.server)


def rendered(trunk: Trunk) -> str:
    """Return the trunk's file for `asterisk/site/pjsip.d/`."""
    parts = [_head(trunk), _endpoint(trunk), _address(trunk), _identify(trunk)]
    if trunk.kind is TrunkKind.TLS:
        parts.insert(1, _transport(trunk))
    if trunk.registers:
        parts += [_account(trunk), _registration(trunk)]
    return "\n".join(parts)


def _head(trunk: Trunk) -> str:
    return f"""\
; The carrier's trunk, written by `hotline trunk template {trunk.kind}`. Asterisk reads it at its next start;
; `hotline trunk check` says whether it works. [trunk] of the shipped pjsip.conf adds identify_by=ip, allow_transfer=no,
; rtp_timeout=60, rtp_timeout_hold=600, trust_id_inbound=yes, direct_media=no, dtmf_mode=rfc4733, context=hotline.
;
; Numbers out: HOTLINE_TRUNK=PJSIP/{{number}}@{trunk.name}, and HOTLINE_TRUNK_NUMBER_FORMAT=national (045188888888,
;   13800000001), e164 (+8645188888888) or digits (8645188888888), as the carrier wants them.
; Numbers in: any of these forms is understood; local numbers (88888888) need HOTLINE_AREA_CODE, such as 0451.
"""


def _endpoint(trunk: Trunk) -> str:
    lines = [
        f"[{trunk.name}](trunk)",
        f"aors = {trunk.name}",
        "; allow replaces the list of the template; the carrier's first choice goes first.",
        "disallow = all",
        f"allow = {','.join(trunk.codecs)}",
    ]
    if trunk.registers:
        lines += [
            f"outbound_auth = {trunk.name}",
            "; Carriers want the account in From; the number that is shown goes into P-Asserted-Identity.",
            f"from_user = {trunk.user}",
            f"from_domain = {trunk.host}",
            "send_pai = yes",
        ]
    if trunk.kind is TrunkKind.TLS:
        lines += [
            f"transport = {TLS_TRANSPORT}",
            "; SRTP with keys in SDP; a call without it is refused.",
            "media_encryption = sdes",
            "media_encryption_optimistic = no",
        ]
    return "\n".join(lines) + "\n"


def _address(trunk: Trunk) -> str:
    return f"""\
[{trunk.name}]
type = aor
contact = {_uri(trunk)}
; Asks the carrier with OPTIONS every 30 s; the metric and `hotline trunk check` say whether it answers.
qualify_frequency = 30
"""


def _identify(trunk: Trunk) -> str:
    matches = "\n".join(f"match = {address}" for address in trunk.addresses or (trunk.host,))
    return f"""\
; Calls from these addresses are the carrier's. Only they may reach the SIP port: the firewall says so too.
[{trunk.name}-addresses]
type = identify
endpoint = {trunk.name}
{matches}
"""


def _account(trunk: Trunk) -> str:
    return f"""\
[{trunk.name}]
type = auth
auth_type = userpass
username = {trunk.user}
password = @TRUNK_PASSWORD@
"""


def _registration(trunk: Trunk) -> str:
    transport = f"transport = {TLS_TRANSPORT}\n" if trunk.kind is TrunkKind.TLS else ""
    secured = r"\;transport=tls" if trunk.kind is TrunkKind.TLS else ""
    return f"""\
[{trunk.name}]
type = registration
{transport}outbound_auth = {trunk.name}
server_uri = {_uri(trunk)}
client_uri = sip:{trunk.user}@{trunk.host}{secured}
; The carrier sends calls to this number.
contact_user = {trunk.number}
expiration = 600
; By default a refusal or ten failures end the registration until Asterisk starts again.
retry_interval = 30
forbidden_retry_interval = 300
fatal_retry_interval = 300
auth_rejection_permanent = no
max_retries = 1000000
max_random_initial_delay = 1
"""


def _transport(trunk: Trunk) -> str:
    return f"""\
; Certificate and key of this hotline, and the authorities that sign the carrier's: in asterisk/site/keys/.
[{TLS_TRANSPORT}]
type = transport
protocol = tls
bind = @SIP_ADDRESS@:{trunk.tls_port}
method = tlsv1_2
cert_file = @SITE@/keys/hotline.pem
priv_key_file = @SITE@/keys/hotline.key
ca_list_file = @SITE@/keys/carrier-ca.pem
verify_server = yes
"""


def _uri(trunk: Trunk) -> str:
    return f"sip:{trunk.server}" + (r"\;transport=tls" if trunk.kind is TrunkKind.TLS else "")
