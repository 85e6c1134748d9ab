"""The pages of docs/rules, one per rule of the scan, made from the cards that the program prints.
Usage: rule_pages.py REDAN [--check]. With --check nothing is written, and a page that is not what its card says is named: exit code 1."""
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGES = os.path.join(ROOT, "docs", "rules")
KINDS = [
    ("PKL", "pickles"), ("ARC", "archives and codecs"), ("FMT", "the structure of files"), ("KER", "Keras"),
    ("TFG", "TensorFlow and TensorFlow Lite"), ("ONX", "ONNX"), ("SKO", "skops"), ("CFG", "configuration beside a model"),
    ("GRA", "other graphs"), ("TPL", "templates"), ("EXE", "native code"), ("COD", "source and bytecode"),
    ("SEC", "secrets"), ("NET", "network addresses"), ("COV", "what was not read"),
]


def cards(program):
    done = subprocess.run([program, "scan", "explain", "--all", "--json"], stdout=subprocess.PIPE, check=True, timeout=60)
    return json.loads(done.stdout)["rules"]


def page(card):
    lines = ["# %s: %s" % (card["rule"], card["title"]), ""]
    lines += ["| | |", "|---|---|", "| severity | %s |" % card["severity"]]
    for name, key in (("CWE", "cwe"), ("ATLAS", "atlas"), ("CVE", "cves")):
        if card[key]:
            lines.append("| %s | %s |" % (name, ", ".join(card[key])))
    if card["why"]:
        lines += ["", "## Why it matters", card["why"]]
    lines += ["", "## What to do", card["fix"][:1].upper() + card["fix"][1:].rstrip(".") + ".", ""]
    lines += ["`redan scan explain %s` says the same; how findings are accepted or a rule is given another level is in [scan.md](../scan.md)."
              % card["rule"], ""]
    return "\n".join(lines)


def index(all_cards):
    lines = ["# The rules of `redan scan`", "",
             "Made by `tools/rule_pages.py` from the cards in the program; `redan scan explain --all` prints the list."]
    for prefix, words in KINDS:
        mine = [c for c in all_cards if c["rule"].startswith(prefix)]
        if not mine:
            continue
        lines += ["", "## %s: %s" % (prefix, words), "", "| rule | severity | says |", "|---|---|---|"]
        lines += ["| [%s](%s.md) | %s | %s |" % (c["rule"], c["rule"], c["severity"], c["title"]) for c in mine]
    return "\n".join(lines) + "\n"


def main():
    program, checks = sys.argv[1], "--check" in sys.argv[2:]
    all_cards = cards(program)
    strangers = [c["rule"] for c in all_cards if c["rule"][:3] not in dict(KINDS)]
    if strangers:
        print("no kind for: " + ", ".join(strangers))
        return 1
    want = {c["rule"] + ".md": page(c) for c in all_cards}
    want["README.md"] = index(all_cards)
    os.makedirs(PAGES, exist_ok=True)
    have = set(os.listdir(PAGES))
    stale = sorted(have - set(want))
    for name, text in sorted(want.items()):
        path = os.path.join(PAGES, name)
        old = open(path, encoding="utf-8").read() if name in have else None
        if old == text:
            continue
        stale.append(name)
        if not checks:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    if not checks:
        for name in sorted(have - set(want)):
            os.remove(os.path.join(PAGES, name))
        print("%d pages, %d of them new or changed" % (len(want), len(stale)))
        return 0
    for name in stale:
        print("docs/rules/%s is not what its card says; run: tools/rule_pages.py REDAN" % name)
    return 1 if stale else 0


sys.exit(main())
