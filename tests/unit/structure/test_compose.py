"""Containers: settings, ports and folders of `docker-compose.yml` agree."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from ruamel.yaml import YAML

from ari_app.settings import OTHER_VARIABLES, Settings
from dev.paths import PROJECT

BASE, BRIDGE = (
    (PROJECT / name).read_text(encoding="utf-8") for name in ("docker-compose.yml", "docker-compose.bridge.yml")
)
SAMPLE = dict(re.findall(r"^([A-Z_]+)=(.*)$", (PROJECT / ".env.sample").read_text(encoding="utf-8"), re.MULTILINE))
VARIABLE = re.compile(r"\$\{([A-Z_]+)(:?[-?])?([^{}]*(?:\{[a-z]+\}[^{}]*)?)\}")
OF_THE_BUILD = {"DEBIAN_MIRROR", "PIP_INDEX_URL", "NPM_CONFIG_REGISTRY"}
REQUIRED = {
    "HOTLINE_SAMPLE_PASSWORD",
    "HOTLINE_ARI_PASSWORD",
    "HOTLINE_REDIS_PASSWORD",
    "HOTLINE_DATABASE_PASSWORD",
    "HOTLINE_HOTLINE_NUMBER",
    "HOTLINE_PUBLIC_URL",
}
ON_THE_MACHINES_NETWORK = ("asterisk", "hotline", "watchdog")
YAML_FILE = YAML(typ="safe")
YAML_FILE.constructor.add_constructor("!reset", lambda _loader, _node: None)


class VariableMissing(Exception):
    """Compose stops, and names the variable."""


def filled(text: str, given: Mapping[str, str]) -> Any:
    """Return a compose file with its variables, as compose fills them in."""

    def value(match: re.Match[str]) -> str:
        name, operator, word = match[1], match[2] or "", match[3]
        found = given.get(name)
        if found or (found is not None and ":" not in operator):
            return found
        if operator.endswith("?"):
            raise VariableMissing(name)
        return word if operator else ""

    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return YAML_FILE.load(VARIABLE.sub(value, "\n".join(lines)))


def services(text: str = BASE, **given: str) -> dict[str, dict[str, Any]]:
    """Return the services with the values of `.env.sample`."""
    found: dict[str, dict[str, Any]] = filled(text, {**SAMPLE, **given})["services"]
    return found


def published(service: Mapping[str, Any]) -> Iterator[str]:
    yield from service.get("ports") or []


def test_command_in_the_header_works_as_shipped() -> None:
    (command,) = re.findall(r"^# +(docker compose .*up.*)$", BASE, re.MULTILINE)
    assert command == "docker compose --env-file .env.sample up --build"
    assert set(services()) == {"asterisk", "redis", "postgres", "hotline", "watchdog", "proxy", "turn"}


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_missing_required_variable_stops_compose_by_its_name(name: str) -> None:
    with pytest.raises(VariableMissing, match=name):
        filled(BASE, {key: value for key, value in SAMPLE.items() if key != name})


def test_variables_that_stop_compose_are_these() -> None:
    assert {name for name, operator, _ in VARIABLE.findall(BASE) if operator.endswith("?")} == REQUIRED
    further = {name for name, operator, _ in VARIABLE.findall(BRIDGE) if operator.endswith("?")} - REQUIRED
    assert further == {"HOTLINE_EXTERNAL_ADDRESS"}


def test_empty_sample_password_is_one_of_the_production_profile() -> None:
    assert services(HOTLINE_SAMPLE_PASSWORD="")["hotline"]["environment"]["HOTLINE_SAMPLE_PASSWORD"] in {None, ""}


def test_every_variable_is_described() -> None:
    known = {f"HOTLINE_{name.upper()}" for name in Settings.model_fields} | OTHER_VARIABLES.keys() | OF_THE_BUILD
    assert {name for name, _, _ in VARIABLE.findall(BASE + BRIDGE)} - known == set()


def test_service_gets_every_setting() -> None:
    passed = {name for name in services()["hotline"]["environment"] if name != "HOTLINE_RUNTIME"}
    assert passed == {f"HOTLINE_{name.upper()}" for name in Settings.model_fields}
    assert services()["hotline"]["env_file"] == [{"path": ".env", "required": False}], "for misspelt ones"


def test_asterisk_and_service_use_the_machines_network_and_no_published_port() -> None:
    for name in ON_THE_MACHINES_NETWORK:
        service = services()[name]
        assert service["network_mode"] == "host"
        assert list(published(service)) == []
    asterisk, hotline = (services()[name]["environment"] for name in ("asterisk", "hotline"))
    inner = [asterisk["HTTP_ADDRESS"], asterisk["AMI_ADDRESS"], hotline["HOTLINE_HTTP_HOST"]]
    assert {*inner, hotline["HOTLINE_EVENTS_HOST"]} == {"127.0.0.1"}, "reached from this machine only"


@pytest.mark.parametrize("text", [BASE, BRIDGE], ids=["host", "bridge"])
def test_only_sip_rtp_and_the_proxy_are_published_to_other_machines(text: str) -> None:
    found = services(text, HOTLINE_EXTERNAL_ADDRESS="192.0.2.1")
    for name in found.keys() - {"asterisk", "proxy"}:
        assert all(port.startswith("127.0.0.1:") for port in published(found[name])), name


@pytest.mark.parametrize("in_bridge", [False, True], ids=["host", "bridge"])
def test_service_and_asterisk_find_each_other(in_bridge: bool) -> None:
    base, bridge = services(), services(BRIDGE, HOTLINE_EXTERNAL_ADDRESS="192.0.2.1") if in_bridge else {}
    environment = {
        name: {**base[name]["environment"], **bridge.get(name, {}).get("environment", {})}
        for name in ON_THE_MACHINES_NETWORK
    }
    asterisk, hotline, watchdog = (environment[name] for name in ON_THE_MACHINES_NETWORK)
    at = {"asterisk": "asterisk", "hotline": "hotline"} if in_bridge else dict.fromkeys(environment, "127.0.0.1")
    assert urlsplit(hotline["HOTLINE_ARI_URL"]).netloc == f"{at['asterisk']}:{asterisk['HTTP_PORT']}"
    assert watchdog["HOTLINE_ARI_URL"] == hotline["HOTLINE_ARI_URL"]
    assert (hotline["HOTLINE_AMI_HOST"], hotline["HOTLINE_AMI_PORT"]) == (at["asterisk"], asterisk["AMI_PORT"])
    assert urlsplit(asterisk["EVENTS_URI"]).netloc == f"{at['hotline']}:{hotline['HOTLINE_EVENTS_PORT']}"
    assert asterisk["APPLICATION"] == hotline["HOTLINE_APPLICATION"]
    assert asterisk["ARI_USER"] == hotline["HOTLINE_ARI_USER"] == watchdog["HOTLINE_ARI_USER"]
    for url, server, port in (("DATABASE_URL", "postgres", 15432), ("REDIS_URL", "redis", 16379)):
        place = urlsplit(hotline[f"HOTLINE_{url}"]).netloc.rpartition("@")[2]
        assert place == (f"{server}:{5432 if server == 'postgres' else 6379}" if in_bridge else f"127.0.0.1:{port}")
        assert in_bridge or any(mapped.startswith(f"127.0.0.1:{port}:") for mapped in published(base[server]))


@pytest.mark.parametrize("in_bridge", [False, True], ids=["host", "bridge"])
def test_proxy_leads_to_service_and_asterisk(in_bridge: bool) -> None:
    base, bridge = services(), services(BRIDGE, HOTLINE_EXTERNAL_ADDRESS="192.0.2.1") if in_bridge else {}
    proxy = {**base["proxy"]["environment"], **bridge.get("proxy", {}).get("environment", {})}
    hosts = ("hotline", "asterisk") if in_bridge else ("127.0.0.1", "127.0.0.1")
    assert (proxy["SERVICE"], proxy["ASTERISK"]) == (f"{hosts[0]}:8080", f"{hosts[1]}:8088")


def test_bridge_variant_takes_the_machines_network_back() -> None:
    found = services(BRIDGE, HOTLINE_EXTERNAL_ADDRESS="192.0.2.1")
    assert all(found[name]["network_mode"] is None for name in (*ON_THE_MACHINES_NETWORK, "proxy"))
    assert all(found[name]["ports"] is None for name in ("redis", "postgres"))
    assert len(re.findall("!reset", BRIDGE)) == 6


def test_folders_of_the_service_are_mounted() -> None:
    hotline, asterisk = services()["hotline"], services()["asterisk"]
    mounted = {volume.split(":")[1]: volume for volume in hotline["volumes"] if isinstance(volume, str)}
    (callflows,) = (volume for volume in hotline["volumes"] if not isinstance(volume, str))
    assert callflows["target"] == hotline["environment"]["HOTLINE_CALLFLOWS"]
    assert (callflows["source"], callflows["read_only"]) == ("./callflows", True)
    for folder in ("PROMPTS", "RECORDINGS"):
        # Asterisk plays what the service converted, and records what it seals.
        assert mounted[hotline["environment"][f"HOTLINE_{folder}"]] in asterisk["volumes"]
    assert hotline["environment"]["HOTLINE_SPOOL"] in mounted
