/* The chain of approved threat models: what may follow what, and what shows when something goes back. */
#include "history_fixture.h"

#include "io/file.h"

static void comment_only(struct fixture *f)
{
    history_second(f);
    fixture_write_model(f, fixture_edit(f, fixture_model, EDIT_2));
    scratch_text(&f->dir, "threatmodel.yaml",
                 fixture_edit(f, fixture_edit(f, fixture_model, EDIT_2), "threats:\n",
                              "threats: # the same\n"));
}

static void unsigned_edit(struct fixture *f)
{
    history_second(f);
    fixture_write_model(f, fixture_edit(f, fixture_model, EDIT_3));
}

static void rollback(struct fixture *f)
{
    history_third(f);
    fixture_write_model(f, fixture_edit(f, fixture_model, EDIT_2));
}

/* The leads may want the old one back: then they say so again. */
static void signed_return(struct fixture *f)
{
    history_third(f);
    history_step(f, 3, EDIT_2);
}

static void lost_first(struct fixture *f)
{
    history_second(f);
    history_drop_step(f, 1);
}

static void lost_newest(struct fixture *f)
{
    history_third(f);
    history_drop_step(f, 3);
}

static void text_link(struct fixture *f)
{
    struct redan_digest root;
    char target[SCRATCH_PATH + 512];

    history_first(f);
    root = f->model.root;
    history_step(f, 1, EDIT_2);
    const char *name = history_file(f, "model", &root);
    (void)snprintf(target, sizeof(target), "%s/elsewhere", f->dir.root);
    assert_int_equal(rename(scratch_at(&f->dir, name), target), 0);
    assert_int_equal(symlink(target, scratch_at(&f->dir, name)), 0);
}

static void text_twice_one_id(struct fixture *f)
{
    struct redan_digest root;

    history_first(f);
    root = f->model.root;
    history_step(f, 1, EDIT_2);
    scratch_text(&f->dir, history_file(f, "model", &root),
                 fixture_edit(f, fixture_model, "id: online", "id: mapping"));
}

static void forged_diff(struct fixture *f)
{
    struct redan_approval_step s;

    history_first(f);
    f->ctx.now += DAY;
    fixture_write_model(f, fixture_edit(f, fixture_model, EDIT_2));
    fixture_next(f, &s);
    s.diff.bytes[0] ^= 1;
    history_both(f, &s);
}

static void forged_first_diff(struct fixture *f)
{
    struct redan_approval_step s;

    fixture_write_model(f, fixture_model);
    fixture_next(f, &s);
    s.diff.bytes[31] ^= 1;
    history_both(f, &s);
}

/* Starting anew, as if nothing had been approved before. */
static void second_first(struct fixture *f)
{
    struct redan_approval_step s;

    fixture_write_model(f, fixture_edit(f, fixture_model, EDIT_2));
    fixture_next(f, &s);
    history_first(f);
    f->ctx.now += DAY;
    fixture_write_model(f, fixture_edit(f, fixture_model, EDIT_2));
    history_both(f, &s);
}

static void wrong_previous(struct fixture *f)
{
    struct redan_approval_step s;

    history_first(f);
    f->ctx.now += DAY;
    fixture_write_model(f, fixture_edit(f, fixture_model, EDIT_2));
    fixture_next(f, &s);
    s.previous.bytes[0] ^= 1;
    history_both(f, &s);
}

static void first_with_previous(struct fixture *f)
{
    struct redan_approval_step s;

    fixture_write_model(f, fixture_model);
    fixture_next(f, &s);
    s.previous.bytes[0] = 1;
    history_both(f, &s);
}

static void first_with_chain(struct fixture *f)
{
    struct redan_approval_step s;

    fixture_write_model(f, fixture_model);
    fixture_next(f, &s);
    s.chain.bytes[31] = 1;
    history_both(f, &s);
}

/* The root before it is the right one, and what came before that is not. */
static void wrong_chain(struct fixture *f)
{
    struct redan_approval_step s;

    history_second(f);
    f->ctx.now += DAY;
    fixture_write_model(f, fixture_edit(f, fixture_model, EDIT_3));
    fixture_next(f, &s);
    s.chain.bytes[0] ^= 1;
    history_both(f, &s);
}

/* Who signs a forged past. */
struct forgers {
    enum fixture_key ml;
    enum fixture_key security;
};

/* Made when the keys of all forgers have ended that will, and dated back. */
static void forge_step(struct fixture *f, const struct forgers *by, int day)
{
    struct redan_approval_step s;

    f->ctx.now = NOW + 61 * (int64_t)DAY;
    fixture_next(f, &s);
    f->ctx.now = NOW + (int64_t)day * DAY;
    fixture_approve_step(f, by->ml, "ml-lead", NULL, &s);
    fixture_approve_step(f, by->security, "security-lead", NULL, &s);
}

/* The approvals of one number go back to where they were. */
static void restore_step(struct fixture *f, uint64_t number)
{
    struct redan_approvals kept;
    struct redan_slice folder = {0};
    size_t restored = 0;

    assert_ok(redan_copy(&f->ctx, scratch_slice(&f->dir, "kept"), &folder));
    assert_ok(redan_approvals_read(&f->ctx, &f->ring, folder, &kept));
    for (size_t i = 0; i < kept.count; i++) {
        if (kept.items[i].step.number != number)
            continue;
        const char *name = strrchr(kept.items[i].file.at, '/');
        char to[SCRATCH_PATH + 512];
        (void)snprintf(to, sizeof(to), "%s/approvals%s", f->dir.root, name);
        assert_int_equal(rename(kept.items[i].file.at, to), 0);
        restored++;
    }
    assert_int_equal(restored, 2);
}

/* Steps 1 and 2 are approved anew by others, the root of step 2 stays; step 3 keeps the signatures of the true leads. */
static void forge_past(struct fixture *f, const struct forgers *by)
{
    char kept[SCRATCH_PATH + 64];

    history_third(f);
    (void)snprintf(kept, sizeof(kept), "%s/kept", f->dir.root);
    assert_int_equal(rename(scratch_at(&f->dir, "approvals"), kept), 0);
    fixture_write_model(f, fixture_edit(f, fixture_model, "severity: medium", "severity: low"));
    forge_step(f, by, 0);
    fixture_write_model(f, fixture_edit(f, fixture_model, EDIT_2));
    forge_step(f, by, 1);
    restore_step(f, 3);
    f->ctx.now = NOW + 2 * DAY;
    fixture_write_model(f, fixture_edit(f, fixture_model, EDIT_3));
}

static void past_by_others(struct fixture *f)
{
    forge_past(f, &(struct forgers){KEY_ML_ELSEWHERE, KEY_SEC_ELSEWHERE});
}

static void past_by_retired(struct fixture *f)
{
    forge_past(f, &(struct forgers){KEY_OKAFOR_2, KEY_LEFT});
}

static void past_by_one_lead(struct fixture *f)
{
    forge_past(f, &(struct forgers){KEY_OKAFOR, KEY_SEC_ELSEWHERE});
}

/* Other persons' signatures beside a step, over the same root and another past, put nothing out of action. */
static void beside_by_others(struct fixture *f)
{
    struct redan_approval_step s;

    history_second(f);
    fixture_next(f, &s);
    for (int i = 0; i < 2; i++) { /* one sorts before it, one after */
        memset(s.chain.bytes, i ? 0xff : 0, sizeof(s.chain.bytes));
        fixture_approve_step(f, KEY_ML_ELSEWHERE, "ml-lead", NULL, &s);
        fixture_approve_step(f, KEY_SEC_ELSEWHERE, "security-lead", NULL, &s);
    }
}

static void leads_disagree(struct fixture *f)
{
    struct redan_approval_step s;

    history_second(f);
    f->ctx.now += DAY;
    fixture_write_model(f, fixture_edit(f, fixture_model, EDIT_3));
    fixture_next(f, &s);
    fixture_approve_step(f, KEY_OKAFOR, "ml-lead", NULL, &s);
    s.number++;
    fixture_approve_step(f, KEY_LINDQVIST, "security-lead", NULL, &s);
}

static void one_lead(struct fixture *f)
{
    history_first(f);
    f->ctx.now += DAY;
    fixture_write_model(f, fixture_edit(f, fixture_model, EDIT_2));
    fixture_approve(f, KEY_OKAFOR, REDAN_APPROVAL_RELEASE, "ml-lead", NULL, 0);
}

static void keys_back(struct fixture *f)
{
    fixture_write_keys(f, 2);
    history_first(f);
    fixture_write_keys(f, 1);
}

static void keys_on(struct fixture *f)
{
    history_first(f);
    fixture_write_keys(f, 2);
}

static void catalogue_back(struct fixture *f)
{
    struct redan_approval_step s;

    fixture_write_model(f, fixture_model);
    fixture_next(f, &s);
    s.catalog_version++;
    history_both(f, &s);
}

static const char *org_text(struct fixture *f, const char *version, const char *from,
                            const char *to)
{
    const char *text = fixture_edit(f, fixture_org, "version: 1", version);

    return fixture_edit(f, text, from, to);
}

static void org_back(struct fixture *f)
{
    fixture_write_org(f, org_text(f, "version: 2", NULL, NULL));
    history_first(f);
    fixture_write_org(f, org_text(f, "version: 1", NULL, NULL));
    fixture_write_model(f, fixture_model);
}

static void org_on(struct fixture *f)
{
    history_first(f);
    fixture_write_org(f,
                      org_text(f, "version: 2", "signer: ci, fresh: 7d", "signer: ci, fresh: 5d"));
    fixture_write_model(f, fixture_model);
}

static void org_comment(struct fixture *f)
{
    history_first(f);
    fixture_write_org(f, org_text(f, "version: 1 # as before", NULL, NULL));
    fixture_write_model(f, fixture_model);
}

static void org_loosened(struct fixture *f)
{
    history_first(f);
    fixture_write_org(f,
                      org_text(f, "version: 2", "signer: ci, fresh: 7d", "signer: ci, fresh: 70d"));
    fixture_write_model(f, fixture_model);
}

static void org_loosened_same_version(struct fixture *f)
{
    history_first(f);
    fixture_write_org(f, org_text(f, "version: 1", "risk-board: 2", "risk-board: 1"));
    fixture_write_model(f, fixture_model);
}

static void org_loosened_and_signed(struct fixture *f)
{
    org_loosened(f);
    f->ctx.now += DAY;
    fixture_approve_release(f);
}

static void org_text_missing(struct fixture *f)
{
    struct redan_digest file = f->org.file;

    org_on(f);
    history_drop(f, history_file(f, "org", &file));
}

/* The newest record again, so that the one before still answers when it is gone. */
static const char *newest_record(struct fixture *f)
{
    struct redan_system s = {0};
    struct redan_slice found = {0};
    uint64_t seq = 0;

    fixture_load(f, PIN_OURS, &s);
    for (size_t i = 0; i < s.store.count; i++) {
        if (s.store.records[i].seq > seq) {
            seq = s.store.records[i].seq;
            found = s.store.records[i].file;
        }
    }
    redan_system_done(&s);
    assert_true(seq > 0);
    return found.at;
}

static void lost_record(struct fixture *f)
{
    fixture_write_model(f, fixture_model);
    fixture_record_add(f, "labels-only/shape", "{\"raw_score\": 0}");
    fixture_record_add(f, "labels-only/shape", "{\"raw_score\": 1}");
    history_first(f);
    assert_int_equal(unlink(newest_record(f)), 0);
}

/* The text of the first of two steps with an annotation, which no signature covers, of so many bytes. */
static void annotate_first(struct fixture *f, size_t bytes)
{
    struct redan_buf out;

    history_first(f);
    const struct redan_digest root = f->model.root;
    redan_buf_init(&out, &f->ctx, SIZE_MAX);
    redan_buf_printf(&out, "%s\nannotations:\n  note: ", fixture_model);
    redan_buf_repeat(&out, 'a', bytes);
    redan_buf_char(&out, '\n');
    assert_ok(redan_buf_ok(&f->ctx, &out, "a text"));
    history_step(f, 1, EDIT_2);
    scratch_text(&f->dir, history_file(f, "model", &root), out.data);
    redan_buf_done(&out);
}

static void annotated_text(struct fixture *f)
{
    annotate_first(f, 200 << 10);
}

static void bloated_text(struct fixture *f)
{
    annotate_first(f, 256 << 10);
}

/* The leads have seen it fail: its envelope is spoiled in place, the payload stays. */
static void spoil_record(struct fixture *f, size_t junk, bool keep)
{
    struct redan_slice zeros = {(const char[64]){0}, 64};
    struct redan_dsse_signature signatures[REDAN_DSSE_SIGNATURES];
    struct redan_dsse envelope = {0};
    struct redan_slice text = {0};
    struct redan_buf out;

    fixture_write_model(f, fixture_model);
    fixture_record_add(f, "labels-only/shape", "{\"raw_score\": 0}");
    fixture_record_add(f, "labels-only/shape", "{\"raw_score\": 1}");
    history_first(f);
    const struct redan_slice file = redan_slice_of(newest_record(f));
    assert_ok(redan_file_read(&f->ctx, file, 100000, false, &text));
    assert_ok(redan_dsse_parse(&f->ctx, text, &envelope));
    assert_int_equal(envelope.count, 1);
    assert_true(junk < REDAN_DSSE_SIGNATURES);
    for (size_t i = 0; i < junk; i++)
        signatures[i] = (struct redan_dsse_signature){.keyid = REDAN_S("00"), .bytes = zeros};
    signatures[junk] = envelope.signatures[0];
    if (!keep)
        signatures[junk].bytes = zeros;
    envelope.signatures = signatures;
    envelope.count = junk + 1;
    redan_buf_init(&out, &f->ctx, 100000);
    redan_dsse_add(&out, &envelope);
    assert_ok(redan_buf_ok(&f->ctx, &out, "an envelope"));
    assert_ok(redan_file_replace(&f->ctx, file, 0644, redan_buf_view(&out)));
    redan_buf_done(&out);
}

static void record_same(struct fixture *f)
{
    spoil_record(f, 0, true);
}

static void record_garbled(struct fixture *f)
{
    spoil_record(f, 0, false);
}

static void record_flooded(struct fixture *f)
{
    spoil_record(f, REDAN_DSSE_SIGNATURES - 1, true);
}

/* A failing record is withheld, and the leads approve again without knowing. */
static void forget_record(struct fixture *f, bool replace)
{
    lost_record(f);
    if (replace)
        fixture_record_add(f, "labels-only/shape", "{\"raw_score\": 0}");
    history_step(f, 1, EDIT_2);
}

static void forgotten_record(struct fixture *f)
{
    forget_record(f, false);
}

static void replaced_record(struct fixture *f)
{
    forget_record(f, true);
}

static void more_records(struct fixture *f)
{
    fixture_write_model(f, fixture_model);
    fixture_record_add(f, "labels-only/shape", "{\"raw_score\": 0}");
    history_first(f);
    fixture_record_add(f, "labels-only/shape", "{\"raw_score\": 0}");
}

/* A lead who signs with a clock that stands before the approval which this one follows. */
static void backdated(struct fixture *f)
{
    struct redan_approval_step s;

    history_second(f);
    fixture_write_model(f, fixture_edit(f, fixture_model, EDIT_3));
    f->ctx.now += 3600;
    fixture_next(f, &s);
    fixture_approve_step(f, KEY_OKAFOR, "ml-lead", NULL, &s);
    f->ctx.now = NOW;
    fixture_approve_step(f, KEY_LINDQVIST, "security-lead", NULL, &s);
    f->ctx.now = NOW + DAY;
}

static void by_retired(struct fixture *f)
{
    history_first_by(f, KEY_OKAFOR_2);
}

static void by_retired_then_on(struct fixture *f)
{
    history_first_by(f, KEY_OKAFOR_2);
    history_step(f, 35, EDIT_2);
}

static void by_retired_then_again(struct fixture *f)
{
    history_first_by(f, KEY_OKAFOR_2);
    f->ctx.now += 35 * DAY;
    fixture_approve(f, KEY_OKAFOR, REDAN_APPROVAL_RELEASE, "ml-lead", NULL, 0);
}

static void by_stolen(struct fixture *f)
{
    history_first_by(f, KEY_OKAFOR_3);
}

/* The security lead of the first step has left: its holder has no role, the key ends in sixty days. */
static void by_former_lead(struct fixture *f, struct redan_approval_step *s)
{
    fixture_write_model(f, fixture_model);
    fixture_next(f, s);
    fixture_approve_step(f, KEY_OKAFOR, "ml-lead", NULL, s);
    fixture_approve_step(f, KEY_LEFT, "security-lead", NULL, s);
    s->previous = f->model.root;
    s->number = 2;
}

static void by_former_lead_too_early(struct fixture *f)
{
    struct redan_approval_step s;

    by_former_lead(f, &s);
    f->ctx.now += DAY;
    fixture_write_model(f, fixture_edit(f, fixture_model, EDIT_2));
    history_both(f, &s);
}

static void by_former_lead_ended(struct fixture *f)
{
    struct redan_approval_step s;

    by_former_lead(f, &s);
    history_step(f, 61, EDIT_2);
}

static void one_person(struct fixture *f)
{
    struct redan_approval_step s;

    fixture_write_model(f, fixture_model);
    fixture_next(f, &s);
    fixture_approve_step(f, KEY_OKAFOR, "ml-lead", NULL, &s);
    fixture_approve_step(f, KEY_OKAFOR_2, "security-lead", NULL, &s);
}

static void review_rule(struct fixture *f)
{
    fixture_write_org(f, org_text(f, "version: 1\nrules: {review: 30d}", NULL, NULL));
    history_first(f);
}

static void review_again(struct fixture *f)
{
    review_rule(f);
    f->ctx.now += 20 * DAY;
    fixture_approve_release(f);
}

static void review_again_by_one(struct fixture *f)
{
    review_rule(f);
    f->ctx.now += 20 * DAY;
    fixture_approve(f, KEY_OKAFOR, REDAN_APPROVAL_RELEASE, "ml-lead", NULL, 0);
}

static void each_release(struct fixture *f)
{
    fixture_write_org(f, org_text(f, "version: 1\nrules: {review: each-release}", NULL, NULL));
    history_first(f);
}

static const struct {
    const char *what;
    void (*make)(struct fixture *f);
    int day; /* of the check, from NOW */
    const char *rules;
    const char *detail; /* how the first of them begins; NULL for any */
} rows[] = {
    {"the first", history_first, 0, "", NULL},
    {"one after another", history_third, 2, "", NULL},
    {"a comment after the approval", comment_only, 1, "", NULL},
    {"an edit that nobody signed", unsigned_edit, 1, "TM003", "r.okafor has not signed it"},
    {"one lead alone", one_lead, 1, "TM003", "h.lindqvist has not signed it"},
    {"an older threat model", rollback, 2, "TM003 TM022", NULL},
    {"an older one, signed again", signed_return, 3, "", NULL},
    {"the approvals of the second are gone", history_gap, 2, "TM023", "approval 2 is missing"},
    {"the approvals of the first are gone", lost_first, 1, "TM023", "approval 1 is missing"},
    {"the newest approvals are gone", lost_newest, 2, "TM003", NULL},
    {"the text of the one before is gone", history_text_missing, 1, "TM023 TM026",
     "redan/history/model-"},
    {"the text of the one before has a long note", annotated_text, 1, "", ""},
    {"the text of the one before is far larger", bloated_text, 1, "TM023 TM026",
     "is not there, or is another"},
    {"the text of the one before is another", history_text_of_another, 1, "TM023 TM026",
     "redan/history/model-"},
    {"the text of the one before is a link", text_link, 1, "TM023 TM026", "redan/history/model-"},
    {"the text of the one before has one id twice", text_twice_one_id, 1, "TM023 TM026",
     "redan/history/model-"},
    {"another difference", forged_diff, 1, "TM023", "the difference that was signed"},
    {"another first difference", forged_first_diff, 0, "TM023", "the difference that was signed"},
    {"two with one number", history_fork, 1, "TM023", "two approved threat models have"},
    {"two with the number 1", second_first, 1, "TM023", "two approved threat models have"},
    {"another one before it", wrong_previous, 1, "TM023", "approval 2 follows another"},
    {"a first one with one before it", first_with_previous, 0, "TM023", "approval 1 names one"},
    {"a first one with a chain before it", first_with_chain, 0, "TM023", "approval 1 names one"},
    {"another chain before it", wrong_chain, 2, "TM023", "approval 3 follows another"},
    {"a past by leads of another system", past_by_others, 2, "TM023", "approval 3 follows another"},
    {"a past by keys that have ended", past_by_retired, 61, "TM023", "approval 3 follows another"},
    {"a past by one lead and another's", past_by_one_lead, 2, "TM023",
     "approval 3 follows another"},
    {"others' signatures over another past", beside_by_others, 1, "", NULL},
    {"the leads disagree", leads_disagree, 2, "TM023", "the two leads have signed"},
    {"older keys", keys_back, 0, "TM022", "keys.yaml has version 1, and version 2 was signed"},
    {"newer keys", keys_on, 0, "", NULL},
    {"an older catalogue", catalogue_back, 0, "TM022", "the catalogue of this program has"},
    {"an older organisation file", org_back, 0, "TM003 TM022", NULL},
    {"a stricter organisation", org_on, 0, "", NULL},
    {"a comment in org.yaml", org_comment, 0, "", NULL},
    {"a looser organisation", org_loosened, 0, "TM003",
     "the organisation asks for less since it was"},
    {"a looser organisation of the same version", org_loosened_same_version, 0, "TM003",
     "the organisation asks for less since it was"},
    {"a looser organisation, signed again", org_loosened_and_signed, 1, "", NULL},
    {"the organisation's old text is gone", org_text_missing, 0, "TM003", "org.yaml has changed"},
    {"a failing record is gone", lost_record, 0, "TM022", "record 2 of ci about base was there"},
    {"a failing record as it was", record_same, 0, "", NULL},
    {"a failing record's signature is garbled", record_garbled, 0, "TM022",
     "record 2 of ci about base was there"},
    {"a failing record under many signatures", record_flooded, 0, "TM017 TM022",
     "record 2 of ci about base was there"},
    {"a failing record is gone, and approved again", forgotten_record, 1, "TM022",
     "record 2 of ci about base was there"},
    {"a failing record is replaced, and approved again", replaced_record, 1, "TM022",
     "record 2 of ci about base was there"},
    {"records that came after", more_records, 0, "", NULL},
    {"a signature dated back", backdated, 2, "TM003",
     "h.lindqvist has not signed it as security-lead: the key lindqvist signed with a time before"},
    {"a key that is not retired yet", by_retired, 29, "", NULL},
    {"a retired key", by_retired, 31, "TM003",
     "r.okafor has not signed it as ml-lead: the key okafor-2 is revoked, and no stamp"},
    {"a retired key, and another step since", by_retired_then_on, 36, "", NULL},
    {"a retired key, and signed again", by_retired_then_again, 36, "", NULL},
    {"a stolen key", by_stolen, 0, "TM003",
     "r.okafor has not signed it as ml-lead: the key okafor-3 was revoked"},
    {"a former lead whose key still counts", by_former_lead_too_early, 2, "TM023",
     "approval 1 is missing"},
    {"a former lead whose key has ended", by_former_lead_ended, 61, "", NULL},
    {"one person in both roles", one_person, 0, "TM003", "h.lindqvist has not signed it"},
    {"a review in time", review_rule, 30, "", NULL},
    {"a review too old", review_rule, 31, "TM031", "the review is"},
    {"a review again", review_again, 49, "", NULL},
    {"a review again by one of two", review_again_by_one, 31, "TM031", "the review is"},
    {"reviews with each release", each_release, 60, "", NULL},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct fixture f;
        struct fixture_outcome o;
        char got[128];
        fixture_open(&f);
        rows[i].make(&f);
        /* the first detail is that of the lowest rule: only those of trust are asked for here */
        fixture_check(&f, PIN_OURS, NOW + (int64_t)rows[i].day * DAY, NULL, &o);
        history_about_trust(o.rules, got);
        history_expect(rows[i].what, &o, rows[i].rules);
        if (rows[i].detail && strncmp(o.rules, got, 5) == 0) {
            if (strncmp(o.detail, rows[i].detail, strlen(rows[i].detail)) != 0)
                print_error("%s: %s\n", rows[i].what, o.detail);
            assert_memory_equal(o.detail, rows[i].detail, strlen(rows[i].detail));
        }
        if (rows[i].rules[0])
            assert_true(o.word == REDAN_WORD_FAIL || o.word == REDAN_WORD_INDETERMINATE);
        fixture_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
