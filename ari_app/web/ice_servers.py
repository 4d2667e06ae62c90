"""STUN and TURN servers, as settings and pages name them."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

SCHEMES = ("stun:", "stuns:", "turn:", "turns:")


def _ice_urls(urls: list[str]) -> list[str]:
    for url in urls:
        if not url.startswith(SCHEMES):
            raise ValueError(f"must begin with {', '.join(SCHEMES)}")
    return urls


class IceServer(BaseModel, extra="forbid"):
    """STUN or TURN server that browsers' phones use."""

    urls: Annotated[list[str], Field(min_length=1), AfterValidator(_ice_urls)] = Field(
        examples=[["turn:turn.example:3478"]]
    )
    username: str | None = None
    credential: str | None = None
