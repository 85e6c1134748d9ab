"""Random threat models that are valid, other writings of them that mean the same, and edits that do not.

    generate.py SEED N    prints N documents, each followed by a NUL byte
"""
import copy
import os
import random
import re
import sys

from emit import Bare, Word, Writer

CATALOG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "catalog")
FLAGS = ("trains retrains query_access sensitive_data hosts_model consumed_by_system third_party_model third_party_service external_data "
         "online_learning untrusted_content multi_tenant memory human_feedback edge federated finetunes").split()
SEVERITIES = ("low", "medium", "high", "critical")
STAGES = ("data", "training", "storage", "inference", "evolution")
TYPES = ("age attestation bom config digest file git heartbeat log metric policy probe scan signature signoff tests").split()
NEED_SUBJECT = ("attestation", "bom", "digest", "file", "metric", "scan", "signature", "tests")
NEED_EXPECT = ("age", "config", "git", "metric", "probe", "scan", "tests")
NEED_FRESH = ("heartbeat", "log")
NUMBERS = ("0", "1", "-0", "0.1", "0.10", "0.5", "1e-7", "1e21", "123456789.25", "5001", "0.001", "1e300", "4.9e-324", "-3", "100", "9007199254740993",
           "0.30000000000000004", "2.5E-3")
# texts that other readers of YAML take for something else
TRAPS = ("yes", "no", "on", "null", "~", "0x1f", "1_000", "+1", ".5", "007", "1e400", "-1e999", "2026-11-24", "12:30:00", ".inf", "NaN", "True",
         "1.", "0.1", "true", "false", "10", "", " padded ", "<<", "=", "a: b", "a #b", "- a", "{x}", "[y", "*z", "&w", "!v", "%u", "@t", "`s", "'q'", '"d"', "back\\slash")
WORDS = ("the model answers merchants fraud ring label budget score Stra\u00dfe na\u00efve \u00e9t\u00e9 \u6a21\u578b \u0394elta caf\u00e9 \u00c5ngstr\u00f6m "
         "\ud55c\uad6d \u0431\u0430\u043d\u043a \U0001f512 \U00010348 q\u0323\u0307 \ufb01x x\u0338 \uff21 \u2126hm quote's say\"so under_score a.b 50% c:d e#f").split()
WORDS = [w for w in WORDS if w != "\u2126hm"]  # the ohm sign is not in NFC


class Maker:
    def __init__(self, rng, org_controls=()):
        self.rng = rng
        self.taken = set(org_controls)
        self.org_controls = list(org_controls)
        with open(os.path.join(CATALOG, "archetypes.yaml"), encoding="utf-8") as file:
            self.archetypes = re.findall(r"^  - id: (\S+)", file.read(), re.M)
        with open(os.path.join(CATALOG, "controls.yaml"), encoding="utf-8") as file:
            self.catalog = re.findall(r"\{id: ([^,]+)", file.read())

    def chance(self, p):
        return self.rng.random() < p

    def id(self):
        while True:
            n = self.rng.choice((1, 3, 8, 12, 20, 64))
            text = self.rng.choice("abcdefgzABZ019") + "".join(self.rng.choice("abcdefghijklmnopqrstuvwxyzABC0123._-") for _ in range(n - 1))
            if text not in self.taken and "---" not in text and "..." not in text:
                self.taken.add(text)
                return text

    def prose(self):
        text = " ".join(self.rng.choice(WORDS) for _ in range(self.rng.randint(1, 14)))
        if self.chance(0.2):
            lines = [" ".join(self.rng.choice(WORDS) for _ in range(self.rng.randint(1, 6))) for _ in range(self.rng.randint(2, 4))]
            text = self.rng.choice(("\n", "\n\n", "\n  ", " \n", "\t\n")).join(lines)
        if self.chance(0.05):
            text = self.rng.choice((" ", "\n", "\t", "")) + text + self.rng.choice((" ", "\n", " \t\n"))
        if self.chance(0.03):
            text += "\u2028" + self.rng.choice(WORDS)
        return text

    def texts(self, low, high):
        return [self.rng.choice((self.rng.choice(WORDS), self.prose(), "src/**/*.c", "a, b", "1.0", "true", "[x]")) for _ in range(self.rng.randint(low, high))]

    def exact(self):
        """A text in `expect`: every byte counts."""
        return self.rng.choice((self.rng.choice(WORDS), self.rng.choice([t for t in TRAPS if t]), " padded ", "two\nlines", "end\n", "tab\tbed", "sha256:00"))

    def value(self):
        kind = self.rng.random()
        if kind < 0.45:
            return Bare(self.rng.choice(NUMBERS))
        return Bare(self.rng.choice(("true", "false"))) if kind < 0.6 else self.exact()

    def expect(self):
        tree = {}
        for _ in range(self.rng.randint(1, 4)):
            name = self.rng.choice(("success_rate", "n", "auc", "$.online_update", "$.bindings[*].member", "fields", "profile", "expect", "release", "id",
                                    "d\u00e9cision", "\U00010348", "\uff21", "a b", "x:y", "1"))
            kind = self.rng.random()
            if kind < 0.3:
                tree[name] = self.value()
            elif kind < 0.5:
                tree[name] = [self.value() for _ in range(self.rng.randint(1, 5))]
            else:
                tree[name] = self.bounds()
        return tree

    def bounds(self):
        bounds = {}
        for _ in range(self.rng.randint(1, 3)):
            op = self.rng.choice(("==", "!=", "<", "<=", ">", ">=", "in", "none-of", "includes", "max-age"))
            if op in ("==", "!="):
                bounds[op] = self.value()
            elif op in ("in", "none-of", "includes"):
                bounds[op] = [self.value() for _ in range(self.rng.randint(1, 4))]
            elif op == "max-age":
                bounds[op] = self.span()
            else:
                bounds[op] = Bare(self.rng.choice(NUMBERS))
        return bounds

    def span(self):
        return "%d%s" % (self.rng.randint(1, 90), self.rng.choice("smhdw"))

    def evidence(self, release):
        kind = self.rng.choice([t for t in TYPES if release or t not in NEED_SUBJECT])
        entry = {"id": self.id(), "type": kind}
        if kind in NEED_SUBJECT or (release and self.chance(0.3)):
            entry["subject"] = "release." + self.rng.choice(list(release))
        if kind in NEED_EXPECT or self.chance(0.3):
            entry["expect"] = self.expect()
        if self.chance(0.3):
            entry["ledger"] = self.rng.choice(("staging/shape", "prod/b\u00e9at", "a/b/c"))
        if self.chance(0.3):
            entry["file"] = self.rng.choice(("evidence/x.json", "\u00e9.json"))
        if self.chance(0.3):
            entry["mode"] = self.rng.choice(("enforce", "observe"))
        entry[self.rng.choice(("signer", "role"))] = self.rng.choice(("ci", "ml-eval", "data-steward"))
        entry["fresh"] = self.span() if kind in NEED_FRESH or self.chance(0.5) else "release"
        return entry

    def control(self, release):
        control = {"id": self.id()}
        if self.chance(0.3):
            control["name"] = self.prose()
        if self.chance(0.5):
            control["catalog"] = self.rng.choice(self.catalog)
        control["evidence"] = Word("none") if self.chance(0.15) else [self.evidence(release) for _ in range(self.rng.randint(1, 3))]
        return control

    def some(self, names, low, high):
        names = list(names)
        return self.rng.sample(names, min(len(names), self.rng.randint(low, high))) if names else []

    def resolution(self, controls, threats):
        kinds = ["planned", "accepted"] + (["control", "control", "eliminated"] if controls else [])
        kind = self.rng.choice(kinds)
        tree = {"kind": kind}
        if kind == "control":
            tree.update(cycle="2026Q4", controls=self.some(controls, 1, 4), residual=self.rng.choice(SEVERITIES))
        elif kind == "planned":
            tree.update(owner=self.rng.choice(("d.moreau", "J\u00fcrgen K.")), ticket="FRD-%d" % self.rng.randint(1, 99), opened="2026-10-05",
                        due=self.rng.choice(("2027-02-26", "2026-10-06", "2027-01-31T12:00:00Z")))
            tree["interim"] = {"controls": self.some(controls, 0, 2), "residual": self.rng.choice(SEVERITIES)}
            if self.chance(0.5):
                tree["controls"] = self.some(controls, 0, 2)
            if self.chance(0.2):
                tree["redates"] = ["2026-10-05"] * self.rng.randint(1, 2)
        elif kind == "accepted":
            tree.update(body="risk-board", reason=self.prose(), residual=self.rng.choice(SEVERITIES), expires="2027-05-31")
            if self.chance(0.6):
                tree["conditions"] = self.some(controls, 0, 3)
            if self.chance(0.6):
                tree["relies-on"] = self.some(list(controls) + threats, 0, 4)
        else:
            tree.update(change="git:7f3c9a1", absent=self.some(controls, 1, 2))
        return tree

    def threat(self, name, archetypes, controls, threats):
        tree = {"id": name, "severity": self.rng.choice(SEVERITIES)}
        if archetypes and self.chance(0.6):
            tree["archetype"] = archetypes.pop()
        else:
            tree.update(name=self.prose(), stage=self.rng.choice(STAGES))
        if self.chance(0.4):
            tree["story"] = self.prose()
        for field in ("targets", "touches"):
            if self.chance(0.2):
                tree[field] = self.texts(0, 4)
        if self.chance(0.1):
            tree["review-by"] = "2027-01-15"
        tree["resolution"] = self.resolution(controls, threats)
        return tree

    def free(self, depth):
        """Anything at all, for the places where the schema asks nothing."""
        kind = self.rng.random()
        if depth == 0 or kind < 0.5:
            return self.rng.choice((None, Bare(self.rng.choice(NUMBERS)), Bare("true"), self.rng.choice(TRAPS), self.prose()))
        if kind < 0.75:
            items = [self.free(depth - 1) for _ in range(self.rng.randint(0, 4))]
            if self.chance(0.3):
                items = [{"id": self.rng.choice(("a", "b", "c")), "v": self.free(0)} for _ in items]
            return items + items[:1] if self.chance(0.3) else items
        return {self.rng.choice(("id", "a", "expect", "release", "\u00e9", "\U0001f512", "\uff21b", "z z")): self.free(depth - 1) for _ in range(self.rng.randint(0, 3))}

    def profile(self):
        kinds = self.rng.sample(("predictive", "llm", "rag", "agentic"), self.rng.randint(1, 4))
        tree = {"kind": [Word(kind) for kind in kinds]}
        for flag in self.some(FLAGS, 0, 6):
            tree[flag] = Bare(self.rng.choice(("true", "false")))
        if self.chance(0.3):
            tree["eu-ai-act"] = {"high-risk": Bare(self.rng.choice(("true", "false"))), "reason": self.prose() + "."}
            if self.chance(0.5):
                tree["eu-ai-act"]["more"] = self.free(3)
        if self.chance(0.4):
            tree["registry"] = "registry " + self.prose()
        return tree

    def release(self):
        tree = {}
        for name in self.some(("model", "dataset", "gateway", "profile", "expect", "release", "d\u00e9p\u00f4t", "a b"), 1, 4):
            if self.chance(0.6):
                tree[name] = "sha256:%064x" % self.rng.getrandbits(256)
            else:
                tree[name] = self.rng.choice(("vendor/chat-4@2026-09-01", "1.0", "true", " padded ", "\u6a21\u578b@1"))
        return tree

    def stages(self):
        tree = {}
        for stage in self.some(STAGES, 0, 5):
            if self.chance(0.5):
                tree[stage] = self.rng.choice((self.prose(), "none"))
            else:
                tree[stage] = {cell: self.prose() for cell in self.some(("assets", "adversaries", "vectors", "controls"), 1, 4)}
        return tree

    def document(self):
        self.taken = set(self.org_controls)
        release = self.release()
        tree = {"schema": "redan/1", "id": self.id(), "owners": {"ml-lead": "r.okafor", "security-lead": "h.lindqvist"}, "profile": self.profile(),
                "release": release}
        if self.chance(0.5):
            tree["owners"]["product"] = self.prose()
        if self.chance(0.6):
            tree["name"] = self.prose()
        if self.chance(0.4):
            tree["inherits"] = self.texts(0, 2)
        if self.chance(0.2):
            tree["extends-stride"] = {"format": "threat-dragon", "file": "dfd/api.json", "covers": self.texts(0, 3)}
        if self.chance(0.6):
            tree["stages"] = self.stages()
        controls = [self.control(release) for _ in range(self.rng.randint(0, 6))]
        if controls or self.chance(0.5):
            tree["controls"] = controls
        self.add_threats(tree, [c["id"] for c in controls] + self.org_controls)
        if self.chance(0.3):
            tree["annotations"] = self.free(3)
        return tree

    def add_threats(self, tree, controls):
        archetypes = self.rng.sample(self.archetypes, len(self.archetypes))
        names = [self.id() for _ in range(self.rng.choice((1, 1, 2, 3, 5, 9)))]
        if self.chance(0.3):
            tree["excluded"] = [{"archetype": archetypes.pop(), "reason": self.prose(), "by": "h.lindqvist"} for _ in range(self.rng.randint(0, 3))]
        tree["threats"] = [self.threat(name, archetypes, controls, names) for name in names]


def organisation(rng):
    maker = Maker(rng)
    return {"schema": "redan/org/1", "org": "examplebank", "controls": [maker.control({}) for _ in range(4)]}


def permute(rng, tree):
    """The same document otherwise: annotations, repeats in lists of texts, and everything that Writer changes."""
    tree = dict(tree)
    tree.pop("annotations", None)
    if rng.random() < 0.5:
        tree["annotations"] = Maker(rng).free(3)
    return Writer(rng).document(tree)


def tweak(rng, value):
    """Another value of the same kind."""
    if isinstance(value, Bare):
        if value in ("true", "false"):
            return Bare("false" if value == "true" else "true")
        return Bare(rng.choice([n for n in NUMBERS if float(n) != float(value)]))
    return value + "x"


def mutate(rng, tree, maker):
    """One edit that changes what is said: (description, new tree, id of the control that it touches or None)."""
    new = copy.deepcopy(tree)
    controls = new.get("controls") or []
    proved = [c for c in controls if c["evidence"] != "none"]
    choices = ["severity", "owner", "profile", "threat", "prose", "release"]
    choices += ["expect", "expect", "expect", "fresh", "mode", "proof"] if proved else []
    choices += ["control"]
    choices += ["exclusion"] if new.get("excluded") else []
    what = rng.choice(choices)
    threat = rng.choice(new["threats"])
    if what == "severity":
        threat["severity"] = rng.choice([s for s in SEVERITIES if s != threat["severity"]])
    elif what == "owner":
        new["owners"]["ml-lead"] = "somebody.else"
    elif what == "profile":
        flag = rng.choice(FLAGS)
        new["profile"][flag] = tweak(rng, new["profile"].get(flag, Bare("true")))
    elif what == "threat":
        new["threats"].append(maker.threat("one-more-threat", [], [], []))
    elif what == "prose":
        threat["story"] = threat.get("story", "none") + " more"
    elif what == "release":
        new["release"][rng.choice(list(new["release"]))] = "sha256:%064x" % rng.getrandbits(256)
    elif what == "exclusion":
        new["excluded"].pop()
    elif what == "control":
        new.setdefault("controls", []).append({"id": "one-more-control", "evidence": Word("none")})
    else:
        control = rng.choice(proved)
        entry = rng.choice(control["evidence"])
        change_entry(rng, what, control, entry)
        return what, new, control["id"]
    return what, new, None


def change_entry(rng, what, control, entry):
    if what == "fresh":
        entry["fresh"] = "91d"
    elif what == "mode":
        entry["mode"] = "observe" if entry.get("mode") == "enforce" else "enforce"
    elif what == "proof":
        control["evidence"] = Word("none")
    elif "expect" not in entry:
        entry["expect"] = {"n": Bare("1000")}
    else:
        name = rng.choice(list(entry["expect"]))
        bound = entry["expect"][name]
        if isinstance(bound, list):
            bound.append("one more")
        elif isinstance(bound, dict):
            op = rng.choice(list(bound))
            if isinstance(bound[op], list):
                bound[op].append("one more")
            else:
                bound[op] = "99w" if op == "max-age" else tweak(rng, bound[op])
        else:
            entry["expect"][name] = tweak(rng, bound)


def main(seed, count):
    rng = random.Random(int(seed))
    maker = Maker(rng)
    for _ in range(int(count)):
        sys.stdout.write(Writer(rng).document(maker.document()) + "\0")


if __name__ == "__main__":
    main(*sys.argv[1:])
