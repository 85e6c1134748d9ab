/* redan inspect: what a signature says, in words; nothing of it is verified. */
#include "cmd/cli_model.h"
#include "cmd/command.h"
#include "cmd/inspect.h"
#include "codec/json.h"
#include "io/file.h"

static enum redan_status inspect(struct redan_cli *cli, bool *malformed)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice file = cli->args[0];
    struct redan_bundle bundle = {0};
    struct redan_node *root = NULL;
    struct redan_slice text = {0};

    if (redan_folder_exists(ctx, file)) /* a signed model: its signature is meant */
        REDAN_TRY(redan_path_join(ctx, file, REDAN_S("model.sig"), &file));
    REDAN_TRY(redan_file_read(ctx, file, REDAN_BUNDLE_MAX, true, &text));
    enum redan_status status = redan_bundle_parse(ctx, text, &bundle);
    *malformed = status == REDAN_E_SYNTAX || status == REDAN_E_SCHEMA || status == REDAN_E_LIMIT;
    redan_fail_name(ctx, file);
    REDAN_TRY(status);
    REDAN_TRY(redan_inspect_tree(cli, file, &bundle, &root));
    if (cli->json)
        redan_json_tree_add(&cli->out, root);
    else
        redan_inspect_text(&cli->out, root);
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    bool malformed = false;

    redan_cli_model_room(cli);
    if (inspect(cli, &malformed) == REDAN_OK)
        return REDAN_EXIT_CLEAN;
    int code = redan_cli_failed(cli);
    return malformed ? REDAN_EXIT_FINDINGS : code;
}

const struct redan_command redan_cmd_inspect = {
    .name = "inspect",
    .args = "BUNDLE",
    .summary = "what a signature says, in words; nothing is verified",
    .text =
        "Who it says signed, the certificate's names and validity, log entries and timestamps as "
        "they claim to\n"
        "be, and what was signed: how many files, by which hash, what was left out. Any Sigstore "
        "bundle is read.\n"
        "Believe none of it before redan verify says so.\n\n"
        "  redan inspect model/                            # its model.sig\n"
        "  redan inspect model/model.sig\n"
        "  redan inspect model/model.sig --json\n\n"
        "Exit codes: 0 it could be read; 1 it is no bundle; 2 usage; 3 could not be read.",
    .least = 1,
    .most = 1,
    .run = run,
};
