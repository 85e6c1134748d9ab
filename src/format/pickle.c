/* Python pickles: how they are recognised and read, and what a listener may ask of the machine. */
#include "format/pickle.h"

#include "format/format_table.h"
#include "format/pickle_machine.h"

static enum redan_status read_all(struct redan_ctx *ctx, struct redan_source *source,
                                  uint64_t offset, bool far, const struct redan_listener *to,
                                  redan_pickle_liner *liner, void *arg)
{
    struct redan_pickle *pk = redan_mem_take(&ctx->mem, sizeof(*pk));

    if (!pk)
        return redan_fail(ctx, REDAN_E_MEMORY, offset, "no memory for a pickle");
    redan_pm_open(pk, ctx, source, to);
    pk->far = far;
    pk->liner = liner;
    pk->liner_arg = arg;
    enum redan_status status = redan_pm_streams(pk, offset);
    ctx->limits.pickle_ops = (size_t)pk->ops_left; /* of the artefact: what was used is used */

    redan_pm_close(pk);
    redan_mem_give(&ctx->mem, pk, sizeof(*pk));
    return status;
}

enum redan_status redan_pickle_read(struct redan_ctx *ctx, struct redan_source *source,
                                    uint64_t offset, const struct redan_listener *to)
{
    return read_all(ctx, source, offset, false, to, NULL, NULL);
}

enum redan_status redan_pickle_list(struct redan_ctx *ctx, struct redan_source *source,
                                    uint64_t offset, const struct redan_listener *to,
                                    redan_pickle_liner *liner, void *arg)
{
    return read_all(ctx, source, offset, false, to, liner, arg);
}

struct redan_slice redan_pickle_text(struct redan_pickle *pickle,
                                     const struct redan_pickle_value *value, size_t most)
{
    return redan_pm_cell_text(pickle, redan_pm_cell_of(value),
                              redan_min_size(most, REDAN_SOURCE_VIEW), &pickle->listen);
}

bool redan_pickle_global(const struct redan_pickle *pickle, const struct redan_pickle_value *value,
                         struct redan_slice *module, struct redan_slice *name)
{
    if ((value->kind != REDAN_PICKLE_GLOBAL && value->kind != REDAN_PICKLE_RESULT) ||
        value->id >= pickle->global_count)
        return false;
    redan_pm_global_names(pickle, value->id, module, name);
    return true;
}

bool redan_pickle_item(const struct redan_pickle *pickle, const struct redan_pickle_value *value,
                       uint64_t i, struct redan_pickle_value *item)
{
    struct redan_pm_cell cell = {0};

    if (!redan_pm_item(pickle, redan_pm_cell_of(value), i, &cell))
        return false;
    *item = redan_pm_value(pickle, cell);
    return true;
}

bool redan_pickle_arguments(const struct redan_pickle *pickle,
                            const struct redan_pickle_value *result,
                            struct redan_pickle_value *args)
{
    if (result->kind != REDAN_PICKLE_RESULT || result->at == 0 || result->at > pickle->result_count)
        return false;
    *args = redan_pm_value(pickle, pickle->results[result->at - 1].args);
    return true;
}

bool redan_pickle_state(const struct redan_pickle *pickle, const struct redan_pickle_value *result,
                        struct redan_pickle_value *state)
{
    if (result->kind != REDAN_PICKLE_RESULT || result->at == 0 ||
        result->at > pickle->result_count ||
        pickle->results[result->at - 1].state.kind == REDAN_PM_EMPTY)
        return false;
    *state = redan_pm_value(pickle, pickle->results[result->at - 1].state);
    return true;
}

static const char *const extensions[] = {".pkl",  ".pickle", ".pck", ".pcl",
                                         ".dill", ".joblib", NULL};

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    bool named = false;

    for (size_t i = 0; extensions[i]; i++)
        named = named || redan_slice_ends(probe->name, redan_slice_of(extensions[i]));
    return redan_pm_sniff(probe->ctx, probe->source, probe->head, named);
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    /* the members of torch's tar files: storages between pickles (torch/serialization.py, legacy_load) */
    bool far =
        redan_slice_ends(name, REDAN_S("storages")) || redan_slice_ends(name, REDAN_S("tensors"));

    return read_all(ctx, source, 0, far, to, NULL, NULL);
}

const struct redan_format redan_format_pickle = {
    .name = "pickle",
    .title = "Python pickle",
    .extensions = extensions,
    .sniff = sniff,
    .read = read,
};
