/* Tokens (RFC 7519) under the rules of RFC 8725: the algorithm and the keys are the policy's, whatever the token says of itself. */
#include <math.h>
#include <string.h>

#include "guard/identity_parts.h"

enum { CLAIM_SECONDS_MOST = 1 << 30 }; /* leeway, in any case below this */

static const char malformed[] = "the token is not a signed token in compact form";

struct header {
    bool algorithm; /* the pinned one */
    bool good;
    bool has_kid;
    struct redan_slice kid;
};

struct claims {
    bool has_expiry, issuer, audience, good;
    bool has_not_before, has_issued;
    double expiry, not_before, issued;
    struct redan_slice name;
};

static bool text_is(const struct redan_json_token *token, struct redan_slice text)
{
    return token->kind == REDAN_JSON_TEXT && redan_slice_eq(token->text, text);
}

/* RFC 7519 5.1, RFC 9068 2.1; "application/" may be left out (RFC 7515 4.1.9). */
static bool type_fits(const struct redan_json_token *token)
{
    static const char *const types[] = {"jwt", "at+jwt", "application/jwt", "application/at+jwt"};

    for (size_t i = 0; token->kind == REDAN_JSON_TEXT && i < REDAN_COUNT(types); i++) {
        size_t k = 0;
        while (k < token->text.len && types[i][k] != '\0') {
            char c = token->text.at[k];
            if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != types[i][k])
                break;
            k++;
        }
        if (k == token->text.len && types[i][k] == '\0')
            return true;
    }
    return false;
}

/* The members of an object, one after the other, until `each` or the text itself says that it is none of ours. */
static enum redan_status read_object(struct redan_identity *id, struct redan_slice text,
                                     enum redan_status (*each)(struct redan_identity *id,
                                                               struct redan_slice name, void *arg),
                                     void *arg, bool *good)
{
    struct redan_json_token token;

    redan_json_reset(&id->json, text);
    REDAN_TRY(redan_json_next(&id->json, &token));
    *good = token.kind == REDAN_JSON_OBJECT;
    while (*good) {
        REDAN_TRY(redan_json_next(&id->json, &token));
        if (token.kind == REDAN_JSON_OBJECT_END)
            return redan_json_next(&id->json, &token); /* nothing may follow */
        REDAN_TRY(each(id, token.text, arg));
    }
    return REDAN_OK;
}

/* What a token offers as its own key (jwk, jku, x5u, x5c) is passed over like everything unknown; what it says must be
 * understood (crit) is not. */
static enum redan_status read_header_member(struct redan_identity *id, struct redan_slice name,
                                            void *arg)
{
    struct header *header = arg;
    struct redan_json_token token;
    bool known =
        redan_slice_is(name, "alg") || redan_slice_is(name, "kid") || redan_slice_is(name, "typ");

    if (!known) {
        header->good = !redan_slice_is(name, "crit") && !redan_slice_is(name, "b64");
        return redan_json_skip(&id->json);
    }
    REDAN_TRY(redan_json_next(&id->json, &token));
    if (redan_slice_is(name, "alg")) {
        header->good = token.kind == REDAN_JSON_TEXT;
        header->algorithm = text_is(&token, redan_slice_of(redan_jwt_words[id->algorithm]));
    } else if (redan_slice_is(name, "typ")) {
        header->good = type_fits(&token);
    } else {
        header->has_kid = header->good = token.kind == REDAN_JSON_TEXT;
        header->kid = token.text;
    }
    return REDAN_OK;
}

static enum redan_status read_header(struct redan_identity *id, struct redan_slice text,
                                     struct header *header)
{
    struct header made = {.good = true};

    REDAN_TRY(read_object(id, text, read_header_member, &made, &made.good));
    *header = made;
    return REDAN_OK;
}

/* RFC 7519 4.1.3: one text, or a list of them. */
static enum redan_status read_audience(struct redan_identity *id, struct redan_json_token *token,
                                       struct claims *claims)
{
    claims->audience = text_is(token, id->policy.audience);
    if (token->kind != REDAN_JSON_ARRAY) {
        claims->good = claims->good && token->kind == REDAN_JSON_TEXT;
        return REDAN_OK;
    }
    for (;;) {
        REDAN_TRY(redan_json_next(&id->json, token));
        if (token->kind == REDAN_JSON_ARRAY_END)
            return REDAN_OK;
        if (token->kind != REDAN_JSON_TEXT) {
            claims->good = false;
            REDAN_TRY(redan_json_skip(&id->json));
        }
        claims->audience = claims->audience || text_is(token, id->policy.audience);
    }
}

static void read_date(const struct redan_json_token *token, bool *has, double *value,
                      struct claims *claims)
{
    *has = token->kind == REDAN_JSON_NUMBER && redan_json_number(token, value);
    claims->good = claims->good && *has;
}

static enum redan_status read_claim(struct redan_identity *id, struct redan_slice name, void *arg)
{
    struct claims *claims = arg;
    struct redan_json_token token;

    REDAN_TRY(redan_json_next(&id->json, &token));
    if (redan_slice_eq(name, id->policy.claim)) {
        claims->name = token.kind == REDAN_JSON_TEXT ? token.text : (struct redan_slice){0};
        if (token.kind != REDAN_JSON_TEXT)
            return redan_json_skip(&id->json);
    }
    if (redan_slice_is(name, "exp"))
        read_date(&token, &claims->has_expiry, &claims->expiry, claims);
    else if (redan_slice_is(name, "nbf"))
        read_date(&token, &claims->has_not_before, &claims->not_before, claims);
    else if (redan_slice_is(name, "iat"))
        read_date(&token, &claims->has_issued, &claims->issued, claims);
    else if (redan_slice_is(name, "iss"))
        claims->issuer = text_is(&token, id->policy.issuer);
    else if (redan_slice_is(name, "aud"))
        return read_audience(id, &token, claims);
    return token.kind == REDAN_JSON_OBJECT || token.kind == REDAN_JSON_ARRAY
               ? redan_json_skip(&id->json)
               : REDAN_OK;
}

static enum redan_status read_claims(struct redan_identity *id, struct redan_slice text,
                                     struct claims *claims)
{
    struct claims made = {.good = true};

    REDAN_TRY(read_object(id, text, read_claim, &made, &made.good));
    *claims = made;
    return REDAN_OK;
}

/* The key that the token names; one that names none is only for the only key. */
static const struct redan_jwt_key *key_for(const struct redan_identity *id,
                                           const struct header *header)
{
    const struct redan_token_key *only = id->token_key_count == 1 ? id->token_keys : NULL;

    if (!header->has_kid)
        return only ? only->key : NULL;
    for (size_t i = 0; i < id->token_key_count; i++) {
        if (redan_slice_eq(id->token_keys[i].kid, header->kid))
            return id->token_keys[i].key;
    }
    return only && !only->kid.len ? only->key : NULL;
}

/* NULL, or what is wrong with the claims. */
static const char *judge_claims(const struct redan_identity *id, const struct claims *claims,
                                int64_t now)
{
    double leeway = (double)(id->policy.leeway < 0                    ? 0
                             : id->policy.leeway > CLAIM_SECONDS_MOST ? CLAIM_SECONDS_MOST
                                                                      : id->policy.leeway);
    double at = (double)now;

    if (!claims->good)
        return "the token's claims are not of the types of RFC 7519";
    if (!claims->has_expiry)
        return "the token has no time of expiry";
    if (!(at < claims->expiry + leeway))
        return "the token has expired";
    if (claims->has_not_before && at < claims->not_before - leeway)
        return "the token is not valid yet";
    if (claims->has_issued && at < claims->issued - leeway)
        return "the token was issued in the future";
    if (!claims->issuer)
        return "the token is from another issuer";
    if (!claims->audience)
        return "the token is for another audience";
    if (!redan_identity_name(claims->name))
        return "the token does not say who calls in a text of 1 to 256 bytes";
    return NULL;
}

/* What the JSON reader has against a token is nothing a caller needs to know in detail. */
static enum redan_status as_refusal(struct redan_ctx *ctx, enum redan_status status)
{
    if (status == REDAN_E_MEMORY || status == REDAN_E_CRYPTO)
        return redan_fail(ctx, status, 0, "the token could not be verified");
    return redan_identity_refuse(ctx, malformed);
}

static enum redan_status verify(struct redan_ctx *ctx, struct redan_identity *id,
                                struct redan_slice text, int64_t now, struct claims *claims)
{
    struct redan_jwt jwt = {.header = {0}};
    struct header header = {.good = false};

    enum redan_status status = redan_jwt_cut(&id->ctx, text, &jwt);
    if (status == REDAN_OK)
        status = read_header(id, jwt.header, &header);
    if (status != REDAN_OK)
        return as_refusal(ctx, status);
    if (!header.good)
        return redan_identity_refuse(ctx, malformed);
    if (!header.algorithm)
        return redan_identity_refuse(ctx, "the token is signed with another algorithm than the one "
                                          "that is accepted");
    const struct redan_jwt_key *key = key_for(id, &header);
    status = key ? redan_jwt_verify(&id->ctx, key, &jwt) : REDAN_E_SIGNATURE;
    if (status == REDAN_E_SIGNATURE)
        return redan_identity_refuse(ctx, "the token's signature is not valid");
    if (status == REDAN_OK)
        status = read_claims(id, jwt.payload, claims);
    if (status != REDAN_OK)
        return as_refusal(ctx, status);
    const char *wrong = judge_claims(id, claims, now);
    return wrong ? redan_identity_refuse(ctx, wrong) : REDAN_OK;
}

/* The places where a token of this digest may be. */
static struct redan_token *set_of(const struct redan_identity *id,
                                  const struct redan_digest *digest)
{
    size_t set = ((size_t)digest->bytes[0] | (size_t)digest->bytes[1] << 8) % REDAN_TOKEN_SETS;

    return id->tokens + set * REDAN_TOKEN_WAYS;
}

static void remember(struct redan_identity *id, const struct redan_digest *digest,
                     const struct claims *claims, int64_t now)
{
    struct redan_token *set = set_of(id, digest);
    struct redan_token *place = set;
    /* whole seconds are compared: a fraction is its second's end, as it is when the claims are judged */
    double until = ceil(claims->expiry + (double)(id->policy.leeway > 0 ? id->policy.leeway : 0));

    for (size_t i = 0; i < REDAN_TOKEN_WAYS; i++) {
        if (set[i].until <= now) {
            place = &set[i];
            break;
        }
        place = set[i].used < place->used ? &set[i] : place;
    }
    place->digest = *digest;
    place->until =
        until < (double)(now + REDAN_TOKEN_SECONDS) ? (int64_t)until : now + REDAN_TOKEN_SECONDS;
    place->used = ++id->uses;
    place->name_len = (uint16_t)claims->name.len;
    memcpy(place->name, claims->name.at, claims->name.len);
}

enum redan_status redan_token_establish(struct redan_ctx *ctx, struct redan_identity *id,
                                        struct redan_slice token, int64_t now,
                                        struct redan_slice *name, bool *cached)
{
    struct redan_digest digest;
    struct claims claims = {.good = false};

    if (token.len == 0 || token.len > REDAN_IDENTITY_FILE)
        return redan_identity_refuse(ctx, malformed);
    REDAN_TRY(redan_hasher_add(ctx, id->hasher, token));
    REDAN_TRY(redan_hasher_end(ctx, id->hasher, &digest));
    struct redan_token *set = set_of(id, &digest);
    for (size_t i = 0; i < REDAN_TOKEN_WAYS; i++) {
        if (set[i].until <= now || !redan_digest_eq(&set[i].digest, &digest))
            continue;
        set[i].used = ++id->uses;
        *cached = true;
        return redan_copy(ctx, (struct redan_slice){set[i].name, set[i].name_len}, name);
    }
    struct redan_arena_mark mark = redan_arena_mark(&id->ctx.arena);
    enum redan_status status = verify(ctx, id, token, now, &claims);
    if (status == REDAN_OK)
        status = redan_copy(ctx, claims.name, name);
    if (status == REDAN_OK)
        remember(id, &digest, &claims, now);
    redan_fail_clear(&id->ctx);
    redan_arena_reset(&id->ctx.arena, mark);
    return status;
}
