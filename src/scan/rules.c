/* Every rule of every detector, and what a detector may ask of the scan. */
#include <string.h>

#include "scan/detector_table.h"
#include "scan/engine.h"

static const struct redan_scan_rule *next_after(const char *id)
{
    const struct redan_scan_rule *least = NULL;

    for (size_t i = 0; redan_detectors[i]; i++) {
        for (size_t k = 0; redan_detectors[i]->rules && redan_detectors[i]->rules[k]; k++) {
            const struct redan_scan_rule *rule = redan_detectors[i]->rules[k];

            if ((!id || strcmp(rule->card.id, id) > 0) &&
                (!least || strcmp(rule->card.id, least->card.id) < 0))
                least = rule;
        }
    }
    return least;
}

const struct redan_scan_rule *redan_scan_rule_at(size_t i)
{
    const struct redan_scan_rule *rule = next_after(NULL);

    for (; rule && i; i--)
        rule = next_after(rule->card.id);
    return rule;
}

const struct redan_scan_rule *redan_scan_rule_named(struct redan_slice id)
{
    for (size_t i = 0; redan_detectors[i]; i++) {
        for (size_t k = 0; redan_detectors[i]->rules && redan_detectors[i]->rules[k]; k++) {
            if (redan_slice_is(id, redan_detectors[i]->rules[k]->card.id))
                return redan_detectors[i]->rules[k];
        }
    }
    return NULL;
}

struct redan_ctx *redan_scan_ctx(struct redan_scan *scan)
{
    return scan->ctx;
}

const struct redan_scan_options *redan_scan_options_of(const struct redan_scan *scan)
{
    return scan->options;
}

struct redan_source *redan_scan_source_of(struct redan_scan *scan)
{
    return redan_engine_top(scan)->source;
}

const struct redan_format *redan_scan_format_of(const struct redan_scan *scan)
{
    return scan->format;
}

struct redan_slice redan_scan_name_of(const struct redan_scan *scan)
{
    return redan_engine_top(scan)->name;
}

const struct redan_format *redan_scan_container_of(const struct redan_scan *scan)
{
    const struct redan_engine_frame *outer = NULL;

    if (scan->depth < 2)
        return NULL;
    outer = &scan->frames[scan->depth - 2];
    return outer->format_count ? outer->formats[0] : NULL;
}

/* Detectors are told apart by their place in the table. */
static size_t place_of(const struct redan_detector *detector)
{
    size_t i = 0;

    while (redan_detectors[i] && redan_detectors[i] != detector)
        i++;
    return i;
}

enum redan_status redan_engine_state(struct redan_scan *scan)
{
    for (size_t i = 0; redan_detectors[i]; i++) {
        void **of = &redan_engine_top(scan)->state[i];

        if (redan_detectors[i]->state && !*of)
            *of = redan_take(scan->wait, redan_detectors[i]->state);
        if (redan_detectors[i]->state && !*of)
            return REDAN_E_MEMORY;
    }
    return REDAN_OK;
}

enum redan_status redan_engine_groups(struct redan_scan *scan, void **of)
{
    for (size_t i = 0; redan_detectors[i]; i++) {
        if (redan_detectors[i]->group && !of[i])
            of[i] = redan_take(scan->wait, redan_detectors[i]->group);
        if (redan_detectors[i]->group && !of[i])
            return REDAN_E_MEMORY;
    }
    return REDAN_OK;
}

void *redan_scan_state(struct redan_scan *scan, const struct redan_detector *detector)
{
    return redan_engine_top(scan)->state[place_of(detector)];
}

void *redan_scan_group(struct redan_scan *scan, const struct redan_detector *detector)
{
    void **of = scan->depth < 2 ? scan->outside : scan->frames[scan->depth - 2].below;

    return of[place_of(detector)];
}

void *redan_scan_group_below(struct redan_scan *scan, const struct redan_detector *detector)
{
    return redan_engine_top(scan)->below[place_of(detector)];
}
