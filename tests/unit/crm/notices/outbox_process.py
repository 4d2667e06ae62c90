"""Process that delivers the outbox, for tests that kill it.

`python -m tests.unit.crm.notices.outbox_process <database url> <receiver url> <mode>`. The mode is `outbox`: entries go
straight to the receiver; `notices`: they become notices, which go to their recipients; or `planning`: as `notices`, and
the process ends itself where a notice is stored and its entry is not done yet.
"""

import asyncio
import os
import signal
import sys

from ari_app.runtime import schema
from crm.notices.catalogue import load_catalogue
from crm.notices.channels import WebhookSender
from crm.notices.delivering import Deliverer
from crm.notices.facts import FactFinder
from crm.notices.model import NoticeChannel
from crm.notices.planning import Planner
from crm.outbox.service import OutboxWorker
from crm.outbox.subscriptions import EventEnvelope, Subscriptions
from crm.outbox.worker import DeliveryRules
from crm.webhooks.client import OutsideClient
from foundation.database import Database
from tests.unit.crm.notices.conftest import CATALOGUE, LINK, LOOPBACK

RULES = DeliveryRules(parallel=4, timeout_s=1, lease_s=1.2, attempts=50, first_retry_s=0.05, longest_retry_s=0.1)


async def tell(database_url: str, receiver_url: str, mode: str) -> None:
    """Tell until killed."""
    assert schema.METADATA.tables, "every table is known"
    database, client = Database(database_url), OutsideClient(LOOPBACK)
    deliverer = Deliverer(database, {NoticeChannel.WEBHOOK: WebhookSender(client)}, RULES)
    planner = Planner(database, load_catalogue(CATALOGUE), FactFinder("Asia/Shanghai", LINK), deliverer.wake)

    async def straight(event: EventEnvelope) -> None:
        await client.post(receiver_url, b"{}", {"webhook-id": event.id, "x-kind": event.kind, "x-key": event.key})

    async def planned_and_killed(event: EventEnvelope) -> None:
        await planner.plan(event)
        os.kill(os.getpid(), signal.SIGKILL)

    listener = {"outbox": straight, "notices": planner.plan, "planning": planned_and_killed}[mode]
    subscriptions = Subscriptions()
    subscriptions.on_every_event(listener)
    outbox = OutboxWorker(database, subscriptions, RULES)
    await asyncio.gather(outbox.run(), deliverer.run())


if __name__ == "__main__":
    asyncio.run(tell(*sys.argv[1:]))
