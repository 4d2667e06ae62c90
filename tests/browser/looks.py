"""Looks of a page: language, theme and size, judged by axe."""

from dataclasses import dataclass
from itertools import product
from typing import Any
from weakref import WeakSet

from playwright.async_api import Page, Route, ViewportSize, expect

from dev.console import CONSOLE

WAIT_MS = 30_000
"""Longer than anything takes on two busy cores."""
WIDE = ViewportSize(width=1440, height=900)
NARROW = ViewportSize(width=390, height=844)
_AXE = CONSOLE / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
_OWN_SETTINGS = "**/api/v1/me/settings"
# The page that is shown changes its language; the settings page would take its place.
_SPEAK = """(language) => {
  const { $pinia } = document.querySelector('#app').__vue_app__.config.globalProperties
  $pinia.state.value.settings.values.language = language
}"""
_SETTLE = """Promise.all(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
  .map((one) => one.finished.catch(() => null)))"""
_FIND = """async (rules) => (await axe.run(document, { runOnly: rules })).violations
  .map(({ id, nodes }) => ({ id, where: nodes.slice(0, 3).map((node) => node.html.slice(0, 160)) }))"""


_WORN: WeakSet[Page] = WeakSet()
"""Pages that keep their looks to themselves."""


@dataclass(frozen=True)
class Look:
    """Language, theme and size of a page."""

    language: str
    theme: str
    size: ViewportSize

    @property
    def name(self) -> str:
        """Name for the files of pictures."""
        return f"{self.language}-{self.theme}-{'wide' if self.size == WIDE else 'narrow'}"


ALL = [Look(*one) for one in product(("zh", "en"), ("light", "dark"), (WIDE, NARROW))]
PAIRS = [
    Look("zh", "light", WIDE),
    Look("en", "dark", WIDE),
    Look("zh", "dark", NARROW),
    Look("en", "light", NARROW),
]
"""Each pair of a language, a theme and a size, in as few looks as that takes."""


async def wear(page: Page, look: Look) -> None:
    """Show a page of a signed-in person in another look."""
    await page.set_viewport_size(look.size)
    await page.emulate_media(color_scheme="dark" if look.theme == "dark" else "light")
    if page not in _WORN:
        # Once, and without a gap: what went out in one would be the account's language for the next test.
        _WORN.add(page)
        await page.route(_OWN_SETTINGS, _unstored)
    await page.evaluate(_SPEAK, look.language)
    await expect(page.locator(f"html[lang^={look.language}]")).to_have_count(1, timeout=WAIT_MS)
    await expect(page.locator("html.dark")).to_have_count(int(look.theme == "dark"), timeout=WAIT_MS)


async def _unstored(route: Route) -> None:
    """Keep the account's own language: the next test speaks it."""
    if route.request.method == "PUT":
        await route.fulfill(json=route.request.post_data_json)
    else:
        await route.fallback()


async def violations(page: Page) -> list[dict[str, Any]]:
    """Return the rules of WCAG 2.1 AA that a page breaks."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_AXE.read_text(encoding="utf-8"))
    # Colours that fade are judged where they end; what moves without end is judged as it is.
    await page.evaluate(_SETTLE)
    found: list[dict[str, Any]] = await page.evaluate(_FIND, _RULES)
    if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append({"id": "wider than the window", "where": []})
    return found
