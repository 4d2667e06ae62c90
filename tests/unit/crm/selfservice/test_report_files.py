"""Photos of web reports, and refusals of robots."""

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image
from pydantic import ValidationError

from crm.selfservice.errors import NotTaken
from crm.selfservice.files import FILES_OF_ADDRESS, ReportFiles
from crm.selfservice.model import MOST_PHOTOS, FileQuery
from crm.selfservice.service import LEAST_SECONDS, SelfService
from crm.tickets.errors import UnknownReference
from crm.tickets.files.errors import FileNotFound, FileRefused
from crm.tickets.files.service import FileService
from crm.tickets.merges.model import MergeTicket
from crm.tickets.service import TicketService
from foundation.database import Database
from foundation.problems import TooMany
from foundation.routes import Principal, Role
from tests.unit.crm.conftest import AGENT, Place
from tests.unit.crm.selfservice.test_self_service import ELSEWHERE, Counting, form

KEY, OTHER = "report-key-of-mine-1", "report-key-of-another-1"


@pytest.fixture
def service(database: Database, tickets: TicketService) -> SelfService:
    return SelfService(database, tickets, Counting())


@pytest.fixture
def files(database: Database, tmp_path: Path) -> ReportFiles:
    return ReportFiles(FileService(database, tmp_path / "files"), Counting())


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    written = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 40, 40)).save(written, "JPEG")
    path = tmp_path / "body"
    path.write_bytes(written.getvalue())
    return path


async def stored(files: ReportFiles, upload: Path, key: str, report: str = KEY) -> str:
    return (await files.receive(upload, FileQuery(report=report, name="阀门.jpg"), key, ELSEWHERE)).id


async def test_a_report_brings_its_photos_once(
    service: SelfService, files: ReportFiles, tickets: TicketService, place: Place, upload: Path
) -> None:
    photo = await stored(files, upload, "a")
    assert await stored(files, upload, "a") == photo
    given = form(file_ids=[photo], seconds=40)
    first = await service.report(given, KEY, ELSEWHERE)
    assert await service.report(given, KEY, ELSEWHERE) == first

    found = await tickets.by_number(first.number)
    assert found is not None
    whole = await tickets.get(found.id)
    assert [(one.id, one.version, one.name, one.owner_name) for one in whole.files] == [(photo, 1, "阀门.jpg", "")]

    # A neighbour's report of the same matter brings another to the same ticket.
    second = await stored(files, upload, "b", OTHER)
    neighbour = form(number="13800000004", name="李强", file_ids=[second])
    added = await service.report(neighbour, OTHER, ELSEWHERE)
    assert (added.number, added.visit_code) == (first.number, "")
    whole = await tickets.get(found.id)
    assert [(one.id, one.version) for one in whole.files] == [(photo, 1), (second, 2)]


async def test_photos_of_another_report_are_not_taken_and_nothing_is_filed(
    service: SelfService, files: ReportFiles, tickets: TicketService, place: Place, upload: Path
) -> None:
    photo = await stored(files, upload, "a", OTHER)
    with pytest.raises(UnknownReference) as refused:
        await service.report(form(file_ids=[photo]), KEY, ELSEWHERE)
    assert [one.field for one in refused.value.errors] == ["file_ids.0"]
    # The number was not given away.
    assert (await service.report(form(), KEY, ELSEWHERE)).number.endswith("00001")


async def test_a_page_is_refused_at_its_field_and_uploads_are_limited(files: ReportFiles, upload: Path) -> None:
    await asyncio.to_thread(upload.write_bytes, b"<!doctype html><script>alert(1)</script>")
    with pytest.raises(FileRefused) as refused:
        await stored(files, upload, "a")
    assert [one.field for one in refused.value.errors] == ["file"]
    for _ in range(FILES_OF_ADDRESS.most - 1):
        with pytest.raises(FileRefused):
            await stored(files, upload, "a")
    with pytest.raises(TooMany):
        await stored(files, upload, "a")


@pytest.mark.parametrize("traits", [{"website": "https://spam.example"}, {"seconds": LEAST_SECONDS - 1}])
async def test_what_no_person_filled_is_refused_without_a_reason(
    service: SelfService, place: Place, traits: dict[str, object]
) -> None:
    with pytest.raises(NotTaken) as refused:
        await service.report(form(**traits), KEY, ELSEWHERE)
    assert refused.value.errors == []
    assert not any(word in str(refused.value).lower() for word in ("robot", "website", "second", "fast"))


def test_a_report_has_few_photos_and_a_key_that_is_not_guessed() -> None:
    with pytest.raises(ValidationError):
        form(file_ids=[f"file-{place}" for place in range(MOST_PHOTOS + 1)])
    with pytest.raises(ValidationError):
        FileQuery(report="short")


async def test_the_ticket_that_stands_for_merged_ones_shows_their_files(
    service: SelfService, tickets: TicketService, place: Place, upload: Path, database: Database, tmp_path: Path
) -> None:
    store = FileService(database, tmp_path / "files")
    photo = await stored(ReportFiles(store, Counting()), upload, "a")
    part = await tickets.by_number((await service.report(form(file_ids=[photo]), KEY, ELSEWHERE)).number)
    assert part is not None
    head = await tickets.file(place.fault(address="幸福路78号"), AGENT)
    reader = Principal("staff-1", "1001", "李明", Role.AGENT)
    await tickets.merges.merge(part.id, MergeTicket(into=head.id), AGENT)

    whole = await tickets.get(head.id)
    absorbed = next(entry.version for entry in whole.log if entry.action == "absorb")
    assert [(one.id, one.version) for one in whole.files] == [(photo, absorbed)]
    assert (await store.content(head.id, photo, reader))[0].id == photo

    await tickets.merges.unmerge(part.id, AGENT)
    assert (await tickets.get(head.id)).files == []
    with pytest.raises(FileNotFound):
        await store.content(head.id, photo, reader)
