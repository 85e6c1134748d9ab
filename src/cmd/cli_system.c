/* The pinned root, the folder, and loading a system from it. */
#include "cmd/cli_system.h"

#include <stdlib.h>

#include "base/clock.h"
#include "io/file.h"

#define MACHINE_PIN "/etc/redan/root"

enum redan_status redan_cli_pin(struct redan_cli *cli, struct redan_pin *pin)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice text = redan_cli_value(cli, "root");
    const char *variable = getenv("REDAN_ROOT");

    *pin =
        (struct redan_pin){.source = REDAN_S("--root"), .system = redan_cli_value(cli, "system")};
    if (pin->system.len == 0 && redan_cli_has(cli, "system"))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--system is empty: is the variable set?");
    if (!redan_cli_has(cli, "root") && variable && variable[0]) {
        text = redan_slice_of(variable);
        pin->source = REDAN_S("REDAN_ROOT");
    }
    if (!redan_cli_has(cli, "root") && text.len == 0 &&
        redan_file_exists(ctx, REDAN_S(MACHINE_PIN))) {
        REDAN_TRY(redan_file_read(ctx, REDAN_S(MACHINE_PIN), REDAN_PIN_TEXT, false, &text));
        pin->source = REDAN_S(MACHINE_PIN);
    }
    text = redan_slice_trim(text);
    if (text.len == 0 && redan_cli_has(cli, "root"))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--root is empty: is the variable set?");
    if (text.len == 0)
        return REDAN_OK;
    enum redan_status status = redan_pin_parse(ctx, text, pin);
    redan_fail_name(ctx, pin->source);
    return status;
}

enum redan_status redan_cli_clock(struct redan_cli *cli)
{
    struct redan_slice at = redan_cli_value(cli, "at");

    if (!redan_cli_has(cli, "at"))
        return REDAN_OK;
    if (!redan_time_parse(at, &cli->ctx.now))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--at takes a date or an RFC 3339 time, 2027-01-15 or "
                          "2027-01-15T12:00:00Z, found \"%.*s\"",
                          REDAN_FMT(at));
    cli->simulated = true;
    return REDAN_OK;
}

enum redan_status redan_cli_folder(struct redan_cli *cli, struct redan_slice *folder)
{
    struct redan_slice dir = redan_cli_value(cli, "dir");

    return redan_system_find(&cli->ctx, dir.len ? dir : REDAN_S("."), folder);
}

enum redan_status redan_cli_load(struct redan_cli *cli, struct redan_cli_system *loaded)
{
    struct redan_slice folder = {0};
    struct redan_pin pin;

    REDAN_TRY(redan_cli_clock(cli));
    REDAN_TRY(redan_cli_pin(cli, &pin));
    REDAN_TRY(redan_cli_folder(cli, &folder));
    return redan_system_load(&cli->ctx, NULL, folder, &pin, &loaded->system);
}

void redan_cli_system_done(struct redan_cli_system *loaded)
{
    redan_system_done(&loaded->system);
}

enum redan_status redan_cli_load_sound(struct redan_cli *cli, struct redan_cli_system *loaded)
{
    const struct redan_problem *first = NULL;

    REDAN_TRY(redan_cli_load(cli, loaded));
    first = loaded->system.problems.first;
    if (!first)
        return REDAN_OK;
    (void)redan_fail_at(&cli->ctx, REDAN_E_SCHEMA, first->line, first->column,
                        "%.*s (%zu problem%s of form; redan lint tells all)",
                        REDAN_FMT(first->text), loaded->system.problems.count,
                        loaded->system.problems.count == 1 ? "" : "s");
    redan_fail_name(&cli->ctx, first->file);
    return REDAN_E_SCHEMA;
}

static const struct redan_query *query_of(const struct redan_control *control,
                                          struct redan_slice evidence)
{
    for (size_t k = 0; k < control->query_count; k++) {
        if (redan_slice_eq(control->queries[k].id, evidence))
            return &control->queries[k];
    }
    return NULL;
}

enum redan_status redan_cli_controls(struct redan_cli *cli, const struct redan_system *system,
                                     const struct redan_control **controls, size_t *count)
{
    const struct redan_threat_model *model = &system->model;
    const struct redan_control *own = model->controls.items;
    const struct redan_control *shared = system->org.controls.items;
    struct redan_problems problems;
    size_t n = 0;

    struct redan_control *all = redan_take_array(
        &cli->ctx, model->controls.count + system->org.controls.count, sizeof(*all));
    if (!all)
        return REDAN_E_MEMORY;
    redan_problems_init(&problems, &cli->ctx, (struct redan_slice){"", 0});
    while (n < model->controls.count) {
        all[n] = own[n];
        n++;
    }
    for (size_t i = 0; i < system->org.controls.count; i++) {
        if (redan_threat_model_control(model, NULL, shared[i].id) ||
            !redan_threat_model_uses(model, shared[i].id))
            continue;
        REDAN_TRY(redan_threat_model_inherit(&problems, model, &shared[i], &all[n]));
        n++;
    }
    *controls = all;
    *count = n;
    return REDAN_OK;
}

enum redan_status redan_cli_query(struct redan_cli *cli, const struct redan_system *system,
                                  struct redan_slice name, const struct redan_query **query)
{
    const struct redan_control *controls = NULL;
    size_t count = 0;
    struct redan_slice control = {0};
    struct redan_slice evidence = {0};

    if (!redan_slice_cut(name, '/', &control, &evidence))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "\"%.*s\": write CONTROL/EVIDENCE",
                          REDAN_FMT(name));
    REDAN_TRY(redan_cli_controls(cli, system, &controls, &count));
    for (size_t i = 0; i < count; i++) {
        *query = redan_slice_eq(controls[i].id, control) ? query_of(&controls[i], evidence) : NULL;
        if (*query)
            return REDAN_OK;
    }
    return redan_fail(
        &cli->ctx, REDAN_E_USAGE, 0,
        "the threat model asks for no evidence \"%.*s\"; redan evidence list --queries "
        "shows what it asks for",
        REDAN_FMT(name));
}
