"""Observations that a query accepts, derived from its `expect`: the honest measurements of a system that is as it should be."""
import datetime

INTERVAL = {"metric"}
DEFAULT_N = 12

FACTS = {
    "age": lambda q: {"last": today()},
    "attestation": lambda q: {"verified": True, "builder": "https://ci.example/builders/gpu"},
    "bom": lambda q: {"format": "cyclonedx", "matches": True, "missing": 0},
    "digest": lambda q: {"digest": q.subject_digest},
    "file": lambda q: {"exists": True},
    "git": lambda q: {"commit": "7f3c9a1"},
    "heartbeat": lambda q: {"alive": True},
    "log": lambda q: {"from": today(), "to": today(), "gaps": 0},
    "policy": lambda q: {"violations": 0},
    "scan": lambda q: {"tool": "redan", "findings": 0, "error": 0, "warning": 0, "note": 0, "suppressed": 0, "coverage": "complete"},
    "signature": lambda q: {"verified": True, "format": "oms"},
    "signoff": lambda q: {"decision": "approve", "role": "risk-board"},
    "tests": lambda q: {"result": "PASSED", "configuration": [], "passedTests": ["other.passes"], "warnedTests": [], "failedTests": []},
}


def today():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")


def under(bound, strict):
    return bound / 2 if isinstance(bound, float) else max(bound // 2, 0) if bound > 0 else bound - strict


def over(bound):
    return (bound + 1) / 2 if isinstance(bound, float) and bound < 1 else bound + 1


def interval(value):
    """Low, value and high, narrow enough to stay on the same side of the bound."""
    span = value / 50 if isinstance(value, float) else max(value // 50, 0)
    return {"value": value, "low": value - span, "high": value + span, "confidence": 0.95, "method": "wilson"}


def value_of(want, measured):
    if not isinstance(want, dict):
        return want
    for op, bound in want.items():
        if op in ("<=", "<"):
            value = under(bound, op == "<")
        elif op in (">=", ">"):
            value = over(bound)
        elif op == "in":
            value = bound[0]
        elif op == "none-of":
            value = "group:platform"
        elif op == "includes":
            value = list(bound)
        elif op == "max-age":
            value = today()
        else:
            value = bound
    return interval(value) if measured and isinstance(value, (int, float)) else value


def put(tree, path, value):
    """Set "$.a.b" or "$.a[*].b" in a tree."""
    names = path[2:].replace("[*]", ".[*]").split(".")
    at = tree
    for i, name in enumerate(names[:-1]):
        if name == "[*]":
            continue
        if names[i + 1] == "[*]":
            items = at.setdefault(name, [{}])
            at = items[0]
        else:
            at = at.setdefault(name, {})
    at[names[-1]] = value


def observe(query):
    """(observed, n) for a query."""
    seen = FACTS[query.type](query) if query.type in FACTS else {}
    n = DEFAULT_N
    for field, want in query.expect.items():
        if field == "n":
            n = value_of(want, False)
        elif field == "passed":
            seen["passedTests"] = seen["passedTests"] + (want if isinstance(want, list) else [want])
        elif field.startswith("$."):
            put(seen, field, value_of(want, False))
        else:
            seen[field] = value_of(want, query.type in INTERVAL)
    return seen, max(n, DEFAULT_N)
