/* redan evidence add: sign what a producer observed, bound to the release, into the store. */
#include <string.h>

#include "cmd/cli_record.h"
#include "cmd/command.h"
#include "codec/bind.h"
#include "io/file.h"
#include "io/tree.h"
#include "record/import.h"

static const struct redan_option options[] = {
    {"observed", 'o', "FILE", "what was observed, a JSON object; - for standard input"},
    {"path", 'p', "PATH", "types file and digest: hash this and record what is seen"},
    {"covers", 'c', "SYSTEM", "an organisation's proof: a system it covers; may be repeated"},
    {"n", 'n', "COUNT", "how many were taken; else \"n\" in the observations"},
    REDAN_RECORD_OPTIONS,
    {NULL, 0, NULL, NULL},
};

/* Types file and digest: the command itself is the producer. */
static enum redan_status observe_path(struct redan_cli *cli, struct redan_slice path,
                                      struct redan_draft *draft)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_tree tree = {0};
    struct redan_slice text = {0};

    if (!map)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_tree_walk(ctx, path, NULL, &tree));
    REDAN_TRY(redan_digest_text(ctx, &tree.digest, &text));
    if (!redan_node_add_bool(ctx, map, "exists", true) ||
        !redan_node_add_text(ctx, map, "digest", text) ||
        !redan_node_add_number(ctx, map, "bytes", (double)tree.bytes))
        return REDAN_E_MEMORY;
    draft->observed = map;
    draft->n = tree.count;
    return REDAN_OK;
}

static enum redan_status observe_json(struct redan_cli *cli, const struct redan_system *system,
                                      struct redan_slice path, struct redan_draft *draft)
{
    struct redan_imported imported = {0};
    struct redan_slice text = {0};

    REDAN_TRY(redan_file_read(&cli->ctx, path, cli->ctx.limits.json, true, &text));
    enum redan_status status = redan_importer_named(REDAN_S("json"))
                                   ->read(&cli->ctx, &system->ring, draft->query, text, &imported);
    redan_fail_name(&cli->ctx, path);
    REDAN_TRY(status);
    draft->observed = imported.observed;
    draft->n = imported.n;
    return REDAN_OK;
}

/* The systems that an organisation's proof covers, each once; by default the one at hand. */
static enum redan_status read_covers(struct redan_cli *cli, struct redan_draft *draft)
{
    struct redan_texts *covers = &draft->covers;
    struct redan_slice text = {0};

    if (!redan_cli_has(cli, "covers"))
        return REDAN_OK;
    if (draft->query->covers.len == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--covers is for controls of org.yaml whose evidence has no subject");
    covers->items = redan_take_array(&cli->ctx, cli->value_count, sizeof(*covers->items));
    if (!covers->items)
        return REDAN_E_MEMORY;
    for (size_t n = 0; redan_cli_value_at(cli, "covers", n, &text); n++) {
        if (!redan_bind_is_id(text))
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                              "--covers takes the id of a system, found \"%.*s\"", REDAN_FMT(text));
        if (!redan_texts_have(covers, text))
            covers->items[covers->count++] = text;
    }
    if (!redan_texts_have(covers, draft->query->covers))
        redan_cli_say(cli, "this does not cover %.*s itself", REDAN_FMT(draft->query->covers));
    return REDAN_OK;
}

static enum redan_status add(struct redan_cli *cli, const struct redan_system *system)
{
    struct redan_draft draft = {0};
    struct redan_slice path = redan_cli_value(cli, "path");
    struct redan_slice file = redan_cli_value(cli, "observed");

    REDAN_TRY(redan_cli_query(cli, system, cli->args[0], &draft.query));
    bool hashes = redan_slice_is(redan_slice_of(draft.query->type->name), "file") ||
                  redan_slice_is(redan_slice_of(draft.query->type->name), "digest");
    if (path.len && !hashes)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--path is for the types file and digest; this is %s: use --observed",
                          draft.query->type->name);
    if (path.len && file.len)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "give either --path or --observed");
    if (path.len) {
        REDAN_TRY(observe_path(cli, path, &draft));
    } else {
        if (file.len == 0 && draft.query->file.len)
            REDAN_TRY(redan_path_join(&cli->ctx, system->folder, draft.query->file, &file));
        if (file.len == 0)
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                              "--observed FILE is needed: what was seen?");
        REDAN_TRY(observe_json(cli, system, file, &draft));
    }
    REDAN_TRY(redan_cli_draft(cli, &draft));
    REDAN_TRY(read_covers(cli, &draft));
    return redan_cli_record(cli, system, &draft);
}

static int run(struct redan_cli *cli)
{
    struct redan_cli_system REDAN_DEFER(redan_cli_system_done) loaded = {0};

    if (redan_cli_load_sound(cli, &loaded) != REDAN_OK || add(cli, &loaded.system) != REDAN_OK)
        return redan_cli_failed(cli);
    return REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_evidence_add = {
    .name = "evidence add",
    .args = "CONTROL/EVIDENCE",
    .summary = "sign what was observed and record it, bound to the release",
    .text =
        "The record names system, control, query, release digests, time, n, and the producer's "
        "chain\n"
        "number, and is signed with the producer's key. It is written once and never edited.\n\n"
        "  redan evidence add robust-eval/adaptive --observed robustness.json --key ml-eval.pem\n"
        "  redan evidence add model-held/hash --path out/model.json --key ci.pem\n"
        "  redan evidence add S-ACL/iam-export --observed iam.json --covers fraud --covers chat "
        "--key bot.pem",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
