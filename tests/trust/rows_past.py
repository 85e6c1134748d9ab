"""The past of a threat model, made anew: steps that went in small bites, that others forged, that were deleted, or that were signed for another
time; and records that are spoiled where they lie."""
import base64

import catalogue
from case import NOTHING
from envelope import sealed, statement_of
from ring import day
from row import INSIDER, PROOF, REPO, Row, shared_out

BACK = "TM022 TM023 TM017"
NARROW = "TM026 TM023 TM003"


# A failing record that the leads have seen is put out of action without being deleted

def spoiled(how):
    def apply(case):
        query = case.victim()
        case.record(case.query(query), n=0)
        case.leads()
        record = case.newest(query)
        case.rewrite(record, how(case, record.envelope["signatures"][0]))
    return apply


def junk(byte, **fields):
    return dict({"keyid": "0" * 64, "sig": base64.b64encode(bytes([byte]) * 64).decode()}, **fields)


SPOILED = [
    ("its signature becomes zeroes", lambda c, s: [dict(s, sig=junk(0)["sig"])]),
    ("its signature is by nobody", lambda c, s: [junk(1)]),
    ("sixty false signatures come before the true one", lambda c, s: [junk(i) for i in range(60)] + [s]),
    ("sixty false signatures of a true key come before it", lambda c, s: [junk(i, keyid=c.key("haas").keyid) for i in range(60)] + [s]),
    ("its signature is another record's", lambda c, s: [c.records()[0].envelope["signatures"][0]]),
]


# The profile, narrowed by the two leads, who are not the body

def without_plans(case):
    """No plan, whose clock would ask for the past as well."""
    control = case.spec.victim[0]
    for threat in case.document().data()["threats"]:
        if threat["resolution"]["kind"] == "planned":
            case.edit(lambda d: d.set("threats", threat["id"], "resolution", f"{{kind: control, cycle: c, controls: [{control}], residual: low}}"))


def narrow(case):
    """One flag is denied, and what it made mandatory goes."""
    data = case.document().data()
    depth = case.document("org.yaml").data()["rules"].get("depth", "page")
    must = set(catalogue.mandatory(data["profile"], depth))
    for flag in [k for k, v in data["profile"].items() if v is True]:
        lost = must - set(catalogue.mandatory({**data["profile"], flag: False}, depth))
        if lost:
            break
    case.edit(lambda d: d.set("profile", flag, "false"))
    for entry in data.get("excluded", []):
        if entry["archetype"] in lost:
            case.edit(lambda d: d.remove("excluded", entry["archetype"]))
    case.body(but="--profile")
    case.leads()


def reworded(case, words):
    case.edit(lambda d: d.set("name", words))
    case.body(but="--profile")
    case.leads()


def forget_steps(case, last):
    """The approvals and texts of all steps up to this number are deleted."""
    roots = set()
    for path, envelope, predicate in case.approvals(kind="release"):
        if predicate["number"] <= last:
            roots.add(statement_of(envelope)["subject"][0]["digest"]["sha256"])
            path.unlink()
    for root in roots:
        (case.redan / "history" / f"model-{root}.yaml").unlink()


def two_bites(case):
    without_plans(case)
    narrow(case)
    reworded(case, "Other words")
    forget_steps(case, 2)


def pinned_meanwhile(case):
    """The machine advances its pin to the narrowed one, if redan lets it."""
    without_plans(case)
    narrow(case)
    done = case.tools.run("pin", "-C", case.redan, "--root", case.pin)
    if done.returncode == 0:
        case.pin = done.stdout.strip()
    forget_steps(case, 2)


def forged_past(ml, security):
    """Below the newest step, which both leads signed, the chain is made anew by others: there the profile was always narrow."""
    def apply(case):
        case.unpin()
        without_plans(case)
        narrow(case)
        third = case.current()
        root, text = case.root_digest(), case.document().text()
        reworded(case, "Other words")
        kept = (case.redan / "threatmodel.yaml").read_text()
        roots = []
        for words in ("First words", "Second words"):
            case.write("threatmodel.yaml", text)
            case.edit(lambda d: d.set("name", words))
            roots.append(case.root_digest())
            (case.redan / "history" / f"model-{roots[-1]}.yaml").write_text((case.redan / "threatmodel.yaml").read_text())
        case.write("threatmodel.yaml", kept)
        forget_steps(case, 2)
        for path, _, _ in third:
            path.unlink()
        before = NOTHING
        for number, subject in enumerate([*roots, root], 1):
            for role, key in (("ml-lead", ml), ("security-lead", security)):
                statement = statement_of(third[0][1])
                statement["subject"][0]["digest"]["sha256"] = subject
                statement["predicate"].update(role=role, number=number, previous=before, time=day(-40 + 5 * number) + "T12:00:00Z")
                case.file_approval(sealed(statement, case.key(key)))
            before = f"sha256:{subject}"
    return apply


def signed_once(case):
    """The body signed the narrow profile years ago; it was wide since, and the leads alone narrow it again."""
    without_plans(case)
    wide = case.document().text()
    narrow(case)
    case.body()
    narrowed = case.document().text()
    for path, envelope, predicate in case.approvals(kind="profile"):
        signer = next(k for k in case.ring.keys.values() if k.keyid == envelope["signatures"][0]["keyid"])
        path.unlink()
        case.forge((path, envelope, predicate), signer, time="2024-06-01T12:00:00Z")
    case.write("threatmodel.yaml", wide)
    reworded(case, "Wide again")
    case.write("threatmodel.yaml", narrowed)
    reworded(case, "Narrow again")


def past(world):
    lead = world.tools.ring.keys[world.spec.leads[0]].holder
    for what, how in SPOILED:
        yield Row("spoiled record", f"a failing one that the leads saw: {what}", REPO, spoiled(how), BACK + " " + PROOF)
    yield Row("profile narrowed", "in two steps, and the wide one is deleted", INSIDER, two_bites, NARROW)
    yield Row("profile narrowed", "and pinned, and the wide one is deleted", INSIDER, pinned_meanwhile, NARROW)
    for who, ml, security in (("the leads of another system", "other-ml", "other-security"), ("retired keys", "e.iri-retired", f"{lead}-retired"),
                              ("the ML lead and a retired key", world.spec.leads[0], "e.iri-retired")):
        yield Row("forged past", f"by {who}", INSIDER, forged_past(ml, security), NARROW, also="TM003")
    yield Row("profile narrowed", "as the body allowed it once, before it was wide again", INSIDER, signed_once, NARROW)


def rows(world):
    yield from shared_out(past(world))
