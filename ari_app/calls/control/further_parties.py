"""Further parties of a call that ends: hung up and freed."""

from ari_app.calls.call_services import CallServices
from ari_app.calls.control.ear import Ear
from ari_app.calls.control.parties import Parties
from ari_app.calls.model import CallState


async def drop_further_parties(services: CallServices, state: CallState) -> None:
    """Remove the supervisor and the third party of a call. Idempotent."""
    control = state.control
    if control is None:
        return
    parties = Parties(services, state, None)
    if (supervisor := control.supervisor) is not None:
        control.supervisor = None
        await Ear(services.ari, state.id).drop(supervisor)
        # In case the call ended while it was being taken over.
        await parties.release(supervisor.target.id, talked=False)
    if (party := control.party) is not None:
        await parties.drop(party, talked=party.up)
