"""Loading of a starter set."""

from dataclasses import dataclass, field

from crm.categories.model import CategoryInput
from crm.categories.service import CategoryService
from crm.departments.errors import NameTaken
from crm.departments.model import DepartmentInput
from crm.departments.service import DepartmentService
from crm.starter.model import StarterCause, StarterSet
from foundation.database import Database


@dataclass
class Loaded:
    """Ids by name after loading, and the names that were added."""

    departments: dict[str, str] = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)


async def load(database: Database, starter: StarterSet) -> Loaded:
    """Enter the missing departments and causes; what exists stays as it is.

    Idempotent, also in several processes at once.

    Raises:
        OutOfUse: an existing entry under which a new one would stand is out of use.
    """
    loaded = Loaded()
    await _departments(DepartmentService(database), starter, loaded)
    await _categories(CategoryService(database), starter, loaded)
    return loaded


async def _departments(service: DepartmentService, starter: StarterSet, loaded: Loaded) -> None:
    loaded.departments = {found.name: found.id for found in await service.all()}
    for one in starter.departments:
        if one.name in loaded.departments:
            continue
        above = loaded.departments[one.above] if one.above is not None else None
        try:
            created = await service.create(
                DepartmentInput(name=one.name, name_en=one.name_en, area=one.area, parent_id=above)
            )
        except NameTaken:
            # Another process was first.
            loaded.departments = {found.name: found.id for found in await service.all()}
        else:
            loaded.departments[one.name] = created.id
            loaded.added.append(one.name)


async def _categories(service: CategoryService, starter: StarterSet, loaded: Loaded) -> None:
    loaded.categories = {found.name: found.id for found in await service.all()}

    async def add(one: StarterCause, above: str | None) -> None:
        if one.name in loaded.categories:
            return
        given = CategoryInput(
            name=one.name,
            name_en=one.name_en,
            parent_id=loaded.categories[above] if above is not None else None,
            kinds=one.kinds,
            department_id=loaded.departments[one.department] if one.department is not None else None,
        )
        try:
            created = await service.create(given)
        except NameTaken:
            loaded.categories = {found.name: found.id for found in await service.all()}
        else:
            loaded.categories[one.name] = created.id
            loaded.added.append(one.name)

    for group in starter.categories:
        await add(group, None)
        for cause in group.causes:
            await add(cause, group.name)
