"""A Sigstore of our own on loopback: token issuer, Fulcio, Rekor v2 and a time-stamping authority behind one HTTP server, with the
trust root and the signing configuration that belong to them, and a switch for each thing that can go wrong.
Usage: sigstore.py FOLDER [FAULT]   (writes trusted_root.json, signing_config.json, token; serves until interrupted)"""
import http.server
import json
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from authority import Fulcio, Issuer, TransparencyLog, b64, der, spki  # noqa: E402
from log import Rekor  # noqa: E402
from stamper import Stamper  # noqa: E402

START = "2026-01-01T00:00:00Z"
ORIGIN = "rekor.test"
GITHUB_SECRET = "ghs-secret-of-the-job"

# What any service can do wrong: status, body, and what is done to the connection.
PLAIN = {
    "400": (400, b'{"code":3,"message":"the proof of possession is \x1b[31mnot\x1b[0m right","details":[]}'),
    "401": (401, b'{"code":16,"message":"There was an error processing the identity token","details":[]}'),
    "404": (404, b"not found"),
    "409": (409, b'{"code":6,"message":"an equivalent entry already exists"}'),
    "429": (429, b"slow down"),
    "500": (500, b'{"code":13,"message":"error connecting to the database"}'),
    "503": (503, b"<html>no healthy upstream</html>"),
    "302": (302, b""),
    "truncated": (200, b'{"signedCertificateEmbeddedSct":{"chain":{"certificates":["-----BEGIN'),
    "duplicate": (200, b'{"a":1,"a":2}'),
    "garbage": (200, b"<html>sign in to the wireless network</html>"),
    "empty": (200, b""),
    "huge": (200, b" " * (2 << 20)),
}


class Sigstore:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.fault = None  # "SERVICE:NAME"
        self.asked = []  # path and headers of each request
        server = Server(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.sigstore = self
        self.server = server
        self.base = f"http://127.0.0.1:{server.server_port}"
        self.issuer = Issuer(self.base + "/oidc")
        self.ct = TransparencyLog()
        self.fulcio = Fulcio(self.issuer, self.ct)
        self.rekor = Rekor(ORIGIN)
        self.stamper = Stamper(self.folder / "tsa")
        self.lock = threading.Lock()
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def now(self, service):
        """The fault that this service is to have."""
        of, _, fault = (self.fault or "").partition(":")
        return fault if of == service else None

    def trusted_root(self, logs=None, stampers=None, authorities=None, ctlogs=None):
        def key(public, details):
            return {"rawBytes": b64(spki(public)), "keyDetails": details, "validFor": {"start": START}}

        def chain(certificates):
            return {"certificates": [{"rawBytes": b64(c)} for c in certificates]}

        who = {"organization": "redan test", "commonName": "test"}
        own = {
            "tlogs": [{"baseUrl": "https://" + ORIGIN, "hashAlgorithm": "SHA2_256",
                       "publicKey": key(self.rekor.key.public_key(), "PKIX_ED25519"), "logId": {"keyId": b64(self.rekor.id)}}],
            "certificateAuthorities": [{"subject": who, "uri": "https://fulcio.test", "validFor": {"start": START},
                                        "certChain": chain([der(self.fulcio.between), der(self.fulcio.root)])}],
            "ctlogs": [{"baseUrl": "https://ct.test", "hashAlgorithm": "SHA2_256",
                        "publicKey": key(self.ct.key.public_key(), "PKIX_ECDSA_P256_SHA_256"), "logId": {"keyId": b64(self.ct.id)}}],
            "timestampAuthorities": [{"subject": who, "uri": "https://tsa.test", "validFor": {"start": START},
                                      "certChain": chain(self.stamper.chain())}],
        }
        for name, other in (("tlogs", logs), ("timestampAuthorities", stampers), ("certificateAuthorities", authorities),
                            ("ctlogs", ctlogs)):
            if other is not None:
                own[name] = other
        return {"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", **own}

    def signing_config(self, fulcio=None, rekor=None, tsa=None):
        def service(url, version):
            return [{"url": url, "majorApiVersion": version, "validFor": {"start": START}, "operator": "redan.test"}]

        return {"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": service(fulcio or self.base + "/fulcio", 1), "oidcUrls": service(self.issuer.url, 1),
                "rekorTlogUrls": service(rekor or self.base + "/rekor", 2),
                "tsaUrls": service(tsa or self.base + "/tsa", 1),
                "rekorTlogConfig": {"selector": "ANY"}, "tsaConfig": {"selector": "ANY"}}


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client that gives up is what some faults are for."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, body, kind="application/json", claim=None):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(claim or len(body)))
        if status == 302:
            self.send_header("Location", "https://elsewhere.test/")
        self.end_headers()
        self.wfile.write(body)
        if claim:
            self.wfile.flush()
            self.close_connection = True

    def plain_fault(self, fault, body):
        """True when the fault was one that any service can have."""
        if fault in PLAIN:
            self.send(*PLAIN[fault])
        elif fault == "slow":
            time.sleep(6)
            self.close_connection = True
        elif fault == "drip":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            for _ in range(40):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.2)
            self.close_connection = True
        elif fault == "header":
            self.send_response(200)
            self.send_header("X-Long", "a" * 200000)
            self.end_headers()
            self.close_connection = True
        elif fault == "broken":
            self.send(200, b'{"half":', claim=1000)
        elif fault == "closed":
            self.close_connection = True
        elif fault == "echo":
            self.send(400, body + str(self.headers).encode())
        else:
            return False
        return True

    def do_GET(self):
        world = self.server.sigstore
        world.asked.append((self.path, dict(self.headers)))
        if self.path == "/oidc/.well-known/openid-configuration":
            return self.send(200, world.issuer.discovery())
        if self.path == "/oidc/keys":
            return self.send(200, world.issuer.keys())
        if self.path == "/github?api-version=2.0&audience=sigstore":
            fault = world.now("github")
            if self.plain_fault(fault, b""):
                return None
            if self.headers.get("Authorization") != "bearer " + GITHUB_SECRET:
                return self.send(401, {"message": "no such credential"})
            return self.send(200, {"count": 1, "value": None if fault == "no-value" else world.issuer.token(
                sub="repo:bank/fraud:ref:refs/heads/main",
                job_workflow_ref="bank/fraud/.github/workflows/sign.yml@refs/heads/main")})
        return self.send(404, {"message": "nothing here"})

    def do_POST(self):
        world = self.server.sigstore
        world.asked.append((self.path, dict(self.headers)))
        body = self.rfile.read(int(self.headers["Content-Length"]))
        services = {"/api/v2/signingCert": ("fulcio", self.fulcio), "/api/v2/log/entries": ("rekor", self.rekor),
                    "/tsa": ("tsa", self.tsa), "/ct/ct/v1/add-pre-chain": ("ct", self.ct)}
        # sigstore-python drops the path of an address: these two answer at the top as well
        name, serve = services.get(self.path.removeprefix("/fulcio").removeprefix("/rekor"), (None, None))
        if not serve:
            return self.send(404, {"code": 5, "message": "Not Found"})
        fault = world.now(name)
        if self.plain_fault(fault, body):
            return None
        try:
            with world.lock:
                return serve(world, body, fault)
        except (ValueError, KeyError, TypeError) as error:
            return self.send(400, {"code": 3, "message": str(error), "details": []})
        except subprocess.CalledProcessError as error:
            return self.send(500, {"code": 13, "message": error.stderr.decode(errors="replace")})

    def fulcio(self, world, body, fault):
        asked = json.loads(body)
        header = self.headers.get("Authorization", "").removeprefix("Bearer ")
        asked.setdefault("credentials", {"oidcIdentityToken": header})  # as sigstore-python does
        if header != asked["credentials"]["oidcIdentityToken"]:
            raise ValueError("the token of the header is another than the request's")
        made = world.fulcio.certify(asked, fault)
        if fault == "detached":
            made = {"signedCertificateDetachedSct": made["signedCertificateEmbeddedSct"]}
        self.send(200, made)

    def rekor(self, world, body, fault):
        self.send(201, world.rekor.add(json.loads(body), fault))

    def tsa(self, world, body, fault):
        if self.headers.get("Content-Type") != "application/timestamp-query":
            raise ValueError("not a timestamp query")
        self.send(200, world.stamper.answer(body, fault), "application/timestamp-reply")

    def ct(self, world, body, _):
        self.send(200, world.ct.add_pre_chain(body))


def main():
    folder = pathlib.Path(sys.argv[1])
    world = Sigstore(folder)
    world.fault = sys.argv[2] if len(sys.argv) > 2 else None
    (folder / "trusted_root.json").write_text(json.dumps(world.trusted_root(), indent=1))
    (folder / "signing_config.json").write_text(json.dumps(world.signing_config(), indent=1))
    (folder / "token").write_text(world.issuer.token(email="dev@example.test", email_verified=True))
    print(f"{world.base} serves; {folder} has trusted_root.json, signing_config.json and token", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
