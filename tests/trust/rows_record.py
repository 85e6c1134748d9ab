"""Records that must not count: replayed, out of context, stale, too few, too wide, forged, edited, or withheld."""
import base64
import copy
import datetime
import json
import os

from case import NOTHING, moment_of, now, records_of
from envelope import digest, sealed, unsigned
from observe import FACTS
from row import INSIDER, PROOF, REPO, Row

READ = "TM017 " + PROOF
CHAIN = PROOF + " TM017 TM022"
OTHER = "5" * 64


def own_queries(world):
    """The model's own queries, without what the organisation proves once."""
    own = world.document().keys("controls")
    return [q for q in world.queries() if q.control in own]


def head(**fields):
    def change(statement):
        statement["predicate"]["record"].update(fields)
    return change


def observed(statement):
    predicate = statement["predicate"]
    return predicate.get("observed", predicate)


# Replay: the proof was never made here, and one from elsewhere is laid in its place.

def from_twin(query):
    def apply(case):
        case.forget(query)
        for path in sorted((case.base.twin.redan / "evidence").rglob("*.json")):
            envelope = json.loads(path.read_text())
            if f'"control":"{query.split("/")[0]}"' in base64.b64decode(envelope["payload"]).decode():
                case.file_record(envelope)
    return apply


def instead(query, change):
    """The honest record is replaced by one that its producer signed for something else."""
    return lambda case: case.lie(query, change)


def other_subject(statement):
    for subject in statement["subject"]:
        subject["digest"]["sha256"] = OTHER


def foreign_control(case, query):
    """Another control's record under this control's name, its signature kept."""
    donor = next(r for r in case.records() if r.name() != query)
    statement = copy.deepcopy(donor.statement)
    control, evidence = query.split("/")
    statement["predicate"]["record"].update(control=control, evidence=evidence)
    case.forget(query)
    case.file_record(unsigned(donor.envelope, statement))


def old_release(case, query):
    """The release has changed since; the proof is of the one before."""
    def change(statement):
        other_subject(statement)
        statement["predicate"]["record"]["release"] = {name: f"sha256:{OTHER}" for name in statement["predicate"]["record"]["release"]}
    case.lie(query, change)


def replays(world):
    for query in own_queries(world):
        name = query.name()
        yield Row("replay", f"{name} of another system", REPO, from_twin(name), CHAIN)
        yield Row("replay", f"{name} of another environment", INSIDER, instead(name, head(ledger="dev/other")), PROOF, "ledger", shared=True)
        yield Row("observe for enforce", f"{name} recorded in mode observe", INSIDER, instead(name, head(mode="observe")), PROOF, "mode", shared=True)
        yield Row("replay", f"{name} of another digest", INSIDER, instead(name, other_subject), PROOF, "another digest", shared=True)
    victim = "/".join(world.spec.victim)
    yield Row("replay", "another control's record, renamed", REPO, lambda c: foreign_control(c, victim), CHAIN)
    yield Row("replay", "a record of the release before", INSIDER, lambda c: old_release(c, victim), PROOF)
    for what, fields in (("of another control", {"control": "elsewhere"}), ("of another piece of evidence", {"evidence": "elsewhere"}),
                         ("of an easier question", {"query": "sha256:" + OTHER}), ("of another system, signed again", {"system": "other"})):
        yield Row("replay", f"a record {what}", INSIDER, instead(victim, head(**fields)), PROOF)


# Chains: what is withheld, renumbered or forked.

def delete(pick):
    def apply(case):
        pick(case).path.unlink()
    return apply


def fork(case, producer):
    """A second record with the number of the newest one."""
    last = case.records(producer)[-1]
    statement = copy.deepcopy(last.statement)
    statement["predicate"]["record"]["n"] += 1
    case.file_record(case.seal(statement, case.ring.of(producer)))


def renumber(case, producer, **fields):
    last = case.records(producer)[-1]
    statement = copy.deepcopy(last.statement)
    statement["predicate"]["record"].update(fields)
    last.path.unlink()
    case.file_record(case.seal(statement, case.ring.of(producer)))


def withheld_failure(case, query):
    """A failing measurement was there when the leads signed, and is then withheld."""
    honest = case.query(query)
    code, found = case.verdict()
    case.record(honest, n=0)
    case.leads()
    case.newest(query).path.unlink()


def without_last(case, producer):
    last = case.records(producer)[-1].path
    case.chain(producer, keep=lambda r: r.path != last)


def chains(world):
    producers = sorted({world.key_for(q).holder for q in own_queries(world)})
    for producer in producers:
        yield Row("deleted newest record", f"of {producer}", REPO, delete(lambda c, p=producer: c.records(p)[-1]), CHAIN)
        yield Row("gap in the chain", f"the first record of {producer} is gone", REPO, delete(lambda c, p=producer: c.records(p)[0]), CHAIN,
                  "missing")
        yield Row("gap in the chain", f"all records of {producer} are gone", REPO,
                  lambda c, p=producer: [r.path.unlink() for r in c.records(p)], CHAIN)
        yield Row("fork in the chain", f"two newest records of {producer}", INSIDER, lambda c, p=producer: fork(c, p), CHAIN)
        yield Row("gap in the chain", f"{producer} skips a number", INSIDER, lambda c, p=producer: renumber(c, p, seq=99), CHAIN)
        if sum(r.head["producer"] == producer for r in records_of(world.redan)) > 1:
            yield Row("gap in the chain", f"the newest of {producer} follows nothing", INSIDER,
                      lambda c, p=producer: renumber(c, p, previous=NOTHING), CHAIN)
        yield Row("gap in the chain", f"{producer} numbers from 0", INSIDER, lambda c, p=producer: renumber(c, p, seq=0), CHAIN)
    victim = "/".join(world.spec.victim)
    yield Row("deleted newest record", "a failing one that the leads had seen", REPO, lambda c: withheld_failure(c, victim), CHAIN)
    yield Row("deleted newest record", "the chain of its producer made anew, without its last", INSIDER,
              lambda c: without_last(c, producers[0]), CHAIN)
    yield Row("deleted newest record", "the folder evidence is gone", REPO, lambda c: os.rename(c.redan / "evidence", c.top / "aside"), CHAIN)


# Time

SPANS = {"h": 3600, "d": 86400}


def seconds(span):
    return int(span[:-1]) * SPANS[span[-1]]


def after(query, more):
    """The moment when the newest record of a query has an age, to the second."""
    def apply(case):
        made = moment_of(case.newest(query.name()).head["time"]).timestamp() + seconds(query.fresh) + more
        case.at(datetime.datetime.fromtimestamp(made, datetime.timezone.utc))
    return apply


def times(world):
    for query in world.queries():
        if query.fresh != "release":
            yield Row("stale", f"{query.name()} a second after its {query.fresh}", REPO, after(query, 1), PROOF, f"{query.control}: {query.id} stale")
    for query in own_queries(world):
        yield Row("future-dated", f"{query.name()} from tomorrow", INSIDER, instead(query.name(), head(time=now(86400))), PROOF, "future",
                  shared=True)
    victim = "/".join(world.spec.victim)
    yield Row("future-dated", "ten minutes ahead", INSIDER, instead(victim, head(time=now(600))), PROOF, "future")
    yield Row("future-dated", "the clock of the check is a day late", REPO, lambda c: c.at(stamp_of(-86400)), PROOF + " TM003 TM009 TM012")
    spans = [q for q in own_queries(world) if q.fresh != "release"]
    for query in spans:
        old = now(-seconds(query.fresh) - 60)
        yield Row("stale", f"{query.name()} recorded too long ago", INSIDER, instead(query.name(), head(time=old)), PROOF, shared=True)
    if spans:
        made = now(86400 * 3)
        yield Row("stale", "stamped today, said to be of three days from now", INSIDER, instead(spans[0].name(), head(time=made)), PROOF)


def stamp_of(offset):
    return now(offset)


# What was measured

def violate(query, field, want):
    """The statement of a system that is not as it should be."""
    def change(statement):
        seen = observed(statement)
        if field == "passed":
            seen["passedTests"] = [t for t in seen["passedTests"] if t not in (want if isinstance(want, list) else [want])[:1]]
        elif field == "n":
            statement["predicate"]["record"]["n"] = bound_of(want) - 1
        elif field.startswith("$."):
            at, names = seen, field[2:].replace("[*]", ".0").split(".")
            for name in names[:-1]:
                at = at[int(name)] if name == "0" else at[name]
            at[names[-1]] = worse(want)
        elif isinstance(seen[field], dict):
            seen[field] = {"value": worse(want), "low": worse(want), "high": worse(want)}
        else:
            seen[field] = worse(want)
    return change


def bound_of(want):
    return next(iter(want.values())) if isinstance(want, dict) else want


def worse(want):
    if not isinstance(want, dict):
        return not want if isinstance(want, bool) else want + 1 if isinstance(want, (int, float)) else "something else"
    op, bound = next(iter(want.items()))
    if op in ("<=", "<"):
        return bound * 1.5 + 1
    if op in (">=", ">"):
        return bound / 2
    if op == "none-of":
        return bound[0]
    return worse(bound) if op == "==" else "something else"


def wide(query, field, want, how):
    def change(statement):
        seen = observed(statement)[field]
        op, bound = next(iter(want.items()))
        upper = op in ("<=", "<")
        inside = bound * 0.9 if upper else bound * 1.02
        outside = bound * 1.1 if upper else bound * 0.98
        if how == "interval":
            seen.update(value=inside, low=min(inside, outside), high=max(inside, outside))
        elif how == "bare":
            observed(statement)[field] = inside + 0.0001
        elif how == "half":
            seen.update(value=inside + 0.0001)
            seen.pop("high" if upper else "low")
        elif how == "crossed":
            seen.update(value=outside, low=inside * 0.99 if upper else inside, high=inside if upper else inside * 1.01)
    return change


def measurements(world):
    for query in own_queries(world):
        name = query.name()
        yield Row("n too small", f"{name} n is 0", INSIDER, instead(name, head(n=0)), PROOF, "n is 0", shared=True)
        for field, want in query.expect.items():
            family = "n too small" if field == "n" else "a failing record"
            yield Row(family, f"{name} {field}", INSIDER, instead(name, violate(query, field, want)), PROOF)
            if query.type != "metric" or field == "n" or not isinstance(want, dict):
                continue
            for how, what in (("interval", "the interval reaches over the bound"), ("bare", "a point without an interval"),
                              ("half", "an interval with one end"), ("crossed", "the point outside its interval")):
                yield Row("point inside, interval outside", f"{name} {field}: {what}", INSIDER, instead(name, wide(query, field, want, how)), PROOF)
        for fact in ("alive", "verified", "coverage", "failedTests", "gaps", "digest"):
            if fact in observe_of(query):
                yield Row("a failing record", f"{name} {fact} is not so", INSIDER, instead(name, lambda s, f=fact: observed(s).update({f: BAD[f]})),
                          PROOF)
                yield Row("a failing record", f"{name} does not say {fact}", INSIDER, instead(name, lambda s, f=fact: observed(s).pop(f)), PROOF)
    victim = "/".join(world.spec.victim)
    yield Row("n too small", "n is not said", INSIDER, instead(victim, lambda s: s["predicate"]["record"].pop("n")), READ)
    yield Row("n too small", "n is a fraction", INSIDER, instead(victim, head(n=0.5)), READ)
    yield Row("n too small", "n is a text", INSIDER, instead(victim, head(n="1000 requests")), READ)
    yield Row("n too small", "n is negative", INSIDER, instead(victim, head(n=-5)), READ)


BAD = {"alive": False, "verified": False, "coverage": "partial", "failedTests": ["it.fails"], "gaps": 2, "digest": "sha256:" + OTHER}


def observe_of(query):
    return FACTS[query.type](query) if query.type in FACTS else {}


# Signatures

def strip(case, query):
    for record in case.records(query=query):
        record.path.write_text(json.dumps(dict(record.envelope, signatures=[])))


def garble(case, query):
    for record in case.records(query=query):
        signature = dict(record.envelope["signatures"][0], sig=base64.b64encode(b"\0" * 64).decode())
        record.path.write_text(json.dumps(dict(record.envelope, signatures=[signature])))


def signers(world):
    for query in own_queries(world):
        name = query.name()
        yield Row("wrong signer", f"{name} signed by an intern's job", INSIDER, lambda c, q=name: c.lie(q, touch, c.key("intern")), CHAIN,
                  shared=True)
        yield Row("wrong signer", f"{name} by an intern's job in its own name", INSIDER, lambda c, q=name: by(c, q, "intern"), CHAIN, shared=True)
    victim = "/".join(world.spec.victim)
    producer = world.key_for(next(q for q in own_queries(world) if q.name() == victim)).holder
    yield Row("wrong signer", "a key that nobody knows", REPO, lambda c: c.lie(victim, touch, c.ring.stranger), CHAIN)
    yield Row("wrong signer", "no signature", REPO, lambda c: strip(c, victim), READ)
    yield Row("wrong signer", "a signature of zeroes", REPO, lambda c: garble(c, victim), READ)
    for lead in world.spec.leads:
        yield Row("wrong signer", f"the lead {lead} signs it", INSIDER, lambda c, k=lead: c.lie(victim, touch, c.key(k)), CHAIN)
    for state in ("expired", "early", "retired", "leaked"):
        if f"{producer}-{state}" in world.tools.ring.keys:
            yield Row("expired, retired or compromised key", f"of the producer: {state}", INSIDER,
                      lambda c, s=state: c.lie(victim, touch, c.key(f"{producer}-{s}")), CHAIN)
    if f"{producer}-expired" in world.tools.ring.keys:
        yield Row("expired, retired or compromised key", "of the producer: expired, dated back without a stamp", INSIDER,
                  lambda c: unstamped(c, victim, f"{producer}-leaked", -86400 * 40), CHAIN)


def touch(statement):
    statement["predicate"]["record"]["n"] += 1


def by(case, query, name):
    """Recorded by somebody else as himself, in a chain of his own."""
    donor = copy.deepcopy(case.newest(query).statement)
    case.forget(query)
    donor["predicate"]["record"].update(producer=case.key(name).holder, seq=1, previous=NOTHING)
    case.file_record(case.seal(donor, case.key(name)))


def unstamped(case, query, key, offset):
    donor = copy.deepcopy(case.newest(query).statement)
    producer = donor["predicate"]["record"]["producer"]
    case.forget(query)
    chain = case.records(producer)
    donor["predicate"]["record"].update(seq=len(chain) + 1, previous=digest(chain[-1].envelope) if chain else NOTHING, time=now(offset))
    case.file_record(sealed(donor, case.key(key)))


# Bytes

FIELDS = {"system": "other", "control": "elsewhere", "evidence": "elsewhere", "query": "sha256:" + OTHER, "ledger": "dev/other",
          "mode": "observe", "n": 1000001, "time": "2031-01-01T00:00:00Z", "producer": "somebody", "seq": 77,
          "previous": "sha256:" + OTHER, "release": {"model": "sha256:" + OTHER}}


def tamper(query, change):
    def apply(case):
        for record in case.records(query=query):
            statement = copy.deepcopy(record.statement)
            change(statement)
            record.path.write_text(json.dumps(unsigned(record.envelope, statement)))
    return apply


def edited(world):
    victim = "/".join(world.spec.victim)
    for field, value in FIELDS.items():
        yield Row("a record edited", f"{field}, signature kept", REPO, tamper(victim, head(**{field: value})), CHAIN, shared=True)
        yield Row("a record edited", f"without {field}, signature kept", REPO,
                  tamper(victim, lambda s, f=field: s["predicate"]["record"].pop(f, None) or s.update(extra=1)), CHAIN, shared=True)
        if field not in ("seq", "previous", "release", "n"):
            yield Row("a lying record", f"{field}, signed again", INSIDER, instead(victim, head(**{field: value})), CHAIN, shared=True)
        if field not in ("seq", "previous", "ledger"):
            yield Row("a lying record", f"without {field}, signed again", INSIDER,
                      instead(victim, lambda s, f=field: s["predicate"]["record"].pop(f)), READ, shared=True)
    for what, change in (("what was seen", lambda s: observed(s).update(note="all is well")),
                         ("its subject", other_subject), ("its type", lambda s: s.update(predicateType="https://redan.dev/evidence/age/v1"))):
        yield Row("a record edited", f"{what}, signature kept", REPO, tamper(victim, change), CHAIN, shared=True)
    for what, change in (("no header", lambda s: s["predicate"].pop("record")), ("an unknown type", lambda s: s.update(predicateType="x/y")),
                         ("another type", lambda s: s.update(predicateType="https://redan.dev/evidence/age/v1")),
                         ("no subject", lambda s: s.update(subject=[])), ("an unknown field", head(waived=True)),
                         ("no statement type", lambda s: s.update(_type="https://in-toto.io/Statement/v9"))):
        yield Row("a lying record", what, INSIDER, instead(victim, change), READ, shared=True)
    for what, data in (("cut short", lambda b: b[:100]), ("empty", lambda b: b""), ("not JSON", lambda b: b"pass\n"),
                       ("followed by another", lambda b: b + b), ("a duplicate key",
                        lambda b: b.replace(b'{"payloadType"', b'{"payload":"e30=","payloadType"', 1))):
        yield Row("an unreadable record", what, REPO, lambda c, d=data: bytes_of(c, victim, d), READ, shared=True)
    yield Row("an unreadable record", "a symbolic link", REPO, lambda c: link(c.newest(victim).path), READ)
    yield Row("an unreadable record", "a folder", REPO, lambda c: folder(c.newest(victim).path), READ)
    yield Row("an unreadable record", "a pipe", REPO, lambda c: pipe(c.newest(victim).path), READ)
    yield Row("an unreadable record", "somebody's note ending in .json", REPO,
              lambda c: (c.newest(victim).path.parent / "note.json").write_text("{}"), READ)


def bytes_of(case, query, change):
    path = case.newest(query).path
    path.write_bytes(change(path.read_bytes()))


def link(path):
    target = path.with_suffix(".real")
    path.rename(target)
    path.symlink_to(target.name)


def folder(path):
    path.unlink()
    path.mkdir()


def pipe(path):
    path.unlink()
    os.mkfifo(path)


def rows(world):
    for table in (replays, chains, times, measurements, signers, edited):
        yield from table(world)
