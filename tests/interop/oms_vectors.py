"""Every vector of OpenSSF Model Signing that there is here, with the verdict that it must have: historical bundles, the specification's
own, single faults, orders, and golden manifests and payloads. Usage: oms_vectors.py TOOL [--json]. The vectors are in
REDAN_SAMPLES/signing/oms (default: ../shared/samples beside the source); exit code 77 when they are not there."""
import csv
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
SAMPLES = pathlib.Path(os.environ.get("REDAN_SAMPLES") or TOP.parent / "shared/samples") / "signing"
OMS = SAMPLES / "oms"
ROOT = SAMPLES / "sigstore-conformance/roots/trusted_root.json"
TOOL = os.path.abspath(sys.argv[1])
WHO, ISSUER = "stefanb@us.ibm.com", "https://sigstore.verify.ibm.com/oauth2"
CA = OMS / "keys/certificate/ca-cert.pem"
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="redan-oms-"))
KEY, OTHER_CA = FOLDER / "key.pem", FOLDER / "other-ca.pem"

tally, faults, without = {}, [], []


def run(*argv):
    result = subprocess.run([TOOL, *map(str, argv)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return result.returncode, result.stdout.decode(), result.stderr.decode()


def expect(group, what, argv, accept, says=""):
    """One vector. A verdict is an acceptance or a refusal; that something could not be done is neither."""
    code, out, err = run(*argv)
    if code == 3 and "blake3" in err.lower():
        without.append(f"{what}: {err.strip()}")
        return
    good, whole = tally.setdefault(group, [0, 0])
    right = code == (0 if accept else 1) and says in out + err
    tally[group] = [good + right, whole + 1]
    if not right:
        faults.append(what)
        print(f"FAULT {group}: {what}: exit {code}, {'acceptance' if accept else 'refusal'} was expected"
              f"{' that says ' + says if says else ''}\n      {(out + err).strip()[-400:]}")


def judged(where, wanted):
    """The arguments for one historical folder: its own way to verify it, or another."""
    if wanted == "sigstore":
        return ["sigstore", WHO, ISSUER, ROOT]
    return ["certificate", CA] if wanted == "certificate" else ["key", KEY]


def keys():
    """The published key without certtool's prose before it, and a root that signed nothing of this."""
    text = (OMS / "keys/certificate/signing-key-pub.pem").read_text()
    KEY.write_text(text[text.index("-----BEGIN"):])
    if not shutil.which("openssl"):
        without.append("another root: no openssl")
        return
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=other",
                    "-keyout", FOLDER / "other.key", "-out", OTHER_CA], check=True, stderr=subprocess.DEVNULL)


def historical(folder):
    rows = []
    for path in sorted(OMS.glob("v*-*")):
        version, method = path.name.split("-", 1)
        method = "key" if method == "elliptic-key" else method
        single = method == "key" and version in ("v0.3.1", "v1.0.0")
        rows.append((path, version, method, single))
    for path, version, method, single in rows:
        model = path / "signme-1" if single else path
        args = ["verify", path / "model.sig", model, *judged(path, method), "--signature", "model.sig"]
        if version == "v1.0.1":
            args += ["--ignore", "ignore-me"]
        expect("historical", path.name, args, True)
        if single:
            expect("historical, refused", f"{path.name} as a folder",
                   ["verify", path / "model.sig", path, *judged(path, method), "--signature", "model.sig"], False,
                   "missing: .")
        if version == "v1.0.1":
            expect("historical, refused", f"{path.name} without its ignored path", args[:-2], False, "extra: ignore-me")
        if method == "sigstore":
            bad = [("identity", ["sigstore", "someone@us.ibm.com", ISSUER, ROOT]),
                   ("issuer", ["sigstore", WHO, "https://accounts.google.com", ROOT])]
        elif method == "key":
            bad = [("key", ["key", OMS / "generated/k.pub"]), ("method", ["certificate", CA])]
        else:
            bad = [("root", ["certificate", OTHER_CA])] if OTHER_CA.exists() else []
            bad.append(("method", ["key", OMS / "generated/k.pub"]))
        for name, how in bad:
            expect("historical, refused", f"{path.name} by another {name}", [*args[:3], *how, *args[3 + len(judged(path, method)):]],
                   False)
        if single:
            spoil(folder, path, args, ["change"], "signme-1")
        else:
            spoil(folder, path, args, ["change", "remove", "add"], "signme-1")
    # the bundle of one model over the files of another
    expect("historical, refused", "v1.1.0-certificate over other files",
           ["verify", OMS / "v1.1.0-certificate/model.sig", OMS / "v1.1.0-elliptic-key", "certificate", CA], False, "changed")


def spoil(folder, path, args, how, name):
    """The same, after one change to a copy of the model."""
    for change in how:
        copy = folder / f"{path.name}-{change}"
        shutil.copytree(path, copy)
        for each in [copy, *copy.rglob("*")]:
            each.chmod(0o755 if each.is_dir() else 0o644)
        if change == "change":
            (copy / name).write_bytes((copy / name).read_bytes() + b"x")
        elif change == "remove":
            (copy / name).unlink()
        else:
            (copy / "added").write_bytes(b"x")
        moved = [str(a).replace(str(path), str(copy)) for a in args]
        says = {"change": "changed: ", "remove": f"missing: {name}", "add": "extra: added"}[change]
        expect("historical, refused", f"{path.name}, {change}", moved, False, says)


def specification():
    vectors = OMS / "oms-spec/test-vectors/v1.0"
    valid = {"key": ("v1.1.0-elliptic-key", "key"), "certificate": ("v1.1.0-elliptic-key", "certificate"),
             "sigstore": ("v1.1.0-sigstore", "sigstore")}
    for name, (model, method) in valid.items():
        expect("specification", name, ["verify", vectors / f"valid/{name}.bundle.json", OMS / model, *judged(None, method), "--signature", "model.sig"], True)
    for path in sorted([*vectors.glob("invalid/*"), *vectors.glob("invalid-payload/*")]):
        for method in ("key", "certificate", "sigstore"):
            code, out, err = run("verify", path, OMS / "v1.1.0-elliptic-key", *judged(None, method))
            if code != 1:
                print(f"FAULT specification: {path.name} by {method}: exit {code} {out} {err}")
                faults.append(f"{path.name} by {method}")
        expect("specification", path.name, ["verify", path, OMS / "v1.1.0-elliptic-key", *judged(None, "key")], False)


# What a refusal must be about: the bundle's name to a word of its reason.
REASONS = {
    "duplicate-resource-name-same-digest": "is there 2 times", "duplicate-resource-name-first-digest-wrong-last-right": "is there 2 times",
    "name-f1": "the step \".\"", "name-f1-trailing-slash": "ends in", "name-d-x-f1": "leads out",
    "path-traversal-outside-default": "leads out", "path-traversal-outside-ignore-unsigned-files": "leads out",
    "absolute-path-tmp-probe2-outside-ignore-unsigned-files": "is absolute",
    "signer-ignore-paths-resources-covers-nothing": "nothing would be signed", "uppercase-hex-digest": "lower-case",
    "resource-algorithm-sha512-label-w-sha256-value": "one is allowed", "hash-type-md5-but-resources-sha256": "hash_type",
    "root-digest-wrong": "the resources come to", "two-subjects": "several subjects", "predicatetype-unknown": "predicateType",
    "type-statement-v0-1": "_type", "trailing-garbage-in-payload-signed": "where the end belongs", "duplicate-json-key-in-payload-signed": "twice",
    "shards-overlapping-ranges": "overlap", "shards-gap-tail-of-f2-unsigned": "changed: f2",
    "files-method-with-shard-size-present": "shard_size", "allow-symlinks-as-string-false": "allow_symlinks",
    "ignore-paths-absolute-etc": "is absolute", "ignore-paths-x": "leads out", "nul-in-name": "NUL", "backslash-name": "backslash",
    "digest-truncated-to-31-bytes": "31 bytes", "subject-digest-sha512-only": "no sha256", "subject-name-empty": "no name",
}


def generated():
    base = OMS / "generated"
    with open(base / "INDEX.tsv", newline="") as index:
        rows = list(csv.DictReader(index, delimiter="\t"))
    named = set()
    for row in rows:
        stem = pathlib.Path(row["bundle"]).stem
        verdict = row["expected_for_C"]
        # "reject (strict) / accept+warn (compat ...)": accepted, and said
        accept = verdict.startswith("accept") or "accept+warn" in verdict
        args = ["verify", base / row["bundle"], base / "m", "key", base / "k.pub"]
        if "--ignore-unsigned-files" in row["extra_cli_flags"]:
            args.append("--unsigned")
        says = REASONS.get(stem, "")
        named.add(stem)
        if "accept+warn" in verdict or "compat" in verdict and accept:
            says = "remark: "
        expect("generated", stem, args, accept, says)
    assert not set(REASONS) - named, set(REASONS) - named
    assert len(rows) == 62, len(rows)
    order = base / "ordering"
    key = ["key", base / "k.pub"]
    expect("ordering", "spec-order", ["verify", order / "spec-order.sig", order / "m", *key], True)
    expect("ordering", "model_signing-order", ["verify", order / "model_signing-order.sig", order / "m", *key], True, "remark: ")
    for name in ("spec", "model_signing"):
        expect("ordering", f"{name}-single-file",
               ["verify", order / f"{name}-single-file.sig", order / "single/weights.bin", *key], True)
    code, out, err = run("make", order / "m", "--keep-git")
    assert code == 0, err
    names = [r["name"] for r in json.loads(out)["predicate"]["resources"]]
    assert names == sorted(names) == ["B", "a-b", "a.txt", "a/z", "\u00e9"], names


# The models of the reference's tests/conftest.py.
TEXT = b"This is a simple model"


def models(folder):
    made = {}

    def model(name, leaf, files):
        top = folder / name / leaf
        for path, content in files.items():
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            (top / path).write_bytes(content)
        top.mkdir(parents=True, exist_ok=True)
        made[name] = top

    sample = {f"d{i}/f{i}{j}": f"This is file f{i}{j} in d{i}.".encode() for i in range(2) for j in range(3)}
    sample.update({f"f{i}": f"This is file f{i} in root.".encode() for i in range(4)})
    model("sample_model_folder", "sample_model", sample)
    model("empty_model_folder", "empty_folder_model", {})
    model("model_folder_with_empty_file", "empty_file_inside_model", {"empty_file": b""})
    model("deep_model_folder", "deep_model", {f"d0/d1/d2/d3/d4/f{i}": f"This is file f{i}.".encode() for i in range(4)})
    for name, leaf, content in (("sample_model_file", "file_model", TEXT), ("empty_model_file", "empty_file_model", b"")):
        (folder / name).mkdir()
        (folder / name / leaf).write_bytes(content)
        made[name] = folder / name / leaf
    outside = folder / "external"
    outside.write_bytes(TEXT)
    (folder / "symlink_model_folder/symlink_model").mkdir(parents=True)
    os.symlink(outside, folder / "symlink_model_folder/symlink_model/symlink_file")
    made["symlink_model_folder"] = folder / "symlink_model_folder/symlink_model"
    return made


def plain(statement):
    """A statement without what is decided otherwise here: the order, the reference's name of a shard's hash, a size as a float."""
    s = json.loads(json.dumps(statement))
    form = s["predicate"]["serialization"]
    if "shard_size" in form:
        assert form["shard_size"] == int(form["shard_size"])
        form["shard_size"] = int(form["shard_size"])
    for resource in s["predicate"]["resources"]:
        resource["algorithm"] = resource["algorithm"].split("-")[0]
    s["predicate"]["resources"].sort(key=lambda r: r["name"])
    s["subject"][0].pop("annotations", None)
    digests = [bytes.fromhex(r["digest"]) for r in s["predicate"]["resources"]]
    s["subject"][0]["digest"]["sha256"] = hashlib.sha256(b"".join(digests)).hexdigest()
    return s


def made_like(group, what, model, options, golden):
    """What we make of the golden's model, or a refusal where the golden signs nothing."""
    code, out, err = run("make", model, "--keep-git", "--dot", *options)
    good, whole = tally.setdefault(group, [0, 0])
    if golden:
        right = code == 0 and golden(json.loads(out))
    else:
        right = code == 1 and ("empty" in err)
    tally[group] = [good + right, whole + 1]
    if not right:
        faults.append(what)
        print(f"FAULT {group}: {what}: exit {code} {out[:300]} {err}")


def goldens(folder):
    made = models(folder)
    base = OMS / "serialization"
    for kind, options in (("file", []), ("file_shard", ["--shards", "1000000000"])):
        for path in sorted((base / "testdata" / kind / "TestSerializer").iterdir()):
            name, small = path.name, path.name.endswith("_small_shards")
            model = made[name.removesuffix("_small_shards")]
            wanted = sorted(line for line in path.read_text().splitlines() if line)
            made_like("golden manifests", f"{kind}/{name}", model, ["--links", *(["--shards", "8"] if small else options)],
                      wanted and (lambda got, wanted=wanted: wanted == sorted(
                          f"{r['name']}:{r['digest']}" for r in got["predicate"]["resources"])))
    for path in sorted((base / "signing-testdata/signing/TestPayload").iterdir()):
        golden = json.loads(path.read_text())
        name, options = path.name, ["--links"]
        for suffix, size in (("_small_shards", "8"), ("_shard", "1000000000")):
            if name.endswith(suffix):
                name, options = name.removesuffix(suffix), ["--links", "--shards", size]
                break
        resources = golden["predicate"]["resources"]
        made_like("golden payloads", path.name, made[name], options,
                  resources and (lambda got, golden=golden: plain(got) == plain(golden)))
        # and the other way: the golden itself is read, and its model is what it says
        expect("golden payloads, read", path.name, ["check", path, made[name], "--links", "--keep-git"], bool(resources),
               "" if resources else "nothing was signed")


def main():
    if not (OMS / "generated/INDEX.tsv").is_file():
        shutil.rmtree(FOLDER)
        print(f"skipped: no vectors in {OMS}; REDAN_SAMPLES names the folder that holds signing/oms")
        return 77
    try:
        keys()
        historical(FOLDER)
        specification()
        generated()
        goldens(FOLDER)
    finally:
        shutil.rmtree(FOLDER)
    for group, (good, whole) in tally.items():
        print(f"{group}: {good}/{whole}")
    for line in without:
        print(f"not tried: {line}")
    if "--json" in sys.argv:
        print(json.dumps({group: {"good": good, "of": whole} for group, (good, whole) in tally.items()}))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
