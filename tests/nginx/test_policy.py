"""Policies: what nginx -t says of one, what each refusal looks like, and how another one is taken up under load."""

import concurrent.futures
import os
import pathlib
import threading
import time
import unittest

import client
import server
import upstream
from client import JSON, PREDICT, ask, predict, rows


class Test(unittest.TestCase):
    """nginx -t: what is wrong, with file, line and column."""

    def says(self, *words, policy=server.POLICY, **how):
        nginx = server.Nginx(1, policy=policy, start=False, **how)
        try:
            code, text = nginx.test()
            self.assertNotEqual(code, 0, text)
            for word in words:
                self.assertIn(word, text)
        finally:
            nginx.remove()

    def test_good(self):
        nginx = server.Nginx(1, start=False)
        code, text = nginx.test()
        nginx.remove()
        self.assertEqual(code, 0, text)

    def test_policies(self):
        self.says("policy.yaml:3:7:", policy=server.POLICY.replace("enforce", "enforced"))
        self.says("policy.yaml:", "colour", policy=server.POLICY + "colour: red\n")
        self.says("policy.yaml", policy="{")
        self.says("policy.yaml", policy="")
        self.says("no-such-profile.json", policy=server.POLICY + "profile: {file: no-such-profile.json}\n")

    def test_no_policy_file(self):
        nginx = server.Nginx(1, start=False)
        nginx.policy.unlink()
        code, text = nginx.test()
        nginx.remove()
        self.assertNotEqual(code, 0)
        self.assertIn(str(nginx.policy), text)

    def test_nginx_does_not_start(self):
        with self.assertRaises(AssertionError) as failed:
            server.Nginx(1, policy="schema: redan/guard/2\n")
        self.assertIn("policy.yaml", str(failed.exception))

    def test_directives(self):
        def location(text):
            return dict(locations="location / { %s proxy_pass http://model; }" % text)
        self.says("redan_guard", "on", **location("redan_guard maybe;"))
        self.says("strict", **location("redan_guard on; redan_mode strict;"))
        self.says("is too small", zone="64k")
        self.says("is no size", zone="big")
        self.says("duplicate", **location("redan_policy a; redan_policy b;"))
        self.says("duplicate", **location("redan_zone x 1m; redan_zone y 1m;"))
        self.says("unknown", "variable", **location("redan_guard on; redan_identity $nothing_of_that_name;"))
        self.says("needs a zone of its own", locations="""
            location /a { redan_guard on; }
            location /b { redan_guard on; redan_policy other.yaml; }""")
        self.says("answers already", locations="location / { redan_metrics; redan_admit; }")

    def test_missing_directives(self):
        for gone, words in (("redan_policy policy.yaml;", "redan_policy FILE"), ("redan_zone guard 1m;", "redan_zone NAME SIZE")):
            nginx = server.Nginx(1, start=False)
            path = nginx.folder / "nginx.conf"
            path.write_text(path.read_text().replace(gone, ""))
            code, text = nginx.test()
            nginx.remove()
            self.assertNotEqual(code, 0)
            self.assertIn(words, text)


class Refusals(unittest.TestCase):
    """Each with its status, as JSON, with the id that is in the event."""

    def test_each(self):
        policy = server.POLICY.replace("requests: 100000, per: 1m", "requests: 3, per: 1h")
        up = upstream.Upstream()
        with server.Nginx(up.port, policy=policy) as nginx:
            def refused(status, answer):
                self.assertEqual(answer.status, status, answer)
                self.assertEqual(answer.value("Content-Type"), "application/json")
                told = answer.json()
                self.assertTrue(told["error"])
                self.assertTrue(told["id"])
                return told
            ids = [
                refused(400, predict(nginx.port, b"{", who="a"))["id"],
                refused(401, predict(nginx.port, who=None))["id"],
                refused(403, predict(nginx.port, path="/v1/models/other:predict", who="a"))["id"],
                refused(403, predict(nginx.port, path="/anything", who="a"))["id"],
                refused(413, predict(nginx.port, b" " * 65537, who="a"))["id"],
                refused(415, predict(nginx.port, rows((1,)), [("Content-Encoding", "br")], who="a"))["id"],
            ]
            for path in ("/v2/systemsharedmemory/region/x/register", "/v2/cudasharedmemory/status"):
                ids.append(refused(403, predict(nginx.port, b"{}", path=path, who="a"))["id"])
            statuses = [predict(nginx.port, who="b").status for _ in range(5)]
            self.assertEqual(statuses[:3], [200, 200, 200])
            over = predict(nginx.port, who="b")
            told = refused(429, over)
            self.assertEqual(told["rule"], "budget")
            self.assertGreater(int(over.value("Retry-After")), 0)
            self.assertEqual(predict(nginx.port, who="c").status, 200)  # another's budget is another's
            self.assertEqual(len(up.seen()), 4)
            server.wait(lambda: {e["id"] for e in nginx.event_lines()} >= set(ids))
            self.assertEqual(len(set(ids)), len(ids))
        up.close()


class Several(unittest.TestCase):
    def test_two_policies_two_zones(self):
        up = upstream.Upstream()
        nginx = server.Nginx(up.port, start=False, locations="""
            location /v1/ { redan_guard on; proxy_pass http://model; }
            location /v2/ { redan_guard on; redan_policy second.yaml; redan_zone second 1m; proxy_pass http://model; }
            location /observed/ { redan_guard on; redan_mode observe; proxy_pass http://model; }
            location = /first { redan_metrics; }
            location = /second { redan_policy second.yaml; redan_zone second; redan_metrics; }""")
        (nginx.folder / "second.yaml").write_text(server.POLICY.replace("fraud-guard", "second").replace("events.jsonl", "b.jsonl")
                                                  .replace("required: true", "required: false"))
        nginx.start()
        with nginx:
            self.assertEqual(predict(nginx.port, who=None).status, 401)
            self.assertEqual(predict(nginx.port, who="x").status, 200)
            self.assertEqual(ask(nginx.port, "GET", "/v2/health/live").status, 400)
            self.assertEqual(predict(nginx.port, b"{", path="/observed/").status, 400)  # the upstream's own
            self.assertIn(b"fraud-guard", ask(nginx.port, "GET", "/first").body)
            self.assertIn(b"second", ask(nginx.port, "GET", "/second").body)
        up.close()


class Load(threading.Thread):
    """Connections that live on, asking without a pause; every answer is counted, none may be lost."""

    def __init__(self, port, who="load"):
        super().__init__(daemon=True)
        self.port = port
        self.who = who
        self.statuses = []
        self.errors = []
        self.go = True

    def run(self):
        request = client.message("POST", PREDICT, rows((0.5, 1, 2)), [JSON, ("X-Caller", self.who)])
        try:
            with client.Client(self.port) as c:
                while self.go:
                    c.send(request)
                    self.statuses.append(c.answer().status)
        except (OSError, client.Broken) as error:
            self.errors.append(repr(error))

    def end(self):
        self.go = False
        self.join(20)


class Swap(unittest.TestCase):
    def test_under_load(self):
        up = upstream.Upstream()
        with server.Nginx(up.port, workers=2) as nginx:
            loads = [Load(nginx.port, f"load-{i}") for i in range(6)]
            for load in loads:
                load.start()
            for round_number in range(3):
                text = server.POLICY.replace("fraud-guard", f"guard-{round_number}")
                (nginx.folder / "new.yaml").write_text(text)
                os.replace(nginx.folder / "new.yaml", nginx.policy)
                server.wait(lambda n=round_number: nginx.log().count(f"policy guard-{n} sha256:") >= 2)
            for load in loads:
                load.end()
            self.assertEqual([load.errors for load in loads], [[]] * 6)
            statuses = [status for load in loads for status in load.statuses]
            self.assertEqual(set(statuses), {200})
            server.wait(lambda: len(nginx.event_lines()) == len(statuses))
            self.assertGreater(len(statuses), 100)
        up.close()

    def test_a_bad_policy_is_left_and_said_once(self):
        up = upstream.Upstream()
        with server.Nginx(up.port) as nginx:
            self.assertEqual(predict(nginx.port, who=None).status, 401)
            nginx.policy.write_text("schema: redan/guard/1\nid: x\nnonsense: 1\n")
            server.wait(lambda: "[error]" in nginx.log() and "nonsense" in nginx.log())
            time.sleep(2.2)
            self.assertEqual(nginx.log().count("nonsense"), 1)
            self.assertIn("policy.yaml:3:", nginx.log())
            self.assertEqual(predict(nginx.port).status, 200)  # the old one judges on
            self.assertEqual(predict(nginx.port, who=None).status, 401)
            nginx.policy.write_text(server.POLICY.replace("bytes: 65536", "bytes: 10"))
            server.wait(lambda: predict(nginx.port).status == 413)
        up.close()

    def test_a_body_that_one_policy_cuts_and_the_next_observes(self):
        up = upstream.Upstream()
        with server.Nginx(up.port) as nginx, client.Client(nginx.port) as c:
            c.send(client.message("POST", PREDICT, b"", [JSON, ("X-Caller", "t"), ("Transfer-Encoding", "chunked"),
                                                         ("Expect", "100-continue")], length=False))
            c.until(b"\r\n\r\n")  # it is read under the first policy, however slow the machine
            c.send(b"8000\r\n" + b" " * 0x8000 + b"\r\n")
            nginx.policy.write_text(server.POLICY.replace("enforce", "observe"))
            server.wait(lambda: "mode observe" in nginx.log())
            c.send(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
            self.assertEqual(c.answer().status, 503)  # half a request is none
            self.assertEqual(up.seen(), [])
        up.close()

    def test_a_worker_that_cannot_open_answers_503_and_comes_back(self):
        up = upstream.Upstream()
        with server.Nginx(up.port) as nginx:
            nginx.policy.rename(nginx.folder / "away.yaml")
            os.kill(nginx.workers()[0], 9)  # the next one finds no policy
            server.wait(lambda: nginx.workers() and "cannot be opened" in nginx.log())
            answer = predict(nginx.port)
            self.assertEqual(answer.status, 503)
            self.assertTrue(answer.json()["error"])
            self.assertEqual(up.seen(), [])
            (nginx.folder / "away.yaml").rename(nginx.policy)
            server.wait(lambda: predict(nginx.port).status == 200)
            nginx.bad_words = lambda: []  # this alert was wanted
        up.close()


if __name__ == "__main__":
    server.main()
