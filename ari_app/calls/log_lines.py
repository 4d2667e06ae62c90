"""Log lines that every call writes, one for each step."""

from enum import StrEnum

import structlog

from ari_app.calls.model import CallState, Talk
from crm.history.model import CallRecordView
from crm.personal_data.masking import mask_number

log = structlog.get_logger()


class CallLine(StrEnum):
    """Line about a step of a call, with its `call_id`."""

    STARTED = "call_started"
    ADOPTED = "call_adopted"
    """The next process goes on with the call."""
    QUEUED = "call_queued"
    OFFERED = "call_offered"
    OFFER_ENDED = "call_offer_ended"
    """The agent did not take the call; the reason says why."""
    CONNECTED = "call_connected"
    ENDED = "call_ended"


def log_start(state: CallState, *, adopted: bool) -> None:
    """Log that a call began, or goes on with this process."""
    if adopted:
        log.info(CallLine.ADOPTED, stage=state.stage.value, channel_id=state.channel_id)
        return
    log.info(
        CallLine.STARTED,
        direction=state.direction.value,
        number=mask_number(state.number) if state.number is not None else None,
        access_number=state.access_number,
        channel_id=state.channel_id,
    )


def log_queued(queue: str, priority: int) -> None:
    """Log that a caller waits in a queue."""
    log.info(CallLine.QUEUED, queue=queue, priority=priority)


def log_offered(talk: Talk) -> None:
    """Log that an agent is rung for the caller."""
    log.info(CallLine.OFFERED, staff_number=talk.staff_number, position=talk.position, waited_ms=talk.waited_ms)


def log_offer_ended(talk: Talk, reason: str) -> None:
    """Log that an agent did not take the call."""
    log.info(CallLine.OFFER_ENDED, staff_number=talk.staff_number, reason=reason, rung=talk.rung)


def log_connected(talk: Talk) -> None:
    """Log that caller and agent talk."""
    log.info(
        CallLine.CONNECTED,
        staff_number=talk.staff_number,
        agent_channel_id=talk.channel_id,
        recording_id=talk.recording.segment_id,
    )


def log_step(step: str, agent_id: str, target: str | None) -> None:
    """Log a step of a conversation, such as `call_held` or `call_transferred`."""
    log.info(f"call_{step}", agent_id=agent_id, target=target)


def log_end(record: CallRecordView) -> None:
    """Log that a call is over, and what became of it."""
    log.info(
        CallLine.ENDED,
        outcome=record.outcome,
        hangup_by=record.hangup_by,
        wait_ms=record.wait_ms,
        talk_ms=record.talk_ms,
        ticket_id=record.ticket_id,
    )
