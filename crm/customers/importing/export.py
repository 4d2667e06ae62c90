"""Export of all customers as CSV without formulas (S13)."""

import csv
from collections.abc import Iterable
from pathlib import Path

import structlog
from sqlalchemy import Connection, text

from crm.audit.service import AuditService
from crm.customers.importing.cells import CONSENTS, HEADINGS
from crm.customers.importing.text_cell import guarded
from crm.customers.model import Consent
from crm.customers.phone import written
from crm.personal_data.fields import Personal, shown
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import File, Principal, Role

BATCH = 5000
YES_NO = {True: "是", False: "否"}
_PAGE = text(
    """SELECT id, account_number, name, address, area, grade, arrears_cents, contract_active, language, notes,
    consent, do_not_call
    FROM customer WHERE id > :after AND merged_into IS NULL AND erased_at IS NULL ORDER BY id LIMIT :batch"""
)
_PHONES = text(
    """SELECT customer_id, number, extension FROM customer_phone
    WHERE customer_id > :after AND customer_id <= :last AND current ORDER BY customer_id, number"""
)

log = structlog.get_logger()


class ExportService:
    """Writer of exports: `folder` holds the latest one of each account."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._audit = AuditService(database)

    async def everybody(self, by: Principal) -> File:
        """Write all customers as the account's role sees them; note it."""
        path = self._folder / f"{by.staff_id}.csv"
        count = await self._database.look_up(lambda connection: self._write(connection, path, by.role))
        await self._audit.exported("customers", {"format": "csv"}, count)
        log.info("customers_exported", staff_id=by.staff_id, customers=count)
        return File(path, "text/csv", f"customers-{utc_now():%Y%m%d}.csv")

    def _write(self, connection: Connection, path: Path, role: Role) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        count, after = 0, ""
        draft = path.with_suffix(".part")
        with draft.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADINGS.values())
            while page := connection.execute(_PAGE, {"after": after, "batch": BATCH}).mappings().all():
                numbers: dict[str, list[str]] = {}
                for owner, number, extension in connection.execute(_PHONES, {"after": after, "last": page[-1]["id"]}):
                    seen = [shown(one, Personal.NUMBER, role) for one in (number, extension)]
                    numbers.setdefault(owner, []).append(written(*seen))
                writer.writerows(_row(dict(found), numbers.get(found["id"], []), role) for found in page)
                count, after = count + len(page), page[-1]["id"]
        draft.replace(path)
        return count


def _row(found: dict[str, object], numbers: list[str], role: Role) -> Iterable[str]:
    arrears = int(str(found["arrears_cents"]))
    facts = found | {
        "name": shown(found["name"], Personal.NAME, role),
        "address": shown(found["address"], Personal.ADDRESS, role),
        "notes": shown(found["notes"], Personal.TEXT, role),
        "phones": "; ".join(numbers),
        "arrears_yuan": f"{arrears // 100}.{arrears % 100:02d}",
        "contract_active": YES_NO[bool(found["contract_active"])],
        "consent": CONSENTS[Consent(str(found["consent"]))],
        "do_not_call": YES_NO[bool(found["do_not_call"])],
    }
    return ["" if facts[name] is None else guarded(str(facts[name])) for name in HEADINGS]
