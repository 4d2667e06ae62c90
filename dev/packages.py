"""Debian's packages, unpacked beside the project without root.

apt fetches and verifies the archives with a configuration of its own; `dpkg -x` unpacks them. The programs then run
through the unpacked suite's own loader, so the machine's release does not matter.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from dev.paths import PACKAGE_LIST, RUNTIME

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR_VARIABLE = "HOTLINE_DEBIAN_MIRROR"
HOST = "host"
PROXY = "proxy"
BROWSER = "browser"
"""The machine's own release too, unpacked apart: for tests only."""


class PackagesUnavailable(Exception):
    """Packages that could not be fetched; the message names the remedy."""


def suite_root(suite: str) -> Path:
    """Return the folder of a suite's unpacked packages."""
    return RUNTIME / "debian" / suite


def listed_packages() -> dict[str, list[str]]:
    """Return the listed packages by suite."""
    packages: dict[str, list[str]] = {}
    for line in PACKAGE_LIST.read_text().splitlines():
        if line and not line.startswith("#"):
            suite, package = line.split()
            packages.setdefault(suite, []).append(package)
    return packages


def prepare() -> None:
    """Unpack every listed package that is not there yet.

    Packages that are there stay in place, since programs may be running from them.

    Raises:
        PackagesUnavailable: no mirror is known, or apt could not fetch the archives.
    """
    for suite, packages in listed_packages().items():
        root = suite_root(suite)
        stamp = root / ".unpacked"
        there = set(stamp.read_text().split()) if stamp.exists() else set()
        missing = sorted(set(packages) - there)
        if not missing:
            continue
        if not there:
            shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True, exist_ok=True)
        _unpack(root, host_release() if suite in {HOST, PROXY, BROWSER} else suite, missing)
        stamp.write_text("\n".join(sorted(there | set(missing))))


def unpack(root: Path, packages: list[str]) -> None:
    """Unpack packages of the machine's own release into an emptied folder.

    Raises:
        PackagesUnavailable: no mirror is known, or apt could not fetch the archives.
    """
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    _unpack(root.resolve(), host_release(), packages)


def host_release() -> str:
    """Return the machine's Debian codename."""
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip('"')
    raise PackagesUnavailable("/etc/os-release names no VERSION_CODENAME")


def mirror() -> str:
    """Return the Debian mirror.

    It is `HOTLINE_DEBIAN_MIRROR`, else the first one of the machine's own apt sources.

    Raises:
        PackagesUnavailable: neither names one.
    """
    if named := os.environ.get(MIRROR_VARIABLE):
        return named
    for found in _mirrors_in_apt_sources():
        if found.rstrip("/").endswith("/debian"):
            return found
    raise PackagesUnavailable(
        f"no Debian mirror in the machine's apt sources; set {MIRROR_VARIABLE} to one (on Ubuntu, install "
        "debian-archive-keyring too)"
    )


def _mirrors_in_apt_sources() -> Iterator[str]:
    sources = Path("/etc/apt")
    for path in [sources / "sources.list", *sorted(sources.glob("sources.list.d/*"))]:
        if path.is_file():
            text = path.read_text(errors="replace")
            yield from re.findall(r"^(?:URIs:|deb(?: \[.*?\])?)\s+(\S+)", text, flags=re.MULTILINE)


def _unpack(root: Path, release: str, packages: list[str]) -> None:
    if not KEYRING.exists():
        raise PackagesUnavailable(f"{KEYRING} is missing; install the package debian-archive-keyring")
    apt = root.with_name(f"{root.name}.apt")
    environment = {**os.environ, "APT_CONFIG": str(_apt_configuration(apt, release)), "LC_ALL": "C.UTF-8"}
    for command in (["update"], ["-y", "--download-only", "install", *packages]):
        done = subprocess.run(
            ["apt-get", "-q", *command], env=environment, capture_output=True, text=True, timeout=900, check=False
        )
        if done.returncode != 0:
            raise PackagesUnavailable(f"apt-get {command[0]} for {release} failed:\n{done.stdout}{done.stderr}")
    for archive in sorted((apt / "cache" / "archives").glob("*.deb")):
        subprocess.run(["dpkg", "-x", str(archive), str(root)], check=True, timeout=300)
    for link in ("bin", "sbin", "lib", "lib64"):
        if not (root / link).exists():
            (root / link).symlink_to(f"usr/{link}")
    shutil.rmtree(apt)


def _apt_configuration(apt: Path, release: str) -> Path:
    shutil.rmtree(apt, ignore_errors=True)
    for folder in (
        "etc/apt.conf.d",
        "etc/preferences.d",
        "etc/sources.list.d",
        "state/lists/partial",
        "cache/archives/partial",
    ):
        (apt / folder).mkdir(parents=True)
    (apt / "status").touch()
    (apt / "etc" / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror()} {release} main\n")
    configuration = apt / "apt.conf"
    configuration.write_text(
        f'Dir::Etc "{apt}/etc";\n'
        f'Dir::State "{apt}/state";\n'
        f'Dir::State::status "{apt}/status";\n'
        f'Dir::Cache "{apt}/cache";\n'
        'Debug::NoLocking "true";\n'
        'APT::Install-Recommends "false";\n'
        'APT::Sandbox::User "";\n'
        # The suite's Release file may be past its date; its signature is still checked.
        'Acquire::Check-Valid-Until "false";\n'
    )
    return configuration


if __name__ == "__main__":
    try:
        if sys.argv[1:]:
            # Without a virtual environment's packages yet: only the standard library may be imported here.
            unpack(Path(sys.argv[1]), sys.argv[2:])
        else:
            prepare()
    except PackagesUnavailable as problem:
        sys.exit(f"hotline: {problem}")
