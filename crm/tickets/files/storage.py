"""Storage of files, beside the recordings, named by our ids (S5, S6)."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from crm.tickets.files.content import ContentType
from crm.tickets.files.errors import FileNotFound, NoRoomForFiles

MINIMUM_FREE_BYTES = 200 * 1024 * 1024
THUMBNAIL = ".small.jpg"
UNFINISHED = ".part"
_ENDINGS = {ContentType.PDF: ".pdf"}
_FILE_ID = re.compile(r"file-[0-9a-hjkmnp-tv-z]{26}")


class FileStorage:
    """Folder of files: `<yyyy>/<mm>/<dd>/<id>.jpg`, `<id>.small.jpg`, `<id>.pdf`.

    Everything here waits for the disk: call it in a thread.
    """

    def __init__(self, root: Path, *, minimum_free_bytes: int = MINIMUM_FREE_BYTES) -> None:
        self._root = root.resolve()
        self._minimum_free_bytes = minimum_free_bytes

    def name(self, file_id: str, kind: ContentType, at: datetime) -> str:
        """Return a new file's name, by the UTC day of its upload."""
        assert _FILE_ID.fullmatch(file_id)
        return f"{at:%Y/%m/%d}/{file_id}{_ENDINGS.get(kind, '.jpg')}"

    def write(self, name: str, content: bytes, thumbnail: bytes | None) -> None:
        """Write a file and its thumbnail, whole or not at all.

        Raises:
            NoRoomForFiles: the disk is full or cannot be written.
        """
        path = self._path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(self._root).free < self._minimum_free_bytes + len(content):
                raise NoRoomForFiles("There is no room for files; the ticket itself can be worked on.")
            if thumbnail is not None:
                _write(_thumbnail_of(path), thumbnail)
            _write(path, content)
        except OSError as error:
            raise NoRoomForFiles("Files cannot be stored; the ticket itself can be worked on.") from error

    def content(self, name: str) -> Path:
        """Return the path of a file."""
        return self._path(name)

    def thumbnail(self, name: str) -> Path:
        """Return the path of a photo's thumbnail."""
        return _thumbnail_of(self._path(name))

    def remove(self, name: str) -> None:
        """Remove a file and its thumbnail; without them, do nothing."""
        path = self._path(name)
        path.unlink(missing_ok=True)
        _thumbnail_of(path).unlink(missing_ok=True)

    def days(self) -> Iterator[Path]:
        """Yield the folder of each day."""
        yield from sorted(self._root.glob("[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]"))

    def of_day(self, day: Path, *, older_than_s: float) -> dict[str, list[Path]]:
        """Return the files of a day's folder by id, without recent ones."""
        newest = time.time() - older_than_s
        found: dict[str, list[Path]] = {}
        for path in day.iterdir():
            known = _FILE_ID.match(path.name)
            if known is not None and path.lstat().st_mtime < newest:
                found.setdefault(known[0], []).append(path)
        return found

    def _path(self, name: str) -> Path:
        path = self._root / name
        if not path.parent.resolve().is_relative_to(self._root) or ".." in path.parts:
            raise FileNotFound
        return path


def _thumbnail_of(path: Path) -> Path:
    return path.with_name(path.stem + THUMBNAIL)


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(path.name + UNFINISHED)
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
