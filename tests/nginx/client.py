"""A client that may send anything, in any pieces, and says exactly what came back."""

import json
import socket
import ssl as tls


class Answer:
    def __init__(self, status, headers, body, whole, closed):
        self.status = status
        self.headers = headers
        self.body = body
        self.whole = whole  # it ended as HTTP says, and was not cut
        self.closed = closed  # the server says that it closes

    def value(self, name, default=None):
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return default

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:300]!r} whole={self.whole}>"


class Broken(Exception):
    """No answer came."""


class Client:
    def __init__(self, port, context=None, timeout=20):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.data = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def more(self):
        try:
            piece = self.socket.recv(65536)
        except (ConnectionResetError, tls.SSLError):
            piece = b""
        self.data += piece
        return bool(piece)

    def until(self, mark):
        """Everything up to and with the mark."""
        while mark not in self.data:
            if not self.more():
                raise Broken(self.data)
        head, _, self.data = self.data.partition(mark)
        return head + mark

    def exactly(self, size):
        while len(self.data) < size:
            if not self.more():
                return self.data, False
        body, self.data = self.data[:size], self.data[size:]
        return body, True

    def head(self):
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]
        return status, headers

    def chunk(self):
        """The next chunk of a chunked answer; b"" is the last."""
        size = int(self.until(b"\r\n").split(b";")[0], 16)
        body, whole = self.exactly(size + 2)
        if not whole:
            raise Broken(body)
        return body[:-2]

    def answer(self, method="POST"):
        status, headers = self.head()
        while status == 100:
            status, headers = self.head()
        got = Answer(status, headers, b"", True, False)
        got.closed = got.value("Connection", "").lower() == "close"
        if method == "HEAD" or status in (204, 304):
            return got
        if got.value("Transfer-Encoding", "").lower() == "chunked":
            try:
                while True:
                    piece = self.chunk()
                    if not piece:
                        return got
                    got.body += piece
            except Broken:
                got.whole = False
                return got
        length = got.value("Content-Length")
        if length is None:
            while self.more():
                pass
            got.body, self.data = self.data, b""
            return got
        got.body, got.whole = self.exactly(int(length))
        return got


def message(method, path, body=b"", headers=(), length=True):
    lines = [f"{method} {path} HTTP/1.1", "Host: guard.test"]
    lines += [f"{name}: {value}" for name, value in headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def ask(port, method, path, body=b"", headers=(), context=None):
    """One request on a connection of its own."""
    with Client(port, context) as client:
        client.send(message(method, path, body, headers))
        return client.answer(method)


JSON = ("Content-Type", "application/json")


def rows(*values):
    """A KServe v1 body."""
    return json.dumps({"instances": [list(row) for row in values]}).encode()


PREDICT = "/v1/models/fraud:predict"


def predict(port, body=None, headers=(), who="tester", path=PREDICT, context=None):
    """An inference as an honest caller asks it."""
    if body is None:
        body = rows((0.25, 1.0, 2.0))
    named = [("X-Caller", who)] if who else []
    return ask(port, "POST", path, body, [JSON, *named, *headers], context)
