"""DSSE envelopes and in-toto statements, made and signed without redan: what an insider with a key can write."""
import base64
import hashlib
import json

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

TYPE = "application/vnd.in-toto+json"


class Key:
    def __init__(self, name):
        self.name = name
        self.private = Ed25519PrivateKey.generate()
        public = self.private.public_key()
        der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.keyid = hashlib.sha256(der).hexdigest()
        self.public = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    def write(self, path):
        path.touch(mode=0o600)
        path.write_bytes(self.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                    serialization.NoEncryption()))

    def sign(self, payload, stamp=None):
        pae = b"DSSEv1 %d %s %d %s" % (len(TYPE), TYPE.encode(), len(payload), payload)
        raw = self.private.sign(pae)
        made = {"keyid": self.keyid, "sig": base64.b64encode(raw).decode()}
        if stamp:
            made["timestamp"] = base64.b64encode(stamp(raw)).decode()
        return made


def payload_of(envelope):
    return base64.b64decode(envelope["payload"])


def statement_of(envelope):
    return json.loads(payload_of(envelope))


def encode(statement):
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sealed(statement, *keys, stamp=None):
    payload = encode(statement)
    return {"payloadType": TYPE, "payload": base64.b64encode(payload).decode(), "signatures": [k.sign(payload, stamp) for k in keys]}


def unsigned(envelope, statement):
    """The same signatures over another statement: what somebody without a key can do."""
    return dict(envelope, payload=base64.b64encode(encode(statement)).decode())


def digest(envelope):
    return "sha256:" + hashlib.sha256(payload_of(envelope)).hexdigest()
