"""Files of a trunk, as `hotline trunk template` writes them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ari_app.cli import app
from ari_app.operations.trunks.files import written_trunks
from ari_app.operations.trunks.templates import Trunk, TrunkKind, rendered


def template(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["trunk", "template", *arguments])


@pytest.mark.parametrize("kind", TrunkKind)
@pytest.mark.parametrize("user", ["heating", None])
def test_every_kind_has_what_a_trunk_needs(kind: TrunkKind, user: str | None) -> None:
    if kind is TrunkKind.REGISTRATION and user is None:
        return
    text = rendered(Trunk(kind, "sip.carrier.example:5070", user=user, addresses=["203.0.113.0/28"]))
    sections = ["[carrier](trunk)", "type = aor", "qualify_frequency = 30", "type = identify", "match = 203.0.113.0/28"]
    assert [one for one in sections if one not in text] == []
    assert "allow = alaw,ulaw" in text
    assert ("type = registration" in text) == (user is not None)
    assert ("password = @TRUNK_PASSWORD@" in text) == (user is not None)
    assert ("media_encryption = sdes" in text) == (kind is TrunkKind.TLS)
    assert text.count(r"sip.carrier.example:5070\;transport=tls") == (kind is TrunkKind.TLS) * (2 if user else 1)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("registration", "--server", "carrier.example"), "user"),
        (("ip", "--server", "carrier example"), "server"),
        (("ip", "--server", "carrier.example;", "--name", "carrier"), "server"),
        (("ip", "--server", "carrier.example", "--name", "Carrier]"), "name"),
        (("ip", "--server", "carrier.example", "--address", "here\n[x]"), "address"),
        (("ip", "--server", "carrier.example", "--codecs", "opus"), "codec"),
        (("registration", "--server", "carrier.example", "--user", "a;b"), "user"),
        (("registration", "--server", "carrier.example", "--user", "a", "--number", "main"), "number"),
    ],
)
def test_value_that_means_something_else_to_asterisk_is_refused(arguments: tuple[str, ...], field: str) -> None:
    result = template(*arguments)
    assert result.exit_code == 2
    assert f"{field}: must be " in result.output


def test_file_is_written_once_and_found_again(tmp_path: Path) -> None:
    arguments = ("registration", "--server", "carrier.example", "--user", "heating", "--write", "--site", str(tmp_path))
    result = template(*arguments)
    assert result.exit_code == 0, result.output
    file = tmp_path / "pjsip.d" / "carrier.conf"
    assert str(file) in result.output
    assert "HOTLINE_TRUNK=PJSIP/{number}@carrier" in result.output
    (found,) = written_trunks(tmp_path)
    assert (found.name, found.file, found.registrations) == ("carrier", file, ("carrier",))
    file.write_text("; mine\n")
    refused = template(*arguments)
    assert refused.exit_code == 2
    assert "--replace" in refused.output
    assert file.read_text() == "; mine\n"
    assert template(*arguments, "--replace").exit_code == 0


def test_check_without_a_trunk_says_how_to_write_one(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["trunk", "check", "--site", str(tmp_path)])
    assert result.exit_code == 2
    assert "hotline trunk template" in result.output
