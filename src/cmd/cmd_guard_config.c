/* redan guard config: a complete nginx configuration for a guarded endpoint, to read, to change, or to run. */
#include "cmd/cli_guard.h"
#include "cmd/command.h"

static const struct redan_option options[] = {
    REDAN_GUARD_NGINX_OPTIONS,
    {NULL, 0, NULL, NULL},
};

static int run(struct redan_cli *cli)
{
    struct redan_cli_guard REDAN_DEFER(redan_cli_guard_done) guard = {0};

    if (redan_cli_guard_config(cli, false, &guard) != REDAN_OK)
        return redan_cli_failed(cli);
    if (cli->json) {
        const struct redan_cli_field fields[] = {{"config", redan_buf_view(&guard.text)}};
        redan_cli_object(cli, fields, REDAN_COUNT(fields));
        return REDAN_EXIT_CLEAN;
    }
    redan_buf_slice(&cli->out, redan_buf_view(&guard.text));
    if (guard.config.module.len == 0)
        redan_cli_say(cli,
                      "ngx_http_redan_module.so is not there: put its load_module first, or say "
                      "--module FILE");
    return REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_guard_config = {
    .name = "guard config",
    .args = "",
    .summary = "the nginx configuration of a guarded endpoint",
    .text =
        "Prints what `redan guard run` would run: nginx in front of your model server, each "
        "request "
        "judged by\n"
        "the policy before it is passed on, each answer before it leaves. Take it whole, or take "
        "the "
        "lines that\n"
        "begin with redan_ into your own configuration.\n\n"
        "  redan guard config -u http://127.0.0.1:8000 -p guard.yaml > nginx.conf\n"
        "  nginx -p /srv/guard -c nginx.conf -t        # does nginx take it?\n"
        "  redan guard config -u http://10.0.0.7:8000 -p guard.yaml -l 0.0.0.0:8443 \\\n"
        "    --tls-cert chain.pem --tls-key key.pem --client-ca callers.pem\n"
        "  redan guard config -u unix:/run/model.sock -p guard.yaml --identity '$http_x_user'\n\n"
        "The identity is what the policy calls a caller by. A header can be set by anybody: take "
        "one "
        "only when\n"
        "a proxy of yours sets it and removes what callers send.\n\n"
        "Exit codes: 0 printed; 2 usage; 3 the policy could not be read.",
    .options = options,
    .run = run,
};
