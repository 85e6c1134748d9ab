"""Profiles against their schema and against arithmetic of another hand: every score in a learned profile must be that of a row of the data, encoded, measured and ranked
here as docs/guard-profile.md says. Usage: guard_learn.py REDAN; exit code 77 when the Python package `jsonschema` is absent."""
import base64
import bisect
import json
import math
import os
import random
import struct
import subprocess
import sys
import tempfile

from against_schemas import STORE, check, finish, load, sound

REDAN = os.path.abspath(sys.argv[1])
KINDS = ("pos", "app", "web, far")


def table(path):
    draw, rows = random.Random(5), []
    for i in range(600):
        day = draw.randrange(10)
        rows.append([f"{draw.uniform(1, 90):.2f}", str(day), str(day + draw.randrange(40)), draw.choice(KINDS[:2] * 4 + KINDS), "" if i % 9 == 0 else f"{draw.random():.5f}"])
    with open(path, "w", encoding="utf-8") as f:
        f.write("amount,day,week,channel,risk\n")
        f.writelines(",".join(f'"{c}"' if "," in c else c for c in row) + "\n" for row in rows)
    return rows


def numbers(text, letter):
    raw = base64.b64decode(text, validate=True)
    return struct.unpack(f">{len(raw) // struct.calcsize(letter)}{letter}", raw)


def encode(columns, row):
    for column, cell in zip(columns, row):
        if cell == "":
            yield 0.0
            continue
        if column["kind"] == "category":
            value = column["shares"][cell] if cell in column["shares"] else column["unknown"]
        else:
            value = float(cell)
        yield struct.unpack("f", struct.pack("f", (value - column["mean"]) / column["scale"]))[0]


def rarity(tuned, distance):
    n = len(tuned)
    at = bisect.bisect_right(tuned, distance)
    if at == n:
        top = max(n // 10, 1)
        base = tuned[n - top - 1] if n > top else tuned[0]
        scale = max(sum(t - base for t in tuned[n - top:]) / top, tuned[-1] * 1e-9, 1e-9)
        return math.log(n + 1) + (distance - tuned[-1]) / scale
    low, below = (tuned[at - 1], -math.log((n - at + 1) / (n + 1))) if at else (0.0, 0.0)
    return below + (-math.log((n - at) / (n + 1)) - below) * (distance - low) / (tuned[at] - low)


def score(p, x):
    w = len(x)
    near = min(sum((a - b)**2 for a, b in zip(x, p["references"][r * w:(r + 1) * w])) for r in range(len(p["references"]) // w))
    unusual, at = 0.0, 0
    for i in range(w):
        unusual += sum(p["factor"][at + j] * (x[j] - p["mean"][j]) for j in range(i + 1))**2
        at += i + 1
    return max(rarity(p["near"], math.sqrt(near)), rarity(p["unusual"], math.sqrt(unusual)) - 1)


def learned(folder, *more):
    done = subprocess.run([REDAN, "guard", "learn", os.path.join(folder, "data.csv"), "--out", os.path.join(folder, "p.json"), "--json", *more],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)
    check(done.returncode == 0, done.stderr.decode())
    said = json.loads(done.stdout)
    sound(STORE["guard-learned"], said, "what guard learn says")
    profile = load(os.path.join(folder, "p.json"))
    sound(STORE["guard-profile"], profile, "a profile")
    return said, profile["predicate"]


with tempfile.TemporaryDirectory() as folder:
    rows = table(os.path.join(folder, "data.csv"))
    for more in ((), ("--references", "40", "--tuning", "30", "--seed", "9"), ("--category", "day", "--only", "day,channel,risk")):
        said, p = learned(folder, *more)
        for column in p["columns"]:
            if column["kind"] == "category":
                column["shares"] = dict(zip(column["categories"], numbers(column["surprise"], "d")))
        parts = {"references": numbers(p["references"]["values"], "f"), "mean": numbers(p["mahalanobis"]["mean"], "f"),
                 "factor": numbers(p["mahalanobis"]["factor"], "f"), "near": numbers(p["tuned"]["neighbour"], "d"),
                 "unusual": numbers(p["tuned"]["mahalanobis"], "d")}
        names = ["amount", "day", "week", "channel", "risk"]
        kept = [names.index(c["name"]) for c in p["columns"]]
        here = sorted(score(parts, list(encode(p["columns"], [row[i] for i in kept]))) for row in rows)
        scores = numbers(p["scores"], "d")
        check(len(scores) == said["parts"]["calibration"] and list(scores) == sorted(scores), "calibration scores are not in order")
        check(p["references"]["rows"] * len(kept) == len(parts["references"]), "references are not rows x columns")
        used = 0
        for value in scores:  # each takes a row of its own
            while used < len(here) and here[used] < value - 2e-5 * (1 + value):
                used += 1
            check(used < len(here) and abs(here[used] - value) <= 2e-5 * (1 + value), f"no row scores {value}")
            used += 1
    # Bounds of callers, from events that go over the same rows.
    learned(folder, "--only", "amount,day,week")
    with open(os.path.join(folder, "events.jsonl"), "w", encoding="utf-8") as out:
        for i, row in enumerate(rows):
            print(json.dumps({"schema": "redan/inference/1", "time": "2026-11-24T10:%02d:%02d.000Z" % (i // 60 % 60, i % 60), "enduser.id": "c%d" % (i % 8),
                              "redan.features": [[float(x) for x in row[:3]]], "redan.scores": [i % 10 / 10], "redan.action": "allow",
                              "redan.judged": "allow"}), file=out)
    done = subprocess.run([REDAN, "guard", "learn", "--from", os.path.join(folder, "p.json"), "--history", os.path.join(folder, "events.jsonl"), "--alpha", "0.2",
                           "--out", os.path.join(folder, "q.json"), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)
    check(done.returncode == 0, done.stderr.decode())
    said = json.loads(done.stdout)
    sound(STORE["guard-calibrated"], said, "what guard learn --history says")
    calibrated = load(os.path.join(folder, "q.json"))
    sound(STORE["guard-profile"], calibrated, "a calibrated profile")
    check(said["classes"][0]["lives"] + said["classes"][0]["held-out"] == 8, "callers were lost")
    check(calibrated["predicate"]["classes"][0]["lives"] == said["classes"][0]["lives"], "the profile says otherwise")
sys.exit(finish())
