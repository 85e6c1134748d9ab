"""The canonical digest of a threat model, implemented anew from docs/digest.md.

    canonical.py THREATMODEL.yaml [ORG.yaml]    prints the digests as JSON

It takes documents that `redan lint` accepts and does not judge them; only text outside normal form C is refused.
"""
import hashlib
import json
import math
import re
import sys
import unicodedata
from fractions import Fraction

import yaml

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
BLANKS = " \t\r\n"
STANDS_ON_MAX = 256


class Refused(Exception):
    pass


class Plain(str):
    """A scalar without quotes."""


def read(text, loader=yaml.BaseLoader):
    """Section 1: dicts, lists, Plain and str, and None for nothing."""
    def convert(node):
        if isinstance(node, yaml.MappingNode):
            return {key.value: convert(value) for key, value in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [convert(item) for item in node.value]
        if node.style is not None:
            return str(node.value)
        return Plain(node.value) if node.value else None

    return convert(yaml.compose(text, Loader=loader))


def normal(text):
    if not unicodedata.is_normalized("NFC", text):
        raise Refused("not in normal form C: %r" % text)
    return text


def clean(text):
    return "\n".join(line.rstrip(" \t\r") for line in text.strip(BLANKS).split("\n"))


def scalar(text, typed, exact):
    normal(text)
    if typed and isinstance(text, Plain):
        if text in ("true", "false"):
            return text == "true"
        if NUMBER.fullmatch(text):
            number = float(text)
            if math.isfinite(number):
                return number
    return str(text) if exact else clean(text)


def typed_tree(value, typed=False, exact=False, own_names=False):
    """Section 2. `own_names`: the keys are the user's, and open nothing."""
    if value is None:
        return None
    if isinstance(value, str):
        return scalar(value, typed, exact)
    if isinstance(value, list):
        return as_set([typed_tree(item, typed, exact) for item in value])
    tree = {}
    for key, item in value.items():
        expect = key == "expect" and not own_names
        profile = key == "profile" and not own_names
        tree[normal(key)] = typed_tree(item, typed or expect or profile, exact or expect, key == "release")
    return tree


def has_id(item):
    return isinstance(item, dict) and isinstance(item.get("id"), str) and item["id"] != ""


def as_set(items):
    by_id = all(has_id(item) for item in items)
    found = {(item["id"].encode() if by_id else b"", to_json(item)): item for item in items}
    return [found[key] for key in sorted(found)]


def number_text(number):
    """ECMAScript Number::toString; RFC 8785 section 3.2.2.3."""
    if number == 0:
        return "0"
    sign = "-" if number < 0 else ""
    mantissa, _, exponent = ("%r" % abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = int(exponent or 0) + len(whole) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    k = len(digits)
    assert Fraction("%se%d" % (digits, point - k)) == Fraction("%r" % abs(number))
    if k <= point <= 21:
        return sign + digits + "0" * (point - k)
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    e = "e%+d" % (point - 1)
    return sign + digits[0] + ("." + digits[1:] if k > 1 else "") + e


def write(value, out):
    if value is None:
        out.append("null")
    elif value is True or value is False:
        out.append("true" if value else "false")
    elif isinstance(value, float):
        out.append(number_text(value))
    elif isinstance(value, str):
        out.append(json.dumps(value, ensure_ascii=False))
    elif isinstance(value, list):
        out.append("[")
        for i, item in enumerate(value):
            out.append("," if i else "")
            write(item, out)
        out.append("]")
    else:
        out.append("{")
        for i, key in enumerate(sorted(value, key=lambda k: k.encode("utf-16-be"))):
            out.append(("," if i else "") + json.dumps(key, ensure_ascii=False) + ":")
            write(value[key], out)
        out.append("}")


def to_json(value):
    """Section 3."""
    out = []
    write(value, out)
    return "".join(out).encode()


def tagged(section, data):
    return hashlib.sha256(b"redan/1\0" + section.encode() + b"\0" + data).hexdigest()


def digest(section, tree):
    """Section 4."""
    return tagged(section, to_json(tree))


def ids(resolution, *fields):
    return [clean(name) for field in fields for name in resolution.get(field) or []]


def refers(threat):
    """Controls and threats that a threat's resolution names."""
    resolution = threat["resolution"]
    controls = ids(resolution, "controls", "conditions", "absent", "relies-on")
    controls += ids(resolution.get("interim") or {}, "controls")
    return controls, ids(resolution, "relies-on")


def stands_on(start, threats, controls):
    """Section 5: the ids of all the controls and threats that the answer to a threat stands on."""
    met_threats, met_controls, queue = {start}, set(), [start]
    while queue:
        named_controls, named_threats = refers(threats[queue.pop()])
        met_controls.update(name for name in named_controls if name in controls)
        new = [name for name in named_threats if name in threats and name not in met_threats]
        met_threats.update(new)
        queue.extend(set(new))
    met_threats.discard(start)
    if len(met_threats) + len(met_controls) > STANDS_ON_MAX:
        raise Refused("%s stands on too much" % start)
    return met_controls, met_threats


def queries(system, control):
    """Section 6."""
    found = {}
    evidence = control.get("evidence")
    for entry in evidence if isinstance(evidence, list) else []:
        tree = {"system": system, "control": clean(control["id"]), "evidence": clean(entry["id"])}
        for field in ("type", "subject", "ledger"):
            tree[field] = entry.get(field, "").strip(BLANKS)
        tree["mode"] = entry.get("mode", "enforce").strip(BLANKS)
        tree = {field: text for field, text in tree.items() if text}
        if "expect" in entry:
            tree["expect"] = typed_tree(entry["expect"], True, True)
        found[tree["control"] + "/" + tree["evidence"]] = digest("query", tree)
    return found


def release(values):
    found = {}
    for name, value in (values or {}).items():
        value = value.strip(BLANKS)
        found[name] = value[7:] if value.startswith("sha256:") else tagged("reference", value.encode())
    return found


def digests(document, organisation=None):
    threats = {clean(item["id"]): item for item in document["threats"]}
    own = {clean(item["id"]): item for item in document.get("controls") or []}
    shared = {}
    for item in (organisation or {}).get("controls") or []:
        shared.setdefault(clean(item["id"]), item)
    leaves = {name: digest("threat", typed_tree(item)) for name, item in threats.items()}
    own_leaves = {name: digest("control", typed_tree(item)) for name, item in own.items()}
    all_leaves = {name: digest("control", typed_tree(item)) for name, item in shared.items()}
    all_leaves.update(own_leaves)
    head = {key: value for key, value in document.items() if key not in ("threats", "controls", "annotations")}
    tree = typed_tree(head)
    result = {"head": digest("head", tree), "profile": digest("profile", tree["profile"]),
              "threats": leaves, "controls": own_leaves, "acceptances": {}, "queries": {},
              "release": release(document.get("release"))}
    result["root"] = digest("threat-model", {"head": result["head"], "threats": leaves, "controls": own_leaves})
    for name in threats:
        controls, others = stands_on(name, threats, all_leaves)
        result["acceptances"][name] = digest("acceptance", {
            "threat": leaves[name], "profile": result["profile"],
            "controls": {c: all_leaves[c] for c in controls}, "threats": {t: leaves[t] for t in others}})
    result["exclusions"] = {
        clean(item["archetype"]): digest("exclusion", {"exclusion": typed_tree(item), "profile": result["profile"]})
        for item in document.get("excluded") or []}
    result["exceptions"] = {
        clean(item["control"]): digest("exception", {
            "exception": typed_tree(item), "own": own_leaves[clean(item["control"])],
            "org": digest("control", typed_tree(shared[clean(item["control"])]))})
        for item in document.get("exceptions") or []}
    for item in own.values():
        result["queries"].update(queries(clean(document["id"]), item))
    return result


def main(arguments):
    trees = []
    for path in arguments:
        with open(path, encoding="utf-8") as file:
            trees.append(read(file.read()))
    json.dump(digests(*trees), sys.stdout, indent=2, sort_keys=True)
    print()


if __name__ == "__main__":
    main(sys.argv[1:])
