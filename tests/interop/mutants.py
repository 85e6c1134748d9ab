"""Mutants of every bundle that is believed: one field or one byte changed, within base64 and DER too. None may be believed, but in the places that
LAX names, each with its reason. Bundles: our own world's, and of the samples the happy ones of sigstore-conformance and OMS's historical.
Usage: mutants.py CLIENT WORLD [--seed N] [--count N | --full] [-v] [--json]"""
import base64
import binascii
import collections
import copy
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = pathlib.Path(os.environ.get("REDAN_SAMPLES", ROOT.parent / "shared" / "samples")) / "signing"
QUICK, FULL = 1200, 5000
IDENTITY = ("https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/"
            "extremely-dangerous-oidc-beacon.yml@refs/heads/main")
ISSUER = "https://token.actions.githubusercontent.com"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def argument(name):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else None


# ---- what is believed ----

def conformance():
    here = SAMPLES / "sigstore-conformance"
    for case in sorted((here / "assets" / "bundle-verify").glob("*/bundle.sigstore.json")):
        folder = case.parent
        if folder.name.endswith("_fail"):
            continue

        def word(name, default):
            return (folder / name).read_text(encoding="utf-8").strip() if (folder / name).exists() else default
        root = folder / "trusted_root.json"
        made = ["--trusted-root", str(root if root.exists() else here / "roots" / "trusted_root.json")]
        if (folder / "key.pub").exists():
            made += ["--key", str(folder / "key.pub")]
        else:
            made += ["--certificate-identity", word("identity", IDENTITY), "--certificate-oidc-issuer", word("issuer", ISSUER)]
        artifact = folder / "artifact"
        made.append(str(artifact if artifact.exists() else here / "assets" / "a.txt"))
        yield "conformance/" + folder.name, case.read_bytes(), made


def oms(folder):
    here = SAMPLES / "oms"
    key = pathlib.Path(folder) / "oms.pub"
    if here.is_dir():  # certtool's words before the block are left out
        text = (here / "keys" / "certificate" / "signing-key-pub.pem").read_text(encoding="utf-8")
        key.write_text(text[text.index("-----BEGIN"):], encoding="utf-8")
    for file in sorted(here.glob("v*/model.sig")):
        kind = file.parent.name.split("-", 1)[1]
        made = ["--oms", "--now", "1790000000"]
        if kind == "certificate":
            made += ["--anchors", str(here / "keys" / "certificate" / "ca-cert.pem")]
        elif kind == "elliptic-key":
            made += ["--key", str(key)]
        else:
            made += ["--certificate-identity", "stefanb@us.ibm.com", "--certificate-oidc-issuer",
                     "https://sigstore.verify.ibm.com/oauth2"]
        made += ["--trusted-root", str(SAMPLES / "sigstore-conformance" / "roots" / "trusted_root.json")]
        yield "oms/" + file.parent.name, file.read_bytes(), made


def world(tool, folder):
    subprocess.run([tool, folder], check=True)
    with open(os.path.join(folder, "cases.tsv"), encoding="utf-8") as table:
        for line in table:
            name, *rest = line.rstrip("\n").split("\t")
            with open(os.path.join(folder, name + ".json"), "rb") as file:
                yield "world/" + name, file.read(), [word.replace("@", folder, 1) if word.startswith("@/") else word for word in rest]


class Judge:
    def __init__(self, client):
        self.child = subprocess.Popen([client, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, arguments, bundle):
        self.child.stdin.write("\t".join([str(len(bundle))] + arguments).encode() + b"\n" + bundle)
        self.child.stdin.flush()
        answer = self.child.stdout.readline().decode(errors="replace").rstrip("\n")
        if not answer:
            raise SystemExit("the client died")
        return answer


# ---- mutants ----

def leaves(node, path=()):
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, path + (key,))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from leaves(value, path + (index,))
    else:
        yield path


def branches(node, path=()):
    if path:
        yield path
    if isinstance(node, dict):
        for key, value in node.items():
            yield from branches(value, path + (key,))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from branches(value, path + (index,))


def get(node, path):
    for step in path:
        node = node[step]
    return node


def put(node, path, value):
    get(node, path[:-1])[path[-1]] = value


def decoded(text):
    """The bytes of base64 that is long enough to be some."""
    if not isinstance(text, str) or len(text) < 8 or len(text) % 4:
        return None
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return None


def flip(dice, data):
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1:]


def other_text(dice, text):
    at = dice.randrange(len(text))
    return text[:at] + dice.choice(ALPHABET) + text[at + 1:]


def mutate_value(dice, value):
    """Another value of the same type."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return max(0, value + dice.choice([-1, 1, 7]))
    if value.isdigit():
        return str(max(0, int(value) + dice.choice([-1, 1, 7])))
    if not value:
        return dice.choice(["x", "AAAA"])
    data = decoded(value)
    how = dice.randrange(8)
    if how == 0:
        return ""
    if how == 1:
        return value[:-1] if dice.randrange(2) or not data else base64.b64encode(data[:-1]).decode()
    if how == 2:
        return value + "A" if dice.randrange(2) or not data else base64.b64encode(data + b"\0").decode()
    if data and how < 7:
        return base64.b64encode(flip(dice, data)).decode()
    return other_text(dice, value)


def mutate_inner(dice, value):
    """A change inside JSON in base64 (a payload, a log's body), or of a line of a checkpoint."""
    data = decoded(value) if isinstance(value, str) else None
    try:
        inner = json.loads(data) if data else None
    except ValueError:
        inner = None
    if isinstance(inner, dict):
        path = dice.choice(list(leaves(inner)))
        put(inner, path, mutate_value(dice, get(inner, path)))
        return base64.b64encode(json.dumps(inner, separators=(",", ":")).encode()).decode()
    if isinstance(value, str) and "\n" in value:
        lines = value.split("\n")
        at = dice.randrange(len(lines))
        lines[at:at + 1] = dice.choice([[], [lines[at], lines[at]], [mutate_value(dice, lines[at])]])
        return "\n".join(lines)
    return mutate_value(dice, value)


def mutate(dice, text, bundle, others, strangers):
    """The text of one mutant. Content is only taken over from strangers: what else the wanted key signed is signed by it."""
    how = dice.randrange(10)
    made = copy.deepcopy(bundle)
    if how == 0:  # a byte of the file
        return flip(dice, text)
    if how == 1:  # a part left out, emptied, or twice
        path = dice.choice(list(branches(bundle)))
        holder = get(made, path[:-1])
        if isinstance(holder, list) and dice.randrange(2):
            holder.append(copy.deepcopy(holder[path[-1]]))
        elif dice.randrange(2):
            del holder[path[-1]]
        else:
            holder[path[-1]] = dice.choice([None, "", [], {}, 0])
    elif how == 2:  # the same part of another bundle
        path = dice.choice(list(branches(bundle)))
        try:
            whose = strangers if path[0] in ("dsseEnvelope", "messageSignature") else others
            put(made, path, copy.deepcopy(get(dice.choice(whose), path)))
        except (KeyError, IndexError, TypeError):  # it has no such part, or there are no samples, so no strangers
            put(made, path, None)
    elif how == 3:
        path = dice.choice(list(leaves(bundle)))
        put(made, path, mutate_inner(dice, get(bundle, path)))
    else:
        path = dice.choice(list(leaves(bundle)))
        put(made, path, mutate_value(dice, get(bundle, path)))
    return json.dumps(made).encode()


# ---- which of them may be believed ----

def normal(node):
    """Null and absence are the same, and so are empty texts and lists; numbers may be texts; base64 is its bytes."""
    if isinstance(node, dict):
        kept = {key: normal(value) for key, value in node.items()}
        return {key: value for key, value in kept.items() if value not in (None, "", [], "0")}
    if isinstance(node, list):
        return [normal(value) for value in node]
    if isinstance(node, int) and not isinstance(node, bool):
        return str(node)
    return node


def difference(old, new, path=()):
    if type(old) is not type(new):
        yield path, old, new
    elif isinstance(old, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from difference(old.get(key), new.get(key), path + (key,))
    elif isinstance(old, list):
        if len(old) != len(new):
            yield path, old, new
        else:
            for index, pair in enumerate(zip(old, new)):
                yield from difference(*pair, path + (index,))
    elif old != new and (decoded(old) is None or decoded(old) != decoded(new)):
        yield path, old, new


def witness(old, new):
    """The signed text and the log's own line are still there; what changed stands beside it."""
    if not isinstance(old, str) or not isinstance(new, str):
        return False
    (before, _, lines), (after, _, others) = old.partition("\n\n"), new.partition("\n\n")
    host = before.split("\n")[0].split(" ")[0]  # of all logs here the origin begins with the name
    own = {line for line in lines.split("\n") if line.split(" ")[1:2] == [host]}
    return before == after and bool(own & set(others.split("\n")))


VERSIONS = ("application/vnd.dev.sigstore.bundle+json;version=0.1", "application/vnd.dev.sigstore.bundle+json;version=0.2",
            "application/vnd.dev.sigstore.bundle+json;version=0.3", "application/vnd.dev.sigstore.bundle.v0.3+json")


def gone(old, new):
    return new is None or isinstance(old, list) and isinstance(new, list) and all(item in old for item in new)


def unpromised(bundle):
    return not bundle["verificationMaterial"]["tlogEntries"][0].get("inclusionPromise")


def same_pem(old, new):
    def body(text):
        return [line.strip() for line in (decoded(text) or b"").decode(errors="replace").split("\n") if line.strip()]
    return isinstance(new, str) and body(old) == body(new)


def parts(der):
    """The elements of a constructed one, each with its own head."""
    def head(at):
        size = der[at + 1]
        if size < 128:
            return 2, size
        return 2 + (size & 127), int.from_bytes(der[at + 2:at + 2 + (size & 127)], "big")
    begin, size = head(0)
    at, found = begin, []
    while at < begin + size:
        skip, inner = head(at)
        found.append(der[at:at + skip + inner])
        at += skip + inner
    return found


def uncertified(text):
    """A TimeStampResp without the certificates in its token (RFC 5652 5.1, [0])."""
    status, token = parts(decoded(text))
    kind, explicit = parts(token)
    signed = parts(explicit)[0]
    return status, kind, [part for part in parts(signed) if part[0] != 0xa0]


def same_stamp(old, new):
    try:
        return uncertified(old) == uncertified(new)
    except (IndexError, ValueError, TypeError):
        return False


# (end of the path without indices, whether this change of it may pass, why)
LAX = [
    ("mediaType", lambda old, new, bundle: new in VERSIONS,
     "it says which evidence must be there, and that is judged by what is there"),
    ("signatures.keyid", lambda old, new, bundle: True, "DSSE: a hint for choosing a key, never believed; the key is the caller's"),
    ("publicKey.hint", lambda old, new, bundle: new is None, "a hint that is there must be right; the key is the caller's"),
    ("publicKey.keyDetails", lambda old, new, bundle: True, "never used: the key is the caller's"),
    ("publicKey.rawBytes", lambda old, new, bundle: new is None or same_pem(old, new),
     "compared with the caller's key as a key; left out, the caller's key is all the same what verifies"),
    ("messageSignature.messageDigest", lambda old, new, bundle: new is None, "the caller's digest is what verifies"),
    ("tlogEntries", lambda old, new, bundle: gone(old, new), "keys and certificates need no log unless the caller asks for one"),
    ("tlogEntries.inclusionPromise", lambda old, new, bundle: new is None, "left out, it vouches for no time; another must"),
    ("tlogEntries.inclusionPromise.signedEntryTimestamp", lambda old, new, bundle: new is None, "the same"),
    ("tlogEntries.inclusionProof", lambda old, new, bundle: new is None, "version 0.1 has the promise instead"),
    ("tlogEntries.inclusionProof.checkpoint", lambda old, new, bundle: new is None, "the same"),
    ("tlogEntries.inclusionProof.checkpoint.envelope", lambda old, new, bundle: new is None or witness(old, new),
     "lines of witnesses are not believed, so not judged; or the same"),
    ("tlogEntries.integratedTime", lambda old, new, bundle: unpromised(bundle), "counts only with a promise (sigstore_rekor.proto)"),
    ("tlogEntries.logIndex", lambda old, new, bundle: unpromised(bundle),
     "of Rekor v1 only the promise signs it (sigstore_rekor.proto); it is then not told either"),
    ("timestampVerificationData", lambda old, new, bundle: new is None, "left out, it vouches for no time; another must"),
    ("timestampVerificationData.rfc3161Timestamps", lambda old, new, bundle: gone(old, new), "the same; or one stamp twice"),
    ("rfc3161Timestamps.signedTimestamp", lambda old, new, bundle: same_stamp(old, new),
     "the certificates in a token are taken out before it is verified: the authority is the trust root's"),
    ("x509CertificateChain.certificates", lambda old, new, bundle: new[:1] == old[:1],
     "what follows the leaf are untrusted links: a chain to the caller's roots must come out"),
    ("x509CertificateChain.certificates.rawBytes", None, "the same, for all but the leaf"),
]


def lax(path, old, new, bundle):
    name = ".".join(step for step in path if isinstance(step, str))
    for end, may, why in LAX:
        if name == end or name.endswith("." + end):
            if may is None:
                return why if path[-2] != 0 else None
            return why if may(old, new, bundle) else None
    return None


def judged(original, text):
    """What a believed mutant changed, and for each change the reason why it may, or None."""
    changed = json.loads(text)
    before, after = normal(original), normal(changed)
    return [(path, old, new, lax(path, old, new, before)) for path, old, new in difference(before, after)]


def main():
    dice = random.Random(int(argument("--seed") or 1))
    count = int(argument("--count") or (FULL if "--full" in sys.argv else QUICK))
    judge = Judge(os.path.abspath(sys.argv[1]))
    with tempfile.TemporaryDirectory() as folder:
        cases = list(world(os.path.abspath(sys.argv[2]), folder)) + list(conformance()) + list(oms(folder))
        if not any(name.startswith("oms/") for name, _, _ in cases):
            print(f"no samples in {SAMPLES} (REDAN_SAMPLES): our own world alone")
        bundles = [json.loads(text) for _, text, _ in cases]
        for name, text, arguments in cases:
            answer = judge(arguments, text)
            if answer != "yes":
                print(f"wrong: {name} itself: {answer}")
                return 1
        tried, same, passed, wrong = 0, 0, collections.Counter(), []
        while tried < count:
            at = tried % len(cases)
            name, text, arguments = cases[at]
            strangers = [b for b, case in zip(bundles, cases) if case[0].split("/")[0] != name.split("/")[0]]
            mutant = mutate(dice, text, bundles[at], bundles, strangers)
            answer = judge(arguments, mutant)
            if answer == "yes":
                changes = judged(bundles[at], mutant)
                if not changes:  # other blanks, null for absence, the other alphabet
                    same += 1
                    continue
                for path, old, new, why in changes:
                    if why:
                        passed[".".join(step for step in path if isinstance(step, str)) + ": " + why] += 1
                    else:
                        wrong.append(f"{name}: {path}: {str(old)[-90:]} -> {str(new)[-90:]}")
            tried += 1
    for line in wrong:
        print("believed: " + line)
    if "-v" in sys.argv:
        for line, n in sorted(passed.items()):
            print(f"{n:5} {line}")
    print(f"mutants: {tried} of {len(cases)} bundles; believed in an authenticated field: {len(wrong)}; in the {len(LAX)} lax places: "
          f"{sum(passed.values())}; not counted, because they say the same: {same}")
    if "--json" in sys.argv:
        print(json.dumps({"not believed in an authenticated field": {"good": tried - len(wrong), "of": tried}, "bundles": len(cases)}))
    return 1 if wrong else 0


sys.exit(main())
