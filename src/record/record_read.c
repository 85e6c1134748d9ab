/* From an envelope to a record: the header that every record has, whatever its type. */
#include "codec/bind.h"
#include "record/evidence.h"

enum { LEAST_TRIES = 8 };

/* predicate.record, as written. */
struct head {
    struct redan_slice system;
    struct redan_slice control;
    struct redan_slice evidence;
    struct redan_slice query;
    struct redan_slice ledger;
    int mode;
    const struct redan_node *release;
    uint64_t n;
    int64_t time;
    struct redan_slice producer;
    uint64_t seq;
    struct redan_slice previous;
    const struct redan_node *source;
};

#define FIELD(name, kind, required, help)                                    \
    {                                                                        \
#name, kind, required, offsetof(struct head, name), NULL, NULL, help \
    }

static const struct redan_bind_field head_fields[] = {
    FIELD(system, REDAN_BIND_ID, true, "the system's id"),
    FIELD(control, REDAN_BIND_ID, true, "the control's id"),
    FIELD(evidence, REDAN_BIND_ID, true, "the evidence's id"),
    FIELD(query, REDAN_BIND_TEXT, true, "the digest of the query, sha256:HEX"),
    FIELD(ledger, REDAN_BIND_TEXT, false, "environment/stream"),
    {"mode", REDAN_BIND_WORD, true, offsetof(struct head, mode), NULL, redan_mode_words,
     "enforce or observe"},
    FIELD(release, REDAN_BIND_NODE, true, "the digests of the release"),
    FIELD(n, REDAN_BIND_COUNT, true, "how many were taken"),
    FIELD(time, REDAN_BIND_DATE, true, "when, as RFC 3339"),
    FIELD(producer, REDAN_BIND_ID, true, "who made it"),
    FIELD(seq, REDAN_BIND_COUNT, true, "its number in the producer's chain"),
    FIELD(previous, REDAN_BIND_TEXT, true, "the digest of the record before, sha256:HEX"),
    FIELD(source, REDAN_BIND_NODE, false, "what it was imported from"),
};

static const struct redan_bind_shape head_shape = {"a record", sizeof(struct head), SIZE_MAX,
                                                   head_fields, REDAN_COUNT(head_fields)};

static enum redan_status fault(struct redan_ctx *ctx, struct redan_record *r, const char *what)
{
    return redan_copy(ctx, redan_slice_of(what), &r->fault);
}

/* The failure that the context holds becomes the record's fault; memory and the like stay failures. */
static enum redan_status absorb(struct redan_ctx *ctx, struct redan_record *r,
                                enum redan_status status)
{
    if (status == REDAN_E_MEMORY || status == REDAN_E_IO || status == REDAN_E_CRYPTO)
        return status;
    REDAN_TRY(redan_copy(ctx, redan_slice_of(ctx->failure.text), &r->fault));
    if (r->fault.len == 0)
        r->fault = REDAN_S("it cannot be read");
    redan_fail_clear(ctx);
    return REDAN_OK;
}

static enum redan_status read_source(struct redan_ctx *ctx, const struct redan_node *source,
                                     struct redan_record *r)
{
    struct redan_slice how = redan_node_text(source, "signature");

    r->imported = true;
    r->source_signed = redan_slice_is(how, "verified");
    if (!r->source_signed && !redan_slice_is(how, "none"))
        return fault(ctx, r, "source.signature is neither \"verified\" nor \"none\"");
    return REDAN_OK;
}

static enum redan_status read_head(struct redan_ctx *ctx, struct redan_record *r)
{
    struct redan_problems problems;
    struct head head;
    const struct redan_node *node = redan_node_get(r->statement.predicate, "record");

    if (!node || node->kind != REDAN_NODE_MAP)
        return fault(ctx, r, "the predicate has no \"record\"");
    redan_problems_init(&problems, ctx, r->file);
    REDAN_TRY(redan_bind(&problems, node, &head_shape, &head));
    r->system = head.system;
    r->control =
        head.control; /* known even when the rest is faulty, so that its query can say so */
    r->evidence = head.evidence;
    if (problems.count > 0)
        return redan_copy(ctx, problems.first->text, &r->fault);
    r->ledger = head.ledger;
    r->mode = (enum redan_mode)head.mode;
    r->n = head.n;
    r->time = head.time;
    r->producer = head.producer;
    r->seq = head.seq;
    if (!redan_digest_parse(head.query, &r->query) ||
        !redan_digest_parse(head.previous, &r->previous))
        return fault(ctx, r, "query and previous must be sha256:HEX");
    if (head.seq == 0)
        return fault(ctx, r, "seq counts from 1");
    return head.source ? read_source(ctx, head.source, r) : REDAN_OK;
}

static enum redan_status read_body(struct redan_ctx *ctx, struct redan_record *r)
{
    const struct redan_node *predicate = r->statement.predicate;
    const struct redan_node *observed = redan_node_get(predicate, "observed");

    r->type = redan_evidence_type_of(r->statement.predicate_type);
    if (!r->type) {
        if (r->fault.len)
            return REDAN_OK;
        return redan_format(ctx, &r->fault, "unknown predicate type \"%.*s\"",
                            REDAN_FMT(r->statement.predicate_type));
    }
    r->observed = observed ? observed : predicate; /* foreign predicates keep their own layout */
    if (r->observed->kind != REDAN_NODE_MAP && !r->fault.len)
        return fault(ctx, r, "\"observed\" is not a map");
    return REDAN_OK;
}

static enum redan_status read_signers(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                      const struct redan_dsse *envelope, size_t tries,
                                      struct redan_record *r)
{
    bool whole = false;

    r->signers = redan_take_array(ctx, envelope->count, sizeof(*r->signers));
    if (!r->signers)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_keyring_signers_within(ctx, ring, envelope, &tries, r->signers,
                                           &r->signer_count, &whole));
    return whole ? REDAN_OK : fault(ctx, r, "it carries more false signatures than are looked at");
}

size_t redan_record_tries(const struct redan_keyring *ring)
{
    return ring->keys.count > LEAST_TRIES / 2 ? 2 * ring->keys.count : LEAST_TRIES;
}

enum redan_status redan_record_read(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                    struct redan_slice file, struct redan_slice text,
                                    struct redan_record *record)
{
    return redan_record_read_within(ctx, ring, file, text, redan_record_tries(ring), record);
}

enum redan_status redan_record_read_within(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                           struct redan_slice file, struct redan_slice text,
                                           size_t tries, struct redan_record *record)
{
    struct redan_dsse envelope = {0};
    struct redan_record r = {.file = file};
    enum redan_status status = redan_statement_open(ctx, text, &envelope, &r.statement);

    if (envelope.count > 0) /* its name, even where what it says cannot be read */
        REDAN_TRY(redan_sha256(ctx, envelope.payload, &r.digest));
    if (status != REDAN_OK) {
        REDAN_TRY(absorb(ctx, &r, status));
        *record = r;
        return REDAN_OK;
    }
    REDAN_TRY(read_head(ctx, &r));
    REDAN_TRY(read_body(ctx, &r));
    if (!r.fault.len)
        REDAN_TRY(read_signers(ctx, ring, &envelope, tries, &r));
    *record = r;
    return REDAN_OK;
}

bool redan_record_is_own(const struct redan_record *record)
{
    for (size_t i = 0; i < record->signer_count; i++) {
        if (redan_slice_eq(record->signers[i].key->holder, record->producer))
            return true;
    }
    return false;
}
