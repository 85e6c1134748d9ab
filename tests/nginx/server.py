"""A real nginx on loopback, with the module, in a folder of its own."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

SKIP = 77


class Place:
    """Where the things under test lie; from the environment, as ctest sets it."""

    def __init__(self):
        self.nginx = os.environ.get("REDAN_TEST_NGINX") or shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
        self.module = os.environ.get("REDAN_TEST_MODULE", "")
        self.redan = os.environ.get("REDAN_TEST_REDAN", "")
        self.preload = os.environ.get("REDAN_TEST_PRELOAD", "")

    def missing(self):
        if not self.nginx:
            return "nginx is not installed"
        if not self.module or not pathlib.Path(self.module).exists():
            return "the nginx module is not built (nginx-dev)"
        return None

    def environment(self):
        """A library that is built with the sanitizer wants it loaded first; what nginx itself leaks at its end is not ours."""
        env = dict(os.environ)
        if self.preload:
            env["LD_PRELOAD"] = self.preload
            env["ASAN_OPTIONS"] = "detect_leaks=0:abort_on_error=0:halt_on_error=1"
            env["UBSAN_OPTIONS"] = "print_stacktrace=1:halt_on_error=1"
        return env


PLACE = Place()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


POLICY = """schema: redan/guard/1
id: fraud-guard
mode: enforce
request:
  presets: [kserve-v1, oip-v2]
  models: [fraud]
  pass: ["/v2/health/*"]
  bytes: 65536
  rows: 64
identity: {kind: plain, required: true}
rules:
  - {id: budget, stage: budget, requests: 100000, per: 1m, action: refuse}
events: {to: events.jsonl, features: store}
"""


class Nginx:
    """`locations` stand in the server; `http` above it. Started and stopped by `with`."""

    def __init__(self, upstream_port, policy=POLICY, locations=None, http="", server="", main="", workers=1,
                 zone="1m", listen="", guard="", start=True):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="redan-nginx-"))
        os.chmod(self.folder, 0o755)
        self.upstream_port = upstream_port
        self.port = free_port()
        self.process = None
        self.policy = self.folder / "policy.yaml"
        self.events = self.folder / "events.jsonl"
        self.policy.write_text(policy)
        self.arguments = dict(locations=locations, http=http, server=server, main=main, workers=workers, zone=zone,
                              listen=listen, guard=guard)
        self.write(**self.arguments)
        if start:
            self.start()

    def write(self, locations=None, http="", server="", main="", workers=1, zone="1m", listen="", guard=""):
        if locations is None:
            locations = """
        location / { redan_guard on; %s proxy_pass http://model; }
        location = /redan/metrics { redan_metrics; }
        location /redan/admit { redan_admit; }""" % guard
        (self.folder / "nginx.conf").write_text(f"""
load_module {PLACE.module};
daemon off;
user root;
worker_processes {workers};
worker_shutdown_timeout 10s;
pid {self.folder}/nginx.pid;
error_log {self.folder}/error.log info;
{main}
events {{ worker_connections 512; }}
http {{
    access_log {self.folder}/access.log;
    client_body_temp_path {self.folder}/body;
    proxy_temp_path {self.folder}/proxy;
    fastcgi_temp_path {self.folder}/fastcgi;
    uwsgi_temp_path {self.folder}/uwsgi;
    scgi_temp_path {self.folder}/scgi;
    client_body_buffer_size 16k;
    keepalive_requests 1000000;
    client_max_body_size 4m;
    redan_zone guard {zone};
    redan_policy policy.yaml;
    redan_identity $http_x_caller;
    upstream model {{ server 127.0.0.1:{self.upstream_port}; keepalive 16; }}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    {http}
    server {{
        listen {listen or "127.0.0.1:%d" % self.port};
        {server}
{locations}
    }}
}}
""")

    def command(self, *words):
        return [PLACE.nginx, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e",
                str(self.folder / "error.log"), *words]

    def test(self):
        """nginx -t: its exit and its words."""
        done = subprocess.run(self.command("-t"), env=PLACE.environment(), capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    def start(self):
        self.process = subprocess.Popen(self.command(), env=PLACE.environment(), stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        wait(lambda: self.listens() or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise AssertionError(self.process.stdout.read().decode() + self.log())

    def listens(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def log(self):
        path = self.folder / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def workers(self):
        """Processes of nginx below the master."""
        listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)], capture_output=True,
                                text=True, check=False).stdout
        return [int(line.split()[0]) for line in listed.splitlines()
                if "worker process" in line and "shutting down" not in line]

    def signal(self, number):
        os.kill(self.process.pid, number)

    def reload(self):
        before = set(self.workers())
        self.signal(signal.SIGHUP)
        wait(lambda: self.workers() and not before & set(self.workers()))

    def event_lines(self):
        import json
        if not self.events.exists():
            return []
        return [json.loads(line) for line in self.events.read_text().splitlines()]

    def stop(self):
        """Quits; what it said in its log of crashes is a failure."""
        if self.process and self.process.poll() is None:
            self.signal(signal.SIGQUIT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process:
            self.process.stdout.close()

    def bad_words(self):
        """Lines that no test may leave behind."""
        return [line for line in self.log().splitlines()
                if any(word in line for word in ("[alert]", "[emerg]", "AddressSanitizer", "runtime error", "open socket"))]

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.stop()
        bad = [] if kind else self.bad_words()
        if not os.environ.get("REDAN_TEST_KEEP"):
            self.remove()
        if bad:
            raise AssertionError("nginx said: " + "\n".join(bad))


def wait(true, seconds=20):
    """Until it is true; a failure when it never is."""
    until = time.monotonic() + seconds
    while True:
        got = true()
        if got:
            return got
        if time.monotonic() > until:
            raise AssertionError("it never came")
        time.sleep(0.02)


def main():
    """unittest, or the code that ctest takes for a skip."""
    import sys
    import unittest
    why = PLACE.missing()
    if why:
        print(f"skipped: {why}")
        sys.exit(SKIP)
    unittest.main(verbosity=1)
