"""What can be refused about imports."""

from foundation.problems import Conflict, NotFound


class ImportNotFound(NotFound):
    """There is no such import."""


class CannotApply(Conflict):
    """The file has errors, is still being read, or was applied before."""

    slug = "import-cannot-be-applied"
    title = "This import cannot be applied"


class Overtaken(Conflict):
    """What the file would do is not what it would have done when it was looked at."""

    slug = "import-overtaken"
    title = "Customers were changed since this import was looked at"
