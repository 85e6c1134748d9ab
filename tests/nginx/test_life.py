"""What outlives what: budgets and evidence outlive a reload and a worker that is killed; two workers share them."""

import os
import signal
import threading
import time
import unittest

import server
import upstream
from client import predict
from test_policy import Load

BUDGET = server.POLICY.replace("requests: 100000, per: 1m", "requests: %d, per: 1h")


def told(nginx, count, who="miner"):
    return [predict(nginx.port, who=who).status for _ in range(count)]


class Life(unittest.TestCase):
    def setUp(self):
        self.up = upstream.Upstream()

    def tearDown(self):
        self.up.close()

    def test_two_workers_share_a_budget(self):
        with server.Nginx(self.up.port, policy=BUDGET % 10, workers=2) as nginx:
            server.wait(lambda: len(nginx.workers()) == 2)
            statuses = []
            lock = threading.Lock()

            def ask():
                got = told(nginx, 10)
                with lock:
                    statuses.extend(got)
            threads = [threading.Thread(target=ask) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(statuses.count(200), 10, statuses)
            self.assertEqual(statuses.count(429), 50)

    def test_a_reload_keeps_it(self):
        with server.Nginx(self.up.port, policy=BUDGET % 4) as nginx:
            self.assertEqual(told(nginx, 3), [200] * 3)
            nginx.reload()
            self.assertEqual(told(nginx, 2), [200, 429])
            nginx.reload()
            self.assertEqual(told(nginx, 1), [429])
            self.assertEqual(told(nginx, 1, "other"), [200])

    def test_a_reload_under_load_loses_no_answer(self):
        with server.Nginx(self.up.port, workers=2) as nginx:
            loads = [Load(nginx.port, f"l{i}") for i in range(4)]
            for load in loads:
                load.start()
            time.sleep(0.2)
            nginx.reload()
            time.sleep(0.2)
            for load in loads:
                load.end()
            self.assertEqual({s for load in loads for s in load.statuses}, {200})

    def test_a_zone_of_another_size_is_refused(self):
        with server.Nginx(self.up.port, policy=BUDGET % 4) as nginx:
            self.assertEqual(told(nginx, 4), [200] * 4)
            nginx.write(**{**nginx.arguments, "zone": "2m"})
            before = nginx.workers()
            nginx.signal(signal.SIGHUP)
            server.wait(lambda: "would forget budgets" in nginx.log())
            self.assertEqual(nginx.workers(), before)
            self.assertEqual(told(nginx, 1), [429])  # the old configuration serves on
            nginx.bad_words = lambda: []  # this emergency was wanted

    def test_a_worker_that_is_killed(self):
        with server.Nginx(self.up.port, policy=BUDGET % 1000, workers=2) as nginx:
            self.assertEqual(told(nginx, 500), [200] * 500)
            loads = [Load(nginx.port, f"l{i}") for i in range(4)]
            for load in loads:
                load.start()
            for _ in range(3):
                victim = nginx.workers()[0]
                os.kill(victim, signal.SIGKILL)
                server.wait(lambda v=victim: len(nginx.workers()) == 2 and v not in nginx.workers())
                self.assertEqual(predict(nginx.port, who="fresh").status, 200)
            for load in loads:
                load.end()
            self.assertEqual({s for load in loads for s in load.statuses} - {200, 429}, set())
            statuses = told(nginx, 510)
            self.assertEqual((statuses.count(200), statuses.count(429)), (500, 10))
            nginx.bad_words = lambda: [line for line in server.Nginx.bad_words(nginx) if "signal 9" not in line]

    def test_quit_lets_requests_end(self):
        gate = threading.Event()

        def stream(_, send):
            gate.wait(10)
            send(upstream.answer(200, {"predictions": [0.5]}))
        self.up.stream = stream
        got = []
        with server.Nginx(self.up.port) as nginx:
            thread = threading.Thread(target=lambda: got.append(predict(nginx.port).status))
            thread.start()
            server.wait(self.up.seen)
            nginx.signal(signal.SIGQUIT)
            time.sleep(0.3)
            gate.set()
            thread.join(20)
            nginx.process.wait(20)
            self.assertEqual(got, [200])
            self.assertEqual(len(nginx.event_lines()), 1)  # written out at the end


if __name__ == "__main__":
    server.main()
