"""redan guard run: one command from nothing to a guarded endpoint, and nothing left when it ends."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

import server
import upstream
from client import ask, predict
from server import PLACE


class Run(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="redan-run-"))
        self.runtime = self.folder / "runtime"
        self.runtime.mkdir(mode=0o700)
        (self.folder / "guard.yaml").write_text(server.POLICY)
        self.up = upstream.Upstream()
        self.port, self.status = server.free_port(), server.free_port()
        self.process = None

    def tearDown(self):
        self.end()
        self.up.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run_guard(self, *words):
        self.end()
        env = PLACE.environment()
        env["XDG_RUNTIME_DIR"] = str(self.runtime)
        self.process = subprocess.Popen(
            [PLACE.redan, "guard", "run", "--upstream", f"http://127.0.0.1:{self.up.port}", "--policy",
             str(self.folder / "guard.yaml"), "--listen", str(self.port), "--status", f"127.0.0.1:{self.status}",
             "--module", PLACE.module, "--nginx", PLACE.nginx, "--workers", "1", *words],
            env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return self.process

    def started(self):
        lines = []
        while True:
            line = self.process.stderr.readline()
            if not line:
                self.fail("it ended: " + "".join(lines))
            lines.append(line)
            if "stop with Ctrl-C" in line:
                return "".join(lines)

    def prefix(self):
        return list(self.runtime.iterdir())

    def test_from_start_to_end(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            with self.subTest(signal=number):
                self.run_guard()
                said = self.started()
                self.assertIn(f"127.0.0.1:{self.port}", said)
                self.assertIn("fraud-guard", said)
                self.assertIn("/v1/models/fraud:predict", said)
                self.assertEqual(predict(self.port).status, 200)
                self.assertEqual(predict(self.port, b"{").status, 400)
                self.assertEqual(ask(self.status, "GET", "/redan/metrics").status, 200)
                folder, = self.prefix()
                self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
                self.assertEqual((folder / "nginx.conf").stat().st_mode & 0o777, 0o600)
                self.process.send_signal(number)
                self.assertEqual(self.process.wait(20), 0)
                self.assertEqual(self.prefix(), [])
        self.assertEqual(len((self.folder / "events.jsonl").read_text().splitlines()), 6)

    def end(self):
        if not self.process:
            return
        if self.process.poll() is None:
            self.process.kill()  # nginx goes with it
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def test_requests_as_json(self):
        import json
        self.run_guard("--log")
        self.started()
        predict(self.port, who='a"b')
        predict(self.port, b"{")
        lines = [json.loads(self.process.stdout.readline()) for _ in range(2)]
        self.assertEqual([line["status"] for line in lines], [200, 400])
        self.assertEqual(lines[0]["caller"], 'a"b')
        self.assertEqual(lines[1]["action"], "refuse")
        self.process.terminate()
        self.process.wait(20)

    def test_a_policy_is_taken_up(self):
        self.run_guard()
        self.started()
        self.assertEqual(predict(self.port).status, 200)
        (self.folder / "guard.yaml").write_text(server.POLICY.replace("bytes: 65536", "bytes: 10"))
        server.wait(lambda: predict(self.port).status == 413)

    def test_nginx_goes_with_it(self):
        self.run_guard()
        self.started()
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True,
                                  check=True).stdout.split()
        self.assertEqual(len(children), 1)
        self.process.kill()
        self.process.wait(20)
        server.wait(lambda: not os.path.exists(f"/proc/{children[0]}") or
                    "zombie" in pathlib.Path(f"/proc/{children[0]}/status").read_text())

    def failed(self, *words):
        process = self.run_guard(*words)
        out, err = process.communicate(timeout=60)
        self.assertEqual(out, "")
        self.assertEqual(self.prefix(), [])
        return process.returncode, err

    def test_taken_port(self):
        import socket
        with socket.create_server(("127.0.0.1", 0)) as taken:
            code, said = self.failed("--listen", str(taken.getsockname()[1]))
        self.assertEqual(code, 3)
        self.assertIn("Address already in use", said)

    def test_no_nginx_or_module(self):
        code, said = self.failed("--nginx", str(self.folder / "none"))
        self.assertEqual(code, 3)
        self.assertIn("--nginx", said)
        code, said = self.failed("--module", str(self.folder / "guard.yaml"))
        self.assertEqual(code, 3)
        self.assertIn("guard.yaml", said)

    def test_what_nginx_says(self):
        code, said = self.failed("--identity", "$no_such_variable")
        self.assertEqual(code, 3)
        self.assertIn('unknown "no_such_variable" variable', said)

    def test_wrong_policy(self):
        (self.folder / "guard.yaml").write_text("schema: redan/guard/9\n")
        code, said = self.failed()
        self.assertIn(code, (2, 3))
        self.assertIn("guard.yaml:1:", said)

    def test_the_module_beside_it(self):
        if pathlib.Path(PLACE.redan).parent != pathlib.Path(PLACE.module).parent:
            self.skipTest("the module lies elsewhere")
        done = subprocess.run([PLACE.redan, "guard", "config", "-u", "http://127.0.0.1:1", "-p", str(self.folder / "guard.yaml")],
                              env=PLACE.environment(), capture_output=True, text=True, check=True)
        self.assertIn(f'load_module "{os.path.realpath(PLACE.module)}"', done.stdout)


if __name__ == "__main__":
    if not PLACE.redan:
        print("skipped: no redan")
        raise SystemExit(server.SKIP)
    server.main()
