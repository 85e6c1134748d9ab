"""A model server of the tests' own: speaks HTTP/1.1 by hand, records every request as it came, and answers as a test says."""

import json
import socket
import threading


class Request:
    """One request as the upstream saw it."""

    def __init__(self, line, headers, body):
        self.method, self.target, self.version = line.split(" ", 2)
        self.headers = headers  # [(name, value)] in order
        self.body = body

    def values(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def value(self, name, default=None):
        found = self.values(name)
        return found[0] if found else default


class Cut(Exception):
    """The connection is closed here."""


def predict(request):
    """KServe v1: one score per instance, the first cell of each."""
    try:
        rows = json.loads(request.body)["instances"]
    except (ValueError, KeyError, TypeError):
        return answer(400, {"error": "not a request"})
    scores = []
    for row in rows:
        cell = row[0] if isinstance(row, list) and row and isinstance(row[0], (int, float)) else 0
        scores.append(max(0.0, min(1.0, abs(float(cell)) % 1.0)))
    return answer(200, {"predictions": scores})


def answer(status, body, headers=()):
    """The bytes of an answer with a length."""
    if not isinstance(body, (bytes, bytearray)):
        body = json.dumps(body).encode()
        headers = [("Content-Type", "application/json"), *headers]
    head = [f"HTTP/1.1 {status} X"] + [f"{name}: {value}" for name, value in headers]
    head.append(f"Content-Length: {len(body)}")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + bytes(body)


class Upstream:
    """`answer` gives the bytes for a request, or takes (request, send) when `streams` is set and raises Cut to break off."""

    def __init__(self):
        self.requests = []
        self.answer = predict
        self.stream = None
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.socket.getsockname()[1]
        self.lock = threading.Lock()
        self.closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.closed = True
        self.socket.close()

    def reset(self):
        with self.lock:
            self.requests = []
        self.answer = predict
        self.stream = None

    def seen(self):
        with self.lock:
            return list(self.requests)

    def _accept(self):
        while not self.closed:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = client.makefile("rb")
        try:
            while self._one(stream, client):
                pass
        except (OSError, Cut, ValueError):
            pass
        finally:
            stream.close()
            client.close()

    def _one(self, stream, client):
        line = stream.readline().decode("latin-1").strip()
        if not line:
            return False
        headers = []
        while True:
            text = stream.readline().decode("latin-1").rstrip("\r\n")
            if not text:
                break
            name, value = text.split(":", 1)
            headers.append((name, value.strip()))
        request = Request(line, headers, b"")
        request.body = self._body(request, stream)
        with self.lock:
            self.requests.append(request)
        if self.stream:
            self.stream(request, client.sendall)
        else:
            client.sendall(self.answer(request))
        return request.value("Connection", "").lower() != "close"

    @staticmethod
    def _body(request, stream):
        if request.value("Transfer-Encoding", "").lower() != "chunked":
            return stream.read(int(request.value("Content-Length", "0")))
        body = b""
        while True:
            size = int(stream.readline().split(b";")[0], 16)
            body += stream.read(size)
            stream.readline()
            if size == 0:
                return body
