"""Store of ended calls' records: the database, else the spool."""

import structlog

from ari_app.calls.call_services import CallServices
from ari_app.calls.log_lines import log_end
from ari_app.calls.model import CallState
from crm.history.model import CallRecordView
from foundation.database import out_of_reach

DEFERRED_RECORD = "call_record"
"""Name of the spool's records that wait for the database."""

log = structlog.get_logger()


async def store_record(services: CallServices, state: CallState, record: CallRecordView) -> bool:
    """Store the record; False: the call's state stays, for the next process."""
    stored = False
    try:
        try:
            record = await services.history.record_call(record)
        except Exception as error:
            if not out_of_reach(error):
                raise
            await services.spool.add(DEFERRED_RECORD, record.model_dump_json().encode())
    except Exception:
        # The state stays in Redis: the next process makes the record.
        log.exception("call_record_not_stored")
        await services.store.save(state)
    else:
        stored = True
    log_end(record)
    return stored
