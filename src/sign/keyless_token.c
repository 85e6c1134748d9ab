/* Identity tokens: where one comes from, and what it says of its holder (RFC 7519, OpenID Connect). */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "codec/json.h"
#include "codec/json_pull.h"
#include "io/file.h"
#include "sign/keyless_parts.h"

enum { CLOCKS = 60 }; /* seconds by which two honest clocks may differ */

/* The one place of the room that looks at the environment. */
static struct redan_slice variable(const char *name)
{
    return redan_slice_of(getenv(name));
}

/* Bytes of ours in the arena, of which nothing borrows any more. */
static void cleanse(struct redan_slice *bytes)
{
    redan_mem_cleanse((char *)(uintptr_t)bytes->at, bytes->len);
}

/* The token without the blanks around it, in the arena. */
static enum redan_status take(struct redan_ctx *ctx, struct redan_slice text,
                              struct redan_slice *token)
{
    text = redan_slice_trim(text);
    if (text.len == 0 || text.len > REDAN_KEYLESS_TOKEN)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "an identity token of %zu bytes", text.len);
    return redan_copy(ctx, text, token);
}

/* GitHub's answer: {"value": "eyJ..."}. */
static enum redan_status read_value(struct redan_ctx *ctx, struct redan_slice answer,
                                    struct redan_slice *token)
{
    const struct redan_node *root = NULL;

    REDAN_TRY(redan_json_parse(ctx, answer, &root));
    struct redan_slice value = redan_node_text(root, "value");
    if (value.len == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "there is no token in its answer");
    enum redan_status status = take(ctx, value, token);
    cleanse(&value); /* the tree's, or the answer's itself */
    return status;
}

/* The endpoint that GitHub Actions gives to a job with the permission. */
static enum redan_status ask_github(struct redan_ctx *ctx, struct redan_slice address,
                                    unsigned seconds, struct redan_slice *token)
{
    struct redan_slice bearer = variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
    struct redan_buf REDAN_DEFER(redan_buf_done) line = {0};
    struct redan_slice url = {0};
    struct redan_slice answer = {0};

    if (bearer.len == 0)
        return redan_fail(ctx, REDAN_E_ABSENT, 0,
                          "ACTIONS_ID_TOKEN_REQUEST_URL is set and ACTIONS_ID_TOKEN_REQUEST_TOKEN "
                          "is not; give the job \"permissions: id-token: write\"");
    redan_buf_init(&line, ctx, REDAN_KEYLESS_TOKEN);
    line.secret = true;
    redan_buf_text(&line, "Authorization: bearer ");
    redan_buf_slice(&line, bearer);
    REDAN_TRY(redan_buf_ok(ctx, &line, "the credential of GitHub Actions"));
    bool more = address.len && memchr(address.at, '?', address.len);
    REDAN_TRY(
        redan_format(ctx, &url, "%.*s%caudience=sigstore", REDAN_FMT(address), more ? '&' : '?'));
    const struct redan_slice headers[] = {redan_buf_view(&line),
                                          REDAN_S("Accept: application/json")};
    const struct redan_keyless_exchange ask = {.service = "the token service of GitHub Actions",
                                               .method = REDAN_S("GET"),
                                               .url = url,
                                               .headers = headers,
                                               .header_count = REDAN_COUNT(headers),
                                               .secret = bearer,
                                               .seconds = seconds};
    REDAN_TRY(redan_keyless_send(ctx, &ask, &answer));
    enum redan_status status = read_value(ctx, answer, token);
    cleanse(&answer);
    return status == REDAN_OK ? status : redan_keyless_blame(ctx, status, ask.service, url, NULL);
}

static enum redan_status read_file(struct redan_ctx *ctx, struct redan_slice file,
                                   struct redan_slice *token)
{
    struct redan_slice text REDAN_DEFER(cleanse) = {0};

    REDAN_TRY(redan_file_read(ctx, file, REDAN_KEYLESS_TOKEN, true, &text));
    return take(ctx, text, token);
}

bool redan_keyless_asks(const struct redan_keyless_token_from *from)
{
    return from->token.len == 0 && from->file.len == 0 && variable("SIGSTORE_ID_TOKEN").len == 0 &&
           variable("ACTIONS_ID_TOKEN_REQUEST_URL").len != 0;
}

enum redan_status redan_keyless_token(struct redan_ctx *ctx,
                                      const struct redan_keyless_token_from *from,
                                      struct redan_slice *token)
{
    struct redan_slice ready = variable("SIGSTORE_ID_TOKEN");

    if (from->token.len)
        return take(ctx, from->token, token);
    if (from->file.len)
        return read_file(ctx, from->file, token);
    if (ready.len)
        return take(ctx, ready, token);
    if (redan_keyless_asks(from))
        return ask_github(ctx, variable("ACTIONS_ID_TOKEN_REQUEST_URL"), from->seconds, token);
    return redan_fail(ctx, REDAN_E_ABSENT, 0,
                      "there is no identity token; give one with --identity-token, its file "
                      "with --identity-token-file, or in SIGSTORE_ID_TOKEN, or run in GitHub "
                      "Actions with \"permissions: id-token: write\"");
}

/* Unpadded base64url (RFC 7515 2). */
static enum redan_status decode(struct redan_ctx *ctx, struct redan_slice part,
                                struct redan_slice *bytes)
{
    struct redan_slice padded REDAN_DEFER(cleanse) = {0};

    if (part.len == 0 || memchr(part.at, '=', part.len) || memchr(part.at, '+', part.len) ||
        memchr(part.at, '/', part.len))
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "a part is not base64url");
    REDAN_TRY(redan_format(ctx, &padded, "%.*s%.*s", REDAN_FMT(part), (int)((4 - part.len % 4) % 4),
                           "==="));
    return redan_base64_parse_either(ctx, padded, bytes);
}

/* A claim that is shown to people and compared with names: no control characters, and not empty. */
static enum redan_status read_claim(struct redan_ctx *ctx, const struct redan_node *map,
                                    const char *key, bool must, struct redan_slice *text)
{
    const struct redan_node *node = redan_node_get(map, key);

    if (!node || node->kind == REDAN_NODE_NULL)
        return must ? redan_fail(ctx, REDAN_E_SCHEMA, 0, "it has no claim \"%s\"", key) : REDAN_OK;
    if (node->kind != REDAN_NODE_TEXT || (must && node->text.len == 0))
        return redan_fail(ctx, REDAN_E_SCHEMA, node->offset, "its claim \"%s\" is %s", key,
                          node->kind == REDAN_NODE_TEXT ? "empty"
                                                        : redan_node_kind_name(node->kind));
    for (size_t i = 0; i < node->text.len; i++)
        if ((unsigned char)node->text.at[i] < ' ' || node->text.at[i] == 0x7f)
            return redan_fail(ctx, REDAN_E_SCHEMA, node->offset,
                              "its claim \"%s\" has a control character", key);
    return redan_copy(ctx, node->text, text);
}

/* NumericDate (RFC 7519 2): seconds, whole or not. */
static enum redan_status read_date(struct redan_ctx *ctx, const struct redan_node *map,
                                   const char *key, bool must, int64_t *seconds)
{
    const struct redan_node *node = redan_node_get(map, key);
    double value = 0;

    if (!node && !must)
        return REDAN_OK;
    if (!node || node->kind != REDAN_NODE_NUMBER || !redan_node_number(node, &value) ||
        !(value >= 0) || !(value < 253402300800.0)) /* the year 10000 */
        return redan_fail(ctx, REDAN_E_SCHEMA, node ? node->offset : 0,
                          "its claim \"%s\" must be seconds since 1970", key);
    *seconds = (int64_t)value;
    return REDAN_OK;
}

static enum redan_status read_audience(struct redan_ctx *ctx, const struct redan_node *map,
                                       struct redan_slice *audience)
{
    const struct redan_node *node = redan_node_get(map, "aud");

    if (node && node->kind == REDAN_NODE_LIST)
        node = node->first;
    if (!node || node->kind == REDAN_NODE_NULL)
        return REDAN_OK;
    if (node->kind != REDAN_NODE_TEXT)
        return redan_fail(ctx, REDAN_E_SCHEMA, node->offset,
                          "its claim \"aud\" must be a text or a list of them");
    return redan_copy(ctx, node->text, audience);
}

static enum redan_status check_times(struct redan_ctx *ctx, const struct redan_node *map,
                                     int64_t *expires)
{
    int64_t from = 0;
    char text[REDAN_TIME_TEXT];

    REDAN_TRY(read_date(ctx, map, "exp", true, expires));
    REDAN_TRY(read_date(ctx, map, "nbf", false, &from));
    if (*expires <= ctx->now) {
        redan_time_text(*expires, text);
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "it expired at %s, %lld seconds ago; get a new one (it lives a few "
                          "minutes), or set this machine's clock",
                          text, (long long)(ctx->now - *expires));
    }
    if (from > ctx->now + CLOCKS) {
        redan_time_text(from, text);
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "it counts from %s, in %lld seconds; this machine's clock is off: set it",
                          text, (long long)(from - ctx->now));
    }
    return REDAN_OK;
}

static enum redan_status add_name(struct redan_ctx *ctx, struct redan_keyless_claims *claims,
                                  const char *before, struct redan_slice a, const char *between,
                                  struct redan_slice b)
{
    if (a.len == 0 || claims->name_count == REDAN_KEYLESS_NAMES)
        return REDAN_OK;
    return redan_format(ctx, &claims->names[claims->name_count++], "%s%.*s%s%.*s", before,
                        REDAN_FMT(a), between, REDAN_FMT(b));
}

/* What Fulcio makes of the claims (its docs/oidc.md): an address where there is one, the workflow of a CI service, else the subject. */
static enum redan_status read_names(struct redan_ctx *ctx, const struct redan_node *map,
                                    struct redan_keyless_claims *claims)
{
    const struct redan_node *pod = redan_node_get(map, "kubernetes.io");
    const struct redan_slice none = {"", 0};
    struct redan_slice text = {0};
    struct redan_slice more = {0};

    REDAN_TRY(add_name(ctx, claims, "", claims->email, "", none));
    REDAN_TRY(read_claim(ctx, map, "job_workflow_ref", false, &text));
    REDAN_TRY(add_name(ctx, claims, "https://github.com/", text, "", none));
    text = none;
    REDAN_TRY(read_claim(ctx, map, "ci_config_ref_uri", false, &text));
    REDAN_TRY(add_name(ctx, claims, "https://", text, "", none));
    text = none;
    REDAN_TRY(read_claim(ctx, map, "organization_slug", false, &text));
    REDAN_TRY(read_claim(ctx, map, "pipeline_slug", false, &more));
    if (more.len)
        REDAN_TRY(add_name(ctx, claims, "https://buildkite.com/", text, "/", more));
    text = more = none;
    if (pod && pod->kind == REDAN_NODE_MAP) {
        REDAN_TRY(read_claim(ctx, pod, "namespace", false, &text));
        REDAN_TRY(read_claim(ctx, redan_node_get(pod, "serviceaccount"), "name", false, &more));
        REDAN_TRY(add_name(ctx, claims, "https://kubernetes.io/namespaces/", text,
                           "/serviceaccounts/", more));
    }
    return add_name(ctx, claims, "", claims->subject, "", none);
}

static enum redan_status read_payload(struct redan_ctx *ctx, struct redan_slice payload,
                                      struct redan_keyless_claims *claims)
{
    const struct redan_node *map = NULL;
    const struct redan_node *connector = NULL;

    REDAN_TRY(redan_json_parse(ctx, payload, &map));
    if (map->kind != REDAN_NODE_MAP)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "it holds %s instead of claims",
                          redan_node_kind_name(map->kind));
    REDAN_TRY(read_claim(ctx, map, "iss", true, &claims->issuer));
    REDAN_TRY(read_claim(ctx, map, "sub", true, &claims->subject));
    REDAN_TRY(read_claim(ctx, map, "email", false, &claims->email));
    REDAN_TRY(read_audience(ctx, map, &claims->audience));
    connector = redan_node_get(map, "federated_claims");
    if (connector && connector->kind == REDAN_NODE_MAP)
        REDAN_TRY(read_claim(ctx, connector, "connector_id", false, &claims->connector));
    REDAN_TRY(check_times(ctx, map, &claims->expires));
    return read_names(ctx, map, claims);
}

static enum redan_status read_token(struct redan_ctx *ctx, struct redan_slice token,
                                    struct redan_keyless_claims *claims)
{
    struct redan_slice head = {0};
    struct redan_slice body = {0};
    struct redan_slice rest = {0};
    struct redan_slice payload = {0};

    if (token.len > REDAN_KEYLESS_TOKEN)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "it is longer than %d bytes", REDAN_KEYLESS_TOKEN);
    if (!redan_slice_cut(token, '.', &head, &rest) || !redan_slice_cut(rest, '.', &body, &rest) ||
        (rest.len && memchr(rest.at, '.', rest.len)))
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "it is not three parts with points between");
    REDAN_TRY(decode(ctx, head, &payload));
    if (rest.len == 0)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "it has no signature");
    REDAN_TRY(decode(ctx, rest, &payload));
    cleanse(&payload);
    REDAN_TRY(decode(ctx, body, &payload));
    return read_payload(ctx, payload, claims);
}

enum redan_status redan_keyless_claims(struct redan_ctx *ctx, struct redan_slice token,
                                       struct redan_keyless_claims *claims)
{
    struct redan_keyless_claims made = {0};
    enum redan_status status = read_token(ctx, token, &made);

    if (status != REDAN_OK)
        return redan_keyless_blame(ctx, status, "the identity token", (struct redan_slice){0},
                                   NULL);
    *claims = made;
    return REDAN_OK;
}

bool redan_keyless_named(const struct redan_keyless_claims *claims, const struct redan_san *name)
{
    struct redan_slice rest = {0};

    if (name->kind == REDAN_SAN_EMAIL)
        return claims->email.len && redan_slice_eq(name->value, claims->email);
    if (name->kind == REDAN_SAN_FULCIO) /* a user name: "subject!domain" */
        return redan_slice_starts(name->value, claims->subject) &&
               (rest = redan_slice_sub(name->value, claims->subject.len, SIZE_MAX)).len > 1 &&
               rest.at[0] == '!';
    for (size_t i = 0; name->kind == REDAN_SAN_URI && i < claims->name_count; i++)
        if (redan_slice_eq(name->value, claims->names[i]))
            return true;
    return false;
}
