"""A transparency log that speaks Rekor v2's API (POST /api/v2/log/entries): hashedrekord 0.0.2, a Merkle tree (RFC 9162 2.1) kept in
memory, and checkpoints signed with Ed25519 (C2SP tlog-checkpoint)."""
import base64
import hashlib
import json
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

from authority import b64, spki


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def split(count):
    """The largest power of two below it."""
    return 1 << (count - 1).bit_length() - 1


def tree_root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node_hash(tree_root(leaves[:k]), tree_root(leaves[k:]))


def tree_path(leaves, index):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return tree_path(leaves[:k], index) + [tree_root(leaves[k:])]
    return tree_path(leaves[k:], index - k) + [tree_root(leaves[:k])]


def canonical(value):
    """RFC 8785 of what is ASCII and has no numbers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


class Rekor:
    def __init__(self, origin):
        self.origin = origin
        self.key = ed25519.Ed25519PrivateKey.generate()
        raw = spki(self.key.public_key())[-32:]
        self.id = hashlib.sha256(origin.encode() + b"\n\1" + raw).digest()
        self.leaves = [leaf_hash(b"entry %d" % i) for i in range(5)]  # so that there is a path to prove
        self.lock = threading.Lock()

    def checkpoint(self, size, root, key=None):
        text = f"{self.origin}\n{size}\n{b64(root)}\n"
        signature = (key or self.key).sign(text.encode())
        return f"{text}\n\u2014 {self.origin} {b64(self.id[:4] + signature)}\n"

    def add(self, body, fault):
        """The TransparencyLogEntry, or ValueError with the reason for a refusal."""
        asked = body["hashedRekordRequestV002"]
        digest = base64.b64decode(asked["digest"], validate=True)
        content = base64.b64decode(asked["signature"]["content"], validate=True)
        verifier = asked["signature"]["verifier"]
        certificate = x509.load_der_x509_certificate(base64.b64decode(verifier["x509Certificate"]["rawBytes"], validate=True))
        if verifier["keyDetails"] != "PKIX_ECDSA_P256_SHA_256":
            raise ValueError("unsupported key details")
        try:
            certificate.public_key().verify(content, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
        except Exception:
            raise ValueError("the signature does not verify") from None
        if fault == "wrong-body":
            asked["digest"] = b64(hashlib.sha256(b"something else").digest())
        entry = canonical({"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": {
            "data": {"algorithm": "SHA2_256", "digest": asked["digest"]}, "signature": asked["signature"]}}})
        with self.lock:
            self.leaves.append(leaf_hash(entry))
            leaves = list(self.leaves)
        return self.answer(entry, leaves, fault)

    def answer(self, entry, leaves, fault):
        index, root, path = len(leaves) - 1, tree_root(leaves), tree_path(leaves, len(leaves) - 1)
        key, shown = None, root
        if fault == "wrong-log-key":
            key = ed25519.Ed25519PrivateKey.generate()
        elif fault == "other-tree":
            shown = tree_root(leaves[:-1] + [leaf_hash(b"not what was sent")])
        elif fault == "bad-proof":
            path = [hashlib.sha256(p).digest() for p in path]
        elif fault == "short-proof":
            path = path[:-1]
        made = {"logIndex": str(index), "logId": {"keyId": b64(self.id)}, "kindVersion": {"kind": "hashedrekord", "version": "0.0.2"},
                "integratedTime": "0", "inclusionPromise": None,
                "inclusionProof": {"logIndex": str(index), "rootHash": b64(root), "treeSize": str(len(leaves)),
                                   "hashes": [b64(p) for p in path],
                                   "checkpoint": {"envelope": self.checkpoint(len(leaves), shown, key)}},
                "canonicalizedBody": b64(entry)}
        if fault == "no-proof":
            made["inclusionProof"] = None
        elif fault == "other-kind":
            made["kindVersion"]["version"] = "0.0.1"
        elif fault == "other-index":
            made["logIndex"] = "0"
        elif fault == "unknown-log":
            made["logId"]["keyId"] = b64(bytes(32))
        elif fault == "extra-field":
            made["note"] = "hello"
        return made
