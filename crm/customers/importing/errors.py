"""Refusals of imports."""

from foundation.problems import Conflict, NotFound


class NotReadable(Exception):
    """A file that is no list of customers."""

    def __init__(self, row: int, rule: str) -> None:
        super().__init__(rule)
        self.row = row
        self.rule = rule


class ImportNotFound(NotFound):
    """There is no such import."""


class CannotApply(Conflict):
    """The file has errors, is still being read, or was applied before."""

    slug = "import-cannot-be-applied"
    title = "This import cannot be applied"


class CannotCancel(Conflict):
    """It is being applied, or is over."""

    slug = "import-cannot-be-cancelled"
    title = "This import cannot be cancelled"


class Overtaken(Conflict):
    """Customers were changed since the file was compared with them."""

    slug = "import-overtaken"
    title = "Customers were changed since this import was shown"
