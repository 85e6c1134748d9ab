"""A time-stamping authority (RFC 3161): openssl's own, behind HTTP for redan, and as a function for who forges records here."""
import hashlib
import http.server
import subprocess
import threading

CONFIG = """
[req]
distinguished_name = dn
prompt = no
[dn]
CN = Test authority
[one]
dir = .
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
[ext]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
"""
# RFC 3161 2.4.1, TimeStampReq in DER: version 1, a SHA-256 imprint, certReq true.
QUERY = bytes.fromhex("3039020101" "3031300d060960864801650304020105000420")
CERTIFICATE_WANTED = bytes.fromhex("0101ff")


class Authority:
    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()
        folder.mkdir(parents=True)
        (folder / "tsa.cnf").write_text(CONFIG)
        (folder / "serial").write_text("01\n")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-config",
                     "tsa.cnf", "-extensions", "ext", "-keyout", "tsa.key", "-out", "tsa.pem")
        self.certificate = (folder / "tsa.pem").read_text()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.folder, check=True, capture_output=True)

    def reply(self, query, *more):
        with self.lock:  # one serial number at a time
            (self.folder / "q.tsq").write_bytes(query)
            self.openssl("ts", "-reply", "-config", "tsa.cnf", "-section", "one", "-queryfile", "q.tsq", "-signer", "tsa.pem",
                         "-inkey", "tsa.key", "-out", "r.tsr", *more)
            return (self.folder / "r.tsr").read_bytes()

    def token(self, signature):
        """The stamp over a signature, as it stands in an envelope."""
        return self.reply(QUERY + hashlib.sha256(signature).digest() + CERTIFICATE_WANTED, "-token_out")

    def handler(self):
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = authority.reply(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler

    def close(self):
        self.server.shutdown()
        self.server.server_close()
