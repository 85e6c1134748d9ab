/* One exchange with a service of Sigstore's, bounded, and its trouble in words that say what to do. */
#include <stdio.h>
#include <string.h>

#include "io/http.h"
#include "sign/keyless_parts.h"

struct redan_keyless_shown redan_keyless_show(struct redan_slice text)
{
    struct redan_keyless_shown shown = {""};
    size_t n = 0;

    text = redan_slice_trim(text);
    for (; n < text.len && n + 1 < sizeof(shown.text); n++)
        shown.text[n] = text.at[n] >= ' ' && text.at[n] < 0x7f ? text.at[n] : '.';
    shown.text[n] = '\0';
    return shown;
}

enum redan_status redan_keyless_url(struct redan_ctx *ctx, struct redan_slice base,
                                    const char *path, struct redan_slice *url)
{
    while (base.len && base.at[base.len - 1] == '/')
        base.len--;
    return redan_format(ctx, url, "%.*s%s", REDAN_FMT(base), path);
}

enum redan_status redan_keyless_blame(struct redan_ctx *ctx, enum redan_status status,
                                      const char *who, struct redan_slice url, const char *advice)
{
    char text[REDAN_FAILURE_TEXT];

    if (status == REDAN_OK || status == REDAN_E_MEMORY || ctx->failure.text[0] == '\0')
        return status;
    memcpy(text, ctx->failure.text, sizeof(text));
    redan_fail_clear(ctx);
    return redan_fail(ctx, status, 0, "%s%s%.120s: %.300s%s%s", who, url.len ? " at " : "",
                      redan_keyless_show(url).text, text, advice ? "; " : "", advice ? advice : "");
}

static const char *advice_for(unsigned status)
{
    static const struct {
        unsigned status;
        const char *words;
    } rows[] = {
        {400, "check the address, the token (audience \"sigstore\") and the versions"},
        {401,
         "the token is refused: get a new one (audience \"sigstore\"); it lives a few minutes"},
        {403,
         "the token is refused: get a new one (audience \"sigstore\"); it lives a few minutes"},
        {404, "nothing of this kind is there: check the address"},
        {405, "nothing of this kind is there: check the address"},
        {408, "try again"},
        {409, "the log has this entry already: sign again, which makes a new key"},
        {429, "too many requests: wait, then try again"},
    };

    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        if (rows[i].status == status)
            return rows[i].words;
    if (status >= 500)
        return "the service is in trouble: try again later";
    if (status >= 300 && status < 400)
        return "redirections are not followed: give the address it leads to";
    return "check the address";
}

/* A server may repeat what it was sent; the last part of a token is what must not be seen. */
static bool repeats(struct redan_slice answer, struct redan_slice secret)
{
    enum { PART = 16 };

    if (secret.len == 0 || answer.len == 0)
        return false;
    struct redan_slice end =
        redan_slice_sub(secret, secret.len > PART ? secret.len - PART : 0, PART);
    struct redan_slice tail = secret;
    struct redan_slice head = {0};
    while (redan_slice_cut(tail, '.', &head, &tail) && tail.len > 0) {
        struct redan_slice start = redan_slice_sub(tail, 0, PART);
        if (start.len == PART && memmem(answer.at, answer.len, start.at, start.len))
            return true;
    }
    return memmem(answer.at, answer.len, end.at, end.len) != NULL;
}

enum redan_status redan_keyless_send(struct redan_ctx *ctx,
                                     const struct redan_keyless_exchange *exchange,
                                     struct redan_slice *answer)
{
    const struct redan_http_request request = {
        .method = exchange->method,
        .url = exchange->url,
        .content_type = exchange->type,
        .body = exchange->body,
        .headers = exchange->headers,
        .header_count = exchange->header_count,
        .seconds = exchange->seconds ? exchange->seconds : REDAN_KEYLESS_SECONDS,
    };
    struct redan_http_response response = {0};
    size_t most = ctx->limits.output;

    ctx->limits.output = redan_min_size(most, REDAN_KEYLESS_ANSWER);
    enum redan_status status = redan_http_send(ctx, &request, &response);
    ctx->limits.output = most;
    if (status != REDAN_OK) {
        const char *advice =
            status == REDAN_E_IO ? "check the address and the network, try again" : NULL;
        if (status == REDAN_E_LIMIT)
            advice = "this is not the answer of such a service: check the address";
        return redan_keyless_blame(ctx, status, exchange->service, (struct redan_slice){0}, advice);
    }
    if (response.status == 200 || response.status == 201) {
        *answer = response.body;
        return REDAN_OK;
    }
    bool hide = repeats(response.body, exchange->secret);
    return redan_fail(ctx, REDAN_E_IO, 0, "%s at %.120s answered %u%s%s; %s", exchange->service,
                      redan_keyless_show(exchange->url).text, response.status,
                      response.body.len ? ": " : "",
                      hide ? "(it repeats the token, so it is not shown)"
                           : redan_keyless_show(response.body).text,
                      advice_for(response.status));
}
