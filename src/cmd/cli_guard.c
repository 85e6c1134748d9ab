/* Reads the options of a guarded endpoint, its policy, and where the nginx module lies. */
#include "cmd/cli_guard.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/file.h"
#include "io/os.h"

enum { POLICY_TEXT = 1 << 20, CONFIG_TEXT = 1 << 20 };

/* Where it is beside this program: in a build folder, or below the same prefix. */
static const char *const beside[] = {"ngx_http_redan_module.so",
                                     REDAN_MODULE_FOLDER "/ngx_http_redan_module.so", NULL};
static const char *const places[] = {"/usr/lib/nginx/modules/ngx_http_redan_module.so",
                                     "/usr/local/lib/nginx/modules/ngx_http_redan_module.so", NULL};

/* nginx does not share our working folder. */
static enum redan_status absolute(struct redan_ctx *ctx, struct redan_slice path,
                                  struct redan_slice *full)
{
    char text[REDAN_OS_PATH];
    char whole[PATH_MAX];

    REDAN_TRY(redan_os_path(ctx, path, text));
    if (!realpath(text, whole))
        return redan_fail(ctx, REDAN_E_ABSENT, 0, "%.*s: there is no such file", REDAN_FMT(path));
    return redan_copy(ctx, redan_slice_of(whole), full);
}

static enum redan_status file_option(struct redan_cli *cli, const char *name,
                                     struct redan_slice *full)
{
    struct redan_slice value = redan_cli_value(cli, name);

    if (!redan_cli_has(cli, name))
        return REDAN_OK;
    if (value.len == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--%s is empty: is the variable set?", name);
    return absolute(&cli->ctx, value, full);
}

static enum redan_status find_module(struct redan_cli *cli, bool need, struct redan_slice *module)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice self = {0};
    struct redan_slice path = {0};
    char text[PATH_MAX];

    REDAN_TRY(file_option(cli, "module", module));
    if (module->len)
        return REDAN_OK;
    if (realpath("/proc/self/exe", text)) {
        REDAN_TRY(redan_copy(ctx, redan_path_folder(redan_slice_of(text)), &self));
        for (size_t i = 0; beside[i]; i++) {
            REDAN_TRY(redan_path_join(ctx, self, redan_slice_of(beside[i]), &path));
            if (redan_file_exists(ctx, path))
                return absolute(ctx, path, module);
        }
    }
    for (size_t i = 0; places[i]; i++) {
        if (redan_file_exists(ctx, redan_slice_of(places[i])))
            return absolute(ctx, redan_slice_of(places[i]), module);
    }
    if (!need)
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_ABSENT, 0,
                      "ngx_http_redan_module.so is not there: build redan with nginx-dev installed "
                      "(apt-get install nginx nginx-dev), or say where it is: --module FILE");
}

static enum redan_status read_policy(struct redan_cli *cli, struct redan_slice file,
                                     struct redan_policy *policy)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_problems problems;
    struct redan_slice text = {0};

    REDAN_TRY(redan_file_read(ctx, file, POLICY_TEXT, true, &text));
    redan_problems_init(&problems, ctx, file);
    enum redan_status status = redan_policy_parse(&problems, redan_path_folder(file), text, policy);
    if (status == REDAN_OK && problems.first)
        status = redan_fail_at(ctx, REDAN_E_SCHEMA, problems.first->line, problems.first->column,
                               "%.*s%s%.*s", REDAN_FMT(problems.first->text),
                               problems.first->fix.len ? "; " : "", REDAN_FMT(problems.first->fix));
    redan_fail_name(ctx, file);
    return status;
}

static struct redan_slice value_or(const struct redan_cli *cli, const char *name,
                                   const char *otherwise)
{
    return redan_cli_has(cli, name) ? redan_cli_value(cli, name) : redan_slice_of(otherwise);
}

static enum redan_status none_empty(struct redan_cli *cli)
{
    static const char *const names[] = {"upstream", "policy",    "listen",  "status", "identity",
                                        "mode",     "zone-size", "workers", "user",   NULL};

    for (size_t i = 0; names[i]; i++) {
        if (redan_cli_has(cli, names[i]) && redan_cli_value(cli, names[i]).len == 0)
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--%s is empty: is the variable set?",
                              names[i]);
    }
    if (!redan_cli_has(cli, "upstream") || !redan_cli_has(cli, "policy"))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "say what is guarded and how: --upstream URL --policy FILE");
    return REDAN_OK;
}

enum redan_status redan_cli_guard_config(struct redan_cli *cli, bool running,
                                         struct redan_cli_guard *guard)
{
    struct redan_nginx_config *config = &guard->config;
    struct redan_ctx *ctx = &cli->ctx;

    redan_buf_init(&guard->text, ctx, CONFIG_TEXT);
    REDAN_TRY(none_empty(cli));
    REDAN_TRY(file_option(cli, "policy", &config->policy));
    REDAN_TRY(read_policy(cli, redan_cli_value(cli, "policy"), &guard->policy));
    REDAN_TRY(find_module(cli, running, &config->module));
    REDAN_TRY(file_option(cli, "upstream-ca", &config->upstream_ca));
    REDAN_TRY(file_option(cli, "tls-cert", &config->tls_cert));
    REDAN_TRY(file_option(cli, "tls-key", &config->tls_key));
    REDAN_TRY(file_option(cli, "client-ca", &config->client_ca));
    config->upstream = redan_cli_value(cli, "upstream");
    config->listen = value_or(cli, "listen", "8080");
    config->status = value_or(cli, "status", "127.0.0.1:9151");
    if (redan_slice_is(config->status, "none"))
        config->status = (struct redan_slice){0};
    config->identity = redan_cli_value(cli, "identity");
    config->mode = redan_cli_value(cli, "mode");
    config->zone_size = value_or(cli, "zone-size", "16m");
    config->workers = value_or(cli, "workers", "auto");
    config->user = redan_cli_value(cli, "user");
    if (running && geteuid() == 0 && config->user.len == 0)
        config->user = REDAN_S("root"); /* what root alone can read, workers must read too */
    config->log = redan_cli_has(cli, "log");
    config->kind = guard->policy.identity.kind;
    config->request_bytes = guard->policy.bytes;
    return redan_nginx_config_write(ctx, config, &guard->text);
}

void redan_cli_guard_done(struct redan_cli_guard *guard)
{
    redan_buf_done(&guard->text);
}
