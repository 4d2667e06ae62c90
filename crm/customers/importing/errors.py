"""What can be refused about imports."""

from foundation.problems import Conflict, NotFound


class ImportNotFound(NotFound):
    """There is no such import."""


class CannotApply(Conflict):
    """The file has errors, is still being read, or was applied before."""

    slug = "import-cannot-be-applied"
    title = "This import cannot be applied"
