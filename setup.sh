#!/bin/sh
# Everything that ryumon needs on a bare Debian or Ubuntu with Python 3.11 and make: a virtual environment with the
# packages, and bubblewrap through apt where this user may install it.
set -eu
python=${PYTHON:-python3}

apt_install() {
    if [ "$(id -u)" = 0 ]; then
        apt-get install -y -q "$@" >/dev/null 2>&1 || { apt-get update -q >/dev/null 2>&1 && apt-get install -y -q "$@" >/dev/null; }
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo -n apt-get install -y -q "$@" >/dev/null 2>&1 || { sudo -n apt-get update -q >/dev/null 2>&1 && sudo -n apt-get install -y -q "$@" >/dev/null; }
    else
        return 1
    fi
}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "ryumon: needs Python 3.11 or newer as $python; name another with make PYTHON=..." >&2
    exit 2
}
command -v bwrap >/dev/null || { echo "set-up: bubblewrap"; apt_install bubblewrap; } || {
    echo "ryumon: bubblewrap is missing and cannot be installed by this user; ask for: apt-get install bubblewrap" >&2
    exit 2
}
if [ ! -x .venv/bin/python ]; then
    echo "set-up: .venv"
    "$python" -m venv .venv 2>/dev/null || { apt_install python3-venv && rm -rf .venv && "$python" -m venv .venv; } || {
        echo "ryumon: $python has no venv module; ask for: apt-get install python3-venv" >&2
        exit 2
    }
fi
echo "set-up: packages"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
echo "set-up: done"
