"""Approvals that must not count: by the wrong people, too few, by dead keys, of something else, edited, or gone."""
import json

from case import now
from envelope import sealed, statement_of, unsigned
from row import INSIDER, REPO, Row, shared_out

ACCEPT = "TM012"
LEADS = "TM003 TM023 TM028"
NA = "TM004 TM008 TM013 TM014"


def body_rows(world):
    """Who stands behind the accepted risk."""
    first, second = world.spec.leads
    alias = {"okafor": "okafor-alias", "ito": "ito-alias", "adeyemi": "adeyemi-alias"}[first]
    table = [
        ("quorum short by one", "one of the board", ("haas",)),
        ("quorum short by one", "nobody", ()),
        ("one person twice", "one of the board twice", ("haas", "haas")),
        ("one person twice", "one of the board with two keys", ("haas", "haas-2")),
        ("self-signed acceptance", "the ML lead and one of the board", (first, "haas")),
        ("self-signed acceptance", "the security lead and one of the board", (second, "ngo")),
        ("self-signed acceptance", "both leads, who are on the board", (first, second)),
        ("self-signed acceptance", "the ML lead under another name", (alias, "haas")),
        ("wrong role", "a service on the board", ("robot", "haas")),
        ("wrong role", "somebody of the office", ("clerk", "haas")),
        ("wrong role", "the data steward", ("silva", "ngo")),
    ] + [("expired, retired or compromised key", f"of the board: {state}", (f"e.iri-{state}", "haas"))
         for state in ("expired", "early", "retired", "leaked")]
    for family, name, keys in table:
        yield Row(family, f"accepts: {name}", INSIDER, lambda c, k=keys: c.accept_by(*k), ACCEPT)
    yield Row("wrong role", "accepts: a key that nobody knows", REPO, lambda c: stranger(c), ACCEPT)
    for family, name, fields in (
            ("wrong role", "signed as ml-lead", {"role": "ml-lead"}),
            ("wrong role", "signed as a role of the signers' own", {"role": "office"}),
            ("another system", "signed for another system", {"system": "elsewhere"}),
            ("forged approval", "signed as not-applicable", {"kind": "not-applicable"}),
            ("forged approval", "signed as a release", {"kind": "release"}),
            ("forged approval", "its end has passed", {"until": "2026-01-01T00:00:00Z"}),
            ("forged approval", "signed in the future", {"time": "2090-01-01T00:00:00Z"}),
            ("forged approval", "an unknown field", {"waive": "all"}),
            ("forged approval", "no time", {"time": None}),
            ("forged approval", "no role", {"role": None}),
            ("forged approval", "a kind that nobody knows", {"kind": "blessing"})):
        yield Row(family, f"acceptance {name}", INSIDER, lambda c, f=fields: c.accept_by("haas", "ngo", **f), ACCEPT + " TM017 TM003 TM023",
                  shared=True)
    yield Row("another system", "its acceptance, laid here", REPO, lambda c: twin_acceptance(c), ACCEPT)
    yield Row("forged approval", "acceptance of another threat's digest", INSIDER, lambda c: other_subject(c), ACCEPT)
    yield Row("forged approval", "acceptance edited, signature kept", REPO, lambda c: keep_signature(c), ACCEPT)


def stranger(case):
    about = case.accepted()
    found = case.approvals(kind="acceptance", about=about)
    for path, _, _ in found:
        path.unlink()
    case.forge(found[0], case.key("haas"))
    case.forge(found[0], case.ring.stranger)


def twin_acceptance(case):
    about = case.accepted()
    for path, _, _ in case.approvals(kind="acceptance", about=about):
        path.unlink()
    for path in (case.base.twin.redan / "approvals").iterdir():
        envelope = json.loads(path.read_text())
        if statement_of(envelope)["predicate"].get("about") == about:
            case.file_approval(envelope)


def other_subject(case):
    about = case.accepted()
    for path, envelope, _ in case.approvals(kind="acceptance", about=about):
        path.unlink()
        statement = statement_of(envelope)
        statement["subject"][0]["digest"]["sha256"] = "5" * 64
        for name in ("haas", "ngo"):
            case.file_approval(sealed(statement, case.key(name)))


def keep_signature(case):
    """An acceptance that was signed for something else, with this subject written in."""
    about = case.accepted()
    for path, envelope, _ in case.approvals(kind="acceptance", about=about):
        statement = statement_of(envelope)
        statement["predicate"]["reason"] = "rewritten"
        path.write_text(json.dumps(unsigned(envelope, statement)))


# The two leads

def leads_by(*pairs, **fields):
    """The current approvals go; these keys sign in these roles instead."""
    def apply(case):
        found = case.current()
        for path, _, _ in found:
            path.unlink()
        for role, key in pairs:
            model = next(a for a in found if a[2]["role"] == role)
            case.forge(model, case.key(key), **fields)
    return apply


def lead_rows(world):
    first, second = world.spec.leads
    ml, security = world.tools.ring.keys[first].holder, world.tools.ring.keys[second].holder
    table = [
        ("quorum short by one", "only the ML lead", (("ml-lead", first),)),
        ("quorum short by one", "only the security lead", (("security-lead", second),)),
        ("quorum short by one", "neither", ()),
        ("one person in two roles", "the ML lead signs as both", (("ml-lead", first), ("security-lead", first))),
        ("one person in two roles", "the security lead signs as both", (("ml-lead", second), ("security-lead", second))),
        ("one person in two roles", "the roles are exchanged", (("ml-lead", second), ("security-lead", first))),
        ("wrong role", "the ML lead of another system", (("ml-lead", "other-ml"), ("security-lead", second))),
        ("wrong role", "the security lead of another system", (("ml-lead", first), ("security-lead", "other-security"))),
        ("wrong role", "a service as ML lead", (("ml-lead", "robot"), ("security-lead", second))),
        ("wrong role", "one of the board as ML lead", (("ml-lead", "haas"), ("security-lead", second))),
    ]
    for holder, role, pair in ((ml, "ML lead", (("security-lead", second), "ml-lead")), (security, "security lead", (("ml-lead", first), "security-lead"))):
        for state in ("expired", "early", "retired", "leaked"):
            table.append(("expired, retired or compromised key", f"of the {role}: {state}", (pair[0], (pair[1], f"{holder}-{state}"))))
    for family, name, pairs in table:
        yield Row(family, f"approves: {name}", INSIDER, leads_by(*pairs), LEADS)
    both = (("ml-lead", first), ("security-lead", second))
    for name, fields in (("of another system", {"system": "elsewhere"}), ("as an acceptance", {"kind": "acceptance"}),
                         ("that has ended", {"until": "2026-01-01T00:00:00Z"}), ("signed in the future", {"time": "2090-01-01T00:00:00Z"}),
                         ("with an unknown field", {"waive": "all"}), ("without a time", {"time": None}), ("for the role office",
                          {"role": "office"})):
        yield Row("forged approval", f"release {name}", INSIDER, leads_by(*both, **fields), LEADS + " TM017", shared=True)
    yield Row("another system", "its leads' approvals, laid here", REPO, twin_leads, LEADS)
    yield Row("forged approval", "release of another root, signature kept", REPO, reuse, LEADS)


def twin_leads(case):
    for path, _, _ in case.current():
        path.unlink()
    for path in (case.base.twin.redan / "approvals").iterdir():
        case.file_approval(json.loads(path.read_text()))


def reuse(case):
    """The first approvals with the present root written in."""
    root = case.root_digest()
    for path, _, _ in case.current():
        path.unlink()
    for _, envelope, _ in case.approvals(kind="release"):
        statement = statement_of(envelope)
        statement["subject"][0]["digest"]["sha256"] = root
        case.file_approval(unsigned(envelope, statement))


# Every single file, and what lies in its place

def deletions(world):
    case_free = [(p, json.loads(p.read_text())) for p in sorted((world.redan / "approvals").iterdir())]
    for i, (path, envelope) in enumerate(case_free):
        predicate = statement_of(envelope)["predicate"]
        name = f"{predicate['kind']} by {predicate['role']} {predicate.get('about', '')} ({i})"
        for what, change in (("is gone", lambda p: p.unlink()), ("is a symbolic link", as_link), ("is cut short", lambda p: p.write_text(p.read_text()[:80])),
                             ("has no signature", no_signature)):
            if what == "is gone" and not counts(world, envelope):
                continue
            rules = "TM003 TM006 TM009 TM012 TM017 TM023 TM024 TM025 TM026 TM027"
            yield Row("approval removed or broken", f"{name} {what}", REPO, lambda c, p=path.name, f=change: f(c.redan / "approvals" / p), rules,
                      shared=what != "is gone")
    yield Row("approval removed or broken", "all are gone", REPO, lambda c: c.forget_approvals(), "TM003")
    yield Row("approval removed or broken", "somebody's note among them", REPO, lambda c: (c.redan / "approvals" / "note.json").write_text("[]"),
              "TM017")


def counts(world, envelope):
    """Whether the verdict stands on this file alone: a second signature over the same subject may do without."""
    statement = statement_of(envelope)
    predicate = statement["predicate"]
    same = 0
    for path in (world.redan / "approvals").iterdir():
        other = statement_of(json.loads(path.read_text()))
        same += other["subject"] == statement["subject"] and other["predicate"]["role"] == predicate["role"] \
            and other["predicate"].get("about") == predicate.get("about")
    least = 2 if predicate["role"] == "risk-board" else 1
    known = predicate["kind"] not in ("release", "acceptance") or statement["subject"][0]["digest"]["sha256"] in world.current_subjects()
    return same == least and known


def as_link(path):
    target = path.with_suffix(".real")
    path.rename(target)
    path.symlink_to(target.name)


def no_signature(path):
    envelope = json.loads(path.read_text())
    path.write_text(json.dumps(dict(envelope, signatures=[])))


# That a proof does not apply

def unproved(case):
    """A query more, which everybody has signed; the honest record only tells its digest."""
    control, _ = case.spec.victim
    case.edit(lambda d: d.append("controls", control, "evidence", "{id: extra, type: policy, signer: platform, fresh: 7d}"))
    case.body()
    case.leads()
    case.record(case.query(f"{control}/extra"))
    return f"{control}/extra"


def waiver(case, key, role="security-lead", until=30, query=None, drop=True, **fields):
    """A not-applicable for a query without a proof: a new one, or with `drop` False the victim as it is."""
    query = query or (unproved(case) if drop else case.victim())
    subject = case.newest(query).head["query"].removeprefix("sha256:")
    if drop:
        case.newest(query).path.unlink()
    model = case.current()[0]
    statement = statement_of(model[1])
    statement["subject"] = [{"name": f"not-applicable:{case.id}/{query}", "digest": {"sha256": subject}}]
    predicate = {"kind": "not-applicable", "system": case.id, "role": role, "about": query, "reason": "not here", "time": now(-5),
                 "until": now(86400 * until), "release": statement["predicate"]["release"]}
    predicate.update(fields)
    statement["predicate"] = {k: v for k, v in predicate.items() if v is not None}
    case.file_approval(sealed(statement, case.key(key)))


def waivers(world):
    first, second = world.spec.leads
    table = [
        ("by the ML lead", {"key": first, "role": "ml-lead"}),
        ("by the ML lead as security lead", {"key": first}),
        ("by the board", {"key": "haas", "role": "risk-board"}),
        ("for a hundred days", {"key": second, "until": 100}),
        ("that ended yesterday", {"key": second, "until": -1}),
        ("for another system", {"key": second, "system": "elsewhere"}),
        ("by a service", {"key": "robot"}),
        ("by the security lead of another system", {"key": "other-security"}),
        ("by the ML lead under another name", {"key": {"okafor": "okafor-alias", "ito": "ito-alias", "adeyemi": "adeyemi-alias"}[first]}),
        ("by a retired key", {"key": f"{world.tools.ring.keys[second].holder}-retired"}),
        ("by a leaked key", {"key": f"{world.tools.ring.keys[second].holder}-leaked"}),
        ("signed in the future", {"key": second, "time": "2090-01-01T00:00:00Z"}),
    ]
    for name, options in table:
        yield Row("not-applicable", name, INSIDER, lambda c, o=options: waiver(c, **o), NA)
    yield Row("not-applicable", "without an end", INSIDER, lambda c: endless(c, second), NA + " TM017")
    yield Row("not-applicable", "for a proof that was measured and fails", INSIDER, lambda c: failing_waiver(c, second), NA)
    yield Row("not-applicable", "for a gap in the chain", INSIDER, lambda c: gap_waiver(c, second), NA)


def endless(case, key):
    waiver(case, key)
    for path, envelope, predicate in case.approvals(kind="not-applicable"):
        statement = statement_of(envelope)
        statement["predicate"].pop("until")
        path.unlink()
        signer = next(k for k in case.ring.keys.values() if k.keyid == envelope["signatures"][0]["keyid"])
        case.file_approval(sealed(statement, signer))


def failing_waiver(case, key):
    case.record(case.query(case.victim()), n=0)
    waiver(case, key, drop=False)


def gap_waiver(case, key):
    query = case.victim()
    waiver(case, key, drop=False)
    case.records(case.newest(query).head["producer"])[0].path.unlink()


def rows(world):
    for table in (body_rows, lead_rows, waivers):
        yield from shared_out(table(world))
    yield from deletions(world)
