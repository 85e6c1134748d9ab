/* Certificates of bundles: their use, their chain at each time of the signature, their transparency, their names. */
#include "sign/judge_chain.h"

#include <string.h>

#include "base/clock.h"
#include "sign/identity.h"

enum { MILLI = 1000 };

static enum redan_status check_material(struct redan_ctx *ctx, const struct redan_bundle *bundle,
                                        enum redan_sign_method method)
{
    bool chained = bundle->material == REDAN_BUNDLE_CHAINED;

    if (bundle->material == REDAN_BUNDLE_KEY)
        return redan_fail(
            ctx, REDAN_E_SIGNATURE, 0,
            "the bundle was signed with a bare key, not with a certificate: verify it "
            "with that key");
    if (method != REDAN_SIGN_SIGSTORE || chained == (bundle->version != REDAN_BUNDLE_V03))
        return REDAN_OK;
    return redan_fail(
        ctx, REDAN_E_SIGNATURE, 0,
        chained ? "a Sigstore bundle of version 0.3 has \"certificate\", not "
                  "\"x509CertificateChain\": this is a certificate of a private authority, to be "
                  "verified against its roots"
                : "a Sigstore bundle before version 0.3 has \"x509CertificateChain\", "
                  "not \"certificate\"");
}

enum redan_status redan_judge_chain_read(struct redan_ctx *ctx, const struct redan_bundle *bundle,
                                         enum redan_sign_method method,
                                         struct redan_judge_chain *chain)
{
    REDAN_TRY(check_material(ctx, bundle, method));
    for (size_t i = 0; i < bundle->certificate_count && i < REDAN_BUNDLE_CHAIN; i++) {
        struct redan_certificate_facts facts = {0};

        REDAN_TRY(redan_certificate_parse(ctx, bundle->certificates[i], &chain->all[i]));
        chain->count++;
        REDAN_TRY(redan_certificate_facts(ctx, chain->all[i], &facts));
        if (i == 0)
            chain->leaf = facts;
        else if (facts.self_signed && method == REDAN_SIGN_SIGSTORE)
            return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                              "certificate %zu of the bundle is self-signed: roots come from the "
                              "trust root alone",
                              i + 1);
    }
    if (chain->count == 0)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "the bundle has no certificate");
    return REDAN_OK;
}

void redan_judge_chain_done(struct redan_judge_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++)
        redan_certificate_free(chain->all[i]);
    chain->count = 0;
}

/* Fulcio certifies for code signing and nothing else; of OMS either word is enough, and its published leaves are CAs. */
static enum redan_status check_use(struct redan_ctx *ctx,
                                   const struct redan_certificate_facts *leaf,
                                   enum redan_sign_method method)
{
    bool signs = leaf->has_key_usage && leaf->digital_signature;
    bool code = leaf->has_extended_usage && leaf->code_signing;

    if (method == REDAN_SIGN_CERTIFICATE) {
        if (signs || code)
            return REDAN_OK;
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the certificate is neither for digital signatures (key usage) nor for "
                          "code signing (extended key usage)");
    }
    if (leaf->ca)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the certificate is an authority's: such do not sign artefacts");
    if (!signs)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the certificate's key usage is not digitalSignature");
    if (!code)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the certificate's extended key usage is not code signing");
    return REDAN_OK;
}

/* Closed interval, and to the millisecond: certificates count in seconds, stamps may not. */
static enum redan_status check_validity(struct redan_ctx *ctx,
                                        const struct redan_certificate_facts *leaf, int64_t at)
{
    char when[REDAN_TIME_TEXT];
    char from[REDAN_TIME_TEXT];
    char until[REDAN_TIME_TEXT];

    if (at >= leaf->from * MILLI && at <= leaf->until * MILLI)
        return REDAN_OK;
    redan_time_text(at / MILLI, when);
    redan_time_text(leaf->from, from);
    redan_time_text(leaf->until, until);
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                      "the certificate is valid from %s to %s; the signature is of %s", from, until,
                      when);
}

/* One authority of the trust root, whole as it is pinned: a link that a bundle brings may be one that was withdrawn, or issued for other uses. */
static enum redan_status chain_to(struct redan_ctx *ctx, const struct redan_judge_chain *chain,
                                  const struct redan_trust_authority *authority, int64_t at,
                                  const struct redan_certificate **issuer)
{
    size_t own = authority->count - 1;

    return redan_certificate_chain(ctx, chain->all[0], authority->chain, own,
                                   &authority->chain[own], 1, at / MILLI, issuer);
}

/* Some authority of the trust root that counts at this time issued it. */
static enum redan_status chain_at(struct redan_ctx *ctx, const struct redan_judge_chain *chain,
                                  const struct redan_trust_root *root, int64_t at,
                                  const struct redan_certificate **issuer)
{
    enum redan_status status = REDAN_OK;
    char when[REDAN_TIME_TEXT];
    size_t tried = 0;

    for (size_t i = 0; i < root->authority_count; i++) {
        const struct redan_trust_authority *authority = &root->authorities[i];

        if (authority->count == 0 || at < authority->from || at > authority->until)
            continue;
        if (status == REDAN_E_SIGNATURE) /* the reason of the last one tried is told */
            redan_fail_clear(ctx);
        tried++;
        status = chain_to(ctx, chain, authority, at, issuer);
        if (status != REDAN_E_SIGNATURE)
            return status;
    }
    if (tried)
        return status;
    redan_time_text(at / MILLI, when);
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                      "none of the trust root's %zu certificate authorities counts at %s",
                      root->authority_count, when);
}

static enum redan_status check_transparency(struct redan_ctx *ctx,
                                            const struct redan_certificate *leaf,
                                            const struct redan_certificate *issuer,
                                            const struct redan_trust_root *root)
{
    struct redan_ct_log *logs = NULL;
    size_t good = 0;

    REDAN_TRY(redan_trust_root_ct_logs(ctx, root, &logs));
    return redan_certificate_scts(ctx, leaf, issuer, logs, root->ct_log_count, &good);
}

static enum redan_status judge_sigstore(struct redan_ctx *ctx,
                                        const struct redan_judge_chain *chain,
                                        const struct redan_signer_wanted *wanted,
                                        const int64_t *times, size_t count)
{
    const struct redan_certificate *first = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct redan_certificate *issuer = NULL;

        REDAN_TRY(check_validity(ctx, &chain->leaf, times[i]));
        REDAN_TRY(chain_at(ctx, chain, wanted->root, times[i], &issuer));
        if (!first)
            first = issuer;
    }
    if (wanted->no_ct)
        return REDAN_OK;
    return check_transparency(ctx, chain->all[0], first, wanted->root);
}

static enum redan_status judge_certificate(struct redan_ctx *ctx,
                                           const struct redan_judge_chain *chain,
                                           const struct redan_signer_wanted *wanted,
                                           const int64_t *times, size_t count)
{
    const struct redan_certificate *issuer = NULL;
    const int64_t now = ctx->now * MILLI;

    if (count == 0) {
        times = &now;
        count = 1;
    }
    for (size_t i = 0; i < count; i++) {
        REDAN_TRY(check_validity(ctx, &chain->leaf, times[i]));
        REDAN_TRY(redan_certificate_chain(ctx, chain->all[0], chain->all + 1, chain->count - 1,
                                          wanted->anchors, wanted->anchor_count, times[i] / MILLI,
                                          &issuer));
    }
    return REDAN_OK;
}

enum redan_status redan_judge_chain(struct redan_ctx *ctx, const struct redan_judge_chain *chain,
                                    const struct redan_signer_wanted *wanted, const int64_t *times,
                                    size_t count, struct redan_signer_facts *facts)
{
    const struct redan_certificate_facts *leaf = &chain->leaf;

    if (wanted->method == REDAN_SIGN_SIGSTORE)
        REDAN_TRY(judge_sigstore(ctx, chain, wanted, times, count));
    else
        REDAN_TRY(judge_certificate(ctx, chain, wanted, times, count));
    REDAN_TRY(check_use(ctx, leaf, wanted->method));
    REDAN_TRY(redan_identity_judge(ctx, leaf, wanted, &facts->identity));
    facts->certificate = leaf->fingerprint;
    facts->issuer = leaf->oidc_issuer;
    facts->signer = wanted->method == REDAN_SIGN_SIGSTORE ? facts->identity : leaf->subject;
    if (facts->signer.len == 0) /* a subject may be empty */
        facts->signer = facts->identity;
    return REDAN_OK;
}
