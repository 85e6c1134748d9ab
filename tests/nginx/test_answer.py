"""Answers that are held whole: their headers wait, their length is right, and what may not leave does not."""

import json
import os
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

    HEADERS = [("X-Score", "0.9345"), ("ETag", '"0.9345"'), ("Location", "/0.9345"), ("Server-Timing", "p;dur=93.45"),
               ("Set-Cookie", "p=.9345"), ("Access-Control-Allow-Origin", "http://10.0.0.1"), ("X-Kept", "fraud 7")]

    def test_scores_do_not_leave_beside_the_body(self):
        """In a header, in the words of a status, in a parameter of the content type, or under a status that has no body."""
        up, context = served(server.POLICY + RULES % "answers: labels\n  threshold: 0.5")
        with context as nginx:
            for status, body in ((200, b'{"predictions": [1]}'), (204, b""), (304, b""), (500, b'{"error": "no"}'), (400, b"")):
                head = f"HTTP/1.1 {status} 0.9345\r\nContent-Type: application/json\r\n"
                head += "".join(f"{name}: {value}\r\n" for name, value in self.HEADERS)
                up.answer = lambda _, head=head, body=body: head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body
                with client.Client(nginx.port) as raw:
                    raw.send(client.message("POST", PREDICT, rows((0.25, 1)), [JSON, ("X-Caller", "a"), ("Connection", "close")]))
                    while raw.more():
                        pass
                    self.assertIn(b" %d" % status, raw.data)
                    self.assertNotIn(b"93", raw.data.replace(b"Date", b""), raw.data)
                    self.assertIn(b"X-Kept: fraud 7", raw.data)
                    self.assertIn(b"http://10.0.0.1", raw.data)
                    self.assertTrue(raw.data.endswith(b"\r\n\r\n" + body), raw.data)
            for kind in ("application/json; p=0.9345", "application/0.9345+json", "application/json; charset=0.9345"):
                up.answer = lambda _, kind=kind: upstream.answer(200, b'{"predictions": [1]}', [("Content-Type", kind)])
                answer = predict(nginx.port)
                self.assertEqual((answer.status, answer.value("Content-Type")), (502, "application/json"), kind)
        up.close()

    def test_a_status_that_is_no_answer(self):
        up, context = served(server.POLICY + RULES % "answers: labels\n  threshold: 0.5")
        with context as nginx:
            for status in (100, 102, 103, 199):
                up.answer = lambda _, status=status: upstream.answer(status, b'{"predictions": [0.9345]}', [JSON, ("Connection", "close")])
                with client.Client(nginx.port) as raw:
                    raw.send(client.message("POST", PREDICT, rows((0.25, 1)), [JSON, ("X-Caller", "a"), ("Connection", "close")]))
                    while raw.more():
                        pass
                    self.assertNotIn(b"9345", raw.data)
                    self.assertTrue(raw.data.startswith(b"HTTP/1.1 502"), raw.data)
        up.close()

    def test_headers_are_as_they_came_where_nothing_is_shaped(self):
        for how in ({"policy": server.POLICY + RULES % ""},
                    {"policy": server.POLICY + RULES % "answers: labels", "guard": "redan_mode observe;"}):
            up, context = served(**how)
            with context as nginx:
                up.answer = lambda _: upstream.answer(200, b'{"predictions": [1]}', [JSON, *self.HEADERS[:1]])
                self.assertEqual(predict(nginx.port).value("X-Score"), "0.9345")
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


class Upstreams(unittest.TestCase):
    """Upstreams that answer early, badly, twice, from a cache or by way of another location: no score leaves."""

    POLICY = server.POLICY + RULES % "answers: labels\n  threshold: 0.5"
    GOOD = b'{"predictions": [0.9345], "debug": 1}'

    def setUp(self):
        self.up = upstream.Upstream()

    def tearDown(self):
        self.up.close()

    def served(self, locations="location / { redan_guard on; proxy_pass http://model; }", **how):
        return server.Nginx(self.up.port, **{"policy": self.POLICY, "locations": locations, **how})

    def labelled(self, answer):
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json(), {"predictions": [1]}, answer)
        self.assertIsNone(answer.value("X-Score"))

    def test_before_the_body_was_sent(self):
        body = rows(*[[0.5] * 150] * 60)

        def early(_, send):
            send(upstream.answer(200, self.GOOD, [JSON, ("Connection", "close")]))
            raise upstream.Cut
        self.up.stream = early
        self.up._body = lambda request, stream: b""  # nothing of it is read
        with self.served() as nginx:
            for _ in range(5):
                answer = predict(nginx.port, body)
                self.assertIn(answer.status, (200, 502), answer)
                self.assertNotIn(b"9345", answer.body)

    def test_the_next_upstream(self):
        bad = upstream.Upstream()
        ways = [lambda _, send: send(upstream.answer(500, b'{"error": "0.9345"}', [JSON])),
                lambda _, send: send(b"HTTP/1.1 200 OK\r\nContent-Type: app"),
                lambda _, send: None]
        with self.served("location / { redan_guard on; proxy_pass http://two; "
                         "proxy_next_upstream error timeout invalid_header http_500 non_idempotent; }",
                         http="upstream two { server 127.0.0.1:%d max_fails=0; server 127.0.0.1:%d max_fails=0 backup; }"
                         % (bad.port, self.up.port)) as nginx:
            self.up.answer = lambda _: upstream.answer(200, self.GOOD, [JSON, ("X-Score", "0.9345")])
            for way in ways:
                def stream(request, send, way=way):
                    way(request, send)
                    raise upstream.Cut
                bad.stream = stream
                self.labelled(predict(nginx.port))

            def half(_, send):
                send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n" + self.GOOD)
                raise upstream.Cut
            bad.stream = half  # its headers were held, and it is not asked again
            answer = predict(nginx.port)
            self.assertEqual(answer.status, 502)
            self.assertNotIn(b"9345", answer.body)
            server.wait(lambda: len(nginx.event_lines()) == 4)
        bad.close()

    def test_from_a_cache(self):
        self.up.answer = lambda _: upstream.answer(200, self.GOOD, [JSON, ("X-Score", "0.9345"), ("ETag", '"0.9345"')])
        with self.served("location / { redan_guard on; proxy_pass http://model; proxy_cache c; proxy_cache_methods POST; "
                         "proxy_cache_key $request_body; proxy_cache_valid 200 1h; add_header X-Cache $upstream_cache_status; }",
                         http="proxy_cache_path cache keys_zone=c:1m;") as nginx:
            for cached in ("MISS", "HIT", "HIT"):
                answer = predict(nginx.port)
                self.labelled(answer)
                self.assertEqual(answer.value("X-Cache"), cached)
            self.assertEqual(len(self.up.seen()), 1)

    def test_by_way_of_another_location(self):
        kept = self.GOOD
        for place in ("/file", "@file", "/again"):
            self.up.answer = lambda r, place=place: (
                upstream.answer(200, kept, [JSON, ("X-Score", "0.9345")]) if r.target == "/again"
                else upstream.answer(200, b"{}", [JSON, ("X-Accel-Redirect", place), ("X-Score", "0.9345")]))
            with self.served("""location /v1/ { redan_guard on; proxy_pass http://model; }
                location = /file { internal; root html; default_type application/json; try_files /a.json =404; }
                location @file { rewrite ^ /again break; proxy_pass http://model; }
                location = /again { internal; proxy_method GET; proxy_pass http://model; }""") as nginx:
                (nginx.folder / "html").mkdir()
                (nginx.folder / "html" / "a.json").write_bytes(kept)
                os.chmod(nginx.folder / "html", 0o755)
                self.labelled(predict(nginx.port))

    def test_what_is_no_whole_answer(self):
        chunked = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: X-Score\r\n\r\n"
        body = b"%x\r\n%s\r\n0\r\n" % (len(self.GOOD), self.GOOD)
        head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nConnection: close\r\n%s\r\n"
        rows_of = [
            (chunked + body + b"X-Score: 0.9345\r\n\r\n", 200),
            (chunked + body[:-5], 502),
            (self.GOOD, None),  # HTTP/0.9, which nginx hands on without a status
            (head % (b"206 Partial", b"Content-Range: bytes 0-36/37\r\nContent-Length: 37\r\n") + self.GOOD, 206),
            (head % (b"200 OK", b"Content-Length: 10\r\n") + self.GOOD, 502),
            (head % (b"200 OK", b"Content-Encoding: identity\r\nContent-Encoding: gzip\r\n") + self.GOOD, 502),
            (head % (b"302 Found", b"Location: http://x/?p=0.9345\r\n") + self.GOOD, 302),
            (head % (b"204 No", b"") + self.GOOD, 204),
            (head % (b"304 No", b"") + self.GOOD, 304),
        ]
        with self.served() as nginx:
            for raw, status in rows_of:
                def stream(_, send, raw=raw):
                    send(raw)
                    raise upstream.Cut
                self.up.stream = stream
                with client.Client(nginx.port) as c:
                    c.send(client.message("POST", PREDICT, rows((0.25, 1)), [JSON, ("X-Caller", "a"), ("Connection", "close")]))
                    while c.more():
                        pass
                    self.assertTrue(status is None or c.data.startswith(b"HTTP/1.1 %d" % status), (raw, c.data))
                    self.assertNotIn(b"9345", c.data)

    def test_a_wait_that_nobody_waits_for(self):
        policy = server.POLICY.replace("requests: 100000, per: 1m, action: refuse",
                                       "requests: 1, per: 1h, action: degrade, degrade: {answers: labels, delay: 400ms}")
        self.up.answer = lambda _: upstream.answer(200, self.GOOD, [JSON, ("X-Score", "0.9345")])
        with self.served("location / { redan_guard on; limit_req zone=l burst=50; proxy_pass http://model; }", policy=policy,
                         http="limit_req_zone $binary_remote_addr zone=l:1m rate=40r/s;") as nginx:
            self.assertEqual(predict(nginx.port).value("X-Score"), "0.9345")  # not degraded yet
            asked = client.message("POST", PREDICT, rows((0.25, 1)), [JSON, ("X-Caller", "tester")])
            for i in range(12):
                c = client.Client(nginx.port)
                c.send(asked * (1 + i % 3))
                c.close()
            with client.Client(nginx.port) as c:  # pipelined behind a wait
                c.send(asked * 3)
                for _ in range(3):
                    answer = c.answer()
                    self.assertEqual((answer.status, answer.json()["predictions"]), (200, [1]))
                    self.assertIsNone(answer.value("X-Score"))
            server.wait(lambda: len(nginx.event_lines()) >= 4)  # nobody judges what left before limit_req let it on
            self.assertEqual(predict(nginx.port).status, 200)


if __name__ == "__main__":
    server.main()
