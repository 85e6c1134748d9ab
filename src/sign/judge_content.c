/* The content of a bundle: a message whose digest is known, or an envelope around an in-toto statement. */
#include "sign/judge_content.h"

#include <string.h>

#include "attest/statement.h"
#include "codec/json.h"
#include "codec/problem.h"
#include "sign/manifest.h"

/* The specification of OMS names ECDSA on three curves; RSA is for other artefacts. */
static enum redan_status check_key(struct redan_ctx *ctx, const struct redan_spki *key,
                                   const struct redan_signed_thing *thing)
{
    enum redan_spki_kind kind = redan_spki_kind(key);

    if (kind == REDAN_SPKI_OTHER || (kind == REDAN_SPKI_RSA && thing->oms))
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "signed with a key of the kind %s; %s",
                          redan_spki_name(key),
                          thing->oms ? "models are signed with ECDSA P-256, P-384, P-521 or Ed25519"
                                     : "ECDSA P-256, P-384, P-521, Ed25519 and RSA are believed");
    return REDAN_OK;
}

static enum redan_status unsigned_by(struct redan_ctx *ctx, const struct redan_spki *key,
                                     const char *what)
{
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                      "the signature does not verify: this %s was not signed by this key (%s, %s)",
                      what, redan_spki_name(key), redan_hash_name(redan_spki_hash(key)));
}

/* The digest that the key's hash gives of the artefact. */
static enum redan_status sum_of_thing(struct redan_ctx *ctx, const struct redan_signed_thing *thing,
                                      enum redan_hash hash, struct redan_sum *sum)
{
    if (thing->has_digest && hash == REDAN_HASH_SHA256) {
        memcpy(sum->bytes, thing->digest.bytes, REDAN_DIGEST_LEN);
        sum->len = REDAN_DIGEST_LEN;
        return REDAN_OK;
    }
    if (thing->has_bytes)
        return redan_hash_all(ctx, hash, thing->bytes, sum);
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                      "the signature is over the %s of a file: the file itself is needed to verify "
                      "it",
                      redan_hash_name(hash));
}

static enum redan_status judge_message(struct redan_ctx *ctx, const struct redan_bundle *bundle,
                                       const struct redan_signed_thing *thing,
                                       const struct redan_spki *key,
                                       struct redan_judge_content *content)
{
    bool pure = redan_spki_kind(key) == REDAN_SPKI_ED25519;

    if (thing->oms)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the bundle signs a message; a model's signature is an envelope");
    if (pure && !thing->has_bytes)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "an Ed25519 signature is over the file itself: its digest is not enough "
                          "to verify it");
    REDAN_TRY(sum_of_thing(ctx, thing, content->hash, &content->sum));
    if (bundle->has_digest && bundle->digest_hash != content->hash)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "messageDigest is a %s; this key (%s) signs a %s",
                          redan_hash_name(bundle->digest_hash), redan_spki_name(key),
                          redan_hash_name(content->hash));
    if (bundle->has_digest && !redan_sum_eq(&bundle->digest, &content->sum))
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "messageDigest is not the digest of this file: another file was signed");
    enum redan_status status =
        pure ? redan_spki_verify(ctx, key, content->hash, thing->bytes, bundle->signature)
             : redan_spki_verify_sum(ctx, key, content->hash, &content->sum, bundle->signature);
    return status == REDAN_E_SIGNATURE ? unsigned_by(ctx, key, "file") : status;
}

static enum redan_status sum_of_pae(struct redan_ctx *ctx, const struct redan_dsse *dsse,
                                    enum redan_hash hash, struct redan_sum *sum)
{
    struct redan_hasher *REDAN_DEFER(redan_hasher_drop) hasher = NULL;
    struct redan_buf REDAN_DEFER(redan_buf_done) head = {0};

    redan_buf_init(&head, ctx, (size_t)1 << 10);
    redan_dsse_add_head(&head, dsse);
    REDAN_TRY(redan_buf_ok(ctx, &head, "an envelope"));
    REDAN_TRY(redan_hasher_new_of(ctx, hash, &hasher));
    REDAN_TRY(redan_hasher_add(ctx, hasher, redan_buf_view(&head)));
    REDAN_TRY(redan_hasher_add(ctx, hasher, dsse->payload));
    return redan_hasher_end_sum(ctx, hasher, sum);
}

enum {
    OLD_PAYLOAD_MAX = 16 << 20
}; /* 100,000 files: anybody may ask for this form with a garbled signature */

/* repr() of Python 3 for bytes, as the first release of the reference client signed. */
static void add_repr(struct redan_buf *out, struct redan_slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    bool apostrophe = bytes.len && memchr(bytes.at, '\'', bytes.len);
    bool quotes = bytes.len && memchr(bytes.at, '"', bytes.len);
    char mark = apostrophe && !quotes ? '"' : '\'';

    redan_buf_char(out, 'b');
    redan_buf_char(out, mark);
    for (size_t i = 0; i < bytes.len; i++) {
        char c = bytes.at[i];
        unsigned char value = (unsigned char)c;
        const char hex[] = {'\\', 'x', digits[value >> 4], digits[value & 15]};

        if (c == mark || c == '\\')
            redan_buf_add(out, (const char[]){'\\', c}, 2);
        else if (c == '\n' || c == '\r' || c == '\t')
            redan_buf_text(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        else if (value < 0x20 || value >= 0x7f)
            redan_buf_add(out, hex, sizeof(hex));
        else
            redan_buf_char(out, c);
    }
    redan_buf_char(out, mark);
}

/* OMS 0.2 wrote "DSSEV1" and the payload's repr, and hashed with SHA-256 whatever the curve. Its predicate type tells it. */
static enum redan_status verify_old(struct redan_ctx *ctx, const struct redan_dsse *dsse,
                                    const struct redan_spki *key, struct redan_slice signature,
                                    bool *verified)
{
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    const struct redan_node *root = NULL;

    *verified = false;
    if (dsse->payload.len > OLD_PAYLOAD_MAX)
        return REDAN_OK;
    enum redan_status status = redan_json_parse(ctx, dsse->payload, &root);
    bool old = status == REDAN_OK &&
               redan_slice_is(redan_node_text(root, "predicateType"), REDAN_OMS_PREDICATE_OLD);
    redan_arena_reset(&ctx->arena, mark);
    if (status == REDAN_E_MEMORY)
        return status;
    redan_fail_clear(ctx);
    if (!old)
        return REDAN_OK;
    redan_buf_init(&text, ctx, (size_t)REDAN_BUNDLE_MAX * 4);
    redan_buf_printf(&text, "DSSEV1 %zu ", dsse->payload_type.len);
    redan_buf_slice(&text, dsse->payload_type);
    redan_buf_printf(&text, " %zu ", dsse->payload.len);
    add_repr(&text, dsse->payload);
    REDAN_TRY(redan_buf_ok(ctx, &text, "an envelope of OMS 0.2"));
    status = redan_spki_verify(ctx, key, REDAN_HASH_SHA256, redan_buf_view(&text), signature);
    *verified = status == REDAN_OK;
    return status == REDAN_E_SIGNATURE ? REDAN_OK : status;
}

static enum redan_status verify_pae(struct redan_ctx *ctx, const struct redan_bundle *bundle,
                                    const struct redan_spki *key,
                                    const struct redan_judge_content *content)
{
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    struct redan_slice pae = {0};

    if (redan_spki_kind(key) != REDAN_SPKI_ED25519)
        return redan_spki_verify_sum(ctx, key, content->hash, &content->sum, bundle->signature);
    REDAN_TRY(redan_dsse_pae(ctx, &bundle->dsse, &pae));
    enum redan_status status = redan_spki_verify(ctx, key, content->hash, pae, bundle->signature);
    redan_arena_reset(&ctx->arena, mark);
    return status;
}

/* The statement in the envelope is about the artefact. */
static enum redan_status check_subject(struct redan_ctx *ctx, const struct redan_dsse *dsse,
                                       const struct redan_signed_thing *thing)
{
    struct redan_statement statement = {0};
    struct redan_digest digest = thing->digest;

    if (!thing->has_digest)
        REDAN_TRY(redan_sha256(ctx, thing->bytes, &digest));
    REDAN_TRY(redan_statement_parse(ctx, dsse->payload, &statement));
    for (size_t i = 0; i < statement.count; i++)
        if (redan_digest_eq(&statement.subjects[i].digest, &digest))
            return REDAN_OK;
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                      "the statement is not about this file: none of its %zu subjects has its "
                      "digest",
                      statement.count);
}

static enum redan_status judge_envelope(struct redan_ctx *ctx, const struct redan_bundle *bundle,
                                        const struct redan_signer_wanted *wanted,
                                        const struct redan_signed_thing *thing,
                                        const struct redan_spki *key,
                                        struct redan_judge_content *content)
{
    const struct redan_dsse *dsse = &bundle->dsse;

    if (!redan_slice_is(dsse->payload_type, REDAN_DSSE_INTOTO))
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the envelope's payloadType is \"%s\"; it must be \"%s\"",
                          redan_snippet_of(dsse->payload_type).text, REDAN_DSSE_INTOTO);
    REDAN_TRY(sum_of_pae(ctx, dsse, content->hash, &content->sum));
    enum redan_status status = verify_pae(ctx, bundle, key, content);
    if (status == REDAN_E_SIGNATURE && thing->oms && wanted->method == REDAN_SIGN_CERTIFICATE) {
        REDAN_TRY(verify_old(ctx, dsse, key, bundle->signature, &content->old_form));
        status = content->old_form ? REDAN_OK : REDAN_E_SIGNATURE;
    }
    if (status == REDAN_E_SIGNATURE)
        return unsigned_by(ctx, key, "payload");
    REDAN_TRY(status);
    if (!thing->oms && (thing->has_digest || thing->has_bytes))
        return check_subject(ctx, dsse, thing);
    return REDAN_OK;
}

enum redan_status redan_judge_content(struct redan_ctx *ctx, const struct redan_bundle *bundle,
                                      const struct redan_signer_wanted *wanted,
                                      const struct redan_signed_thing *thing,
                                      const struct redan_spki *key,
                                      struct redan_judge_content *content)
{
    struct redan_judge_content made = {.hash = redan_spki_hash(key)};

    REDAN_TRY(check_key(ctx, key, thing));
    if (bundle->is_dsse)
        REDAN_TRY(judge_envelope(ctx, bundle, wanted, thing, key, &made));
    else
        REDAN_TRY(judge_message(ctx, bundle, thing, key, &made));
    *content = made;
    return REDAN_OK;
}
