"""Routes of the queues' document."""

from ari_app.queues.documents.errors import VersionNotFound
from ari_app.queues.documents.model import (
    DocumentCheck,
    DocumentFinding,
    DocumentInput,
    KnownSkills,
    VersionText,
    VersionView,
)
from ari_app.queues.documents.service import QueueDocuments
from foundation.routes import ADMINISTRATORS, LEADERS, NoQuery, Request, Routes


def routes(documents: QueueDocuments) -> Routes:
    """Return the routes of the queues' document."""
    table = Routes(tag="queues")

    @table.add(
        "GET",
        "/queue-documents",
        roles=LEADERS,
        summary="List the versions of the queues' document, newest first",
        response=list[VersionView],
    )
    async def versions(_request: Request[None, NoQuery]) -> list[VersionView]:
        return await documents.versions()

    @table.add(
        "GET",
        "/queue-documents/{version}",
        roles=LEADERS,
        summary="Return a version with its text and the difference to the one before",
        response=VersionText,
        problems=(404,),
    )
    async def version(request: Request[None, NoQuery]) -> VersionText:
        written = request.path["version"]
        if not written.isascii() or not written.isdecimal() or len(written) > 9:
            raise VersionNotFound(f"there is no version {written!r} of the queues")
        return await documents.version(int(written))

    @table.add(
        "POST",
        "/queue-documents/check",
        roles=LEADERS,
        summary="Check a document of the queues; nothing is stored",
        body=DocumentCheck,
        response=list[DocumentFinding],
        problems=(422,),
    )
    async def check(request: Request[DocumentCheck, NoQuery]) -> list[DocumentFinding]:
        return [DocumentFinding.of(one) for one in await documents.check(request.body.text)]

    @table.add(
        "POST",
        "/queue-documents",
        roles=LEADERS,
        summary="Store a version of the queues' document, which takes effect at once",
        body=DocumentInput,
        response=VersionText,
        status=201,
        problems=(409, 422),
    )
    async def save(request: Request[DocumentInput, NoQuery]) -> VersionText:
        return await documents.save(request.body, request.actor)

    @table.add(
        "GET",
        "/skills",
        roles=LEADERS | ADMINISTRATORS,
        summary="Return the skills that agents may have, as the queues' document lists them or as they are used",
        response=KnownSkills,
    )
    async def skills(_request: Request[None, NoQuery]) -> KnownSkills:
        return await documents.skills()

    return table
