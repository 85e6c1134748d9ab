"""Edits that take nothing away: none may change the verdict. Each family of attacks has its control group here."""
import json
import re
import shutil

import yaml

from case import moment_of, now, records_of
from envelope import Key
from ring import day
from row import INSIDER, LEADS, REPO, Row
from rows_keys import then
from rows_plan import midnight, signed_with
from rows_record import after, own_queries, seconds
from rows_text import on_block, raw, sub

PASS = "pass"


def tree(change):
    def apply(case):
        doc = case.document()
        change(doc)
        case.write("threatmodel.yaml", doc.text())
    return apply


def turned(*path):
    return tree(lambda d: d.node(*path).value.reverse())


def every(kind, change):
    """Change all nodes of one kind."""
    def apply(doc):
        todo = [doc.root]
        while todo:
            node = todo.pop()
            if isinstance(node, kind):
                change(node)
            if isinstance(node, yaml.MappingNode):
                todo += [value for _, value in node.value]
            elif isinstance(node, yaml.SequenceNode):
                todo += node.value
    return tree(apply)


def quoted(style):
    def change(node):
        if node.tag == "tag:yaml.org,2002:str" and not node.style:
            node.style = style
    return every(yaml.ScalarNode, change)


FORM = [
    ("comments", raw(lambda b: b"# a comment\n" + b.replace(b"\nthreats:", b"\n# more\nthreats:"))),
    ("comments at the ends of lines", on_block(raw(lambda b: b.replace(b"\n  severity: high\n", b"\n  severity: high   # why not\n")))),
    ("a comment that looks like a field", on_block(raw(lambda b: b.replace(b"\nthreats:", b"\n# waived: all\nthreats:")))),
    ("blank lines", raw(lambda b: b.replace(b"\nthreats:", b"\n\n\nthreats:") + b"\n\n\n")),
    ("no line break at the end", raw(lambda b: b.rstrip(b"\n"))),
    ("line ends of another system", on_block(raw(lambda b: b.replace(b"\n", b"\r\n")))),
    ("blanks at the ends of lines", on_block(raw(lambda b: b.replace(b"\nthreats:\n", b"\nthreats:   \n")))),
    ("block style", on_block(lambda c: None)),
    ("flow style", tree(lambda d: setattr(d.root, "flow_style", True))),
    ("written anew by PyYAML", tree(lambda d: None)),
    ("deeper indentation",
     on_block(lambda c: c.write("threatmodel.yaml", yaml.serialize(c.document().root, Dumper=yaml.SafeDumper, indent=6, width=1 << 20, allow_unicode=True)))),
    ("double quotes", quoted('"')),
    ("single quotes", quoted("'")),
    ("texts folded",
     every(yaml.ScalarNode, lambda n: setattr(n, "style", ">") if n.tag.endswith("str") and n.value.count(" ") > 3 and n.value == n.value.strip() else None)),
    ("threats in another order", turned("threats")),
    ("controls in another order", turned("controls")),
    ("keys of the document in another order", turned()),
    ("keys of the profile in another order", turned("profile")),
    ("the release in another order", turned("release")),
    ("keys of every map in another order", every(yaml.MappingNode, lambda n: n.value.reverse())),
    ("items of every list in another order", every(yaml.SequenceNode, lambda n: n.value.reverse())),
    ("annotations", tree(lambda d: d.set("annotations", "{wiki: https://elsewhere.example, owner: nobody}"))),
    ("no annotations", tree(lambda d: d.has("annotations") and d.remove("annotations"))),
    ("a bound with a zero more", on_block(sub(r'"([<>]=)": (\d+\.\d+)$', r'"\1": \g<2>0'))),
    ("a bound with an exponent", on_block(sub(r'"([<>]=)": (\d+)$', r'"\1": \g<2>e0'))),
    ("a whole bound with a point", on_block(sub(r'"([<>]=)": (\d+)$', r'"\1": \2.0'))),
    ("an item twice in one list", tree(lambda d: doubled(d))),
]


def doubled(doc):
    """Lists are sets: an item more that is there already."""
    items = doc.node("threats", doc.keys("threats")[0], "resolution", "controls").value
    items.append(doc.snippet(items[0].value))


# Evidence

def again(case, query):
    case.record(query)


def renamed(case):
    for i, record in enumerate(case.records()):
        record.path.rename(record.path.with_name(f"record-{i}.json"))


def regrouped(case):
    """All records in one folder of any name."""
    to = case.redan / "evidence" / "all"
    to.mkdir()
    for record in case.records():
        record.path.rename(to / record.path.name)


def twice(case):
    """A copy of a record under another name: one record kept in two places."""
    record = case.records()[0]
    shutil.copyfile(record.path, record.path.with_name("copy.json"))


def reformatted(case):
    for record in case.records():
        record.path.write_text(json.dumps(record.envelope, indent=2))


def failing_mended(case, query):
    case.record(query, n=0)
    case.record(query)


def two_signatures(case, query):
    """Signed by its producer and by somebody else as well."""
    record = case.newest(query.name())
    both = case.seal(record.statement, case.ring.of(record.head["producer"]), case.key("clerk"))
    record.path.write_text(json.dumps(both))


def evidence(world):
    for query in world.queries():
        yield "evidence", f"{query.name()} recorded again", INSIDER, lambda c, q=query: again(c, q)
    query = next(q for q in own_queries(world) if q.name() == "/".join(world.spec.victim))
    yield "evidence", "all of it recorded again", INSIDER, lambda c: [again(c, q) for q in c.queries()]
    yield "evidence", "a failing record, and a passing one after it", INSIDER, lambda c: failing_mended(c, query)
    yield "evidence", "files with other names", REPO, renamed
    yield "evidence", "files in another folder", REPO, regrouped
    yield "evidence", "a record in two places", REPO, twice
    yield "evidence", "records written over several lines", REPO, reformatted
    yield "evidence", "a README beside the records", REPO, lambda c: (c.redan / "evidence/README.md").write_text("# Records\n")
    yield ("evidence", "a README among the records", REPO,
           lambda c: (c.newest(query.name()).path.parent / "README.md").write_text("# Records\n"))
    yield "evidence", "a record signed by somebody else as well", INSIDER, lambda c: two_signatures(c, query)
    yield ("evidence", "a newer record of another environment", INSIDER,
           lambda c: c.append(query.name(), lambda s: s["predicate"]["record"].update(ledger="dev/other")))
    yield ("evidence", "a stranger's record that says no", REPO,
           lambda c: c.append(query.name(), lambda s: s["predicate"]["record"].update(n=0), key=c.ring.stranger))
    yield ("evidence", "a record of another service in its own chain", INSIDER,
           lambda c: c.append(query.name(), key=c.key("intern"), producer="intern-job"))


# Approvals

def same_lead(world):
    def apply(case):
        case.approve("ml-lead", world.spec.leads[0])
    return apply


def third_of_board(case):
    found = case.approvals(kind="acceptance", about=case.accepted())
    case.forge(found[-1], case.key("iri"))


def instead_of_one(case):
    case.accept_by("ngo", "iri")


def approvals(world):
    yield "approvals", "the ML lead signs once more", INSIDER, same_lead(world)
    yield "approvals", "both leads sign once more", LEADS, lambda c: None
    yield "approvals", "all three of the board accept", INSIDER, third_of_board
    yield "approvals", "two others of the board accept", INSIDER, instead_of_one
    yield "approvals", "three signatures, one of them of a leaked key", INSIDER, lambda c: c.accept_by("haas", "ngo", "e.iri-leaked")
    yield "approvals", "a lead signs the acceptance as well", INSIDER, lambda c: c.accept_by("haas", "ngo", c.spec.leads[0])
    yield "approvals", "a README beside them", REPO, lambda c: (c.redan / "approvals/README.md").write_text("# Approvals\n")
    yield ("approvals", "files with other names", REPO,
           lambda c: [p.rename(p.with_name(f"{i}.json")) for i, p in enumerate(sorted((c.redan / "approvals").iterdir()))])
    yield ("approvals", "written over several lines", REPO,
           lambda c: [p.write_text(json.dumps(json.loads(p.read_text()), indent=1)) for p in sorted((c.redan / "approvals").iterdir())])
    yield "approvals", "a proof does not apply, signed by the security lead", LEADS, lambda c: not_applicable(c)
    yield "approvals", "the other system's approvals laid beside", REPO, foreign_approvals


def not_applicable(case):
    """A proof is asked for that cannot be had here; the security lead says so, with an end."""
    control, _ = case.spec.victim
    case.edit(lambda d: d.append("controls", control, "evidence", "{id: extra, type: policy, signer: platform, fresh: 7d}"))
    case.body()
    case.approve("security-lead", case.spec.leads[1], "--not-applicable", f"{control}/extra", "--reason", "not here", "--until", day(30))


def foreign_approvals(case):
    for path in (case.base.twin.redan / "approvals").iterdir():
        shutil.copyfile(path, case.redan / "approvals" / path.name)


# The two leads change something, and everybody who must signs

def changes(world):
    doc = world.document()
    threats = doc.data()["threats"]
    planned = next(t["id"] for t in threats if t["resolution"]["kind"] == "planned")
    accepted = next(t["id"] for t in threats if t["resolution"]["kind"] == "accepted")
    control, evidence_id = world.spec.victim
    yield "signed changes", "prose of the page", LEADS, tree(lambda d: d.set("name", "Another name"))
    yield ("signed changes", "a story, signed by the board where it must", LEADS,
           signed_with(lambda d: d.set("threats", d.keys("threats")[0], "story", "Somebody does something.")))
    yield ("signed changes", "a ticket is renumbered", LEADS,
           signed_with(lambda d: d.set("threats", planned, "resolution", "ticket", "NEW-7")))
    yield "signed changes", "a plan is due earlier", LEADS, signed_with(lambda d: d.set("threats", planned, "resolution", "due", day(60)))
    yield "signed changes", "a plan slips once", LEADS, slipped(planned, 100)
    yield ("signed changes", "an acceptance ends earlier, signed by the board", LEADS,
           signed_with(lambda d: d.set("threats", accepted, "resolution", "expires", day(60))))
    yield ("signed changes", "an acceptance runs longer, signed by the board", LEADS,
           signed_with(lambda d: d.set("threats", accepted, "resolution", "expires", day(200))))
    yield ("signed changes", "a residual over the appetite, signed by the board", LEADS,
           signed_with(lambda d: d.set("threats", d.keys("threats")[0], "resolution", "residual", "high")))
    yield ("signed changes", "proof is to be fresher", LEADS,
           signed_with(lambda d: d.set("controls", control, "evidence", evidence_id, "fresh", "6d")))
    yield "signed changes", "a control without a threat", LEADS, tree(lambda d: d.append("controls", "{id: spare, evidence: none}"))
    yield "signed changes", "a threat more, answered by what is proved", LEADS, tree(lambda d: d.append(
        "threats", f"{{id: one-more, name: One more, stage: data, severity: medium, "
                   f"resolution: {{kind: control, cycle: c, controls: [{control}], residual: low}}}}"))
    yield "signed changes", "a severity is raised to what the proof allows", LEADS, signed_with(lambda d: raise_one(d))
    yield "signed changes", "a tighter bound, recorded again", LEADS, tightened(world)


def raise_one(doc):
    for name in doc.keys("threats"):
        if doc.get("threats", name, "severity") == "low":
            doc.set("threats", name, "severity", "medium")
            return


def slipped(threat, offset):
    def apply(case):
        old = case.document().get("threats", threat, "resolution", "due")
        path = ("threats", threat, "resolution")
        case.edit(lambda d: [d.set(*path, "redates", f"[{old}]"), d.set(*path, "due", day(offset))])
        case.body()
    return apply


def tightened(world):
    query, field, op, bound = next((q, f, o, w[o]) for q in own_queries(world) if q.type == "metric"
                                   for f, w in q.expect.items() if isinstance(w, dict) and f != "n" for o in ("<=", ">=") if o in w)
    new = bound * 0.9 if op == "<=" else (bound + 1) / 2 if bound < 1 else bound * 1.1

    def apply(case):
        case.edit(lambda d: d.set("controls", query.control, "evidence", query.id, "expect", field, f'{{"{op}": {new:g}}}'))
        case.body()
        case.record(case.query(query.name()))
    return apply


# Keys and organisation

def keys_version(change=lambda text: text):
    def apply(case):
        path = case.redan / "keys.yaml"
        path.write_text(change(path.read_text().replace("version: 2", "version: 3")))
        case.resign_root("keys.yaml")
    return apply


def enrolled(case):
    key = Key("newcomer")
    block = "".join(f"      {line}\n" for line in key.public.strip().split("\n"))
    entry = f"  - id: newcomer\n    holder: newcomer\n    public: |\n{block}    from: 2020-01-01\n    until: 2099-01-01\n"
    holder = "  - {id: newcomer, kind: person}\n"
    keys_version(lambda t: t.replace("roles:\n", entry + "roles:\n").replace("keys:\n  - id", holder + "keys:\n  - id"))(case)


def org_version(change):
    def apply(case):
        doc = case.document("org.yaml")
        doc.set("version", "3")
        change(doc)
        case.write("org.yaml", doc.text())
        case.resign_root("org.yaml")
    return apply


def trust(world):
    yield "keys and organisation", "keys.yaml signed anew with a higher version", INSIDER, keys_version()
    yield "keys and organisation", "a key is enrolled", INSIDER, enrolled
    yield ("keys and organisation", "the third root key signs too", INSIDER,
           lambda c: c.root_sign_as("keys.yaml", [c.key(k) for k in ("root-1", "root-2", "root-3")]))
    yield "keys and organisation", "two other root keys sign", INSIDER, then(lambda c: c.root_sign_as("keys.yaml", [c.key("root-2"), c.key("root-3")]),
                                                                         lambda c: c.root_sign_as("org.yaml", [c.key("root-1"), c.key("root-3")]))
    yield ("keys and organisation", "a key that signed nothing here is revoked", INSIDER,
           keys_version(lambda t: t.replace("  - id: clerk\n", "  - id: clerk\n    revoked: {at: 2026-01-01, reason: compromise}\n")))
    yield "keys and organisation", "org.yaml with a higher version", INSIDER, org_version(lambda d: None)
    yield "keys and organisation", "shorter acceptances", INSIDER, org_version(lambda d: d.set("rules", "accepted-max", "300d"))
    yield "keys and organisation", "fewer re-dates", INSIDER, org_version(lambda d: d.set("rules", "planned-redates", "1"))
    yield ("keys and organisation", "a probe more", INSIDER,
           org_version(lambda d: d.set("probes", f"[{{id: another, system: {world.id}, evidence: a/b, kind: http, url: 'http://127.0.0.1:1/'}}]")))
    yield "keys and organisation", "a control more", INSIDER, org_version(lambda d: more_control(d))


def more_control(doc):
    entry = "{id: another-one, evidence: [{id: seen, type: policy, signer: platform, fresh: 7d}]}"
    if doc.has("controls"):
        doc.append("controls", entry)
    else:
        doc.set("controls", f"[{entry}]")


# Files and time

def neighbour(case):
    shutil.copytree(case.base.twin.redan, case.top / "other" / "redan")


def around(world):
    yield "files", "another system's folder beside", REPO, neighbour
    yield "files", "a README", REPO, lambda c: (c.redan / "README.md").write_text("# Threat model\n")
    yield ("files", "an editor's copy of the threat model", REPO,
           lambda c: shutil.copyfile(c.redan / "threatmodel.yaml", c.redan / "threatmodel.yaml~"))
    yield "files", "a .gitignore", REPO, lambda c: (c.redan / ".gitignore").write_text("*.tmp\n")
    yield "files", "the artefacts are held against the release", REPO, artefacts
    yield "files", "the system that is meant is named", REPO, lambda c: c.more.extend(["--system", c.id])
    yield "files", "files that only their owner may write", REPO, lambda c: [p.chmod(0o400) for p in c.redan.rglob("*") if p.is_file()]
    first = min((q for q in world.queries() if q.fresh != "release"), key=lambda q: ends(world, q))
    yield "time", "an hour later", REPO, lambda c: c.at(now(3600))
    yield "time", f"the last second of {first.name()}", REPO, after(first, 0)
    yield "time", "given with an offset", REPO, lambda c: c.at(stamp_offset())
    yield ("time", "a record that is four minutes ahead", INSIDER,
           lambda c: c.append(first.name(), lambda s: s["predicate"]["record"].update(time=now(240))))
    planned = next(t["id"] for t in world.document().data()["threats"] if t["resolution"]["kind"] == "planned")
    accepted = next(t["id"] for t in world.document().data()["threats"] if t["resolution"]["kind"] == "accepted")
    yield "time", "the second before a plan is due", LEADS, before_midnight("due", planned)
    yield "time", "the second before an acceptance ends", LEADS, before_midnight("expires", accepted)


def ends(world, query):
    """When the newest record of a query goes stale."""
    newest = max(r.head["time"] for r in records_of(world.redan) if r.name() == query.name())
    return moment_of(newest).timestamp() + seconds(query.fresh)


def before_midnight(field, threat):
    def apply(case):
        signed_with(lambda d: d.set("threats", threat, "resolution", field, day(1)))(case)
        case.at(midnight(1, -1))
    return apply


def stamp_offset():
    return re.sub("Z$", "+00:00", now(1800))


def artefacts(case):
    for name, value in case.document().data("release").items():
        if value.startswith("sha256:"):
            case.more += ["--artefact", f"{name}={case.base.top / name}.bin"]


def rows(world):
    for name, edit in FORM:
        yield Row("form", name, REPO, edit, PASS, shared=True)
    for table in (evidence, approvals, changes, trust, around):
        for family, name, power, edit in table(world):
            yield Row(family, name, power, edit, PASS, shared=table in (changes, trust, approvals) or "recorded again" in name)
