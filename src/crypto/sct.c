/* Signed certificate timestamps in a certificate (RFC 6962 3.2, 3.3): promises of a log to publish what it certifies. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/reader.h"
#include "crypto/certificate_parts.h"

enum {
    LOG_ID = REDAN_DIGEST_LEN,
    SCT_MAX = 32,    /* of one certificate */
    V1 = 0,          /* RFC 6962 3.2 */
    HASH_SHA256 = 4, /* RFC 5246 7.4.1.4.1 */
    RSA_KEY = 1,
    ECDSA_KEY = 3,
    TBS_MAX = (1 << 24) - 1,
};

struct sct {
    struct redan_slice log;
    struct redan_slice time; /* 8 bytes, milliseconds */
    struct redan_slice extensions;
    struct redan_slice signature;
    uint8_t version;
    uint8_t hash;
    uint8_t kind;
};

static void drop_x509(X509 **x509)
{
    X509_free(*x509);
}

static void drop_string(ASN1_OCTET_STRING **string)
{
    ASN1_OCTET_STRING_free(*string);
}

static enum redan_status malformed(struct redan_ctx *ctx)
{
    ERR_clear_error();
    return redan_fail(ctx, REDAN_E_SYNTAX, 0,
                      "the certificate's signed certificate timestamps cannot be read");
}

static uint64_t number(struct redan_slice bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < bytes.len; i++)
        value = value << 8 | (uint8_t)bytes.at[i];
    return value;
}

/* opaque<0..2^16-1> */
static struct redan_slice opaque(struct redan_reader *in)
{
    return redan_reader_bytes(in, number(redan_reader_bytes(in, 2)));
}

static bool read_sct(struct redan_slice bytes, struct sct *sct)
{
    struct redan_reader in;

    redan_reader_init(&in, bytes);
    sct->version = redan_reader_u8(&in);
    if (sct->version != V1) /* another layout: of a version that is not known, nothing is said */
        return !in.failed;
    sct->log = redan_reader_bytes(&in, LOG_ID);
    sct->time = redan_reader_bytes(&in, 8);
    sct->extensions = opaque(&in);
    sct->hash = redan_reader_u8(&in);
    sct->kind = redan_reader_u8(&in);
    sct->signature = opaque(&in);
    return !in.failed && redan_reader_left(&in) == 0;
}

/* RFC 6962 3.3: an octet string in the extension's octet string, a list of lists of bytes in that. */
static enum redan_status read_list(struct redan_ctx *ctx, const X509 *x509,
                                   struct sct list[SCT_MAX], size_t *count)
{
    struct redan_reader in;
    int at = X509_get_ext_by_NID(x509, NID_ct_precert_scts, -1);
    struct redan_slice all = {0};
    size_t n = 0;

    if (at < 0)
        return redan_fail(
            ctx, REDAN_E_SIGNATURE, 0,
            "the certificate has no signed certificate timestamp: no log has promised "
            "to publish it");
    const ASN1_OCTET_STRING *outer = X509_EXTENSION_get_data(X509_get_ext(x509, at));
    const unsigned char *der = ASN1_STRING_get0_data(outer);
    const unsigned char *end = der + ASN1_STRING_length(outer);
    ASN1_OCTET_STRING *inner REDAN_DEFER(drop_string) =
        d2i_ASN1_OCTET_STRING(NULL, &der, ASN1_STRING_length(outer));
    if (!inner || der != end)
        return malformed(ctx);
    REDAN_TRY(redan_copy(ctx,
                         (struct redan_slice){(const char *)ASN1_STRING_get0_data(inner),
                                              (size_t)ASN1_STRING_length(inner)},
                         &all));
    redan_reader_init(&in, all);
    struct redan_slice body = opaque(&in);
    if (in.failed || redan_reader_left(&in) != 0 || body.len == 0)
        return malformed(ctx);
    redan_reader_init(&in, body);
    while (redan_reader_left(&in) != 0) {
        if (n == SCT_MAX)
            return redan_fail(ctx, REDAN_E_LIMIT, 0,
                              "more than %d signed certificate timestamps in one certificate",
                              SCT_MAX);
        struct redan_slice one = opaque(&in);
        if (in.failed || !read_sct(one, &list[n++]))
            return malformed(ctx);
    }
    *count = n;
    return REDAN_OK;
}

/* What the log saw: the certificate before the timestamps were put into it. */
static enum redan_status precertificate(struct redan_ctx *ctx, const struct redan_certificate *leaf,
                                        struct redan_slice *tbs)
{
    const unsigned char *at = leaf->der;
    X509 *copy REDAN_DEFER(drop_x509) = d2i_X509(NULL, &at, (long)leaf->len);
    int where = copy ? X509_get_ext_by_NID(copy, NID_ct_precert_scts, -1) : -1;
    unsigned char *bytes = NULL;

    if (where < 0)
        return malformed(ctx);
    X509_EXTENSION_free(X509_delete_ext(copy, where));
    int len = i2d_re_X509_tbs(copy, &bytes);
    if (len <= 0 || len > TBS_MAX)
        return malformed(ctx);
    enum redan_status status =
        redan_copy(ctx, (struct redan_slice){(const char *)bytes, (size_t)len}, tbs);
    OPENSSL_free(bytes);
    return status;
}

/* RFC 6962 3.2: digitally-signed struct, for an entry of type precert_entry. */
static void add_signed(struct redan_buf *out, const struct sct *sct,
                       const struct redan_digest *issuer, struct redan_slice tbs)
{
    const char head[] = {V1, 0 /* certificate_timestamp */};
    const char type[] = {0, 1 /* precert_entry */};
    const char tbs_len[] = {(char)(uint8_t)(tbs.len >> 16), (char)(uint8_t)(tbs.len >> 8),
                            (char)(uint8_t)tbs.len};
    const char ext_len[] = {(char)(uint8_t)(sct->extensions.len >> 8),
                            (char)(uint8_t)sct->extensions.len};

    redan_buf_clear(out);
    redan_buf_add(out, head, sizeof(head));
    redan_buf_slice(out, sct->time);
    redan_buf_add(out, type, sizeof(type));
    redan_buf_add(out, issuer->bytes, REDAN_DIGEST_LEN);
    redan_buf_add(out, tbs_len, sizeof(tbs_len));
    redan_buf_slice(out, tbs);
    redan_buf_add(out, ext_len, sizeof(ext_len));
    redan_buf_slice(out, sct->extensions);
}

static bool suits(const struct sct *sct, enum redan_spki_kind kind)
{
    bool ec = kind == REDAN_SPKI_P256 || kind == REDAN_SPKI_P384 || kind == REDAN_SPKI_P521;

    return sct->hash == HASH_SHA256 &&
           ((ec && sct->kind == ECDSA_KEY) || (kind == REDAN_SPKI_RSA && sct->kind == RSA_KEY));
}

/* Whether one of the logs made it. `known` and `current` say how far it came. */
static enum redan_status judge(struct redan_ctx *ctx, const struct sct *sct,
                               struct redan_slice text, const struct redan_ct_log *logs,
                               size_t log_count, bool *known, bool *current)
{
    uint64_t time = number(sct->time);

    for (size_t i = 0; i < log_count; i++) {
        const struct redan_ct_log *log = &logs[i];
        if (!redan_slice_eq(log->id, sct->log))
            continue;
        *known = true;
        if (time > INT64_MAX || (int64_t)time < log->from || (int64_t)time > log->until)
            continue;
        *current = true;
        if (!suits(sct, redan_spki_kind(log->key)))
            continue;
        enum redan_status status =
            redan_spki_verify(ctx, log->key, REDAN_HASH_SHA256, text, sct->signature);
        if (status != REDAN_E_SIGNATURE)
            return status;
    }
    return REDAN_E_SIGNATURE;
}

/* Two of one log are one promise. */
static bool repeated(const struct sct *list, size_t at, const bool *holds)
{
    for (size_t i = 0; i < at; i++)
        if (holds[i] && redan_slice_eq(list[i].log, list[at].log))
            return true;
    return false;
}

enum redan_status redan_certificate_scts(struct redan_ctx *ctx,
                                         const struct redan_certificate *leaf,
                                         const struct redan_certificate *issuer,
                                         const struct redan_ct_log *logs, size_t log_count,
                                         size_t *good)
{
    struct redan_buf text REDAN_DEFER(redan_buf_done) = {0};
    struct sct list[SCT_MAX] = {{.version = 0}};
    bool holds[SCT_MAX] = {false};
    struct redan_slice tbs = {0};
    struct redan_digest id;
    bool known = false;
    bool current = false;
    size_t count = 0;
    size_t n = 0;

    REDAN_TRY(read_list(ctx, leaf->x509, list, &count));
    REDAN_TRY(precertificate(ctx, leaf, &tbs));
    redan_spki_id(issuer->key, &id);
    redan_buf_init(&text, ctx, (size_t)2 * REDAN_CERTIFICATE_DER_MAX);
    for (size_t i = 0; i < count; i++) {
        if (list[i].version != V1)
            continue;
        add_signed(&text, &list[i], &id, tbs);
        REDAN_TRY(redan_buf_ok(ctx, &text, "a certificate to be published"));
        enum redan_status status =
            judge(ctx, &list[i], redan_buf_view(&text), logs, log_count, &known, &current);
        if (status != REDAN_OK && status != REDAN_E_SIGNATURE)
            return status;
        holds[i] = status == REDAN_OK;
        n += holds[i] && !repeated(list, i, holds);
    }
    if (n == 0)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "none of the certificate's %zu signed certificate timestamps holds: %s",
                          count,
                          !known     ? "their logs are not in the trust root"
                          : !current ? "they were made when their log's key did not count"
                                     : "their signatures do not verify");
    *good = n;
    return REDAN_OK;
}
