"""The client: every request we have use for, over one pool."""

from ari_app.ari.bridges import BridgeCalls
from ari_app.ari.channels import ChannelCalls
from ari_app.ari.media import MediaCalls
from ari_app.ari.server import ServerCalls


class AriClient(ChannelCalls, BridgeCalls, MediaCalls, ServerCalls):
    """One Asterisk's ARI: `AriClient(url, user, password, application=…)`, then `start()`, and `aclose()` at the end.

    Ids are chosen by us before the request, so that whatever was asked can be checked when an answer is lost.
    """
