/* Reading all records of a system, in a stable order, verified in parallel. */
#include "record/store.h"

#include "base/pool.h"
#include "io/file.h"

struct paths {
    struct redan_slice *items;
    size_t count;
    size_t cap;
};

static enum redan_status paths_add(struct redan_ctx *ctx, struct paths *paths,
                                   struct redan_slice path)
{
    if (paths->count == ctx->limits.records)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "more than %zu records", paths->count);
    if (paths->count == paths->cap) {
        size_t cap = paths->cap ? paths->cap * 2 : 64;
        struct redan_slice *items = redan_take_array(ctx, cap, sizeof(*items));
        if (!items)
            return REDAN_E_MEMORY;
        for (size_t i = 0; i < paths->count; i++)
            items[i] = paths->items[i];
        paths->items = items;
        paths->cap = cap;
    }
    paths->items[paths->count++] = path;
    return REDAN_OK;
}

static enum redan_status list_records(struct redan_ctx *ctx, struct redan_slice folder,
                                      struct paths *paths)
{
    struct redan_slice *groups = NULL;
    size_t group_count = 0;

    REDAN_TRY(redan_folder_list(ctx, folder, &groups, &group_count));
    for (size_t i = 0; i < group_count; i++) {
        struct redan_slice group = {0};
        struct redan_slice *names = NULL;
        size_t count = 0;

        REDAN_TRY(redan_path_join(ctx, folder, groups[i], &group));
        if (!redan_folder_exists(ctx, group))
            continue; /* a note beside the folders is nobody's record */
        REDAN_TRY(redan_folder_list(ctx, group, &names, &count));
        for (size_t k = 0; k < count; k++) {
            struct redan_slice path = {0};
            if (!redan_slice_ends(names[k], REDAN_S(".json")))
                continue;
            REDAN_TRY(redan_path_join(ctx, group, names[k], &path));
            REDAN_TRY(paths_add(ctx, paths, path));
        }
    }
    return REDAN_OK;
}

enum {
    TRIES =
        8 *
        REDAN_KEYRING_TRIES, /* what false signatures of all records may cost: some seconds of one core */
    KEPT = 1024              /* bytes of a text of a record that nobody of the ring has signed */
};

struct reading {
    const struct redan_keyring *ring;
    size_t
        tries; /* for each record the same, so that the answer does not depend on who reads which */
    const struct paths *paths;
    struct redan_record *records;
    enum redan_status (*beside)(struct redan_ctx *ctx, void *arg); /* NULL for none */
    void *beside_arg;
};

/* Of a record that nobody of the ring has signed, or that is faulty, only the head is of use: its tree may be as large as anybody likes,
 * and there may be many. */
static enum redan_status slim(struct redan_ctx *ctx, struct redan_arena_mark mark,
                              struct redan_record *r)
{
    struct redan_slice *const texts[] = {&r->system,
                                         &r->control,
                                         &r->evidence,
                                         &r->ledger,
                                         &r->producer,
                                         &r->fault,
                                         &r->statement.predicate_type};

    REDAN_TRY(redan_keep_texts(ctx, mark, texts, REDAN_COUNT(texts), KEPT));
    r->statement = (struct redan_statement){.predicate_type = r->statement.predicate_type};
    r->observed = NULL;
    r->signers = NULL;
    r->signer_count = 0;
    return REDAN_OK;
}

static enum redan_status read_one(struct redan_ctx *ctx, size_t index, void *arg)
{
    const struct reading *reading = arg;
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    struct redan_slice path = reading->paths->items[index];
    struct redan_slice text = {0};
    struct redan_record *record = &reading->records[index];
    enum redan_status status = redan_file_read(ctx, path, ctx->limits.record, false, &text);

    if (status == REDAN_OK) {
        REDAN_TRY(redan_record_read_within(ctx, reading->ring, path, text, reading->tries, record));
        return record->fault.len || record->signer_count == 0 ? slim(ctx, mark, record) : REDAN_OK;
    }
    if (status == REDAN_E_MEMORY)
        return status;
    *record = (struct redan_record){
        .file = path}; /* a link, a device, too large: a fault, not a way out */
    record->fault = redan_slice_of(ctx->failure.text);
    REDAN_TRY(slim(ctx, mark, record));
    redan_fail_clear(ctx);
    return REDAN_OK;
}

/* What goes on beside comes first: it is one long task among many short ones. */
static enum redan_status read_or_beside(struct redan_ctx *ctx, size_t index, void *arg)
{
    const struct reading *reading = arg;

    if (!reading->beside)
        return read_one(ctx, index, arg);
    return index == 0 ? reading->beside(ctx, reading->beside_arg) : read_one(ctx, index - 1, arg);
}

static enum redan_status judge_chains(struct redan_ctx *ctx, struct redan_store *store)
{
    struct redan_link *links = redan_take_array(ctx, store->count, sizeof(*links));
    size_t count = 0;

    if (!links)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < store->count; i++) {
        const struct redan_record *r = &store->records[i];
        if (!r->fault.len && redan_record_is_own(r))
            links[count++] =
                (struct redan_link){r->producer, r->system, r->seq, r->digest, r->previous};
    }
    return redan_chain_judge(ctx, links, count, &store->chains, &store->chain_count);
}

static enum redan_status index_controls(struct redan_ctx *ctx, struct redan_store *store)
{
    redan_map_init(&store->by_control, ctx);
    store->next = redan_take_array(ctx, store->count, sizeof(const struct redan_record *));
    if (!store->next)
        return REDAN_E_MEMORY;
    for (size_t i = store->count; i-- > 0;) {
        const struct redan_record *r = &store->records[i];
        struct redan_store_list *list = redan_map_get(&store->by_control, r->control);
        if (!list) {
            list = redan_take(ctx, sizeof(*list));
            if (!list)
                return REDAN_E_MEMORY;
            REDAN_TRY(redan_map_put(&store->by_control, r->control, list));
        }
        store->next[i] = list->first;
        list->first = r;
    }
    return REDAN_OK;
}

enum redan_status
redan_store_read_beside(struct redan_ctx *ctx, const struct redan_keyring *ring,
                        struct redan_slice folder, struct redan_store *store,
                        enum redan_status (*beside)(struct redan_ctx *ctx, void *arg), void *arg)
{
    struct paths paths = {0};
    struct reading reading = {.ring = ring, .paths = &paths, .beside = beside, .beside_arg = arg};

    *store = (struct redan_store){0};
    if (redan_folder_exists(ctx, folder))
        REDAN_TRY(list_records(ctx, folder, &paths));
    store->records = redan_take_array(ctx, paths.count, sizeof(*store->records));
    if (!store->records)
        return REDAN_E_MEMORY;
    store->count = paths.count;
    reading.records = store->records;
    reading.tries = redan_record_tries(ring);
    if (paths.count > 0)
        reading.tries = redan_min_size(reading.tries, TRIES / paths.count);
    REDAN_TRY(redan_pool_each(ctx, paths.count + (beside != NULL), read_or_beside, &reading));
    REDAN_TRY(index_controls(ctx, store));
    return judge_chains(ctx, store);
}

enum redan_status redan_store_read(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                   struct redan_slice folder, struct redan_store *store)
{
    return redan_store_read_beside(ctx, ring, folder, store, NULL, NULL);
}
