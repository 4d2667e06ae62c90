"""Pages of the console: those of each role, and those without sign-in."""

from dataclasses import dataclass

from playwright.async_api import Page

from tests.asterisk.hotline import ADMINISTRATOR, AGENT, SUPERVISOR

WORKER, QUALITY = "2001", "4001"
ROLES = {
    AGENT: (
        *("desk", "callbacks", "surveys", "tickets", "dispatch", "customers", "customers?text=王秀英", "handovers"),
        *("people", "settings", "board", "tickets/new"),
    ),
    WORKER: (
        *(
            "work",
            "work?tab=open",
            "work?tab=refused",
            "visits",
            "visits/capacity",
            "duty",
            "notices",
            "handovers",
            "tickets",
            "people",
        ),
        *("settings", "nowhere"),
    ),
    SUPERVISOR: (
        *("board", "board?wall", "board/alerts", "queues"),
        *("reports", "reports?of=agents", "reports?of=tickets", "reports?of=flows", "reports/list?of=calls"),
        *("reports?compare=before", "reports?of=agents&group=team", "reports?of=callbacks", "reports?of=rescue"),
        *("reports/list?of=tickets", "reports/calendar", "reports/staffing", "reports/simulation"),
        *("reports/matrix", "reports/shifts"),
        *("oversight", "oversight?tab=improvements", "oversight?tab=recurring", "oversight?tab=notices"),
        *("oversight?tab=letters", "dispatch", "dispatch?work=refused", "dispatch?work=extensions"),
        *("dispatch?work=escalated", "dispatch?work=overdue", "customers", "customers/imports", "customers/protected"),
        *("callbacks", "surveys", "tickets", "handovers", "duty", "visits/capacity", "notices", "people"),
        "settings",
    ),
    QUALITY: ("reports", "reports/staffing", "reports/matrix", "oversight", "tickets"),
    ADMINISTRATOR: (
        *("board", "queues", "settings", "audit", "customers", "customers/imports", "customers/protected"),
        *(f"administration/{part}" for part in ("accounts", "departments", "categories", "recipients")),
    ),
}
"""Addresses that a role looks at, by a staff number of it."""
OPEN = ("report", "progress")
"""Addresses that need no sign-in."""
DOORS = ("sign-in", "new-password")
"""Addresses before the work begins."""


@dataclass(frozen=True)
class Behind:
    """A page that is reached through a link of another one."""

    address: str
    link: str


BEHIND = {
    AGENT: {"customer": Behind("customers?text=王秀英", ".rows a"), "ticket": Behind("tickets", "tbody a")},
    WORKER: {"ticket": Behind("tickets", "tbody a")},
    SUPERVISOR: {
        "customer": Behind("customers?text=王秀英", ".rows a"),
        "ticket": Behind("tickets", "tbody a"),
        "call": Behind("reports/list?of=calls", "tbody a[href^='/calls/']"),
    },
}
"""Pages of one customer, ticket or call."""


async def shown(page: Page, url: str, address: str) -> None:
    """Open a page and wait until everything it asked for is there."""
    await page.goto(f"{url}/{address}")
    await page.wait_for_load_state("networkidle")


async def followed(page: Page, url: str, behind: Behind) -> None:
    """Open the page behind the first link."""
    await shown(page, url, behind.address)
    await page.locator(behind.link).first.click()
    await page.wait_for_load_state("networkidle")
