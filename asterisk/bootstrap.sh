#!/bin/sh
# Prepares a fresh machine: the virtual environment from the lock file, Debian's packages into .runtime/.
# Needs Python 3.11 or newer, and nothing else; root is not required. Run by make; safe to repeat.
set -eu
cd "$(dirname "$0")/.."
runtime=${HOTLINE_RUNTIME:-.runtime}
python=${PYTHON:-python3}
venv=$runtime/venv
stamp=$venv/.lock

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "hotline needs Python 3.11 or newer; $python is $("$python" -V 2>&1). Set PYTHON to another one." >&2
    exit 1
}

# One environment names one checkout as the project: another one must not take it over.
owner=$(cat "$venv/.checkout" 2>/dev/null || pwd -P)
if [ "$owner" != "$(pwd -P)" ] && [ -d "$owner" ]; then
    echo "hotline: $venv belongs to the checkout $owner. Set HOTLINE_RUNTIME to a folder of this checkout's own." >&2
    exit 1
fi

# Debian splits ensurepip from python3: without it, pip comes from Debian's own wheel, unpacked, not installed.
make_venv() {
    rm -rf "$venv"
    mkdir -p "$runtime"
    if "$python" -m venv "$venv" >/dev/null 2>&1; then return; fi
    "$python" -m venv --without-pip "$venv"
    wheels=$runtime/pip-wheel
    "$venv/bin/python" -m dev.packages "$wheels" python3-pip-whl
    wheel=$(ls "$wheels"/usr/share/python-wheels/pip-*.whl)
    "$venv/bin/python" "$wheel/pip" -q install --no-index --find-links "$wheels/usr/share/python-wheels" pip
}

if ! cmp -s requirements.lock "$stamp"; then
    echo "hotline: preparing the Python environment: $(grep -c '==' requirements.lock) packages (a minute or two, once)"
    make_venv
    "$venv/bin/python" -m pip -qq --disable-pip-version-check install --no-deps --require-hashes -r requirements.lock
    cp requirements.lock "$stamp"
    rm -f "$venv/.project"
fi
if ! cmp -s pyproject.toml "$venv/.project"; then
    "$venv/bin/python" -m pip -qq --disable-pip-version-check install --no-deps -e .
    cp pyproject.toml "$venv/.project"
    pwd -P > "$venv/.checkout"
fi
echo "hotline: preparing Asterisk, Redis and the voices (a minute, once)" | { [ -e "$runtime/debian/.ready" ] && cat >/dev/null || cat; }
"$venv/bin/python" -m dev.packages
touch "$runtime/debian/.ready"
