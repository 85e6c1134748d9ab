/* Tar archives: every dialect's names and sizes, links that leave, and damage that is told and read over. */
#include "test.h"

#include <stdio.h>

#include "facts.h"
#include "format/format_table.h"
#include "format/tar.h"

static const struct redan_slice payload = {"the payload of this archive", 27};

struct member {
    const char *name;
    char type; /* 0: a file of old */
    const char *link;
    struct redan_slice bytes;
    const char *magic; /* NULL: "ustar\0" "00" */
    const char *prefix;
    bool wrong_sum;
    bool base256;
    bool no_bytes; /* the header says a size, nothing follows */
};

static void add(struct redan_buf *out, const struct member *m)
{
    char block[513] = {0};
    unsigned sum = 0;

    (void)snprintf(block, 100, "%s", m->name);
    (void)snprintf(block + 100, 8, "0000644");
    if (m->base256) {
        block[124] = (char)0x80;
        block[134] = (char)(m->bytes.len >> 8);
        block[135] = (char)m->bytes.len;
    } else {
        (void)snprintf(block + 124, 12, "%011o", (unsigned)m->bytes.len);
    }
    block[156] = m->type;
    (void)snprintf(block + 157, 100, "%s", m->link ? m->link : "");
    memcpy(block + 257,
           m->magic ? m->magic
                    : "ustar\0"
                      "00",
           8);
    if (m->prefix)
        (void)snprintf(block + 345, 155, "%s", m->prefix);
    memset(block + 148, ' ', 8);
    for (size_t i = 0; i < 512; i++)
        sum += (uint8_t)block[i];
    (void)snprintf(block + 148, 8, "%06o", sum + m->wrong_sum);
    redan_buf_add(out, block, 512);
    if (m->no_bytes)
        return;
    redan_buf_slice(out, m->bytes);
    redan_buf_repeat(out, '\0', (512 - m->bytes.len % 512) % 512);
}

struct row {
    const char *what;
    struct member members[4];
    const char *names;
    const char *defects;
    const char *links;
    const char *unread;
    size_t payloads;
};

#define FILE_OF(n)                                                               \
    {                                                                            \
        .name = (n), .type = '0', .bytes = { "the payload of this archive", 27 } \
    }

static const struct row rows[] = {
    {"plain", {FILE_OF("a/b")}, "a/b", "", "", "", 1},
    {"of old",
     {{.name = "a", .bytes = {"the payload of this archive", 27}, .magic = "\0\0\0\0\0\0\0"}},
     "a",
     "",
     "",
     "",
     1},
    {"a prefix",
     {{.name = "b", .type = '0', .bytes = {"the payload of this archive", 27}, .prefix = "long"}},
     "long/b",
     "",
     "",
     "",
     1},
    {"of GNU, whose prefix is none",
     {{.name = "b", .type = '0', .bytes = {"x", 1}, .magic = "ustar  ", .prefix = "12345"}},
     "b",
     "",
     "",
     "",
     0},
    {"a size in base 256",
     {{.name = "b", .type = '0', .bytes = {"the payload of this archive", 27}, .base256 = true},
      FILE_OF("c")},
     "b c",
     "",
     "",
     "",
     2},
    {"a long name of GNU",
     {{.name = "././@LongLink", .type = 'L', .bytes = {"very/long/name\0", 15}, .magic = "ustar  "},
      FILE_OF("very/lo"),
      FILE_OF("short")},
     "very/long/name short",
     "",
     "",
     "",
     2},
    {"a long name of pax",
     {{.name = "x", .type = 'x', .bytes = {"20 path=very/long/n\n13 mtime=1.5\n", 33}},
      FILE_OF("very/lo"),
      FILE_OF("short")},
     "very/long/n short",
     "",
     "",
     "",
     2},
    {"a size of pax",
     {{.name = "x", .type = 'x', .bytes = {"11 size=27\n", 11}},
      {.name = "b", .type = '0', .bytes = {"the payload of this archive", 27}},
      FILE_OF("c")},
     "b c",
     "",
     "",
     "",
     2},
    {"folders", {{.name = "a/", .type = '5'}, FILE_OF("a/b")}, "a/b", "", "", "", 1},
    {"links",
     {{.name = "a/in", .type = '2', .link = "../b"},
      {.name = "a/out", .type = '2', .link = "../../b"},
      {.name = "hard", .type = '1', .link = "a/in"},
      {.name = "far", .type = '1', .link = "../x"}},
     "",
     "",
     "tar-symlink:a/in>../b tar-symlink:a/out>../../b! tar-hardlink:hard>a/in "
     "tar-hardlink:far>../x!",
     "",
     0},
    {"a long link",
     {{.name = "k", .type = 'K', .bytes = {"/etc/passwd\0", 12}},
      {.name = "a", .type = '2', .link = "/etc"}},
     "",
     "",
     "tar-symlink:a>/etc/passwd!",
     "",
     0},
    {"a device", {{.name = "null", .type = '3'}}, "", "", "tar-device:null>", "", 0},
    {"a link with bytes",
     {{.name = "a", .type = '2', .link = "b", .bytes = {"the payload of this archive", 27}}},
     "a",
     "",
     "tar-symlink:a>b",
     "",
     1},
    {"a wrong checksum",
     {FILE_OF("a"),
      {.name = "b", .type = '0', .bytes = {"the payload of this archive", 27}, .wrong_sum = true},
      FILE_OF("c")},
     "a b c",
     "checksum",
     "",
     "",
     3},
    {"climbs", {FILE_OF("../a")}, "../a", "name-climbs", "", "", 1},
    {"absolute", {FILE_OF("/a")}, "/a", "name-absolute", "", "", 1},
    {"absolute by pax",
     {{.name = "x", .type = 'x', .bytes = {"13 path=/etc\n", 13}}, FILE_OF("a")},
     "/etc",
     "name-absolute",
     "",
     "",
     1},
    {"a name for all",
     {{.name = "g", .type = 'g', .bytes = {"13 path=/etc\n", 13}}, FILE_OF("a")},
     "/etc",
     "name-absolute",
     "",
     "",
     1},
    {"a size for all",
     {{.name = "g", .type = 'g', .bytes = {"11 size=27\n", 11}}, FILE_OF("a")},
     "a",
     "extended",
     "",
     "",
     1},
    {"a comment for all",
     {{.name = "g", .type = 'g', .bytes = {"13 comment=x\n", 13}}, FILE_OF("a")},
     "a",
     "",
     "",
     "",
     1},
    {"a record that is none",
     {{.name = "x", .type = 'x', .bytes = {"0 x=1\n13 path=/etc\n", 19}}, FILE_OF("a")},
     "a",
     "extended",
     "",
     "",
     1},
    {"through a link",
     {{.name = "a", .type = '2', .link = "."}, FILE_OF("a/b")},
     "a/b",
     "through-link",
     "tar-symlink:a>.",
     "",
     1},
    {"beside a link",
     {{.name = "a", .type = '2', .link = "b"}, FILE_OF("ab/c")},
     "ab/c",
     "",
     "tar-symlink:a>b",
     "",
     1},
    {"with holes",
     {{.name = "x", .type = 'x', .bytes = {"22 GNU.sparse.major=1\n", 22}}, FILE_OF("a")},
     "a",
     "",
     "",
     "unsupported",
     1},
    {"control", {FILE_OF("a\033[1m")}, "a\033[1m", "name-control", "", "", 1},
    {"the last is not there",
     {FILE_OF("a"),
      {.name = "b", .type = '0', .bytes = {"the payload of this archive", 27}, .no_bytes = true}},
     "a b",
     "cut",
     "",
     "damaged",
     1},
};

static enum redan_status read_all(struct redan_ctx *ctx, struct redan_slice bytes,
                                  struct facts *facts)
{
    struct redan_source *source = redan_take(ctx, sizeof(*source));

    if (!source)
        return REDAN_E_MEMORY;
    redan_source_memory(source, bytes);
    facts_init(facts, ctx, source);
    facts->payload = payload;
    struct redan_listener to = facts_listener(facts);
    return redan_format_tar.read(ctx, source, REDAN_S("x.tar"), &to);
}

static void same(const char *what, const struct redan_buf *got, const char *want)
{
    if (!redan_slice_is(redan_buf_view(got), want))
        fail_msg("%s: %s and not %s", what, got->len ? got->data : "nothing", want);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        struct facts facts;
        bool cut = strcmp(rows[i].unread, "damaged") == 0;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, SIZE_MAX);
        for (size_t k = 0; k < 4 && rows[i].members[k].name; k++)
            add(&out, &rows[i].members[k]);
        redan_buf_repeat(&out, '\0', cut ? 0 : 1024);
        assert_ok(read_all(&ctx, redan_buf_view(&out), &facts));
        same(rows[i].what, &facts.members, rows[i].names);
        same(rows[i].what, &facts.defects, rows[i].defects);
        same(rows[i].what, &facts.links, rows[i].links);
        same(rows[i].what, &facts.unread, rows[i].unread);
        assert_int_equal(facts.payloads, rows[i].payloads);
        facts_done(&facts);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

/* Behind the end: zeros are nothing, another archive is read, other bytes are told. */
static void test_behind(void **state)
{
    static const struct member first = FILE_OF("a");
    static const struct member second = FILE_OF("b");

    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        struct facts facts;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, SIZE_MAX);
        add(&out, &first);
        redan_buf_repeat(&out, '\0', 10240);
        if (kind == 1)
            add(&out, &second);
        else if (kind == 2)
            redan_buf_slice(&out, payload);
        assert_ok(read_all(&ctx, redan_buf_view(&out), &facts));
        same("behind", &facts.members, kind == 0 ? "a" : kind == 1 ? "a b" : "a trailing");
        same("behind", &facts.defects, kind == 0 ? "" : "trailing");
        assert_int_equal(facts.payloads, kind ? 2 : 1);
        facts_done(&facts);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

static void test_numbers(void **state)
{
    static const struct {
        struct redan_slice field;
        bool valid;
        uint64_t value;
    } cases[] = {
        {{"00000000017\0", 12}, true, 15},
        {{"         17 ", 12}, true, 15},
        {{"777777777777", 12}, true, 0xfffffffff},
        {{"", 0}, true, 0},
        {{"0000000008x\0", 12}, false, 0},
        {{"\x80\0\0\0\0\0\0\0\0\0\1\0", 12}, true, 256},
        {{"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12}, true, 0x7fffffffffffffff},
        {{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12}, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        uint64_t value = 0;
        assert_int_equal(redan_tar_number(cases[i].field, &value), cases[i].valid);
        assert_int_equal(value, cases[i].value);
    }
}

static void test_every_byte(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf out;
    struct facts facts;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, SIZE_MAX);
    for (size_t i = 0; i < REDAN_COUNT(rows); i += 3)
        for (size_t k = 0; k < 4 && rows[i].members[k].name; k++)
            add(&out, &rows[i].members[k]);
    for (size_t cut = 0; cut < out.len; cut += 7) {
        assert_ok(read_all(&ctx, (struct redan_slice){out.data, cut}, &facts));
        facts_done(&facts);
    }
    for (size_t at = 0; at < out.len; at += 3) {
        char was = out.data[at];
        out.data[at] = (char)(was ^ (1 << (at & 7)));
        assert_ok(read_all(&ctx, redan_buf_view(&out), &facts));
        facts_done(&facts);
        out.data[at] = was;
    }
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

static void test_memory_refused(void **state)
{
    static const struct member first = FILE_OF("a");
    enum redan_status status = REDAN_E_MEMORY;

    (void)state;
    for (uint64_t n = 1; status != REDAN_OK; n++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        struct facts facts = {.ctx = NULL};
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, SIZE_MAX);
        add(&out, &first);
        ctx.mem.fail_at = ctx.mem.calls + n;
        status = read_all(&ctx, redan_buf_view(&out), &facts);
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        facts_done(&facts);
        assert_true(n < 100);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),           cmocka_unit_test(test_behind),
        cmocka_unit_test(test_numbers),        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_memory_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
