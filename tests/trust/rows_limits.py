"""Time stamps, what the organisation proves once for many systems, waived proofs where none may be, second names of people, and a root that
claims to follow the pinned one."""
import base64
import copy
import json

import authority
import catalogue
from envelope import encode, payload_of, sealed, statement_of
from ring import day
from row import INSIDER, LEADS, PROOF, REPO, Row, shared_out
from rows_keys import own_root, text, then
from rows_plan import without_threats

CHAIN = PROOF + " TM017 TM022"


# Stamps: they are no part of what is signed

def stripped(case):
    for record in case.records():
        case.rewrite(record, [{k: v for k, v in s.items() if k != "timestamp"} for s in record.envelope["signatures"]])


def borrowed(case):
    """Every record carries the stamp of another one."""
    records = case.records()
    stamps = [r.envelope["signatures"][0]["timestamp"] for r in records]
    for record, stamp in zip(records, stamps[1:] + stamps[:1]):
        case.rewrite(record, [dict(s, timestamp=stamp) for s in record.envelope["signatures"]])


def own_authority(case):
    """Stamps of an authority that keys.yaml does not know."""
    other = authority.Authority(case.top / "own-tsa")
    for record in case.records():
        made = [dict(s, timestamp=base64.b64encode(other.token(base64.b64decode(s["sig"]))).decode()) for s in record.envelope["signatures"]]
        case.rewrite(record, made)
    other.close()


def stamps(world):
    severities = {t["severity"] for t in world.document().data()["threats"]}
    if "critical" not in severities:
        return
    weak = "TM005 TM015"
    yield Row("stamp", "all are taken away", REPO, stripped, weak)
    yield Row("stamp", "each is another record's", REPO, borrowed, weak)
    yield Row("stamp", "of an authority that nobody knows", REPO, own_authority, weak)
    yield Row("stamp", "noise", REPO, lambda c: [c.rewrite(r, [dict(s, timestamp="AAAA") for s in r.envelope["signatures"]]) for r in c.records()],
              weak + " TM017")


# Proved once

def shared(world):
    for query in world.queries():
        if not query.once:
            continue
        name = query.name()

        def other_cover(statement):
            for subject in statement["subject"]:
                subject.update(name="system:elsewhere", digest={"sha256": "5" * 64})

        def renamed(statement):
            for subject in statement["subject"]:
                subject["digest"] = {"sha256": "5" * 64}
        for what, change in (("covers another system", other_cover), ("covers it in name only", renamed),
                             ("is about this system instead of the organisation", lambda s: s["predicate"]["record"].update(system=world.id)),
                             ("is about another organisation", lambda s: s["predicate"]["record"].update(system="elsewhere")),
                             ("has n 0", lambda s: s["predicate"]["record"].update(n=0)),
                             ("observes", lambda s: s["predicate"]["record"].update(mode="observe")),
                             ("found what must not be",
                              lambda s: s["predicate"]["observed"]["bindings"].append({"member": "allUsers", "role": "owner"})),
                             ("is of long ago", lambda s: s["predicate"]["record"].update(time="2026-01-01T00:00:00Z")),
                             ("is of the future", lambda s: s["predicate"]["record"].update(time="2090-01-01T00:00:00Z"))):
            yield Row("proved once", f"{name} {what}", INSIDER, lambda c, f=change: c.lie(name, f), PROOF)
        for who in ("intern", "haas", "leaked"):
            key = f"{world.key_for(query).holder}-leaked" if who == "leaked" else who
            if key in world.tools.ring.keys:
                yield Row("proved once", f"{name} signed by {key}", INSIDER, lambda c, k=key: c.lie(name, touch, c.key(k)), CHAIN)
        yield Row("proved once", f"{name} signed by a key that nobody knows", REPO, lambda c: c.lie(name, touch, c.ring.stranger), CHAIN)
        yield Row("proved once", f"{name} edited, signature kept", REPO, lambda c: edited(c, name), CHAIN)
        yield Row("proved once", f"{name} withheld", REPO, lambda c: [r.path.unlink() for r in c.records(query=name)], CHAIN)
        yield Row("proved once", f"{name} newest withheld", REPO, lambda c: c.newest(name).path.unlink(), CHAIN)


def touch(statement):
    statement["predicate"]["record"]["n"] += 1


def edited(case, name):
    for record in case.records(query=name):
        statement = copy.deepcopy(record.statement)
        statement["subject"].append({"name": "system:more", "digest": {"sha256": "5" * 64}})
        record.path.write_text(json.dumps(dict(record.envelope, payload=base64.b64encode(encode(statement)).decode())))


# Not applicable, where nothing may be waived

def waived(query):
    """The proof was never made, and the security lead says that it does not apply."""
    def apply(case):
        case.forget(query)
        case.approve("security-lead", case.spec.leads[1], "--not-applicable", query, "--reason", "not here", "--until", day(30))
    return apply


def waivers(world):
    doc = world.document()
    for threat in doc.data()["threats"]:
        r = threat["resolution"]
        for field, names, rule in (("condition", r.get("conditions", []), "TM013"), ("absent", r.get("absent", []), "TM014"),
                                   ("relies-on", r.get("relies-on", []), "TM013"), ("interim", r.get("interim", {}).get("controls", []), "TM008")):
            for control in names:
                evidence = doc.keys("controls", control, "evidence")[0] if doc.has("controls", control) else None
                if evidence:
                    yield Row("not-applicable", f"{control}/{evidence}, {field} of {threat['id']}", INSIDER, waived(f"{control}/{evidence}"), rule)


# People

def people(world):
    first, second = world.spec.leads
    alias = {"okafor": "okafor-alias", "ito": "ito-alias", "adeyemi": "adeyemi-alias"}[first]
    control, evidence = world.spec.victim
    holder = world.tools.ring.keys[alias].holder

    def both_leads(case):
        case.edit(lambda d: d.set("owners", "security-lead", holder))
        case.body()
        case.second_lead("ml-lead", first, "security-lead", alias)

    def producer(case):
        def change(doc):
            doc.set("controls", control, "evidence", evidence, "signer", holder)
            if doc.has("controls", control, "evidence", evidence, "role"):
                doc.remove("controls", control, "evidence", evidence, "role")
        case.edit(change)
        case.body()
        case.append(f"{control}/{evidence}", key=case.key(alias), producer=holder)

    def service(case):
        case.edit(lambda d: d.set("owners", "ml-lead", "sign-bot"))
        case.body()
        case.second_lead("security-lead", second, "ml-lead", "robot")

    yield Row("one person in two roles", "the ML lead is the security lead under another name", INSIDER, both_leads, "TM028 TM003 TM021",
              also="TM003 TM021 TM023")
    yield Row("one person in two roles", "the ML lead is the producer under another name", LEADS, producer, "TM028 " + PROOF)
    yield Row("wrong role", "a service is the ML lead", INSIDER, service, "TM003 TM028 TM023")
    yield Row("another system", "the threat model takes another system's name", LEADS, lambda c: c.edit(lambda d: d.set("id", f"{world.id}-eu")),
              PROOF)
    if not any(query.once for query in world.queries()):
        yield Row("org.yaml edited", "inherits is gone with the file, and both leads sign", LEADS, without_org, "TM001 TM022", also="TM003")


def without_org(case):
    (case.redan / "org.yaml").unlink()
    (case.redan / "org.dsse.json").unlink()
    case.edit(lambda d: d.remove("inherits"))


# In small steps: each is approved by the leads, and the next is compared with it

def salami(world):
    profile = world.document().data()["profile"]
    depth = world.document("org.yaml").data()["rules"].get("depth", "page")
    must = set(catalogue.mandatory(profile, depth))
    flag = next(k for k, v in profile.items() if v is True and must - set(catalogue.mandatory({**profile, k: False}, depth)))

    def narrowed(case):
        without_threats(lambda d: d.set("profile", flag, "false"), ())(case)
        case.body(but="--profile")
        case.leads()
        case.edit(lambda d: d.set("name", "Some other words"))
    yield Row("profile narrowed", f"{flag} is denied, approved by the leads, and then some prose is approved", LEADS, narrowed, "TM026")


# A root that says that it follows the pinned one

def follower(*signers):
    """keys.yaml stands on the attacker's root, lists the pinned one as former, and is signed by whom he has."""
    def apply(case):
        ring = own_root(case)
        lines = ring.text(case.org, 3, case.tools.authority.certificate)
        for name in ("root-1", "root-2", "root-3"):
            lines = lines.replace("roles:\n", entry(f"old-{name}", case.key(name)) + "roles:\n", 1)
        lines = lines.replace("keys:\n  - id: root-1\n", "former:\n  - {threshold: 2, keys: [old-root-1, old-root-2, old-root-3]}\nkeys:\n  - id: root-1\n", 1)
        case.write("keys.yaml", lines)
        keys = [ring.keys["root-1"], ring.keys["root-2"]] + [case.key(k) for k in signers]
        case.root_sign_as("keys.yaml", keys)
        case.root_sign_as("org.yaml", keys)
    return apply


def entry(name, key):
    block = "".join(f"      {line}\n" for line in key.public.strip().split("\n"))
    return f"  - id: {name}\n    holder: a.root\n    public: |\n{block}    from: 2020-01-01\n    until: 2099-01-01\n"


def handover(world):
    for what, signers in (("signed by the attacker's root alone", ()), ("and one key of the pinned root", ("root-1",)),
                          ("and one key of the pinned root twice", ("root-1", "root-1")), ("and one key of the pinned root and one lead",
                           ("root-1", world.spec.leads[0]))):
        yield Row("another root", f"it claims to follow the pinned one: {what}", INSIDER, follower(*signers), "TM001", "not on the pinned one",
                  also="TM003", shared=True)
    yield Row("another root", "the pinned root has handed over, and the pin has not changed", INSIDER, follower("root-1", "root-2"), "TM001",
              also="TM003", shared=True)
    for state, line in (("expired", f"    until: {day(-1)}"), ("compromised", "    until: 2099-01-01\n    revoked: {at: 2026-01-01, reason: compromise}")):
        step = text("keys.yaml", r"(  - id: root-2\n(?:    .*\n|      .*\n)*?)    until: 2099-01-01", lambda m, s=line: m.group(1) + s)
        yield Row("expired, retired or compromised key", f"of the root: {state}", INSIDER,
                  then(step, lambda c: c.root_sign_as("keys.yaml", [c.key("root-1"), c.key("root-2")])), "TM001 TM021")


# Two readings of one payload

def double_payload(world):
    def apply(case):
        path, envelope, _ = case.current()[0]
        payload = payload_of(envelope).replace(b'"kind":"release"', b'"kind":"release","kind":"release"')
        signer = next(k for k in case.ring.keys.values() if k.keyid == envelope["signatures"][0]["keyid"])
        made = dict(envelope, payload=base64.b64encode(payload).decode(), signatures=[signer.sign(payload)])
        path.write_text(json.dumps(made))
    yield Row("forged approval", "a key twice in what is signed", INSIDER, apply, "TM017 TM003")

    def two_subjects(case):
        """One signature for two threat models: the first subject is another one."""
        for path, envelope, _ in case.current():
            statement = statement_of(envelope)
            statement["subject"].insert(0, {"name": "threat-model:x", "digest": {"sha256": "5" * 64}})
            signer = next(k for k in case.ring.keys.values() if k.keyid == envelope["signatures"][0]["keyid"])
            path.unlink()
            case.file_approval(sealed(statement, signer))
    yield Row("forged approval", "two subjects, the first another threat model", INSIDER, two_subjects, "TM003 TM017 TM023")


def rows(world):
    for table in (shared, waivers, people, salami, handover):
        yield from table(world)
    for table in (stamps, double_payload):
        yield from shared_out(table(world))
