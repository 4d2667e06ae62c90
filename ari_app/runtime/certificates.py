"""Expiry of TLS certificates, of the public address and in files."""

import asyncio
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from prometheus_client import Gauge

CHECK_S = 3600.0
CONNECT_S = 5.0
EXPIRES = Gauge(
    "hotline_certificate_expires_timestamp_seconds",
    "When a TLS certificate expires, in seconds since the epoch",
    ["certificate"],
)

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_SEQUENCE, _UTC_TIME, _VERSION = 0x30, 0x17, 0xA0

log = structlog.get_logger()


class NoCertificate(Exception):
    """Text or bytes that are no certificate."""


class CertificateWatch:
    """Reads certificates now and then and sets the metric."""

    def __init__(self, public_url: str, files: Sequence[Path]) -> None:
        self._public_url = public_url
        self._files = files

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(CHECK_S)

    async def look(self) -> None:
        """Read every certificate once; one that cannot be read is logged."""
        address = urlsplit(self._public_url)
        if address.scheme == "https" and address.hostname is not None:
            await self._note(self._public_url, partial(_of_server, address.hostname, address.port or 443))
        for file in self._files:
            await self._note(str(file), file.read_text)

    async def _note(self, name: str, read: Callable[[], str]) -> None:
        try:
            pem = await asyncio.to_thread(read)
            EXPIRES.labels(name).set(first_expiry(pem).timestamp())
        except (OSError, UnicodeError, NoCertificate) as error:
            log.warning("certificate_not_read", certificate=name, error=str(error) or type(error).__name__)


def first_expiry(pem: str) -> datetime:
    """Return when the first certificate of a chain expires.

    Raises:
        NoCertificate: there is none.
    """
    found = [_expiry(one) for one in _PEM.findall(pem)]
    if not found:
        raise NoCertificate("no certificate in PEM form")
    return min(found)


def _of_server(host: str, port: int) -> str:
    # Not verified: an expired certificate, or one of our own authority, is read all the same.
    return ssl.get_server_certificate((host, port), timeout=CONNECT_S)


def _expiry(pem: str) -> datetime:
    """Return the end of a certificate's validity (RFC 5280).

    Raises:
        NoCertificate: it is something else.
    """
    try:
        return _end_of_validity(ssl.PEM_cert_to_DER_cert(pem))
    except (StopIteration, IndexError, ValueError) as error:
        raise NoCertificate("not an X.509 certificate") from error


def _end_of_validity(certificate: bytes) -> datetime:
    fields = _values(next(_values(next(_values(certificate))[1]))[1])
    tag, _ = next(fields)
    for _ in range(3 if tag == _VERSION else 2):  # serial number, signature, issuer
        next(fields)
    validity = next(fields)
    if validity[0] != _SEQUENCE:
        raise NoCertificate("not an X.509 certificate")
    _, (tag, end) = _values(validity[1])
    form = "%y%m%d%H%M%SZ" if tag == _UTC_TIME else "%Y%m%d%H%M%SZ"
    return datetime.strptime(end.decode("ascii"), form).replace(tzinfo=UTC)


def _values(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the tags and contents of DER values."""
    while der:
        tag, length, start = der[0], der[1], 2
        if length & 0x80:
            start = 2 + (length & 0x7F)
            length = int.from_bytes(der[2:start])
        yield tag, der[start : start + length]
        der = der[start + length :]
