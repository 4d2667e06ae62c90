"""Values given to AMI cannot begin an action or argument."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.ari.ami import AmiClient, message_of, parse

CLIENT = AmiClient("127.0.0.1", 1, "user", "password", timeout_s=0.01)


@pytest.mark.parametrize(
    "channel_id", ["1001\r\nAction: Originate", "a\nb", "a\x00b", "", "a,b", "a)b", "(", 'a"b', "a\\b"]
)
async def test_hostile_channels_are_refused_before_anything_is_sent(channel_id: str) -> None:
    for verb in (
        CLIENT.mix_monitor(channel_id, "/recordings/a.wav"),
        CLIENT.stop_mix_monitor(channel_id),
        CLIENT.mute_mix_monitor(channel_id),
    ):
        with pytest.raises(ValueError, match="channel_id"):
            await verb


@pytest.mark.parametrize("path", ["a.wav", "", "/a,b.wav", "/a)t(/etc/passwd", "/a\r\nCommand: rm", "/a\\b", '/"a'])
async def test_hostile_paths_are_refused_before_anything_is_sent(path: str) -> None:
    with pytest.raises(ValueError, match="receive_path"):
        await CLIENT.mix_monitor("channel", path)
    with pytest.raises(ValueError, match="transmit_path"):
        await CLIENT.mix_monitor("channel", "/good.wav", path)


async def test_options_are_letters() -> None:
    with pytest.raises(ValueError, match="options"):
        await CLIENT.mix_monitor("channel", "/good.wav", options="b,rm -rf")


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_a_message_has_one_line_per_field(fields: dict[str, str]) -> None:
    try:
        message = message_of(fields)
    except (ValueError, UnicodeEncodeError):
        return
    assert message.count(b"\r\n") == len(fields) + 1
    assert message.count(b"\n") == message.count(b"\r") == len(fields) + 1


def test_response_is_parsed() -> None:
    response = parse(b"Response: Error\r\nActionID: 7\r\nMessage: No such channel: \xff\r\n\r\n")
    assert response == {"Response": "Error", "ActionID": "7", "Message": "No such channel: \ufffd"}
