"""The matrix shows what serves each matter on each channel, and gaps."""

from datetime import UTC, date, datetime, timedelta

from ari_app.campaigns.model import ANSWERS
from ari_app.runtime.configuration import read_configuration
from ari_app.runtime.served_matters import served_matters
from crm.kinds import TicketKind
from crm.reports.matrix.model import MatrixQuery
from crm.reports.matrix.service import MatrixService
from crm.reports.service import ReportService
from crm.tickets.model import Channel, Ticket, TicketStatus
from dev.paths import PROJECT
from foundation.database import Database
from recordings.model import SEGMENTS

AT = datetime(2026, 11, 27, 2, tzinfo=UTC)


async def test_each_matter_has_its_ways_in_and_its_tickets(database: Database) -> None:
    flows = read_configuration(PROJECT / "callflows").library.flows
    facts = {"kind": TicketKind.FAULT, "subject": "暖气不热", "registered_at": AT}
    async with database.write() as session:
        for number, (channel, status) in enumerate(
            [
                (Channel.PHONE, TicketStatus.ARCHIVED),
                (Channel.PHONE, TicketStatus.SIGNED),
                (Channel.WEB, TicketStatus.SIGNED),
            ]
        ):
            session.add(
                Ticket.model_validate(
                    {**facts, "id": f"t{number}", "number": f"{number}", "channel": channel, "status": status}
                )
            )
    reports = ReportService(database, "Asia/Shanghai", ANSWERS, SEGMENTS)
    matrix = await MatrixService(reports, lambda: served_matters(flows.values())).matrix(
        MatrixQuery(since=date(2026, 11, 27), until=date(2026, 11, 28))
    )

    cells = {(one.kind, one.channel): one for one in matrix.cells}
    assert len(cells) == len(matrix.kinds) * len(matrix.channels)
    by_phone = cells[TicketKind.FAULT, Channel.PHONE]
    assert (by_phone.registered, by_phone.first_contact_share, by_phone.gap) == (2, 50.0, False)
    assert by_phone.served_by == ["热线 → repair"]
    assert cells[TicketKind.FAULT, Channel.WEB].registered == 1
    # The number leads to the list of its tickets: the day begins at the service's midnight.
    day_begins = datetime(2026, 11, 26, 16, tzinfo=UTC)
    assert (by_phone.since, by_phone.until) == (day_begins, day_begins + timedelta(days=1))
    assert cells[TicketKind.FAULT, Channel.LETTER].since is None
    # No queue and no message of the shipped flows is for these.
    gaps = {(one.kind, one.channel) for one in matrix.cells if one.gap}
    assert gaps == {
        (kind, channel)
        for kind in (TicketKind.SUGGESTION, TicketKind.AFTER_SALES)
        for channel in (Channel.PHONE, Channel.IVR)
    }
