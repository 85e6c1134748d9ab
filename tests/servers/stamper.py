"""A time-stamping authority (RFC 3161): the openssl program's answers, and what is wrong with them when a fault is asked for."""
import datetime
import hashlib
import subprocess
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from authority import der, make_ca, moment, name, pem, usage
from der import Node

CONFIG = """[tsa]
default_tsa = one
[one]
dir = .
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Stamper:
    def __init__(self, folder):
        self.folder = folder
        self.stranger = None  # another authority, when one is asked for
        folder.mkdir(parents=True)
        self.root, root_key = make_ca("test time root")
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)  # every signature has one length: see `shift`
        self.leaf = (x509.CertificateBuilder().subject_name(name("test time")).issuer_name(self.root.subject)
                     .public_key(self.key.public_key()).serial_number(x509.random_serial_number())
                     .not_valid_before(moment(time.time() - 86400)).not_valid_after(moment(time.time() + 86400 * 300))
                     .add_extension(x509.BasicConstraints(False, None), True)
                     .add_extension(usage(digital_signature=True), True)
                     .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)
                     .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False)
                     .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), False)
                     .sign(root_key, hashes.SHA256()))
        (folder / "tsa.cnf").write_text(CONFIG)
        (folder / "serial").write_text("01\n")
        (folder / "tsa.pem").write_text(pem(self.leaf))
        (folder / "tsa.key").write_bytes(self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

    def reply(self, query):
        (self.folder / "query").write_bytes(query)
        subprocess.run(["openssl", "ts", "-reply", "-config", "tsa.cnf", "-section", "one", "-queryfile", "query", "-signer",
                        "tsa.pem", "-inkey", "tsa.key", "-out", "reply"], cwd=self.folder, check=True, capture_output=True)
        return (self.folder / "reply").read_bytes()

    def shift(self, reply, seconds):
        """The same answer with another time in it, signed anew; every part keeps its length."""
        token = list(Node(reply).children())[1]
        signed = next(list(token.children())[1].children())
        parts = list(signed.children())
        content = next(list(parts[2].children())[1].children())  # [0] { OCTET STRING { TSTInfo } }
        info = content.inside()
        old = next(c for c in Node(info).children() if c.tag == 0x18).inside()
        at = datetime.datetime.strptime(old.decode(), "%Y%m%d%H%M%SZ") + datetime.timedelta(seconds=seconds)
        changed = info.replace(old, at.strftime("%Y%m%d%H%M%SZ").encode(), 1)
        signer = next(parts[-1].children())
        attributes = next(c for c in signer.children() if c.tag == 0xA0)
        fresh = attributes.whole().replace(hashlib.sha256(info).digest(), hashlib.sha256(changed).digest(), 1)
        signature = self.key.sign(b"\x31" + fresh[1:], padding.PKCS1v15(), hashes.SHA256())
        before = list(signer.children())[-1].inside()
        for a, b in ((info, changed), (attributes.whole(), fresh), (before, signature)):
            assert a != b and len(a) == len(b) and reply.count(a) == 1
            reply = reply.replace(a, b)
        return reply

    def answer(self, query, fault):
        """The TimeStampResp to a TimeStampReq."""
        parts = list(Node(query).children())
        nonce = next(c for c in parts if c.tag == 0x02 and c.end - c.content > 4).inside()
        imprint = list(parts[1].children())[1].inside()
        if fault == "wrong-nonce":
            return self.reply(query.replace(nonce, nonce[:-1] + bytes([nonce[-1] ^ 1])))
        if fault == "wrong-imprint":
            return self.reply(query.replace(imprint, hashlib.sha256(imprint).digest()))
        if fault == "late":
            return self.shift(self.reply(query), 3600)
        if fault == "early":
            return self.shift(self.reply(query), -3600)
        if fault == "refused":
            return bytes.fromhex("30053003020102")  # PKIStatus rejection, no token
        if fault == "other-authority":
            self.stranger = self.stranger or Stamper(self.folder / "other")
            return self.stranger.reply(query)
        return self.reply(query)

    def chain(self):
        return [der(self.leaf), der(self.root)]
