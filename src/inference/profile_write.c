/* A profile as the canonical JSON of its statement: what is signed, and what the digest is of. */
#include "inference/profile_parts.h"

static enum redan_status add_mahalanobis(struct redan_ctx *ctx, struct redan_node *parent,
                                         const struct redan_mahalanobis *m)
{
    struct redan_node *map = redan_node_add_kind(ctx, parent, "mahalanobis", REDAN_NODE_MAP);
    size_t w = m->width;
    float *triangle = redan_take_array(ctx, w * (w + 1) / 2, sizeof(*triangle));

    if (!map || !triangle)
        return REDAN_E_MEMORY;
    for (size_t i = 0, at = 0; i < w; i++)
        for (size_t j = 0; j <= i; j++)
            triangle[at++] = m->factor[i * w + j];
    REDAN_TRY(redan_profile_add_floats(ctx, map, "mean", m->mean, w));
    return redan_profile_add_floats(ctx, map, "factor", triangle, w * (w + 1) / 2);
}

static enum redan_status add_references(struct redan_ctx *ctx, struct redan_node *predicate,
                                        const struct redan_references *refs)
{
    struct redan_node *map = redan_node_add_kind(ctx, predicate, "references", REDAN_NODE_MAP);
    float *values = redan_take_array(ctx, refs->rows, refs->width * sizeof(*values));

    if (!map || !values || !redan_node_add_number(ctx, map, "rows", (double)refs->rows))
        return REDAN_E_MEMORY;
    for (size_t r = 0; r < refs->rows; r++)
        for (size_t c = 0; c < refs->width; c++)
            values[r * refs->width + c] = refs->values[redan_references_at(refs->width, r, c)];
    return redan_profile_add_floats(ctx, map, "values", values, refs->rows * refs->width);
}

static enum redan_status add_columns(struct redan_ctx *ctx, struct redan_node *predicate,
                                     const struct redan_profile *p)
{
    struct redan_node *columns = redan_node_add_kind(ctx, predicate, "columns", REDAN_NODE_LIST);
    struct redan_node *invariants =
        redan_node_add_kind(ctx, predicate, "invariants", REDAN_NODE_LIST);

    if (!columns || !invariants)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < p->width; i++)
        REDAN_TRY(redan_profile_write_column(ctx, columns, &p->columns[i]));
    for (size_t i = 0; i < p->invariant_count; i++) {
        struct redan_node *map = redan_node_add_kind(ctx, invariants, NULL, REDAN_NODE_MAP);

        if (!map || !redan_node_add_text(ctx, map, "low", p->columns[p->invariants[i].low].name) ||
            !redan_node_add_text(ctx, map, "high", p->columns[p->invariants[i].high].name))
            return REDAN_E_MEMORY;
    }
    return REDAN_OK;
}

static enum redan_status add_caller(struct redan_ctx *ctx, struct redan_node *predicate,
                                    const struct redan_profile *p)
{
    if (p->caller_count == 0)
        return REDAN_OK;
    struct redan_node *map = redan_node_add_kind(ctx, predicate, "caller", REDAN_NODE_MAP);
    if (!map || !redan_node_add_number(ctx, map, "near", p->near) ||
        !redan_node_add_number(ctx, map, "coarse", p->coarse) ||
        !redan_node_add_number(ctx, map, "novel", p->novel) ||
        !redan_node_add_number(ctx, map, "unusual", p->unusual) ||
        !redan_node_add_number(ctx, map, "margin", p->margin))
        return REDAN_E_MEMORY;
    return add_mahalanobis(ctx, map, &p->caller_mahalanobis);
}

static enum redan_status add_scores(struct redan_ctx *ctx, struct redan_node *predicate,
                                    const struct redan_profile *p)
{
    struct redan_node *tuned = redan_node_add_kind(ctx, predicate, "tuned", REDAN_NODE_MAP);

    if (!tuned)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_profile_add_doubles(ctx, tuned, "neighbour", p->tuned[0], p->tuned_count));
    REDAN_TRY(redan_profile_add_doubles(ctx, tuned, "mahalanobis", p->tuned[1], p->tuned_count));
    return redan_profile_add_doubles(ctx, predicate, "scores", p->scores, p->score_count);
}

enum redan_status redan_profile_write(struct redan_ctx *ctx, const struct redan_profile *profile,
                                      struct redan_slice *payload)
{
    struct redan_limits before = ctx->limits;
    struct redan_node *predicate = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_statement_subject subjects[2] = {{profile->dataset, profile->dataset_digest},
                                                  {profile->model, profile->model_digest}};
    const struct redan_statement statement = {subjects, profile->has_model ? 2 : 1,
                                              REDAN_S(REDAN_PREDICATE_PROFILE), predicate};

    if (!predicate || !redan_node_add_number(ctx, predicate, "rows", (double)profile->rows))
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_node_add_digest(ctx, predicate, "dataset", &profile->dataset_digest));
    if (profile->has_model)
        REDAN_TRY(redan_node_add_digest(ctx, predicate, "model", &profile->model_digest));
    REDAN_TRY(add_columns(ctx, predicate, profile));
    REDAN_TRY(add_references(ctx, predicate, &profile->references));
    REDAN_TRY(add_mahalanobis(ctx, predicate, &profile->mahalanobis));
    REDAN_TRY(add_scores(ctx, predicate, profile));
    REDAN_TRY(add_caller(ctx, predicate, profile));
    REDAN_TRY(redan_profile_write_bounds(ctx, predicate, profile));
    ctx->limits.json = REDAN_PROFILE_BYTES;
    enum redan_status status = redan_statement_write(ctx, &statement, payload);
    ctx->limits = before;
    return status;
}
