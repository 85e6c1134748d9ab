"""Holds the digest of a difference in C and in Python against each other, over generated threat models and edits of them.

    difference_test.py TOOL [--pairs N] [--seed S]

A third of the pairs are a document and an edit of it, a third a document and another writing of it, a third two unrelated ones. Ends with 77
when PyYAML is not installed.
"""
import argparse
import json
import random
import subprocess
import sys

try:
    import yaml  # noqa: F401
except ImportError:
    print("skipped: PyYAML is not installed (Debian: python3-yaml)")
    sys.exit(77)

import canonical
import difference
import generate
from emit import Writer

# the definition's sharp corners
CORNERS = (
    ("a: 1", "a: 2"), ("", "a: 1"), ("a: []", "a: {}"), ("a: []", "b: 1"), ("a:", "a: ''"), ("a: [x, x]", "a: [x]"),
    ("a: [{id: x}, {id: y, b: 1}]", "a: [{id: y, b: 2}, {id: z}]"),
    ("a: [{id: x}, {id: x, b: 1}]", "a: [{id: x}]"),
    ("a: [{id: x}, y]", "a: [{id: x, b: 1}, y]"),
    ("a: [{archetype: x, c: 1}]", "a: [{archetype: x, c: 2}]"),
    ("a: [{archetype: x, id: p, c: 1}]", "a: [{archetype: x, c: 2}]"),
    ("a: [{control: x, c: 1}]", "a: [{control: x, c: 2}, {control: y}]"),
    ("a: []", "a: [{control: x, c: 1}, {control: y, archetype: z}]"),
    ("a: [{id: ''}]", "a: [{id: '', b: 1}]"),
    ("a: [[x, y], [z]]", "a: [[y, x], [w]]"),
    ("'a.b': 1\na: {b: 1}", "'a.b': 2\na: {b: 2}"),
    ("'a[]': 1\na: [1]", "'a[]': 2\na: [2]"),
    ("\"\\\"\\t\u00e9\\\\\": 1", "\"\\\"\\t\u00e9\\\\\": 2"),
    ("profile: {a: 0.10, b: true, c: -0}", "profile: {a: 1e-1, b: 'true', c: 0}"),
    ("controls: [{id: c, evidence: [{id: e, expect: {\"$.x[*]\": {in: [1, 2]}}}]}]",
     "controls: [{id: c, evidence: [{id: e, expect: {\"$.x[*]\": {in: [2, '1']}}}]}]"),
    ("annotations: {a: 1}\nx: {annotations: 1}", "annotations: {a: 2}\nx: {annotations: 2}"),
    ("a: [\U0001f600, \uffee]", "a: [b]"), ("\U0001f600: 1\n\uffee: 1", "\U0001f600: 2\n\uffee: 2"),
)


def pairs(rng, count):
    maker = generate.Maker(rng, ["shared-1", "shared-2"])
    for i in range(count):
        tree = maker.document()
        text = Writer(rng).document(tree)
        if i % 3 == 0:
            other = tree
            for _ in range(rng.randint(1, 6)):
                other = generate.mutate(rng, other, maker)[1]
            yield text, Writer(rng).document(other), None
        elif i % 3 == 1:
            yield text, generate.permute(rng, tree), 0
        else:
            yield text, Writer(rng).document(maker.document()), None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("--pairs", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    made = [(a, b, None) for a, b in CORNERS] + list(pairs(random.Random(options.seed), options.pairs))
    told = subprocess.run([options.tool], input="".join(a + "\0" + b + "\0" for a, b, _ in made).encode(),
                          capture_output=True, check=False)
    if told.returncode != 0:
        raise SystemExit("difference_tool: " + told.stderr.decode())
    says = [json.loads(line) for line in told.stdout.splitlines()]
    faults = len(says) != len(made)
    changes = 0
    for (a, b, want), said in zip(made, says):
        digest, count = difference.digest(canonical.read(a) if a else None, canonical.read(b))
        changes += count
        if said != {"digest": digest, "count": count, "problems": 0} or (want is not None and count != want):
            faults += 1
            if faults <= 3:
                print("C says %s, Python %s (%d)\n%s\n--------\n%s" % (said, digest, count, a, b))
    print("%d pairs in C and in Python, %d changes, %d faults" % (len(made), changes, faults))
    return 1 if faults or changes < len(made) else 0


if __name__ == "__main__":
    sys.exit(main())
