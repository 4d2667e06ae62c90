"""Files that an action on a ticket names."""

from collections.abc import Sequence
from typing import NamedTuple

from crm.tickets.errors import UnknownReference
from crm.tickets.files import store
from crm.tickets.model import Actor
from crm.tickets.state_change import Change
from foundation.problems import FieldProblem


class UploadedFiles(NamedTuple):
    """Files that one owner uploaded for an action."""

    owner: str
    ids: Sequence[str] = ()


async def name_files(made: Change, file_ids: Sequence[str], actor: Actor) -> None:
    """Bring uploaded files to a ticket with the action that names them.

    Raises:
        UnknownReference: a file is not there, is another's, or came with another action.
    """
    # The change counts the version up when its block is done.
    await bring(made, UploadedFiles(actor.id or "", file_ids), made.ticket.version + 1)


async def bring(made: Change, uploaded: UploadedFiles, version: int) -> None:
    """Bring uploaded files to a version of a ticket.

    Raises:
        UnknownReference: a file is not there, is another's, or came with another action.
    """
    if not uploaded.ids:
        return
    found = await store.held(made.session, uploaded.ids)
    for place, file_id in enumerate(uploaded.ids):
        file = found.get(file_id)
        theirs = file is not None and file.owner == uploaded.owner and file.ticket_id in {None, made.ticket.id}
        if file is None or not theirs or file.version is not None or file.erased:
            problem = FieldProblem(field=f"file_ids.{place}", rule="must be a file that you uploaded for this action")
            raise UnknownReference(f"there is no file {file_id} for this action", [problem])
        file.ticket_id = made.ticket.id
        file.version = version
    made.detail.update(files=list(uploaded.ids))
