"""One worker under valgrind: requests of every kind, and clients that leave at every phase, lose no memory and read none that is not theirs."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

import server
import upstream
from client import JSON, PREDICT, Client, message, predict, rows
from test_stream import CALLER, HEAD, RANGE, chunk, event


def broken_off(_, send):
    send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
    raise upstream.Cut


def refused_in_the_middle(_, send):
    send(HEAD)
    for _ in range(100):
        send(chunk(event(0.25)))
        time.sleep(0.001)
    send(chunk(event(9)))
    raise upstream.Cut


class Memory(unittest.TestCase):
    def ask_everything(self, up, port):
        whole = message("POST", PREDICT, rows((0.5,)) + b" " * 40000, [JSON, CALLER])
        for i in range(20):
            self.assertEqual(predict(port).status, 200)
            self.assertEqual(predict(port, b"{").status, 400)
            self.assertEqual(predict(port, b" " * 70000).status, 413)
            with Client(port, timeout=60) as c:
                c.send(whole[:1000 + i * 2000])
            with Client(port, timeout=60) as c:
                c.send(message("POST", PREDICT, b"", [JSON, CALLER, ("Transfer-Encoding", "chunked")], length=False))
                for _ in range(i):
                    c.send(chunk(b" " * 1000))
        up.stream = refused_in_the_middle
        for _ in range(5):
            with Client(port, timeout=60) as c:
                c.send(message("POST", PREDICT, rows((0.5,)), [JSON, CALLER]))
                c.head()
            self.assertTrue(predict(port).whole)
        up.stream = broken_off
        for _ in range(5):
            self.assertEqual(predict(port).status, 502)

    def test_valgrind(self):
        up = upstream.Upstream()
        nginx = server.Nginx(up.port, policy=RANGE, main="master_process off;", start=False)
        log = nginx.folder / "valgrind.log"
        nginx.process = subprocess.Popen(["valgrind", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible",
                                          "--num-callers=30", f"--log-file={log}", *nginx.command()],
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        with nginx:
            server.wait(nginx.listens, 60)
            self.ask_everything(up, nginx.port)
            nginx.signal(signal.SIGQUIT)
            nginx.process.wait(120)
            blocks = re.split(r"==\d+== \n", log.read_text())
            self.assertTrue(any("HEAP SUMMARY" in block for block in blocks))
            ours = [block for block in blocks if "redan" in block.split("Command:")[0] and "at 0x" in block]
            self.assertEqual(ours, [])
            self.assertEqual([b for b in blocks if re.search("Invalid|uninitialised|overlap", b)], [])
        up.close()


if __name__ == "__main__":
    if not shutil.which("valgrind") or os.environ.get("REDAN_TEST_PRELOAD"):
        print("skipped: valgrind is not installed, or the module is built with the address sanitizer, which looks itself")
        sys.exit(server.SKIP)
    server.main()
