/* JUnit XML to the in-toto test-result predicate v0.1: each name once, failed when any run of it failed. */
#include <string.h>
#include <strings.h>

#include "base/map.h"
#include "codec/problem.h"
#include "codec/xml.h"
#include "record/import_parts.h"

enum fate { SKIPPED, PASSED, FAILED };

/* All runs of one name; the worst counts. */
struct test {
    struct redan_slice name;
    enum fate fate;
};

/* A suite that is open, with what it claims and what was found in it. */
struct suite {
    const struct redan_node *element;
    const struct redan_node *next; /* child to look at */
    uint64_t found;                /* failed runs below it */
};

struct junit {
    struct redan_ctx *ctx;
    struct redan_map names;
    struct test **tests; /* in the order of the report */
    size_t count;
    size_t room;
    struct suite *suites;
    size_t depth;
};

static struct redan_slice attribute(const struct redan_node *element, const char *name)
{
    return redan_node_text(redan_node_get(element, "attributes"), name);
}

static const struct redan_node *children(const struct redan_node *element)
{
    return redan_node_get(element, "children")->first;
}

static bool is(const struct redan_node *element, const char *name)
{
    return redan_slice_is(redan_node_text(element, "name"), name);
}

static bool among(struct redan_slice text, const char *const *words)
{
    for (; *words; words++) {
        if (strlen(*words) == text.len && strncasecmp(*words, text.at, text.len) == 0)
            return true;
    }
    return false;
}

/* Besides the child elements, GoogleTest and CTest say it in attributes: a test that did not run is no pass. */
static enum fate fate_of(const struct redan_node *testcase)
{
    static const char *const idle[] = {"notrun",     "disabled",   "skipped", "ignored",
                                       "suppressed", "incomplete", NULL};
    static const char *const bad[] = {"fail", "failed", "failure", "error", NULL};
    struct redan_slice status = attribute(testcase, "status");
    struct redan_slice result = attribute(testcase, "result");
    enum fate fate = among(status, idle) || among(result, idle) ? SKIPPED : PASSED;

    for (const struct redan_node *n = children(testcase); n; n = n->next) {
        if (is(n, "failure") || is(n, "error"))
            return FAILED;
        if (is(n, "skipped"))
            fate = SKIPPED;
    }
    return among(status, bad) || among(result, bad) ? FAILED : fate;
}

static enum redan_status name_of(struct redan_ctx *ctx, const struct redan_node *testcase,
                                 struct redan_slice *name)
{
    struct redan_slice group = attribute(testcase, "classname");

    *name = attribute(testcase, "name");
    if (name->len == 0)
        return redan_fail_at(ctx, REDAN_E_SCHEMA, testcase->line, testcase->column,
                             "a testcase without a name; add name=\"...\"");
    if (group.len == 0)
        return REDAN_OK;
    return redan_format(ctx, name, "%.*s.%.*s", REDAN_FMT(group), REDAN_FMT(*name));
}

static enum redan_status grow(struct junit *j)
{
    size_t room = j->room ? j->room * 2 : 64;

    if (j->count < j->room)
        return REDAN_OK;
    struct test **tests = redan_take_array(j->ctx, room, sizeof(struct test *));
    if (!tests)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < j->count; i++)
        tests[i] = j->tests[i];
    j->tests = tests;
    j->room = room;
    return REDAN_OK;
}

static enum redan_status add_case(struct junit *j, const struct redan_node *testcase)
{
    enum fate fate = fate_of(testcase);
    struct redan_slice name = {0};

    REDAN_TRY(name_of(j->ctx, testcase, &name));
    j->suites[j->depth].found += fate == FAILED;
    struct test *test = redan_map_get(&j->names, name);
    if (!test) {
        REDAN_TRY(grow(j));
        test = redan_take(j->ctx, sizeof(*test));
        if (!test)
            return REDAN_E_MEMORY;
        test->name = name;
        REDAN_TRY(redan_map_put(&j->names, name, test));
        j->tests[j->count++] = test;
    }
    if (fate > test->fate)
        test->fate = fate;
    return REDAN_OK;
}

/* A suite that counts failures and lists none was cut, or failed outside its tests. */
static enum redan_status close_suite(struct junit *j, const struct suite *suite)
{
    static const char *const counters[] = {"failures", "errors"};

    for (size_t i = 0; i < REDAN_COUNT(counters) && suite->found == 0; i++) {
        struct redan_slice text = redan_slice_trim(attribute(suite->element, counters[i]));
        uint64_t claimed = 0;
        if (text.len && !redan_slice_u64(text, &claimed))
            return redan_fail_at(j->ctx, REDAN_E_SCHEMA, suite->element->line,
                                 suite->element->column, "%s is \"%s\", not a count", counters[i],
                                 redan_snippet_of(text).text);
        if (claimed > 0)
            return redan_fail_at(j->ctx, REDAN_E_SCHEMA, suite->element->line,
                                 suite->element->column,
                                 "the suite counts %llu %s and lists none of them; record the "
                                 "whole report",
                                 (unsigned long long)claimed, counters[i]);
    }
    return REDAN_OK;
}

static enum redan_status walk(struct junit *j, const struct redan_node *root)
{
    j->suites[0] = (struct suite){.element = root, .next = children(root)};
    for (;;) {
        struct suite *suite = &j->suites[j->depth];
        const struct redan_node *n = suite->next;
        if (!n) {
            REDAN_TRY(close_suite(j, suite));
            if (j->depth == 0)
                return REDAN_OK;
            j->suites[--j->depth].found += suite->found;
            continue;
        }
        suite->next = n->next;
        if (is(n, "testcase")) {
            REDAN_TRY(add_case(j, n));
        } else if (is(n, "testsuite") || is(n, "testsuites")) {
            if (j->depth == j->ctx->limits.depth)
                return redan_fail_at(j->ctx, REDAN_E_LIMIT, n->line, n->column,
                                     "suites nested deeper than %zu", j->depth);
            j->suites[++j->depth] = (struct suite){.element = n, .next = children(n)};
        }
    }
}

static enum redan_status describe(struct junit *j, struct redan_imported *imported)
{
    struct redan_ctx *ctx = j->ctx;
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_node *passed = redan_node_new(ctx, REDAN_NODE_LIST);
    struct redan_node *failed = redan_node_new(ctx, REDAN_NODE_LIST);

    if (!map || !passed || !failed)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < j->count; i++) {
        struct redan_node *list = j->tests[i]->fate == FAILED ? failed : passed;
        if (j->tests[i]->fate != SKIPPED &&
            !redan_node_add_text(ctx, list, NULL, j->tests[i]->name))
            return REDAN_E_MEMORY;
    }
    if (!redan_node_add_text(ctx, map, "result",
                             failed->count ? REDAN_S("FAILED") : REDAN_S("PASSED")) ||
        !redan_node_add_kind(ctx, map, "configuration", REDAN_NODE_LIST) ||
        !redan_node_add_kind(ctx, map, "warnedTests", REDAN_NODE_LIST))
        return REDAN_E_MEMORY;
    passed->key = REDAN_S("passedTests");
    failed->key = REDAN_S("failedTests");
    redan_node_add(map, passed);
    redan_node_add(map, failed);
    *imported = (struct redan_imported){.observed = map, .n = passed->count + failed->count};
    return REDAN_OK;
}

static enum redan_status read(struct redan_ctx *ctx, const struct redan_keyring *ring,
                              const struct redan_query *query, struct redan_slice text,
                              struct redan_imported *imported)
{
    struct junit j = {.ctx = ctx};
    const struct redan_node *root = NULL;

    (void)ring;
    REDAN_TRY(redan_import_fits(ctx, &redan_importer_junit, query));
    REDAN_TRY(redan_xml_parse(ctx, text, &root));
    if (!is(root, "testsuites") && !is(root, "testsuite"))
        return redan_fail_at(ctx, REDAN_E_SCHEMA, root->line, root->column,
                             "the root element is <%s>, not <testsuites> or <testsuite>",
                             redan_snippet_of(redan_node_text(root, "name")).text);
    redan_map_init(&j.names, ctx);
    j.suites = redan_take_array(ctx, ctx->limits.depth + 1, sizeof(*j.suites));
    if (!j.suites)
        return REDAN_E_MEMORY;
    REDAN_TRY(walk(&j, root));
    return describe(&j, imported);
}

const struct redan_importer redan_importer_junit = {
    .name = "junit",
    .title = "JUnit XML report of a test run",
    .type = "tests",
    .read = read,
};
