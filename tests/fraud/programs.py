"""What the tests of the example's programs share: running them, and HTTP spoken by hand."""

import json
import os
import socket
import subprocess
import sys
import tempfile

BIN = os.path.abspath(sys.argv[1])
DIRECT = os.path.abspath(sys.argv[2])
REDAN = os.path.abspath(sys.argv[3])
FEATURES = 15


def run(program, *args, cwd=None, text=None):
    """Run one of the example's programs; the finished process with its output as text."""
    path = DIRECT if program == "fraud-direct" else os.path.join(BIN, program)
    return subprocess.run([path, *map(str, args)], cwd=cwd, input=text, capture_output=True, text=True, timeout=200)


def small_world(folder, *more):
    """A world that simulates and trains in about a second."""
    done = run("fraud-simulate", "--customers", 400, "--terminals", 900, "--days", 60, "--seed", 3, *more, cwd=folder)
    assert done.returncode == 0, done.stderr
    return os.path.join(folder, "transactions.csv")


def rows_of(csv, count):
    """Feature rows from the end of the file, as texts."""
    with open(csv, encoding="ascii") as file:
        lines = file.read().splitlines()[-count:]
    return [line.split(",")[5 : 5 + FEATURES] for line in lines]


class Server:
    """fraud-serve on a port of its own choosing."""

    def __init__(self, folder, *args):
        self.process = subprocess.Popen(
            [os.path.join(BIN, "fraud-serve"), "--listen", "127.0.0.1:0", *map(str, args)],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.ready = self.process.stdout.readline()
        if not self.ready.startswith("ready http://"):
            raise AssertionError(f"no ready line: {self.ready!r} {self.process.communicate()[1]}")
        host, port = self.ready.split()[1][len("http://") :].rsplit(":", 1)
        self.address = (host.strip("[]"), int(port))

    def connect(self):
        return socket.create_connection(self.address, timeout=20)

    def call(self, method, path, body=b"", **headers):
        """One request on a connection of its own: status, headers, parsed body."""
        with self.connect() as s:
            s.sendall(request(method, path, body, **headers))
            return Answers(s).next(method)

    def stop(self, signal):
        self.process.send_signal(signal)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err


def request(method, path, body=b"", **headers):
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: x"]
    named = {"Content_Type": "application/json", "Content_Length": str(len(body)), **headers}
    lines += [f"{k.replace('_', '-')}: {v}" for k, v in named.items() if v is not None]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Answers:
    """Reads one answer after another from a connection."""

    def __init__(self, s):
        self.file = s.makefile("rb")

    def next(self, method="POST"):
        status = self.file.readline().split()
        if not status:
            return None
        headers = {}
        while True:
            line = self.file.readline().strip()
            if not line:
                break
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        body = self.file.read(int(headers.get("content-length", 0))) if method != "HEAD" else b""
        if headers.get("content-type") == "application/json" and body:
            body = json.loads(body)
        return int(status[1]), headers, body


def folder():
    return tempfile.TemporaryDirectory(prefix="redan-fraud-")
