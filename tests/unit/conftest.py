"""Fixtures of several packages: a web server and desks on it."""

from tests.unit.web.conftest import build, house, open_desk, stack

__all__ = ["build", "house", "open_desk", "stack"]
