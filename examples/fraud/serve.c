/* fraud-serve: answers scoring requests over HTTP (KServe v1, Open Inference Protocol v2). */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "booster.h"
#include "cli.h"
#include "http.h"
#include "inference/preset.h"
#include "serve_config.h"

static const char *const answers[] = {"scores", "labels", NULL};

#define AT(field) offsetof(struct fraud_serve_settings, field)

static const struct fraud_option options[] = {
    {"--config", FRAUD_TEXT, AT(config), 0, 0, NULL,
     "JSON file with these settings; options go before it"},
    {"--model", FRAUD_TEXT, AT(model), 0, 0, NULL, "model file of fraud-train (model.json)"},
    {"--signature", FRAUD_TEXT, AT(signature), 0, 0, NULL,
     "the model's signature; it is loaded only if it is what was signed"},
    {"--key", FRAUD_TEXT, AT(key), 0, 0, NULL, "the public key that must have signed (PEM)"},
    {"--listen", FRAUD_TEXT, AT(listen), 0, 0, NULL,
     "address and port (127.0.0.1:8080); port 0 lets the system choose"},
    {"--name", FRAUD_TEXT, AT(name), 0, 0, NULL, "model name in paths (fraud)"},
    {"--version", FRAUD_TEXT, AT(version), 0, 0, NULL, "model version in answers (1)"},
    {"--answers", FRAUD_WORD, AT(answers), 0, 0, answers, "scores or labels (scores)"},
    {"--threshold", FRAUD_NUMBER, AT(threshold), 0, 1, NULL,
     "score from which the label is 1 (0.5)"},
    {"--decimals", FRAUD_COUNT, AT(decimals), 0, 9, NULL, "round scores to so many (not at all)"},
    {"--max-rows", FRAUD_COUNT, AT(max_rows), 1, 65536, NULL, "most rows of a request (1000)"},
    {"--max-body", FRAUD_COUNT, AT(max_body), 64, 67108864, NULL,
     "most bytes of a request (1048576)"},
    {"--log", FRAUD_TEXT, AT(log), 0, 0, NULL, "append a JSON line per request to this file"},
};

static const struct fraud_cli cli = {"fraud-serve", "answer scoring requests over HTTP", options,
                                     REDAN_COUNT(options)};

/* The file first, then the options again, which win. */
static enum redan_status settle(struct redan_ctx *ctx, int argc, char **argv,
                                struct fraud_serve_settings *settings)
{
    REDAN_TRY(fraud_cli_parse(ctx, &cli, argc, argv, settings));
    if (settings->config) {
        REDAN_TRY(fraud_serve_config(ctx, settings->config, settings));
        REDAN_TRY(fraud_cli_parse(ctx, &cli, argc, argv, settings));
    }
    if (!settings->signature != !settings->key)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "--signature and --key belong together: what was signed, and by whom");
    size_t len = strlen(settings->name);
    if (len == 0 || len > 64 ||
        strspn(settings->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789._-") != len)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "model name '%s': up to 64 letters, digits, '.', '_' and '-'",
                          settings->name);
    return REDAN_OK;
}

/* The service, and the memory it lives in: of two, so that the next one can be made while this one answers. */
struct holder {
    const struct fraud_service_settings *settings;
    struct fraud_service service;
    struct redan_ctx memory[2];
    unsigned used;
};

static void holder_done(struct holder *holder)
{
    fraud_service_done(&holder->service);
    redan_ctx_done(&holder->memory[holder->used]);
}

/* The model anew; the former one goes on when the new one is refused. */
static void reload(void *arg)
{
    struct holder *holder = arg;
    unsigned next = 1 - holder->used;
    struct redan_ctx *ctx = &holder->memory[next];
    struct fraud_service fresh = {.settings = NULL};

    redan_ctx_init(ctx, NULL);
    if (fraud_service_open(ctx, holder->settings, &fresh) != REDAN_OK) {
        (void)fraud_cli_failed(&cli, ctx);
        (void)fputs("fraud-serve: reload refused; the former model goes on\n", stderr);
        redan_ctx_done(ctx);
        return;
    }
    holder_done(holder);
    holder->service = fresh;
    holder->used = next;
    printf("reloaded model=%s%s%s\n", holder->settings->name, fresh.root[0] ? " verified=" : "",
           fresh.root);
    (void)fflush(stdout);
}

static enum redan_status run(struct redan_ctx *ctx, const struct fraud_serve_settings *settings)
{
    struct fraud_service_settings what = {
        .model = settings->model,
        .signature = settings->signature,
        .key = settings->key,
        .name = settings->name,
        .version = settings->version,
        .labels = strcmp(settings->answers, "labels") == 0,
        .threshold = settings->threshold,
        .decimals = (unsigned)settings->decimals,
        .rows = (size_t)settings->max_rows,
    };
    REDAN_DEFER(holder_done) struct holder holder = {.settings = &what};
    const struct fraud_http_settings http = {
        .listen = settings->listen,
        .body = (size_t)settings->max_body,
        .log = settings->log,
        .reload = reload,
        .arg = &holder,
    };
    int signals = -1;

    redan_ctx_init(&holder.memory[0], NULL);
    REDAN_TRY(fraud_http_signals(ctx, &signals));
    if (fraud_service_open(&holder.memory[0], &what, &holder.service) != REDAN_OK) {
        ctx->failure = holder.memory[0].failure;
        return ctx->failure.status;
    }
    return fraud_http_run(ctx, &holder.service, &http, signals);
}

int main(int argc, char **argv)
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {.now = 0};
    struct fraud_serve_settings settings = {
        .model = "model.json",
        .listen = "127.0.0.1:8080",
        .name = "fraud",
        .version = "1",
        .answers = "scores",
        .threshold = 0.5,
        .decimals = REDAN_DECIMALS_ALL,
        .max_rows = 1000,
        .max_body = 1048576,
    };

    fraud_booster_one_thread(argv);
    if (fraud_cli_help(&cli, argc, argv))
        return 0;
    redan_ctx_init(&ctx, NULL);
    if (settle(&ctx, argc, argv, &settings) != REDAN_OK || run(&ctx, &settings) != REDAN_OK)
        return fraud_cli_failed(&cli, &ctx);
    return 0;
}
