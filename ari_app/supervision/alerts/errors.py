"""Refusals of thresholds."""

from foundation.problems import Invalid, NotFound


class ThresholdUnknown(NotFound):
    """No threshold with this id."""

    slug = "threshold-unknown"
    title = "There is no such threshold"


class ThresholdInvalid(Invalid):
    """No such queue, or a bound that the figure cannot have."""

    slug = "threshold-invalid"
    title = "This threshold cannot be set"
