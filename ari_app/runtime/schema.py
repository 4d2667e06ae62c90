"""Tables of all packages: importing their models puts them on one metadata."""
# ruff: noqa: F401 - each is imported for its tables

from sqlmodel import SQLModel

import ari_app.campaigns.model
import ari_app.missed.model
import ari_app.missed.planned.model
import ari_app.outgoing.model
import ari_app.queues.documents.model
import ari_app.supervision.alerts.model
import ari_app.supervision.model
import ari_app.work.model
import crm.appointments.model
import crm.area_notices.model
import crm.audit.model
import crm.categories.model
import crm.customers.audit
import crm.customers.importing.model
import crm.customers.merging.model
import crm.customers.model
import crm.customers.protection.model
import crm.customers.reminders.model
import crm.departments.model
import crm.handover.model
import crm.history.changes
import crm.history.disposition
import crm.history.facts
import crm.history.model
import crm.notices.model
import crm.outbox.model
import crm.reports.daily.model
import crm.reports.rollup_model
import crm.reports.scheduled.model
import crm.shifts.model
import crm.sla.model
import crm.staff.model
import crm.staff.preferences.model
import crm.staff.saved_views.model
import crm.tickets.files.model
import crm.tickets.forms.model
import crm.tickets.merges.model
import crm.tickets.model
import migrations
import recordings.model

METADATA = SQLModel.metadata


def upgrade(url: str) -> None:
    """Upgrade a database to the newest schema, with all tables.

    Raises:
        CommandError: the database is from a newer version of the service.
        OperationalError: the database is out of reach.
    """
    migrations.upgrade(url, METADATA)
