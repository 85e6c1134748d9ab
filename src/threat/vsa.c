/* Builds the verification summary of a verdict. */
#include "threat/vsa.h"

#include "base/clock.h"

static enum redan_status add_digest(struct redan_ctx *ctx, struct redan_node *map,
                                    const struct redan_digest *digest)
{
    struct redan_node *inner = redan_node_add_kind(ctx, map, "digest", REDAN_NODE_MAP);
    struct redan_slice text = {0};
    char hex[REDAN_DIGEST_HEX];

    redan_digest_hex(digest, hex);
    REDAN_TRY(redan_copy(ctx, redan_slice_of(hex), &text));
    return inner && redan_node_add_text(ctx, inner, "sha256", text) ? REDAN_OK : REDAN_E_MEMORY;
}

static enum redan_status add_inputs(struct redan_ctx *ctx, struct redan_node *predicate,
                                    const struct redan_store *store)
{
    struct redan_node *list =
        redan_node_add_kind(ctx, predicate, "inputAttestations", REDAN_NODE_LIST);

    for (size_t i = 0; list && i < store->count; i++) {
        struct redan_node *item = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);
        if (!item || !redan_node_add_text(ctx, item, "uri", store->records[i].file))
            return REDAN_E_MEMORY;
        REDAN_TRY(add_digest(ctx, item, &store->records[i].digest));
    }
    return list ? REDAN_OK : REDAN_E_MEMORY;
}

static enum redan_status add_policy(struct redan_ctx *ctx, struct redan_node *predicate,
                                    const struct redan_system *system)
{
    struct redan_node *policy = redan_node_add_kind(ctx, predicate, "policy", REDAN_NODE_MAP);

    if (!policy || !redan_node_add_text(ctx, policy, "uri", REDAN_S("org.yaml")))
        return REDAN_E_MEMORY;
    return add_digest(ctx, policy, &system->org.file);
}

static enum redan_status subjects_of(struct redan_ctx *ctx, const struct redan_system *system,
                                     struct redan_statement *statement)
{
    const struct redan_release *release = &system->model.release;
    struct redan_statement_subject *subjects =
        redan_take_array(ctx, release->count + 1, sizeof(*subjects));

    if (!subjects)
        return REDAN_E_MEMORY;
    REDAN_TRY(
        redan_format(ctx, &subjects[0].name, "threat-model:%.*s", REDAN_FMT(system->model.id)));
    subjects[0].digest = system->model.root;
    for (size_t i = 0; i < release->count; i++) {
        REDAN_TRY(redan_format(ctx, &subjects[i + 1].name, "release:%.*s",
                               REDAN_FMT(release->items[i].name)));
        subjects[i + 1].digest = release->items[i].digest;
    }
    statement->subjects = subjects;
    statement->count = release->count + 1;
    return REDAN_OK;
}

/* The first of those that lie ahead; 0 for none. */
static void end_at(const struct redan_verdict *verdict, int64_t at, int64_t *first)
{
    if (at > verdict->at && at < *first)
        *first = at;
}

/* When the first thing ends that the verdict stood on: a proof, a plan, any signature, the review; at the latest where it looks no
 * further. */
static int64_t first_end(const struct redan_system *system, const struct redan_verdict *verdict)
{
    const struct redan_history *h = &system->history;
    int64_t first = verdict->at + REDAN_VERDICT_HORIZON;

    for (size_t i = 0; i < verdict->deadline_count; i++)
        end_at(verdict, verdict->deadlines[i].at, &first);
    for (size_t i = 0; i < verdict->waiver_count; i++)
        end_at(verdict, verdict->waiver[i].until, &first);
    end_at(verdict, verdict->until, &first);
    if (system->org.catalog.max_age != 0 && system->org.catalog.reviewed != 0)
        end_at(verdict, system->org.catalog.reviewed + system->org.catalog.max_age, &first);
    const struct redan_required *required = system->org.required.items;
    for (size_t i = 0; i < system->org.required.count; i++)
        end_at(verdict, required[i].from, &first);
    if (!h->approved)
        return first;
    for (size_t i = 0; i < 2; i++)
        end_at(verdict, h->steps[0].leads[i]->until, &first);
    if (system->org.rules->review_every != 0)
        end_at(verdict, h->steps[0].reviewed + system->org.rules->review_every, &first);
    return first;
}

/* How far every producer's chain had come. */
static enum redan_status add_heads(struct redan_ctx *ctx, struct redan_node *own,
                                   const struct redan_system *system)
{
    struct redan_node *list = redan_node_add_kind(ctx, own, "heads", REDAN_NODE_LIST);
    struct redan_approval_step step = {0};

    if (!list)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_history_heads(ctx, system, &step));
    for (size_t i = 0; i < step.head_count; i++) {
        const struct redan_approval_head *head = &step.heads[i];
        struct redan_node *item = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);
        if (!item || !redan_node_add_text(ctx, item, "producer", head->producer) ||
            !redan_node_add_text(ctx, item, "system", head->system) ||
            !redan_node_add_number(ctx, item, "seq", (double)head->seq))
            return REDAN_E_MEMORY;
        REDAN_TRY(add_digest(ctx, item, &head->digest));
    }
    return REDAN_OK;
}

static enum redan_status add_redan(struct redan_ctx *ctx, struct redan_node *predicate,
                                   const struct redan_system *system,
                                   const struct redan_verdict *verdict)
{
    const struct redan_history *history = &system->history;
    struct redan_node *own = redan_node_add_kind(ctx, predicate, "redan", REDAN_NODE_MAP);
    int64_t until = first_end(system, verdict);
    struct redan_slice text = {0};
    char time[REDAN_TIME_TEXT];

    if (!own || !redan_node_add_number(ctx, own, "keys", (double)system->ring.version) ||
        !redan_node_add_number(ctx, own, "org", (double)system->org.version))
        return REDAN_E_MEMORY;
    if (history->approved && history->count > 0 &&
        !redan_node_add_number(ctx, own, "number", (double)history->steps[0].number))
        return REDAN_E_MEMORY;
    REDAN_TRY(add_heads(ctx, own, system));
    redan_time_text(until, time);
    REDAN_TRY(redan_copy(ctx, redan_slice_of(time), &text));
    return redan_node_add_text(ctx, own, "until", text) ? REDAN_OK : REDAN_E_MEMORY;
}

enum redan_status redan_vsa_write(struct redan_ctx *ctx, const struct redan_system *system,
                                  const struct redan_verdict *verdict, struct redan_dsse *envelope)
{
    struct redan_node *p = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_node *verifier =
        p ? redan_node_add_kind(ctx, p, "verifier", REDAN_NODE_MAP) : NULL;
    struct redan_statement statement = {.predicate_type = REDAN_S(REDAN_PREDICATE_VSA),
                                        .predicate = p};
    struct redan_slice when = {0};
    char time[REDAN_TIME_TEXT];

    if (verdict->simulated)
        return redan_fail(
            ctx, REDAN_E_USAGE, 0,
            "a verdict at another time (--at) is simulated; no summary is signed over it");
    if (system->problems.count > 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "a threat model with problems of form has no digest to sign over");
    redan_time_text(verdict->at, time);
    REDAN_TRY(redan_copy(ctx, redan_slice_of(time), &when));
    if (!verifier || !redan_node_add_text(ctx, verifier, "id", REDAN_S(REDAN_VSA_VERIFIER)) ||
        !redan_node_add_text(ctx, p, "timeVerified", when) ||
        !redan_node_add_text(ctx, p, "resourceUri", system->model.id) ||
        !redan_node_add_text(ctx, p, "verificationResult",
                             redan_word_exit(verdict->word) == 0 ? REDAN_S("PASSED")
                                                                 : REDAN_S("FAILED")) ||
        !redan_node_add_kind(ctx, p, "verifiedLevels", REDAN_NODE_LIST))
        return REDAN_E_MEMORY;
    REDAN_TRY(add_policy(ctx, p, system));
    REDAN_TRY(add_inputs(ctx, p, &system->store));
    REDAN_TRY(add_redan(ctx, p, system, verdict));
    REDAN_TRY(subjects_of(ctx, system, &statement));
    *envelope = (struct redan_dsse){.payload_type = REDAN_S(REDAN_DSSE_INTOTO)};
    return redan_statement_write(ctx, &statement, &envelope->payload);
}
