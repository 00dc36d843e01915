#!/bin/sh
# Runs the tests named in CORE_TESTS on other Pythons, each in an environment of its own with the newest dependencies:
# sh tests/check_versions.sh EXTRAS STAMP VERSION...   A Python that this machine lacks is skipped with a line.
set -eu
extras=$1 stamp=$2
shift 2
for version; do
    python=
    for candidate in "python$version" "$HOME/.pyenv/versions/$version".*/bin/python; do
        if "$candidate" -c "" 2> /dev/null; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "Python $version: not on this machine, skipped"
        continue
    fi
    venv=.venv-$version
    if [ ! -e "$venv/stamp-$stamp" ]; then
        "$python" -m venv "$venv"
        "$venv/bin/python" -m pip install --quiet --upgrade --editable "$extras" pytest hypothesis
        rm -f "$venv"/stamp-* && touch "$venv/stamp-$stamp"
    fi
    echo "Python $version:"
    # shellcheck disable=SC2086 # a list of tests
    "$venv/bin/python" -m pytest $CORE_TESTS
done
