/* redan keys sign: the root's signature over keys.yaml or org.yaml. */
#include "cmd/cli_ring.h"
#include "cmd/command.h"
#include "io/file.h"

static const struct redan_option options[] = {
    REDAN_SIGN_OPTIONS,
    {NULL, 0, NULL, NULL},
};

static enum redan_status open_root(struct redan_cli *cli, struct redan_cli_ring *edit)
{
    struct redan_slice key = redan_cli_value(cli, "key");
    struct redan_slice ssh = redan_cli_value(cli, "ssh-key");

    if (key.len == 0 && ssh.len == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--key FILE is needed: a root key");
    REDAN_TRY(redan_cli_keyring(cli, edit->folder, &edit->present, &edit->ring));
    if (!edit->present)
        return redan_fail(&cli->ctx, REDAN_E_ABSENT, 0,
                          "there is no keys.yaml in %.*s to name the root",
                          REDAN_FMT(edit->folder));
    REDAN_TRY(redan_cli_root_signer(cli, &edit->ring, key.len ? key : ssh, key.len == 0, true,
                                    &edit->signers[0]));
    edit->signer_count = 1;
    return REDAN_OK;
}

/* From now on an org.yaml that is gone shows. */
static enum redan_status require_org(struct redan_cli *cli, struct redan_cli_ring *edit)
{

    if (edit->ring.org_required)
        return REDAN_OK;
    edit->ring.org_required = true;
    REDAN_TRY(redan_cli_ring_save(cli, edit));
    redan_cli_say(cli, "keys.yaml, version %llu, now says that org.yaml must lie beside it",
                  (unsigned long long)edit->ring.version);
    return REDAN_OK;
}

static enum redan_status sign(struct redan_cli *cli)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_cli_ring REDAN_DEFER(redan_cli_ring_done) edit = {0};
    struct redan_slice name = redan_path_name(cli->args[0]);
    struct redan_slice path = {0};
    struct redan_slice text = {0};
    struct redan_slice signature = {0};
    uint64_t found = 0;

    if (!redan_slice_is(name, "keys.yaml") && !redan_slice_is(name, "org.yaml"))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "the root signs keys.yaml and org.yaml");
    if (name.len < cli->args[0].len) /* the file that was named, not another of that name */
        edit.folder = redan_path_folder(cli->args[0]);
    else
        REDAN_TRY(redan_cli_keys_folder(cli, &edit.folder));
    REDAN_TRY(open_root(cli, &edit));
    REDAN_TRY(redan_path_join(ctx, edit.folder, name, &path));
    REDAN_TRY(redan_file_read(ctx, path, ctx->limits.yaml, false, &text));
    REDAN_TRY(redan_cli_root_sign(cli, &edit.ring, edit.folder, name, text, edit.signers, 1,
                                  &signature, &found));
    REDAN_TRY(redan_cli_root_write(cli, edit.folder, name, signature));
    redan_cli_say(cli, "%.*s holds %llu of %llu signatures of the root", REDAN_FMT(name),
                  (unsigned long long)found, (unsigned long long)edit.ring.root_threshold);
    if (redan_slice_is(name, "org.yaml"))
        REDAN_TRY(require_org(cli, &edit));
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
    .text = "Where the root's threshold is above one, each holder of a root key signs in turn; "
            "nothing passes\n"
            "before there are enough. After a handover the keys of the former root may sign too.",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
