/* Any JSON service: JSON pointers (RFC 6901) say where the rows are, "*" standing for every item of a list. What lies elsewhere in the body is
 * read past, and not judged. */
#include "inference/pointers.h"

#include "codec/json.h"
#include "inference/grid.h"
#include "inference/outputs.h"

struct frame {
    bool list;
    bool found;   /* what the pointer names was there */
    size_t index; /* of the next item */
};

struct walk {
    struct redan_json *json;
    struct redan_grid *grid;
    const struct redan_pointer *pointer;
    struct redan_slice text;
    struct frame frames[REDAN_POINTER_PARTS];
    size_t depth; /* frames that are open: so many parts of the pointer were followed */
};

static bool unescape(struct redan_ctx *ctx, struct redan_slice part, struct redan_slice *name,
                     enum redan_status *status)
{
    char *copy = redan_take(ctx, part.len + 1);
    size_t n = 0;

    if (!copy) {
        *status = REDAN_E_MEMORY;
        return false;
    }
    for (size_t i = 0; i < part.len; i++) {
        char c = part.at[i];
        if (c == '~') {
            i++;
            if (i == part.len || (part.at[i] != '0' && part.at[i] != '1'))
                return false;
            c = part.at[i] == '0' ? '~' : '/';
        }
        copy[n++] = c;
    }
    *name = (struct redan_slice){copy, n};
    return true;
}

enum redan_status redan_pointer_parse(struct redan_ctx *ctx, struct redan_slice text,
                                      struct redan_pointer *pointer)
{
    struct redan_slice rest = text;
    struct redan_pointer made = {.count = 0};
    enum redan_status status = REDAN_E_SCHEMA;

    if (text.len > 0 && text.at[0] != '/')
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "a JSON pointer begins with '/'");
    while (rest.len > 0) {
        struct redan_slice part;
        rest = redan_slice_sub(rest, 1, rest.len);
        size_t len = 0;
        while (len < rest.len && rest.at[len] != '/')
            len++;
        part = redan_slice_sub(rest, 0, len);
        rest = redan_slice_sub(rest, len, rest.len);
        if (made.count == REDAN_POINTER_PARTS)
            return redan_fail(ctx, REDAN_E_LIMIT, 0, "a JSON pointer of more than %d parts",
                              REDAN_POINTER_PARTS);
        made.every[made.count] = redan_slice_is(part, "*");
        made.star = made.star || made.every[made.count];
        if (!unescape(ctx, part, &made.parts[made.count], &status))
            return redan_fail(ctx, status, 0, "a '~' in a JSON pointer without 0 or 1 behind it");
        made.count++;
    }
    *pointer = made;
    return REDAN_OK;
}

/* Whether a list's first item is itself a list or an object. The reader stands right after the bracket at `offset`. */
static bool nested(struct redan_slice text, size_t offset)
{
    for (size_t i = offset + 1; i < text.len; i++)
        if (!redan_char_among(" \t\r\n", text.at[i]))
            return text.at[i] == '[' || text.at[i] == '{';
    return false;
}

/* Where the pointer ends: a row; or, when it named one place, a row or a list of rows. */
static enum redan_status take_rows(struct walk *walk, const struct redan_json_token *token)
{
    if (walk->pointer->star || token->kind != REDAN_JSON_ARRAY ||
        !nested(walk->text, token->offset))
        return redan_grid_row(walk->grid, walk->json, token);
    return redan_grid_rows(walk->grid, walk->json);
}

/* RFC 6901 4: digits without a leading zero. */
static bool index_of(struct redan_slice part, uint64_t *index)
{
    return (part.len == 1 || (part.len > 1 && part.at[0] != '0')) && redan_slice_u64(part, index);
}

static enum redan_status enter(struct walk *walk, const struct redan_json_token *token)
{
    struct redan_slice part = walk->pointer->parts[walk->depth];
    bool every = walk->pointer->every[walk->depth];
    bool list = token->kind == REDAN_JSON_ARRAY;
    uint64_t index = 0;

    if (every ? !list : list ? !index_of(part, &index) : token->kind != REDAN_JSON_OBJECT)
        return redan_fail(walk->json->ctx, REDAN_E_SCHEMA, token->offset,
                          "%s where %s '%.*s' belongs", redan_rows_kind(token->kind),
                          every ? "a list for" : "an object with",
                          (int)redan_min_size(part.len, 64), part.at);
    walk->frames[walk->depth++] = (struct frame){.list = list};
    return REDAN_OK;
}

/* The next token of the innermost container; true in `*here` when it begins what the pointer names. */
static enum redan_status step(struct walk *walk, struct redan_json_token *token, bool *here)
{
    struct frame *frame = &walk->frames[walk->depth - 1];
    struct redan_slice part = walk->pointer->parts[walk->depth - 1];
    bool every = walk->pointer->every[walk->depth - 1];
    uint64_t index = 0;

    REDAN_TRY(redan_json_next(walk->json, token));
    *here = false;
    if (token->kind == REDAN_JSON_OBJECT_END || token->kind == REDAN_JSON_ARRAY_END) {
        if (!frame->found && !every)
            return redan_fail(walk->json->ctx, REDAN_E_SCHEMA, token->offset, "'%.*s' is missing",
                              (int)redan_min_size(part.len, 64), part.at);
        walk->depth--;
        return REDAN_OK;
    }
    if (frame->list)
        *here = every || (index_of(part, &index) && index == frame->index++);
    else
        *here = redan_slice_eq(token->text, part);
    if (!*here)
        return redan_json_skip(walk->json);
    frame->found = true;
    return frame->list ? REDAN_OK : redan_json_next(walk->json, token);
}

static enum redan_status follow(struct walk *walk)
{
    struct redan_json_token token;

    REDAN_TRY(redan_json_next(walk->json, &token));
    do {
        bool here = false;
        REDAN_TRY(walk->depth == walk->pointer->count ? take_rows(walk, &token)
                                                      : enter(walk, &token));
        while (walk->depth > 0 && !here)
            REDAN_TRY(step(walk, &token, &here));
    } while (walk->depth > 0);
    return redan_json_next(walk->json, &token); /* nothing may follow */
}

static enum redan_status decode_request(struct redan_ctx *ctx, struct redan_slice text,
                                        const struct redan_request_rules *rules,
                                        struct redan_request *request)
{
    REDAN_DEFER(redan_json_done) struct redan_json json = {0};
    struct redan_pointer pointer = {.count = 0};
    struct redan_grid grid;
    struct walk walk = {.json = &json, .grid = &grid, .pointer = &pointer, .text = text};

    REDAN_TRY(redan_pointer_parse(ctx, rules->pointers ? rules->pointers->rows : REDAN_S("/rows"),
                                  &pointer));
    redan_grid_init(&grid, ctx, rules, text.len, "row");
    grid.cells.bools = true;
    redan_json_init(&json, ctx, text);
    json.keep = true;
    REDAN_TRY(follow(&walk));
    REDAN_TRY(redan_grid_some(&grid, text.len));
    redan_grid_end(&grid, request);
    return REDAN_OK;
}

static void encode_request(const struct redan_request *request, struct redan_buf *out)
{
    redan_buf_text(out, "{\"rows\":");
    redan_rows_write_cells(request, out);
    redan_buf_char(out, '}');
}

static void encode_response(const struct redan_answer *answer, struct redan_buf *out)
{
    redan_buf_text(out, answer->labels ? "{\"labels\":" : "{\"scores\":");
    redan_rows_write(answer, out);
    redan_buf_char(out, '}');
}

/* Without pointers at hand, each list in the answer is taken for an output. */
static enum redan_status decode_response(struct redan_ctx *ctx, struct redan_slice body,
                                         struct redan_response *response)
{
    static const char *const meta[] = {"error", NULL};
    struct redan_outputs outputs = {.ctx = ctx};
    const struct redan_node *root = NULL;

    REDAN_TRY(redan_outputs_begin(&outputs, body, meta, &root));
    for (const struct redan_node *n = root->first; n; n = n->next) {
        if (n->kind == REDAN_NODE_LIST)
            REDAN_TRY(redan_outputs_predictions(&outputs, n));
        else if (!redan_slice_is(n->key, "error"))
            REDAN_TRY(redan_outputs_other(&outputs, n->key));
    }
    return redan_outputs_end(&outputs, "a list", response);
}

static const char *const media[] = {"application/json", NULL};
static const char *const answers[] = {NULL}; /* the policy's pointers say where */

extern const struct redan_preset redan_preset_by_pointers;
const struct redan_preset redan_preset_by_pointers = {
    .name = "pointers",
    .media = media,
    .answers = answers,
    .decode_request = decode_request,
    .encode_request = encode_request,
    .encode_response = encode_response,
    .decode_response = decode_response,
};
