/* A profile read from its statement: everything that is wrong with it is found before a request is measured by it. */
#include "inference/profile.h"

#include <float.h>

#include "base/map.h"
#include "codec/json_pull.h"
#include "inference/profile_parts.h"

static const char *const words_of_tuned[2] = {"neighbour", "mahalanobis"};

/* Whether the text is an envelope; the first member that only one of the two has tells. */
static enum redan_status is_envelope(struct redan_ctx *ctx, struct redan_slice text, bool *envelope)
{
    struct redan_json REDAN_DEFER(redan_json_done) json = {0};
    struct redan_json_token token;

    *envelope = false;
    redan_json_init(&json, ctx, text);
    REDAN_TRY(redan_json_next(&json, &token));
    if (token.kind != REDAN_JSON_OBJECT)
        return redan_fail(ctx, REDAN_E_SCHEMA, token.offset, "a profile is a JSON object");
    for (;;) {
        REDAN_TRY(redan_json_next(&json, &token));
        if (token.kind != REDAN_JSON_KEY)
            return REDAN_OK;
        if (redan_slice_is(token.text, "_type") || redan_slice_is(token.text, "predicateType"))
            return REDAN_OK;
        if (redan_slice_is(token.text, "payload")) {
            *envelope = true;
            return REDAN_OK;
        }
        REDAN_TRY(redan_json_skip(&json));
    }
}

/* The statement's bytes, and whether this key signed them. */
static enum redan_status open_payload(struct redan_ctx *ctx, struct redan_slice text,
                                      const struct redan_key *key, struct redan_slice *payload,
                                      bool *is_signed)
{
    struct redan_dsse dsse = {0};
    struct redan_slice pae = {0};
    bool envelope = false;

    *is_signed = false;
    REDAN_TRY(is_envelope(ctx, text, &envelope));
    if (!envelope) {
        *payload = text;
        return key ? redan_fail(ctx, REDAN_E_SIGNATURE, 0, "the profile is not signed") : REDAN_OK;
    }
    REDAN_TRY(redan_dsse_parse(ctx, text, &dsse));
    if (!redan_slice_is(dsse.payload_type, REDAN_DSSE_INTOTO))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the profile is not an in-toto envelope");
    *payload = dsse.payload;
    if (!key)
        return REDAN_OK;
    REDAN_TRY(redan_dsse_pae(ctx, &dsse, &pae));
    for (size_t i = 0; i < dsse.count && !*is_signed; i++) {
        enum redan_status status = redan_dsse_verify(ctx, key, pae, dsse.signatures[i].bytes);

        if (status != REDAN_OK && status != REDAN_E_SIGNATURE)
            return status;
        *is_signed = status == REDAN_OK;
    }
    return *is_signed ? REDAN_OK
                      : redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                                   "the profile is not signed by the key that was asked for");
}

/* "dataset" and "model" of the predicate name subjects by digest. */
static enum redan_status read_subject(struct redan_ctx *ctx, const struct redan_statement *s,
                                      const char *key, struct redan_slice *name,
                                      struct redan_digest *digest)
{
    const struct redan_node *node = redan_node_get(s->predicate, key);

    if (!node || !redan_digest_parse(redan_node_text(s->predicate, key), digest))
        return redan_profile_wrong(ctx, node ? node : s->predicate, key, "must be sha256:HEX");
    for (size_t i = 0; i < s->count; i++)
        if (redan_digest_eq(&s->subjects[i].digest, digest)) {
            *name = s->subjects[i].name;
            return REDAN_OK;
        }
    return redan_profile_wrong(ctx, node, key, "is none of the statement's subjects");
}

/* The columns, whose names are kept in `by_name`. */
static enum redan_status read_columns(struct redan_ctx *ctx, const struct redan_node *predicate,
                                      struct redan_map *by_name, struct redan_profile *profile)
{
    const struct redan_node *list = NULL;
    size_t n = 0;

    REDAN_TRY(redan_profile_member(ctx, predicate, "columns", REDAN_NODE_LIST,
                                   REDAN_PROFILE_COLUMNS, false, &list));
    if (list->count == 0)
        return redan_profile_wrong(ctx, list, "columns", "is empty");
    profile->columns = redan_take_array(ctx, list->count, sizeof(*profile->columns));
    if (!profile->columns)
        return REDAN_E_MEMORY;
    redan_map_init(by_name, ctx);
    for (const struct redan_node *item = list->first; item; item = item->next, n++) {
        struct redan_column *column = &profile->columns[n];

        REDAN_TRY(redan_profile_read_column(ctx, item, column));
        enum redan_status status = redan_map_put(by_name, column->name, column);
        if (status == REDAN_E_EXISTS)
            return redan_fail(ctx, REDAN_E_SCHEMA, item->offset,
                              "profile: the column \"%.*s\" is there twice",
                              REDAN_FMT(column->name));
        REDAN_TRY(status);
        if (!column->caller)
            continue;
        if (profile->caller_count == REDAN_PROFILE_CALLERS)
            return redan_fail(ctx, REDAN_E_LIMIT, item->offset,
                              "profile: more than %d columns are chosen by callers",
                              REDAN_PROFILE_CALLERS);
        profile->caller_columns[profile->caller_count++] = (uint16_t)n;
    }
    profile->width = n;
    return REDAN_OK;
}

static enum redan_status read_end(struct redan_ctx *ctx, const struct redan_node *item,
                                  const char *key, const struct redan_map *by_name,
                                  const struct redan_profile *profile, uint16_t *index)
{
    const struct redan_column *column = redan_map_get(by_name, redan_node_text(item, key));

    if (!column || column->kind == REDAN_COLUMN_CATEGORY)
        return redan_profile_wrong(ctx, item, "invariants",
                                   "must name two columns of numbers, low and high");
    *index = (uint16_t)(column - profile->columns);
    return REDAN_OK;
}

static enum redan_status read_invariants(struct redan_ctx *ctx, const struct redan_node *predicate,
                                         const struct redan_map *by_name,
                                         struct redan_profile *profile)
{
    const struct redan_node *list = NULL;

    REDAN_TRY(redan_profile_member(ctx, predicate, "invariants", REDAN_NODE_LIST,
                                   REDAN_PROFILE_INVARIANTS, false, &list));
    profile->invariants =
        redan_take_array(ctx, list->count ? list->count : 1, sizeof(*profile->invariants));
    if (!profile->invariants)
        return REDAN_E_MEMORY;
    for (const struct redan_node *item = list->first; item; item = item->next) {
        struct redan_invariant *made = &profile->invariants[profile->invariant_count++];

        REDAN_TRY(read_end(ctx, item, "low", by_name, profile, &made->low));
        REDAN_TRY(read_end(ctx, item, "high", by_name, profile, &made->high));
        if (made->low == made->high)
            return redan_profile_wrong(ctx, item, "invariants", "compares a column with itself");
    }
    return REDAN_OK;
}

static enum redan_status read_references(struct redan_ctx *ctx, const struct redan_node *predicate,
                                         struct redan_profile *profile)
{
    size_t w = profile->width;
    uint64_t rows = 0;
    size_t count = 0;
    float *values = NULL;
    const struct redan_node *map = NULL;

    REDAN_TRY(redan_profile_member(ctx, predicate, "references", REDAN_NODE_MAP, 16, false, &map));
    REDAN_TRY(redan_profile_count(ctx, map, "rows", REDAN_PROFILE_REFERENCES, &rows));
    if (rows == 0)
        return redan_profile_wrong(ctx, map, "rows", "is 0: nothing can be measured against it");
    const struct redan_profile_array wanted = {"values",           (size_t)rows * w,
                                               (size_t)rows * w,   -REDAN_ENCODED_MOST,
                                               REDAN_ENCODED_MOST, false};
    REDAN_TRY(redan_profile_floats(ctx, map, &wanted, &values, &count));
    REDAN_TRY(redan_profile_pack(ctx, values, (size_t)rows, w, NULL, w, &profile->references));
    if (profile->caller_count == 0)
        return REDAN_OK;
    return redan_profile_pack(ctx, values, redan_min_size((size_t)rows, REDAN_PROFILE_NOVEL), w,
                              profile->caller_columns, profile->caller_count,
                              &profile->caller_references);
}

enum redan_status redan_profile_pack(struct redan_ctx *ctx, const float *values, size_t rows,
                                     size_t width, const uint16_t *columns, size_t count,
                                     struct redan_references *packed)
{
    float *made = redan_take_array(ctx, redan_references_room(rows, count), sizeof(*made));

    if (!made)
        return REDAN_E_MEMORY;
    redan_references_lay(made, values, rows, width, columns, count);
    *packed = (struct redan_references){rows, count, made};
    return REDAN_OK;
}

/* The triangle is stored without its zeros. */
static enum redan_status read_mahalanobis(struct redan_ctx *ctx, const struct redan_node *parent,
                                          size_t width, struct redan_mahalanobis *m)
{
    size_t packed = width * (width + 1) / 2; /* at most 4096 columns */
    const struct redan_profile_array mean = {
        "mean", width, width, -REDAN_ENCODED_MOST, REDAN_ENCODED_MOST, false};
    const struct redan_profile_array factor = {"factor", packed, packed, -1e9, 1e9, false};
    const struct redan_node *map = NULL;
    float *centre = NULL;
    float *triangle = NULL;
    size_t count = 0;

    REDAN_TRY(redan_profile_member(ctx, parent, "mahalanobis", REDAN_NODE_MAP, 16, false, &map));
    REDAN_TRY(redan_profile_floats(ctx, map, &mean, &centre, &count));
    REDAN_TRY(redan_profile_floats(ctx, map, &factor, &triangle, &count));
    float *square = redan_take_array(ctx, width, width * sizeof(*square));
    if (!square)
        return REDAN_E_MEMORY;
    for (size_t i = 0, at = 0; i < width; i++)
        for (size_t j = 0; j <= i; j++)
            square[i * width + j] = triangle[at++];
    *m = (struct redan_mahalanobis){width, centre, square};
    return REDAN_OK;
}

static enum redan_status read_scores(struct redan_ctx *ctx, const struct redan_node *predicate,
                                     struct redan_profile *profile)
{
    struct redan_profile_array wanted = {"scores", 1, REDAN_PROFILE_SCORES, 0, DBL_MAX, true};
    const struct redan_node *map = NULL;
    size_t count = 0;

    REDAN_TRY(
        redan_profile_doubles(ctx, predicate, &wanted, &profile->scores, &profile->score_count));
    REDAN_TRY(redan_profile_member(ctx, predicate, "tuned", REDAN_NODE_MAP, 16, false, &map));
    for (int i = 0; i < 2; i++) {
        wanted.key = words_of_tuned[i];
        REDAN_TRY(redan_profile_doubles(ctx, map, &wanted, &profile->tuned[i], &count));
        wanted.least = wanted.most = count; /* the second has as many as the first */
    }
    profile->tuned_count = count;
    redan_profile_tune(profile);
    return REDAN_OK;
}

static enum redan_status read_caller(struct redan_ctx *ctx, const struct redan_node *predicate,
                                     struct redan_profile *profile)
{
    const struct redan_node *map = NULL;

    REDAN_TRY(redan_profile_member(ctx, predicate, "caller", REDAN_NODE_MAP, 16,
                                   profile->caller_count == 0, &map));
    if (!map)
        return REDAN_OK;
    if (profile->caller_count == 0)
        return redan_profile_wrong(ctx, map, "caller", "is there, but no column is a caller's");
    REDAN_TRY(read_mahalanobis(ctx, map, profile->caller_count, &profile->caller_mahalanobis));
    REDAN_TRY(redan_profile_number(ctx, map, "near", 0, DBL_MAX, &profile->near));
    REDAN_TRY(redan_profile_number(ctx, map, "coarse", profile->near, DBL_MAX, &profile->coarse));
    REDAN_TRY(redan_profile_number(ctx, map, "novel", 0, DBL_MAX, &profile->novel));
    REDAN_TRY(redan_profile_number(ctx, map, "unusual", 0, DBL_MAX, &profile->unusual));
    return redan_profile_number(ctx, map, "margin", 0, DBL_MAX, &profile->margin);
}

static enum redan_status read_statement(struct redan_ctx *ctx, struct redan_slice payload,
                                        struct redan_profile *profile)
{
    struct redan_statement s = {0};
    struct redan_map by_name;

    REDAN_TRY(redan_statement_parse(ctx, payload, &s));
    if (!redan_slice_is(s.predicate_type, REDAN_PREDICATE_PROFILE))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "not a profile: the statement's predicateType is \"%.*s\"",
                          REDAN_FMT(redan_slice_sub(s.predicate_type, 0, 100)));
    REDAN_TRY(read_subject(ctx, &s, "dataset", &profile->dataset, &profile->dataset_digest));
    profile->has_model = redan_node_get(s.predicate, "model") != NULL;
    if (profile->has_model)
        REDAN_TRY(read_subject(ctx, &s, "model", &profile->model, &profile->model_digest));
    REDAN_TRY(redan_profile_count(ctx, s.predicate, "rows", (uint64_t)1 << 53, &profile->rows));
    REDAN_TRY(read_columns(ctx, s.predicate, &by_name, profile));
    REDAN_TRY(read_invariants(ctx, s.predicate, &by_name, profile));
    REDAN_TRY(read_references(ctx, s.predicate, profile));
    REDAN_TRY(read_mahalanobis(ctx, s.predicate, profile->width, &profile->mahalanobis));
    REDAN_TRY(read_scores(ctx, s.predicate, profile));
    REDAN_TRY(read_caller(ctx, s.predicate, profile));
    REDAN_TRY(redan_profile_read_bounds(ctx, s.predicate, profile));
    return redan_sha256(ctx, payload, &profile->digest);
}

enum redan_status redan_profile_read(struct redan_ctx *ctx, struct redan_slice text,
                                     const struct redan_key *key, struct redan_profile *profile)
{
    struct redan_limits before = ctx->limits;
    struct redan_profile made = {0};
    struct redan_slice payload = {0};

    ctx->limits.json = REDAN_PROFILE_BYTES;
    enum redan_status status = open_payload(ctx, text, key, &payload, &made.is_signed);
    if (status == REDAN_OK)
        status = read_statement(ctx, payload, &made);
    ctx->limits = before;
    if (status == REDAN_OK)
        *profile = made;
    return status;
}
