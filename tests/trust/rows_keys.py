"""Edits of what trust stands on: the root, keys.yaml, org.yaml, what is pinned, and going back to older ones of them."""
import json
import re
import shutil

from envelope import Key, sealed, statement_of
from ring import Ring
from row import INSIDER, REPO, Row

ROOT = "TM001"
BACK = "TM022 TM023"
FORM = "TM001 TM021"


def old(*names):
    """Files as they were when they were approved first: all of them were signed in order."""
    def apply(case):
        for name in names:
            source = case.base.old / name
            if source.is_dir():
                shutil.rmtree(case.redan / name, ignore_errors=True)
                shutil.copytree(source, case.redan / name)
            else:
                shutil.copyfile(source, case.redan / name)
    return apply


def own_root(case, *files):
    """The attacker's own organisation: every key of it is his, the root as well."""
    ring = Ring(case.top / "own-keys")
    text = ring.text(case.org, 3, case.tools.authority.certificate)
    case.write("keys.yaml", text)
    case.root_sign_as("keys.yaml", [ring.keys["root-1"], ring.keys["root-2"]])
    for name in files:
        case.root_sign_as(name, [ring.keys["root-1"], ring.keys["root-2"]])
    return ring


def own_world(case):
    """And everything is signed again under it: threat model, records, acceptances."""
    ring = own_root(case, "org.yaml")
    for path, envelope, predicate in case.approvals():
        holder = next(k.name for k in case.ring.keys.values() if k.keyid == envelope["signatures"][0]["keyid"])
        path.unlink()
        case.file_approval(sealed(statement_of(envelope), ring.keys[holder]))
    case.ring = ring
    for producer in {r.head["producer"] for r in case.records()}:
        case.chain(producer, change=lambda s, r: s["predicate"]["record"].update(n=s["predicate"]["record"]["n"] + 1))


def ring_with(**changes):
    """keys.yaml written anew with other settings, not signed."""
    return lambda case: case.write("keys.yaml", case.ring.text(case.org, 2, case.tools.authority.certificate, **changes))


def signed_by(name, *keys):
    def apply(case):
        case.root_sign_as(name, [case.key(k) for k in keys])
    return apply


def then(*steps):
    def apply(case):
        for step in steps:
            step(case)
    return apply


def text(name, pattern, new):
    def apply(case):
        path = case.redan / name
        made, count = re.subn(pattern, new, path.read_text(), count=1)
        if count != 1:
            raise KeyError(f"{name} has no {pattern}")
        path.write_text(made)
    return apply


def unlink(name):
    return lambda case: (case.redan / name).unlink()


def swap(one, other):
    def apply(case):
        a, b = case.redan / one, case.redan / other
        first, second = a.read_bytes(), b.read_bytes()
        a.write_bytes(second)
        b.write_bytes(first)
    return apply


def stranger_in_ring(case):
    key = Key("guest")
    block = "".join(f"      {line}\n" for line in key.public.strip().split("\n"))
    entry = f"  - id: guest\n    holder: b.haas\n    public: |\n{block}    from: 2020-01-01\n    until: 2099-01-01\n"
    case.replace("roles:\n", entry + "roles:\n", "keys.yaml")


def twice_by_one(case):
    """Two signatures of one root key where two keys are asked for."""
    case.replace("version: 2", "version: 3", "keys.yaml")
    case.root_sign_as("keys.yaml", [case.key("root-1"), case.key("root-1")])


def wrong_kind(case):
    """The root's signature over another statement about these bytes."""
    path = case.redan / "keys.dsse.json"
    statement = statement_of(json.loads(path.read_text()))
    statement["predicateType"] = "https://redan.dev/approval/v1"
    path.write_text(json.dumps(sealed(statement, case.key("root-1"), case.key("root-2"))))


TABLE = [
    # family, name, power, edit, rules
    ("another root", "keys.yaml with the attacker's own root", REPO, own_root, ROOT),
    ("another root", "keys.yaml and org.yaml with the attacker's own root", REPO, lambda c: own_root(c, "org.yaml"), ROOT),
    ("another root", "everything signed again under the attacker's own root", REPO, own_world, ROOT),
    ("another root", "one root key is enough", INSIDER,
     then(ring_with(threshold=1), signed_by("keys.yaml", "root-1"), signed_by("org.yaml", "root-1")), ROOT),
    ("another root", "the root has one key fewer", INSIDER,
     then(ring_with(root_keys=("root-1", "root-2")), signed_by("keys.yaml", "root-1", "root-2")), ROOT),
    ("another root", "a board member among the root's keys", INSIDER,
     then(ring_with(root_keys=("root-1", "haas", "root-3")), signed_by("keys.yaml", "root-1", "haas")), ROOT),
    ("another root", "keys.yaml is gone", REPO, unlink("keys.yaml"), ROOT),
    ("another root", "another organisation's root is pinned", REPO, lambda c: setattr(c, "pin", "sha256:" + "7" * 64), ROOT),
    ("root quorum short by one", "keys.yaml", INSIDER, then(text("keys.yaml", "version: 2", "version: 3"), signed_by("keys.yaml", "root-1")), ROOT),
    ("root quorum short by one", "keys.yaml, one key twice", INSIDER, twice_by_one, ROOT),
    ("root quorum short by one", "keys.yaml, one root key and one lead", INSIDER,
     then(text("keys.yaml", "version: 2", "version: 3"), lambda c: c.root_sign_as("keys.yaml", [c.key("root-1"), c.key(c.spec.leads[0])])), ROOT),
    ("root quorum short by one", "org.yaml", INSIDER,
     then(text("org.yaml", "accepted-max: 365d", "accepted-max: 3650d"), signed_by("org.yaml", "root-2")), ROOT),
    ("root quorum short by one", "org.yaml, signed by the two leads", INSIDER,
     then(text("org.yaml", "planned-max: 180d", "planned-max: 999d"), lambda c: c.root_sign_as("org.yaml", [c.key(k) for k in c.spec.leads])), ROOT),
    ("keys.yaml edited", "without the revocation of a key", REPO, text("keys.yaml", r"    revoked: .*\n", ""), ROOT),
    ("keys.yaml edited", "a key more for one of the board", REPO, stranger_in_ring, ROOT),
    ("keys.yaml edited", "the board needs one signature", REPO, text("keys.yaml", "id: risk-board, quorum: 2", "id: risk-board, quorum: 1"), ROOT),
    ("keys.yaml edited", "the clerk is on the board", REPO,
     text("keys.yaml", r"id: risk-board, quorum: 2, holders: \[", "id: risk-board, quorum: 2, holders: [k.clerk, "), ROOT),
    ("keys.yaml edited", "one person leads both", REPO,
     text("keys.yaml", r"id: security-lead, quorum: 1, holders: \[", "id: security-lead, quorum: 1, holders: [v.other, "), ROOT),
    ("keys.yaml edited", "a key lasts longer", REPO, text("keys.yaml", r"until: 20(?!99).*", "until: 2098-01-01"), ROOT),
    ("keys.yaml edited", "a service becomes a person", REPO, text("keys.yaml", "kind: service", "kind: person"), ROOT),
    ("keys.yaml edited", "no stamping authority", REPO, text("keys.yaml", r"timestamps:\n(.*\n)*", ""), ROOT),
    ("keys.yaml edited", "a comment", REPO, text("keys.yaml", r"\Z", "# harmless\n"), ROOT),
    ("keys.yaml edited", "the signature is gone", REPO, unlink("keys.dsse.json"), ROOT),
    ("keys.yaml edited", "the signatures are exchanged", REPO, swap("keys.dsse.json", "org.dsse.json"), ROOT),
    ("keys.yaml edited", "the signature is of another kind", INSIDER, wrong_kind, ROOT),
    ("keys.yaml edited", "one key under two names", REPO, lambda c: one_key_twice(c), FORM),
    ("keys.yaml edited", "a role twice", REPO, text("keys.yaml", r"roles:\n", "roles:\n  - {id: risk-board, quorum: 1, holders: [k.clerk]}\n"), FORM),
    ("keys.yaml edited", "an unknown field", REPO, text("keys.yaml", r"org: ", "trusted: true\norg: "), FORM),
    ("org.yaml edited", "the signature is gone", REPO, unlink("org.dsse.json"), ROOT),
    ("org.yaml edited", "the file is gone", REPO, then(unlink("org.yaml"), unlink("org.dsse.json")), "TM001 TM021 TM022"),
    ("org.yaml edited", "inherits is gone, with the file", REPO, lambda c: no_org(c), "TM001 TM003 TM021 TM022"),
    ("org.yaml edited", "inherits is gone", REPO, lambda c: c.edit(lambda d: d.remove("inherits")), "TM001"),
    ("org.yaml edited", "inherits another", REPO, lambda c: c.edit(lambda d: d.set("inherits", "[other]")), "TM001"),
    ("org.yaml edited", "any residual is in the appetite", REPO,
     lambda c: c.edit(lambda d: d.set("appetite", "{integrity: critical, confidentiality: critical, availability: critical}"), "org.yaml"), ROOT),
    ("org.yaml edited", "claims are enough", REPO,
     lambda c: c.edit(lambda d: d.set("rules", "min-grade", "{critical: E0, high: E0, medium: E0, low: E0}"), "org.yaml"), ROOT),
    ("org.yaml edited", "the board needs one signature", REPO, text("org.yaml", "risk-board: 2", "risk-board: 1"), ROOT),
    ("org.yaml edited", "five re-dates", REPO, text("org.yaml", "planned-redates: 2", "planned-redates: 5"), ROOT),
    ("org.yaml edited", "no separation of duties", REPO, lambda c: c.edit(lambda d: d.set("rules", "separation", "[]"), "org.yaml"), ROOT),
    ("org.yaml edited", "a comment", REPO, text("org.yaml", r"\Z", "# harmless\n"), ROOT),
    ("org.yaml edited", "of another organisation of the same root", REPO, lambda c: other_org(c), "TM001 TM021 TM022"),
    ("rollback", "keys.yaml as it was first, where no key was revoked", REPO, old("keys.yaml", "keys.dsse.json"), BACK),
    ("rollback", "org.yaml as it was first, with weaker rules", REPO, old("org.yaml", "org.dsse.json"), BACK),
    ("rollback", "keys.yaml and org.yaml as they were first", REPO, old("keys.yaml", "keys.dsse.json", "org.yaml", "org.dsse.json"), BACK),
    ("rollback", "the threat model as it was first", REPO, old("threatmodel.yaml"), BACK),
    ("rollback", "threat model and approvals as they were first", REPO, old("threatmodel.yaml", "approvals"), BACK),
    ("rollback", "the whole folder as it was first", REPO, lambda c: old(*[p.name for p in c.base.old.iterdir()])(c), BACK),
]


ALIKE = ("another root", "keys.yaml edited", "root quorum short by one")


def one_key_twice(case):
    path = case.redan / "keys.yaml"
    text_of = path.read_text()
    haas = re.search(r"  - id: haas-2\n(    .*\n|      .*\n)*", text_of).group(0)
    first = case.key("haas").public.strip().split("\n")[1]
    second = case.key("haas-2").public.strip().split("\n")[1]
    path.write_text(text_of.replace(haas, haas.replace(second, first)))


def no_org(case):
    (case.redan / "org.yaml").unlink()
    (case.redan / "org.dsse.json").unlink()
    case.edit(lambda d: d.remove("inherits"))


def other_org(case):
    case.write("org.yaml", "schema: redan/org/1\norg: elsewhere\nversion: 9\nroles: {risk-board: 1}\n")
    case.resign_root("org.yaml")


def compromised_after_rollback(world):
    """What the rollback of keys.yaml is for: the leaked key signs again."""
    def apply(case):
        old("keys.yaml", "keys.dsse.json")(case)
        case.accept_by("e.iri-leaked", "haas")
    return Row("rollback", "keys.yaml back, and a leaked key of the board accepts", INSIDER, apply, BACK)


def pins(world):
    """The machine knows of more than the tree shows."""
    pin = world.pin
    for what, pattern in (("a newer keys.yaml is pinned", r"keys=\d+"), ("a newer org.yaml is pinned", r"org=\d+")):
        yield Row("rollback", what, REPO, lambda c, p=pattern: setattr(c, "pin", re.sub(p, p.split("=")[0] + "=9", pin)), BACK)
    later = re.sub(rf"{world.id}=\d+:sha256:[0-9a-f]+", f"{world.id}=7:sha256:{'8' * 64}", pin)
    yield Row("rollback", "a later approval is pinned", REPO, lambda c: setattr(c, "pin", later), BACK)
    fork = re.sub(rf"({world.id}=\d+:sha256:)[0-9a-f]+", rf"\g<1>{'8' * 64}", pin)
    yield Row("rollback", "another approval with the same number is pinned", REPO, lambda c: setattr(c, "pin", fork), BACK)


def rows(world):
    for family, name, power, edit, rules in TABLE:
        yield Row(family, name, power, edit, rules, also="TM003" if family == "root quorum short by one" else "", shared=family in ALIKE)
    yield compromised_after_rollback(world)
    yield from pins(world)
    yield Row("another system", "its folder in this one's place", REPO, lambda c: twin(c), "TM001 TM003 TM022")
    yield Row("another system", "a second threat model beside the first", REPO, lambda c: beside(c), "-")


def twin(case):
    shutil.rmtree(case.redan)
    shutil.copytree(case.base.twin.redan, case.redan)
    case.more += ["--system", case.id]


def beside(case):
    (case.redan / "redan").mkdir()
    shutil.copyfile(case.base.twin.redan / "threatmodel.yaml", case.redan / "redan" / "threatmodel.yaml")
