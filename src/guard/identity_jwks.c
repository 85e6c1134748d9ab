/* A JSON Web Key Set (RFC 7517 5): which of its keys verify under the policy's algorithm. */
#include <string.h>

#include "base/hex.h"
#include "base/map.h"
#include "codec/json.h"
#include "guard/identity_parts.h"

enum { KEYS_MOST = 256, KID_MOST = 256 };

struct kind {
    const char *type;  /* kty */
    const char *curve; /* crv; NULL: none */
};

static const struct kind kinds[] = {
    [REDAN_JWT_ES256] = {"EC", "P-256"},    [REDAN_JWT_ES384] = {"EC", "P-384"},
    [REDAN_JWT_EDDSA] = {"OKP", "Ed25519"}, [REDAN_JWT_RS256] = {"RSA", NULL},
    [REDAN_JWT_PS256] = {"RSA", NULL},      [REDAN_JWT_HS256] = {"oct", NULL},
};

static enum redan_status member(struct redan_ctx *ctx, const struct redan_node *jwk,
                                const char *name, struct redan_slice *bytes)
{
    struct redan_slice text = redan_node_text(jwk, name);

    if (!text.len)
        return REDAN_OK;
    enum redan_status status = redan_base64url_parse(ctx, text, bytes);
    if (status == REDAN_OK || status == REDAN_E_MEMORY)
        return status;
    redan_fail_clear(ctx);
    return redan_fail(ctx, REDAN_E_SCHEMA, jwk->offset, "the key's \"%s\" is not base64url", name);
}

/* RFC 7517 4.2 to 4.4: a key that says what it is for is for nothing else. */
static bool for_us(const struct redan_identity *id, const struct redan_node *jwk)
{
    const struct kind *kind = &kinds[id->algorithm];
    const struct redan_node *use = redan_node_get(jwk, "use");
    const struct redan_node *algorithm = redan_node_get(jwk, "alg");
    const struct redan_node *operations = redan_node_get(jwk, "key_ops");
    bool verifies = !operations;

    for (const struct redan_node *n = operations ? operations->first : NULL; n; n = n->next)
        verifies = verifies || redan_slice_is(n->text, "verify");
    return verifies && redan_slice_is(redan_node_text(jwk, "kty"), kind->type) &&
           (!kind->curve || redan_slice_is(redan_node_text(jwk, "crv"), kind->curve)) &&
           (!use || redan_slice_is(use->text, "sig")) &&
           (!algorithm || redan_slice_is(algorithm->text, redan_jwt_words[id->algorithm]));
}

static enum redan_status read_kid(struct redan_identity *id, const struct redan_node *jwk,
                                  struct redan_map *seen, struct redan_slice *kid)
{
    const struct redan_node *node = redan_node_get(jwk, "kid");

    *kid = (struct redan_slice){0};
    if (!node)
        return REDAN_OK;
    if (node->kind != REDAN_NODE_TEXT || !node->text.len || node->text.len > KID_MOST)
        return redan_fail(&id->ctx, REDAN_E_SCHEMA, node->offset,
                          "a kid is a text of 1 to %d bytes", KID_MOST);
    REDAN_TRY(redan_copy(&id->ctx, node->text, kid));
    enum redan_status status = redan_map_put(seen, *kid, id);
    if (status == REDAN_E_EXISTS)
        return redan_fail(&id->ctx, REDAN_E_SCHEMA, node->offset, "two keys have the kid \"%.*s\"",
                          REDAN_FMT(*kid));
    return status;
}

static enum redan_status read_key(struct redan_identity *id, const struct redan_node *jwk,
                                  struct redan_slice kid)
{
    struct redan_jwt_parts parts = {.algorithm = id->algorithm};
    struct redan_jwt_key *key = NULL;

    if (redan_node_get(jwk, "d"))
        return redan_fail(&id->ctx, REDAN_E_SCHEMA, jwk->offset,
                          "this is a private key; only its public half belongs here");
    REDAN_TRY(member(&id->ctx, jwk, "x", &parts.x));
    REDAN_TRY(member(&id->ctx, jwk, "y", &parts.y));
    REDAN_TRY(member(&id->ctx, jwk, "n", &parts.n));
    REDAN_TRY(member(&id->ctx, jwk, "e", &parts.e));
    REDAN_TRY(member(&id->ctx, jwk, "k", &parts.k));
    enum redan_status status = redan_jwt_key_new(&id->ctx, &parts, &key);
    redan_mem_cleanse((char *)(uintptr_t)parts.k.at, parts.k.len);
    REDAN_TRY(status);
    id->token_keys[id->token_key_count++] = (struct redan_token_key){kid, key};
    return REDAN_OK;
}

static enum redan_status read_list(struct redan_identity *id, const struct redan_node *keys)
{
    struct redan_map seen;
    struct redan_slice kid = {0};
    bool nameless = false;

    redan_map_init(&seen, &id->ctx);
    if (keys->count > KEYS_MOST)
        return redan_fail(&id->ctx, REDAN_E_LIMIT, keys->offset, "more than %d keys", KEYS_MOST);
    id->token_keys = redan_take_array(&id->ctx, keys->count, sizeof(*id->token_keys));
    if (!id->token_keys)
        return REDAN_E_MEMORY;
    for (const struct redan_node *jwk = keys->first; jwk; jwk = jwk->next) {
        if (jwk->kind != REDAN_NODE_MAP)
            return redan_fail(&id->ctx, REDAN_E_SCHEMA, jwk->offset, "a key is an object");
        REDAN_TRY(read_kid(id, jwk, &seen, &kid));
        if (!for_us(id, jwk))
            continue;
        nameless = nameless || !kid.len;
        REDAN_TRY(read_key(id, jwk, kid));
    }
    if (id->token_key_count == 0)
        return redan_fail(&id->ctx, REDAN_E_SCHEMA, keys->offset,
                          "none of the %zu keys is one to verify %s with", keys->count,
                          redan_jwt_words[id->algorithm]);
    if (nameless && id->token_key_count > 1)
        return redan_fail(&id->ctx, REDAN_E_SCHEMA, keys->offset,
                          "where there are several keys for %s, each needs a kid",
                          redan_jwt_words[id->algorithm]);
    return REDAN_OK;
}

enum redan_status redan_token_keys_read(struct redan_identity *id, struct redan_slice text)
{
    const struct redan_node *root = NULL;

    REDAN_TRY(redan_json_parse(&id->ctx, text, &root));
    const struct redan_node *keys = redan_node_get(root, "keys");
    if (!keys || keys->kind != REDAN_NODE_LIST || keys->count == 0)
        return redan_fail(&id->ctx, REDAN_E_SCHEMA, 0,
                          "this is not a JSON Web Key Set: {\"keys\": [...]}");
    return read_list(id, keys);
}
