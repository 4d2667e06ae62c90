"""Notices of operation: Chinese texts without English details."""

import re

import pytest

from ari_app.runtime.operation_notices import REQUEST_REFUSED, REQUEST_STORED, recording_notice
from recordings.model import RecordingWarning, WarningKind

LATIN = re.compile("[A-Za-z]")


@pytest.mark.parametrize("kind", WarningKind)
def test_recording_notice_has_words_in_both_languages(kind: WarningKind) -> None:
    notice = recording_notice(RecordingWarning(kind, "[Errno 28] No space left on device"))
    assert LATIN.search(notice.text.zh) is None
    assert "Errno" not in notice.text.en
    assert notice.text.en.isascii()


def test_recording_notice_names_the_recording() -> None:
    notice = recording_notice(RecordingWarning(WarningKind.ALTERED, "the file is gone", "recording-1"))
    assert notice.text.zh.endswith("（recording-1）")
    assert notice.text.en.endswith("(recording-1)")


def test_words_of_deferred_requests_are_chinese() -> None:
    assert [LATIN.search(words.zh) for words in (REQUEST_STORED, REQUEST_REFUSED)] == [None, None]
