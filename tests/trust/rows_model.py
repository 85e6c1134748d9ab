"""Edits of what the threat model asks for: controls, queries, thresholds, subjects, freshness, ledgers, modes and signers."""
import yaml

from row import LEADS, PROOF, REPO, Row, edits, shared_out

FORM = "TM003 TM021 TM022"


def refs(world):
    """(path of the list, control) of every place where a threat stands on a control."""
    doc = world.document()
    for threat in doc.keys("threats"):
        for field in ("controls", "conditions", "relies-on", "absent"):
            if doc.has("threats", threat, "resolution", field):
                for control in doc.keys("threats", threat, "resolution", field):
                    yield ("threats", threat, "resolution", field), control


def delete_everywhere(control):
    def apply(case):
        doc = case.document()
        for path, name in list(refs(case)):
            if name == control:
                doc.remove(*path, control)
        doc.remove("controls", control)
        case.write("threatmodel.yaml", doc.text())
    return apply


def controls(world):
    doc = world.document()
    own = doc.keys("controls")
    for path, control in refs(world):
        yield Row("delete a control", f"{path[1]} no longer names {control}", REPO, edits(lambda d, p=path, c=control: d.remove(*p, c)), FORM)
    for control in own:
        yield Row("delete a control", f"{control} and all that names it", REPO, delete_everywhere(control), FORM)
        if doc.get("controls", control, "evidence") != "none":
            yield Row("delete a query", f"{control} claims without evidence", REPO,
                      edits(lambda d, c=control: d.set("controls", c, "evidence", "none")), FORM)
    for query in world.queries():
        if query.control not in own or doc.get("controls", query.control, "evidence") == "none":
            continue
        if len(doc.keys("controls", query.control, "evidence")) == 1:
            yield Row("delete a query", f"{query.control} claims without evidence", LEADS,
                      edits(lambda d, c=query.control: d.set("controls", c, "evidence", "none")), PROOF)
        else:
            yield Row("delete a query", query.name(), REPO,
                      edits(lambda d, q=query: d.remove("controls", q.control, "evidence", q.id)), FORM)


def looser(node):
    """[(what, YAML)]: every way in which one expectation can be loosened."""
    if isinstance(node, yaml.ScalarNode):
        return [("any other", '{"!=": nonsense}')]
    if isinstance(node, yaml.SequenceNode):
        names = [n.value for n in node.value]
        return [(f"without {x}", "[" + ", ".join(y for y in names if y != x) + "]") for x in names if len(names) > 1] or \
               [("another", "[something.else]")]
    made = []
    for key, value in node.value:
        op, bound = key.value, value.value
        if op in ("<=", "<"):
            made.append((f"{op} {bound}", f'{{"{op}": {float(bound) * 10 + 1:g}}}'))
        elif op in (">=", ">"):
            made.append((f"{op} {bound}", f'{{"{op}": {float(bound) / 10:g}}}'))
        elif op == "==":
            made.append((f"== {bound}", '{"!=": nonsense}'))
        elif op == "in":
            made.append(("in", "{in: [" + ", ".join([v.value for v in value.value] + ["anything"]) + "]}"))
        else:
            made.append((op, '{"!=": nonsense}'))
    return made


def thresholds(world):
    doc = world.document()
    own = doc.keys("controls")
    for query in world.queries():
        for field in query.expect if query.control in own else ():
            path = ("controls", query.control, "evidence", query.id, "expect")
            for what, new in looser(doc.node(*path, field)):
                name = f"{query.name()} {field} {what}"
                change = edits(lambda d, p=path, f=field, n=new: d.set(*p, f, n))
                yield Row("loosen a threshold", name, REPO, change, FORM, shared=True)
                yield Row("loosen a threshold", name, LEADS, change, PROOF, "query has changed")
            if len(query.expect) > 1:
                yield Row("loosen a threshold", f"{query.name()} {field} is not asked", LEADS,
                          edits(lambda d, p=path, f=field: d.remove(*p, f)), PROOF, "query has changed")


def shape(world):
    """The other parts of a query."""
    doc = world.document()
    own = doc.keys("controls")
    for query in world.queries():
        if query.control not in own:
            continue
        path = ("controls", query.control, "evidence", query.id)
        if query.ledger:
            for power, rules in ((REPO, FORM), (LEADS, PROOF)):
                yield Row("another environment", f"{query.name()} asks dev instead of {query.ledger}", power,
                          edits(lambda d, p=path: d.set(*p, "ledger", "dev/any")), rules)
        else:
            yield Row("another environment", f"{query.name()} asks dev", LEADS,
                      edits(lambda d, p=path: d.set(*p, "ledger", "dev/any")), PROOF)
        yield Row("observe for enforce", f"{query.name()} asks for observe", LEADS,
                  edits(lambda d, p=path: d.set(*p, "mode", "observe")), PROOF)
        yield Row("loosen freshness", query.name(), REPO, edits(lambda d, p=path: d.set(*p, "fresh", "3650d")), "TM003")
        yield Row("wrong signer", f"{query.name()} asks an intern's job", LEADS,
                  edits(lambda d, p=path: [d.set(*p, "signer", "intern-job"), d.has(*p, "role") and d.remove(*p, "role")]), PROOF)
        others = [name for name in doc.keys("release") if name != query.subject]
        if query.subject and others:
            yield Row("swap a digest", f"{query.name()} is about {others[0]}", LEADS,
                      edits(lambda d, p=path, o=others[0]: d.set(*p, "subject", f"release.{o}")), PROOF)


def digests(world):
    doc = world.document()
    subjects = {query.subject for query in world.queries()}
    whole = "" in subjects or None in subjects
    other = '"sha256:' + "5" * 64 + '"'
    for name in doc.keys("release"):
        change = edits(lambda d, n=name: d.set("release", n, other))
        yield Row("swap a digest", f"release.{name}", REPO, change, "TM003")
        if name in subjects or whole:
            yield Row("swap a digest", f"release.{name}", LEADS, change, PROOF)
        if not doc.get("release", name).startswith("sha256:"):
            continue
        yield Row("swap a digest", f"the file of {name} has one byte more", REPO, lambda c, n=name: artefact(c, n), "TM002")
    names = [n for n in doc.keys("release") if n in subjects]
    if len(names) > 1:
        yield Row("swap a digest", f"{names[0]} and {names[1]} exchanged", LEADS, lambda c: exchange(c, *names[:2]), PROOF)
    yield Row("swap a digest", "the artefact is not among those pinned", REPO,
              lambda c: c.more.extend(["--artefact", f"other={c.base.top / 'observed.json'}"]), "TM002 -")
    yield Row("swap a digest", "the artefact is gone", REPO,
              lambda c: c.more.extend(["--artefact", f"{names[0]}={c.top / 'gone.bin'}"]), "TM002 -")


def artefact(case, name):
    changed = case.top / f"{name}.bin"
    changed.write_bytes((case.base.top / f"{name}.bin").read_bytes() + b"X")
    case.more += ["--artefact", f"{name}={changed}"]


def exchange(case, one, other):
    def swap(doc):
        a, b = doc.get("release", one), doc.get("release", other)
        doc.set("release", one, f'"{b}"')
        doc.set("release", other, f'"{a}"')
    case.edit(swap)


def rows(world):
    for table in (controls, thresholds, digests):
        yield from table(world)
    yield from shared_out(shape(world))
