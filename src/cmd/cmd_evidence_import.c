/* redan evidence import: another tool's report, at the grade its signature earns. */
#include "cmd/cli_record.h"
#include "cmd/command.h"
#include "io/file.h"
#include "record/import.h"

static const struct redan_option options[] = {
    {"for", 0, "CONTROL/EVIDENCE", "the query that it answers"},
    {"format", 0, "FORMAT", "sarif, junit, in-toto or json"},
    {"signature", 0, "FILE", "a DSSE file over the report's digest, by a key in keys.yaml"},
    {"n", 'n', "COUNT", "how many were taken; else what the report says"},
    REDAN_RECORD_OPTIONS,
    {NULL, 0, NULL, NULL},
};

/* A detached signature: an in-toto statement whose subject is the report. */
static enum redan_status check_signature(struct redan_cli *cli, const struct redan_system *system,
                                         struct redan_slice path, const struct redan_digest *report)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_dsse envelope = {0};
    struct redan_statement statement = {0};
    struct redan_slice text = {0};
    struct redan_signer *signers = NULL;
    size_t count = 0;

    REDAN_TRY(redan_file_read(ctx, path, ctx->limits.file, true, &text));
    enum redan_status status = redan_dsse_parse(ctx, text, &envelope);
    if (status == REDAN_OK)
        status = redan_statement_parse(ctx, envelope.payload, &statement);
    redan_fail_name(ctx, path);
    REDAN_TRY(status);
    signers = redan_take_array(ctx, envelope.count, sizeof(*signers));
    if (!signers)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_keyring_signers(ctx, &system->ring, &envelope, signers, &count));
    bool valid = false;
    for (size_t i = 0; i < count && !valid; i++)
        valid = redan_keyring_state_signed(signers[i].key, ctx->now, signers[i].stamped) ==
                REDAN_KEY_VALID;
    for (size_t i = 0; i < statement.count && valid; i++) {
        if (redan_digest_eq(&statement.subjects[i].digest, report))
            return REDAN_OK;
    }
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                      "%.*s is no signature by a key in keys.yaml over this report",
                      REDAN_FMT(path));
}

static enum redan_status import(struct redan_cli *cli, const struct redan_system *system)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice signature = redan_cli_value(cli, "signature");
    struct redan_slice format = redan_cli_value(cli, "format");
    const struct redan_importer *importer = redan_importer_named(format);
    struct redan_imported imported = {0};
    struct redan_draft draft = {.source_format = format};
    struct redan_slice text = {0};

    if (!importer)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--format takes sarif, junit, in-toto or json");
    if (!redan_cli_has(cli, "for"))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--for CONTROL/EVIDENCE is needed");
    REDAN_TRY(redan_cli_query(cli, system, redan_cli_value(cli, "for"), &draft.query));
    if (importer->type && !redan_slice_is(redan_slice_of(importer->type), draft.query->type->name))
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "%s yields evidence of type %s, this query asks for %s", importer->name,
                          importer->type, draft.query->type->name);
    REDAN_TRY(redan_file_read(ctx, cli->args[0], ctx->limits.json, true, &text));
    REDAN_TRY(redan_sha256(ctx, text, &draft.source));
    enum redan_status status = importer->read(ctx, &system->ring, draft.query, text, &imported);
    redan_fail_name(ctx, cli->args[0]);
    REDAN_TRY(status);
    draft.observed = imported.observed;
    draft.n = imported.n;
    draft.source_signed = imported.signed_by_known;
    if (signature.len) {
        REDAN_TRY(check_signature(cli, system, signature, &draft.source));
        draft.source_signed = true;
    }
    REDAN_TRY(redan_cli_draft(cli, &draft));
    return redan_cli_record(cli, system, &draft);
}

static int run(struct redan_cli *cli)
{
    struct redan_cli_system REDAN_DEFER(redan_cli_system_done) loaded = {0};

    if (redan_cli_load_sound(cli, &loaded) != REDAN_OK || import(cli, &loaded.system) != REDAN_OK)
        return redan_cli_failed(cli);
    return REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_evidence_import = {
    .name = "evidence import",
    .args = "FILE",
    .summary = "record another tool's report at the grade its signature earns",
    .text =
        "SARIF answers queries of type scan, JUnit XML tests, an in-toto envelope attestation, "
        "plain JSON\n"
        "any other. An unsigned report is worth E1: it says that the importer saw it.\n\n"
        "  redan evidence import report.sarif --format sarif --for prompt-clean/scan --key ci.pem",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
