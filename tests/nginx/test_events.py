"""Events, metrics and admit: each request leaves one line, counters agree with it, and records are judged without being counted."""

import json
import threading
import time
import unittest

import server
import upstream
from client import JSON, PREDICT, Client, ask, message, predict, rows

CALLER = ("X-Caller", "tester")


def metric(text, start):
    """The sum of the samples whose line begins so."""
    lines = [line for line in text.decode().splitlines() if line.startswith(start) and not line.startswith("#")]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


class Events(unittest.TestCase):
    def setUp(self):
        self.up = upstream.Upstream()

    def tearDown(self):
        self.up.close()

    def test_as_many_as_requests(self):
        with server.Nginx(self.up.port, workers=2) as nginx:
            def ask_some(number):
                with Client(nginx.port) as c:
                    for i in range(50):
                        body = b"{" if i % 5 == 0 else rows((0.5, number))
                        c.send(message("POST", PREDICT, body, [JSON, ("X-Caller", f"c{number}")]))
                        self.assertEqual(c.answer().status, 400 if i % 5 == 0 else 200)
            threads = [threading.Thread(target=ask_some, args=(i,)) for i in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            server.wait(lambda: len(nginx.event_lines()) >= 300)
            events = nginx.event_lines()
            self.assertEqual(len(events), 300)
            self.assertEqual(len({e["id"] for e in events}), 300)
            statuses = [e["http.response.status_code"] for e in events]
            self.assertEqual((statuses.count(200), statuses.count(400)), (240, 60))
            metrics = ask(nginx.port, "GET", "/redan/metrics")
            self.assertTrue(metrics.value("Content-Type").startswith("text/plain; version=0.0.4"))
            self.assertEqual(metric(metrics.body, "redan_guard_requests_total"), 300, metrics.body)

    def test_what_an_event_says(self):
        with server.Nginx(self.up.port) as nginx:
            predict(nginx.port, rows((0.5, 1, 2)), who="anna")
            event = server.wait(nginx.event_lines)[0]
            self.assertEqual(event["schema"], "redan/inference/1")
            self.assertEqual(event["enduser.id"], "anna")
            self.assertEqual(event["client.address"], "127.0.0.1")
            self.assertEqual(event["gen_ai.request.model"], "fraud")
            self.assertEqual(event["http.request.body.size"], len(rows((0.5, 1, 2))))
            self.assertEqual(event["http.response.status_code"], 200)
            self.assertEqual(event["redan.features"], [[0.5, 1, 2]])

    def test_a_client_that_left_has_status_0(self):
        gate = threading.Event()

        def stream(_, send):
            gate.wait(10)
            send(upstream.answer(200, {"predictions": [0.5]}))
        self.up.stream = stream
        with server.Nginx(self.up.port) as nginx:
            with Client(nginx.port) as c:
                c.send(message("POST", PREDICT, rows((0.5,)), [JSON, CALLER]))
                server.wait(self.up.seen)
            event = server.wait(nginx.event_lines)[0]
            gate.set()
            self.assertIn(event.get("http.response.status_code", 0), (0, None))

    def test_a_body_that_never_came_leaves_none(self):
        with server.Nginx(self.up.port) as nginx:
            with Client(nginx.port) as c:
                c.send(message("POST", PREDICT, b"", [JSON, CALLER, ("Content-Length", "100")], length=False))
                time.sleep(0.1)
            predict(nginx.port)
            server.wait(nginx.event_lines)
            time.sleep(0.3)
            self.assertEqual(len(nginx.event_lines()), 1)

    def test_metrics_are_read_only(self):
        with server.Nginx(self.up.port) as nginx:
            self.assertEqual(ask(nginx.port, "HEAD", "/redan/metrics").status, 200)
            self.assertEqual(ask(nginx.port, "POST", "/redan/metrics", b"x").status, 405)
            first = ask(nginx.port, "GET", "/redan/metrics").body
            self.assertEqual(metric(first, "redan_guard_requests_total"), 0)

    def test_admit(self):
        with server.Nginx(self.up.port) as nginx:
            good = ask(nginx.port, "POST", "/redan/admit" + PREDICT, rows((0.5, 1, 2)), [JSON, CALLER])
            self.assertEqual((good.status, good.json()["verdict"]), (200, "trusted"), good)
            for body in (b"{", b" " * 70000, b""):
                with self.subTest(body=body[:10]):
                    bad = ask(nginx.port, "POST", "/redan/admit" + PREDICT, body, [JSON, CALLER])
                    self.assertEqual((bad.status, bad.json()["verdict"]), (200, "quarantined"), bad)
                    self.assertTrue(bad.json()["reasons"])
            self.assertEqual(ask(nginx.port, "GET", "/redan/admit" + PREDICT).status, 405)
            self.assertEqual(self.up.seen(), [])
            self.assertEqual(metric(ask(nginx.port, "GET", "/redan/metrics").body, "redan_guard_requests_total"), 0)

    def test_rotation(self):
        with server.Nginx(self.up.port) as nginx:
            predict(nginx.port, who="before")
            server.wait(nginx.event_lines)
            nginx.events.rename(nginx.folder / "events.1")
            time.sleep(2.5)  # looked at each second
            predict(nginx.port, who="after")
            server.wait(nginx.event_lines)
            self.assertEqual([e["enduser.id"] for e in nginx.event_lines()], ["after"])

    def test_no_line_of_the_log_is_a_client_s(self):
        with server.Nginx(self.up.port) as nginx:
            odd = b"\\nFORGED\\r\\u001b[2J\\u0007"
            for path, body in ((PREDICT, b'{"instances": [[1]], "a%s": 1}' % odd),
                               ("/v2/models/fraud/infer", b'{"inputs": [{"name": "a", "shape": [1], "datatype": "%s", "data": [1]}]}' % odd)):
                answer = predict(nginx.port, body, path=path)
                self.assertEqual(answer.status, 400)
                self.assertIn("\nFORGED", answer.json()["error"])
            self.assertEqual(nginx.log().count("?FORGED?"), 2)
            for line in nginx.log().splitlines():
                self.assertRegex(line, r"^\d{4}/\d\d/\d\d [^\x00-\x1f\x7f]*$")

    def test_in_the_access_log(self):
        log = ("log_format mine '$redan_id|$redan_action|$redan_judged|$redan_rule|$redan_caller|$status'; access_log "
               "mine.log mine;")
        with server.Nginx(self.up.port, http=log) as nginx:
            predict(nginx.port, who="anna")
            predict(nginx.port, who=None)
            predict(nginx.port, path="/elsewhere")
            ask(nginx.port, "GET", "/redan/metrics")
            path = nginx.folder / "mine.log"
            server.wait(lambda: path.exists() and len(path.read_text().splitlines()) == 4)
            lines = [line.split("|") for line in path.read_text().splitlines()]
            self.assertEqual(lines[0][1:], ["allow", "allow", "", "anna", "200"])
            self.assertEqual((lines[1][1], lines[1][5], lines[2][1], lines[2][5]), ("refuse", "401", "refuse", "403"))
            self.assertEqual(lines[3], ["-", "-", "-", "-", "-", "200"])
            server.wait(lambda: len(nginx.event_lines()) == 3)
            self.assertEqual([e["id"] for e in nginx.event_lines()], [line[0] for line in lines[:3]])


if __name__ == "__main__":
    server.main()
