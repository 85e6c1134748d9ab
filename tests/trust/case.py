"""A copy of a world that one row edits: as somebody without a key, as the two leads, or as an insider who signs what he likes."""
import copy
import datetime
import hashlib
import json
import os
import shutil

from envelope import digest, sealed, statement_of
from world import World

NOTHING = "sha256:" + "0" * 64


class Record:
    def __init__(self, path):
        self.path = path
        self.envelope = json.loads(path.read_text())
        self.statement = statement_of(self.envelope)
        self.head = self.statement["predicate"].get("record", {})

    def name(self):
        return f"{self.head['control']}/{self.head['evidence']}"


def records_of(redan):
    return [Record(path) for path in sorted((redan / "evidence").rglob("*.json"))]


class Case(World):
    def __init__(self, world, folder):
        super().__init__(world.tools, world.spec, folder)
        self.base = world
        self.id, self.org, self.pin = world.id, world.org, world.pin
        self.ring = world.tools.ring
        self.more = []
        folder.mkdir(parents=True)
        shutil.copytree(world.redan, self.redan, symlinks=True)

    # Text

    def edit(self, change, name="threatmodel.yaml"):
        """Change the document by its tree."""
        doc = self.document(name)
        change(doc)
        self.write(name, doc.text())

    def replace(self, old, new, name="threatmodel.yaml"):
        """Change the text, at one place."""
        text = (self.redan / name).read_text()
        if old not in text:
            raise KeyError(f"{name} has no {old!r}")
        self.write(name, text.replace(old, new, 1))

    def raw(self, change, name="threatmodel.yaml"):
        path = self.redan / name
        path.write_bytes(change(path.read_bytes()))

    def at(self, moment):
        if isinstance(moment, datetime.datetime):
            moment = stamp(moment)
        self.more += ["--at", moment]

    # Signing

    def key(self, name):
        return self.ring.keys[name]

    def resign_root(self, *names):
        for name in names:
            self.sign(name)

    def root_sign_as(self, name, keys, kind=None):
        """keys.yaml or org.yaml signed by any keys, without asking redan."""
        path = self.redan / name
        kind = kind or name.split(".")[0]
        old = json.loads((self.redan / f"{kind}.dsse.json").read_text())
        statement = statement_of(old)
        statement["subject"][0]["digest"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        (self.redan / f"{kind}.dsse.json").write_text(json.dumps(sealed(statement, *keys)))

    # Records

    def records(self, producer=None, query=None):
        found = records_of(self.redan)
        if producer:
            found = [r for r in found if r.head["producer"] == producer]
        if query:
            found = [r for r in found if r.name() == query]
        return sorted(found, key=lambda r: (r.head["producer"], r.head["system"], r.head["seq"]))

    def newest(self, query):
        return self.records(query=query)[-1]

    def query(self, name):
        return next(q for q in self.queries() if q.name() == name)

    def victim(self):
        return "/".join(self.spec.victim)

    def file_record(self, envelope):
        """Put an envelope where redan would."""
        subjects = statement_of(envelope)["subject"]
        subject = subjects[0]["digest"]["sha256"] if subjects else "0" * 64
        folder = self.redan / "evidence" / subject
        folder.mkdir(exist_ok=True, parents=True)
        path = folder / f"{digest(envelope)[7:]}.json"
        path.write_text(json.dumps(envelope))
        return path

    def chain(self, producer, keep=lambda r: True, change=lambda s, r: None, key=None):
        """The whole chain of a producer anew, as whoever holds his key can make it: records left out, or changed, and numbered again.
        `key` signs the changed ones, and they are stamped; those that follow are not."""
        key_of = self.ring.of(producer)
        previous, seq = NOTHING, 1
        for record in self.records(producer):
            record.path.unlink()
            if not keep(record):
                continue
            statement = copy.deepcopy(record.statement)
            statement["predicate"]["record"].update(seq=seq, previous=previous)
            before = copy.deepcopy(statement)
            change(statement, record)
            if statement != before:
                envelope = self.seal(statement, key or key_of)
            elif statement != record.statement:
                envelope = sealed(statement, key_of)
            else:
                envelope = record.envelope
            self.file_record(envelope)
            previous, seq = digest(envelope), seq + 1

    def seal(self, statement, *keys):
        return sealed(statement, *keys, stamp=self.tools.authority.token)

    def rewrite(self, record, signatures):
        record.path.write_text(json.dumps(dict(record.envelope, signatures=signatures)))

    def forget(self, query):
        """As if it had never been recorded."""
        self.chain(self.newest(query).head["producer"], keep=lambda r: r.name() != query)

    def lie(self, query, change, key=None):
        """Every record of a query says something else, in a chain that is whole again."""
        def apply(statement, record):
            if record.name() == query:
                change(statement)
        self.chain(self.newest(query).head["producer"], change=apply, key=key)

    def append(self, query, change=None, key=None, producer=None):
        """A new record at the head of its producer's chain, made without redan: the newest one for the query, changed."""
        statement = copy.deepcopy(self.newest(query).statement)
        head = statement["predicate"]["record"]
        if producer:
            head["producer"] = producer
        chain = [r for r in self.records(head["producer"]) if r.head["system"] == head["system"]]
        head.update(seq=len(chain) + 1, previous=digest(chain[-1].envelope) if chain else NOTHING, time=now())
        if change:
            change(statement)
        return self.file_record(self.seal(statement, key or self.ring.of(head["producer"])))

    # Approvals

    def approvals(self, **fields):
        """(path, envelope, predicate) of those whose predicate has these fields."""
        found = []
        for path in sorted((self.redan / "approvals").glob("*.json")):
            envelope = json.loads(path.read_text())
            predicate = statement_of(envelope)["predicate"]
            if all(predicate.get(k) == v for k, v in fields.items()):
                found.append((path, envelope, predicate))
        return found

    def current(self):
        """The leads' approvals of the threat model at hand, as (path, envelope, predicate)."""
        root = self.root_digest()
        return [a for a in self.approvals(kind="release") if statement_of(a[1])["subject"][0]["digest"]["sha256"] == root]

    def root_digest(self):
        return self.redan_run("digest").split()[0].removeprefix("sha256:")

    def file_approval(self, envelope):
        text = json.dumps(envelope)
        path = self.redan / "approvals" / f"{hashlib.sha256(text.encode()).hexdigest()}.json"
        path.write_text(text)
        return path

    def forge(self, approval, *keys, **fields):
        """An approval like another, with other fields and other signatures."""
        statement = statement_of(approval[1])
        for name, value in fields.items():
            if value is None:
                statement["predicate"].pop(name, None)
            else:
                statement["predicate"][name] = value
        return self.file_approval(sealed(statement, *keys))

    def second_lead(self, role, signed, other, name):
        """The threat model at hand, signed by one lead as he should, and in the other role by any key, whether redan would let it or not."""
        self.approve(role, signed)
        self.forge(self.current()[-1], self.key(name), role=other)

    def accept_by(self, *names, about=None, **fields):
        """Take away the body's signatures over one acceptance and have these keys sign it instead."""
        about = about or self.accepted()
        found = self.approvals(kind="acceptance", about=about)
        model = found[-1]
        for path, _, _ in found:
            path.unlink()
        for name in names:
            self.forge(model, self.key(name), **fields)

    def unpin(self):
        """The machine knows the root and nothing else."""
        self.pin = self.pin.split(" ")[0]

    def accepted(self):
        """The threat that the body has accepted."""
        return next(t["id"] for t in self.document().data()["threats"] if t["resolution"]["kind"] == "accepted")

    def planned(self):
        return next(t["id"] for t in self.document().data()["threats"] if t["resolution"]["kind"] == "planned")

    def forget_approvals(self):
        shutil.rmtree(self.redan / "approvals")
        os.mkdir(self.redan / "approvals")

    def verdict(self):
        return self.check(self.pin, more=self.more)


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def now(seconds=0):
    return stamp(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds))


def moment_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
