/* The application threat model that this one extends: imported and counted, worth grade E0, never a pass. */
#include "codec/json.h"
#include "io/file.h"
#include "threat/check_table.h"

static const char *const maps[] = {"sp-800-218a:2024/PW.1.1", NULL};
static const struct redan_rule rule = {
    "TM019", "the application threat model cannot be read", REDAN_SEVERITY_MEDIUM, maps,
    "correct extends-stride, or export the model as Threat Dragon v2 JSON"};
static const struct redan_rule open_rule = {
    "TM020", "the application threat model has open threats", REDAN_SEVERITY_MEDIUM, maps,
    "close them in the application threat model"};
static const struct redan_rule *const rules[] = {&rule, &open_rule, NULL};

/* Only the very word means it; whatever else is written there is open. */
static void count_one(struct redan_check *check, struct redan_slice status)
{
    check->stride_threats++;
    if (redan_slice_is(status, "Mitigated"))
        check->stride_mitigated++;
    else if (redan_slice_is(status, "NotApplicable") || redan_slice_is(status, "N/A"))
        check->stride_not_applicable++;
}

/* Threat Dragon v2: detail.diagrams[].cells[].data.threats[] (or cells[].threats[]), each with a status. */
static bool count(struct redan_check *check, const struct redan_node *root)
{
    const struct redan_node *diagrams = redan_node_get(redan_node_get(root, "detail"), "diagrams");

    if (!diagrams || diagrams->kind != REDAN_NODE_LIST)
        return false;
    for (const struct redan_node *d = diagrams ? diagrams->first : NULL; d; d = d->next) {
        const struct redan_node *cells = redan_node_get(d, "cells");
        for (const struct redan_node *c = cells ? cells->first : NULL; c; c = c->next) {
            const struct redan_node *threats = redan_node_get(redan_node_get(c, "data"), "threats");
            if (!threats)
                threats = redan_node_get(c, "threats");
            for (const struct redan_node *t = threats ? threats->first : NULL; t; t = t->next) {
                count_one(check, redan_slice_trim(redan_node_text(t, "status")));
            }
        }
    }
    return true;
}

static enum redan_status run(struct redan_check *check)
{
    const struct redan_system *s = check->system;
    const struct redan_stride *stride = s->model.stride;
    const struct redan_node *root = NULL;
    struct redan_slice path = {0};
    struct redan_slice text = {0};
    struct redan_slice detail = {0};

    if (!stride)
        return REDAN_OK;
    if (!redan_slice_is(stride->format, "threat-dragon")) {
        REDAN_TRY(redan_format(check->ctx, &detail,
                               "format \"%.*s\" is not imported; counted as none",
                               REDAN_FMT(stride->format)));
        return redan_check_raise(check, &rule, REDAN_LEVEL_WARN, NULL, detail,
                                 redan_slice_of(rule.help));
    }
    REDAN_TRY(redan_path_join(check->ctx, s->folder, stride->file, &path));
    enum redan_status status =
        redan_file_read(check->ctx, path, check->ctx->limits.json, false, &text);
    if (status == REDAN_OK)
        status = redan_json_parse(check->ctx, text, &root);
    if (status == REDAN_E_MEMORY)
        return status;
    if (status != REDAN_OK) {
        REDAN_TRY(redan_format(check->ctx, &detail, "%.*s: %s", REDAN_FMT(path),
                               check->ctx->failure.text));
        redan_fail_clear(check->ctx);
        return redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, NULL, detail,
                                 redan_slice_of(rule.help));
    }
    if (!count(check, root)) {
        REDAN_TRY(redan_format(check->ctx, &detail,
                               "%.*s has no detail.diagrams: no Threat Dragon model",
                               REDAN_FMT(path)));
        return redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, NULL, detail,
                                 redan_slice_of(rule.help));
    }
    uint64_t open = check->stride_threats - check->stride_mitigated - check->stride_not_applicable;
    if (open == 0)
        return REDAN_OK;
    REDAN_TRY(redan_format(check->ctx, &detail, "%llu of %llu threats in %.*s are open",
                           (unsigned long long)open, (unsigned long long)check->stride_threats,
                           REDAN_FMT(stride->file)));
    return redan_check_raise(check, &open_rule, REDAN_LEVEL_WARN, NULL, detail,
                             redan_slice_of(open_rule.help));
}

const struct redan_threat_check redan_check_stride = {.name = "stride", .rules = rules, .run = run};
