/* Making the small system: keys, organisation, threat model, records and approvals through the library's own functions. */
#include "threat_fixture.h"

#include "base/clock.h"
#include "codec/json.h"
#include "io/file.h"

const char fixture_model[] =
    "schema: redan/1\n"
    "id: base\n"
    "inherits: [bank]\n"
    "owners: {ml-lead: r.okafor, security-lead: h.lindqvist}\n"
    "profile: {kind: [predictive], trains: false}\n"
    "release:\n"
    "  model: \"sha256:1111111111111111111111111111111111111111111111111111111111111111\"\n"
    "  gateway: \"sha256:2222222222222222222222222222222222222222222222222222222222222222\"\n"
    "stages:\n"
    "  inference: A caller maps the boundary.\n"
    "threats:\n"
    "  - id: mapping\n"
    "    name: Boundary mapping\n"
    "    stage: inference\n"
    "    severity: high\n"
    "    resolution: {kind: control, cycle: 2026Q4, controls: [labels-only], residual: low}\n"
    "  - id: drift\n"
    "    archetype: EV-03\n"
    "    severity: high\n"
    "    resolution:\n"
    "      kind: planned\n"
    "      owner: d.moreau\n"
    "      ticket: T-1\n"
    "      opened: 2026-10-05\n"
    "      due: 2027-02-26\n"
    "      controls: [baseline]\n"
    "      interim: {controls: [alive], residual: medium}\n"
    "  - id: membership\n"
    "    name: Membership inference\n"
    "    stage: inference\n"
    "    severity: medium\n"
    "    resolution:\n"
    "      kind: accepted\n"
    "      body: risk-board\n"
    "      reason: Cardholders learn nothing new.\n"
    "      residual: low\n"
    "      expires: 2027-05-31\n"
    "      conditions: [audit]\n"
    "  - id: online\n"
    "    name: Online learning\n"
    "    stage: evolution\n"
    "    severity: high\n"
    "    resolution: {kind: eliminated, change: \"git:7f3c9a1\", absent: [no-update]}\n"
    "controls:\n"
    "  - id: labels-only\n"
    "    catalog: I-OBSC\n"
    "    evidence:\n"
    "      - {id: shape, type: probe, ledger: staging/shape, subject: release.gateway,\n"
    "         expect: {raw_score: 0}, signer: ci, fresh: 7d}\n"
    "  - {id: baseline, evidence: none}\n"
    "  - id: alive\n"
    "    evidence:\n"
    "      - {id: beat, type: heartbeat, ledger: prod/drift, signer: ci, fresh: 24h}\n"
    "  - id: audit\n"
    "    evidence:\n"
    "      - {id: auc, type: metric, subject: release.model, expect: {auc: {\"<=\": 0.55}},\n"
    "         role: builders, fresh: release}\n"
    "  - id: no-update\n"
    "    evidence:\n"
    "      - {id: config, type: config, subject: release.gateway,\n"
    "         expect: {\"$.online\": false}, signer: ci, fresh: release}\n";

const char fixture_org[] = "schema: redan/org/1\n"
                           "org: bank\n"
                           "version: 1\n"
                           "roles: {ml-lead: 1, security-lead: 1, risk-board: 2}\n"
                           "controls:\n"
                           "  - id: platform\n"
                           "    evidence:\n"
                           "      - {id: scan, type: policy, signer: ci, fresh: 7d}\n";

const struct fixture_record fixture_records[] = {
    {"labels-only/shape", "{\"raw_score\": 0}"},
    {"alive/beat", "{\"alive\": true}"},
    {"audit/auc", "{\"auc\": {\"value\": 0.5, \"low\": 0.49, \"high\": 0.52}, \"n\": 500}"},
    {"no-update/config", "{\"online\": false}"},
    {NULL, NULL},
};

const struct fixture_approval fixture_approvals[] = {
    {KEY_OKAFOR, "ml-lead", NULL},
    {KEY_LINDQVIST, "security-lead", NULL},
    {KEY_BOARD_1, "risk-board", "drift"},
    {KEY_BOARD_2, "risk-board", "drift"},
    {KEY_BOARD_1, "risk-board", "membership"},
    {KEY_BOARD_2, "risk-board", "membership"},
    {KEY_COUNT, NULL, NULL},
};

static const struct {
    const char *id;
    const char *holder;
    const char *from;
    const char *until;
    const char *revoked; /* "" for not */
} holders[KEY_COUNT] = {
    [KEY_ROOT] = {"root-1", "a.root", "2026-01-01", "2036-01-01", ""},
    [KEY_OKAFOR] = {"okafor", "r.okafor", "2026-01-01", "2036-01-01", ""},
    [KEY_OKAFOR_2] = {"okafor-2", "r.okafor", "2026-01-01", "2036-01-01",
                      "    revoked: {at: 2026-12-24, reason: retired}\n"},
    [KEY_OKAFOR_3] = {"okafor-3", "r.okafor", "2026-01-01", "2036-01-01",
                      "    revoked: {at: 2026-12-24, reason: compromise}\n"},
    [KEY_LINDQVIST] = {"lindqvist", "h.lindqvist", "2026-01-01", "2036-01-01", ""},
    [KEY_BOARD_1] = {"board-1", "b.haas", "2026-01-01", "2036-01-01", ""},
    [KEY_BOARD_1B] = {"board-1b", "b.haas", "2026-01-01", "2036-01-01", ""},
    [KEY_BOARD_2] = {"board-2", "c.ngo", "2026-01-01", "2036-01-01", ""},
    [KEY_MOREAU] = {"moreau", "d.moreau", "2026-01-01", "2036-01-01", ""},
    [KEY_CI] = {"ci-1", "ci", "2026-01-01", "2036-01-01", ""},
    [KEY_EARLY] = {"early", "e.early", "2027-01-01", "2036-01-01", ""},
    [KEY_OLD] = {"old", "o.old", "2026-01-01", "2026-06-01", ""},
    [KEY_LOST] = {"lost", "l.lost", "2026-01-01", "2036-01-01",
                  "    revoked: {at: 2027-06-01, reason: compromise}\n"},
    [KEY_PEER] = {"peer", "p.peer", "2026-01-01", "2036-01-01", ""},
    [KEY_LEFT] = {"left", "l.left", "2026-01-01", "2027-01-23", ""},
    [KEY_ML_ELSEWHERE] = {"ml-other", "v.other", "2026-01-01", "2036-01-01", ""},
    [KEY_SEC_ELSEWHERE] = {"sec-other", "w.other", "2026-01-01", "2036-01-01", ""},
    [KEY_ALIAS] = {"alias", "okafor-private", "2026-01-01", "2036-01-01", ""},
    [KEY_BOARD_1_ALIAS] = {"haas", "haas-private", "2026-01-01", "2036-01-01", ""},
    [KEY_CI_RETIRED] = {"ci-retired", "ci", "2026-01-01", "2036-01-01",
                        "    revoked: {at: 2026-12-24, reason: retired}\n"},
    [KEY_CI_SHORT] = {"ci-short", "ci", "2026-01-01", "2026-12-24", ""},
};

/* Who is listed twice: under the second id with the first one for a name. */
static const struct {
    const char *holder;
    const char *name;
} second_ids[] = {
    {"okafor-private", "R.Okafor"},
    {"haas-private", "B.Haas"},
};

static const char roles[] =
    "roles:\n"
    "  - {id: ml-lead, holders: [r.okafor, v.other], quorum: 1}\n"
    "  - id: security-lead\n"
    "    holders: [h.lindqvist, w.other, okafor-private]\n"
    "    quorum: 1\n"
    "  - {id: builders, holders: [ci], quorum: 1}\n"
    "  - {id: gate, holders: [ci, e.early, o.old, l.lost], quorum: 1}\n"
    "  - {id: peers, holders: [p.peer], quorum: 1}\n"
    "  - id: risk-board\n"
    "    holders: [b.haas, haas-private, c.ngo, d.moreau, e.early, o.old, l.lost]\n"
    "    quorum: 2\n";

static const char *view(struct fixture *f, struct redan_buf *buf)
{
    struct redan_slice copy = {0};

    assert_ok(redan_buf_ok(&f->ctx, buf, "a test's text"));
    assert_ok(redan_copy(&f->ctx, redan_buf_view(buf), &copy));
    redan_buf_done(buf);
    return copy.at;
}

static void sign_file(struct fixture *f, const char *name, const char *text)
{
    struct redan_statement_subject subject = {.name = redan_slice_of(name)};
    struct redan_statement statement = {&subject, 1, REDAN_S(REDAN_PREDICATE_KEYS),
                                        redan_node_new(&f->ctx, REDAN_NODE_MAP)};
    struct redan_dsse envelope = {.payload_type = REDAN_S(REDAN_DSSE_INTOTO)};
    struct redan_buf out;
    char dsse[64];

    if (strcmp(name, "org.yaml") == 0)
        statement.predicate_type = REDAN_S(REDAN_PREDICATE_ORG);
    assert_ok(redan_sha256(&f->ctx, redan_slice_of(text), &subject.digest));
    assert_ok(redan_statement_write(&f->ctx, &statement, &envelope.payload));
    assert_ok(redan_dsse_sign(&f->ctx, &envelope, f->keys[KEY_ROOT]));
    redan_buf_init(&out, &f->ctx, 100000);
    redan_dsse_add(&out, &envelope);
    (void)snprintf(dsse, sizeof(dsse), "%.*s.dsse.json", (int)(strlen(name) - 5), name);
    scratch_text(&f->dir, dsse, view(f, &out));
    scratch_text(&f->dir, name, text);
}

static void add_holder(struct redan_buf *text, const char *id, const char *kind)
{
    const char *name = NULL;

    for (size_t i = 0; i < REDAN_COUNT(second_ids); i++) {
        if (strcmp(second_ids[i].holder, id) == 0)
            name = second_ids[i].name;
    }
    redan_buf_printf(text, "  - {id: %s, name: %s%s, kind: %s}\n", id, name ? "" : "Person ",
                     name ? name : id, kind);
}

void fixture_write_keys(struct fixture *f, unsigned version)
{
    struct redan_buf text;

    redan_buf_init(&text, &f->ctx, 100000);
    redan_buf_printf(&text,
                     "schema: redan/keys/1\norg: bank\nversion: %u\n"
                     "root: {threshold: 1, keys: [root-1]}\nholders:\n",
                     version);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        size_t first = 0;
        while (strcmp(holders[first].holder, holders[i].holder) != 0)
            first++;
        if (first == i)
            add_holder(&text, holders[i].holder, i == KEY_CI ? "service" : "person");
    }
    redan_buf_text(&text, "keys:\n");
    for (size_t i = 0; i < KEY_COUNT; i++) {
        redan_buf_printf(&text, "  - id: %s\n    holder: %s\n    from: %s\n    until: %s\n%s",
                         holders[i].id, holders[i].holder, holders[i].from, holders[i].until,
                         holders[i].revoked);
        redan_buf_text(&text, "    public: \"");
        redan_key_add_public_ssh(&text, f->keys[i], redan_slice_of(holders[i].id));
        redan_buf_text(&text, "\"\n");
    }
    redan_buf_text(&text, roles);
    const char *all = view(f, &text);
    redan_problems_init(&f->problems, &f->ctx, REDAN_S("keys.yaml"));
    redan_keyring_done(&f->ring);
    assert_ok(redan_keyring_parse(&f->problems, redan_slice_of(all), &f->ring));
    if (f->problems.first)
        print_error("keys.yaml: %.*s\n", REDAN_FMT(f->problems.first->text));
    assert_int_equal(f->problems.count, 0);
    sign_file(f, "keys.yaml", all);
}

void fixture_open(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    redan_ctx_init(&f->ctx, NULL);
    f->ctx.now = NOW;
    scratch_make_fast(&f->dir);
    for (size_t i = 0; i < KEY_COUNT; i++)
        assert_ok(redan_key_new(&f->ctx, REDAN_KEY_ED25519, &f->keys[i]));
    assert_ok(redan_catalog_load(&f->ctx, &f->catalog));
    fixture_write_keys(f, 1);
    fixture_write_org(f, fixture_org);
}

void fixture_close(struct fixture *f)
{
    redan_keyring_done(&f->ring);
    for (size_t i = 0; i < KEY_COUNT; i++)
        redan_key_free(f->keys[i]);
    scratch_drop(&f->dir);
    redan_ctx_done(&f->ctx);
}

const char *fixture_edit(struct fixture *f, const char *text, const char *from, const char *to)
{
    struct redan_buf out;

    if (!from)
        return text;
    const char *at = strstr(text, from);
    if (!at)
        print_error("not in the text: %s\n", from);
    assert_non_null(at);
    assert_null(strstr(at + 1, from));
    redan_buf_init(&out, &f->ctx, 1000000);
    redan_buf_add(&out, text, (size_t)(at - text));
    redan_buf_text(&out, to);
    redan_buf_text(&out, at + strlen(from));
    return view(f, &out);
}

static void no_problems(const struct fixture *f)
{
    const struct redan_problem *p = f->problems.first;

    if (p)
        print_error("%u:%u: %.*s\n", p->line, p->column, REDAN_FMT(p->text));
    assert_null(p);
}

void fixture_write_org(struct fixture *f, const char *text)
{
    redan_problems_init(&f->problems, &f->ctx, REDAN_S("org.yaml"));
    assert_ok(redan_org_parse(&f->problems, redan_slice_of(text), &f->org));
    no_problems(f);
    sign_file(f, "org.yaml", text);
}

void fixture_write_model(struct fixture *f, const char *text)
{
    redan_problems_init(&f->problems, &f->ctx, REDAN_S("threatmodel.yaml"));
    assert_ok(redan_threat_model_parse(&f->problems, &f->catalog, &f->org, redan_slice_of(text),
                                       &f->model));
    no_problems(f);
    scratch_text(&f->dir, "threatmodel.yaml", text);
}

static const struct redan_query *query_named(struct fixture *f, const char *name)
{
    const struct redan_control *control = NULL;
    struct redan_slice id = {0};
    struct redan_slice query = {0};

    assert_true(redan_slice_cut(redan_slice_of(name), '/', &id, &query));
    control = redan_threat_model_control(&f->model, &f->org, id);
    if (control && !redan_threat_model_control(&f->model, NULL, id)) {
        struct redan_control *copy = redan_take(&f->ctx, sizeof(*copy));
        assert_non_null(copy);
        assert_ok(redan_threat_model_inherit(&f->problems, &f->model, control, copy));
        control = copy;
    }
    for (size_t k = 0; control && k < control->query_count; k++) {
        if (redan_slice_eq(control->queries[k].id, query))
            return &control->queries[k];
    }
    fail_msg("no query %s", name);
    return NULL;
}

void fixture_record_add(struct fixture *f, const char *query, const char *observed)
{
    const struct redan_texts none = {0};

    fixture_record_add_by(f, KEY_CI, query, observed, &none);
}

void fixture_record_add_by(struct fixture *f, enum fixture_key key, const char *query,
                           const char *observed, const struct redan_texts *covers)
{
    struct redan_draft draft = {
        .query = query_named(f, query), .release = &f->model.release, .n = 500, .time = f->ctx.now};
    struct redan_slice folder = {0};
    struct redan_slice path = {0};
    struct redan_store store;
    struct redan_dsse envelope = {0};
    struct redan_digest id;

    redan_key_id(f->keys[key], &id);
    draft.by = redan_keyring_find(&f->ring, &id);
    draft.covers = *covers;
    draft.mode = draft.query->mode;
    assert_ok(redan_json_parse(&f->ctx, redan_slice_of(observed), &draft.observed));
    assert_ok(redan_copy(&f->ctx, scratch_slice(&f->dir, "evidence"), &folder));
    assert_ok(redan_store_read(&f->ctx, &f->ring, folder, &store));
    assert_ok(redan_draft_write(&f->ctx, &store, &draft, &envelope));
    assert_ok(redan_dsse_sign(&f->ctx, &envelope, f->keys[key]));
    assert_ok(redan_store_add(&f->ctx, folder, &envelope, &path));
}

void fixture_load(struct fixture *f, enum fixture_pin pin, struct redan_system *system)
{
    struct redan_pin root = {
        .set = pin != PIN_NONE, .root = f->ring.root, .source = REDAN_S("--root")};
    struct redan_slice folder = redan_slice_of(f->dir.root);

    if (pin == PIN_OTHER)
        root.root.bytes[0] ^= 1;
    assert_ok(redan_system_load(&f->ctx, &f->catalog, folder, &root, system));
}

static void add(struct fixture *f, enum fixture_key key, const struct redan_approval_draft *draft)
{
    struct redan_dsse envelope = {0};
    struct redan_slice path = {0};

    assert_ok(redan_approval_write(&f->ctx, draft, &envelope));
    assert_ok(redan_dsse_sign(&f->ctx, &envelope, f->keys[key]));
    assert_ok(redan_approvals_add(&f->ctx, scratch_slice(&f->dir, "approvals"), &envelope, &path));
}

void fixture_next(struct fixture *f, struct redan_approval_step *step)
{
    struct redan_system system = {0};

    fixture_load(f, PIN_OURS, &system);
    if (redan_history_next(&f->ctx, &system, step) != REDAN_OK)
        fail_msg("no next step: %s", f->ctx.failure.text);
    assert_ok(redan_history_keep(&f->ctx, &system));
    redan_system_done(&system);
}

static struct redan_approval_draft release_draft(const struct fixture *f, const char *role)
{
    return (struct redan_approval_draft){.kind = REDAN_APPROVAL_RELEASE,
                                         .system = f->model.id,
                                         .role = redan_slice_of(role),
                                         .subject = &f->model.root,
                                         .release = &f->model.release};
}

void fixture_approve_step(struct fixture *f, enum fixture_key key, const char *role,
                          const struct redan_digest *root, const struct redan_approval_step *step)
{
    struct redan_approval_draft draft = release_draft(f, role);

    draft.step = step;
    if (root)
        draft.subject = root;
    add(f, key, &draft);
}

void fixture_approve_release(struct fixture *f)
{
    fixture_approve(f, KEY_OKAFOR, REDAN_APPROVAL_RELEASE, "ml-lead", NULL, 0);
    fixture_approve(f, KEY_LINDQVIST, REDAN_APPROVAL_RELEASE, "security-lead", NULL, 0);
}

void fixture_approve(struct fixture *f, enum fixture_key key, enum redan_approval_kind kind,
                     const char *role, const char *about, int64_t until)
{
    struct redan_approval_draft draft = release_draft(f, role);
    struct redan_approval_step step;

    draft.kind = kind;
    draft.about = redan_slice_of(about);
    draft.until = until;
    if (kind == REDAN_APPROVAL_RELEASE) {
        fixture_next(f, &step);
        draft.step = &step;
    } else if (kind == REDAN_APPROVAL_ACCEPTANCE) {
        const struct redan_threat *t = redan_threat_model_threat(&f->model, draft.about);
        assert_non_null(t);
        draft.subject = &t->acceptance;
    } else if (kind == REDAN_APPROVAL_NOT_APPLICABLE) {
        draft.subject = &query_named(f, about)->digest;
    } else if (kind == REDAN_APPROVAL_EXCLUSION) {
        const struct redan_exclusion *items = f->model.exclusions.items;
        size_t i = 0;
        while (i < f->model.exclusions.count && !redan_slice_is(items[i].archetype, about))
            i++;
        assert_true(i < f->model.exclusions.count);
        draft.subject = &items[i].subject;
    } else if (kind == REDAN_APPROVAL_EXCEPTION) {
        const struct redan_exception *items = f->model.exceptions.items;
        size_t i = 0;
        while (i < f->model.exceptions.count && !redan_slice_is(items[i].control, about))
            i++;
        assert_true(i < f->model.exceptions.count);
        draft.subject = &items[i].subject;
    } else {
        draft.subject = &f->model.profile_digest;
    }
    add(f, key, &draft);
}

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

void fixture_fill(struct fixture *f, const char *unrecorded, const char *unsigned_)
{
    for (const struct fixture_record *r = fixture_records; r->query; r++) {
        if (!same(r->query, unrecorded))
            fixture_record_add(f, r->query, r->observed);
    }
    for (const struct fixture_approval *a = fixture_approvals; a->role; a++) {
        if (same(a->about ? a->about : a->role, unsigned_))
            continue;
        fixture_approve(f, a->key, a->about ? REDAN_APPROVAL_ACCEPTANCE : REDAN_APPROVAL_RELEASE,
                        a->role, a->about, 0);
    }
}

/* Every rule of the findings, each once, sorted. */
static void list_rules(const struct redan_verdict *v, struct fixture_outcome *o)
{
    const char *last = "";

    o->rules[0] = '\0';
    for (;;) {
        const struct redan_finding *least = NULL;
        for (size_t g = 0; g < v->group_count; g++) {
            for (size_t i = 0; i < v->groups[g].count; i++) {
                const struct redan_verdict_item *item = &v->groups[g].items[i];
                for (size_t k = 0; k < item->count; k++) {
                    const struct redan_finding *now = item->findings[k];
                    if (strcmp(now->rule->id, last) > 0 &&
                        (!least || strcmp(now->rule->id, least->rule->id) < 0))
                        least = now;
                }
            }
        }
        if (!least)
            return;
        if (last[0] == '\0') {
            (void)snprintf(o->detail, sizeof(o->detail), "%.*s", REDAN_FMT(least->detail));
            (void)snprintf(o->action, sizeof(o->action), "%.*s", REDAN_FMT(least->action));
        }
        last = least->rule->id;
        size_t used = strlen(o->rules);
        (void)snprintf(o->rules + used, sizeof(o->rules) - used, "%s%s", used ? " " : "", last);
    }
}

void fixture_judge(struct redan_ctx *ctx, const struct redan_system *system,
                   const struct redan_artefact *artefact, struct fixture_outcome *outcome)
{
    struct redan_verdict verdict;

    memset(outcome, 0, sizeof(*outcome));
    assert_ok(redan_system_verdict(ctx, system, artefact, artefact ? 1 : 0, false, &verdict));
    outcome->word = verdict.word;
    list_rules(&verdict, outcome);
    assert_int_equal(verdict.next == NULL, verdict.word == REDAN_WORD_PASS);
}

void fixture_check(struct fixture *f, enum fixture_pin pin, int64_t now,
                   const struct redan_artefact *artefact, struct fixture_outcome *outcome)
{
    struct redan_ctx ctx;
    struct redan_pin root = {
        .set = pin != PIN_NONE, .root = f->ring.root, .source = REDAN_S("--root")};
    struct redan_system system = {0};

    redan_ctx_init(&ctx, NULL);
    ctx.now = now;
    if (pin == PIN_OTHER)
        root.root.bytes[0] ^= 1;
    assert_ok(redan_system_load(&ctx, &f->catalog, redan_slice_of(f->dir.root), &root, &system));
    fixture_judge(&ctx, &system, artefact, outcome);
    redan_system_done(&system);
    redan_ctx_done(&ctx);
}
