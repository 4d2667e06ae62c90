"""Why a request to another system was not made, or did not end well."""


class AddressDenied(Exception):
    """The address is one that requests must not go to, or no address at all (S35)."""


class BadAnswer(Exception):
    """The other system answered, and not that it took what was sent."""
