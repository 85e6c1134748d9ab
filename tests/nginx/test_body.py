"""The request's body, in every way that it may come: judged whole, passed on unchanged, never more of it than the policy allows."""

import json
import time
import unittest

import client
import server
import upstream
from client import JSON, PREDICT, Client, message, rows

CALLER = ("X-Caller", "tester")
CHUNKED = ("Transfer-Encoding", "chunked")


def chunk(data):
    return b"%x\r\n" % len(data) + data + b"\r\n"


class Body(unittest.TestCase):
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

    def passed(self, answer, body):
        self.assertEqual((answer.status, answer.json()), (200, {"predictions": [0.5]}))
        self.assertEqual([request.body for request in self.up.seen()], [body])

    def refused(self, answer, status):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(self.up.seen(), [])
        self.assertEqual(answer.value("Content-Type"), "application/json")
        self.assertTrue(answer.json()["error"])

    def test_byte_by_byte(self):
        body = rows((0.5, 1, 2))
        with Client(self.nginx.port) as c:
            for byte in message("POST", PREDICT, body, [JSON, CALLER]):
                c.send(bytes([byte]))
            self.passed(c.answer(), body)

    def test_headers_first_then_the_body_in_two(self):
        body = rows((0.5, 1, 2))
        whole = message("POST", PREDICT, body, [JSON, CALLER])
        with Client(self.nginx.port) as c:
            c.send(whole[:-20])
            time.sleep(0.1)
            c.send(whole[-20:-7])
            time.sleep(0.1)
            c.send(whole[-7:])
            self.passed(c.answer(), body)

    def test_chunked_in_odd_pieces(self):
        body = rows((0.5, 1, 2))
        with Client(self.nginx.port) as c:
            c.send(message("POST", PREDICT, b"", [JSON, CALLER, CHUNKED], length=False))
            for i in range(0, len(body), 3):
                piece = chunk(body[i:i + 3])
                c.send(piece[:1])
                c.send(piece[1:])
            c.send(chunk(b""))
            self.passed(c.answer(), body)
        self.assertEqual(self.up.seen()[0].value("Content-Length"), str(len(body)))

    def test_chunked_larger_than_nginx_buffers(self):
        body = b" " * 60000 + rows((0.5, 1, 2))
        with Client(self.nginx.port) as c:
            c.send(message("POST", PREDICT, b"", [JSON, CALLER, CHUNKED], length=False))
            for i in range(0, len(body), 7000):
                c.send(chunk(body[i:i + 7000]))
            c.send(chunk(b""))
            self.passed(c.answer(), body)
            self.up.reset()
            c.send(message("POST", PREDICT, rows((0.5,)), [JSON, CALLER]))  # and the connection lives on
            self.passed(c.answer(), rows((0.5,)))
        self.assertEqual(list((self.nginx.folder / "body").iterdir()), [])

    def test_length_larger_than_nginx_buffers(self):
        body = b" " * 60000 + rows((0.5, 1, 2))
        with Client(self.nginx.port) as c:
            whole = message("POST", PREDICT, body, [JSON, CALLER])
            c.send(whole[:30000])
            time.sleep(0.1)
            c.send(whole[30000:])
            self.passed(c.answer(), body)

    def test_exactly_the_limit_and_one_more(self):
        row = rows((0.5, 1, 2))
        at_limit = b" " * (65536 - len(row)) + row
        with Client(self.nginx.port) as c:
            c.send(message("POST", PREDICT, at_limit, [JSON, CALLER]))
            self.passed(c.answer(), at_limit)
        self.up.reset()
        with Client(self.nginx.port) as c:
            c.send(message("POST", PREDICT, b" " + at_limit, [JSON, CALLER]))
            self.refused(c.answer(), 413)

    def test_announced_too_large_is_not_read(self):
        with Client(self.nginx.port) as c:
            c.send(message("POST", PREDICT, b"", [JSON, CALLER, ("Content-Length", "70000")], length=False))
            self.refused(c.answer(), 413)

    def test_chunked_without_end_stops_at_the_limit(self):
        with Client(self.nginx.port) as c:
            c.send(message("POST", PREDICT, b"", [JSON, CALLER, CHUNKED], length=False))
            for _ in range(70):
                c.send(chunk(b" " * 1000))
            self.refused(c.answer(), 413)  # though the client never ended it

    def test_continue(self):
        body = rows((0.5, 1, 2))
        with Client(self.nginx.port) as c:
            whole = message("POST", PREDICT, body, [JSON, CALLER, ("Expect", "100-continue")])
            c.send(whole[:-len(body)])
            self.assertEqual(c.head()[0], 100)
            c.send(body)
            self.passed(c.answer(), body)

    def test_too_large_is_not_asked_to_continue(self):
        with Client(self.nginx.port) as c:
            c.send(message("POST", PREDICT, b"", [JSON, CALLER, ("Expect", "100-continue"), ("Content-Length", "70000")],
                           length=False))
            self.assertEqual(c.head()[0], 413)

    def test_length_that_lies(self):
        body = rows((0.5, 1, 2))
        with Client(self.nginx.port) as c:  # fewer bytes than announced, then the end
            c.send(message("POST", PREDICT, body, [JSON, CALLER, ("Content-Length", str(len(body) + 10))], length=False))
            time.sleep(0.1)
            c.socket.shutdown(1)
            with self.assertRaises(client.Broken):
                answer = c.answer()
                if answer.status == 400:  # nginx may say it
                    raise client.Broken
        self.assertEqual(self.up.seen(), [])
        with Client(self.nginx.port) as c:  # more bytes than announced are another request
            c.send(message("POST", PREDICT, body, [JSON, CALLER]) + b"EXTRA\r\n\r\n")
            self.passed(c.answer(), body)
            self.assertEqual(c.answer().status, 400)
        with Client(self.nginx.port) as c:  # both ways to say it
            c.send(message("POST", PREDICT, chunk(body) + chunk(b""), [JSON, CALLER, CHUNKED]))
            self.assertEqual(c.answer().status, 400)

    def test_broken_chunks(self):
        with Client(self.nginx.port) as c:
            c.send(message("POST", PREDICT, b"", [JSON, CALLER, CHUNKED], length=False) + b"zz\r\nhello\r\n")
            self.assertEqual(c.answer().status, 400)
        self.assertEqual(self.up.seen(), [])

    def test_malformed_bodies(self):
        cases = {
            b"": 400, b"{": 400, b"nonsense": 400, b'{"instances": [[1,2,3]': 400, b'{"instances": [[NaN, 1]]}': 400,
            b'{"instances": [[Infinity]]}': 400, b'{"instances": [[1e999]]}': None, b'{"instances": [["\xff"]]}': 400,
            b'{"instances": [[1]], "instances": [[2]]}': None, b"[" * 1000 + b"]" * 1000: None,
            b'{"instances": 5}': None, b'{"other": [[1]]}': None,
        }
        for body, status in cases.items():
            with self.subTest(body=body[:40]):
                answer = client.predict(self.nginx.port, body)
                self.assertIn(answer.status, [status] if status else [400, 413, 422], answer)
                self.assertTrue(answer.json()["error"])
        self.assertEqual(self.up.seen(), [])

    def test_compressed_and_other_types(self):
        body = rows((0.5, 1, 2))
        for headers, status in (([("Content-Encoding", "gzip")], 415), ([("Content-Encoding", "identity")], 200),
                                ([("Content-Encoding", "identity"), ("Content-Encoding", "gzip")], 415)):
            with self.subTest(headers=headers):
                self.assertEqual(client.predict(self.nginx.port, body, headers).status, status)
        for kind in ("text/plain", "application/x-www-form-urlencoded"):
            answer = client.ask(self.nginx.port, "POST", PREDICT, body, [("Content-Type", kind), CALLER])
            self.assertEqual(answer.status, 415, answer)
        twice = client.ask(self.nginx.port, "POST", PREDICT, body, [JSON, ("Content-Type", "text/plain"), CALLER])
        self.assertIn(twice.status, (400, 415), twice)

    def test_too_many_rows(self):
        answer = client.predict(self.nginx.port, json.dumps({"instances": [[1.0]] * 65}).encode())
        self.assertIn(answer.status, (400, 413, 422), answer)
        self.assertEqual(self.up.seen(), [])


class Spilled(unittest.TestCase):
    """Where nginx itself puts a body on disk it is read back, up to the limit."""

    def run_with(self, policy, mode):
        up = upstream.Upstream()
        locations = "location / { redan_guard on; %s client_body_in_file_only clean; proxy_pass http://model; }" % mode
        try:
            with server.Nginx(up.port, policy=policy, locations=locations) as nginx:
                small = rows((0.5, 1, 2))
                large = b" " * 70000 + small
                return client.predict(nginx.port, small), client.predict(nginx.port, large), [r.body for r in up.seen()]
        finally:
            up.close()

    def test_enforced(self):
        small, large, seen = self.run_with(server.POLICY, "")
        self.assertEqual((small.status, large.status), (200, 413))
        self.assertEqual(seen, [rows((0.5, 1, 2))])

    def test_observed(self):
        small, large, seen = self.run_with(server.POLICY, "redan_mode observe;")
        self.assertEqual((small.status, large.status), (200, 200))
        self.assertEqual([len(body) for body in seen], [len(rows((0.5, 1, 2))), 70000 + len(rows((0.5, 1, 2)))])


class Slow(unittest.TestCase):
    def test_a_body_that_stops(self):
        up = upstream.Upstream()
        try:
            with server.Nginx(up.port, server="client_body_timeout 1s;") as nginx:
                for headers in ([("Content-Length", "500")], [("Content-Length", "60000")], [CHUNKED]):
                    with self.subTest(headers=headers), Client(nginx.port) as c:
                        c.send(message("POST", PREDICT, b"", [JSON, CALLER, *headers], length=False) + b"1\r\n{")
                        try:
                            self.assertEqual(c.answer().status, 408)
                        except client.Broken:
                            pass  # nginx may close without a word
                self.assertEqual(up.seen(), [])
                self.assertEqual(client.predict(nginx.port).status, 200)
        finally:
            up.close()


class Observed(unittest.TestCase):
    def test_everything_passes_unchanged(self):
        up = upstream.Upstream()
        try:
            with server.Nginx(up.port, guard="redan_mode observe;") as nginx:
                bodies = [b"{", rows((0.5,)), b"\xff\xfe", b" " * 70000 + rows((0.5,)), b" " * 200000]
                for body in bodies:
                    client.predict(nginx.port, body, who=None)
                    with Client(nginx.port) as c:
                        c.send(message("POST", PREDICT, chunk(body) + chunk(b""), [JSON, CHUNKED], length=False))
                        c.answer()
                self.assertEqual([r.body for r in up.seen()], [body for body in bodies for _ in range(2)])
                server.wait(lambda: len(nginx.event_lines()) == 2 * len(bodies))
                judged = [(e["redan.mode"], e["redan.action"]) for e in nginx.event_lines()]
                self.assertEqual(set(judged), {("observe", "allow")})
        finally:
            up.close()


if __name__ == "__main__":
    server.main()
