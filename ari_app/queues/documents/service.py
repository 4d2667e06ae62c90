"""Versions of the queues' document: checked, stored, compared."""

import asyncio
import difflib
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from ari_app.queues.documents import store
from ari_app.queues.documents.errors import DocumentChanged, DocumentInvalid, VersionNotFound
from ari_app.queues.documents.model import (
    DocumentInput,
    KnownSkill,
    KnownSkills,
    QueueDocument,
    VersionText,
    VersionView,
)
from ari_app.queues.documents.skills import without_agents
from ari_app.queues.rule_checks import listed_skills
from ari_app.queues.settings import read_queues
from crm.staff.service import StaffService
from foundation.clock import utc_now
from foundation.database import Database
from foundation.findings import Finding, errors_of, in_order
from foundation.problems import FieldProblem
from foundation.routes import Principal
from foundation.signals import AsyncSignal
from foundation.yaml_files import read_yaml

MOST_VERSIONS = 200
FILE_VERSION = 0
"""Version of the installation's file."""

CheckText = Callable[[bytes], list[Finding]]
"""Finds what is wrong with the configuration with this text as its queues."""


class QueueDocuments:
    """Document of the queues.

    The file counts until a version is stored; from then on the newest version counts, whatever the file says.
    """

    def __init__(self, database: Database, staff: StaffService, file: Path, check: CheckText) -> None:
        self._database = database
        self._staff = staff
        self._file = file
        self._check = check
        self.stored = AsyncSignal[[str]]()
        """A version (its text) was stored here: it takes effect now."""

    async def newest(self) -> str | None:
        """Return the text of the newest version; None: the file counts."""
        async with self._database.read() as session:
            found = await store.newest(session)
        return found.text if found is not None else None

    async def versions(self) -> list[VersionView]:
        """Return versions, newest first; the last is the file."""
        async with self._database.read() as session:
            found = await store.versions(session, MOST_VERSIONS)
        return [*map(VersionView.model_validate, found), VersionView(version=FILE_VERSION)]

    async def version(self, version: int) -> VersionText:
        """Return a version with the difference to the one before.

        Raises:
            VersionNotFound: there is none.
        """
        if version == FILE_VERSION:
            return VersionText(version=FILE_VERSION, text=self._file_text(), difference="")
        async with self._database.read() as session:
            found = await session.get(QueueDocument, version)
            former = await session.get(QueueDocument, version - 1)
        if found is None:
            raise VersionNotFound(f"there is no version {version} of the queues")
        before = former.text if former is not None else self._file_text()
        lines = difflib.unified_diff(before.splitlines(), found.text.splitlines(), lineterm="", n=2)
        shown = VersionView.model_validate(found)
        # The first two lines name files.
        return VersionText(**shown.model_dump(), text=found.text, difference="\n".join([*lines][2:]))

    async def skills(self) -> KnownSkills:
        """Return the skills that agents may have.

        Those that the document lists, or else those of its rules and of agents.
        """
        newest = await self.newest()
        text = (newest if newest is not None else await asyncio.to_thread(self._file_text)).encode()
        document, _ = await asyncio.to_thread(read_yaml, self._file, raw=text)
        if listed := listed_skills(document):
            return KnownSkills(skills=[KnownSkill(**one.model_dump()) for one in listed], listed=True)
        queues, _ = await asyncio.to_thread(read_queues, self._file, text)
        names = {
            name for queue in queues.values() for rule in queue.rules for step in rule.steps for name in step.skills
        }
        names.update(name for account in await self._staff.all() for name in account.skills)
        return KnownSkills(skills=[KnownSkill(code=name, zh=name, en=name) for name in sorted(names)], listed=False)

    async def check(self, text: str) -> list[Finding]:
        """Return everything wrong with a text, by line."""
        findings = await asyncio.to_thread(self._check, text.encode())
        if not errors_of(findings):
            findings = [*findings, *without_agents(self._file, text, await self._staff.all())]
        return in_order(findings)

    async def save(self, given: DocumentInput, who: Principal) -> VersionText:
        """Store a new version, which takes effect at once.

        Raises:
            DocumentInvalid: it has errors; nothing is stored.
            DocumentChanged: another version was stored since the one that was edited.
        """
        if refused := errors_of(await self.check(given.text)):
            problems = [FieldProblem(field=f"line {one.line}", rule=one.message) for one in refused]
            raise DocumentInvalid("\n".join(map(str, refused)), problems)
        made = QueueDocument(
            version=given.follows + 1,
            text=given.text,
            note=given.note,
            staff_id=who.staff_id,
            staff_name=who.name,
            at=utc_now(),
        )
        try:
            async with self._database.write() as session:
                found = await store.newest(session)
                if given.follows != (found.version if found is not None else FILE_VERSION):
                    raise DocumentChanged(f"version {given.follows} is not the newest")
                session.add(made)
        except IntegrityError as error:
            raise DocumentChanged(f"version {given.follows} is not the newest") from error
        await self.stored.announce(given.text)
        return await self.version(made.version)

    def _file_text(self) -> str:
        return self._file.read_text(encoding="utf-8")
