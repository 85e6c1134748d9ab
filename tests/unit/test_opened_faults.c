/* Verified bytes: a file that was changed, taken away, linked or put in another's place after it was signed. */
#include "opened_fixture.h"

/* What may lie in the place of m/sub/f, which was signed with the bytes "signed bytes". */
static void changed(struct scratch *s)
{
    scratch_text(s, "m/sub/f", "signed bytez");
}
static void grown(struct scratch *s)
{
    scratch_text(s, "m/sub/f", "signed bytes and more");
}
static void shrunk(struct scratch *s)
{
    scratch_text(s, "m/sub/f", "signed byte");
}
static void emptied(struct scratch *s)
{
    scratch_text(s, "m/sub/f", "");
}
static void gone(struct scratch *s)
{
    assert_int_equal(unlink(scratch_at(s, "m/sub/f")), 0);
}
static void folder_gone(struct scratch *s)
{
    gone(s);
    assert_int_equal(rmdir(scratch_at(s, "m/sub")), 0);
}
static void link_here(struct scratch *s, const char *target)
{
    gone(s);
    assert_int_equal(symlink(target, scratch_at(s, "m/sub/f")), 0);
}
static void link_beside(struct scratch *s) /* to the very bytes, inside */
{
    scratch_text(s, "m/other", "signed bytes");
    link_here(s, "../other");
}
static void link_out(struct scratch *s)
{
    scratch_text(s, "outside", "signed bytes");
    link_here(s, "../../outside");
}
static void link_absolute(struct scratch *s)
{
    char target[SCRATCH_PATH + 512];

    scratch_text(s, "outside", "signed bytes");
    (void)snprintf(target, sizeof(target), "%s", scratch_at(s, "outside"));
    link_here(s, target);
}
static void link_magic(struct scratch *s) /* absolute too, and of the kind that leaves every root */
{
    link_here(s, "/proc/self/cwd/f");
}
static void link_loop(struct scratch *s)
{
    link_here(s, "f");
}
static void link_in_the_middle(struct scratch *s)
{
    char old[SCRATCH_PATH + 512];

    (void)snprintf(old, sizeof(old), "%s", scratch_at(s, "m/sub"));
    assert_int_equal(rename(old, scratch_at(s, "m/real")), 0);
    assert_int_equal(symlink("real", old), 0);
}
static void link_out_in_the_middle(struct scratch *s)
{
    char old[SCRATCH_PATH + 512];

    (void)snprintf(old, sizeof(old), "%s", scratch_at(s, "m/sub"));
    assert_int_equal(rename(old, scratch_at(s, "away")), 0);
    assert_int_equal(symlink("../away", old), 0);
}
static void pipe_here(struct scratch *s)
{
    gone(s);
    assert_int_equal(mkfifo(scratch_at(s, "m/sub/f"), 0600), 0);
}
static void folder_here(struct scratch *s)
{
    gone(s);
    scratch_folder(s, "m/sub/f");
}
static void file_above(struct scratch *s)
{
    folder_gone(s);
    scratch_text(s, "m/sub", "signed bytes");
}
static void hard_link(struct scratch *s)
{
    char old[SCRATCH_PATH + 512];

    (void)snprintf(old, sizeof(old), "%s", scratch_at(s, "m/sub/f"));
    assert_int_equal(link(old, scratch_at(s, "elsewhere")), 0);
}
static void replaced_by_the_same(struct scratch *s)
{
    gone(s);
    scratch_text(s, "m/sub/f", "signed bytes");
}

static const struct {
    const char *name;
    void (*change)(struct scratch *s);
    enum redan_status status;
    enum redan_status linked; /* where the signature allows links */
    const char *says;
} rows[] = {
    {"changed", changed, REDAN_E_SIGNATURE, REDAN_E_SIGNATURE, "sub/f is not what was signed"},
    {"grown", grown, REDAN_E_SIGNATURE, REDAN_E_SIGNATURE, "sub/f"},
    {"shrunk", shrunk, REDAN_E_SIGNATURE, REDAN_E_SIGNATURE, "sub/f"},
    {"emptied", emptied, REDAN_E_SIGNATURE, REDAN_E_SIGNATURE, "sub/f"},
    {"gone", gone, REDAN_E_ABSENT, REDAN_E_ABSENT, "was signed and is not there"},
    {"folder gone", folder_gone, REDAN_E_ABSENT, REDAN_E_ABSENT, "is not there"},
    {"link inside", link_beside, REDAN_E_SIGNATURE, REDAN_OK, "symbolic link"},
    {"link out", link_out, REDAN_E_SIGNATURE, REDAN_E_SIGNATURE, "symbolic link"},
    {"link absolute", link_absolute, REDAN_E_SIGNATURE, REDAN_E_SIGNATURE, "symbolic link"},
    {"link magic", link_magic, REDAN_E_SIGNATURE, REDAN_E_SIGNATURE, "symbolic link"},
    {"link loop", link_loop, REDAN_E_SIGNATURE, REDAN_E_SIGNATURE, "symbolic link"},
    {"link in the middle", link_in_the_middle, REDAN_E_SIGNATURE, REDAN_OK, "symbolic link"},
    {"link out in the middle", link_out_in_the_middle, REDAN_E_SIGNATURE, REDAN_E_SIGNATURE,
     "symbolic link"},
    {"pipe", pipe_here, REDAN_E_SIGNATURE, REDAN_E_SIGNATURE, "is a pipe"},
    {"folder", folder_here, REDAN_E_SIGNATURE, REDAN_E_SIGNATURE, "is a folder"},
    {"file above", file_above, REDAN_E_ABSENT, REDAN_E_ABSENT, "is not there"},
    {"hard link", hard_link, REDAN_OK, REDAN_OK, ""},
    {"replaced by the same", replaced_by_the_same, REDAN_OK, REDAN_OK, ""},
};

static void one_fault(size_t row, bool plain, bool links, bool shards)
{
    struct scratch s;
    struct model m;
    int fd = -1;
    char bytes[32];
    size_t got = 0;

    scratch_make(&s);
    model_make(&m, &s);
    scratch_folder(&s, "m");
    scratch_folder(&s, "m/sub");
    if (shards)
        sign_shards(&m, "m/sub/f", "signed bytes", 12, 5);
    else
        sign_file(&m, "m/sub/f", "signed bytes", 12);
    m.manifest.links = links;
    struct redan_opened *opened = open_model(&m);
    if (plain)
        redan_opened_plain(opened);
    rows[row].change(&s); /* after the model was taken hold of */
    enum redan_status wanted = links ? rows[row].linked : rows[row].status;
    for (int whole = 0; whole < 2; whole++) {
        enum redan_status status =
            whole ? redan_opened_file(&m.ctx, opened, REDAN_S("sub/f"), &fd)
                  : redan_opened_read(&m.ctx, opened, REDAN_S("sub/f"), 0, bytes, 32, &got);
        if (status != wanted)
            fail_msg("%s, plain %d, links %d, shards %d: %s: %s", rows[row].name, plain, links,
                     shards, redan_status_name(status), m.ctx.failure.text);
        if (wanted == REDAN_OK && whole) {
            assert_sealed(fd, "signed bytes", 12);
            (void)close(fd);
        } else if (wanted == REDAN_OK) {
            assert_int_equal(got, 12);
            assert_memory_equal(bytes, "signed bytes", 12);
        } else {
            assert_failure(&m.ctx, wanted, links || shards ? "sub/f" : rows[row].says);
            assert_int_equal(fd, -1);
        }
    }
    redan_opened_free(opened);
    redan_ctx_done(&m.ctx);
    assert_int_equal(m.ctx.mem.used, 0);
    scratch_drop(&s);
}

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        for (unsigned bits = 0; bits < 8; bits++)
            one_fault(i, bits & 1, bits & 2, bits & 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_faults)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
