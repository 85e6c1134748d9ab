"""A certificate authority that speaks Fulcio's API (POST /api/v2/signingCert), with a certificate transparency log's promise in
each certificate (RFC 6962 3.2: the signature is over the TBSCertificate without the list of promises)."""
import base64
import datetime
import hashlib
import json
import os
import struct
import time

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from der import without_extension, wrap

SCT_LIST = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
POISON = bytes.fromhex("060a2b06010401d679020403")
ISSUER_OLD = ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
ISSUER = ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
LIFE = 600  # seconds of a leaf


def b64(data):
    return base64.b64encode(data).decode()


def spki(key):
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def moment(seconds):
    return datetime.datetime.utcfromtimestamp(int(seconds))


def name(common):
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "redan test"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


def usage(**true):
    words = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign",
             "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{w: true.get(w, False) for w in words})


def make_ca(common, issuer=None, issuer_key=None, purpose=None, length=1):
    """A root, or an intermediate below one."""
    key = ec.generate_private_key(ec.SECP256R1())
    above = issuer.subject if issuer else name(common)
    builder = (x509.CertificateBuilder().subject_name(name(common)).issuer_name(above).public_key(key.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(moment(time.time() - 86400))
               .not_valid_after(moment(time.time() + 86400 * 365))
               .add_extension(x509.BasicConstraints(True, length), True)
               .add_extension(usage(key_cert_sign=True, crl_sign=True), True)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False))
    if purpose:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), False)
    if issuer:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False)
    return builder.sign(issuer_key or key, hashes.SHA256()), key


class TransparencyLog:
    """Promises (RFC 6962 3.2), and the part of a log's API that a Fulcio asks for them (4.2)."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = hashlib.sha256(spki(self.key.public_key())).digest()

    def sign(self, tbs, issuer, milliseconds):
        key_hash = hashlib.sha256(spki(issuer.public_key())).digest()
        signed = (struct.pack(">BBQH", 0, 0, milliseconds, 1) + key_hash + len(tbs).to_bytes(3, "big") + tbs + b"\0\0")
        return b"\4\3" + (lambda s: struct.pack(">H", len(s)) + s)(self.key.sign(signed, ec.ECDSA(hashes.SHA256())))

    def promise(self, tbs, issuer):
        """A list of one SCT, as the extension's value holds it."""
        now = int(time.time() * 1000)
        sct = b"\0" + self.id + struct.pack(">QH", now, 0) + self.sign(tbs, issuer, now)
        return wrap(0x04, struct.pack(">HH", len(sct) + 2, len(sct)) + sct)

    def add_pre_chain(self, body):
        """{"chain": [precertificate, issuer, ...]} of a real Fulcio."""
        chain = [x509.load_der_x509_certificate(base64.b64decode(c)) for c in json.loads(body)["chain"]]
        now = int(time.time() * 1000)
        tbs = without_extension(chain[0].tbs_certificate_bytes, POISON)
        return {"sct_version": 0, "id": b64(self.id), "timestamp": now, "extensions": "",
                "signature": b64(self.sign(tbs, chain[1], now))}


class Issuer:
    """An OpenID provider: it signs tokens (RFC 7515, ES256) and says where its key is."""

    def __init__(self, url):
        self.url = url
        self.key = ec.generate_private_key(ec.SECP256R1())

    @staticmethod
    def text(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    def token(self, key=None, **claims):
        now = int(time.time())
        body = {"iss": self.url, "sub": "1234", "aud": "sigstore", "iat": now, "exp": now + 300, **claims}
        body = {k: v for k, v in body.items() if v is not None}
        head = {"alg": "ES256", "kid": "one", "typ": "JWT"}
        signed = self.text(json.dumps(head).encode()) + "." + self.text(json.dumps(body).encode())
        r, s = utils.decode_dss_signature((key or self.key).sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return signed + "." + self.text(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    def check(self, token):
        """The claims of a token that is ours and still counts; ValueError says why it is none."""
        head, body, signature = token.split(".")
        raw = base64.urlsafe_b64decode(signature + "==")
        try:
            self.key.public_key().verify(
                utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")),
                f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise ValueError("the token's signature is not the issuer's") from None
        claims = json.loads(base64.urlsafe_b64decode(body + "=="))
        if claims["iss"] != self.url or claims["exp"] <= time.time():
            raise ValueError("the token is of another issuer, or has expired")
        if "sigstore" not in ([claims["aud"]] if isinstance(claims["aud"], str) else claims["aud"]):
            raise ValueError("the token is for another audience")
        return claims

    def discovery(self):
        return {"issuer": self.url, "jwks_uri": self.url + "/keys", "id_token_signing_alg_values_supported": ["ES256"],
                "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
                "authorization_endpoint": self.url + "/auth", "token_endpoint": self.url + "/token"}

    def keys(self):
        numbers = self.key.public_key().public_numbers()
        return {"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "one",
                          "x": self.text(numbers.x.to_bytes(32, "big")), "y": self.text(numbers.y.to_bytes(32, "big"))}]}


class Fulcio:
    def __init__(self, issuer, log):
        self.issuer, self.log = issuer, log
        self.root, root_key = make_ca("test root")
        self.between, self.key = make_ca("test intermediate", self.root, root_key, ExtendedKeyUsageOID.CODE_SIGNING, 0)

    def leaf(self, key, san, issuer_url, begin, log):
        text = issuer_url.encode()
        builder = (x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(self.between.subject).public_key(key)
                   .serial_number(int.from_bytes(os.urandom(16), "big") | 1).not_valid_before(moment(begin))
                   .not_valid_after(moment(begin + LIFE)).add_extension(usage(digital_signature=True), True)
                   .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False)
                   .add_extension(x509.SubjectAlternativeName([san]), True)
                   .add_extension(x509.UnrecognizedExtension(ISSUER_OLD, text), False)
                   .add_extension(x509.UnrecognizedExtension(ISSUER, wrap(0x0C, text)), False))
        bare = builder.sign(self.key, hashes.SHA256())
        if log is None:
            return bare
        promise = log.promise(bare.tbs_certificate_bytes, self.between)
        return builder.add_extension(x509.UnrecognizedExtension(SCT_LIST, promise), False).sign(self.key, hashes.SHA256())

    def certify(self, body, fault):
        """The answer to a request, or ValueError with the reason for a refusal."""
        token = body["credentials"]["oidcIdentityToken"]
        claims = self.issuer.check(token)
        request = x509.load_pem_x509_csr(base64.b64decode(body["certificateSigningRequest"], validate=True))
        if not request.is_signature_valid or len(request.subject) != 0:
            raise ValueError("the request is not signed by its key, or has a subject")
        key, url, begin, log, authority = request.public_key(), self.issuer.url, time.time(), self.log, self
        if "job_workflow_ref" in claims:
            san = x509.UniformResourceIdentifier("https://github.com/" + claims["job_workflow_ref"])
        elif "email" in claims:
            san = x509.RFC822Name(claims["email"])
        else:
            san = x509.UniformResourceIdentifier(claims["sub"])
        if fault == "wrong-key":
            key = ec.generate_private_key(ec.SECP256R1()).public_key()
        elif fault == "wrong-name":
            san = x509.RFC822Name("someone.else@example.test")
        elif fault == "wrong-issuer":
            url = "https://another.issuer.test"
        elif fault == "expired":
            begin -= 3600
        elif fault == "future":
            begin += 7200
        elif fault == "no-sct":
            log = None
        elif fault == "bad-sct":
            log = TransparencyLog()
            log.id = self.log.id
        elif fault == "other-ca":
            authority = Fulcio(self.issuer, self.log)
        leaf = authority.leaf(key, san, url, begin, log)
        chain = [pem(leaf), pem(authority.between), pem(authority.root)]
        if fault == "no-chain":
            chain = chain[:1]
        if fault == "two-in-one":
            chain = ["".join(chain)]
        return {"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}}
