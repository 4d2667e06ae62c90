"""The ARI client: all requests over one pool."""

from ari_app.ari.bridges import BridgeRequests
from ari_app.ari.channels import ChannelRequests
from ari_app.ari.media import MediaRequests
from ari_app.ari.server import ServerRequests


class AriClient(ChannelRequests, BridgeRequests, MediaRequests, ServerRequests):
    """Client of one Asterisk's ARI.

    Create it, then call `start()`, and `aclose()` at the end.

    Ids are chosen before the request, so that its result can be checked when the response is lost.
    """
