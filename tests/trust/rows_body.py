"""Everything that the governance body must sign, and everybody who may not sign it: interims, residuals, lowered severities, exclusions,
exceptions and narrowed profiles. The same with the right signatures passes, which is the control group."""
import json

import catalogue
from case import now
from envelope import statement_of
from ring import day
from row import LEADS, REPO, Row
from rows_plan import GRAVE, anew, exclude, midnight, with_exception, without_threats


def decision(change, kind, about, rule, what):
    return {"change": change, "kind": kind, "about": about, "rule": rule, "what": what}


def decisions(world):
    """One of each kind that this system can have."""
    doc = world.document()
    data, org = doc.data(), world.document("org.yaml").data()
    threats = data["threats"]
    depth = org["rules"].get("depth", "page")
    must = catalogue.mandatory(data["profile"], depth)
    known = catalogue.archetypes()
    planned = next(t for t in threats if t["resolution"]["kind"] == "planned")
    answered = [t for t in threats if t["resolution"]["kind"] == "control"]
    plan = f"{{kind: planned, owner: d.moreau, ticket: X-1, opened: {day(-1)}, due: {day(100)}, interim: {{controls: [], residual: low}}}}"
    if planned["severity"] in GRAVE:
        yield decision(lambda c: None, "acceptance", planned["id"], "TM009", "the interim of a plan")
    grave = next((t["id"] for t in answered if t["severity"] in GRAVE), None)
    if grave:
        yield decision(tree(lambda d: d.set("threats", grave, "resolution", plan)), "acceptance", grave, "TM009", "a plan instead of an answer")
    first = answered[0]["id"]
    yield decision(tree(lambda d: d.set("threats", first, "resolution", "residual", "critical")), "acceptance", first, "TM006", "a critical residual")
    low = next((t["id"] for t in answered if known.get(t.get("archetype"), {}).get("floor") in ("medium", "high", "critical")), None)
    if low:
        yield decision(tree(lambda d: d.set("threats", low, "severity", "low")), "acceptance", low, "TM024", "a severity under the floor")
    gone = next((t for t in answered if t.get("archetype") in must and sum(u.get("archetype") == t["archetype"] for u in threats) == 1), None)
    if gone:
        yield decision(exclude(gone["archetype"], gone["id"]), "exclusion", gone["archetype"], "TM025", "an exclusion")
    for flag in [k for k, v in data["profile"].items() if v is True]:
        lost = set(must) - set(catalogue.mandatory({**data["profile"], flag: False}, depth))
        if lost:
            yield decision(without_threats(lambda d, f=flag: d.set("profile", f, "false"), ()), "profile", None, "TM026", f"a profile without {flag}")
            break
    for control in org.get("controls", []):
        if control["id"] in {q.control for q in world.queries()}:
            entry = control["evidence"][0]["id"]
            loose = with_exception(anew(control["id"], lambda d, p: d.set(*p, "evidence", entry, "fresh", "365d")), control["id"])
            yield decision(then_record(loose, control["id"], entry), "exception", control["id"], "TM027", "an exception")


def tree(change):
    return lambda case: case.edit(change)


def then_record(step, control, evidence):
    """Defined anew, the control asks about the system itself: it has to be proved for it."""
    def apply(case):
        step(case)
        case.record(case.query(f"{control}/{evidence}"))
    return apply


def decided(what, *names, **fields):
    """Everybody has signed the decision as they should; then the body's signatures go, and these are there instead."""
    def apply(case):
        about = {"about": what["about"]} if what["about"] else {}
        before = {path for path, _, _ in case.approvals(kind=what["kind"], **about)}
        what["change"](case)
        case.body()
        found = case.approvals(kind=what["kind"], **about)
        if len(found) < 2:
            raise KeyError(f"the body was not asked for {what['what']}")
        found.sort(key=lambda a: a[0] not in before)  # what was signed just now comes last
        for path, _, _ in found:
            path.unlink()
        for name in names:
            case.forge(found[-1], case.ring.stranger if name == "stranger" else case.key(name), **fields)
    return apply


def rows(world):
    first, second = world.spec.leads
    signers = [
        ("quorum short by one", "one of the board", ("haas",)),
        ("quorum short by one", "nobody", ()),
        ("one person twice", "one of the board with two keys", ("haas", "haas-2")),
        ("one person twice", "one of the board under two names", ("haas", "haas-alias")),
        ("self-signed acceptance", "the ML lead and one of the board", (first, "haas")),
        ("self-signed acceptance", "the security lead and one of the board", (second, "haas")),
        ("wrong role", "a service of the board", ("robot", "haas")),
        ("wrong role", "somebody of the office", ("clerk", "haas")),
        ("wrong role", "a key that nobody knows", ("stranger", "haas")),
    ] + [("expired, retired or compromised key", f"of the board: {state}", (f"e.iri-{state}", "haas")) for state in ("expired", "early", "retired", "leaked")]
    fields = [("another system", "for another system", {"system": "elsewhere"}), ("forged approval", "that have ended", {"until": "2026-01-01T00:00:00Z"}),
              ("forged approval", "of two years ago", {"time": "2024-01-01T00:00:00Z"}), ("forged approval", "from the future",
               {"time": "2090-01-01T00:00:00Z"}),
              ("wrong role", "as ml-lead", {"role": "ml-lead"}), ("forged approval", "of another kind", {"kind": "not-applicable"})]
    for what in decisions(world):
        name = f"{what['what']} ({what['about'] or world.id})"
        rule = what["rule"]
        yield Row("signed decisions", name, LEADS, decided(what, "haas", "ngo"), "pass")
        yield Row("signed decisions", f"{name}, by two others", LEADS, decided(what, "iri", "ngo"), "pass", shared=True)
        for family, who, keys in signers:
            yield Row(family, f"signs {name}: {who}", LEADS, decided(what, *keys), rule, shared=True)
        for family, how, changed in fields:
            if what["kind"] == "profile" and how in ("that have ended", "of two years ago"):
                continue  # it was narrowed once; nobody has to say it again
            yield Row(family, f"signatures {how} under {name}", LEADS, decided(what, "haas", "ngo", **changed), rule, shared=True)
        if what["kind"] == "exclusion":
            yield Row("exclusion ended", f"{name}: a year after it was signed", LEADS, later(what, 370), rule, also="TM007")
        if what["kind"] == "exception":
            yield Row("exception ended", f"{name}: a second past its end", LEADS, ending(what), rule)
            yield Row("exception ended", f"{name}: loosened once more", LEADS, more(what), rule)
    for kind, rule in (("exclusion", "TM025"), ("acceptance", "TM012")):
        if any(json_kind(p) == kind for p in (world.redan / "approvals").iterdir()):
            yield Row("another system", f"its {kind}s, laid here", REPO, lambda c, k=kind: from_twin(c, k), rule)
    plan = next((d for d in decisions(world) if d["what"] == "a plan instead of an answer"), None)
    if plan:
        for who, key in (("its owner", "moreau"), ("its owner under another name", "moreau-alias")):
            yield Row("self-signed acceptance", f"{plan['what']}: {who} and one of the board", LEADS, decided(plan, key, "haas"), "TM009")


def json_kind(path):
    return statement_of(json.loads(path.read_text()))["predicate"]["kind"]


def from_twin(case, kind):
    for path, _, _ in case.approvals(kind=kind):
        path.unlink()
    for path in (case.base.twin.redan / "approvals").iterdir():
        if json_kind(path) == kind:
            case.file_approval(json.loads(path.read_text()))


def later(what, days):
    def apply(case):
        decided(what, "haas", "ngo", time=now(-5))(case)
        case.at(midnight(days))
    return apply


def ending(what):
    """The exception ends tomorrow; the check is at that very second."""
    def apply(case):
        what["change"](case)
        case.edit(lambda d: d.set("exceptions", what["about"], "expires", day(1)))
        case.body()
        case.at(midnight(1))
    return apply


def more(what):
    """It was signed as it was; then the control asks for still less."""
    def apply(case):
        what["change"](case)
        case.body()
        control = case.document().data("controls", what["about"])
        case.edit(lambda d: d.set("controls", what["about"], "evidence", control["evidence"][0]["id"], "fresh", "3000d"))
    return apply
