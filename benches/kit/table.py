#!/usr/bin/env python3
"""Sums up the results of the kit: Weld against C and against the best peer, as a Markdown table.

usage: table.py RESULTS.json

Ratios of median times: below 1.00 Weld is faster. `best peer` is the fastest contestant that is neither C nor Weld; its
ratio is to Weld on two threads, with Weld's compile time added (`first`), for a peer's is not counted at all.
"""
import json
import math
import sys


def main():
    with open(sys.argv[1]) as file:
        results = json.load(file)
    logs = {"weld1": [], "weld2": []}
    print("| case | c1 ms | c2 ms | weld1 / c1 | weld2 / c2 | compile ms | best peer | weld2 first / peer |")
    print("|---|---:|---:|---:|---:|---:|---|---:|")
    for case in results["cases"]:
        rows = {row["contestant"]: row for row in case["rows"] if not row["error"]}
        failed = [row["contestant"] for row in case["rows"] if row["error"] and row["contestant"].startswith("weld")]
        if failed:
            print(f"| {case['case']} | | | {', '.join(failed)} failed | | | | |")
            continue
        time = {name: row["median_s"] for name, row in rows.items()}
        ratios = {}
        for weld, c in (("weld1", "c1"), ("weld2", "c2")):
            ratios[weld] = time[weld] / time[c]
            logs[weld].append(math.log(ratios[weld]))
        compile_ms = rows["weld2"]["compile_ms"]
        peers = {n: t for n, t in time.items() if not n.startswith(("c1", "c2", "weld"))}
        best = min(peers, key=peers.get) if peers else None
        peer = f"{best} | {(time['weld2'] + compile_ms / 1e3) / peers[best]:.2f}" if best else "- | -"
        print(f"| {case['case']} | {1e3 * time['c1']:.1f} | {1e3 * time['c2']:.1f} | {ratios['weld1']:.2f} "
              f"| {ratios['weld2']:.2f} | {compile_ms:.1f} | {peer} |")
    mean = {weld: math.exp(sum(all) / len(all)) for weld, all in logs.items() if all}
    most = {weld: math.exp(max(all)) for weld, all in logs.items() if all}
    print(f"| **geometric mean** | | | **{mean['weld1']:.2f}** | **{mean['weld2']:.2f}** | | | |")
    print(f"| largest | | | {most['weld1']:.2f} | {most['weld2']:.2f} | | | |")


main()
