"""The systems under test: where they lie, who leads them, and how their files differ from what is committed."""
import re

from ring import day

# Dates of the examples are moved to now, so that they do not age.
DATES = [(r"opened: \d{4}-\d\d-\d\d", -60), (r"due: \d{4}-\d\d-\d\d", 90), (r"expires: \d{4}-\d\d-\d\d", 180),
         (r"redates: \[\d{4}-\d\d-\d\d\]", -10)]


class Spec:
    def __init__(self, name, folder, model, org, leads, plain=(), org_plain=(), first=None, victim=None, files=None):
        self.name = name
        self.folder = folder
        self.model = model
        self.org = org
        self.leads = leads          # keys of ML lead and security lead
        self.plain = plain          # edits that the committed file needs before it can pass at all
        self.org_plain = org_plain
        self.first = first          # the edit that turns the threat model into the one that was approved first
        self.victim = victim        # a plain query: control/evidence, which exactly one threat stands on
        self.files = files or {}

    def model_text(self):
        return dated(edited((self.folder / self.model).read_text(), self.plain))

    def org_text(self):
        return edited((self.folder / self.org).read_text(), self.org_plain)


def edited(text, edits):
    for old, new in edits:
        if text.count(old) != 1:
            raise ValueError(f"{old!r} is there {text.count(old)} times")
        text = text.replace(old, new)
    return text


def dated(text):
    for pattern, offset in DATES:
        word = pattern.split(":")[0]
        new = f"{word}: [{day(offset)}]" if "[" in pattern[:12] else f"{word}: {day(offset)}"
        text = re.sub(pattern, new, text)
    return text


def drop_query(control, evidence):
    return lambda doc: doc.remove("controls", control, "evidence", evidence)


def systems(top, samples):
    """Ours, and the two samples when they are there."""
    ours = [
        Spec("fraud", top / "examples/fraud/redan", "threatmodel.yaml", "org.yaml", ("okafor", "lindqvist"),
             first=drop_query("extraction-monitor", "beat"), victim=("verify-on-load", "refuses")),
        Spec("assistant", top / "examples/assistant/redan", "threatmodel.yaml", "org.yaml", ("adeyemi", "brandt"),
             first=drop_query("watcher-alive", "stretch"), victim=("memory-apart", "crossing")),
    ]
    models = samples / "threat-models"
    if not (models / "fraud-scoring.yaml").exists() or not (models / "support-assistant.yaml").exists():
        return ours, f"the two sample systems are not in {models}: left out"
    return ours + [
        Spec("sample-fraud", models, "fraud-scoring.yaml", "org.yaml", ("okafor", "lindqvist"),
             plain=[("    archetype: EV-02\n    severity: critical", "    archetype: EV-02\n    severity: high")],
             org_plain=[("org: examplebank\n", "org: examplebank\nversion: 1\n")],
             first=drop_query("extraction-monitor", "beat"), victim=("query-budget", "budget-probe"),
             files={"dfd/fraud-api.json": top / "examples/fraud/redan/dfd/fraud-api.json"}),
        Spec("sample-assistant", models, "support-assistant.yaml", "org.yaml", ("ito", "lindqvist"),
             org_plain=[("org: examplebank\n", "org: examplebank\nversion: 1\n")],
             first=drop_query("pi-screen", "beat"), victim=("rag-quarantine", "seeded")),
    ], None
