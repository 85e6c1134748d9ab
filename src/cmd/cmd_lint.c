/* redan lint: the form alone, every problem with its place and fix. */
#include "cmd/cli_system.h"
#include "cmd/command.h"
#include "codec/json.h"
#include "io/file.h"

/* A single file is judged by the organisation file beside it, where there is one. */
static enum redan_status lint_file(struct redan_cli *cli, struct redan_slice path,
                                   struct redan_problems *problems)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_catalog *catalog = redan_take(ctx, sizeof(*catalog));
    struct redan_org *org = redan_take(ctx, sizeof(*org));
    struct redan_threat_model *model = redan_take(ctx, sizeof(*model));
    struct redan_slice beside = {0};
    struct redan_slice text = {0};

    if (!catalog || !org || !model)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_catalog_load(ctx, catalog));
    REDAN_TRY(redan_path_join(ctx, redan_path_folder(path), REDAN_S("org.yaml"), &beside));
    text = REDAN_S("schema: redan/org/1\norg: none\n");
    if (redan_file_exists(ctx, beside))
        REDAN_TRY(redan_file_read(ctx, beside, ctx->limits.yaml, true, &text));
    problems->file = beside;
    REDAN_TRY(redan_org_parse(problems, text, org));
    REDAN_TRY(redan_file_read(ctx, path, ctx->limits.yaml, true, &text));
    problems->file = path;
    return redan_threat_model_parse(problems, catalog, org, text, model);
}

static enum redan_status lint(struct redan_cli *cli, struct redan_problems *problems,
                              struct redan_cli_system *loaded)
{
    struct redan_slice folder = {0};

    struct redan_slice arg = cli->arg_count == 1 ? cli->args[0] : (struct redan_slice){"", 0};
    struct redan_slice name = redan_path_name(arg);

    redan_problems_init(problems, &cli->ctx, (struct redan_slice){"", 0});
    if (redan_slice_is(name, "org.yaml") || redan_slice_is(name, "keys.yaml"))
        arg = redan_path_folder(arg); /* judged with what lies beside them */
    else if (arg.len && !redan_folder_exists(&cli->ctx, arg))
        return lint_file(cli, arg, problems);
    if (arg.len)
        REDAN_TRY(redan_system_find(&cli->ctx, arg, &folder));
    else
        REDAN_TRY(redan_cli_folder(cli, &folder));
    struct redan_pin pin = {0};
    REDAN_TRY(redan_system_load(&cli->ctx, NULL, folder, &pin, &loaded->system));
    *problems = loaded->system.problems;
    return REDAN_OK;
}

static bool later(const struct redan_problem *a, const struct redan_problem *b)
{
    return a->line > b->line || (a->line == b->line && a->column > b->column);
}

/* File by file as they were read, from top to bottom. */
static enum redan_status sort(struct redan_ctx *ctx, const struct redan_problems *problems,
                              const struct redan_problem ***sorted, size_t *count)
{
    size_t n = 0;

    for (const struct redan_problem *p = problems->first; p; p = p->next)
        n++;
    const struct redan_problem **items = redan_take_array(ctx, n, sizeof(*items));
    if (!items)
        return REDAN_E_MEMORY;
    n = 0;
    for (const struct redan_problem *p = problems->first; p; p = p->next) {
        size_t at = n++;
        for (; at > 0 && redan_slice_eq(items[at - 1]->file, p->file) && later(items[at - 1], p);
             at--)
            items[at] = items[at - 1];
        items[at] = p;
    }
    *sorted = items;
    *count = n;
    return REDAN_OK;
}

static enum redan_status report(struct redan_cli *cli, const struct redan_problems *problems)
{
    const struct redan_problem **sorted = NULL;
    size_t count = 0;
    struct redan_buf *out = &cli->out;

    REDAN_TRY(sort(&cli->ctx, problems, &sorted, &count));
    if (cli->json)
        redan_buf_printf(out, "{\"schema\": \"redan/lint/1\", \"count\": %zu, \"problems\": [",
                         problems->count);
    for (size_t i = 0; i < count; i++) {
        const struct redan_problem *p = sorted[i];
        if (!cli->json) {
            redan_buf_printf(out, "%.*s:%u:%u: %.*s\n", REDAN_FMT(p->file), p->line, p->column,
                             REDAN_FMT(p->text));
            if (p->fix.len)
                redan_buf_printf(out, "    fix: %.*s\n", REDAN_FMT(p->fix));
            continue;
        }
        redan_buf_printf(out, "%s\n  {\"file\": ", i == 0 ? "" : ",");
        redan_json_string_add(out, p->file);
        redan_buf_printf(out, ", \"line\": %u, \"column\": %u, \"text\": ", p->line, p->column);
        redan_json_string_add(out, p->text);
        redan_buf_text(out, ", \"fix\": ");
        redan_json_string_add(out, p->fix);
        redan_buf_char(out, '}');
    }
    if (cli->json)
        redan_buf_text(out, "]}\n");
    else if (problems->count == 0 && !redan_cli_has(cli, "quiet"))
        redan_buf_text(out, "the form is sound\n");
    else if (problems->count > 0)
        redan_buf_printf(out, "%zu problem%s\n", problems->count, problems->count == 1 ? "" : "s");
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    struct redan_cli_system REDAN_DEFER(redan_cli_system_done) loaded = {0};
    struct redan_problems problems;

    if (lint(cli, &problems, &loaded) != REDAN_OK || report(cli, &problems) != REDAN_OK)
        return redan_cli_failed(cli);
    return problems.count ? REDAN_EXIT_FINDINGS : REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_lint = {
    .name = "lint",
    .args = "[FILE | DIR]",
    .summary = "the form of threat model, organisation and keys; no evidence",
    .most = 1,
    .run = run,
};
