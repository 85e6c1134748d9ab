/* The list of findings. */
#include "record/finding.h"

#include <stdarg.h>
#include <stdio.h>

const char *const redan_level_words[] = {"note", "warn", "unclear", "fail", NULL};

void redan_findings_init(struct redan_findings *findings, struct redan_ctx *ctx)
{
    *findings = (struct redan_findings){.ctx = ctx};
}

struct redan_finding *redan_finding_add(struct redan_findings *findings,
                                        const struct redan_rule *rule, enum redan_level level,
                                        struct redan_slice subject, const char *format, ...)
{
    struct redan_finding *finding = redan_take(findings->ctx, sizeof(*finding));
    char text[1024];
    va_list args;

    if (!finding)
        return NULL;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    finding->rule = rule;
    finding->level = level;
    finding->subject = subject;
    if (redan_copy(findings->ctx, redan_slice_of(text), &finding->detail) != REDAN_OK)
        return NULL;
    if (findings->last)
        findings->last->next = finding;
    else
        findings->first = finding;
    findings->last = finding;
    findings->count++;
    return finding;
}
