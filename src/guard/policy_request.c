/* The policy's part "request": how requests are written, what passes unjudged, and how large one may be. */
#include "codec/bind_value.h"
#include "guard/policy_parts.h"

enum { BYTES_MOST = 64 << 20, ROWS_MOST = 65536, DEPTH_MOST = 64, PATTERN_MOST = 128 };

struct written_pointers {
    const struct redan_node *node;
    struct redan_slice path, rows, scores, labels;
};
static const struct redan_bind_field pointers_fields[] = {
    {"path", REDAN_BIND_TEXT, true, offsetof(struct written_pointers, path), NULL, NULL,
     "the request's path, /score"},
    {"rows", REDAN_BIND_TEXT, true, offsetof(struct written_pointers, rows), NULL, NULL,
     "where rows are in a request, /records/*/features"},
    {"scores", REDAN_BIND_TEXT, false, offsetof(struct written_pointers, scores), NULL, NULL,
     "where scores are in an answer, /results/*/score"},
    {"labels", REDAN_BIND_TEXT, false, offsetof(struct written_pointers, labels), NULL, NULL,
     "where labels are in an answer, /results/*/label"},
};
static const struct redan_bind_shape pointers_shape = {
    "the pointers", sizeof(struct written_pointers), offsetof(struct written_pointers, node),
    pointers_fields, REDAN_COUNT(pointers_fields)};

struct redan_written_request {
    const struct redan_node *node;
    struct redan_texts presets, models, by;
    uint64_t bytes, rows, depth;
    struct written_pointers *pointers;
};
static const struct redan_bind_field request_fields[] = {
    {"presets", REDAN_BIND_TEXTS, true, offsetof(struct redan_written_request, presets), NULL, NULL,
     "how requests are written, [kserve-v1, oip-v2]"},
    {"models", REDAN_BIND_TEXTS, false, offsetof(struct redan_written_request, models), NULL, NULL,
     "models that a path may name, [fraud]"},
    {"pass", REDAN_BIND_TEXTS, false, offsetof(struct redan_written_request, by), NULL, NULL,
     "paths that are let by unjudged, GET and HEAD only, [\"/v2/health/*\"]"},
    {"bytes", REDAN_BIND_COUNT, false, offsetof(struct redan_written_request, bytes), NULL, NULL,
     "largest body, 65536"},
    {"rows", REDAN_BIND_COUNT, false, offsetof(struct redan_written_request, rows), NULL, NULL,
     "most rows of one request, 64"},
    {"depth", REDAN_BIND_COUNT, false, offsetof(struct redan_written_request, depth), NULL, NULL,
     "deepest nesting, 8"},
    {"pointers", REDAN_BIND_STRUCT, false, offsetof(struct redan_written_request, pointers),
     &pointers_shape, NULL, "for the preset pointers"},
};
const struct redan_bind_shape redan_policy_request_shape = {
    "the request", sizeof(struct redan_written_request),
    offsetof(struct redan_written_request, node), request_fields, REDAN_COUNT(request_fields)};

static void unknown_preset(struct redan_problems *problems, const struct redan_node *at,
                           struct redan_slice name)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) fix = {0};
    const char *near = NULL;
    size_t best = SIZE_MAX;

    redan_buf_init(&fix, problems->ctx, 1024);
    redan_buf_text(&fix, "write some of:");
    for (size_t i = 0; redan_presets[i]; i++) {
        redan_bind_nearest(name, redan_presets[i]->name, &near, &best);
        redan_buf_printf(&fix, "%s %s", i ? "," : "", redan_presets[i]->name);
    }
    if (near) {
        redan_buf_clear(&fix);
        redan_buf_printf(&fix, "did you mean \"%s\"?", near);
    }
    redan_problem_add(problems, at, redan_buf_view(&fix).at, "unknown preset \"%s\"",
                      redan_snippet_of(name).text);
}

/* Whether a request for `a`, by a path of its own, would be taken for `b`: then nobody could say how its body is to be read. */
static bool share_path(const struct redan_preset *a, const struct redan_preset *b,
                       const struct redan_preset_pointers *pointers)
{
    char text[256];
    struct redan_buf path = {.data = text, .cap = sizeof(text), .max = sizeof(text) - 1};
    struct redan_slice model;
    struct redan_slice version;

    if (!a->before_model)
        return false; /* the other way round is asked too */
    redan_buf_text(&path, a->before_model);
    if (a->after_model) {
        redan_buf_text(&path, "m");
        redan_buf_text(&path, a->after_model);
    }
    return redan_preset_match(b, pointers, redan_buf_view(&path), &model, &version);
}

static enum redan_status take_presets(struct redan_problems *problems,
                                      const struct redan_written_request *w,
                                      struct redan_policy *policy)
{
    const struct redan_node *at = redan_node_get(w->node, "presets");
    size_t count = 0;

    policy->presets =
        redan_take_array(problems->ctx, w->presets.count + 1, sizeof(*policy->presets));
    if (!policy->presets)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < w->presets.count; i++) {
        const struct redan_preset *found = redan_preset_find(w->presets.items[i]);
        if (!found) {
            unknown_preset(problems, at, w->presets.items[i]);
            continue;
        }
        bool twice = false;
        for (size_t k = 0; k < count; k++) {
            const struct redan_preset *other = policy->presets[k];
            twice = twice || other == found;
            if (other == found)
                redan_problem_add(problems, at, "name it once", "the preset %s comes twice",
                                  found->name);
            else if (share_path(found, other, policy->pointers) ||
                     share_path(other, found, policy->pointers))
                redan_problem_add(problems, at, "keep the one that the model server speaks",
                                  "the presets %s and %s are asked by the same path", other->name,
                                  found->name);
        }
        if (!twice)
            policy->presets[count++] = found;
    }
    if (at && w->presets.count == 0)
        redan_problem_add(problems, at, "presets: [kserve-v1]",
                          "no preset: every request would be refused");
    return REDAN_OK;
}

static enum redan_status take_pointers(struct redan_problems *problems,
                                       const struct redan_written_request *w,
                                       struct redan_policy *policy)
{
    const struct written_pointers *p = w->pointers;
    bool named = redan_texts_have(&w->presets, REDAN_S("pointers"));

    if (named && !p)
        redan_problem_add(problems, w->node, "pointers: {path: /score, rows: \"/records/*\"}",
                          "the preset pointers needs pointers");
    if (p && !named)
        redan_problem_add(problems, p->node, "presets: [pointers], or leave the pointers out",
                          "pointers mean nothing without the preset pointers");
    if (!p)
        return REDAN_OK;
    const struct redan_slice all[] = {p->path, p->rows, p->scores, p->labels};
    for (size_t i = 0; i < REDAN_COUNT(all); i++)
        if (all[i].len && all[i].at[0] != '/')
            redan_problem_add(problems, p->node, "begin it with /",
                              "\"%s\" does not begin with a slash", redan_snippet_of(all[i]).text);
    policy->pointers = redan_take(problems->ctx, sizeof(*policy->pointers));
    if (!policy->pointers)
        return REDAN_E_MEMORY;
    *policy->pointers = (struct redan_preset_pointers){
        .path = p->path, .rows = p->rows, .scores = p->scores, .labels = p->labels};
    return REDAN_OK;
}

/* A pattern that takes long is one that somebody else's path can make take longer. */
static void check_passes(struct redan_problems *problems, const struct redan_written_request *w)
{
    for (size_t i = 0; i < w->by.count; i++) {
        struct redan_slice pattern = w->by.items[i];
        size_t single = 0;
        size_t twice = 0;

        for (size_t k = 0; k < pattern.len; k++) {
            bool star = pattern.at[k] == '*';
            bool run = star && k + 1 < pattern.len && pattern.at[k + 1] == '*';
            single += star && !run;
            twice += run;
            k += run;
        }
        if (pattern.at[0] != '/' || pattern.len > PATTERN_MOST || twice > 1 || (twice && single))
            redan_problem_add(problems, redan_node_get(w->node, "pass"),
                              "a path from its slash, such as /v2/health/*",
                              "\"%s\" is no pattern of a path: it begins with a slash, has at most "
                              "%d characters, and either single stars or one **",
                              redan_snippet_of(pattern).text, PATTERN_MOST);
    }
}

enum redan_status redan_policy_take_request(struct redan_problems *problems,
                                            const struct redan_written_request *w,
                                            struct redan_policy *policy)
{
    uint64_t bytes = 1 << 20;
    uint64_t rows = 1024;
    uint64_t depth = 16;

    if (!w)
        return REDAN_OK;
    REDAN_TRY(take_pointers(problems, w, policy));
    REDAN_TRY(take_presets(problems, w, policy));
    check_passes(problems, w);
    redan_policy_take_count(problems, w->node, "bytes", w->bytes, 1, BYTES_MOST, &bytes);
    redan_policy_take_count(problems, w->node, "rows", w->rows, 1, ROWS_MOST, &rows);
    redan_policy_take_count(problems, w->node, "depth", w->depth, 1, DEPTH_MOST, &depth);
    policy->bytes = bytes;
    policy->rows = rows;
    policy->depth = depth;
    policy->models = w->models;
    policy->by = w->by;
    return REDAN_OK;
}
