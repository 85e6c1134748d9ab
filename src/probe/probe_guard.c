/* Sends a signed probe set to a running guard: it enforces the very policy that the set was made for, before and after, or nothing is said of it. */
#include "probe/probe_guard.h"

#include <stdio.h>
#include <string.h>

#include "attest/keyring.h"
#include "io/file.h"

enum { HEADERS = 8, NAME = 128 };

static const char *lint(const struct redan_probe *probe)
{
    if (probe->set.len == 0)
        return "it has no set; add set: FILE, which redan guard probes makes";
    if (probe->by.len == 0)
        return "nobody is said to have signed the set; add by: HOLDER";
    if (probe->metrics.len == 0)
        return "it has no metrics; add metrics: http://127.0.0.1:PORT/redan/metrics";
    if (probe->headers.count > HEADERS)
        return "more than 8 headers";
    if (probe->preset.len > 0 || probe->body.len > 0)
        return "preset and body belong to probes of the other kinds; remove them";
    if (probe->url.len && redan_slice_ends(probe->url, REDAN_S("/")))
        return "its url ends with a slash; write http://HOST:PORT";
    return redan_probe_lint_http(probe);
}

/* The set is believed when the holder that the definition names has signed it with a key that is valid now. */
static enum redan_status believed(struct redan_ctx *ctx, const struct redan_probe *probe,
                                  const struct redan_dsse *envelope)
{
    size_t count = 0;
    struct redan_signer *signers = redan_take_array(ctx, envelope->count + 1, sizeof(*signers));

    if (!signers)
        return REDAN_E_MEMORY;
    if (!probe->ring)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "there is no keys.yaml to hold the set against");
    REDAN_TRY(redan_keyring_signers(ctx, probe->ring, envelope, signers, &count));
    for (size_t i = 0; i < count; i++) {
        if (redan_slice_eq(signers[i].key->holder, probe->by) &&
            redan_keyring_state(signers[i].key, ctx->now) == REDAN_KEY_VALID)
            return REDAN_OK;
    }
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "%.*s is not signed by %.*s with a valid key",
                      REDAN_FMT(probe->set), REDAN_FMT(probe->by));
}

static enum redan_status read_set(struct redan_guarding *g)
{
    struct redan_ctx *ctx = g->ctx;
    struct redan_slice text = {0};
    struct redan_dsse envelope = {0};
    struct redan_statement statement = {0};

    REDAN_TRY(redan_file_read(ctx, g->probe->set, ctx->limits.record, true, &text));
    REDAN_TRY(redan_statement_open(ctx, text, &envelope, &statement));
    REDAN_TRY(believed(ctx, g->probe, &envelope));
    REDAN_TRY(redan_probe_set_read(ctx, &statement, &g->set));
    g->preset = redan_preset_find(g->set.preset);
    return REDAN_OK;
}

/* The set was made for what is in force, and it is in force. */
static enum redan_status same(struct redan_guarding *g, const struct redan_guard_seen *seen)
{
    const struct redan_probe_set *set = &g->set;
    struct redan_slice want = {0};
    struct redan_slice got = {0};

    if (!seen->enforces)
        return redan_fail(g->ctx, REDAN_E_SCHEMA, 0,
                          "the guard at %.*s observes: it refuses nothing, and proves nothing of "
                          "what it would; set mode: enforce",
                          REDAN_FMT(g->probe->metrics));
    REDAN_TRY(redan_digest_text(g->ctx, &set->policy, &want));
    REDAN_TRY(redan_digest_text(g->ctx, &seen->policy, &got));
    if (!redan_digest_eq(&set->policy, &seen->policy))
        return redan_fail(g->ctx, REDAN_E_SCHEMA, 0,
                          "the guard at %.*s has the policy %.*s in force, and the set was made "
                          "for %.*s; redan guard probes makes one anew",
                          REDAN_FMT(g->probe->metrics), REDAN_FMT(got), REDAN_FMT(want));
    if (set->has_profile != seen->has_profile ||
        (set->has_profile && !redan_digest_eq(&set->profile, &seen->profile)))
        return redan_fail(g->ctx, REDAN_E_SCHEMA, 0,
                          "the guard at %.*s measures by another profile than the set was made "
                          "from; redan guard probes makes one anew",
                          REDAN_FMT(g->probe->metrics));
    return REDAN_OK;
}

/* `text` with each `word` replaced. */
static enum redan_status replaced(struct redan_ctx *ctx, struct redan_slice text,
                                  struct redan_slice word, struct redan_slice with,
                                  struct redan_slice *out)
{
    const char *at = memmem(text.at, text.len, word.at, word.len);

    if (!at) {
        *out = text;
        return REDAN_OK;
    }
    size_t before = (size_t)(at - text.at);
    struct redan_slice rest = redan_slice_sub(text, before + word.len, text.len);
    return redan_format(ctx, out, "%.*s%.*s%.*s", (int)before, text.at, REDAN_FMT(with),
                        REDAN_FMT(rest));
}

/* "Authorization: Bearer {file:PATH}": a secret is not written into the organisation's file. */
static enum redan_status from_file(struct redan_ctx *ctx, struct redan_slice header,
                                   struct redan_slice *out)
{
    static const struct redan_slice begin = {"{file:", 6};
    const char *at = memmem(header.at, header.len, begin.at, begin.len);
    struct redan_slice path;
    struct redan_slice rest;
    struct redan_slice text = {0};

    *out = header;
    if (!at)
        return REDAN_OK;
    size_t before = (size_t)(at - header.at);
    if (!redan_slice_cut(redan_slice_sub(header, before + begin.len, header.len), '}', &path,
                         &rest))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "a header has {file: without its }");
    REDAN_TRY(redan_file_read(ctx, path, REDAN_FAILURE_TEXT * 32, true, &text));
    text = redan_slice_trim(text);
    return redan_format(ctx, out, "%.*s%.*s%.*s", (int)before, header.at, REDAN_FMT(text),
                        REDAN_FMT(rest));
}

static enum redan_status headers_of(struct redan_guarding *g, struct redan_ctx *ctx,
                                    const struct redan_probe_item *item,
                                    struct redan_slice headers[HEADERS + 1], size_t *count)
{
    char number[NAME];
    struct redan_slice caller = {0};

    *count = 0;
    (void)snprintf(number, sizeof(number), "%lld-%llu", (long long)g->ctx->now,
                   (unsigned long long)item->caller);
    REDAN_TRY(replaced(ctx, g->set.caller, REDAN_S("{n}"), redan_slice_of(number), &caller));
    for (size_t i = 0; item->caller && i < g->probe->headers.count; i++) {
        struct redan_slice header = {0};
        REDAN_TRY(replaced(ctx, g->probe->headers.items[i], REDAN_S("{caller}"), caller, &header));
        REDAN_TRY(from_file(ctx, header, &headers[(*count)++]));
    }
    if (item->encoding.len)
        REDAN_TRY(redan_format(ctx, &headers[(*count)++], "Content-Encoding: %.*s",
                               REDAN_FMT(item->encoding)));
    return REDAN_OK;
}

static enum redan_status padded(struct redan_ctx *ctx, const struct redan_probe_item *item,
                                struct redan_slice *body)
{
    size_t len = item->body.len + (size_t)item->pad;

    *body = item->body;
    if (item->pad == 0)
        return REDAN_OK;
    char *bytes = redan_take(ctx, len);
    if (!bytes)
        return REDAN_E_MEMORY;
    memcpy(bytes, item->body.at, item->body.len);
    memset(bytes + item->body.len, ' ', (size_t)item->pad);
    *body = (struct redan_slice){bytes, len};
    return REDAN_OK;
}

static enum redan_status send_one(struct redan_guarding *g, struct redan_ctx *ctx,
                                  const struct redan_probe_item *item,
                                  struct redan_http_response *response)
{
    struct redan_slice headers[HEADERS + 1];
    struct redan_http_request request = {.method = REDAN_S("POST"),
                                         .content_type = item->media,
                                         .headers = headers,
                                         .seconds = redan_probe_seconds(g->probe)};

    REDAN_TRY(headers_of(g, ctx, item, headers, &request.header_count));
    REDAN_TRY(padded(ctx, item, &request.body));
    REDAN_TRY(redan_format(ctx, &request.url, "%.*s%.*s", REDAN_FMT(g->probe->url),
                           REDAN_FMT(item->path)));
    return redan_http_send(ctx, &request, response);
}

static enum redan_status hits(struct redan_guarding *g, struct redan_ctx *ctx,
                              struct redan_slice rule, double *count)
{
    struct redan_guard_seen seen;

    REDAN_TRY(redan_guard_look(ctx, g->probe, &seen));
    (void)redan_guard_metric(seen.text, "redan_guard_rule_hits_total", "rule", rule, count);
    return REDAN_OK;
}

static enum redan_status exchange(struct redan_guarding *g, struct redan_ctx *ctx,
                                  const struct redan_probe_item *item)
{
    bool counts = item->due == REDAN_DUE_MARKED;
    struct redan_http_response response;
    double before = 0;
    double after = 0;

    if (counts)
        REDAN_TRY(hits(g, ctx, item->rule, &before));
    REDAN_TRY(send_one(g, ctx, item, &response));
    if (counts)
        REDAN_TRY(hits(g, ctx, item->rule, &after));
    redan_guarding_judge(g, item, &response, after > before);
    return REDAN_OK;
}

/* In a context of its own, since answers add up. */
static enum redan_status try_item(struct redan_guarding *g, const struct redan_probe_item *item)
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx own;

    redan_ctx_beside(&own, g->ctx);
    enum redan_status status = exchange(g, &own, item);
    if (status == REDAN_OK)
        return REDAN_OK;
    return redan_fail(g->ctx, status, 0, "a request of class %s: %s", redan_probing_words[item->of],
                      own.failure.text);
}

static enum redan_status try_all(struct redan_guarding *g)
{
    const struct redan_probe_item *items = g->set.items.items;

    for (size_t i = 0; i < g->set.items.count; i++) {
        for (uint64_t k = 0; k == 0 || k < items[i].times; k++) {
            bool over = g->run && g->run_over && g->run->of == items[i].of &&
                        g->run->caller == items[i].caller;
            if (over && items[i].due == REDAN_DUE_STOPPED)
                break; /* it was stopped: nothing more is to be learned from the rest */
            REDAN_TRY(try_item(g, &items[i]));
        }
    }
    return REDAN_OK;
}

static enum redan_status run(struct redan_ctx *ctx, const struct redan_probe *probe,
                             struct redan_probed *probed)
{
    struct redan_guarding g = {.ctx = ctx, .probe = probe};
    struct redan_guard_seen before;
    struct redan_guard_seen after;

    REDAN_TRY(read_set(&g));
    REDAN_TRY(redan_guard_look(ctx, probe, &before));
    REDAN_TRY(same(&g, &before));
    REDAN_TRY(try_all(&g));
    REDAN_TRY(redan_guard_look(ctx, probe, &after));
    REDAN_TRY(same(&g, &after));
    if (before.generation < after.generation || before.generation > after.generation)
        return redan_fail(ctx, REDAN_E_IO, 0,
                          "the policy was changed while the guard was probed; try again");
    return redan_guarding_observe(&g, &after, probed);
}

const struct redan_probe_kind redan_probe_guard = {
    .name = "guard",
    .title = "a signed set of requests to a running guard, and what it refused of them",
    .lint = lint,
    .run = run,
};
