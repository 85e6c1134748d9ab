"""What the tests of JSON against docs/schema share: the schemas by name, a validator that finds them, and checks that are counted. Importing it
ends the test with 77 when the Python package `jsonschema` is absent."""
import glob
import json
import os
import sys
import warnings

warnings.simplefilter("ignore")  # the older way to find other schemas, for Debian's jsonschema
try:
    import jsonschema
except ImportError:
    print("skipped: the Python package `jsonschema` is not installed (Debian: python3-jsonschema)")
    sys.exit(77)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCHEMAS = os.path.join(ROOT, "docs", "schema")
EXAMPLES = os.path.join(SCHEMAS, "examples")
failures = []
counted = [0]


def check(truth, what):
    counted[0] += 1
    if not truth:
        failures.append(what)


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def names():
    for path in sorted(glob.glob(os.path.join(SCHEMAS, "**", "*.json"), recursive=True)):
        if not path.startswith(EXAMPLES + os.sep):
            yield os.path.relpath(path, SCHEMAS)[:-len(".json")]


STORE = {name: load(os.path.join(SCHEMAS, name + ".json")) for name in names()}


def validator(schema):
    try:
        from referencing import Registry, Resource
        registry = Registry().with_resources((s["$id"], Resource.from_contents(s)) for s in STORE.values())
        return jsonschema.Draft202012Validator(schema, registry=registry)
    except ImportError:
        resolver = jsonschema.RefResolver(schema.get("$id", ""), schema, store={s["$id"]: s for s in STORE.values()})
        return jsonschema.Draft202012Validator(schema, resolver=resolver)


def faults(schema, document, how=validator):
    return ["%s: %s" % ("/".join(map(str, e.absolute_path)), e.message[:200]) for e in how(schema).iter_errors(document)]


def sound(schema, document, what, how=validator):
    for fault in faults(schema, document, how):
        check(False, "%s: %s" % (what, fault))
    check(True, what)


def finish():
    """The exit code."""
    for failure in failures:
        print("FAILED:", failure)
    print("%d checks, %d failed" % (counted[0], len(failures)))
    return 1 if failures else 0
