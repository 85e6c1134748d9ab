/* redan trust show: whom a keyless signature is believed from, since when, and where that was read. */
#include "base/clock.h"
#include "cmd/cli_trust.h"
#include "cmd/command.h"
#include "codec/json.h"

static const struct redan_option options[] = {
    REDAN_TRUST_OPTION,
    {NULL, 0, NULL, NULL},
};

static enum redan_status text(struct redan_cli *cli, const struct redan_cli_trust *trust,
                              const struct redan_cli_trusted *list, size_t count)
{
    struct redan_slice digest = {0};

    REDAN_TRY(redan_digest_text(&cli->ctx, &trust->root.digest, &digest));
    redan_buf_text(&cli->out, "trust root: ");
    redan_cli_trust_line(&cli->out, cli, trust);
    redan_buf_printf(&cli->out, "\n%.*s\n", REDAN_FMT(digest));
    for (size_t i = 0; i < count; i++) {
        redan_cli_trusted_line(&cli->out, &list[i]);
        redan_buf_char(&cli->out, '\n');
    }
    return REDAN_OK;
}

static enum redan_status json(struct redan_cli *cli, const struct redan_cli_trust *trust,
                              const struct redan_cli_trusted *list, size_t count)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_node *items = NULL;
    struct redan_slice digest = {0};
    char newest[REDAN_TIME_TEXT];

    REDAN_TRY(redan_digest_text(ctx, &trust->root.digest, &digest));
    redan_time_text(trust->root.newest, newest);
    if (!map || !redan_node_add_text(ctx, map, "source", trust->source) ||
        !redan_node_add_text(ctx, map, "digest", digest) ||
        !redan_node_add_text(ctx, map, "newest", redan_slice_of(newest)) ||
        !(items = redan_node_add_kind(ctx, map, "trusted", REDAN_NODE_LIST)))
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++)
        REDAN_TRY(redan_cli_trusted_node(ctx, &list[i], items));
    redan_json_tree_add(&cli->out, map);
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    struct redan_cli_trust REDAN_DEFER(redan_cli_trust_done) trust = {0};
    struct redan_cli_trusted *list = NULL;
    size_t count = 0;

    if (redan_cli_trust_open(cli, &trust) != REDAN_OK ||
        redan_cli_trust_list(&cli->ctx, &trust.root, &list, &count) != REDAN_OK ||
        (cli->json ? json : text)(cli, &trust, list, count) != REDAN_OK)
        return redan_cli_failed(cli);
    return REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_trust_show = {
    .name = "trust show",
    .args = "",
    .summary = "whom keyless signatures are believed from, and where that was read",
    .text =
        "Keyless (Sigstore) signatures are verified offline against one file, the trust root: the "
        "authorities that\n"
        "issue certificates, the logs, the time-stamping authorities, and when each counts. It is "
        "looked for in\n"
        "this order: --trust-root, $XDG_CONFIG_HOME/redan/trusted_root.json (or ~/.config), "
        "/etc/redan/trusted_root.json,\n"
        "then the one that is built in, of Sigstore's public instance.\n\n"
        "  redan trust show\n"
        "  redan trust show --trust-root private/trusted_root.json --json\n"
        "  redan trust update --file trusted_root.json",
    .options = options,
    .run = run,
};
