"""A world that passes: keys, organisation, threat model, release, evidence and approvals of one system, made with redan as people would
make it, in two approved steps, so that there is something to roll back to."""
import json
import os
import re
import shutil
import subprocess

from document import Document
from envelope import sealed, statement_of
from observe import observe
from ring import day

CLEAN = {k: v for k, v in os.environ.items() if not k.startswith("REDAN_")}
ASKED = re.compile(r"redan approve --role (\S+) (--accept \S+|--exclude \S+|--except \S+|--profile)")


class Failed(Exception):
    pass


class Tools:
    """What every world shares: the program, the keys, the stamping authority."""

    def __init__(self, program, ring, authority):
        self.program = program
        self.ring = ring
        self.authority = authority

    def run(self, *args):
        return subprocess.run([self.program, *map(str, args)], capture_output=True, text=True, env=CLEAN, check=False)

    def output(self, *args):
        done = self.run(*args)
        if done.returncode != 0:
            raise Failed(f"redan {' '.join(map(str, args))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout


class Query:
    def __init__(self, control, entry, release, shared):
        self.control = control
        self.id = entry["id"]
        self.type = entry["type"]
        self.expect = entry.get("expect", {})
        self.signer = entry.get("signer")
        self.role = entry.get("role")
        self.ledger = entry.get("ledger")
        self.fresh = entry["fresh"]
        self.subject = entry.get("subject", "release.").split(".", 1)[1]
        self.subject_digest = release.get(self.subject)
        self.once = shared and not self.subject  # proved once, for the organisation

    def name(self):
        return f"{self.control}/{self.id}"


class World:
    def __init__(self, tools, spec, folder, system=None):
        self.tools = tools
        self.spec = spec
        self.top = folder
        self.redan = folder / "redan"
        self.old = folder / "old"
        self.given = system
        self.pin = None
        self.first = self.first_pin = None  # root of the threat model that was approved first, and what was pinned then
        self.id = None
        self.org = None

    # The parts of the folder

    def document(self, name="threatmodel.yaml"):
        return Document((self.redan / name).read_text())

    def queries(self):
        """Every query that a threat stands on, directly or through the organisation."""
        model, org = self.document().data(), self.document("org.yaml").data()
        used = set()
        for threat in model["threats"]:
            resolution = threat["resolution"]
            for field in ("controls", "conditions", "relies-on", "absent"):
                used.update(resolution.get(field, []))
            used.update(resolution.get("interim", {}).get("controls", []))
        own = {c["id"] for c in model["controls"]}
        listed = [(c, False) for c in model["controls"]] + [(c, True) for c in org.get("controls", []) if c["id"] not in own]
        return [Query(c["id"], entry, model["release"], shared) for c, shared in listed
                if c["id"] in used and c["evidence"] != "none" for entry in c["evidence"]]

    def key_for(self, query):
        holder = query.signer or self.tools.ring.roles[query.role][0]
        return self.tools.ring.of(holder)

    # Doing what people do

    def redan_run(self, *args):
        return self.tools.output(*args, "-C", self.redan, "--quiet")

    def sign(self, name):
        for key in ("root-1", "root-2"):
            self.redan_run("keys", "sign", name, "--key", self.tools.ring.folder / f"{key}.pem")

    def record(self, query, observed=None, n=None, key=None, more=()):
        seen, count = observe(query)
        path = self.top / "observed.json"
        path.write_text(json.dumps(seen if observed is None else observed))
        if query.once:
            more = [*more, "--covers", self.id]
        self.redan_run("evidence", "add", query.name(), "--observed", path, "--n", n if n is not None else count, "--key",
                       self.tools.ring.pem(key or self.key_for(query)), "--tsa", self.tools.authority.url, *more)

    def record_new(self):
        """What has no record yet, and one thing of each producer again, so that there is something newer than before."""
        known = [statement_of(json.loads(p.read_text()))["predicate"]["record"] for p in self.redan.glob("evidence/*/*.json")]
        done = {f"{r['control']}/{r['evidence']}" for r in known}
        again = set()
        for query in self.queries():
            holder = self.key_for(query).holder
            if query.name() not in done or (holder not in again and query.name() != "/".join(self.spec.victim)):
                again.add(holder)
                self.record(query)

    def approve(self, role, key, *what):
        self.redan_run("approve", "--role", role, "--key", self.tools.ring.folder / f"{key}.pem", *what)

    def leads(self):
        self.approve("ml-lead", self.spec.leads[0])
        self.approve("security-lead", self.spec.leads[1])

    def body(self, but=None):
        """Two of the board sign everything that check asks them for, as often as it asks; except what they are not to sign."""
        for _ in range(4):
            _, found = self.check(self.root())
            asked = sorted({m.groups() for f in found for m in ASKED.finditer(f.get("action", "")) if m.group(2) != but})
            if not asked:
                return
            for role, what in asked:
                for key in ("haas", "ngo"):
                    self.approve(role, key, *what.split(" "))
        raise Failed(f"{self.spec.name}: the body is asked again and again: {asked}")

    # The verdict

    def root(self):
        return json.loads(self.tools.output("keys", "list", "-C", self.redan, "--json"))["root"]

    def check(self, pin, folder=None, more=()):
        """(exit code, findings) of one check. Without JSON the findings are one line of what was said instead."""
        done = self.tools.run("check", "--json", "--root", pin, *more, folder or self.redan)
        return done.returncode, findings_of(done)

    def current_subjects(self):
        """The digests that the leads and the body have to have signed now."""
        said = json.loads(self.tools.output("digest", "-C", self.redan, "--json"))
        return {said["root"][7:]} | {t["acceptance"][7:] for t in said["threats"].values()}

    # Building

    def build(self):
        spec, ring = self.spec, self.tools.ring
        self.redan.mkdir(parents=True)
        for name, source in spec.files.items():
            (self.redan / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, self.redan / name)
        if (spec.folder / "dfd").exists():
            shutil.copytree(spec.folder / "dfd", self.redan / "dfd")
        model = Document(spec.model_text())
        if self.given:
            model.set("id", self.given)
        self.id = model.get("id")
        org = Document(spec.org_text())
        self.org = org.get("org")
        self.write("threatmodel.yaml", model.text())
        org_text = org.text()
        for harm in ("integrity", "confidentiality"):
            org.set("appetite", harm, "high")
        org.set("rules", "min-grade", "{critical: E2, high: E1, medium: E0, low: E0}")
        self.write("org.yaml", org.text())
        self.write("keys.yaml", ring.text(self.org, 1, self.tools.authority.certificate, revoked=False))
        self.sign("keys.yaml")
        self.sign("org.yaml")
        self.artefacts()
        model = self.document()
        whole = model.text()
        spec.first(model)
        self.write("threatmodel.yaml", model.text())
        self.step()
        self.first = self.tools.output("digest", "-C", self.redan).split()[0].removeprefix("sha256:")
        self.first_pin = self.pinned()
        self.date_back()
        shutil.copytree(self.redan, self.old)
        self.write("threatmodel.yaml", whole)
        self.write("keys.yaml", ring.text(self.org, 2, self.tools.authority.certificate))
        self.sign("keys.yaml")
        org = Document(org_text)
        org.set("version", "2")
        self.write("org.yaml", org.text())
        self.sign("org.yaml")
        self.step()
        self.pin = self.pinned()
        return self

    def pinned(self):
        """What a machine remembers of the state at hand."""
        return self.tools.output("pin", "-C", self.redan, "--root", self.root()).strip()

    def step(self):
        self.record_new()
        self.body()
        self.leads()
        code, found = self.check(self.root())
        if code != 0:
            raise Failed(f"{self.spec.name} does not pass to begin with: {found}")

    def date_back(self):
        """The first approval was fifty days ago."""
        for path in (self.redan / "approvals").iterdir():
            envelope = json.loads(path.read_text())
            statement = statement_of(envelope)
            if statement["predicate"]["kind"] == "release":
                statement["predicate"]["time"] = day(-50) + "T12:00:00Z"
                signer = next(k for k in self.tools.ring.keys.values() if k.keyid == envelope["signatures"][0]["keyid"])
                path.write_text(json.dumps(sealed(statement, signer)))

    def artefacts(self):
        """Real files for every digest of the release."""
        names = [k for k, v in self.document().data("release").items() if v.startswith("sha256:")]
        for name in names:
            (self.top / f"{name}.bin").write_text(f"{self.id} {name}, version 1\n")
        self.redan_run("release", "pin", *[f"{name}={self.top / name}.bin" for name in names])

    def write(self, name, text):
        (self.redan / name).write_text(text)


def findings_of(done):
    try:
        verdict = json.loads(done.stdout)
    except ValueError:
        return [{"rule": "-", "detail": done.stderr.strip() or "nothing was said"}]
    return [f for g in verdict["groups"] for i in g["items"] for f in i["findings"]]
