/* The scan as SARIF: the table of rules, results, and what was not read as notifications of the run. */
#include "cmd/scan_report.h"

#include "redan/version.h"

enum { NOTES = 8 << 20 };

enum redan_status redan_scan_sarif_begin(struct redan_ctx *ctx, struct redan_buf *out, bool lenient,
                                         struct redan_scan_sarif *sarif)
{
    size_t count = 0;

    while (redan_scan_rule_at(count))
        count++;
    *sarif = (struct redan_scan_sarif){.count = count, .lenient = lenient};
    redan_buf_init(&sarif->notes, ctx, NOTES + 65536);
    sarif->rules = redan_take_array(ctx, count + 1, sizeof(*sarif->rules));
    if (!sarif->rules)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const struct redan_scan_rule *rule = redan_scan_rule_at(i);
        sarif->rules[i] = (struct redan_sarif_rule){&rule->card, rule->why, rule->cves};
    }
    redan_sarif_begin(out, "redan", REDAN_VERSION, sarif->rules, count);
    return REDAN_OK;
}

static size_t index_of(const struct redan_scan_sarif *sarif, const struct redan_rule *rule)
{
    size_t i = 0;

    while (i + 1 < sarif->count && sarif->rules[i].card != rule)
        i++;
    return i;
}

void redan_scan_sarif(struct redan_buf *out, struct redan_scan_sarif *sarif,
                      const struct redan_scan_judged *judged)
{
    const struct redan_scan_artefact *a = judged->artefact;
    struct redan_buf text = {.mem = out->mem, .max = 65536};

    for (size_t i = 0; i < judged->count; i++) {
        const struct redan_scan_told *told = &judged->told[i];
        struct redan_sarif_result result = {
            .finding = told->finding,
            .level = told->level,
            .rule = index_of(sarif, told->finding->rule),
            .fingerprint = told->fingerprint,
        };
        if (told->accepted)
            result.accepted = told->accepted->reason;
        redan_sarif_add(out, &result, !sarif->any);
        sarif->any = true;
    }
    if (a->coverage != REDAN_COVERAGE_COMPLETE && sarif->notes.len < NOTES) {
        redan_buf_printf(&text, "%s: ", redan_coverage_words[a->coverage]);
        redan_buf_slice(&text, a->reason);
        redan_sarif_note_add(&sarif->notes, sarif->notes.len == 0,
                             sarif->lenient ? "warning" : "error", a->path, redan_buf_view(&text));
    } else if (a->coverage != REDAN_COVERAGE_COMPLETE) {
        sarif->unsaid++;
    }
    redan_buf_done(&text);
}

void redan_scan_sarif_end(struct redan_buf *out, struct redan_scan_sarif *sarif)
{
    struct redan_buf text = {.mem = out->mem, .max = 128};

    if (sarif->unsaid) {
        redan_buf_printf(&text, "and %llu more artefacts that were not read whole",
                         (unsigned long long)sarif->unsaid);
        redan_sarif_note_add(&sarif->notes, false, sarif->lenient ? "warning" : "error",
                             (struct redan_slice){"", 0}, redan_buf_view(&text));
        redan_buf_done(&text);
    }
    redan_sarif_end(out, true, redan_buf_view(&sarif->notes));
}

void redan_scan_sarif_done(struct redan_scan_sarif *sarif)
{
    redan_buf_done(&sarif->notes);
}
