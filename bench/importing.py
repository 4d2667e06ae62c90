"""Time and memory of an import: `python -m bench.importing URL ROWS`."""

import asyncio
import csv
import json
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from sqlalchemy import Connection
from sqlmodel import SQLModel

import ari_app.runtime.schema  # noqa: F401 - every table
from crm.customers.importing import applying
from crm.customers.importing.model import CustomerImport, ImportStatus
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id

BATCH = 500
"""Rows of a transaction."""


async def measure(url: str, rows: int) -> None:
    """Import a file of new customers and print each step's time."""
    database = Database(url)
    await database.change(SQLModel.metadata.create_all)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "customers.csv"
        write(path, rows)
        import_id = new_id("import")
        started = CustomerImport(
            id=import_id, status=ImportStatus.READING, at=utc_now(), staff_id="staff-1", staff_name="bench"
        )
        async with database.write() as session:
            session.add(started)
        asked = {"url": url, "import_id": import_id, "path": str(path), "measure": True}
        reading_s, peak_kib = await asyncio.to_thread(read, asked)
    began = time.perf_counter()
    compared = await database.change(lambda connection: applying.compare(connection, import_id, 1000))
    compared_s = time.perf_counter() - began
    began = previous = time.perf_counter()
    by = applying.Applicant("staff-1", "bench")
    longest_s = 0.0
    done: int | None = -1
    while done is not None:
        done = await database.change(partial(step, import_id, by, done))
        now = time.perf_counter()
        longest_s, previous = max(longest_s, now - previous), now
    applied_s = time.perf_counter() - began
    print(
        f"{compared.creates} new customers: read and staged in {reading_s:.1f} s with {peak_kib // 1024} MB, "
        f"compared in {compared_s:.1f} s, applied in {applied_s:.1f} s, longest transaction {longest_s * 1000:.0f} ms"
    )
    await database.aclose()


def step(import_id: str, by: applying.Applicant, done: int, connection: Connection) -> int | None:
    """Apply the next rows."""
    return applying.apply(connection, import_id, by, done, BATCH)


def read(asked: dict[str, object]) -> tuple[float, int]:
    """Run the reader; return its seconds and peak memory in KiB."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "crm.customers.importing.reader"]
    done = subprocess.run(command, input=json.dumps(asked).encode(), stdout=subprocess.PIPE, check=True)
    return time.perf_counter() - began, int(done.stdout)


def write(path: Path, rows: int) -> None:
    """A file as an office exports it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["户号", "姓名", "电话", "地址", "区域", "等级", "欠费(元)"])
        writer.writerows(
            [f"6{n:09d}", f"王秀英{n}", f"138{n:08d}", f"幸福路{n % 900}号{n % 30}单元{n}", "城东", "C", "128.50"]
            for n in range(rows)
        )


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1], int(sys.argv[2])))
