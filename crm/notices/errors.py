"""Refusals of notices."""

from foundation.problems import Conflict, Invalid, NotFound


class RecipientNotFound(NotFound):
    """There is no such recipient, or it is another department's."""


class NoticeDepartmentNotFound(NotFound):
    """There is no such department, or the account may not see it."""


class DeliveryNotFound(NotFound):
    """There is no such delivery, or it is another department's."""


class OverrideNotFound(NotFound):
    """There is no such exception to the rota."""


class RecipientInvalid(Invalid):
    """Nothing could be sent to this recipient."""

    slug = "recipient-invalid"


class RotaInvalid(Invalid):
    """The rota names a recipient that does not exist."""

    slug = "rota-invalid"


class RotaChanged(Conflict):
    """Another request changed the rota since it was read."""

    slug = "rota-changed"
    title = "Somebody else changed it meanwhile"


class NotDelivered(Conflict):
    """The notice is still being delivered."""

    slug = "still-being-delivered"
    title = "It is still being delivered"


class NotGivenUp(Conflict):
    """The notice was not given up."""

    slug = "not-given-up"
    title = "It was not given up"


class Undeliverable(Exception):
    """Trying again would change nothing."""
