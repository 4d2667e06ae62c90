"""What can be refused about notices."""

from foundation.problems import Conflict, Invalid, NotFound


class RecipientNotFound(NotFound):
    """There is no such recipient, or it is another department's."""


class NoticeDepartmentNotFound(NotFound):
    """There is no such department, or it is somebody else's."""


class DeliveryNotFound(NotFound):
    """There is no such delivery, or it is another department's."""


class OverrideNotFound(NotFound):
    """There is no such exception to the rota."""


class RecipientInvalid(Invalid):
    """A recipient that nothing could be sent to."""

    slug = "recipient-invalid"


class RotaInvalid(Invalid):
    """A rota that names somebody who is not there."""

    slug = "rota-invalid"


class RotaChanged(Conflict):
    """Somebody else changed the rota meanwhile."""

    slug = "rota-changed"
    title = "Somebody else changed it meanwhile"


class NotDelivered(Conflict):
    """It is still being delivered: there is nothing to repeat."""

    slug = "still-being-delivered"
    title = "It is still being delivered"


class NotGivenUp(Conflict):
    """It was not given up: there is nothing to drop."""

    slug = "not-given-up"
    title = "It was not given up"


class CatalogueInvalid(Invalid):
    """The wording of notices breaks a rule; `errors` names each line."""

    slug = "notices-file-invalid"


class Undeliverable(Exception):
    """Trying again would change nothing."""
