/* redan check: may this release ship? */
#include "base/clock.h"
#include "base/pool.h"
#include "cmd/cli_system.h"
#include "cmd/command.h"
#include "codec/json.h"
#include "io/file.h"
#include "threat/verdict.h"
#include "threat/vsa.h"

static const struct redan_option options[] = {
    {"root", 0, "FINGERPRINT", "the root of trust; else REDAN_ROOT, else /etc/redan/root"},
    {"system", 0, "ID", "the system that is meant: another's threat model does not pass"},
    {"at", 0, "TIME", "judge as if it were this time; marked SIMULATED"},
    {"artefact", 0, "NAME=PATH", "the file must be what release.NAME pins; may be repeated"},
    {"vsa", 0, "FILE", "write the verdict as a signed verification summary (SLSA VSA)"},
    {"key", 'k', "FILE", "private key in keys.yaml that signs it"},
    {NULL, 0, NULL, NULL},
};

/* One system, judged: what remains when its memory is gone. */
struct outcome {
    enum redan_word word;
    struct redan_slice system;
    struct redan_slice headline;
    struct redan_slice next;
    struct redan_slice json;
};

struct many {
    struct redan_cli *cli;
    const struct redan_catalog *catalog;
    const struct redan_pin *pin;
    const struct redan_artefact *artefacts;
    size_t artefact_count;
    struct outcome *outcomes;
};

static enum redan_status judge(struct redan_ctx *ctx, const struct redan_system *system,
                               const struct many *many, struct redan_verdict *verdict)
{
    return redan_system_verdict(ctx, system, many->artefacts, many->artefact_count,
                                many->cli->simulated, verdict);
}

static void write_json(struct redan_ctx *ctx, const struct redan_verdict *verdict,
                       struct redan_buf *out, enum redan_status *status)
{
    struct redan_node *tree = NULL;

    *status = redan_verdict_tree(ctx, verdict, &tree);
    if (*status == REDAN_OK)
        redan_json_tree_add(out, tree);
}

/* What is kept goes through the heap, so that the system's own memory can be given back. */
static enum redan_status keep(struct redan_ctx *ctx, struct redan_arena_mark mark,
                              const struct redan_verdict *verdict, bool json, struct outcome *to)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    size_t cut[3];
    enum redan_status status = REDAN_OK;

    redan_buf_init(&text, ctx, (size_t)64 << 20);
    redan_buf_slice(&text, verdict->system);
    cut[0] = text.len;
    redan_buf_slice(&text, verdict->headline);
    cut[1] = text.len;
    if (verdict->next)
        redan_buf_slice(&text, verdict->next->action);
    cut[2] = text.len;
    if (json)
        write_json(ctx, verdict, &text, &status);
    to->word = verdict->word;
    REDAN_TRY(status);
    REDAN_TRY(redan_buf_ok(ctx, &text, "the verdict"));
    redan_arena_reset(&ctx->arena, mark);
    struct redan_slice all = {0};
    REDAN_TRY(redan_copy(ctx, redan_buf_view(&text), &all));
    to->system = redan_slice_sub(all, 0, cut[0]);
    to->headline = redan_slice_sub(all, cut[0], cut[1] - cut[0]);
    to->next = redan_slice_sub(all, cut[1], cut[2] - cut[1]);
    to->json = redan_slice_sub(all, cut[2], SIZE_MAX);
    return REDAN_OK;
}

/* A system that cannot even be read is indeterminate; the others are judged all the same. */
static enum redan_status undone(struct redan_ctx *ctx, struct redan_slice folder,
                                struct outcome *to)
{
    to->word = REDAN_WORD_INDETERMINATE;
    to->system = folder;
    REDAN_TRY(redan_copy(ctx, redan_slice_of(ctx->failure.text), &to->headline));
    redan_fail_clear(ctx);
    return REDAN_OK;
}

static enum redan_status check_one(struct redan_ctx *ctx, size_t index, void *arg)
{
    const struct many *many = arg;
    struct redan_slice start = many->cli->args[index];
    struct outcome *to = &many->outcomes[index];
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    struct redan_slice folder = {0};
    struct redan_system system = {0};
    struct redan_verdict verdict;

    enum redan_status status = redan_system_find(ctx, start, &folder);
    if (status == REDAN_OK)
        status = redan_system_load(ctx, many->catalog, folder, many->pin, &system);
    if (status == REDAN_OK)
        status = judge(ctx, &system, many, &verdict);
    redan_system_done(&system); /* the keys go before the memory that lists them */
    if (status == REDAN_OK)
        status = keep(ctx, mark, &verdict, many->cli->json, to);
    if (status == REDAN_OK || status == REDAN_E_MEMORY)
        return status;
    return undone(ctx, start, to);
}

static int worst_exit(int a, int b)
{
    if (a == REDAN_EXIT_FINDINGS || b == REDAN_EXIT_FINDINGS)
        return REDAN_EXIT_FINDINGS;
    return a > b ? a : b;
}

/* A verdict about a system that could not be read. */
static void unread_json(struct redan_cli *cli, const struct outcome *outcome)
{
    char at[REDAN_TIME_TEXT];

    redan_time_text(cli->ctx.now, at);
    redan_buf_text(&cli->out, "{\"schema\": \"redan/verdict/1\", \"verdict\": \"indeterminate\", "
                              "\"exit\": 3, \"system\": ");
    redan_json_string_add(&cli->out, outcome->system);
    redan_buf_text(&cli->out, ", \"headline\": ");
    redan_json_string_add(&cli->out, outcome->headline);
    redan_buf_printf(&cli->out, ", \"at\": \"%s\", \"simulated\": %s, \"groups\": [], ", at,
                     cli->simulated ? "true" : "false");
    redan_buf_text(&cli->out, "\"deadlines\": []}");
}

static void report_many(struct redan_cli *cli, const struct outcome *outcomes, int *code)
{
    static const char *const shout[] = {"PASS", "PASS", "FAIL", "????"};
    size_t held = 0;

    for (size_t i = 0; i < cli->arg_count; i++) {
        *code = worst_exit(*code, redan_word_exit(outcomes[i].word));
        held += redan_word_exit(outcomes[i].word) == 0;
    }
    if (cli->json) {
        redan_buf_text(&cli->out, "{\"schema\": \"redan/verdicts/1\", \"verdicts\": [\n");
        for (size_t i = 0; i < cli->arg_count; i++) {
            if (outcomes[i].json.len) {
                redan_buf_slice(&cli->out, redan_slice_trim(outcomes[i].json));
            } else {
                unread_json(cli, &outcomes[i]);
            }
            redan_buf_text(&cli->out, i + 1 < cli->arg_count ? ",\n" : "\n");
        }
        redan_buf_text(&cli->out, "]}\n");
        return;
    }
    redan_buf_printf(&cli->out, "%s  %zu of %zu systems may ship\n",
                     *code == 0                   ? "PASS"
                     : *code == REDAN_EXIT_UNDONE ? "INDETERMINATE"
                                                  : "FAIL",
                     held, cli->arg_count);
    for (size_t i = 0; i < cli->arg_count; i++) {
        redan_buf_printf(&cli->out, "  %s  %-24.*s %.*s\n", shout[outcomes[i].word],
                         REDAN_FMT(outcomes[i].system), REDAN_FMT(outcomes[i].headline));
        if (outcomes[i].next.len)
            redan_buf_printf(&cli->out, "        do: %.*s\n", REDAN_FMT(outcomes[i].next));
    }
}

static int run_many(struct redan_cli *cli, const struct many *given)
{
    struct redan_catalog catalog; /* one for all */
    struct many many = *given;
    int code = REDAN_EXIT_CLEAN;

    many.outcomes = redan_take_array(&cli->ctx, cli->arg_count, sizeof(*many.outcomes));
    many.catalog = &catalog;
    if (!many.outcomes || redan_catalog_load(&cli->ctx, &catalog) != REDAN_OK ||
        redan_pool_each(&cli->ctx, cli->arg_count, check_one, &many) != REDAN_OK)
        return redan_cli_failed(cli);
    report_many(cli, many.outcomes, &code);
    return code;
}

/* The verdict as a signed record, whatever it says. */
static enum redan_status write_vsa(struct redan_cli *cli, const struct redan_system *system,
                                   const struct redan_verdict *verdict)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_key *REDAN_DEFER(redan_key_drop) key = NULL;
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    const struct redan_keyring_key *by = NULL;
    struct redan_dsse envelope = {0};

    if (!redan_cli_has(cli, "vsa"))
        return REDAN_OK;
    REDAN_TRY(redan_vsa_write(ctx, system, verdict, &envelope));
    REDAN_TRY(redan_cli_key(cli, &system->ring, &key, &by));
    REDAN_TRY(redan_dsse_sign(ctx, &envelope, key));
    redan_buf_init(&text, ctx, ctx->limits.file);
    redan_dsse_add(&text, &envelope);
    REDAN_TRY(redan_buf_ok(ctx, &text, "the summary"));
    return redan_file_replace(ctx, redan_cli_value(cli, "vsa"), 0644, redan_buf_view(&text));
}

static int run_single(struct redan_cli *cli, const struct many *many, struct redan_slice start)
{
    struct redan_cli_system REDAN_DEFER(redan_cli_system_done) loaded = {0};
    struct redan_slice folder = {0};
    struct redan_verdict verdict;
    struct redan_ctx *ctx = &cli->ctx;
    enum redan_status status = REDAN_OK;

    if (redan_system_find(ctx, start, &folder) != REDAN_OK ||
        redan_system_load(ctx, NULL, folder, many->pin, &loaded.system) != REDAN_OK ||
        judge(ctx, &loaded.system, many, &verdict) != REDAN_OK ||
        write_vsa(cli, &loaded.system, &verdict) != REDAN_OK)
        return redan_cli_failed(cli);
    if (cli->json)
        write_json(ctx, &verdict, &cli->out, &status);
    else
        redan_verdict_text(&cli->out, &verdict, cli->colour);
    cli->painted = cli->colour;
    return status == REDAN_OK ? redan_word_exit(verdict.word) : redan_cli_failed(cli);
}

static enum redan_status read_artefacts(struct redan_cli *cli, struct many *many)
{
    struct redan_artefact *items = redan_take_array(&cli->ctx, cli->value_count, sizeof(*items));
    struct redan_slice text = {0};
    size_t n = 0;

    if (!items)
        return REDAN_E_MEMORY;
    for (; redan_cli_value_at(cli, "artefact", n, &text); n++) {
        if (!redan_slice_cut(text, '=', &items[n].name, &items[n].path))
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--artefact takes NAME=PATH");
    }
    many->artefacts = items;
    many->artefact_count = n;
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    struct redan_pin pin;
    struct many many = {.cli = cli, .pin = &pin};
    struct redan_slice dir = redan_cli_value(cli, "dir");

    if (redan_cli_clock(cli) != REDAN_OK || redan_cli_pin(cli, &pin) != REDAN_OK ||
        read_artefacts(cli, &many) != REDAN_OK)
        return redan_cli_failed(cli);
    if (cli->arg_count > 1 &&
        (many.artefact_count > 0 || redan_cli_has(cli, "vsa") || pin.system.len))
        return redan_cli_usage(cli, "--artefact, --system and --vsa are about one system");
    if (cli->arg_count > 1)
        return run_many(cli, &many);
    if (cli->arg_count == 1)
        dir = cli->args[0];
    return run_single(cli, &many, dir.len ? dir : REDAN_S("."));
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
            "  redan check --at 2027-03-01            what will have gone stale by then?",
    .options = options,
    .least = 0,
    .most = 100000,
    .run = run,
};
