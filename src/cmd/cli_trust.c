/* Looks for the trust root in the order in which people expect it, and reads the first that is there. */
#include "cmd/cli_trust.h"

#include <stdlib.h>

#include "base/clock.h"
#include "io/file.h"

#define MACHINE_ROOT "/etc/redan/trusted_root.json"
#define FILE_NAME "redan/trusted_root.json"

enum redan_status redan_cli_trust_place(struct redan_cli *cli, struct redan_slice *path)
{
    struct redan_slice config = redan_slice_of(getenv("XDG_CONFIG_HOME"));
    struct redan_slice home = redan_slice_of(getenv("HOME"));

    if (config.len && config.at[0] == '/')
        return redan_path_join(&cli->ctx, config, REDAN_S(FILE_NAME), path);
    if (home.len && home.at[0] == '/')
        return redan_path_join(&cli->ctx, home, REDAN_S(".config/" FILE_NAME), path);
    return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                      "there is no home to keep a trust root in; say where: --output FILE");
}

static enum redan_status read_root(struct redan_cli *cli, struct redan_slice path,
                                   struct redan_cli_trust *trust)
{
    struct redan_slice text = {0};

    REDAN_TRY(redan_file_read(&cli->ctx, path, REDAN_TRUST_TEXT, true, &text));
    enum redan_status status = redan_trust_root_parse(&cli->ctx, text, &trust->root);
    redan_fail_name(&cli->ctx, path);
    REDAN_TRY(status);
    trust->source = path;
    trust->loaded = true;
    return REDAN_OK;
}

enum redan_status redan_cli_trust_present(struct redan_cli *cli, struct redan_cli_trust *trust)
{
    struct redan_slice own = {0};

    if (redan_cli_trust_place(cli, &own) != REDAN_OK)
        redan_fail_clear(&cli->ctx); /* without a home there is none of one's own */
    if (own.len && redan_file_exists(&cli->ctx, own))
        return read_root(cli, own, trust);
    if (redan_file_exists(&cli->ctx, REDAN_S(MACHINE_ROOT)))
        return read_root(cli, REDAN_S(MACHINE_ROOT), trust);
    REDAN_TRY(redan_trust_root_builtin(&cli->ctx, &trust->root));
    trust->source = REDAN_S("built in");
    trust->loaded = true;
    return REDAN_OK;
}

enum redan_status redan_cli_trust_open(struct redan_cli *cli, struct redan_cli_trust *trust)
{
    struct redan_slice path = redan_cli_value(cli, "trust-root");

    if (!redan_cli_has(cli, "trust-root"))
        return redan_cli_trust_present(cli, trust);
    if (path.len == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--trust-root is empty: is the variable set?");
    trust->given = true;
    return read_root(cli, path, trust);
}

void redan_cli_trust_done(struct redan_cli_trust *trust)
{
    if (trust->loaded)
        redan_trust_root_done(&trust->root);
    trust->loaded = false;
}

void redan_cli_trust_line(struct redan_buf *out, const struct redan_cli *cli,
                          const struct redan_cli_trust *trust)
{
    int64_t age = cli->ctx.now - trust->root.newest;
    char date[REDAN_TIME_TEXT];
    char span[REDAN_TIME_TEXT];

    redan_date_text(trust->root.newest, date);
    redan_buf_printf(out, "%.*s, newest entry of %s", REDAN_FMT(trust->source), date);
    if (age <= 0)
        return;
    redan_span_text(age, span);
    redan_buf_printf(out, " (%s ago)", span);
}
