/* Reading an OpenSSF Model Signing statement: its subject, its predicate and the entries in it, in whatever order they come. */
#include <string.h>

#include "attest/statement.h"
#include "base/hex.h"
#include "codec/problem.h"
#include "sign/bundle.h"
#include "sign/manifest_read.h"

enum {
    IGNORES = 65536,
    RESOURCE = 80, /* bytes: no sound resource or subject is shorter; its digest alone has 64 */
    VALUES = 8,    /* of one resource, counted generously */
};

static void reading_done(struct redan_manifest_reading *r)
{
    redan_payload_done(&r->p);
}

/* Lower-case digits only; how many is judged when the hash is known. */
static bool read_sum(struct redan_slice text, struct redan_sum *sum)
{
    if (text.len == 0 || text.len % 2 != 0 || text.len / 2 > sizeof(sum->bytes))
        return false;
    sum->len = (uint8_t)(text.len / 2);
    return redan_hex_parse_lower(text, sum->bytes, sum->len);
}

static enum redan_status add_entry(struct redan_manifest_reading *r, size_t offset,
                                   struct redan_slice name, struct redan_slice digest)
{
    struct redan_manifest *m = r->m;

    if (m->count == REDAN_MANIFEST_ENTRIES)
        return redan_fail(r->p.ctx, REDAN_E_LIMIT, r->p.base + offset,
                          "the manifest has more than %d resources", REDAN_MANIFEST_ENTRIES);
    if (m->count == r->room)
        return redan_payload_refuse(&r->p, offset, "the resources are too short to hold digests");
    struct redan_manifest_entry *entry = &m->entries[m->count];
    *entry = (struct redan_manifest_entry){.path = name, .to = UINT64_MAX};
    if (!read_sum(digest, &entry->sum))
        return redan_fail(r->p.ctx, REDAN_E_SCHEMA, r->p.base + offset,
                          "the digest of %s is not written in lower-case hexadecimal digits",
                          redan_snippet_of(name).text);
    m->count++;
    return REDAN_OK;
}

static enum redan_status read_digest_set(struct redan_manifest_reading *r,
                                         struct redan_slice *sha256)
{
    struct redan_slice key;
    bool more = true;

    REDAN_TRY(redan_payload_expect(&r->p, REDAN_JSON_OBJECT, "a subject's digest is no object"));
    for (;;) {
        struct redan_slice value = {0};
        REDAN_TRY(redan_payload_key(&r->p, &key, &more));
        if (!more)
            return REDAN_OK;
        bool is_it = redan_slice_is(key, "sha256");
        REDAN_TRY(redan_payload_text(&r->p, "a subject's digest", &value));
        if (is_it)
            *sha256 = value;
    }
}

/* in-toto's annotations: of ours, the files without bytes, for which the method "shards" has no resources (6.3.2). */
static enum redan_status read_annotations(struct redan_manifest_reading *r)
{
    struct redan_slice key;
    bool more = true;

    REDAN_TRY(
        redan_payload_expect(&r->p, REDAN_JSON_OBJECT, "a subject's annotations are no object"));
    for (;;) {
        REDAN_TRY(redan_payload_key(&r->p, &key, &more));
        if (!more)
            return REDAN_OK;
        if (!redan_slice_is(key, REDAN_MANIFEST_EMPTY))
            REDAN_TRY(redan_payload_skip(&r->p));
        else
            REDAN_TRY(redan_payload_paths(&r->p, REDAN_MANIFEST_EMPTY, REDAN_MANIFEST_ENTRIES,
                                          redan_manifest_path_fault, &r->empty, &r->empty_count));
    }
}

static enum redan_status read_subject(struct redan_manifest_reading *r, struct redan_slice *name,
                                      struct redan_slice *sha256)
{
    struct redan_slice key;
    bool more = true;

    for (;;) {
        REDAN_TRY(redan_payload_key(&r->p, &key, &more));
        if (!more)
            return REDAN_OK;
        if (redan_slice_is(key, "name"))
            REDAN_TRY(redan_payload_text(&r->p, "a subject's name", name));
        else if (redan_slice_is(key, "digest"))
            REDAN_TRY(read_digest_set(r, sha256));
        else if (redan_slice_is(key, "annotations") && !r->m->old)
            REDAN_TRY(read_annotations(r));
        else
            REDAN_TRY(redan_payload_skip(&r->p));
    }
}

/* In the old form every file is a subject; since then there is one, the model. */
static enum redan_status read_subjects(struct redan_manifest_reading *r)
{
    struct redan_json_token token;

    REDAN_TRY(redan_payload_start(&r->p, &r->p.subject, "subject"));
    REDAN_TRY(redan_payload_expect(&r->p, REDAN_JSON_ARRAY, "the subject is no list"));
    for (size_t n = 0;; n++) {
        struct redan_slice name = {0};
        struct redan_slice sha256 = {0};
        REDAN_TRY(redan_json_next(&r->p.json, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            return n ? REDAN_OK : redan_payload_refuse(&r->p, token.offset, "there is no subject");
        size_t offset = token.offset;
        if (token.kind != REDAN_JSON_OBJECT)
            return redan_payload_refuse(&r->p, offset, "a subject is no object");
        if (n > 0 && !r->m->old)
            return redan_payload_refuse(&r->p, offset,
                                        "there are several subjects; a model's signature has one");
        REDAN_TRY(read_subject(r, &name, &sha256));
        if (name.len == 0)
            return redan_payload_refuse(&r->p, offset, "the subject has no name");
        if (sha256.len == 0)
            return redan_payload_refuse(&r->p, offset, "the subject has no sha256 digest");
        if (r->m->old) {
            REDAN_TRY(add_entry(r, offset, name, sha256));
        } else {
            r->m->name = name;
            r->wanted = sha256;
        }
    }
}

static enum redan_status read_resource(struct redan_manifest_reading *r, size_t offset)
{
    struct redan_slice name = {0};
    struct redan_slice digest = {0};
    struct redan_slice algorithm = {0};
    struct redan_slice key;
    bool more = true;

    for (;;) {
        REDAN_TRY(redan_payload_key(&r->p, &key, &more));
        if (!more)
            break;
        if (redan_slice_is(key, "name"))
            REDAN_TRY(redan_payload_text(&r->p, "a resource's name", &name));
        else if (redan_slice_is(key, "digest"))
            REDAN_TRY(redan_payload_text(&r->p, "a resource's digest", &digest));
        else if (redan_slice_is(key, "algorithm"))
            REDAN_TRY(redan_payload_text(&r->p, "a resource's algorithm", &algorithm));
        else
            REDAN_TRY(redan_payload_skip(&r->p));
    }
    if (name.len == 0 || digest.len == 0 || algorithm.len == 0)
        return redan_payload_refuse(&r->p, offset, "a resource lacks name, algorithm or digest");
    if (r->m->count == 0)
        r->algorithm = algorithm;
    else if (!redan_slice_eq(r->algorithm, algorithm))
        return redan_fail(r->p.ctx, REDAN_E_SCHEMA, r->p.base + offset,
                          "the algorithm of %s is %s, that of others %s; one is allowed",
                          redan_snippet_of(name).text, redan_snippet_of(algorithm).text,
                          redan_snippet_of(r->algorithm).text);
    return add_entry(r, offset, name, digest);
}

static enum redan_status read_resources(struct redan_manifest_reading *r)
{
    struct redan_json_token token;

    REDAN_TRY(redan_payload_expect(&r->p, REDAN_JSON_ARRAY, "the resources are no list"));
    for (;;) {
        REDAN_TRY(redan_json_next(&r->p.json, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            return REDAN_OK;
        if (token.kind != REDAN_JSON_OBJECT)
            return redan_payload_refuse(&r->p, token.offset, "a resource is no object");
        REDAN_TRY(read_resource(r, token.offset));
    }
}

static enum redan_status read_links(struct redan_manifest_reading *r)
{
    struct redan_json_token token;

    REDAN_TRY(redan_json_next(&r->p.json, &token));
    if (token.kind != REDAN_JSON_TRUE && token.kind != REDAN_JSON_FALSE)
        return redan_payload_refuse(&r->p, token.offset,
                                    "allow_symlinks is neither true nor false");
    r->m->links = token.kind == REDAN_JSON_TRUE;
    r->has_links = true;
    return REDAN_OK;
}

/* Fields of later minor versions are passed over, and said. */
static enum redan_status pass_over(struct redan_manifest_reading *r, struct redan_slice key)
{
    if (r->unknown_count++ == 0)
        REDAN_TRY(redan_copy(r->p.ctx, key, &r->unknown));
    return redan_payload_skip(&r->p);
}

static enum redan_status read_serialization(struct redan_manifest_reading *r)
{
    struct redan_slice key;
    bool more = true;

    REDAN_TRY(redan_payload_expect(&r->p, REDAN_JSON_OBJECT, "the serialization is no object"));
    for (;;) {
        REDAN_TRY(redan_payload_key(&r->p, &key, &more));
        if (!more)
            return REDAN_OK;
        if (redan_slice_is(key, "method")) {
            REDAN_TRY(redan_payload_text(&r->p, "the method", &r->method));
        } else if (redan_slice_is(key, "hash_type")) {
            REDAN_TRY(redan_payload_text(&r->p, "the hash_type", &r->hash_type));
        } else if (redan_slice_is(key, "allow_symlinks")) {
            REDAN_TRY(read_links(r));
        } else if (redan_slice_is(key, "shard_size")) {
            r->has_shard_size = true;
            REDAN_TRY(redan_payload_size(&r->p, "the shard_size", &r->m->shard_size, &r->odd_size));
        } else if (redan_slice_is(key, "ignore_paths")) {
            REDAN_TRY(redan_payload_paths(&r->p, "ignore_paths", IGNORES,
                                          redan_manifest_ignore_fault, &r->m->ignore,
                                          &r->m->ignore_count));
        } else {
            REDAN_TRY(pass_over(r, key));
        }
    }
}

static enum redan_status read_predicate(struct redan_manifest_reading *r)
{
    struct redan_slice key;
    bool more = true;

    REDAN_TRY(redan_payload_start(&r->p, &r->p.predicate, "predicate"));
    REDAN_TRY(redan_payload_expect(&r->p, REDAN_JSON_OBJECT, "the predicate is no object"));
    for (;;) {
        REDAN_TRY(redan_payload_key(&r->p, &key, &more));
        if (!more)
            return REDAN_OK;
        if (redan_slice_is(key, "resources")) {
            r->has_resources = true;
            REDAN_TRY(read_resources(r));
        } else if (redan_slice_is(key, "serialization")) {
            r->has_serialization = true;
            REDAN_TRY(read_serialization(r));
        } else {
            REDAN_TRY(pass_over(r, key));
        }
    }
}

/* Predicate v1.0, or a later v1.x, whose fields only add (VERSIONING.md). */
static enum redan_status judge_types(struct redan_manifest_reading *r)
{
    const struct redan_slice stem = REDAN_S("https://model_signing/signature/v1.");
    struct redan_slice type = {0};
    struct redan_slice predicate = {0};
    uint64_t minor = 0;

    REDAN_TRY(redan_payload_start(&r->p, &r->p.type, "_type"));
    REDAN_TRY(redan_payload_text(&r->p, "the _type", &type));
    if (!redan_slice_is(type, REDAN_STATEMENT_TYPE))
        return redan_fail(r->p.ctx, REDAN_E_SCHEMA, 0,
                          "the payload's _type is \"%s\", not " REDAN_STATEMENT_TYPE,
                          redan_snippet_of(type).text);
    REDAN_TRY(redan_payload_start(&r->p, &r->p.predicate_type, "predicateType"));
    REDAN_TRY(redan_payload_text(&r->p, "the predicateType", &predicate));
    if (redan_slice_is(predicate, REDAN_OMS_PREDICATE_OLD)) {
        r->m->old = true;
        return redan_manifest_remark(r->p.ctx, r->m,
                                     "the form of OMS 0.2: no model name, no serialization");
    }
    if (!redan_slice_starts(predicate, stem) ||
        !redan_manifest_number(redan_slice_sub(predicate, stem.len, predicate.len), &minor))
        return redan_fail(
            r->p.ctx, REDAN_E_SCHEMA, 0,
            "the predicateType is \"%s\"; a model's signature has " REDAN_OMS_PREDICATE,
            redan_snippet_of(predicate).text);
    if (minor == 0)
        return REDAN_OK;
    return redan_manifest_remark(r->p.ctx, r->m,
                                 "the predicate is of version 1.%llu; its additions are not known",
                                 (unsigned long long)minor);
}

/* Every entry begins with a brace and is no shorter than the shortest: hostile bytes cannot ask for more memory than that. */
static enum redan_status make_room(struct redan_manifest_reading *r,
                                   const struct redan_payload_part *part)
{
    size_t braces = 0;

    for (size_t i = 0; i < part->text.len; i++)
        braces += part->text.at[i] == '{';
    r->room = redan_min_size(redan_min_size(braces, part->text.len / RESOURCE + 1),
                             REDAN_MANIFEST_ENTRIES);
    size_t all = r->room + r->empty_count;
    r->m->entries = redan_take_array(r->p.ctx, all ? all : 1, sizeof(*r->m->entries));
    return r->m->entries ? REDAN_OK : REDAN_E_MEMORY;
}

static enum redan_status read_all(struct redan_manifest_reading *r, struct redan_slice payload)
{
    REDAN_TRY(redan_payload_open(&r->p, r->p.ctx, payload));
    REDAN_TRY(judge_types(r));
    if (r->m->old) {
        REDAN_TRY(make_room(r, &r->p.subject));
        REDAN_TRY(read_subjects(r));
    } else {
        REDAN_TRY(read_subjects(r));
        REDAN_TRY(make_room(r, &r->p.predicate));
        REDAN_TRY(read_predicate(r));
    }
    return redan_manifest_judge(r);
}

enum redan_status redan_manifest_parse(struct redan_ctx *ctx, struct redan_slice payload,
                                       struct redan_manifest *manifest)
{
    REDAN_DEFER(reading_done) struct redan_manifest_reading r = {.p = {.ctx = ctx}};
    struct redan_manifest made = {.hash = REDAN_HASH_SHA256};
    struct redan_limits before = ctx->limits;

    r.m = &made;
    /* a manifest is as large as its model has files, and costs no tree */
    ctx->limits.json = REDAN_BUNDLE_MAX;
    ctx->limits.nodes = (size_t)REDAN_MANIFEST_ENTRIES * VALUES;
    enum redan_status status = read_all(&r, payload);
    ctx->limits = before;
    REDAN_TRY(status);
    *manifest = made;
    return REDAN_OK;
}
