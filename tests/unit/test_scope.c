/* The scope of an organisation's control: what it means, and what cannot be read. */
#include "test.h"

#include "codec/yaml.h"
#include "record/scope.h"

static const char profile_text[] =
    "{kind: [predictive, rag], hosts_model: true, trains: false, registry: reg-eu1}";

static const struct {
    const char *text;
    bool meets;
} sound[] = {
    {"", true},
    {"system.hosts_model", true},
    {"system.trains", false},
    {"system.memory", false}, /* what the profile does not say */
    {"not system.hosts_model", false},
    {"not not system.hosts_model", true},
    {"not system.trains", true},
    {"'rag' in system.kind", true},
    {"'llm' in system.kind", false},
    {"not 'llm' in system.kind", true},
    {"system.registry == 'reg-eu1'", true},
    {"system.registry == 'reg-eu2'", false},
    {"system.registry=='REG-EU1'", false},
    {"system.registry != 'reg-eu1'", false},
    {"system.registry != ''", true},
    {"not system.registry == 'reg-eu2'", true},
    {"system.hosts_model and system.registry == 'reg-eu1'", true},
    {"system.hosts_model and system.trains", false},
    {"system.trains and system.trains or system.hosts_model", true}, /* and binds stronger */
    {"system.hosts_model or system.trains and system.trains", true},
    {"(system.hosts_model or system.trains) and system.trains", false},
    {"not (system.trains or system.memory)", true},
    {"not (system.trains or system.hosts_model) or 'rag' in system.kind", true},
    {"not (not (system.hosts_model))", true},
    {"\n  system.hosts_model\n  and\t(system.trains or 'predictive' in system.kind)\n", true},
    {"((((((((system.hosts_model))))))))", true},
    {"((((((((system.trains))))))))", false},
};

static const struct {
    const char *text;
    const char *says;
} broken[] = {
    {" ", "scope, at byte 1, \"\": it ends too early"},
    {"hosts_model", "scope, at byte 0, \"hosts_model\": a condition belongs here"},
    {"system.hosts_mode", "scope, at byte 0, \"system.hosts_mode\": the profile has no such flag"},
    {"system.", "scope, at byte 0, \"system.\": the profile has no such flag"},
    {"system.llm", "scope, at byte 0, \"system.llm\": a kind is asked for in another way"},
    {"system.kind", "scope, at byte 0, \"system.kind\": a kind is asked for in another way"},
    {"system.registry", "scope, at byte 0, \"system.registry\": system.registry is a text"},
    {"system.trains == 'true'", "scope, at byte 0, \"system.trains == 'true'\": this field is not"},
    {"system.registry == reg-eu1", "scope, at byte 19, \"reg-eu1\": a text in quotes belongs here"},
    {"system.registry == \"reg-eu1\"", "scope, at byte 19, "},
    {"system.registry == 'reg-eu1", "scope, at byte 19, \"'reg-eu1\": a text in quotes"},
    {"system.registry = 'reg-eu1'", "scope, at byte 0, "},
    {"'llm'", "scope, at byte 5, \"\": a text stands alone"},
    {"'llm' in system.trains", "scope, at byte 9, \"system.trains\": only system.kind is a list"},
    {"'oracle' in system.kind", "scope, at byte 0, \"'oracle' in system.kind\": this is no kind"},
    {"system.trains system.memory", "scope, at byte 14, \"system.memory\": this joins nothing"},
    {"system.trains and", "scope, at byte 17, \"\": it ends too early"},
    {"and system.trains", "scope, at byte 0, \"and system.trains\": a condition belongs here"},
    {"system.trains or or system.memory", "scope, at byte 17, "},
    {"not", "scope, at byte 3, \"\": it ends too early"},
    {"(system.trains", "scope, at byte 14, \"\": a parenthesis is not closed"},
    {"system.trains)", "scope, at byte 13, \")\": this joins nothing"},
    {"()", "scope, at byte 1, \")\": a condition belongs here"},
    {"(((((((((system.trains)))))))))", "scope, at byte 8, \"(system.trains)))))))))\": parenth"},
    {"system.trains; system.memory", "scope, at byte 13, "},
    {"system.trains && system.memory", "scope, at byte 14, "},
    {"SYSTEM.trains", "scope, at byte 0, "},
    {"system.trains AND system.memory", "scope, at byte 14, "},
};

struct scope_test {
    struct redan_ctx ctx;
    struct redan_problems problems;
    const struct redan_node *profile;
    struct redan_node at;
};

static void open_test(struct scope_test *t)
{
    *t = (struct scope_test){.at = {.line = 3, .column = 7}};
    redan_ctx_init(&t->ctx, NULL);
    redan_problems_init(&t->problems, &t->ctx, REDAN_S("org.yaml"));
    assert_ok(redan_yaml_parse(&t->ctx, redan_slice_of(profile_text), &t->profile));
}

static void test_sound(void **state)
{
    struct scope_test t;

    (void)state;
    open_test(&t);
    for (size_t i = 0; i < REDAN_COUNT(sound); i++) {
        struct redan_slice text = redan_slice_of(sound[i].text);
        bool meets = redan_scope_meets(text, t.profile);
        if (meets != sound[i].meets)
            print_error("%s: %d\n", sound[i].text, meets);
        assert_int_equal(meets, sound[i].meets);
        if (text.len)
            redan_scope_lint(&t.problems, &t.at, text);
        assert_int_equal(t.problems.count, 0);
    }
    assert_false(redan_scope_meets(REDAN_S("system.hosts_model"), NULL));
    redan_ctx_done(&t.ctx);
}

/* Said with its place and what to do; and it is never met. */
static void test_broken(void **state)
{
    struct scope_test t;

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(broken); i++) {
        struct redan_slice text = redan_slice_of(broken[i].text);
        open_test(&t);
        redan_scope_lint(&t.problems, &t.at, text);
        assert_int_equal(t.problems.count, 1);
        const struct redan_problem *p = t.problems.first;
        if (!redan_slice_starts(p->text, redan_slice_of(broken[i].says)))
            print_error("%s: %.*s\n", broken[i].text, REDAN_FMT(p->text));
        assert_true(redan_slice_starts(p->text, redan_slice_of(broken[i].says)));
        assert_true(p->fix.len > 0 && p->line == 3 && p->column == 7);
        assert_false(redan_scope_meets(text, t.profile));
        redan_ctx_done(&t.ctx);
    }
}

static void test_long(void **state)
{
    char text[1100];
    struct scope_test t;

    (void)state;
    open_test(&t);
    memset(text, ' ', sizeof(text));
    memcpy(text, "system.hosts_model", 18);
    assert_true(redan_scope_meets((struct redan_slice){text, 1024}, t.profile));
    assert_false(redan_scope_meets((struct redan_slice){text, 1025}, t.profile));
    redan_ctx_done(&t.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
