"""Audio files of the prompt cache."""

import tempfile
from pathlib import Path

HEADER_BYTES = 44
"""Of the WAV files that we make."""


def write_whole(target: Path, content: bytes) -> None:
    """Write a file atomically: it is never read in part."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as part:
        try:
            part.write(content)
            part.close()
            Path(part.name).chmod(0o644)
            Path(part.name).replace(target)
        except OSError:
            Path(part.name).unlink(missing_ok=True)
            raise


def is_playable(path: Path) -> bool:
    """Tell whether a file begins as a WAV file that holds sound."""
    try:
        with path.open("rb") as file:
            start = file.read(HEADER_BYTES + 1)
    except OSError:
        return False
    return len(start) > HEADER_BYTES and start[:4] == b"RIFF" and start[8:12] == b"WAVE"
