/* redan diff: what changed between two versions of a system's documents, by meaning; what was loosened stands first. */
#include "cmd/cli_side.h"
#include "cmd/command.h"
#include "codec/json.h"

static const struct redan_option options[] = {
    {"root", 0, "FINGERPRINT", "the root of trust; else REDAN_ROOT, else /etc/redan/root"},
    {NULL, 0, NULL, NULL},
};

static const char *const titles[] = {"threat model", "organisation", "keys"};

/* The threat model approved last before the one at hand, and that one. */
static enum redan_status usual_sides(struct redan_cli *cli, struct redan_cli_system *loaded,
                                     struct redan_side *before, struct redan_side *after)
{
    const struct redan_system *s = &loaded->system;
    const struct redan_history_step *step = NULL;

    REDAN_TRY(redan_cli_load_sound(cli, loaded));
    REDAN_TRY(redan_side_folder(cli, s->folder, after));
    step = redan_history_before(&s->history);
    if (step) {
        REDAN_TRY(redan_side_step(cli, s, step, before));
        return s->trust == REDAN_TRUST_PINNED
                   ? REDAN_OK
                   : redan_format(&cli->ctx, &before->name, "%.*s, by keys that nothing pins",
                                  REDAN_FMT(before->name));
    }
    *before = (struct redan_side){.name = REDAN_S("nothing: no threat model was approved before")};
    before->documents[REDAN_DIFF_THREAT_MODEL].known = true;
    return REDAN_OK;
}

static enum redan_status read_sides(struct redan_cli *cli, struct redan_cli_system *loaded,
                                    struct redan_side *before, struct redan_side *after)
{
    struct redan_slice folder = {0};

    if (cli->arg_count == 0)
        return usual_sides(cli, loaded, before, after);
    REDAN_TRY(redan_side_named(cli, cli->args[0], before));
    if (cli->arg_count == 2)
        return redan_side_named(cli, cli->args[1], after);
    REDAN_TRY(redan_cli_folder(cli, &folder));
    return redan_side_folder(cli, folder, after);
}

static enum redan_status print_json(struct redan_cli *cli, const struct redan_side *before,
                                    const struct redan_side *after,
                                    const struct redan_side_diffs *diffs)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);

    if (!map || !redan_node_add_text(ctx, map, "schema", REDAN_S("redan/diff/1")) ||
        !redan_node_add_text(ctx, map, "from", before->name) ||
        !redan_node_add_text(ctx, map, "to", after->name))
        return REDAN_E_MEMORY;
    struct redan_node *documents = redan_node_add_kind(ctx, map, "documents", REDAN_NODE_MAP);
    if (!documents)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_side_tree(cli, diffs, documents));
    redan_json_tree_add(&cli->out, map);
    return REDAN_OK;
}

static void print_text(struct redan_cli *cli, const struct redan_side *before,
                       const struct redan_side *after, const struct redan_side_diffs *diffs)
{
    redan_buf_printf(&cli->out, "from %.*s\nto   %.*s\n", REDAN_FMT(before->name),
                     REDAN_FMT(after->name));
    for (int i = 0; i < REDAN_SIDE_DOCUMENTS; i++) {
        if (!diffs->there[i] || (i > 0 && diffs->diffs[i].count == 0))
            continue;
        redan_buf_printf(&cli->out, "%s: ", titles[i]);
        redan_diff_text(&cli->out, &diffs->diffs[i], cli->colour);
    }
}

static int run(struct redan_cli *cli)
{
    struct redan_cli_system REDAN_DEFER(redan_cli_system_done) loaded = {0};
    struct redan_side before;
    struct redan_side after;
    struct redan_side_diffs diffs;

    if (read_sides(cli, &loaded, &before, &after) != REDAN_OK ||
        redan_side_compare(cli, &before, &after, &diffs) != REDAN_OK)
        return redan_cli_failed(cli);
    if (!diffs.there[0] && !diffs.there[1] && !diffs.there[2])
        return redan_cli_usage(cli, "the two are documents of different kinds");
    if (cli->json && print_json(cli, &before, &after, &diffs) != REDAN_OK)
        return redan_cli_failed(cli);
    if (!cli->json)
        print_text(cli, &before, &after, &diffs);
    cli->painted = cli->colour;
    return diffs.loosened > 0 ? REDAN_EXIT_FINDINGS : REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_diff = {
    .name = "diff",
    .args = "[A [B]]",
    .summary = "what changed, by meaning; what asks for less than before comes first",
    .text =
        "Compares A with B, or with the documents at hand; without A, the threat model approved "
        "last\n"
        "with the one at hand. A and B are files, folders, approved roots (sha256:..., from "
        "history/)\n"
        "or git revisions. With folders and revisions org.yaml and keys.yaml are compared too.\n"
        "Ends with 1 when something was loosened, else with 0. Nothing of the repository is "
        "run.\n\n"
        "  redan diff                  since the last approval\n"
        "  redan diff main             since the branch main\n"
        "  redan diff HEAD~1 HEAD      between two commits",
    .options = options,
    .least = 0,
    .most = 2,
    .run = run,
};
