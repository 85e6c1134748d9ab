"""redan guard config: what it prints is taken by a real nginx, whatever goes into it, and serves what it promises."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import client
import server
import upstream
from client import JSON, PREDICT, ask, predict, rows
from server import PLACE


class Config(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="redan-config-"))
        (self.folder / "guard.yaml").write_text(server.POLICY)

    def tearDown(self):
        shutil.rmtree(self.folder)

    def config(self, *words, policy="guard.yaml", upstream_at="http://127.0.0.1:8000"):
        return subprocess.run([PLACE.redan, "guard", "config", "--upstream", upstream_at, "--policy", str(self.folder / policy),
                               "--module", PLACE.module, *words], capture_output=True, text=True, check=False,
                              cwd=self.folder, env=PLACE.environment())

    def taken(self, text):
        """nginx -t of it, in a folder of its own."""
        prefix = pathlib.Path(tempfile.mkdtemp(prefix="redan-prefix-"))
        try:
            (prefix / "nginx.conf").write_text(text)
            done = subprocess.run([PLACE.nginx, "-p", str(prefix), "-c", str(prefix / "nginx.conf"), "-e", "stderr", "-t"],
                                  capture_output=True, text=True, check=False, env=PLACE.environment())
            return done.returncode, done.stderr
        finally:
            shutil.rmtree(prefix)

    def good(self, *words, **how):
        done = self.config(*words, **how)
        self.assertEqual(done.returncode, 0, done.stderr)
        code, said = self.taken(done.stdout)
        self.assertEqual(code, 0, said + done.stdout)
        return done.stdout

    def test_taken_by_nginx(self):
        self.good()
        self.good("--mode", "observe", "--zone-size", "4m", "--workers", "3", "--listen", "127.0.0.1:18080", "--status", "none",
                  "--log")
        self.good("--listen", "unix:/tmp/redan-config-test.sock", "--status", "unix:/tmp/redan-config-status.sock",
                  upstream_at="unix:/run/model.sock")
        self.good("--listen", "[::1]:18080", "--status", "[::1]:19151", "--user", "root")
        self.good("--identity", "$http_x_user:$remote_addr")
        self.good(upstream_at="https://localhost:8443/") if os.path.exists("/etc/ssl/certs/ca-certificates.crt") else None

    @unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
    def test_tls(self):
        from test_identity import certificate
        certificate(self.folder, "ca", "/CN=callers")
        certificate(self.folder, "server", "/CN=localhost", "ca")
        (self.folder / "guard.yaml").write_text(server.POLICY.replace("kind: plain", "kind: subject"))
        text = self.good("--tls-cert", "server.pem", "--tls-key", "server.key", "--client-ca", "ca.pem")
        self.assertIn('redan_identity "$ssl_client_s_dn"', text)
        self.assertIn("ssl_verify_client optional", text)
        self.good("--tls-cert", "server.pem", "--tls-key", "server.key", "--client-ca", "ca.pem",
                  "--upstream-ca", "ca.pem", upstream_at="https://localhost:8443")

    def test_hostile_names(self):
        """Each comes back as it was given: nothing of it is read as a directive."""
        for name in ('a"b', "a'b", "a;b", "a{b}", "a#b", "a b", "a\\b", "$remote_addr", "a\\\"; evil on; #", "é"):
            with self.subTest(name=name):
                policy = f"{name}.yaml"
                (self.folder / policy).write_text(server.POLICY)
                text = self.good(policy=policy)
                (self.folder / policy).write_text("schema: other\n")  # nginx reads this very file
                code, said = self.taken(text)
                self.assertNotEqual(code, 0)
                self.assertIn(policy, said)

    def test_refused(self):
        cases = [
            (["--listen", "0.0.0.0:80; evil"], "--listen takes"), (["--listen", "99999"], "--listen takes"),
            (["--listen", "127.0.0.1:80\nuser root"], "--listen takes"), (["--listen", "unix:relative"], "--listen takes"),
            (["--status", "0.0.0.0:9151"], "for this machine alone"), (["--status", "example.org:9151"], "for this machine alone"),
            (["--identity", "anybody"], "all callers are the same"), (["--identity", "$a\n;"], "control character"),
            (["--mode", "strict"], "--mode is observe or enforce"), (["--zone-size", "16m;"], "--zone-size"),
            (["--workers", "0"], "--workers"), (["--workers", "2; user root"], "--workers"), (["--user", "root;"], "--user"),
            (["--tls-cert", "guard.yaml"], "go together"), (["--client-ca", "guard.yaml"], "needs --tls-cert"),
            (["--upstream-ca", "guard.yaml"], "https://"), (["--listen", ""], "is empty"),
            (["--tls-key", "nowhere"], "there is no such file"),
        ]
        for words, said in cases:
            with self.subTest(words=words):
                done = self.config(*words)
                self.assertIn(done.returncode, (2, 3))
                self.assertIn(said, done.stderr)
                self.assertEqual(done.stdout, "")
        for url in ("127.0.0.1:8000", "http://", "http://a/b", "http://a:b", "ftp://a", "http://a;b", "http://a b", "http://u@h",
                    "http://$host", "unix:relative", "http://-a", 'http://a"', "http://[::1"):
            with self.subTest(url=url):
                done = self.config(upstream_at=url)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn("--upstream", done.stderr)

    def test_a_wrong_policy(self):
        (self.folder / "guard.yaml").write_text(server.POLICY + "colour: red\n")
        done = self.config()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("guard.yaml:", done.stderr)
        self.assertIn("colour", done.stderr)

    def test_served(self):
        up = upstream.Upstream()
        port, status = server.free_port(), server.free_port()
        text = self.good("--listen", str(port), "--status", f"127.0.0.1:{status}", "--workers", "1", "--user", "root",
                         upstream_at=f"http://127.0.0.1:{up.port}")
        nginx = server.Nginx(up.port, start=False)
        nginx.port = port
        (nginx.folder / "nginx.conf").write_text(text.replace("error_log stderr notice", f"error_log {nginx.folder}/error.log"))
        nginx.start()
        with nginx:
            answer = predict(port)
            self.assertEqual((answer.status, answer.json()), (200, {"predictions": [0.25]}))
            self.assertEqual(answer.value("Server"), "nginx")
            self.assertEqual(up.seen()[0].value("Host"), f"127.0.0.1:{up.port}")
            for body, code in ((b"{", 400), (b" " * 70000, 413), (b" " * 5000000, 413)):
                refused = predict(port, body)
                self.assertEqual(refused.status, code)
                self.assertTrue(refused.json()["error"])
            with client.Client(port) as c:  # nginx's own refusals look the same
                c.send(b"nonsense\r\n\r\n")
                self.assertTrue(c.answer().json()["error"])
            up.close()
            with client.Client(port) as c:
                pass
            self.assertEqual(ask(status, "GET", "/redan/metrics").status, 200)
            self.assertEqual(ask(status, "GET", "/anything").status, 404)
            self.assertEqual(ask(port, "GET", "/redan/metrics", headers=[("X-Caller", "x")]).status, 403)
            admitted = ask(status, "POST", "/redan/admit" + PREDICT, rows((0.5, 1, 2)), [JSON, ("X-Redan-Caller", "anna")])
            self.assertEqual(admitted.json(), {"verdict": "trusted"})

    def test_upstream_failures_are_json(self):
        port = server.free_port()
        text = self.good("--listen", str(port), "--status", "none", "--workers", "1", "--user", "root",
                         upstream_at=f"http://127.0.0.1:{server.free_port()}")
        nginx = server.Nginx(1, start=False)
        nginx.port = port
        (nginx.folder / "nginx.conf").write_text(text)
        nginx.start()
        with nginx:
            answer = predict(port)
            self.assertEqual(answer.status, 502)
            self.assertTrue(answer.json()["error"])


if __name__ == "__main__":
    if not PLACE.redan:
        print("skipped: no redan")
        raise SystemExit(server.SKIP)
    server.main()
