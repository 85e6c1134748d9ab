"""A time-stamping authority on loopback (openssl ts behind a small HTTP server) and the whole way from keys to a verdict: without a
stamp a measurement is worth E2 and a critical threat stays open, with one it is E3. Usage: stamp.py REDAN"""
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

REDAN = os.path.abspath(sys.argv[1])

CONFIG = """
[req]
distinguished_name = dn
prompt = no
[dn]
CN = Test authority
[tsa]
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
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[ext]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
"""

MODEL = """schema: redan/1
id: scorer
owners: {{ml-lead: ada, security-lead: grace}}
profile: {{kind: [predictive]}}
release: {{model: "sha256:{digest}"}}
threats:
  - id: mapping
    name: Boundary mapping
    stage: inference
    severity: critical
    resolution: {{kind: control, cycle: 2026Q4, controls: [monitor], residual: low}}
  - {{id: drift, archetype: EV-03, severity: low, resolution: {{kind: control, cycle: c, controls: [none-yet], residual: low}}}}
controls:
  - id: monitor
    evidence:
      - {{id: replay, type: metric, subject: release.model, expect: {{rate: {{"<=": 0.1}}}}, signer: ci, fresh: 7d}}
  - {{id: none-yet, evidence: none}}
"""


class Authority(http.server.BaseHTTPRequestHandler):
    folder = None

    def do_POST(self):
        query = self.rfile.read(int(self.headers["Content-Length"]))
        (self.folder / "q.tsq").write_bytes(query)
        done = subprocess.run(
            ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-section", "one", "-queryfile", "q.tsq",
             "-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "r.tsr"], cwd=self.folder, capture_output=True)
        body = (self.folder / "r.tsr").read_bytes() if done.returncode == 0 else b""
        self.send_response(200 if body else 500)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def openssl(folder, *args):
    subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True)


def make_authority(folder):
    (folder / "tsa.cnf").write_text(CONFIG)
    (folder / "serial").write_text("01\n")
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-config", "tsa.cnf", "-extensions", "ext", "-keyout", "tsa.key", "-out", "tsa.pem")
    return (folder / "tsa.pem").read_text()


def redan(folder, *args, expect=0):
    done = subprocess.run([REDAN, *args], cwd=folder, capture_output=True, text=True)
    if done.returncode != expect:
        sys.exit(f"redan {' '.join(args)}: exit {done.returncode}, expected {expect}\n{done.stdout}{done.stderr}")
    return done.stdout


def item(verdict, name):
    return next(i for g in verdict["groups"] for i in g["items"] if i["id"] == name)


def main():
    if not shutil.which("openssl"):
        print("skipped: no openssl program")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        certificate = make_authority(work)
        Authority.folder = work
        server = http.server.HTTPServer(("127.0.0.1", 0), Authority)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"

        keys = ["keys", "new"]
        redan(work, *keys, "root", "--org", "bank", "--holder", "root")
        for who, role in (("ada", "ml-lead"), ("grace", "security-lead")):
            redan(work, *keys, who, "--holder", who, "--role", role, "--sign-with", "root.pem")
        redan(work, *keys, "ci", "--holder", "ci", "--service", "--sign-with", "root.pem")
        ring = work / "redan/keys.yaml"
        block = "".join(f"      {line}\n" for line in certificate.strip().split("\n"))
        ring.write_text(ring.read_text() + f"timestamps:\n  - id: tsa\n    certificate: |\n{block}")
        redan(work, "keys", "sign", "keys.yaml", "--key", "root.pem")
        root = json.loads(redan(work, "keys", "list", "--json"))["root"]

        (work / "redan/threatmodel.yaml").write_text(MODEL.format(digest="ab" * 32))
        (work / "seen.json").write_text('{"rate": {"value": 0.04, "low": 0.03, "high": 0.06}, "n": 2000}')
        for who, role in (("ada", "ml-lead"), ("grace", "security-lead")):
            redan(work, "approve", "--role", role, "--key", f"{who}.pem")
        add = ["evidence", "add", "monitor/replay", "--observed", "seen.json", "--key", "ci.pem"]

        redan(work, *add)
        verdict = json.loads(redan(work, "check", "--json", "--root", root, expect=1))
        assert item(verdict, "mapping")["grade"] == "E2", verdict
        assert not item(verdict, "mapping")["holds"]
        assert [f["rule"] for f in item(verdict, "mapping")["findings"]] == ["TM005"], verdict

        redan(work, *add, "--tsa", url)
        verdict = json.loads(redan(work, "check", "--json", "--root", root))
        assert item(verdict, "mapping")["grade"] == "E3", verdict
        assert verdict["verdict"] == "pass", verdict

        (work / "tsa.key").unlink()  # the authority breaks: nothing is recorded
        before = sorted((work / "redan/evidence").rglob("*.json"))
        redan(work, *add, "--tsa", url, expect=3)
        assert sorted((work / "redan/evidence").rglob("*.json")) == before
        server.shutdown()
        redan(work, *add, "--tsa", "http://example.invalid/", expect=2)
        assert sorted((work / "redan/evidence").rglob("*.json")) == before
    print("stamped E3, unstamped E2, a broken authority leaves nothing behind")


main()
