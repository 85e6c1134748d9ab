/* redan check: may this release ship? */
#include "cmd/check.h"
#include "cmd/cli_sign.h"
#include "cmd/command.h"

static const struct redan_option options[] = {
    {"root", 0, "PIN", "the root of trust; else REDAN_ROOT, else /etc/redan/root"},
    {"system", 0, "ID", "the system that is meant: another's threat model does not pass"},
    {"at", 0, "TIME", "judge as if it were this time; marked SIMULATED"},
    {"artefact", 0, "NAME=PATH", "the file must be what release.NAME pins; may be repeated"},
    {"vsa", 0, "FILE", "write the verdict as a signed verification summary (SLSA VSA)"},
    REDAN_SIGN_OPTIONS,
    {"waivers", 0, NULL, "what ships unproved, the oldest first: owner, end, reason"},
    {"github", 0, NULL, "annotations in the log of GitHub Actions, and the step's summary"},
    {"fork", 0, NULL, "a stranger's proposal: at best unverified, never pass"},
    {"release", 0, "DIGEST", "admission: was this digest gated? --vsa FILE says; may be repeated"},
    {"max-age", 0, "SPAN", "admission: how old the verdict may be; 7d"},
    {"pack", 0, "FILE", "judge what redan pack wrote, instead of a folder"},
    {NULL, 0, NULL, NULL},
};

static enum redan_status read_artefacts(struct redan_check_ask *ask)
{
    struct redan_cli *cli = ask->cli;
    struct redan_artefact *items = redan_take_array(&cli->ctx, cli->value_count, sizeof(*items));
    struct redan_slice text = {0};
    size_t n = 0;

    if (!items)
        return REDAN_E_MEMORY;
    for (; redan_cli_value_at(cli, "artefact", n, &text); n++) {
        if (!redan_slice_cut(text, '=', &items[n].name, &items[n].path))
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--artefact takes NAME=PATH");
    }
    ask->artefacts = items;
    ask->artefact_count = n;
    return REDAN_OK;
}

/* Two options that do not go together, or NULL. */
static const char *contradiction(const struct redan_cli *cli)
{
    static const struct {
        const char *a;
        const char *b;
        const char *why;
    } pairs[] = {
        {"github", "json", "--github speaks to the log, and --json has none"},
        {"release", "pack", "--release and --pack are two questions; ask one"},
        {"release", "artefact", "--release is the digest; --artefact goes with a threat model"},
        {"release", "key", "--release reads the summary that --vsa names, and signs nothing"},
        {"pack", "vsa", "no summary is signed over a pack; gate the repository itself"},
        {"waivers", "release", "--waivers is about a threat model"},
        {"pack", "dir", "--pack is judged instead of a folder"},
    };

    for (size_t i = 0; i < REDAN_COUNT(pairs); i++) {
        if (redan_cli_has(cli, pairs[i].a) && redan_cli_has(cli, pairs[i].b))
            return pairs[i].why;
    }
    if (redan_cli_has(cli, "max-age") && !redan_cli_has(cli, "release"))
        return "--max-age goes with --release";
    if (cli->arg_count > 0 && (redan_cli_has(cli, "release") || redan_cli_has(cli, "pack")))
        return "--release and --pack take no folder";
    return NULL;
}

static int run(struct redan_cli *cli)
{
    struct redan_check_ask ask = {.cli = cli, .github = redan_cli_has(cli, "github")};
    struct redan_slice dir = redan_cli_value(cli, "dir");
    const char *wrong = contradiction(cli);

    if (wrong)
        return redan_cli_usage(cli, "%s", wrong);
    if (redan_cli_clock(cli) != REDAN_OK || redan_cli_pin(cli, &ask.pin) != REDAN_OK ||
        redan_cli_fork(cli, &ask.fork) != REDAN_OK || read_artefacts(&ask) != REDAN_OK)
        return redan_check_failed(&ask);
    if (cli->arg_count > 1 && (ask.artefact_count > 0 || redan_cli_has(cli, "vsa") ||
                               redan_cli_has(cli, "waivers") || ask.pin.system.len))
        return redan_cli_usage(cli,
                               "--artefact, --system, --vsa and --waivers are about one system");
    if (redan_cli_has(cli, "release"))
        return redan_check_admit(&ask);
    if (redan_cli_has(cli, "pack"))
        return redan_check_pack(&ask);
    if (cli->arg_count > 1)
        return redan_check_many(&ask);
    if (cli->arg_count == 1)
        dir = cli->args[0];
    return redan_check_single(&ask, dir.len ? dir : REDAN_S("."));
}

const struct redan_command redan_cmd_check = {
    .name = "check",
    .args = "[DIR...]",
    .summary = "may this release ship? every claim held against evidence",
    .text = "Reads redan/threatmodel.yaml, org.yaml, keys.yaml, evidence/ and approvals/, and says "
            "pass,\n"
            "fail or indeterminate: first the verdict, then per stage what holds, what does not, "
            "and what\n"
            "to do next. The root of trust must come from outside the tree under review; without "
            "one the\n"
            "answer is indeterminate. Several DIRs are judged together, one line each.\n\n"
            "  redan check --root sha256:...          gate a release\n"
            "  redan check --artefact model=m.json    and hold the file against its pinned digest\n"
            "  redan check --at 2027-03-01            what will have gone stale by then?\n"
            "  redan check --waivers                  what is planned, accepted, excluded or "
            "waived\n"
            "  redan check --github --vsa v.json --key gate.pem   gate in CI, and sign the "
            "verdict\n"
            "  redan check --release sha256:... --vsa v.json      admit what was gated, at deploy\n"
            "  redan check --pack FILE                an auditor's bundle, offline",
    .options = options,
    .least = 0,
    .most = 100000,
    .run = run,
};
