"""A second Asterisk in a carrier's place, with residents' phones behind it."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ari_app.operations.trunks.templates import Trunk, TrunkKind, rendered
from dev.asterisk import Asterisk, AsteriskAddress, free_address
from dev.ports import free_port
from tests.phones.accounts import account

ADDRESS, HOTLINE_ADDRESS = "127.0.0.2", "127.0.0.1"
ACCOUNT, PASSWORD = "heating", "carrier;secret"
"""At the carrier; a semicolon begins a comment in Asterisk's files."""
RESIDENT, RESIDENT_PASSWORD = "13800000002", "resident"
OPENSSL = shutil.which("openssl")


@dataclass(frozen=True)
class Manner:
    """Way in which a carrier connects the hotline, and writes numbers."""

    kind: TrunkKind
    shows: str
    """The caller's number as the carrier delivers it."""
    reads: str
    """HOTLINE_TRUNK_NUMBER_FORMAT of the carrier's taste."""
    dialled: str
    """The number of RESIDENT in that form; the carrier knows no other."""

    @property
    def user(self) -> str | None:
        return ACCOUNT if self.kind is TrunkKind.REGISTRATION else None


def carrier_of(manner: Manner, folder: Path, hotline: AsteriskAddress, ports: Mapping[str, int]) -> Asterisk:
    """The carrier's Asterisk, not started."""
    at = free_address(folder, address=ADDRESS)
    residents = account(RESIDENT, RESIDENT_PASSWORD, caller_number=manner.shows, context="outside")
    customers = {
        TrunkKind.REGISTRATION: account(ACCOUNT, PASSWORD.replace(";", r"\;"), context="from-hotline"),
        TrunkKind.IP: _customer(f"sip:{HOTLINE_ADDRESS}:{hotline.sip_port}"),
        TrunkKind.TLS: _transport(folder, ports["carrier"])
        + _customer(f"sip:{HOTLINE_ADDRESS}:{ports['hotline']}\\;transport=tls")
        + "[heating](+)\ntransport = transport-tls\nmedia_encryption = sdes\n",
    }
    # Only P-Asserted-Identity names the caller; a registered hotline chose the number in the Request-URI.
    shown = f"[{ACCOUNT}](+)\nfrom_user = gateway\nsend_pai = yes\n"
    number = "" if manner.kind is TrunkKind.REGISTRATION else "96001@"
    dialplan = f"""
[outside]
exten => 96001,1,Dial(PJSIP/{number}{ACCOUNT})
[from-hotline]
exten => {manner.dialled},1,Dial(PJSIP/{RESIDENT})
"""
    return Asterisk(at, pjsip={"carrier": residents + customers[manner.kind] + shown}, extensions={"carrier": dialplan})


def write_trunk(manner: Manner, site: Path, server: str, tls_port: int) -> None:
    """Write the hotline's side of the trunk."""
    file = site / "pjsip.d" / "carrier.conf"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(rendered(Trunk(manner.kind, server, user=manner.user, tls_port=tls_port)))


def make_certificates(hotline: Path, carrier: Path) -> None:
    """Make certificates of both sides, signed by one authority."""
    for folder in (hotline, carrier):
        folder.mkdir(parents=True, exist_ok=True)
    authority = hotline / "carrier-ca.pem"
    new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    _openssl(*new, "-subj", "/CN=authority", "-keyout", f"{hotline}/ca.key", "-out", f"{authority}")
    signed = ["-CA", f"{authority}", "-CAkey", f"{hotline}/ca.key"]
    for folder, address in ((hotline, HOTLINE_ADDRESS), (carrier, ADDRESS)):
        names = ["-subj", f"/CN={address}", "-addext", f"subjectAltName=IP:{address}"]
        _openssl(*new, *names, *signed, "-keyout", f"{folder}/hotline.key", "-out", f"{folder}/hotline.pem")
    shutil.copy(authority, carrier / "carrier-ca.pem")


def tls_ports() -> dict[str, int]:
    return {"hotline": free_port(), "carrier": free_port(address=ADDRESS)}


def _openssl(*arguments: str) -> None:
    assert OPENSSL is not None
    subprocess.run([OPENSSL, *arguments], check=True, capture_output=True)


def _customer(contact: str) -> str:
    return f"""
[{ACCOUNT}]
type = endpoint
identify_by = ip
context = from-hotline
disallow = all
allow = ulaw,alaw
direct_media = no
aors = {ACCOUNT}
[{ACCOUNT}]
type = aor
contact = {contact}
[{ACCOUNT}-addresses]
type = identify
endpoint = {ACCOUNT}
match = {HOTLINE_ADDRESS}
"""


def _transport(folder: Path, port: int) -> str:
    keys = folder / "keys"
    return f"""
[transport-tls]
type = transport
protocol = tls
bind = {ADDRESS}:{port}
method = tlsv1_2
cert_file = {keys}/hotline.pem
priv_key_file = {keys}/hotline.key
ca_list_file = {keys}/carrier-ca.pem
verify_server = yes
"""
