/* redan scan disasm: what a pickle does, opcode by opcode. */
#include <errno.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/scan_crew.h"
#include "cmd/scan_listing.h"
#include "cmd/scan_walk.h"
#include "codec/json.h"
#include "format/format.h"
#include "io/os.h"

enum { LINES = 4000, SECONDS = 120 };

static const struct redan_option options[] = {
    {"member", 'm', "CHAIN", "a member as findings name it: archive/data.pkl, inner.zip!a.pkl"},
    {"offset", 0, "N", "begin at this byte; 0 by default"},
    {"lines", 'n', "N", "at most so many opcodes; 4000 by default"},
    {NULL, 0, NULL, NULL},
};

/* In the worker. */
static void work(void *arg, int fd, struct redan_slice name, struct redan_buf *out)
{
    const struct redan_scan_listing *listing = arg;
    struct redan_ctx REDAN_DEFER(redan_ctx_done) ctx;
    struct redan_source REDAN_DEFER(redan_source_done) source = {.fd = -1};

    redan_ctx_init(&ctx, NULL);
    if (redan_source_file(&ctx, fd, &source) == REDAN_OK) {
        redan_scan_listing_add(&ctx, listing, &source, name, out);
        return;
    }
    redan_buf_text(out, "{\"failure\": ");
    redan_json_string_add(out, redan_slice_of("the file cannot be read"));
    redan_buf_char(out, '}');
}

static enum redan_status number(struct redan_cli *cli, const char *name, uint64_t *value)
{
    struct redan_slice text = redan_cli_value(cli, name);

    if (redan_cli_has(cli, name) && !redan_slice_u64(text, value))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--%s takes a number of bytes or lines",
                          name);
    return REDAN_OK;
}

static double value_of(const struct redan_node *line, const char *name)
{
    double value = 0;

    (void)redan_node_number(redan_node_get(line, name), &value);
    return value;
}

static void text_line(struct redan_buf *out, const struct redan_node *line)
{
    struct redan_slice event = redan_node_text(line, "event");
    struct redan_slice note = redan_node_text(line, "note");

    if (event.len) {
        struct redan_slice what = redan_node_text(line, "what");
        redan_buf_printf(out, "%10.0f  -- %.*s: %.*s\n", value_of(line, "offset"), REDAN_FMT(event),
                         REDAN_FMT(what));
        return;
    }
    struct redan_slice opcode = redan_node_text(line, "opcode");
    struct redan_slice operand = redan_node_text(line, "operand");
    struct redan_slice top = redan_node_text(line, "top");

    redan_buf_printf(out, "%10.0f  %-16.*s %-40.*s %5.0f %5.0f%s%.*s", value_of(line, "offset"),
                     REDAN_FMT(opcode), REDAN_FMT(operand), value_of(line, "stack"),
                     value_of(line, "memo"), top.len ? "  " : "", REDAN_FMT(top));
    if (note.len)
        redan_buf_printf(out, "  <- %.*s", REDAN_FMT(note));
    redan_buf_char(out, '\n');
}

static bool some_opcode(const struct redan_node *lines)
{
    for (const struct redan_node *line = lines ? lines->first : NULL; line; line = line->next) {
        struct redan_slice opcode = redan_node_text(line, "opcode");
        if (opcode.len && !redan_slice_is(opcode, "?"))
            return true;
    }
    return false;
}

static enum redan_status print(struct redan_cli *cli, struct redan_slice answer)
{
    const struct redan_node *root = NULL;
    bool more = false;

    REDAN_TRY(redan_json_parse(&cli->ctx, answer, &root));
    struct redan_slice failure = redan_node_text(root, "failure");

    (void)redan_node_bool(redan_node_get(root, "more"), &more);
    if (cli->json) {
        redan_json_tree_add(&cli->out, root);
    } else if (failure.len == 0 || some_opcode(redan_node_get(root, "lines"))) {
        const struct redan_node *lines = redan_node_get(root, "lines");

        redan_buf_printf(&cli->out, "%10s  %-16s %-40s %5s %5s  %s\n", "byte", "opcode", "operand",
                         "stack", "memo", "on top");
        for (const struct redan_node *line = lines ? lines->first : NULL; line; line = line->next)
            text_line(&cli->out, line);
        redan_cli_clean(cli->out.data, cli->out.len);
    }
    if (more)
        redan_cli_say(cli, "there is more: raise --lines, or go on with --offset");
    if (failure.len)
        return redan_fail(&cli->ctx, REDAN_E_SYNTAX, 0, "%.*s", REDAN_FMT(failure));
    return REDAN_OK;
}

static enum redan_status disasm(struct redan_cli *cli)
{
    struct redan_scan_listing listing = {.member = redan_cli_value(cli, "member"), .lines = LINES};
    struct redan_scan_walk_options walking = {.follow = true};
    struct redan_scan_walk REDAN_DEFER(redan_scan_walk_done) walk;
    struct redan_crew REDAN_DEFER(redan_crew_done) crew = {0};
    struct redan_crew_options options_of = {
        .workers = 1,
        .seconds = SECONDS,
        .sandbox = {.memory = (uint64_t)cli->ctx.limits.memory + (64 << 20)},
        .work = work,
        .arg = &listing,
    };
    struct redan_scan_item item = {.fd = -1};
    struct redan_crew_result result;
    bool got = false;

    REDAN_TRY(redan_scan_walk_init(&cli->ctx, &walking, cli->args, 1, &walk));
    REDAN_TRY(number(cli, "offset", &listing.offset));
    REDAN_TRY(number(cli, "lines", &listing.lines));
    REDAN_TRY(redan_scan_walk_next(&walk, &item, &got));
    if (got && item.fd < 0)
        return redan_fail(&cli->ctx, REDAN_E_ABSENT, 0, "it is not read: %.*s",
                          REDAN_FMT(item.why));
    if (!got || !redan_slice_eq(item.path, cli->args[0])) { /* what lies in it was found */
        redan_os_close(&item.fd);
        return redan_os_fail(&cli->ctx, EISDIR, "read", cli->args[0]);
    }
    redan_unpack_prepare(&cli->ctx);
    REDAN_TRY(redan_crew_open(&cli->ctx, &options_of, &crew));
    REDAN_TRY(redan_crew_put(&crew, item.fd, (uint64_t)item.st.st_size, item.path, NULL));
    redan_crew_hurry(&crew);
    REDAN_TRY(redan_crew_take(&crew, true, &result, &got));
    if (!got || result.end != REDAN_CREW_ANSWERED)
        return redan_fail(&cli->ctx, REDAN_E_LIMIT, 0, "the listing did not come to an end");
    enum redan_status status = print(cli, result.answer);

    redan_crew_drop(&crew);
    return status;
}

static int run(struct redan_cli *cli)
{
    return disasm(cli) == REDAN_OK ? REDAN_EXIT_CLEAN : redan_cli_failed(cli);
}

const struct redan_command redan_cmd_scan_disasm = {
    .name = "scan disasm",
    .args = "FILE",
    .summary = "a pickle opcode by opcode: stack, memo, and what each one does",
    .text = "For a finding in a pickle: what stands around it. Nothing is carried out.\n\n"
            "  redan scan disasm model.pkl\n"
            "  redan scan disasm model.pt --member archive/data.pkl\n"
            "  redan scan disasm model.pkl --offset 4096 --lines 50 --json",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
