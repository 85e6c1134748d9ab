/* Keys as text: PEM forms read and written, OpenSSH forms passed on. */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/hex.h"
#include "crypto/key_parts.h"

#define BEGIN REDAN_S("-----BEGIN ")

static enum redan_status check_len(struct redan_ctx *ctx, struct redan_slice text)
{
    if (text.len > REDAN_KEY_TEXT_MAX)
        return redan_fail(ctx, REDAN_E_LIMIT, REDAN_KEY_TEXT_MAX,
                          "a key of %zu bytes; no key is longer than %d", text.len,
                          REDAN_KEY_TEXT_MAX);
    return REDAN_OK;
}

/* Nothing before and nothing after: which of two keys was meant is not for us to guess. */
enum redan_status redan_key_block(struct redan_ctx *ctx, struct redan_slice text,
                                  struct redan_slice *label, struct redan_slice *der)
{
    size_t begins = 0;

    for (size_t i = 0; i + BEGIN.len <= text.len; i++)
        begins += memcmp(text.at + i, BEGIN.at, BEGIN.len) == 0;
    if (begins > 1)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "%zu PEM blocks where one key belongs", begins);
    if (!redan_slice_starts(text, BEGIN) || !redan_slice_ends(text, REDAN_S("-----")))
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "this is neither a PEM block nor an OpenSSH key");
    return redan_pem_parse(ctx, text, label, der);
}

/* `openssl ecparam -genkey` writes the curve before the key, which names it again. */
static struct redan_slice skip_parameters(struct redan_slice text)
{
    const struct redan_slice begin = REDAN_S("-----BEGIN EC PARAMETERS-----");
    const struct redan_slice end = REDAN_S("-----END EC PARAMETERS-----");

    if (!redan_slice_starts(text, begin))
        return text;
    const char *hit = memmem(text.at, text.len, end.at, end.len);
    if (!hit)
        return text;
    return redan_slice_trim(redan_slice_sub(text, (size_t)(hit - text.at) + end.len, text.len));
}

static enum redan_status name_public(struct redan_ctx *ctx, struct redan_slice der)
{
    const unsigned char *at = (const unsigned char *)der.at;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)der.len);
    const char *name = pkey ? EVP_PKEY_get0_type_name(pkey) : NULL;
    char group[64] = "explicit parameters";
    size_t len = 0;
    enum redan_key_kind kind = REDAN_KEY_ED25519;
    enum redan_status status = REDAN_OK;

    if (!name)
        status = redan_fail(ctx, REDAN_E_SYNTAX, 0, "the PEM block does not hold a public key");
    else if (strcmp(name, "ED25519") == 0)
        status = redan_fail(ctx, REDAN_E_SYNTAX, 0, "bytes after the end of the public key");
    else if (strcmp(name, "EC") != 0)
        status = redan_fail(
            ctx, REDAN_E_UNSUPPORTED, 0,
            "this is a key of kind %s; only Ed25519 and ECDSA are used: " REDAN_KEY_ADVICE, name);
    else if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) == 1 &&
             redan_key_kind_of_group(group, &kind))
        status = redan_fail(ctx, REDAN_E_SYNTAX, 0,
                            "the public key is not an uncompressed point of a named curve and "
                            "nothing more; write it anew with: openssl pkey -pubin -in FILE "
                            "-ec_param_enc named_curve -ec_conv_form uncompressed");
    else
        status = redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                            "this is a key on the curve %s; only Ed25519, P-256, P-384 and P-521 "
                            "are used: " REDAN_KEY_ADVICE,
                            group);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return status;
}

/* One spelling per key: the id is the digest of these bytes. So they are compared, not parsed. */
static enum redan_status read_spki(struct redan_ctx *ctx, struct redan_slice der,
                                   struct redan_key_parts *parts)
{
    for (int i = 0; i < REDAN_KEY_KINDS; i++) {
        const struct redan_key_card *card = redan_key_card((enum redan_key_kind)i);
        if (card->spki_len == 0 || der.len != card->spki_len + card->public_len ||
            memcmp(der.at, card->spki, card->spki_len) != 0)
            continue;
        parts->kind = (enum redan_key_kind)i;
        memcpy(parts->public_bytes, der.at + card->spki_len, card->public_len);
        return REDAN_OK;
    }
    return name_public(ctx, der);
}

enum redan_status redan_key_parse_public(struct redan_ctx *ctx, struct redan_slice text,
                                         struct redan_key **key)
{
    struct redan_key_parts parts = {.is_private = false};
    struct redan_slice label = {0};
    struct redan_slice der REDAN_DEFER(redan_key_cleanse) = {0};

    REDAN_TRY(check_len(ctx, text));
    text = redan_slice_trim(text);
    if (!redan_slice_starts(text, REDAN_S("-----"))) {
        REDAN_TRY(redan_ssh_public(ctx, text, &parts));
        return redan_key_build(ctx, &parts, key);
    }
    REDAN_TRY(redan_key_block(ctx, text, &label, &der));
    if (redan_slice_ends(label, REDAN_S("PRIVATE KEY")))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "this is a private key; what belongs here is its public half");
    if (!redan_slice_is(label, "PUBLIC KEY"))
        return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                          "a PEM block \"%.*s\" where \"PUBLIC KEY\" belongs", REDAN_FMT(label));
    REDAN_TRY(read_spki(ctx, der, &parts));
    return redan_key_build(ctx, &parts, key);
}

/* PKCS #8, or SEC 1 with the type known from the label. */
static enum redan_status read_der(struct redan_ctx *ctx, struct redan_slice der, bool sec1,
                                  struct redan_key_parts *parts)
{
    const unsigned char *at = (const unsigned char *)der.at;
    const unsigned char *end = at + der.len;
    EVP_PKEY *pkey = NULL;
    enum redan_status status = REDAN_OK;

    if (sec1) {
        pkey = d2i_PrivateKey(EVP_PKEY_EC, NULL, &at, (long)der.len);
    } else {
        PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.len);
        pkey = info ? EVP_PKCS82PKEY(info) : NULL;
        PKCS8_PRIV_KEY_INFO_free(info);
    }
    if (!pkey)
        status = redan_fail(ctx, REDAN_E_SYNTAX, 0, "the PEM block does not hold a private key");
    else if (at != end)
        status = redan_fail(ctx, REDAN_E_SYNTAX, (uint64_t)(der.len - (size_t)(end - at)),
                            "bytes after the end of the private key");
    else
        status = redan_key_take_parts(ctx, pkey, parts);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return status;
}

static enum redan_status refuse_label(struct redan_ctx *ctx, struct redan_slice label)
{
    if (redan_slice_is(label, "ENCRYPTED PRIVATE KEY"))
        return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                          "the key is encrypted; make an unencrypted copy with: openssl pkey -in "
                          "FILE -out COPY");
    if (redan_slice_is(label, "PUBLIC KEY"))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "this is a public key; its private half is needed to sign");
    return redan_fail(
        ctx, REDAN_E_UNSUPPORTED, 0,
        "a PEM block \"%.*s\"; only Ed25519 and ECDSA keys are used: " REDAN_KEY_ADVICE,
        REDAN_FMT(label));
}

enum redan_status redan_key_parse_private(struct redan_ctx *ctx, struct redan_slice text,
                                          struct redan_key **key)
{
    struct redan_key_parts parts REDAN_DEFER(redan_key_parts_drop) = {.is_private = true};
    struct redan_slice label = {0};
    struct redan_slice der REDAN_DEFER(redan_key_cleanse) = {0};
    const struct redan_slice old = REDAN_S("Proc-Type: 4,ENCRYPTED");

    REDAN_TRY(check_len(ctx, text));
    text = skip_parameters(redan_slice_trim(text));
    if (text.len && memmem(text.at, text.len, old.at, old.len))
        return refuse_label(ctx, REDAN_S("ENCRYPTED PRIVATE KEY"));
    REDAN_TRY(redan_key_block(ctx, text, &label, &der));
    if (redan_slice_is(label, "OPENSSH PRIVATE KEY"))
        REDAN_TRY(redan_ssh_private(ctx, der, &parts));
    else if (redan_slice_is(label, "EC PRIVATE KEY"))
        REDAN_TRY(read_der(ctx, der, true, &parts));
    else if (redan_slice_is(label, "PRIVATE KEY"))
        REDAN_TRY(read_der(ctx, der, false, &parts));
    else
        return refuse_label(ctx, label);
    return redan_key_build(ctx, &parts, key);
}

void redan_key_add_public_pem(struct redan_buf *out, const struct redan_key *key)
{
    const struct redan_key_card *card = redan_key_card(key->parts.kind);
    char der[sizeof(card->spki) + REDAN_KEY_PUBLIC_MAX];

    if (card->spki_len == 0) {
        out->fail = out->fail == REDAN_OK ? REDAN_E_UNSUPPORTED : out->fail;
        return;
    }
    memcpy(der, card->spki, card->spki_len);
    memcpy(der + card->spki_len, key->parts.public_bytes, card->public_len);
    redan_pem_add(out, "PUBLIC KEY", (struct redan_slice){der, card->spki_len + card->public_len},
                  64);
}

void redan_key_add_private_pem(struct redan_buf *out, const struct redan_key *key)
{
    unsigned char *der = NULL;
    PKCS8_PRIV_KEY_INFO *info = key->parts.is_private ? EVP_PKEY2PKCS8(key->pkey) : NULL;
    int len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;

    if (len > 0)
        redan_pem_add(out, "PRIVATE KEY", (struct redan_slice){(const char *)der, (size_t)len}, 64);
    else if (out->fail == REDAN_OK)
        out->fail = key->parts.is_private ? REDAN_E_MEMORY : REDAN_E_USAGE;
    if (len > 0)
        OPENSSL_clear_free(der, (size_t)len);
    PKCS8_PRIV_KEY_INFO_free(info);
    ERR_clear_error();
}
