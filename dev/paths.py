"""Where things are on this machine: the checkout, and `.runtime/`, which holds all that is not committed."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
RUNTIME = Path(os.environ.get("HOTLINE_RUNTIME", PROJECT / ".runtime"))
PACKAGE_LIST = PROJECT / "asterisk" / "packages.txt"
ASTERISK_CONFIGURATION = PROJECT / "asterisk" / "etc"
