/* redan keys sign: the root's signature over keys.yaml or org.yaml. */
#include "cmd/cli_keys.h"
#include "cmd/command.h"
#include "io/file.h"

static const struct redan_option options[] = {
    {"key", 'k', "FILE", "private key of the root"},
    {NULL, 0, NULL, NULL},
};

static enum redan_status sign(struct redan_cli *cli)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_keyring REDAN_DEFER(redan_keyring_done) ring = {0};
    struct redan_key *REDAN_DEFER(redan_key_drop) key = NULL;
    struct redan_slice name = redan_path_name(cli->args[0]);
    struct redan_slice folder = {0};
    struct redan_slice path = {0};
    struct redan_slice text = {0};
    bool present = false;
    size_t count = 0;

    if (!redan_slice_is(name, "keys.yaml") && !redan_slice_is(name, "org.yaml"))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "the root signs keys.yaml and org.yaml");
    if (redan_cli_value(cli, "key").len == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--key FILE is needed: a root key");
    if (name.len < cli->args[0].len) /* the file that was named, not another of that name */
        folder = redan_path_folder(cli->args[0]);
    else
        REDAN_TRY(redan_cli_keys_folder(cli, &folder));
    REDAN_TRY(redan_cli_keyring(cli, folder, &present, &ring));
    if (!present)
        return redan_fail(ctx, REDAN_E_ABSENT, 0, "there is no keys.yaml in %.*s to name the root",
                          REDAN_FMT(folder));
    REDAN_TRY(redan_path_join(ctx, folder, name, &path));
    REDAN_TRY(redan_file_read(ctx, path, ctx->limits.yaml, false, &text));
    REDAN_TRY(redan_cli_root_key(cli, &ring, redan_cli_value(cli, "key"), &key));
    REDAN_TRY(redan_cli_root_sign(cli, folder, name, text, key, &count));
    redan_cli_say(cli, "%.*s holds %zu of %llu signatures of the root", REDAN_FMT(name), count,
                  (unsigned long long)ring.root_threshold);
    const struct redan_cli_field fields[] = {{"file", path}};
    redan_cli_object(cli, fields, REDAN_COUNT(fields));
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    return sign(cli) == REDAN_OK ? REDAN_EXIT_CLEAN : redan_cli_failed(cli);
}

const struct redan_command redan_cmd_keys_sign = {
    .name = "keys sign",
    .args = "keys.yaml | org.yaml",
    .summary = "the root's signature over keys.yaml or org.yaml",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
