"""Notices about recordings, deferred requests and phones' transfers."""

from collections.abc import Mapping

from ari_app.desk.model import Notice, NoticeLevel
from ari_app.desk.pop import SpokenWording
from ari_app.web.problem_texts import ProblemTexts
from foundation.problems import Problem
from recordings.model import RecordingWarning, WarningKind

RECORDING_WORDS: Mapping[WarningKind, SpokenWording] = {
    WarningKind.STORAGE: SpokenWording(
        zh="录音异常：录音文件无法保存，请检查存储空间",
        en="Recordings: a file cannot be stored; check the disk",
    ),
    WarningKind.DATABASE: SpokenWording(
        zh="录音异常：录音信息暂时无法写入数据库",
        en="Recordings: the database does not store an entry for the moment",
    ),
    WarningKind.INCOMPLETE: SpokenWording(zh="录音异常：有录音不完整", en="Recordings: a recording is not complete"),
    WarningKind.ALTERED: SpokenWording(
        zh="录音异常：录音文件被改动或丢失", en="Recordings: a file was changed or is gone"
    ),
}
REQUEST_STORED = SpokenWording(zh="数据库恢复，您暂存的内容已提交", en="The database is back: your request is stored")
REQUEST_REFUSED = SpokenWording(
    zh="暂存内容未能提交，原因见暂存列表",
    en="A deferred request was refused: the list of deferred requests has the reason",
)


def recording_notice(warning: RecordingWarning) -> Notice:
    """Return the notice of a recording's problem.

    The log has its details; they are technical, and in English only.
    """
    words = RECORDING_WORDS[warning.kind]
    if warning.recording_id is not None:
        words = SpokenWording(zh=f"{words.zh}（{warning.recording_id}）", en=f"{words.en} ({warning.recording_id})")
    return Notice(level=NoticeLevel.WARNING, text=words)


def transfer_refused_notice(problem: Problem, texts: ProblemTexts) -> Notice:
    """Return the notice of a transfer by phone that was refused."""
    details = problem.details()
    chinese = texts.worded(details, "zh")
    reason = chinese.errors[0].rule if chinese.errors else chinese.title
    words = SpokenWording(zh=f"话机转接未执行：{reason}", en=f"Transfer by phone refused: {problem.detail}")
    return Notice(level=NoticeLevel.WARNING, text=words)
