/* redan scan tables: the names that pickles may import, to read, to change, and to sign. */
#include "cmd/cli_keys.h"
#include "cmd/command.h"
#include "cmd/scan_tables.h"
#include "io/file.h"
#include "io/spool.h"
#include "scan/policy.h"

static const struct redan_option options[] = {
    REDAN_SIGN_OPTIONS,
    {"output", 'o', "FILE", "where the signed tables go"},
    {NULL, 0, NULL, NULL},
};

static enum redan_status print(struct redan_cli *cli)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    struct redan_growing REDAN_DEFER(redan_growing_done) out = {.folder = -1};

    redan_buf_init(&text, &cli->ctx, REDAN_SCAN_TABLES_MOST);
    redan_scan_tables_add(&text);
    REDAN_TRY(redan_buf_ok(&cli->ctx, &text, "the tables"));
    REDAN_TRY(redan_growing_open(&cli->ctx, redan_cli_value(cli, "output"), &out));
    REDAN_TRY(redan_growing_add(&cli->ctx, &out, redan_buf_view(&text)));
    return redan_growing_keep(&cli->ctx, &out);
}

static enum redan_status sign(struct redan_cli *cli)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_keyring REDAN_DEFER(redan_keyring_done) ring = {0};
    struct redan_cli_signer REDAN_DEFER(redan_cli_signer_done) signer = {0};
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    struct redan_dsse envelope = {.payload_type = REDAN_S(REDAN_SCAN_TABLES_TYPE)};
    const struct redan_scan_tables *tables = NULL;
    struct redan_slice path = redan_cli_value(cli, "output");
    struct redan_slice folder = {0};
    bool present = false;

    if (path.len == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--output FILE is needed");
    REDAN_TRY(redan_file_read(ctx, cli->args[0], REDAN_SCAN_TABLES_MOST, true, &envelope.payload));
    enum redan_status status = redan_scan_tables_parse(ctx, envelope.payload, true, &tables);
    redan_fail_name(ctx, cli->args[0]);
    REDAN_TRY(status);
    REDAN_TRY(redan_cli_keys_folder(cli, &folder));
    REDAN_TRY(redan_cli_keyring(cli, folder, &present, &ring));
    REDAN_TRY(redan_cli_signer_open(cli, &ring, &signer));
    REDAN_TRY(redan_cli_signer_sign(cli, &signer, &envelope));
    redan_buf_init(&out, ctx, 2 * (size_t)REDAN_SCAN_TABLES_MOST);
    redan_dsse_add(&out, &envelope);
    REDAN_TRY(redan_buf_ok(ctx, &out, "the signed tables"));
    REDAN_TRY(redan_file_replace(ctx, path, 0644, redan_buf_view(&out)));
    redan_cli_say(cli, "signed %zu rows into %.*s", redan_scan_tables_rows(tables),
                  REDAN_FMT(path));
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    enum redan_status status = cli->arg_count ? sign(cli) : print(cli);

    return status == REDAN_OK ? REDAN_EXIT_CLEAN : redan_cli_failed(cli);
}

const struct redan_command redan_cmd_scan_tables = {
    .name = "scan tables",
    .args = "[FILE]",
    .summary = "the names that pickles may import: print them, or sign others",
    .text =
        "Without FILE it prints the tables that are built in. With FILE it signs that text, for "
        "redan scan\n"
        "--tables, with a key of the root or of a " REDAN_SCAN_TABLES_ROLE " in keys.yaml.\n\n"
        "  redan scan tables > names.tsv\n"
        "  redan scan tables names.tsv --key lead.pem -o names.dsse.json\n"
        "  redan scan models/ --tables names.dsse.json",
    .options = options,
    .most = 1,
    .run = run,
};
