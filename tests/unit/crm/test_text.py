"""Lengths of entered texts count without the spaces around them."""

from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from crm.text import Lines, OneLine


@pytest.mark.parametrize("entered", ["", " ", "   ", "\t ", "\u200b\u200b\u200b", " \u2060 ", "\u3000\u3000"])
@pytest.mark.parametrize("kind", [OneLine, Lines])
def test_text_of_spaces_is_shorter_than_two_characters(kind: Any, entered: str) -> None:
    class Input(BaseModel):
        text: kind = Field(min_length=2)

    with pytest.raises(ValidationError, match="at least 2 characters"):
        Input(text=entered)
    assert Input(text=f"{entered}同意{entered}").text == "同意"
