"""What the two leads may not decide alone, and what time decides: plans, acceptances, severities, profiles, exclusions, inheritance."""
import datetime

import catalogue
from ring import day
from row import INSIDER, LEADS, PROOF, REPO, Row, edits

GRAVE = ("high", "critical")
SEVERITIES = ["low", "medium", "high", "critical"]


def midnight(offset, seconds=0):
    now = datetime.datetime.now(datetime.timezone.utc)
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + datetime.timedelta(days=offset, seconds=seconds)


def resolution(threat, field, value):
    return edits(lambda d: d.set("threats", threat, "resolution", field, value))


def signed_with(*changes):
    """Edits that the body signs too; the leads follow, as for every row of theirs."""
    def apply(case):
        case.edit(lambda d: [c(d) for c in changes])
        case.body()
    return apply


def tomorrow(field, threat, second=0, where="resolution"):
    """Everybody has signed that it ends tomorrow; the check runs at that very second, or just before it."""
    def apply(case):
        path = ("threats", threat, "resolution", field) if where == "resolution" else where
        signed_with(lambda d: d.set(*path, day(1)))(case)
        case.at(midnight(1, second))
    return apply


# Plans

def redated(case, threat, *offsets, forget=True):
    """The due date slips again and again, each time with both signatures; the list of slips is left as it was, or emptied."""
    for offset in offsets:
        def change(doc):
            doc.set("threats", threat, "resolution", "due", day(offset))
            if forget:
                unlist(doc, threat)
        case.edit(change)
        case.body()
        case.leads()


def rekeyed(threat, **fields):
    """The same plan under another id, begun today, with the longest term there is."""
    def apply(case):
        def change(doc):
            doc.set("threats", threat, "id", f"{threat}-again")
            doc.set("threats", f"{threat}-again", "resolution", "opened", day(0))
            doc.set("threats", f"{threat}-again", "resolution", "due", day(175))
            unlist(doc, f"{threat}-again")
            for field, value in fields.items():
                doc.set("threats", f"{threat}-again", "resolution", field, value)
        case.edit(change)
        case.body()
    return apply


def unlist(doc, threat):
    if doc.has("threats", threat, "resolution", "redates"):
        doc.remove("threats", threat, "resolution", "redates")


def reopened(threat, opened, due):
    return signed_with(lambda d: unlist(d, threat), lambda d: d.set("threats", threat, "resolution", "opened", day(opened)),
                       lambda d: d.set("threats", threat, "resolution", "due", day(due)))


def paused(case, threat):
    """The plan is an acceptance for one release, and then a new plan."""
    kept = case.document()
    pause = f"{{kind: accepted, body: risk-board, reason: a pause, residual: low, expires: {day(100)}}}"
    case.edit(lambda d: d.set("threats", threat, "resolution", pause))
    case.body()
    case.leads()
    kept.set("threats", threat, "resolution", "opened", day(0))
    kept.set("threats", threat, "resolution", "due", day(175))
    unlist(kept, threat)
    case.write("threatmodel.yaml", kept.text())
    case.body()


def plans(world):
    threat = next(t for t in world.document().data()["threats"] if t["resolution"]["kind"] == "planned")
    name, grave = threat["id"], threat["severity"] in GRAVE
    clock = "TM007"
    yield Row("overdue by one second", f"{name} at midnight of its due date", LEADS, tomorrow("due", name), clock, "was due")
    yield Row("overdue by one second", f"{name} long after", REPO, lambda c: c.at(midnight(91)), clock)
    yield Row("third re-date", f"{name} slips three times, the list of slips is emptied", LEADS, lambda c: redated(c, name, 95, 100, 105), clock)
    yield Row("third re-date", f"{name} slips four times, the list of slips stays", LEADS, lambda c: redated(c, name, 95, 98, 101, 104, forget=False),
              clock)
    yield Row("third re-date", "three slips are listed", REPO, resolution(name, "redates", f"[{day(-40)}, {day(-30)}, {day(-20)}]"), "TM021")
    yield Row("clock of a plan restarted", "under another id", LEADS, rekeyed(name), clock)
    yield Row("clock of a plan restarted", "under another id and ticket", LEADS, rekeyed(name, ticket="NEW-1"), clock)
    yield Row("clock of a plan restarted", "opened is moved to today", LEADS, reopened(name, 0, 175), clock)
    yield Row("clock of a plan restarted", "opened is moved by a month", LEADS, reopened(name, -20, 155), clock)
    yield Row("clock of a plan restarted", "opened is moved to its first approval", LEADS, reopened(name, -50, 125), clock)
    yield Row("clock of a plan restarted", "opened is still to come", LEADS, reopened(name, 5, 100), clock)
    yield Row("clock of a plan restarted", "an acceptance in between", LEADS, lambda c: paused(c, name), clock)
    yield Row("clock of a plan restarted", "due more than the rules allow after opened", REPO, resolution(name, "due", day(140)), "TM021")
    if grave:
        yield Row("interim not signed", f"{name} with no interim control", LEADS, resolution(name, "interim", "{controls: [], residual: low}"),
                  "TM009")
        yield Row("interim not signed", f"{name} with a higher residual", LEADS,
                  edits(lambda d: d.set("threats", name, "resolution", "interim", "residual", "critical")), "TM009")
        yield Row("interim not signed", f"{name} with another owner", LEADS, resolution(name, "owner", "v.other"), "TM009")
    for other in world.document().data()["threats"]:
        if other["resolution"]["kind"] == "control" and other["severity"] in GRAVE:
            plan = f"{{kind: planned, owner: d.moreau, ticket: X-1, opened: {day(-1)}, due: {day(100)}, interim: {{controls: [], residual: low}}}}"
            yield Row("interim not signed", f"{other['id']} planned instead of answered", LEADS,
                      edits(lambda d, o=other["id"], p=plan: d.set("threats", o, "resolution", p)), "TM009")


# Acceptances

def acceptances(world):
    doc = world.document()
    threat = next(t for t in doc.data()["threats"] if t["resolution"]["kind"] == "accepted")
    name, stands = threat["id"], threat["resolution"]
    unsigned = "TM012"
    yield Row("acceptance expired by one second", name, LEADS, tomorrow("expires", name), "TM011", "expired")
    yield Row("acceptance expired by one second", f"{name} long after", REPO, lambda c: c.at(midnight(181)), "TM011")
    yield Row("acceptance loosened", f"{name} runs for two years", LEADS,
              signed_with(lambda d: d.set("threats", name, "resolution", "expires", day(700))), "TM011")
    yield Row("acceptance loosened", f"{name} runs a month longer", LEADS, resolution(name, "expires", day(210)), unsigned)
    yield Row("acceptance loosened", f"{name} without conditions", LEADS, edits(lambda d: d.remove("threats", name, "resolution", "conditions")),
              unsigned)
    yield Row("acceptance loosened", f"{name} for another reason", LEADS, resolution(name, "reason", "because"), unsigned)
    yield Row("acceptance loosened", f"{name} with a higher residual", LEADS, resolution(name, "residual", "critical"), unsigned)
    yield Row("acceptance loosened", f"{name} of another severity", LEADS,
              edits(lambda d: d.set("threats", name, "severity", "high" if threat["severity"] != "high" else "critical")), unsigned)
    yield Row("acceptance loosened", f"{name} by a body of one person", REPO, resolution(name, "body", "office"), "TM003 TM012 TM021")
    yield Row("acceptance loosened", f"{name} by the leads as the body", REPO, resolution(name, "body", "security-lead"), "TM021")
    if "relies-on" in stands:
        yield Row("acceptance loosened", f"{name} relies on nothing", LEADS, edits(lambda d: d.remove("threats", name, "resolution", "relies-on")),
                  unsigned)
        for control in stands["relies-on"]:
            yield Row("acceptance condition loosened", f"{control}, on which it relies, is fresh for ten years", LEADS, fresh(control, doc), unsigned)
    for control in stands.get("conditions", []):
        yield Row("acceptance condition loosened", f"{control} is fresh for ten years", LEADS, fresh(control, doc), unsigned)
        evidence = doc.keys("controls", control, "evidence")[0]
        yield Row("acceptance condition loosened", f"{control} is signed by an intern's job", LEADS,
                  edits(lambda d, c=control, e=evidence: d.set("controls", c, "evidence", e, "signer", "intern-job")), unsigned)
        yield Row("acceptance condition loosened", f"{control} claims only", LEADS,
                  edits(lambda d, c=control: d.set("controls", c, "evidence", "none")), unsigned)
        yield Row("acceptance condition loosened", f"{control}: its proof fails", INSIDER,
                  lambda c, q=f"{control}/{evidence}": c.record(c.query(q), n=0), "TM013")
    for other in doc.data()["threats"]:
        if other["resolution"]["kind"] == "control":
            accepted = f"{{kind: accepted, body: risk-board, reason: it is rare, residual: low, expires: {day(100)}}}"
            yield Row("self-signed acceptance", f"{other['id']} accepted instead of answered", LEADS,
                      edits(lambda d, o=other["id"], a=accepted: d.set("threats", o, "resolution", a)), unsigned)
            yield Row("residual over the appetite", f"{other['id']} is left critical", LEADS, resolution(other["id"], "residual", "critical"),
                      "TM006")


def fresh(control, doc):
    evidence = doc.keys("controls", control, "evidence")[0]
    return edits(lambda d: d.set("controls", control, "evidence", evidence, "fresh", "3650d"))


# Severity, profile, exclusions

def severities(world):
    floors = {i: a.get("floor") for i, a in catalogue.archetypes().items()}
    floors.update(world.document("org.yaml").data().get("floors", {}))
    for threat in world.document().data()["threats"]:
        floor = floors.get(threat.get("archetype"))
        for severity in SEVERITIES[:SEVERITIES.index(floor)] if floor else []:
            if severity == threat["severity"]:
                continue
            change = edits(lambda d, t=threat["id"], s=severity: d.set("threats", t, "severity", s))
            yield Row("severity under the floor", f"{threat['id']} becomes {severity}, floor {floor}", LEADS, change, "TM024")
        for severity in SEVERITIES[:SEVERITIES.index(threat["severity"])]:
            yield Row("severity lowered", f"{threat['id']} becomes {severity}", REPO,
                      edits(lambda d, t=threat["id"], s=severity: d.set("threats", t, "severity", s)), "TM003", shared=True)


def profiles(world):
    doc = world.document()
    data, org = doc.data(), world.document("org.yaml").data()
    profile, depth = data["profile"], org["rules"].get("depth", "page")
    before = set(catalogue.mandatory(profile, depth))
    for flag, value in profile.items():
        if value is True:
            lost = before - set(catalogue.mandatory({**profile, flag: False}, depth))
            for what, change in (("is denied", lambda d, f=flag: d.set("profile", f, "false")), ("is not said", lambda d, f=flag: d.remove("profile", f))):
                yield Row("profile narrowed", f"{flag} {what}", REPO, edits(change), "TM003 TM012 TM021", shared=True)
                if lost:
                    yield Row("profile narrowed", f"{flag} {what}: {', '.join(sorted(lost))}", LEADS, edits(change), "TM026")
                    yield Row("profile narrowed", f"{flag} {what}, and the threats are gone", LEADS, without_threats(change, lost), "TM026")
    for kind in profile["kind"]:
        rest = [k for k in profile["kind"] if k != kind]
        lost = before - set(catalogue.mandatory({**profile, "kind": rest}, depth))
        if rest and lost:
            yield Row("profile narrowed", f"kind without {kind}: {', '.join(sorted(lost))}", LEADS,
                      edits(lambda d, r=rest: d.set("profile", "kind", f"[{', '.join(r)}]")), "TM026")
    if profile["kind"] == ["predictive"]:
        yield Row("profile narrowed", "another kind", LEADS, edits(lambda d: d.set("profile", "kind", "[llm]")), "TM026")


def without_threats(change, archetypes):
    def apply(case):
        doc = case.document()
        change(doc)
        for threat in doc.data()["threats"]:
            if threat.get("archetype") in archetypes and len(doc.keys("threats")) > 1:
                doc.remove("threats", threat["id"])
        case.write("threatmodel.yaml", doc.text())
    return apply


def exclude(archetype, threat=None):
    def apply(case):
        def change(doc):
            if threat:
                doc.remove("threats", threat)
            entry = f'{{archetype: {archetype}, reason: "it cannot happen here", by: {case.ring.keys[case.spec.leads[1]].holder}}}'
            if doc.has("excluded"):
                doc.append("excluded", entry)
            else:
                doc.set("excluded", f"[{entry}]")
        case.edit(change)
    return apply


def unnamed(doc, threat):
    """A threat that answers no archetype any more."""
    doc.remove("threats", threat, "archetype")
    doc.set("threats", threat, "name", "Something")
    doc.set("threats", threat, "stage", "data")


def exclusions(world):
    doc = world.document()
    data, org = doc.data(), world.document("org.yaml").data()
    must = catalogue.mandatory(data["profile"], org["rules"].get("depth", "page"))
    for threat in data["threats"]:
        archetype = threat.get("archetype")
        if archetype not in must or sum(t.get("archetype") == archetype for t in data["threats"]) > 1:
            continue
        gone = edits(lambda d, t=threat["id"]: d.remove("threats", t))
        yield Row("mandatory threat deleted", f"{threat['id']} ({archetype})", LEADS, gone, "TM016")
        yield Row("mandatory threat deleted", f"{threat['id']} is no {archetype} any more", LEADS,
                  edits(lambda d, t=threat["id"]: unnamed(d, t)), "TM016")
        yield Row("exclusion not signed", f"{archetype} instead of {threat['id']}", LEADS, exclude(archetype, threat["id"]), "TM025")
    for entry in data.get("excluded", []):
        archetype = entry["archetype"]
        path = ("excluded", archetype)
        yield Row("mandatory threat deleted", f"the exclusion of {archetype} is taken away", LEADS,
                  edits(lambda d, a=archetype: d.remove("excluded", a)), "TM016")
        yield Row("exclusion not signed", f"{archetype} for another reason", LEADS, edits(lambda d, p=path: d.set(*p, "reason", "never mind")),
                  "TM025")
        yield Row("exclusion not signed", f"{archetype} by somebody else", LEADS, edits(lambda d, p=path: d.set(*p, "by", "nobody")), "TM025")
        yield Row("exclusion ended", f"{archetype} a second past its end", LEADS, tomorrow("expires", None, where=(*path, "expires")), "TM025")
        yield Row("exclusion ended", f"{archetype} with an end that has passed", LEADS, edits(lambda d, p=path: d.set(*p, "expires", day(-1))),
                  "TM025")
        yield Row("exclusion ended", f"{archetype} a year after it was signed", REPO, lambda c: c.at(midnight(370)), "TM025")


# What the organisation proves once

def anew(control, change):
    """The organisation's control, defined anew in the system, with a change."""
    def apply(case):
        shared = case.document("org.yaml")
        node = shared.node("controls", control)
        shared.remove("controls", control, "scope") if shared.has("controls", control, "scope") else None
        change(shared, ("controls", control))

        def add(doc):
            doc.node("controls").value.append(node)
        case.edit(add)
    return apply


def inheritance(world):
    shared = world.document("org.yaml").data().get("controls", [])
    used = {q.control for q in world.queries()}
    for control in shared:
        if control["id"] not in used:
            continue
        entry = control["evidence"][0]
        name, evidence = control["id"], entry["id"]
        at = ("evidence", evidence)
        table = [("claims only", lambda d, p: d.set(*p, "evidence", "none")),
                 ("is fresh for a year", lambda d, p: d.set(*p, *at, "fresh", "365d")),
                 ("is signed by an intern's job", lambda d, p: d.set(*p, *at, "signer", "intern-job")),
                 ("is another type", lambda d, p: d.set(*p, *at, "type", "policy")),
                 ("asks another ledger", lambda d, p: d.set(*p, *at, "ledger", "dev/any")),
                 ("observes", lambda d, p: d.set(*p, *at, "mode", "observe"))]
        table += [(f"does not ask {field}", lambda d, p, f=field: d.remove(*p, *at, "expect", f)) for field in entry["expect"] if len(entry["expect"]) > 1]
        table += [(f"asks less of {field}", lambda d, p, f=field: d.set(*p, *at, "expect", f, '{"!=": nonsense}')) for field in entry["expect"]]
        for what, change in table:
            yield Row("inherited control loosened", f"{name} {what}", LEADS, anew(name, change), "TM027")
            yield Row("exception not signed", f"{name} {what}", LEADS, with_exception(anew(name, change), name), "TM027")
        if "not system.hosts_model" in control.get("scope", ""):
            yield Row("inherited control out of scope", name, LEADS, edits(lambda d: d.set("profile", "hosts_model", "true")), "TM029")
        yield Row("inherited control out of scope", f"{name} has a scope of the system's own", REPO,
                  anew(name, lambda d, p: d.set(*p, "scope", '"system.hosts_model"')), "TM021")


def with_exception(step, control):
    def apply(case):
        step(case)
        entry = f"{{control: {control}, reason: for now, owner: d.moreau, expires: {day(60)}}}"
        case.edit(lambda d: d.set("exceptions", f"[{entry}]"))
    return apply


# Duties

def duties(world):
    first, second = (world.tools.ring.keys[k] for k in world.spec.leads)
    control, evidence = world.spec.victim
    for lead in (first, second):
        def apply(case, lead=lead):
            def change(doc):
                doc.set("controls", control, "evidence", evidence, "signer", lead.holder)
                if doc.has("controls", control, "evidence", evidence, "role"):
                    doc.remove("controls", control, "evidence", evidence, "role")
            case.edit(change)
            case.body()
            case.append(f"{control}/{evidence}", key=lead, producer=lead.holder)
        yield Row("one person in two roles", f"the lead {lead.holder} is the producer of {control}", LEADS, apply, "TM028 " + PROOF)
    yield Row("one person in two roles", "one person is both leads", REPO, edits(lambda d: d.set("owners", "security-lead", first.holder)), "TM021")
    yield Row("one person in two roles", "the plan's owner accepts its interim or the threat instead of it", INSIDER, lambda c: owner_accepts(c),
              "TM009 TM012")


def owner_accepts(case):
    """The owner of the plan is on the board; he and one other sign what the plan stands on."""
    threat = next((t for t in case.document().data()["threats"] if t["resolution"]["kind"] == "planned" and t["severity"] in GRAVE), None)
    if not threat:
        case.accept_by(case.spec.leads[0], "haas")
        return
    owner = case.ring.of(threat["resolution"]["owner"]).name if threat["resolution"]["owner"] in case.ring.holders else case.spec.leads[0]
    case.accept_by(owner, "haas", about=threat["id"])


def rows(world):
    for table in (plans, acceptances, severities, profiles, exclusions, inheritance, duties):
        yield from table(world)
