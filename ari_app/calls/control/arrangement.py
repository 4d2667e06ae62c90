"""Places and recorded parties of a conversation, by its stage."""

from dataclasses import replace

from ari_app.calls.control.model import Party
from ari_app.calls.control.segments import SegmentParties
from ari_app.calls.model import CallState
from ari_app.desk.call_states import ControlStage
from recordings.model import RecordingKind

_S = ControlStage
CUSTOMER_TALKS = frozenset({_S.TALKING, _S.SWAPPED, _S.THREE_PARTY, _S.LEFT})
AGENT_TALKS = frozenset({_S.TALKING, _S.HELD, _S.CONSULT_RINGING, _S.CONSULTING, _S.SWAPPED, _S.THREE_PARTY})
THIRD_TALKS = frozenset({_S.CONSULTING, _S.THREE_PARTY, _S.LEFT})
THIRD_HELD = frozenset({_S.SWAPPED, _S.AWAY, _S.RETURNING})


def places(state: CallState) -> tuple[list[str], list[str]]:
    """Return who talks and who hears music; a supervisor sits extra."""
    control, talk = state.control, state.talk
    assert control is not None, "in a conversation"
    assert talk is not None, "in a conversation"
    stage, party = control.stage, _party_there(state)
    talking: list[str] = []
    held: list[str] = []
    (talking if stage in CUSTOMER_TALKS else held).append(state.channel_id)
    if stage in AGENT_TALKS:
        talking.append(talk.channel_id)
    if party is not None and stage in THIRD_TALKS | THIRD_HELD:
        (talking if stage in THIRD_TALKS else held).append(party.channel_id)
    return talking, held


def recorded(state: CallState) -> SegmentParties | None:
    """Return the parties who are recorded now, supervisor included."""
    assert state.control is not None, "in a conversation"
    parties, supervisor = _parties_heard(state), state.control.supervisor
    if parties is None or supervisor is None or not supervisor.barging:
        return parties
    return replace(parties, supervisor_id=supervisor.target.id)


def _parties_heard(state: CallState) -> SegmentParties | None:
    control, talk = state.control, state.talk
    assert control is not None, "in a conversation"
    assert talk is not None, "in a conversation"
    stage, party = control.stage, _party_there(state)
    if control.recording_paused:
        return None
    if stage in {_S.TALKING, _S.SWAPPED} or (stage is _S.THREE_PARTY and party is None):
        return SegmentParties.usual(state)
    if stage is _S.CONSULTING and party is not None:
        return SegmentParties.with_other(
            party.channel_id, party.target, agent_id=talk.agent_id, kind=RecordingKind.CONSULT
        )
    if stage in {_S.THREE_PARTY, _S.LEFT} and party is not None:
        agent_id = talk.agent_id if stage is _S.THREE_PARTY else None
        return SegmentParties.with_other(
            state.channel_id, party.target, agent_id=agent_id, kind=RecordingKind.CONVERSATION
        )
    return None


def _party_there(state: CallState) -> Party | None:
    """Return the third party; None while its leg is missed."""
    party = state.control.party if state.control is not None else None
    return party if party is not None and not party.away else None
