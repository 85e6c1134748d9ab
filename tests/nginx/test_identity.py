"""Who calls: a subject over mTLS, an API key, a token, a header; each reaches the upstream as the name that was established."""

import base64
import hashlib
import json
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import time
import unittest

import server
import upstream
from client import predict

POLICY = server.POLICY.replace("{kind: plain, required: true}", "%s")


def openssl(folder, *words, data=None):
    return subprocess.run(["openssl", *words], cwd=folder, input=data, capture_output=True, check=True).stdout


def certificate(folder, name, subject, issuer=None):
    """NAME.key and NAME.pem, signed by ISSUER or by itself."""
    openssl(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")
    if issuer is None:
        openssl(folder, "req", "-x509", "-new", "-key", f"{name}.key", "-subj", subject, "-days", "2", "-out", f"{name}.pem")
        return
    openssl(folder, "req", "-new", "-key", f"{name}.key", "-subj", subject, "-out", f"{name}.csr")
    (folder / "ext").write_text("subjectAltName=DNS:localhost\n")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key",
            "-CAcreateserial", "-days", "2", "-extfile", "ext", "-out", f"{name}.pem")


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class Subject(unittest.TestCase):
    def test_mtls(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="redan-tls-"))
        certificate(folder, "ca", "/CN=callers")
        certificate(folder, "other", "/CN=strangers")
        certificate(folder, "server", "/CN=localhost", "ca")
        certificate(folder, "anna", "/O=shop/CN=anna, \"the\" first", "ca")
        certificate(folder, "mallory", "/CN=mallory", "other")
        up = upstream.Upstream()
        port = server.free_port()
        nginx = server.Nginx(up.port, policy=POLICY % "{kind: subject, required: true}", start=False,
                             listen=f"127.0.0.1:{port} ssl", guard="redan_identity $ssl_client_s_dn;",
                             server=f"ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key; "
                                    f"ssl_client_certificate {folder}/ca.pem; ssl_verify_client optional;")
        nginx.port = port

        def ask(who):
            context = ssl.create_default_context(cafile=folder / "ca.pem")
            if who:
                context.load_cert_chain(folder / f"{who}.pem", folder / f"{who}.key")
            return predict(nginx.port, who="spoofed", context=context)
        nginx.start()
        with nginx:
            self.assertEqual(ask("anna").status, 200)
            name = up.seen()[0].value("X-Redan-Caller")
            self.assertIn("anna", name)
            self.assertIn("O=shop", name)
            self.assertNotIn("spoofed", name)
            self.assertEqual(ask(None).status, 401)
            self.assertEqual(ask("mallory").status, 400)  # nginx says it itself
            self.assertEqual(len(up.seen()), 1)
            server.wait(lambda: len(nginx.event_lines()) == 2)
            self.assertEqual(nginx.event_lines()[0]["enduser.id"], name)
        up.close()
        shutil.rmtree(folder)


class ApiKey(unittest.TestCase):
    def test_keys(self):
        up = upstream.Upstream()
        nginx = server.Nginx(up.port, policy=POLICY % "{kind: api-key, required: true, keys: keys.txt}", start=False,
                             guard="redan_identity $http_x_api_key;")
        (nginx.folder / "keys.txt").write_text("# callers\n" + "".join(
            f"sha256:{hashlib.sha256(key.encode()).hexdigest()} {name}\n" for key, name in (("k-anna-0123456789", "anna"),
                                                                                           ("k-bert-0123456789", "bert"))))
        nginx.start()
        with nginx:
            def ask(key):
                return predict(nginx.port, who="spoofed", headers=[("X-Api-Key", key)] if key else [])
            self.assertEqual(ask("k-anna-0123456789").status, 200)
            self.assertEqual(ask("k-bert-0123456789").status, 200)
            self.assertEqual([r.value("X-Redan-Caller") for r in up.seen()], ["anna", "bert"])
            for key in ("", "k-anna-0123456788", "k-anna-012345678", "anna"):
                refused = ask(key)
                self.assertEqual(refused.status, 401, key)
                self.assertNotIn(b"k-anna", refused.body)
            self.assertEqual(len(up.seen()), 2)
            server.wait(lambda: len(nginx.event_lines()) == 6)
            self.assertNotIn("k-anna", nginx.events.read_text())
            self.assertNotIn("k-anna", nginx.log())
        up.close()


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Token(unittest.TestCase):
    def test_es256(self):
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils
        key = ec.generate_private_key(ec.SECP256R1())
        stranger = ec.generate_private_key(ec.SECP256R1())
        numbers = key.public_key().public_numbers()
        jwks = {"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "use": "sig", "alg": "ES256",
                          "x": b64(numbers.x.to_bytes(32, "big")), "y": b64(numbers.y.to_bytes(32, "big"))}]}

        def token(signer=key, alg="ES256", **claims):
            told = {"iss": "https://id.example", "aud": "fraud", "sub": "anna", "exp": int(time.time()) + 300, **claims}
            text = b64(json.dumps({"alg": alg, "kid": "1", "typ": "JWT"}).encode()) + "." + b64(json.dumps(told).encode())
            r, s = utils.decode_dss_signature(signer.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
            return text + "." + b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

        up = upstream.Upstream()
        identity = ("{kind: jwt, required: true, keys: jwks.json, algorithm: ES256, issuer: \"https://id.example\", "
                    "audience: fraud}")
        nginx = server.Nginx(up.port, policy=POLICY % identity, start=False, guard="redan_identity $http_authorization;")
        (nginx.folder / "jwks.json").write_text(json.dumps(jwks))
        nginx.start()
        with nginx:
            def ask(text):
                return predict(nginx.port, who="spoofed", headers=[("Authorization", "Bearer " + text)] if text else [])
            good = token()
            for _ in range(3):  # the second time it is remembered
                self.assertEqual(ask(good).status, 200)
            self.assertEqual({r.value("X-Redan-Caller") for r in up.seen()}, {"anna"})
            bad = [None, "", "x.y.z", good[:-4] + "AAAA", token(signer=stranger), token(exp=int(time.time()) - 600),
                   token(iss="https://other.example"), token(aud="other"), token(alg="none"), token(alg="HS256"),
                   good.rsplit(".", 1)[0] + ".", token(sub="")]
            for text in bad:
                self.assertEqual(ask(text).status, 401, text)
            self.assertEqual(len(up.seen()), 3)
        up.close()


if __name__ == "__main__":
    server.main()
