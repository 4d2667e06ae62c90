"""Paths on this machine: the checkout, and `.runtime/` beside it."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
RUNTIME = Path(os.environ.get("HOTLINE_RUNTIME", PROJECT / ".runtime"))
PACKAGE_LIST = PROJECT / "asterisk" / "packages.txt"
ASTERISK_CONFIGURATION = PROJECT / "asterisk" / "etc"
ASTERISK_SITE = PROJECT / "asterisk" / "site"
"""Asterisk files of the operator, such as the carrier's trunk."""
