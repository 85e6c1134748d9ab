"""The chain of approvals, read from the disk alone: number, previous, chain and diff of what the program signed are computed anew from the
threat models in redan/history, and what may be pinned of it. Usage: chain.py REDAN; 77 when PyYAML is not installed."""
import base64
import copy
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import yaml
except ImportError:
    print("skipped: PyYAML is not installed (Debian: python3-yaml)")
    sys.exit(77)

import canonical
import difference

REDAN = os.path.abspath(sys.argv[1])
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("REDAN_", "GITHUB_", "CI_"))}
ZEROS = "sha256:" + "0" * 64
OTHER = "other=7:sha256:" + "1" * 64
TODAY = datetime.date.today()
checks = 0
failures = []

MODEL = {
    "schema": "redan/1", "id": "scorer", "name": "Scorer", "inherits": ["bank"],
    "owners": {"ml-lead": "ada", "security-lead": "grace"},
    "profile": {"kind": ["predictive"], "trains": True}, "release": {"model": "vendor/model@1"},
    "threats": [
        {"id": "mapping", "name": "Mapping", "stage": "inference", "severity": "high",
         "resolution": {"kind": "control", "cycle": "c", "controls": ["monitor"], "residual": "low"}},
        {"id": "drift", "archetype": "EV-03", "severity": "low",
         "resolution": {"kind": "planned", "owner": "eve", "ticket": "T-1", "interim": {"controls": ["monitor"], "residual": "low"}}},
    ],
    "controls": [{"id": "monitor", "evidence": "none"}],
}


def check(truth, what):
    global checks
    checks += 1
    if not truth:
        failures.append(what)


def redan(folder, *arguments, code=0):
    done = subprocess.run([REDAN, *arguments], cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, check=False)
    check(done.returncode == code, "%s: exit %d, not %d: %s" % (" ".join(arguments), done.returncode, code, done.stderr))
    return done.stdout + (done.stderr if code else "")


def plan(model, opened, due):
    """The model with its plan opened and due so many days from today."""
    model = copy.deepcopy(model)
    model["threats"][1]["resolution"].update(opened=str(TODAY + datetime.timedelta(opened)), due=str(TODAY + datetime.timedelta(due)))
    return model


def write(folder, model):
    (folder / "redan" / "threatmodel.yaml").write_text(yaml.safe_dump(model, sort_keys=False))


def approve(folder):
    for role, key in (("ml-lead", "ada.pem"), ("security-lead", "grace.pem")):
        redan(folder, "approve", "-q", "--role", role, "--key", key)


def prepare(folder):
    root = redan(folder, "org", "new", "bank", "-q", "--holder", "a.root", "--out", "root.pem").strip().split()[0]
    for role, holder in (("ml-lead", "ada"), ("security-lead", "grace")):
        redan(folder, "keys", "new", holder + "-1", "-q", "--holder", holder, "--role", role, "--sign-with", "root.pem",
              "--out", holder + ".pem")
    return root


def payloads(folder):
    """The predicates of the approvals, by step: [(root, predicate), ...]."""
    steps = {}
    for path in sorted((folder / "redan" / "approvals").rglob("*.json")):
        statement = json.loads(base64.b64decode(json.loads(path.read_text())["payload"]))
        predicate = statement["predicate"]
        steps.setdefault(predicate["number"], []).append((statement["subject"][0]["digest"]["sha256"], predicate))
    return steps


def step_digest(number, root, chain):
    """Section 10 of docs/digest.md."""
    return canonical.digest("step", {"number": float(number), "root": root, "chain": chain})


def check_chain(folder, count):
    steps = payloads(folder)
    check(sorted(steps) == list(range(1, count + 1)), "the steps are %s" % sorted(steps))
    before, previous, chain = None, ZEROS, ZEROS
    for number in sorted(steps):
        check(sorted(p["role"] for _, p in steps[number]) == ["ml-lead", "security-lead"], "who signed step %d" % number)
        root = steps[number][0][0]
        text = (folder / "redan" / "history" / ("model-%s.yaml" % root)).read_text()
        document = canonical.read(text)
        check(canonical.digests(document)["root"] in (root, "sha256:" + root), "step %d: the root of its text" % number)
        want = {"number": number, "previous": previous, "chain": chain, "diff": "sha256:" + difference.digest(before, document)[0]}
        for signed, predicate in steps[number]:
            check(signed == root, "step %d: the leads signed two roots" % number)
            for name, value in want.items():
                check(predicate.get(name) == value, "step %d: %s is %s, and Python says %s" % (number, name, predicate.get(name), value))
        before, previous = document, "sha256:" + root
        chain = "sha256:" + step_digest(number, root, chain[len("sha256:"):])
    return previous


def check_pin(folder, root, model):
    last = check_chain(folder, 3)
    pin = redan(folder, "pin", "--root", "%s %s" % (root, OTHER)).split()
    check(pin[0] == root and OTHER in pin and "scorer=3:" + last in pin, "the pin is %s" % pin)
    narrow = copy.deepcopy(model)
    narrow["profile"]["trains"] = False
    for what, changed in (("no longer mandatory", narrow), ("180", plan(model, -10, 160))):
        write(folder, changed)
        approve(folder)
        said = redan(folder, "pin", "--root", root, code=1)
        check("not pinned" in said and what in said, "redan pin said: %s" % said)
        write(folder, model)  # the leads take it back, and it may be pinned again
        approve(folder)
        redan(folder, "pin", "--root", root)
    check_chain(folder, 7)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        root = prepare(folder)
        first = plan(MODEL, -100, 70)
        second = copy.deepcopy(first)
        second["threats"][0]["severity"] = "critical"
        second["name"] = "Caf\u00e9 \"scorer\""
        third = copy.deepcopy(second)
        third["controls"].append({"id": "second", "evidence": "none"})
        for model in (first, second, third):
            write(folder, model)
            approve(folder)
        check_pin(folder, root, third)
    for failure in failures[:5]:
        print("FAILED " + failure)
    print("%d checks, %d failed" % (checks, len(failures)))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
