"""OpenSSF Model Signing both ways with other clients: what `redan sign` makes the reference client (model-signing) and cosign accept, what the
reference client makes `redan verify` accepts, and after one change each refuses. Usage: oms_peers.py REDAN [--quick] [--json]. Peers come
through tools/peers; one that cannot be had is named. Exit code 77 when not even the reference client can be had."""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
PEERS = os.path.join(TOP, "tools", "peers")
redan = os.path.abspath(sys.argv[1])
quick = "--quick" in sys.argv
faults = []
counts = {}


def run(*argv, cwd=None):
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=cwd, check=False,
                          env={**os.environ, "HOME": cwd or "/nonexistent", "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "400"})


def peer(name, fetch=False):
    """Folder of a peer's programs, or None; in a ctest only what is installed already is used."""
    if fetch or os.environ.get("REDAN_PEERS_FETCH"):
        got = run(PEERS, "get", name)
        if got.returncode:
            print(f"{name}: cannot be had here: {got.stdout.decode(errors='replace').strip()[:200]}")
            return None
    path = run(PEERS, "path", name)
    folder = path.stdout.decode().strip()
    return folder if path.returncode == 0 and os.path.isdir(folder) else None


def expect(what, result, good):
    kind = what.split(":")[0]
    counts.setdefault(kind, [0, 0])
    counts[kind][1] += 1
    if (result.returncode == 0) == good:
        counts[kind][0] += 1
        return
    faults.append(what)
    print(f"FAULT {what}: exit {result.returncode}, {'acceptance' if good else 'refusal'} was expected\n"
          f"      {result.stdout.decode(errors='replace').strip()[-400:]}")


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(content)


def tree(root, files):
    for name, content in files.items():
        write(os.path.join(root, name), content)


def linked(root):
    tree(root, {"real/weights.bin": b"w" * 5000, "a.txt": b"a"})
    os.symlink("real/weights.bin", os.path.join(root, "alias.bin"))


def single(root):
    write(root, b"one file is a model too\n")


# name -> (how to make it, options of both clients, redan's own, the file that is then changed)
SHAPES = {
    "two files": (lambda r: tree(r, {"f1": b"one", "f2": b"two"}), [], "f1"),
    "folders": (lambda r: tree(r, {"a/b/c.bin": b"c", "a/d.bin": b"d", "e/f.bin": b"f", "g": b"g"}), [], "a/b/c.bin"),
    "order": (lambda r: tree(r, {"B": b"1", "a/z": b"2", "a-b": b"3", "a.txt": b"4", "a/a": b"5", "a0": b"6"}), [], "a/z"),
    "unicode": (lambda r: tree(r, {"modèle/poids.bin": b"1", "模型.bin": b"2", "emoji-😀.txt": b"3", "ø": b"4", "z": b"5"}), [], "模型.bin"),
    "empty file": (lambda r: tree(r, {"empty": b"", "config.json": b"{}"}), [], "empty"),
    "one file": (single, [], ""),
    "many": (lambda r: tree(r, {f"shard/{i // 50:02}/{i:04}.bin": bytes([i % 256]) * (i % 97) for i in range(700)}), [], "shard/03/0150.bin"),
    "dot files": (lambda r: tree(r, {".hidden": b"h", ".config/x": b"x", "..odd": b"o", "v": b"v"}), [], ".hidden"),
    "odd names": (lambda r: tree(r, {"with space": b"1", "quo\"te": b"2", "it's": b"3", "a,b;c=d": b"4", "new:colon:1": b"5", "%41": b"6"}), [],
                  "with space"),
    "deep": (lambda r: tree(r, {"/".join("abcdefghijklmnopqrst") + "/deep.bin": b"deep", "top": b"t"}), [], "top"),
    "git": (lambda r: tree(r, {".git/HEAD": b"ref", ".gitignore": b"x", ".gitattributes": b"y", ".github/w.yml": b"z", "m": b"m",
                               "sub/.gitignore": b"s"}), [], "sub/.gitignore"),
    "git signed": (lambda r: tree(r, {".git/HEAD": b"ref", ".gitignore": b"x", "m": b"m"}), ["--no-ignore-git-paths"], ".gitignore"),
    "ignored": (lambda r: tree(r, {"README.md": b"r", "cache/x": b"1", "cache/y": b"2", "m": b"m"}), ["--ignore-paths", "{}/cache"], "m"),
    "links": (linked, ["--allow-symlinks"], "real/weights.bin"),
    "large": (lambda r: tree(r, {"big.safetensors": os.urandom(24 << 20), "small": b"s"}), [], "big.safetensors"),
    "case": (lambda r: tree(r, {"Model.bin": b"1", "model.bin": b"2", "MODEL/x": b"3"}), [], "model.bin"),
}


def openssl(*argv, cwd):
    done = run("openssl", *argv, cwd=cwd)
    if done.returncode:
        sys.exit(f"openssl {argv[0]} failed: {done.stdout.decode(errors='replace')}")


def keys(folder):
    """Private and public file by curve."""
    made = {}
    for name, curve in (("p256", "prime256v1"), ("p384", "secp384r1"), ("p521", "secp521r1")):
        private, public = os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".pub")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-out", private, cwd=folder)
        openssl("pkey", "-in", private, "-pubout", "-out", public, cwd=folder)
        made[name] = (private, public)
    return made


def chain(folder, depth):
    """A root, depth - 1 intermediates, a leaf: (leaf key, leaf certificate, intermediates, root)."""
    certificates = []
    above = None
    for i in range(depth + 1):
        name = os.path.join(folder, f"chain{depth}-{i}")
        leaf = i == depth
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", name + ".key", cwd=folder)
        write(name + ".ext", (b"basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n"
                              b"subjectAltName=email:release@example.com\n" if leaf else
                              b"basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n") +
              b"subjectKeyIdentifier=hash\n" + (b"authorityKeyIdentifier=keyid\n" if above else b""))
        openssl("req", "-new", "-key", name + ".key", "-subj", f"/CN=level {i} of {depth}", "-out", name + ".csr", cwd=folder)
        by = ["-CA", above + ".crt", "-CAkey", above + ".key", "-CAcreateserial"] if above else ["-signkey", name + ".key"]
        openssl("x509", "-req", "-in", name + ".csr", "-days", "30", "-extfile", name + ".ext", "-out", name + ".crt", *by, cwd=folder)
        certificates.append(name + ".crt")
        above = name
    return above + ".key", certificates[-1], certificates[1:-1][::-1], certificates[0]


def change(model, name):
    with open(os.path.join(model, name) if name else model, "ab") as f:
        f.write(b"!")


def theirs_verify(program, model, signature, how, options):
    return run(program, "verify", how[0], model, "--signature", signature, *how[1:],
               *[o.replace("--allow-symlinks", "--allow_symlinks") for o in options], cwd=os.path.dirname(model))


def both_ways(work, reference, cosign, name, method, ours_sign, ours_verify, theirs_sign, theirs_check):
    make, options, victim = SHAPES[name]
    label = f"{name}, {method}"
    base = os.path.join(work, f"{len(os.listdir(work)):04}")
    model = os.path.join(base, "model")
    os.makedirs(base)
    make(model)
    options = [o.format(model) for o in options]
    first, second = os.path.join(base, "ours.sig"), os.path.join(base, "theirs.sig")
    compat = ["--compat"] if name == "one file" else []
    done = run(redan, "sign", model, "--signature", first, *ours_sign, *options, *compat, cwd=base)
    expect(f"ours, signing: {label}", done, True)
    if done.returncode == 0:
        expect(f"ours, by ourselves: {label}", run(redan, "verify", model, "--signature", first, *ours_verify, *options, cwd=base), True)
        expect(f"ours, by the reference: {label}", theirs_verify(reference, model, first, theirs_check, options), True)
        if cosign and method == "p256":
            expect(f"ours, by cosign: {label}", cosign_verify(cosign, first, ours_verify[-1], base), True)
            third = cosign_sign(cosign, first, ours_sign[-1], base)
            expect(f"cosign's, by us: {label}", run(redan, "verify", model, "--signature", third, *ours_verify, *options, cwd=base), True)
    done = run(reference, "sign", theirs_sign[0], model, "--signature", second, *theirs_sign[1:],
               *[o.replace("--allow-symlinks", "--allow_symlinks") for o in options], cwd=base)
    if done.returncode:
        print(f"the reference client does not sign {label}: {done.stdout.decode(errors='replace').strip()[-200:]}")
    else:
        expect(f"theirs, by us: {label}", run(redan, "verify", model, "--signature", second, *ours_verify, *options, cwd=base), True)
        if cosign and method in ("p384", "p521") and os.path.exists(first):
            # cosign hashes with SHA-256 whatever the curve: whatever it says to theirs it says to ours
            theirs = cosign_verify(cosign, second, ours_verify[-1], base).returncode == 0
            expect(f"ours, by cosign as theirs: {label}", cosign_verify(cosign, first, ours_verify[-1], base), theirs)
    change(model, victim)
    if os.path.exists(first):
        expect(f"changed, by the reference: {label}", theirs_verify(reference, model, first, theirs_check, options), False)
    for signature in (first, second):
        if os.path.exists(signature):
            expect(f"changed, by us: {label}", run(redan, "verify", model, "--signature", signature, *ours_verify, *options, cwd=base), False)
    shutil.rmtree(base)
    os.mkdir(base)


def cosign_verify(cosign, bundle, public, cwd):
    with open(bundle, encoding="utf-8") as f:
        payload = json.loads(base64.b64decode(json.load(f)["dsseEnvelope"]["payload"]))
    return run(cosign, "verify-blob-attestation", "--bundle", bundle, "--key", public, "--insecure-ignore-tlog",
               "--type", payload["predicateType"], "--digest", payload["subject"][0]["digest"]["sha256"], "--digestAlg", "sha256", cwd=cwd)


def cosign_sign(cosign, bundle, private, cwd):
    """The same statement, signed by cosign."""
    with open(bundle, encoding="utf-8") as f:
        write(os.path.join(cwd, "statement.json"), base64.b64decode(json.load(f)["dsseEnvelope"]["payload"]))
    os.environ["COSIGN_PASSWORD"] = ""
    run(cosign, "import-key-pair", "--key", private, "--output-key-prefix", "cosign", cwd=cwd)
    made = os.path.join(cwd, "cosign.json")
    run(cosign, "attest-blob", "--key", "cosign.key", "--statement", "statement.json", "--bundle", made, "--tlog-upload=false",
        "--use-signing-config=false", "--yes", cwd=cwd)
    return made


def main():
    fetch = "--fetch" in sys.argv
    folder = peer("model-signing", fetch)
    if not folder:
        print("skipped: the reference client is not installed: tools/peers get model-signing")
        return 77
    reference = os.path.join(folder, "model_signing")
    cosign = peer("cosign", fetch)
    cosign = cosign and os.path.join(cosign, "cosign")
    print(run(reference, "--version").stdout.decode().strip() + ("" if cosign else "; cosign is not installed: tools/peers get cosign"))
    with tempfile.TemporaryDirectory(prefix="redan-oms-") as work:
        pki = os.path.join(work, "pki")
        os.mkdir(pki)
        made = keys(pki)
        shapes = [s for i, s in enumerate(SHAPES) if not quick or i % 4 == 2 or s == "one file"]
        for curve, (private, public) in made.items():
            for name in shapes if curve == "p256" else shapes[:2]:
                both_ways(work, reference, cosign, name, curve, ["--key", private], ["--key", public], ["key", "--private_key", private],
                          ["key", "--public_key", public])
        for depth in (1, 2, 3) if not quick else (2,):
            key, leaf, between, root = chain(pki, depth)
            bundle = os.path.join(pki, f"between{depth}.pem")
            with open(bundle, "wb") as out:
                for c in between:
                    with open(c, "rb") as f:
                        out.write(f.read())
            mine = ["--key", key, "--cert", leaf] + (["--cert-chain", bundle] if between else [])
            his = ["certificate", "--private_key", key, "--signing_certificate", leaf]
            for c in between or [root]:
                his += ["--certificate_chain", c]
            for name in shapes[:2]:
                both_ways(work, reference, cosign, name, f"certificate {depth} deep", mine, ["--cert-chain", root], his,
                          ["certificate", "--certificate_chain", root])
    for kind, (good, of) in counts.items():
        print(f"  {kind:28} {good}/{of}")
    if "--json" in sys.argv:
        whole = [shape for shape in shapes if not any(f": {shape}, " in fault for fault in faults)]
        print(json.dumps({**{kind: {"good": g, "of": n} for kind, (g, n) in counts.items()},
                          "shapes without a fault": {"good": len(whole), "of": len(shapes)}}))
    print(f"{sum(n for _, n in counts.values())} verdicts, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
