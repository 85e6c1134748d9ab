"""What `redan verify` and `redan inspect` write against their schemas, over keys, certificates, policies, refusals and foreign bundles.
Usage: signing.py REDAN; exit code 77 when the Python package `jsonschema` is absent."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from against_schemas import ROOT, STORE, check, faults, finish

REDAN = os.path.abspath(sys.argv[1])


def run(schema, code, verdict, *arguments):
    done = subprocess.run([REDAN, *arguments, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
    what = " ".join(arguments)
    check(done.returncode == code, "%s: exit code %d, not %d: %s" % (what, done.returncode, code, done.stderr.decode()))
    try:
        document = json.loads(done.stdout)
    except ValueError:
        check(False, "%s: no JSON: %r" % (what, done.stdout[:200]))
        return None
    found = faults(STORE[schema], document)
    check(not found, "%s does not fit %s: %s" % (what, schema, found))
    if verdict is not None:
        check(document["verdict"] == verdict, "%s: %s" % (what, document["verdict"]))
    return document


with tempfile.TemporaryDirectory() as folder:
    shutil.copytree(os.path.join(ROOT, "tests", "cli", "fixtures", "signing"), os.path.join(folder, "s"))
    os.chdir(os.path.join(folder, "s"))
    os.rename("model", "plain")
    for arguments in (("--key", "signer.pem", "--signature", "a.sig"), ("--key", "second.pem", "--signature", "b.sig"),
                      ("--key", "signer.pem", "--signature", "shards.sig", "--shards=8", "--hash", "blake2b"),
                      ("--key", "signer.pem", "--cert", "leaf.pem", "--cert-chain", "between.pem", "--signature", "c.sig")):
        subprocess.run([REDAN, "sign", "plain", "--quiet", *arguments], check=True, stdout=subprocess.DEVNULL)
    run("verification", 0, "verified", "verify", "plain", "--key", "signer.pub", "--signature", "a.sig")
    run("verification", 1, "not-verified", "verify", "plain", "--key", "second.pub", "--signature", "a.sig")
    both = ("--signature", "a.sig", "--signature", "b.sig")
    policy = run("verification", 1, "not-verified", "verify", "plain", "--policy", "who.yaml", *both)
    check(policy and policy["policy"]["agreed"] == 1, "a signer counts whose pattern does not fit")
    os.rename("plain", "model-2")
    run("verification", 0, "verified", "verify", "model-2", "--policy", "who.yaml", *both)
    run("verification", 0, "verified", "verify", "model-2", "--cert-chain", "roots.pem", "--signature", "c.sig")
    with open("model-2/config.json", "a", encoding="utf-8") as file:
        file.write("x")
    open("model-2/line\nbreak \u202e.txt", "w", encoding="utf-8").close()
    os.unlink("model-2/empty.txt")
    document = run("verification", 1, "not-verified", "verify", "model-2", "--key", "signer.pub", "--signature", "shards.sig")
    kinds = sorted(d["fault"] for d in document["differences"]) if document else []
    check(kinds == ["changed", "extra", "missing"], "differences: %s" % kinds)
    run("verification", 0, "verified", "verify", "--bundle", "tool.sigstore.json", "--key", "signer.pub", "tool.bin")
    run("verification", 1, "not-verified", "verify", "--bundle", "tool.sigstore.json", "--key", "signer.pub", "roots.pem")
    for bundle in ("a.sig", "shards.sig", "c.sig", "tool.sigstore.json", "provenance.sigstore.json", "traversal.sig"):
        run("inspection", 0, None, "inspect", bundle)
    samples = os.environ.get("REDAN_SAMPLES", os.path.join(os.path.dirname(ROOT), "shared", "samples"))
    bundles = []
    for top, _, files in os.walk(os.path.join(samples, "signing")):
        bundles += [os.path.join(top, name) for name in files if name in ("model.sig", "bundle.sigstore.json")]
    for bundle in sorted(bundles):
        done = subprocess.run([REDAN, "inspect", bundle, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, check=False)
        check(done.returncode in (0, 1), "%s: exit code %d" % (bundle, done.returncode))
        if done.returncode == 0:
            found = faults(STORE["inspection"], json.loads(done.stdout))
            check(not found, "%s does not fit: %s" % (bundle, found))
    print("%d bundles of others were inspected" % len(bundles) if bundles else "no samples of others' bundles here: left out")

sys.exit(finish())
