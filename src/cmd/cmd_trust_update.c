/* redan trust update: put another trust root in force, unless it loses something that counts now. */
#include "cmd/cli_trust.h"
#include "cmd/command.h"
#include "codec/json.h"
#include "io/file.h"

static const struct redan_option options[] = {
    {"file", 'f', "FILE", "the new trusted_root.json"},
    {"output", 'o', "FILE", "where it goes, by default ~/.config/redan/trusted_root.json"},
    {"force", 0, NULL, "even if a log or an authority is lost, or it is older"},
    {NULL, 0, NULL, NULL},
};

struct update {
    struct redan_cli *cli;
    struct redan_slice place;
    struct redan_slice text;
    struct redan_cli_trust before;
    struct redan_cli_trust after;
    struct redan_cli_trusted *old;
    size_t old_count;
    struct redan_cli_trusted *new;
    size_t new_count;
    size_t lost;
    size_t gained;
    size_t ended; /* entries that have an end now, or another one */
};

static void update_done(struct update *u)
{
    redan_cli_trust_done(&u->before);
    redan_cli_trust_done(&u->after);
}

static enum redan_status read_new(struct update *u)
{
    struct redan_ctx *ctx = &u->cli->ctx;
    struct redan_slice path = redan_cli_value(u->cli, "file");

    if (path.len == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--file FILE is needed: the new trust root");
    REDAN_TRY(redan_file_read(ctx, path, REDAN_TRUST_TEXT, true, &u->text));
    enum redan_status status = redan_trust_root_parse(ctx, u->text, &u->after.root);
    redan_fail_name(ctx, path);
    REDAN_TRY(status);
    u->after.loaded = true;
    u->after.source = path;
    return REDAN_OK;
}

/* What is at the place that is written, else what is in force. */
static enum redan_status read_old(struct update *u)
{
    struct redan_ctx *ctx = &u->cli->ctx;
    struct redan_slice text = {0};

    u->place = redan_cli_value(u->cli, "output");
    if (u->place.len == 0)
        REDAN_TRY(redan_cli_trust_place(u->cli, &u->place));
    if (!redan_file_exists(ctx, u->place))
        return redan_cli_trust_present(u->cli, &u->before);
    REDAN_TRY(redan_file_read(ctx, u->place, REDAN_TRUST_TEXT, true, &text));
    enum redan_status status = redan_trust_root_parse(ctx, text, &u->before.root);
    if (status != REDAN_OK && redan_cli_has(u->cli, "force")) {
        redan_fail_clear(ctx); /* whatever it was, it goes */
        return redan_cli_trust_present(u->cli, &u->before);
    }
    redan_fail_name(ctx, u->place);
    REDAN_TRY(status);
    u->before.loaded = true;
    u->before.source = u->place;
    return REDAN_OK;
}

static void line(struct update *u, const char *word, const struct redan_cli_trusted *trusted)
{
    if (u->cli->json)
        return;
    redan_buf_printf(&u->cli->out, "%s: ", word);
    redan_cli_trusted_line(&u->cli->out, trusted);
    redan_buf_char(&u->cli->out, '\n');
}

static enum redan_status compare(struct update *u)
{
    struct redan_ctx *ctx = &u->cli->ctx;

    REDAN_TRY(redan_cli_trust_list(ctx, &u->before.root, &u->old, &u->old_count));
    REDAN_TRY(redan_cli_trust_list(ctx, &u->after.root, &u->new, &u->new_count));
    for (size_t i = 0; i < u->old_count; i++) {
        if (redan_cli_trust_find(u->new, u->new_count, &u->old[i]))
            continue;
        line(u, "gone", &u->old[i]);
        u->lost++;
    }
    for (size_t i = 0; i < u->new_count; i++) {
        const struct redan_cli_trusted *was =
            redan_cli_trust_find(u->old, u->old_count, &u->new[i]);
        if (!was) {
            line(u, "new", &u->new[i]);
            u->gained++;
        } else if (was->until != u->new[i].until || was->from != u->new[i].from) {
            line(u, "other times", &u->new[i]);
            u->ended++;
        }
    }
    return REDAN_OK;
}

static enum redan_status answer_json(struct update *u, bool wrote, const char *reason)
{
    struct redan_ctx *ctx = &u->cli->ctx;
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_node *gone = NULL;
    struct redan_node *new = NULL;
    struct redan_slice digest = {0};

    REDAN_TRY(redan_digest_text(ctx, &u->after.root.digest, &digest));
    if (!map || !redan_node_add_bool(ctx, map, "updated", wrote) ||
        !redan_node_add_text(ctx, map, "reason", redan_slice_of(reason)) ||
        !redan_node_add_text(ctx, map, "file", u->place) ||
        !redan_node_add_text(ctx, map, "digest", digest) ||
        !(gone = redan_node_add_kind(ctx, map, "gone", REDAN_NODE_LIST)) ||
        !(new = redan_node_add_kind(ctx, map, "new", REDAN_NODE_LIST)))
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < u->old_count; i++) {
        if (!redan_cli_trust_find(u->new, u->new_count, &u->old[i]))
            REDAN_TRY(redan_cli_trusted_node(ctx, &u->old[i], gone));
    }
    for (size_t i = 0; i < u->new_count; i++) {
        if (!redan_cli_trust_find(u->old, u->old_count, &u->new[i]))
            REDAN_TRY(redan_cli_trusted_node(ctx, &u->new[i], new));
    }
    redan_json_tree_add(&u->cli->out, map);
    return REDAN_OK;
}

static enum redan_status settle(struct update *u, bool *refused)
{
    struct redan_cli *cli = u->cli;
    const char *reason = "";

    if (u->lost)
        reason = "it loses what counts now, and signatures that rest on it would no longer verify";
    else if (u->after.root.newest < u->before.root.newest)
        reason = "it is older than the one that counts now";
    *refused = reason[0] && !redan_cli_has(cli, "force");
    bool same = redan_digest_eq(&u->before.root.digest, &u->after.root.digest) &&
                redan_slice_eq(u->before.source, u->place);
    if (!*refused && !same)
        REDAN_TRY(redan_file_replace(&cli->ctx, u->place, 0644, u->text));
    if (cli->json)
        return answer_json(u, !*refused && !same, *refused ? reason : "");
    if (*refused)
        redan_buf_printf(&cli->out, "NOT updated: %s; --force takes it all the same\n", reason);
    else if (same)
        redan_buf_printf(&cli->out, "unchanged: %.*s says the same already\n", REDAN_FMT(u->place));
    else
        redan_buf_printf(&cli->out, "updated: %.*s, %zu new, %zu gone, %zu with other times\n",
                         REDAN_FMT(u->place), u->gained, u->lost, u->ended);
    return REDAN_OK;
}

static enum redan_status update(struct update *u, bool *refused)
{
    enum redan_status status = read_new(u);

    *refused = status == REDAN_E_SYNTAX || status == REDAN_E_SCHEMA || status == REDAN_E_LIMIT;
    REDAN_TRY(status);
    REDAN_TRY(read_old(u));
    REDAN_TRY(compare(u));
    return settle(u, refused);
}

static int run(struct redan_cli *cli)
{
    struct update REDAN_DEFER(update_done) u = {.cli = cli};
    bool refused = false;

    if (update(&u, &refused) != REDAN_OK) {
        int code = redan_cli_failed(cli);
        return refused ? REDAN_EXIT_FINDINGS : code;
    }
    return refused ? REDAN_EXIT_FINDINGS : REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_trust_update = {
    .name = "trust update",
    .args = "",
    .summary = "put another trust root in force, from a file",
    .text =
        "The file is read, held against the one that is in force, and put in its place in one "
        "step. One that is\n"
        "older, or that no longer has a log or an authority of the present one, is refused: it "
        "would undo what was\n"
        "verified before. Nothing is fetched, and nothing is ever required to be fresh.\n\n"
        "  redan trust update --file trusted_root.json\n"
        "  redan trust update --file trusted_root.json --output /etc/redan/trusted_root.json\n\n"
        "Exit codes: 0 it is in force; 1 refused; 2 usage; 3 could not be read or written.",
    .options = options,
    .run = run,
};
