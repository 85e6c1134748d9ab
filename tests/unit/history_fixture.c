/* Steps of the chain of approvals, and what spoils it, for the tests of history and plans. */
#include "history_fixture.h"

/* Of the rules raised, those that are about trust and plans: what the records say is not asked here. */
void history_about_trust(const char *rules, char out[128])
{
    static const char *const ours[] = {"TM001", "TM003", "TM007", "TM017", "TM022",
                                       "TM023", "TM026", "TM031", NULL};

    out[0] = '\0';
    for (size_t i = 0; ours[i]; i++) {
        if (!strstr(rules, ours[i]))
            continue;
        size_t used = strlen(out);
        (void)snprintf(out + used, 128 - used, "%s%s", used ? " " : "", ours[i]);
    }
}

void history_expect(const char *what, const struct fixture_outcome *o, const char *rules)
{
    char got[128];

    history_about_trust(o->rules, got);
    if (strcmp(got, rules) != 0)
        print_error("%s: %s (%s)\n", what, o->rules, o->detail);
    assert_string_equal(got, rules);
}

/* The model with one place changed, and signed by both leads at this day from NOW. */
void history_step(struct fixture *f, int day, const char *from, const char *to)
{
    f->ctx.now = NOW + (int64_t)day * DAY;
    fixture_write_model(f, fixture_edit(f, fixture_model, from, to));
    fixture_approve_release(f);
}

const char *history_file(struct fixture *f, const char *kind, const struct redan_digest *digest)
{
    struct redan_slice name = {0};
    char hex[REDAN_DIGEST_HEX];

    redan_digest_hex(digest, hex);
    assert_ok(redan_format(&f->ctx, &name, "history/%s-%s.yaml", kind, hex));
    return name.at;
}

void history_drop(struct fixture *f, const char *name)
{
    assert_int_equal(unlink(scratch_at(&f->dir, name)), 0);
}

/* The approvals of one number. */
void history_drop_step(struct fixture *f, uint64_t number)
{
    struct redan_approvals approvals;
    struct redan_slice folder = {0};
    size_t dropped = 0;

    assert_ok(redan_copy(&f->ctx, scratch_slice(&f->dir, "approvals"), &folder));
    assert_ok(redan_approvals_read(&f->ctx, &f->ring, folder, &approvals));
    for (size_t i = 0; i < approvals.count; i++) {
        if (approvals.items[i].kind != REDAN_APPROVAL_RELEASE ||
            approvals.items[i].step.number != number)
            continue;
        assert_int_equal(unlink(approvals.items[i].file.at), 0);
        dropped++;
    }
    assert_int_equal(dropped, 2);
}

void history_both(struct fixture *f, const struct redan_approval_step *step)
{
    fixture_approve_step(f, KEY_OKAFOR, "ml-lead", NULL, step);
    fixture_approve_step(f, KEY_LINDQVIST, "security-lead", NULL, step);
}

void history_first(struct fixture *f)
{
    history_step(f, 0, NULL, NULL);
}

void history_second(struct fixture *f)
{
    history_first(f);
    history_step(f, 1, EDIT_2);
}

void history_third(struct fixture *f)
{
    history_second(f);
    history_step(f, 2, EDIT_3);
}

void history_gap(struct fixture *f)
{
    history_third(f);
    history_drop_step(f, 2);
}

void history_text_missing(struct fixture *f)
{
    struct redan_digest root;

    history_first(f);
    root = f->model.root;
    history_step(f, 1, EDIT_2);
    history_drop(f, history_file(f, "model", &root));
}

void history_text_of_another(struct fixture *f)
{
    struct redan_digest root;

    history_first(f);
    root = f->model.root;
    history_step(f, 1, EDIT_2);
    scratch_text(&f->dir, history_file(f, "model", &root),
                 fixture_edit(f, fixture_model, "severity: medium", "severity: low"));
}

void history_fork(struct fixture *f)
{
    struct redan_approval_step s;

    history_first(f);
    fixture_write_model(f, fixture_edit(f, fixture_model, EDIT_3));
    fixture_next(f, &s);
    history_step(f, 1, EDIT_2);
    fixture_write_model(f, fixture_edit(f, fixture_model, EDIT_3));
    history_both(f, &s);
}

void history_first_by(struct fixture *f, enum fixture_key key)
{
    struct redan_approval_step s;

    fixture_write_model(f, fixture_model);
    fixture_next(f, &s);
    fixture_approve_step(f, key, "ml-lead", NULL, &s);
    fixture_approve_step(f, KEY_LINDQVIST, "security-lead", NULL, &s);
}

static void pin_text(struct fixture *f, const struct redan_digest roots[2], const char *pattern,
                     struct redan_pin *pin)
{
    struct redan_buf text;
    struct redan_slice out = {0};
    char hex[REDAN_DIGEST_HEX];

    redan_buf_init(&text, &f->ctx, 10000);
    redan_digest_hex(&f->ring.root, hex);
    redan_buf_printf(&text, "sha256:%s", hex);
    for (const char *p = pattern; *p; p++) {
        if (*p != '%') {
            redan_buf_char(&text, *p);
            continue;
        }
        redan_digest_hex(&roots[*++p - '1'], hex);
        redan_buf_printf(&text, "sha256:%s", hex);
    }
    assert_ok(redan_copy(&f->ctx, redan_buf_view(&text), &out));
    redan_buf_done(&text);
    *pin = (struct redan_pin){.source = REDAN_S("--root")};
    assert_ok(redan_pin_parse(&f->ctx, out, pin));
}

void history_check_pinned(struct fixture *f, const struct redan_digest roots[2],
                          const char *pattern, const char *what, const char *rules)
{
    struct redan_system s = {0};
    struct fixture_outcome o;
    struct redan_pin pin;

    pin_text(f, roots, pattern, &pin);
    assert_ok(redan_system_load(&f->ctx, &f->catalog, redan_slice_of(f->dir.root), &pin, &s));
    fixture_judge(&f->ctx, &s, NULL, &o);
    history_expect(what, &o, rules);
    redan_system_done(&s);
}
