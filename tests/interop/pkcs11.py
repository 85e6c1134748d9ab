"""Keys on a token of SoftHSM's: four kinds of key sign and Python's cryptography verifies; every mistake has its own clear error; then the
program itself signs a model, evidence and approvals with such keys. Usage: pkcs11.py PKCS11_TOOL REDAN"""
import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOOL, REDAN = map(os.path.abspath, sys.argv[1:3])
PIN = "12 34&5"
PIN_IN_ADDRESS = "12%2034%265"
CURVES = {"p256": "EC:prime256v1", "p384": "EC:secp384r1", "p521": "EC:secp521r1", "ed": "EC:edwards25519"}

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
except ImportError:
    print("pkcs11: python3-cryptography is not installed")
    sys.exit(77)
MODULES = glob.glob("/usr/lib/softhsm/libsofthsm2.so") + glob.glob("/usr/lib/*/softhsm/libsofthsm2.so")
if not MODULES or not shutil.which("softhsm2-util") or not shutil.which("pkcs11-tool"):
    print("pkcs11: softhsm2 and opensc are not installed")
    sys.exit(77)
MODULE = MODULES[0]
failures = 0
checks = 0


def check(what, good, detail=""):
    global failures, checks
    checks += 1
    if not good:
        failures += 1
        print(f"FAILED: {what}\n{detail}")


def tool(address, module=MODULE, pin=PIN, message=b"what is signed"):
    # what the module itself leaks (the name of an Edwards curve) is not ours; a sanitized build finds whose it is by whole stacks, slowly
    edwards = "object=ed" in address or "id=%04" in address
    env = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":fast_unwind_on_malloc=0" * edwards}
    done = subprocess.run([TOOL, address, module, pin], env=env, input=message, capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def holds(pem, signature, message):
    key = serialization.load_pem_public_key(pem.encode())
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        else:
            size = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}[key.curve.key_size]
            key.verify(signature, message, ec.ECDSA(size))
    except InvalidSignature:
        return False
    return True


def softhsm(*args):
    subprocess.run(["softhsm2-util", *args], check=True, capture_output=True, timeout=60)


def generate(label, kind, ident, token="release"):
    subprocess.run(["pkcs11-tool", "--module", MODULE, "--token-label", token, "--login", "--pin", PIN, "--keypairgen", "--key-type",
                    kind, "--id", ident, "--label", label], check=True, capture_output=True, timeout=120)


def delete(kind, ident):
    subprocess.run(["pkcs11-tool", "--module", MODULE, "--token-label", "release", "--login", "--pin", PIN, "--delete-object",
                    "--type", kind, "--id", ident], check=True, capture_output=True, timeout=60)


def signs():
    for number, label in enumerate(CURVES, 1):
        for address in (f"pkcs11:token=release;object={label}", f"pkcs11:id=%{number:02x};token=release;type=private",
                        f"pkcs11:object={label};token=release?module-path={MODULE}&pin-value={PIN_IN_ADDRESS}"):
            for message in (b"", b"what is signed", bytes(range(256)) * 4096):
                asked = "pin-value" in address
                code, out, err = tool(address, "" if asked else MODULE, "" if asked else PIN, message)
                check(f"{address} signs", code == 0, out + err)
                if code == 0:
                    pem, _, tail = out.partition("-----END PUBLIC KEY-----\n")
                    good = holds(pem + "-----END PUBLIC KEY-----\n", bytes.fromhex(tail), message)
                    check(f"{address}: the signature holds", good, out)
                    bad = holds(pem + "-----END PUBLIC KEY-----\n", bytes.fromhex(tail), message + b"x")
                    check(f"{address}: over other bytes it does not", not bad, out)


def sources(folder):
    pin = folder / "pin"
    pin.write_text(PIN + "\n")
    for source in (f"file:{pin}", f"file://{pin}", f"{pin}"):
        code, out, err = tool(f"pkcs11:token=release;object=p256?pin-source={source}", pin="")
        check(f"pin-source {source}", code == 0, out + err)
    code, out, _ = tool("pkcs11:token=release;object=p256?pin-source=|cat", pin="")
    check("a command is not run", code == 1 and "commands are not run" in out, out)
    code, out, _ = tool(f"pkcs11:token=release;object=p256?pin-source=file:{folder}", pin="")
    check("a folder is no PIN", code == 1 and "regular file" in out, out)
    code, out, _ = tool(f"pkcs11:token=release;object=p256?pin-source=file:{folder}/none", pin="")
    check("no such PIN file", code == 1 and out.startswith("io: "), out)


def refusals():
    rows = [
        ("pkcs11:token=release;object=p256", MODULE, "wrong", "signature: ", "not the PIN of the token \"release\""),
        ("pkcs11:token=release;object=p256", MODULE, "", "usage: ", "wants its PIN"),
        ("pkcs11:token=release;object=nobody", MODULE, PIN, "absent: ", "no such private key; it has: "),
        ("pkcs11:token=release;id=%ff", MODULE, PIN, "absent: ", "\"p256\" (id 01)"),
        ("pkcs11:token=release;object=twins", MODULE, PIN, "schema: ", "fits 2 private keys"),
        ("pkcs11:token=release", MODULE, PIN, "schema: ", "say which with object= or id="),
        ("pkcs11:token=nowhere;object=p256", MODULE, PIN, "absent: ", "no token fits the address; there are: "),
        ("pkcs11:object=p256", MODULE, PIN, "schema: ", "fits 2 tokens"),
        ("pkcs11:token=release;object=p256", "/nowhere/module.so", PIN, "absent: ", "cannot load the PKCS #11 module: /nowhere/module.so"),
        ("pkcs11:token=release;object=p256?module-path=/nowhere/m.so", MODULE, PIN, "absent: ", "/nowhere/m.so"),
        ("pkcs11:token=release;object=p256?module-path=module.so", MODULE, PIN, "schema: ", "must be absolute"),
        ("pkcs11:token=release;object=p256?module-name=nowhere", MODULE, PIN, "absent: ", "no PKCS #11 module \"nowhere\""),
        ("pkcs11:token=release;object=p256", "libc.so.6", PIN, "unsupported: ", "C_GetFunctionList"),
        ("pkcs11:token=release;object=rsa", MODULE, PIN, "unsupported: ", "another kind"),
        ("pkcs11:token=release;object=k1", MODULE, PIN, "unsupported: ", "another kind"),
        ("pkcs11:token=release;object=alone", MODULE, PIN, "absent: ", "neither its public key nor its certificate"),
        ("pkcs11:token=release;token=release", MODULE, PIN, "syntax: ", "twice"),
        ("pkcs11:token=release;object=p256?pin-valeu=1", MODULE, PIN, "syntax: ", "unknown attribute"),
    ]
    for address, module, pin, status, words in rows:
        code, out, err = tool(address, module, pin)
        check(f"{address} is refused", code == 1 and out.startswith(status) and words in out, out + err)
    code, out, err = tool("pkcs11:token=release;object=p256?pin-value=hunter2", pin="")
    check("a PIN is in no message", code == 1 and "hunter2" not in out + err, out + err)


def program(folder):
    model = folder / "model"
    model.mkdir()
    (model / "weights").write_bytes(b"\0" * 1000)
    pin = folder / "pin"
    for label in ("p256", "p384", "p521"):
        address = f"pkcs11:token=release;object={label}?module-path={MODULE}&pin-source=file:{pin}"
        code, out, _ = tool(address, "", "")
        public = folder / f"{label}.pem"
        public.write_text(out.partition("-----END")[0] + "-----END PUBLIC KEY-----\n")
        signature = folder / f"{label}.sig"
        done = subprocess.run([REDAN, "sign", str(model), "--signature", str(signature), "--key", address], capture_output=True, text=True,
                              timeout=60)
        check(f"redan sign with {label}", done.returncode == 0, done.stdout + done.stderr)
        done = subprocess.run([REDAN, "verify", str(model), "--signature", str(signature), "--key", str(public)], capture_output=True,
                              text=True, timeout=60)
        check(f"redan verify of {label}", done.returncode == 0, done.stdout + done.stderr)
    address = f"pkcs11:token=release;object=p256?module-path={MODULE}"
    reader, writer = os.pipe()
    os.write(writer, (PIN + "\n").encode())
    os.close(writer)
    done = subprocess.run([REDAN, "sign", str(model), "--signature", str(folder / "fd.sig"), "--key", address, "--passphrase-fd",
                           str(reader)], capture_output=True, text=True, timeout=60, pass_fds=[reader])
    check("redan sign, the PIN from a descriptor", done.returncode == 0, done.stdout + done.stderr)
    done = subprocess.run([REDAN, "sign", str(model), "--signature", str(folder / "no.sig"), "--key", address + "&pin-value=hunter2"],
                          capture_output=True, text=True, timeout=60)
    check("redan sign, a wrong PIN", done.returncode not in (0, 125) and "not the PIN" in done.stderr and "hunter2" not in
          done.stdout + done.stderr and not (folder / "no.sig").exists(), done.stdout + done.stderr)


SYSTEM = """schema: redan/1
id: scoring
inherits: [bank]
owners: {ml-lead: m.lead, security-lead: s.lead}
profile: {kind: [predictive]}
release: {model: "sha256:%s"}
threats:
  - {id: swap, archetype: MS-02, severity: high, resolution: {kind: control, cycle: 2026Q4, controls: [held], residual: low}}
  - {id: drift, archetype: EV-03, severity: medium, resolution: {kind: control, cycle: 2026Q4, controls: [held], residual: low}}
controls:
  - {id: held, evidence: [{id: hash, type: digest, subject: release.model, signer: ci, fresh: release}]}
""" % ("0" * 64)


def governance(folder):
    """Evidence and approvals by keys that never leave the token: P-256 records, P-384 and P-521 approve."""
    box = folder / "bank"
    box.mkdir()
    (box / "model.bin").write_bytes(b"weights")

    def redan(what, code, *args, root=None):
        env = {**os.environ, **({"REDAN_ROOT": root} if root else {})}
        done = subprocess.run([REDAN, *args], cwd=box, env=env, capture_output=True, text=True, timeout=60)
        check(what, done.returncode == code, done.stdout + done.stderr)
        return done.stdout

    root = re.search("sha256:[0-9a-f]{64}", redan("an organisation", 0, "org", "new", "bank", "--holder", "a.root", "--out", "root.pem",
                                                  "--dir", "redan")).group()
    for holder, label, *more in (("ci", "p256", "--service"), ("m.lead", "p384", "--role", "ml-lead"),
                                 ("s.lead", "p521", "--role", "security-lead")):
        redan(f"{label} is enrolled", 0, "keys", "add", f"{holder}={folder / label}.pem", *more, "--sign-with", "root.pem")
    (box / "redan" / "threatmodel.yaml").write_text(SYSTEM)
    key = {label: f"pkcs11:token=release;object={label}?module-path={MODULE}&pin-source=file:{folder / 'pin'}"
           for label in ("p256", "p384", "p521")}
    redan("the release is pinned", 0, "release", "pin", "model=model.bin")
    redan("a record with p256", 0, "evidence", "add", "held/hash", "--path", "model.bin", "--key", key["p256"], root=root)
    redan("an approval with p384", 0, "approve", "--role", "ml-lead", "--key", key["p384"], root=root)
    redan("not as somebody else", 3, "approve", "--role", "security-lead", "--key", key["p384"], root=root)
    redan("an approval with p521", 0, "approve", "--role", "security-lead", "--key", key["p521"], root=root)
    redan("all of it counts", 0, "check", root=root)
    redan("and not without the pinned root", 3, "check")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "tokens").mkdir()
        (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
        (folder / "leaks").write_text("leak:libsofthsm2.so\n")
        os.environ["LSAN_OPTIONS"] = f"suppressions={folder}/leaks:print_suppressions=0"
        for token in ("release", "other"):
            softhsm("--init-token", "--free", "--label", token, "--pin", PIN, "--so-pin", "5678")
        for number, (label, kind) in enumerate(CURVES.items(), 1):
            generate(label, kind, f"{number:02x}")
        generate("twins", "EC:prime256v1", "11")
        generate("twins", "EC:prime256v1", "12")
        generate("rsa", "rsa:2048", "13")
        generate("k1", "EC:secp256k1", "14")
        generate("alone", "EC:prime256v1", "15")
        delete("pubkey", "15")
        signs()
        sources(folder)
        refusals()
        program(folder)
        governance(folder)
    print(f"pkcs11: {checks} checks, {failures} failed")
    return 1 if failures else 0


sys.exit(main())
