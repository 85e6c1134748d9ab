/* Finds a private key on a token, and its public half wherever the token keeps that. */
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "crypto/certificate.h"
#include "crypto/pkcs11_parts.h"

enum {
    KEYS_MAX = 64,
    ATTRIBUTE_MAX = 16384, /* bytes of one attribute: certificates are the longest */
    TOLD = 360,
};

/* One attribute into the arena; false when the object has none, or keeps it to itself. */
static bool attribute(struct redan_ctx *ctx, const struct redan_pkcs11_token *token,
                      CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, struct redan_slice *value)
{
    CK_ATTRIBUTE one = {type, NULL, 0};

    *value = (struct redan_slice){0};
    if (token->calls->C_GetAttributeValue(token->session, object, &one, 1) != CKR_OK ||
        one.ulValueLen == CK_UNAVAILABLE_INFORMATION || one.ulValueLen > ATTRIBUTE_MAX)
        return false;
    char *bytes = redan_take(ctx, one.ulValueLen + 1);
    if (!bytes)
        return false;
    one.pValue = bytes;
    CK_ULONG room = one.ulValueLen;
    if (token->calls->C_GetAttributeValue(token->session, object, &one, 1) != CKR_OK ||
        one.ulValueLen > room)
        return false;
    *value = (struct redan_slice){bytes, one.ulValueLen};
    return true;
}

static bool number(struct redan_ctx *ctx, const struct redan_pkcs11_token *token,
                   CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, CK_ULONG *value)
{
    struct redan_slice bytes = {0};

    if (!attribute(ctx, token, object, type, &bytes) || bytes.len != sizeof(*value))
        return false;
    memcpy(value, bytes.at, sizeof(*value));
    return true;
}

/* Objects of a class, with a label and an id where those are not NULL. */
static enum redan_status list(struct redan_ctx *ctx, const struct redan_pkcs11_token *token,
                              CK_OBJECT_CLASS class, const struct redan_slice *label,
                              const struct redan_slice *id, CK_OBJECT_HANDLE found[KEYS_MAX],
                              size_t *count)
{
    CK_ATTRIBUTE wanted[3] = {{CKA_CLASS, &class, sizeof(class)}};
    CK_ULONG n = 1;
    CK_ULONG got = 0;

    if (label)
        wanted[n++] = (CK_ATTRIBUTE){CKA_LABEL, (void *)(uintptr_t)label->at, label->len};
    if (id)
        wanted[n++] = (CK_ATTRIBUTE){CKA_ID, (void *)(uintptr_t)id->at, id->len};
    CK_RV rv = token->calls->C_FindObjectsInit(token->session, wanted, n);
    if (rv != CKR_OK)
        return redan_pkcs11_refused(ctx, "list what it holds", rv);
    rv = token->calls->C_FindObjects(token->session, found, KEYS_MAX, &got);
    (void)token->calls->C_FindObjectsFinal(token->session);
    if (rv != CKR_OK)
        return redan_pkcs11_refused(ctx, "list what it holds", rv);
    *count = got;
    return REDAN_OK;
}

/* "label" (id 0a0b), ... of keys, for a message. */
static void tell(struct redan_ctx *ctx, const struct redan_pkcs11_token *token,
                 const CK_OBJECT_HANDLE *keys, size_t count, char told[TOLD])
{
    size_t len = 0;

    told[0] = '\0';
    for (size_t i = 0; i < count && len < TOLD - 60; i++) {
        struct redan_slice label = {0};
        struct redan_slice id = {0};
        char hex[2 * 8 + 1] = "";
        (void)attribute(ctx, token, keys[i], CKA_LABEL, &label);
        (void)attribute(ctx, token, keys[i], CKA_ID, &id);
        redan_hex_put(hex, id.at, redan_min_size(id.len, 8));
        int n = snprintf(told + len, TOLD - len, "%s\"%.*s\" (id %s%s)", i ? ", " : "",
                         REDAN_FMT(redan_slice_sub(label, 0, 32)), hex, id.len > 8 ? "..." : "");
        len += n > 0 ? (size_t)n : 0;
    }
}

static enum redan_status find_private(struct redan_ctx *ctx, struct redan_pkcs11_token *token,
                                      const struct redan_pkcs11_uri *uri)
{
    const struct redan_slice *label =
        redan_pkcs11_uri_has(uri, REDAN_PKCS11_OBJECT) ? &uri->value[REDAN_PKCS11_OBJECT] : NULL;
    const struct redan_slice *id =
        redan_pkcs11_uri_has(uri, REDAN_PKCS11_ID) ? &uri->value[REDAN_PKCS11_ID] : NULL;
    struct redan_slice name = redan_pkcs11_field(token->info.label, sizeof(token->info.label));
    CK_OBJECT_HANDLE keys[KEYS_MAX];
    size_t count = 0;
    char told[TOLD];

    REDAN_TRY(list(ctx, token, CKO_PRIVATE_KEY, label, id, keys, &count));
    if (count == 1) {
        token->key = keys[0];
        return REDAN_OK;
    }
    if (count > 1) {
        tell(ctx, token, keys, count, told);
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "the address fits %zu private keys of the token \"%.*s\": %s; say which "
                          "with object= or id=",
                          count, REDAN_FMT(name), told);
    }
    REDAN_TRY(list(ctx, token, CKO_PRIVATE_KEY, NULL, NULL, keys, &count));
    tell(ctx, token, keys, count, told);
    return redan_fail(ctx, REDAN_E_ABSENT, 0, "the token \"%.*s\" has no such private key; %s%s",
                      REDAN_FMT(name), count ? "it has: " : "it shows none", told);
}

/* RFC 5480 2.1.1.1 and RFC 8410 3; PKCS #11 v3.0 2.3.3 lets Edwards curves be called by a name, too. */
static bool kind_of(CK_ULONG type, struct redan_slice params, enum redan_key_kind *kind)
{
    static const struct {
        CK_ULONG type;
        enum redan_key_kind kind;
        const char *params;
        size_t len;
    } rows[] = {
        {CKK_EC, REDAN_KEY_P256, "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10},
        {CKK_EC, REDAN_KEY_P384, "\x06\x05\x2b\x81\x04\x00\x22", 7},
        {CKK_EC, REDAN_KEY_P521, "\x06\x05\x2b\x81\x04\x00\x23", 7},
        {CKK_EC_EDWARDS, REDAN_KEY_ED25519, "\x06\x03\x2b\x65\x70", 5},
        {CKK_EC_EDWARDS, REDAN_KEY_ED25519,
         "\x13\x0c"
         "edwards25519",
         14},
    };

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        if (rows[i].type == type &&
            redan_slice_eq(params, (struct redan_slice){rows[i].params, rows[i].len})) {
            *kind = rows[i].kind;
            return true;
        }
    }
    return false;
}

/* CKA_EC_POINT: an OCTET STRING around the point (PKCS #11 v2.40 2.3.3); some tokens give it bare, or in a BIT STRING. */
static bool read_point(struct redan_slice value, enum redan_key_kind kind, uint8_t *out)
{
    size_t len = redan_key_card(kind)->public_len;
    size_t head = value.len - redan_min_size(value.len, len);
    const unsigned char *at = (const unsigned char *)value.at;

    if (value.len < len)
        return false;
    bool octets = (head == 2 && at[0] == 0x04 && at[1] == len) ||
                  (head == 3 && at[0] == 0x04 && at[1] == 0x81 && at[2] == len);
    bool bits = head == 3 && at[0] == 0x03 && at[1] == len + 1 && at[2] == 0;
    if (head != 0 && !octets && !bits)
        return false;
    memcpy(out, at + head, len);
    return true;
}

static bool point_of_certificate(struct redan_ctx *ctx, struct redan_slice der,
                                 enum redan_key_kind kind, uint8_t *out)
{
    const struct redan_key_card *card = redan_key_card(kind);
    struct redan_certificate *certificate REDAN_DEFER(redan_certificate_drop) = NULL;

    if (redan_certificate_parse(ctx, der, &certificate) != REDAN_OK) {
        redan_fail_clear(ctx);
        return false;
    }
    struct redan_slice spki = redan_spki_der(redan_certificate_key(certificate));
    struct redan_slice head = {(const char *)card->spki, card->spki_len};
    if (spki.len != card->spki_len + card->public_len || !redan_slice_starts(spki, head))
        return false;
    memcpy(out, spki.at + head.len, card->public_len);
    return true;
}

/* The public half beside the private one: an object of the same id, or label where it has no id. */
static enum redan_status find_point(struct redan_ctx *ctx, const struct redan_pkcs11_token *token,
                                    struct redan_key_parts *parts)
{
    struct redan_slice value = {0};
    struct redan_slice id = {0};
    struct redan_slice label = {0};
    CK_OBJECT_HANDLE found[KEYS_MAX];
    size_t count = 0;

    if (attribute(ctx, token, token->key, CKA_EC_POINT, &value) &&
        read_point(value, token->kind, parts->public_bytes))
        return REDAN_OK;
    (void)attribute(ctx, token, token->key, CKA_ID, &id);
    (void)attribute(ctx, token, token->key, CKA_LABEL, &label);
    const struct redan_slice *by_id = id.len ? &id : NULL;
    const struct redan_slice *by_label = id.len ? NULL : &label;
    REDAN_TRY(list(ctx, token, CKO_PUBLIC_KEY, by_label, by_id, found, &count));
    for (size_t i = 0; i < count; i++)
        if (attribute(ctx, token, found[i], CKA_EC_POINT, &value) &&
            read_point(value, token->kind, parts->public_bytes))
            return REDAN_OK;
    REDAN_TRY(list(ctx, token, CKO_CERTIFICATE, by_label, by_id, found, &count));
    for (size_t i = 0; i < count; i++)
        if (attribute(ctx, token, found[i], CKA_VALUE, &value) &&
            point_of_certificate(ctx, value, token->kind, parts->public_bytes))
            return REDAN_OK;
    return redan_fail(ctx, REDAN_E_ABSENT, 0,
                      "the token has the private key, but neither its public key nor its "
                      "certificate under the same id; put one of them there");
}

static enum redan_status find(struct redan_ctx *ctx, struct redan_pkcs11_token *token,
                              const struct redan_pkcs11_uri *uri, struct redan_key_parts *parts)
{
    struct redan_slice params = {0};
    struct redan_slice always = {0};
    CK_ULONG type = 0;

    REDAN_TRY(find_private(ctx, token, uri));
    (void)attribute(ctx, token, token->key, CKA_EC_PARAMS, &params);
    if (!number(ctx, token, token->key, CKA_KEY_TYPE, &type) ||
        !kind_of(type, params, &token->kind))
        return redan_fail(
            ctx, REDAN_E_UNSUPPORTED, 0,
            "the key on the token is of another kind (PKCS #11 type 0x%lx) than ECDSA "
            "P-256, P-384, P-521 and Ed25519",
            (unsigned long)type);
    token->always = attribute(ctx, token, token->key, CKA_ALWAYS_AUTHENTICATE, &always) &&
                    always.len == 1 && always.at[0] == CK_TRUE;
    parts->kind = token->kind;
    return find_point(ctx, token, parts);
}

enum redan_status redan_pkcs11_find(struct redan_ctx *ctx, struct redan_pkcs11_token *token,
                                    const struct redan_pkcs11_uri *uri,
                                    struct redan_key_parts *parts)
{
    enum redan_status status = find(ctx, token, uri, parts);

    /* an attribute there was no memory for is not one that the token lacks */
    return ctx->failure.status == REDAN_E_MEMORY ? REDAN_E_MEMORY : status;
}
