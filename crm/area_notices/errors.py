"""Refusals about notices of areas."""

from foundation.problems import NotFound


class AreaNoticeNotFound(NotFound):
    """Notice of an area that does not exist."""

    slug = "area-notice-not-found"
    title = "There is no such area notice"
