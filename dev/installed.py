"""The machine's own Asterisk, used where it is new enough."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dev.packages import suite_root
from dev.programs import SUITE, Program, library_folder, program
from foundation import asterisk_versions

MODULES = ("usr/lib/*-linux-gnu/asterisk/modules", "usr/lib/asterisk/modules", "usr/lib64/asterisk/modules")
OURS_SOUNDS = "en_US_f_Allison"


@dataclass(frozen=True)
class InstalledAsterisk:
    """Program with its modules and its data."""

    program: Program
    modules: Path
    data: Path
    sounds: Path


def find_asterisk() -> InstalledAsterisk:
    """Return the machine's own Asterisk from 22.5, else that of `.runtime/`."""
    return _on_the_machine() or _unpacked()


def _unpacked() -> InstalledAsterisk:
    data = suite_root(SUITE) / "usr" / "share" / "asterisk"
    return InstalledAsterisk(
        program("usr/sbin/asterisk"),
        library_folder() / "asterisk" / "modules",
        data,
        data / "sounds" / OURS_SOUNDS,
    )


def _on_the_machine(root: Path = Path("/")) -> InstalledAsterisk | None:
    found = shutil.which("asterisk")
    modules = next((path for pattern in MODULES for path in root.glob(pattern)), None)
    data = next((path for name in ("share", "lib") if (path := root / "usr" / name / "asterisk").is_dir()), None)
    if found is None or modules is None or data is None or version_of(found) < asterisk_versions.OLDEST:
        return None
    sounds = next((path for path in (data / "sounds" / OURS_SOUNDS, data / "sounds" / "en") if path.is_dir()), data)
    return InstalledAsterisk(Program((found,)), modules, data, sounds)


def version_of(executable: str) -> tuple[int, int, int]:
    """Return the version of an Asterisk; 0.0.0 where it is unreadable."""
    printed = subprocess.run([executable, "-V"], capture_output=True, text=True, timeout=10, check=False).stdout
    number = re.search(r"\d+(?:\.\d+)*", printed)
    return asterisk_versions.parse(number[0]) if number is not None else (0, 0, 0)
