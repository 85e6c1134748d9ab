"""fraud-serve from the outside: both protocols, bad and hostile requests, many callers, an orderly end."""

import base64
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

sys.dont_write_bytecode = True # nothing is left in the source tree
from programs import BIN, FEATURES, REDAN, Answers, Server, folder, request, rows_of, run, small_world

V1 = "/v1/models/fraud:predict"
TAMPER_MODEL = """schema: redan/1
id: fraud
inherits: [bank]
owners: {ml-lead: a.lead, security-lead: b.lead}
profile: {kind: [predictive], hosts_model: true}
release: {model: "sha256:%s"}
threats:
  - id: swap
    archetype: MS-02
    severity: high
    resolution: {kind: control, cycle: 2026Q4, controls: [verify-on-load], residual: low}
controls:
  - id: verify-on-load
    evidence:
      - {id: tamper-refused, type: probe, ledger: staging/tamper, subject: release.model,
         expect: {tampered_loaded: 0, genuine_loaded: 1}, signer: ci, fresh: 24h}
""" % ("0" * 64)
TAMPER_PROBE = """
probes:
  - id: tamper
    system: fraud
    evidence: verify-on-load/tamper-refused
    kind: tamper
    model: model.json
    signature: model.json.sig
    swap: swap.json
    argv: %s
    url: http://127.0.0.1:%d/v2/health/ready
    timeout: 30s
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


V2 = "/v2/models/fraud/infer"


def single(value):
    """The nearest single-precision value."""
    return struct.unpack("f", struct.pack("f", float(value)))[0]


def v2_body(rows, **more):
    flat = [v for row in rows for v in row]
    return {"inputs": [{"name": "input", "shape": [len(rows), FEATURES], "datatype": "FP32", "data": flat}], **more}


class Service(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = folder()
        cls.dir = cls.temporary.name
        csv = small_world(cls.dir)
        done = run("fraud-train", "--resamples", 40, cwd=cls.dir)
        assert done.returncode == 0, done.stderr
        texts = rows_of(csv, 200)
        done = run("fraud-direct", "model.json", cwd=cls.dir, text="\n".join(" ".join(r) for r in texts))
        assert done.returncode == 0, done.stderr
        cls.rows = [[float(v) for v in r] for r in texts]
        cls.direct = [float(v) for v in done.stdout.split()]
        with open(csv, encoding="ascii") as file:
            cls.names = file.readline().split(",")[5:20]
        cls.server = Server(cls.dir, "--log", "calls.jsonl", "--max-rows", 500)

    @classmethod
    def tearDownClass(cls):
        code, out, err = cls.server.stop(signal.SIGTERM)
        cls.temporary.cleanup()
        assert (code, out, err) == (0, "", ""), (code, out, err)

    def call(self, *args, **headers):
        return self.server.call(*args, **headers)

    # What is answered

    def test_scores_are_the_librarys(self):
        """Both protocols, arrays, objects and columns, one row and many: the same single-precision bits."""
        want = [single(v) for v in self.direct]
        named = [dict(zip(self.names, row)) for row in self.rows]
        columns = {"inputs": [{"name": n, "shape": [len(self.rows)], "datatype": "FP64",
                               "data": [row[i] for row in self.rows]} for i, n in enumerate(self.names)]}
        for path, body in ((V1, {"instances": self.rows}), (V1, {"instances": named}), (V2, v2_body(self.rows)),
                           (V2, columns)):
            status, _, answer = self.call("POST", path, body)
            self.assertEqual(status, 200, answer)
            got = answer["predictions"] if path == V1 else answer["outputs"][0]["data"]
            self.assertEqual([single(v) for v in got], want)
        for row, score in zip(self.rows[:20], want):
            self.assertEqual(single(self.call("POST", V1, {"instances": [row]})[2]["predictions"][0]), score)

    def test_v2_envelope(self):
        status, headers, answer = self.call("POST", V2, v2_body(self.rows[:2], id="q-1", outputs=[{"name": "score"}]))
        self.assertEqual((status, headers["content-type"]), (200, "application/json"))
        self.assertEqual((answer["model_name"], answer["model_version"], answer["id"]), ("fraud", "1", "q-1"))
        output = answer["outputs"][0]
        self.assertEqual((output["name"], output["datatype"], output["shape"]), ("score", "FP32", [2]))

    def test_get(self):
        for path, check in (
            ("/v2", lambda a: a["name"] == "fraud-serve"),
            ("/v2/health/live", lambda a: a["live"]),
            ("/v2/health/ready", lambda a: a["ready"]),
            ("/v2/models/fraud", lambda a: a["parameters"]["columns"] == self.names),
            ("/v2/models/fraud/ready", lambda a: a["ready"]),
            ("/v1/models/fraud", lambda a: a == {"name": "fraud", "ready": True}),
            ("/v1/models", lambda a: a == {"models": ["fraud"]}),
        ):
            status, _, answer = self.call("GET", path)
            self.assertEqual(status, 200, path)
            self.assertTrue(check(answer), (path, answer))
            self.assertEqual(self.call("HEAD", path)[0], 200)

    # What is refused

    def test_paths_and_methods(self):
        for method, path, status, allow in (
            ("GET", "/", 404, None), ("GET", "/v2/models/other", 404, None), ("POST", "/v1/models/x:predict", 404, None),
            ("GET", "/v2/models/fraud/../fraud", 404, None), ("GET", "/v2/models/", 404, None),
            ("GET", "/v1/models/%00", 404, None), ("GET", V1, 405, "POST"), ("PUT", V2, 405, "POST"),
            ("POST", "/v2", 405, "GET, HEAD"), ("DELETE", "/v2/models/fraud", 405, "GET, HEAD"),
            ("GET", "/v2/health/live/", 404, None), ("POST", V1 + "/", 404, None),
        ):
            got, headers, answer = self.call(method, path)
            self.assertEqual((got, headers.get("allow")), (status, allow), (method, path))
            self.assertIsInstance(answer["error"], str)

    def test_bad_bodies(self):
        row = self.rows[0]
        text = ",".join(repr(v) for v in row)
        for path, body, words in (
            (V1, b"", "JSON ends"), (V1, b"{", "JSON"), (V1, b"\xff", "byte 0"), (V1, b"[]", "an object belongs"),
            (V1, b"{}", "no instances"), (V1, b'{"instances":[]}', "there are no instances"),
            (V1, {"instances": [row[:-1]]}, "14 values where the model takes 15"),
            (V1, {"instances": [row + [1]]}, "more than 15 values"), (V1, {"instances": [row, [True] * 15]}, "instance 1"),
            (V1, {"instances": [["1"] * 15]}, "a number belongs there"), (V1, {"instances": [[None] * 15]}, "a number belongs there"),
            (V1, f'{{"instances":[[NaN,{text}]]}}'.encode(), "found 'N'"),
            (V1, f'{{"instances":[[Infinity,{text}]]}}'.encode(), "found 'I'"),
            (V1, f'{{"instances":[[1e999,{text}]]}}'.encode(), "too large"),
            (V1, {"instances": [[1e39] + row[1:]]}, "single precision"),
            (V1, {"instances": [row] * 501}, "more than 500"), (V1, {"rows": [row]}, "unknown member 'rows'"),
            (V1, {"instances": [{"tx_amount": 1}]}, "1 of the model's 15"),
            (V1, {"instances": [{"amount": 1}]}, "no column 'amount'"),
            (V2, b'{"parameters":{"a":' + b"[" * 100000, "the parameter 'a' is not known"),
            (V1, b'{"signature_name":' + b"[" * 100000, "a string belongs"), (V1, b'{"instances":[[1,2', "ends"),
            (V1, b'{"' + b"n" * 63 + "\u00e9".encode() * 3 + b'":1}', "unknown member"),
            (V2, v2_body([row], outputs=[{"name": "raw"}]), "no output 'raw'"), (V2, {"inputs": []}, "empty"),
            (V2, {"inputs": [{"name": "x", "shape": [1, 15], "datatype": "BYTES", "data": ["a"] * 15}]}, "a string"),
            (V2, {"inputs": [{"name": "x", "shape": [2, 15], "datatype": "FP32", "data": row}]}, "shape asks"),
            (V2, {"instances": [row]}, "unknown member 'instances'"),
        ):
            status, _, answer = self.call("POST", path, body)
            self.assertEqual(status, 400, (body, answer))
            self.assertIn(words, answer["error"])

    def test_types_and_sizes(self):
        good = {"instances": self.rows[:1]}
        for headers, status in (
            ({}, 200), ({"Content_Type": None}, 200), ({"Content_Type": "Application/JSON; charset=utf-8"}, 200),
            ({"Content_Type": "text/plain"}, 415), ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
            ({"Content_Encoding": "gzip"}, 415), ({"Content_Encoding": "identity"}, 200),
        ):
            self.assertEqual(self.call("POST", V1, good, **headers)[0], status, headers)
        self.assertEqual(self.call("POST", V1, b" " * 1048576)[0], 400)
        status, _, answer = self.call("POST", V1, b"", Content_Length="99999999999")
        self.assertEqual(status, 413)
        self.assertIn("1048576", answer["error"])
        with self.server.connect() as s: # chunked, so the length is not known before
            s.sendall(b"POST " + V1.encode() + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(20):
                s.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")
            s.sendall(b"0\r\n\r\n")
            self.assertEqual(Answers(s).next()[0], 413)

    # Connections

    def test_pipelined(self):
        with self.server.connect() as s:
            answers = Answers(s)
            s.sendall(b"".join(request("POST", V1, {"instances": [row]}) for row in self.rows[:10])
                      + request("GET", "/v2/health/live") + request("POST", V1, b"{") + request("GET", "/v1/models"))
            for score in self.direct[:10]:
                self.assertEqual(single(answers.next()[2]["predictions"][0]), single(score))
            self.assertEqual([answers.next()[0] for _ in range(3)], [200, 400, 200])

    def test_slow(self):
        """A body that drips in keeps nobody else waiting."""
        whole = request("POST", V1, {"instances": self.rows[:1]})
        with self.server.connect() as s:
            for i in range(0, len(whole), 16):
                s.sendall(whole[i : i + 16])
                time.sleep(0.01)
                began = time.monotonic()
                self.assertEqual(self.call("GET", "/v2/health/live")[0], 200)
                self.assertLess(time.monotonic() - began, 5)
            self.assertEqual(Answers(s).next()[0], 200)

    def test_broken_connections(self):
        whole = request("POST", V1, {"instances": self.rows[:1]})
        for cut in (1, 20, len(whole) // 2, len(whole) - 1, len(whole)):
            with self.server.connect() as s:
                s.sendall(whole[:cut])
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)) # reset, not close
        for garbage in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"\r\n" * 10, b"GET / HTTP/9.9\r\n\r\n",
                        b"POST " + V1.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
                        b"GET / HTTP/1.1\r\nX: " + b"a" * 100000 + b"\r\n\r\n"):
            with self.server.connect() as s:
                s.settimeout(1) # some of it may be the beginning of a request
                try:
                    s.sendall(garbage)
                    s.shutdown(socket.SHUT_WR)
                    answer = s.recv(100)
                except OSError: # the server had closed it already
                    answer = b""
                self.assertTrue(answer == b"" or answer.split()[1][:1] in (b"4", b"5"), answer)
        self.assertEqual(self.call("GET", "/v2/health/ready")[0], 200)

    def test_many_callers(self):
        wrong = []

        def caller(number):
            with self.server.connect() as s:
                answers = Answers(s)
                for i in range(40):
                    k = (number * 7 + i) % len(self.rows)
                    path, body = ((V1, {"instances": [self.rows[k]]}), (V2, v2_body([self.rows[k]])))[i % 2]
                    s.sendall(request("POST", path, body))
                    status, _, answer = answers.next()
                    got = answer["predictions"][0] if path == V1 else answer["outputs"][0]["data"][0]
                    if status != 200 or single(got) != single(self.direct[k]):
                        wrong.append((number, i, status, answer))

        threads = [threading.Thread(target=caller, args=(n,)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_log(self):
        self.call("POST", V1, {"instances": self.rows[:3]}, X_Client='shop "7"')
        self.call("GET", "/\u00ff\u0001".encode("latin-1").decode("latin-1"), X_Client="\u00ff")
        with open(os.path.join(self.dir, "calls.jsonl"), encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        mine = [line for line in lines if line["caller"] == 'shop "7"'][0]
        self.assertEqual((mine["method"], mine["path"], mine["status"], mine["rows"]), ("POST", V1, 200, 3))
        self.assertGreater(mine["bytes_in"], 100)


class Settings(unittest.TestCase):
    """What the server is told, and what it says when that cannot be."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = folder()
        cls.dir = cls.temporary.name
        csv = small_world(cls.dir)
        done = run("fraud-train", "--resamples", 40, cwd=cls.dir)
        assert done.returncode == 0, done.stderr
        cls.rows = [[float(v) for v in r] for r in rows_of(csv, 300)]

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def write(self, name, content):
        with open(os.path.join(self.dir, name), "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str) else json.dumps(content))

    def answers(self, *args):
        server = Server(self.dir, *args)
        body = {"instances": self.rows}
        v1 = server.call("POST", V1.replace("fraud", "cards") if "cards" in server.ready else V1, body)[2]
        meta = server.call("GET", "/v2/models/" + ("cards" if "cards" in server.ready else "fraud"))[2]
        self.assertEqual(server.stop(signal.SIGINT), (0, "", ""))
        return v1["predictions"], meta

    def test_labels(self):
        scores, _ = self.answers()
        labels, meta = self.answers("--answers", "labels", "--threshold", "0.2")
        self.assertEqual(labels, [int(s >= 0.2) for s in scores])
        self.assertEqual({type(v) for v in labels}, {int})
        self.assertEqual((meta["outputs"][0]["name"], meta["outputs"][0]["datatype"]), ("label", "INT64"))

    def test_decimals(self):
        scores, _ = self.answers()
        rounded, _ = self.answers("--decimals", "2")
        self.assertTrue(all(len(repr(v)) <= 4 for v in rounded), rounded)
        self.assertTrue(all(abs(a - b) <= 0.005000001 for a, b in zip(scores, rounded)))

    def test_config(self):
        os.makedirs(os.path.join(self.dir, "etc"), exist_ok=True)
        self.write("etc/serve.json", {"model": "../model.json", "name": "cards", "version": "7", "answers": "labels",
                                      "threshold": 0.9, "max_rows": 400, "max_body": 200000, "online_update": False})
        labels, meta = self.answers("--config", "etc/serve.json")
        self.assertEqual((set(labels) <= {0, 1}, meta["versions"]), (True, ["7"]))
        scores, _ = self.answers("--config", "etc/serve.json", "--answers", "scores") # options win
        self.assertEqual(labels, [int(s >= 0.9) for s in scores])

    def refused(self, words, code, *args):
        done = run("fraud-serve", *args, cwd=self.dir)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertIn(words, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_refused(self):
        self.write("notmodel.json", "{}")
        with open(os.path.join(self.dir, "model.json"), encoding="utf-8") as file:
            self.write("cut.json", file.read()[:5000])
        run("fraud-train", "--kind", "linear", "--model", "linear.json", "--holdout", "h.json", "--resamples", 40,
            cwd=self.dir)
        self.refused("absent.json", 3, "--model", "absent.json")
        self.refused("libxgboost cannot load the model", 3, "--model", "notmodel.json")
        self.refused("libxgboost cannot load the model", 3, "--model", "cut.json")
        self.refused("libxgboost cannot score", 3, "--model", "linear.json")
        self.refused("not an address", 2, "--listen", "localhost")
        self.refused("not an address", 2, "--listen", "127.0.0.1:70000")
        self.refused("cannot listen on 192.0.2.1:1", 3, "--listen", "192.0.2.1:1")
        self.refused("cannot open for appending", 3, "--log", "no/where.log")
        self.refused("model name", 2, "--name", "a/b")
        self.refused("from 0 to 1", 2, "--threshold", "2")
        self.refused("one of scores, labels", 2, "--answers", "both")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            self.refused("in use; stop the other server or give another port", 3, "--listen",
                         f"127.0.0.1:{taken.getsockname()[1]}")

    def test_ipv6(self):
        try:
            with socket.socket(socket.AF_INET6) as s:
                s.bind(("::1", 0))
        except OSError:
            self.skipTest("this machine has no IPv6 loopback")
        server = Server(self.dir, "--listen", "[::1]:0")
        self.assertIn("http://[::1]:", server.ready)
        self.assertEqual(server.call("GET", "/v2/health/live")[0], 200)
        self.assertEqual(server.stop(signal.SIGTERM), (0, "", ""))

    def test_config_refused(self):
        for content, words in (
            ("{", "JSON"), ("[]", "not an object"), ({"modle": "x"}, "modle"), ({"threshold": 3}, "from 0 to 1"),
            ({"answers": "all"}, "answers"), ({"max_rows": 0}, "max_rows"), ({"decimals": 12}, "decimals"),
            ({"online_update": True}, "never learns"), ({"threshold": "x"}, "threshold"),
        ):
            self.write("bad.json", content)
            done = run("fraud-serve", "--config", "bad.json", cwd=self.dir)
            self.assertEqual((done.returncode, done.stdout), (3, ""), (content, done.stderr))
            self.assertIn(words, done.stderr)
            self.assertIn("bad.json", done.stderr)

    # A signed model

    def signed(self):
        """A folder with a model, its signature and the key; None where there is no openssl to make one."""
        box = os.path.join(self.dir, "signed")
        if not os.path.isdir(box):
            if not shutil.which("openssl"):
                self.skipTest("no openssl to make a key with")
            os.mkdir(box)
            for command in ("openssl ecparam -name prime256v1 -genkey -noout -out key.pem",
                            "openssl pkey -in key.pem -pubout -out key.pub",
                            "openssl ecparam -name prime256v1 -genkey -noout -out other.pem",
                            "openssl pkey -in other.pem -pubout -out other.pub"):
                subprocess.run(command.split(), cwd=box, check=True, capture_output=True)
            shutil.copy(os.path.join(self.dir, "model.json"), os.path.join(box, "good.json"))
        self.put(box, "good.json")
        done = subprocess.run([REDAN, "sign", "model.json", "--key", "key.pem"], cwd=box, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return box

    def put(self, box, name, change=None):
        """The model's file anew, in one step; `change` may alter its bytes."""
        with open(os.path.join(box, name), "rb") as file:
            content = bytearray(file.read())
        if change:
            change(content)
        with open(os.path.join(box, "next"), "wb") as file:
            file.write(content)
        os.rename(os.path.join(box, "next"), os.path.join(box, "model.json"))

    @staticmethod
    def flip(content):
        content[4096] ^= 1

    def test_signed_model(self):
        box = self.signed()
        server = Server(box, "--signature", "model.json.sig", "--key", "key.pub")
        self.assertRegex(server.ready, " verified=sha256:[0-9a-f]{64}$")
        answer = server.call("POST", V1, {"instances": self.rows})[2]
        plain = Server(box)
        self.assertNotIn("verified", plain.ready)
        self.assertEqual(answer, plain.call("POST", V1, {"instances": self.rows})[2])
        for one in (server, plain):
            self.assertEqual(one.stop(signal.SIGTERM), (0, "", ""))
        self.write("signed/serve.json", {"model": "model.json", "signature": "model.json.sig", "key": "key.pub"})
        server = Server(self.dir, "--config", "signed/serve.json") # paths are the file's
        self.assertIn(" verified=", server.ready)
        self.assertEqual(server.stop(signal.SIGTERM), (0, "", ""))

    def test_unsigned_is_refused(self):
        """Before it runs: other bytes, another signer, no signature, half of the options."""
        box = self.signed()
        both = ("--signature", "model.json.sig", "--key", "key.pub")
        for name, change, args, code, words in (
            ("good.json", self.flip, both, 3, "model.json is not what was signed"),
            ("good.json", lambda b: b.append(10), both, 3, "model.json"),
            ("good.json", lambda b: b.pop(), both, 3, "model.json"),
            ("good.json", None, both[:3] + ("other.pub",), 3, "another key"),
            ("good.json", None, ("--signature", "none.sig", "--key", "key.pub"), 3, "none.sig"),
            ("good.json", None, both[:3] + ("none.pub",), 3, "none.pub"),
            ("good.json", None, both[:3] + ("model.json",), 3, "model.json"),
            ("good.json", None, both[:2], 2, "belong together"), ("good.json", None, both[2:], 2, "belong together"),
        ):
            self.put(box, name, change)
            done = run("fraud-serve", "--listen", "127.0.0.1:0", *args, cwd=box)
            self.assertEqual((done.returncode, done.stdout), (code, ""), (args, done.stderr))
            self.assertIn(words, done.stderr)
        self.put(box, "good.json")

    def test_reload(self):
        """A flipped or swapped model is refused at a reload, and the former one goes on; a signed one is taken."""
        box = self.signed()
        server = Server(box, "--signature", "model.json.sig", "--key", "key.pub")
        scores = lambda: [single(v) for v in server.call("POST", V1, {"instances": self.rows})[2]["predictions"]]
        before = scores()
        for change in (self.flip, lambda b: b.clear()):
            self.put(box, "good.json", change)
            server.process.send_signal(signal.SIGHUP)
            self.assertIn("the model is not loaded: ", server.process.stderr.readline())
            self.assertEqual(server.process.stderr.readline(), "fraud-serve: reload refused; the former model goes on\n")
            self.assertEqual(scores(), before)
        os.unlink(os.path.join(box, "model.json"))
        server.process.send_signal(signal.SIGHUP)
        self.assertIn("model.json", server.process.stderr.readline())
        server.process.stderr.readline()
        self.assertEqual(scores(), before)
        # another model, signed by the same key
        done = run("fraud-train", "--data", os.path.join(self.dir, "transactions.csv"), "--model", "model.json", "--holdout",
                   "holdout.json", "--resamples", 40, "--kind", "forest", cwd=box)
        self.assertEqual(done.returncode, 0, done.stderr)
        server.process.send_signal(signal.SIGHUP) # not signed yet
        server.process.stderr.readline()
        server.process.stderr.readline()
        self.assertEqual(scores(), before)
        subprocess.run([REDAN, "sign", "model.json", "--key", "key.pem"], cwd=box, check=True, capture_output=True)
        server.process.send_signal(signal.SIGHUP)
        self.assertRegex(server.process.stdout.readline(), "^reloaded model=fraud verified=sha256:[0-9a-f]{64}$")
        self.assertNotEqual(scores(), before)
        self.assertEqual(server.stop(signal.SIGTERM), (0, "", ""))

    def tamper(self, box, *args):
        """What the organisation's probe records of fraud-serve started so; with a system made for it."""
        redan = lambda *a: subprocess.run([REDAN, *a], cwd=box, capture_output=True, text=True, timeout=100,
                                          env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"})
        port = free_port()
        shutil.rmtree(os.path.join(box, "redan"), ignore_errors=True)
        for name in ("root.pem", "ci.pem", "root.pem.pub", "ci.pem.pub"):
            if os.path.exists(os.path.join(box, name)):
                os.unlink(os.path.join(box, name))
        done = redan("org", "new", "bank", "--holder", "a.root", "--dir", "redan", "--out", "root.pem", "--quiet")
        self.assertEqual(done.returncode, 0, done.stderr)
        root = re.search("sha256:[0-9a-f]{64}", done.stdout).group()
        self.write("signed/redan/threatmodel.yaml", TAMPER_MODEL)
        with open(os.path.join(box, "redan", "org.yaml"), "a", encoding="ascii") as file:
            argv = json.dumps(["fraud-serve", "--model", "{model}", "--listen", f"127.0.0.1:{port}", *args])
            file.write(TAMPER_PROBE % (argv, port))
        for step in (("keys", "new", "ci", "--holder", "ci", "--service", "--sign-with", "root.pem", "--out", "ci.pem"),
                     ("keys", "sign", "org.yaml", "--key", "root.pem"), ("release", "pin", "model=model.json"),
                     ("evidence", "run", "tamper", "--key", "ci.pem", "--root", root)):
            done = redan(*step)
            self.assertEqual(done.returncode, 0, (step, done.stderr))
        record = re.search(" in (redan/evidence/.*)", done.stdout + done.stderr).group(1)
        with open(os.path.join(box, record), encoding="ascii") as file:
            predicate = json.loads(base64.b64decode(json.load(file)["payload"]))["predicate"]
        listed = redan("evidence", "list", "--root", root)
        return predicate["observed"], predicate["record"]["n"], listed.stdout

    def test_tamper_probe(self):
        """The organisation's probe tells a service that verifies from one that does not."""
        box = self.signed()
        done = run("fraud-train", "--data", os.path.join(self.dir, "transactions.csv"), "--model", "swap.json", "--holdout",
                   "holdout.json", "--resamples", 40, "--kind", "forest", cwd=box)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(box, "model.json"), "rb") as file:
            before = file.read()
        observed, n, _ = self.tamper(box, "--signature", "{signature}", "--key", "key.pub")
        self.assertEqual((observed["tampered_loaded"], observed["genuine_loaded"], observed["loaded"]), (0, 1, []))
        self.assertEqual((len(observed["tried"]), n), (7, 9), observed)
        observed, n, _ = self.tamper(box) # it verifies nothing
        self.assertEqual(observed["genuine_loaded"], 1)
        self.assertGreaterEqual(observed["tampered_loaded"], 3, observed)
        self.assertLessEqual({"appended", "swapped", "unsigned"}, set(observed["loaded"]))
        observed, n, _ = self.tamper(box, "--signature", "{signature}", "--key", "other.pub") # nobody's model
        self.assertEqual((observed["genuine_loaded"], observed["tried"], n), (0, [], 0))
        self.assertIn("another key", observed["said"])
        with open(os.path.join(box, "model.json"), "rb") as file:
            self.assertEqual(file.read(), before)

    def test_end_finishes_what_began(self):
        server = Server(self.dir)
        whole = request("POST", V1, {"instances": self.rows})
        with server.connect() as s, server.connect() as idle:
            s.sendall(whole[: len(whole) // 2])
            time.sleep(0.3)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            with self.assertRaises(OSError): # no new ones
                server.connect().close()
            s.sendall(whole[len(whole) // 2 :])
            status, headers, answer = Answers(s).next()
            self.assertEqual((status, len(answer["predictions"])), (200, len(self.rows)))
            self.assertEqual(headers.get("connection"), "close")
            self.assertEqual(idle.recv(1), b"")
        self.assertEqual(server.process.wait(timeout=20), 0)
        self.assertEqual(server.process.communicate(), ("", ""))

    def test_end_does_not_wait_for_ever(self):
        server = Server(self.dir)
        with server.connect() as s:
            s.sendall(request("POST", V1, {"instances": self.rows})[:-10])
            time.sleep(0.3)
            began = time.monotonic()
            self.assertEqual(server.stop(signal.SIGTERM), (0, "", ""))
            self.assertLess(time.monotonic() - began, 10)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
