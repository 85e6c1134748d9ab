/* The canonical digest as a program, for tests/interop/digest_test.py: threat models from standard input, each ended by a NUL byte,
 * one line of JSON for each. The argument, if any, is an organisation file. */
#include <stdio.h>
#include <string.h>

#include "codec/json.h"
#include "io/file.h"
#include "threat/digest.h"

enum { DOCUMENT_MAX = 4 << 20 };

static void add_key(struct redan_buf *out, struct redan_slice key)
{
    redan_buf_text(out, out->data[out->len - 1] == '{' ? "" : ",");
    redan_json_string_add(out, key);
    redan_buf_char(out, ':');
}

static void add_digest(struct redan_buf *out, struct redan_slice key,
                       const struct redan_digest *digest)
{
    char hex[REDAN_DIGEST_HEX];

    redan_digest_hex(digest, hex);
    add_key(out, key);
    redan_json_string_add(out, redan_slice_of(hex));
}

static void add_queries(struct redan_buf *out, const struct redan_control *c)
{
    char name[160];

    for (size_t i = 0; i < c->query_count; i++) {
        (void)snprintf(name, sizeof(name), "%.*s/%.*s", REDAN_FMT(c->id),
                       REDAN_FMT(c->queries[i].id));
        add_digest(out, redan_slice_of(name), &c->queries[i].digest);
    }
}

static void add_waivers(struct redan_buf *out, const struct redan_threat_model *model)
{
    const struct redan_exclusion *exclusions = model->exclusions.items;
    const struct redan_exception *exceptions = model->exceptions.items;

    add_key(out, REDAN_S("exclusions"));
    redan_buf_char(out, '{');
    for (size_t i = 0; i < model->exclusions.count; i++)
        add_digest(out, exclusions[i].archetype, &exclusions[i].subject);
    redan_buf_char(out, '}');
    add_key(out, REDAN_S("exceptions"));
    redan_buf_char(out, '{');
    for (size_t i = 0; i < model->exceptions.count; i++)
        add_digest(out, exceptions[i].control, &exceptions[i].subject);
    redan_buf_char(out, '}');
}

static void add_model(struct redan_buf *out, const struct redan_threat_model *model)
{
    const struct redan_threat *threats = model->threats.items;
    const struct redan_control *controls = model->controls.items;

    redan_buf_char(out, '{');
    add_digest(out, REDAN_S("root"), &model->root);
    add_digest(out, REDAN_S("head"), &model->head);
    add_digest(out, REDAN_S("profile"), &model->profile_digest);
    add_key(out, REDAN_S("threats"));
    redan_buf_char(out, '{');
    for (size_t i = 0; i < model->threats.count; i++)
        add_digest(out, threats[i].id, &threats[i].leaf);
    redan_buf_char(out, '}');
    add_key(out, REDAN_S("acceptances"));
    redan_buf_char(out, '{');
    for (size_t i = 0; i < model->threats.count; i++)
        add_digest(out, threats[i].id, &threats[i].acceptance);
    redan_buf_char(out, '}');
    add_key(out, REDAN_S("controls"));
    redan_buf_char(out, '{');
    for (size_t i = 0; i < model->controls.count; i++)
        add_digest(out, controls[i].id, &model->control_leaves[i]);
    redan_buf_char(out, '}');
    add_waivers(out, model);
    add_key(out, REDAN_S("queries"));
    redan_buf_char(out, '{');
    for (size_t i = 0; i < model->controls.count; i++)
        add_queries(out, &controls[i]);
    redan_buf_char(out, '}');
    add_key(out, REDAN_S("release"));
    redan_buf_char(out, '{');
    for (size_t i = 0; i < model->release.count; i++)
        add_digest(out, model->release.items[i].name, &model->release.items[i].digest);
    redan_buf_text(out, "}}");
}

static void add_problem(struct redan_buf *out, const struct redan_problem *p)
{
    char place[48];

    (void)snprintf(place, sizeof(place), "%u:%u: ", p->line, p->column);
    redan_buf_text(out, "{\"problem\":");
    redan_json_string_add(out, p->text);
    redan_buf_text(out, ",\"place\":");
    redan_json_string_add(out, redan_slice_of(place));
    redan_buf_char(out, '}');
}

static enum redan_status digest_one(const struct redan_catalog *catalog,
                                    const struct redan_org *org, struct redan_slice text)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};
    struct redan_problems problems;
    struct redan_threat_model model;

    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, (size_t)64 << 20);
    redan_problems_init(&problems, &ctx, REDAN_S("threatmodel.yaml"));
    REDAN_TRY(redan_threat_model_parse(&problems, catalog, org, text, &model));
    if (problems.count > 0)
        add_problem(&out, problems.first);
    else
        add_model(&out, &model);
    redan_buf_char(&out, '\n');
    REDAN_TRY(redan_buf_ok(&ctx, &out, "the digests"));
    (void)fwrite(out.data, 1, out.len, stdout);
    return REDAN_OK;
}

static enum redan_status digest_all(struct redan_ctx *ctx, const char *org_path)
{
    struct redan_catalog catalog;
    struct redan_problems problems;
    struct redan_org org;
    struct redan_slice text = REDAN_S("schema: redan/org/1\norg: none\n");
    char *bytes = redan_take(ctx, DOCUMENT_MAX);
    size_t n = 0;

    if (!bytes)
        return REDAN_E_MEMORY;
    if (org_path)
        REDAN_TRY(redan_file_read(ctx, redan_slice_of(org_path), DOCUMENT_MAX, false, &text));
    redan_problems_init(&problems, ctx, REDAN_S("org.yaml"));
    REDAN_TRY(redan_catalog_load(ctx, &catalog));
    REDAN_TRY(redan_org_parse(&problems, text, &org));
    if (problems.count > 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "org.yaml has problems");
    for (int c = getchar_unlocked(); c != EOF; c = getchar_unlocked()) {
        if (c != '\0' && n == DOCUMENT_MAX)
            return redan_fail(ctx, REDAN_E_LIMIT, 0, "a document is too large");
        if (c != '\0') {
            bytes[n++] = (char)c;
            continue;
        }
        REDAN_TRY(digest_one(&catalog, &org, (struct redan_slice){bytes, n}));
        n = 0;
    }
    return REDAN_OK;
}

int main(int argc, char **argv)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);

    redan_ctx_init(&ctx, NULL);
    if (digest_all(&ctx, argc > 1 ? argv[1] : NULL) == REDAN_OK)
        return 0;
    (void)fprintf(stderr, "digest_tool: %s\n", ctx.failure.text);
    return 1;
}
