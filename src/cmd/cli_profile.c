/* A reference profile written where --out says, signed when there is a key. */
#include "cmd/cli_profile.h"

#include "io/file.h"

enum redan_status redan_cli_statement_sign(struct redan_cli *cli, struct redan_slice payload,
                                           struct redan_buf *out, bool *is_signed)
{
    struct redan_cli_signer REDAN_DEFER(redan_cli_signer_done) signer = {0};
    struct redan_dsse envelope = {.payload_type = REDAN_S(REDAN_DSSE_INTOTO), .payload = payload};
    struct redan_slice key = redan_cli_value(cli, "key");
    struct redan_slice ssh = redan_cli_value(cli, "ssh-key");

    *is_signed = key.len || ssh.len;
    if (!*is_signed) {
        redan_buf_slice(out, payload);
        redan_buf_char(out, '\n');
        return REDAN_OK;
    }
    if (key.len && ssh.len)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--key or --ssh-key, not both");
    REDAN_TRY(redan_cli_signer_read(cli, key.len ? key : ssh, ssh.len > 0, &signer));
    REDAN_TRY(redan_cli_signer_sign(cli, &signer, &envelope));
    redan_dsse_add(out, &envelope);
    return REDAN_OK;
}

enum redan_status redan_cli_profile_save(struct redan_cli *cli, struct redan_profile *profile,
                                         bool *is_signed)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};
    struct redan_profile check;
    struct redan_slice path = redan_cli_value(cli, "out");
    struct redan_slice payload = {0};

    redan_buf_init(&out, ctx, REDAN_PROFILE_BYTES);
    REDAN_TRY(redan_profile_write(ctx, profile, &payload));
    REDAN_TRY(redan_cli_statement_sign(cli, payload, &out, is_signed));
    REDAN_TRY(redan_buf_ok(ctx, &out, "the profile"));
    REDAN_TRY(redan_profile_read(ctx, redan_buf_view(&out), NULL, &check)); /* as the guard will */
    profile->digest = check.digest;
    return redan_file_replace(ctx, path, 0644, redan_buf_view(&out));
}
