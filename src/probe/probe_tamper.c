/* Starts a service with copies of a released model that somebody changed, and with the genuine one: which of them does it load? */
#include <string.h>

#include "io/process.h"
#include "probe/tamper_copy.h"
#include "record/import.h"

enum { POLL_SECONDS = 2, CANNOT_RUN = 126, NOT_FOUND = 127, KILLED = 128, STEP = 20 };

enum outcome { REFUSED, LOADED, CRASHED };

struct tamper {
    struct redan_ctx *ctx;
    const struct redan_probe *probe;
    struct redan_tamper_copy copy;
    const char **argv;
    struct redan_node *tried;
    struct redan_node *loaded;
    uint64_t starts;
    uint64_t tampered_loaded;
    uint64_t crashed;
    struct redan_slice said; /* by a service that did not load the genuine model */
};

static void tamper_done(struct tamper *t)
{
    redan_tamper_copy_done(&t->copy);
}

static bool names(const struct redan_texts *argv, const char *word)
{
    for (size_t i = 0; i < argv->count; i++) {
        if (memmem(argv->items[i].at, argv->items[i].len, word, strlen(word)))
            return true;
    }
    return false;
}

static const char *lint(const struct redan_probe *probe)
{
    if (probe->model.len == 0)
        return "it has no model; add model: PATH, the file or folder that is released";
    if (probe->argv.count == 0 || probe->argv.items[0].len == 0)
        return "it has no argv; add argv: [PROGRAM, ..., \"{model}\"], which starts the service";
    if (!names(&probe->argv, "{model}"))
        return "no argument is {model}, so the service would not be given the copies";
    if (probe->signature.len == 0 && names(&probe->argv, "{signature}"))
        return "{signature} stands for a copy of signature; add signature: FILE";
    if (probe->preset.len > 0 || probe->body.len > 0)
        return "preset and body belong to probes of the other kinds; remove them";
    return NULL;
}

static enum redan_status replaced(struct tamper *t, struct redan_slice argument, const char **text)
{
    const struct {
        struct redan_slice word;
        struct redan_slice path;
    } words[] = {{REDAN_S("{model}"), t->copy.model}, {REDAN_S("{signature}"), t->copy.signature}};
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    struct redan_slice copy = {0};

    if (memchr(argument.at, '\0', argument.len))
        return redan_fail(t->ctx, REDAN_E_SCHEMA, 0, "an argument of argv holds a NUL byte");
    redan_buf_init(&out, t->ctx, 1 << 20);
    while (argument.len) {
        size_t taken = 0;
        for (size_t i = 0; i < REDAN_COUNT(words) && !taken; i++) {
            if (!redan_slice_starts(argument, words[i].word))
                continue;
            redan_buf_slice(&out, words[i].path);
            taken = words[i].word.len;
        }
        if (!taken)
            redan_buf_char(&out, argument.at[0]);
        argument = redan_slice_sub(argument, taken ? taken : 1, argument.len);
    }
    REDAN_TRY(redan_buf_ok(t->ctx, &out, "an argument"));
    REDAN_TRY(redan_copy(t->ctx, redan_buf_view(&out), &copy));
    *text = copy.at;
    return REDAN_OK;
}

/* Whether anything that answers is there. What is wrong with the address itself is a failure. */
static enum redan_status answers(const struct tamper *t, bool *any, bool *ready)
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx own = {.now = 0};
    const struct redan_http_request request = {
        .method = REDAN_S("GET"), .url = t->probe->url, .seconds = POLL_SECONDS};
    struct redan_http_response response;

    redan_ctx_init(&own, &t->ctx->limits);
    enum redan_status status = redan_http_send(&own, &request, &response);
    *any = status == REDAN_OK;
    *ready = *any && response.status >= 200 && response.status < 300;
    if (status == REDAN_OK || status == REDAN_E_IO)
        return REDAN_OK;
    return redan_fail(t->ctx, status, 0, "%s", own.failure.text);
}

static bool is_ready(void *arg)
{
    bool any = false;
    bool ready = false;

    return answers(arg, &any, &ready) != REDAN_OK || ready;
}

static enum redan_status alone(const struct tamper *t)
{
    bool any = false;
    bool ready = false;

    if (t->probe->url.len == 0)
        return REDAN_OK;
    REDAN_TRY(answers(t, &any, &ready));
    if (!any)
        return REDAN_OK;
    return redan_fail(t->ctx, REDAN_E_IO, 0,
                      "something answers at %.*s already, and the probe starts a service of its "
                      "own; give it a free port",
                      REDAN_FMT(t->probe->url));
}

/* A service that was killed by what it read had not refused to read it. */
static enum redan_status judge(struct tamper *t, const char *what,
                               const struct redan_process_result *result, enum outcome *outcome)
{
    bool serves = t->probe->url.len > 0;

    if (result->timed_out)
        return redan_fail(t->ctx, REDAN_E_IO, 0,
                          serves ? "with the %s model the service neither was ready nor ended "
                                   "within %u seconds"
                                 : "with the %s model the command did not end within %u seconds; "
                                   "for a service that goes on, add url: where it answers",
                          what, redan_probe_seconds(t->probe));
    if (result->exit_code == CANNOT_RUN || result->exit_code == NOT_FOUND)
        return redan_fail(t->ctx, REDAN_E_IO, 0, "the service cannot be run (exit code %d)",
                          result->exit_code);
    if (result->stopped || (!serves && result->exit_code == 0))
        *outcome = LOADED;
    else if (result->exit_code >= KILLED)
        *outcome = CRASHED;
    else if (result->exit_code != 0)
        *outcome = REFUSED;
    else
        return redan_fail(t->ctx, REDAN_E_IO, 0,
                          "with the %s model the service ended with 0 and never was ready: it must "
                          "stay in the foreground",
                          what);
    return REDAN_OK;
}

static enum redan_status start(struct tamper *t, const char *what, enum outcome *outcome,
                               struct redan_process_result *result)
{
    const struct redan_process process = {.argv = t->argv,
                                          .seconds = redan_probe_seconds(t->probe),
                                          .enough = t->probe->url.len ? is_ready : NULL,
                                          .arg = t};

    REDAN_TRY(alone(t));
    REDAN_TRY(redan_process_run(t->ctx, &process, result));
    if (t->ctx->failure.status != REDAN_OK)
        return t->ctx->failure.status;
    t->starts++;
    return judge(t, what, result, outcome);
}

static enum redan_status genuine(struct tamper *t, bool *loaded)
{
    struct redan_process_result result;
    enum outcome outcome = REFUSED;
    char line[REDAN_PROBE_LINE];

    REDAN_TRY(start(t, "genuine", &outcome, &result));
    *loaded = outcome == LOADED;
    if (*loaded)
        return REDAN_OK;
    redan_probe_last_line(result.err, line);
    return redan_copy(t->ctx, redan_slice_of(line), &t->said);
}

static enum redan_status tampered(struct tamper *t, enum redan_tampering how)
{
    struct redan_slice word = redan_slice_of(redan_tampering_words[how]);
    struct redan_process_result result;
    enum outcome outcome = REFUSED;

    REDAN_TRY(redan_tamper_copy_change(t->ctx, &t->copy, how));
    REDAN_TRY(start(t, redan_tampering_words[how], &outcome, &result));
    t->crashed += outcome == CRASHED;
    t->tampered_loaded += outcome != REFUSED;
    if (!redan_node_add_text(t->ctx, t->tried, NULL, word) ||
        (outcome != REFUSED && !redan_node_add_text(t->ctx, t->loaded, NULL, word)))
        return REDAN_E_MEMORY;
    return REDAN_OK;
}

/* The genuine one first and last: a service that would not start at all refuses nothing. */
static enum redan_status try_all(struct tamper *t, bool *loads)
{
    REDAN_TRY(genuine(t, loads));
    for (int how = 0; how < REDAN_TAMPERINGS && *loads; how++) {
        if (redan_tamper_copy_can(&t->copy, (enum redan_tampering)how))
            REDAN_TRY(tampered(t, (enum redan_tampering)how));
    }
    if (!*loads)
        return REDAN_OK;
    REDAN_TRY(redan_tamper_copy_restore(t->ctx, &t->copy));
    return genuine(t, loads);
}

static enum redan_status prepare(struct tamper *t, struct redan_node *map)
{
    struct redan_ctx *ctx = t->ctx;
    const struct redan_texts *argv = &t->probe->argv;
    const struct redan_tamper_wanted wanted = {
        .model = t->probe->model, .signature = t->probe->signature, .other = t->probe->swap};

    t->tried = redan_node_add_kind(ctx, map, "tried", REDAN_NODE_LIST);
    t->loaded = redan_node_add_kind(ctx, map, "loaded", REDAN_NODE_LIST);
    t->argv = redan_take_array(ctx, argv->count + 1, sizeof(*t->argv));
    if (!t->tried || !t->loaded || !t->argv)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_tamper_copy_make(ctx, &wanted, &t->copy));
    for (size_t i = 0; i < argv->count; i++)
        REDAN_TRY(replaced(t, argv->items[i], &t->argv[i]));
    return REDAN_OK;
}

static enum redan_status run(struct redan_ctx *ctx, const struct redan_probe *probe,
                             struct redan_probed *probed)
{
    REDAN_DEFER(tamper_done) struct tamper t = {.ctx = ctx, .probe = probe};
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_slice digest = {0};
    bool loads = false;

    redan_tamper_copy_init(&t.copy);
    if (!map)
        return REDAN_E_MEMORY;
    REDAN_TRY(prepare(&t, map));
    REDAN_TRY(try_all(&t, &loads));
    REDAN_TRY(redan_digest_text(ctx, &t.copy.tree.digest, &digest));
    if (!redan_node_add_number(ctx, map, "tampered_loaded", (double)t.tampered_loaded) ||
        !redan_node_add_number(ctx, map, "genuine_loaded", loads) ||
        !redan_node_add_number(ctx, map, "crashed", (double)t.crashed) ||
        !redan_node_add_text(ctx, map, "digest", digest) ||
        (t.said.len && !redan_node_add_text(ctx, map, "said", t.said)))
        return REDAN_E_MEMORY;
    *probed = (struct redan_probed){.observed = map,
                                    .n = loads ? t.starts : 0, /* it proves nothing then */
                                    .has_artefact = true,
                                    .artefact = t.copy.tree.digest};
    return REDAN_OK;
}

const struct redan_probe_kind redan_probe_tamper = {
    .name = "tamper",
    .title = "a service started with changed copies of the model, and with the genuine one",
    .lint = lint,
    .run = run,
};
