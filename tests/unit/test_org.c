/* org.yaml: what it may say, what it refuses, and what stands when it says nothing. */
#include "test.h"

#include "record/org.h"

static const struct {
    const char *text; /* after schema and org */
    const char *says; /* "line:column: text | fix", a line each; "" for sound */
} rows[] = {
    {"", ""},
    {"version: 1\n", ""},
    {"version: 0\n", "3:10: version is not a number from 1 | count from 1\n"},
    {"rules: {review: each-release}\n", ""},
    {"rules: {review: each-change}\n", ""},
    {"rules: {review: 90d}\n", ""},
    {"rules: {review: sometimes}\n",
     "3:17: review is \"sometimes\" | write each-release, each-change, or a span such as 90d\n"},
    {"rules: {separation: [ml-lead != security-lead, acceptor != owner, evidence-signer != "
     "author]}\n",
     ""},
    {"rules: {separation: []}\n", ""},
    {"rules: {separation: [ml-lead != ml-lead]}\n",
     "3:21: unknown duty \"ml-lead != ml-lead\" | use ml-lead != security-lead, acceptor != owner, "
     "evidence-signer != author\n"},
    {"roles: {risk-board: 2, ml-lead: 1}\n", ""},
    {"roles: {risk-board: 0}\n",
     "3:21: the quorum of role \"risk-board\" is no number of persons | write how many must sign, "
     "risk-board: 2\n"},
    {"roles: {risk-board: \"2\"}\n",
     "3:21: the quorum of role \"risk-board\" is no number of persons | write how many must sign, "
     "risk-board: 2\n"},
    {"roles: {risk-board: two}\n",
     "3:21: the quorum of role \"risk-board\" is no number of persons | write how many must sign, "
     "risk-board: 2\n"},
    {"roles: {risk-board: 1001}\n",
     "3:21: the quorum of role \"risk-board\" is no number of persons | write how many must sign, "
     "risk-board: 2\n"},
    {"roles: [risk-board]\n", "3:8: roles is a list | write {ml-lead: 1, risk-board: 2}\n"},
    {"roles: {board: 2}\nbodies: [board]\n", ""},
    {"bodies: [board]\n", ""},
    {"bodies: []\n",
     "3:9: bodies names nothing | name a role that may carry a risk, [risk-board]\n"},
    {"roles: {risk-board: 2}\nbodies: [board]\n",
     "4:9: the body \"board\" has no quorum under roles | give it a quorum, roles: {risk-board: "
     "2}\n"},
    {"bodies: [ml-lead]\n", "3:9: the role \"ml-lead\" owns the systems whose risks a body carries "
                            "| name a role of others "
                            "than the owners\n"},
    {"floors: {IN-02: critical, DC-04: low}\n", ""},
    {"floors: {IN-02: grave}\n",
     "3:17: the floor of IN-02 is no severity | write low, medium, high or critical\n"},
    {"floors: [IN-02]\n", "3:9: floors is a list | write {IN-02: critical}\n"},
    {"catalog: {version: 3, max-age: 45d, reviewed: 2026-11-24, owasp-llm: \"2026\"}\n", ""},
    {"catalog: {atlas: {edition: \"2026.09\", sha256: \"00\"}, aisvs: \"1.0\"}\n", ""},
    {"catalog: {version: 0}\n",
     "3:20: catalog.version is no version | write the version that you have triaged, version: 1\n"},
    {"catalog: {max-age: long}\n",
     "3:20: catalog.max-age is no span | write a span, max-age: 45d\n"},
    {"catalog: {reviewed: today}\n",
     "3:21: catalog.reviewed is no date | write the day of the triage, reviewed: 2026-11-24\n"},
    {"catalog: {atlas: [a]}\n",
     "3:18: catalog.atlas names no edition | write its edition in quotes, owasp-llm: \"2026\"\n"},
    {"catalog: {atlas: {sha256: \"00\"}}\n",
     "3:18: catalog.atlas names no edition | write its edition in quotes, owasp-llm: \"2026\"\n"},
    {"catalog: yes\n",
     "3:10: catalog is a text | write {version: 1, max-age: 45d, reviewed: 2026-11-24}\n"},
    {"controls:\n  - {id: S-ACL, scope: system.hosts_model, evidence: none}\n", ""},
    {"controls:\n  - {id: S-ACL, scope: hosts_model, evidence: none}\n",
     "4:24: scope, at byte 0, \"hosts_model\": a condition belongs here | write system.FLAG, "
     "'KIND' "
     "in system.kind, or system.registry == 'TEXT'\n"},
    {"controls:\n  - {id: S-ACL, evidence: none}\n  - {id: S-ACL, evidence: none}\n",
     "5:5: the control \"S-ACL\" is there twice | give it an id of its own\n"},
};

struct org_test {
    struct redan_ctx ctx;
    struct redan_problems problems;
    struct redan_org org;
};

static void parse(struct org_test *t, const char *text)
{
    struct redan_slice all = {0};

    redan_ctx_init(&t->ctx, NULL);
    redan_problems_init(&t->problems, &t->ctx, REDAN_S("org.yaml"));
    assert_ok(redan_format(&t->ctx, &all, "schema: redan/org/1\norg: bank\n%s", text));
    assert_ok(redan_org_parse(&t->problems, all, &t->org));
}

static struct redan_slice say(struct org_test *t)
{
    struct redan_buf out;
    struct redan_slice copy = {0};

    redan_buf_init(&out, &t->ctx, 10000);
    for (const struct redan_problem *p = t->problems.first; p; p = p->next)
        redan_buf_printf(&out, "%u:%u: %.*s | %.*s\n", p->line, p->column, REDAN_FMT(p->text),
                         REDAN_FMT(p->fix));
    assert_ok(redan_copy(&t->ctx, redan_buf_view(&out), &copy));
    redan_buf_done(&out);
    return copy;
}

static void test_form(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct org_test t;
        parse(&t, rows[i].text);
        struct redan_slice said = say(&t);
        if (!redan_slice_is(said, rows[i].says)) {
            print_error("%s----\n%.*s====\n", rows[i].text, REDAN_FMT(said));
            wrong++;
        }
        redan_ctx_done(&t.ctx);
    }
    assert_int_equal(wrong, 0);
}

/* Against the catalogue: its archetypes, and the editions of the frameworks that it maps to. */
static void test_catalogue(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"floors: {IN-02: critical}\n", ""},
        {"floors: {IN-99: critical}\n",
         "3:17: unknown archetype \"IN-99\" | name one of the catalogue\n"},
        {"catalog: {owasp-llm: \"2026\", atlas: {edition: \"2026.09\"}, elsewhere: \"1\"}\n", ""},
        {"catalog: {owasp-llm: \"2025\"}\n", "3:22: catalog names owasp-llm:2025, the catalogue "
                                             "has owasp-llm:2026 | triage the edition "
                                             "that the catalogue has, and write that\n"},
        {"catalog: {atlas: {edition: \"2025.01\"}}\n",
         "3:18: catalog names atlas:2025.01, the catalogue has atlas:2026.09 | triage the edition "
         "that the catalogue has, and write that\n"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        struct org_test t;
        struct redan_catalog catalog;
        parse(&t, cases[i].text);
        assert_ok(redan_catalog_load(&t.ctx, &catalog));
        redan_org_lint_catalog(&t.problems, &t.org, &catalog);
        assert_slice(say(&t), cases[i].says);
        redan_ctx_done(&t.ctx);
    }
}

static void test_answers(void **state)
{
    struct org_test t;
    struct redan_archetype swap = {.id = REDAN_S("MS-02"), .floor = REDAN_SEVERITY_HIGH};

    (void)state;
    parse(&t, ""); /* what stands when it says nothing */
    assert_true(redan_org_is_body(&t.org, REDAN_S("risk-board")));
    assert_false(redan_org_is_body(&t.org, REDAN_S("ml-lead")));
    assert_false(redan_org_is_body(&t.org, REDAN_S("")));
    assert_true(redan_org_separates(&t.org, REDAN_SEPARATE_SIGNER));
    assert_int_equal(redan_org_floor(&t.org, &swap), REDAN_SEVERITY_HIGH);
    assert_true(t.org.catalog.version == 0 && t.org.rules->review_every == 0);
    redan_ctx_done(&t.ctx);
    parse(&t, "rules: {separation: [acceptor != owner], review: 90d}\nbodies: [board]\n"
              "floors: {MS-02: critical, IN-02: low}\n"
              "catalog: {version: 3, max-age: 45d, reviewed: 1970-01-02}\n"
              "controls: [{id: S-ACL, evidence: none}]\n");
    assert_int_equal(t.problems.count, 0);
    assert_true(redan_org_is_body(&t.org, REDAN_S("board")));
    assert_false(redan_org_is_body(&t.org, REDAN_S("risk-board")));
    assert_true(redan_org_separates(&t.org, REDAN_SEPARATE_LEADS)); /* whatever it says */
    assert_true(redan_org_separates(&t.org, REDAN_SEPARATE_ACCEPTOR));
    assert_false(redan_org_separates(&t.org, REDAN_SEPARATE_SIGNER));
    assert_int_equal(redan_org_floor(&t.org, &swap), REDAN_SEVERITY_CRITICAL);
    swap.id = REDAN_S("IN-02");
    assert_int_equal(redan_org_floor(&t.org, &swap), REDAN_SEVERITY_LOW);
    assert_true(t.org.catalog.version == 3 && t.org.catalog.max_age == 45 * 86400 &&
                t.org.catalog.reviewed == 86400);
    assert_true(t.org.rules->review_every == 90 * 86400);
    assert_non_null(redan_org_control(&t.org, REDAN_S("S-ACL")));
    assert_null(redan_org_control(&t.org, REDAN_S("S-EXP")));
    assert_slice(redan_org_control(&t.org, REDAN_S("S-ACL"))->org, "bank");
    redan_ctx_done(&t.ctx);
}

/* Whichever allocation fails, it is said. */
static void test_memory(void **state)
{
    static const char text[] =
        "schema: redan/org/1\norg: bank\nroles: {board: 2}\nbodies: [board]\n"
        "floors: {IN-02: high}\ncontrols: [{id: a, scope: system.edge, "
        "evidence: none}]\n";

    (void)state;
    for (uint64_t n = 1;; n++) {
        struct redan_ctx ctx;
        struct redan_problems problems;
        struct redan_org org;
        redan_ctx_init(&ctx, NULL);
        redan_problems_init(&problems, &ctx, REDAN_S("org.yaml"));
        ctx.mem.fail_at = n;
        enum redan_status status = redan_org_parse(&problems, redan_slice_of(text), &org);
        bool reached = ctx.mem.calls >= n;
        redan_ctx_done(&ctx);
        if (!reached) {
            assert_ok(status);
            break;
        }
        assert_int_equal(status, REDAN_E_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_catalogue),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
