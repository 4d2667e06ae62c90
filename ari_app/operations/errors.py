"""Refusals of the operator's commands."""

from foundation.problems import Conflict, Unavailable


class AnotherDatabase(Conflict):
    """The running service uses another database than the command."""

    slug = "another-database"
    title = "The service uses another database"


class ServiceRuns(Conflict):
    """The command needs a stopped service."""

    slug = "service-runs"
    title = "Stop the service first"


class DatabaseUnusable(Unavailable):
    """There is no database, or no service was started with it."""

    slug = "database-unusable"
    title = "The database cannot be used"


class RedisNeeded(Unavailable):
    """The command needs the service's Redis."""

    slug = "redis-needed"
    title = "There is no Redis to work with"
