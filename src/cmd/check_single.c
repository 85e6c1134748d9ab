/* redan check of one system, and the signed summary of what it said. */
#include "cmd/check.h"
#include "cmd/cli_sign.h"
#include "io/file.h"
#include "threat/admission.h"
#include "threat/vsa.h"

/* The verdict as a signed record, whatever it says; none about a fork, whose verdict is nobody's word. */
static enum redan_status write_vsa(const struct redan_check_ask *ask,
                                   const struct redan_system *system,
                                   const struct redan_verdict *verdict)
{
    struct redan_cli *cli = ask->cli;
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_cli_signer REDAN_DEFER(redan_cli_signer_done) signer = {0};
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    struct redan_dsse envelope = {0};

    if (!redan_cli_has(cli, "vsa"))
        return REDAN_OK;
    if (ask->fork.is) {
        redan_cli_say(cli, "no summary is written: this is %.*s", REDAN_FMT(ask->fork.why));
        return REDAN_OK;
    }
    REDAN_TRY(redan_vsa_write(ctx, system, verdict, &envelope));
    REDAN_TRY(redan_cli_signer_open(cli, &system->ring, &signer));
    if (!redan_keyring_holds(&system->ring, signer.by->holder, REDAN_S(REDAN_ADMISSION_ROLE)))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "%.*s does not hold the role %s in keys.yaml, so that no admission would "
                          "accept the summary; nothing is written",
                          REDAN_FMT(signer.by->holder), REDAN_ADMISSION_ROLE);
    REDAN_TRY(redan_cli_signer_sign(cli, &signer, &envelope));
    redan_buf_init(&text, ctx, ctx->limits.file);
    redan_dsse_add(&text, &envelope);
    REDAN_TRY(redan_buf_ok(ctx, &text, "the summary"));
    return redan_file_replace(ctx, redan_cli_value(cli, "vsa"), 0644, redan_buf_view(&text));
}

int redan_check_single(const struct redan_check_ask *ask, struct redan_slice start)
{
    struct redan_cli_system REDAN_DEFER(redan_cli_system_done) loaded = {0};
    struct redan_slice folder = {0};
    struct redan_verdict verdict;
    struct redan_ctx *ctx = &ask->cli->ctx;

    if (redan_system_find(ctx, start, &folder) != REDAN_OK ||
        redan_system_load(ctx, NULL, folder, &ask->pin, &loaded.system) != REDAN_OK ||
        redan_check_judge(ctx, ask, &loaded.system, &verdict) != REDAN_OK ||
        write_vsa(ask, &loaded.system, &verdict) != REDAN_OK)
        return redan_check_failed(ask);
    return redan_check_report(ask, &verdict, NULL);
}
