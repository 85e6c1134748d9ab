/* Making a record: the header, the observations, the producer's next number, and its place in the store. */
#include "base/clock.h"
#include "io/file.h"
#include "record/store.h"

static enum redan_status add_source(struct redan_ctx *ctx, struct redan_node *head,
                                    const struct redan_draft *draft)
{
    struct redan_node *map = NULL;

    if (draft->source_format.len == 0)
        return REDAN_OK;
    map = redan_node_add_kind(ctx, head, "source", REDAN_NODE_MAP);
    if (!map || !redan_node_add_text(ctx, map, "format", draft->source_format) ||
        !redan_node_add_text(ctx, map, "signature",
                             draft->source_signed ? REDAN_S("verified") : REDAN_S("none")))
        return REDAN_E_MEMORY;
    return redan_node_add_digest(ctx, map, "digest", &draft->source);
}

static enum redan_status add_head(struct redan_ctx *ctx, struct redan_node *predicate,
                                  const struct redan_draft *draft, uint64_t seq,
                                  const struct redan_digest *previous)
{
    const struct redan_query *q = draft->query;
    struct redan_node *head = redan_node_add_kind(ctx, predicate, "record", REDAN_NODE_MAP);
    struct redan_slice ledger = draft->ledger.len ? draft->ledger : q->ledger;
    struct redan_slice when = {0};
    char time[REDAN_TIME_TEXT];

    redan_time_text(draft->time, time);
    REDAN_TRY(redan_copy(ctx, redan_slice_of(time), &when));
    if (!head || !redan_node_add_text(ctx, head, "system", q->system) ||
        !redan_node_add_text(ctx, head, "control", q->control) ||
        !redan_node_add_text(ctx, head, "evidence", q->id) ||
        (ledger.len && !redan_node_add_text(ctx, head, "ledger", ledger)) ||
        !redan_node_add_text(ctx, head, "mode", redan_slice_of(redan_mode_words[draft->mode])) ||
        !redan_node_add_number(ctx, head, "n", (double)draft->n) ||
        !redan_node_add_number(ctx, head, "seq", (double)seq) ||
        !redan_node_add_text(ctx, head, "producer", draft->by->holder) ||
        !redan_node_add_text(ctx, head, "time", when))
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_node_add_digest(ctx, head, "query", &q->digest));
    REDAN_TRY(redan_node_add_digest(ctx, head, "previous", previous));
    REDAN_TRY(add_source(ctx, head, draft));
    const struct redan_release none = {0}; /* an organisation's proof is about no release */
    return redan_release_add(ctx, head, q->covers.len ? &none : draft->release);
}

/* Observations go under "observed"; a foreign predicate keeps its own layout beside the header. */
static enum redan_status add_observed(struct redan_ctx *ctx, struct redan_node *predicate,
                                      const struct redan_draft *draft)
{
    bool foreign = !redan_slice_starts(redan_slice_of(draft->query->type->predicate),
                                       REDAN_S("https://redan.dev/"));
    struct redan_node *to = predicate;

    if (!foreign)
        to = redan_node_add_kind(ctx, predicate, "observed", REDAN_NODE_MAP);
    if (!to)
        return REDAN_E_MEMORY;
    for (const struct redan_node *n = draft->observed->first; n; n = n->next) {
        struct redan_node *copy = redan_node_new(ctx, n->kind);
        if (!copy)
            return REDAN_E_MEMORY;
        *copy = *n;
        copy->next = NULL;
        redan_node_add(to, copy);
    }
    return REDAN_OK;
}

/* An organisation's proof is about the systems that it covers, each by its id. */
static enum redan_status add_covered(struct redan_ctx *ctx, struct redan_statement *statement,
                                     const struct redan_draft *draft)
{
    struct redan_slice self = draft->query->covers;
    const struct redan_texts *covers =
        draft->covers.count ? &draft->covers : &(const struct redan_texts){&self, 1};

    statement->subjects = redan_take_array(ctx, covers->count, sizeof(*statement->subjects));
    if (!statement->subjects)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < covers->count; i++) {
        struct redan_statement_subject *subject = &statement->subjects[i];
        REDAN_TRY(redan_format(ctx, &subject->name, "system:%.*s", REDAN_FMT(covers->items[i])));
        REDAN_TRY(redan_system_digest(ctx, covers->items[i], &subject->digest));
    }
    statement->count = covers->count;
    return REDAN_OK;
}

static enum redan_status add_subjects(struct redan_ctx *ctx, struct redan_statement *statement,
                                      const struct redan_draft *draft)
{
    const struct redan_release_item *one = draft->query->subject;
    size_t count = one ? 1 : draft->release->count;

    if (draft->query->covers.len)
        return add_covered(ctx, statement, draft);
    if (count == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "the release pins nothing; pin it first: redan release pin NAME=PATH");
    statement->subjects = redan_take_array(ctx, count, sizeof(*statement->subjects));
    if (!statement->subjects)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const struct redan_release_item *item = one ? one : &draft->release->items[i];
        REDAN_TRY(
            redan_format(ctx, &statement->subjects[i].name, "release:%.*s", REDAN_FMT(item->name)));
        statement->subjects[i].digest = item->digest;
    }
    statement->count = count;
    return REDAN_OK;
}

enum redan_status redan_draft_write(struct redan_ctx *ctx, const struct redan_store *store,
                                    const struct redan_draft *draft, struct redan_dsse *envelope)
{
    struct redan_statement statement = {0};
    struct redan_node *predicate = redan_node_new(ctx, REDAN_NODE_MAP);
    const struct redan_chain *chain =
        redan_chain_of(store->chains, store->chain_count, draft->by->holder, draft->query->system);
    struct redan_digest previous = {0};
    uint64_t seq = 1;

    if (!predicate)
        return REDAN_E_MEMORY;
    if (chain && !chain->whole)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "the chain of %.*s has a gap: %.*s; restore it before adding to it",
                          REDAN_FMT(draft->by->holder), REDAN_FMT(chain->fault));
    if (chain) {
        seq = chain->head->seq + 1;
        previous = chain->head->digest;
    }
    statement.predicate_type = redan_slice_of(draft->query->type->predicate);
    statement.predicate = predicate;
    REDAN_TRY(add_subjects(ctx, &statement, draft));
    REDAN_TRY(add_head(ctx, predicate, draft, seq, &previous));
    REDAN_TRY(add_observed(ctx, predicate, draft));
    *envelope = (struct redan_dsse){.payload_type = REDAN_S(REDAN_DSSE_INTOTO)};
    REDAN_TRY(redan_statement_write(ctx, &statement, &envelope->payload));
    return redan_statement_fits(ctx, envelope->payload);
}

enum redan_status redan_store_add(struct redan_ctx *ctx, struct redan_slice folder,
                                  const struct redan_dsse *envelope, struct redan_slice *path)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    struct redan_statement statement = {0};
    struct redan_digest digest;
    char subject[REDAN_DIGEST_HEX];
    char name[REDAN_DIGEST_HEX];
    struct redan_slice file = {0};

    redan_buf_init(&text, ctx, ctx->limits.record);
    REDAN_TRY(redan_statement_parse(ctx, envelope->payload, &statement));
    REDAN_TRY(redan_sha256(ctx, envelope->payload, &digest));
    redan_digest_hex(&statement.subjects[0].digest, subject);
    redan_digest_hex(&digest, name);
    REDAN_TRY(redan_format(ctx, &file, "%.*s/%s/%s.json", REDAN_FMT(folder), subject, name));
    redan_dsse_add(&text, envelope);
    REDAN_TRY(redan_buf_ok(ctx, &text, "the record"));
    REDAN_TRY(redan_file_create(ctx, file, 0644, redan_buf_view(&text)));
    *path = file;
    return REDAN_OK;
}
