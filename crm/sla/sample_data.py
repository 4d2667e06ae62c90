"""Service levels of the sample heating service."""

from collections.abc import Mapping

from crm.customers.model import Grade
from crm.sla.errors import HoursChangedMeanwhile, PolicyChangedMeanwhile
from crm.sla.hours import OpenSpan, WorkingHours
from crm.sla.policy import SHIPPED, ClockKind, LadderStep, LevelRule, Policy
from crm.sla.service import SlaService
from crm.sla.views import PolicyInput
from crm.tickets.model import SYSTEM, Urgency
from foundation.database import Database
from foundation.routes import Role

REPAIR_HOURS = WorkingHours(
    workday=[OpenSpan(opens="07:00", closes="21:00")], day_off=[OpenSpan(opens="08:00", closes="18:00")]
)
"""Heating is repaired on weekends and holidays too."""


async def load(database: Database, categories: Mapping[str, str], repairers: list[str]) -> None:
    """Enter the missing sample data.

    `categories` are ids by name, `repairers` the departments that repair.
    """
    service = SlaService(database)
    if len(await service.policies()) == 1:
        given = PolicyInput(policy=policy(categories), version=0, note="供热服务时限")
        try:
            await service.enter_policy(given, SYSTEM)
        except PolicyChangedMeanwhile:
            return
    known = {view.owner for view in await service.hours()}
    for department_id in repairers:
        if department_id not in known:
            try:
                await service.enter_hours(department_id, REPAIR_HOURS, SYSTEM)
            except HoursChangedMeanwhile:
                return


def policy(categories: Mapping[str, str]) -> Policy:
    """Return the shipped policy with rules of a heating service."""
    heat, leak = categories["供热故障"], categories["管道漏水"]
    rules = [
        *SHIPPED.rules,
        LevelRule(grade=Grade.VIP, respond_minutes=60, resolve_minutes=2 * 8 * 60),
        _at_all_hours(60, 24 * 60, category_id=heat),
        _at_all_hours(30, 8 * 60, category_id=heat, urgency=Urgency.URGENT),
        _at_all_hours(15, 2 * 60, category_id=heat, urgency=Urgency.CRITICAL),
        _at_all_hours(15, 4 * 60, category_id=leak),
        _at_all_hours(15, 3 * 60, category_id=leak, urgency=Urgency.URGENT),
    ]
    ladder = [
        LadderStep(clock=ClockKind.RESPOND, after_minutes=0, role=Role.SUPERVISOR),
        LadderStep(clock=ClockKind.RESOLVE, after_minutes=0, role=Role.SUPERVISOR),
        LadderStep(clock=ClockKind.RESOLVE, after_minutes=4 * 60, role=Role.ADMINISTRATOR),
    ]
    return Policy(rules=rules, ladder=ladder)


def _at_all_hours(
    respond_minutes: int, resolve_minutes: int, *, category_id: str, urgency: Urgency | None = None
) -> LevelRule:
    return LevelRule(
        category_id=category_id,
        urgency=urgency,
        respond_minutes=respond_minutes,
        resolve_minutes=resolve_minutes,
        round_the_clock=True,
    )
