"""Content of an uploaded file: its type, found in its first bytes.

Names and declared types are not asked: a page that is called `photo.jpg` is still a page.
"""

from enum import StrEnum
from pathlib import Path

from crm.tickets.files.errors import FileRefused

HEAD_BYTES = 32
TAIL_BYTES = 2048
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")


class ContentType(StrEnum):
    """Type of content that is taken."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    PDF = "application/pdf"


def content_type(path: Path) -> ContentType:
    """Return the type of a file's content.

    Raises:
        FileRefused: it is of no type that is taken.
    """
    size = path.stat().st_size
    if size == 0:
        raise FileRefused("must not be empty")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read()
    if head.startswith(b"\xff\xd8\xff"):
        return ContentType.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return ContentType.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ContentType.WEBP
    if head.startswith(b"%PDF-") and b"%%EOF" in tail:
        return ContentType.PDF
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        raise FileRefused("must be saved as JPEG: not every browser shows HEIC and AVIF")
    raise FileRefused("must be a photo (JPEG, PNG or WebP) or a PDF")
