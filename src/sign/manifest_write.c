/* Writing a manifest: the statement of model-signing-spec v1.0 as one line of JSON, one spelling for one model. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/statement.h"
#include "codec/json.h"
#include "codec/problem.h"
#include "sign/bundle.h"
#include "sign/manifest_parts.h"

enum { SUFFIX = 48 };
static const size_t payload_max = (size_t)REDAN_BUNDLE_MAX / 4 * 3; /* base64 makes it a bundle */

static struct redan_slice suffix_of(const struct redan_manifest_entry *entry, char text[SUFFIX])
{
    int n = snprintf(text, SUFFIX, ":%" PRIu64 ":%" PRIu64, entry->from, entry->to);

    return (struct redan_slice){text, (size_t)n};
}

static int char_at(struct redan_slice path, struct redan_slice suffix, size_t i)
{
    if (i < path.len)
        return (unsigned char)path.at[i];
    i -= path.len;
    return i < suffix.len ? (unsigned char)suffix.at[i] : -1;
}

/* The order of whole names by code points, which is that of UTF-8's bytes (5.2.1); "path:from:to" for shards. Paths come here in
 * the order of bytes already, or nearly. */
static int by_name(const void *a, const void *b)
{
    const struct redan_manifest_entry *x = a;
    const struct redan_manifest_entry *y = b;
    size_t len = redan_min_size(x->path.len, y->path.len);
    int order = memcmp(x->path.at, y->path.at, len);
    char one[SUFFIX];
    char two[SUFFIX];

    if (order != 0)
        return order;
    struct redan_slice sx = suffix_of(x, one);
    struct redan_slice sy = suffix_of(y, two);
    for (size_t i = len; order == 0; i++) {
        int cx = char_at(x->path, sx, i);
        int cy = char_at(y->path, sy, i);
        if (cx < 0 && cy < 0)
            break;
        order = cx - cy;
    }
    return order;
}

static int by_path(const void *a, const void *b)
{
    const struct redan_manifest_entry *x = a;
    const struct redan_manifest_entry *y = b;

    return redan_slice_cmp(x->path, y->path);
}

void redan_manifest_sort(struct redan_manifest *m)
{
    if (m->count > 1)
        qsort(m->entries, m->count, sizeof(*m->entries), m->shards ? by_name : by_path);
}

static enum redan_status check(struct redan_ctx *ctx, const struct redan_manifest *m)
{
    size_t resources = 0;

    for (size_t i = 0; i < m->count; i++) {
        const struct redan_manifest_entry *entry = &m->entries[i];
        const char *fault = redan_manifest_path_fault(entry->path);
        if (fault && !redan_slice_is(entry->path, "."))
            return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the name \"%s\" %s; rename the file",
                              redan_snippet_of(entry->path).text, fault);
        if (entry->sum.len != redan_hash_len(m->hash))
            return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the digest of %s is no %s",
                              redan_snippet_of(entry->path).text, redan_hash_name(m->hash));
        resources += !redan_manifest_is_empty(m, entry);
    }
    if (resources == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          m->count ? "every file is empty, and shards of nothing cannot be signed; "
                                     "use the method files"
                                   : "there are no files: an empty model is not signed");
    if (resources > REDAN_MANIFEST_ENTRIES)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "%zu resources are more than %d", resources,
                          REDAN_MANIFEST_ENTRIES);
    for (size_t i = 0; i < m->ignore_count; i++) {
        const char *fault = redan_manifest_ignore_fault(m->ignore[i]);
        if (fault)
            return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the ignored path \"%s\" %s",
                              redan_snippet_of(m->ignore[i]).text, fault);
    }
    if (m->shards && m->shard_size == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "shards of no size");
    return REDAN_OK;
}

static void add_sum(struct redan_buf *out, const struct redan_sum *sum)
{
    char hex[REDAN_SUM_HEX];

    redan_sum_hex(sum, hex);
    redan_buf_add(out, hex, (size_t)sum->len * 2);
}

static void add_resources(struct redan_buf *out, const struct redan_manifest *m)
{
    struct redan_slice algorithm = redan_slice_of(redan_hash_name(m->hash));
    char text[SUFFIX];
    bool first = true;

    redan_buf_text(out, "\"resources\":[");
    for (size_t i = 0; i < m->count; i++) {
        const struct redan_manifest_entry *entry = &m->entries[i];
        if (redan_manifest_is_empty(m, entry))
            continue;
        redan_buf_text(out, first ? "{\"algorithm\":\"" : ",{\"algorithm\":\"");
        first = false;
        redan_buf_slice(out, algorithm);
        redan_buf_text(out, "\",\"digest\":\"");
        add_sum(out, &entry->sum);
        redan_buf_text(out, "\",\"name\":");
        redan_json_string_add(out, entry->path);
        if (m->shards && out->len > 0 && out->fail == REDAN_OK) {
            out->len--; /* the quote, behind which the range comes */
            redan_buf_slice(out, suffix_of(entry, text));
            redan_buf_char(out, '"');
        }
        redan_buf_char(out, '}');
    }
    redan_buf_char(out, ']');
}

static void add_serialization(struct redan_buf *out, const struct redan_manifest *m)
{
    redan_buf_text(out, "\"serialization\":{\"allow_symlinks\":");
    redan_buf_text(out, m->links ? "true" : "false");
    redan_buf_printf(out, ",\"hash_type\":\"%s\"", redan_hash_name(m->hash));
    for (size_t i = 0; i < m->ignore_count; i++) {
        redan_buf_text(out, i ? "," : ",\"ignore_paths\":[");
        redan_json_string_add(out, m->ignore[i]);
    }
    if (m->ignore_count)
        redan_buf_char(out, ']');
    redan_buf_printf(out, ",\"method\":\"%s\"", m->shards ? "shards" : "files");
    if (m->shards)
        redan_buf_printf(out, ",\"shard_size\":%" PRIu64, m->shard_size);
    redan_buf_char(out, '}');
}

/* Files without bytes have no shards (6.3.2 forbids it), and are signed all the same: as an annotation of the subject. */
static void add_empty(struct redan_buf *out, const struct redan_manifest *m)
{
    bool any = false;

    for (size_t i = 0; i < m->count; i++) {
        if (!redan_manifest_is_empty(m, &m->entries[i]))
            continue;
        redan_buf_text(out, any ? "," : "\"annotations\":{\"" REDAN_MANIFEST_EMPTY "\":[");
        any = true;
        redan_json_string_add(out, m->entries[i].path);
    }
    if (any)
        redan_buf_text(out, "]},");
}

/* Keys in the order of RFC 8785 3.2.3. */
static void add_statement(struct redan_buf *out, const struct redan_manifest *m)
{
    char hex[REDAN_DIGEST_HEX];

    redan_digest_hex(&m->root, hex);
    redan_buf_text(out, "{\"_type\":\"" REDAN_STATEMENT_TYPE "\",\"predicate\":{");
    add_resources(out, m);
    redan_buf_char(out, ',');
    add_serialization(out, m);
    redan_buf_text(out, "},\"predicateType\":\"" REDAN_OMS_PREDICATE "\",\"subject\":[{");
    add_empty(out, m);
    redan_buf_printf(out, "\"digest\":{\"sha256\":\"%s\"},\"name\":", hex);
    redan_json_string_add(out, m->name.len ? m->name : REDAN_S("model"));
    redan_buf_text(out, "}]}");
}

enum redan_status redan_manifest_write(struct redan_ctx *ctx, struct redan_manifest *m,
                                       struct redan_slice *payload)
{
    REDAN_DEFER(redan_buf_done) struct redan_buf out;

    redan_buf_init(&out, ctx, payload_max);
    REDAN_TRY(check(ctx, m));
    redan_manifest_sort(m);
    if (m->ignore_count > 1)
        qsort(m->ignore, m->ignore_count, sizeof(*m->ignore), redan_manifest_by_text);
    REDAN_TRY(redan_manifest_check_names(ctx, m));
    REDAN_TRY(redan_manifest_root(ctx, m, &m->root));
    add_statement(&out, m);
    REDAN_TRY(redan_buf_ok(ctx, &out, "the manifest of the model"));
    return redan_copy(ctx, redan_buf_view(&out), payload);
}
