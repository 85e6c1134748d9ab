/* The guard's policy: what it may say, what is wrong with it, and what is assumed where it says nothing. */
#include "test.h"

#include <math.h>
#include <stdio.h>

#include "guard/policy.h"
#include "guard/stage.h"
#include "io/file.h"

#define TOP "schema: redan/guard/1\nid: g\n"
#define PROFILE "profile: {file: p.json}\n"
#define ASK "request: {presets: [kserve-v1]}\n"
#define HEAD TOP PROFILE ASK
#define RULE(text) HEAD "rules:\n  - {id: r, " text "}\n"
#define ANSWER(text) HEAD "answers:\n  rules:\n    - {id: r, " text "}\n"
#define REQUEST(text) TOP "request: {presets: [kserve-v1], " text "}\n"
#define JWT "kind: jwt, keys: k, algorithm: ES256, issuer: i, audience: a"

static enum redan_status parse(struct redan_problems *problems, struct redan_ctx *ctx,
                               const char *text, struct redan_policy *policy)
{
    redan_problems_init(problems, ctx, REDAN_S("guard.yaml"));
    return redan_policy_parse(problems, REDAN_S("folder"), redan_slice_of(text), policy);
}

/* What is wrong, and, after a bar, how to mend it; NULL where all is well. */
static const struct {
    const char *text, *says;
} rows[] = {
    {TOP ASK, NULL},
    {HEAD, NULL},
    {"schema: redan/guard/2\nid: g\n" ASK, "schema is \"redan/guard/2\"|redan/guard/1"},
    {TOP, "missing field \"request\""},
    {"schema: redan/guard/1\n" ASK, "missing field \"id\""},
    {TOP ASK "moed: observe\n", "unknown field \"moed\"|did you mean \"mode\"?"},
    {TOP ASK "mode: observed\n", "unknown mode \"observed\"|did you mean \"observe\"?"},
    {TOP ASK "profile: {file: p, digest: \"sha256:12\"}\n", "no digest"},
    {TOP ASK "profile: {digest: x}\n", "missing field \"file\""},
    /* requests */
    {TOP "request: {presets: []}\n", "no preset"},
    {TOP "request: {presets: [kserve-v2]}\n",
     "unknown preset \"kserve-v2\"|did you mean \"kserve-v1\"?"},
    {TOP "request: {presets: [soap]}\n", "unknown preset \"soap\"|kserve-v1"},
    {TOP "request: {presets: [kserve-v1, kserve-v1]}\n", "twice"},
    {TOP "request: {presets: [mlflow, sagemaker]}\n", "same path"},
    {TOP "request: {presets: [mlflow, pointers], pointers: {path: \"/invoc*\", rows: /r}}\n",
     "same path"},
    {TOP "request: {presets: [pointers, oip-v2], pointers: {path: \"/v2/**\", rows: /r}}\n",
     "same path"},
    {TOP "request: {presets: [pointers, kserve-v1], pointers: {path: \"/score\", rows: /r}}\n",
     NULL},
    {TOP "request: {presets: [pointers]}\n", "needs pointers"},
    {REQUEST("pointers: {path: /x, rows: /y}"), "mean nothing without"},
    {TOP "request: {presets: [pointers], pointers: {path: score, rows: /r}}\n", "slash"},
    {REQUEST("bytes: 0"), "bytes is 0"},
    {REQUEST("bytes: 999999999"), "bytes is 999999999"},
    {REQUEST("rows: 65537"), "rows is 65537"},
    {REQUEST("depth: 65"), "depth is 65"},
    {REQUEST("pass: [health]"), "no pattern of a path"},
    {REQUEST("pass: [\"/a/**/b*\"]"), "no pattern of a path"},
    {REQUEST("pass: [\"/v2/health/*\", \"/docs/**\"]"), NULL},
    /* who calls */
    {HEAD "identity: {kind: plain}\n", NULL},
    {HEAD "identity: {}\n", "missing field \"kind\""},
    {HEAD "identity: {kind: token}\n", "unknown kind \"token\""},
    {HEAD "identity: {kind: plain, keys: k}\n", "keys means nothing to the kind plain"},
    {HEAD "identity: {kind: api-key}\n", "needs \"keys\""},
    {HEAD "identity: {" JWT "}\n", NULL},
    {HEAD "identity: {kind: jwt, keys: k}\n", "needs \"algorithm\""},
    {HEAD "identity: {kind: jwt, keys: k, algorithm: none, issuer: i, audience: a}\n",
     "no algorithm \"none\""},
    {HEAD "identity: {" JWT ", leeway: 1d}\n", "leeway \"1d\""},
    {HEAD "callers: [{class: a, match: \"a-*\"}, {class: a, match: b}]\n", "class a comes twice"},
    /* rules */
    {RULE("stage: schema, action: refuse"), NULL},
    {RULE("stage: schemas, action: refuse"), "unknown stage \"schemas\"|did you mean \"schema\"?"},
    {RULE("stage: schema, action: block"), "unknown action \"block\""},
    {RULE("stage: schema, action: refuse, on-error: close"),
     "unknown on-error \"close\"|did you mean \"closed\"?"},
    {TOP ASK "rules: [{id: r, stage: schema, action: refuse}]\n", "needs a profile"},
    {RULE("stage: schema, action: refuse, alpha: 0.1"), "alpha means nothing"},
    {RULE("stage: out-of-distribution, action: refuse"), "needs alpha"},
    {RULE("stage: out-of-distribution, action: refuse, alpha: 0"), "alpha is 0"},
    {RULE("stage: out-of-distribution, action: refuse, alpha: 0.6"), "at most 0.5"},
    {RULE("stage: caller, action: refuse, alpha: 0.2"), "at most 0.1"},
    {RULE("stage: caller, action: refuse, alpha: -1"), "alpha is -1"},
    {RULE("stage: burst, action: refuse"), "may at most degrade"},
    {RULE("stage: burst, action: mark"), NULL},
    {RULE("stage: schema, action: degrade"), "says how"},
    {RULE("stage: schema, action: degrade, degrade: {}"), "degrade says nothing"},
    {RULE("stage: schema, action: mark, degrade: {answers: labels}"), "degrade means nothing"},
    {RULE("stage: schema, action: degrade, degrade: {delay: 500}"), "delay \"500\""},
    {RULE("stage: schema, action: degrade, degrade: {delay: 2h}"), "delay \"2h\""},
    {RULE("stage: schema, action: degrade, degrade: {decimals: 18}"), "decimals is 18"},
    {RULE("stage: schema, action: degrade, degrade: {answers: label}"), "did you mean|labels"},
    {RULE("stage: schema, action: refuse, class: x"), "no class \"x\""},
    {RULE("stage: budget, action: refuse"), "over requests or over rows"},
    {RULE("stage: budget, action: refuse, rows: 1, requests: 1, per: 1m"), "one of them"},
    {RULE("stage: budget, action: refuse, rows: 1"), "needs \"per\""},
    {RULE("stage: budget, action: refuse, rows: 0, per: 1m"), "rows is 0"},
    {RULE("stage: budget, action: refuse, rows: 1, per: 500ms"), "per \"500ms\""},
    {RULE("stage: budget, action: refuse, rows: 1, per: 1500ms"), "whole seconds"},
    {RULE("stage: schema, action: refuse, per: 1m"), "per means nothing"},
    {RULE("stage: schema, action: refuse}\n  - {id: r, stage: schema, action: mark"),
     "r comes twice"},
    /* answers */
    {HEAD "answers: {answers: labels, decimals: 2, top: 3, threshold: 0.2}\n", NULL},
    {HEAD "answers: {answers: everything}\n", "unknown answers"},
    {HEAD "answers: {top: 0}\n", "top is 0"},
    {HEAD "answers: {score: {outputs: x}}\n", "did you mean \"output\"?"},
    {ANSWER("check: fields, fields: [debug], action: mask"), NULL},
    {ANSWER("check: fields, action: mask"), "names no field"},
    {ANSWER("check: fields, fields: [\"/\"], action: mask"), "points at nothing"},
    {ANSWER("check: fields, fields: [a], low: 0, action: mask"), "low means nothing"},
    {ANSWER("check: range, action: refuse"), "no bound"},
    {ANSWER("check: range, low: 2, high: 1, action: refuse"), "above high"},
    {ANSWER("check: schema, action: refuse"), "one of them"},
    {ANSWER("check: schema, file: f, schema: {type: object}, action: refuse"), "one of them"},
    {ANSWER("check: schema, schema: 1, action: refuse"), "no JSON schema"},
    {ANSWER("check: schema, file: f, action: mask"), "cannot be masked"},
    {ANSWER("check: filds, action: mask"), "did you mean \"fields\"?"},
    {HEAD "rules: [{id: r, stage: schema, action: mark}]\nanswers: {rules: [{id: r, check: range, "
          "low: 0, action: mark}]}\n",
     "r comes twice"},
    /* events */
    {HEAD "events: {to: e.jsonl, features: hash}\n", "need a key"},
    {HEAD "events: {to: e.jsonl, features: store, key: k}\n", "means nothing unless"},
    {HEAD "events: {features: store}\n", "missing field \"to\""},
};

static void test_problems(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_problems problems;
        struct redan_policy policy;
        struct redan_slice says = {0};
        struct redan_slice fix = {0};
        bool found = false;

        redan_ctx_init(&ctx, NULL);
        assert_ok(parse(&problems, &ctx, rows[i].text, &policy));
        if (rows[i].says)
            (void)redan_slice_cut(redan_slice_of(rows[i].says), '|', &says, &fix);
        for (const struct redan_problem *p = problems.first; p && rows[i].says; p = p->next) {
            char text[512];
            char mend[512];
            (void)snprintf(text, sizeof(text), "%.*s", REDAN_FMT(says));
            (void)snprintf(mend, sizeof(mend), "%.*s", REDAN_FMT(fix));
            bool said = strstr(p->text.at, text) || (p->fix.len && strstr(p->fix.at, text));
            found = found || (said && (!fix.len || (p->fix.len && strstr(p->fix.at, mend))));
            assert_true(p->line > 0);
        }
        if (rows[i].says ? !found : problems.count > 0)
            fail_msg("row %zu:\n%snot \"%s\" but \"%s\" (%s)", i, rows[i].text,
                     rows[i].says ? rows[i].says : "nothing",
                     problems.first ? problems.first->text.at : "nothing",
                     problems.first && problems.first->fix.len ? problems.first->fix.at : "");
        redan_ctx_done(&ctx);
    }
}

static void test_too_many(void **state)
{
    static char text[16384];
    struct redan_ctx ctx;
    struct redan_problems problems;
    struct redan_policy policy;
    size_t at = 0;

    (void)state;
    for (int budgets = 0; budgets < 2; budgets++) {
        at = (size_t)snprintf(text, sizeof(text), HEAD "rules:\n");
        for (int i = 0; i < (budgets ? 9 : 65); i++)
            at += (size_t)snprintf(
                text + at, sizeof(text) - at,
                budgets ? "  - {id: r%d, stage: budget, rows: 1, per: 1m, action: mark}\n"
                        : "  - {id: r%d, stage: schema, action: mark}\n",
                i);
        redan_ctx_init(&ctx, NULL);
        assert_ok(parse(&problems, &ctx, text, &policy));
        assert_int_equal(problems.count, 1);
        assert_non_null(strstr(problems.first->text.at, budgets ? "more than 8" : "more than 64"));
        redan_ctx_done(&ctx);
    }
}

static void test_defaults(void **state)
{
    struct redan_ctx ctx;
    struct redan_problems problems;
    struct redan_policy p;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(parse(&problems, &ctx, TOP ASK, &p));
    assert_int_equal(problems.count, 0);
    assert_true(p.enforce);
    assert_int_equal(p.bytes, 1 << 20);
    assert_int_equal(p.rows, 1024);
    assert_int_equal(p.depth, 16);
    assert_int_equal(p.identity.kind, REDAN_IDENTITY_PLAIN);
    assert_false(p.identity.required);
    assert_int_equal(p.features, REDAN_FEATURES_DROP);
    assert_int_equal(p.answers.bytes, 1 << 20);
    assert_int_equal(p.answers.shape.decimals, REDAN_DECIMALS_ALL);
    assert_int_equal(p.answers.shape.top, 0);
    assert_false(p.answers.shape.labels);
    assert_true(p.answers.threshold == 0.5);
    assert_int_equal(p.answers.score_class, 1);
    assert_ok(parse(&problems, &ctx, HEAD "identity: {kind: subject}\nmode: observe\n", &p));
    assert_true(p.identity.required);
    assert_false(p.enforce);
    redan_ctx_done(&ctx);
}

static void test_everything(void **state)
{
    static const char text[] = HEAD
        "system: fraud\ncallers: [{class: m, match: \"m-*\"}]\n"
        "identity: {" JWT ", claim: azp, leeway: 30s, required: false}\n"
        "rules:\n"
        "  - {id: a, stage: out-of-distribution, alpha: 0.01, action: mark, on-error: flag}\n"
        "  - {id: b, stage: budget, requests: 600, per: 2m, action: refuse, class: m}\n"
        "  - {id: c, stage: burst, action: degrade, on-error: open, degrade: {answers: labels, "
        "decimals: 1, top: 2, delay: 500ms}}\n"
        "answers:\n  bytes: 4096\n  score: {output: probability, class: 0}\n  rules:\n"
        "    - {id: d, check: fields, fields: [debug, /m/p], action: mask}\n"
        "    - {id: e, check: range, high: 1, action: mark, on-error: open}\n"
        "    - {id: f, check: schema, schema: {type: object}, action: refuse}\n"
        "events: {to: \"unix:e.sock\", features: hash, key: k}\n";
    struct redan_ctx ctx;
    struct redan_problems problems;
    struct redan_policy p;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(parse(&problems, &ctx, text, &p));
    assert_int_equal(problems.count, 0);
    assert_slice(p.system, "fraud");
    assert_slice(p.identity.claim, "azp");
    assert_int_equal(p.identity.leeway, 30);
    assert_false(p.identity.required);
    assert_int_equal(p.rule_count, 3);
    assert_ptr_equal(p.rules[0].stage, &redan_stage_ood);
    assert_int_equal(p.rules[0].action, REDAN_ACTION_MARK);
    assert_int_equal(p.rules[0].on_error, REDAN_ON_ERROR_FLAG);
    assert_true(p.rules[0].alpha == 0.01);
    assert_int_equal(p.rules[1].requests, 600);
    assert_int_equal(p.rules[1].per, 120);
    assert_int_equal(p.rules[1].on_error, REDAN_ON_ERROR_CLOSED);
    assert_slice(p.rules[1].caller_class, "m");
    assert_int_equal(p.rules[2].index, 2);
    assert_true(p.rules[2].shape.labels);
    assert_int_equal(p.rules[2].shape.decimals, 1);
    assert_int_equal(p.rules[2].shape.top, 2);
    assert_int_equal(p.rules[2].shape.delay_ms, 500);
    assert_int_equal(p.answers.score_class, 0);
    assert_int_equal(p.answers.rules[0].fields.count, 2);
    assert_true(isinf(p.answers.rules[1].low) && p.answers.rules[1].low < 0);
    assert_true(p.answers.rules[1].high == 1);
    assert_int_equal(p.answers.rules[2].schema->kind, REDAN_NODE_MAP);
    assert_int_equal(p.features, REDAN_FEATURES_HASH);
    redan_ctx_done(&ctx);

    /* every failing allocation is said, and nothing is lost */
    for (uint64_t n = 1;; n++) {
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        enum redan_status status = parse(&problems, &ctx, text, &p);
        bool done = ctx.mem.calls < n;
        if (done)
            assert_ok(status);
        else
            assert_int_equal(status, REDAN_E_MEMORY);
        redan_ctx_done(&ctx);
        if (done)
            break;
    }
}

/* The words of rules are those of the table of stages. */
static void test_stages(void **state)
{
    struct redan_ctx ctx;
    struct redan_problems problems;
    struct redan_policy p;

    (void)state;
    for (size_t i = 0; redan_stages[i]; i++) {
        const struct redan_stage *s = redan_stages[i];
        char text[512];
        const char *more = s == &redan_stage_budget ? ", rows: 1, per: 1m"
                           : s == &redan_stage_ood || s == &redan_stage_caller ? ", alpha: 0.01"
                                                                               : "";
        (void)snprintf(text, sizeof(text), HEAD "rules: [{id: r, stage: %s, action: allow%s}]\n",
                       s->name, more);
        redan_ctx_init(&ctx, NULL);
        assert_ok(parse(&problems, &ctx, text, &p));
        assert_int_equal(problems.count, 0);
        assert_ptr_equal(p.rules[0].stage, s);
        assert_ptr_equal(redan_stage_named(redan_slice_of(s->name)), s);
        assert_non_null(s->judge);
        redan_ctx_done(&ctx);
    }
}

static size_t problems_of_file(const char *path, const char *from, const char *to)
{
    struct redan_ctx ctx;
    struct redan_problems problems;
    struct redan_policy p;
    struct redan_slice text = {0};

    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_file_read(&ctx, redan_slice_of(path), 1 << 20, false, &text));
    if (from) {
        const char *begin = strstr(text.at, from);
        assert_non_null(begin);
        begin += strlen(from);
        const char *end = strstr(begin, to);
        assert_non_null(end);
        text = (struct redan_slice){begin, (size_t)(end - begin)};
    }
    redan_problems_init(&problems, &ctx, redan_slice_of(path));
    assert_ok(redan_policy_parse(&problems, REDAN_S("."), text, &p));
    if (problems.first)
        print_message("%s\n", problems.first->text.at);
    redan_ctx_done(&ctx);
    return problems.count;
}

/* What the documents show is what is read. */
static void test_documents(void **state)
{
    (void)state;
    assert_int_equal(problems_of_file(REDAN_SOURCE "/docs/guard-policy.md", "```yaml\n", "```"), 0);
    assert_int_equal(
        problems_of_file(REDAN_SOURCE "/docs/schema/examples/guard-policy.valid.json", NULL, NULL),
        0);
    assert_true(problems_of_file(REDAN_SOURCE "/docs/schema/examples/guard-policy.invalid.json",
                                 NULL, NULL) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_problems), cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_everything),
        cmocka_unit_test(test_stages),   cmocka_unit_test(test_documents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
