"""Files of tickets: checked, shown to the right people, removed."""

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from sqlmodel import select

from crm.tickets.files.content import ContentType, content_type
from crm.tickets.files.errors import FileRefused
from crm.tickets.files.model import TicketFile, TicketFileUse
from crm.tickets.files.pictures import read_photo
from crm.tickets.files.storage import FileStorage
from foundation.routes import Role
from tests.unit.security.conftest import Office

PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
NO_TYPE = "must be a photo (JPEG, PNG or WebP) or a PDF"
HEIC = "must be saved as JPEG: not every browser shows HEIC and AVIF"
HTML = b"<!doctype html><script>alert(1)</script>"
PLACE_TAKEN = "Canon of the yard"


def photo(size: tuple[int, int] = (640, 480), form: str = "JPEG", **how: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, (200, 40, 40)).save(written, form, **how)
    return written.getvalue()


def turned_photo_of_a_place() -> bytes:
    """A photo that lies on its side, with its place."""
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    exif[Base.Model] = PLACE_TAKEN
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude] = (43.0, 54.0, 0.0)
    return photo(exif=exif) + HTML


def bomb() -> bytes:
    """A small PNG of 400 million pixels."""
    written = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(written, "PNG")
    return written.getvalue()


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        pytest.param(b"", "must not be empty", id="empty"),
        pytest.param(HTML, NO_TYPE, id="a page"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", NO_TYPE, id="a drawing"),
        pytest.param(b"PK\x03\x04" + b"\0" * 99, NO_TYPE, id="an archive"),
        pytest.param(b"%PDF-1.7\n" + HTML, NO_TYPE, id="half a document"),
        pytest.param(b"\0\0\0\x18ftypheic" + b"\0" * 99, HEIC, id="HEIC"),
        pytest.param(b"\xff\xd8\xff" + HTML, "must be a photo that can be read", id="a page that begins as a photo"),
        pytest.param(photo()[:900], "must be a photo that can be read", id="half a photo"),
        pytest.param(bomb(), "must have at most 50 million pixels", id="a bomb"),
    ],
)  # fmt: skip
def test_what_is_no_photo_and_no_document_is_refused(tmp_path: Path, content: bytes, rule: str) -> None:
    path = tmp_path / "body"
    path.write_bytes(content)
    with pytest.raises(FileRefused) as refused:
        read_photo(path, content_type(path))
    assert [(one.field, one.rule) for one in refused.value.errors] == [("file", rule)]


def test_a_photo_is_made_anew_without_place_and_turned_upright(tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(turned_photo_of_a_place())
    stored = read_photo(path, content_type(path))
    again = Image.open(io.BytesIO(stored.content))
    assert (again.size, dict(again.getexif())) == ((480, 640), {})
    assert not any(part in stored.content for part in (HTML, PLACE_TAKEN.encode(), b"Exif"))
    assert Image.open(io.BytesIO(stored.thumbnail)).size == (240, 320)


@pytest.mark.parametrize(("form", "kind"), [("PNG", ContentType.PNG), ("WEBP", ContentType.WEBP)])
def test_other_photos_become_jpegs_of_bounded_size(tmp_path: Path, form: str, kind: ContentType) -> None:
    path = tmp_path / "body"
    path.write_bytes(photo((4000, 1000), form))
    assert content_type(path) is kind
    assert Image.open(io.BytesIO(read_photo(path, kind).content)).size == (2560, 640)


def test_content_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("crm.tickets.files.storage.os.fsync", full)
    with pytest.raises(Exception, match="cannot be stored"):
        FileStorage(tmp_path, minimum_free_bytes=0).write("2026/11/29/x.jpg", b"x", b"x")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


ZH = {"Accept-Language": "zh-CN"}


class Case:
    """A ticket at the department of the east."""

    def __init__(self, office: Office, ticket: str) -> None:
        self.office = office
        self.files = f"/api/v1/tickets/{ticket}/files"
        self.path = f"/api/v1/tickets/{ticket}"

    async def upload(self, role: Role, content: bytes, status: int = 201, key: str = "") -> dict[str, Any]:
        headers = {"Idempotency-Key": key} if key else {}
        async with (
            self.office.client(role, **headers, **ZH) as http,
            http.post(self.files, params={"name": "照片.jpg"}, data=content) as answer,
        ):
            assert answer.status == status, await answer.text()
            found: dict[str, Any] = await answer.json()
            return found

    async def seen(self, role: Role, path: str) -> int:
        async with self.office.client(role) as http, http.get(f"{self.files}/{path}") as answer:
            return answer.status

    async def do(self, role: Role, action: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
        async with self.office.client(role) as http, http.post(f"{self.path}/{action}", json=body) as answer:
            assert answer.status == status, await answer.text()
            found: dict[str, Any] = await answer.json()
            return found


async def signed(office: Office, department_id: str | None = None) -> Case:
    async with office.client(Role.AGENT) as http:
        given = {"kind": "complaint", "subject": "服务态度", "reporter": {"customer_id": office.place.wang.id}}
        async with http.post("/api/v1/tickets", json=given) as answer:
            case = Case(office, (await answer.json())["id"])
    await case.do(Role.AGENT, "dispatch", {"department_id": department_id or office.place.east})
    if department_id is None:
        await case.do(Role.DEPARTMENT, "sign", {})
    return case


async def test_a_photo_comes_to_the_ticket_with_the_reply_that_names_it(office: Office) -> None:
    case = await signed(office)
    uploaded = [await case.upload(Role.DEPARTMENT, photo(), key="photo-1") for _ in range(2)]
    assert uploaded[0] == uploaded[1]
    photo_id = uploaded[0]["id"]
    document = await case.upload(Role.DEPARTMENT, PDF)
    assert (document["media_type"], document["width"]) == ("application/pdf", None)

    assert (await case.seen(Role.DEPARTMENT, photo_id), await case.seen(Role.SUPERVISOR, photo_id)) == (200, 404)
    stolen = await case.do(Role.SUPERVISOR, "notes", {"text": "x", "file_ids": [photo_id]}, 422)
    assert [one["field"] for one in stolen["errors"]] == ["file_ids.0"]
    await case.do(Role.DEPARTMENT, "reply", {"text": "已修好", "file_ids": [photo_id, document["id"]]})
    await case.do(Role.DEPARTMENT, "notes", {"text": "又一次", "file_ids": [photo_id]}, 422)

    async with office.client(Role.QUALITY) as http:
        async with http.get(case.path) as answer:
            ticket = await answer.json()
        assert [(one["id"], one["version"]) for one in ticket["files"]] == [(photo_id, 4), (document["id"], 4)]
        assert ticket["log"][-1]["version"] == 4
        async with http.get(f"{case.files}/{photo_id}") as answer:
            content, headers = await answer.read(), answer.headers
            assert headers["Content-Type"] == "image/jpeg"
            assert headers["X-Content-Type-Options"] == "nosniff"
        async with http.get(f"{case.files}/{document['id']}") as answer:
            assert (await answer.read(), answer.headers["Content-Disposition"][:10]) == (PDF, "attachment")
        async with http.get(f"{case.files}/{photo_id}/thumbnail") as answer:
            assert Image.open(io.BytesIO(await answer.read())).size == (320, 240)
        assert await case.seen(Role.QUALITY, f"{document['id']}/thumbnail") == 404
    async with office.database.read() as session:
        stored = (await session.exec(select(TicketFile).where(TicketFile.id == photo_id))).one()
        uses = (await session.exec(select(TicketFileUse).where(TicketFileUse.file_id == photo_id))).all()
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert [(one.action, one.staff_name) for one in uses] == [
        ("upload", "department (2001)"), ("view", "department (2001)"), ("view", "quality (4001)"),
    ]  # fmt: skip


async def test_another_departments_files_do_not_exist_and_pages_are_no_photos(office: Office) -> None:
    case = await signed(office, office.place.west)
    uploaded = await case.upload(Role.AGENT, photo())
    await case.do(Role.AGENT, "notes", {"text": "现场照片", "file_ids": [uploaded["id"]]}, 201)
    assert [await case.seen(Role.DEPARTMENT, f"{uploaded['id']}{more}") for more in ("", "/thumbnail")] == [404, 404]
    await case.upload(Role.DEPARTMENT, photo(), 404)
    other = await signed(office)
    assert await other.seen(Role.DEPARTMENT, uploaded["id"]) == 404

    refused = await other.upload(Role.DEPARTMENT, HTML, 422)
    assert refused["errors"] == [
        {"field": "file", "code": "file_type", "parameters": {}, "rule": "请选择照片（JPEG、PNG、WebP）或 PDF 文件"}
    ]


async def test_an_erased_persons_files_leave_the_disk(office: Office, tmp_path: Path) -> None:
    case = await signed(office)
    uploaded = await case.upload(Role.DEPARTMENT, photo())
    await case.do(Role.DEPARTMENT, "reply", {"text": "已修好", "file_ids": [uploaded["id"]]})
    await case.do(Role.AGENT, "archive", {"reason": "用户确认"})
    folder = tmp_path / "recordings" / "files"
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 2

    async with (
        office.client(Role.SUPERVISOR) as http,
        http.post(f"/api/v1/customers/{office.place.wang.id}/erasure", json={"reason": "本人要求"}) as answer,
    ):
        assert answer.status == 204, await answer.text()
    assert await case.seen(Role.SUPERVISOR, uploaded["id"]) == 404
    assert await office.business.files.sweep() == 1
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    async with office.database.read() as session:
        assert (await session.exec(select(TicketFile))).all() == []
