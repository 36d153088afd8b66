#!/bin/bash
# Compares `sum(map(v, |x| x * x))` with the C loop in ref.c, both on one thread, and Weld on one thread with Weld on two.
#
#   benches/sum-of-squares/run.sh [N [ROUNDS]]        N numbers, 100 million by default
#
# Contestants take turns, so a machine that slows down slows all of them; read the ratios.
set -euo pipefail
cd "$(dirname "$0")/../.."
n=${1:-100000000}
rounds=${2:-5}
repeat=7
cc=$(command -v clang-22 || command -v clang || command -v gcc || command -v cc)
work=target/bench
mkdir -p "$work"
"$cc" -O3 -march=native -o "$work/ref" benches/sum-of-squares/ref.c
data="$work/squares-$n.npy"
[ -e "$data" ] || "$work/ref" gen "$n" "$data"
cargo build --release --quiet
weld=target/release/weld
program='|v: vec[i64]| sum(map(v, |x| x * x))'

median() { sort -g | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
run_weld() {
    "$weld" run -e "$program" -i "v=@$data" -j "$1" --repeat "$repeat" --json |
        sed 's/.*"run_ms": *\[\([^]]*\)\].*/\1/' | tr ',' '\n' | tr -d ' ' | median
}
run_c() { "$work/ref" run "$repeat" "$data" 2>/dev/null | median; }

echo "compiler: $cc   numbers: $n   each figure: median of $repeat runs"
echo "round      C    weld -j 1    weld -j 2    j1/C    j2/j1"
for round in $(seq "$rounds"); do
    c=$(run_c)
    one=$(run_weld 1)
    two=$(run_weld 2)
    awk -v r="$round" -v c="$c" -v a="$one" -v b="$two" \
        'BEGIN { printf "%5d %7.2f %9.2f ms %9.2f ms %7.3f %7.3f\n", r, c, a, b, a / c, b / a }'
done
"$weld" run -e "$program" -i "v=@$data" -j 1 --repeat 3 --time >/dev/null
