"""Files of reports that are not filed yet."""

from pathlib import Path

from crm.selfservice.limits import Limit, Limiter
from crm.selfservice.model import FileQuery, FileReceipt
from crm.tickets.files.service import FileService, Owner

FILES_OF_ADDRESS = Limit(30, 600)


class ReportFiles:
    """Photos from people without an account; `limiter` bounds them."""

    def __init__(self, files: FileService, limiter: Limiter) -> None:
        self._files = files
        self._limiter = limiter

    async def receive(self, upload: Path, given: FileQuery, key: str, address: str) -> FileReceipt:
        """Check a file and store it until its report names it.

        The same key gives the same file.

        Raises:
            TooMany: from this address.
            FileRefused: its content breaks a rule.
            NoRoomForFiles: the disk is full.
        """
        await self._limiter.count("file", address, FILES_OF_ADDRESS)
        owner = Owner(owner_of(given.report))
        stored = await self._files.receive(upload, given.name, owner, key=f"{owner.id}:{key}")
        return FileReceipt(id=stored.id)


def owner_of(report: str) -> str:
    """Return the owner of a report's files: no member of staff."""
    return f"web:{report}"
