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

static enum redan_status reserve(struct redan_scan *scan, size_t size, void **to)
{
    if (size && !*to)
        *to = redan_arena_room(&scan->wait->arena, size);
    if (size && !*to)
        return redan_fail(scan->wait, REDAN_E_MEMORY, 0, "no memory for the detectors");
    return REDAN_OK;
}

enum redan_status redan_engine_state(struct redan_scan *scan)
{
    for (size_t i = 0; redan_detectors[i]; i++)
        REDAN_TRY(reserve(scan, redan_detectors[i]->state, &redan_engine_top(scan)->state.of[i]));
    return REDAN_OK;
}

enum redan_status redan_engine_groups(struct redan_scan *scan, struct redan_engine_memory *memory)
{
    for (size_t i = 0; redan_detectors[i]; i++)
        REDAN_TRY(reserve(scan, redan_detectors[i]->group, &memory->of[i]));
    return REDAN_OK;
}

void redan_engine_forget(struct redan_scan *scan)
{
    redan_engine_top(scan)->state.used = redan_engine_top(scan)->below.used = 0;
}

static void *cleared(struct redan_engine_memory *memory, size_t i, size_t size)
{
    if (memory->of[i] && size && !(memory->used >> i & 1)) {
        memset(memory->of[i], 0, size);
        memory->used |= (uint64_t)1 << i;
    }
    return memory->of[i];
}

void *redan_scan_state(struct redan_scan *scan, const struct redan_detector *detector)
{
    return cleared(&redan_engine_top(scan)->state, place_of(detector), detector->state);
}

void *redan_scan_group(struct redan_scan *scan, const struct redan_detector *detector)
{
    struct redan_engine_memory *memory =
        scan->depth < 2 ? &scan->outside : &scan->frames[scan->depth - 2].below;

    return cleared(memory, place_of(detector), detector->group);
}

void *redan_scan_group_below(struct redan_scan *scan, const struct redan_detector *detector)
{
    return cleared(&redan_engine_top(scan)->below, place_of(detector), detector->group);
}
