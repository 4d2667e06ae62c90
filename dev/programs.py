"""Programs of `.runtime/debian`, run in place through their own loader."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dev.packages import BROWSER, HOST, PROXY, PackagesUnavailable, suite_root

SUITE = "forky"
FONT = "usr/share/fonts/truetype/wqy/wqy-microhei.ttc"
"""WenQuanYi Micro Hei: Apache License 2.0, or GPL 3 with an exception for what embeds it."""


@dataclass(frozen=True)
class Program:
    """Command line with its additions to the environment."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    def environ(self) -> dict[str, str]:
        """Return the whole environment of a child process."""
        return {**os.environ, **self.environment}


def library_folder(suite: str = SUITE) -> Path:
    """Return the suite's folder of shared libraries, for any architecture."""
    (found,) = suite_root(suite).glob("usr/lib/*-linux-gnu")
    return found


def program(path: str) -> Program:
    """Return a program of the suite by its path, such as `usr/sbin/asterisk`."""
    root = suite_root(SUITE)
    libraries = library_folder()
    (loader,) = [*root.glob("usr/lib64/ld-linux-*.so.*"), *root.glob("usr/lib/ld-linux-*.so.*")][:1]
    return Program(
        (
            str(loader),
            "--library-path",
            f"{libraries}:{libraries / 'pulseaudio'}",
            str(root / path),
        ),
        {"ESPEAK_DATA_PATH": str(libraries)},
    )


def dot_program() -> Program:
    """Return Graphviz's `dot`: of the suite, else of the machine.

    The first use writes the list of its plug-ins, which the package would do on installation.

    Raises:
        PackagesUnavailable: there is none.
    """
    if not (suite_root(SUITE) / "usr" / "bin" / "dot").exists():
        installed = shutil.which("dot")
        if installed is None:
            raise PackagesUnavailable("Graphviz is not there: run `make prepare`, or install the package graphviz")
        return Program((installed,))
    plugins = library_folder() / "graphviz"
    dot = Program(program("usr/bin/dot").command, {"GVBINDIR": str(plugins)})
    if not any(plugins.glob("config*")):
        subprocess.run([*dot.command, "-c"], env=dot.environ(), check=True, capture_output=True, timeout=60)
    return dot


def chinese_font() -> Path | None:
    """Return a font with Chinese letters: of the suite, else the machine."""
    places = (suite_root(SUITE) / FONT, Path("/") / FONT)
    return next((place for place in places if place.exists()), None)


def postgres_program(name: str) -> Program:
    """Return a program of the machine's own PostgreSQL release.

    It starts its sibling programs by itself.
    """
    root = suite_root(HOST)
    folder = max(root.glob("usr/lib/postgresql/*/bin"))
    return Program((str(folder / name),), {"LD_LIBRARY_PATH": str(library_folder(HOST))})


def host_program(name: str) -> tuple[str, ...]:
    """Return the command of a program of the machine's release."""
    return (str(suite_root(HOST) / "usr" / "bin" / name),)


def proxy_program(name: str) -> Program:
    """Return a reverse proxy of the machine's own release."""
    return Program((str(suite_root(PROXY) / "usr" / "sbin" / name),), {"LD_LIBRARY_PATH": str(library_folder(PROXY))})


def browser_program() -> Program:
    """Return Chromium with the libraries and fonts that were unpacked with it."""
    root = suite_root(BROWSER)
    fonts = root / "etc" / "fonts" / "hotline.conf"
    if not fonts.exists():
        fonts.write_text(_FONTS.format(root=root.resolve()), encoding="utf-8")
    libraries = library_folder(BROWSER)
    return Program(
        (str(root / "usr" / "lib" / "chromium" / "chromium"),),
        {"LD_LIBRARY_PATH": f"{libraries}:{libraries / 'pulseaudio'}", "FONTCONFIG_FILE": str(fonts)},
    )


_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{root}/usr/share/fonts</dir>
  <cachedir>{root}/var/cache/fontconfig</cachedir>
  <include ignore_missing="yes">{root}/etc/fonts/conf.d</include>
</fontconfig>
"""
