/* A short-lived certificate for a key and a token (Fulcio, POST /api/v2/signingCert), believed only when it is what was asked for. */
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "codec/json.h"
#include "sign/keyless_parts.h"
#include "sign/message.h"

enum {
    NODES = 256,
    CLOCKS = 60, /* seconds by which two honest clocks may differ */
};

static const struct redan_slice none;

void redan_keyless_certificate_done(struct redan_keyless_certificate *certificate)
{
    for (size_t i = 0; i < certificate->count; i++)
        redan_certificate_free(certificate->chain[i]);
    certificate->count = 0;
}

/* fulcio.proto, CertificateChain: texts, of one PEM certificate each. */
static enum redan_status read_chain(struct redan_ctx *ctx, const struct redan_message *chain,
                                    struct redan_keyless_certificate *certificate)
{
    static const char *const names[] = {"certificates", NULL};
    const struct redan_node *list = redan_message_get(chain, "certificates");

    REDAN_TRY(redan_message_only(ctx, chain, names));
    if (!list || list->kind != REDAN_NODE_LIST || list->count < 2 ||
        list->count > REDAN_CERTIFICATES_MAX)
        return redan_message_fail(ctx, chain, "certificates", REDAN_E_SCHEMA,
                                  "must be a list of 2 to %d certificates", REDAN_CERTIFICATES_MAX);
    for (const struct redan_node *node = list->first; node; node = node->next) {
        struct redan_certificate *one[REDAN_CERTIFICATES_MAX] = {NULL};
        size_t count = 0;
        if (node->kind != REDAN_NODE_TEXT)
            return redan_message_fail(ctx, chain, "certificates", REDAN_E_SCHEMA,
                                      "must hold texts, found %s",
                                      redan_node_kind_name(node->kind));
        REDAN_TRY(redan_certificate_parse_pem(ctx, node->text, one, &count));
        certificate->chain[certificate->count++] = one[0];
        for (size_t i = 1; i < count; i++)
            redan_certificate_free(one[i]);
        if (count != 1)
            return redan_message_fail(ctx, chain, "certificates", REDAN_E_SCHEMA,
                                      "must hold one certificate in each text, found %zu", count);
    }
    return REDAN_OK;
}

static enum redan_status read_answer(struct redan_ctx *ctx, struct redan_slice answer,
                                     struct redan_keyless_certificate *certificate)
{
    static const char *const names[] = {"signedCertificateEmbeddedSct",
                                        "signedCertificateDetachedSct", NULL};
    static const char *const inner[] = {"chain", "signedCertificateTimestamp", NULL};
    struct redan_message root = {0};
    struct redan_message signed_ = {0};
    struct redan_message chain = {0};

    REDAN_TRY(redan_message_parse(ctx, answer, "its answer", REDAN_KEYLESS_ANSWER, NODES, &root));
    REDAN_TRY(redan_message_only(ctx, &root, names));
    if (redan_message_get(&root, names[1]))
        return redan_message_fail(ctx, &root, names[1], REDAN_E_UNSUPPORTED,
                                  "the promise of transparency must be in the certificate; set up "
                                  "its log with embedded SCTs");
    REDAN_TRY(redan_message_child(ctx, &root, names[0], &signed_));
    if (!signed_.node)
        return redan_message_fail(ctx, &root, names[0], REDAN_E_SCHEMA, "is missing");
    REDAN_TRY(redan_message_only(ctx, &signed_, inner));
    REDAN_TRY(redan_message_child(ctx, &signed_, "chain", &chain));
    if (!chain.node)
        return redan_message_fail(ctx, &signed_, "chain", REDAN_E_SCHEMA, "is missing");
    REDAN_TRY(read_chain(ctx, &chain, certificate));
    return redan_certificate_facts(ctx, certificate->chain[0], &certificate->facts);
}

enum redan_status redan_keyless_fulcio_parse(struct redan_ctx *ctx, struct redan_slice answer,
                                             struct redan_keyless_certificate *certificate)
{
    struct redan_keyless_certificate made = {.count = 0};
    enum redan_status status = read_answer(ctx, answer, &made);

    if (status != REDAN_OK) {
        redan_keyless_certificate_done(&made);
        return status;
    }
    *certificate = made;
    return REDAN_OK;
}

/* fulcio.proto, CreateSigningCertificateRequest */
static void write_request(struct redan_buf *out, struct redan_slice token, struct redan_slice csr)
{
    redan_buf_text(out, "{\"credentials\":{\"oidcIdentityToken\":");
    redan_json_string_add(out, token);
    redan_buf_text(out, "},\"certificateSigningRequest\":\"");
    redan_base64_add(out, csr);
    redan_buf_text(out, "\"}");
}

static enum redan_status ask(struct redan_ctx *ctx, const struct redan_keyless_services *services,
                             struct redan_slice url, struct redan_slice token,
                             const struct redan_key *key, struct redan_slice *answer)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) body = {0};
    struct redan_buf REDAN_DEFER(redan_buf_done) line = {0};
    struct redan_slice csr = {0};

    REDAN_TRY(redan_certificate_request(ctx, key, &csr));
    redan_buf_init(&body, ctx, (size_t)4 * REDAN_KEYLESS_TOKEN);
    redan_buf_init(&line, ctx, (size_t)2 * REDAN_KEYLESS_TOKEN);
    body.secret = line.secret = true;
    write_request(&body, token, csr);
    redan_buf_text(&line, "Authorization: Bearer ");
    redan_buf_slice(&line, token);
    REDAN_TRY(redan_buf_ok(ctx, &body, "a request to Fulcio"));
    REDAN_TRY(redan_buf_ok(ctx, &line, "a request to Fulcio"));
    const struct redan_slice headers[] = {redan_buf_view(&line),
                                          REDAN_S("Accept: application/json")};
    const struct redan_keyless_exchange exchange = {.service = "Fulcio",
                                                    .method = REDAN_S("POST"),
                                                    .url = url,
                                                    .type = REDAN_S("application/json"),
                                                    .body = redan_buf_view(&body),
                                                    .headers = headers,
                                                    .header_count = REDAN_COUNT(headers),
                                                    .secret = token,
                                                    .seconds = services->seconds};
    return redan_keyless_send(ctx, &exchange, answer);
}

static enum redan_status check_key(struct redan_ctx *ctx,
                                   const struct redan_keyless_certificate *certificate,
                                   const struct redan_key *key)
{
    struct redan_spki *REDAN_DEFER(redan_spki_drop) ours = NULL;

    REDAN_TRY(redan_spki_of_key(ctx, key, &ours));
    if (redan_spki_eq(ours, redan_certificate_key(certificate->chain[0])))
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "its certificate is for another key than ours");
}

static enum redan_status check_name(struct redan_ctx *ctx,
                                    const struct redan_keyless_services *services,
                                    const struct redan_keyless_claims *claims,
                                    const struct redan_certificate_facts *facts)
{
    bool connected = claims->connector.len && redan_slice_eq(facts->oidc_issuer, claims->connector);

    if (facts->name_count != 1)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "its certificate has %zu names; a signer's has one", facts->name_count);
    if (facts->oidc_conflict || (!connected && !redan_slice_eq(facts->oidc_issuer, claims->issuer)))
        return redan_fail(
            ctx, REDAN_E_SIGNATURE, 0, "its certificate names the issuer \"%s\", the token \"%s\"",
            redan_keyless_show(facts->oidc_issuer).text, redan_keyless_show(claims->issuer).text);
    const struct redan_san *name = &facts->names[0];
    if (services->identity.len ? redan_slice_eq(name->value, services->identity)
                               : redan_keyless_named(claims, name))
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                      "its certificate is for \"%.120s\", and %s \"%.120s\"; when that is who it "
                      "should be, say so with --identity",
                      redan_keyless_show(name->value).text,
                      services->identity.len ? "wanted is" : "the token is for",
                      redan_keyless_show(services->identity.len ? services->identity
                                         : claims->email.len    ? claims->email
                                                                : claims->names[0])
                          .text);
}

static enum redan_status check_times(struct redan_ctx *ctx,
                                     const struct redan_certificate_facts *facts)
{
    char from[REDAN_TIME_TEXT];
    char until[REDAN_TIME_TEXT];
    char now[REDAN_TIME_TEXT];
    int64_t off = facts->from > ctx->now + CLOCKS ? facts->from - ctx->now
                  : facts->until < ctx->now       ? ctx->now - facts->until
                                                  : 0;

    if (off == 0)
        return REDAN_OK;
    redan_time_text(facts->from, from);
    redan_time_text(facts->until, until);
    redan_time_text(ctx->now, now);
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                      "its new certificate holds from %s until %s and this machine says it is %s: "
                      "one of the two clocks is off by at least %lld seconds; set this machine's, "
                      "or tell who runs the service",
                      from, until, now, (long long)off);
}

/* RFC 5280 6.1 against one authority of the root; its last certificate is the anchor. */
static enum redan_status chain_to(struct redan_ctx *ctx, const struct redan_certificate *leaf,
                                  struct redan_certificate *const *chain, size_t count, int64_t at,
                                  const struct redan_certificate **issuer)
{
    return redan_certificate_chain(ctx, leaf, chain, count - 1, chain + count - 1, 1, at, issuer);
}

static enum redan_status check_scts(struct redan_ctx *ctx, const struct redan_certificate *leaf,
                                    const struct redan_certificate *issuer,
                                    const struct redan_trust_root *root)
{
    struct redan_ct_log *logs = NULL;
    size_t good = 0;

    REDAN_TRY(redan_trust_root_ct_logs(ctx, root, &logs));
    return redan_certificate_scts(ctx, leaf, issuer, logs, root->ct_log_count, &good);
}

static enum redan_status check_chain(struct redan_ctx *ctx,
                                     const struct redan_keyless_certificate *certificate,
                                     const struct redan_trust_root *root)
{
    const struct redan_certificate *leaf = certificate->chain[0];
    const struct redan_certificate *issuer = NULL;
    int64_t at = certificate->facts.from;
    enum redan_status status = REDAN_E_SIGNATURE;

    if (!root) /* nothing to believe in: that it fits together is all that can be said */
        return chain_to(ctx, leaf, certificate->chain + 1, certificate->count - 1, at, &issuer);
    for (size_t i = 0; i < root->authority_count && status != REDAN_OK; i++) {
        const struct redan_trust_authority *authority = &root->authorities[i];
        if (authority->count == 0 || at < authority->from / 1000 ||
            (authority->until != INT64_MAX && at > authority->until / 1000))
            continue;
        redan_fail_clear(ctx);
        status = chain_to(ctx, leaf, authority->chain, authority->count, at, &issuer);
        if (status == REDAN_E_MEMORY)
            return status;
    }
    if (status != REDAN_OK && ctx->failure.status == REDAN_OK)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the trust root has no certificate authority that counts now");
    if (status != REDAN_OK || root->ct_log_count == 0)
        return status;
    return check_scts(ctx, leaf, issuer, root);
}

static enum redan_status believe(struct redan_ctx *ctx,
                                 const struct redan_keyless_services *services,
                                 const struct redan_keyless_claims *claims,
                                 const struct redan_key *key, const struct redan_trust_root *root,
                                 const struct redan_keyless_certificate *certificate)
{
    REDAN_TRY(check_key(ctx, certificate, key));
    REDAN_TRY(check_name(ctx, services, claims, &certificate->facts));
    REDAN_TRY(check_times(ctx, &certificate->facts));
    enum redan_status status = check_chain(ctx, certificate, root);
    return redan_keyless_blame(ctx, status, "its certificate is not believed", none,
                               root ? "is this the trust root of that Fulcio?" : NULL);
}

enum redan_status
redan_keyless_certify(struct redan_ctx *ctx, const struct redan_keyless_services *services,
                      struct redan_slice token, const struct redan_keyless_claims *claims,
                      const struct redan_key *key, const struct redan_trust_root *root,
                      struct redan_keyless_certificate *certificate)
{
    struct redan_keyless_certificate made = {.count = 0};
    struct redan_slice url = {0};
    struct redan_slice answer = {0};

    REDAN_TRY(redan_keyless_url(ctx, services->fulcio, "/api/v2/signingCert", &url));
    REDAN_TRY(ask(ctx, services, url, token, key, &answer));
    enum redan_status status = redan_keyless_fulcio_parse(ctx, answer, &made);
    if (status == REDAN_OK)
        status = believe(ctx, services, claims, key, root, &made);
    if (status != REDAN_OK) {
        redan_keyless_certificate_done(&made);
        return redan_keyless_blame(ctx, status, "Fulcio", url, NULL);
    }
    *certificate = made;
    return REDAN_OK;
}
