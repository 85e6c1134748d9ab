"""Keyless signing end to end. Against the Sigstore of tests/servers: the round trip, every token source, and each fault with the
words, the exit code and the untouched files that it must leave. Against the real Rekor v2, timestamp server and Fulcio where
tools/peers has them, and with cosign, sigstore-go and sigstore-python as judges of what was signed.
Usage: keyless.py TOOL REDAN CLIENT [--json]"""
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "servers"))
try:
    from cryptography.hazmat.primitives import serialization
    import authority
    import log as rekor_log
    from sigstore import GITHUB_SECRET, START, Sigstore
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

TOOL, REDAN, CLIENT = (os.path.abspath(p) for p in sys.argv[1:4])
PEERS = HERE.parent.parent / "tools" / "peers"
EMAIL = "dev@example.test"
STATUS = ["ok", "memory", "limit", "syntax", "schema", "absent", "exists", "io", "crypto", "signature", "unsupported", "usage"]
failures = []
cases = []  # [kind, whether it is as it must be]

# fault, status, words. The same trouble sounds the same whichever service has it.
ANY = [
    ("400", "io", r"answered 400: \{.*the proof of possession is \.\[31mnot\.\[0m right.*; check the address, the token"),
    ("401", "io", r"answered 401: .*identity token.*; the token is refused: get a new one"),
    ("404", "io", r"answered 404: not found; nothing of this kind is there"),
    ("409", "io", r"answered 409: .*; the log has this entry already: sign again"),
    ("429", "io", r"answered 429: slow down; too many requests: wait"),
    ("500", "io", r"answered 500: .*database.*; the service is in trouble: try again later"),
    ("503", "io", r"answered 503: <html>no healthy upstream</html>; .*try again later"),
    ("302", "io", r"answered 302; redirections are not followed"),
    ("slow", "io", r"did not answer within 2 seconds; check the address and the network"),
    ("drip", "io", r"did not answer within 2 seconds"),
    ("broken", "io", r"broke off before its answer was whole"),
    ("closed", "io", r"broke off before its answer was whole"),
    ("header", "io", r"cannot reach .*a header of its answer is too long"),
    ("huge", "limit", r"the answer of .* is longer than 1048576 bytes; this is not the answer of such a service"),
    ("truncated", "syntax", None),
    ("duplicate", "syntax", None),
    ("garbage", "syntax", None),
    ("empty", "syntax", None),
]
FULCIO = [
    ("wrong-key", "signature", r"its certificate is for another key than ours"),
    ("wrong-name", "signature", r'its certificate is for "someone.else@example.test", and the token is for "dev@example.test"; .*--identity'),
    ("wrong-issuer", "signature", r'names the issuer "https://another.issuer.test", the token "http://127.0.0.1'),
    ("expired", "signature", r"one of the two clocks is off by at least (29|30)\d\d seconds; set this machine's"),
    ("future", "signature", r"one of the two clocks is off by at least 7[12]\d\d seconds; set this machine's"),
    ("no-sct", "signature", r"its certificate is not believed: .*is this the trust root of that Fulcio"),
    ("bad-sct", "signature", r"its certificate is not believed: .*is this the trust root of that Fulcio"),
    ("other-ca", "signature", r"its certificate is not believed: .*is this the trust root of that Fulcio"),
    ("no-chain", "schema", r"must be a list of 2 to 32 certificates"),
    ("two-in-one", "schema", r"must be a list of 2 to 32 certificates"),
    ("detached", "unsupported", r"the promise of transparency must be in the certificate"),
    ("echo", "io", r"answered 400: \(it repeats the token, so it is not shown\)"),
]
REKOR = [
    ("wrong-log-key", "signature", r"its entry is not believed: .*is this the trust root of that Rekor"),
    ("other-tree", "signature", r"its entry is not believed: "),
    ("bad-proof", "signature", r"its entry is not believed: "),
    ("short-proof", "signature", r"its entry is not believed: .*too short"),
    ("unknown-log", "signature", r"its entry is not believed: "),
    ("wrong-body", "signature", r"it wrote down something else than was sent: "),
    ("no-proof", "schema", r"its entry has no proof of inclusion"),
    ("other-kind", "schema", r'its entry is "hashedrekord" "0.0.1"; asked for was hashedrekord 0.0.2'),
    ("other-index", "schema", r"its entry is at 0 and its proof about \d+"),
    ("extra-field", "schema", r"note"),
]
TSA = [
    ("late", "signature", r"a clock is off by at least (29|30)\d\d seconds .*; the clock that is wrong must be set"),
    ("early", "signature", r"a clock is off by at least 3[56]\d\d seconds .*; the clock that is wrong must be set"),
    ("wrong-nonce", "signature", r"the authority's timestamp is for something else than was asked"),
    ("wrong-imprint", "signature", r"the authority's timestamp is for something else than was asked"),
    ("refused", "signature", r"the authority refused to give a timestamp"),
    ("other-authority", "signature", r"its timestamp is not believed: .*is this the trust root of that authority"),
]
NAMES = {"fulcio": "Fulcio", "rekor": "Rekor", "tsa": "the timestamp authority"}
OWN = {"fulcio": FULCIO, "rekor": REKOR, "tsa": TSA}


def begin(kind):
    """A case; what is wrong before the next one begins is wrong with it."""
    cases.append([kind, True])


def wrong(what):
    failures.append(what)
    if cases:
        cases[-1][1] = False
    print("FAILED:", what)


def statement(work):
    (work / "model.bin").write_bytes(b"weights")
    digest = __import__("hashlib").sha256(b"weights").digest()
    root = __import__("hashlib").sha256(digest).hexdigest()
    payload = {"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "model.bin", "digest": {"sha256": root}}],
               "predicateType": "https://model_signing/signature/v1.0",
               "predicate": {"serialization": {"method": "files", "hash_type": "sha256", "allow_symlinks": False},
                             "resources": [{"name": "model.bin", "algorithm": "sha256", "digest": digest.hex()}]}}
    (work / "payload").write_text(json.dumps(payload))
    return root


def sign(work, config="config.json", root="root.json", token="token", out="out.json", seconds=20, identity="", shift=0, fail_at=0, env=None):
    """(status word, what was said)"""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ACTIONS_ID", "SIGSTORE"))}
    done = subprocess.run([TOOL, config, root, token, "payload", out, str(seconds), identity, str(shift), str(fail_at)], cwd=work,
                          capture_output=True, text=True, env={**clean, **(env or {})})
    if done.returncode >= len(STATUS):
        raise RuntimeError(f"the tool ended with {done.returncode}: {done.stderr}")
    return STATUS[done.returncode], done.stderr.strip()


def expect(work, what, status, words, secrets=(), **how):
    """One refusal: its status and words, nothing written, an older file left as it was, no secret told."""
    begin("refusals")
    out = work / "out.json"
    out.write_text("the old signature")
    before = sorted(p.name for p in work.iterdir())
    got, said = sign(work, **how)
    if got != status or (words and not re.search(words, said, re.S)):
        wrong(f"{what}: expected {status} /{words}/, got {got}: {said}")
    if out.read_text() != "the old signature" or sorted(p.name for p in work.iterdir()) != before:
        wrong(f"{what}: it left something behind")
    for secret in secrets:
        if secret in said or secret.rpartition(".")[2][:16] in said:
            wrong(f"{what}: a credential is told: {said}")
    return said


def set_up(work, world):
    (work / "root.json").write_text(json.dumps(world.trusted_root()))
    (work / "config.json").write_text(json.dumps(world.signing_config()))
    (work / "token").write_text(world.issuer.token(email=EMAIL, email_verified=True))


def round_trip(work, world, judges):
    kinds = {EMAIL: {"email": EMAIL, "email_verified": True}, "https://spiffe.test/sign": {"sub": "https://spiffe.test/sign"},
             "https://github.com/bank/fraud/.github/workflows/sign.yml@refs/heads/main":
                 {"sub": "repo:bank/fraud", "job_workflow_ref": "bank/fraud/.github/workflows/sign.yml@refs/heads/main"}}
    for identity, claims in kinds.items():
        (work / "token").write_text(world.issuer.token(**claims) + "\n")
        for root in ("root.json", "-"):
            (work / "good.json").unlink(missing_ok=True)
            begin("round trips")
            got, said = sign(work, out="good.json", root=root)
            if got != "ok":
                wrong(f"round trip of {identity} with {root}: {got}: {said}")
                continue
            judge(work, "good.json", "root.json", identity, world.issuer.url, judges)
    set_up(work, world)
    print(f"signed and verified as {len(kinds)} kinds of identities")


def judge(work, bundle, root, identity, issuer, judges):
    """Every verifier that can be had says yes to the right identity, and no to another."""
    for name, command in judges.items():
        for who, good in ((identity, True), ("mallory@example.test", False)):
            begin("verdicts")
            done = subprocess.run(command(bundle, root, who, issuer), cwd=work, capture_output=True, text=True)
            if (done.returncode == 0) != good:
                wrong(f"{name} {'refuses' if good else 'accepts'} {bundle} by {identity}: {(done.stdout + done.stderr)[-400:]}")


def tokens(work, world):
    """Where a token comes from, and what is wrong with one."""
    now, key = int(time.time()), authority.ec.generate_private_key(authority.ec.SECP256R1())
    good = world.issuer.token(email=EMAIL)
    github = {"ACTIONS_ID_TOKEN_REQUEST_URL": world.base + "/github?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": GITHUB_SECRET}
    for what, env in (("SIGSTORE_ID_TOKEN", {"SIGSTORE_ID_TOKEN": good}), ("GitHub Actions", github)):
        got, said = sign(work, token="-", out="good.json", env=env)
        if got != "ok":
            wrong(f"a token from {what}: {got}: {said}")
    how = {"token": "-", "secrets": [GITHUB_SECRET]}
    expect(work, "no token", "absent", r"no identity token; .*SIGSTORE_ID_TOKEN.*GitHub", **how)
    expect(work, "GitHub without its credential", "absent", r"permissions: id-token: write",
           env={"ACTIONS_ID_TOKEN_REQUEST_URL": github["ACTIONS_ID_TOKEN_REQUEST_URL"]}, **how)
    expect(work, "GitHub with another credential", "io", r"GitHub Actions at .* answered 401",
           env={**github, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "ghs-another"}, **how)
    expect(work, "a credential with a line break", "usage", r"header 1 of the request",
           env={**github, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": GITHUB_SECRET + "\r\nX: y"}, **how)
    for fault, status, words in (("500", "io", "answered 500"), ("no-value", "schema", "no token in its answer"),
                                 ("echo", "io", r"\(it repeats the token, so it is not shown\)"), ("slow", "io", "did not answer within 2")):
        world.fault = "github:" + fault
        expect(work, "github:" + fault, status, words, env=github, seconds=2, **how)
    world.fault = None
    for what, claims, status, words in (
            ("expired", {"exp": now - 60}, "schema", r"it expired at .*, 6\d seconds ago; get a new one"),
            ("not yet", {"nbf": now + 3600}, "schema", r"in 3[56]\d\d seconds; this machine's clock is off: set it"),
            ("no sub", {"sub": None}, "schema", 'it has no claim "sub"'), ("no exp", {"exp": None}, "schema", '"exp"'),
            ("another audience", {"aud": "elsewhere"}, "io", r"answered 400: .*another audience.*\(audience"),
            ("another issuer's key", {"key": key}, "io", r"answered 400: .*signature is not the issuer's")):
        token = world.issuer.token(**{"email": EMAIL, **claims})
        (work / "token").write_text(token)
        expect(work, "a token: " + what, status, words, secrets=[token])
    for text in ("not a token", "a.b", "a.b.c.d", "e30.e30.", ""):
        (work / "token").write_text(text)
        got, said = sign(work)
        if got not in ("syntax", "schema"):
            wrong(f"the token {text!r}: {got}: {said}")
    set_up(work, world)
    print("tokens from a file, a variable and GitHub Actions, and those that are refused")


def faults(work, world):
    token = (work / "token").read_text()
    for service, own in OWN.items():
        for fault, status, words in ANY + own:
            world.fault = f"{service}:{fault}"
            if service == "tsa" and words is None:
                words = "the authority did not answer with a timestamp"
            said = expect(work, world.fault, status, words, secrets=[token], seconds=2 if fault in ("slow", "drip") else 20)
            if NAMES[service] not in said:
                wrong(f"{world.fault}: {NAMES[service]} is not named: {said}")
            if world.base not in said:
                wrong(f"{world.fault}: the address is not told: {said}")
    world.fault = None
    for service, where in (("fulcio", "caUrls"), ("rekor", "rekorTlogUrls"), ("tsa", "tsaUrls")):
        config = world.signing_config()
        config[where][0]["url"] = "http://127.0.0.1:1/"
        (work / "config.json").write_text(json.dumps(config))
        expect(work, service + " is not there", "io", NAMES[service] + r": cannot reach http://127.0.0.1:1/.*nothing answers there")
        config[where] = []
        (work / "config.json").write_text(json.dumps(config))
        expect(work, service + " is not configured", "usage", "there is no address of a .*--" + service)
    set_up(work, world)
    untrusted_tls(work, world)
    # the clock of this machine is the one that is off
    expect(work, "a clock that is late", "signature", r"off by at least (8[0-9]{3}|9[01][0-9]{2}) seconds; set this machine's", shift=-9000)
    expect(work, "a clock that is early", "schema", r"it expired at .* or set this machine's clock", shift=9000)
    # logs and authorities of another instance
    other = Sigstore(work.parent / "other")
    (work / "root.json").write_text(json.dumps(other.trusted_root()))
    expect(work, "another trust root", "signature", "Fulcio at .*is this the trust root of that Fulcio")
    (work / "root.json").write_text(json.dumps({**world.trusted_root(), "tlogs": other.trusted_root()["tlogs"]}))
    expect(work, "another log", "signature", "Rekor at .*is this the trust root of that Rekor")
    (work / "root.json").write_text(
        json.dumps({**world.trusted_root(), "timestampAuthorities": other.trusted_root()["timestampAuthorities"]}))
    expect(work, "another stamper", "signature", "the timestamp authority at .*is this the trust root of that authority")
    other.stop()
    # without a trust root what does not fit together is refused all the same
    set_up(work, world)
    for fault, status in (("rekor:other-tree", "signature"), ("rekor:bad-proof", "signature"), ("rekor:wrong-body", "signature"),
                          ("fulcio:wrong-key", "signature"), ("fulcio:wrong-name", "signature"), ("tsa:wrong-nonce", "signature")):
        world.fault = fault
        expect(work, fault + " without a root", status, None, root="-")
    world.fault = None
    # a name that the token does not tell, and that is asked for
    world.fault = "fulcio:wrong-name"
    got, said = sign(work, out="good.json", identity="someone.else@example.test")
    if got != "ok":
        wrong(f"--identity: {got}: {said}")
    world.fault = None
    expect(work, "--identity of another", "signature", r'and wanted is "mallory@example.test"', identity="mallory@example.test")
    n = 1  # memory that runs out here and there
    while sign(work, out="good.json", fail_at=n)[0] != "ok":
        expect(work, f"allocation {n}", "memory", None, fail_at=n)
        n += 1 + n // 6
    got, said = sign(work, out="good.json")
    if got != "ok":
        wrong(f"after all faults: {got}: {said}")
    print("every fault has its words, and none leaves a file")


def untrusted_tls(work, world):
    """A TLS server with a certificate that nobody vouches for."""
    root, key = authority.make_ca("nobody")
    path = work.parent / "tls.pem"
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                       serialization.NoEncryption()) + authority.pem(root).encode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                with context.wrap_socket(listener.accept()[0], server_side=True):
                    pass
            except ssl.SSLError:
                pass
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    config = world.signing_config(fulcio=f"https://127.0.0.1:{listener.getsockname()[1]}")
    (work / "config.json").write_text(json.dumps(config))
    expect(work, "TLS that is not trusted", "io", r"Fulcio: cannot reach https://.*TLS: (its certificate is not trusted here|the list of trusted authorities cannot be read)")
    listener.close()
    set_up(work, world)


def peer(name, program):
    """The path of a peer's program; what cannot be had is named."""
    done = subprocess.run([PEERS, "path", name], capture_output=True, text=True)
    path = os.path.join(done.stdout.strip(), program)
    if done.returncode == 0 and os.access(path, os.X_OK):
        return path
    print(f"not here: {name} ({(done.stderr or path).strip()})")
    return None


def find_judges(work, root_digest):
    judges = {}
    cosign, conformance, python = peer("cosign", "cosign"), peer("sigstore-go", "conformance"), peer("sigstore-python", "sigstore")
    (work / "subject").write_bytes(b"weights")
    if cosign:
        judges["cosign"] = lambda bundle, root, who, issuer: [
            cosign, "verify-blob-attestation", "--bundle", bundle, "--trusted-root", root, "--certificate-identity", who,
            "--certificate-oidc-issuer", issuer, "--type", "https://model_signing/signature/v1.0", "--digest", root_digest,
            "--digestAlg", "sha256", "--use-signed-timestamps"]
    if conformance:
        judges["sigstore-go"] = lambda bundle, root, who, issuer: [
            conformance, "verify-bundle", "--bundle", bundle, "--certificate-identity", who, "--certificate-oidc-issuer", issuer,
            "--trusted-root", root, "sha256:" + root_digest]
    if python:
        judges["sigstore-python"] = lambda bundle, root, who, issuer: [
            os.path.join(os.path.dirname(python), "python"), "-I", HERE / "keyless_python.py", bundle, root, who, issuer]
    judges.update(own_judges(root_digest))
    return judges


def own_judges(root_digest):
    """redan verify, when this program has it."""
    if "--identity" not in subprocess.run([REDAN, "verify", "--help"], capture_output=True, text=True).stdout:
        print("not here: redan verify --identity")
        return {}
    return {"redan": lambda bundle, root, who, issuer: [
        REDAN, "verify", "model.bin", "--signature", bundle, "--identity", who, "--issuer", issuer, "--trust-root", root]}


def commands(work, world, judges):
    """The same through redan sign: exit 0 and a signature that verifies, or 3 (2 for usage) and nothing touched."""
    if "--keyless" not in subprocess.run([REDAN, "sign", "--help"], capture_output=True, text=True).stdout:
        print("not here: redan sign --keyless")
        return
    common = ["--keyless", "--signing-config", "config.json", "--trust-root", "root.json"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ACTIONS_ID", "SIGSTORE"))}

    def run(*options, out="model.sig", token=("--identity-token-file", "token"), env=None):
        return subprocess.run([REDAN, "sign", "model.bin", *common, "--signature", out, *token, *options], cwd=work,
                              capture_output=True, text=True, env={**clean, **(env or {})})

    def refused(what, code, words, *options, **how):
        begin("refusals")
        (work / "model.sig").write_text("the old signature")
        before = sorted(p.name for p in work.iterdir())
        done = run(*options, **how)
        if done.returncode != code or not re.search(words, done.stderr, re.S):
            wrong(f"redan sign, {what}: exit {done.returncode}, expected {code} /{words}/: {done.stdout}{done.stderr}")
        if (work / "model.sig").read_text() != "the old signature" or sorted(p.name for p in work.iterdir()) != before:
            wrong(f"redan sign, {what}: it left something behind")
        if (work / "token").read_text().rpartition(".")[2][:16] in done.stdout + done.stderr:
            wrong(f"redan sign, {what}: the token is told: {done.stderr}")

    token = (work / "token").read_text()
    for what, how in (("a file", {}), ("an option", {"token": ("--identity-token", token)}),
                      ("the environment", {"token": (), "env": {"SIGSTORE_ID_TOKEN": token}})):
        begin("round trips")
        done = run(out="good.json", **how)
        if done.returncode != 0:
            wrong(f"redan sign with a token from {what}: {done.returncode}: {done.stderr}")
            return
        judge(work, "good.json", "root.json", EMAIL, world.issuer.url, judges)
    asked = len(world.asked)
    done = run("--dry-run", out="never.json")
    if done.returncode != 0 or len(world.asked) != asked or (work / "never.json").exists() or world.base not in done.stdout:
        wrong(f"redan sign --dry-run: {done.returncode}, {world.asked[asked:]}: {done.stdout}{done.stderr}")
    for service, own in OWN.items():
        for fault, words in [("500", "answered 500"), ("slow", "did not answer within 2 seconds"), ("huge", "is longer than")] + [
                (fault, words) for fault, _, words in own]:
            world.fault = f"{service}:{fault}"
            refused(world.fault, 3, words.replace(" ", r"\s+"), *(["--timeout", "2"] if fault == "slow" else []))
    world.fault = "fulcio:wrong-name"
    done = run("--identity", "someone.else@example.test", out="good.json")
    if done.returncode != 0:
        wrong(f"redan sign --identity: {done.returncode}: {done.stderr}")
    world.fault = None
    refused("no token", 3, "no identity token", token=())
    refused("a time-out that is none", 2, "--timeout takes", "--timeout", "0")
    refused("an address in the clear", 2, "plain http is for this machine only", "--fulcio", "http://192.0.2.1/")
    refused("an expired token", 3, "it expired at", token=("--identity-token", world.issuer.token(email=EMAIL, exp=int(time.time()) - 60)))
    print("signed and refused through redan sign")


def conformance_client(work, world):
    """The protocol of sigstore-conformance, signing: any file, and a statement; each verifies for its own bytes alone."""
    token = (work / "token").read_text()
    (work / "blob").write_bytes(b"any file at all\n")
    (work / "other").write_bytes(b"another file\n")
    cosign, conformance = peer("cosign", "cosign"), peer("sigstore-go", "conformance")
    who = ["--certificate-identity", EMAIL, "--certificate-oidc-issuer", world.issuer.url]
    for extra, thing in (([], "blob"), (["--in-toto"], "payload")):
        begin("round trips")
        done = subprocess.run([CLIENT, "sign-bundle", *extra, "--identity-token", token, "--bundle", "made.json", "--trusted-root", "root.json",
                               "--signing-config", "config.json", thing], cwd=work, capture_output=True, text=True)
        if done.returncode != 0:
            wrong(f"sign-bundle {extra}: exit {done.returncode}: {done.stdout}{done.stderr}")
            continue
        if extra:
            continue  # what is in the envelope is a model's statement: judge() has those
        judges = {"the client": [CLIENT, "verify-bundle", "--bundle", "made.json", *who, "--trusted-root", "root.json"],
                  "redan verify": [REDAN, "verify", "--bundle", "made.json", "--identity", EMAIL, "--issuer", world.issuer.url, "--trust-root",
                                   "root.json"]}
        if cosign:
            judges["cosign"] = [cosign, "verify-blob", "--bundle", "made.json", *who, "--trusted-root", "root.json", "--use-signed-timestamps"]
        if conformance:
            judges["sigstore-go"] = [conformance, "verify-bundle", "--bundle", "made.json", *who, "--trusted-root", "root.json"]
        for name, command in judges.items():
            for file, good in (("blob", True), ("other", False)):
                begin("verdicts")
                done = subprocess.run([*command, file], cwd=work, capture_output=True, text=True)
                if (done.returncode == 0) != good:
                    wrong(f"{name} {'refuses' if good else 'accepts'} {file}: {(done.stdout + done.stderr)[-400:]}")


def reference_client(work, world):
    """The reference client signs with these servers and redan verifies, and the other way round."""
    program = peer("model-signing", "model_signing")
    if not program:
        return
    folder = work / "reference"
    (folder / "sub").mkdir(parents=True)
    (folder / "weights.bin").write_bytes(b"w" * 1000)
    (folder / "sub" / "config.json").write_bytes(b"{}")
    (work / "trust.json").write_text(json.dumps({
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json", "trustedRoot": json.loads((work / "root.json").read_text()),
        "signingConfig": json.loads((work / "config.json").read_text())}))
    ours = [REDAN, "sign", "reference", "--keyless", "--signing-config", "config.json", "--trust-root", "root.json", "--identity-token-file", "token",
            "--signature", "ours.sig"]
    theirs = [program, "sign", "sigstore", "reference", "--signature", "theirs.sig", "--trust_config", "trust.json", "--identity_token",
              (work / "token").read_text()]
    checks = {"redan": lambda signature, who: [REDAN, "verify", "reference", "--signature", signature, "--identity", who, "--issuer",
                                               world.issuer.url, "--trust-root", "root.json"],
              "model_signing": lambda signature, who: [program, "verify", "sigstore", "reference", "--signature", signature, "--identity", who,
                                                       "--identity_provider", world.issuer.url, "--trust_config", "trust.json"]}
    for signature, command in (("ours.sig", ours), ("theirs.sig", theirs)):
        begin("round trips")
        done = subprocess.run(command, cwd=work, capture_output=True, text=True)
        if done.returncode != 0:
            wrong(f"{signature} was not signed: {(done.stdout + done.stderr)[-600:]}")
            continue
        for name, check in checks.items():
            for who, good in ((EMAIL, True), ("mallory@example.test", False)):
                begin("verdicts")
                done = subprocess.run(check(signature, who), cwd=work, capture_output=True, text=True)
                if (done.returncode == 0) != good:
                    wrong(f"{name} {'refuses' if good else 'accepts'} {signature} by {EMAIL}: {(done.stdout + done.stderr)[-600:]}")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


class Program:
    """A real server, until the block ends."""

    def __init__(self, command, port, **how):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([str(c) for c in command], stdout=self.log, stderr=self.log, **how)
        self.port = port

    def __enter__(self):
        for _ in range(200):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.1)
        self.__exit__()
        raise RuntimeError("a server did not start: " + self.said())

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-600:]


def write_key(path, key):
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return path


def real_rekor(program, work):
    """The command of a real Rekor v2 on a folder, and its entry of the trust root."""
    port, key = free_port(), rekor_log.ed25519.Ed25519PrivateKey.generate()
    name = "log.redan.test"
    log_id = rekor_log.hashlib.sha256(name.encode() + b"\n\1" + authority.spki(key.public_key())[-32:]).digest()
    folder = work.parent / "rekor"
    folder.mkdir()
    command = [program, "serve", "--hostname", name, "--http-port", port, "--grpc-port", free_port(), "--http-metrics-port",
               free_port(), "--storage-dir", folder, "--signer-filepath", write_key(work.parent / "rekor.key", key),
               "--checkpoint-interval", "500ms"]
    entry = {"baseUrl": "https://" + name, "hashAlgorithm": "SHA2_256", "logId": {"keyId": authority.b64(log_id)},
             "publicKey": {"rawBytes": authority.b64(authority.spki(key.public_key())), "keyDetails": "PKIX_ED25519",
                           "validFor": {"start": START}}}
    return Program(command, port), entry


def real_stamper(program):
    port = free_port()
    return Program([program, "serve", "--host", "127.0.0.1", "--port", port, "--disable-ntp-monitoring", "--timestamp-signer", "memory"],
                   port)


def stamper_entry(port):
    from urllib.request import urlopen
    from cryptography import x509
    text = urlopen(f"http://127.0.0.1:{port}/api/v1/timestamp/certchain", timeout=10).read().decode()
    blocks = re.findall("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", text, re.S)
    ders = [authority.der(x509.load_pem_x509_certificate(b.encode())) for b in blocks]
    return {"subject": {"organization": "x", "commonName": "y"}, "uri": "https://tsa.redan.test", "validFor": {"start": START},
            "certChain": {"certificates": [{"rawBytes": authority.b64(d)} for d in ders]}}


def real_fulcio(program, work, world):
    """The real Fulcio over our issuer's tokens, our certificate authority and our transparency log."""
    port = free_port()
    fulcio = world.fulcio
    chain = work.parent / "ca.pem"
    chain.write_text(authority.pem(fulcio.between) + authority.pem(fulcio.root))
    key = work.parent / "ca.key"
    key.write_bytes(fulcio.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                             serialization.BestAvailableEncryption(b"pass")))
    config = work.parent / "fulcio.json"
    config.write_text(json.dumps({"OIDCIssuers": {world.issuer.url: {
        "IssuerURL": world.issuer.url, "ClientID": "sigstore", "Type": "email"}}}))
    return Program([program, "serve", "--host", "127.0.0.1", "--port", port, "--grpc-host", "127.0.0.1", "--grpc-port", free_port(),
                    "--metrics-port", free_port(), "--legacy-unix-domain-socket", "@redan-test-" + str(port), "--ca", "fileca",
                    "--fileca-cert", chain, "--fileca-key", key, "--fileca-key-passwd", "pass", "--fileca-watch=false",
                    "--ct-log-url", world.base + "/ct", "--config-path", config], port)


def real_servers(work, world, judges):
    rekor, stamper, fulcio = (peer("rekor-tiles", "posix"), peer("timestamp-server", "timestamp-server"), peer("fulcio", "fulcio"))
    if rekor and stamper:
        log, entry = real_rekor(rekor, work)
        with log, real_stamper(stamper) as time_server:
            root = world.trusted_root(logs=[entry], stampers=[stamper_entry(time_server.port)])
            (work / "root.json").write_text(json.dumps(root))
            (work / "config.json").write_text(json.dumps(world.signing_config(
                rekor=f"http://127.0.0.1:{log.port}", tsa=f"http://127.0.0.1:{time_server.port}/api/v1/timestamp")))
            for _ in range(3):  # a log that grows
                begin("round trips with real servers")
                got, said = sign(work, out="good.json", seconds=30)
                if got != "ok":
                    wrong(f"the real Rekor and timestamp server: {got}: {said}; {log.said()}")
                    break
                judge(work, "good.json", "root.json", EMAIL, world.issuer.url, judges)
            expect(work, "the real Rekor with another log's root", "signature", "is this the trust root of that Rekor",
                   root=write(work.parent / "mixed.json", {**root, "tlogs": world.trusted_root()["tlogs"]}), seconds=30)
            expect(work, "the real stamper with another's root", "signature", "is this the trust root of that authority", seconds=30,
                   root=write(work.parent / "mixed.json", {**root, "timestampAuthorities": world.trusted_root()["timestampAuthorities"]}))
        print("signed with the real Rekor v2 and timestamp server")
    set_up(work, world)
    if fulcio:
        with real_fulcio(fulcio, work, world) as server:
            (work / "config.json").write_text(json.dumps(world.signing_config(fulcio=f"http://127.0.0.1:{server.port}")))
            begin("round trips with real servers")
            got, said = sign(work, out="good.json", seconds=30)
            if got != "ok":
                wrong(f"the real Fulcio: {got}: {said}; {server.said()}")
            else:
                judge(work, "good.json", "root.json", EMAIL, world.issuer.url, judges)
                print("signed with the real Fulcio")
            (work / "token").write_text(world.issuer.token(email=EMAIL, email_verified=True, aud="elsewhere"))
            expect(work, "the real Fulcio and another audience", "io", r"Fulcio at .* answered 40\d: .*; ", seconds=30)
    set_up(work, world)


def write(path, value):
    path.write_text(json.dumps(value))
    return str(path)


def main():
    if not shutil.which("openssl"):
        print("skipped: no openssl program")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name) / "work"
        work.mkdir()
        world = Sigstore(pathlib.Path(name) / "servers")
        root_digest = statement(work)
        set_up(work, world)
        judges = find_judges(work, root_digest)
        round_trip(work, world, judges)
        tokens(work, world)
        faults(work, world)
        commands(work, world, judges)
        conformance_client(work, world)
        reference_client(work, world)
        real_servers(work, world, judges)
        world.stop()
    counts = {kind: [sum(good for k, good in cases if k == kind), sum(k == kind for k, _ in cases)] for kind in dict(cases)}
    print("; ".join(f"{kind} {good}/{of}" for kind, (good, of) in counts.items()) + f"; judges: {', '.join(judges) or 'none'}; {len(failures)} failures")
    if "--json" in sys.argv:
        print(json.dumps({**{kind: {"good": good, "of": of} for kind, (good, of) in counts.items()}, "failures": len(failures)}))
    if failures:
        sys.exit(1)


main()
