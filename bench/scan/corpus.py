#!/usr/bin/env python3
"""The labelled corpus through `redan scan`: what was missed, what was a false alarm, by source and by kind of file.

usage: corpus.py REDAN [--only REGEX] [--list] [--json] [--corpus FOLDER] [--labels FILE]
"""
import argparse
import collections
import csv
import json
import math
import os
import re
import subprocess
import sys

PICKLES = {"pkl", "pickle", "joblib", "pt", "pth", "bin", "ckpt", "npy", "npz", "dill", "zip", "data", "7z", "ptl", "z",
           "gz", "gzip", "bz2", "xz", "lzma", "lz4", "dat", "p", "th"}
LEVELS = ["clean", "note", "suspicious", "malicious"]


def interval(k, n):
    """Wilson's 95 % interval for k of n."""
    if n == 0:
        return 0.0, 1.0
    z, p = 1.959964, k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def corpus(argument):
    return argument or os.path.join(os.environ.get("REDAN_SAMPLES", "../shared/samples"), "scan")


def labels(path, only):
    with open(path, newline="") as f:
        return [r for r in csv.DictReader(f) if not only or re.search(only, r["path"])]


def scan(redan, root, rows):
    run = subprocess.run([redan, "scan", root, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if run.returncode not in (0, 1, 3):
        sys.exit(f"corpus: redan scan ended with {run.returncode}: {run.stderr.decode(errors='replace')[:400]}")
    report = json.loads(run.stdout)
    found = {a["path"]: a for a in report["artefacts"]}
    prefix = root.rstrip("/") + "/"
    return {r["path"]: found.get(prefix + r["path"]) for r in rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("redan")
    parser.add_argument("--only")
    parser.add_argument("--list", action="store_true", help="every wrong answer, with its first findings")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--corpus")
    parser.add_argument("--labels")
    args = parser.parse_args()
    root = corpus(args.corpus)
    if not os.path.isdir(root):
        print(f"corpus: no corpus at {root}: set REDAN_SAMPLES", file=sys.stderr)
        return 3
    rows = labels(args.labels or os.path.join(root, "labels.csv"), args.only)
    found = scan(args.redan, root, rows)
    tally, coverage, wrong, unread = collections.Counter(), collections.Counter(), [], []
    pickle = collections.Counter()
    for r in rows:
        a = found[r["path"]]
        if a is None:
            wrong.append((r["label"], "not scanned", r["path"], []))
            tally[r["label"], "absent"] += 1
            continue
        tally[r["label"], a["verdict"]] += 1
        coverage[r["label"], a["coverage"]] += 1
        suffix = os.path.splitext(r["path"])[1].lstrip(".").lower()
        if r["label"] == "malicious" and suffix in PICKLES:
            pickle[a["verdict"]] += 1
        says = [f"{f['rule']} {f['level']} {f.get('chain', '')}@{f.get('offset', '')} {f['detail']}" for f in a["findings"][:4]]
        bad = (r["label"] == "malicious" and a["verdict"] in ("clean", "note")) or \
              (r["label"] == "benign" and a["verdict"] != "clean") or \
              (r["label"] == "suspicious" and a["verdict"] == "clean" and a["coverage"] == "complete")
        if bad:
            wrong.append((r["label"], a["verdict"] + "/" + a["coverage"], r["path"], says))
        if r["label"] == "benign" and a["coverage"] != "complete":
            unread.append((r["path"], a["coverage"], a.get("reason", "")))
    figures = {}

    def figure(name, k, n, bar, holds):
        low, high = interval(k, n)
        figures[name] = {"value": k / n if n else None, "unit": "share", "n": n, "interval": [low, high], "bar": bar,
                         "holds": bool(n) and holds(k / n)}

    n = {l: sum(v for (a, _), v in tally.items() if a == l) for l in ("malicious", "benign", "suspicious")}
    figure("malicious flagged", tally["malicious", "suspicious"] + tally["malicious", "malicious"], n["malicious"], "1.00",
           lambda v: v >= 1)
    figure("pickle malware at malicious", pickle["malicious"], sum(pickle.values()), ">= 0.85", lambda v: v >= 0.85)
    alarms = sum(tally["benign", v] for v in LEVELS[1:])
    figure("benign flagged at any level", alarms, n["benign"], "<= 0.01", lambda v: v <= 0.01)
    figure("benign at malicious", tally["benign", "malicious"], n["benign"], "0", lambda v: v == 0)
    figure("benign not read whole", sum(coverage["benign", c] for c in ("incomplete", "uninspected")), n["benign"], "-",
           lambda v: True)
    figure("suspicious set wholly clean", sum(1 for w in wrong if w[0] == "suspicious"), n["suspicious"], "0", lambda v: v == 0)
    if args.list:
        for label, verdict, path, says in wrong:
            print(f"{label:10} {verdict:22} {path}")
            for line in says:
                print(f"           {line[:200]}")
        for path, how, why in unread:
            print(f"unread     {how:22} {path}: {why[:140]}")
    if args.json:
        print(json.dumps(figures))
    else:
        for label in ("malicious", "suspicious", "benign"):
            print(f"{label:10} {n[label]:5}  " + "  ".join(f"{v} {tally[label, v]}" for v in LEVELS + ["absent"]))
        for name, f in figures.items():
            if f["n"]:
                print(f"{name:30} {f['value']:.4f}  [{f['interval'][0]:.4f}, {f['interval'][1]:.4f}]  n={f['n']:5}  bar {f['bar']:8}"
                      f"  {'holds' if f['holds'] else 'MISSED'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
