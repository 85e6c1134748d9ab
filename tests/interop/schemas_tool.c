/* Our side of the schemas' test: reads an example as the program would, or prints what the program writes.
 * read KIND FILE | event FILE | draft TYPE FILE | import FORMAT TYPE FILE | approval | release | verdict */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "inference/event.h"
#include "io/file.h"
#include "record/import.h"
#include "record/store.h"
#include "record/verdict.h"
#include "threat/approval.h"
#include "threat/model.h"

static struct redan_release_item items[] = {
    {.name = {"model", 5}}, {.name = {"chat", 4}, .value = {"vendor/chat@2026-09-01", 22}}};
static const struct redan_release release = {items, REDAN_COUNT(items)};

static int failed(const struct redan_ctx *ctx)
{
    printf("%s\n", ctx->failure.text);
    return 1;
}

static int print(struct redan_ctx *ctx, const struct redan_node *tree)
{
    struct redan_buf out REDAN_DEFER(redan_buf_done);

    redan_buf_init(&out, ctx, ctx->limits.json);
    redan_json_tree_add(&out, tree);
    if (redan_buf_ok(ctx, &out, "a document") != REDAN_OK)
        return failed(ctx);
    printf("%.*s", REDAN_FMT(redan_buf_view(&out)));
    return 0;
}

static int print_predicate(struct redan_ctx *ctx, const struct redan_dsse *envelope)
{
    struct redan_statement statement;

    if (redan_statement_parse(ctx, envelope->payload, &statement) != REDAN_OK)
        return failed(ctx);
    return print(ctx, statement.predicate);
}

static int problems_of(const struct redan_problems *problems)
{
    for (const struct redan_problem *p = problems->first; p; p = p->next)
        printf("%u:%u: %.*s\n", p->line, p->column, REDAN_FMT(p->text));
    return problems->count > 0;
}

static int read_example(struct redan_ctx *ctx, const char *kind, struct redan_slice text)
{
    struct redan_problems problems;
    struct redan_keyring ring REDAN_DEFER(redan_keyring_done) = {.version = 0};
    struct redan_org org = {.version = 0};
    struct redan_threat_model model;
    struct redan_catalog catalog;
    enum redan_status status = REDAN_E_USAGE;

    redan_problems_init(&problems, ctx, REDAN_S("example"));
    if (strcmp(kind, "keys") == 0)
        status = redan_keyring_parse(&problems, text, &ring);
    if (strcmp(kind, "org") == 0)
        status = redan_org_parse(&problems, text, &org);
    if (strcmp(kind, "threat-model") == 0) {
        status = redan_catalog_load(ctx, &catalog);
        if (status == REDAN_OK)
            status = redan_org_parse(&problems, REDAN_S("schema: redan/org/1\norg: bank\n"), &org);
        if (status == REDAN_OK)
            status = redan_threat_model_parse(&problems, &catalog, &org, text, &model);
    }
    return status == REDAN_OK ? problems_of(&problems) : failed(ctx);
}

/* A record of that type with these observations, written and read again. */
static int draft(struct redan_ctx *ctx, const struct redan_evidence_type *type,
                 const struct redan_imported *imported, const char *format)
{
    const struct redan_query query = {.system = REDAN_S("s"),
                                      .control = REDAN_S("c"),
                                      .id = REDAN_S("e"),
                                      .type = type,
                                      .subject = &items[0],
                                      .ledger = REDAN_S("staging/x")};
    const struct redan_keyring_key by = {.holder = REDAN_S("ci")};
    const struct redan_keyring ring = {.version = 1};
    const struct redan_draft made = {.query = &query,
                                     .release = &release,
                                     .observed = imported->observed,
                                     .n = imported->n,
                                     .time = ctx->now,
                                     .by = &by,
                                     .source_format = redan_slice_of(format)};
    struct redan_store store = {.count = 0};
    struct redan_dsse envelope = {.count = 0};
    struct redan_dsse_signature dummy = {.bytes = REDAN_S("none")};
    struct redan_record record;
    struct redan_buf text REDAN_DEFER(redan_buf_done);

    redan_buf_init(&text, ctx, ctx->limits.file);
    if (redan_draft_write(ctx, &store, &made, &envelope) != REDAN_OK)
        return failed(ctx);
    envelope.signatures = &dummy;
    envelope.count = 1;
    redan_dsse_add(&text, &envelope);
    if (redan_record_read(ctx, &ring, REDAN_S("x"), redan_buf_view(&text), &record) != REDAN_OK)
        return failed(ctx);
    if (record.fault.len) {
        printf("%.*s\n", REDAN_FMT(record.fault));
        return 1;
    }
    return print_predicate(ctx, &envelope);
}

/* What was observed in an example of a predicate: under "observed", or beside the header. */
static int draft_example(struct redan_ctx *ctx, const struct redan_evidence_type *type,
                         struct redan_slice text)
{
    const struct redan_node *root = NULL;
    struct redan_imported imported = {.n = 3};

    imported.observed = redan_node_new(ctx, REDAN_NODE_MAP);
    if (!imported.observed || redan_json_parse(ctx, text, &root) != REDAN_OK)
        return failed(ctx);
    const struct redan_node *observed = redan_node_get(root, "observed");
    for (const struct redan_node *n = observed ? observed->first : root->first; n; n = n->next) {
        struct redan_node *copy = redan_node_new(ctx, n->kind);
        if (!copy)
            return failed(ctx);
        *copy = *n;
        copy->next = NULL;
        if (!redan_slice_is(n->key, "record"))
            redan_node_add(imported.observed, copy);
    }
    return draft(ctx, type, &imported, NULL);
}

static int import(struct redan_ctx *ctx, const struct redan_importer *importer,
                  const struct redan_evidence_type *type, struct redan_slice text)
{
    const struct redan_query query = {.type = type, .subject = &items[0]};
    const struct redan_keyring ring = {.version = 1};
    struct redan_imported imported;

    if (importer->read(ctx, &ring, &query, text, &imported) != REDAN_OK)
        return failed(ctx);
    return draft(ctx, type, &imported, importer->name);
}

static int approval(struct redan_ctx *ctx)
{
    const struct redan_approval_draft made = {.kind = REDAN_APPROVAL_ACCEPTANCE,
                                              .system = REDAN_S("s"),
                                              .role = REDAN_S("risk-board"),
                                              .about = REDAN_S("membership"),
                                              .reason = REDAN_S("why"),
                                              .until = ctx->now + 86400,
                                              .subject = &items[0].digest,
                                              .release = &release};
    struct redan_dsse envelope;

    if (redan_approval_write(ctx, &made, &envelope) != REDAN_OK)
        return failed(ctx);
    return print_predicate(ctx, &envelope);
}

static int approved_release(struct redan_ctx *ctx)
{
    struct redan_approval_head head = {REDAN_S("ci"), REDAN_S("s"), 1, items[0].digest};
    const struct redan_approval_step step = {
        .number = 2, .keys_version = 1, .catalog_version = 1, .heads = &head, .head_count = 1};
    const struct redan_approval_draft made = {.kind = REDAN_APPROVAL_RELEASE,
                                              .system = REDAN_S("s"),
                                              .role = REDAN_S("ml-lead"),
                                              .subject = &items[0].digest,
                                              .release = &release,
                                              .step = &step};
    struct redan_dsse envelope;

    if (redan_approval_write(ctx, &made, &envelope) != REDAN_OK)
        return failed(ctx);
    return print_predicate(ctx, &envelope);
}

/* Everything said at once. */
static int verdict(struct redan_ctx *ctx)
{
    static const char *const mappings[] = {"atlas:2026.09/AML.T0024.002", NULL};
    static const struct redan_rule rule = {"TM000", "a title", REDAN_SEVERITY_HIGH, mappings, "x"};
    const struct redan_finding finding = {.rule = &rule,
                                          .level = REDAN_LEVEL_FAIL,
                                          .subject = REDAN_S("threat t"),
                                          .file = REDAN_S("f"),
                                          .line = 1,
                                          .column = 2,
                                          .detail = REDAN_S("d"),
                                          .action = REDAN_S("a")};
    const struct redan_finding *findings[] = {&finding};
    struct redan_verdict_item item[] = {{.id = REDAN_S("t"),
                                         .title = REDAN_S("T"),
                                         .answer = REDAN_S("planned"),
                                         .severity = REDAN_S("high"),
                                         .grade = REDAN_S("E2"),
                                         .note = REDAN_S("n"),
                                         .level = REDAN_LEVEL_FAIL,
                                         .findings = findings,
                                         .count = 1},
                                        {.id = REDAN_S("this threat model")}};
    struct redan_verdict_group group = {REDAN_S("data"), item, 2, 1};
    struct redan_verdict_deadline deadline = {ctx->now, REDAN_S("x")};
    struct redan_waiver waiver = {"planned",    REDAN_S("t"), REDAN_S("o"), REDAN_S("r"),
                                  ctx->now - 1, ctx->now + 1, true};
    const struct redan_verdict v = {
        .word = REDAN_WORD_FAIL,
        .system = REDAN_S("s"),
        .headline = REDAN_S("h"),
        .trust = REDAN_S("root"),
        .root = REDAN_S("sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        .at = ctx->now,
        .simulated = true,
        .page = REDAN_S("p"),
        .waivers = REDAN_S("w"),
        .stride = REDAN_S("st"),
        .groups = &group,
        .group_count = 1,
        .deadlines = &deadline,
        .deadline_count = 1,
        .next = &finding,
        .waiver = &waiver,
        .waiver_count = 1};
    struct redan_node *tree = NULL;

    if (redan_verdict_tree(ctx, &v, &tree) != REDAN_OK)
        return failed(ctx);
    return print(ctx, tree);
}

/* An inference event, read and written again. */
static int event_again(struct redan_ctx *ctx, struct redan_slice text)
{
    struct redan_json json REDAN_DEFER(redan_json_done);
    struct redan_buf out REDAN_DEFER(redan_buf_done);
    struct redan_event event;

    redan_json_init(&json, ctx, REDAN_S(""));
    redan_buf_init(&out, ctx, ctx->limits.json);
    if (redan_event_read(&json, text, &event) != REDAN_OK)
        return failed(ctx);
    redan_event_write(&out, &event);
    if (redan_buf_ok(ctx, &out, "an event") != REDAN_OK)
        return failed(ctx);
    printf("%.*s", REDAN_FMT(redan_buf_view(&out)));
    return 0;
}

static int run(struct redan_ctx *ctx, int argc, char **argv)
{
    struct redan_slice text = {0};
    const char *what = argc > 1 ? argv[1] : "";

    items[0].value =
        REDAN_S("sha256:0000000000000000000000000000000000000000000000000000000000000000");
    if (strcmp(what, "approval") == 0)
        return approval(ctx);
    if (strcmp(what, "release") == 0)
        return approved_release(ctx);
    if (strcmp(what, "verdict") == 0)
        return verdict(ctx);
    if (argc < 3 ||
        redan_file_read(ctx, redan_slice_of(argv[argc - 1]), 1 << 20, false, &text) != REDAN_OK)
        return 2;
    if (strcmp(what, "event") == 0)
        return event_again(ctx, text);
    if (argc < 4)
        return 2;
    if (strcmp(what, "read") == 0)
        return read_example(ctx, argv[2], text);
    const struct redan_evidence_type *type =
        redan_evidence_type_named(redan_slice_of(argv[argc - 2]));
    if (strcmp(what, "draft") == 0 && type)
        return draft_example(ctx, type, text);
    const struct redan_importer *importer = redan_importer_named(redan_slice_of(argv[2]));
    if (strcmp(what, "import") == 0 && type && importer)
        return import(ctx, importer, type, text);
    return 2;
}

int main(int argc, char **argv)
{
    struct redan_ctx ctx;

    redan_ctx_init(&ctx, NULL);
    int code = run(&ctx, argc, argv);
    redan_ctx_done(&ctx);
    return code;
}
