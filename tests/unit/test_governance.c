/* What a governance body signs beside acceptances, who may not, and what ships unproved. */
#include "threat_fixture.h"

#define EXCLUDED(more) \
    "trains: true}\nexcluded: [{archetype: DC-04, reason: no labels, by: h.lindqvist" more "}]"
#define OWN(fresh)                                                                    \
    "controls:\n  - id: platform\n"                                                   \
    "    evidence:\n      - {id: scan, type: policy, signer: ci, fresh: " fresh "}\n" \
    "  - id: labels-only"
#define EXCEPTION(more) \
    "exceptions: [{control: platform, reason: a slow link, owner: d.moreau, " more "}]\nstages:"

/* One signature: who, how long, and how long before NOW. */
struct act {
    enum fixture_key key;
    int64_t until; /* days from NOW; 0 for none */
    int64_t age;   /* days before NOW */
};

/* Something that the board signs, and a later change. */
struct signing_case {
    const char *what;
    const char *from[2]; /* edits of the threat model; NULL for none */
    const char *to[2];
    struct act acts[3];    /* ended by KEY_ROOT */
    const char *then_from; /* what is edited after they have signed */
    const char *then_to;
    int64_t now;        /* days after NOW when it is judged */
    const char *says;   /* in the rules; "" when the rule must not be there */
    const char *detail; /* the first words, when it is there; may be NULL */
};

static const char *edited(struct fixture *f, const char *text, const struct signing_case *c)
{
    for (size_t i = 0; i < 2; i++)
        text = fixture_edit(f, text, c->from[i], c->to[i]);
    return text;
}

static void run_case(const struct signing_case *c, enum redan_approval_kind kind, const char *about,
                     const char *rule)
{
    struct fixture f;
    struct fixture_outcome o;

    fixture_open(&f);
    const char *text = edited(&f, fixture_model, c);
    fixture_write_model(&f, text);
    for (size_t i = 0; i < 3 && c->acts[i].key != KEY_ROOT; i++) {
        f.ctx.now = NOW - c->acts[i].age * DAY;
        fixture_approve(&f, c->acts[i].key, kind, "risk-board", about,
                        c->acts[i].until ? NOW + c->acts[i].until * DAY : 0);
    }
    f.ctx.now = NOW;
    fixture_write_model(&f, fixture_edit(&f, text, c->then_from, c->then_to));
    fixture_fill(&f, NULL, NULL);
    fixture_check(&f, PIN_OURS, NOW + c->now * DAY, NULL, &o);
    bool raised = strstr(o.rules, rule) != NULL;
    bool said = !c->detail || strncmp(o.detail, c->detail, strlen(c->detail)) == 0;
    if (raised != (c->says[0] != '\0') || (raised && !said) || (!raised && c->now == 0 && o.word))
        print_error("%s: %s, \"%s\"\n", c->what, o.rules, o.detail);
    assert_int_equal(raised, c->says[0] != '\0');
    assert_true(!raised || said);
    if (!raised && c->now == 0)
        assert_int_equal(o.word, REDAN_WORD_PASS);
    fixture_close(&f);
}

/* Most of them: two of the board sign, and then nothing changes. */
#define BOARD              \
    {.key = KEY_BOARD_1},  \
    {                      \
        .key = KEY_BOARD_2 \
    }
#define WITH(other)        \
    {.key = KEY_BOARD_1},  \
    {                      \
        .key = KEY_##other \
    }
#define RULED_OUT .from = {"trains: false}"}, .to = {EXCLUDED("")}
#define RULED_OUT_BY(name) \
    .from = {"trains: false}", "by: h.lindqvist"}, .to = {EXCLUDED(""), "by: " name}
#define RULED_OUT_UNTIL(date) .from = {"trains: false}"}, .to = {EXCLUDED(", expires: " date)}

static const struct signing_case exclusions[] = {
    {.what = "signed by two", RULED_OUT, .acts = {BOARD}, .says = ""},
    {.what = "signed by one",
     RULED_OUT,
     .acts = {{.key = KEY_BOARD_1}},
     .says = "TM025",
     .detail = "exclusion of DC-04: 1 of 2 signatures of risk-board"},
    {.what = "one person twice",
     RULED_OUT,
     .acts = {WITH(BOARD_1B)},
     .says = "TM025",
     .detail = "exclusion of DC-04: 1 of 2"},
    {.what = "a lead",
     RULED_OUT,
     .acts = {WITH(LINDQVIST)},
     .says = "TM025",
     .detail = "exclusion of DC-04: 1 of 2"},
    {.what = "the third of the board", RULED_OUT, .acts = {WITH(MOREAU)}, .says = ""},
    {.what = "who ruled it out",
     RULED_OUT_BY("d.moreau"),
     .acts = {WITH(MOREAU)},
     .says = "TM025",
     .detail = "exclusion of DC-04: 1 of 2"},
    {.what = "the same in capitals",
     RULED_OUT_BY("D.MOREAU"),
     .acts = {WITH(MOREAU)},
     .says = "TM025",
     .detail = "exclusion of DC-04: 1 of 2"},
    {.what = "signed until tomorrow",
     RULED_OUT,
     .acts = {{.key = KEY_BOARD_1, .until = 1}, {.key = KEY_BOARD_2, .until = 1}},
     .says = ""},
    {.what = "one until yesterday",
     RULED_OUT,
     .acts = {{.key = KEY_BOARD_1, .until = 9, .age = 20},
              {.key = KEY_BOARD_2, .until = -1, .age = 20}},
     .says = "TM025",
     .detail = "exclusion of DC-04: 1 of 2 signatures of risk-board, it has expired"},
    {.what = "signed 300 days ago",
     RULED_OUT,
     .acts = {{.key = KEY_BOARD_1, .age = 300}, {.key = KEY_BOARD_2, .age = 300}},
     .says = ""},
    {.what = "signed over a year ago",
     RULED_OUT,
     .acts = {{.key = KEY_BOARD_1, .age = 300}, {.key = KEY_BOARD_2, .age = 300}},
     .now = 66,
     .says = "TM025"},
    {.what = "it ends later", RULED_OUT_UNTIL("2027-05-31"), .acts = {BOARD}, .says = ""},
    {.what = "it has ended",
     RULED_OUT_UNTIL("2026-11-24"),
     .acts = {BOARD},
     .says = "TM025",
     .detail = "the exclusion of DC-04 ended on 2026-11-24"},
    {.what = "it runs for years",
     RULED_OUT_UNTIL("2029-01-01"),
     .acts = {BOARD},
     .says = "TM025",
     .detail = "the exclusion of DC-04 runs to 2029-01-01, longer than the rules allow"},
    {.what = "another reason",
     RULED_OUT,
     .acts = {BOARD},
     .then_from = "no labels",
     .then_to = "few labels",
     .says = "TM025",
     .detail = "exclusion of DC-04: 0 of 2"},
    {.what = "another profile",
     RULED_OUT,
     .acts = {BOARD},
     .then_from = "trains: true",
     .then_to = "trains: true, memory: true",
     .says = "TM025"},
    {.what = "a comment",
     RULED_OUT,
     .acts = {BOARD},
     .then_from = "excluded:",
     .then_to = "# ruled out\nexcluded:",
     .says = ""},
    {.what = "another threat",
     RULED_OUT,
     .acts = {BOARD},
     .then_from = "cycle: 2026Q4",
     .then_to = "cycle: 2027Q1",
     .says = ""},
};

static void test_exclusions(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(exclusions); i++)
        run_case(&exclusions[i], REDAN_APPROVAL_EXCLUSION, "DC-04", "TM025");
}

#define LOOSER(date)                                       \
    .from = {"controls:\n  - id: labels-only", "stages:"}, \
    .to = {OWN("8d"), EXCEPTION("expires: " date)}

static const struct signing_case exceptions[] = {
    {.what = "signed by two", LOOSER("2027-03-01"), .acts = {BOARD}, .says = ""},
    {.what = "signed by one",
     LOOSER("2027-03-01"),
     .acts = {{.key = KEY_BOARD_1}},
     .says = "TM027",
     .detail = "exception for platform: 1 of 2 signatures of risk-board"},
    {.what = "by its owner",
     LOOSER("2027-03-01"),
     .acts = {WITH(MOREAU)},
     .says = "TM027",
     .detail = "exception for platform: 1 of 2"},
    {.what = "it has ended",
     LOOSER("2026-11-20"),
     .acts = {BOARD},
     .says = "TM027",
     .detail = "the exception for platform ended on 2026-11-20"},
    {.what = "it runs for years",
     LOOSER("2028-11-20"),
     .acts = {BOARD},
     .says = "TM027",
     .detail = "the exception for platform runs to 2028-11-20, longer than the rules allow"},
    {.what = "looser still",
     LOOSER("2027-03-01"),
     .acts = {BOARD},
     .then_from = "fresh: 8d",
     .then_to = "fresh: 9d",
     .says = "TM027",
     .detail = "exception for platform: 0 of 2"},
    {.what = "for longer",
     LOOSER("2027-03-01"),
     .acts = {BOARD},
     .then_from = "expires: 2027-03-01",
     .then_to = "expires: 2027-04-01",
     .says = "TM027",
     .detail = "exception for platform: 0 of 2"},
};

static void test_exceptions(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(exceptions); i++)
        run_case(&exceptions[i], REDAN_APPROVAL_EXCEPTION, "platform", "TM027");
}

/* The organisation's definition is part of what was signed. */
static void test_exception_org(void **state)
{
    struct fixture f;
    struct redan_digest before;
    const char *text = NULL;

    (void)state;
    fixture_open(&f);
    text = fixture_edit(&f, fixture_model, "controls:\n  - id: labels-only", OWN("80d"));
    text = fixture_edit(&f, text, "stages:", EXCEPTION("expires: 2027-03-01"));
    fixture_write_model(&f, text);
    before = ((struct redan_exception *)f.model.exceptions.items)->subject;
    fixture_write_org(&f, fixture_edit(&f, fixture_org, "fresh: 7d", "fresh: 6d"));
    fixture_write_model(&f, text);
    const struct redan_exception *after = f.model.exceptions.items;
    assert_false(redan_digest_eq(&before, &after->subject));
    fixture_close(&f);
}

/* What the form says of them: there must be something to except. */
static void test_exception_form(void **state)
{
    static const struct {
        const char *own; /* NULL: the system has no control of that name */
        const char *exception;
        const char *says;
    } cases[] = {
        {OWN("8d"), EXCEPTION("expires: 2027-03-01"), ""},
        {OWN("7d"), EXCEPTION("expires: 2027-03-01"),
         "control \"platform\" is not looser here than the organisation has it"},
        {OWN("6d"), EXCEPTION("expires: 2027-03-01"),
         "control \"platform\" is not looser here than the organisation has it"},
        {NULL, EXCEPTION("expires: 2027-03-01"),
         "control \"platform\" is not looser here than the organisation has it"},
        {NULL,
         "exceptions: [{control: audit, reason: x, owner: d.moreau, expires: 2027-03-01}]\nstages:",
         "the organisation has no control \"audit\""},
        {OWN("8d"), EXCEPTION("due: 2027-03-01"), "missing field \"expires\" in an exception"},
    };
    struct fixture f;

    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        const char *text = fixture_edit(&f, fixture_model, "stages:", cases[i].exception);
        if (cases[i].own)
            text = fixture_edit(&f, text, "controls:\n  - id: labels-only", cases[i].own);
        redan_problems_init(&f.problems, &f.ctx, REDAN_S("threatmodel.yaml"));
        assert_ok(redan_threat_model_parse(&f.problems, &f.catalog, &f.org, redan_slice_of(text),
                                           &f.model));
        assert_int_equal(f.problems.first == NULL, cases[i].says[0] == '\0');
        if (f.problems.first)
            assert_slice(f.problems.first->text, cases[i].says);
    }
    fixture_close(&f);
}

/* A narrower profile: the board's decision, and not only of the step in which it was made. */
static void test_profile(void **state)
{
    struct fixture f;
    struct fixture_outcome o;
    const char *wide = NULL;

    (void)state;
    fixture_open(&f);
    wide = fixture_edit(&f, fixture_model, "trains: false", "trains: true");
    f.ctx.now = NOW - 10 * DAY;
    fixture_write_model(&f, wide);
    fixture_approve_release(&f);
    f.ctx.now = NOW - 9 * DAY; /* the leads narrow it between themselves */
    fixture_write_model(&f, fixture_edit(&f, fixture_model, "cycle: 2026Q4", "cycle: 2026Q3"));
    fixture_approve_release(&f);
    f.ctx.now = NOW;
    fixture_write_model(&f, fixture_model);
    fixture_fill(&f, NULL, NULL);
    fixture_check(&f, PIN_OURS, NOW, NULL, &o);
    assert_string_equal(o.rules, "TM026");
    assert_string_equal(o.detail, "DC-04 no longer mandatory: 0 of 2 signatures of risk-board");
    assert_string_equal(o.action,
                        "have the body sign: redan approve --role risk-board --profile --key KEY");
    fixture_approve(&f, KEY_BOARD_1, REDAN_APPROVAL_PROFILE, "risk-board", NULL, 0);
    fixture_approve(&f, KEY_OKAFOR, REDAN_APPROVAL_PROFILE, "risk-board", NULL, 0);
    fixture_check(&f, PIN_OURS, NOW, NULL, &o);
    assert_string_equal(o.rules, "TM026");
    fixture_approve(&f, KEY_BOARD_2, REDAN_APPROVAL_PROFILE, "risk-board", NULL, 0);
    fixture_check(&f, PIN_OURS, NOW, NULL, &o);
    assert_string_equal(o.rules, "");
    fixture_close(&f);
}

/* What once was mandatory cannot be forgotten by leaving away the text that says so. */
static void test_profile_text_gone(void **state)
{
    struct fixture f;
    struct fixture_outcome o;
    char name[128];
    char hex[REDAN_DIGEST_HEX];

    (void)state;
    fixture_open(&f);
    f.ctx.now = NOW - 10 * DAY;
    fixture_write_model(&f, fixture_edit(&f, fixture_model, "trains: false", "trains: true"));
    redan_digest_hex(&f.model.root, hex);
    (void)snprintf(name, sizeof(name), "history/model-%s.yaml", hex);
    fixture_approve_release(&f);
    f.ctx.now = NOW - 9 * DAY;
    fixture_write_model(&f, fixture_edit(&f, fixture_model, "cycle: 2026Q4", "cycle: 2026Q3"));
    fixture_approve_release(&f);
    f.ctx.now = NOW;
    fixture_write_model(&f, fixture_model);
    fixture_fill(&f, NULL, NULL);
    assert_int_equal(unlink(scratch_at(&f.dir, name)), 0);
    fixture_check(&f, PIN_OURS, NOW, NULL, &o);
    assert_int_equal(o.word, REDAN_WORD_INDETERMINATE);
    assert_non_null(strstr(o.rules, "TM026"));
    /* the board has signed what is there now: nothing older matters */
    fixture_approve(&f, KEY_BOARD_1, REDAN_APPROVAL_PROFILE, "risk-board", NULL, 0);
    fixture_approve(&f, KEY_BOARD_2, REDAN_APPROVAL_PROFILE, "risk-board", NULL, 0);
    fixture_check(&f, PIN_OURS, NOW, NULL, &o);
    assert_null(strstr(o.rules, "TM026"));
    fixture_close(&f);
}

/* One approved profile after another. */
struct stride {
    int day; /* from NOW; 1 ends */
    bool trains;
    bool body; /* the board signs it on that day */
};

/* The board's signature over a narrower profile: for a time, and over this narrowing. */
static void test_profile_signature(void **state)
{
    static const struct {
        const char *what;
        struct stride strides[5];
        int signed_at; /* the board signs the last of them on another day; 1 for not at all */
        int now;
        bool raised;
    } cases[] = {
        {"narrowed and signed", {{-20, true, false}, {-19, false, true}, {.day = 1}}, 1, 0, false},
        {"signed before what it narrows",
         {{-20, true, false}, {-9, false, false}, {.day = 1}},
         -21,
         0,
         true},
        {"signed before the leads",
         {{-20, true, false}, {-9, false, false}, {.day = 1}},
         -15,
         0,
         false},
        {"narrowed again after it was wide",
         {{-20, true, false},
          {-19, false, true},
          {-15, true, false},
          {-10, false, false},
          {.day = 1}},
         1,
         0,
         true},
        {"narrowed again and signed again",
         {{-20, true, false},
          {-19, false, true},
          {-15, true, false},
          {-10, false, true},
          {.day = 1}},
         1,
         0,
         false},
        {"another step since",
         {{-20, true, false},
          {-19, false, true},
          {-15, false, false},
          {-10, false, false},
          {.day = 1}},
         1,
         0,
         false},
        {"within a year", {{-2, true, false}, {-1, false, true}, {.day = 1}}, 1, 363, false},
        {"after a year", {{-2, true, false}, {-1, false, true}, {.day = 1}}, 1, 365, true},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        static const char *const cycles[] = {"2026Q1", "2026Q2", "2026Q3", "2026Q4"};
        struct fixture f;
        struct fixture_outcome o;
        fixture_open(&f);
        for (size_t k = 0; cases[i].strides[k].day < 1; k++) {
            const struct stride *s = &cases[i].strides[k];
            const char *text = fixture_edit(&f, fixture_model, "cycle: 2026Q4",
                                            fixture_edit(&f, "cycle: X", "X", cycles[k]));
            if (s->trains)
                text = fixture_edit(&f, text, "trains: false", "trains: true");
            fixture_write_model(&f, text);
            f.ctx.now = NOW + (int64_t)s->day * DAY;
            fixture_approve_release(&f);
            if (s->body) {
                fixture_approve(&f, KEY_BOARD_1, REDAN_APPROVAL_PROFILE, "risk-board", NULL, 0);
                fixture_approve(&f, KEY_BOARD_2, REDAN_APPROVAL_PROFILE, "risk-board", NULL, 0);
            }
        }
        if (cases[i].signed_at < 1) {
            f.ctx.now = NOW + (int64_t)cases[i].signed_at * DAY;
            fixture_approve(&f, KEY_BOARD_1, REDAN_APPROVAL_PROFILE, "risk-board", NULL, 0);
            fixture_approve(&f, KEY_BOARD_2, REDAN_APPROVAL_PROFILE, "risk-board", NULL, 0);
        }
        fixture_check(&f, PIN_OURS, NOW + (int64_t)cases[i].now * DAY, NULL, &o);
        if ((strstr(o.rules, "TM026") != NULL) != cases[i].raised)
            print_error("%s: %s\n", cases[i].what, o.rules);
        assert_int_equal(strstr(o.rules, "TM026") != NULL, cases[i].raised);
        fixture_close(&f);
    }
}

/* A narrower profile that the board has signed ships unproved as well. */
static void test_profile_waiver(void **state)
{
    struct fixture f;
    struct redan_system system = {0};
    struct redan_verdict v;
    struct redan_buf text;
    const struct redan_waiver *w = NULL;

    (void)state;
    fixture_open(&f);
    f.ctx.now = NOW - 10 * DAY;
    fixture_write_model(&f, fixture_edit(&f, fixture_model, "trains: false", "trains: true"));
    fixture_approve_release(&f);
    f.ctx.now = NOW;
    fixture_write_model(&f, fixture_model);
    fixture_fill(&f, NULL, NULL);
    fixture_approve(&f, KEY_BOARD_1, REDAN_APPROVAL_PROFILE, "risk-board", NULL, 0);
    fixture_approve(&f, KEY_BOARD_2, REDAN_APPROVAL_PROFILE, "risk-board", NULL, NOW + 9 * DAY);
    fixture_load(&f, PIN_OURS, &system);
    assert_ok(redan_system_verdict(&f.ctx, &system, NULL, 0, false, &v));
    assert_int_equal(v.word, REDAN_WORD_PASS);
    assert_slice(v.waivers, "1 planned, 1 accepted, 1 narrowed");
    for (size_t i = 0; i < v.waiver_count; i++) {
        if (strcmp(v.waiver[i].kind, "narrowed") == 0)
            w = &v.waiver[i];
    }
    assert_non_null(w);
    assert_slice(w->about, "DC-04");
    assert_slice(w->owner, "risk-board");
    assert_int_equal(w->since, NOW);
    assert_int_equal(w->until, NOW + 9 * DAY);
    assert_true(w->in_force);
    redan_buf_init(&text, &f.ctx, 100000);
    redan_verdict_waivers_text(&text, &v, false);
    assert_ok(redan_buf_ok(&f.ctx, &text, "the table"));
    const char *line = strstr(redan_buf_view(&text).at, "narrowed");
    assert_non_null(line);
    assert_non_null(strstr(line, "DC-04"));
    assert_non_null(strstr(line, "2026-12-03 (9 days)"));
    redan_buf_done(&text);
    redan_system_done(&system);
    fixture_close(&f);
}

/* Two ids, one person. */
static void test_one_lead(void **state)
{
    static const struct {
        const char *ml;
        const char *security;
        const char *rules;
    } cases[] = {
        {"R. Okafor", "H. Lindqvist", ""},
        {"R. Okafor", "R. Okafor", "TM028"},
        {"R. Okafor", "r. okafor", "TM028"},
        {"R. Okafor", "R.Okafor", "TM028"}, /* the other's id */
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        struct fixture f;
        struct fixture_outcome o;
        struct redan_system system = {0};
        fixture_open(&f);
        fixture_write_model(&f, fixture_model);
        fixture_fill(&f, NULL, NULL);
        fixture_load(&f, PIN_OURS, &system);
        struct redan_keyring_holder *holders = system.ring.holders.items;
        for (size_t k = 0; k < system.ring.holders.count; k++) {
            if (redan_slice_is(holders[k].id, "r.okafor"))
                holders[k].name = redan_slice_of(cases[i].ml);
            if (redan_slice_is(holders[k].id, "h.lindqvist"))
                holders[k].name = redan_slice_of(cases[i].security);
        }
        fixture_judge(&f.ctx, &system, NULL, &o);
        assert_string_equal(o.rules, cases[i].rules);
        redan_system_done(&system);
        fixture_close(&f);
    }
}

/* Where several bodies carry risks, the largest of the organisation's signs what names none, whichever the threat model names elsewhere. */
static void test_bodies(void **state)
{
    (void)state;
    for (int by_peers = 0; by_peers < 2; by_peers++) {
        struct fixture f;
        struct fixture_outcome o;
        fixture_open(&f);
        fixture_write_org(&f,
                          fixture_edit(&f, fixture_org, "risk-board: 2}",
                                       "risk-board: 2, peers: 1}\nbodies: [peers, risk-board]"));
        fixture_write_model(&f, fixture_edit(&f, fixture_model, "body: risk-board", "body: peers"));
        fixture_fill(&f, NULL, by_peers ? "drift" : "membership");
        fixture_approve(&f, KEY_PEER, REDAN_APPROVAL_ACCEPTANCE, "peers", "membership", 0);
        fixture_approve(&f, KEY_PEER, REDAN_APPROVAL_ACCEPTANCE, "peers", "drift", 0);
        fixture_check(&f, PIN_OURS, NOW, NULL, &o);
        assert_string_equal(o.rules, by_peers ? "TM009" : "");
        if (by_peers)
            assert_string_equal(o.detail, "interim risk: 0 of 2 signatures of risk-board");
        fixture_close(&f);
    }
}

/* What ships unproved: one by one, oldest first, and counted on the first line. */
static void test_waivers(void **state)
{
    static const struct {
        const char *kind;
        const char *about;
        const char *owner;
        bool in_force;
        bool signed_;
    } want[] = {
        {"planned", "drift", "d.moreau", true, true},
        {"accepted", "membership", "risk-board", true, true},
        {"lowered", "drift", "risk-board", true, true},
        {"not-applicable", "labels-only/shape", "h.lindqvist", true, true},
        {"excluded", "DC-04", "h.lindqvist", false, false},
        {"exception", "platform", "d.moreau", false, false},
    };
    struct fixture f;
    struct redan_system system = {0};
    struct redan_verdict v;
    struct redan_buf text;

    (void)state;
    fixture_open(&f);
    fixture_write_org(
        &f, fixture_edit(&f, fixture_org, "version: 1", "version: 1\nfloors: {EV-03: high}"));
    const char *model = fixture_edit(&f, fixture_model, "trains: false}", EXCLUDED(""));
    model = fixture_edit(&f, model, "controls:\n  - id: labels-only", OWN("8d"));
    model = fixture_edit(&f, model, "stages:", EXCEPTION("expires: 2027-03-01"));
    model = fixture_edit(&f, model, "EV-03\n    severity: high", "EV-03\n    severity: low");
    fixture_write_model(&f, model);
    fixture_fill(&f, "labels-only/shape", NULL);
    fixture_approve(&f, KEY_LINDQVIST, REDAN_APPROVAL_NOT_APPLICABLE, "security-lead",
                    "labels-only/shape", NOW + 30 * DAY);
    fixture_load(&f, PIN_OURS, &system);
    assert_ok(redan_system_verdict(&f.ctx, &system, NULL, 0, false, &v));
    assert_slice(v.waivers,
                 "1 planned, 1 accepted, 1 lowered, 1 excluded, 1 excepted, 1 not applicable");
    assert_slice(v.headline,
                 "may not ship: 1 of 4 threats is not answered, 6 waivers: 1 planned, 1 "
                 "accepted, 1 lowered, 1 excluded, 1 excepted, 1 not applicable");
    assert_int_equal(v.waiver_count, REDAN_COUNT(want));
    for (size_t i = 0; i < v.waiver_count; i++) {
        assert_string_equal(v.waiver[i].kind, want[i].kind);
        assert_slice(v.waiver[i].about, want[i].about);
        assert_slice(v.waiver[i].owner, want[i].owner);
        assert_int_equal(v.waiver[i].in_force, want[i].in_force);
        assert_int_equal(v.waiver[i].since != 0, want[i].signed_);
    }
    assert_true(v.waiver[0].since < v.waiver[1].since); /* a plan's age is that of the plan */
    assert_true(v.waiver[1].until == v.waiver[1].since + (int64_t)188 * DAY - 6 * 3600);
    redan_buf_init(&text, &f.ctx, 100000);
    redan_verdict_waivers_text(&text, &v, false);
    assert_ok(redan_buf_ok(&f.ctx, &text, "the table"));
    assert_non_null(strstr(redan_buf_view(&text).at, "labels-only/shape"));
    assert_non_null(strstr(redan_buf_view(&text).at, "NOT IN FORCE a slow link"));
    assert_non_null(strstr(redan_buf_view(&text).at, "2026-12-24 (30 days)"));
    redan_buf_done(&text);
    redan_system_done(&system);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exclusions),        cmocka_unit_test(test_exceptions),
        cmocka_unit_test(test_exception_org),     cmocka_unit_test(test_exception_form),
        cmocka_unit_test(test_profile),           cmocka_unit_test(test_profile_text_gone),
        cmocka_unit_test(test_profile_signature), cmocka_unit_test(test_profile_waiver),
        cmocka_unit_test(test_one_lead),          cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_waivers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
