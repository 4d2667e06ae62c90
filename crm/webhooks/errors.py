"""Errors of requests to other systems."""


class AddressDenied(Exception):
    """Requests must not go to this address (S35)."""


class BadResponse(Exception):
    """The other system's response is no acceptance."""
