"""Agent's leg, by how the agent came into the call."""

from ari_app.calls.call_back import CallBackLeg, calls_back
from ari_app.calls.call_services import CallServices
from ari_app.calls.control.command_inbox import CommandInbox
from ari_app.calls.model import CallState
from ari_app.calls.offers import phone_of
from ari_app.calls.outgoing import CALLED_OUT, OutgoingLeg
from ari_app.calls.ringing_all import RingingTogether
from ari_app.calls.talk import AgentLeg


def agent_leg(services: CallServices, state: CallState, commands: CommandInbox) -> AgentLeg | RingingTogether:
    """Return the leg of the call's agent, or all that ring."""
    assert state.talk is not None, "an agent was rung"
    if state.talk.reservation_id == CALLED_OUT:
        return OutgoingLeg(services, state, commands)
    if calls_back(state):
        return CallBackLeg(services, state, commands)
    if state.rung:
        return RingingTogether(services, state, commands)
    return AgentLeg(services, state, phone_of(services, state.talk), commands)
