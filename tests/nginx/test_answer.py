"""Answers that are held whole: their headers wait, their length is right, and what may not leave does not."""

import json
import unittest
import zlib

import client
import server
import upstream
from client import JSON, PREDICT, ask, predict, rows

RULES = """answers:
  bytes: 200000
  %s
  rules:
    - {id: internals, check: fields, fields: [debug], action: mask}
    - {id: range, check: range, low: 0, high: 1, action: refuse}
"""


def served(policy, **how):
    up = upstream.Upstream()
    return up, server.Nginx(up.port, policy=policy, **how)


class Answer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.up, cls.context = served(server.POLICY + RULES % "")
        cls.nginx = cls.context.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.context.__exit__(None, None, None)
        cls.up.close()

    def setUp(self):
        self.up.reset()

    def give(self, body, headers=(JSON,), status=200):
        self.up.answer = lambda _: upstream.answer(status, body, headers)
        return predict(self.nginx.port)

    def test_unchanged(self):
        body = b'{ "predictions" : [0.5] }'
        answer = self.give(body)
        self.assertEqual((answer.status, answer.body), (200, body))

    def test_a_field_that_never_leaves(self):
        answer = self.give(b'{"predictions": [0.5], "debug": {"path": "/srv/model"}}',
                           [JSON, ("ETag", '"abc"'), ("Last-Modified", "Tue, 24 Nov 2026 00:00:00 GMT"),
                            ("Accept-Ranges", "bytes"), ("Content-MD5", "xyz"), ("Digest", "sha-256=xyz")])
        self.assertEqual(answer.status, 200)
        self.assertNotIn(b"/srv/model", answer.body)
        self.assertEqual(answer.json()["predictions"], [0.5])
        self.assertEqual(answer.value("Content-Length"), str(len(answer.body)))
        for name in ("ETag", "Last-Modified", "Accept-Ranges", "Content-MD5", "Digest"):
            self.assertIsNone(answer.value(name), name)

    def test_refused(self):
        answer = self.give(b'{"predictions": [7.5]}', [JSON, ("X-Debug", "score=7.5"), ("Set-Cookie", "a=b")])
        self.assertEqual(answer.status, 502)
        self.assertNotIn(b"7.5", answer.body)
        self.assertEqual(answer.value("Content-Type"), "application/json")
        self.assertEqual(answer.json()["rule"], "range")
        self.assertIsNone(answer.value("X-Debug"))
        self.assertIsNone(answer.value("Set-Cookie"))

    def test_not_an_answer(self):
        for body in (b"{", b"<html>", b"\xff\xfe"):
            with self.subTest(body=body):
                self.assertEqual(self.give(body).status, 502)

    def test_compressed_by_the_upstream_though_not_asked(self):
        packed = zlib.compressobj(wbits=31)
        body = packed.compress(b'{"predictions": [7.5]}') + packed.flush()
        answer = self.give(body, [JSON, ("Content-Encoding", "gzip")])
        self.assertEqual(answer.status, 502)
        self.assertIsNone(answer.value("Content-Encoding"))

    def test_accept_encoding_is_not_passed_on(self):
        predict(self.nginx.port, headers=[("Accept-Encoding", "gzip, br"), ("Range", "bytes=0-3"), ("If-Range", "x")])
        seen = self.up.seen()[0]
        self.assertEqual([seen.values(n) for n in ("Accept-Encoding", "Range", "If-Range")], [[], [], []])

    def test_no_conditions(self):
        body = b'{"predictions": [0.5]}'
        self.up.answer = lambda _: upstream.answer(200, body, [JSON, ("ETag", '"abc"')])
        for header in (("If-None-Match", '"abc"'), ("If-Match", '"other"'), ("Range", "bytes=0-3")):
            answer = predict(self.nginx.port, headers=[header])
            self.assertEqual((answer.status, answer.body), (200, body), header)

    def test_larger_than_the_policy_holds(self):
        self.assertEqual(self.give(b'{"predictions": [0.5], "x": "' + b"y" * 300000 + b'"}').status, 502)
        large = b'{"predictions": [0.5], "x": "' + b"y" * 100000 + b'"}'
        self.assertEqual(self.give(large).body, large)

    def test_broken_off(self):
        def stream(_, send):
            send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
                 b'{"predictions": [')
            raise upstream.Cut
        self.up.stream = stream
        answer = predict(self.nginx.port)
        self.assertEqual(answer.status, 502)
        self.assertTrue(answer.json()["error"])

    def test_without_a_length(self):
        def stream(_, send):
            send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
                 b'{"predictions": [0.5]}')
            raise upstream.Cut
        self.up.stream = stream
        answer = predict(self.nginx.port)
        self.assertEqual((answer.status, answer.body), (200, b'{"predictions": [0.5]}'))

    def test_no_upgrade(self):
        self.up.answer = lambda _: (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"
                                    b"7.5")
        answer = predict(self.nginx.port, headers=[("Upgrade", "websocket"), ("Connection", "upgrade")])
        self.assertEqual(answer.status, 502)
        self.assertNotIn(b"7.5", answer.body)

    def test_health_passes_as_it_is(self):
        body = b"\x00\x01 anything"
        self.up.answer = lambda _: upstream.answer(200, body, [("ETag", '"e"')])
        answer = ask(self.nginx.port, "GET", "/v2/health/live")
        self.assertEqual((answer.status, answer.body, answer.value("ETag")), (200, body, '"e"'))
        self.assertEqual(ask(self.nginx.port, "HEAD", "/v2/health/live").status, 200)

    def test_status_of_the_upstream(self):
        for status in (400, 404, 500, 503):
            answer = self.give(b'{"error": "no"}', status=status)
            self.assertIn(answer.status, (status, 502), answer)
            if answer.status == status:
                self.assertEqual(answer.json(), {"error": "no"})

    def test_nothing_listens(self):
        with server.Nginx(server.free_port()) as nginx:
            self.assertEqual(predict(nginx.port).status, 502)


class Labels(unittest.TestCase):
    def test_scores_do_not_leave(self):
        up, context = served(server.POLICY + RULES % "answers: labels\n  threshold: 0.5")
        with context as nginx:
            answer = predict(nginx.port, rows((0.25, 1), (0.75, 1)))
            self.assertEqual(answer.status, 200)
            self.assertEqual([float(x) for x in answer.json()["predictions"]], [0.0, 1.0])
            self.assertNotIn(b"0.25", answer.body)
        up.close()

    def test_rounded(self):
        up, context = served(server.POLICY + RULES % "decimals: 1")
        with context as nginx:
            answer = predict(nginx.port, rows((0.2345, 1)))
            self.assertEqual(answer.json()["predictions"], [0.2])
        up.close()

    def test_observed_answers_are_as_they_came(self):
        up, context = served(server.POLICY + RULES % "answers: labels", guard="redan_mode observe;")
        with context as nginx:
            body = json.dumps({"predictions": [7.25], "debug": 1}).encode()
            up.answer = lambda _: upstream.answer(200, body, [JSON])
            self.assertEqual(predict(nginx.port).body, body)
        up.close()


class Ways(unittest.TestCase):
    """The same answers from where nginx may hold them: its buffers, its temporary files, a file, another location."""

    POLICY = server.POLICY + RULES.replace("200000", "4000000") % ""
    BODY = b'{"predictions": [0.5], "debug": "/srv/model", "x": "' + b"y" * 900000 + b'"}'

    def check(self, answer, length=len(BODY)):
        self.assertEqual(answer.status, 200, answer)
        self.assertTrue(answer.whole)
        self.assertNotIn(b"/srv/model", answer.body)
        self.assertGreater(len(answer.body), 900000)
        self.assertLess(len(answer.body), length + 100)

    def with_locations(self, locations, path=PREDICT, http=""):
        up, context = served(self.POLICY, locations=locations, http=http)
        up.answer = lambda _: upstream.answer(200, self.BODY, [JSON])
        with context as nginx:
            (nginx.folder / "answer.json").write_bytes(self.BODY)
            self.check(predict(nginx.port, path=path))
        up.close()

    def test_in_small_buffers(self):
        self.with_locations("location / { redan_guard on; proxy_pass http://model; proxy_buffers 2 4k; "
                            "proxy_buffer_size 4k; proxy_busy_buffers_size 4k; proxy_max_temp_file_size 0; }")

    def test_in_a_temporary_file(self):
        self.with_locations("location / { redan_guard on; proxy_pass http://model; proxy_buffers 2 4k; "
                            "proxy_buffer_size 4k; proxy_busy_buffers_size 4k; proxy_max_temp_file_size 8m; }",
                            http="sendfile on;")

    def test_after_an_internal_redirect(self):
        self.with_locations("location / { redan_guard on; error_page 502 = @other; proxy_pass http://127.0.0.1:1; }\n"
                            "location @other { redan_guard on; proxy_pass http://model; }")

    def test_after_a_redirect_to_where_the_guard_is_off(self):
        self.with_locations("location / { redan_guard on; error_page 502 = @other; proxy_pass http://127.0.0.1:1; }\n"
                            "location @other { proxy_pass http://model; }")

    def test_a_file(self):
        up, context = served(self.POLICY.replace('pass: ["/v2/health/*"]', "pass: []"), http="sendfile on;", locations="""
            location / { redan_guard on; error_page 405 =200 /file; proxy_pass http://model; proxy_intercept_errors on; }
            location = /file { internal; alias answer.json; default_type application/json; }""")
        up.answer = lambda _: upstream.answer(405, b"{}", [JSON])
        with context as nginx:
            (nginx.folder / "answer.json").write_bytes(self.BODY)
            text = (nginx.folder / "nginx.conf").read_text().replace("alias answer.json", f"alias {nginx.folder}/answer.json")
            (nginx.folder / "nginx.conf").write_text(text)
            nginx.reload()
            answer = predict(nginx.port)
            self.check(answer)
        up.close()

    def test_subrequests_are_judged_with_the_request(self):
        up, context = served(self.POLICY, locations="""
            location /v1/ { mirror /mirror; redan_guard on; proxy_pass http://model; }
            location = /mirror { internal; redan_guard on; proxy_pass http://model/mirrored; }
            location /bare/ { mirror /mirror; proxy_pass http://model; }""")
        with context as nginx:
            self.assertEqual(predict(nginx.port).status, 200)
            server.wait(lambda: sorted(r.target for r in up.seen()) == ["/mirrored", PREDICT])
            self.assertEqual(predict(nginx.port, b"{").status, 400)  # nothing is mirrored before it is judged
            up.reset()
            self.assertEqual(predict(nginx.port, path="/bare/x").status, 200)
            self.assertIn("from a request that is not guarded", nginx.log())
            self.assertEqual([r.target for r in up.seen()], ["/bare/x"])
            server.wait(lambda: len(nginx.event_lines()) == 2)
        up.close()

    def test_satisfy_any_does_not_go_around(self):
        up, context = served(self.POLICY, locations="location / { satisfy any; allow all; redan_guard on; "
                                                    "proxy_pass http://model; }")
        with context as nginx:
            self.assertEqual(predict(nginx.port, b"{").status, 400)
            self.assertEqual(up.seen(), [])
        up.close()


if __name__ == "__main__":
    server.main()
