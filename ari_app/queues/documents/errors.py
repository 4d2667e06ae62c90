"""Refusals about the document of the queues."""

from foundation.problems import Conflict, Invalid, NotFound


class DocumentInvalid(Invalid):
    """The document breaks rules; each is named with its line."""

    slug = "queue-document-invalid"
    title = "The queues have errors"


class DocumentChanged(Conflict):
    """Another person stored a version meanwhile."""

    slug = "queue-document-changed"
    title = "Another person changed the queues meanwhile"


class VersionNotFound(NotFound):
    """No such version."""

    slug = "queue-version-not-found"
    title = "There is no such version"
