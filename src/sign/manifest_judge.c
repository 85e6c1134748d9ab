/* What was read of a statement, judged: method, names, digests, order and root. */
#include <string.h>

#include "codec/problem.h"
#include "sign/manifest_read.h"

/* The orders that the resources are in so far. */
enum { BY_NAME = 1, BY_PARTS = 2 };

static enum redan_status judge_method(struct redan_manifest_reading *r)
{
    struct redan_ctx *ctx = r->p.ctx;

    if (!r->has_serialization)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the predicate has no serialization");
    if (!r->has_resources || r->m->count == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "there are no resources: nothing was signed");
    r->m->shards = redan_slice_is(r->method, "shards");
    if (!r->m->shards && !redan_slice_is(r->method, "files"))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the method is \"%s\", neither files nor shards",
                          redan_snippet_of(r->method).text);
    if (r->m->shards != r->has_shard_size)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          r->m->shards ? "the method is shards, but there is no shard_size"
                                       : "the method is files, but there is a shard_size");
    if (!r->has_links)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the serialization has no allow_symlinks");
    if (!redan_hash_of(r->hash_type, &r->m->hash) || r->m->hash == REDAN_HASH_SHA384 ||
        r->m->hash == REDAN_HASH_SHA512)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "the hash_type is \"%s\"; sha256, blake2b and blake3 are allowed",
                          redan_snippet_of(r->hash_type).text);
    if (r->empty_count && !r->m->shards)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "files without bytes are listed apart; the method files hashes them");
    return REDAN_OK;
}

/* "sha256", or what the reference client calls the hash of a shard: "sha256-sharded-N". */
static enum redan_status judge_algorithm(struct redan_manifest_reading *r)
{
    struct redan_slice alias = {0};

    if (redan_slice_eq(r->algorithm, r->hash_type))
        return REDAN_OK;
    REDAN_TRY(redan_format(r->p.ctx, &alias, "%s-sharded-%llu", redan_hash_name(r->m->hash),
                           (unsigned long long)r->m->shard_size));
    if (!r->m->shards || !redan_slice_eq(r->algorithm, alias))
        return redan_fail(r->p.ctx, REDAN_E_SCHEMA, 0,
                          "the resources' algorithm is \"%s\", but hash_type is \"%s\"",
                          redan_snippet_of(r->algorithm).text, redan_snippet_of(r->hash_type).text);
    return redan_manifest_remark(r->p.ctx, r->m,
                                 "the algorithm is spelled \"%.*s\", as the reference client does; "
                                 "the specification says \"%.*s\"",
                                 REDAN_FMT(alias), REDAN_FMT(r->hash_type));
}

bool redan_manifest_number(struct redan_slice text, uint64_t *value)
{
    return redan_slice_u64(text, value) && (text.len == 1 || text.at[0] != '0');
}

/* "path:from:to" at its last two colons (6.3.2). */
static bool split_shard(struct redan_manifest_entry *entry)
{
    struct redan_slice name = entry->path;
    const char *last = memrchr(name.at, ':', name.len);
    const char *first = last ? memrchr(name.at, ':', (size_t)(last - name.at)) : NULL;

    if (!first)
        return false;
    size_t path = (size_t)(first - name.at);
    size_t colon = (size_t)(last - name.at);
    entry->path = redan_slice_sub(name, 0, path);
    return redan_manifest_number(redan_slice_sub(name, path + 1, colon - path - 1), &entry->from) &&
           redan_manifest_number(redan_slice_sub(name, colon + 1, name.len), &entry->to) &&
           entry->from < entry->to;
}

/* The reference's order: path by path, as if "/" came before everything. */
static int cmp_parts(struct redan_slice a, struct redan_slice b)
{
    size_t len = redan_min_size(a.len, b.len);

    for (size_t i = 0; i < len; i++) {
        if (a.at[i] == b.at[i])
            continue;
        if (a.at[i] == '/' || b.at[i] == '/')
            return a.at[i] == '/' ? -1 : 1;
        return (unsigned char)a.at[i] < (unsigned char)b.at[i] ? -1 : 1;
    }
    return (a.len > b.len) - (a.len < b.len);
}

static unsigned order_of(struct redan_slice before, const struct redan_manifest_entry *one,
                         struct redan_slice name, const struct redan_manifest_entry *two)
{
    int parts = cmp_parts(one->path, two->path);
    unsigned order = redan_slice_cmp(before, name) < 0 ? BY_NAME : 0;

    return order | (parts < 0 || (parts == 0 && one->from < two->from) ? BY_PARTS : 0);
}

static enum redan_status judge_entries(struct redan_manifest_reading *r)
{
    struct redan_manifest *m = r->m;
    struct redan_slice before = {0};
    unsigned order = BY_NAME | BY_PARTS;

    for (size_t i = 0; i < m->count; i++) {
        struct redan_manifest_entry *entry = &m->entries[i];
        struct redan_slice name = entry->path;
        if (m->shards && !split_shard(entry))
            return redan_fail(r->p.ctx, REDAN_E_SCHEMA, 0,
                              "the name %s is no shard: path:from:to, in bytes, is wanted",
                              redan_snippet_of(name).text);
        const char *fault = redan_manifest_path_fault(entry->path);
        if (fault && !redan_slice_is(entry->path, "."))
            return redan_fail(r->p.ctx, REDAN_E_SCHEMA, 0, "the name \"%s\" %s",
                              redan_snippet_of(entry->path).text, fault);
        if (entry->sum.len != redan_hash_len(m->hash))
            return redan_fail(r->p.ctx, REDAN_E_SCHEMA, 0,
                              "the digest of %s has %u bytes; %s has %zu",
                              redan_snippet_of(name).text, entry->sum.len, redan_hash_name(m->hash),
                              redan_hash_len(m->hash));
        if (i > 0)
            order &= order_of(before, entry - 1, name, entry);
        before = name;
    }
    if (m->old || (order & BY_NAME))
        return REDAN_OK;
    return redan_manifest_remark(
        r->p.ctx, m,
        order ? "the resources are in the reference client's order, folder by folder, not in the "
                "specification's"
              : "the resources are in no order; the specification wants them sorted by name");
}

static enum redan_status add_empty(struct redan_manifest_reading *r)
{
    struct redan_sum none;

    if (r->empty_count == 0)
        return REDAN_OK;
    REDAN_TRY(redan_hash_all(r->p.ctx, r->m->hash, (struct redan_slice){"", 0}, &none));
    for (size_t i = 0; i < r->empty_count; i++)
        r->m->entries[r->m->count++] =
            (struct redan_manifest_entry){.path = r->empty[i], .sum = none};
    return REDAN_OK;
}

static enum redan_status judge_root(struct redan_manifest_reading *r)
{
    struct redan_digest wanted;
    char hex[REDAN_DIGEST_HEX];

    if (!redan_digest_parse_hex(r->wanted, &wanted))
        return redan_fail(r->p.ctx, REDAN_E_SCHEMA, 0,
                          "the subject's sha256 is not 64 lower-case hexadecimal digits");
    redan_digest_hex(&r->m->root, hex);
    if (!redan_digest_eq(&wanted, &r->m->root))
        return redan_fail(r->p.ctx, REDAN_E_SCHEMA, 0,
                          "the subject's digest is %.*s, but the resources come to %s",
                          REDAN_FMT(r->wanted), hex);
    return REDAN_OK;
}

static enum redan_status remark_rest(struct redan_manifest_reading *r)
{
    if (r->odd_size)
        REDAN_TRY(redan_manifest_remark(
            r->p.ctx, r->m, "the shard_size is spelled with a fraction or an exponent"));
    if (r->unknown_count)
        REDAN_TRY(redan_manifest_remark(
            r->p.ctx, r->m, "%zu fields mean nothing to this version and were passed over: %s%s",
            r->unknown_count, redan_snippet_of(r->unknown).text,
            r->unknown_count > 1 ? " ..." : ""));
    return REDAN_OK;
}

enum redan_status redan_manifest_judge(struct redan_manifest_reading *r)
{
    if (!r->m->old) {
        REDAN_TRY(judge_method(r));
        REDAN_TRY(judge_algorithm(r));
    }
    REDAN_TRY(judge_entries(r));
    REDAN_TRY(redan_manifest_root(r->p.ctx, r->m, &r->m->root));
    if (!r->m->old)
        REDAN_TRY(judge_root(r));
    REDAN_TRY(add_empty(r));
    REDAN_TRY(redan_manifest_check_names(r->p.ctx, r->m));
    return remark_rest(r);
}
