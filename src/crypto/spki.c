/* Public keys of others: read from SubjectPublicKeyInfo and PEM, named, and used to verify. */
#include "crypto/spki.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "crypto/der.h"
#include "crypto/key_parts.h"

enum { DER_MAX = 16384, NAME_LEN = 64, RSA_LEAST = 2048, RSA_MOST = 16384, PEM_MAX = 32768 };

struct redan_spki {
    enum redan_spki_kind kind;
    EVP_PKEY *pkey; /* NULL: OpenSSL knows no such key */
    unsigned char *der;
    size_t len;
    struct redan_digest id;
    char name[NAME_LEN];
};

static enum redan_status refused(struct redan_ctx *ctx, enum redan_status status, const char *what)
{
    ERR_clear_error();
    return redan_fail(ctx, status, 0, "%s", what);
}

static void drop_pubkey(X509_PUBKEY **pubkey)
{
    X509_PUBKEY_free(*pubkey);
}

static void drop_pkey(EVP_PKEY **pkey)
{
    EVP_PKEY_free(*pkey);
}

/* X.690 10: one encoding of the frame. What is inside the bit string is the algorithm's business. */
static X509_PUBKEY *read_frame(struct redan_slice der)
{
    const unsigned char *at = (const unsigned char *)der.at;
    unsigned char *again = NULL;
    X509_PUBKEY *frame = d2i_X509_PUBKEY(NULL, &at, (long)der.len);
    int len = frame ? i2d_X509_PUBKEY(frame, &again) : -1;

    if (redan_der_same(der, again, len))
        return frame;
    X509_PUBKEY_free(frame);
    return NULL;
}

/* EC and Ed25519 in the one spelling that has an id: a named curve, an uncompressed point. */
static bool plain(struct redan_slice der, enum redan_key_kind kind)
{
    const struct redan_key_card *card = redan_key_card(kind);
    size_t n = card->spki_len;

    if (der.len != n + card->public_len || memcmp(der.at, card->spki, n) != 0)
        return false;
    return card->group ? der.at[n] == 0x04 : !redan_key_weak_ed25519((const uint8_t *)der.at + n);
}

/* RFC 8017 3.1: an exponent that is odd and not 1, or every number is a signature. */
static bool good_rsa(const EVP_PKEY *pkey, int bits)
{
    BIGNUM *e = NULL;
    bool good = bits >= RSA_LEAST && bits <= RSA_MOST &&
                EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(e) &&
                !BN_is_one(e);

    BN_free(e);
    return good;
}

static void name_ec(struct redan_spki *spki, struct redan_slice der)
{
    static const struct {
        enum redan_key_kind key;
        enum redan_spki_kind kind;
        const char *name;
    } curves[] = {
        {REDAN_KEY_P256, REDAN_SPKI_P256, "ECDSA P-256"},
        {REDAN_KEY_P384, REDAN_SPKI_P384, "ECDSA P-384"},
        {REDAN_KEY_P521, REDAN_SPKI_P521, "ECDSA P-521"},
    };
    char group[NAME_LEN / 2] = "explicit parameters";
    size_t len = 0;

    for (size_t i = 0; i < REDAN_COUNT(curves); i++) {
        if (plain(der, curves[i].key)) {
            spki->kind = curves[i].kind;
            (void)snprintf(spki->name, NAME_LEN, "%s", curves[i].name);
            return;
        }
    }
    if (EVP_PKEY_get_group_name(spki->pkey, group, sizeof(group), &len) != 1)
        ERR_clear_error();
    enum redan_key_kind kind = REDAN_KEY_ED25519;
    bool odd = redan_key_kind_of_group(group, &kind); /* a known curve, and none of its spelling */
    (void)snprintf(spki->name, NAME_LEN, "EC %s%s", group, odd ? " in an unusual encoding" : "");
}

/* What kind it is, and its name. Whatever is not recognised here verifies nothing. */
static void name_kind(struct redan_spki *spki, X509_PUBKEY *frame, struct redan_slice der)
{
    ASN1_OBJECT *algorithm = NULL;
    char text[NAME_LEN / 2] = "unknown";

    spki->kind = REDAN_SPKI_OTHER;
    if (!spki->pkey) {
        if (X509_PUBKEY_get0_param(&algorithm, NULL, NULL, NULL, frame) == 1)
            (void)OBJ_obj2txt(text, sizeof(text), algorithm, 0);
        (void)snprintf(spki->name, NAME_LEN, "%s", text);
    } else if (EVP_PKEY_is_a(spki->pkey, "EC")) {
        name_ec(spki, der);
    } else if (EVP_PKEY_is_a(spki->pkey, "ED25519")) {
        if (plain(der, REDAN_KEY_ED25519))
            spki->kind = REDAN_SPKI_ED25519;
        (void)snprintf(spki->name, NAME_LEN, "Ed25519%s",
                       spki->kind == REDAN_SPKI_OTHER ? " of small order" : "");
    } else if (EVP_PKEY_is_a(spki->pkey, "RSA")) {
        int bits = EVP_PKEY_get_bits(spki->pkey);
        if (good_rsa(spki->pkey, bits))
            spki->kind = REDAN_SPKI_RSA;
        (void)snprintf(spki->name, NAME_LEN, "RSA %d", bits);
    } else {
        const char *type = EVP_PKEY_get0_type_name(spki->pkey);
        (void)snprintf(spki->name, NAME_LEN, "%s", type ? type : "unknown");
    }
    ERR_clear_error();
}

enum redan_status redan_spki_parse(struct redan_ctx *ctx, struct redan_slice der,
                                   struct redan_spki **spki)
{
    X509_PUBKEY *frame REDAN_DEFER(drop_pubkey) = NULL;
    struct redan_spki *made REDAN_DEFER(redan_spki_drop) = NULL;

    if (der.len == 0 || der.len > DER_MAX)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "a public key of %zu bytes", der.len);
    frame = read_frame(der);
    if (!frame)
        return refused(ctx, REDAN_E_SYNTAX, "this is not a SubjectPublicKeyInfo in DER");
    made = OPENSSL_zalloc(sizeof(*made));
    if (made)
        made->der = OPENSSL_memdup(der.at, der.len);
    if (!made || !made->der)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a public key");
    made->len = der.len;
    made->pkey = X509_PUBKEY_get(frame);
    name_kind(made, frame, der);
    REDAN_TRY(redan_sha256(ctx, der, &made->id));
    *spki = made;
    made = NULL;
    return REDAN_OK;
}

enum redan_status redan_spki_parse_rsa(struct redan_ctx *ctx, struct redan_slice der,
                                       struct redan_spki **spki)
{
    const unsigned char *at = (const unsigned char *)der.at;
    unsigned char *bytes = NULL;
    struct redan_slice whole = {0};

    if (der.len == 0 || der.len > DER_MAX)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "an RSA public key of %zu bytes", der.len);
    EVP_PKEY *pkey REDAN_DEFER(drop_pkey) = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)der.len);
    int len = pkey ? i2d_PublicKey(pkey, &bytes) : -1;
    bool same = len > 0 && (size_t)len == der.len && memcmp(bytes, der.at, der.len) == 0;
    OPENSSL_free(bytes);
    bytes = NULL;
    if (!same)
        return refused(ctx, REDAN_E_SYNTAX, "this is not an RSAPublicKey in DER");
    len = i2d_PUBKEY(pkey, &bytes);
    if (len <= 0)
        return refused(ctx, REDAN_E_CRYPTO, "the cryptographic library refused an RSA key");
    enum redan_status status =
        redan_copy(ctx, (struct redan_slice){(const char *)bytes, (size_t)len}, &whole);
    OPENSSL_free(bytes);
    REDAN_TRY(status);
    return redan_spki_parse(ctx, whole, spki);
}

/* RFC 7468 2: explanatory text comes before the first line that begins a block. */
static struct redan_slice without_words(struct redan_slice text)
{
    const struct redan_slice begin = REDAN_S("-----BEGIN ");
    struct redan_slice line = {0};
    struct redan_slice rest = text;

    while (rest.len) {
        struct redan_slice here = rest;
        (void)redan_slice_cut(rest, '\n', &line, &rest);
        if (redan_slice_starts(line, begin))
            return here;
    }
    return text;
}

enum redan_status redan_spki_parse_text(struct redan_ctx *ctx, struct redan_slice text,
                                        struct redan_spki **spki)
{
    struct redan_slice label = {0};
    struct redan_slice der REDAN_DEFER(redan_key_cleanse) = {0}; /* it may be a private key */

    if (text.len > REDAN_KEY_TEXT_MAX)
        return redan_fail(ctx, REDAN_E_LIMIT, REDAN_KEY_TEXT_MAX, "no key is this long");
    text = redan_slice_trim(without_words(text));
    if (!redan_slice_starts(text, REDAN_S("-----"))) {
        struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
        REDAN_TRY(redan_key_parse_public(ctx, text, &key));
        return redan_spki_of_key(ctx, key, spki);
    }
    REDAN_TRY(redan_key_block(ctx, text, &label, &der));
    if (redan_slice_ends(label, REDAN_S("PRIVATE KEY")))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "this is a private key; what belongs here is its public half: openssl "
                          "pkey -in FILE -pubout");
    if (!redan_slice_is(label, "PUBLIC KEY"))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "a PEM block \"%.*s\" where \"PUBLIC KEY\" belongs", REDAN_FMT(label));
    return redan_spki_parse(ctx, der, spki);
}

enum redan_status redan_spki_of_key(struct redan_ctx *ctx, const struct redan_key *key,
                                    struct redan_spki **spki)
{
    const struct redan_key_card *card = redan_key_card(key->parts.kind);
    char der[sizeof(card->spki) + REDAN_KEY_PUBLIC_MAX];

    if (card->spki_len == 0)
        return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                          "a key of type %s signs in OpenSSH's form only", card->name);
    memcpy(der, card->spki, card->spki_len);
    memcpy(der + card->spki_len, key->parts.public_bytes, card->public_len);
    return redan_spki_parse(ctx, (struct redan_slice){der, card->spki_len + card->public_len},
                            spki);
}

void redan_spki_free(struct redan_spki *spki)
{
    if (!spki)
        return;
    EVP_PKEY_free(spki->pkey);
    OPENSSL_free(spki->der);
    OPENSSL_free(spki);
}

void redan_spki_drop(struct redan_spki **spki)
{
    redan_spki_free(*spki);
    *spki = NULL;
}

enum redan_spki_kind redan_spki_kind(const struct redan_spki *spki)
{
    return spki->kind;
}

const char *redan_spki_name(const struct redan_spki *spki)
{
    return spki->name;
}

struct redan_slice redan_spki_der(const struct redan_spki *spki)
{
    return (struct redan_slice){(const char *)spki->der, spki->len};
}

void redan_spki_id(const struct redan_spki *spki, struct redan_digest *id)
{
    *id = spki->id;
}

enum redan_status redan_spki_hint(struct redan_ctx *ctx, const struct redan_spki *spki,
                                  struct redan_digest *hint)
{
    struct redan_buf pem REDAN_DEFER(redan_buf_done) = {0};

    redan_buf_init(&pem, ctx, PEM_MAX);
    redan_pem_add(&pem, "PUBLIC KEY", redan_spki_der(spki), 64);
    REDAN_TRY(redan_buf_ok(ctx, &pem, "a public key in PEM"));
    return redan_sha256(ctx, redan_buf_view(&pem), hint);
}

enum redan_hash redan_spki_hash(const struct redan_spki *spki)
{
    if (spki->kind == REDAN_SPKI_P384)
        return REDAN_HASH_SHA384;
    return spki->kind == REDAN_SPKI_P521 ? REDAN_HASH_SHA512 : REDAN_HASH_SHA256;
}

bool redan_spki_eq(const struct redan_spki *a, const struct redan_spki *b)
{
    return a->len == b->len && memcmp(a->der, b->der, a->len) == 0;
}

static bool verify_ed25519(const struct redan_spki *spki, struct redan_slice message,
                           struct redan_slice signature)
{
    EVP_MD_CTX *verifier = EVP_MD_CTX_new();
    bool holds =
        verifier &&
        EVP_DigestVerifyInit_ex(verifier, NULL, NULL, NULL, NULL, spki->pkey, NULL) == 1 &&
        EVP_DigestVerify(verifier, (const unsigned char *)signature.at, signature.len,
                         (const unsigned char *)(message.len ? message.at : ""), message.len) == 1;

    EVP_MD_CTX_free(verifier);
    ERR_clear_error();
    return holds;
}

enum redan_status redan_spki_verify(struct redan_ctx *ctx, const struct redan_spki *spki,
                                    enum redan_hash hash, struct redan_slice message,
                                    struct redan_slice signature)
{
    struct redan_sum sum;

    if (signature.len == 0)
        return REDAN_E_SIGNATURE;
    if (spki->kind == REDAN_SPKI_ED25519)
        return verify_ed25519(spki, message, signature) ? REDAN_OK : REDAN_E_SIGNATURE;
    REDAN_TRY(redan_hash_all(ctx, hash, message, &sum));
    return redan_spki_verify_sum(ctx, spki, hash, &sum, signature);
}

enum redan_status redan_spki_verify_sum(struct redan_ctx *ctx, const struct redan_spki *spki,
                                        enum redan_hash hash, const struct redan_sum *sum,
                                        struct redan_slice signature)
{
    static const char *const names[REDAN_HASH_COUNT] = {
        [REDAN_HASH_SHA256] = "SHA256",
        [REDAN_HASH_SHA384] = "SHA384",
        [REDAN_HASH_SHA512] = "SHA512"}; /* the others never go with these keys */
    bool rsa = spki->kind == REDAN_SPKI_RSA;

    if (spki->kind == REDAN_SPKI_ED25519)
        return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                          "an Ed25519 key signs the message itself: its digest is not enough");
    if (spki->kind == REDAN_SPKI_OTHER || !names[hash] || sum->len != redan_hash_len(hash) ||
        signature.len == 0)
        return REDAN_E_SIGNATURE;
    EVP_MD *md = EVP_MD_fetch(NULL, names[hash], NULL);
    EVP_PKEY_CTX *verifier = EVP_PKEY_CTX_new_from_pkey(NULL, spki->pkey, NULL);
    bool ready = md && verifier && EVP_PKEY_verify_init(verifier) == 1 &&
                 (!rsa || EVP_PKEY_CTX_set_rsa_padding(verifier, RSA_PKCS1_PADDING) == 1) &&
                 EVP_PKEY_CTX_set_signature_md(verifier, md) == 1;
    bool holds = ready && EVP_PKEY_verify(verifier, (const unsigned char *)signature.at,
                                          signature.len, sum->bytes, sum->len) == 1;
    EVP_PKEY_CTX_free(verifier);
    EVP_MD_free(md);
    ERR_clear_error();
    if (!ready)
        return redan_fail(ctx, REDAN_E_CRYPTO, 0, "the cryptographic library could not verify");
    return holds ? REDAN_OK : REDAN_E_SIGNATURE;
}
