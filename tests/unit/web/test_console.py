"""Pages of the console: headers, encodings, and paths that are none."""

import gzip
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from ari_app.web.console import ConsolePages, origin
from ari_app.web.problem_texts import shipped_texts
from ari_app.web.responses import add_headers, answering

FRAME = b"<!doctype html><html lang=zh-CN><body><div id=app></div></body></html>"
SCRIPT = b"console.log('desk')" * 50
ZIPPED = gzip.compress(SCRIPT, mtime=0)
"""Without the time: every worker must collect the same test names."""
ASSET = "assets/desk-Ab3_x9Zk.js"
SIP = "ws://127.0.0.1:8088/ws"

Client = TestClient[web.Request, web.Application]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A build, with a link and a secret beside it."""
    pages = tmp_path / "pages"
    (pages / "assets").mkdir(parents=True)
    (pages / "index.html").write_bytes(FRAME)
    (pages / "icon.svg").write_bytes(b"<svg/>")
    (pages / "sw.js").write_bytes(b"self")
    (pages / "manifest.webmanifest").write_bytes(b"{}")
    (pages / ASSET).write_bytes(SCRIPT)
    (pages / f"{ASSET}.gz").write_bytes(ZIPPED)
    (pages / f"{ASSET}.br").write_bytes(b"brotli")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    return pages


@pytest.fixture
async def client(folder: Path) -> AsyncIterator[Client]:
    application = web.Application(middlewares=[answering(shipped_texts())])
    application.on_response_prepare.append(add_headers)
    ConsolePages(folder, (origin(SIP),)).add_to(application)
    async with TestClient(TestServer(application), auto_decompress=False) as opened:
        yield opened


@pytest.mark.parametrize("path", ["/", "/desk", "/tickets/2026112900001", "/settings/phone"])
async def test_every_page_gets_the_frame_with_a_strict_policy(client: Client, path: str) -> None:
    response = await client.get(path)

    assert (response.status, await response.read()) == (200, FRAME)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert policy.endswith("connect-src 'self' ws://127.0.0.1:8088")
    assert "unsafe" not in policy
    assert "*" not in policy
    assert response.headers["Permissions-Policy"].startswith("microphone=(self)")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"


async def test_frame_is_sent_again_only_when_it_changed(client: Client) -> None:
    etag = (await client.get("/")).headers["ETag"]

    same = await client.get("/desk", headers={"If-None-Match": f'"other", W/{etag}'})
    other = await client.get("/desk", headers={"If-None-Match": '"other"'})

    assert (same.status, await same.read(), same.headers["ETag"]) == (304, b"", etag)
    assert same.headers["Cache-Control"] == "no-cache"
    assert other.status == 200


@pytest.mark.parametrize(
    ("accepts", "encoding", "body"),
    [
        ("gzip, deflate, br", "br", b"brotli"),
        ("gzip", "gzip", ZIPPED),
        ("br;q=0, gzip;q=0.5", "gzip", ZIPPED),
        ("identity", None, SCRIPT),
    ],
)
async def test_hashed_file_is_kept_for_ever_in_the_best_encoding(
    client: Client, accepts: str, encoding: str | None, body: bytes
) -> None:
    response = await client.get(f"/{ASSET}", headers={"Accept-Encoding": accepts})

    assert (response.status, response.headers.get("Content-Encoding")) == (200, encoding)
    content = await response.read()
    assert hashlib.sha256(content[10:]).digest() == hashlib.sha256(body[10:]).digest()
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["Vary"] == "Accept-Encoding"


async def test_other_files_are_asked_for_again(client: Client) -> None:
    response = await client.get("/icon.svg")
    assert (response.status, response.headers["Cache-Control"]) == (200, "no-cache")
    assert response.headers["Content-Type"] == "image/svg+xml"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/desk-Zz3_x9Zk.js",
        "/assets/",
        "/missing.png",
        "/api/v1/nothing",
        "/api",
        "/public/nothing",
        "/metrics",
        "/healthz",
        "/readyz/more",
    ],
)
async def test_what_is_no_page_is_not_found(client: Client, path: str) -> None:
    response = await client.get(path)
    assert response.status == 404
    assert response.headers["Content-Type"].startswith("application/problem+json")
    assert response.headers["Cache-Control"] == "no-store"


async def test_the_worker_may_ask_the_service_and_is_never_stale(client: Client) -> None:
    worker, manifest = await client.get("/sw.js"), await client.get("/manifest.webmanifest")

    assert worker.headers["Content-Type"].startswith("text/javascript")
    assert worker.headers["Cache-Control"] == "no-cache"
    assert "connect-src 'self'" in worker.headers["Content-Security-Policy"]
    assert manifest.headers["Content-Type"] == "application/manifest+json"


async def test_paths_lead_to_nothing_outside_the_build(client: Client) -> None:
    for path in ("/..%2fsecret.txt", "/assets/..%2f..%2fsecret.txt", "/%2e%2e/secret.txt"):
        async with client.get(path) as response:
            assert response.status == 404, path


async def test_pages_take_no_changes(client: Client) -> None:
    assert (await client.post("/desk")).status == 405
    head = await client.head("/desk")
    assert (head.status, await head.read()) == (200, b"")
    assert int(head.headers["Content-Length"]) == len(FRAME)


def test_folder_without_a_frame_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"index\.html"):
        ConsolePages(tmp_path)
