"""Errors about recordings."""

from foundation.problems import Conflict, NotFound


class RecordingNotFound(NotFound):
    """No such recording, or not for this person (S7: both look the same)."""

    slug = "recording-not-found"

    def __init__(self) -> None:
        super().__init__("There is no such recording.")


class RecordingUnavailable(Conflict):
    """The entry exists, but there is no sealed audio behind it (yet)."""

    slug = "recording-unavailable"
    title = "There is no audio to play"


class RecordingAltered(Conflict):
    """The file is not what was sealed (S31)."""

    slug = "recording-altered"
    title = "The recording was changed after it was sealed"


class StorageUnavailable(Exception):
    """Storage for recordings is full, read-only or gone."""


class UnreadableSide(Exception):
    """A side's file cannot be joined: it is no usable WAV."""
