"""Refusals of starter sets."""

from foundation.problems import Invalid


class StarterSetInvalid(Invalid):
    """Unreadable, or a rule is broken."""

    slug = "starter-set-invalid"
    title = "The starter set was not loaded"
