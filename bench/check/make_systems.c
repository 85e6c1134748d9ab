/* Makes systems that pass: keys, organisation, threat models, signed evidence and approvals, for bench/check/run.
 * Usage: make_systems FOLDER SYSTEMS THREATS. Prints the root's fingerprint. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "io/file.h"
#include "threat/system.h"

enum { YEAR = 365 * 86400, NAME = 32 };

/* Holders, each with one key; the first is the root. */
static const struct {
    const char *id;
    const char *role; /* NULL for none */
    bool service;
} people[] = {
    {"root-keeper", NULL, false},
    {"r.okafor", "ml-lead", false},
    {"h.lindqvist", "security-lead", false},
    {"ci", NULL, true},
};
enum { ROOT, ML_LEAD, SECURITY_LEAD, CI, PEOPLE };

struct maker {
    struct redan_ctx *ctx;
    struct redan_key *keys[PEOPLE];
    struct redan_keyring ring;
    struct redan_catalog catalog;
    struct redan_slice keys_yaml;
    struct redan_slice keys_dsse;
    struct redan_slice org_yaml;
    struct redan_slice org_dsse;
};

static const char org_yaml[] =
    "schema: redan/org/1\n"
    "org: examplebank\n"
    "version: 1\n"
    "appetite: {integrity: low, confidentiality: low, availability: medium}\n"
    "rules: {depth: page, min-grade: {critical: E3, high: E2, medium: E1, low: E0}}\n"
    "roles: {ml-lead: 1, security-lead: 1}\n";

static enum redan_status view_copy(struct redan_ctx *ctx, struct redan_buf *buf,
                                   struct redan_slice *text)
{
    REDAN_TRY(redan_buf_ok(ctx, buf, "a file of the bench"));
    return redan_copy(ctx, redan_buf_view(buf), text);
}

static enum redan_status make_ring(struct maker *m)
{
    struct redan_ctx *ctx = m->ctx;
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    struct redan_problems problems;
    char day[REDAN_TIME_TEXT];
    char end[REDAN_TIME_TEXT];

    redan_date_text(ctx->now - YEAR, day);
    redan_date_text(ctx->now + YEAR, end);
    redan_buf_init(&out, ctx, ctx->limits.yaml);
    redan_buf_text(&out, "schema: redan/keys/1\norg: examplebank\nversion: 1\n"
                         "root: {threshold: 1, keys: [root-keeper-key]}\nholders:\n");
    for (size_t i = 0; i < PEOPLE; i++)
        redan_buf_printf(&out, "  - {id: %s, kind: %s}\n", people[i].id,
                         people[i].service ? "service" : "person");
    redan_buf_text(&out, "keys:\n");
    for (size_t i = 0; i < PEOPLE; i++) {
        REDAN_TRY(redan_key_new(ctx, REDAN_KEY_ED25519, &m->keys[i]));
        redan_buf_printf(&out, "  - {id: %s-key, holder: %s, from: %s, until: %s, public: \"",
                         people[i].id, people[i].id, day, end);
        redan_key_add_public_ssh(&out, m->keys[i], redan_slice_of(people[i].id));
        redan_buf_text(&out, "\"}\n");
    }
    redan_buf_text(&out, "roles:\n");
    for (size_t i = 0; i < PEOPLE; i++) {
        if (people[i].role)
            redan_buf_printf(&out, "  - {id: %s, quorum: 1, holders: [%s]}\n", people[i].role,
                             people[i].id);
    }
    REDAN_TRY(view_copy(ctx, &out, &m->keys_yaml));
    redan_problems_init(&problems, ctx, REDAN_S("keys.yaml"));
    REDAN_TRY(redan_keyring_parse(&problems, m->keys_yaml, &m->ring));
    if (problems.count > 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "keys.yaml: %.*s",
                          REDAN_FMT(problems.first->text));
    return REDAN_OK;
}

static enum redan_status to_text(struct redan_ctx *ctx, const struct redan_dsse *envelope,
                                 struct redan_slice *text)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};

    redan_buf_init(&out, ctx, ctx->limits.file);
    redan_dsse_add(&out, envelope);
    return view_copy(ctx, &out, text);
}

/* The root's signature over the bytes of a file. */
static enum redan_status root_sign(struct maker *m, const char *name, const char *predicate_type,
                                   struct redan_slice file, struct redan_slice *text)
{
    struct redan_ctx *ctx = m->ctx;
    struct redan_node *predicate = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_statement_subject subject = {.name = redan_slice_of(name)};
    struct redan_statement statement = {&subject, 1, redan_slice_of(predicate_type), predicate};
    struct redan_dsse envelope = {.payload_type = REDAN_S(REDAN_DSSE_INTOTO)};

    if (!predicate)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_sha256(ctx, file, &subject.digest));
    REDAN_TRY(redan_statement_write(ctx, &statement, &envelope.payload));
    REDAN_TRY(redan_dsse_sign(ctx, &envelope, m->keys[ROOT]));
    return to_text(ctx, &envelope, text);
}

static enum redan_status write_model(struct redan_ctx *ctx, unsigned system, unsigned threats,
                                     struct redan_slice *text)
{
    static const char *const stages[] = {"data", "training", "storage", "inference", "evolution"};
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    struct redan_digest digest;
    char hex[REDAN_DIGEST_HEX];
    char name[NAME];

    (void)snprintf(name, sizeof(name), "model of system %u", system);
    REDAN_TRY(redan_sha256(ctx, redan_slice_of(name), &digest));
    redan_digest_hex(&digest, hex);
    redan_buf_init(&out, ctx, ctx->limits.yaml);
    redan_buf_printf(&out,
                     "# One of many systems of a bench.\nschema: redan/1\nid: system-%04u\n"
                     "name: Scoring service number %u\n"
                     "inherits: [examplebank]\n"
                     "owners: {ml-lead: r.okafor, security-lead: h.lindqvist, product: cards}\n"
                     "profile: {kind: [predictive]}\nrelease:\n  model: \"sha256:%s\"\nstages:\n"
                     "  data: Labels come from disputes; fraud rings open disputes.\n"
                     "  training: Hash-locked dependencies, two-person review.\n"
                     "  storage: Signed in the registry, verified on load.\n"
                     "  inference: Merchants query it; a ring can map the boundary.\n"
                     "  evolution: Retrained nightly on confirmed outcomes.\nthreats:\n",
                     system, system, hex);
    for (unsigned i = 0; i < threats; i++) {
        redan_buf_printf(&out, "  - id: threat-%04u\n", i);
        if (i == 0)
            redan_buf_text(&out, "    archetype: EV-03\n");
        else
            redan_buf_printf(&out, "    name: Boundary mapping, variant %u\n    stage: %s\n", i,
                             stages[i % 5]);
        redan_buf_printf(&out,
                         "    severity: high\n    story: >\n"
                         "      A ring with merchant accounts submits crafted transactions of kind "
                         "%u and trains a surrogate.\n"
                         "    resolution: {kind: control, cycle: 2026Q4, controls: [control-%04u], "
                         "residual: low}\n",
                         i, i);
    }
    redan_buf_text(&out, "controls:\n");
    for (unsigned i = 0; i < threats; i++)
        redan_buf_printf(&out,
                         "  - id: control-%04u\n    name: Attack of kind %u is refused\n"
                         "    evidence:\n      - {id: replay, type: metric, subject: "
                         "release.model, signer: ci, fresh: 90d,\n"
                         "         expect: {success_rate: {\"<=\": 0.1}, n: {\">=\": 1000}}}\n",
                         i, i);
    return view_copy(ctx, &out, text);
}

static enum redan_status put(struct redan_ctx *ctx, struct redan_slice folder, const char *name,
                             struct redan_slice text)
{
    struct redan_slice path = {0};

    REDAN_TRY(redan_path_join(ctx, folder, redan_slice_of(name), &path));
    return redan_file_create(ctx, path, 0644, text);
}

static enum redan_status observe(struct redan_ctx *ctx, const struct redan_node **observed)
{
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_node *rate =
        map ? redan_node_add_kind(ctx, map, "success_rate", REDAN_NODE_MAP) : NULL;

    if (!rate || !redan_node_add_number(ctx, rate, "value", 0.041) ||
        !redan_node_add_number(ctx, rate, "low", 0.033) ||
        !redan_node_add_number(ctx, rate, "high", 0.05))
        return REDAN_E_MEMORY;
    *observed = map;
    return REDAN_OK;
}

static enum redan_status record_all(struct maker *m, const struct redan_system *s)
{
    struct redan_ctx *ctx = m->ctx;
    const struct redan_control *controls = s->model.controls.items;
    const struct redan_keyring_key *by = redan_keyring_named(&m->ring, REDAN_S("ci-key"));
    struct redan_link head = {.producer = by->holder, .system = s->model.id};
    struct redan_chain chain = {
        .producer = by->holder, .system = s->model.id, .head = &head, .whole = true};
    struct redan_store store = {.chains = &chain};
    const struct redan_node *observed = NULL;
    struct redan_slice folder = {0};

    REDAN_TRY(redan_path_join(ctx, s->folder, REDAN_S("evidence"), &folder));
    REDAN_TRY(observe(ctx, &observed));
    for (size_t i = 0; i < s->model.controls.count; i++) {
        struct redan_draft draft = {.query = &controls[i].queries[0],
                                    .release = &s->model.release,
                                    .observed = observed,
                                    .n = 2000,
                                    .time = ctx->now - 60,
                                    .by = by};
        struct redan_dsse envelope = {0};
        struct redan_slice path = {0};
        REDAN_TRY(redan_draft_write(ctx, &store, &draft, &envelope));
        REDAN_TRY(redan_dsse_sign(ctx, &envelope, m->keys[CI]));
        REDAN_TRY(redan_store_add(ctx, folder, &envelope, &path));
        head.seq++;
        REDAN_TRY(redan_sha256(ctx, envelope.payload, &head.digest));
        store.chain_count = 1;
    }
    return REDAN_OK;
}

static enum redan_status approve(struct maker *m, const struct redan_system *s,
                                 const struct redan_approval_step *step, size_t who)
{
    struct redan_ctx *ctx = m->ctx;
    struct redan_approval_draft draft = {.kind = REDAN_APPROVAL_RELEASE,
                                         .system = s->model.id,
                                         .role = redan_slice_of(people[who].role),
                                         .subject = &s->model.root,
                                         .release = &s->model.release,
                                         .step = step};
    struct redan_dsse envelope = {0};
    struct redan_slice folder = {0};
    struct redan_slice path = {0};

    REDAN_TRY(redan_path_join(ctx, s->folder, REDAN_S("approvals"), &folder));
    REDAN_TRY(redan_approval_write(ctx, &draft, &envelope));
    REDAN_TRY(redan_dsse_sign(ctx, &envelope, m->keys[who]));
    return redan_approvals_add(ctx, folder, &envelope, &path);
}

static enum redan_status approve_all(struct maker *m, const struct redan_system *s)
{
    struct redan_approval_step step = {0};

    REDAN_TRY(redan_history_next(m->ctx, s, &step));
    REDAN_TRY(redan_history_keep(m->ctx, s));
    REDAN_TRY(approve(m, s, &step, ML_LEAD));
    return approve(m, s, &step, SECURITY_LEAD);
}

static enum redan_status make_system(struct maker *m, const char *base, unsigned number,
                                     unsigned threats)
{
    struct redan_ctx *ctx = m->ctx;
    struct redan_pin pin = {.root = m->ring.root, .set = true, .source = REDAN_S("bench")};
    struct redan_system system = {0};
    struct redan_slice folder = {0};
    struct redan_slice model = {0};

    REDAN_TRY(redan_format(ctx, &folder, "%s/system-%04u/redan", base, number));
    REDAN_TRY(write_model(ctx, number, threats, &model));
    REDAN_TRY(put(ctx, folder, "threatmodel.yaml", model));
    REDAN_TRY(put(ctx, folder, "keys.yaml", m->keys_yaml));
    REDAN_TRY(put(ctx, folder, "keys.dsse.json", m->keys_dsse));
    REDAN_TRY(put(ctx, folder, "org.yaml", m->org_yaml));
    REDAN_TRY(put(ctx, folder, "org.dsse.json", m->org_dsse));
    enum redan_status status = redan_system_load(ctx, &m->catalog, folder, &pin, &system);
    if (status == REDAN_OK && system.problems.count > 0)
        status = redan_fail(ctx, REDAN_E_SCHEMA, 0, "%u: %.*s", system.problems.first->line,
                            REDAN_FMT(system.problems.first->text));
    if (status == REDAN_OK)
        status = record_all(m, &system);
    redan_system_done(&system);
    REDAN_TRY(status);
    status = redan_system_load(ctx, &m->catalog, folder, &pin, &system); /* with its records */
    if (status == REDAN_OK)
        status = approve_all(m, &system);
    redan_system_done(&system);
    return status;
}

static enum redan_status make(struct maker *m, char **args)
{
    struct redan_ctx *ctx = m->ctx;
    unsigned systems = (unsigned)strtoul(args[2], NULL, 10);
    unsigned threats = (unsigned)strtoul(args[3], NULL, 10);
    char hex[REDAN_DIGEST_HEX];

    m->org_yaml = redan_slice_of(org_yaml);
    REDAN_TRY(redan_catalog_load(ctx, &m->catalog));
    REDAN_TRY(make_ring(m));
    REDAN_TRY(root_sign(m, "keys.yaml", REDAN_PREDICATE_KEYS, m->keys_yaml, &m->keys_dsse));
    REDAN_TRY(root_sign(m, "org.yaml", REDAN_PREDICATE_ORG, m->org_yaml, &m->org_dsse));
    for (unsigned i = 0; i < systems; i++) {
        struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
        REDAN_TRY(make_system(m, args[1], i, threats));
        redan_arena_reset(&ctx->arena, mark);
    }
    redan_digest_hex(&m->ring.root, hex);
    (void)printf("sha256:%s\n", hex);
    return REDAN_OK;
}

int main(int argc, char **argv)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct maker m = {.ctx = &ctx};

    redan_ctx_init(&ctx, NULL);
    enum redan_status status =
        argc == 4 ? make(&m, argv) : redan_fail(&ctx, REDAN_E_USAGE, 0, "FOLDER SYSTEMS THREATS");
    redan_keyring_done(&m.ring);
    for (size_t i = 0; i < PEOPLE; i++)
        redan_key_free(m.keys[i]);
    if (status != REDAN_OK)
        (void)fprintf(stderr, "make_systems: %s\n", ctx.failure.text);
    return status == REDAN_OK ? 0 : 3;
}
