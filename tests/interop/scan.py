"""What `redan scan` writes against its schemas: JSON, rules, SARIF 2.1.0. Usage: scan.py REDAN [SARIF-SCHEMA]; without a schema of SARIF its
required shape is checked. Exit code 77 when the Python package `jsonschema` is absent."""
import json
import os
import pickle
import subprocess
import sys
import tempfile

from against_schemas import STORE, check, finish, jsonschema, load, sound

REDAN = sys.argv[1]
MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LOCATION = {"type": "object", "properties": {
    "physicalLocation": {"type": "object", "required": ["artifactLocation"], "properties": {
        "artifactLocation": {"type": "object", "required": ["uri"], "properties": {"uri": {"type": "string", "pattern": "^[!-~]*$"}}},
        "region": {"type": "object", "required": ["startLine"], "properties": {
            "startLine": {"const": 1}, "byteOffset": {"type": "integer", "minimum": 0}}}}},
    "logicalLocations": {"type": "array", "items": {"type": "object", "required": ["fullyQualifiedName"]}}}}
SARIF = {"type": "object", "required": ["version", "runs"], "properties": {
    "version": {"const": "2.1.0"},
    "runs": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["tool", "results", "invocations", "taxonomies"], "properties": {
        "tool": {"type": "object", "required": ["driver"], "properties": {"driver": {"type": "object", "required": ["name", "version", "rules"], "properties": {
            "rules": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {
                "type": "object", "required": ["id", "shortDescription", "help", "relationships", "properties"],
                "properties": {"shortDescription": MESSAGE, "help": MESSAGE, "fullDescription": MESSAGE}}}}}}},
        "taxonomies": {"type": "array", "minItems": 2, "items": {"type": "object", "required": ["name", "taxa"]}},
        "results": {"type": "array", "items": {
            "type": "object", "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
            "properties": {"message": MESSAGE, "level": {"enum": ["note", "warning", "error"]},
                           "locations": {"type": "array", "minItems": 1, "items": LOCATION}}}},
        "invocations": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["executionSuccessful"], "properties": {
            "toolExecutionNotifications": {"type": "array", "items": {
                "type": "object", "required": ["message"],
                "properties": {"message": MESSAGE, "locations": {"type": "array", "items": LOCATION}}}}}}}}}}}}


def redan(*arguments, stdin=None):
    done = subprocess.run([REDAN, *arguments], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def specimens(top):
    """Made here: nothing hostile is shipped, and nothing of it is ever loaded."""
    os.makedirs(os.path.join(top, "sub"))

    def put(name, data):
        with open(os.path.join(os.fsencode(top), name if isinstance(name, bytes) else os.fsencode(name)), "wb") as file:
            file.write(data)
    put("benign.pkl", pickle.dumps({"a": [1, 2.5, "three"]}))
    put("call.pkl", b"cposix\nsystem\n(S'echo hello'\ntR.")
    put("sub/program.bin", b"\x7fELF\x02\x01\x01" + b"\0" * 100)
    put("unknown.xyz", bytes(range(256)))
    put("red \x1b[31m%.pkl", b"cposix\nsystem\n(S'echo hello'\ntR.")
    put(b"not-utf8-\xff.pkl", pickle.dumps([1]))
    os.symlink("benign.pkl", os.path.join(top, "link"))


def main():
    with tempfile.TemporaryDirectory() as top:
        specimens(top)
        code, out, err = redan("scan", top, "--json")
        check(code == 1, "scan --json: exit %d, %s" % (code, err))
        report = json.loads(out)
        sound(STORE["scan"], report, "scan --json")
        check(b"\x1b" not in out, "an escape reaches the report")
        paths = [a["path"] for a in report["artefacts"]]
        check(len(paths) == report["counts"]["artefacts"] == 7, "artefacts: %r" % paths)
        by_name = {os.path.relpath(p, top): a for p, a in zip(paths, report["artefacts"])}
        check(by_name["call.pkl"]["verdict"] == "malicious", "call.pkl is %s" % by_name["call.pkl"]["verdict"])
        check((by_name["benign.pkl"]["verdict"], by_name["benign.pkl"]["coverage"]) == ("clean", "complete"), "benign.pkl: %r" % by_name["benign.pkl"])
        check(by_name["unknown.xyz"]["coverage"] != "complete", "unknown.xyz is complete")
        check(by_name["link"]["coverage"] == "uninspected", "link: %s" % by_name["link"]["coverage"])
        again = redan("scan", top, "--json", "--jobs", "1")[1]
        check(again == out, "one worker says something else than several")

        code, out, err = redan("scan", top, "--sarif")
        check(code == 1, "scan --sarif: exit %d, %s" % (code, err))
        sarif = json.loads(out)
        sound(SARIF, sarif, "scan --sarif")
        if len(sys.argv) > 2:
            sound(load(sys.argv[2]), sarif, "scan --sarif, the standard's schema", jsonschema.Draft7Validator)
        run = sarif["runs"][0]
        rules = run["tool"]["driver"]["rules"]
        check(all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"]), "a ruleIndex is wrong")
        findings = sum(len(a["findings"]) for a in report["artefacts"])
        check(len(run["results"]) == findings, "%d results of %d findings" % (len(run["results"]), findings))
        prints = {f["fingerprint"] for a in report["artefacts"] for f in a["findings"]}
        check(prints == {r["partialFingerprints"]["redanFinding/v1"] for r in run["results"]}, "fingerprints differ")
        notes = run["invocations"][0].get("toolExecutionNotifications", [])
        unread = [a for a in report["artefacts"] if a["coverage"] != "complete"]
        check(len(notes) == len(unread), "%d notifications of %d not read" % (len(notes), len(unread)))

        code, out, _ = redan("scan", "-", "--json", stdin=b"cposix\nsystem\n(S'echo hello'\ntR.")
        report = json.loads(out)
        sound(STORE["scan"], report, "scan - --json")
        check(code == 1 and report["artefacts"][0]["path"] == "-", "standard input: %d" % code)

    code, out, err = redan("scan", "explain", "--all", "--json")
    check(code == 0, "explain --all: %s" % err)
    sound(STORE["scan-rules"], json.loads(out), "scan explain --all --json")
    return finish()


sys.exit(main())
