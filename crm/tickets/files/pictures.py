"""Photos: read, turned upright, and written again without anything else.

What is stored is a new JPEG made of the pixels: the place where the photo was taken, the device, and whatever was
hidden behind the picture are gone.
"""

import io
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageOps

from crm.tickets.files.content import ContentType
from crm.tickets.files.errors import FileRefused

MOST_PIXELS = 50_000_000
"""More than the camera of a telephone makes; 150 MB while it is read."""
LONGEST_SIDE = 2560
THUMBNAIL_SIDE = 320
QUALITY = 85
# Opening reads the size alone, and the own limit follows at once; Pillow's is higher, and half of it is a warning.
Image.MAX_IMAGE_PIXELS = None
_FORMATS = {ContentType.JPEG: "JPEG", ContentType.PNG: "PNG", ContentType.WEBP: "WEBP"}


class Photo(NamedTuple):
    """Photo and its small picture, as JPEG."""

    content: bytes
    thumbnail: bytes
    width: int
    height: int


def read_photo(path: Path, kind: ContentType) -> Photo:
    """Read a photo and make it anew; call it in a thread.

    Raises:
        FileRefused: it is broken, or has too many pixels.
    """
    try:
        with Image.open(path, formats=[_FORMATS[kind]]) as opened:
            return _made_anew(opened)
    except FileRefused:
        raise
    except Exception as error:
        # Broken files make Pillow's decoders raise errors of many types.
        raise FileRefused("must be a photo that can be read") from error


def _made_anew(opened: Image.Image) -> Photo:
    if opened.width * opened.height > MOST_PIXELS:
        raise FileRefused(f"must have at most {MOST_PIXELS // 1_000_000} million pixels")
    # A JPEG is read at a fraction of its size where that is enough.
    opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    photo = _opaque(ImageOps.exif_transpose(opened))
    photo.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    small = photo.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return Photo(_jpeg(photo), _jpeg(small), photo.width, photo.height)


def _opaque(photo: Image.Image) -> Image.Image:
    """Return a photo on white, in red, green and blue."""
    if not photo.has_transparency_data:
        return photo.convert("RGB")
    layers = photo.convert("RGBA")
    ground = Image.new("RGBA", layers.size, "white")
    return Image.alpha_composite(ground, layers).convert("RGB")


def _jpeg(photo: Image.Image) -> bytes:
    written = io.BytesIO()
    photo.save(written, "JPEG", quality=QUALITY, optimize=True)
    return written.getvalue()
