/* The globals of a pickle, each kept once. */
#include "format/pickle_machine.h"

#include <string.h>

static bool refused(struct redan_pickle *pk)
{
    pk->status = redan_fail(pk->ctx, REDAN_E_MEMORY, pk->op_offset, "no memory for globals");
    return false;
}

static bool grow(struct redan_pickle *pk)
{
    size_t cap = pk->global_cap ? pk->global_cap * 2 : 64;
    struct redan_pm_global *globals = redan_mem_resize(
        &pk->ctx->mem, pk->globals, pk->global_cap * sizeof(*globals), cap * sizeof(*globals));

    if (!globals)
        return refused(pk);
    pk->globals = globals;
    pk->global_cap = cap;
    uint32_t *table = redan_mem_take(&pk->ctx->mem, 2 * cap * sizeof(*table));

    if (!table)
        return refused(pk);
    memset(table, 0, 2 * cap * sizeof(*table));
    for (size_t i = 0; i < pk->global_count; i++) {
        size_t at = globals[i].hash & (2 * cap - 1);
        while (table[at])
            at = (at + 1) & (2 * cap - 1);
        table[at] = (uint32_t)i + 1;
    }
    redan_mem_give(&pk->ctx->mem, pk->global_table, pk->global_table_cap * sizeof(*table));
    pk->global_table = table;
    pk->global_table_cap = 2 * cap;
    return true;
}

void redan_pm_global_names(const struct redan_pickle *pk, uint32_t id, struct redan_slice *module,
                           struct redan_slice *name)
{
    const struct redan_pm_global *global = &pk->globals[id];

    *module = (struct redan_slice){pk->names.data + global->text, global->module_len};
    *name =
        (struct redan_slice){pk->names.data + global->text + global->module_len, global->name_len};
}

static bool is_wrapper(struct redan_slice module, struct redan_slice name)
{
    (void)
        module; /* other modules of joblib have it as well, and _reconstructor makes it under any name */
    return redan_slice_ends(name, REDAN_S("NumpyArrayWrapper"));
}

bool redan_pm_global_id(struct redan_pickle *pk, struct redan_slice module, struct redan_slice name,
                        uint32_t *id)
{
    module.len = redan_min_size(module.len, REDAN_PM_NAME);
    name.len = redan_min_size(name.len, REDAN_PM_NAME);
    uint32_t hash = (uint32_t)redan_hash(redan_hash(pk->ctx->seed, module), name);

    for (size_t at = pk->global_table_cap ? hash & (pk->global_table_cap - 1) : 0;
         pk->global_table_cap && pk->global_table[at]; at = (at + 1) & (pk->global_table_cap - 1)) {
        struct redan_slice m, n;
        uint32_t i = pk->global_table[at] - 1;

        if (pk->globals[i].hash != hash)
            continue;
        redan_pm_global_names(pk, i, &m, &n);
        if (redan_slice_eq(m, module) && redan_slice_eq(n, name)) {
            *id = i;
            return true;
        }
    }
    *id = REDAN_PICKLE_NO_ID;
    if (pk->global_count >= REDAN_PM_GLOBALS)
        return true;
    if (pk->global_count == pk->global_cap && !grow(pk))
        return false;
    struct redan_pm_global global = {.text = (uint32_t)pk->names.len,
                                     .module_len = (uint16_t)module.len,
                                     .name_len = (uint16_t)name.len,
                                     .hash = hash,
                                     .wrapper = is_wrapper(module, name),
                                     .loads = redan_slice_is(name, "_load_from_bytes")};

    redan_buf_slice(&pk->names, module);
    redan_buf_slice(&pk->names, name);
    redan_buf_char(&pk->names, '\0');
    if (pk->names.fail != REDAN_OK) {
        pk->status = redan_buf_ok(pk->ctx, &pk->names, "the names of globals");
        return false;
    }
    size_t at = hash & (pk->global_table_cap - 1);

    while (pk->global_table[at])
        at = (at + 1) & (pk->global_table_cap - 1);
    *id = (uint32_t)pk->global_count;
    pk->globals[pk->global_count++] = global;
    pk->global_table[at] = *id + 1;
    return true;
}
