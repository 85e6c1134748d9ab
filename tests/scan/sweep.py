#!/usr/bin/env python3
"""Every malicious pickle in every container, codec and wrong extension keeps its verdict, and every benign one stays clean.

usage: sweep.py REDAN"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wrap  # noqa: E402

# Places that are odd in themselves, whatever lies there.
ODD = {"garbage.pkl", "prefixed.zip", "nested.pkl", "torch-bytes.pkl", "constant.pkl", "base64.pkl", "model.keras", "torch-other.pt"}


def put(folder, name, data):
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


def scan(redan, folder):
    run = subprocess.run([redan, "scan", folder, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if run.returncode not in (0, 1, 3):
        sys.exit(f"sweep: redan ended with {run.returncode}: {run.stderr.decode(errors='replace')}")
    return {os.path.basename(a["path"]): a for a in json.loads(run.stdout)["artefacts"]}


def main():
    redan = os.path.abspath(sys.argv[1])
    bad = []
    count = 0
    with tempfile.TemporaryDirectory(prefix="redan-sweep-") as work:
        evil, good = os.path.join(work, "evil"), os.path.join(work, "good")
        os.mkdir(evil)
        os.mkdir(good)
        for kind, data in wrap.malicious():
            for name, wrapped in wrap.wrapped(data, work):
                put(evil, f"{kind}~{name}", wrapped)
            for suffix in wrap.WRONG:
                put(evil, f"{kind}~wrong{suffix}", data)
        for kind, data in wrap.benign():
            for name, wrapped in wrap.wrapped(data, work):
                if name not in ODD:
                    put(good, f"{kind}~{name}", wrapped)
        for name, a in scan(redan, evil).items():
            count += 1
            if a["verdict"] != "malicious":
                bad.append(f"{name}: {a['verdict']}, {a['coverage']} {a.get('reason', '')}")
        for name, a in scan(redan, good).items():
            count += 1
            if a["verdict"] != "clean" or a["coverage"] != "complete":
                bad.append(f"{name}: {a['verdict']}, {a['coverage']} {a.get('reason', '')} "
                           f"{[f['rule'] + ' ' + f['detail'] for f in a['findings']]}")
        expected = len(os.listdir(evil)) + len(os.listdir(good))
    for line in bad:
        print(f"sweep: {line}")
    if count != expected:
        print(f"sweep: {count} of {expected} files are in the report")
        return 1
    print(f"sweep: {count} files, {len(bad)} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
