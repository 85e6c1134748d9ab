/* redan scan: is this model artefact dangerous to load? */
#include "cmd/cli_record.h"
#include "cmd/command.h"
#include "cmd/scan_run.h"

static const struct redan_option options[] = {
    {"deep", 0, NULL, "look into tensor data too, byte by byte"},
    {"include", 'i', "GLOB", "only files that fit; may be repeated"},
    {"exclude", 'x', "GLOB", "no files or folders that fit; may be repeated"},
    {"follow", 0, NULL, "read files through symbolic links (a Hugging Face cache is full of them)"},
    {"sarif", 0, "[=FILE]", "SARIF 2.1.0 instead of text, or into FILE beside it"},
    {"output", 'o', "FILE", "the report goes there, whole or not at all"},
    {"verbose", 'v', NULL, "clean artefacts too, and how well the workers are confined"},
    {"fail-on", 0, "LEVEL", "note, suspicious (default) or malicious: what exit code 1 means"},
    {"allow-uninspected", 0, NULL, "what could not be read is no failure"},
    {"policy", 0, "FILE", "rules, names and limits of your own (redan/scan-policy/1)"},
    {"baseline", 0, "FILE", "findings that were accepted (redan/scan-baseline/1)"},
    {"update-baseline", 0, NULL, "accept what is found now, with the three options below"},
    {"reason", 0, "TEXT", "why it is accepted"},
    {"by", 0, "PERSON", "who accepts it"},
    {"expires", 0, "DATE", "until when"},
    {"tables", 0, "FILE", "signed tables of names in place of those built in"},
    {"jobs", 'j', "N", "worker processes; by default one per processor"},
    {"timeout", 0, "SPAN", "for one file, 60 (seconds) or 5m; 120 by default"},
    {"max-unpacked", 0, "SIZE",
     "what unpacking one file may yield beyond 64 times its size; 128M by default"},
    {"max-members", 0, "N", "things inside one file that are looked at; 200000 by default"},
    {"max-depth", 0, "N", "containers within containers; 8 by default"},
    {"max-memory", 0, "SIZE", "of one worker; 1G by default"},
    {"for", 0, "CONTROL/EVIDENCE", "record the result as signed evidence for this query"},
    {"root", 0, "PIN", "with --for, --tables: the root of trust"},
    REDAN_RECORD_OPTIONS,
    {NULL, 0, NULL, NULL},
};

static enum redan_status scan(struct redan_scan_run *run, struct redan_scan_proof **proof)
{
    REDAN_TRY(redan_scan_settings(run->cli, run));
    REDAN_TRY(redan_scan_proof_begin(run, proof));
    REDAN_TRY(redan_scan_run_all(run));
    REDAN_TRY(redan_scan_proof_end(run, *proof));
    if (redan_cli_has(run->cli, "update-baseline"))
        REDAN_TRY(redan_scan_baseline_write(run));
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    struct redan_scan_run REDAN_DEFER(redan_scan_run_done)
        run = {.cli = cli, .out = {.folder = -1}, .sarif_file = {.folder = -1}};
    struct redan_scan_proof REDAN_DEFER(redan_scan_proof_done) *proof = NULL;

    if (scan(&run, &proof) != REDAN_OK)
        return redan_cli_failed(cli);
    return redan_scan_exit(&run);
}

const struct redan_command redan_cmd_scan = {
    .name = "scan",
    .args = "PATH...",
    .summary = "is this model file, or anything in this folder, dangerous to load?",
    .text =
        "Files are told by their bytes, never by their names, and read by confined processes; "
        "nothing is\n"
        "unpickled, loaded or run. Two answers are kept apart: the verdict (clean, note, "
        "suspicious,\n"
        "malicious) and the coverage (complete, incomplete, uninspected): what was not read is "
        "never\n"
        "called clean.\n\n"
        "  redan scan model.pt\n"
        "  redan scan models/ --exclude .git --exclude '*.parquet'\n"
        "  curl -sf https://models.example/m.pkl | redan scan -\n"
        "  redan scan models/ --sarif=scan.sarif --fail-on malicious\n"
        "  redan scan model.pt --for model-scanned/scan --key ci.pem\n"
        "  redan scan explain PKL001\n\n"
        "Exit codes: 0 clean and complete; 1 a finding at or over --fail-on; 2 usage; 3 something "
        "was not\n"
        "read, or the scan could not finish. docs/scan.md tells the rest.",
    .options = options,
    .least = 1,
    .most = SIZE_MAX,
    .run = run,
};
