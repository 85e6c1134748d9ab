"""The JSON Schemas: valid themselves, right about their examples, and about what the program reads and writes.
Usage: schemas.py PROGRAM; exit code 77 when the Python package `jsonschema` is absent."""
import glob
import json
import os
import subprocess
import sys
import tempfile

from against_schemas import EXAMPLES, ROOT, STORE, check, faults as faults_of, finish, jsonschema, load

try:
    import yaml
except ImportError:
    yaml = None

PROGRAM = sys.argv[1]


def faults(name, document):
    return faults_of(STORE[name], document)


def program(*arguments):
    done = subprocess.run([PROGRAM, *arguments], stdout=subprocess.PIPE, timeout=60, check=False)
    return done.returncode, done.stdout.decode()


def written(name, *arguments):
    """What the program writes must be what the schema says."""
    code, text = program(*arguments)
    check(code == 0, "%s: %s" % (" ".join(arguments), text))
    if code == 0:
        found = faults(name, json.loads(text))
        check(not found, "%s does not fit %s: %s" % (" ".join(arguments), name, found))


def plain_yaml(path):
    """YAML as our reader types it: dates stay text."""
    class Loader(yaml.SafeLoader):
        pass
    Loader.yaml_implicit_resolvers = {
        first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, Loader)


for name, schema in STORE.items():
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
        check(True, name)
    except jsonschema.SchemaError as error:
        check(False, "%s is no schema: %s" % (name, error.message))
    check(schema["$id"] == "https://redan.dev/schema/%s.json" % name, name + " has another $id")
    if name == "common":
        continue
    example = os.path.join(EXAMPLES, name)
    found = faults(name, load(example + ".valid.json"))
    check(not found, "%s.valid.json is refused: %s" % (name, found))
    found = faults(name, load(example + ".invalid.json"))
    check(len(found) == 1, "%s.invalid.json has %d faults, not one: %s" % (name, len(found), found))
    if name in ("keys", "org", "threat-model"):
        for kind, right in (("valid", 0), ("invalid", 1)):
            code, text = program("read", name, "%s.%s.json" % (example, kind))
            check(code == right, "the program on %s.%s.json: %s" % (name, kind, text))
    if name == "inference-event":
        written(name, "event", example + ".valid.json")
        code, text = program("event", example + ".invalid.json")
        check(code == 1, "the program on %s.invalid.json: %s" % (name, text))
    if name.startswith("evidence/"):
        written(name, "draft", name.split("/")[1], example + ".valid.json")

types = [n for n in STORE if n.startswith("evidence/")]
check(len(types) == 16, "%d schemas of evidence, not sixteen" % len(types))
written("approval", "approval")
written("approval", "release")
written("verdict", "verdict")
with tempfile.TemporaryDirectory() as folder:
    for source, kind, form in (("sarif_scan.json", "scan", "sarif"),
                               ("sarif_two_tools.json", "scan", "sarif"),
                               ("junit_pytest.xml", "tests", "junit"),
                               ("intoto_slsa.json", "attestation", "in-toto"),
                               ("json_metric.json", "metric", "json")):
        path = os.path.join(folder, source)
        with open(os.path.join(ROOT, "tests", "corpus", "import", source), "rb") as file:
            report = file.read()[1:]  # the first byte tells the fuzzer which importer
        with open(path, "wb") as file:
            file.write(report)
        written("evidence/" + kind, "import", form, kind, path)

if yaml:
    for pattern, name in (("catalog/*.yaml", "catalog"), ("examples/*/redan/org.yaml", "org"),
                          ("examples/*/redan/keys.yaml", "keys"),
                          ("examples/*/redan/threatmodel.yaml", "threat-model")):
        for path in sorted(glob.glob(os.path.join(ROOT, pattern))):
            found = faults(name, plain_yaml(path))
            check(not found, "%s does not fit %s: %s" % (os.path.relpath(path, ROOT), name, found))
else:
    print("the YAML files of the tree were left out: no Python package `yaml`")

sys.exit(finish())
