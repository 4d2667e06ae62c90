"""The web server's fixtures: a desk is a socket of it."""

from tests.unit.web.conftest import build, house, open_desk, stack

__all__ = ["build", "house", "open_desk", "stack"]
