/* redan release pin: write the digests of what is released into the threat model. */
#include "cmd/cli_system.h"
#include "cmd/command.h"
#include "codec/yaml.h"
#include "io/file.h"
#include "io/tree.h"

/* Where the line with this number (1-based) ends, after its newline. */
static size_t line_end(struct redan_slice text, unsigned line)
{
    struct redan_slice rest = text;
    struct redan_slice head = {0};

    for (unsigned i = 0; i < line; i++)
        (void)redan_slice_cut(rest, '\n', &head, &rest);
    return text.len - rest.len;
}

/* A first threat model has no release yet, or an empty one: give it a line to write the digest on. */
static enum redan_status begin_release(struct redan_ctx *ctx, struct redan_slice name,
                                       struct redan_slice *text)
{
    const struct redan_node *root = NULL;
    const struct redan_node *release = NULL;

    REDAN_TRY(redan_yaml_parse(ctx, *text, &root));
    release = redan_node_get(root, "release");
    if (root->kind != REDAN_NODE_MAP || (release && release->kind != REDAN_NODE_NULL))
        return REDAN_OK;
    size_t at = release ? line_end(*text, release->key_line) : text->len;
    bool ended = at > 0 && text->at[at - 1] == '\n';
    return redan_format(ctx, text, "%.*s%s%s  %.*s: none\n%.*s",
                        REDAN_FMT(redan_slice_sub(*text, 0, at)), ended ? "" : "\n",
                        release ? "" : "release:\n", REDAN_FMT(name),
                        REDAN_FMT(redan_slice_sub(*text, at, SIZE_MAX)));
}

static enum redan_status pin_one(struct redan_cli *cli, struct redan_slice arg,
                                 struct redan_slice file, struct redan_slice *text)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice name = {0};
    struct redan_slice path = {0};
    struct redan_slice key = {0};
    struct redan_slice value = {0};
    struct redan_tree tree = {0};

    if (!redan_slice_cut(arg, '=', &name, &path) || name.len == 0 || path.len == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "\"%.*s\": write NAME=PATH", REDAN_FMT(arg));
    REDAN_TRY(redan_tree_walk(ctx, path, NULL, &tree));
    REDAN_TRY(redan_digest_text(ctx, &tree.digest, &value));
    REDAN_TRY(redan_copy(ctx, name, &key));
    const char *const keys[] = {"release", key.at};
    enum redan_status status = begin_release(ctx, name, text);
    if (status == REDAN_OK)
        status = redan_yaml_set(ctx, *text, keys, 2, value, text);
    redan_fail_name(ctx, file);
    REDAN_TRY(status);
    const struct redan_cli_field fields[] = {{"name", name}, {"digest", value}};
    redan_cli_object(cli, fields, REDAN_COUNT(fields));
    if (!cli->json)
        redan_buf_printf(&cli->out, "%.*s  %.*s  %zu file%s\n", REDAN_FMT(name), REDAN_FMT(value),
                         tree.count, tree.count == 1 ? "" : "s");
    return REDAN_OK;
}

static enum redan_status pin(struct redan_cli *cli)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice folder = {0};
    struct redan_slice file = {0};
    struct redan_slice text = {0};

    REDAN_TRY(redan_cli_folder(cli, &folder));
    REDAN_TRY(redan_path_join(ctx, folder, REDAN_S("threatmodel.yaml"), &file));
    REDAN_TRY(redan_file_read(ctx, file, ctx->limits.yaml, false, &text));
    for (size_t i = 0; i < cli->arg_count; i++)
        REDAN_TRY(pin_one(cli, cli->args[i], file, &text));
    return redan_file_replace(ctx, file, 0644, text);
}

static int run(struct redan_cli *cli)
{
    if (pin(cli) == REDAN_OK)
        return REDAN_EXIT_CLEAN;
    redan_buf_clear(&cli->out); /* nothing was written, so nothing was pinned */
    return redan_cli_failed(cli);
}

const struct redan_command redan_cmd_release_pin = {
    .name = "release pin",
    .args = "NAME=PATH...",
    .summary = "write the digests of files or folders into the release",
    .text = "Every other byte of the file stays as it is. A new digest asks for new evidence and a "
            "new review:\n"
            "what was proved about the old one proves nothing about the new.\n\n"
            "  redan release pin model=out/model.json dataset=out/dataset",
    .least = 1,
    .most = 64,
    .run = run,
};
