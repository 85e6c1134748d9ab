"""HTTP's own ways: HTTP/2, HEAD, pipelines, connections that live on, clients that leave, paths written in other ways."""

import shutil
import socket
import subprocess
import threading
import time
import unittest

import client
import server
import upstream
from client import JSON, PREDICT, Client, ask, message, predict, rows

CALLER = ("X-Caller", "tester")


class Http(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.up = upstream.Upstream()
        cls.nginx = server.Nginx(cls.up.port).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.nginx.__exit__(None, None, None)
        cls.up.close()

    def setUp(self):
        self.up.reset()

    def test_pipelined(self):
        bodies = [rows((0.5,)), b"{", rows((0.25,)), b"{" * 70000, rows((0.125,))]
        with Client(self.nginx.port) as c:
            c.send(b"".join(message("POST", PREDICT, body, [JSON, CALLER]) for body in bodies[:3]))
            self.assertEqual([c.answer().status for _ in range(3)], [200, 400, 200])
            c.send(message("POST", PREDICT, bodies[4], [JSON, CALLER]) + message("GET", "/v2/health/live") +
                   message("POST", "/elsewhere", b"{}", [JSON, CALLER]))
            self.assertEqual([c.answer().status for _ in range(2)], [200, 400])  # the upstream knows no health
            self.assertEqual(c.answer().status, 403)
        self.assertEqual([r.body for r in self.up.seen()], [bodies[0], bodies[2], bodies[4], b""])

    def test_a_refusal_keeps_the_connection(self):
        with Client(self.nginx.port) as c:
            for _ in range(5):
                c.send(message("POST", PREDICT, b"{", [JSON, CALLER]))
                answer = c.answer()
                self.assertEqual(answer.status, 400)
                self.assertFalse(answer.closed)
            c.send(message("POST", PREDICT, rows((0.5,)), [JSON, CALLER]))
            self.assertEqual(c.answer().status, 200)

    def test_head_has_no_body(self):
        with Client(self.nginx.port) as c:
            c.send(message("HEAD", PREDICT, headers=[CALLER]))
            refusal = c.answer("HEAD")
            self.assertGreaterEqual(refusal.status, 400)
            c.send(message("HEAD", "/v2/health/live"))
            self.assertEqual(c.answer("HEAD").status, 400)
            c.send(message("POST", PREDICT, rows((0.5,)), [JSON, CALLER]))
            self.assertEqual(c.answer().status, 200)

    def test_other_methods_are_refused(self):
        for method in ("GET", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
            with self.subTest(method=method):
                self.assertIn(ask(self.nginx.port, method, PREDICT, headers=[CALLER]).status, (403, 405))
        self.assertIn(ask(self.nginx.port, "POST", "/v2/health/live", b"{}", [JSON, CALLER]).status, (403,))
        self.assertEqual(self.up.seen(), [])

    def test_the_upstream_sees_the_path_that_was_judged(self):
        paths = {
            "/v2/health/..%2f..%2fv1/models/fraud:predict": None,
            "/v2/health/%2e%2e/%2e%2e/v1/models/fraud:predict": None,
            "/v1//models/fraud:predict": "/v1/models/fraud:predict",
            "/x/../v1/models/fraud:predict": "/v1/models/fraud:predict",
            "/v1/models/%66raud:predict": "/v1/models/fraud:predict",
        }
        for path, target in paths.items():
            with self.subTest(path=path):
                self.up.reset()
                judged = predict(self.nginx.port, path=path)
                seen = [r.target for r in self.up.seen()]
                if judged.status == 200:
                    self.assertEqual(seen, [target or "/v1/models/fraud:predict"])
                else:
                    self.assertEqual(seen, [])
        # a GET to a path that passes must not be another path for the upstream
        self.up.reset()
        ask(self.nginx.port, "GET", "/v2/health/..%2fmodels/secret")
        self.assertEqual(self.up.seen(), [])
        ask(self.nginx.port, "GET", "/v2/models/../health/live%3Fx")
        for request in self.up.seen():
            self.assertTrue(request.target.startswith("/v2/health/live"), request.target)

    def test_what_would_be_read_otherwise(self):
        """Each reaches the upstream not at all; what follows on the connection neither."""
        body = rows((0.5,))
        inner = message("POST", "/elsewhere", body, [JSON, CALLER])
        chunked = ("Transfer-Encoding", "chunked")
        refused = {
            "a length and chunks": message("POST", PREDICT, b"0\r\n\r\n" + inner, [JSON, CALLER, chunked]),
            "two lengths": message("POST", PREDICT, body, [JSON, CALLER, ("Content-Length", "4")]),
            "two encodings": message("POST", PREDICT, b"0\r\n\r\n" + inner,
                                     [JSON, CALLER, chunked, ("Transfer-Encoding", "identity")], length=False),
            "another coding": message("POST", PREDICT, b"0\r\n\r\n", [JSON, CALLER, ("Transfer-Encoding", "gzip, chunked")], length=False),
            "chunks cut at the limit": message("POST", PREDICT, b"11000\r\n" + b" " * 0x11000 + b"\r\n" + inner,
                                               [JSON, CALLER, chunked], length=False),
            "a body with GET": message("GET", "/v2/health/live", body, [JSON, CALLER]),
            "chunks with GET": message("GET", "/v2/health/live", b"4\r\nabcd\r\n0\r\n\r\n", [CALLER, chunked], length=False),
            "many chunks with GET": message("GET", "/v2/health/live", b"11000\r\n" + b" " * 0x11000 + b"\r\n" + inner,
                                            [CALLER, chunked], length=False),
            "binary tensors": message("POST", PREDICT, body, [JSON, CALLER, ("Inference-Header-Content-Length", "0")]),
            "binary tensors, unsaid": message("POST", PREDICT, body, [JSON, CALLER, ("Inference-Header-Content-Length", "")]),
            "compressed, after all": message("POST", PREDICT, body, [JSON, CALLER, ("Content-Encoding", "identity"),
                                                                     ("Content-Encoding", "gzip")]),
            "two types": message("POST", PREDICT, body, [JSON, CALLER, ("Content-Type", "text/csv")]),
            "a type with another charset": message("POST", PREDICT, body, [("Content-Type", "application/json; charset=utf-16"), CALLER]),
            "a path with a parameter": message("POST", PREDICT + ";v=1", body, [JSON, CALLER]),
            "a path escaped twice": message("POST", "/v1/models/fraud%253apredict", body, [JSON, CALLER]),
            "a path with a line in it": message("POST", PREDICT + "%0d%0aX: y", body, [JSON, CALLER]),
        }
        for name, data in refused.items():
            with self.subTest(name=name), Client(self.nginx.port, timeout=20) as c:
                self.up.reset()
                c.send(data)
                self.assertGreaterEqual(c.answer().status, 400)
                self.assertEqual(self.up.seen(), [])
        with Client(self.nginx.port) as c:  # a chunk's extensions and trailers are nobody's headers
            c.send(message("POST", PREDICT, b"%x;a=b\r\n%s\r\n0\r\nX-Redan-Caller: boss\r\n\r\n" % (len(body), body),
                           [JSON, CALLER, chunked], length=False))
            self.assertEqual(c.answer().status, 200)
        self.assertEqual(self.up.seen()[0].values("X-Redan-Caller"), ["tester"])

    def test_headers_that_make_another_request(self):
        others = [("X-Original-URL", "/x"), ("X-Rewrite-URL", "/x"), ("X-HTTP-Method-Override", "PUT"), ("Connection", "X-Redan-Caller")]
        predict(self.nginx.port, headers=others)
        seen = self.up.seen()[0]
        self.assertEqual([seen.values(name) for name, _ in others], [[], [], [], []])
        self.assertEqual(seen.values("X-Redan-Caller"), ["tester"])

    def test_headers_with_underscores(self):
        with server.Nginx(self.up.port, server="underscores_in_headers on;") as nginx:
            for header in (("Content_Encoding", "gzip"), ("Content_Type", "text/csv"), ("Inference_Header_Content_Length", "0")):
                with self.subTest(header=header):
                    self.assertIn(predict(nginx.port, headers=[header]).status, (403, 415))
            self.assertEqual(self.up.seen(), [])
            predict(nginx.port, headers=[("X_Redan_Caller", "boss"), ("X_Original_URL", "/x")])
            self.assertEqual([n for n, _ in self.up.seen()[0].headers if "_" in n], [])

    def test_a_query_is_for_what_passes(self):
        self.assertEqual(predict(self.nginx.port, path=PREDICT + "?a=1&b=%20").status, 403)
        self.assertEqual(self.up.seen(), [])
        ask(self.nginx.port, "GET", "/v2/health/live?a=1&b=%20")
        self.assertEqual(self.up.seen()[0].target, "/v2/health/live?a=1&b=%20")

    def test_headers_that_only_the_guard_writes(self):
        spoofed = [("X-Redan", "trusted"), ("x-redan-caller", "boss"), ("X-REDAN-Whatever", "1"), ("X-Other", "kept")]
        predict(self.nginx.port, headers=spoofed)
        seen = self.up.seen()[0]
        self.assertEqual(seen.values("X-Redan-Caller"), ["tester"])
        self.assertEqual(seen.values("X-Redan"), [])
        self.assertEqual(seen.values("X-Redan-Whatever"), [])
        self.assertEqual(seen.values("X-Other"), ["kept"])
        ask(self.nginx.port, "GET", "/v2/health/live", headers=spoofed)
        self.assertEqual([n for n, _ in self.up.seen()[1].headers if n.lower().startswith("x-redan")], [])

    def test_many_headers(self):
        many = [(f"X-H{i}", str(i)) for i in range(60)] + [("Accept-Encoding", "gzip")]
        predict(self.nginx.port, headers=many)
        seen = self.up.seen()[0]
        self.assertEqual([seen.value(f"X-H{i}") for i in range(60)], [str(i) for i in range(60)])
        self.assertEqual(seen.values("Host"), ["model"])
        self.assertEqual(len(seen.values("Content-Length")), 1)

    def test_odd_names(self):
        for who, seen in (("a b, c=d;%0a", "a b, c=d;%0a"), ("\xc3\xa9", "\xc3\xa9")):
            self.up.reset()
            self.assertEqual(predict(self.nginx.port, who=who).status, 200)
            self.assertEqual(self.up.seen()[0].value("X-Redan-Caller"), seen)
        self.assertEqual(predict(self.nginx.port, who="a\tb").status, 401)

    def test_clients_that_leave(self):
        whole = message("POST", PREDICT, rows((0.5,)) + b" " * 40000, [JSON, CALLER])
        for cut in (1, 60, len(whole) - 45000 if len(whole) > 45000 else 100, len(whole) - 20000, len(whole) - 1, len(whole)):
            with self.subTest(cut=cut):
                c = Client(self.nginx.port)
                c.send(whole[:cut])
                c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
                c.close()
        gate = threading.Event()

        def stream(_, send):
            gate.wait(10)
            send(upstream.answer(200, {"predictions": [0.5]}))
        self.up.stream = stream
        with Client(self.nginx.port) as c:  # while the upstream thinks
            c.send(whole)
            server.wait(lambda: any(r.method == "POST" for r in self.up.seen()))
        gate.set()
        self.up.reset()
        self.assertEqual(predict(self.nginx.port).status, 200)

    def test_http_1_0(self):
        body = rows((0.5,))
        with Client(self.nginx.port) as c:
            c.send(b"POST %s HTTP/1.0\r\nX-Caller: t\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
                PREDICT.encode(), len(body), body))
            answer = c.answer()
            self.assertEqual((answer.status, answer.json()), (200, {"predictions": [0.5]}))


@unittest.skipUnless(shutil.which("curl"), "curl is not installed")
class Http2(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        version = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
        if "HTTP2" not in version:
            raise unittest.SkipTest("curl has no HTTP/2")
        cls.up = upstream.Upstream()
        port = server.free_port()
        cls.nginx = server.Nginx(cls.up.port, listen=f"127.0.0.1:{port} http2", start=False)
        cls.nginx.port = port
        cls.nginx.start()

    @classmethod
    def tearDownClass(cls):
        cls.nginx.__exit__(None, None, None)
        cls.up.close()

    def setUp(self):
        self.up.reset()

    def curl(self, body, *more, path=PREDICT, reset=False):
        done = subprocess.run(["curl", "-sS", "--max-time", "20", "--http2-prior-knowledge", "-H", "Content-Type: application/json",
                               "-H", "X-Caller: tester", "-w", "\n%{http_code} %{http_version}", "--data-binary", "@-", *more,
                               f"http://127.0.0.1:{self.nginx.port}{path}"], input=body, capture_output=True, check=False)
        text, _, last = done.stdout.rpartition(b"\n")
        status, version = last.split()
        if not (reset and done.returncode == 92):
            self.assertEqual(version, b"2", done.stderr)
        return int(status), text

    def test_judged_and_passed(self):
        for body in (rows((0.5,)), b" " * 60000 + rows((0.5,))):
            self.assertEqual(self.curl(body), (200, b'{"predictions": [0.5]}'))
            self.assertEqual(self.up.seen()[-1].body, body)

    def test_without_a_length(self):
        body = b" " * 60000 + rows((0.5,))
        self.assertEqual(self.curl(body, "-H", "Content-Length:"), (200, b'{"predictions": [0.5]}'))
        self.assertEqual(self.up.seen()[-1].body, body)

    def test_refused(self):
        self.assertEqual(self.curl(b"{")[0], 400)
        self.assertEqual(self.curl(b"{}", path="/elsewhere")[0], 403)
        self.assertEqual(self.up.seen(), [])

    def too_large(self, body, *more):
        """nginx ends the stream with its answer; curl may see the end before it."""
        status, _ = self.curl(body, *more, reset=True)
        self.assertIn(status, (413, 0))
        self.assertEqual(self.up.seen(), [])
        server.wait(lambda: self.nginx.event_lines()[-1]["http.response.status_code"] == 413)

    def test_too_large(self):
        self.too_large(b" " * 70000)
        self.too_large(b" " * 3000000, "-H", "Content-Length:")
        self.assertEqual(self.curl(rows((0.5,)))[0], 200)

    def test_stream(self):
        def stream(_, send):
            send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
            for i in range(3):
                send(b'data: {"predictions": [0.%d]}\n\n' % i)
                time.sleep(0.01)
            raise upstream.Cut
        self.up.stream = stream
        status, text = self.curl(rows((0.5,)))
        self.assertEqual(status, 200)
        self.assertEqual(text.count(b"data:"), 3)


if __name__ == "__main__":
    server.main()
