"""Answers that come as a stream: each event leaves before the next is sent, memory is bounded, errors end it in order."""

import threading
import time
import unittest

import server
import upstream
from client import JSON, PREDICT, Broken, Client, message, predict, rows

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
CALLER = ("X-Caller", "tester")
RANGE = server.POLICY + "answers:\n  rules:\n    - {id: range, check: range, low: 0, high: 1, action: refuse}\n"


def chunk(data):
    return b"%x\r\n" % len(data) + data + b"\r\n"


def event(score):
    return b'data: {"predictions": [%s]}\n\n' % str(score).encode()


def ask_stream(c):
    c.send(message("POST", PREDICT, rows((0.5, 1, 2)), [JSON, CALLER]))
    return c.head()


class Stream(unittest.TestCase):
    locations = "location / { redan_guard on; proxy_pass http://model; }"

    @classmethod
    def setUpClass(cls):
        cls.up = upstream.Upstream()
        cls.nginx = server.Nginx(cls.up.port, policy=RANGE, locations=cls.locations).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.nginx.__exit__(None, None, None)
        cls.up.close()

    def setUp(self):
        self.up.reset()

    def test_each_event_before_the_next(self):
        taken = threading.Event()

        def stream(_, send):
            send(HEAD)
            for i in range(8):
                send(chunk(event(i / 10)))
                if not taken.wait(10):
                    raise upstream.Cut  # the client never had it
                taken.clear()
            send(chunk(b""))

        self.up.stream = stream
        with Client(self.nginx.port) as c:
            status, _ = ask_stream(c)
            self.assertEqual(status, 200)
            for i in range(8):
                self.assertEqual(c.until(b"\n\n\r\n"), chunk(event(i / 10)))
                taken.set()
            self.assertEqual(c.chunk(), b"")

    def test_an_event_cut_anywhere(self):
        whole = event(0.25) + event(0.75)
        for cut in range(1, len(whole)):
            def stream(_, send, cut=cut):
                send(HEAD)
                send(chunk(whole[:cut]))
                time.sleep(0.005)
                send(chunk(whole[cut:]))
                send(chunk(b""))
            self.up.stream = stream
            answer = predict(self.nginx.port)
            self.assertTrue(answer.whole)
            self.assertEqual(answer.body, whole, cut)

    def test_broken_off_by_the_upstream_does_not_look_complete(self):
        def stream(_, send):
            send(HEAD)
            send(chunk(event(0.25) + b"data: {"))
            time.sleep(0.1)
            raise upstream.Cut
        self.up.stream = stream
        answer = predict(self.nginx.port)
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.body.startswith(event(0.25)))
        self.assertFalse(answer.whole)

    def test_a_client_that_leaves_in_the_middle(self):
        broken = threading.Event()

        def stream(_, send):
            send(HEAD)
            try:
                for _ in range(100000):
                    send(chunk(event(0.25)))
                    time.sleep(0.0005)
            except OSError:
                broken.set()
                raise
        self.up.stream = stream
        with Client(self.nginx.port) as c:
            ask_stream(c)
            c.until(b"\n\n\r\n")
        self.assertTrue(broken.wait(20))
        self.up.reset()
        self.assertEqual(predict(self.nginx.port).status, 200)

    def test_a_slow_client_bounds_memory(self):
        sent = [0]

        def stream(_, send):
            send(HEAD)
            send_all = chunk(event(0.25) * 40)
            while sent[0] < 64 << 20:
                send(send_all)
                sent[0] += len(send_all)
            send(chunk(b""))
        self.up.stream = stream
        worker = self.nginx.workers()[0]

        def resident():
            with open(f"/proc/{worker}/status", encoding="ascii") as status:
                return int(next(line for line in status if line.startswith("VmRSS")).split()[1])
        with Client(self.nginx.port) as c:
            before = resident()
            ask_stream(c)
            last = -1
            while sent[0] != last:  # until the upstream is stopped
                last = sent[0]
                time.sleep(0.5)
            self.assertLess(last, 64 << 20, "the upstream was never stopped")
            if not server.PLACE.preload:  # the sanitizer keeps what was freed
                self.assertLess(resident() - before, 8 << 10)  # KB; what is between is in the kernel
            got = 0
            while True:
                piece = c.chunk()
                if not piece:
                    break
                got += len(piece)
        self.assertEqual(got % len(event(0.25)), 0)
        self.assertGreaterEqual(got, 60 << 20)

    def test_an_event_without_end_is_refused_in_the_stream(self):
        def stream(_, send):
            send(HEAD)
            send(chunk(event(0.25)))
            try:
                for _ in range(4096):
                    send(chunk(b"data: " + b"x" * 4000))
            except OSError:
                pass
            raise upstream.Cut
        self.up.stream = stream
        answer = predict(self.nginx.port)
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.body.startswith(event(0.25)))
        self.assertTrue(b"error" in answer.body, answer.body[-300:])
        self.assertLess(len(answer.body), 2 << 20)

    def test_no_length_is_left(self):
        body = event(0.25)
        self.up.answer = lambda _: upstream.answer(200, body, [("Content-Type", "text/event-stream"), ("ETag", '"1"')])
        answer = predict(self.nginx.port)
        self.assertEqual(answer.body, body)
        self.assertIsNone(answer.value("ETag"))


class Buffered(Stream):
    """The same where the configuration buffers: an event does not wait for the next."""

    locations = "location / { redan_guard on; proxy_buffering on; proxy_buffers 4 4k; proxy_pass http://model; }"


class Compressed(unittest.TestCase):
    def test_nginx_compresses_after_the_guard(self):
        import zlib
        up = upstream.Upstream()
        up.answer = lambda _: upstream.answer(200, event(0.25) * 50, [("Content-Type", "text/event-stream")])
        try:
            with server.Nginx(up.port, http="gzip on; gzip_types text/event-stream application/json; gzip_min_length 1;"
                                            " gzip_proxied any;") as nginx:
                answer = predict(nginx.port, headers=[("Accept-Encoding", "gzip")])
                self.assertEqual(answer.value("Content-Encoding"), "gzip")
                self.assertEqual(zlib.decompress(answer.body, 31), event(0.25) * 50)
                self.assertEqual(up.seen()[0].values("Accept-Encoding"), [])
        finally:
            up.close()


class ErrorEvent(unittest.TestCase):
    def test_a_bad_event_ends_the_stream(self):
        up = upstream.Upstream()
        more = threading.Event()

        def stream(_, send):
            send(HEAD)
            send(chunk(event(0.25)))
            send(chunk(event(7.5)))
            try:
                for _ in range(2000):
                    send(chunk(event(0.5)))
                    time.sleep(0.005)
            except OSError:
                more.set()
                raise
        up.stream = stream
        try:
            with server.Nginx(up.port, policy=RANGE) as nginx:
                answer = predict(nginx.port)
                self.assertTrue(answer.whole)
                self.assertTrue(answer.body.startswith(event(0.25)))
                self.assertNotIn(b"7.5", answer.body)
                self.assertNotIn(b"0.5]", answer.body)
                self.assertIn(b"event: error", answer.body)
                self.assertTrue(more.wait(20), "the upstream is still asked for more")
        finally:
            up.close()


if __name__ == "__main__":
    server.main()
