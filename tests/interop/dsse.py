"""Envelopes, key ids, statements and root fingerprints by a second implementation (the `cryptography` package), compared
both ways with ours. Usage: dsse.py PROGRAM; exit code 77 when the package is absent."""
import base64
import hashlib
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.asymmetric.utils import (decode_dss_signature,
                                                                 encode_dss_signature)
except ImportError:
    tried = os.environ.get("REDAN_INTEROP_TRIED", "").split(":")
    for other in (os.environ.get("REDAN_PYTHON"), shutil.which("python3"), "/usr/bin/python3"):
        if other and other != sys.executable and other not in tried and os.path.exists(other):
            os.environ["REDAN_INTEROP_TRIED"] = ":".join(tried + [other, sys.executable])
            os.execv(other, [other] + sys.argv)
    print("skipped: the Python package `cryptography` is not installed (Debian: python3-cryptography)")
    sys.exit(77)

ENCODING, PRIVATE, PUBLIC = (serialization.Encoding, serialization.PrivateFormat,
                             serialization.PublicFormat)
PLAIN = serialization.NoEncryption()
KINDS = {
    "ed25519": (ed25519.Ed25519PrivateKey.generate, None),
    "ecdsa-p256": (lambda: ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()),
    "ecdsa-p384": (lambda: ec.generate_private_key(ec.SECP384R1()), hashes.SHA384()),
    "ecdsa-p521": (lambda: ec.generate_private_key(ec.SECP521R1()), hashes.SHA512()),
}
PRIVATE_FORMS = [(ENCODING.PEM, PRIVATE.PKCS8), (ENCODING.PEM, PRIVATE.OpenSSH),
                 (ENCODING.PEM, PRIVATE.TraditionalOpenSSL)]
PUBLIC_FORMS = [(ENCODING.PEM, PUBLIC.SubjectPublicKeyInfo), (ENCODING.OpenSSH, PUBLIC.OpenSSH)]


def pae(kind, body):
    kind = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body)


def sign(key, md, message):
    return key.sign(message) if md is None else key.sign(message, ec.ECDSA(md))


def verifies(public, md, message, signature):
    try:
        if md is None:
            public.verify(signature, message)
        else:
            public.verify(signature, message, ec.ECDSA(md))
        return True
    except InvalidSignature:
        return False


def string(data):
    return struct.pack(">I", len(data)) + data


def mpint(number):
    return string(number.to_bytes((number.bit_length() + 8) // 8, "big"))  # RFC 4251 5: room for the sign


def blob_of(public):
    return base64.b64decode(public.public_bytes(ENCODING.OpenSSH, PUBLIC.OpenSSH).split()[1])


def strings(data):
    out = []
    while data:
        size = struct.unpack(">I", data[:4])[0]
        out.append(data[4:4 + size])
        data = data[4 + size:]
    return out


def ssh_text(message, hash_name, space=b"redan"):
    digest = hashlib.new(hash_name, message).digest()
    return b"SSHSIG" + string(space) + string(b"") + string(hash_name.encode()) + string(digest)


def ssh_sign(key, md, message, hash_name="sha512", space=b"redan"):
    """PROTOCOL.sshsig by a second implementation."""
    blob = blob_of(key.public_key())
    raw = sign(key, md, ssh_text(message, hash_name, space))
    if md is not None:
        raw = b"".join(mpint(number) for number in decode_dss_signature(raw))
    inner = string(strings(blob)[0]) + string(raw)
    return (b"SSHSIG" + struct.pack(">I", 1) + string(blob) + string(space) + string(b"") +
            string(hash_name.encode()) + string(inner))


def ssh_verifies(public, md, message, signature):
    blob, space, reserved, hash_name, inner = strings(signature[10:])
    kind, raw = strings(inner)
    if md is not None:
        raw = encode_dss_signature(*(int.from_bytes(number, "big") for number in strings(raw)))
    return (signature[:10] == b"SSHSIG\0\0\0\1" and blob == blob_of(public) and space == b"redan" and
            reserved == b"" and kind == strings(blob)[0] and
            verifies(public, md, ssh_text(message, hash_name.decode()), raw))


def key_id(public):
    return hashlib.sha256(
        public.public_bytes(ENCODING.DER, PUBLIC.SubjectPublicKeyInfo)).hexdigest()


class Test:
    def __init__(self, program, folder):
        self.program, self.folder, self.checks = program, folder, 0
        self.random = random.Random(20261124)

    def file(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as out:
            out.write(data)
        return path

    def run(self, *args):
        done = subprocess.run([self.program, *args], capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr.decode()

    def same(self, got, want, what):
        self.checks += 1
        if got != want:
            sys.exit(f"{what}: got {got!r}, expected {want!r}")

    def payload(self, number):
        sizes = [0, 1, 2, 3, 31, 32, 33, 1000, 100000]
        return self.random.randbytes(sizes[number % len(sizes)])

    def envelopes(self, name, rounds):
        make, md = KINDS[name]
        for number in range(rounds):
            key, stranger = make(), make()
            public, kind, body = key.public_key(), "type/" + "é" * (number % 3), self.payload(number)
            forms = PRIVATE_FORMS if md else PRIVATE_FORMS[:2]
            private_file = self.file("key", key.private_bytes(*forms[number % len(forms)], PLAIN))
            public_file = self.file("pub", public.public_bytes(*PUBLIC_FORMS[number % 2]))
            stranger_file = self.file("stranger", stranger.public_key().public_bytes(*PUBLIC_FORMS[0]))
            # ours -> theirs
            code, text, error = self.run("sign", private_file, kind, self.file("body", body))
            self.same(code, 0, f"{name} sign: {error}")
            made = json.loads(text)
            self.same(made["payloadType"], kind, "payloadType")
            self.same(base64.b64decode(made["payload"], validate=True), body, "payload")
            self.same(made["signatures"][0]["keyid"], key_id(public), "keyid")
            signature = base64.b64decode(made["signatures"][0]["sig"], validate=True)
            ssh = forms[number % len(forms)][1] == PRIVATE.OpenSSH  # such a key makes an SSHSIG
            self.same(signature[:6] == b"SSHSIG", ssh, "the form of the signature")
            check = ssh_verifies if ssh else verifies
            self.same(check(public, md, pae(kind, body), signature), True, "their verdict")
            # theirs -> ours, in both alphabets, signed by two
            encode = base64.urlsafe_b64encode if number % 2 else base64.b64encode
            hash_name = ("sha512", "sha256")[number % 2]
            envelope = {"payload": encode(body).decode(), "payloadType": kind, "signatures": [
                {"sig": encode(sign(stranger, md, pae(kind, body))).decode()},
                {"sig": encode(sign(key, md, pae(kind, body)) if number % 4 < 2 else
                               ssh_sign(key, md, pae(kind, body), hash_name)).decode(),
                 "keyid": "any", "x": [1]}]}
            theirs = self.file("envelope", json.dumps(envelope).encode())
            for who in (public_file, stranger_file):
                code, out, error = self.run("verify", who, theirs)
                self.same((code, out), (0, body), f"{name} verify: {error}")
            self.same(self.run("add", private_file, theirs)[0], 3, "a second signature by one key")
            # what must not verify
            for change in ({"payloadType": kind + " "}, {"payload": encode(body + b"x").decode()}):
                bad = self.file("bad", json.dumps({**envelope, **change}).encode())
                self.same(self.run("verify", public_file, bad)[0], 1, f"{name} with {change.keys()}")
            foreign = encode(ssh_sign(key, md, pae(kind, body), hash_name, b"git")).decode()
            bad = self.file("bad", json.dumps({**envelope, "signatures": [{"sig": foreign}]}).encode())
            self.same(self.run("verify", public_file, bad)[0], 1, f"{name} signed for git")
            damaged = bytearray(sign(key, md, pae(kind, body)))
            damaged[self.random.randrange(len(damaged))] ^= 1 << self.random.randrange(8)
            envelope["signatures"] = [{"sig": base64.b64encode(damaged).decode()}]
            bad = self.file("bad", json.dumps(envelope).encode())
            ours = self.run("verify", public_file, bad)[0]
            self.same(ours, 0 if verifies(public, md, pae(kind, body), bytes(damaged)) else 1,
                      f"{name} with a damaged signature")
            self.same(self.run("id", public_file)[1].decode(), key_id(public), "key id")

    def statements(self, rounds):
        def value(depth):
            pick = self.random.randrange(7 if depth else 5)
            if pick == 5:
                return [value(depth - 1) for _ in range(self.random.randrange(4))]
            if pick == 6:
                return {word(): value(depth - 1) for _ in range(self.random.randrange(4))}
            return [None, True, self.random.randrange(-10**9, 10**9), word(), ""][pick]

        def word():
            return "".join(self.random.choice("abzé\"\\/\n\x01€") for _ in range(self.random.randrange(9)))

        for _ in range(rounds):
            subjects = [{"name": f"n{i}", "digest": {"sha256": self.random.randbytes(32).hex()}}
                        for i in range(self.random.randrange(1, 5))]
            statement = {"predicateType": "https://example.org/p/v1", "subject": subjects,
                         "_type": "https://in-toto.io/Statement/v1",
                         "predicate": {word(): value(3) for _ in range(4)}}
            # no astral characters here, so that Python's order is that of RFC 8785
            want = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            loose = json.dumps(statement, indent=self.random.choice([None, 1, 4]))
            code, out, error = self.run("statement", self.file("statement", loose.encode()))
            self.same((code, out.decode()), (0, want), f"statement: {error}")

    def roots(self, rounds):
        for number in range(rounds):
            publics = [make().public_key() for make, _ in KINDS.values()]
            threshold = 1 + number % len(publics)
            lines = ["schema: redan/keys/1", "org: o", "version: 1",
                     f"root: {{threshold: {threshold}, keys: [{', '.join(f'k{i}' for i in range(len(publics)))}]}}",
                     "holders: [{id: h, kind: person}]", "keys:"]
            for i, public in enumerate(publics):
                text = public.public_bytes(*PUBLIC_FORMS[(number + i) % 2]).decode().strip()
                block = "".join(f"\n      {line}" for line in text.split("\n"))
                lines += [f"  - id: k{i}", "    holder: h", f"    public: |{block}",
                          "    from: 2026-01-01", "    until: 2027-01-01"]
            ids = sorted(key_id(public) for public in publics)
            canonical = json.dumps({"keys": ids, "threshold": threshold}, separators=(",", ":"))
            want = hashlib.sha256(b"redan/1\0root\0" + canonical.encode()).hexdigest()
            code, out, error = self.run("root", self.file("keys", "\n".join(lines).encode()))
            self.same((code, out.decode()), (0, want), f"root: {error}")


def main():
    with tempfile.TemporaryDirectory(prefix="redan-interop-") as folder:
        test = Test(sys.argv[1], folder)
        for name in KINDS:
            test.envelopes(name, 12)
        test.statements(60)
        test.roots(12)
        print(f"{test.checks} comparisons agree")


main()
