/* An in-toto statement of another producer: who signed it, what built the subject, from what. */
#include "attest/statement.h"
#include "record/import_parts.h"

#define SLSA "https://slsa.dev/provenance/v1"

/* What the importer says about one statement. */
struct attested {
    const struct redan_statement *statement;
    struct redan_slice *holders; /* of keys that were valid when they signed, each once */
    size_t count;
};

static enum redan_status about_subject(struct redan_ctx *ctx,
                                       const struct redan_statement *statement,
                                       const struct redan_query *query)
{
    const struct redan_release_item *item = query->subject;

    if (!item)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "%.*s/%.*s has no subject, and an attestation is about one; add subject: "
                          "release.NAME",
                          REDAN_FMT(query->control), REDAN_FMT(query->id));
    for (size_t i = 0; i < statement->count; i++) {
        if (redan_digest_eq(&statement->subjects[i].digest, &item->digest))
            return REDAN_OK;
    }
    return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                      "the attestation is about something else: none of its %zu subjects has the "
                      "digest of release.%.*s",
                      statement->count, REDAN_FMT(item->name));
}

/* A stamp says when it was signed; without one a key counts while it is valid. */
static enum redan_status find_holders(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                      const struct redan_dsse *envelope, struct attested *a)
{
    struct redan_signer *signers = redan_take_array(ctx, envelope->count, sizeof(*signers));
    size_t count = 0;

    a->holders = redan_take_array(ctx, envelope->count, sizeof(*a->holders));
    if (!signers || !a->holders)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_keyring_signers(ctx, ring, envelope, signers, &count));
    for (size_t i = 0; i < count; i++) {
        bool known = redan_keyring_state_signed(signers[i].key, ctx->now, signers[i].stamped) !=
                     REDAN_KEY_VALID;
        for (size_t k = 0; k < a->count && !known; k++)
            known = redan_slice_eq(a->holders[k], signers[i].key->holder);
        if (!known)
            a->holders[a->count++] = signers[i].key->holder;
    }
    return REDAN_OK;
}

static enum redan_status describe(struct redan_ctx *ctx, const struct attested *a,
                                  struct redan_imported *imported)
{
    const struct redan_statement *s = a->statement;
    const struct redan_node *details = redan_node_get(s->predicate, "runDetails");
    const struct redan_node *definition = redan_node_get(s->predicate, "buildDefinition");
    const struct redan_node *list = redan_node_get(definition, "resolvedDependencies");
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_slice builder = {0};
    size_t materials = 0;

    if (redan_slice_is(s->predicate_type, SLSA)) {
        builder = redan_node_text(redan_node_get(details, "builder"), "id");
        materials = list && list->kind == REDAN_NODE_LIST ? list->count : 0;
    }
    if (builder.len == 0 && a->count > 0)
        builder = a->holders[0];
    if (!map || !redan_node_add_bool(ctx, map, "verified", a->count > 0) ||
        !redan_node_add_text(ctx, map, "builder", builder) ||
        !redan_node_add_text(ctx, map, "predicate", s->predicate_type) ||
        !redan_node_add_number(ctx, map, "materials", (double)materials))
        return REDAN_E_MEMORY;
    /* a builder's id is only what the statement says; the holders are who vouches for it */
    struct redan_node *signers = redan_node_add_kind(ctx, map, "signers", REDAN_NODE_LIST);
    for (size_t i = 0; signers && i < a->count; i++) {
        if (!redan_node_add_text(ctx, signers, NULL, a->holders[i]))
            return REDAN_E_MEMORY;
    }
    if (!signers)
        return REDAN_E_MEMORY;
    *imported = (struct redan_imported){
        .observed = map, .n = materials ? materials : 1, .signed_by_known = a->count > 0};
    return REDAN_OK;
}

static enum redan_status read(struct redan_ctx *ctx, const struct redan_keyring *ring,
                              const struct redan_query *query, struct redan_slice text,
                              struct redan_imported *imported)
{
    struct redan_dsse envelope = {0};
    struct redan_statement statement = {0};
    struct attested a = {.statement = &statement};

    REDAN_TRY(redan_import_fits(ctx, &redan_importer_intoto, query));
    REDAN_TRY(redan_dsse_parse(ctx, text, &envelope));
    if (!redan_slice_is(envelope.payload_type, REDAN_DSSE_INTOTO))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "the envelope's payloadType is not " REDAN_DSSE_INTOTO);
    REDAN_TRY(redan_statement_parse(ctx, envelope.payload, &statement));
    REDAN_TRY(about_subject(ctx, &statement, query));
    REDAN_TRY(find_holders(ctx, ring, &envelope, &a));
    return describe(ctx, &a, imported);
}

const struct redan_importer redan_importer_intoto = {
    .name = "in-toto",
    .title = "in-toto statement in a DSSE envelope, SLSA provenance v1 among them",
    .type = "attestation",
    .read = read,
};
