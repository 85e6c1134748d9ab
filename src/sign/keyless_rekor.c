/* The entry of a signature in a transparency log (Rekor v2, POST /api/v2/log/entries), believed only when it is proved to be there. */
#include <string.h>

#include "base/hex.h"
#include "crypto/merkle.h"
#include "sign/checkpoint.h"
#include "sign/entry.h"
#include "sign/keyless_parts.h"

static const struct redan_slice none;

static void add_base64(struct redan_buf *out, const char *before, struct redan_slice bytes)
{
    redan_buf_text(out, before);
    redan_base64_add(out, bytes);
}

/* rekor/v2/entry.proto, CreateEntryRequest with a HashedRekordRequestV002 */
static void write_request(struct redan_buf *out, const struct redan_digest *digest,
                          struct redan_slice signature, struct redan_slice leaf)
{
    const struct redan_slice sum = {(const char *)digest->bytes, REDAN_DIGEST_LEN};

    add_base64(out, "{\"hashedRekordRequestV002\":{\"digest\":\"", sum);
    add_base64(out, "\",\"signature\":{\"content\":\"", signature);
    add_base64(out, "\",\"verifier\":{\"x509Certificate\":{\"rawBytes\":\"", leaf);
    redan_buf_text(out, "\"},\"keyDetails\":\"PKIX_ECDSA_P256_SHA_256\"}}}}");
}

static enum redan_status ask(struct redan_ctx *ctx, const struct redan_keyless_services *services,
                             struct redan_slice url, const struct redan_digest *digest,
                             struct redan_slice signature, struct redan_slice leaf,
                             struct redan_slice *answer)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) body = {0};
    const struct redan_slice accept = REDAN_S("Accept: application/json");

    redan_buf_init(&body, ctx, REDAN_KEYLESS_ANSWER);
    write_request(&body, digest, signature, leaf);
    REDAN_TRY(redan_buf_ok(ctx, &body, "a request to Rekor"));
    const struct redan_keyless_exchange exchange = {.service = "Rekor",
                                                    .method = REDAN_S("POST"),
                                                    .url = url,
                                                    .type = REDAN_S("application/json"),
                                                    .body = redan_buf_view(&body),
                                                    .headers = &accept,
                                                    .header_count = 1,
                                                    .seconds = services->seconds};
    return redan_keyless_send(ctx, &exchange, answer);
}

enum redan_status redan_keyless_rekor_parse(struct redan_ctx *ctx, struct redan_slice answer,
                                            struct redan_bundle_log *entry)
{
    struct redan_bundle_log made = {0};

    REDAN_TRY(redan_bundle_parse_log(ctx, answer, &made));
    if (!redan_slice_is(made.kind, "hashedrekord") || !redan_slice_is(made.version, "0.0.2"))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "its entry is \"%.40s\" \"%.40s\"; asked for was hashedrekord 0.0.2",
                          redan_keyless_show(made.kind).text,
                          redan_keyless_show(made.version).text);
    if (!made.has_proof || made.checkpoint.len == 0 || made.body.len == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "its entry has no %s",
                          !made.has_proof        ? "proof of inclusion"
                          : !made.checkpoint.len ? "checkpoint"
                                                 : "body");
    if (made.index != made.proof_index)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "its entry is at %llu and its proof about %llu",
                          (unsigned long long)made.index, (unsigned long long)made.proof_index);
    made.has_time = false; /* a log of this kind proves no times and makes no promises */
    made.time = 0;
    made.promise = none;
    *entry = made;
    return REDAN_OK;
}

/* Without a trust root: the proof leads to the root that the checkpoint says, whoever signed that. */
static enum redan_status check_proof(struct redan_ctx *ctx, const struct redan_bundle_log *entry)
{
    struct redan_checkpoint checkpoint = {0};
    struct redan_digest leaf;
    struct redan_digest root;

    REDAN_TRY(redan_checkpoint_parse(ctx, entry->checkpoint, &checkpoint));
    REDAN_TRY(redan_merkle_leaf(ctx, entry->body, &leaf));
    REDAN_TRY(redan_merkle_root(ctx, &leaf, entry->proof_index, entry->proof_size,
                                entry->proof_path, entry->proof_count, &root));
    if (redan_digest_eq(&root, &entry->proof_root) && redan_digest_eq(&root, &checkpoint.root) &&
        checkpoint.size == entry->proof_size)
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                      "the proof of inclusion leads to another tree than its checkpoint's");
}

static enum redan_status believe(struct redan_ctx *ctx, const struct redan_bundle *bundle,
                                 const struct redan_digest *digest, struct redan_slice leaf,
                                 const struct redan_trust_root *root,
                                 const struct redan_bundle_log *entry)
{
    struct redan_entry_facts facts = {0};
    struct redan_entry_about about = {.signature = bundle->signature,
                                      .is_dsse = true,
                                      .payload_type = bundle->dsse.payload_type,
                                      .payload = bundle->dsse.payload,
                                      .hash = REDAN_HASH_SHA256,
                                      .sum = {.len = REDAN_DIGEST_LEN},
                                      .certificate = leaf};

    memcpy(about.sum.bytes, digest->bytes, REDAN_DIGEST_LEN);
    enum redan_status status = root ? redan_entry_verify(ctx, REDAN_BUNDLE_V03, entry, root, &facts)
                                    : check_proof(ctx, entry);
    if (status != REDAN_OK)
        return redan_keyless_blame(ctx, status, "its entry is not believed", none,
                                   root ? "is this the trust root of that Rekor?" : NULL);
    status = redan_entry_body(ctx, entry, &about);
    return redan_keyless_blame(ctx, status, "it wrote down something else than was sent", none,
                               NULL);
}

static enum redan_status add_entry(struct redan_ctx *ctx, struct redan_bundle *bundle,
                                   const struct redan_bundle_log *entry)
{
    struct redan_bundle_log *logs = NULL;

    if (bundle->log_count >= REDAN_BUNDLE_LOGS)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "the bundle has %zu log entries already",
                          bundle->log_count);
    logs = redan_take_array(ctx, bundle->log_count + 1, sizeof(*logs));
    if (!logs)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < bundle->log_count; i++)
        logs[i] = bundle->logs[i];
    logs[bundle->log_count] = *entry;
    bundle->logs = logs;
    bundle->log_count++;
    return REDAN_OK;
}

enum redan_status redan_keyless_log(struct redan_ctx *ctx,
                                    const struct redan_keyless_services *services,
                                    const struct redan_certificate *leaf, struct redan_slice pae,
                                    const struct redan_trust_root *root,
                                    struct redan_bundle *bundle)
{
    struct redan_slice der = redan_certificate_der(leaf);
    struct redan_bundle_log entry = {0};
    struct redan_digest digest;
    struct redan_slice url = {0};
    struct redan_slice answer = {0};

    REDAN_TRY(redan_sha256(ctx, pae, &digest));
    REDAN_TRY(redan_keyless_url(ctx, services->rekor, "/api/v2/log/entries", &url));
    REDAN_TRY(ask(ctx, services, url, &digest, bundle->signature, der, &answer));
    enum redan_status status = redan_keyless_rekor_parse(ctx, answer, &entry);
    if (status == REDAN_OK)
        status = believe(ctx, bundle, &digest, der, root, &entry);
    if (status != REDAN_OK)
        return redan_keyless_blame(ctx, status, "Rekor", url, NULL);
    return add_entry(ctx, bundle, &entry);
}
