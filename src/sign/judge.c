/* The judgement of one bundle: times, log entries, certificate or key, signature, in the order in which each stands on the one before. */
#include "sign/judge.h"

#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "codec/problem.h"
#include "sign/entry.h"
#include "sign/judge_chain.h"
#include "sign/judge_content.h"

enum { TIMES = REDAN_BUNDLE_STAMPS + REDAN_BUNDLE_LOGS, MILLI = 1000 };

struct judging {
    const struct redan_bundle *bundle;
    const struct redan_signer_wanted *wanted;
    const struct redan_signed_thing *thing;
    struct redan_judge_chain chain; /* SIGSTORE, CERTIFICATE */
    const struct redan_spki *key;   /* what the signature must verify with */
    int64_t times[TIMES];           /* verified, in milliseconds */
    size_t time_count;
    struct redan_entry_facts entries[REDAN_BUNDLE_LOGS];
    struct redan_signer_facts facts;
};

static void judging_done(struct judging *judging)
{
    redan_judge_chain_done(&judging->chain);
}

static enum redan_status usage(struct redan_ctx *ctx, const char *what)
{
    return redan_fail(ctx, REDAN_E_USAGE, 0, "%s", what);
}

/* Nothing that is forgotten may mean "anybody". */
static enum redan_status check_wanted(struct redan_ctx *ctx,
                                      const struct redan_signer_wanted *wanted,
                                      const struct redan_signed_thing *thing,
                                      const struct redan_bundle *bundle)
{
    if (bundle->log_count > REDAN_BUNDLE_LOGS || bundle->stamp_count > REDAN_BUNDLE_STAMPS)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "a bundle with %zu log entries and %zu timestamps",
                          bundle->log_count, bundle->stamp_count);
    if (wanted->method == REDAN_SIGN_KEY && !wanted->key)
        return usage(ctx, "no key to verify with");
    if (wanted->method == REDAN_SIGN_CERTIFICATE && wanted->anchor_count == 0)
        return usage(ctx, "no root certificate to verify with");
    if (!bundle->is_dsse && !thing->oms && !thing->has_digest && !thing->has_bytes)
        return usage(ctx, "the bundle signs a file: say which");
    if (wanted->method != REDAN_SIGN_SIGSTORE)
        return REDAN_OK;
    if (!wanted->root)
        return usage(ctx, "no trust root to verify with");
    if (wanted->identity.len == 0 && wanted->identity_regex.len == 0)
        return usage(ctx, "no identity that must have signed");
    if (wanted->issuer.len == 0 && wanted->issuer_regex.len == 0)
        return usage(ctx, "no issuer that must have vouched for the identity");
    return REDAN_OK;
}

/* Whether a hint is one of this key's: of OMS (SHA-256 of the PEM text), of cosign (SHA-256 of the DER in base64), or our own spelling of the latter. */
static enum redan_status is_hint(struct redan_ctx *ctx, const struct redan_spki *key,
                                 struct redan_slice hint, bool *is)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    struct redan_digest digest = {0};
    char hex[REDAN_DIGEST_HEX];

    REDAN_TRY(redan_spki_hint(ctx, key, &digest));
    redan_digest_hex(&digest, hex);
    *is = redan_slice_is(hint, hex);
    redan_spki_id(key, &digest);
    redan_digest_hex(&digest, hex);
    *is = *is || redan_slice_is(hint, hex);
    redan_buf_init(&text, ctx, (size_t)1 << 10);
    redan_base64_add(&text, (struct redan_slice){(const char *)digest.bytes, REDAN_DIGEST_LEN});
    REDAN_TRY(redan_buf_ok(ctx, &text, "a hint"));
    *is = *is || redan_slice_eq(hint, redan_buf_view(&text));
    return REDAN_OK;
}

/* Before OMS 1.1.0 the key itself was in the bundle. It is not believed, only compared. */
static enum redan_status check_key_pem(struct redan_ctx *ctx, const struct redan_spki *key,
                                       struct redan_slice pem)
{
    struct redan_spki *REDAN_DEFER(redan_spki_drop) inside = NULL;

    REDAN_TRY(redan_spki_parse_text(ctx, pem, &inside));
    if (redan_spki_eq(inside, key))
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                      "the key in the bundle (publicKey.rawBytes) is not the one that is wanted");
}

static enum redan_status take_key(struct redan_ctx *ctx, struct judging *judging)
{
    const struct redan_bundle *bundle = judging->bundle;
    struct redan_signer_facts *facts = &judging->facts;
    struct redan_slice id = {0};
    bool is = false;

    if (bundle->material != REDAN_BUNDLE_KEY)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the bundle was signed with a certificate, not with a bare key: say who "
                          "must have signed, or give the root certificate");
    judging->key = judging->wanted->key;
    redan_spki_id(judging->key, &facts->key);
    if (bundle->hint.len) {
        REDAN_TRY(is_hint(ctx, judging->key, bundle->hint, &is));
        if (!is)
            return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                              "the bundle was signed with another key: its hint is \"%s\"",
                              redan_snippet_of(bundle->hint).text);
    }
    if (bundle->key_pem.len)
        REDAN_TRY(check_key_pem(ctx, judging->key, bundle->key_pem));
    facts->old_form = facts->old_form || bundle->hint.len == 0 || bundle->key_pem.len != 0;
    REDAN_TRY(redan_digest_text(ctx, &facts->key, &id));
    return redan_format(ctx, &facts->signer, "key %.*s", REDAN_FMT(id));
}

static enum redan_status take_material(struct redan_ctx *ctx, struct judging *judging)
{
    if (judging->wanted->method == REDAN_SIGN_KEY)
        return take_key(ctx, judging);
    REDAN_TRY(
        redan_judge_chain_read(ctx, judging->bundle, judging->wanted->method, &judging->chain));
    judging->key = redan_certificate_key(judging->chain.all[0]);
    redan_spki_id(judging->key, &judging->facts.key);
    return REDAN_OK;
}

/* Every stamp must verify: one that does not is a forgery or a mistake, and both are told. */
static enum redan_status verify_stamps(struct redan_ctx *ctx, struct judging *judging)
{
    const struct redan_bundle *bundle = judging->bundle;
    const struct redan_trust_root *root = judging->wanted->root;
    struct redan_timestamp_authority *authorities = NULL;

    REDAN_TRY(redan_trust_root_stampers(ctx, root, &authorities));
    for (size_t i = 0; i < bundle->stamp_count; i++) {
        int64_t at = 0;

        REDAN_TRY(redan_timestamp_verify_response(ctx, bundle->stamps[i], bundle->signature,
                                                  authorities, root->stamper_count, &at));
        judging->times[judging->time_count++] = at;
        judging->facts.stamps++;
    }
    return REDAN_OK;
}

static enum redan_status verify_entries(struct redan_ctx *ctx, struct judging *judging)
{
    const struct redan_bundle *bundle = judging->bundle;

    for (size_t i = 0; i < bundle->log_count; i++) {
        struct redan_entry_facts *entry = &judging->entries[i];

        REDAN_TRY(redan_entry_verify(ctx, bundle->version, &bundle->logs[i], judging->wanted->root,
                                     entry));
        if (!entry->has_time)
            continue;
        if (entry->time < 0 || entry->time > INT64_MAX / MILLI)
            return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "a log entry of an impossible time");
        judging->times[judging->time_count++] = entry->time * MILLI;
    }
    return REDAN_OK;
}

/* A log's key counts at every time of the signature; where nobody vouches for one, now. */
static enum redan_status check_logs_hold(struct redan_ctx *ctx, const struct judging *judging)
{
    const int64_t now = ctx->now * MILLI;
    const int64_t *times = judging->time_count ? judging->times : &now;
    size_t count = judging->time_count ? judging->time_count : 1;

    for (size_t i = 0; i < judging->bundle->log_count; i++)
        for (size_t k = 0; k < count; k++) {
            const struct redan_trust_log *log = judging->entries[i].log;
            char when[REDAN_TIME_TEXT];

            if (times[k] >= log->from && times[k] <= log->until)
                continue;
            redan_time_text(times[k] / MILLI, when);
            return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                              "the key of the log %.*s does not count at %s, the time of the "
                              "signature",
                              REDAN_FMT(log->host), when);
        }
    return REDAN_OK;
}

/* Without a trust root nothing is known of logs and authorities: what they say is then not counted, and must not be needed. */
static enum redan_status verify_witnesses(struct redan_ctx *ctx, struct judging *judging)
{
    const struct redan_bundle *bundle = judging->bundle;
    const struct redan_signer_wanted *wanted = judging->wanted;

    if (wanted->root) {
        REDAN_TRY(verify_stamps(ctx, judging));
        REDAN_TRY(verify_entries(ctx, judging));
        REDAN_TRY(check_logs_hold(ctx, judging));
        judging->facts.logs = bundle->log_count;
    }
    if (wanted->method == REDAN_SIGN_SIGSTORE && bundle->log_count != 1)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the bundle has %zu log entries; it must have exactly one",
                          bundle->log_count);
    if (wanted->method == REDAN_SIGN_SIGSTORE && judging->time_count == 0)
        return redan_fail(
            ctx, REDAN_E_SIGNATURE, 0,
            "nothing in the bundle proves when it was signed: neither a timestamp nor "
            "a log's promise");
    if (wanted->need_log && judging->facts.logs == 0)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the bundle has no verified log entry, and one is asked for%s",
                          wanted->root ? "" : "; there is no trust root to verify one with");
    if (wanted->need_stamp && judging->facts.stamps == 0)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the bundle has no verified timestamp, and one is asked for%s",
                          wanted->root ? "" : "; there is no trust root to verify one with");
    return REDAN_OK;
}

static enum redan_status check_bodies(struct redan_ctx *ctx, const struct judging *judging,
                                      const struct redan_judge_content *content)
{
    const struct redan_bundle *bundle = judging->bundle;
    struct redan_entry_about about = {.signature = bundle->signature,
                                      .is_dsse = bundle->is_dsse,
                                      .payload_type = bundle->dsse.payload_type,
                                      .payload = bundle->dsse.payload,
                                      .hash = content->hash,
                                      .sum = content->sum,
                                      .key = judging->key};

    if (judging->wanted->method != REDAN_SIGN_KEY)
        about.certificate = redan_certificate_der(judging->chain.all[0]);
    for (size_t i = 0; judging->wanted->root && i < bundle->log_count; i++)
        REDAN_TRY(redan_entry_body(ctx, &bundle->logs[i], &about));
    return REDAN_OK;
}

static void fill(struct judging *judging)
{
    struct redan_signer_facts *facts = &judging->facts;

    for (size_t i = 0; i < judging->time_count; i++)
        if (i == 0 || judging->times[i] / MILLI < facts->time)
            facts->time = judging->times[i] / MILLI;
    if (facts->logs) {
        facts->log = judging->entries[0].log->url;
        facts->log_index = judging->entries[0].index;
    }
}

enum redan_status redan_sign_judge(struct redan_ctx *ctx, const struct redan_bundle *bundle,
                                   const struct redan_signer_wanted *wanted,
                                   const struct redan_signed_thing *thing,
                                   struct redan_signer_facts *facts)
{
    struct judging REDAN_DEFER(judging_done) judging = {
        .bundle = bundle,
        .wanted = wanted,
        .thing = thing,
        .facts = {.method = wanted->method, .old_form = bundle->version != REDAN_BUNDLE_V03}};
    struct redan_judge_content content = {0};

    REDAN_TRY(check_wanted(ctx, wanted, thing, bundle));
    REDAN_TRY(take_material(ctx, &judging));
    REDAN_TRY(verify_witnesses(ctx, &judging));
    if (wanted->method != REDAN_SIGN_KEY)
        REDAN_TRY(redan_judge_chain(ctx, &judging.chain, wanted, judging.times, judging.time_count,
                                    &judging.facts));
    REDAN_TRY(redan_judge_content(ctx, bundle, wanted, thing, judging.key, &content));
    REDAN_TRY(check_bodies(ctx, &judging, &content));
    judging.facts.old_form = judging.facts.old_form || content.old_form;
    fill(&judging);
    *facts = judging.facts;
    return REDAN_OK;
}
