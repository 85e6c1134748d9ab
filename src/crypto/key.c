/* The life of a key: what it is made of, checked, and how it ends. */
#include "crypto/key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <string.h>

#include "crypto/key_parts.h"

const struct redan_key_card *redan_key_card(enum redan_key_kind kind)
{
    static const struct redan_key_card cards[REDAN_KEY_KINDS] = {
        [REDAN_KEY_ED25519] = {.name = "ed25519",
                               .ssh = "ssh-ed25519",
                               .public_len = 32,
                               .private_len = 32,
                               .spki = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03,
                                        0x21, 0x00},
                               .spki_len = 12},
        [REDAN_KEY_P256] = {.name = "ecdsa-p256",
                            .ssh = "ecdsa-sha2-nistp256",
                            .curve = "nistp256",
                            .group = "prime256v1",
                            .md = "SHA256",
                            .public_len = 65,
                            .private_len = 32,
                            .spki = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                     0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                     0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00},
                            .spki_len = 26},
        [REDAN_KEY_P384] = {.name = "ecdsa-p384",
                            .ssh = "ecdsa-sha2-nistp384",
                            .curve = "nistp384",
                            .group = "secp384r1",
                            .md = "SHA384",
                            .public_len = 97,
                            .private_len = 48,
                            .spki = {0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86,
                                     0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
                                     0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00},
                            .spki_len = 23},
        [REDAN_KEY_P521] = {.name = "ecdsa-p521",
                            .ssh = "ecdsa-sha2-nistp521",
                            .curve = "nistp521",
                            .group = "secp521r1",
                            .md = "SHA512",
                            .public_len = 133,
                            .private_len = 66,
                            .spki = {0x30, 0x81, 0x9b, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86,
                                     0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81,
                                     0x04, 0x00, 0x23, 0x03, 0x81, 0x86, 0x00},
                            .spki_len = 25},
        [REDAN_KEY_SK_ED25519] = {.name = "ed25519-sk",
                                  .ssh = "sk-ssh-ed25519@openssh.com",
                                  .public_len = 32},
    };
    return &cards[kind];
}

bool redan_key_kind_of_group(const char *group, enum redan_key_kind *kind)
{
    for (int i = 0; i < REDAN_KEY_KINDS; i++) {
        const struct redan_key_card *card = redan_key_card((enum redan_key_kind)i);
        if (card->group && strcmp(card->group, group) == 0) {
            *kind = (enum redan_key_kind)i;
            return true;
        }
    }
    return false;
}

/* A refusal of OpenSSL's: its queue is emptied, so that the next call does not report it. */
static enum redan_status refused(struct redan_ctx *ctx, const char *what)
{
    ERR_clear_error();
    return redan_fail(ctx, REDAN_E_CRYPTO, 0, "%s", what);
}

void redan_key_parts_drop(struct redan_key_parts *parts)
{
    OPENSSL_cleanse(parts->private_bytes, sizeof(parts->private_bytes));
}

void redan_key_cleanse(struct redan_slice *bytes)
{
    if (bytes->len)
        OPENSSL_cleanse((void *)(uintptr_t)bytes->at, bytes->len);
}

/* RFC 8032 5.1: points of small order sign everything, and an ordinate of p or more is a second spelling. The last
 * bit is the sign. */
bool redan_key_weak_ed25519(const uint8_t y[32])
{
    static const uint8_t small[][32] = {
        {0x00},
        {0x01},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
         0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
         0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
         0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
         0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    };
    bool ones = (y[31] & 0x7f) == 0x7f;

    for (size_t i = 1; i < 31; i++)
        ones = ones && y[i] == 0xff;
    if (ones && y[0] >= 0xec) /* p-1 has order two; p and above are not reduced */
        return true;
    for (size_t i = 0; i < REDAN_COUNT(small); i++)
        if (memcmp(y, small[i], 31) == 0 && (y[31] & 0x7f) == small[i][31])
            return true;
    return false;
}

static EVP_PKEY *make_ed25519(const struct redan_key_parts *parts)
{
    uint8_t derived[32];
    size_t len = sizeof(derived);

    if (!parts->is_private)
        return EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, parts->public_bytes, 32);
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, parts->private_bytes, 32);
    if (pkey && (EVP_PKEY_get_raw_public_key(pkey, derived, &len) != 1 || len != 32 ||
                 memcmp(derived, parts->public_bytes, 32) != 0)) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    return pkey;
}

/* OpenSSL refuses a point off the curve here; the scalar and the pair need a check of their own. */
static EVP_PKEY *make_ec(const struct redan_key_card *card, struct redan_key_parts *parts)
{
    char group[16];
    uint8_t scalar[REDAN_KEY_PRIVATE_MAX] = {0};
    OSSL_PARAM params[4];
    size_t n = 0;
    EVP_PKEY *pkey = NULL;

    (void)OPENSSL_strlcpy(group, card->group, sizeof(group));
    params[n++] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
    params[n++] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, parts->public_bytes,
                                                    card->public_len);
    if (parts->is_private) { /* by hand: OSSL_PARAM_BLD would leave a copy uncleansed */
        BIGNUM *d = BN_bin2bn(parts->private_bytes, (int)card->private_len, NULL);
        if (!d || BN_bn2nativepad(d, scalar, (int)card->private_len) < 0) {
            BN_clear_free(d);
            return NULL;
        }
        BN_clear_free(d);
        params[n++] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, scalar, card->private_len);
    }
    params[n] = OSSL_PARAM_construct_end();
    int what = parts->is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (!maker || EVP_PKEY_fromdata_init(maker) != 1 ||
        EVP_PKEY_fromdata(maker, &pkey, what, params) != 1) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(maker);
    OPENSSL_cleanse(scalar, sizeof(scalar));
    return pkey;
}

static bool pair_holds(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *checker = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    bool holds = checker && EVP_PKEY_check(checker) == 1;

    EVP_PKEY_CTX_free(checker);
    return holds;
}

static EVP_PKEY *make(const struct redan_key_card *card, struct redan_key_parts *parts)
{
    if (!card->group)
        return redan_key_weak_ed25519(parts->public_bytes) ? NULL : make_ed25519(parts);
    if (parts->public_bytes[0] != 0x04)
        return NULL;
    EVP_PKEY *pkey = make_ec(card, parts);
    if (pkey && parts->is_private && !pair_holds(pkey)) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    return pkey;
}

static enum redan_status set_id(struct redan_ctx *ctx, struct redan_key *key)
{
    const struct redan_key_card *card = redan_key_card(key->parts.kind);
    char spki[sizeof(card->spki) + REDAN_KEY_PUBLIC_MAX];
    char blob[REDAN_KEY_BLOB_MAX];

    if (card->spki_len == 0) {
        size_t len = redan_ssh_blob(&key->parts, blob);
        return redan_sha256(ctx, (struct redan_slice){blob, len}, &key->id);
    }
    memcpy(spki, card->spki, card->spki_len);
    memcpy(spki + card->spki_len, key->parts.public_bytes, card->public_len);
    return redan_sha256(ctx, (struct redan_slice){spki, card->spki_len + card->public_len},
                        &key->id);
}

enum redan_status redan_key_build(struct redan_ctx *ctx, const struct redan_key_parts *parts,
                                  struct redan_key **key)
{
    const struct redan_key_card *card = redan_key_card(parts->kind);
    struct redan_key *made REDAN_DEFER(redan_key_drop) = OPENSSL_zalloc(sizeof(*made));

    if (!made)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a key");
    made->parts = *parts;
    made->pkey = make(card, &made->parts);
    redan_key_parts_drop(&made->parts); /* OpenSSL's copy is the only one kept */
    if (!made->pkey)
        return refused(ctx, parts->is_private
                                ? "the private key's halves are not one valid key of its curve"
                                : "the public key is not a valid point of its curve");
    made->verifier = EVP_MD_CTX_new();
    if (!made->verifier ||
        EVP_DigestVerifyInit_ex(made->verifier, NULL, card->md, NULL, NULL, made->pkey, NULL) != 1)
        return refused(ctx, "the cryptographic library refused the key");
    REDAN_TRY(set_id(ctx, made));
    *key = made;
    made = NULL;
    return REDAN_OK;
}

enum redan_status redan_key_build_token(struct redan_ctx *ctx, const struct redan_key_parts *parts,
                                        const struct redan_key_token *token, struct redan_key **key)
{
    if (parts->is_private || !token->sign)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "a token's key has its private half there");
    REDAN_TRY(redan_key_build(ctx, parts, key));
    (*key)->token = *token;
    return REDAN_OK;
}

static bool bn_param(const EVP_PKEY *pkey, const char *name, uint8_t *out, size_t len)
{
    BIGNUM *bn = NULL;
    bool ok = EVP_PKEY_get_bn_param(pkey, name, &bn) == 1 && BN_bn2binpad(bn, out, (int)len) >= 0;

    BN_clear_free(bn);
    return ok;
}

static enum redan_status take_ec(struct redan_ctx *ctx, const EVP_PKEY *pkey,
                                 struct redan_key_parts *parts)
{
    char group[64] = "explicit parameters";
    size_t len = 0;

    if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) != 1)
        ERR_clear_error();
    if (!redan_key_kind_of_group(group, &parts->kind))
        return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                          "this is a key on the curve %s; only Ed25519, P-256, P-384 and P-521 are "
                          "used: " REDAN_KEY_ADVICE,
                          group);
    size_t n = redan_key_card(parts->kind)->private_len;
    parts->public_bytes[0] = 0x04;
    if (!bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_X, parts->public_bytes + 1, n) ||
        !bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, parts->public_bytes + 1 + n, n) ||
        !bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, parts->private_bytes, n))
        return refused(ctx, "the private key is not complete");
    return REDAN_OK;
}

enum redan_status redan_key_take_parts(struct redan_ctx *ctx, const EVP_PKEY *pkey,
                                       struct redan_key_parts *parts)
{
    size_t n = 32;
    size_t m = 32;

    parts->is_private = true;
    if (EVP_PKEY_is_a(pkey, "EC"))
        return take_ec(ctx, pkey, parts);
    if (!EVP_PKEY_is_a(pkey, "ED25519")) {
        const char *name = EVP_PKEY_get0_type_name(pkey);
        return redan_fail(
            ctx, REDAN_E_UNSUPPORTED, 0,
            "this is a key of kind %s; only Ed25519 and ECDSA are used: " REDAN_KEY_ADVICE,
            name ? name : "unknown");
    }
    parts->kind = REDAN_KEY_ED25519;
    if (EVP_PKEY_get_raw_private_key(pkey, parts->private_bytes, &n) != 1 ||
        EVP_PKEY_get_raw_public_key(pkey, parts->public_bytes, &m) != 1)
        return refused(ctx, "the private key is not complete");
    return REDAN_OK;
}

enum redan_status redan_key_new(struct redan_ctx *ctx, enum redan_key_kind kind,
                                struct redan_key **key)
{
    struct redan_key_parts parts REDAN_DEFER(redan_key_parts_drop) = {.kind = kind};
    const struct redan_key_card *card = redan_key_card(kind);

    if (card->private_len == 0)
        return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                          "a key of type %s is made on its device: ssh-keygen -t ed25519-sk",
                          card->name);
    EVP_PKEY *pkey = card->group ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", card->group)
                                 : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (!pkey)
        return refused(ctx, "the cryptographic library could not make a key");
    enum redan_status status = redan_key_take_parts(ctx, pkey, &parts);
    EVP_PKEY_free(pkey);
    REDAN_TRY(status);
    return redan_key_build(ctx, &parts, key);
}

void redan_key_free(struct redan_key *key)
{
    if (!key)
        return;
    if (key->token.sign && key->token.done)
        key->token.done(key->token.token);
    EVP_MD_CTX_free(key->verifier);
    EVP_PKEY_free(key->pkey); /* OpenSSL cleanses the private half */
    OPENSSL_clear_free(key, sizeof(*key));
}

void redan_key_drop(struct redan_key **key)
{
    redan_key_free(*key);
    *key = NULL;
}

enum redan_key_kind redan_key_kind(const struct redan_key *key)
{
    return key->parts.kind;
}

const char *redan_key_kind_name(enum redan_key_kind kind)
{
    return redan_key_card(kind)->name;
}

void redan_key_id(const struct redan_key *key, struct redan_digest *id)
{
    *id = key->id;
}

bool redan_key_can_sign(const struct redan_key *key)
{
    return key->parts.is_private || key->token.sign;
}

bool redan_key_is_ssh(const struct redan_key *key)
{
    return key->parts.ssh;
}
