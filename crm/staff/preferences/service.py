"""Own settings: read and replaced."""

from pydantic import ValidationError

from crm.staff.errors import StaffNotFound
from crm.staff.model import Staff, StaffChange
from crm.staff.preferences.model import OwnSettings, StaffSettings
from crm.staff.service import StaffService
from foundation.clock import utc_now
from foundation.database import Database


class PreferencesService:
    """Settings of each person."""

    def __init__(self, database: Database, staff: StaffService) -> None:
        self._database = database
        self._staff = staff

    async def of(self, staff_id: str) -> OwnSettings:
        """Return a person's settings.

        Raises:
            StaffNotFound: the account does not exist.
        """
        async with self._database.read() as session:
            staff = await session.get(Staff, staff_id)
            row = await session.get(StaffSettings, staff_id)
        if staff is None:
            raise StaffNotFound(f"there is no account {staff_id}")
        return _settings(row).model_copy(update={"language": staff.language})

    async def replace(self, staff_id: str, given: OwnSettings) -> OwnSettings:
        """Replace a person's settings.

        Raises:
            StaffNotFound: the account does not exist.
        """
        if (await self.of(staff_id)).language != given.language:
            await self._staff.update(staff_id, StaffChange(language=given.language))
        stored = given.model_dump(mode="json", exclude={"language"})
        async with self._database.write() as session:
            row = await session.get(StaffSettings, staff_id)
            if row is None:
                session.add(StaffSettings(staff_id=staff_id, stored=stored, changed_at=utc_now()))
            else:
                row.stored, row.changed_at = stored, utc_now()
        return given


def _settings(row: StaffSettings | None) -> OwnSettings:
    """Return the stored settings, the usual ones where they no longer fit."""
    try:
        return OwnSettings.model_validate(row.stored) if row is not None else OwnSettings()
    except ValidationError:
        return OwnSettings()
