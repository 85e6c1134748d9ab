"""The servers of bench/guard/run: nginx with one worker in a private folder, bare, under the guard, or under ModSecurity with the core rule set."""
import os
import re
import shutil
import signal
import socket
import subprocess
import time

CRS = "/usr/share/modsecurity-crs"
MODSECURITY = "/usr/lib/nginx/modules/ngx_http_modsecurity_module.so"
V1, V2 = "/v1/models/fraud:predict", "/v2/models/fraud/infer"
HEADER = "X-Client"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Undone(Exception):
    pass


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_port(port, process, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise Undone(f"nginx ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise Undone(f"nothing listens on port {port}")


def sized(text, size):
    """JSON of exactly so many bytes, by blanks before its last brace."""
    return text[:-1] + " " * (size - len(text)) + text[-1] if len(text) < size else text


ANSWERS = {
    V1: lambda rows: '{"predictions": [%s]}' % ", ".join(["0.0134"] * rows),
    V2: lambda rows: '{"model_name": "fraud", "model_version": "1", "outputs": [{"name": "score", "datatype": "FP32", "shape": [%d], "data": [%s]}]}'
        % (rows, ", ".join(["0.0134"] * rows)),
}


class Nginx:
    """One nginx with one worker; `inside` is what its only server block has."""

    def __init__(self, work, name, inside, top="", http="", master=True, wrap=()):
        self.name, self.port = name, free_port()
        self.folder = os.path.join(work, name)
        os.makedirs(self.folder, exist_ok=True)
        os.chmod(self.folder, 0o755)
        self.conf = os.path.join(self.folder, "nginx.conf")
        paths = "".join(f"    {kind}_temp_path {self.folder}/{kind};\n" for kind in TEMPORARY)
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(f"{top}\ndaemon off;\nmaster_process {'on' if master else 'off'};\nworker_processes 1;\nuser root;\nworker_rlimit_nofile 8192;\n"
                    f"error_log {self.folder}/error.log warn;\npid {self.folder}/nginx.pid;\nevents {{ worker_connections 4096; }}\n"
                    f"http {{\n{paths}    access_log off;\n    keepalive_requests 100000000;\n    keepalive_timeout 300s;\n"
                    f"    client_body_buffer_size 64k;\n    client_max_body_size 1m;\n{http}\n"
                    f"    server {{\n        listen 127.0.0.1:{self.port} backlog=1024;\n{inside}\n    }}\n}}\n")
        self.out = open(os.path.join(self.folder, "out.log"), "ab")
        command = [*wrap, shutil.which("nginx") or "/usr/sbin/nginx", "-p", self.folder, "-c", self.conf]
        self.process = subprocess.Popen(command, stdout=self.out, stderr=self.out, stdin=subprocess.DEVNULL)
        try:
            wait_port(self.port, self.process, 120 if wrap else 20)
        except Undone as error:
            self.stop()
            raise Undone(f"{name}: {error}: {self.said()}") from None

    def said(self):
        text = ""
        for name in ("out.log", "error.log"):
            path = os.path.join(self.folder, name)
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as f:
                    text += f.read()
        return " / ".join(text.strip().split("\n")[-3:])[:400]

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def worker(self):
        """Process id of the worker."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as f:
                for child in f.read().split():
                    with open(f"/proc/{child}/cmdline", encoding="utf-8", errors="replace") as c:
                        line = c.read()
                    if "worker process" in line and "shutting" not in line:
                        return int(child)
            time.sleep(0.02)
        raise Undone(f"{self.name}: no worker: {self.said()}")

    def cpu(self):
        """Seconds of processor time of the worker, all its threads, to the nanosecond."""
        total = 0
        pid = self.worker()
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as f:
                total += int(f.read().split()[0])
        return total / 1e9

    def memory(self):
        """Resident bytes of the worker, without what it shares: its own growth."""
        with open(f"/proc/{self.worker()}/smaps_rollup", encoding="ascii") as f:
            text = f.read()
        return sum(int(n) for n in re.findall(r"^Private_(?:Dirty|Clean):\s+(\d+) kB", text, re.M)) * 1024

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.out.close()


def upstream(work, rows):
    """What stands behind all of them: 1,024 bytes of answer, always the same."""
    inside = "".join(f"        location = {path} {{ default_type application/json; return 200 '{sized(ANSWERS[path](rows), 1024)}'; }}\n"
                     for path in (V1, V2))
    return Nginx(work, f"upstream-{rows}", inside + "        location / { default_type application/json; return 404 '{}'; }")


def proxy(behind):
    """The same way to the upstream for everybody."""
    http = f"    upstream model {{ server {behind.address}; keepalive 64; }}\n"
    inside = "        proxy_http_version 1.1;\n        proxy_set_header Connection '';\n        proxy_buffer_size 8k;\n"
    return http, inside


def bare(work, behind, name="plain", **more):
    http, inside = proxy(behind)
    return Nginx(work, name, inside + "        location / { proxy_pass http://model; }", http=http, **more)


def guarded(work, behind, name, module, policy, mode="enforce", zone="64m", **more):
    http, inside = proxy(behind)
    inside += (f"        location / {{ redan_guard on; redan_zone callers {zone}; redan_policy {policy}; redan_mode {mode}; redan_identity $http_x_client;"
               f" proxy_pass http://model; }}\n        location = /redan/metrics {{ redan_zone callers; redan_policy {policy}; redan_mode {mode}; redan_metrics; }}\n")
    return Nginx(work, name, inside, top=f"load_module {module};", http=http, **more)


def can_modsecurity():
    if not os.path.exists(MODSECURITY):
        return "libnginx-mod-http-modsecurity is not installed"
    if not os.path.exists(os.path.join(CRS, "owasp-crs.load")):
        return "modsecurity-crs is not installed"
    return None


def modsecurity(work, behind, name="modsecurity", **more):
    """As Debian installs it, switched from detecting to refusing; its audit log off, as the guard's events are not counted either way."""
    rules = os.path.join(work, "modsecurity.conf")
    with open("/etc/nginx/modsecurity.conf", encoding="utf-8") as f:
        text = f.read()
    text = re.sub(r"^SecRuleEngine .*$", "SecRuleEngine On", text, flags=re.M)
    text = re.sub(r"^SecAuditEngine .*$", "SecAuditEngine Off", text, flags=re.M)
    text = re.sub(r"^SecAuditLog .*$", "", text, flags=re.M)
    text = text.replace("unicode.mapping", "/etc/nginx/unicode.mapping")
    with open(os.path.join(CRS, "owasp-crs.load"), encoding="utf-8") as f:  # its IncludeOptional is Apache's word
        load = re.sub(r"^IncludeOptional ", "Include ", f.read(), flags=re.M)
    with open(rules, "w", encoding="utf-8") as f:
        f.write(text + "\n" + load)
    http, inside = proxy(behind)
    inside += f"        modsecurity on;\n        modsecurity_rules_file {rules};\n        location / {{ proxy_pass http://model; }}\n"
    return Nginx(work, name, inside, top=f"load_module {MODSECURITY};", http=http, **more)
