"""Components of the pages stay small."""

from statistics import median

from dev.console import CONSOLE

HALF, MOST = 60, 250
"""Lines: of the middle one, when all are sorted by length, and of the longest."""
SIZES = {
    str(path.relative_to(CONSOLE)): len(path.read_text(encoding="utf-8").splitlines())
    for path in sorted((CONSOLE / "src").rglob("*.vue"))
}


def test_half_of_the_components_fit_the_eye() -> None:
    longest = sorted(SIZES, key=lambda path: SIZES[path])[len(SIZES) // 2 :]
    nearest = {path: SIZES[path] for path in longest[:12]}
    assert median(SIZES.values()) <= HALF, f"split those that are just longer: {nearest}"


def test_no_component_is_crowded() -> None:
    assert {path: lines for path, lines in SIZES.items() if lines > MOST} == {}
