/* What a certificate says of itself (RFC 5280 4.1, 4.2, and Fulcio's extensions). */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "base/utf8.h"
#include "crypto/certificate_parts.h"

#define OID_ISSUER_RAW "1.3.6.1.4.1.57264.1.1" /* Fulcio's oid-info.md */
#define OID_OTHER_NAME "1.3.6.1.4.1.57264.1.7"
#define OID_ISSUER "1.3.6.1.4.1.57264.1.8"

enum { SERIAL_MAX = 64, NAMES_MAX = 1024 };

static void drop_names(GENERAL_NAMES **names)
{
    GENERAL_NAMES_free(*names);
}

static void drop_object(ASN1_OBJECT **object)
{
    ASN1_OBJECT_free(*object);
}

static void drop_bio(BIO **bio)
{
    BIO_free(*bio);
}

static enum redan_status malformed(struct redan_ctx *ctx, const char *what)
{
    ERR_clear_error();
    return redan_fail(ctx, REDAN_E_SYNTAX, 0, "%s", what);
}

enum redan_status redan_certificate_name(struct redan_ctx *ctx, const X509_NAME *name,
                                         struct redan_slice *text)
{
    BIO *bio REDAN_DEFER(drop_bio) = BIO_new(BIO_s_mem());
    char *bytes = NULL;

    if (!bio || X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) < 0)
        return malformed(ctx, "the certificate has a name that cannot be written");
    long len = BIO_get_mem_data(bio, &bytes);
    return redan_copy(ctx, (struct redan_slice){bytes, len > 0 ? (size_t)len : 0}, text);
}

bool redan_certificate_time(const ASN1_TIME *time, int64_t *seconds)
{
    struct tm tm = {0};

    if (!time || ASN1_TIME_to_tm(time, &tm) != 1)
        return false;
    *seconds = (int64_t)timegm(&tm);
    return true;
}

static enum redan_status read_serial(struct redan_ctx *ctx, const X509 *x509,
                                     struct redan_slice *serial)
{
    const ASN1_INTEGER *number = X509_get0_serialNumber(x509);
    const unsigned char *bytes = ASN1_STRING_get0_data(number);
    int len = ASN1_STRING_length(number);
    char text[1 + 2 * SERIAL_MAX + 1]; /* a sign before the digits */
    size_t n = 0;

    if (len < 1 || len > SERIAL_MAX)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "a certificate's serial number of %d bytes", len);
    if (ASN1_STRING_type(number) == V_ASN1_NEG_INTEGER)
        text[n++] = '-';
    redan_hex_put(text + n, bytes, (size_t)len);
    return redan_copy(ctx, redan_slice_of(text), serial);
}

/* Where one reader stops at a NUL and another does not, they would see two names. */
static enum redan_status read_text(struct redan_ctx *ctx, const char *what, struct redan_slice raw,
                                   bool ascii, struct redan_slice *text)
{
    bool good = raw.len != 0 && redan_utf8_check(raw, NULL);

    for (size_t i = 0; i < raw.len; i++) {
        unsigned char c = (unsigned char)raw.at[i];
        good = good && c >= ' ' && c != 0x7f && (!ascii || c < 0x80);
    }
    if (!good)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0,
                          "the certificate's %s is empty or has characters that do not belong "
                          "there",
                          what);
    return redan_copy(ctx, raw, text);
}

static struct redan_slice view(const ASN1_STRING *s)
{
    int len = ASN1_STRING_length(s);

    return (struct redan_slice){(const char *)ASN1_STRING_get0_data(s), len > 0 ? (size_t)len : 0};
}

/* One that is told, or none: `name->value` stays empty. */
static enum redan_status read_name(struct redan_ctx *ctx, const GENERAL_NAME *from,
                                   const ASN1_OBJECT *fulcio, struct redan_san *name)
{
    int type = 0;
    const void *value = GENERAL_NAME_get0_value(from, &type);

    if (type == GEN_OTHERNAME) {
        const OTHERNAME *other = value;
        if (OBJ_cmp(other->type_id, fulcio) != 0)
            return REDAN_OK;
        if (!other->value || other->value->type != V_ASN1_UTF8STRING)
            return malformed(ctx, "the certificate's subject name of Fulcio's is no UTF8String");
        name->kind = REDAN_SAN_FULCIO;
        return read_text(ctx, "subject name", view(other->value->value.utf8string), false,
                         &name->value);
    }
    if (type != GEN_EMAIL && type != GEN_URI && type != GEN_DNS)
        return REDAN_OK;
    name->kind = type == GEN_EMAIL ? REDAN_SAN_EMAIL : REDAN_SAN_DNS;
    if (type == GEN_URI)
        name->kind = REDAN_SAN_URI;
    return read_text(ctx, "subject name", view(value), true, &name->value);
}

static enum redan_status read_names(struct redan_ctx *ctx, const X509 *x509,
                                    struct redan_certificate_facts *facts)
{
    int critical = -1;
    GENERAL_NAMES *names REDAN_DEFER(drop_names) =
        X509_get_ext_d2i(x509, NID_subject_alt_name, &critical, NULL);
    ASN1_OBJECT *fulcio REDAN_DEFER(drop_object) = OBJ_txt2obj(OID_OTHER_NAME, 1);

    if (!names && critical == -1) /* there are none */
        return REDAN_OK;
    if (!names || !fulcio || sk_GENERAL_NAME_num(names) > NAMES_MAX)
        return malformed(ctx, "the certificate's subject names cannot be read");
    size_t count = (size_t)sk_GENERAL_NAME_num(names);
    facts->names = redan_take_array(ctx, count + 1, sizeof(*facts->names));
    if (!facts->names)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        struct redan_san name = {.value = {0}};
        REDAN_TRY(read_name(ctx, sk_GENERAL_NAME_value(names, (int)i), fulcio, &name));
        if (name.value.len)
            facts->names[facts->name_count++] = name;
    }
    return REDAN_OK;
}

/* The bytes of an extension; empty when it is not there. */
static struct redan_slice extension(const X509 *x509, const char *oid)
{
    ASN1_OBJECT *object REDAN_DEFER(drop_object) = OBJ_txt2obj(oid, 1);
    int at = object ? X509_get_ext_by_OBJ(x509, object, -1) : -1;

    return at < 0 ? (struct redan_slice){0} : view(X509_EXTENSION_get_data(X509_get_ext(x509, at)));
}

/* The text of a UTF8String in DER, of which nothing else is in the bytes. */
static enum redan_status read_utf8string(struct redan_ctx *ctx, struct redan_slice der,
                                         struct redan_slice *text)
{
    const unsigned char *at = (const unsigned char *)der.at;
    unsigned char *again = NULL;
    ASN1_UTF8STRING *string = d2i_ASN1_UTF8STRING(NULL, &at, (long)der.len);
    int len = string ? i2d_ASN1_UTF8STRING(string, &again) : -1;
    enum redan_status status = REDAN_OK;

    if (len > 0 && (size_t)len == der.len && memcmp(again, der.at, der.len) == 0)
        status = read_text(ctx, "OIDC issuer", view(string), false, text);
    else
        status = malformed(ctx, "the certificate's OIDC issuer is no UTF8String in DER");
    OPENSSL_free(again);
    ASN1_UTF8STRING_free(string);
    return status;
}

static enum redan_status read_issuer(struct redan_ctx *ctx, const X509 *x509,
                                     struct redan_certificate_facts *facts)
{
    struct redan_slice coded = extension(x509, OID_ISSUER);
    struct redan_slice raw = extension(x509, OID_ISSUER_RAW);
    struct redan_slice old = {0};

    if (coded.len)
        REDAN_TRY(read_utf8string(ctx, coded, &facts->oidc_issuer));
    if (!raw.len)
        return REDAN_OK;
    REDAN_TRY(read_text(ctx, "OIDC issuer", raw, false, &old));
    facts->oidc_conflict = coded.len != 0 && !redan_slice_eq(facts->oidc_issuer, old);
    if (!coded.len)
        facts->oidc_issuer = old;
    return REDAN_OK;
}

enum redan_status redan_certificate_facts(struct redan_ctx *ctx,
                                          const struct redan_certificate *certificate,
                                          struct redan_certificate_facts *facts)
{
    X509 *x509 = certificate->x509; /* its flags were read when it was parsed */
    struct redan_certificate_facts made = {.ca = false};
    uint32_t flags = X509_get_extension_flags(x509);

    REDAN_TRY(redan_certificate_name(ctx, X509_get_subject_name(x509), &made.subject));
    REDAN_TRY(redan_certificate_name(ctx, X509_get_issuer_name(x509), &made.issuer));
    REDAN_TRY(read_serial(ctx, x509, &made.serial));
    REDAN_TRY(redan_sha256(ctx, redan_certificate_der(certificate), &made.fingerprint));
    if (!redan_certificate_time(X509_get0_notBefore(x509), &made.from) ||
        !redan_certificate_time(X509_get0_notAfter(x509), &made.until))
        return malformed(ctx, "the certificate's validity cannot be read");
    made.ca = (flags & EXFLAG_CA) != 0;
    made.self_signed = X509_self_signed(x509, 1) == 1;
    made.has_key_usage = (flags & EXFLAG_KUSAGE) != 0;
    made.digital_signature =
        !made.has_key_usage || (X509_get_key_usage(x509) & KU_DIGITAL_SIGNATURE) != 0;
    made.has_extended_usage = (flags & EXFLAG_XKUSAGE) != 0;
    made.code_signing =
        made.has_extended_usage && (X509_get_extended_key_usage(x509) & XKU_CODE_SIGN) != 0;
    ERR_clear_error();
    REDAN_TRY(read_names(ctx, x509, &made));
    REDAN_TRY(read_issuer(ctx, x509, &made));
    *facts = made;
    return REDAN_OK;
}
