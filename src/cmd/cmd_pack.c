/* redan pack: everything that a verdict stands on, in one file for an auditor. */
#include "cmd/cli_system.h"
#include "cmd/command.h"
#include "io/file.h"
#include "redan/version.h"
#include "threat/pack.h"
#include "threat/verdict.h"

static const struct redan_option options[] = {
    {"output", 'o', "FILE", "by default SYSTEM-NUMBER.redan.tar, or SYSTEM-draft.redan.tar"},
    {"root", 0, "PIN", "the root of trust; else REDAN_ROOT, else /etc/redan/root"},
    {NULL, 0, NULL, NULL},
};

static enum redan_status output_path(struct redan_cli *cli, const struct redan_system *s,
                                     struct redan_slice *path)
{
    const struct redan_history *h = &s->history;

    *path = redan_cli_value(cli, "output");
    if (path->len)
        return REDAN_OK;
    if (redan_cli_has(cli, "output"))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--output is empty: is the variable set?");
    if (!h->approved || h->count == 0)
        return redan_format(&cli->ctx, path, "%.*s-draft.redan.tar", REDAN_FMT(s->model.id));
    return redan_format(&cli->ctx, path, "%.*s-%llu.redan.tar", REDAN_FMT(s->model.id),
                        (unsigned long long)h->steps[0].number);
}

static enum redan_status pack(struct redan_cli *cli, const struct redan_system *s)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    struct redan_verdict verdict;
    struct redan_slice path = {0};

    REDAN_TRY(output_path(cli, s, &path));
    REDAN_TRY(redan_system_verdict(ctx, s, NULL, 0, false, &verdict));
    redan_buf_init(&out, ctx, (size_t)REDAN_PACK_MOST);
    REDAN_TRY(redan_pack_make(ctx, s, &verdict, REDAN_S("redan " REDAN_VERSION), &out));
    REDAN_TRY(redan_file_create(ctx, path, 0644, redan_buf_view(&out)));
    redan_cli_say(cli, "wrote %.*s, %zu bytes; its verdict is %s", REDAN_FMT(path), out.len,
                  redan_word_words[verdict.word]);
    const struct redan_cli_field fields[] = {
        {"system", s->model.id},
        {"verdict", redan_slice_of(redan_word_words[verdict.word])},
        {"file", path}};
    redan_cli_object(cli, fields, REDAN_COUNT(fields));
    return REDAN_OK;
}

static int run(struct redan_cli *cli)
{
    struct redan_cli_system REDAN_DEFER(redan_cli_system_done) loaded = {0};

    if (redan_cli_load_sound(cli, &loaded) != REDAN_OK || pack(cli, &loaded.system) != REDAN_OK)
        return redan_cli_failed(cli);
    return REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_pack = {
    .name = "pack",
    .args = "",
    .summary = "an auditor's bundle: all that a verdict stands on, in one file",
    .text = "A plain tar archive of the threat model, organisation, keys, approvals, history, "
            "evidence, the\n"
            "catalogue and the report, with a manifest of digests. Public keys only: a file that "
            "holds a\n"
            "private key is refused. On the auditor's machine, offline:\n\n"
            "  redan check --pack FILE --root PIN              as of today\n"
            "  redan check --pack FILE --root PIN --at TIME    as of its making",
    .options = options,
    .run = run,
};
