/* The kinds of probes: a new one is one file and one line here. */
#include "probe/probe_table.h"

#include <stdio.h>

#include "codec/problem.h"

enum { USUAL = 60, LONGEST = 3600 };

const struct redan_probe_kind *const redan_probe_kinds[] = {
    &redan_probe_command,
    &redan_probe_guard,
    &redan_probe_guard_beat,
    &redan_probe_http,
    &redan_probe_shape,
    &redan_probe_tamper,
    NULL,
};

const struct redan_probe_kind *redan_probe_kind_named(struct redan_slice name)
{
    for (size_t i = 0; redan_probe_kinds[i]; i++) {
        if (redan_slice_is(name, redan_probe_kinds[i]->name))
            return redan_probe_kinds[i];
    }
    return NULL;
}

unsigned redan_probe_seconds(const struct redan_probe *probe)
{
    return probe->timeout > 0 ? (unsigned)probe->timeout : USUAL;
}

static enum redan_status run(struct redan_ctx *ctx, const struct redan_probe *probe,
                             struct redan_probed *probed)
{
    const struct redan_probe_kind *kind = redan_probe_kind_named(probe->kind);

    if (!kind)
        return redan_fail(
            ctx, REDAN_E_SCHEMA, 0,
            "unknown kind \"%s\"; use command, http, response-shape, tamper, guard or "
            "guard-beat",
            redan_snippet_of(probe->kind).text);
    const char *fault = kind->lint(probe);
    if (!fault && kind != &redan_probe_tamper &&
        (probe->model.len > 0 || probe->signature.len > 0 || probe->swap.len > 0))
        fault = "model, signature and swap belong to probes of kind tamper; remove them";
    if (!fault && kind != &redan_probe_guard && kind != &redan_probe_guard_beat &&
        (probe->set.len > 0 || probe->by.len > 0 || probe->metrics.len > 0 ||
         probe->headers.count > 0))
        fault = "set, by, metrics and headers belong to probes of kind guard; remove them";
    if (!fault && (probe->timeout < 0 || probe->timeout > LONGEST))
        fault = "the timeout is over an hour; write a span of at most 1h";
    if (fault)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "%s", fault);
    return kind->run(ctx, probe, probed);
}

enum redan_status redan_probe_run(struct redan_ctx *ctx, const struct redan_probe *probe,
                                  struct redan_probed *probed)
{
    enum redan_status status = run(ctx, probe, probed);
    char name[REDAN_FAILURE_NAME];

    if (status == REDAN_OK)
        return REDAN_OK;
    (void)snprintf(name, sizeof(name), "probe %s", redan_snippet_of(probe->id).text);
    redan_fail_name(ctx, redan_slice_of(name));
    return status;
}
