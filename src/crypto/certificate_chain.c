/* Whether a certificate leads to a pinned one at a time (RFC 5280 6), and which one issued it. */
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "base/clock.h"
#include "crypto/certificate_parts.h"

enum { AUTH_LEVEL = 2, NAME_SHOWN = 128 }; /* 112 bits: no SHA-1, RSA from 2048 */

static void drop_store(X509_STORE **store)
{
    X509_STORE_free(*store);
}

static void drop_walk(X509_STORE_CTX **walk)
{
    X509_STORE_CTX_free(*walk);
}

static void drop_list(STACK_OF(X509) * *list)
{
    sk_X509_free(*list);
}

/* RFC 5280 4.1.2.5: "valid through" the last second, which OpenSSL takes for one too late. */
static int judge(int ok, X509_STORE_CTX *walk)
{
    int64_t until = 0;

    if (ok || X509_STORE_CTX_get_error(walk) != X509_V_ERR_CERT_HAS_EXPIRED)
        return ok;
    const X509 *x509 = X509_STORE_CTX_get_current_cert(walk);
    time_t at = X509_VERIFY_PARAM_get_time(X509_STORE_CTX_get0_param(walk));
    return x509 && redan_certificate_time(X509_get0_notAfter(x509), &until) && until == (int64_t)at;
}

X509_STORE *redan_certificate_store(struct redan_certificate *const *anchors, size_t count,
                                    int64_t at)
{
    X509_STORE *store = X509_STORE_new();
    X509_VERIFY_PARAM *param = X509_VERIFY_PARAM_new();
    bool good = store && param;

    if (good) {
        X509_VERIFY_PARAM_set_time(param, (time_t)at);
        X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
        /* RFC 5280 4.2.1.11: a policy that an issuer requires must be there. */
        good = X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN |
                                                      X509_V_FLAG_POLICY_CHECK) == 1 &&
               X509_STORE_set1_param(store, param) == 1;
    }
    for (size_t i = 0; good && i < count; i++)
        good = X509_STORE_add_cert(store, anchors[i]->x509) == 1;
    X509_VERIFY_PARAM_free(param);
    if (good) {
        X509_STORE_set_verify_cb(store, judge);
        return store;
    }
    X509_STORE_free(store);
    return NULL;
}

static enum redan_status refuse(struct redan_ctx *ctx, X509_STORE_CTX *walk, const X509 *leaf,
                                int64_t at)
{
    const X509 *x509 = X509_STORE_CTX_get_current_cert(walk);
    int error = X509_STORE_CTX_get_error(walk);
    const char *why = X509_verify_cert_error_string(error);
    struct redan_slice subject = {0};
    struct redan_slice issuer = {0};
    char text[3][REDAN_TIME_TEXT];
    int64_t from = 0;
    int64_t until = 0;

    ERR_clear_error();
    if (error == X509_V_ERR_OUT_OF_MEM)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a chain of certificates");
    x509 = x509 ? x509 : leaf;
    REDAN_TRY(redan_certificate_name(ctx, X509_get_subject_name(x509), &subject));
    REDAN_TRY(redan_certificate_name(ctx, X509_get_issuer_name(x509), &issuer));
    if (subject.len == 0)
        subject = REDAN_S("of the signer");
    subject = redan_slice_sub(subject, 0, NAME_SHOWN);
    issuer = redan_slice_sub(issuer, 0, NAME_SHOWN);
    if (error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID) {
        if (!redan_certificate_time(X509_get0_notBefore(x509), &from) ||
            !redan_certificate_time(X509_get0_notAfter(x509), &until))
            return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "the validity cannot be read");
        redan_time_text(from, text[0]);
        redan_time_text(until, text[1]);
        redan_time_text(at, text[2]);
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the certificate %.*s is refused: %s (valid from %s until %s, judged at "
                          "%s)",
                          REDAN_FMT(subject), why, text[0], text[1], text[2]);
    }
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                      "the certificate %.*s is refused: %s (issuer %.*s)", REDAN_FMT(subject), why,
                      REDAN_FMT(issuer));
}

static const struct redan_certificate *find(const X509 *x509, struct redan_certificate *const *list,
                                            size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i]->x509 == x509 || X509_cmp(list[i]->x509, x509) == 0)
            return list[i];
    return NULL;
}

static enum redan_status check_key(struct redan_ctx *ctx,
                                   const struct redan_certificate *certificate)
{
    struct redan_slice subject = {0};

    if (redan_spki_kind(certificate->key) != REDAN_SPKI_OTHER)
        return REDAN_OK;
    REDAN_TRY(redan_certificate_name(ctx, X509_get_subject_name(certificate->x509), &subject));
    subject = redan_slice_sub(subject, 0, NAME_SHOWN);
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                      "the certificate %.*s is refused: a key of kind %s, which is not used here",
                      REDAN_FMT(subject), redan_spki_name(certificate->key));
}

enum redan_status
redan_certificate_chain(struct redan_ctx *ctx, const struct redan_certificate *leaf,
                        struct redan_certificate *const *between, size_t between_count,
                        struct redan_certificate *const *anchors, size_t anchor_count, int64_t at,
                        const struct redan_certificate **issuer)
{
    const struct redan_certificate *above = leaf;

    if (between_count > REDAN_CERTIFICATES_MAX || anchor_count > REDAN_CERTIFICATES_MAX)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "more than %d certificates in a chain",
                          REDAN_CERTIFICATES_MAX);
    X509_STORE *store REDAN_DEFER(drop_store) = redan_certificate_store(anchors, anchor_count, at);
    STACK_OF(X509) * untrusted REDAN_DEFER(drop_list) = sk_X509_new_null();
    X509_STORE_CTX *walk REDAN_DEFER(drop_walk) = X509_STORE_CTX_new(); /* freed before those */
    bool good = store && untrusted && walk;
    for (size_t i = 0; good && i < between_count; i++)
        good = sk_X509_push(untrusted, between[i]->x509) > 0;
    if (!good || X509_STORE_CTX_init(walk, store, leaf->x509, untrusted) != 1) {
        ERR_clear_error();
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a chain of certificates");
    }
    if (X509_verify_cert(walk) != 1)
        return refuse(ctx, walk, leaf->x509, at);
    ERR_clear_error();
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(walk);
    REDAN_TRY(check_key(ctx, leaf));
    for (int i = 1; i < sk_X509_num(chain); i++) {
        const X509 *x509 = sk_X509_value(chain, i);
        const struct redan_certificate *one = find(x509, anchors, anchor_count);
        one = one ? one : find(x509, between, between_count);
        if (!one)
            return redan_fail(ctx, REDAN_E_CRYPTO, 0, "a chain of certificates nobody gave");
        REDAN_TRY(check_key(ctx, one));
        above = i == 1 ? one : above;
    }
    *issuer = above;
    return REDAN_OK;
}
