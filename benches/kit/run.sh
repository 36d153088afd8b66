#!/bin/bash
# Runs the benchmark kit with this library on one and two threads, and sums its tables up.
#
#   benches/kit/run.sh KIT [run.py's arguments]     such as: sort.f64 --only none
#
# KIT is the folder of the kit: its README says what it needs (Linux on x86-64, clang, some 9 GB of memory and 12 GB of disk).
# A Python environment with its requirements is made once in target/kit. The tables go to target/kit/results.md and .json.
set -euo pipefail
kit=$(cd "${1:?the folder of the kit}" && pwd)
shift
cd "$(dirname "$0")/../.."
work=$PWD/target/kit
mkdir -p "$work"
cargo build --release --quiet -p weld-capi
if [ ! -x "$work/venv/bin/python" ]; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet -r "$kit/requirements.txt"
fi
weld="$work/venv/bin/python $kit/contestant_weld.py --lib $PWD/target/release/libweld.so"
"$work/venv/bin/python" "$kit/run.py" --data "$work/data" --out "$work/results.md" \
    --contestant "weld1=$weld" --contestant "weld2=$weld --threads 2" "$@" > "$work/log.md"
python3 benches/kit/table.py "$work/results.json"
