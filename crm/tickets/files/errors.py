"""Refusals of files."""

from foundation.problems import FieldProblem, Invalid, NotFound, Unavailable

FIELD = "file"


class FileNotFound(NotFound):
    """No such file, or not for this person (S7: both look the same)."""

    slug = "file-not-found"

    def __init__(self) -> None:
        super().__init__("there is no such file")


class FileRefused(Invalid):
    """The file's content breaks a rule."""

    slug = "file-refused"
    title = "This file is not taken"

    def __init__(self, rule: str) -> None:
        super().__init__(f"the file {rule}", [FieldProblem(field=FIELD, rule=rule)])


class NoRoomForFiles(Unavailable):
    """The disk has no room for files."""
