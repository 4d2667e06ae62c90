"""Proposals of departments, from the catalogue and supervisors' rulings."""

from collections.abc import Mapping, Sequence

from crm.categories.model import Category, ProposalReason, ProposedDepartment, RulingCount
from crm.departments.model import Department
from crm.departments.tree import path_up

CATALOGUE, AREA = 2, 1
"""Points of a proposal; each ruling counts one, so that two outweigh the catalogue."""


def propose(
    categories: Mapping[str, Category],
    departments: Mapping[str, Department],
    counts: Sequence[RulingCount],
    category_id: str,
    area: str,
) -> list[ProposedDepartment]:
    """Return departments in use for a cause in an area, likeliest first."""
    found: dict[str, ProposedDepartment] = {}

    def add(department: Department, points: int, why: ProposalReason) -> None:
        proposed = found.setdefault(
            department.id, ProposedDepartment(department_id=department.id, name=department.shown_name, score=0, why=[])
        )
        proposed.score += points
        if points > 0:
            proposed.why.append(why)

    named = _named(categories, category_id)
    if named is not None and named[0] in departments:
        base = departments[named[0]]
        local = _in_area(departments, base, area)
        # A department of the area comes before the one that the catalogue names for all areas.
        add(base, CATALOGUE if not local or base in local else AREA, named[1])
        for department in local:
            add(department, AREA if department is base else CATALOGUE + AREA, ProposalReason.AREA)
    for count in counts:
        if count.department_id in departments:
            add(departments[count.department_id], count.theirs - count.not_theirs, ProposalReason.RULINGS)
    usable = [one for one in found.values() if one.score > 0 and departments[one.department_id].active]
    return sorted(usable, key=lambda one: (-one.score, one.why == [ProposalReason.RULINGS], one.name))


def _named(categories: Mapping[str, Category], category_id: str) -> tuple[str, ProposalReason] | None:
    for distance, category in enumerate(path_up(categories, category_id)):
        if category.department_id is not None:
            return category.department_id, ProposalReason.PARENT_CATEGORY if distance else ProposalReason.CATEGORY
    return None


def _in_area(departments: Mapping[str, Department], base: Department, area: str) -> list[Department]:
    """Return the departments of an area among the base's family.

    The family is the base, its children and its siblings; siblings count only where the base has an area itself.
    """
    if not area:
        return []
    return [
        department
        for department in departments.values()
        if department.area == area
        and (
            base.id in {department.id, department.parent_id}
            or (bool(base.area) and department.parent_id == base.parent_id)
        )
    ]
