"""The guard before the service, from the outside: merchants observed, the profile calibrated, attacks stopped, and the evidence of it: of a guard that
keeps its policy, of one that lets by, and of those that prove nothing."""

import base64
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest
import urllib.request

sys.dont_write_bytecode = True # nothing is left in the source tree
from programs import BIN, REDAN, Server, folder, run, small_world

EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "fraud")
MODULE = os.environ.get("REDAN_TEST_MODULE", "")
MINE = ",".join(["tx_amount", "tx_weekend", "tx_night"] + [f"customer_{w}_{d}d" for d in (1, 7, 30) for w in ("count", "avg_amount")])
HONEST = {"instances": [[57.2, 0, 0, 2, 48.1, 11, 50.3, 44, 49.9, 1, 0, 7, 0, 31, 0]]}
MODEL = """schema: redan/1
id: fraud
inherits: [bank]
owners: {ml-lead: a.lead, security-lead: b.lead}
profile: {kind: [predictive], query_access: true}
release: {guard: "sha256:%s"}
threats:
  - id: mapping
    archetype: IN-02
    severity: high
    resolution: {kind: control, cycle: 2026Q4, controls: [input-guard], residual: low}
controls:
  - id: input-guard
    evidence:
      - {id: probe, type: probe, ledger: staging/guard, subject: release.guard, expect: {mode: enforce, let_by: 0, in_distribution_refused: 0, raw_score: 0},
         signer: ci, fresh: 7d}
      - {id: beat, type: heartbeat, ledger: staging/guard, subject: release.guard, signer: ci, fresh: 24h}
""" % ("0" * 64)
PROBES = """
probes:
  - {id: guard, system: fraud, evidence: input-guard/probe, kind: guard, url: "%s", metrics: "%s", set: %s, by: %s,
     headers: ["X-Client: {caller}"], timeout: 20s}
  - {id: beat, system: fraud, evidence: input-guard/beat, kind: guard-beat, metrics: "%s", timeout: 20s}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Guard:
    """redan guard run before a service."""

    def __init__(self, cwd, service, policy):
        self.port, self.status = free_port(), free_port()
        self.log = open(os.path.join(cwd, "guard.log"), "ab")
        argv = [REDAN, "guard", "run", "--upstream", f"http://127.0.0.1:{service}", "--policy", policy, "--listen", f"127.0.0.1:{self.port}",
                "--status", f"127.0.0.1:{self.status}", "--identity", "$http_x_client", "--workers", "1", "--module", MODULE]
        if os.geteuid() == 0:
            argv += ["--user", "root"]
        self.process = subprocess.Popen(argv, cwd=cwd, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while True:
            try:
                self.metrics()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    with open(self.log.name, encoding="utf-8", errors="replace") as file:
                        raise AssertionError(f"the guard did not start: {file.read()[-2000:]}") from None
                time.sleep(0.1)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def metrics_url(self):
        return f"http://127.0.0.1:{self.status}/redan/metrics"

    def metrics(self):
        with urllib.request.urlopen(self.metrics_url, timeout=20) as answer:
            return answer.read().decode()

    def metric(self, name):
        return sum(float(v) for v in re.findall(rf"^{name}(?:{{.*}})? ([0-9.e+]+)$", self.metrics(), re.M))

    def ask(self, body=HONEST, caller="merchant-00007"):
        request = urllib.request.Request(self.url + "/v1/models/fraud:predict", json.dumps(body).encode(),
                                         {"Content-Type": "application/json", "X-Client": caller})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def stop(self):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(60)
        self.log.close()
        return self.process.returncode


class Pretender(http.server.ThreadingHTTPServer):
    """Says that it enforces a policy, and answers everything with a score."""

    def __init__(self, policy, profile, mode="enforce"):
        info = (f'redan_guard_up 1\nredan_guard_generation 1\nredan_guard_requests_total 5\n'
                f'redan_guard_policy_info{{id="p",policy="{policy}",profile="{profile}",mode="{mode}"}} 1\n').encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, body):
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.answer(info)

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.answer(b'{"predictions": [0.25]}')

            def log_message(self, *args):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.metrics_url = self.url + "/redan/metrics"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def end(self):
        self.shutdown()
        self.server_close()


class GuardedService(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = folder()
        cls.dir = cls.temporary.name
        os.chmod(cls.dir, 0o755)
        small_world(cls.dir)
        done = run("fraud-train", "--resamples", 40, cwd=cls.dir)
        assert done.returncode == 0, done.stderr
        cls.server = Server(cls.dir, "--model", "model.json")
        cls.port = cls.server.address[1]
        shutil.copytree(os.path.join(EXAMPLE, "guard"), os.path.join(cls.dir, "guard"))
        for key in ("ml-eval", "ci", "stranger"):
            subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key + ".pem"], cwd=cls.dir, check=True, capture_output=True)
        cls.organise()
        subprocess.run(["openssl", "pkey", "-in", "ml-eval.pem", "-pubout", "-out", "guard/ml-eval.pub"], cwd=cls.dir, check=True)
        cls.calibrate()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop(signal.SIGTERM)
        cls.temporary.cleanup()

    @classmethod
    def redan(cls, *args, code=0):
        done = subprocess.run([REDAN, *map(str, args)], cwd=cls.dir, capture_output=True, text=True, timeout=250)
        assert done.returncode == code, (args, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    @classmethod
    def organise(cls):
        """A root, and services that hold the keys of the probe set and of the records."""
        cls.root = cls.redan("org", "new", "bank", "--holder", "a.root", "--out", "root.pem", "-q").split()[-1]
        for who, *more in (("ml-eval", "--service"), ("ci", "--service"), ("lead", "--role", "ml-lead"), ("other", "--role", "security-lead")):
            holder = {"lead": "a.lead", "other": "b.lead"}.get(who, who)
            os.path.exists(os.path.join(cls.dir, who + ".pem")) and os.remove(os.path.join(cls.dir, who + ".pem"))
            cls.redan("keys", "new", who, "--holder", holder, "--out", who + ".pem", "--sign-with", "root.pem", "-q", *more)
        with open(os.path.join(cls.dir, "redan", "threatmodel.yaml"), "w", encoding="utf-8") as file:
            file.write(MODEL)
        with open(os.path.join(cls.dir, "redan", "org.yaml"), encoding="utf-8") as file:
            cls.org = file.read()

    @classmethod
    def calibrate(cls):
        """As the demonstration does it, small: 150 merchants carry alpha 0.01."""
        cls.policy_with("policy.yaml", ("alpha: 0.001, class", "alpha: 0.01, class"))
        cls.policy_with("observe.yaml", ("mode: enforce", "mode: observe"), ("events.jsonl", "history.jsonl"))
        cls.redan("guard", "learn", "transactions.csv", "--label", "fraud", "--drop", "transaction_id,time,day,customer_id,terminal_id,scenario",
                  "--caller", MINE, "--model", "model.json", "--key", "ml-eval.pem", "--out", "guard/profile.json")
        guard = Guard(cls.dir, cls.port, "guard/observe.yaml")
        done = run("fraud-merchants", "--to", f"127.0.0.1:{guard.port}", "--group", 3, "--half", 1, "--from", 5, "--days", 40, cwd=cls.dir)
        assert done.returncode == 0, done.stderr
        cls.observed = done.stdout
        end = time.monotonic() + 20 # what waits for the disk is written a moment later
        while guard.metric("redan_guard_events_total") < int(done.stdout.split()[0]) and time.monotonic() < end:
            time.sleep(0.1)
        cls.events = guard.metric("redan_guard_events_total"), guard.metric("redan_guard_events_dropped_total")
        assert guard.stop() == 0
        cls.calibration = cls.redan("guard", "learn", "--from", "guard/profile.json", "--history", "guard/history.jsonl", "--alpha", 0.01,
                                    "--key", "ml-eval.pem", "--out", "guard/profile.json")

    @classmethod
    def policy_with(cls, name, *edits):
        with open(os.path.join(EXAMPLE, "guard", "policy.yaml"), encoding="utf-8") as file:
            text = file.read()
        for old, new in edits:
            assert text.count(old) == 1, (old, text.count(old))
            text = text.replace(old, new)
        with open(os.path.join(cls.dir, "guard", name), "w", encoding="utf-8") as file:
            file.write(text)

    def probes(self, name="probes.json", key="ml-eval.pem", policy="guard/policy.yaml", *more):
        return self.redan("guard", "probes", policy, "--caller", "merchant-probe-{n}", "--key", key, "--out", name, "--honest", 40, *more)

    def define(self, guard, probes="probes.json", by="ml-eval"):
        with open(os.path.join(self.dir, "redan", "org.yaml"), "w", encoding="utf-8") as file:
            file.write(self.org + PROBES % (guard.url, guard.metrics_url, probes, by, guard.metrics_url))
        self.redan("keys", "sign", "org.yaml", "--quiet", "--key", "root.pem")
        self.redan("release", "pin", "--quiet", "guard=guard/policy.yaml")

    def evidence(self, *names, code=0):
        return self.redan("evidence", "run", *names, "--root", self.root, "--key", "ci.pem", code=code)

    def record(self, said):
        with open(os.path.join(self.dir, re.search(" in (redan/evidence/.*)", said).group(1)), encoding="ascii") as file:
            return json.loads(base64.b64decode(json.load(file)["payload"]))["predicate"]

    def test_merchants_and_attacks(self):
        """Nobody honest is refused in what was observed; whoever looks for the line is stopped, and the bare service stops nobody."""
        self.assertRegex(self.observed, r"^\d+ payments of 150 merchants .* 0 not at all\nmerchants refused anything: 0 of 150")
        sent = int(self.observed.split()[0])
        self.assertEqual(self.events, (sent, 0))
        self.assertIn("class merchants: calibrated on", self.calibration)
        guard = Guard(self.dir, self.port, "guard/policy.yaml")
        try:
            self.assertEqual(guard.ask(), {"predictions": [0]})
            for kind in ("ranges", "lines"):
                for seed in (1, 2, 3):
                    to = ["--data", "transactions.csv", "--kind", kind, "--queries", 400, "--seed", seed]
                    bare = run("fraud-attack", "--to", f"127.0.0.1:{self.port}", *to, cwd=self.dir)
                    self.assertIn(f"{kind}: never refused: 400 queries, 400 answers", bare.stdout, bare.stderr)
                    done = run("fraud-attack", "--to", f"127.0.0.1:{guard.port}", "--name", f"merchant-9{kind[0]}{seed}", *to, cwd=self.dir)
                    stopped = re.match(rf"{kind}: refused at query (\d+) \(status (403|422)\)", done.stdout)
                    self.assertTrue(stopped, done.stdout + done.stderr)
                    self.assertLessEqual(int(stopped.group(1)), 100)
            done = run("fraud-merchants", "--to", f"127.0.0.1:{guard.port}", "--group", 3, "--half", 2, "--from", 46, "--days", 14, cwd=self.dir)
            self.assertIn("merchants refused anything: 0 of", done.stdout, done.stderr)
        finally:
            self.assertEqual(guard.stop(), 0)

    def test_evidence(self):
        """Of a guard that keeps its policy: everything tried, nothing let by, bound to the digests; and its heartbeat."""
        self.assertIn("in-distribution      40", self.probes())
        guard = Guard(self.dir, self.port, "guard/policy.yaml")
        try:
            self.define(guard)
            seen = self.record(self.evidence("guard"))
            observed = seen["observed"]
            self.assertEqual((observed["let_by"], observed["raw_score"], observed["in_distribution_refused"], observed["mode"]), (0, 0, 0, "enforce"), observed)
            self.assertGreater(seen["record"]["n"], 100)
            self.assertEqual(observed["tried"]["in_distribution"], 40)
            self.assertEqual((observed["tried"]["over_budget"], observed["tried"]["search"]), (1, 1))
            self.assertTrue(0 < observed["search_stopped_at"] <= 100, observed)
            rate = observed["in_distribution_refused_rate"]
            self.assertTrue(rate["value"] == rate["low"] == 0 < rate["high"] < 0.1, rate)
            self.assertGreaterEqual(set(observed["tried"]), {"schema", "malformed", "oversized", "compressed", "unidentified", "unknown", "raw_score",
                                                              "out_of_distribution"})
            self.assertIn(observed["policy"], guard.metrics())
            self.assertIn(observed["profile"], guard.metrics())
            seen = self.record(self.evidence("guard")) # its callers are new ones: the first run has used up nobody's budget
            self.assertEqual(seen["observed"]["let_by"], 0)
            beat = self.record(self.evidence("beat"))["observed"]
            self.assertEqual((beat["alive"], beat["mode"], beat["policy"]), (True, "enforce", observed["policy"]))
            self.assertGreater(beat["decisions"], 100)
            with open(os.path.join(self.dir, "guard", "policy.yaml"), "a", encoding="utf-8") as file:
                file.write("# changed\n")
            end = time.monotonic() + 30
            while guard.metric("redan_guard_generation") < 2 and time.monotonic() < end:
                time.sleep(0.2)
            self.assertIn("the set was made for", self.evidence("guard", code=3))
            self.assertIn("release pins guard as", self.evidence("beat", code=2))
        finally:
            self.assertEqual(guard.stop(), 0)
            self.policy_with("policy.yaml", ("alpha: 0.001, class", "alpha: 0.01, class"))

    def test_evidence_of_nothing(self):
        """What lets by is counted; what observes, or was made by others, is refused."""
        self.probes()
        self.probes("strange.json", "stranger.pem")
        with open(os.path.join(self.dir, "probes.json"), encoding="ascii") as file:
            subjects = {s["name"]: "sha256:" + s["digest"]["sha256"] for s in json.loads(base64.b64decode(json.load(file)["payload"]))["subject"]}
        self.assertEqual(set(subjects), {"policy", "profile", "model"})
        leaky = Pretender(subjects["policy"], subjects["profile"])
        watcher = Pretender(subjects["policy"], subjects["profile"], "observe")
        other = Pretender("sha256:" + "1" * 64, subjects["profile"])
        elsewhere = Pretender(subjects["policy"], "sha256:" + "2" * 64)
        try:
            self.define(leaky)
            observed = self.record(self.evidence("guard"))["observed"]
            let_by = {k: v for k, v in observed.items() if k.endswith("_let_by")}
            tried = {k + "_let_by": v for k, v in observed["tried"].items() if k != "in_distribution"}
            self.assertEqual(let_by, tried) # all of it
            self.assertEqual(observed["let_by"], sum(tried.values()))
            self.assertGreater(observed["raw_score"], 100)
            self.assertNotIn("search_stopped_at", observed)
            self.define(leaky, "strange.json")
            self.assertIn("is not signed by ml-eval", self.evidence("guard", code=3))
            self.define(leaky, by="ci")
            self.assertIn("is not signed by ci", self.evidence("guard", code=3))
            for server, words in ((watcher, "observes"), (other, "the set was made for"), (elsewhere, "another profile")):
                self.define(server)
                self.assertIn(words, self.evidence("guard", code=3))
            self.define(watcher)
            self.assertEqual(self.record(self.evidence("beat"))["observed"]["alive"], False)
        finally:
            for server in (leaky, watcher, other, elsewhere):
                server.end()


if __name__ == "__main__":
    if not shutil.which("nginx") and not os.path.exists("/usr/sbin/nginx") or not os.path.exists(MODULE):
        print("skipped: nginx is not installed, or the module is not built")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
