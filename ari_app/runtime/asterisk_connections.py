"""Connections of one process to its Asterisk."""

from collections.abc import Awaitable, Callable

from ari_app.ari.ami import AmiClient
from ari_app.ari.client import AriClient
from ari_app.ari.dispatch import Dispatcher
from ari_app.ari.inbound import InboundEvents
from ari_app.ari.outbound import OutboundEvents
from ari_app.ari.source import EventSource
from ari_app.settings import Settings


class AsteriskConnections:
    """REST client, AMI client and the source of events."""

    def __init__(
        self,
        settings: Settings,
        on_connected: Callable[[], Awaitable[None]],
        on_closed: Callable[[], Awaitable[None]],
    ) -> None:
        password = settings.ari_password.get_secret_value()
        self.ari = AriClient(settings.ari_url, settings.ari_user, password, application=settings.application)
        self.ami = AmiClient(settings.ami_host, settings.ami_port, settings.ari_user, password)
        self.dispatcher = Dispatcher()
        self.events = self._event_source(settings, on_connected, on_closed)

    def _event_source(
        self,
        settings: Settings,
        on_connected: Callable[[], Awaitable[None]],
        on_closed: Callable[[], Awaitable[None]],
    ) -> EventSource:
        password = settings.ari_password.get_secret_value()
        if settings.events == "outbound":
            return OutboundEvents(
                self.dispatcher.dispatch,
                host=settings.events_host,
                port=settings.events_port,
                user=settings.ari_user,
                password=password,
                on_connected=on_connected,
                # Asterisk may crash when the connection ends while it writes an event to it.
                on_closing=self.ari.silence_events,
                on_closed=on_closed,
                on_missing=self.ari.reopen_connections,
            )
        return InboundEvents(
            self.dispatcher.dispatch,
            url=settings.ari_url,
            user=settings.ari_user,
            password=password,
            application=settings.application,
            on_connected=on_connected,
        )
