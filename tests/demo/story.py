"""A day at the hotline, step by step, on real parts.

Asterisk, Redis, the database, SIP phones with sound.
"""

import asyncio
import hashlib
import io
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import numpy
import soundfile

from dev.stack import SAMPLE_PASSWORD, Stack
from foundation.clock import utc_now
from tests.demo.telling import Step, Telling
from tests.desk_client import Desk
from tests.phones.phone import Phone
from tests.phones.sound import tone_share
from tests.words import words

RESIDENT, REPORTER, NEIGHBOUR = "13800000001", "13800000002", "13800000003"
AGENT, DEPARTMENT_WORKER, SUPERVISOR, QUALITY = "1001", "2001", "3001", "4001"
CALLER_TONE, AGENT_TONE = 440.0, 1000.0
PATIENCE_S = 30.0


class Story:
    """The story: each method is one step."""

    def __init__(self, stack: Stack, telling: Telling) -> None:
        self._stack = stack
        self._telling = telling
        self._open = AsyncExitStack()
        self._call_id = ""
        self._ticket: dict[str, Any] = {}

    async def tell(self) -> None:
        """Run all steps in order.

        Raises at the first thing that did not happen.
        """
        async with self._open:
            await self._gather()
            await self._urge_without_an_agent()
            await self._report_a_fault()
            await self._second_reporter()
            await self._department_works()
            await self._surveys()
            await self._quality_listens()

    async def _gather(self) -> None:
        with self._telling.step("Agents and residents register their phones") as step:
            at = self._stack.at

            async def phone(user: str) -> Phone:
                return await self._open.enter_async_context(Phone(user, user, SAMPLE_PASSWORD, at.address, at.sip_port))

            async def desk(number: str, *, socket: bool) -> Desk:
                return await self._open.enter_async_context(
                    Desk(self._stack.url, number, SAMPLE_PASSWORD, socket=socket)
                )

            self.agent_phone = await phone(f"agent{AGENT}")
            self.resident, self.reporter, self.neighbour = [
                await phone(user) for user in (RESIDENT, REPORTER, NEIGHBOUR)
            ]
            self.agent = await desk(AGENT, socket=True)
            self.worker, self.supervisor, self.quality = [
                await desk(number, socket=False) for number in (DEPARTMENT_WORKER, SUPERVISOR, QUALITY)
            ]
            step.evidence["registered"] = ["agent1001", RESIDENT, REPORTER, NEIGHBOUR]
            step.evidence["signed_in"] = [AGENT, DEPARTMENT_WORKER, SUPERVISOR, QUALITY]

    async def _urge_without_an_agent(self) -> None:
        with self._telling.step(
            "A resident with an open ticket dials, presses 1, and the ticket is urged without an agent"
        ) as step:
            customer = (await self.supervisor.get("/api/v1/customers", text="王秀英"))[0]
            (before,) = await self._open_tickets(customer["id"])
            await self.resident.call(self._stack.at.hotline_number)
            await self.resident.answered()
            heard = await self.resident.hears(seconds=1.0)
            await self.resident.hears_silence(seconds=0.2, within=PATIENCE_S)
            await self.resident.hears(seconds=1.0)
            await self.resident.press("1")
            told = await self.resident.hears_words(await words("urge_noted"), within=PATIENCE_S)
            ended = await self.resident.ended(PATIENCE_S)
            after = await self.supervisor.get(f"/api/v1/tickets/{before['id']}")
            entry = after["log"][-1]
            assert after["urge_count"] == before["urge_count"] + 1
            assert entry["action"] == "urge"
            assert entry["detail"]["channel"] == "ivr"
            step.evidence |= {
                "ticket": after["number"],
                "urge_count": after["urge_count"],
                "log": f"{entry['at']} {entry['actor_kind']} {entry['actor_name']}, {entry['detail']['channel']}",
                "heard_db": round(heard, 1),
                "heard_that_it_is_urged": round(told, 2),
                "call_ended_by": ended.details["by"],
                "call": entry["detail"]["call_id"],
            }

    async def _report_a_fault(self) -> None:
        with self._telling.step(
            "Another resident reports a fault: queue, pop before the ring, both sides recorded"
        ) as step:
            pop = await self._call_and_wait(self.reporter, step)
            customer = pop["customers"][0]
            assert pop["customer_id"] == customer["id"]
            assert customer["arrears_cents"] > 0
            assert pop["keys"] == ["3"]
            self._call_id = pop["call_id"]
            await self._talk(self.reporter, step)
            department = await self._department("城东维修工区")
            category = await self._category("暖气不热")
            morning = (utc_now() + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
            self._ticket = await self.agent.post(
                "/api/v1/tickets",
                {
                    "kind": "fault",
                    "subject": "暖气不热",
                    "description": "客厅暖气从昨晚开始不热",
                    "category_id": category,
                    "address": customer["address"],
                    "area": customer["area"],
                    "visit_from": morning.isoformat(),
                    "visit_until": (morning + timedelta(hours=2)).isoformat(),
                    "reporter": {
                        "customer_id": customer["id"],
                        "number": pop["number"]["display"],
                        "name": customer["name"],
                    },
                    "call_id": self._call_id,
                },
                idempotency_key=f"file-{self._call_id}",
            )
            await self.agent.post(f"/api/v1/tickets/{self._ticket['id']}/dispatch", {"department_id": department})
            await self._hang_up_and_wrap_up(self.reporter)
            step.evidence |= {
                "customer": customer["name"],
                "arrears": pop["arrears"]["zh"],
                "greeting": pop["greeting"]["zh"],
                "ticket": self._ticket["number"],
                "visit": f"{self._ticket['visit_from']} – {self._ticket['visit_until']}",
                "call": self._call_id,
            }

    async def _second_reporter(self) -> None:
        with self._telling.step("An unknown number reports the same fault: appended, a second reporter") as step:
            pop = await self._call_and_wait(self.neighbour, step)
            assert pop["customers"] == []
            await self._talk(self.neighbour, step)
            similar = await self.agent.post(
                "/api/v1/similar-tickets",
                {"address": "幸福路 12 号 3 单元 402 室", "number": pop["number"]["display"], "text": "暖气不热"},
            )
            assert similar[0]["ticket"]["id"] == self._ticket["id"]
            appended = await self.agent.post(
                f"/api/v1/tickets/{self._ticket['id']}/additions",
                {
                    "text": "同一地址的住户也反映暖气不热",
                    "reporter": {"number": pop["number"]["display"], "name": "张敏"},
                    "call_id": pop["call_id"],
                },
            )
            await self._hang_up_and_wrap_up(self.neighbour)
            detail = await self.supervisor.get(f"/api/v1/tickets/{self._ticket['id']}")
            assert len(detail["reporters"]) == 2
            assert appended["urge_count"] == 1
            step.evidence |= {
                "similar": [
                    f"{found['ticket']['number']}: {', '.join(why['zh'] for why in found['why'])}" for found in similar
                ],
                "reporters": [reporter["number"] for reporter in detail["reporters"]],
                "urge_count": appended["urge_count"],
                "call": pop["call_id"],
            }

    async def _department_works(self) -> None:
        with self._telling.step("The department signs for the ticket, works, and replies") as step:
            path = f"/api/v1/tickets/{self._ticket['id']}"
            signed = await self.worker.post(f"{path}/sign", {})
            replied = await self.worker.post(f"{path}/reply", {"text": "已更换阀门，暖气恢复正常"})
            step.evidence |= {"signed": signed["status"], "replied": replied["status"], "reply": replied["reply"]}

    async def _surveys(self) -> None:
        with self._telling.step(
            "Both reporters are called back: one is content, for the other it is not solved"
        ) as step:
            await asyncio.gather(
                self._answer_survey(self.reporter, ["1", "1", "1", "2", "10#"], suggestion=True),
                self._answer_survey(self.neighbour, ["1", "2", "3", "2", "3#"], suggestion=True),
            )
            ticket = await self._ticket_becomes("dispatched")
            surveys = await self.supervisor.get(f"/api/v1/tickets/{self._ticket['id']}/surveys")
            answers = {answer["solved"]: answer for answer in surveys["answers"]}
            assert ticket["redo_count"] == 1
            assert answers[True]["score"] == 10
            assert answers[False]["suggestion_recording_id"] is not None
            (attached,) = ticket["attachments"]
            suggestions = await self._suggestions(2)
            step.evidence |= {
                "answers": [
                    {key: answer[key] for key in ("solved", "attitude", "charged", "score")}
                    for answer in surveys["answers"]
                ],
                "ticket": f"{ticket['number']} is {ticket['status']}, redo {ticket['redo_count']}",
                "attached_recording": attached["recording_id"],
                "suggestion_recording": answers[False]["suggestion_recording_id"],
                "suggestion_tickets": [found["number"] for found in suggestions],
            }

    async def _quality_listens(self) -> None:
        with self._telling.step("QA opens the recording: both sides are heard, the checksum is right") as step:
            entry = await self._sealed(self._call_id)
            content = await self.quality.download(f"/api/v1/recordings/{entry['id']}/audio")
            sound, rate = soundfile.read(io.BytesIO(content), dtype="int16")
            caller, agent = (numpy.ascontiguousarray(sound[:, channel]) for channel in (0, 1))
            shares = {"left_caller": tone_share(caller, CALLER_TONE), "right_agent": tone_share(agent, AGENT_TONE)}
            assert hashlib.sha256(content).hexdigest() == entry["sha256"]
            assert all(share > 0.5 for share in shares.values()), shares
            assert tone_share(caller, AGENT_TONE) < 0.1
            step.evidence |= {
                "recording": entry["id"],
                "duration_s": entry["duration_ms"] / 1000,
                "sample_rate": rate,
                "channels": sound.shape[1],
                "sha256": entry["sha256"],
                "tone_shares": {name: round(share, 2) for name, share in shares.items()},
                "ticket": entry["ticket_id"],
            }

    async def _call_and_wait(self, caller: Phone, step: Step) -> dict[str, Any]:
        """Dial, choose fault report, wait for an agent; return the pop."""
        await caller.call(self._stack.at.hotline_number)
        await caller.answered()
        await caller.hears(seconds=1.0)
        await caller.press("3")
        await self._queued()
        told = await caller.hears_words(await words("queue_position", queue={"position": 1}))
        heard = await caller.hears(seconds=1.0, within=PATIENCE_S)
        await self.agent.paint_pops()
        await self.agent.say(type="ready")
        message = await self.agent.message("pop")
        invite = await self.agent_phone.ringing()
        lead_ms = (invite.at_ns / 1e9 - message["arrived_at"]) * 1000
        assert lead_ms > 0, f"the phone rang {-lead_ms:.1f} ms before the pop"
        step.evidence |= {
            "heard_the_place": round(told, 2),
            "heard_while_waiting_db": round(heard, 1),
            "pop_before_ring_ms": round(lead_ms, 1),
        }
        pop: dict[str, Any] = message["pop"]
        return pop

    async def _queued(self) -> None:
        """Wait until the wallboard shows the caller."""
        async with asyncio.timeout(PATIENCE_S):
            while not any(queue["waiting"] for queue in await self.supervisor.get("/api/v1/queues")):
                await asyncio.sleep(0.1)

    async def _talk(self, caller: Phone, step: Step) -> None:
        await self.agent_phone.answer()
        await self.agent_phone.answered()
        await self.agent.message("call", stage="talking")
        _, _, to_agent, to_caller = await asyncio.gather(
            self.agent_phone.play_tone(AGENT_TONE, 2.0),
            caller.play_tone(CALLER_TONE, 2.0),
            self.agent_phone.hears_tone(CALLER_TONE),
            caller.hears_tone(AGENT_TONE),
        )
        step.evidence["heard_each_other"] = {"agent": round(to_agent, 2), "caller": round(to_caller, 2)}

    async def _hang_up_and_wrap_up(self, caller: Phone) -> None:
        await self.agent_phone.hang_up()
        await caller.ended()
        await self.agent.message("agent", state="wrap_up")
        await self.agent.say(type="not_ready", reason="between calls")
        await self.agent.say(type="wrap_up_done")
        await self.agent.message("agent", state="not_ready")

    async def _answer_survey(self, phone: Phone, keys: list[str], *, suggestion: bool) -> None:
        """Take the callback and answer each question once it is being asked."""
        await phone.ringing(PATIENCE_S)
        await phone.answer()
        await phone.answered()
        for key in keys:
            await phone.hears(seconds=0.6, within=PATIENCE_S)
            await phone.press(key)
            await phone.hears_silence(seconds=0.1)
        if suggestion:
            await phone.hears_silence(seconds=1.0, within=PATIENCE_S)
            await phone.play_tone(CALLER_TONE, 1.5)
            await phone.press("#")
        await phone.ended(PATIENCE_S)

    async def _ticket_becomes(self, status: str) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                ticket: dict[str, Any] = await self.supervisor.get(f"/api/v1/tickets/{self._ticket['id']}")
                if ticket["status"] == status:
                    return ticket
                await asyncio.sleep(0.2)

    async def _suggestions(self, count: int) -> list[dict[str, Any]]:
        """The suggestion tickets that the callbacks became."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                listed = await self.supervisor.get("/api/v1/tickets")
                found = [ticket for ticket in listed if ticket["kind"] == "suggestion"]
                if len(found) == count:
                    return found
                await asyncio.sleep(0.2)

    async def _sealed(self, call_id: str) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                entries = await self.quality.get("/api/v1/recordings", call_id=call_id)
                for entry in entries:
                    if entry["kind"] == "conversation" and entry["status"] == "sealed":
                        found: dict[str, Any] = entry
                        return found
                await asyncio.sleep(0.2)

    async def _open_tickets(self, customer_id: str) -> list[dict[str, Any]]:
        history = await self.supervisor.get(f"/api/v1/customers/{customer_id}/history")
        return [ticket for ticket in history["tickets"] if ticket["status"] not in {"archived", "cancelled"}]

    async def _department(self, name: str) -> str:
        departments = await self.agent.get("/api/v1/departments")
        return str(next(department["id"] for department in departments if department["name"] == name))

    async def _category(self, name: str) -> str:
        categories = await self.agent.get("/api/v1/categories")
        return str(next(category["id"] for category in categories if category["name"] == name))
