"""Skills of agents, with levels."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

SkillName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
SkillLevel = Annotated[int, Field(ge=1, le=10)]
Skills = Annotated[dict[SkillName, SkillLevel], Field(max_length=50)]
"""Levels from 1 to 10; a skill that is left out the agent does not have."""


def listed(skills: Mapping[str, int]) -> str:
    """Return skills as people read them: `cantonese 3, english 1`."""
    return ", ".join(f"{name} {level}" for name, level in sorted(skills.items()))
