#!/usr/bin/env python3
"""One peer's verdict on every labelled file, run by the peer's own Python: peer_verdicts.py PEER CORPUS LABELS > JSON.

Prints {path: [top, any, error]}: flagged at the peer's highest level, at any level, and whether it could not say. The files are read
by the peer as its users would have it read them; nothing is unpickled here."""
import contextlib
import csv
import json
import logging
import os
import subprocess
import sys
import tempfile
import zipfile

logging.disable(logging.CRITICAL)


def picklescan(paths):
    from picklescan.scanner import SafetyLevel, scan_file_path
    for path in paths:
        result = scan_file_path(path)
        levels = [g.safety for g in result.globals]
        yield (result.issues_count > 0, any(level != SafetyLevel.Innocuous for level in levels), bool(result.scan_err))


def modelscan(paths):
    from modelscan.modelscan import ModelScan
    from modelscan.settings import DEFAULT_SETTINGS
    for path in paths:
        result = ModelScan(settings=DEFAULT_SETTINGS).scan(path)
        summary = result["summary"]
        total = summary["total_issues"]
        yield (total > 0, total > 0, bool(result["errors"]) or summary["scanned"]["total_scanned"] == 0)


def fickling(paths):
    from fickling.analysis import Severity
    from fickling.loader import scan_file, scan_zip_archive
    for path in paths:  # as its own program does
        if zipfile.is_zipfile(path):
            results = list(scan_zip_archive(path, graceful=True).values())
        else:
            results = [scan_file(path, graceful=True)]
        worst = max((r.severity for r in results if r.results), default=Severity.LIKELY_SAFE)
        yield (worst >= Severity.LIKELY_OVERTLY_MALICIOUS, worst >= Severity.POSSIBLY_UNSAFE, not any(r.results for r in results))


def modelaudit(paths):
    program = os.path.join(os.path.dirname(sys.executable), "modelaudit")
    for start in range(0, len(paths), 100):
        part = paths[start:start + 100]
        out = tempfile.mktemp(suffix=".json")
        subprocess.run([program, "scan", *part, "--format", "json", "--output", out, "--no-cache", "--quiet"], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env={**os.environ, "PROMPTFOO_DISABLE_TELEMETRY": "1", "NO_ANALYTICS": "1"})
        worst = {}
        with open(out) as f:
            report = json.load(f)
        os.unlink(out)
        known = {os.path.realpath(p): p for p in part}
        for issue in report.get("issues", []):
            place = issue.get("location") or ""
            while place and place not in known:  # "PATH:member", "PATH (pos 63)"
                place = place[:max(place.rfind(":"), place.rfind(" ("), 0)]
            if place:
                worst.setdefault(known[place], set()).add(issue.get("severity"))
        for path in part:
            levels = worst.get(path, set())
            yield ("critical" in levels, bool(levels & {"critical", "warning"}), False)


def main():
    peer, corpus, labels = sys.argv[1:4]
    with open(labels, newline="") as f:
        rows = [r["path"] for r in csv.DictReader(f)]
    judge = {"picklescan": picklescan, "modelscan": modelscan, "fickling": fickling, "modelaudit": modelaudit}[peer]
    answers = {}
    with open(os.devnull, "w") as null, contextlib.redirect_stdout(null), contextlib.redirect_stderr(null):
        if peer == "modelaudit":
            answers = dict(zip(rows, judge([os.path.join(corpus, r) for r in rows])))
        else:
            for row in rows:
                try:
                    answers[row] = next(judge([os.path.join(corpus, row)]))
                except ImportError:  # the peer is not whole: it has no verdicts
                    raise
                except Exception:  # a peer that cannot read a file says so in its own way
                    answers[row] = (False, False, True)
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
