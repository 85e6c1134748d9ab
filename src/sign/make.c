/* Signs a statement with a key, and lets a certificate vouch for the key when there is one. */
#include "sign/make.h"

#include "base/clock.h"

/* What a verifier would refuse is refused here, before anything is written. */
static enum redan_status check_key(struct redan_ctx *ctx, const struct redan_sign_with *with,
                                   const struct redan_spki *spki)
{
    switch (redan_spki_kind(spki)) {
    case REDAN_SPKI_P256:
    case REDAN_SPKI_P384:
    case REDAN_SPKI_P521:
        return REDAN_OK;
    case REDAN_SPKI_ED25519:
        if (with->ed25519)
            return REDAN_OK;
        return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                          "this is an Ed25519 key, whose signatures the reference client of "
                          "OpenSSF Model Signing refuses; sign with ECDSA P-256, P-384 or P-521");
    case REDAN_SPKI_RSA:
    case REDAN_SPKI_OTHER:
        break;
    }
    return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                      "models are signed with ECDSA P-256, P-384 or P-521; this key is %s",
                      redan_spki_name(spki));
}

static enum redan_status check_time(struct redan_ctx *ctx,
                                    const struct redan_certificate_facts *facts)
{
    char time[REDAN_TIME_TEXT];

    if (ctx->now >= facts->from && ctx->now <= facts->until)
        return REDAN_OK;
    bool early = ctx->now < facts->from;
    redan_time_text(early ? facts->from : facts->until, time);
    return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                      "the certificate of %.*s %s %s: nobody would accept "
                      "a signature made now",
                      REDAN_FMT(redan_slice_sub(facts->subject, 0, 200)),
                      early ? "begins at" : "ended at", time);
}

/* The leaf: of this key, good for signatures (OMS 1.0: key usage digitalSignature or extended key usage codeSigning), and valid now. */
static enum redan_status check_leaf(struct redan_ctx *ctx, const struct redan_certificate *leaf,
                                    const struct redan_spki *spki)
{
    struct redan_certificate_facts facts = {0};

    REDAN_TRY(redan_certificate_facts(ctx, leaf, &facts));
    struct redan_slice subject = redan_slice_sub(facts.subject, 0, 200);
    if (!redan_spki_eq(redan_certificate_key(leaf), spki))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "the certificate of %.*s is of another key than the one that signs; the "
                          "signer's own certificate comes first",
                          REDAN_FMT(subject));
    if (!(facts.has_key_usage && facts.digital_signature) && !facts.code_signing)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "the certificate of %.*s is not for signatures: it needs the key usage "
                          "digitalSignature or the extended key usage codeSigning",
                          REDAN_FMT(subject));
    return check_time(ctx, &facts);
}

static enum redan_status take_chain(struct redan_ctx *ctx, const struct redan_sign_with *with,
                                    const struct redan_spki *spki, struct redan_bundle *bundle)
{
    if (with->chain_count > REDAN_BUNDLE_CHAIN)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "a chain of %zu certificates; at most %d are used",
                          with->chain_count, REDAN_BUNDLE_CHAIN);
    REDAN_TRY(check_leaf(ctx, with->chain[0], spki));
    bundle->certificates = redan_take_array(ctx, with->chain_count, sizeof(struct redan_slice));
    if (!bundle->certificates)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < with->chain_count; i++)
        REDAN_TRY(redan_copy(ctx, redan_certificate_der(with->chain[i]), &bundle->certificates[i]));
    bundle->certificate_count = with->chain_count;
    bundle->material = REDAN_BUNDLE_CHAINED;
    return REDAN_OK;
}

static enum redan_status take_hint(struct redan_ctx *ctx, const struct redan_spki *spki,
                                   struct redan_bundle *bundle)
{
    struct redan_digest hint = {0};
    char hex[REDAN_DIGEST_HEX];

    REDAN_TRY(redan_spki_hint(ctx, spki, &hint));
    redan_digest_hex(&hint, hex);
    bundle->material = REDAN_BUNDLE_KEY;
    return redan_copy(ctx, redan_slice_of(hex), &bundle->hint);
}

enum redan_status redan_sign_envelope(struct redan_ctx *ctx, const struct redan_key *key,
                                      struct redan_slice payload, struct redan_bundle *bundle,
                                      struct redan_slice *pae)
{
    struct redan_dsse *dsse = &bundle->dsse;
    struct redan_slice said = {0};

    bundle->is_dsse = true;
    dsse->payload_type = REDAN_S(REDAN_DSSE_INTOTO);
    dsse->payload = payload;
    dsse->signatures = redan_take_array(ctx, 1, sizeof(*dsse->signatures));
    if (!dsse->signatures)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_dsse_pae(ctx, dsse, &said));
    REDAN_TRY(redan_key_sign(ctx, key, said, &dsse->signatures[0].bytes));
    dsse->count = 1;
    bundle->signature = dsse->signatures[0].bytes;
    if (pae)
        *pae = said;
    return REDAN_OK;
}

enum redan_status redan_sign_statement(struct redan_ctx *ctx, const struct redan_sign_with *with,
                                       struct redan_slice payload, struct redan_bundle *bundle)
{
    struct redan_spki *spki REDAN_DEFER(redan_spki_drop) = NULL;
    struct redan_bundle made = {.version = REDAN_BUNDLE_V03};

    REDAN_TRY(redan_spki_of_key(ctx, with->key, &spki));
    REDAN_TRY(check_key(ctx, with, spki));
    if (with->chain_count)
        REDAN_TRY(take_chain(ctx, with, spki, &made));
    else
        REDAN_TRY(take_hint(ctx, spki, &made));
    REDAN_TRY(redan_sign_envelope(ctx, with->key, payload, &made, NULL));
    *bundle = made;
    return REDAN_OK;
}
