"""Holds the C and the Python digest against each other, over generated documents, other writings of them, and edits.

    digest_test.py TOOL [--documents N] [--permutations N] [--mutations N] [--python N] [--seed S] [--full]

Every permutation has to keep all digests in C; N of them (--python) are computed in Python too. Every edit has to change the root, and an
edit of a control exactly the acceptances that stand on it. Ends with 77 when PyYAML is not installed.
"""
import argparse
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time

try:
    import yaml
except ImportError:
    print("skipped: PyYAML is not installed (Debian: python3-yaml)")
    sys.exit(77)

import canonical
import generate
from emit import Writer

CHUNK = 50
# the definition's sharp corners: two documents, whether they are the same
PAIRS = (
    ("profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: 0.1}}", "profile: {eu-ai-act: {x: 1.0e-1, reason: r, high-risk: true}, kind: [llm]}", True),
    ("profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: -0}}", "profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: 0}}", True),
    ("profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: '1'}}", "profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: 1}}", False),
    ("profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: 1e400}}", "profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: '1e400'}}", True),
    ("profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: 9007199254740993}}", "profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: 9007199254740992}}", True),
    ("profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: }}", "profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: ''}}", False),
    ("profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: null}}", "profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: 'null'}}", True),
    ("profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: []}}", "profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: {}}}", False),
    ("profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: [[b, a], [a, b]]}}", "profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: [[a, b]]}}", True),
    ("profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: [{id: b}, {id: a}]}}", "profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: [{id: a}, {id: b}, {id: a}]}}", True),
    ("profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: [{id: b}, {x: a}]}}", "profile: {kind: [llm], eu-ai-act: {high-risk: true, reason: r, x: [{x: a}, {id: b}]}}", True),
    ("profile: {kind: [llm, rag]}", "profile: {kind: [rag, llm, rag]}", True),
    ("profile: {kind: [llm], registry: 'a '}", "profile: {kind: [llm], registry: a}", True),
    ("profile: {kind: [llm]}\nrelease: {profile: 1.0}", "profile: {kind: [llm]}\nrelease: {profile: 1.00}", False),
    ("profile: {kind: [llm]}\nrelease: {model: ' v '}", "profile: {kind: [llm]}\nrelease: {model: v}", True),
    ("profile: {kind: [llm]}\nname: |\n  a  \n  b\n", "profile: {kind: [llm]}\nname: \"a\\nb\"", True),
    ("profile: {kind: [llm]}\nname: 0.1", "profile: {kind: [llm]}\nname: 0.10", False),
    ("profile: {kind: [llm]}\nname: 0.1", "profile: {kind: [llm]}\nname: '0.1'", True),
    ("profile: {kind: [llm]}\ninherits: []", "profile: {kind: [llm]}", False),
    ("profile: {kind: [llm]}\ncontrols: []", "profile: {kind: [llm]}", True),
    ("profile: {kind: [llm]}\ncontrols: [%s]" % "{id: c, evidence: [{id: e, type: probe, signer: s, fresh: 1d, expect: {a: {'!=': bad}}}]}",
     "profile: {kind: [llm]}\ncontrols: [%s]" % "{id: c, evidence: [{id: e, type: probe, signer: s, fresh: 1d, expect: {a: {'!=': 'bad '}}}]}", False),
    ("profile: {kind: [llm]}\nexcluded: [{archetype: DC-01, reason: a, by: b}, {archetype: DC-03, reason: a, by: b}]",
     "profile: {kind: [llm]}\nexcluded: [{archetype: DC-03, by: b, reason: a}, {archetype: DC-01, reason: a, by: b}]", True),
)
REST = ("\nschema: redan/1\nid: s\nowners: {ml-lead: a, security-lead: b}\nthreats:\n"
        "- {id: t, name: n, stage: data, severity: low, resolution: {kind: accepted, body: risk-board, reason: r, residual: low, expires: 2027-05-31}}\n")


def run_tool(tool, organisation, documents):
    done = subprocess.run([tool, organisation], input="".join(d + "\0" for d in documents).encode(), capture_output=True, check=False)
    if done.returncode != 0:
        raise SystemExit("digest_tool: " + done.stderr.decode())
    return [json.loads(line) for line in done.stdout.splitlines()]


class Fault(Exception):
    pass


def want(holds, what, *documents):
    if not holds:
        raise Fault("%s\n%s" % (what, "\n--------\n".join(str(d) for d in documents)))


def compare(tool_says, python_says, text):
    want("problem" not in tool_says, "refused: %s" % tool_says, text)
    want(tool_says == python_says, "C and Python differ: %s"
         % {k: (tool_says.get(k), python_says[k]) for k in python_says if tool_says.get(k) != python_says[k]}, text)


def check_edit(before, after, document, what, control, shared):
    want("problem" not in after, "an edit (%s) was refused: %s" % (what, after), document)
    want(after["root"] != before["root"], "an edit (%s) kept the root" % what, document)
    if control is None:
        return
    threats = {t["id"]: t for t in document["threats"]}
    controls = {c["id"] for c in document["controls"]} | shared
    for name, acceptance in before["acceptances"].items():
        stands = control in canonical.stands_on(name, threats, controls)[0]
        want((after["acceptances"][name] != acceptance) == stands,
             "an edit (%s of %s): the acceptance of %s %s" % (what, control, name, "stayed" if stands else "changed"), document)


def chunk(job):
    tool, organisation_path, seed, documents, permutations, mutations, python = job
    rng = random.Random(seed)
    with open(organisation_path, encoding="utf-8") as file:
        organisation = canonical.read(file.read())
    shared = {c["id"] for c in organisation["controls"]}
    maker = generate.Maker(rng, sorted(shared))
    trees = [maker.document() for _ in range(documents)]
    texts = [Writer(rng).document(tree) for tree in trees]
    says = run_tool(tool, organisation_path, texts)
    for text, said in zip(texts, says):
        compare(said, canonical.digests(canonical.read(text), organisation), text)
    order = [i % documents for i in range(permutations)]
    others = [generate.permute(rng, trees[i]) for i in order]
    for i, text, said in zip(order, others, run_tool(tool, organisation_path, others)):
        want(said == says[i], "a permutation changed the digests", texts[i], text, says[i], said)
    for i in range(min(python, permutations)):
        compare(says[order[i]], canonical.digests(canonical.read(others[i]), organisation), others[i])
    picks = [i % documents for i in range(mutations)]
    edits = [generate.mutate(rng, trees[i], maker) for i in picks]
    edited = [Writer(rng).document(tree) for _, tree, _ in edits]
    for i, text, edit, said in zip(picks, edited, edits, run_tool(tool, organisation_path, edited)):
        check_edit(says[i], said, edit[1], edit[0], edit[2], shared)
        if i % 10 == 0:
            compare(said, canonical.digests(canonical.read(text), organisation), text)
    return sum(len(t) for t in texts)


def guarded(job):
    try:
        return chunk(job), None
    except Fault as fault:
        return 0, "seed %d: %s" % (job[2], fault)


def check_pairs(tool, organisation):
    texts = [part + ("" if "release:" in part else "\nrelease: {model: v}") + REST for pair in PAIRS for part in pair[:2]]
    says = run_tool(tool, organisation, texts)
    shared = canonical.read(open(organisation, encoding="utf-8").read())
    for i, (first, second, same) in enumerate(PAIRS):
        a, b = says[2 * i:2 * i + 2]
        compare(a, canonical.digests(canonical.read(texts[2 * i]), shared), texts[2 * i])
        compare(b, canonical.digests(canonical.read(texts[2 * i + 1]), shared), texts[2 * i + 1])
        want((a["root"] == b["root"]) == same, "must%s be the same" % ("" if same else " not"), first, second)


def check_refusals(tool, organisation):
    """Text outside normal form C, wherever it is digested; and only there."""
    base = "profile: {kind: [llm], registry: R}\nname: N\nrelease: {model: v}\nannotations: {x: A}" + REST
    for place in "RNA":
        text = base.replace(place + "}" if place in "RA" else ": N", ("e\u0301}" if place in "RA" else ": e\u0301"))
        said = run_tool(tool, organisation, [text])[0]
        want(("normal form" in said.get("problem", "")) == (place != "A"), "normal form at %s: %s" % (place, said), text)
        try:
            canonical.digests(canonical.read(text))
            want(place == "A", "Python took what is not in normal form", text)
        except canonical.Refused:
            want(place != "A", "Python refused an annotation", text)


    text = base.replace("{model: v}", '{model: "a \\nb"}')
    want("line break" in run_tool(tool, organisation, [text])[0].get("problem", ""), "a release on two lines", text)


LOOSER = """profile: {kind: [llm]}
release: {model: v}
excluded: [{archetype: DC-01, reason: "a  ", by: b, expires: 2027-01-01}]
exceptions:
- {control: shared, reason: caf\u00e9, owner: o, expires: 2027-01-01}
controls:
- {id: shared, evidence: [{id: e, type: policy, signer: s, fresh: 9d}]}
"""


def check_waivers(tool, folder):
    """What a governance body signs of an exclusion and an exception; it moves with the profile and with either control."""
    path = os.path.join(folder, "looser.yaml")
    base = "schema: redan/org/1\norg: bank\ncontrols:\n- {id: shared, evidence: [{id: e, type: policy, signer: s, fresh: 7d}]}\n"
    made = []
    for organisation, text in ((base, LOOSER), (base, LOOSER.replace("[llm]", "[llm], trains: true")),
                               (base, LOOSER.replace("9d", "8d")), (base.replace("7d", "6d"), LOOSER)):
        with open(path, "w", encoding="utf-8") as file:
            file.write(organisation)
        said = run_tool(tool, path, [text + REST])[0]
        compare(said, canonical.digests(canonical.read(text + REST), canonical.read(organisation)), text)
        made.append((said["exclusions"]["DC-01"], said["exceptions"]["shared"]))
    for i, (exclusion, exception) in enumerate(made[1:], 1):
        want((exclusion != made[0][0]) == (i == 1), "exclusion %d" % i, made)
        want((exception != made[0][1]) == (i != 1), "exception %d" % i, made)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("--documents", type=int, default=500)
    parser.add_argument("--permutations", type=int, default=5000)
    parser.add_argument("--mutations", type=int, default=500)
    parser.add_argument("--python", type=int, default=100, help="permutations that Python computes too")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--full", action="store_true", help="10,000 documents, 100,000 permutations, 20,000 edits, 10,000 permutations in Python")
    parser.add_argument("--json", action="store_true", help="one object with the numbers, last")
    options = parser.parse_args()
    if options.full:
        options.documents, options.permutations, options.mutations, options.python = 10000, 100000, 20000, 10000
    options.python = min(options.python, options.permutations)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        organisation = os.path.join(folder, "org.yaml")
        with open(organisation, "w", encoding="utf-8") as file:
            rng = random.Random(options.seed)
            file.write(Writer(rng, "neat").document(generate.organisation(rng)))
        failures = []
        try:
            check_pairs(options.tool, organisation)
            check_refusals(options.tool, organisation)
            check_waivers(options.tool, folder)
        except Fault as fault:
            failures.append(str(fault))
        chunks = max(1, options.documents // CHUNK)
        share = [-(-n // chunks) for n in (options.documents, options.permutations, options.mutations, options.python)]
        jobs = [(options.tool, organisation, options.seed * 1000003 + i, *share) for i in range(chunks)]
        size = 0
        with multiprocessing.Pool() as pool:
            for bytes_made, failure in pool.imap_unordered(guarded, jobs):
                size += bytes_made
                failures += [failure] if failure else []
    for failure in failures[:3]:
        print(failure)
    made = [n * chunks for n in share]
    seconds = time.monotonic() - begin
    print("%d documents (%.1f MB) in C and Python; %d permutations in C, %d of them in Python; %d edits; %d pairs; %d faults; %.0f s"
          % (made[0], size / 1e6, made[1], made[3], made[2], len(PAIRS), len(failures), seconds))
    if options.json:
        print(json.dumps({"documents": made[0], "permutations": made[1], "permutations_python": made[3], "edits": made[2],
                          "pairs": len(PAIRS), "faults": len(failures), "seconds": round(seconds)}))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
