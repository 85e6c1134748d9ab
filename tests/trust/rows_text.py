"""Tricks of text and of the file system: two readings of one document, look-alikes, and files that are not what they seem."""
import os
import re

from row import REPO, Row

FORM = "TM021"
ANY = "TM003 TM021"
UNREAD = "TM001 TM017 TM021 -"


def sub(pattern, new, name="threatmodel.yaml"):
    """Replace the first place that a pattern finds; it has to be there."""
    def apply(case):
        path = case.redan / name
        made, count = re.subn(pattern, new, path.read_text(), count=1, flags=re.MULTILINE)
        if count != 1:
            raise KeyError(f"{name} has no {pattern}")
        path.write_text(made)
    return apply


def raw(change, name="threatmodel.yaml"):
    return lambda case: case.raw(change, name)


BOUND = r'"<=": ([\d.]+)'
THREAT = r"^(- id: [^\n]*\n(?:  [^\n]*\n)*?)  severity: (?:medium|high|critical)$"
# A trick that needs something that not every system has.
ONLY_WITH = {"another case of a word": "severity: critical"}
# The text is in block style with two spaces, as Document.block writes it.
TABLE = [
    ("unknown field", "in the document", sub(r"\Z", "waived: all\n"), FORM),
    ("unknown field", "in a threat", sub(r"^  severity: ", "  waived: true\n  severity: "), FORM),
    ("unknown field", "in a resolution", sub(r"^    kind: control", "    kind: control\n    proved: true"), FORM),
    ("unknown field", "in a control", sub(r"^(controls:\n- id: .*\n)", r"\1  holds: true\n"), FORM),
    ("unknown field", "in a query", sub(r"^(  evidence:\n  - id: .*\n)", r"\1    optional: true\n"), FORM),
    ("unknown field", "in the profile", sub(r"^profile:\n", "profile:\n  exempt: true\n"), FORM),
    ("unknown field", "in the owners", sub(r"^owners:\n", "owners:\n  deputy: x\n"), FORM),
    ("unknown field", "a misspelt one", sub(r"^threats:", "threat:"), FORM),
    ("unknown field", "an unknown comparator", sub(r'^( +)"<=": ', r'\1"~": '), FORM),
    ("duplicate key", "severity", sub(THREAT, r"\1  severity: low\n  severity: critical"), FORM),
    ("duplicate key", "threats", sub(r"\Z", "threats: []\n"), FORM),
    ("duplicate key", "id", sub(r"^id: (.*)$", r"id: \1\nid: \1"), FORM),
    ("duplicate key", "profile", sub(r"\Z", "profile: {kind: [llm]}\n"), FORM),
    ("duplicate key", "quoted, and not", sub(r"^id: (.*)$", r'id: \1\n"id": other'), FORM),
    ("duplicate key", "in expect", sub(r"expect:\n( +)(\S+):", r"expect:\n\1\2: 0\n\1\2:"), FORM),
    ("duplicate key", "escaped", sub(r"^id: (.*)$", r'id: \1\n"\\x69d": other'), FORM),
    ("duplicate key", "one id for two threats",
     sub(r"^threats:\n- id: (\S+)\n", r"threats:\n- {id: \1, name: x, stage: data, severity: low, resolution: {kind: control, cycle: c, controls: [], residual: low}}\n- id: \1\n"),
     FORM),
    ("YAML tricks", "an anchor and an alias", sub(r"^name: (.*)$", r"name: &n \1\nannotations: {again: *n}"), FORM),
    ("YAML tricks", "an anchor alone", sub(r"^name: ", "name: &n "), FORM),
    ("YAML tricks", "a tag", sub(r"^name: ", "name: !!str "), FORM),
    ("YAML tricks", "a tag of Python's", sub(r"^name: .*$", "name: !!python/object/apply:os.system [id]"), FORM),
    ("YAML tricks", "a merge key", sub(r"^profile:", "profile:\n  <<: {trains: false}"), FORM),
    ("YAML tricks", "a second document", sub(r"\Z", "---\nschema: redan/1\n"), FORM),
    ("YAML tricks", "a document end and more", sub(r"\Z", "...\nthreats: []\n"), FORM),
    ("YAML tricks", "a directive", sub(r"\A", "%YAML 1.1\n---\n"), FORM),
    ("YAML tricks", "a tab as indent", sub(r"^  kind:", "\tkind:"), FORM),
    ("YAML tricks", "a byte order mark", raw(lambda b: b"\xef\xbb\xbf" + b), FORM),
    ("YAML tricks", "UTF-16", raw(lambda b: b.decode().encode("utf-16")), FORM),
    ("YAML tricks", "not UTF-8", raw(lambda b: b.replace(b"name: ", b"name: \xff\xfe ", 1)), FORM),
    ("YAML tricks", "a NUL", raw(lambda b: b.replace(b"name: ", b"name: \0 ", 1)), FORM),
    ("YAML tricks", "an escape sequence of a terminal", raw(lambda b: b.replace(b"name: ", b"name: \x1b[2K ", 1)), FORM),
    ("YAML tricks", "a hidden line by NEL", sub(r"^(    residual: low)$", "\\1 # note\u0085    kind: planned"), ANY),
    ("YAML tricks", "a hidden line by LINE SEPARATOR", sub(r"^(    residual: low)$", "\\1 # note\u2028    kind: planned"), ANY),
    ("YAML tricks", "a complex key", sub(r"\Z", "? [a, b]\n: c\n"), FORM),
    ("YAML tricks", "nested to the limit and beyond", sub(r"(?:^annotations:.*(?:\n  .*)*\n)?\Z", "annotations: " + "[" * 200 + "]" * 200 + "\n"), FORM),
    ("YAML tricks", "five megabytes of comment", sub(r"\A", "# " + "x" * (5 << 20) + "\n"), UNREAD),
    ("YAML tricks", "cut in the middle", raw(lambda b: b[:len(b) // 2]), ANY),
    ("YAML tricks", "empty", raw(lambda b: b""), FORM),
    ("YAML tricks", "a list", raw(lambda b: b"- a\n"), FORM),
    ("look-alikes", "an id in Cyrillic", sub(r"^id: (\S)", "id: \u0430"), FORM),
    ("look-alikes", "a zero-width space in an id", sub(r"^- id: (\S)", "- id: \\1\u200b"), FORM),
    ("look-alikes", "a right-to-left override in an id", sub(r"^- id: (\S)", "- id: \\1\u202e"), FORM),
    ("look-alikes", "a no-break space in an id", sub(r"^- id: (\S)", "- id: \\1\u00a0"), FORM),
    ("look-alikes", "text that is not NFC", sub(r"^name: ", "name: e\u0301 "), FORM),
    ("look-alikes", "a full-width letter in a word", sub(r"^    kind: control", "    kind: \uff43ontrol"), FORM),
    ("look-alikes", "a soft hyphen in a severity", sub(r"^  severity: (\w)", "  severity: \\1\u00ad"), FORM),
    ("look-alikes", "another case of a word", sub(r"^  severity: critical", "  severity: Critical"), FORM),
    ("look-alikes", "a reference by a look-alike", sub(r"^    controls:\n    - (\w)", "    controls:\n    - \u0430"), ANY),
    ("numbers as text", "a quoted bound", sub(BOUND, r'"<=": "\1"'), FORM + " TM003"),
    ("numbers as text", "a bound with underscores", sub(BOUND, r'"<=": 9_000_000'), ANY),
    ("numbers as text", "a hexadecimal bound", sub(BOUND, r'"<=": 0xffffff'), ANY),
    ("numbers as text", "infinity", sub(BOUND, r'"<=": .inf'), ANY),
    ("numbers as text", "not a number", sub(BOUND, r'"<=": .nan'), ANY),
    ("numbers as text", "too large for a double", sub(BOUND, r'"<=": 1e999'), ANY),
    ("numbers as text", "sexagesimal", sub(BOUND, r'"<=": 190:20:30'), ANY),
    ("numbers as text", "a quoted truth in the profile", sub(r"^  (\w+): true$", r'  \1: "true"'), FORM),
    ("numbers as text", "yes for true", sub(r"^  (\w+): true$", r"  \1: yes"), FORM),
    ("numbers as text", "a truth in capitals", sub(r"^  (\w+): true$", r"  \1: TRUE"), FORM),
    ("numbers as text", "nothing for true", sub(r"^  (\w+): true$", r"  \1:"), FORM),
    ("numbers as text", "1 for true", sub(r"^  (\w+): true$", r"  \1: 1"), FORM),
    ("numbers as text", "a date of no calendar", sub(r"expires: \S+", "expires: 2099-02-31"), FORM),
    ("numbers as text", "a time for a date with an offset", sub(r"expires: [0-9-]+", "expires: 2099-01-01T00:00:00+99:00"), ANY),
    ("numbers as text", "a freshness without a unit", sub(r"fresh: release", "fresh: 99999"), FORM),
    ("numbers as text", "a freshness that overflows", sub(r"fresh: release", "fresh: 99999999999999999999d"), FORM),
    ("numbers as text", "a negative freshness", sub(r"fresh: release", "fresh: -7d"), FORM),
    ("numbers as text", "a digest in capitals", sub(r'sha256:([0-9a-f]{63})[0-9a-f]', lambda m: "sha256:" + m.group(1).upper() + "A"), FORM),
    ("numbers as text", "a short digest", sub(r"sha256:([0-9a-f]{63})[0-9a-f]", r"sha256:\1"), FORM),
    ("numbers as text", "a digest of another kind", sub(r"sha256:([0-9a-f]{40})[0-9a-f]{24}", r"sha1:\1"), ANY),
]


# Files

def linked(name):
    def apply(case):
        path = case.redan / name
        target = case.top / "elsewhere"
        path.rename(target)
        path.symlink_to(target)
    return apply


def folder_for(name):
    def apply(case):
        (case.redan / name).unlink()
        (case.redan / name).mkdir()
    return apply


def piped(name):
    def apply(case):
        (case.redan / name).unlink()
        os.mkfifo(case.redan / name)
    return apply


def emptied(name):
    def apply(case):
        path = case.redan / name
        for child in list(path.iterdir()):
            child.rename(case.top / child.name)
    return apply


NAMES = ("threatmodel.yaml", "org.yaml", "keys.yaml", "keys.dsse.json", "org.dsse.json")


def files():
    for name in NAMES:
        yield "files", f"{name} is a symbolic link", linked(name), UNREAD
        yield "files", f"{name} is a folder", folder_for(name), UNREAD
        yield "files", f"{name} is a pipe", piped(name), UNREAD
        yield "files", f"{name} is empty", raw(lambda b: b"", name), UNREAD + " TM021"
        yield "files", f"{name} is noise", raw(lambda b: bytes(range(256)), name), UNREAD + " TM021"
    yield "files", "threatmodel.yaml is gone", lambda case: (case.redan / "threatmodel.yaml").unlink(), UNREAD
    for name in ("evidence", "approvals"):
        yield "files", f"{name} is empty", emptied(name), "TM003 TM004 TM008 TM013 TM014"


def on_block(edit):
    """The edit of a document that is written in block style, whatever it is committed in: it means the same."""
    def apply(case):
        case.write("threatmodel.yaml", case.document().block())
        edit(case)
    return apply


def rows(world):
    text = world.document().block()
    for family, name, edit, rules in TABLE:
        if name in ONLY_WITH and not re.search(ONLY_WITH[name], text, re.MULTILINE):
            continue
        yield Row(family, name, REPO, on_block(edit), rules, shared=True)
    for family, name, edit, rules in files():
        yield Row(family, name, REPO, edit, rules, shared=True)
