"""The ARI client: all requests over one pool."""

from ari_app.ari.bridges import BridgeCalls
from ari_app.ari.channels import ChannelCalls
from ari_app.ari.media import MediaCalls
from ari_app.ari.server import ServerCalls


class AriClient(ChannelCalls, BridgeCalls, MediaCalls, ServerCalls):
    """Client of one Asterisk's ARI.

    Create it, then call `start()`, and `aclose()` at the end.

    Ids are chosen before the request, so that its result can be checked when the response is lost.
    """
