"""Desks that file tickets all the while, as consoles do.

Each ticket has one key and is sent again with it until it is taken.
"""

import asyncio
import uuid
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp

from bench.ours import PASSWORD
from tests.desk_client import Desk

EVERY_S = 0.5
AGAIN_S = 0.2
TIMEOUT = aiohttp.ClientTimeout(total=5.0)
PAGE = 200
TAKEN = (201, 202)
SIGNED_OUT = 401
LATER = (429, 503)


@dataclass
class Filed:
    """Result for the tickets that were taken."""

    filed: int
    filed_twice: int
    lost: int


@dataclass
class Filers:
    """Agents who file tickets.

    Each 201 or 202 of the service is a promise.
    """

    url: str
    staff_numbers: list[str]
    taken: list[str] = field(default_factory=list)
    """The subjects of the tickets that the service took since `begin`."""
    kept: int = 0
    """How many of them were taken for later, because the database was away."""
    errors: Counter[str] = field(default_factory=Counter)
    """Answers that nothing explains."""
    _paused: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def start(self) -> None:
        """Sit down."""
        self._paused.set()
        self._tasks = [
            asyncio.create_task(self._file_on(number), name=f"filer:{number}") for number in self.staff_numbers
        ]

    async def aclose(self) -> None:
        """Stand up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def begin(self) -> None:
        """Count anew, and file on."""
        self.taken, self.kept, self.errors = [], 0, Counter()
        self._paused.set()

    def pause(self) -> None:
        """File nothing new; what was begun is tried until it is taken."""
        self._paused.clear()

    async def judged(self, desk: Desk, seconds: float) -> Filed:
        """Compare promised tickets with stored ones.

        Deferred requests are given their time.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while True:
            promised = set(self.taken)
            stored = await _stored(desk, promised)
            lost = len(promised) - len(stored)
            if not lost or loop.time() > deadline:
                twice = sum(times > 1 for times in stored.values())
                return Filed(filed=len(promised), filed_twice=twice, lost=lost)
            await asyncio.sleep(0.5)

    async def _file_on(self, staff_number: str) -> None:
        async with aiohttp.ClientSession(self.url, timeout=TIMEOUT) as http:
            while True:
                await self._paused.wait()
                await self._file(http, staff_number, f"chaos {next(self._numbers)}")
                await asyncio.sleep(EVERY_S)

    async def _file(self, http: aiohttp.ClientSession, staff_number: str, subject: str) -> None:
        key = str(uuid.uuid4())
        body = {"kind": "consultation", "subject": subject}
        while True:
            status = await self._asked(http, "/api/v1/tickets", body, key)
            if status in TAKEN:
                self.taken.append(subject)
                self.kept += status == 202
                return
            if status == SIGNED_OUT:
                await self._sign_in(http, staff_number)
                continue
            if status not in {*LATER, None}:
                self.errors[f"POST /tickets: {status}"] += 1
            await asyncio.sleep(AGAIN_S)

    async def _sign_in(self, http: aiohttp.ClientSession, staff_number: str) -> None:
        try:
            body = {"staff_number": staff_number, "password": PASSWORD}
            async with http.post("/api/v1/session", json=body) as answer:
                if answer.ok:
                    http.headers["Authorization"] = f"Bearer {(await answer.json())['token']}"
                elif answer.status not in LATER:
                    self.errors[f"POST /session: {answer.status}"] += 1
        except (aiohttp.ClientError, TimeoutError):
            pass
        await asyncio.sleep(AGAIN_S)

    @staticmethod
    async def _asked(http: aiohttp.ClientSession, path: str, body: dict[str, Any], key: str) -> int | None:
        """Return the response's status, or None where none came.

        It is unknown then if the service received the request.
        """
        try:
            async with http.post(path, json=body, headers={"Idempotency-Key": key}) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return None


async def _stored(desk: Desk, promised: set[str]) -> Counter[str]:
    """Count the stored tickets of each promised subject.

    Reads newest tickets first, until a page holds none of them.
    """
    found: Counter[str] = Counter()
    last: dict[str, Any] | None = None
    while True:
        after = {"after": last["id"]} if last else {}
        page = await desk.get("/api/v1/tickets", limit=PAGE, **after)
        ours = [ticket["subject"] for ticket in page if ticket["subject"] in promised]
        found.update(ours)
        if len(page) < PAGE or not ours:
            return found
        last = page[-1]
