/* Who calls: a name from a trusted header, a certificate's subject, a signed token or an API key. */
#include "guard/identity.h"

#include <string.h>

#include "base/utf8.h"
#include "guard/identity_parts.h"
#include "io/file.h"

static bool control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029;
}

bool redan_identity_name(struct redan_slice text)
{
    uint32_t code = 0;

    if (text.len == 0 || text.len > REDAN_IDENTITY_NAME)
        return false;
    for (size_t i = 0; i < text.len;) {
        size_t n = redan_utf8_decode(text, i, &code);
        if (n == 0 || control(code))
            return false;
        i += n;
    }
    return true;
}

enum redan_status redan_identity_refuse(struct redan_ctx *ctx, const char *what)
{
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "%s", what);
}

/* The file's text in the arena of the identity. */
static enum redan_status read_keys(struct redan_identity *id, const struct redan_policy *policy,
                                   struct redan_slice *path, struct redan_slice *text)
{
    if (!id->policy.keys.len)
        return redan_fail(&id->ctx, REDAN_E_SCHEMA, 0,
                          "identity: this kind needs a file of keys; add keys: FILE");
    REDAN_TRY(redan_path_join(&id->ctx, policy->folder, id->policy.keys, path));
    return redan_file_read(&id->ctx, *path, REDAN_IDENTITY_FILE, true, text);
}

static enum redan_status open_jwt(struct redan_identity *id, struct redan_slice text)
{
    size_t i = 0;

    /* RFC 8725 3.8, 3.9: a token for another service, or from another issuer, is no token */
    if (!id->policy.issuer.len || !id->policy.audience.len)
        return redan_fail(&id->ctx, REDAN_E_SCHEMA, 0,
                          "identity: tokens need an issuer and an audience to be checked against");
    while (redan_jwt_words[i] && !redan_slice_is(id->policy.algorithm, redan_jwt_words[i]))
        i++;
    if (!redan_jwt_words[i])
        return redan_fail(
            &id->ctx, REDAN_E_SCHEMA, 0,
            "identity: the algorithm is one of ES256, ES384, EdDSA, RS256, PS256, HS256");
    id->algorithm = (enum redan_jwt_algorithm)i;
    if (!id->policy.claim.len)
        id->policy.claim = REDAN_S("sub");
    id->tokens = redan_take_array(&id->ctx, (size_t)REDAN_TOKEN_SETS * REDAN_TOKEN_WAYS,
                                  sizeof(*id->tokens));
    if (!id->tokens)
        return REDAN_E_MEMORY;
    redan_json_init(&id->json, &id->ctx, REDAN_S(""));
    return redan_token_keys_read(id, text);
}

static enum redan_status open_kind(struct redan_identity *id, const struct redan_policy *policy)
{
    struct redan_slice *const texts[] = {&id->policy.keys, &id->policy.algorithm,
                                         &id->policy.issuer, &id->policy.audience,
                                         &id->policy.claim};
    struct redan_slice text = {0};
    struct redan_slice path = {0};

    for (size_t i = 0; i < REDAN_COUNT(texts); i++)
        REDAN_TRY(redan_copy(&id->ctx, *texts[i], texts[i]));
    if (id->policy.kind != REDAN_IDENTITY_JWT && id->policy.kind != REDAN_IDENTITY_API_KEY)
        return REDAN_OK;
    REDAN_TRY(redan_hasher_new(&id->ctx, &id->hasher));
    enum redan_status status = read_keys(id, policy, &path, &text);
    if (status == REDAN_OK)
        status = id->policy.kind == REDAN_IDENTITY_JWT ? open_jwt(id, text)
                                                       : redan_api_keys_read(id, text);
    redan_fail_name(&id->ctx, path);
    if (id->policy.kind ==
        REDAN_IDENTITY_JWT) /* it may hold a secret, and nothing borrows from it */
        redan_mem_cleanse((char *)(uintptr_t)text.at, text.len);
    return status;
}

enum redan_status redan_identity_open(struct redan_ctx *ctx, const struct redan_policy *policy,
                                      struct redan_identity **identity)
{
    struct redan_identity *id = redan_mem_take(&ctx->mem, sizeof(*id));

    if (!id)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for identities");
    memset(id, 0, sizeof(*id));
    redan_ctx_beside(&id->ctx, ctx);
    id->mem = &ctx->mem;
    id->policy = policy->identity;
    enum redan_status status = open_kind(id, policy);
    if (status != REDAN_OK) {
        const struct redan_failure *was = &id->ctx.failure;
        (void)(was->line ? redan_fail_at(ctx, status, was->line, was->column, "%s", was->text)
                         : redan_fail(ctx, status, was->offset, "%s", was->text));
        redan_fail_name(ctx, redan_slice_of(id->ctx.failure.name));
        redan_identity_free(id);
        return status;
    }
    *identity = id;
    return REDAN_OK;
}

void redan_identity_free(struct redan_identity *identity)
{
    if (!identity)
        return;
    for (size_t i = 0; i < identity->token_key_count; i++)
        redan_jwt_key_free(identity->token_keys[i].key);
    redan_hasher_free(identity->hasher);
    redan_json_done(&identity->json);
    redan_ctx_done(&identity->ctx);
    redan_mem_give(identity->mem, identity, sizeof(*identity));
}

/* RFC 6750 2.1: the scheme in any letter case, one blank. */
static struct redan_slice without_scheme(struct redan_slice given)
{
    static const char scheme[] = "bearer ";

    if (given.len < sizeof(scheme) - 1)
        return given;
    for (size_t i = 0; i + 1 < sizeof(scheme); i++) {
        char c = given.at[i];
        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != scheme[i])
            return given;
    }
    return redan_slice_trim(redan_slice_sub(given, sizeof(scheme) - 1, SIZE_MAX));
}

static enum redan_status establish_key(struct redan_ctx *ctx, struct redan_identity *id,
                                       struct redan_slice key, struct redan_slice *name)
{
    struct redan_digest digest;

    if (key.len > REDAN_IDENTITY_FILE)
        return redan_identity_refuse(ctx, "the API key is not known");
    REDAN_TRY(redan_hasher_add(ctx, id->hasher, key));
    REDAN_TRY(redan_hasher_end(ctx, id->hasher, &digest));
    struct redan_slice found = redan_api_keys_find(id, &digest);
    if (!found.len)
        return redan_identity_refuse(ctx, "the API key is not known");
    return redan_copy(ctx, found, name);
}

enum redan_status redan_identity_establish(struct redan_ctx *ctx, struct redan_identity *identity,
                                           struct redan_slice given, int64_t now,
                                           struct redan_slice *name, bool *cached)
{
    bool ignored = false;
    bool *seen = cached ? cached : &ignored;

    *seen = false;
    given = redan_slice_trim(given);
    if (given.len == 0) {
        if (identity->policy.required)
            return redan_identity_refuse(ctx, "the request does not say who calls");
        *name = (struct redan_slice){0};
        return REDAN_OK;
    }
    switch (identity->policy.kind) {
    case REDAN_IDENTITY_PLAIN:
    case REDAN_IDENTITY_SUBJECT:
        if (!redan_identity_name(given))
            return redan_identity_refuse(ctx, "the caller's name is not 1 to 256 bytes of UTF-8 "
                                              "without control characters");
        return redan_copy(ctx, given, name);
    case REDAN_IDENTITY_JWT:
        return redan_token_establish(ctx, identity, without_scheme(given), now, name, seen);
    case REDAN_IDENTITY_API_KEY:
        return establish_key(ctx, identity, without_scheme(given), name);
    }
    return redan_identity_refuse(ctx, "the request does not say who calls");
}
