/* The difference of two documents by meaning: what is loosened, what is tightened, what is no difference at all. */
#include "test.h"

#include <stdio.h>

#include "codec/json.h"
#include "codec/yaml.h"
#include "io/file.h"
#include "threat/diff.h"
#include "threat/diff_rules.h"

struct row {
    enum redan_diff_document document;
    const char *before;
    const char *after;
    const char *says; /* "effect change path" of every entry, parted by "; " */
};

#define M REDAN_DIFF_THREAT_MODEL
#define O REDAN_DIFF_ORG
#define K REDAN_DIFF_KEYS
#define PUBLIC_A "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUcpv+ZrVR3O2Ujl7/8wxKmU3DQCR0tCRpLxMhdPpEC"
#define QUERY(fields) "controls: [{id: c, evidence: [{id: e, " fields "}]}]"
#define ANSWER(fields) "threats: [{id: t, resolution: {" fields "}}]"

static const struct row rows[] = {
    /* no difference */
    {M, "a: 1\nb: [x, y]\n", "b: [y, \"x\", x]  # c\na: '1'\n", ""},
    {M, "profile: {n: 0.1}", "profile: {n: 1e-1}", ""},
    {M, "annotations: {a: 1}\nid: s", "id: s\nannotations: {b: 2}", ""},
    {M, "threats: [{id: a, x: 1}, {id: b}]", "threats: [{id: b}, {x: 1, id: a}]", ""},
    {M, "x: []\ny: {}", "y: {}\nx: []", ""},
    /* and where there is one */
    {O, "annotations: {a: 1}", "annotations: {a: 2}", "changed altered annotations.a"},
    {M, "x: []", "y: 1", "changed removed x; changed added y"},
    {M, "x: []", "x: {}", "changed altered x"},
    {M, "x:", "x: \"\"", "changed altered x"},
    {M, "profile: {n: 1}", "profile: {n: \"1\"}", "changed altered profile.n"},
    {M, "id: s", "id: t", "changed altered id"},
    {M, "- a", "- a", ""},
    {M, "- a", "a: 1", "changed altered "},
    {M, "just", "text", "changed altered "},
    {M, "nobody: {knows: [this]}", "nobody: {knows: [that]}",
     "changed added nobody.knows[]; changed removed nobody.knows[]"},
    /* threats */
    {M, "threats: [{id: a}, {id: b}]", "threats: [{id: b}]", "loosened removed threats.a"},
    {M, "threats: [{id: b}]", "threats: [{id: a}, {id: b}]", "tightened added threats.a"},
    {M, "threats: [{id: a}]", "id: s", "loosened removed threats; changed added id"},
    {M, "threats: [{id: a}]", "threats: none", "changed altered threats"},
    {M, "threats: [{id: a}, {id: a, x: 1}]", "threats: [{id: a}]", "changed removed threats[]"},
    {M, "threats: [{id: a.b, severity: high}]", "threats: [{id: a.b, severity: low}]",
     "loosened altered threats.\"a.b\".severity"},
    {M, "threats: [{id: a, severity: low}]", "threats: [{id: a, severity: critical}]",
     "tightened altered threats.a.severity"},
    {M, "threats: [{id: a, severity: low}]", "threats: [{id: a, severity: dire}]",
     "changed altered threats.a.severity"},
    {M, "threats: [{id: a, severity: low}]", "threats: [{id: a}]",
     "loosened removed threats.a.severity"},
    {M, "threats: [{id: a, story: x, name: y}]", "threats: [{id: a, story: z}]",
     "words removed threats.a.name; words altered threats.a.story"},
    {M, "threats: [{id: a, archetype: IN-02, stage: data, targets: [x]}]",
     "threats: [{id: a, archetype: IN-03, stage: training}]",
     "changed altered threats.a.archetype; changed altered threats.a.stage; changed removed "
     "threats.a.targets"},
    {M, "threats: [{id: a, touches: [\"x/**\", y], review-by: 2027-01-01}]",
     "threats: [{id: a, touches: [y, z], review-by: 2027-02-01}]",
     "loosened altered threats.a.review-by; loosened removed threats.a.touches[]; tightened added "
     "threats.a.touches[]"},
    {M, "threats: [{id: a, review-by: 2027-01-01}]", "threats: [{id: a}]",
     "loosened removed threats.a.review-by"},
    /* answers */
    {M, ANSWER("kind: control"), ANSWER("kind: planned"),
     "loosened altered threats.t.resolution.kind"},
    {M, ANSWER("kind: control"), ANSWER("kind: accepted"),
     "loosened altered threats.t.resolution.kind"},
    {M, ANSWER("kind: planned"), ANSWER("kind: accepted"),
     "loosened altered threats.t.resolution.kind"},
    {M, ANSWER("kind: eliminated"), ANSWER("kind: planned"),
     "loosened altered threats.t.resolution.kind"},
    {M, ANSWER("kind: control"), ANSWER("kind: eliminated"),
     "changed altered threats.t.resolution.kind"},
    {M, ANSWER("kind: accepted"), ANSWER("kind: planned"),
     "changed altered threats.t.resolution.kind"},
    {M, ANSWER("kind: accepted"), ANSWER("kind: control"),
     "tightened altered threats.t.resolution.kind"},
    {M, ANSWER("kind: planned, due: 2027-01-01, interim: {controls: [x]}, controls: [a]"),
     ANSWER("kind: control, cycle: 2027Q1, controls: [a]"),
     "changed added threats.t.resolution.cycle; changed removed threats.t.resolution.due; changed "
     "removed threats.t.resolution.interim; tightened altered threats.t.resolution.kind"},
    {M, ANSWER("kind: control, controls: [a, b], residual: low"),
     ANSWER("kind: control, controls: [b, c], residual: high"),
     "loosened removed threats.t.resolution.controls[]; loosened altered "
     "threats.t.resolution.residual; tightened added threats.t.resolution.controls[]"},
    {M, ANSWER("kind: planned, opened: 2026-01-01, due: 2027-01-01, redates: [2026-06-01]"),
     ANSWER("kind: planned, opened: 2026-02-01, due: 2027-01-02, redates: []"),
     "loosened altered threats.t.resolution.due; loosened altered threats.t.resolution.opened; "
     "loosened removed threats.t.resolution.redates[]"},
    {M, ANSWER("kind: planned, due: 2027-01-01, redates: [2026-06-01]"),
     ANSWER("kind: planned, due: 2026-12-01"),
     "loosened removed threats.t.resolution.redates; tightened altered threats.t.resolution.due"},
    {M, ANSWER("kind: planned, owner: x, ticket: T-1"),
     ANSWER("kind: planned, owner: y, ticket: T-2"),
     "changed altered threats.t.resolution.owner; changed altered threats.t.resolution.ticket"},
    {M, ANSWER("kind: planned, interim: {controls: [a, b], residual: low}"),
     ANSWER("kind: planned, interim: {controls: [a], residual: medium}"),
     "loosened removed threats.t.resolution.interim.controls[]; loosened altered "
     "threats.t.resolution.interim.residual"},
    {M, ANSWER("kind: planned, interim: {controls: [a]}"), ANSWER("kind: planned"),
     "loosened removed threats.t.resolution.interim"},
    {M, ANSWER("kind: accepted, expires: 2027-01-01, body: b, reason: x"),
     ANSWER("kind: accepted, expires: 2027-06-01, body: c, reason: y"),
     "loosened altered threats.t.resolution.expires; changed altered threats.t.resolution.body; "
     "words altered threats.t.resolution.reason"},
    {M, ANSWER("kind: accepted, conditions: [a], relies-on: [b, c]"),
     ANSWER("kind: accepted, relies-on: [b]"),
     "loosened removed threats.t.resolution.conditions; loosened removed "
     "threats.t.resolution.relies-on[]"},
    {M, ANSWER("kind: eliminated, absent: [a, b], change: x"),
     ANSWER("kind: eliminated, absent: [b], change: y"),
     "loosened removed threats.t.resolution.absent[]; changed altered threats.t.resolution.change"},
    {M, "threats: [{id: t, resolution: {kind: control}}]", "threats: [{id: t}]",
     "loosened removed threats.t.resolution"},
    /* controls and what they ask */
    {M, "controls: [{id: a}, {id: b}]", "controls: [{id: b}, {id: c}]",
     "loosened removed controls.a; changed added controls.c"},
    {M, "controls: [{id: c, name: x, catalog: A}]", "controls: [{id: c, name: y, catalog: B}]",
     "changed altered controls.c.catalog; words altered controls.c.name"},
    {M, "controls: [{id: c, evidence: [{id: e}]}]", "controls: [{id: c, evidence: none}]",
     "loosened altered controls.c.evidence"},
    {M, "controls: [{id: c, evidence: none}]", "controls: [{id: c, evidence: [{id: e}]}]",
     "tightened altered controls.c.evidence"},
    {M, "controls: [{id: c, evidence: [{id: e}, {id: f}]}]",
     "controls: [{id: c, evidence: [{id: f}, {id: g}]}]",
     "loosened removed controls.c.evidence.e; tightened added controls.c.evidence.g"},
    {M, QUERY("type: metric, subject: release.a, ledger: p/x, file: f, signer: s"),
     QUERY("type: probe, subject: release.b, ledger: q/x, file: g, role: s"),
     "changed altered controls.c.evidence.e.file; changed altered controls.c.evidence.e.ledger; "
     "changed added controls.c.evidence.e.role; changed removed controls.c.evidence.e.signer; "
     "changed altered controls.c.evidence.e.subject; changed altered controls.c.evidence.e.type"},
    {M, QUERY("fresh: 7d"), QUERY("fresh: 2w"), "loosened altered controls.c.evidence.e.fresh"},
    {M, QUERY("fresh: 7d"), QUERY("fresh: 168h"), "words altered controls.c.evidence.e.fresh"},
    {M, QUERY("fresh: 7d"), QUERY("fresh: 24h"), "tightened altered controls.c.evidence.e.fresh"},
    {M, QUERY("fresh: 7d"), QUERY("fresh: release"),
     "loosened altered controls.c.evidence.e.fresh"},
    {M, QUERY("fresh: release"), QUERY("fresh: 999d"),
     "tightened altered controls.c.evidence.e.fresh"},
    {M, QUERY("fresh: 7d"), QUERY("fresh: soon"), "changed altered controls.c.evidence.e.fresh"},
    {M, QUERY("mode: enforce"), QUERY("mode: observe"),
     "loosened altered controls.c.evidence.e.mode"},
    {M, QUERY("a: b"), QUERY("a: b, mode: observe"), "loosened added controls.c.evidence.e.mode"},
    {M, QUERY("a: b, mode: observe"), QUERY("a: b"),
     "tightened removed controls.c.evidence.e.mode"},
    {M, QUERY("a: b, mode: enforce"), QUERY("a: b"), "words removed controls.c.evidence.e.mode"},
    {M, QUERY("expect: {f: {\"<=\": 0.1}}"), QUERY("expect: {f: {\"<=\": 0.2}}"),
     "loosened altered controls.c.evidence.e.expect.f.\"<=\""},
    {M, QUERY("expect: {f: {\"<=\": 0.10}}"), QUERY("expect: {f: {\"<=\": 1e-1}}"), ""},
    {M, QUERY("expect: {f: {\"<\": 0.1}}"), QUERY("expect: {f: {\"<\": -0.1}}"),
     "tightened altered controls.c.evidence.e.expect.f.\"<\""},
    {M, QUERY("expect: {f: {\">=\": 100}}"), QUERY("expect: {f: {\">=\": 99}}"),
     "loosened altered controls.c.evidence.e.expect.f.\">=\""},
    {M, QUERY("expect: {f: {\">\": 1}}"), QUERY("expect: {f: {\">\": 2}}"),
     "tightened altered controls.c.evidence.e.expect.f.\">\""},
    {M, QUERY("expect: {f: {\"<=\": 0.1}}"), QUERY("expect: {f: {\"<=\": \"0.2\"}}"),
     "changed altered controls.c.evidence.e.expect.f.\"<=\""},
    {M, QUERY("expect: {f: {\"<=\": 0.1}}"), QUERY("expect: {f: {\"<\": 0.1}}"),
     "loosened removed controls.c.evidence.e.expect.f.\"<=\"; tightened added "
     "controls.c.evidence.e.expect.f.\"<\""},
    {M, QUERY("expect: {f: {\"==\": 0, \"!=\": 1}}"), QUERY("expect: {f: {\"==\": 2, \"!=\": 3}}"),
     "changed altered controls.c.evidence.e.expect.f.\"!=\"; changed altered "
     "controls.c.evidence.e.expect.f.\"==\""},
    {M, QUERY("expect: {f: {max-age: 7d}}"), QUERY("expect: {f: {max-age: 8d}}"),
     "loosened altered controls.c.evidence.e.expect.f.max-age"},
    {M, QUERY("expect: {f: {in: [a], none-of: [x, y], includes: [p, q]}}"),
     QUERY("expect: {f: {in: [a, b], none-of: [x], includes: [p]}}"),
     "loosened added controls.c.evidence.e.expect.f.in[]; loosened removed "
     "controls.c.evidence.e.expect.f.includes[]; loosened removed "
     "controls.c.evidence.e.expect.f.none-of[]"},
    {M, QUERY("expect: {f: {in: [a, b], none-of: [x], includes: [p], odd: [1]}}"),
     QUERY("expect: {f: {in: [a], none-of: [x, y], includes: [p, q], odd: [2]}}"),
     "changed added controls.c.evidence.e.expect.f.odd[]; changed removed "
     "controls.c.evidence.e.expect.f.odd[]; tightened removed controls.c.evidence.e.expect.f.in[]; "
     "tightened added controls.c.evidence.e.expect.f.includes[]; tightened added "
     "controls.c.evidence.e.expect.f.none-of[]"},
    {M, QUERY("expect: {f: 1, g: 2}"), QUERY("expect: {g: 3, h: 4}"),
     "loosened removed controls.c.evidence.e.expect.f; changed altered "
     "controls.c.evidence.e.expect.g; tightened added controls.c.evidence.e.expect.h"},
    {M, QUERY("expect: {\"$.a.b[*]\": false}"), QUERY("expect: {\"$.a.b[*]\": \"false\"}"),
     "changed altered controls.c.evidence.e.expect.\"$.a.b[*]\""},
    {M, QUERY("expect: {f: 0}"), QUERY("expect: {f: {\"<=\": 0.5}}"),
     "loosened altered controls.c.evidence.e.expect.f"},
    {M, QUERY("expect: {f: 1}"), QUERY("expect: {f: {\"<=\": 0.5}}"),
     "changed altered controls.c.evidence.e.expect.f"},
    {M, QUERY("expect: {f: {\"<=\": 0.5}}"), QUERY("expect: {f: 0}"),
     "tightened altered controls.c.evidence.e.expect.f"},
    {M, QUERY("expect: {f: [a, b]}"), QUERY("expect: {f: [a]}"),
     "changed removed controls.c.evidence.e.expect.f[]"},
    {M, QUERY("type: tests, expect: {passed: [a, b]}"), QUERY("type: tests, expect: {passed: [a]}"),
     "loosened removed controls.c.evidence.e.expect.passed[]"},
    {M, QUERY("type: scan, expect: {passed: [a, b]}"), QUERY("type: scan, expect: {passed: [a]}"),
     "changed removed controls.c.evidence.e.expect.passed[]"},
    {M, QUERY("type: scan, expect: {f: 1}"), QUERY("type: scan"),
     "loosened removed controls.c.evidence.e.expect"},
    /* what the system is */
    {M, "profile: {kind: [llm], trains: true, memory: false}",
     "profile: {kind: [rag], trains: false, memory: true}",
     "loosened removed profile.kind[]; loosened altered profile.trains; tightened added "
     "profile.kind[]; tightened altered profile.memory"},
    {M, "profile: {trains: true, edge: false, registry: r}", "profile: {memory: false}",
     "loosened removed profile.trains; changed removed profile.registry; words removed "
     "profile.edge; words added profile.memory"},
    {M, "profile: {trains: true}", "profile: {trains: \"true\"}", "changed altered profile.trains"},
    {M, "profile: {eu-ai-act: {high-risk: true, reason: x}}", "profile: {kind: [llm]}",
     "loosened removed profile.eu-ai-act; tightened added profile.kind"},
    {M, "profile: {eu-ai-act: {high-risk: true, reason: x}}",
     "profile: {eu-ai-act: {high-risk: false, reason: y}}",
     "loosened altered profile.eu-ai-act.high-risk; words altered profile.eu-ai-act.reason"},
    {M, "excluded: [{archetype: A, reason: x, by: b, expires: 2027-01-01}]",
     "excluded: [{archetype: A, reason: y, by: c, expires: 2027-01-02}]",
     "loosened altered excluded.A.expires; changed altered excluded.A.by; words altered "
     "excluded.A.reason"},
    {M, "excluded: [{archetype: A}]", "excluded: [{archetype: B}]",
     "loosened added excluded.B; tightened removed excluded.A"},
    {M, "id: s", "id: s\nexcluded: [{archetype: B}]", "loosened added excluded"},
    {M, "excluded: [{archetype: A, expires: 2027-01-01}]", "excluded: [{archetype: A}]",
     "loosened removed excluded.A.expires"},
    {M, "exceptions: [{control: c, owner: x, reason: r}]",
     "exceptions: [{control: c, owner: y, reason: s}, {control: d}]",
     "loosened added exceptions.d; changed altered exceptions.c.owner; words altered "
     "exceptions.c.reason"},
    {M, "inherits: [a, b]\nname: x\nschema: redan/1", "inherits: [b]\nname: y\nschema: redan/2",
     "loosened removed inherits[]; changed altered schema; words altered name"},
    {M, "inherits: [a]\nid: s", "id: s", "loosened removed inherits"},
    {M, "owners: {ml-lead: a, product: p}", "owners: {ml-lead: b, product: q}",
     "changed altered owners.ml-lead; changed altered owners.product"},
    {M, "release: {model: a, gateway: b}", "release: {model: c, data: d}",
     "loosened removed release.gateway; changed added release.data; changed altered release.model"},
    {M, "release: {profile: 1}", "release: {profile: 1.0}", "changed altered release.profile"},
    {M, "stages: {data: x, storage: {assets: y}}", "stages: {data: z, storage: {assets: none}}",
     "words altered stages.data; words altered stages.storage.assets"},
    {M, "extends-stride: {file: a, covers: [x, y]}", "extends-stride: {file: b, covers: [x]}",
     "loosened removed extends-stride.covers[]; changed altered extends-stride.file"},
    /* the organisation */
    {O, "version: 2", "version: 1", "loosened altered version"},
    {O, "version: 9", "version: 10", "words altered version"},
    {O, "org: a", "org: b", "changed altered org"},
    {O, "appetite: {integrity: low, confidentiality: medium}",
     "appetite: {integrity: high, confidentiality: low}",
     "loosened altered appetite.integrity; tightened altered appetite.confidentiality"},
    {O, "org: a", "org: a\nappetite: {integrity: high, availability: low}",
     "loosened added appetite"},
    {O, "org: a\nappetite: {integrity: high}", "org: a", "tightened removed appetite"},
    {O, "rules: {planned-max: 90d, accepted-max: 90d, planned-redates: 1, depth: core}",
     "rules: {planned-max: 91d, accepted-max: 91d, planned-redates: 2, depth: page}",
     "loosened altered rules.accepted-max; loosened altered rules.depth; loosened altered "
     "rules.planned-max; loosened altered rules.planned-redates"},
    {O, "org: a\nrules: {planned-max: 90d, depth: full}", "org: a", "loosened removed rules"},
    {O, "org: a", "org: a\nrules: {planned-max: 181d}", "loosened added rules"},
    {O, "org: a", "org: a\nrules: {planned-max: 180d, planned-redates: 2}", "words added rules"},
    {O, "org: a", "org: a\nrules: {depth: core}", "tightened added rules"},
    {O, "rules: {depth: core}", "rules: {review: 30d}",
     "loosened removed rules.depth; tightened added rules.review"},
    {O, "rules: {review: 30d, nobody: knows}", "rules: {review: 60d}",
     "loosened altered rules.review; changed removed rules.nobody"},
    {O, "rules: {review: 30d}", "rules: {review: each-release}", "changed altered rules.review"},
    {O, "rules: {min-grade: {critical: E3, high: E2}}",
     "rules: {min-grade: {critical: E2, high: E3}}",
     "loosened altered rules.min-grade.critical; tightened altered rules.min-grade.high"},
    {O, "rules: {depth: page}", "rules: {depth: page, min-grade: {critical: E1, high: E2}}",
     "loosened added rules.min-grade"},
    {O, "rules: {separation: [ml-lead != security-lead, acceptor != owner]}",
     "rules: {separation: [acceptor != owner, evidence-signer != author]}",
     "loosened removed rules.separation[]; tightened added rules.separation[]"},
    {O, "rules: {depth: page}", "rules: {depth: page, separation: [acceptor != owner]}",
     "loosened added rules.separation"},
    {O, "rules: {depth: page, separation: [acceptor != owner]}", "rules: {depth: page}",
     "tightened removed rules.separation"},
    {O, "rules: {separation: [acceptor != owner]}", "rules: {separation: []}",
     "loosened removed rules.separation[]"},
    {O, "roles: {ml-lead: 1, risk-board: 2}", "roles: {ml-lead: 1, risk-board: 1}",
     "loosened altered roles.risk-board"},
    {O, "roles: {ml-lead: 1, risk-board: 2}", "roles: {x: 2}",
     "loosened removed roles.risk-board; changed removed roles.ml-lead; tightened added roles.x"},
    {O, "bodies: [a]", "bodies: [a, b]", "loosened added bodies[]"},
    {O, "bodies: [a, b]", "bodies: [a]", "tightened removed bodies[]"},
    {O, "bodies: [a]", "bodies: []", "loosened removed bodies[]"},
    {O, "org: a", "org: a\nbodies: [a]", "loosened added bodies"},
    {O, "org: a", "org: a\nbodies: [risk-board]", "words added bodies"},
    {O, "org: a\nbodies: [a]", "org: a", "loosened removed bodies"},
    {O, "org: a\nbodies: [a, risk-board]", "org: a", "tightened removed bodies"},
    {O, "floors: {IN-02: critical, X: high}", "floors: {IN-02: high, X: critical}",
     "loosened altered floors.IN-02; tightened altered floors.X"},
    {O, "floors: {IN-02: critical, X: high}", "floors: {NOBODY-1: low}",
     "loosened removed floors.IN-02; changed added floors.NOBODY-1; changed removed floors.X"},
    {O, "controls: [{id: c, scope: system.trains}]", "controls: [{id: c}, {id: d, scope: x}]",
     "loosened removed controls.c.scope; changed added controls.d"},
    {O, "controls: [{id: c, scope: system.trains}]", "controls: [{id: c, scope: system.edge}]",
     "changed altered controls.c.scope"},
    {O, "catalog: {version: 3, max-age: 45d, reviewed: 2026-01-01}",
     "catalog: {version: 2, max-age: 46d, reviewed: 2026-02-01}",
     "loosened altered catalog.max-age; loosened altered catalog.version; changed altered "
     "catalog.reviewed"},
    {O, "org: a\ncatalog: {max-age: 45d}", "org: a", "loosened removed catalog"},
    {O, "required: [{catalog: A}, {catalog: B, from: 2027-01-01}]",
     "required: [{catalog: B, from: 2028-01-01}]",
     "loosened removed required[]; loosened removed required[]; tightened added required[]"},
    {O, "probes: [{id: p, argv: [a]}]", "probes: [{id: p, argv: [b]}]",
     "changed added probes.p.argv[]; changed removed probes.p.argv[]"},
    /* the keys */
    {K, "root: {threshold: 2, keys: [a, b]}", "root: {threshold: 1, keys: [a, c]}",
     "loosened altered root.threshold; changed added root.keys[]; changed removed root.keys[]"},
    {K, "version: 3", "version: 2", "loosened altered version"},
    {K, "holders: [{id: r.o, kind: service, name: x}]",
     "holders: [{id: r.o, kind: person, name: y}, {id: z}]",
     "loosened altered holders.\"r.o\".kind; changed altered holders.\"r.o\".name; changed added "
     "holders.z"},
    {K, "keys: [{id: k, holder: a, from: 2026-01-01, until: 2027-01-01}]",
     "keys: [{id: k, holder: b, from: 2025-01-01, until: 2028-01-01}]",
     "loosened altered keys.k.from; loosened altered keys.k.until; changed altered keys.k.holder"},
    {K, "keys: [{id: k, revoked: {at: 2026-01-01, reason: compromise}}]", "keys: [{id: k}]",
     "loosened removed keys.k.revoked"},
    {K, "keys: [{id: k, revoked: {at: 2026-01-01, reason: compromise}}]",
     "keys: [{id: k, revoked: {at: 2026-02-01, reason: retired}}]",
     "loosened altered keys.k.revoked.at; loosened altered keys.k.revoked.reason"},
    {K, "keys: [{id: k}]", "keys: [{id: k, revoked: {at: 2026-02-01, reason: retired}}]",
     "tightened added keys.k.revoked"},
    {K, "keys: [{id: k, public: " PUBLIC_A " me, revoked: {at: 2026-01-01, reason: compromise}}]",
     "keys: [{id: l, public: " PUBLIC_A "}]", "loosened added keys.l; changed removed keys.k"},
    {K, "keys: [{id: l, public: x}, {id: k, public: " PUBLIC_A ", revoked: {at: 2026-01-01}}]",
     "keys: [{id: l, public: " PUBLIC_A "}, {id: k, public: y, revoked: {at: 2026-01-01}}]",
     "loosened altered keys.l.public; changed altered keys.k.public"},
    {K, "keys: [{id: k}]", "keys: [{id: k}, {id: l, public: " PUBLIC_A "}]",
     "changed added keys.l"},
    {K, "roles: [{id: r, holders: [a], quorum: 2}]", "roles: [{id: r, holders: [b], quorum: 1}]",
     "loosened altered roles.r.quorum; changed added roles.r.holders[]; changed removed "
     "roles.r.holders[]"},
    {K, "roles: [{id: r, holders: [a], quorum: 2}]", "roles: [{id: s, holders: [a], quorum: 2}]",
     "changed removed roles.r; changed added roles.s"},
    {K, "org: a", "org: a\ntimestamps: [{id: t}]", "changed added timestamps"},
};

static const struct redan_node *parse(struct redan_ctx *ctx, const char *text)
{
    const struct redan_node *root = NULL;

    if (text)
        assert_ok(redan_yaml_parse(ctx, redan_slice_of(text), &root));
    return root;
}

static void say(struct redan_buf *out, const struct redan_diff *diff)
{
    for (size_t i = 0; i < diff->count; i++) {
        const struct redan_diff_entry *e = &diff->entries[i];
        redan_buf_printf(out, "%s%s %s %.*s", i ? "; " : "", redan_diff_effect_words[e->effect],
                         redan_diff_change_words[e->change], REDAN_FMT(e->path));
    }
}

static void test_rows(void **state)
{
    size_t faults = 0;

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_problems problems;
        struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};
        struct redan_diff diff;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, 1 << 20);
        redan_problems_init(&problems, &ctx, REDAN_S("x"));
        const struct redan_node *before = parse(&ctx, rows[i].before);
        const struct redan_node *after = parse(&ctx, rows[i].after);
        assert_ok(redan_diff_make(&problems, rows[i].document, before, after, &diff));
        assert_int_equal(problems.count, 0);
        say(&out, &diff);
        if (!redan_slice_is(redan_buf_view(&out), rows[i].says)) {
            print_message("%s\n -> %s\nexpected %s\nfound    %s\n", rows[i].before, rows[i].after,
                          rows[i].says, out.data ? out.data : "");
            faults++;
        }
        for (size_t n = 0; n < diff.count; n++)
            assert_true(diff.entries[n].text.len > 0);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
    assert_int_equal(faults, 0);
}

static void check_one(struct redan_ctx *ctx, enum redan_diff_document document, const char *before,
                      const char *after, struct redan_diff *diff)
{
    struct redan_problems problems;

    redan_problems_init(&problems, ctx, REDAN_S("x"));
    assert_ok(redan_diff_make(&problems, document, parse(ctx, before), parse(ctx, after), diff));
    assert_int_equal(problems.count, 0);
}

struct sentence {
    enum redan_diff_document document;
    const char *before;
    const char *after;
    const char *says;
};

static const struct sentence sentences[] = {
    {M, "threats: [{id: drift, severity: high}]", "threats: [{id: drift, severity: medium}]",
     "threat drift: severity lowered from high to medium"},
    {M, "threats: [{id: a}, {id: drift}]", "threats: [{id: a}]", "threat drift removed"},
    {M, ANSWER("due: 2027-01-01"), ANSWER("due: 2027-02-01"),
     "threat t: due moved later from 2027-01-01 to 2027-02-01"},
    {M, ANSWER("interim: {residual: low}"), ANSWER("interim: {residual: high}"),
     "threat t: interim residual raised from low to high"},
    {M, ANSWER("controls: [a, b]"), ANSWER("controls: [a]"), "threat t: b removed from controls"},
    {M, ANSWER("conditions: [a]"), "threats: [{id: t, resolution: {x: 1}}]",
     "threat t: conditions removed"},
    {M, "threats: [{id: t, story: x}]", "threats: [{id: t, story: y}]", "threat t: story reworded"},
    {M, "threats: [{id: t, story: x}]", "threats: [{id: t}]", "threat t: story removed"},
    {M, QUERY("fresh: 7d"), QUERY("fresh: 30d"), "control c/e: fresh lengthened from 7d to 30d"},
    {M, QUERY("expect: {f: {\"<=\": 0.1}}"), QUERY("expect: {f: {\"<=\": 0.2}}"),
     "control c/e: expect f <= raised from 0.1 to 0.2"},
    {M, QUERY("a: b"), QUERY("mode: observe, a: b"),
     "control c/e: mode raised from enforce, which is meant without it to observe"},
    {M, "release: {model: a}", "release: {model: b}", "release model changed from a to b"},
    {M, "profile: {trains: true}", "profile: {trains: false}",
     "profile trains changed from true to false"},
    {M, "excluded: [{archetype: B}]", "excluded: [{archetype: B}, {archetype: A}]",
     "exclusion of A added"},
    {M, "x: \"a\\nb\"", "x: c", "x changed from a b to c"},
    {M, "x: [{y: 1}]", "x: []", "an item removed from x"},
    {M, "- a", "b: c", "the whole document changed"},
    {O, "version: 3", "version: 2", "version lowered from 3 to 2"},
    {O, "rules: {planned-max: 180d}", "rules: {planned-max: 365d}",
     "rules planned-max lengthened from 180d to 365d"},
    {K, "keys: [{id: k, holder: a}]", "keys: [{id: k, holder: b}]",
     "key k: holder changed from a to b"},
};

static void test_sentences(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(sentences); i++) {
        struct redan_ctx ctx;
        struct redan_diff diff;
        redan_ctx_init(&ctx, NULL);
        check_one(&ctx, sentences[i].document, sentences[i].before, sentences[i].after, &diff);
        assert_true(diff.count > 0);
        assert_string_equal(diff.entries[0].text.at, sentences[i].says);
        redan_ctx_done(&ctx);
    }
}

/* Of the changes and of nothing else. */
static void test_digest(void **state)
{
    static const struct {
        const char *before;
        const char *after;
    } same[] = {{"a: 1\nb: [x, y]", "a: 2\nb: [x]"},
                {"b: [y, x] # c\n\n\na: '1'", "b: [x]\na: \"2\"\nannotations: none"},
                {"unchanged: 1\na: 1\nb: [x, y, z]", "unchanged: 1\na: 2\nb: [z, x]"}},
      others[] = {{"a: 2\nb: [x]", "a: 1\nb: [x, y]"},
                  {"a: 1\nb: [x, y]", "a: 2\nb: [y]"},
                  {"a: 1", "a: 2"},
                  {"a: 1\nb: {y: 1}", "a: 2\nb: {}"},
                  {"a: 1\nc: [x, y]", "a: 2\nc: [x]"},
                  {"a: 1\nb: [y]", "a: 2"},
                  {"a: 1\nb: [x, \"\"]", "a: 2\nb: [x]"}};
    struct redan_ctx ctx;
    struct redan_diff first;
    struct redan_diff diff;
    char hex[REDAN_DIGEST_HEX];

    (void)state;
    redan_ctx_init(&ctx, NULL);
    check_one(&ctx, M, same[0].before, same[0].after, &first);
    for (size_t i = 1; i < REDAN_COUNT(same); i++) {
        check_one(&ctx, M, same[i].before, same[i].after, &diff);
        assert_true(redan_digest_eq(&diff.digest, &first.digest));
    }
    for (size_t i = 0; i < REDAN_COUNT(others); i++) {
        check_one(&ctx, M, others[i].before, others[i].after, &diff);
        assert_false(redan_digest_eq(&diff.digest, &first.digest));
    }
    check_one(&ctx, O, same[0].before, same[0].after, &diff);
    assert_true(redan_digest_eq(&diff.digest, &first.digest));
    /* printf 'redan/1\0diff\0[]' | sha256sum; the example of docs/digest.md */
    check_one(&ctx, M, "a: 1", "a: 1", &diff);
    redan_digest_hex(&diff.digest, hex);
    assert_string_equal(hex, "f1f75de48c28f3c7d19860eaa1a8628c0d8a34b09654165d86d74bdad62a1012");
    check_one(&ctx, M, "threats: [{id: t, severity: high, touches: [a]}]",
              "threats: [{id: t, severity: low, touches: [b]}]", &diff);
    redan_digest_hex(&diff.digest, hex);
    assert_string_equal(hex, "319e7ee27fa7276d162acebd466da9e60e5377598927328ef0090975e192a644");
    redan_ctx_done(&ctx);
}

static void test_nothing_before(void **state)
{
    struct redan_ctx ctx;
    struct redan_diff diff;
    struct redan_diff empty;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    check_one(&ctx, M, NULL, "threats: [{id: a}]\nid: s\nexcluded: [{archetype: A}]", &diff);
    assert_int_equal(diff.count, 3);
    assert_int_equal(diff.counts[REDAN_DIFF_LOOSENED], 1);
    assert_int_equal(diff.entries[0].line, 3);
    check_one(&ctx, M, NULL, NULL, &empty);
    assert_int_equal(empty.count, 0);
    check_one(&ctx, M, "id: s\nthreats:\n  - id: a\n  - id: b\n", "id: s\nthreats:\n  - id: b\n",
              &diff);
    assert_int_equal(diff.entries[0].line, 3); /* where it was */
    assert_int_equal(diff.entries[0].change, REDAN_DIFF_REMOVED);
    assert_string_equal(diff.entries[0].before.at, "{\"id\":\"a\"}");
    assert_int_equal(diff.entries[0].after.len, 0);
    redan_ctx_done(&ctx);
}

/* An organisation's control and a system's of the same id: only what is seen to be tighter passes. */
static void test_control(void **state)
{
    static const char shared[] =
        "id: c\nname: x\nscope: system.trains\nevidence:\n"
        "  - {id: e, type: metric, signer: ci, fresh: 7d, expect: {f: {\"<=\": 0.1}}}\n";
    static const struct {
        const char *own;
        size_t loosened;
        size_t tightened;
    } cases[] = {
        {"id: c\nname: y\nevidence:\n"
         "  - {id: e, type: metric, signer: ci, fresh: 7d, expect: {f: {\"<=\": 0.1}}}\n",
         0, 0},
        {"id: c\nname: x\nevidence:\n"
         "  - {id: e, type: metric, signer: ci, fresh: 1d, expect: {f: {\"<=\": 0.05}, g: 1}}\n"
         "  - {id: f, type: metric, signer: ci, fresh: 1d}\n",
         0, 4},
        {"id: c\nname: x\nevidence:\n"
         "  - {id: e, type: metric, signer: me, fresh: 7d, expect: {f: {\"<=\": 0.1}}}\n",
         1, 0},
        {"id: c\nname: x\nevidence:\n"
         "  - {id: e, type: metric, signer: ci, fresh: 7d, expect: {f: {\"<=\": 0.11}}}\n",
         1, 0},
        {"id: c\nname: x\nevidence: none\n", 1, 0},
        {"id: c\nname: x\nevidence: []\n", 1, 0},
        {"id: c\nname: x\n", 1, 0},
        {"id: c\nname: x\nevidence:\n  - {id: g, type: metric, signer: ci, fresh: 7d}\n", 1, 1},
        {"id: c\nname: x\nunknown: 1\nevidence:\n"
         "  - {id: e, type: metric, signer: ci, fresh: 7d, expect: {f: {\"<=\": 0.1}}}\n",
         1, 0},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        struct redan_ctx ctx;
        struct redan_problems problems;
        struct redan_diff diff;
        redan_ctx_init(&ctx, NULL);
        redan_problems_init(&problems, &ctx, REDAN_S("x"));
        assert_ok(
            redan_diff_control(&problems, parse(&ctx, shared), parse(&ctx, cases[i].own), &diff));
        assert_int_equal(diff.counts[REDAN_DIFF_LOOSENED], cases[i].loosened);
        assert_int_equal(diff.counts[REDAN_DIFF_TIGHTENED], cases[i].tightened);
        assert_int_equal(diff.counts[REDAN_DIFF_CHANGED], 0);
        for (size_t n = 0; n < diff.count; n++)
            assert_true(redan_slice_starts(diff.entries[n].path, REDAN_S("controls.c.")));
        redan_ctx_done(&ctx);
    }
}

static void test_not_normal(void **state)
{
    struct redan_ctx ctx;
    struct redan_problems problems;
    struct redan_diff diff;
    const struct redan_digest zero = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_problems_init(&problems, &ctx, REDAN_S("x"));
    assert_ok(
        redan_diff_make(&problems, M, parse(&ctx, "a: e\xcc\x81"), parse(&ctx, "a: b"), &diff));
    assert_int_equal(problems.count, 1);
    assert_int_equal(diff.count, 0);
    assert_true(redan_digest_eq(&diff.digest, &zero));
    redan_ctx_done(&ctx);
}

/* Trees that were not read from a file may be deeper than any file. */
static void test_deep(void **state)
{
    struct redan_ctx ctx;
    struct redan_problems problems;
    struct redan_diff diff;
    struct redan_node *roots[2];

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_problems_init(&problems, &ctx, REDAN_S("x"));
    for (size_t deep = 1; deep < 60; deep++) {
        for (int i = 0; i < 2; i++) {
            struct redan_node *at = roots[i] = redan_node_new(&ctx, REDAN_NODE_MAP);
            for (size_t n = 0; n < deep; n++)
                at = redan_node_add_kind(&ctx, at, "a", REDAN_NODE_MAP);
            if (i)
                assert_non_null(redan_node_add_text(&ctx, at, "b", REDAN_S("c")));
        }
        enum redan_status status = redan_diff_make(&problems, M, roots[0], roots[1], &diff);
        assert_true(status == REDAN_OK || status == REDAN_E_LIMIT);
        assert_true(deep < 30 ? status == REDAN_OK && diff.count == 1 : true);
        assert_true(deep > 40 ? status == REDAN_E_LIMIT : true);
        status = redan_diff_make(&problems, M, NULL, roots[1], &diff);
        assert_true(status == REDAN_OK || status == REDAN_E_LIMIT);
        redan_fail_clear(&ctx);
    }
    redan_ctx_done(&ctx);
}

/* Very many changes cost what they are, not their square. */
static void test_many(void **state)
{
    enum { MANY = 20000 };
    static const char *const heads[] = {"profile:\n", "bodies:\n", "keys:\n"};

    (void)state;
    for (size_t form = 0; form < REDAN_COUNT(heads); form++) {
        struct redan_ctx ctx;
        struct redan_diff diff;
        redan_ctx_init(&ctx, NULL);
        struct redan_buf texts[2] = {{0}, {0}};
        for (int side = 0; side < 2; side++) {
            redan_buf_init(&texts[side], &ctx, 1 << 22);
            redan_buf_text(&texts[side], heads[form]);
            for (int i = 0; i < MANY; i++)
                redan_buf_printf(&texts[side],
                                 form == 0   ? "  k%d: %d\n"
                                 : form == 1 ? "  - %d-%d\n"
                                             : "  - {id: k%d, x: %d}\n",
                                 i, side);
            assert_ok(redan_buf_ok(&ctx, &texts[side], "x"));
        }
        check_one(&ctx, form == 0 ? M : form == 1 ? O : K, texts[0].data, texts[1].data, &diff);
        assert_int_equal(diff.count, form == 1 ? 2 * MANY : MANY);
        redan_buf_done(&texts[0]);
        redan_buf_done(&texts[1]);
        redan_ctx_done(&ctx);
    }
}

static void test_memory(void **state)
{
    static const char before[] =
        "threats: [{id: a, severity: high, touches: [x]}, {id: b}]\nfloors: {IN-02: high}\n"
        "x: {y: {z: 1}}\n";
    static const char after[] =
        "threats: [{id: a, severity: low, touches: [y]}]\nx: {}\nw: {v: [1, {u: 2}]}\n";
    uint64_t calls = 0;

    (void)state;
    for (uint64_t fail_at = 0; fail_at == 0 || fail_at <= calls; fail_at++) {
        struct redan_ctx ctx;
        struct redan_problems problems;
        struct redan_diff diff;
        struct redan_node *tree = NULL;
        redan_ctx_init(&ctx, NULL);
        redan_problems_init(&problems, &ctx, REDAN_S("x"));
        const struct redan_node *a = parse(&ctx, before);
        const struct redan_node *b = parse(&ctx, after);
        uint64_t so_far = ctx.mem.calls;
        ctx.mem.fail_at = fail_at ? so_far + fail_at : 0;
        enum redan_status status = redan_diff_make(&problems, O, a, b, &diff);
        if (status == REDAN_OK && problems.count == 0)
            status = redan_diff_tree(&ctx, &diff, &tree);
        if (fail_at == 0)
            calls = ctx.mem.calls - so_far;
        assert_int_equal(status, fail_at ? REDAN_E_MEMORY : REDAN_OK);
        redan_ctx_done(&ctx);
    }
    assert_true(calls > 10);
}

static void test_text(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};
    struct redan_diff diff;
    struct redan_node *tree = NULL;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, 1 << 16);
    check_one(&ctx, M, "id: s\nname: x\nthreats: [{id: a}, {id: b}]",
              "id: s\nname: y\nthreats: [{id: b}]", &diff);
    redan_diff_text(&out, &diff, false);
    assert_slice(redan_buf_view(&out), "1 loosened, 0 changed, 0 tightened, 1 in words only\n"
                                       "  LOOSENED   threat a removed (was line 3)\n"
                                       "  words      name reworded (line 2)\n");
    redan_buf_clear(&out);
    redan_diff_text(&out, &diff, true);
    assert_non_null(strstr(out.data, "\x1b[31mLOOSENED \x1b[0m"));
    assert_ok(redan_diff_tree(&ctx, &diff, &tree));
    redan_buf_clear(&out);
    redan_json_tree_add(&out, tree);
    assert_non_null(strstr(out.data, "\"loosened\": 1"));
    assert_non_null(strstr(out.data, "\"path\": \"threats.a\""));
    check_one(&ctx, M, "id: s", "id: s", &diff);
    redan_buf_clear(&out);
    redan_diff_text(&out, &diff, true);
    assert_slice(redan_buf_view(&out), "no difference\n");
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

/* Every row of the table stands in the documentation. */
static void test_documented(void **state)
{
    struct redan_ctx ctx;
    struct redan_slice text = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_file_read(&ctx, REDAN_S(REDAN_SOURCE "/docs/diff.md"), 1 << 20, false, &text));
    for (const struct redan_diff_rule *r = redan_diff_rules; r->pattern; r++) {
        char row[160];
        (void)snprintf(row, sizeof(row), "`%s`", r->pattern);
        if (!strstr(text.at, row))
            fail_msg("%s is not in docs/diff.md", row);
        assert_true(r->documents != 0);
        assert_true((r->scale == REDAN_DIFF_WORD) == (r->words != NULL));
    }
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),       cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_digest),     cmocka_unit_test(test_nothing_before),
        cmocka_unit_test(test_control),    cmocka_unit_test(test_not_normal),
        cmocka_unit_test(test_deep),       cmocka_unit_test(test_many),
        cmocka_unit_test(test_memory),     cmocka_unit_test(test_text),
        cmocka_unit_test(test_documented),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
