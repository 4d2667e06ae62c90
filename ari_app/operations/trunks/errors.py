"""Errors of the trunk commands."""

from foundation.problems import Conflict, Invalid, NotFound, Unavailable


class TrunkRefused(Invalid):
    """A value that cannot stand in Asterisk's configuration."""

    slug = "trunk-refused"
    title = "The trunk was not written"


class TrunkFileExists(Conflict):
    """File of that name, perhaps with the operator's changes."""

    slug = "trunk-file-exists"
    title = "The file exists"


class NoTrunk(NotFound):
    """No file in `pjsip.d` describes a trunk."""

    slug = "no-trunk"
    title = "There is no trunk"


class AsteriskAway(Unavailable):
    """Asterisk's manager interface did not answer."""

    slug = "asterisk-away"
    title = "Asterisk could not be asked"
