/* redan pin: what a machine should remember of the state at hand, so that nothing can go back. */
#include "cmd/cli_system.h"
#include "cmd/command.h"
#include "io/file.h"
#include "threat/check.h"

static const struct redan_option options[] = {
    {"root", 0, "PIN", "what is pinned now; by default REDAN_ROOT or /etc/redan/root"},
    {"system", 0, "ID", "the system that is meant"},
    {"file", 0, "FILE", "advance this file, never backwards"},
    {NULL, 0, NULL, NULL},
};

/* The rules that say whether the state at hand may be remembered: what compares it with an earlier one is among them, for below the
 * pinned step nothing is asked for any more. */
static const char *const rules[] = {"TM001", "TM003", "TM007", "TM022", "TM023", "TM026", NULL};

/* A refusal is an answer, not a failure of the machine. */
static enum redan_status refuse(struct redan_cli *cli, struct redan_slice what,
                                struct redan_slice action, bool *refused)
{
    *refused = true;
    return redan_fail(&cli->ctx, REDAN_E_SCHEMA, 0, "not pinned: %.*s%s%.*s", REDAN_FMT(what),
                      action.len ? "; " : "", REDAN_FMT(action));
}

/* The pin in a file, and the file's text; an absent one is not set. */
static enum redan_status read_file(struct redan_cli *cli, struct redan_slice path,
                                   struct redan_slice *text, struct redan_pin *pin)
{
    *pin = (struct redan_pin){.source = path, .system = redan_cli_value(cli, "system")};
    *text = (struct redan_slice){"", 0};
    if (path.len == 0 || !redan_file_exists(&cli->ctx, path))
        return REDAN_OK;
    REDAN_TRY(redan_file_read(&cli->ctx, path, REDAN_PIN_TEXT, false, text));
    enum redan_status status = redan_pin_parse(&cli->ctx, *text, pin);
    redan_fail_name(&cli->ctx, path);
    return status;
}

static enum redan_status load(struct redan_cli *cli, const struct redan_pin *pin,
                              struct redan_system *system)
{
    struct redan_slice folder = {0};
    const struct redan_problem *first = NULL;

    REDAN_TRY(redan_cli_folder(cli, &folder));
    REDAN_TRY(redan_system_load(&cli->ctx, NULL, folder, pin, system));
    first = system->problems.first;
    if (!first)
        return REDAN_OK;
    (void)redan_fail_at(&cli->ctx, REDAN_E_SCHEMA, first->line, first->column, "%.*s",
                        REDAN_FMT(first->text));
    redan_fail_name(&cli->ctx, first->file);
    return REDAN_E_SCHEMA;
}

static bool is_ours(const struct redan_finding *f)
{
    bool ours = false;

    for (size_t i = 0; rules[i] && !ours; i++)
        ours = redan_slice_is(redan_slice_of(f->rule->id), rules[i]);
    return ours && f->level >= REDAN_LEVEL_UNCLEAR;
}

/* Trust stands, both leads have approved, nothing has gone back. */
static enum redan_status judge(struct redan_cli *cli, const struct redan_system *s, bool *refused)
{
    struct redan_check check;

    REDAN_TRY(redan_check_run(&cli->ctx, s, NULL, 0, &check));
    for (const struct redan_finding *f = check.findings.first; f; f = f->next) {
        if (is_ours(f))
            return refuse(cli, f->detail, f->action, refused);
    }
    return REDAN_OK;
}

/* The old file's comments, then what is pinned now. */
static enum redan_status write_file(struct redan_cli *cli, struct redan_slice path,
                                    struct redan_slice old, const struct redan_pin *pin)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    struct redan_slice line = {0};
    struct redan_slice rest = old;

    redan_buf_init(&text, ctx, (size_t)2 * REDAN_PIN_TEXT);
    while (rest.len) {
        (void)redan_slice_cut(rest, '\n', &line, &rest);
        if (redan_slice_starts(redan_slice_trim(line), REDAN_S("#")))
            redan_buf_printf(&text, "%.*s\n", REDAN_FMT(redan_slice_trim(line)));
    }
    redan_pin_add_lines(&text, pin);
    REDAN_TRY(redan_buf_ok(ctx, &text, "the pin"));
    if (text.len > REDAN_PIN_TEXT)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "the pin is longer than %d bytes",
                          (int)REDAN_PIN_TEXT);
    if (redan_slice_eq(redan_buf_view(&text), old)) {
        redan_cli_say(cli, "%.*s is up to date", REDAN_FMT(path));
        return REDAN_OK;
    }
    if (redan_file_exists(ctx, path))
        REDAN_TRY(redan_file_replace(ctx, path, 0644, redan_buf_view(&text)));
    else
        REDAN_TRY(redan_file_create(ctx, path, 0644, redan_buf_view(&text)));
    redan_cli_say(cli, "wrote %.*s", REDAN_FMT(path));
    return REDAN_OK;
}

static enum redan_status answer(struct redan_cli *cli, const struct redan_pin *pin, bool print)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};

    redan_buf_init(&text, &cli->ctx, (size_t)2 * REDAN_PIN_TEXT);
    redan_pin_add(&text, pin);
    REDAN_TRY(redan_buf_ok(&cli->ctx, &text, "the pin"));
    if (print && !cli->json)
        redan_buf_slice(&cli->out, redan_buf_view(&text));
    const struct redan_cli_field fields[] = {{"pin", redan_slice_trim(redan_buf_view(&text))}};
    redan_cli_object(cli, fields, REDAN_COUNT(fields));
    return REDAN_OK;
}

static enum redan_status advance(struct redan_cli *cli, const struct redan_pin *before,
                                 const struct redan_pin *now, struct redan_pin *pin, bool *refused)
{
    struct redan_slice why = {0};

    if (!before->set)
        return REDAN_OK;
    REDAN_TRY(redan_pin_advance(&cli->ctx, before, now, pin, &why));
    return why.len ? refuse(cli, why, REDAN_S("restore the newest from version control"), refused)
                   : REDAN_OK;
}

static enum redan_status pin_state(struct redan_cli *cli, bool *refused)
{
    struct redan_cli_system REDAN_DEFER(redan_cli_system_done) loaded = {0};
    const struct redan_system *s = &loaded.system;
    struct redan_slice path = redan_cli_value(cli, "file");
    struct redan_slice old = {0};
    struct redan_pin said;
    struct redan_pin held;

    REDAN_TRY(redan_cli_pin(cli, &said));
    REDAN_TRY(read_file(cli, path, &old, &held));
    REDAN_TRY(load(cli, held.set ? &held : &said, &loaded.system));
    REDAN_TRY(judge(cli, s, refused));
    struct redan_pin_last last = {s->model.id, s->history.steps[0].number,
                                  s->history.steps[0].root};
    const struct redan_pin now = {.set = true,
                                  .root = s->ring.root,
                                  .keys_version = s->ring.version,
                                  .org_version = s->has_org ? s->org.version : 0,
                                  .last = &last,
                                  .last_count = 1};
    struct redan_pin pin = now;
    REDAN_TRY(advance(cli, &said, &now, &pin, refused));
    if (path.len == 0)
        return answer(cli, &pin, true);
    pin = now;
    REDAN_TRY(advance(cli, &held, &now, &pin, refused));
    REDAN_TRY(write_file(cli, path, old, &pin));
    return answer(cli, &pin, false);
}

static int run(struct redan_cli *cli)
{
    bool refused = false;

    if (pin_state(cli, &refused) == REDAN_OK)
        return REDAN_EXIT_CLEAN;
    int code = redan_cli_failed(cli);
    return refused ? REDAN_EXIT_FINDINGS : code;
}

const struct redan_command redan_cmd_pin = {
    .name = "pin",
    .args = "",
    .summary = "what a machine should remember, so that nothing goes back",
    .text =
        "Prints the root, the versions of keys.yaml and org.yaml and the last approved threat\n"
        "model, when both leads have approved it and nothing is older than what was pinned. That\n"
        "text goes where the repository cannot reach: a protected variable REDAN_ROOT, --root, or\n"
        "/etc/redan/root. With --file it advances such a file and keeps other systems' lines.\n\n"
        "  redan pin\n"
        "  redan pin --file /etc/redan/root",
    .options = options,
    .run = run,
};
