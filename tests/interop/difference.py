"""The digest of the difference of two documents, implemented anew from section 9 of docs/digest.md."""
import json
import re

import canonical

BARE = re.compile(r"[A-Za-z0-9_-]+")
ABSENT = object()


def step(path, name):
    text = name if BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
    return path + "." + text if path else text


def identified(items, field):
    """The items by what their `field` says, or None when one says nothing or two the same."""
    found = {}
    for item in items:
        name = item.get(field) if isinstance(item, dict) else None
        if not isinstance(name, str) or name == "" or name in found:
            return None
        found[name] = item
    return found


def compare_lists(before, after, path):
    for field in ("id", "archetype", "control"):
        old, new = identified(before, field), identified(after, field)
        if old is not None and new is not None:
            return compare_maps(old, new, path)
    old = {canonical.to_json(item): item for item in before}
    new = {canonical.to_json(item): item for item in after}
    found = [(path + "[]", old[key], ABSENT) for key in old if key not in new]
    return found + [(path + "[]", ABSENT, new[key]) for key in new if key not in old]


def compare_maps(before, after, path):
    found = []
    for name in set(before) | set(after):
        found += compare(before.get(name, ABSENT), after.get(name, ABSENT), step(path, name))
    return found


def compare(before, after, path):
    if isinstance(before, dict) and isinstance(after, dict):
        return compare_maps(before, after, path)
    if isinstance(before, list) and isinstance(after, list):
        return compare_lists(before, after, path)
    if ABSENT not in (before, after) and canonical.to_json(before) == canonical.to_json(after):
        return []
    return [(path, before, after)]


def typed(document):
    if document is None:
        return {}
    return canonical.typed_tree({k: v for k, v in document.items() if k != "annotations"})


def digest(before, after):
    """The digest of two threat models as canonical.read gives them, and how many changes there are."""
    def order(change):
        return (change[0].encode(), *(b"" if side is ABSENT else canonical.to_json(side) for side in change[1:]))

    changes = []
    for path, old, new in sorted(compare(typed(before), typed(after), ""), key=order):
        change = {"path": path}
        if old is not ABSENT:
            change["before"] = old
        if new is not ABSENT:
            change["after"] = new
        changes.append(change)
    return canonical.digest("diff", changes), len(changes)
