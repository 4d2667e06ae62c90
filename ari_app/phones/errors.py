"""Refusals about agents' phones."""

from foundation.problems import Conflict, Unavailable


class NoPhoneAccount(Conflict):
    """The account has no SIP user yet, or is closed."""

    slug = "no-phone-account"
    title = "This account has no phone"


class TelephonyAway(Unavailable):
    """Asterisk does not respond."""

    slug = "telephony-away"
    title = "The telephone system does not respond"
