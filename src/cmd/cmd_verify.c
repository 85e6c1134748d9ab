/* redan verify: are these the files that were signed, by whom it was meant to be? */
#include "cmd/cli_record.h"
#include "cmd/command.h"
#include "cmd/verify.h"

static const struct redan_option options[] = {
    {"signature", 's', "FILE", "the signature; by default MODEL/model.sig, or FILE.sig"},
    REDAN_WANTED_OPTIONS,
    {"bundle", 'b', "BUNDLE", "verify one file or digest against any Sigstore bundle"},
    REDAN_MODEL_OPTIONS,
    {"ignore-unsigned", 0, NULL, "files that were not signed are no failure"},
    {"ignore-unsigned-files", 0, NULL, "the same, as the reference client calls it"},
    {"only", 0, "PATH", "of the model: verify this file or folder alone; may be repeated"},
    {"at", 0, "TIME", "judge as if it were then"},
    {"for", 0, "CONTROL/EVIDENCE", "record the result as signed evidence for this query"},
    {"record-key", 0, "FILE", "with --for: the private key that signs the record"},
    {"record-ssh-key", 0, "FILE", "or the key that ssh-keygen signs with"},
    REDAN_SECRET_OPTION,
    {"root", 0, "PIN", "with --for: the root of trust"},
    {"mode", 0, "MODE", "with --for: enforce (default) or observe"},
    {"ledger", 0, "ENV/STREAM", "with --for: where it ran"},
    {"tsa", 0, "URL", "with --for: time-stamping authority of the record"},
    {NULL, 0, NULL, NULL},
};

static enum redan_status verify(struct redan_verify *v)
{
    REDAN_TRY(redan_verify_settings(v));
    REDAN_TRY(redan_verify_proof_begin(v));
    REDAN_TRY(redan_verify_judge(v));
    REDAN_TRY(v->cli->json ? redan_verify_json(v) : redan_verify_text(v));
    return redan_verify_proof_end(v);
}

static int run(struct redan_cli *cli)
{
    struct redan_verify REDAN_DEFER(redan_verify_done) v = {.cli = cli};

    redan_cli_model_room(cli);
    if (verify(&v) != REDAN_OK)
        return redan_cli_failed(cli);
    return v.refused ? REDAN_EXIT_FINDINGS : REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_verify = {
    .name = "verify",
    .args = "MODEL",
    .summary = "are these the files that were signed, by whom it should be?",
    .text =
        "The signature is judged first, offline: key, certificate or identity, log entry, "
        "timestamp. Then every\n"
        "file is hashed; one that was added, changed or taken away is named. Say who must have "
        "signed: a signature\n"
        "alone proves nothing.\n\n"
        "  redan verify model/ --key signer.pub\n"
        "  redan verify model/ --cert-chain roots.pem --cert-identity release@bank.example\n"
        "  redan verify model/ --identity you@example.org --issuer https://accounts.example\n"
        "  redan verify model/ --policy who.yaml --signature a.sig --signature b.sig\n"
        "  redan verify model/ --key signer.pub --only weights/part-1.safetensors\n"
        "  redan verify --bundle tool.sigstore.json --identity ... --issuer ... tool.tar.gz\n"
        "  redan verify model.json --key signer.pub --for model-held/signature --record-key "
        "ci.pem\n\n"
        "Whoever loads the files afterwards reads them again: redan run --verify hands over the "
        "very bytes that\n"
        "were verified.\n\n"
        "Exit codes: 0 verified; 1 not; 2 usage; 3 could not finish (treat it as not). "
        "docs/sign.md tells the rest.",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
