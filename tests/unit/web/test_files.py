"""Files as answers: ranges, names, and nothing but plain files (S6)."""

from pathlib import Path

import pytest

from foundation.routes import Role
from tests.unit.web.conftest import House

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    path = tmp_path / "rec-1"
    path.write_bytes(CONTENT)
    return path


async def ask(house: House, name: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    async with (
        await house.signed_in(Role.AGENT) as http,
        http.get(f"/api/v1/things/{name}/audio", headers=headers) as answer,
    ):
        return answer.status, await answer.read(), dict(answer.headers)


async def test_a_file_is_sent_whole_under_a_harmless_name(house: House, audio: Path) -> None:
    status, body, headers = await ask(house, audio.name)
    assert (status, body) == (200, CONTENT)
    assert headers["Content-Type"] == "audio/wav"
    assert headers["Content-Disposition"] == "inline; filename*=UTF-8''%E5%BD%95%E9%9F%B3%22%3Bx%3D%0D%0A.wav"
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("wanted", "status", "body"),
    [
        ("bytes=0-9", 206, CONTENT[:10]),
        ("bytes=100-", 206, CONTENT[100:]),
        ("bytes=-7", 206, CONTENT[-7:]),
        ("bytes=0-99999999999", 206, CONTENT),
        ("bytes=-99999999999", 206, CONTENT),
        ("bytes=99999999-", 416, None),
        ("bytes=-1,0-99999999999", 416, None),
        ("bytes=9-1", 416, None),
        ("bytes=x", 416, None),
    ],
)
async def test_file_is_sent_in_ranges(house: House, audio: Path, wanted: str, status: int, body: bytes | None) -> None:
    answered, content, headers = await ask(house, audio.name, Range=wanted)
    assert answered == status
    assert body is None or content == body
    assert headers["Content-Range"].endswith(f"/{len(CONTENT)}")


async def test_links_and_folders_are_not_sent(house: House, audio: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(audio)
    (tmp_path / "folder").mkdir()
    for name in ("link", "folder", "nothing"):
        status, body, _ = await ask(house, name)
        assert status == 404
        assert str(tmp_path).encode() not in body


async def test_a_compressed_sibling_is_not_taken_for_the_file(house: House, audio: Path) -> None:
    audio.with_suffix(".gz").write_bytes(b"something else")
    assert (await ask(house, audio.name, **{"Accept-Encoding": "gzip"}))[1] == CONTENT
