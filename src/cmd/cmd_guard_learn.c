/* redan guard learn: from training data to the reference profile that the guard measures by. */
#include <string.h>

#include "cmd/cli_profile.h"
#include "cmd/command.h"
#include "cmd/guard_calibrate.h"
#include "codec/json.h"
#include "codec/json_pull.h"
#include "guard/learn.h"
#include "io/file.h"
#include "io/tree.h"

static const struct redan_option options[] = {
    {"out", 'o', "PROFILE", "where the profile goes; replaced in one step"},
    {"model", 'm', "FILE", "the model file or folder that serves such rows: bound by its digest"},
    REDAN_SIGN_OPTIONS,
    {"label", 0, "NAMES", "columns that the model predicts: left out"},
    {"drop", 0, "NAMES", "columns that the model does not see: ids, times, labels"},
    {"only", 0, "NAMES", "learn from these columns and no others"},
    {"where", 0, "NAME=VALUE",
     "learn from rows that have this text in the column, fraud=0; it is left out"},
    {"column", 0, "NAME=KIND", "say what a column is: real, integer, bool or category"},
    {"category", 0, "NAMES", "columns that are categories though they hold numbers"},
    {"caller", 0, "NAMES", "columns that whoever calls chooses; by default all"},
    {"seed", 0, "NUMBER", "of the split into three parts; by default 1"},
    {"references", 0, "ROWS", "that distances are measured to; by default 2,048, at most 8,192"},
    {"tuning", 0, "ROWS", "by default an eighth, at most 4,096"},
    {"calibration", 0, "ROWS", "by default a quarter, at most 20,000"},
    {"widen", 0, "SHARE", "of the seen range that is allowed beyond it; by default 0.1"},
    {"margin", 0, "SCORE", "that counts as close to the threshold; by default 0.05"},
    {"from", 0, "PROFILE", "calibrate this profile on --history instead of learning from DATA"},
    {"history", 0, "LOGS", "events of honest callers, as a guard wrote them; more than once"},
    {"alpha", 0, "ALPHA",
     "accusations per caller's lifetime that rules will ask for; by default 0.0001"},
    {"threshold", 0, "SCORE", "from which a score is label 1, as in the policy; by default 0.5"},
    {"held", 0, "SHARE", "of callers that only the report is made of; by default 0.3"},
    {NULL, 0, NULL, NULL},
};

static enum redan_status add_names(struct redan_cli *cli, const char *option,
                                   struct redan_texts *texts)
{
    struct redan_slice list = {0};
    size_t most = texts->count;

    for (size_t i = 0; redan_cli_value_at(cli, option, i, &list); i++)
        most += list.len + 1;
    struct redan_slice *items = redan_take_array(&cli->ctx, most + 1, sizeof(*items));
    if (!items)
        return REDAN_E_MEMORY;
    if (texts->count)
        memcpy(items, texts->items, texts->count * sizeof(*items));
    texts->items = items;
    for (size_t i = 0; redan_cli_value_at(cli, option, i, &list); i++)
        for (bool more = true; more;) {
            struct redan_slice name = {0};

            more = redan_slice_cut(list, ',', &name, &list);
            name = redan_slice_trim(name);
            if (name.len == 0)
                return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                                  "--%s: an empty name; write NAME,NAME", option);
            texts->items[texts->count++] = name;
        }
    return REDAN_OK;
}

static enum redan_status add_pairs(struct redan_cli *cli, const char *option,
                                   struct redan_learn_pair **pairs, size_t *count, size_t more)
{
    struct redan_slice text = {0};
    size_t n = 0;

    while (redan_cli_value_at(cli, option, n, &text))
        n++;
    *pairs = redan_take_array(&cli->ctx, n + more + 1, sizeof(**pairs));
    if (!*pairs)
        return REDAN_E_MEMORY;
    for (*count = 0; redan_cli_value_at(cli, option, *count, &text); (*count)++) {
        struct redan_learn_pair *pair = &(*pairs)[*count];

        if (!redan_slice_cut(text, '=', &pair->name, &pair->value) || pair->name.len == 0)
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--%s %.*s: write NAME=%s", option,
                              REDAN_FMT(text), option[0] == 'w' ? "VALUE" : "KIND");
    }
    return REDAN_OK;
}

static enum redan_status number(struct redan_cli *cli, const char *option, uint64_t least,
                                uint64_t most, uint64_t *value)
{
    struct redan_slice text = redan_cli_value(cli, option);

    if (!redan_cli_has(cli, option))
        return REDAN_OK;
    if (!redan_slice_u64(text, value) || *value < least || *value > most)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--%s: a number from %llu to %llu", option,
                          (unsigned long long)least, (unsigned long long)most);
    return REDAN_OK;
}

static enum redan_status share(struct redan_cli *cli, const char *option, double *value)
{
    struct redan_slice text = redan_cli_value(cli, option);

    *value = -1;
    if (redan_cli_has(cli, option) &&
        (!redan_json_double(text, value) || *value < 0 || *value > 1000))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--%s: a number from 0 to 1000", option);
    return REDAN_OK;
}

static enum redan_status read_options(struct redan_cli *cli, struct redan_learn_options *o)
{
    struct redan_texts categories = {0};
    uint64_t references = 0;
    uint64_t tuning = 0;
    uint64_t calibration = 0;

    *o = (struct redan_learn_options){.seed = 1};
    REDAN_TRY(add_names(cli, "drop", &o->drop));
    REDAN_TRY(add_names(cli, "label", &o->drop));
    REDAN_TRY(add_names(cli, "only", &o->only));
    REDAN_TRY(add_names(cli, "caller", &o->caller));
    REDAN_TRY(add_names(cli, "category", &categories));
    REDAN_TRY(add_pairs(cli, "where", &o->where, &o->where_count, 0));
    REDAN_TRY(add_pairs(cli, "column", &o->kinds, &o->kind_count, categories.count));
    for (size_t i = 0; i < categories.count; i++)
        o->kinds[o->kind_count++] =
            (struct redan_learn_pair){categories.items[i], REDAN_S("category")};
    REDAN_TRY(number(cli, "seed", 0, UINT64_MAX, &o->seed));
    REDAN_TRY(number(cli, "references", 2, REDAN_PROFILE_REFERENCES, &references));
    REDAN_TRY(number(cli, "tuning", 2, REDAN_PROFILE_SCORES, &tuning));
    REDAN_TRY(number(cli, "calibration", 2, REDAN_PROFILE_SCORES, &calibration));
    REDAN_TRY(share(cli, "widen", &o->widen));
    REDAN_TRY(share(cli, "margin", &o->margin));
    o->references = (size_t)references;
    o->tuning = (size_t)tuning;
    o->calibration = (size_t)calibration;
    return REDAN_OK;
}

/* What the profile is about: the table, and the model that serves such rows. */
static enum redan_status bind(struct redan_cli *cli, struct redan_slice path,
                              struct redan_slice csv, struct redan_profile *profile)
{
    struct redan_slice model = redan_cli_value(cli, "model");
    struct redan_tree tree = {0};

    profile->dataset = redan_path_name(path);
    REDAN_TRY(redan_sha256(&cli->ctx, csv, &profile->dataset_digest));
    if (model.len == 0)
        return redan_cli_has(cli, "model")
                   ? redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--model is empty")
                   : REDAN_OK;
    REDAN_TRY(redan_tree_walk(&cli->ctx, model, NULL, &tree));
    profile->has_model = true;
    profile->model = redan_path_name(model);
    profile->model_digest = tree.digest;
    return REDAN_OK;
}

static size_t kind_count(const struct redan_profile *p, enum redan_column_kind kind)
{
    size_t n = 0;

    for (size_t c = 0; c < p->width; c++)
        n += p->columns[c].kind == kind;
    return n;
}

static void tell_columns(struct redan_buf *out, const struct redan_profile *p)
{
    for (size_t c = 0; c < p->width; c++) {
        const struct redan_column *column = &p->columns[c];

        redan_buf_printf(out, "  %-24.*s %-8s ", REDAN_FMT(redan_slice_sub(column->name, 0, 60)),
                         redan_column_words[column->kind]);
        if (column->kind == REDAN_COLUMN_CATEGORY)
            redan_buf_printf(out, "%zu values", column->category_count);
        else
            redan_buf_printf(out, "%.10g to %.10g", column->low, column->high);
        if (column->grid > 0 && column->kind == REDAN_COLUMN_REAL)
            redan_buf_printf(out, ", in steps of %.6g", column->grid);
        if (column->missing)
            redan_buf_text(out, ", may be missing");
        redan_buf_text(out, column->caller ? "\n" : ", not the caller's\n");
    }
    for (size_t i = 0; i < p->invariant_count; i++)
        redan_buf_printf(out, "  %.*s <= %.*s\n", REDAN_FMT(p->columns[p->invariants[i].low].name),
                         REDAN_FMT(p->columns[p->invariants[i].high].name));
}

static void tell(struct redan_cli *cli, const struct redan_learned *l, bool is_signed)
{
    const struct redan_profile *p = &l->profile;
    struct redan_buf *out = &cli->out;
    struct redan_slice path = redan_cli_value(cli, "out");

    redan_buf_printf(out, "%.*s: %llu rows", REDAN_FMT(path), (unsigned long long)p->rows);
    if (l->left_out)
        redan_buf_printf(out, " (%llu left out)", (unsigned long long)l->left_out);
    redan_buf_printf(out, ", %zu columns, %zu of them the caller's%s\n", p->width, p->caller_count,
                     is_signed ? "; signed" : "");
    tell_columns(out, p);
    redan_buf_printf(out,
                     "parts: %zu rows to measure by (%zu of them references), %zu to tune, %zu to "
                     "calibrate\n",
                     l->reference_rows, p->references.rows, l->tuning_rows, l->calibration_rows);
    for (int i = 0; i < REDAN_LEARN_ALPHAS; i++) {
        const struct redan_learn_promise *promise = &l->promises[i];

        if (promise->kept)
            redan_buf_printf(out,
                             "alpha %-6g: of 10,000 honest rows %zu to %zu are rejected (95 %%)\n",
                             promise->alpha, promise->low, promise->high);
        else
            redan_buf_printf(out,
                             "alpha %-6g: too few calibration rows: nothing is ever "
                             "rejected\n",
                             promise->alpha);
    }
    redan_buf_printf(out,
                     "schema: %zu of %zu rows that it had not seen broke it (95 %%: %.4g to %.4g "
                     "%%)\n",
                     l->broken, l->calibration_rows, 100 * l->broken_rate.low,
                     100 * l->broken_rate.high);
}

static void tell_json(struct redan_cli *cli, const struct redan_learned *l, bool is_signed,
                      struct redan_slice digest)
{
    const struct redan_profile *p = &l->profile;
    struct redan_buf *out = &cli->out;

    redan_buf_text(out, "{\"schema\": \"redan/guard-learned/1\", \"profile\": ");
    redan_json_string_add(out, redan_cli_value(cli, "out"));
    redan_buf_text(out, ", \"digest\": ");
    redan_json_string_add(out, digest);
    redan_buf_printf(out, ", \"signed\": %s,\n", is_signed ? "true" : "false");
    redan_buf_printf(out, " \"rows\": %llu, \"left-out\": %llu, \"columns\": {",
                     (unsigned long long)p->rows, (unsigned long long)l->left_out);
    for (int k = 0; redan_column_words[k]; k++)
        redan_buf_printf(out, "%s\"%s\": %zu", k ? ", " : "", redan_column_words[k],
                         kind_count(p, (enum redan_column_kind)k));
    redan_buf_printf(out, "}, \"caller-columns\": %zu, \"invariants\": %zu,\n", p->caller_count,
                     p->invariant_count);
    redan_buf_printf(out,
                     " \"parts\": {\"reference\": %zu, \"references\": %zu, \"tuning\": %zu, "
                     "\"calibration\": %zu},\n \"promises\": [",
                     l->reference_rows, p->references.rows, l->tuning_rows, l->calibration_rows);
    for (int i = 0; i < REDAN_LEARN_ALPHAS; i++)
        redan_buf_printf(out,
                         "%s{\"alpha\": %g, \"kept\": %s, \"of\": 10000, \"low\": %zu, \"high\": "
                         "%zu}",
                         i ? ", " : "", l->promises[i].alpha,
                         l->promises[i].kept ? "true" : "false", l->promises[i].low,
                         l->promises[i].high);
    redan_buf_printf(out,
                     "],\n \"schema-broken\": {\"rows\": %zu, \"of\": %zu, \"low\": ", l->broken,
                     l->calibration_rows);
    redan_json_number_add(out, l->broken_rate.low);
    redan_buf_text(out, ", \"high\": ");
    redan_json_number_add(out, l->broken_rate.high);
    redan_buf_text(out, "},\n \"notes\": [");
    for (size_t i = 0; i < l->note_count; i++) {
        redan_buf_text(out, i ? ", " : "");
        redan_json_string_add(out, l->notes[i]);
    }
    redan_buf_text(out, "]}\n");
}

static enum redan_status learn(struct redan_cli *cli)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_learn_options o;
    struct redan_learn_data data = {0};
    struct redan_learned learned = {0};
    struct redan_slice csv = {0};
    struct redan_slice digest = {0};
    bool is_signed = false;

    if (redan_cli_value(cli, "out").len == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--out PROFILE is needed: where does it go?");
    if (redan_cli_has(cli, "from") || redan_cli_has(cli, "history"))
        return redan_cli_guard_calibrate(cli);
    if (cli->arg_count != 1)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "guard learn wants DATA, or --from PROFILE and --history LOGS");
    REDAN_TRY(read_options(cli, &o));
    REDAN_TRY(redan_file_read(ctx, cli->args[0], ctx->limits.file, true, &csv));
    enum redan_status status = redan_learn_read(ctx, csv, &o, &data, &learned);
    if (status == REDAN_OK)
        status = redan_learn_fit(ctx, &o, &data, &learned);
    if (status != REDAN_OK) {
        redan_fail_name(ctx, cli->args[0]);
        return status;
    }
    REDAN_TRY(bind(cli, cli->args[0], csv, &learned.profile));
    REDAN_TRY(redan_cli_profile_save(cli, &learned.profile, &is_signed));
    REDAN_TRY(redan_digest_text(ctx, &learned.profile.digest, &digest));
    if (cli->json)
        tell_json(cli, &learned, is_signed, digest);
    else
        tell(cli, &learned, is_signed);
    for (size_t i = 0; i < learned.note_count; i++)
        redan_cli_say(cli, "%.*s", REDAN_FMT(learned.notes[i]));
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    return learn(cli) == REDAN_OK ? REDAN_EXIT_CLEAN : redan_cli_failed(cli);
}

const struct redan_command redan_cmd_guard_learn = {
    .name = "guard learn",
    .args = "DATA",
    .summary = "what honest rows look like: a reference profile from training data",
    .text =
        "DATA is a table as CSV (RFC 4180) whose first row names the columns, as the model's "
        "requests\n"
        "name them. Learned are the kind, range, natural grid and categories of each column, "
        "orders between\n"
        "columns that no row breaks, and how far rows lie from each other: a policy's alpha is "
        "then the share\n"
        "of honest rows that it rejects. Leave out what the model does not see, and rows that "
        "are not honest.\n\n"
        "  redan guard learn transactions.csv --label fraud --where fraud=0 --drop "
        "transaction_id,time \\\n"
        "      --caller tx_amount,tx_night --model model.json --key ml-eval.pem \\\n"
        "      --out "
        "profile.json\n\n"
        "The same data, options and seed give the same bytes; docs/guard-profile.md says what "
        "is promised.\n\n"
        "A rule over callers accuses only with bounds on what honest callers of a class do. They "
        "are learned\n"
        "from events that a guard in observe mode wrote, features stored; a part of the callers "
        "is held out,\n"
        "and its accusations are reported. docs/guard-callers.md says what is promised.\n\n"
        "  redan guard learn --from profile.json --history events.jsonl --alpha 0.001 --key "
        "ml-eval.pem \\\n"
        "      --out calibrated.json",
    .options = options,
    .least = 0,
    .most = 1,
    .run = run,
};
