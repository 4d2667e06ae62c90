"""What can be refused about categories, beside what can be about every tree."""

from foundation.problems import NotFound


class CategoryNotFound(NotFound):
    """There is no such category."""
