/* redan guard run: from a model server and a policy to a guarded endpoint, in one command. */
#include <stdio.h>
#include <unistd.h>

#include "cmd/cli_guard.h"
#include "cmd/command.h"
#include "cmd/nginx_run.h"
#include "guard/nginx_config.h"

static const struct redan_option options[] = {
    REDAN_GUARD_NGINX_OPTIONS,
    {"nginx", 0, "FILE", "the nginx to run; by default the distribution's"},
    {NULL, 0, NULL, NULL},
};

/* nginx's own words, as they are but for control characters. */
static void repeat_words(struct redan_ctx *ctx, struct redan_slice words)
{
    struct redan_slice copy = {0};

    if (redan_copy(ctx, words, &copy) != REDAN_OK)
        return;
    redan_cli_clean((char *)(uintptr_t)copy.at, copy.len);
    (void)fwrite(copy.at, 1, copy.len, stderr);
}

static enum redan_status check_config(struct redan_cli *cli, const struct redan_nginx_run *nginx)
{
    struct redan_slice words = {0};
    bool good = false;

    REDAN_TRY(redan_nginx_test(&cli->ctx, nginx, &good, &words));
    if (good)
        return REDAN_OK;
    repeat_words(&cli->ctx, words);
    return redan_fail(&cli->ctx, REDAN_E_IO, 0,
                      "nginx refuses to start, for the reason above; `redan guard config` with the "
                      "same options prints its configuration");
}

/* The first preset's path, with a model that the policy knows. */
static struct redan_slice example_path(struct redan_ctx *ctx, const struct redan_policy *policy)
{
    const struct redan_preset *preset = policy->presets ? policy->presets[0] : NULL;
    struct redan_slice model = policy->models.count ? policy->models.items[0] : REDAN_S("MODEL");
    struct redan_slice path = {0};

    if (!preset || !preset->before_model)
        return REDAN_S("/");
    if (!preset->after_model) /* its path names no model */
        return redan_slice_of(preset->before_model);
    if (redan_format(ctx, &path, "%s%.*s%s", preset->before_model, REDAN_FMT(model),
                     preset->after_model) != REDAN_OK)
        return REDAN_S("/");
    return path;
}

static void tell(struct redan_cli *cli, const struct redan_cli_guard *guard,
                 struct redan_slice listen)
{
    const struct redan_nginx_config *config = &guard->config;
    bool enforce =
        config->mode.len ? redan_slice_is(config->mode, "enforce") : guard->policy.enforce;
    bool socket = redan_slice_starts(listen, REDAN_S("unix:"));
    struct redan_slice path = example_path(&cli->ctx, &guard->policy);

    redan_cli_say(cli, "guarding %.*s at %.*s, policy %.*s, mode %s", REDAN_FMT(config->upstream),
                  REDAN_FMT(listen), REDAN_FMT(guard->policy.id), enforce ? "enforce" : "observe");
    if (socket)
        redan_cli_say(cli,
                      "try:     curl --unix-socket %.*s -H 'Content-Type: application/json' -d "
                      "@request.json http://localhost%.*s",
                      REDAN_FMT(redan_slice_sub(listen, 5, listen.len)), REDAN_FMT(path));
    else
        redan_cli_say(cli,
                      "try:     curl -H 'Content-Type: application/json' -d @request.json "
                      "%s://%.*s%.*s",
                      config->tls_cert.len ? "https" : "http", REDAN_FMT(listen), REDAN_FMT(path));
    if (config->status.len)
        redan_cli_say(cli, "metrics: %.*s, /redan/metrics; admit: /redan/admit",
                      REDAN_FMT(config->status));
    if (redan_slice_is(config->user, "root"))
        redan_cli_say(cli, "workers run as root; --user NAME makes them run as somebody else");
    redan_cli_say(cli, "a changed policy file is taken up within a second; stop with Ctrl-C");
}

static enum redan_status serve(struct redan_cli *cli, int *code)
{
    struct redan_cli_guard REDAN_DEFER(redan_cli_guard_done) guard = {0};
    struct redan_nginx_run REDAN_DEFER(redan_nginx_done) nginx = {0};
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice listen = {0};

    REDAN_TRY(redan_cli_guard_config(cli, true, &guard));
    REDAN_TRY(redan_nginx_find(ctx, redan_cli_value(cli, "nginx"), &nginx.program));
    REDAN_TRY(redan_nginx_address(ctx, "--listen", guard.config.listen, &listen));
    bool others = guard.config.user.len && !redan_slice_is(guard.config.user, "root");
    REDAN_TRY(redan_nginx_prepare(ctx, &nginx, redan_buf_view(&guard.text), others));
    REDAN_TRY(check_config(cli, &nginx));
    REDAN_TRY(redan_nginx_start(ctx, &nginx, listen));
    tell(cli, &guard, listen);
    *code = redan_nginx_wait(&nginx);
    if (*code == 0)
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_IO, 0, "nginx ended with exit code %d", *code);
}

static int run(struct redan_cli *cli)
{
    int code = 0;

    return serve(cli, &code) == REDAN_OK ? REDAN_EXIT_CLEAN : redan_cli_failed(cli);
}

const struct redan_command redan_cmd_guard_run = {
    .name = "guard run",
    .args = "",
    .summary = "run a guarded endpoint in front of a model server",
    .text =
        "Writes the configuration of `redan guard config` into a folder of its own, runs nginx "
        "there "
        "in the\n"
        "foreground, and removes the folder when it ends. SIGINT and SIGTERM stop it, SIGQUIT lets "
        "requests end\n"
        "first. A policy file that changes is taken up within a second, by all workers, without a "
        "reload.\n\n"
        "  redan guard run -u http://127.0.0.1:8000 -p guard.yaml\n"
        "  redan guard run -u http://127.0.0.1:8000 -p guard.yaml --mode observe --log\n"
        "  redan guard run -u http://127.0.0.1:8000 -p guard.yaml -l 0.0.0.0:8443 \\\n"
        "    --tls-cert chain.pem --tls-key key.pem --client-ca callers.pem \\\n"
        "    --user www-data\n"
        "  curl http://127.0.0.1:9151/redan/metrics\n\n"
        "Needs nginx and the module (apt-get install nginx nginx-dev before redan is built).\n\n"
        "Exit codes: 0 it was stopped; 2 usage; 3 nginx could not start, with its own words.",
    .options = options,
    .run = run,
};
