"""Files that an action on a ticket names."""

from collections.abc import Sequence

from crm.tickets.errors import UnknownReference
from crm.tickets.files import store
from crm.tickets.model import Actor
from crm.tickets.state_change import Change
from foundation.problems import FieldProblem


async def name_files(made: Change, file_ids: Sequence[str], actor: Actor) -> None:
    """Bring uploaded files to a ticket with the action that names them.

    Raises:
        UnknownReference: a file is not there, is another's, or came with another action.
    """
    if not file_ids:
        return
    found = await store.held(made.session, file_ids)
    for place, file_id in enumerate(file_ids):
        file = found.get(file_id)
        theirs = file is not None and file.owner == actor.id and file.ticket_id in {None, made.ticket.id}
        if file is None or not theirs or file.version is not None or file.erased:
            problem = FieldProblem(field=f"file_ids.{place}", rule="must be a file that you uploaded for this action")
            raise UnknownReference(f"there is no file {file_id} for this action", [problem])
        file.ticket_id = made.ticket.id
        # The change counts the version up when its block is done.
        file.version = made.ticket.version + 1
    made.detail.update(files=list(file_ids))
