"""Refusals of call control."""

from foundation.problems import Conflict, Invalid, NotFound, TooMany, Unavailable


class NoCall(Conflict):
    """The agent is in no call that takes commands."""

    slug = "no-call"
    title = "There is no call to control"


class CallUnknown(NotFound):
    """No live call with this id."""

    slug = "call-unknown"
    title = "There is no such live call"


class NotNow(Conflict):
    """The call's stage does not allow the command."""

    slug = "not-now"
    title = "The call does not allow this now"


class TargetBusy(Conflict):
    """The target cannot take a call now."""

    slug = "target-busy"
    title = "The target cannot take the call now"


class JoinByPhone(Conflict):
    """A phone asked for an attended transfer (REFER with Replaces)."""

    slug = "join-by-phone"
    title = "A phone cannot join two calls: consult from the desk"


class SupervisorBusy(Conflict):
    """The supervisor is with another call, or has one."""

    slug = "supervisor-busy"
    title = "The supervisor is in another call"


class TooManyOutsideCalls(TooMany):
    """A cap of calls to outside numbers is reached."""

    slug = "too-many-outside-calls"
    title = "Too many calls to outside numbers"


class TargetInvalid(Invalid):
    """No such target, or one that may not be called."""

    slug = "target-invalid"
    title = "This target cannot be called"


class CallOutOfReach(Unavailable):
    """The call's process, or Asterisk, did not answer in time."""

    slug = "call-out-of-reach"
    title = "The call cannot be reached"
