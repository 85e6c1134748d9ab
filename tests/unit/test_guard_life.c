/* What outlives a call: memory that stays, policies that change, and the metrics of all workers. */
#include "guard_fixture.h"

static void test_budget_and_memory_that_stays(void **state)
{
    struct world *w = *state;
    const char *policy = WORLD_HEAD "rules:\n" WORLD_BUDGET;
    struct redan_guard_call *call = NULL;
    struct redan_guard_verdict v;
    int kept = 0;

    world_open_ok(w, policy, REDAN_GUARD_AS_POLICY);
    struct redan_guard_request r = world_request(w, "ada", WORLD_BODY);
    for (int i = 0; i < 3; i++)
        assert_int_equal(world_ask(w, &r), 200);
    assert_int_equal(redan_guard_call(w->guard, &r, &call, &v), REDAN_GUARD_OK);
    assert_int_equal(v.status, 429);
    assert_in_range(v.retry_after, 1, 60);
    redan_guard_call_end(call, 429, w->time_ms);
    /* another worker on the same memory knows the caller; so does one after it was formatted again */
    assert_int_equal(redan_guard_share(w->memory, WORLD_MEMORY, &kept), REDAN_GUARD_OK);
    assert_int_equal(kept, 1);
    world_open_ok(w, policy, REDAN_GUARD_AS_POLICY);
    assert_int_equal(world_ask(w, &r), 429);
    struct redan_guard_request other = world_request(w, "bob", WORLD_BODY);
    assert_int_equal(world_ask(w, &other), 200);
    /* nobody's budget cannot be counted: closed, and said as what it is */
    other = world_request(w, "", WORLD_BODY);
    assert_int_equal(world_ask(w, &other), 401);
    assert_int_equal(world_metric(w, "redan_guard_callers"), 2);
    w->time_ms += 120000;
    r = world_request(w, "ada", WORLD_BODY);
    assert_int_equal(world_ask(w, &r), 200);
}

static void test_swap(void **state)
{
    struct world *w = *state;
    struct redan_guard *second = NULL;
    struct redan_guard_facts facts;
    struct redan_guard_call *call = NULL;
    struct redan_guard_verdict v;
    int changed = 1;

    world_open_ok(w, WORLD_HEAD, REDAN_GUARD_AS_POLICY);
    assert_int_equal(redan_guard_open(scratch_at(&w->folder, "policy.yaml"), REDAN_GUARD_AS_POLICY,
                                      w->memory, WORLD_MEMORY, &second),
                     REDAN_GUARD_OK);
    redan_guard_facts(w->guard, &facts);
    assert_string_equal(facts.id, "small");
    assert_int_equal(strlen(facts.policy), 71);
    assert_int_equal(strlen(facts.profile), 71);
    assert_int_equal(facts.generation, 1);
    assert_int_equal(facts.request_bytes, 2048);
    assert_int_equal(facts.response_bytes, 1048576);
    assert_int_equal(redan_guard_tick(w->guard, &changed), REDAN_GUARD_OK);
    assert_int_equal(changed, 0);

    /* a call in flight keeps what it was judged by */
    struct redan_guard_request strange =
        world_request(w, "ada", "{\"instances\":[[501,3,20,0,0.2,\"pos\"]]}");
    assert_int_equal(redan_guard_call(w->guard, &strange, &call, &v), REDAN_GUARD_OK);
    assert_int_equal(v.action, REDAN_GUARD_ALLOW);
    world_policy(w, WORLD_HEAD WORLD_RULES);
    assert_int_equal(redan_guard_tick(w->guard, &changed), REDAN_GUARD_OK);
    assert_int_equal(changed, 1);
    assert_int_equal(world_ask(w, &strange), 422);
    redan_guard_call_end(call, 200, w->time_ms);
    redan_guard_facts(w->guard, &facts);
    assert_int_equal(facts.generation, 2);

    /* the other worker has not looked yet; then it has the same generation */
    struct redan_guard *first = w->guard;
    w->guard = second;
    assert_int_equal(world_ask(w, &strange), 200);
    assert_int_equal(redan_guard_tick(second, &changed), REDAN_GUARD_OK);
    assert_int_equal(changed, 1);
    assert_int_equal(world_ask(w, &strange), 422);
    redan_guard_facts(second, &facts);
    assert_int_equal(facts.generation, 2);
    w->guard = first;

    /* one that cannot be opened is left, once, and said; the old one stays */
    world_policy(w, WORLD_HEAD WORLD_RULES "rulez: []\n");
    assert_int_equal(redan_guard_tick(w->guard, &changed), REDAN_GUARD_REFUSED);
    assert_int_equal(changed, 0);
    assert_non_null(strstr(redan_guard_error(w->guard), "rulez"));
    assert_non_null(strstr(redan_guard_error(w->guard), "did you mean \"rules\"?"));
    assert_int_equal(world_metric(w, "redan_guard_policies_left_total"), 1);
    assert_int_equal(world_metric(w, "redan_guard_up"), 0);
    assert_int_equal(redan_guard_tick(w->guard, &changed), REDAN_GUARD_OK);
    assert_int_equal(world_metric(w, "redan_guard_policies_left_total"), 1);
    assert_int_equal(world_ask(w, &strange), 422);
    /* a profile that is missing is waited for */
    world_policy(w, "schema: redan/guard/1\nid: third\nprofile: {file: other.json}\n"
                    "request: {presets: [kserve-v1]}\n");
    assert_int_equal(redan_guard_tick(w->guard, &changed), REDAN_GUARD_REFUSED);
    assert_non_null(strstr(redan_guard_error(w->guard), "other.json"));
    const char *text = world_text(w, "profile.json");
    scratch_text(&w->folder, "other.json", text);
    assert_int_equal(redan_guard_tick(w->guard, &changed), REDAN_GUARD_OK);
    assert_int_equal(changed, 1);
    assert_string_equal(redan_guard_error(w->guard), "");
    redan_guard_facts(w->guard, &facts);
    assert_string_equal(facts.id, "third");
    assert_int_equal(facts.generation, 3);
    redan_guard_free(second);
}

static void test_without_a_policy(void **state)
{
    struct world *w = *state;
    char text[256];
    int changed = 0;

    assert_int_equal(world_open(w, "schema: redan/guard/1\n", REDAN_GUARD_AS_POLICY),
                     REDAN_GUARD_REFUSED);
    assert_non_null(strstr(redan_guard_error(w->guard), "missing field"));
    struct redan_guard_request r = world_request(w, "ada", WORLD_BODY);
    assert_int_equal(world_ask(w, &r), 503);
    assert_int_equal(redan_guard_test(scratch_at(&w->folder, "policy.yaml"), text, sizeof(text)),
                     REDAN_GUARD_REFUSED);
    assert_non_null(strstr(text, "policy.yaml"));
    world_policy(w, WORLD_HEAD);
    assert_int_equal(redan_guard_test(scratch_at(&w->folder, "policy.yaml"), text, sizeof(text)),
                     REDAN_GUARD_OK);
    assert_string_equal(text, "");
    assert_int_equal(redan_guard_tick(w->guard, &changed), REDAN_GUARD_OK);
    assert_int_equal(changed, 1);
    assert_int_equal(world_ask(w, &r), 200);
    /* observe lets everything through, even then */
    assert_int_equal(world_open(w, "schema: redan/guard/1\n", REDAN_GUARD_OBSERVE),
                     REDAN_GUARD_REFUSED);
    assert_int_equal(world_ask(w, &r), 200);
}

/* A line is a comment that belongs to the metric after it, or a sample of the metric that was announced. */
static void test_metrics(void **state)
{
    struct world *w = *state;
    char name[128] = "";

    world_open_ok(w, WORLD_HEAD WORLD_RULES, REDAN_GUARD_AS_POLICY);
    struct redan_guard_request r = world_request(w, "ada", WORLD_BODY);
    assert_int_equal(world_ask(w, &r), 200);
    struct redan_bytes text = redan_guard_metrics(w->guard);
    assert_true(text.size > 0 && text.at[text.size - 1] == '\n');
    for (const char *line = text.at; line < text.at + text.size; line = strchr(line, '\n') + 1) {
        if (strncmp(line, "# HELP ", 7) == 0) {
            assert_int_equal(sscanf(line, "# HELP %127s", name), 1);
            assert_ptr_equal(strstr(name, "redan_guard_"), name);
            continue;
        }
        if (strncmp(line, "# TYPE ", 7) == 0) {
            assert_memory_equal(line + 7, name, strlen(name));
            bool counter = strncmp(line + 7 + strlen(name), " counter\n", 9) == 0;
            size_t n = strlen(name);
            assert_int_equal(counter, n > 6 && strcmp(name + n - 6, "_total") == 0);
            continue;
        }
        assert_memory_equal(line, name, strlen(name));
        const char *space = strchr(line, ' ');
        char *end = NULL;
        while (space && strchr(space + 1, ' ') && strchr(space + 1, ' ') < strchr(line, '\n'))
            space = strchr(space + 1, ' ');
        assert_non_null(space);
        (void)strtod(space + 1, &end);
        assert_int_equal(*end, '\n');
    }
    /* buckets only rise, and the last is the count */
    unsigned long long before = 0;
    size_t buckets = 0;
    for (const char *at = strstr(text.at, "judge_seconds_bucket{"); at;
         at = strstr(at + 1, "judge_seconds_bucket{"), buckets++) {
        unsigned long long now = strtoull(strchr(at, '}') + 2, NULL, 10);
        assert_true(now >= before);
        before = now;
    }
    assert_true(buckets > 10);
    assert_int_equal(before, 1);
}

#define T(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_budget_and_memory_that_stays),
        T(test_swap),
        T(test_without_a_policy),
        T(test_metrics),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
