"""Open desks of one node, by person and by role."""

from collections.abc import Iterable, Sequence

from ari_app.desk import metrics
from ari_app.desk.socket import DeskSocket
from foundation.routes import Role


class OpenDesks:
    """Sockets of desks that have joined and have not left."""

    def __init__(self) -> None:
        self._by_person: dict[str, list[DeskSocket]] = {}
        self._by_role: dict[Role, list[DeskSocket]] = {role: [] for role in Role}
        """The same sockets by role: every step of a call asks for the targets of a broadcast."""

    def add(self, socket: DeskSocket) -> None:
        """Add a desk that has joined."""
        self._by_person.setdefault(socket.staff_id, []).append(socket)
        self._by_role[socket.role].append(socket)
        metrics.SOCKETS.labels(socket.role.value).inc()

    def take_out(self, socket: DeskSocket) -> None:
        """Take a desk out, which has left or was replaced."""
        self._by_person[socket.staff_id].remove(socket)
        self._by_role[socket.role].remove(socket)
        metrics.SOCKETS.labels(socket.role.value).dec()

    def leave(self, socket: DeskSocket) -> bool:
        """Take a desk out; tell whether it was the person's last."""
        sockets = self._by_person.get(socket.staff_id, [])
        if socket in sockets:
            self.take_out(socket)
        return not sockets and self._by_person.pop(socket.staff_id, None) is not None

    def all(self) -> list[DeskSocket]:
        """Return every open desk."""
        return [socket for sockets in self._by_person.values() for socket in sockets]

    def of_person(self, staff_id: str) -> Sequence[DeskSocket]:
        """Return a person's desks, as they are now."""
        return tuple(self._by_person.get(staff_id, ()))

    def of_roles(self, roles: Iterable[Role]) -> list[DeskSocket]:
        """Return the desks of some roles."""
        return [socket for role in roles for socket in self._by_role[role]]

    def any_of(self, roles: Iterable[Role]) -> bool:
        """Tell whether a desk of these roles is open."""
        return any(self._by_role[role] for role in roles)

    def older(self, staff_id: str, newest_order: int, allowed: int) -> list[DeskSocket]:
        """Return all desks of a person but the newest.

        `newest_order` may be on another node.
        """
        older = [socket for socket in self.of_person(staff_id) if socket.order < newest_order]
        older.sort(key=lambda socket: socket.order, reverse=True)
        return older[allowed - 1 :]
