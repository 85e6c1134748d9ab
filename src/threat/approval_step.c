/* What an approval of a release says besides: its place in the chain, the versions around it, the heads of the producers' chains. */
#include "threat/approval_step.h"

#include "threat/digest.h"

/* Numbers in canonical JSON are doubles (RFC 8785 3.2.2.3). */
#define EXACT ((uint64_t)1 << 53)

static const char *const names[] = {"number", "previous", "chain", "diff", "keys",
                                    "org",    "catalog",  "heads", NULL};

static const struct redan_bind_field version_fields[] = {
    {"version", REDAN_BIND_COUNT, true, offsetof(struct redan_step_stamp, version), NULL, NULL,
     "its version"},
};
const struct redan_bind_shape redan_step_version_shape = {
    "a version", sizeof(struct redan_step_stamp), SIZE_MAX, version_fields,
    REDAN_COUNT(version_fields)};

static const struct redan_bind_field stamp_fields[] = {
    {"version", REDAN_BIND_COUNT, true, offsetof(struct redan_step_stamp, version), NULL, NULL,
     "its version"},
    {"digest", REDAN_BIND_TEXT, true, offsetof(struct redan_step_stamp, digest), NULL, NULL,
     "sha256:HEX"},
};
const struct redan_bind_shape redan_step_stamp_shape = {"a version and digest",
                                                        sizeof(struct redan_step_stamp), SIZE_MAX,
                                                        stamp_fields, REDAN_COUNT(stamp_fields)};

static const struct redan_bind_field head_fields[] = {
    {"producer", REDAN_BIND_ID, true, offsetof(struct redan_step_head, producer), NULL, NULL,
     "who records"},
    {"system", REDAN_BIND_ID, true, offsetof(struct redan_step_head, system), NULL, NULL,
     "about which system"},
    {"seq", REDAN_BIND_COUNT, true, offsetof(struct redan_step_head, seq), NULL, NULL,
     "the number of the newest record"},
    {"digest", REDAN_BIND_TEXT, true, offsetof(struct redan_step_head, digest), NULL, NULL,
     "its digest, sha256:HEX"},
};
const struct redan_bind_shape redan_step_head_shape = {
    "a head", sizeof(struct redan_step_head), SIZE_MAX, head_fields, REDAN_COUNT(head_fields)};

int redan_approval_head_cmp(const struct redan_approval_head *a,
                            const struct redan_approval_head *b)
{
    int by_system = redan_slice_cmp(a->system, b->system);

    return by_system != 0 ? by_system : redan_slice_cmp(a->producer, b->producer);
}

const char *redan_step_named(const struct redan_node *predicate)
{
    for (size_t i = 0; names[i]; i++) {
        if (redan_node_get(predicate, names[i]))
            return names[i];
    }
    return NULL;
}

static enum redan_status read_heads(struct redan_ctx *ctx, const struct redan_list *list,
                                    struct redan_approval_step *step, struct redan_slice *fault)
{
    const struct redan_step_head *from = list->items;

    if (list->count > REDAN_APPROVAL_HEADS)
        return redan_format(ctx, fault, "it names more than %d heads", (int)REDAN_APPROVAL_HEADS);
    step->heads = redan_take_array(ctx, list->count, sizeof(*step->heads));
    if (!step->heads)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < list->count; i++) {
        struct redan_approval_head *head = &step->heads[i];
        *head = (struct redan_approval_head){
            .producer = from[i].producer, .system = from[i].system, .seq = from[i].seq};
        if (!redan_digest_parse(from[i].digest, &head->digest))
            return redan_format(ctx, fault, "the digest of a head must be sha256:HEX");
        if (head->seq == 0 || head->seq > EXACT)
            return redan_format(ctx, fault, "the seq of a head counts from 1");
        if (i > 0 && redan_approval_head_cmp(head - 1, head) >= 0)
            return redan_format(ctx, fault, "heads are sorted by system and producer, each once");
    }
    step->head_count = list->count;
    return REDAN_OK;
}

enum redan_status redan_step_read(struct redan_ctx *ctx, const struct redan_node *predicate,
                                  const struct redan_step_fields *fields,
                                  struct redan_approval_step *step, struct redan_slice *fault)
{
    for (size_t i = 0; names[i]; i++) {
        if (!redan_node_get(predicate, names[i]))
            return redan_format(ctx, fault, "an approval of a release needs \"%s\"", names[i]);
    }
    /* a null is there and yet binds to nothing */
    if (!fields->keys || !fields->org || !fields->catalog)
        return redan_format(ctx, fault, "keys, org and catalog must say their version");
    *step = (struct redan_approval_step){.number = fields->number,
                                         .keys_version = fields->keys->version,
                                         .org_version = fields->org->version,
                                         .catalog_version = fields->catalog->version};
    if (step->number == 0 || step->number > EXACT)
        return redan_format(ctx, fault, "number counts from 1");
    if (step->keys_version > EXACT || step->org_version > EXACT || step->catalog_version > EXACT)
        return redan_format(ctx, fault, "a version is larger than 2^53");
    if (!redan_digest_parse(fields->previous, &step->previous) ||
        !redan_digest_parse(fields->chain, &step->chain) ||
        !redan_digest_parse(fields->diff, &step->diff) ||
        !redan_digest_parse(fields->org->digest, &step->org) ||
        !redan_digest_parse(fields->catalog->digest, &step->catalog))
        return redan_format(ctx, fault, "its digests must be sha256:HEX");
    return read_heads(ctx, &fields->heads, step, fault);
}

static enum redan_status add_stamp(struct redan_ctx *ctx, struct redan_node *predicate,
                                   const char *key, uint64_t version,
                                   const struct redan_digest *digest)
{
    struct redan_node *map = redan_node_add_kind(ctx, predicate, key, REDAN_NODE_MAP);

    if (!map || !redan_node_add_number(ctx, map, "version", (double)version))
        return REDAN_E_MEMORY;
    return digest ? redan_node_add_digest(ctx, map, "digest", digest) : REDAN_OK;
}

static enum redan_status add_heads(struct redan_ctx *ctx, struct redan_node *predicate,
                                   const struct redan_approval_step *step)
{
    struct redan_node *list = redan_node_add_kind(ctx, predicate, "heads", REDAN_NODE_LIST);

    if (!list)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < step->head_count; i++) {
        const struct redan_approval_head *head = &step->heads[i];
        struct redan_node *map = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);
        if (!map || !redan_node_add_text(ctx, map, "producer", head->producer) ||
            !redan_node_add_text(ctx, map, "system", head->system) ||
            !redan_node_add_number(ctx, map, "seq", (double)head->seq))
            return REDAN_E_MEMORY;
        REDAN_TRY(redan_node_add_digest(ctx, map, "digest", &head->digest));
    }
    return REDAN_OK;
}

enum redan_status redan_step_write(struct redan_ctx *ctx, const struct redan_approval_step *step,
                                   struct redan_node *predicate)
{
    if (!redan_node_add_number(ctx, predicate, "number", (double)step->number))
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_node_add_digest(ctx, predicate, "previous", &step->previous));
    REDAN_TRY(redan_node_add_digest(ctx, predicate, "chain", &step->chain));
    REDAN_TRY(redan_node_add_digest(ctx, predicate, "diff", &step->diff));
    REDAN_TRY(add_stamp(ctx, predicate, "keys", step->keys_version, NULL));
    REDAN_TRY(add_stamp(ctx, predicate, "org", step->org_version, &step->org));
    REDAN_TRY(add_stamp(ctx, predicate, "catalog", step->catalog_version, &step->catalog));
    return add_heads(ctx, predicate, step);
}

enum redan_status redan_step_chain(struct redan_ctx *ctx, uint64_t number,
                                   const struct redan_digest *root,
                                   const struct redan_digest *chain, struct redan_digest *digest)
{
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);

    if (!map || !redan_node_add_number(ctx, map, "number", (double)number))
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_digest_add(ctx, map, REDAN_S("root"), root));
    REDAN_TRY(redan_digest_add(ctx, map, REDAN_S("chain"), chain));
    enum redan_status status = redan_tree_digest(ctx, "step", map, digest);
    redan_arena_reset(&ctx->arena, mark);
    return status;
}
