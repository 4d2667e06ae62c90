"""Refusals of thresholds."""

from foundation.problems import Invalid, NotFound


class ThresholdUnknown(NotFound):
    """No threshold with this id."""

    slug = "threshold-unknown"
    title = "There is no such threshold"


class ThresholdInvalid(Invalid):
    """A threshold of a queue that does not exist, or with a bound that its figure cannot have."""

    slug = "threshold-invalid"
    title = "This threshold cannot be set"
