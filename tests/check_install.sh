#!/bin/sh
# Builds the wheel, installs it with its core dependencies alone, and uses it from an empty folder.
set -eu
root=$(pwd)
python=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir "$folder" .
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet "$folder"/pivotsim-*.whl
cd "$folder"
mkdir empty
cd empty
"$folder/venv/bin/python" - <<'CHECK'
import importlib.metadata
import sys
import pivotsim
assert "site-packages" in pivotsim.__file__, pivotsim.__file__
assert not {"numba", "matplotlib", "pandas", "numpy"} & set(sys.modules)
names = {d.metadata["Name"].lower() for d in importlib.metadata.distributions()}
assert not {"pandas", "pytest", "torch"} & names, "extras came along"
assert pivotsim.simulate(pivotsim.plan("deit_s")).pl_cycles == 3026160
CHECK
"$folder/venv/bin/pivotsim" gemm 197 384 1536 --hw zcu102 --json | grep '"cycles": 61128,'
"$folder/venv/bin/pivotsim" reproduce pivot > /dev/null
"$folder/venv/bin/python" -m pivotsim show hw zcu102_os > /dev/null
# the commands of a page that read files of the package, as they are written; a test runs all of them from a clone
PATH="$folder/venv/bin:$PATH"
"$folder/venv/bin/python" "$root/tests/readme_commands.py" "$root/docs/command_line.md" | grep -E '^pivotsim (schedule|cosearch|show|combine) ' > ../commands
test -s ../commands
while IFS= read -r command; do
  sh -ec "$command" > ../shown < /dev/null || { echo "failed from a wheel: $command"; exit 1; }
done < ../commands
echo "the wheel works from an empty folder"
