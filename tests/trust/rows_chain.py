"""The chain of approved threat models: forged steps, forks, gaps, lost history, withheld records, and rules that were loosened since."""
import copy
import shutil

from case import now
from envelope import digest, sealed, statement_of
from row import INSIDER, LEADS, REPO, Row, shared_out
from rows_keys import old, then
from rows_plan import midnight

NOTHING = "sha256:" + "0" * 64
OTHER = "sha256:" + "6" * 64
CHAIN = "TM023 TM022"
ANY = "TM003 TM017 TM022 TM023"


def forged(*roles, **fields):
    """The approvals of these leads are replaced by ones that say something else, signed by them."""
    def apply(case):
        for path, envelope, predicate in case.current():
            if predicate["role"] in roles:
                path.unlink()
                signer = next(k for k in case.ring.keys.values() if k.keyid == envelope["signatures"][0]["keyid"])
                made = {k: (v(predicate[k]) if callable(v) else v) for k, v in fields.items()}
                case.forge((path, envelope, predicate), signer, **made)
    return apply


BOTH = ("ml-lead", "security-lead")
LIES = [
    ("number 1", {"number": 1}), ("number 3", {"number": 3}), ("number 0", {"number": 0}), ("number 99", {"number": 99}),
    ("number as text", {"number": "two"}), ("no number", {"number": None}),
    ("nothing before it", {"previous": NOTHING}), ("another one before it", {"previous": OTHER}), ("no previous", {"previous": None}),
    ("number 1 and nothing before it", {"number": 1, "previous": NOTHING}),
    ("another difference", {"diff": OTHER}), ("no difference at all", {"diff": NOTHING}), ("no diff", {"diff": None}),
    ("a later keys.yaml", {"keys": {"version": 99}}), ("no keys", {"keys": None}),
    ("a later org.yaml", {"org": lambda o: dict(o, version=99)}), ("no org", {"org": None}),
    ("a later catalogue", {"catalog": lambda o: dict(o, version=99)}), ("no catalog", {"catalog": None}),
    ("a newer record of a producer", {"heads": lambda h: [dict(h[0], seq=h[0]["seq"] + 5)] + h[1:]}),
    ("another record of a producer", {"heads": lambda h: [dict(h[0], digest=OTHER)] + h[1:]}),
    ("a producer that is not there", {"heads": lambda h: h + [{"producer": "somebody", "system": "x", "seq": 1, "digest": OTHER}]}),
    ("no heads", {"heads": None}),
]


def steps(world):
    for name, fields in LIES:
        yield Row("forged step", f"both leads sign {name}", INSIDER, then(pinned_before, forged(*BOTH, **fields)), ANY, shared=True)
        yield Row("the leads disagree", f"one of them signs {name}", INSIDER, then(pinned_before, forged("security-lead", **fields)), ANY,
                  shared=True)
    yield Row("fork in the chain", "another threat model with the same number", INSIDER, forked, CHAIN)
    yield Row("rollback", "the first threat model again, approved anew without saying so", INSIDER, reapproved, ANY)


def pinned_before(case):
    """The machine has seen the approval before this one, and not yet this one."""
    case.pin = case.base.first_pin


def forked(case):
    """Both leads sign a second threat model as number 2, and its approvals lie beside those of the first."""
    kept = case.document().text()
    found = case.current()
    case.edit(lambda d: d.set("name", "Another one"))
    root = case.root_digest()
    case.write("threatmodel.yaml", kept)
    pinned_before(case)
    for _, envelope, _ in found:
        statement = statement_of(envelope)
        statement["subject"][0]["digest"]["sha256"] = root
        signer = next(k for k in case.ring.keys.values() if k.keyid == envelope["signatures"][0]["keyid"])
        case.file_approval(sealed(statement, signer))


def reapproved(case):
    """The threat model as it was first; its old approvals say number 1, the newer ones are thrown away."""
    for path, _, _ in case.current():
        path.unlink()
    old("threatmodel.yaml")(case)


# What was kept so that it can be compared

def history(world):
    before = f"model-{world.first}.yaml"
    for what, change in (("is gone", lambda p: p.unlink()), ("is empty", lambda p: p.write_text("")), ("is a symbolic link", as_link),
                         ("is edited", lambda p: p.write_text(p.read_text().replace("severity: ", "name: other\n  severity: ", 1))),
                         ("is the present one", lambda p: shutil.copyfile(p.parent.parent / "threatmodel.yaml", p)),
                         ("is a folder", lambda p: [p.unlink(), p.mkdir()]), ("is noise", lambda p: p.write_bytes(bytes(range(256))))):
        yield Row("history removed or changed", f"the threat model before {what}", REPO,
                  lambda c, f=change: f(c.redan / "history" / before), CHAIN + " TM017 -")
    yield Row("history removed or changed", "the folder is gone", REPO, lambda c: shutil.rmtree(c.redan / "history"), CHAIN)
    loosened = loosen_org(lambda d: d.set("rules", "accepted-max", "3650d"))
    yield Row("organisation loosened", "acceptances for ten years, signed by the root", INSIDER, loosened, "TM003", also="TM003")
    yield Row("organisation loosened", "weaker grades, signed by the root", INSIDER,
              loosen_org(lambda d: d.set("rules", "min-grade", "{critical: E0, high: E0, medium: E0, low: E0}")), "TM003")
    yield Row("organisation loosened", "any residual, signed by the root", INSIDER,
              loosen_org(lambda d: d.set("appetite", "{integrity: critical, confidentiality: critical, availability: critical}")), "TM003")
    yield Row("organisation loosened", "one signature of the board, signed by the root", INSIDER,
              loosen_org(lambda d: d.set("roles", "risk-board", "1")), "TM003")
    yield Row("organisation loosened", "and what was before is gone", INSIDER, then(loosened, without_org_history), "TM003 TM022 TM023")
    yield Row("organisation loosened", "and what was before is said to have been so", INSIDER, then(loosened, same_org_history), "TM003 TM022 TM023")
    yield Row("organisation loosened", "with the same version, signed by the root", INSIDER,
              loosen_org(lambda d: d.set("rules", "accepted-max", "3650d"), version="2"), "TM003 TM022 TM023")
    yield Row("catalogue", "org.yaml asks for a newer one than this program has", INSIDER, loosen_org(lambda d: d.set("catalog", "{version: 99}")),
              "TM030 TM003")
    yield Row("review too old", "the organisation asks for one every 30 days", INSIDER, old_review, "TM031")


def loosen_org(change, version="3"):
    def apply(case):
        doc = case.document("org.yaml")
        doc.set("version", version)
        change(doc)
        case.write("org.yaml", doc.text())
        case.resign_root("org.yaml")
    return apply


def without_org_history(case):
    for path in (case.redan / "history").glob("org-*.yaml"):
        path.unlink()


def same_org_history(case):
    for path in (case.redan / "history").glob("org-*.yaml"):
        path.write_text((case.redan / "org.yaml").read_text())


def old_review(case):
    loosen_org(lambda d: d.set("rules", "review", "30d"))(case)
    case.at(midnight(32))


def as_link(path):
    target = path.with_suffix(".real")
    path.rename(target)
    path.symlink_to(target.name)


# Records that were there when the leads signed, and go before they sign again

def withheld(world):
    query = "/".join(world.spec.victim)
    yield Row("deleted newest record", "a failing one goes, and then the leads sign some prose, unaware", LEADS, lambda c: unaware(c, query), "TM022")
    yield Row("deleted newest record", "a failing one is replaced by a passing one with its number, and the leads sign", LEADS,
              lambda c: replaced(c, query), "TM022")


def unaware(case, query):
    case.record(case.query(query), n=0)
    case.leads()
    case.newest(query).path.unlink()
    case.edit(lambda d: d.set("name", "Some other words"))


def replaced(case, query):
    case.record(case.query(query), n=0)
    case.leads()
    case.newest(query).path.unlink()
    case.record(case.query(query))
    case.edit(lambda d: d.set("name", "Some other words"))


# Going back where the machine knows only the root: what the approvals say must do

def unpinned(world):
    table = [("keys.yaml", ("keys.yaml", "keys.dsse.json")), ("org.yaml", ("org.yaml", "org.dsse.json")),
             ("both", ("keys.yaml", "keys.dsse.json", "org.yaml", "org.dsse.json")), ("the threat model", ("threatmodel.yaml",))]
    for name, files in table:
        yield Row("rollback", f"{name}, and only the root is pinned", REPO, then(lambda c: c.unpin(), old(*files)), CHAIN)
    yield Row("deleted newest record", "and only the root is pinned", REPO,
              then(lambda c: c.unpin(), lambda c: c.records(c.newest(c.victim()).head["producer"])[-1].path.unlink()), CHAIN)
    for name, fields in LIES[:13]:
        yield Row("forged step", f"both leads sign {name}, and only the root is pinned", INSIDER, then(lambda c: c.unpin(), forged(*BOTH, **fields)),
                  ANY, shared=True)


# Keys that are no longer good, and a clock that is set back

def dated_back(world):
    victim = "/".join(world.spec.victim)
    producer = next(world.key_for(q).holder for q in world.queries() if q.name() == victim)
    keys = world.tools.ring.keys
    for state, days in (("retired", 30), ("expired", 30), ("leaked", 30)):
        if f"{producer}-{state}" in keys:
            yield Row("key dated back", f"a record by a key of its producer that is {state} now", INSIDER,
                      lambda c, s=state, d=days: record_back(c, victim, f"{producer}-{s}", d), "TM004 TM008 TM013 TM014")
        yield Row("key dated back", f"an acceptance by a key of the board that is {state} now", INSIDER,
                  lambda c, s=state, d=days: c.accept_by(f"e.iri-{s}", "haas", time=now(-86400 * d)), "TM012")
        lead = keys[world.spec.leads[0]].holder
        yield Row("key dated back", f"the ML lead's approval by a key that is {state} now", INSIDER,
                  lambda c, s=state, d=days, h=lead: lead_back(c, f"{h}-{s}", d), "TM003 TM023")


def record_back(case, query, key, days):
    """The only record of a new query, unstamped, by a key that is no longer good, with a time when it was."""
    control, _ = query.split("/")
    holder = case.key(key).holder
    case.edit(lambda d: d.append("controls", control, "evidence", f"{{id: extra, type: policy, signer: {holder}, fresh: release}}"))
    case.body()
    case.leads()
    case.record(case.query(f"{control}/extra"))
    honest = case.newest(f"{control}/extra")
    honest.path.unlink()
    statement = copy.deepcopy(honest.statement)
    chain = case.records(holder)
    statement["predicate"]["record"].update(seq=len(chain) + 1, previous=digest(chain[-1].envelope) if chain else NOTHING, time=now(-86400 * days))
    case.file_record(sealed(statement, case.key(key)))


def lead_back(case, key, days):
    for path, envelope, predicate in case.current():
        if predicate["role"] == "ml-lead":
            path.unlink()
            case.forge((path, envelope, predicate), case.key(key), time=now(-86400 * days))


def rows(world):
    for table in (steps, withheld, unpinned):
        yield from table(world)
    for table in (history, dated_back):
        yield from shared_out(table(world))
