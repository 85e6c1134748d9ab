/* The life of a certificate: one spelling, read once. */
#include "crypto/certificate.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/hex.h"
#include "crypto/certificate_parts.h"
#include "crypto/der.h"

enum { EXTENSIONS_MAX = 64, PEM_MAX = 4 << 20 };

static void drop_x509(X509 **x509)
{
    X509_free(*x509);
}

static enum redan_status malformed(struct redan_ctx *ctx, const char *what)
{
    ERR_clear_error();
    return redan_fail(ctx, REDAN_E_SYNTAX, 0, "%s", what);
}

/* X.690 10: OpenSSL keeps the bytes it read, so a second copy is made to forget them and written anew. */
static bool canonical(struct redan_slice der)
{
    const unsigned char *at = (const unsigned char *)der.at;
    X509 *copy REDAN_DEFER(drop_x509) = d2i_X509(NULL, &at, (long)der.len);
    unsigned char *bytes = NULL;
    int len = copy ? i2d_re_X509_tbs(copy, &bytes) : -1;

    OPENSSL_free(bytes);
    bytes = NULL;
    if (len > 0)
        len = i2d_X509(copy, &bytes);
    return redan_der_same(der, bytes, len);
}

/* RFC 5280 4.2: one of each kind, or which of two is meant would be the reader's choice. */
static bool extensions_differ(const X509 *x509)
{
    int count = X509_get_ext_count(x509);

    if (count > EXTENSIONS_MAX)
        return false;
    for (int i = 0; i < count; i++)
        for (int k = i + 1; k < count; k++)
            if (OBJ_cmp(X509_EXTENSION_get_object(X509_get_ext(x509, i)),
                        X509_EXTENSION_get_object(X509_get_ext(x509, k))) == 0)
                return false;
    return true;
}

static enum redan_status read_key(struct redan_ctx *ctx, struct redan_certificate *made)
{
    unsigned char *bytes = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(made->x509), &bytes);

    if (len <= 0)
        return malformed(ctx, "the certificate has no public key");
    enum redan_status status =
        redan_spki_parse(ctx, (struct redan_slice){(const char *)bytes, (size_t)len}, &made->key);
    OPENSSL_free(bytes);
    return status;
}

enum redan_status redan_certificate_parse(struct redan_ctx *ctx, struct redan_slice der,
                                          struct redan_certificate **certificate)
{
    struct redan_certificate *made REDAN_DEFER(redan_certificate_drop) = NULL;
    const unsigned char *at = (const unsigned char *)der.at;

    if (der.len == 0 || der.len > REDAN_CERTIFICATE_DER_MAX)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "a certificate of %zu bytes", der.len);
    made = OPENSSL_zalloc(sizeof(*made));
    if (made)
        made->der = OPENSSL_memdup(der.at, der.len);
    if (!made || !made->der)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a certificate");
    made->len = der.len;
    made->x509 = d2i_X509(NULL, &at, (long)der.len);
    if (!made->x509)
        return malformed(ctx, "this is not an X.509 certificate in DER");
    size_t used = (size_t)(at - (const unsigned char *)der.at);
    if (used != der.len)
        return redan_fail(ctx, REDAN_E_SYNTAX, used, "bytes after the end of the certificate");
    if (!canonical(der))
        return malformed(ctx, "the certificate is not in DER: written anew it is other bytes");
    if (!extensions_differ(made->x509))
        return malformed(ctx, "the certificate has an extension twice, or more than 64");
    (void)X509_check_purpose(made->x509, -1, 0); /* reads the extensions, once for all threads */
    if (X509_get_extension_flags(made->x509) & EXFLAG_INVALID)
        return malformed(ctx, "the certificate has an extension that cannot be read");
    ERR_clear_error();
    REDAN_TRY(read_key(ctx, made));
    *certificate = made;
    made = NULL;
    return REDAN_OK;
}

/* The next PEM block with all its lines, and what is left after it; false when there is none. */
static bool next_block(struct redan_slice *rest, struct redan_slice *block)
{
    struct redan_slice line = {0};
    const char *begin = NULL;

    while (rest->len) {
        const char *at = rest->at;
        (void)redan_slice_cut(*rest, '\n', &line, rest);
        struct redan_slice text = redan_slice_trim(line);
        if (!begin && redan_slice_starts(text, REDAN_S("-----BEGIN ")))
            begin = at;
        else if (begin && redan_slice_starts(text, REDAN_S("-----")))
            break;
    }
    if (!begin)
        return false;
    *block = (struct redan_slice){begin, (size_t)(line.at + line.len - begin)};
    return true;
}

static enum redan_status parse_block(struct redan_ctx *ctx, struct redan_slice block,
                                     struct redan_certificate **certificate)
{
    struct redan_slice label = {0};
    struct redan_slice der = {0};

    REDAN_TRY(redan_pem_parse(ctx, block, &label, &der));
    if (!redan_slice_is(label, "CERTIFICATE"))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "a PEM block \"%.*s\" where only certificates belong", REDAN_FMT(label));
    return redan_certificate_parse(ctx, der, certificate);
}

enum redan_status
redan_certificate_parse_pem(struct redan_ctx *ctx, struct redan_slice text,
                            struct redan_certificate *list[REDAN_CERTIFICATES_MAX], size_t *count)
{
    struct redan_certificate *made[REDAN_CERTIFICATES_MAX];
    struct redan_slice block = {0};
    enum redan_status status = REDAN_OK;
    size_t n = 0;

    if (text.len > PEM_MAX)
        return redan_fail(ctx, REDAN_E_LIMIT, PEM_MAX, "%zu bytes of certificates", text.len);
    while (status == REDAN_OK && next_block(&text, &block)) {
        if (n == REDAN_CERTIFICATES_MAX)
            status = redan_fail(ctx, REDAN_E_LIMIT, 0, "more than %d certificates",
                                REDAN_CERTIFICATES_MAX);
        else
            status = parse_block(ctx, block, &made[n]);
        n += status == REDAN_OK;
    }
    if (status == REDAN_OK && n == 0)
        status = redan_fail(ctx, REDAN_E_SYNTAX, 0,
                            "no certificate found: a line \"-----BEGIN CERTIFICATE-----\" and what "
                            "follows it belong here");
    if (status != REDAN_OK) {
        for (size_t i = 0; i < n; i++)
            redan_certificate_free(made[i]);
        return status;
    }
    memcpy(list, made, n * sizeof(made[0]));
    *count = n;
    return REDAN_OK;
}

void redan_certificate_free(struct redan_certificate *certificate)
{
    if (!certificate)
        return;
    redan_spki_free(certificate->key);
    X509_free(certificate->x509);
    OPENSSL_free(certificate->der);
    OPENSSL_free(certificate);
}

void redan_certificate_drop(struct redan_certificate **certificate)
{
    redan_certificate_free(*certificate);
    *certificate = NULL;
}

struct redan_slice redan_certificate_der(const struct redan_certificate *certificate)
{
    return (struct redan_slice){(const char *)certificate->der, certificate->len};
}

const struct redan_spki *redan_certificate_key(const struct redan_certificate *certificate)
{
    return certificate->key;
}
