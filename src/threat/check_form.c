/* Problems of form: a document that cannot be read as it was meant is judged no further. */
#include "threat/check_table.h"

static const char *const maps[] = {"sp-800-218a:2024/PW.1.1", NULL};
static const struct redan_rule rule = {"TM021", "the form has problems", REDAN_SEVERITY_HIGH, maps,
                                       "see them all: redan lint"};
static const struct redan_rule *const rules[] = {&rule, NULL};

static enum redan_status run(struct redan_check *check)
{
    const struct redan_system *s = check->system;
    struct redan_slice name = s->model.id.len ? s->model.id : s->folder;

    for (const struct redan_problem *p = s->problems.first; p; p = p->next) {
        struct redan_finding *f =
            redan_finding_add(&check->findings, &rule, REDAN_LEVEL_FAIL, name, "%.*s:%u:%u: %.*s",
                              REDAN_FMT(p->file), p->line, p->column, REDAN_FMT(p->text));
        if (!f)
            return REDAN_E_MEMORY;
        f->file = p->file;
        f->line = p->line;
        f->column = p->column;
        f->action = p->fix.len ? p->fix : redan_slice_of(rule.help);
    }
    return REDAN_OK;
}

const struct redan_threat_check redan_check_form = {.name = "form", .rules = rules, .run = run};
