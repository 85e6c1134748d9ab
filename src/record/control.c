/* Controls and their evidence queries, from the tree to something that can be judged. */
#include "record/control.h"

#include "base/clock.h"
#include "base/map.h"
#include "io/file.h"
#include "record/canonical_tree.h"

static const struct redan_bind_field control_fields[] = {
    {"id", REDAN_BIND_ID, true, offsetof(struct redan_control, id), NULL, NULL,
     "a short id, id: label-only"},
    {"name", REDAN_BIND_TEXT, false, offsetof(struct redan_control, name), NULL, NULL,
     "what it does"},
    {"catalog", REDAN_BIND_ID, false, offsetof(struct redan_control, catalog), NULL, NULL,
     "an id of the control catalogue, catalog: I-OBSC"},
    {"scope", REDAN_BIND_TEXT, false, offsetof(struct redan_control, scope), NULL, NULL,
     "where it is inherited, scope: system.hosts_model"},
    {"evidence", REDAN_BIND_NODE, true, offsetof(struct redan_control, evidence), NULL, NULL,
     "a list of queries, or none"},
};

const struct redan_bind_shape redan_control_shape = {"a control", sizeof(struct redan_control),
                                                     offsetof(struct redan_control, node),
                                                     control_fields, REDAN_COUNT(control_fields)};

/* One entry of `evidence`. */
struct entry {
    struct redan_slice id;
    struct redan_slice type;
    struct redan_slice ledger;
    struct redan_slice file;
    struct redan_slice subject;
    const struct redan_node *expect;
    int mode;
    struct redan_slice signer;
    struct redan_slice role;
    struct redan_slice fresh;
    const struct redan_node *node;
};

static const struct redan_bind_field entry_fields[] = {
    {"id", REDAN_BIND_ID, true, offsetof(struct entry, id), NULL, NULL, "a short id, id: replay"},
    {"type", REDAN_BIND_TEXT, true, offsetof(struct entry, type), NULL, NULL,
     "one of the sixteen evidence types, type: metric"},
    {"ledger", REDAN_BIND_TEXT, false, offsetof(struct entry, ledger), NULL, NULL,
     "environment/stream, ledger: staging/response-shape"},
    {"file", REDAN_BIND_TEXT, false, offsetof(struct entry, file), NULL, NULL,
     "the file that the producer records from"},
    {"subject", REDAN_BIND_TEXT, false, offsetof(struct entry, subject), NULL, NULL,
     "a digest of the release, subject: release.model"},
    {"expect", REDAN_BIND_NODE, false, offsetof(struct entry, expect), NULL, NULL,
     "fields and bounds, expect: {success_rate: {\"<=\": 0.1}}"},
    {"mode", REDAN_BIND_WORD, false, offsetof(struct entry, mode), NULL, redan_mode_words,
     "enforce or observe"},
    {"signer", REDAN_BIND_ID, false, offsetof(struct entry, signer), NULL, NULL,
     "a holder in keys.yaml, signer: ci-staging"},
    {"role", REDAN_BIND_ID, false, offsetof(struct entry, role), NULL, NULL,
     "a role in keys.yaml, role: data-steward"},
    {"fresh", REDAN_BIND_TEXT, true, offsetof(struct entry, fresh), NULL, NULL,
     "how old it may be, fresh: 7d, or fresh: release"},
};

static const struct redan_bind_shape entry_shape = {"a piece of evidence", sizeof(struct entry),
                                                    offsetof(struct entry, node), entry_fields,
                                                    REDAN_COUNT(entry_fields)};

static void resolve_type(struct redan_problems *problems, const struct entry *e,
                         struct redan_query *q)
{
    q->type = redan_evidence_type_named(e->type);
    if (!q->type) {
        redan_problem_add(problems, e->node,
                          "use one of age attestation bom config digest file git heartbeat log "
                          "metric policy probe scan signature signoff tests",
                          "unknown evidence type \"%.*s\"", REDAN_FMT(e->type));
        return;
    }
    if (q->type->needs_subject && e->subject.len == 0)
        redan_problem_add(problems, e->node, "add subject: release.NAME",
                          "evidence \"%.*s\" of type %s has no subject", REDAN_FMT(e->id),
                          q->type->name);
    if (q->type->needs_expect && !e->expect)
        redan_problem_add(problems, e->node, "add expect: {FIELD: {\"<=\": BOUND}}",
                          "evidence \"%.*s\" of type %s expects nothing", REDAN_FMT(e->id),
                          q->type->name);
    if (q->type->needs_fresh && redan_slice_is(e->fresh, "release"))
        redan_problem_add(problems, e->node, "write a span, fresh: 24h",
                          "evidence \"%.*s\" of type %s has no age limit", REDAN_FMT(e->id),
                          q->type->name);
}

static void resolve_subject(struct redan_problems *problems, const struct redan_release *release,
                            const struct entry *e, struct redan_query *q)
{
    struct redan_slice head = {0};
    struct redan_slice name = {0};

    if (e->subject.len == 0)
        return;
    if (redan_slice_cut(e->subject, '.', &head, &name) && redan_slice_is(head, "release"))
        q->subject = redan_release_find(release, name);
    if (!q->subject)
        redan_problem_add(problems, e->node, "name a digest of the section release, release.model",
                          "the subject \"%.*s\" is not in the release", REDAN_FMT(e->subject));
}

/* A control of the organisation that asks about no release is proved once, for all the systems that its records cover. */
static enum redan_status resolve_owner(struct redan_ctx *ctx, const struct redan_control *control,
                                       const struct entry *e, struct redan_query *q)
{
    if (control->org.len == 0 || e->subject.len > 0)
        return REDAN_OK;
    q->covers = q->system;
    q->system = control->org;
    return redan_system_digest(ctx, q->covers, &q->covered);
}

static void resolve_rest(struct redan_problems *problems, const struct entry *e,
                         struct redan_query *q)
{
    struct redan_slice head = {0};
    struct redan_slice tail = {0};

    if ((e->signer.len == 0) == (e->role.len == 0))
        redan_problem_add(problems, e->node, "write either signer: HOLDER or role: ROLE",
                          "evidence \"%.*s\" must say who signs it, in one way", REDAN_FMT(e->id));
    if (e->fresh.len && !redan_slice_is(e->fresh, "release") &&
        !redan_span_parse(e->fresh, &q->fresh))
        redan_problem_add(problems, e->node, "write a span such as 7d or 24h, or release",
                          "fresh is \"%.*s\"", REDAN_FMT(e->fresh));
    if (e->ledger.len &&
        (!redan_slice_cut(e->ledger, '/', &head, &tail) || head.len == 0 || tail.len == 0))
        redan_problem_add(problems, e->node, "write environment/stream, staging/response-shape",
                          "ledger is \"%.*s\"", REDAN_FMT(e->ledger));
    if (e->file.len && !redan_path_inside(e->file))
        redan_problem_add(problems, e->node, "put it below the folder of the threat model",
                          "file names a place outside the folder: \"%.*s\"", REDAN_FMT(e->file));
    if (e->expect)
        redan_compare_lint(problems, e->expect);
}

static bool add_text(struct redan_ctx *ctx, struct redan_node *map, const char *key,
                     struct redan_slice text)
{
    return text.len == 0 || redan_node_add_text(ctx, map, key, text);
}

/* What is asked, without who answers or how fresh it must be: those are judged anew at every check. */
static enum redan_status digest_query(struct redan_problems *problems, const struct entry *e,
                                      struct redan_query *q)
{
    struct redan_ctx *ctx = problems->ctx;
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    size_t before = problems->count;
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);

    if (!map || !add_text(ctx, map, "system", q->system) ||
        !add_text(ctx, map, "control", q->control) || !add_text(ctx, map, "evidence", q->id) ||
        !add_text(ctx, map, "type", e->type) || !add_text(ctx, map, "subject", e->subject) ||
        !add_text(ctx, map, "ledger", q->ledger) ||
        !add_text(ctx, map, "mode", redan_slice_of(redan_mode_words[q->mode])))
        return REDAN_E_MEMORY;
    if (q->expect) {
        struct redan_node *expect = NULL;
        REDAN_TRY(redan_canonical_tree(problems, q->expect, &expect));
        redan_node_add(map, expect);
    }
    REDAN_TRY(redan_tree_digest(ctx, "query", map, &q->digest));
    if (problems->count == before) /* a problem lives in the arena too */
        redan_arena_reset(&ctx->arena, mark);
    return REDAN_OK;
}

static enum redan_status resolve_entry(struct redan_problems *problems,
                                       const struct redan_release *release,
                                       const struct redan_control *control,
                                       const struct redan_node *node, struct redan_query *q)
{
    struct entry e;

    REDAN_TRY(redan_bind(problems, node, &entry_shape, &e));
    q->control = control->id;
    q->id = e.id;
    q->node = node;
    q->expect = e.expect && e.expect->kind == REDAN_NODE_MAP ? e.expect : NULL;
    q->ledger = e.ledger;
    q->file = e.file;
    q->mode = (enum redan_mode)e.mode;
    q->signer = e.signer;
    q->role = e.role;
    resolve_type(problems, &e, q);
    resolve_subject(problems, release, &e, q);
    resolve_rest(problems, &e, q);
    REDAN_TRY(resolve_owner(problems->ctx, control, &e, q));
    return digest_query(problems, &e, q);
}

enum redan_status redan_control_resolve(struct redan_problems *problems, struct redan_slice system,
                                        const struct redan_release *release,
                                        struct redan_control *control)
{
    struct redan_ctx *ctx = problems->ctx;
    const struct redan_node *list = control->evidence;
    struct redan_map seen;

    if (!list || (list->kind == REDAN_NODE_TEXT && redan_slice_is(list->text, "none")))
        return REDAN_OK;
    if (list->kind != REDAN_NODE_LIST || list->count == 0) {
        redan_problem_add(problems, list, "write a list of queries, or evidence: none",
                          "evidence of control \"%.*s\" is %s", REDAN_FMT(control->id),
                          redan_node_kind_name(list->kind));
        return REDAN_OK;
    }
    redan_map_init(&seen, ctx);
    control->queries = redan_take_array(ctx, list->count, sizeof(*control->queries));
    if (!control->queries)
        return REDAN_E_MEMORY;
    for (const struct redan_node *node = list->first; node; node = node->next) {
        struct redan_query *q = &control->queries[control->query_count];
        q->system = system;
        REDAN_TRY(resolve_entry(problems, release, control, node, q));
        enum redan_status status = q->id.len ? redan_map_put(&seen, q->id, q) : REDAN_OK;
        if (status == REDAN_E_EXISTS)
            redan_problem_add(problems, node, "give it another id",
                              "control \"%.*s\" has two pieces of evidence \"%.*s\"",
                              REDAN_FMT(control->id), REDAN_FMT(q->id));
        else if (status != REDAN_OK)
            return status;
        control->query_count++;
    }
    return REDAN_OK;
}
