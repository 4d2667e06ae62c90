"""Each page of the console has its pictures in `make screens`."""

import re

from dev.paths import PROJECT
from tests.browser.places import BEHIND, DOORS, OPEN, ROLES

ROUTE = re.compile(r"path: '/([^']*)'")
PART = re.compile(r"/?:\w+(\([^)]*\))?(\?)?")
"""A part of an address that names one thing: a ticket, a tab."""


def test_every_route_is_shown() -> None:
    addresses = {address.partition("?")[0] for one in ROLES.values() for address in one}
    addresses |= {*OPEN, *DOORS} | {f"{name}s/one" for pages in BEHIND.values() for name in pages}
    features = [*(PROJECT / "console" / "src" / "features").glob("*/routes.ts")]
    routes = [route for file in features for route in ROUTE.findall(file.read_text(encoding="utf-8"))]
    assert len(routes) >= len(features), "each feature has a page"
    for route in routes:
        pattern = PART.sub(lambda part: "(/[^/]+)?" if part[2] else "/[^/]+", route)
        assert any(re.fullmatch(pattern, address) for address in addresses), f"no picture of /{route}"
