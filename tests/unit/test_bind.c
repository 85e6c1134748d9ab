/* The binder: what it reads, and every complaint with its place and fix. */
#include "test.h"

#include "base/buf.h"
#include "codec/bind.h"
#include "codec/json.h"
#include "codec/yaml.h"

struct owner {
    struct redan_slice name;
    struct redan_slice mail;
};

struct threat {
    const struct redan_node *node;
    struct redan_slice id;
    struct redan_slice story;
    int severity;
    double share;
    uint64_t n;
    bool live;
    int64_t due;
    int64_t fresh;
    struct redan_texts controls;
    struct owner *owner;
    struct redan_list parts; /* of struct owner */
    const struct redan_node *expect;
};

static const struct redan_bind_field owner_fields[] = {
    {.name = "name",
     .kind = REDAN_BIND_TEXT,
     .required = true,
     .offset = offsetof(struct owner, name),
     .help = "who answers for it"},
    {.name = "mail", .kind = REDAN_BIND_TEXT, .offset = offsetof(struct owner, mail)},
};

static const struct redan_bind_shape owner_shape = {
    .what = "an owner",
    .size = sizeof(struct owner),
    .node = SIZE_MAX,
    .fields = owner_fields,
    .count = REDAN_COUNT(owner_fields),
};

static const char *const severities[] = {"", "low", "medium", "high", "critical", NULL};

#define FIELD(field_name, field_kind, member) \
    .name = (field_name), .kind = (field_kind), .offset = offsetof(struct threat, member)

static const struct redan_bind_field threat_fields[] = {
    {FIELD("id", REDAN_BIND_ID, id), .required = true, .help = "a short name"},
    {FIELD("story", REDAN_BIND_TEXT, story)},
    {FIELD("severity", REDAN_BIND_WORD, severity), .words = severities, .required = true,
     .help = "low, medium, high or critical"},
    {FIELD("share", REDAN_BIND_NUMBER, share)},
    {FIELD("n", REDAN_BIND_COUNT, n), .help = "how many were tried"},
    {FIELD("live", REDAN_BIND_BOOL, live)},
    {FIELD("due", REDAN_BIND_DATE, due)},
    {FIELD("fresh", REDAN_BIND_SPAN, fresh)},
    {FIELD("controls", REDAN_BIND_TEXTS, controls)},
    {FIELD("owner", REDAN_BIND_STRUCT, owner), .shape = &owner_shape},
    {FIELD("parts", REDAN_BIND_LIST, parts), .shape = &owner_shape},
    {FIELD("expect", REDAN_BIND_NODE, expect)},
};

static const struct redan_bind_shape threat_shape = {
    .what = "a threat",
    .size = sizeof(struct threat),
    .node = offsetof(struct threat, node),
    .fields = threat_fields,
    .count = REDAN_COUNT(threat_fields),
};

static const char full[] = "id: a-1\n"
                           "severity: high\n"
                           "story: '  two\n  words '\n"
                           "share: 0.05\n"
                           "n: 18446744073709551615\n"
                           "live: true\n"
                           "due: 2026-11-24\n"
                           "fresh: 90d\n"
                           "controls: [ x, NO, 1_000 ]\n"
                           "owner: {name: Ada}\n"
                           "parts:\n"
                           "  - name: one\n"
                           "    mail: m\n"
                           "  - name: 2\n"
                           "expect: {\"<=\": 1}\n";

static void check_full(const struct threat *t, const struct redan_node *root)
{
    assert_ptr_equal(t->node, root);
    assert_slice(t->id, "a-1");
    assert_slice(t->story, "two words");
    assert_int_equal(t->severity, 3);
    assert_true(t->share > 0.0499 && t->share < 0.0501);
    assert_true(t->n == UINT64_MAX);
    assert_true(t->live);
    assert_int_equal(t->due, 1795478400);
    assert_int_equal(t->fresh, 90 * 86400);
    assert_int_equal(t->controls.count, 3);
    assert_slice(t->controls.items[1], "NO");
    assert_slice(t->controls.items[2], "1_000");
    assert_slice(t->owner->name, "Ada");
    assert_int_equal(t->owner->mail.len, 0);
    assert_int_equal(t->parts.count, 2);
    const struct owner *parts = t->parts.items;
    assert_slice(parts[0].mail, "m");
    assert_slice(parts[1].name, "2");
    assert_int_equal(t->expect->kind, REDAN_NODE_MAP);
}

static void test_yaml(void **state)
{
    struct redan_ctx ctx;
    struct redan_problems problems;
    struct threat threat;
    const struct redan_node *root = NULL;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_problems_init(&problems, &ctx, REDAN_S("t.yaml"));
    assert_ok(redan_yaml_parse(&ctx, redan_slice_of(full), &root));
    assert_ok(redan_bind(&problems, root, &threat_shape, &threat));
    assert_int_equal(problems.count, 0);
    check_full(&threat, root);
    redan_ctx_done(&ctx);
}

static void test_json(void **state)
{
    static const char text[] =
        "{\"id\":\"a-1\",\"severity\":\"high\",\"story\":\" two words\",\"share\":0.05,"
        "\"n\":18446744073709551615,\"live\":true,\"due\":\"2026-11-24T00:00:00Z\","
        "\"fresh\":\"90d\",\"controls\":[\"x\",\"NO\",\"1_000\"],\"owner\":{\"name\":\"Ada\","
        "\"mail\":null},\"parts\":[{\"name\":\"one\",\"mail\":\"m\"},{\"name\":\"2\"}],"
        "\"expect\":{\"<=\":1}}";
    struct redan_ctx ctx;
    struct redan_problems problems;
    struct threat threat;
    const struct redan_node *root = NULL;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_problems_init(&problems, &ctx, REDAN_S("t.json"));
    assert_ok(redan_json_parse(&ctx, redan_slice_of(text), &root));
    assert_ok(redan_bind(&problems, root, &threat_shape, &threat));
    assert_int_equal(problems.count, 0);
    check_full(&threat, root);
    redan_ctx_done(&ctx);
}

struct complaint {
    const char *text;     /* begins with { for JSON */
    const char *problems; /* "line:column what | fix" and a line feed, each */
};

static const struct complaint complaints[] = {
    {"id: a\nsevrity: high\n",
     "1:1 missing field \"severity\" in a threat | add \"severity\": low, medium, high or "
     "critical\n"
     "2:1 unknown field \"sevrity\" in a threat | did you mean \"severity\"?\n"},
    {"id: a\nseverity: low\nOwners: {}\n",
     "3:1 unknown field \"Owners\" in a threat | did you mean \"owner\"?\n"},
    {"id: a\nseverity: low\nxyzzy: 1\n",
     "3:1 unknown field \"xyzzy\" in a threat | a threat has: id, story, severity, share, n, live, "
     "due, fresh, controls, owner, parts, expect\n"},
    {"id: a\nseverity: hihg\n", "2:11 unknown severity \"hihg\" | did you mean \"high\"?\n"},
    {"id: a\nseverity: 7\n",
     "2:11 unknown severity \"7\" | write one of: low, medium, high, critical\n"},
    {"id: a\nseverity: \"\"\n",
     "2:11 unknown severity \"\" | write one of: low, medium, high, critical\n"},
    {"id: a\nseverity: [low]\n",
     "2:11 \"severity\" must be a word, found a list | write a word: low, medium, high or "
     "critical\n"},
    {"id:\nseverity: low\n", "1:1 \"id\" has no value | write a value: a short name\n"},
    {"id: ' '\nseverity: low\n", "1:5 \"id\" has no value | write a value: a short name\n"},
    {"id: a b\nseverity: low\n",
     "1:5 \"id\" must be an id, found the text \"a b\" | write 1 to 64 letters, digits, \".\", "
     "\"_\" or \"-\", a letter or digit first: a short name\n"},
    {"id: -a\nseverity: low\n",
     "1:5 \"id\" must be an id, found the text \"-a\" | write 1 to 64 letters, digits, \".\", "
     "\"_\" or \"-\", a letter or digit first: a short name\n"},
    {"id: a\nseverity: low\nstory:\n",
     "3:1 \"story\" has no value | write a value, or remove the field\n"},
    {"id: a\nseverity: low\nstory: [a]\n",
     "3:8 \"story\" must be a text, found a list | write a text\n"},
    {"id: a\nseverity: low\nshare: \"0.05\"\nn: '5'\nlive: \"true\"\n",
     "3:8 \"share\" must be a number, found the quoted text \"0.05\" | write it without quotes\n"
     "4:4 \"n\" must be a whole number, found the quoted text \"5\" | write it without quotes: how "
     "many were tried\n"
     "5:7 \"live\" must be true or false, found the quoted text \"true\" | write it without "
     "quotes\n"},
    {"id: a\nseverity: low\nshare: 1_000\nn: -1\nlive: yes\n",
     "3:8 \"share\" must be a number, found the text \"1_000\" | write a number such as 0.05\n"
     "4:4 \"n\" must be a whole number, 0 or more, found the text \"-1\" | write a whole number "
     "such as 1000: how many were tried\n"
     "5:7 \"live\" must be true or false, found the text \"yes\" | write true or false\n"},
    {"id: a\nseverity: low\nshare: .inf\nn: 1.5\nlive: {}\n",
     "3:8 \"share\" must be a number, found the text \".inf\" | write a number such as 0.05\n"
     "4:4 \"n\" must be a whole number, 0 or more, found the text \"1.5\" | write a whole number "
     "such as 1000: how many were tried\n"
     "5:7 \"live\" must be true or false, found a map | write true or false\n"},
    {"id: a\nseverity: low\ndue: 2026-02-30\nfresh: 90\n",
     "3:6 \"due\" must be a date, found the text \"2026-02-30\" | write a day that exists as "
     "2026-11-24, or a time as 2026-11-24T05:36:27Z\n"
     "4:8 \"fresh\" must be a span of time, found the text \"90\" | write a number and s, m, h, d "
     "or w, such as 90d\n"},
    {"id: a\nseverity: low\ncontrols: x\n",
     "3:11 \"controls\" must be a list of texts, found the text \"x\" | write a list, such as [a, "
     "b]\n"},
    {"id: a\nseverity: low\ncontrols: [x, [y], {z: 1}, '']\n",
     "3:15 \"controls\" must be a list of texts, found a list | write every item as a text\n"
     "3:20 \"controls\" must be a list of texts, found a map | write every item as a text\n"
     "3:28 an empty item in \"controls\" | write a text, or remove the item\n"},
    {"id: a\nseverity: low\nowner: Ada\n",
     "3:8 \"owner\" must be a map, found the text \"Ada\" | write a map\n"},
    {"id: a\nseverity: low\nowner: {nam: Ada}\n",
     "3:8 missing field \"name\" in an owner | add \"name\": who answers for it\n"
     "3:9 unknown field \"nam\" in an owner | did you mean \"name\"?\n"},
    {"id: a\nseverity: low\nparts: {name: x}\n",
     "3:8 \"parts\" must be a list of maps, found a map | write a list of maps\n"},
    {"id: a\nseverity: low\nparts: [x, {name: y}, [z], {}]\n",
     "3:9 an owner must be a map, found a text | write the fields of the item as \"name: value\"\n"
     "3:23 an owner must be a map, found a list | write the fields of the item as \"name: "
     "value\"\n"
     "3:28 missing field \"name\" in an owner | add \"name\": who answers for it\n"},
    {"- a\n", "1:1 a threat must be a map, found a list | write its fields as \"name: value\"\n"},
    {"{\"id\": 5,\n \"severity\": null, \"story\": 1e3,\n\"due\": 7, \"live\": \"true\"}",
     "1:8 \"id\" must be an id, found the number 5 | write an id such as label-only: a short "
     "name\n"
     "2:14 \"severity\" has no value | write a value: low, medium, high or critical\n"
     "2:29 \"story\" must be a text, found the number 1e3 | write a text\n"
     "3:8 \"due\" must be a date, found the number 7 | write a date such as 2026-11-24\n"
     "3:19 \"live\" must be true or false, found the text \"true\" | write true or false\n"},
    {"{\"id\": \"a\", \"severity\": \"low\", \"n\": \"5\", \"controls\": [true]}",
     "1:37 \"n\" must be a whole number, found the text \"5\" | write a whole number such as 1000: "
     "how many were tried\n"
     "1:55 \"controls\" must be a list of texts, found true | write every item as a text\n"},
};

static struct redan_slice bind_text(struct redan_ctx *ctx, struct redan_buf *out, const char *text,
                                    struct threat *threat)
{
    struct redan_problems problems;
    const struct redan_node *root = NULL;

    redan_problems_init(&problems, ctx, REDAN_S("t"));
    if (text[0] == '{') {
        problems.source = redan_slice_of(text);
        assert_ok(redan_json_parse(ctx, problems.source, &root));
    } else {
        assert_ok(redan_yaml_parse(ctx, redan_slice_of(text), &root));
    }
    assert_ok(redan_bind(&problems, root, &threat_shape, threat));
    for (const struct redan_problem *p = problems.first; p; p = p->next)
        redan_buf_printf(out, "%u:%u %.*s | %.*s\n", p->line, p->column, REDAN_FMT(p->text),
                         REDAN_FMT(p->fix));
    return redan_buf_view(out);
}

static void test_complaints(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(complaints); i++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        struct threat threat;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, SIZE_MAX);
        struct redan_slice said = bind_text(&ctx, &out, complaints[i].text, &threat);
        if (!redan_slice_is(said, complaints[i].problems))
            fail_msg("row %zu:\n%.*s", i, REDAN_FMT(said));
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

/* What can be read is read, beside what cannot. */
static void test_rest_is_read(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf out;
    struct threat threat;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, SIZE_MAX);
    (void)bind_text(&ctx, &out,
                    "id: a\nn: 1e3\nshare: x\nparts: [q, {name: y}]\ncontrols: [[], b]\n", &threat);
    assert_slice(threat.id, "a");
    assert_int_equal(threat.n, 1000);
    assert_int_equal(threat.severity, 0);
    assert_int_equal(threat.parts.count, 1);
    assert_slice(((const struct owner *)threat.parts.items)->name, "y");
    assert_int_equal(threat.controls.count, 1);
    assert_slice(threat.controls.items[0], "b");
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

static void test_many_problems(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf text;
    struct redan_problems problems;
    struct threat threat;
    const struct redan_node *root = NULL;
    size_t kept = 0;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&text, &ctx, SIZE_MAX);
    redan_problems_init(&problems, &ctx, REDAN_S("t"));
    redan_buf_text(&text, "id: a\nseverity: low\n");
    for (unsigned i = 0; i < 50000; i++)
        redan_buf_printf(&text, "severity-%u: 1\n", i);
    assert_ok(redan_yaml_parse(&ctx, redan_buf_view(&text), &root));
    assert_ok(redan_bind(&problems, root, &threat_shape, &threat));
    for (const struct redan_problem *p = problems.first; p; p = p->next)
        kept++;
    assert_int_equal(problems.count, 50000);
    assert_int_equal(kept, problems.max);
    redan_buf_done(&text);
    redan_ctx_done(&ctx);
}

static void test_take(void **state)
{
    struct redan_ctx ctx;
    struct redan_problems problems;
    const struct redan_node *root = NULL;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_problems_init(&problems, &ctx, REDAN_S("t.yaml"));
    redan_problem_take(&problems); /* no failure, no problem */
    assert_null(problems.first);
    assert_int_equal(redan_yaml_parse(&ctx, REDAN_S("a: 1\nb: *c\n"), &root), REDAN_E_SYNTAX);
    redan_problem_take(&problems);
    assert_int_equal(ctx.failure.status, REDAN_OK);
    assert_slice(problems.first->file, "t.yaml");
    assert_slice(problems.first->text, "alias \"*c\" is not allowed");
    assert_slice(problems.first->fix, "write the value out");
    assert_int_equal(problems.first->line, 2);
    assert_int_equal(problems.first->column, 4);
    problems.source = REDAN_S("{\n  x}");
    assert_int_equal(redan_json_parse(&ctx, problems.source, &root), REDAN_E_SYNTAX);
    redan_fail_name(&ctx, REDAN_S("other.json"));
    redan_problem_take(&problems);
    assert_slice(problems.last->file, "other.json");
    assert_int_equal(problems.last->line, 2);
    assert_int_equal(problems.last->column, 3);
    redan_ctx_done(&ctx);
}

static void test_snippet(void **state)
{
    (void)state;
    assert_string_equal(redan_snippet_of(REDAN_S("a\nb\x1b")).text, "a b ");
    assert_string_equal(redan_snippet_of(REDAN_S("")).text, "");
    /* 61 bytes are cut before the character that does not fit */
    assert_string_equal(
        redan_snippet_of(REDAN_S("12345678901234567890123456789012345678901234567890123456789"
                                 "\xc3\xa9"))
            .text,
        "12345678901234567890123456789012345678901234567890123456789...");
}

static void test_memory(void **state)
{
    static const char text[] = "id: a b\nsevrity: high\ncontrols: [x]\nowner: {nam: y}\nparts: "
                               "[{name: z}, q]\nseverity: hihg\nn: x\nstory:\n";
    enum redan_status status = REDAN_E_MEMORY;

    (void)state;
    for (uint64_t n = 1; status != REDAN_OK; n++) {
        struct redan_ctx ctx;
        struct redan_problems problems;
        struct threat threat;
        const struct redan_node *root = NULL;
        redan_ctx_init(&ctx, NULL);
        redan_problems_init(&problems, &ctx, REDAN_S("t"));
        assert_ok(redan_yaml_parse(&ctx, redan_slice_of(text), &root));
        ctx.mem.fail_at = ctx.mem.calls + n;
        status = redan_bind(&problems, root, &threat_shape, &threat);
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yaml),          cmocka_unit_test(test_json),
        cmocka_unit_test(test_complaints),    cmocka_unit_test(test_rest_is_read),
        cmocka_unit_test(test_many_problems), cmocka_unit_test(test_take),
        cmocka_unit_test(test_snippet),       cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("bind", tests, NULL, NULL);
}
