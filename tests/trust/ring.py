"""The organisation's keys: two of three for the root, leads, a board, services; and those whose keys must not count."""
import datetime

from envelope import Key

PERSON, SERVICE = "person", "service"
LONG_AGO, FAR = "2020-01-01", "2099-01-01"


def day(offset):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=offset)).strftime("%Y-%m-%d")


# key, holder, kind, roles
KEYS = [
    ("root-1", "a.root", PERSON, []),
    ("root-2", "b.root", PERSON, []),
    ("root-3", "c.root", PERSON, []),
    ("okafor", "r.okafor", PERSON, ["ml-lead", "risk-board"]),
    ("ito", "s.ito", PERSON, ["ml-lead", "risk-board"]),
    ("adeyemi", "p.adeyemi", PERSON, ["ml-lead", "risk-board"]),
    ("lindqvist", "h.lindqvist", PERSON, ["security-lead", "risk-board"]),
    ("brandt", "l.brandt", PERSON, ["security-lead", "risk-board"]),
    ("other-ml", "v.other", PERSON, ["ml-lead"]),
    ("other-security", "w.other", PERSON, ["security-lead"]),
    ("haas", "b.haas", PERSON, ["risk-board"]),
    ("haas-2", "b.haas", PERSON, ["risk-board"]),
    ("ngo", "c.ngo", PERSON, ["risk-board"]),
    ("iri", "e.iri", PERSON, ["risk-board"]),
    ("moreau", "d.moreau", PERSON, ["risk-board"]),
    ("novak", "t.novak", PERSON, ["risk-board"]),
    ("robot", "sign-bot", SERVICE, ["risk-board", "ml-lead", "security-lead"]),
    ("clerk", "k.clerk", PERSON, ["office"]),
    ("silva", "m.silva", PERSON, ["data-steward"]),
    ("steward", "data-steward", SERVICE, ["data-steward"]),
    ("releaser", "releaser", SERVICE, ["release-signer"]),
    ("gate", "gate", SERVICE, ["gate"]),
    ("ci-staging", "ci-staging", SERVICE, []),
    ("ci", "ci", SERVICE, []),
    ("ml-eval", "ml-eval", SERVICE, []),
    ("monitor-prod", "monitor-prod", SERVICE, []),
    ("watcher", "watcher", SERVICE, []),
    ("platform", "platform", SERVICE, []),
    ("platform-bot", "platform-bot", SERVICE, []),
    ("intern", "intern-job", SERVICE, []),
]
# Another key of a holder, from, until, revocation. The last one was good when the ring had version 1.
STALE = [
    ("expired", LONG_AGO, -10, None),
    ("early", 10, FAR, None),
    ("retired", LONG_AGO, FAR, "retired"),
    ("leaked", LONG_AGO, FAR, "compromise"),
]
STALE_HOLDERS = ["r.okafor", "s.ito", "p.adeyemi", "h.lindqvist", "l.brandt", "e.iri", "ci-staging", "ci", "ml-eval", "monitor-prod",
                 "watcher"]
# The same person under a second name.
ALIASES = [("okafor-alias", "okafor-private", "R.Okafor"), ("ito-alias", "ito-private", "S.ITO"),
           ("adeyemi-alias", "adeyemi-private", "P.Adeyemi"), ("haas-alias", "haas-private", "B.Haas"),
           ("moreau-alias", "moreau-private", "D.MOREAU"), ("novak-alias", "novak-private", "t.Novak")]


class Ring:
    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        self.keys = {}
        self.holders = {}
        self.roles = {}
        self.lines = []
        for name, holder, kind, roles in KEYS:
            self.enrol(name, holder, kind, roles)
        for holder in STALE_HOLDERS:
            for state, begin, end, revoked in STALE:
                self.enrol(f"{holder}-{state}", holder, None, [], begin, end, revoked)
        for name, holder, known_as in ALIASES:
            self.enrol(name, holder, PERSON, ["risk-board", "security-lead"], called=known_as)
        self.stranger = Key("stranger")
        self.own_root = Key("own-root")

    def enrol(self, name, holder, kind, roles, begin=LONG_AGO, end=FAR, revoked=None, called=None):
        key = Key(name)
        key.holder = holder
        key.write(self.folder / f"{name}.pem")
        self.keys[name] = key
        self.lines.append((name, holder, begin, end, revoked))
        if kind:
            self.holders.setdefault(holder, (kind, called))
        for role in roles:
            holders = self.roles.setdefault(role, [])
            if holder not in holders:
                holders.append(holder)

    def of(self, holder):
        """The first key of a holder: the good one."""
        return next(k for k in self.keys.values() if k.holder == holder)

    def pem(self, key):
        return str(self.folder / f"{key.name}.pem")

    def text(self, org, version, certificate, revoked=True, quorum=2, root_keys=("root-1", "root-2", "root-3"), threshold=2):
        """keys.yaml. `revoked` False: as it was before the compromised and retired keys were found out."""
        out = [f"schema: redan/keys/1\norg: {org}\nversion: {version}\norganisation: required", "root:", f"  threshold: {threshold}",
               f"  keys: [{', '.join(root_keys)}]", "holders:"]
        for holder, (kind, called) in self.holders.items():
            out.append(f"  - {{id: {holder}, kind: {kind}{', name: ' + called if called else ''}}}")
        out.append("keys:")
        for name, holder, begin, end, why in self.lines:
            out.append(f"  - id: {name}\n    holder: {holder}\n    public: |\n{block(self.keys[name].public, 6)}"
                       f"    from: {date(begin)}\n    until: {date(end)}")
            if why and revoked:
                out.append(f"    revoked: {{at: {day(-20)}, reason: {why}}}")
        out.append("roles:")
        for role, holders in self.roles.items():
            least = quorum if role == "risk-board" else 1
            out.append(f"  - {{id: {role}, quorum: {least}, holders: [{', '.join(holders)}]}}")
        out.append(f"timestamps:\n  - id: tsa\n    certificate: |\n{block(certificate, 6)}")
        return "\n".join(out)


def date(text):
    return day(text) if isinstance(text, int) else text


def block(text, indent):
    return "".join(" " * indent + line + "\n" for line in text.strip().split("\n"))
