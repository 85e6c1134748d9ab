/* Reads the documents of one side of a difference, wherever they lie. */
#include "cmd/cli_side.h"

#include "codec/yaml.h"
#include "io/file.h"

static const char *const words[] = {"threat-model", "org", "keys"};
const char *const redan_side_files[] = {"threatmodel.yaml", "org.yaml", "keys.yaml", NULL};

/* The text of one document becomes its tree. */
static enum redan_status set_text(struct redan_ctx *ctx, struct redan_side *side, int document,
                                  struct redan_slice file, struct redan_slice text)
{
    side->documents[document].known = true;
    side->documents[document].file = file;
    side->documents[document].text = text;
    enum redan_status status = redan_yaml_parse(ctx, text, &side->documents[document].root);
    if (status != REDAN_OK)
        redan_fail_name(ctx, file);
    return status;
}

/* An absent file is known to be absent; any other failure stays one. */
static enum redan_status or_absent(struct redan_ctx *ctx, enum redan_status status, bool *there)
{
    *there = status == REDAN_OK;
    if (status != REDAN_E_ABSENT)
        return status;
    redan_fail_clear(ctx);
    return REDAN_OK;
}

enum redan_status redan_side_folder(struct redan_cli *cli, struct redan_slice folder,
                                    struct redan_side *side)
{
    struct redan_ctx *ctx = &cli->ctx;

    *side = (struct redan_side){.name = folder};
    for (int i = 0; i < REDAN_SIDE_DOCUMENTS; i++) {
        struct redan_slice path = {0};
        struct redan_slice text = {0};
        bool there = false;
        side->documents[i].known = true;
        REDAN_TRY(redan_path_join(ctx, folder, redan_slice_of(redan_side_files[i]), &path));
        REDAN_TRY(
            or_absent(ctx, redan_file_read(ctx, path, ctx->limits.yaml, false, &text), &there));
        if (there)
            REDAN_TRY(set_text(ctx, side, i, path, text));
    }
    return REDAN_OK;
}

enum redan_status redan_side_commit(struct redan_cli *cli, const struct redan_git *git,
                                    struct redan_slice commit, struct redan_slice name,
                                    struct redan_side *side)
{
    struct redan_ctx *ctx = &cli->ctx;

    *side = (struct redan_side){0};
    REDAN_TRY(redan_format(ctx, &side->name, "%.*s (%.12s)", REDAN_FMT(name), commit.at));
    for (int i = 0; i < REDAN_SIDE_DOCUMENTS; i++) {
        struct redan_slice path = {0};
        struct redan_slice file = {0};
        struct redan_slice text = {0};
        bool there = false;
        side->documents[i].known = true;
        REDAN_TRY(redan_format(ctx, &path, "%.*s%s", REDAN_FMT(git->prefix), redan_side_files[i]));
        REDAN_TRY(redan_format(ctx, &file, "%.*s:%.*s", REDAN_FMT(name), REDAN_FMT(path)));
        REDAN_TRY(or_absent(ctx, redan_git_read(ctx, git, commit, path, ctx->limits.yaml, &text),
                            &there));
        if (there)
            REDAN_TRY(set_text(ctx, side, i, file, text));
    }
    return REDAN_OK;
}

enum redan_status redan_side_step(struct redan_cli *cli, const struct redan_system *system,
                                  const struct redan_history_step *step, struct redan_side *side)
{
    struct redan_ctx *ctx = &cli->ctx;
    const struct redan_threat_model *model = step->model;
    const struct redan_digest none = {0};
    const struct redan_node *org = NULL;
    struct redan_slice path = {0};
    struct redan_slice root = {0};

    REDAN_TRY(redan_digest_text(ctx, &step->root, &root));
    *side = (struct redan_side){0};
    REDAN_TRY(redan_format(ctx, &side->name, "approval %llu (%.19s)",
                           (unsigned long long)step->number, root.at));
    if (!model)
        REDAN_TRY(redan_history_model(ctx, system->folder, &step->root, &model, &path));
    if (!model)
        return redan_fail(
            ctx, REDAN_E_ABSENT, 0,
            "the text of approval %llu is not in %.*s; restore it from the repository",
            (unsigned long long)step->number, REDAN_FMT(path));
    side->documents[REDAN_DIFF_THREAT_MODEL].known = true;
    side->documents[REDAN_DIFF_THREAT_MODEL].root = model->root_node;
    if (!step->approval)
        return REDAN_OK;
    const struct redan_digest *file = &step->approval->step.org;
    if (redan_digest_eq(file, &none)) {
        side->documents[REDAN_DIFF_ORG].known = true; /* there was none */
        return REDAN_OK;
    }
    REDAN_TRY(redan_history_org(ctx, system->folder, file, &org, &path));
    side->documents[REDAN_DIFF_ORG].known = org != NULL;
    side->documents[REDAN_DIFF_ORG].root = org;
    return REDAN_OK;
}

/* Without trust and approvals: history/ is named by digests, which are computed anew. */
static enum redan_status side_root(struct redan_cli *cli, struct redan_slice text,
                                   struct redan_side *side)
{
    struct redan_ctx *ctx = &cli->ctx;
    const struct redan_threat_model *model = NULL;
    struct redan_digest root;
    struct redan_slice folder = {0};
    struct redan_slice path = {0};

    if (!redan_digest_parse(text, &root))
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "a root is sha256: and 64 lower-case digits, found \"%.*s\"",
                          REDAN_FMT(text));
    REDAN_TRY(redan_cli_folder(cli, &folder));
    REDAN_TRY(redan_history_model(ctx, folder, &root, &model, &path));
    if (!model)
        return redan_fail(ctx, REDAN_E_ABSENT, 0,
                          "%.*s is not there, or is not the text of that root", REDAN_FMT(path));
    *side = (struct redan_side){.name = redan_slice_sub(text, 0, 19)};
    side->documents[REDAN_DIFF_THREAT_MODEL].known = true;
    side->documents[REDAN_DIFF_THREAT_MODEL].root = model->root_node;
    return REDAN_OK;
}

/* One document, by its schema. */
static enum redan_status side_file(struct redan_cli *cli, struct redan_slice path,
                                   struct redan_side *side)
{
    static const char *const schemas[] = {"redan/", "redan/org/", "redan/keys/"};
    struct redan_ctx *ctx = &cli->ctx;
    const struct redan_node *root = NULL;
    struct redan_slice text = {0};
    int document = REDAN_DIFF_THREAT_MODEL;

    *side = (struct redan_side){.name = path};
    REDAN_TRY(redan_file_read(ctx, path, ctx->limits.yaml, true, &text));
    enum redan_status status = redan_yaml_parse(ctx, text, &root);
    if (status != REDAN_OK) {
        redan_fail_name(ctx, path);
        return status;
    }
    for (int i = 1; i < REDAN_SIDE_DOCUMENTS; i++) {
        if (redan_slice_starts(redan_node_text(root, "schema"), redan_slice_of(schemas[i])))
            document = i;
    }
    side->documents[document].known = true;
    side->documents[document].root = root;
    side->documents[document].text = text;
    side->documents[document].file = path;
    return REDAN_OK;
}

static enum redan_status side_revision(struct redan_cli *cli, struct redan_slice text,
                                       struct redan_side *side)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice folder = {0};
    struct redan_slice commit = {0};
    struct redan_git git;

    REDAN_TRY(redan_cli_folder(cli, &folder));
    REDAN_TRY(redan_git_open(ctx, folder, &git));
    enum redan_status status = redan_git_commit(ctx, &git, text, &commit);
    if (status == REDAN_E_ABSENT) {
        redan_fail_clear(ctx);
        return redan_fail(ctx, REDAN_E_USAGE, 0, "\"%.*s\" is no file, no folder and no revision",
                          REDAN_FMT(text));
    }
    REDAN_TRY(status);
    REDAN_TRY(redan_side_commit(cli, &git, commit, text, side));
    if (side->documents[REDAN_DIFF_THREAT_MODEL].root)
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_ABSENT, 0, "there is no %.*sthreatmodel.yaml at %.*s",
                      REDAN_FMT(git.prefix), REDAN_FMT(text));
}

enum redan_status redan_side_named(struct redan_cli *cli, struct redan_slice text,
                                   struct redan_side *side)
{
    static const char *const below[] = {"", "redan"};
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice folder = {0};
    struct redan_slice path = {0};

    if (redan_slice_starts(text, REDAN_S("sha256:")))
        return side_root(cli, text, side);
    for (size_t i = 0; i < REDAN_COUNT(below) && redan_folder_exists(ctx, text); i++) {
        folder = text;
        if (i > 0)
            REDAN_TRY(redan_path_join(ctx, text, redan_slice_of(below[i]), &folder));
        REDAN_TRY(redan_path_join(ctx, folder, REDAN_S("threatmodel.yaml"), &path));
        if (redan_file_exists(ctx, path))
            return redan_side_folder(cli, folder, side);
    }
    if (redan_file_exists(ctx, text))
        return side_file(cli, text, side);
    return side_revision(cli, text, side);
}

enum redan_status redan_side_compare(struct redan_cli *cli, const struct redan_side *before,
                                     const struct redan_side *after, struct redan_side_diffs *diffs)
{
    struct redan_problems problems;

    *diffs = (struct redan_side_diffs){0};
    for (int i = 0; i < REDAN_SIDE_DOCUMENTS; i++) {
        if (!before->documents[i].known || !after->documents[i].known)
            continue;
        redan_problems_init(&problems, &cli->ctx, redan_slice_of(redan_side_files[i]));
        REDAN_TRY(redan_diff_make(&problems, (enum redan_diff_document)i, before->documents[i].root,
                                  after->documents[i].root, &diffs->diffs[i]));
        if (problems.first) {
            (void)redan_fail_at(&cli->ctx, REDAN_E_SCHEMA, problems.first->line,
                                problems.first->column, "%.*s", REDAN_FMT(problems.first->text));
            redan_fail_name(&cli->ctx, problems.file);
            return REDAN_E_SCHEMA;
        }
        diffs->there[i] = true;
        diffs->loosened += diffs->diffs[i].counts[REDAN_DIFF_LOOSENED];
    }
    return REDAN_OK;
}

enum redan_status redan_side_tree(struct redan_cli *cli, const struct redan_side_diffs *diffs,
                                  struct redan_node *documents)
{
    for (int i = 0; i < REDAN_SIDE_DOCUMENTS; i++) {
        struct redan_node *tree = NULL;
        if (!diffs->there[i])
            continue;
        REDAN_TRY(redan_diff_tree(&cli->ctx, &diffs->diffs[i], &tree));
        tree->key = redan_slice_of(words[i]);
        redan_node_add(documents, tree);
    }
    return REDAN_OK;
}
