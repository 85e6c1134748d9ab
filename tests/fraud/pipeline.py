"""fraud-simulate and fraud-train from the outside: determinism, measurements, and what they refuse."""

import json
import os
import sys
import unittest

sys.dont_write_bytecode = True # nothing is left in the source tree
from programs import folder, rows_of, run, small_world


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Pipeline(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = folder()
        cls.dir = cls.temporary.name
        cls.csv = small_world(cls.dir)
        done = run("fraud-train", cwd=cls.dir)
        assert done.returncode == 0, done.stderr

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def path(self, name):
        return os.path.join(self.dir, name)

    def test_same_world_same_bytes(self):
        small_world(self.dir, "--out", "again.csv")
        self.assertEqual(read(self.csv), read(self.path("again.csv")))
        small_world(self.dir, "--out", "other.csv", "--seed", 4)
        self.assertNotEqual(read(self.csv), read(self.path("other.csv")))

    def test_same_data_same_model(self):
        for kind in ("boosted", "forest", "linear"):
            made = []
            for name in ("a", "b"):
                done = run("fraud-train", "--kind", kind, "--model", name + ".json", "--holdout", name + "-h.json",
                           "--resamples", 40, cwd=self.dir)
                self.assertEqual(done.returncode, 0, done.stderr)
                made.append((read(self.path(name + ".json")), read(self.path(name + "-h.json"))))
            self.assertEqual(made[0], made[1], kind)

    def test_measurement(self):
        holdout = json.loads(read(self.path("holdout.json")))
        self.assertEqual(holdout["model_kind"], "boosted")
        self.assertEqual((holdout["train"]["first_day"], holdout["test"]["last_day"]), (39, 59))
        self.assertEqual(holdout["test"]["first_day"], holdout["train"]["last_day"] + holdout["delay_days"] + 1)
        auc, precision = holdout["auc"], holdout["average_precision"]
        self.assertTrue(0.5 < auc["low"] < auc["value"] < auc["high"] <= 1)
        self.assertTrue(precision["low"] < precision["value"] < precision["high"])
        self.assertTrue(0 < holdout["positives"] < holdout["n"])
        self.assertGreater(holdout["test_rows_of_known_cards_left_out"], 0)

    def test_model_names_its_columns(self):
        model = json.loads(read(self.path("model.json")))
        header = read(self.csv).split(b"\n", 1)[0].decode().split(",")
        self.assertEqual(model["learner"]["feature_names"], header[5:20])

    def test_rows_left_out(self):
        """The split and the blocked cards, counted again from the file."""
        lines = [line.split(",") for line in read(self.csv).decode().splitlines()[1:]]
        first, train, test, left = {}, 0, 0, 0
        for row in lines:
            day, card, fraud = int(row[2]), row[3], row[20] == "1"
            if day < 39:
                continue
            if fraud:
                first.setdefault(card, day)
            if day <= 45:
                train += 1
            elif day >= 53:
                if first.get(card, 999) < day - 7:
                    left += 1
                else:
                    test += 1
        holdout = json.loads(read(self.path("holdout.json")))
        self.assertEqual((train, test, left), (holdout["train"]["n"], holdout["test"]["n"],
                                               holdout["test_rows_of_known_cards_left_out"]))

    def test_replay(self):
        """The same payments read back give the same features; lines that are no payments are refused."""
        rows = [line.split(",") for line in read(self.csv).decode().splitlines()[1:]]
        cents = lambda text: str(round(float(text) * 100))
        lines = [" ".join((r[1], r[3], r[4], cents(r[5]), r[21])) for r in rows]
        with open(self.path("replay.txt"), "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        done = run("fraud-simulate", "--replay", "replay.txt", "--out", "replayed.csv", cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(read(self.csv), read(self.path("replayed.csv")))
        for text, words in (("", "0 transactions"), ("1 2 3 4\n", "five whole"), ("1 2 3 4 5 6\n", "five whole"),
                            ("1 2 3 -4 0\n", "five whole"), ("1 2 3 4 4\n", "out of range"),
                            ("99999999999 2 3 4 0\n", "out of range"), ("5 1 1 1 0\n4 1 1 1 0\n", "line 2: the lines are"),
                            ("1 2 3 4 0", "the file was cut")):
            with open(self.path("replay.txt"), "w", encoding="ascii") as file:
                file.write(text)
            self.refused(3, words, "fraud-simulate", "--replay", "replay.txt", "--out", "none.csv")
            self.assertFalse(os.path.exists(self.path("none.csv")))

    def test_direct_scores(self):
        rows = rows_of(self.csv, 50)
        done = run("fraud-direct", "model.json", cwd=self.dir, text="\n".join(" ".join(r) for r in rows))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(done.stdout.split()), 50)

    def test_stride(self):
        """The application threat model is well-formed Threat Dragon: unique ids, flows that end somewhere, nothing open."""
        here = os.path.dirname(os.path.abspath(__file__))
        with open(os.path.join(here, "..", "..", "examples", "fraud", "redan", "dfd", "fraud-api.json"), encoding="utf-8") as file:
            model = json.load(file)
        cells = model["detail"]["diagrams"][0]["cells"]
        threats = [t for c in cells for t in c["data"].get("threats", [])]
        ids = [x["id"] for x in cells + threats]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertEqual({t["status"] for t in threats}, {"Mitigated"})
        self.assertEqual(sorted(t["number"] for t in threats), list(range(1, model["detail"]["threatTop"] + 1)))
        self.assertEqual({t["type"] for t in threats}, {
            "Spoofing", "Tampering", "Repudiation", "Information disclosure", "Denial of service", "Elevation of privilege"})
        for flow in (c for c in cells if c["shape"] == "flow"):
            self.assertTrue({flow["source"]["cell"], flow["target"]["cell"]} <= set(ids), flow["id"])

    def refused(self, code, words, program, *args):
        done = run(program, *args, cwd=self.dir)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(words, done.stderr)
        self.assertFalse([n for n in os.listdir(self.dir) if n.endswith(".part")])

    def test_usage(self):
        for words, *call in (
            ("unknown argument --nope", "fraud-simulate", "--nope"),
            ("whole number from 1 to 730", "fraud-simulate", "--days", "0"),
            ("whole number", "fraud-simulate", "--seed", "-1"),
            ("needs a value", "fraud-simulate", "--out"),
            ("one of boosted, forest, linear", "fraud-train", "--kind", "deep"),
            ("do not fit", "fraud-train", "--train-days", "100"),
            ("after --train-from", "fraud-train", "--train-from", "55"),
        ):
            self.refused(2, words, *call)
        for program in ("fraud-simulate", "fraud-train", "fraud-serve"):
            done = run(program, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("--", done.stdout)

    def test_files_refused(self):
        good = read(self.csv)
        header, rest = good.split(b"\n", 1)
        last = good[:-1].rsplit(b"\n", 1)
        tail = last[1].split(b",")
        for name, content, words in (
            ("cut.csv", good[:-20], ""),
            ("header.csv", header.replace(b"tx_amount", b"amount") + b"\n" + rest, "line 1: the header"),
            ("columns.csv", good + last[1] + b",1\n", "wrong number of columns"),
            ("text.csv", last[0] + b"\n" + last[1].replace(tail[5], b"x") + b"\n", "plain decimal"),
            ("order.csv", good + b"1,1,1,1,1" + b",0" * 17 + b"\n" + last[1] + b"\n", "not in order of time"),
            ("long.csv", good + b"9" * 5000 + b"\n", ""),
            ("empty.csv", b"", ""),
        ):
            with open(self.path(name), "wb") as file:
                file.write(content)
            self.refused(3, words, "fraud-train", "--data", name, "--model", "none.json")
            self.assertFalse(os.path.exists(self.path("none.json")))
        self.refused(3, "absent.csv: cannot read: No such file", "fraud-train", "--data", "absent.csv")
        self.refused(3, "not a regular file", "fraud-train", "--data", ".")
        self.refused(3, "cannot create", "fraud-simulate", "--days", "3", "--customers", "50", "--out", "no/where.csv")
        with open(self.path("honest.csv"), "wb") as file:
            file.write(header + b"\n" + b"".join(
                b",".join(line.split(b",")[:-2] + [b"0", b"0"]) + b"\n" for line in rest.splitlines()))
        self.refused(3, "0 frauds; choose other days", "fraud-train", "--data", "honest.csv", "--model", "none.json")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
