"""Expiry of certificates: of a server, of files."""

import asyncio
import shutil
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from ari_app.runtime.certificates import CertificateWatch, first_expiry

OPENSSL = shutil.which("openssl")

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl is not on this machine")


def made(folder: Path, days: int) -> tuple[Path, Path]:
    """Make a certificate of our own; return its file and its key's."""
    assert OPENSSL is not None
    certificate, key = folder / f"{days}.pem", folder / f"{days}.key"
    new = [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*new, "-days", str(days), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def expires(name: str) -> float | None:
    return REGISTRY.get_sample_value("hotline_certificate_expires_timestamp_seconds", {"certificate": name})


@pytest.mark.parametrize("days", [7, 36500], ids=["two digits of the year", "four digits"])
def test_expiry_is_read_from_a_certificate(tmp_path: Path, days: int) -> None:
    certificate, _ = made(tmp_path, days)
    expected = datetime.now(UTC) + timedelta(days=days)
    assert abs(first_expiry(certificate.read_text()) - expected) < timedelta(hours=1)


async def test_server_and_files_are_watched_and_others_named(tmp_path: Path) -> None:
    (certificate, key), (chained, _) = made(tmp_path, 30), made(tmp_path, 5)
    chain, broken = tmp_path / "chain.pem", tmp_path / "broken.pem"
    chain.write_text(certificate.read_text() + chained.read_text())
    broken.write_text("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    with capture_logs() as logs:
        await CertificateWatch(url, [chain, broken, tmp_path / "none.pem"]).look()

    server.close()
    await server.wait_closed()
    assert expires(url) == first_expiry(certificate.read_text()).timestamp()
    assert expires(str(chain)) == first_expiry(chained.read_text()).timestamp()
    assert [entry["certificate"] for entry in logs] == [str(broken), str(tmp_path / "none.pem")]
