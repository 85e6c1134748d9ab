/* redan digest: the canonical digests of a threat model, for other implementations and for review. */
#include "cmd/cli_system.h"
#include "cmd/command.h"

static void add(struct redan_buf *out, const char *before, const struct redan_digest *digest,
                const char *after)
{
    char hex[REDAN_DIGEST_HEX];

    redan_digest_hex(digest, hex);
    redan_buf_printf(out, "%ssha256:%s%s", before, hex, after);
}

static void write_json(struct redan_buf *out, const struct redan_threat_model *m)
{
    const struct redan_threat *threats = m->threats.items;
    const struct redan_control *controls = m->controls.items;

    add(out, "{\"root\": \"", &m->root, "\",\n");
    add(out, " \"head\": \"", &m->head, "\",\n \"threats\": {");
    for (size_t i = 0; i < m->threats.count; i++) {
        redan_buf_printf(out, "%s\n  \"%.*s\": {", i ? "," : "", REDAN_FMT(threats[i].id));
        add(out, "\"leaf\": \"", &threats[i].leaf, "\", ");
        add(out, "\"acceptance\": \"", &threats[i].acceptance, "\"}");
    }
    redan_buf_text(out, "},\n \"controls\": {");
    for (size_t i = 0; i < m->controls.count; i++) {
        redan_buf_printf(out, "%s\n  \"%.*s\": ", i ? "," : "", REDAN_FMT(controls[i].id));
        add(out, "\"", &m->control_leaves[i], "\"");
    }
    redan_buf_text(out, "}}\n");
}

static int run(struct redan_cli *cli)
{
    struct redan_cli_system REDAN_DEFER(redan_cli_system_done) loaded = {0};

    if (redan_cli_load_sound(cli, &loaded) != REDAN_OK)
        return redan_cli_failed(cli);
    if (cli->json)
        write_json(&cli->out, &loaded.system.model);
    else
        add(&cli->out, "", &loaded.system.model.root, "\n");
    return REDAN_EXIT_CLEAN;
}

const struct redan_command redan_cmd_digest = {
    .name = "digest",
    .args = "",
    .summary = "the canonical root; --json adds leaves and acceptances",
    .text = "Comments, order, indentation and annotations change nothing; a loosened threshold "
            "changes the\n"
            "root. docs/digest.md defines it, so that another program can compute it too.",
    .run = run,
};
