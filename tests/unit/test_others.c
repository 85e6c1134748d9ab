/* Formats of other frameworks, programs, pictures and data files: what each tells of honest and of hostile bytes. */
#include "test.h"

#include <stdio.h>

#include "format/format_table.h"
#include "told.h"

#define BYTES(literal)                 \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

enum { MOST = 2048 };

struct row {
    const struct redan_format *format;
    struct redan_slice bytes;
    enum redan_sniff sniff;
    const char *line;   /* that is told; NULL: nothing is told */
    const char *absent; /* that is not told; may be NULL */
};

static const char tree_head[] =
    "tree\nversion=v4\nmax_feature_idx=2\nfeature_names=a b c\n\nTree=0\n";

static const struct row rows[] = {
    /* MessagePack: names and values; an array of flax; a pickle within bytes */
    {&redan_format_msgpack, BYTES("\x81\xa6params\x01"), REDAN_SNIFF_YES, NULL, NULL},
    {&redan_format_msgpack,
     BYTES("\x82\xa1"
           "a\xa5hello\xa1"
           "b\xc0"),
     REDAN_SNIFF_YES, "text a hello", NULL},
    {&redan_format_msgpack, BYTES("\x81\xa1k\xc4\x0a\x80\x04\x95\0\0\0\0\0\0\0"), REDAN_SNIFF_YES,
     "member k", NULL},
    {&redan_format_msgpack,
     BYTES("\x81\xa1k\xc7\x19\x01\x93\x91\x08\xa5uint8\xc4\x0e\x7f"
           "ELF\2\1\1\0\0\0\0\0\0\0"),
     REDAN_SNIFF_YES, "member k", NULL},
    {&redan_format_msgpack, BYTES("\x81\xa1k\xc4\x0a\1\2\3\4\5\6\7\10\11\12"), REDAN_SNIFF_YES,
     NULL, NULL},
    {&redan_format_msgpack, BYTES("\x81\xa1k\xdd\xff\xff\xff\xff\1"), REDAN_SNIFF_YES,
     "unread damaged", NULL},
    {&redan_format_msgpack, BYTES("\x81\x01\x02"), REDAN_SNIFF_NO, NULL, NULL},
    {&redan_format_msgpack, BYTES("\x80\x02}q\0."), REDAN_SNIFF_NO, NULL, NULL},
    {&redan_format_msgpack, BYTES("\x81\xa1k\x01PK\3\4 a zip that follows"), REDAN_SNIFF_YES,
     "member trailing data", NULL},
    /* UBJSON */
    {&redan_format_ubjson, BYTES("{U\1aSU\5hello}"), REDAN_SNIFF_YES, "text a hello", NULL},
    {&redan_format_ubjson, BYTES("{U\1a[$d#U\2\0\0\0\0\0\0\0\0}"), REDAN_SNIFF_YES, NULL, NULL},
    {&redan_format_ubjson, BYTES("{U\1a{U\1b[TFZN]}U\1cI\1\2}"), REDAN_SNIFF_YES, NULL, NULL},
    {&redan_format_ubjson,
     BYTES("{U\1a[$U#U\x0c\x7f"
           "ELF\2\1\1\0\0\0\0\0}"),
     REDAN_SNIFF_YES, "member array of bytes", NULL},
    {&redan_format_ubjson, BYTES("{U\1a[$L#L\x7f\xff\xff\xff\xff\xff\xff\xff}"), REDAN_SNIFF_YES,
     "unread damaged", NULL},
    {&redan_format_ubjson, BYTES("{U\1aSi\xff}"), REDAN_SNIFF_YES, "unread damaged", NULL},
    {&redan_format_ubjson, BYTES("{\"a\": 1}"), REDAN_SNIFF_NO, "unread damaged", NULL},
    /* LightGBM: arrays of two splits and three leaves */
    {&redan_format_lightgbm, BYTES("tree\nversion=v4\nobjective=binary\n"), REDAN_SNIFF_YES,
     "text objective binary", NULL},
    {&redan_format_lightgbm, BYTES("version=v4\ntree\n"), REDAN_SNIFF_NO, "text line tree", NULL},
    /* CatBoost: a flatbuffer with one pair, and one that does not fit */
    {&redan_format_catboost, BYTES("CBM1\x08\0\0\0nonsense"), REDAN_SNIFF_YES, "unread damaged",
     NULL},
    {&redan_format_catboost, BYTES("CBM1\xff\xff\xff\xff\xff\xff\xff\x7f"), REDAN_SNIFF_YES,
     "unread damaged", NULL},
    /* Lua Torch: a table of one function, binary; a class and a tensor, as text */
    {&redan_format_torch7,
     BYTES("\3\0\0\0\1\0\0\0\1\0\0\0\2\0\0\0\1\0\0\0f\6\0\0\0\x0a\0\0\0os.execute\0\0\0\0"),
     REDAN_SNIFF_YES, "code lua source os.execute", NULL},
    {&redan_format_torch7,
     BYTES("4\n1\n3\nV 1\n17\ntorch.FloatTensor\n1\n2\n1\n1\n4\n2\n3\nV "
           "1\n18\ntorch.FloatStorage\n2\n"
           "0.5 1\n"),
     REDAN_SNIFF_YES, "class torch7 torch.FloatStorage", NULL},
    {&redan_format_torch7, BYTES("\4\0\0\0\1\0\0\0\3\0\0\0V 1\xff\xff\xff\xff"), REDAN_SNIFF_YES,
     "unread damaged", NULL},
    {&redan_format_torch7, BYTES("\4\0\0\0\1\0\0\0\4\0\0\0what is it"), REDAN_SNIFF_NO,
     "class torch7 what", NULL},
    /* closed formats: their text */
    {&redan_format_rknn, BYTES("RKNN\1\0\0\0some text here"), REDAN_SNIFF_YES,
     "text text some text here", NULL},
    {&redan_format_tensorrt, BYTES("ftrt\1\0\0\0plugin.so"), REDAN_SNIFF_YES, "text text plugin.so",
     NULL},
    {&redan_format_tensorrt, BYTES("trtf\1\0\0\0"), REDAN_SNIFF_NO, "unread unsupported", NULL},
    {&redan_format_cntk, BYTES("\x08\1\x12\x11\n\7version\x12\6\x08\1\x10\3(\2"), REDAN_SNIFF_YES,
     NULL, NULL},
    {&redan_format_cntk, BYTES("\x08\1\x12\x11\n\7another\x12\6\x08\1\x10\3(\2"), REDAN_SNIFF_NO,
     NULL, NULL},
    /* programs */
    {&redan_format_elf,
     BYTES("\x7f"
           "ELF, says this text"),
     REDAN_SNIFF_YES, "code elf broken", NULL},
    {&redan_format_elf,
     BYTES("\x7f"
           "ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\x3e\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
           "\0\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0\0\0\0\0"),
     REDAN_SNIFF_YES, "code elf shared library machine 62", "defect program-header"},
    {&redan_format_pe, BYTES("MZ, a text that begins so"), REDAN_SNIFF_NO, "code pe broken", NULL},
    {&redan_format_wasm, BYTES("\0asm\1\0\0\0"), REDAN_SNIFF_YES, "code wasm module", NULL},
    {&redan_format_java, BYTES("\xca\xfe\xba\xbe\0\0\0\x34\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
     REDAN_SNIFF_YES, "code java-class class", NULL},
    {&redan_format_macho,
     BYTES("\xca\xfe\xba\xbe\0\0\0\x34\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), REDAN_SNIFF_NO,
     "code macho several architectures", NULL},
    {&redan_format_macho, BYTES("\xcf\xfa\xed\xfe\7\0\0\1\3\0\0\0\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
     REDAN_SNIFF_YES, "code macho shared library", NULL},
    /* scripts */
    {&redan_format_script, BYTES("#!/bin/sh\nid\n"), REDAN_SNIFF_YES,
     "code script-shell #!/bin/sh #!/bin/sh\nid\n", NULL},
    {&redan_format_script, BYTES("#!/usr/bin/env -S bash -e\n"), REDAN_SNIFF_YES,
     "code script-shell #!/usr/bin/env -S bash -e #!/usr/bin/env -S bash -e\n", NULL},
    {&redan_format_script, BYTES("#!/usr/bin/python3\n"), REDAN_SNIFF_YES,
     "code script #!/usr/bin/python3 #!/usr/bin/python3\n", NULL},
    {&redan_format_script, BYTES("@echo off\r\n"), REDAN_SNIFF_YES,
     "code script-windows @echo off @echo off\r\n", NULL},
    /* pictures: what follows their end */
    {&redan_format_png, BYTES("\x89PNG\r\n\x1a\n\0\0\0\0IEND\xae\x42\x60\x82"), REDAN_SNIFF_YES,
     NULL, NULL},
    {&redan_format_png, BYTES("\x89PNG\r\n\x1a\n\0\0\0\0IEND\xae\x42\x60\x82PK\3\4 and a zip"),
     REDAN_SNIFF_YES, "defect trailing-data", NULL},
    {&redan_format_png, BYTES("\x89PNG\r\n\x1a\n\xff\xff\xff\xffIDAT"), REDAN_SNIFF_YES,
     "unread damaged", NULL},
    {&redan_format_jpeg, BYTES("\xff\xd8\xff\xe0\0\4ab\xff\xda\0\2\1\xff\0\xff\xd0\2\xff\xd9"),
     REDAN_SNIFF_YES, NULL, NULL},
    {&redan_format_jpeg,
     BYTES("\xff\xd8\xff\xe0\0\4ab\xff\xda\0\2\1\xff\xd9"
           "#!/bin/sh and more"),
     REDAN_SNIFF_YES, "member trailing data", NULL},
    {&redan_format_gif,
     BYTES("GIF89a\1\0\1\0\0\0\0\x21\xfe\2hi\0\x2c\0\0\0\0\1\0\1\0\0\2\1\0\0\x3b"), REDAN_SNIFF_YES,
     NULL, NULL},
    {&redan_format_riff, BYTES("RIFF\4\0\0\0WEBP"), REDAN_SNIFF_YES, NULL, NULL},
    {&redan_format_riff, BYTES("RIFF\xff\0\0\0WEBP"), REDAN_SNIFF_YES, "unread damaged", NULL},
    /* data */
    {&redan_format_pyc, BYTES("\xa7\x0d\r\n\0\0\0\0\1\2\3\4\5\6\7\10\xe3\0\0"), REDAN_SNIFF_YES,
     "unread unsupported", NULL},
    {&redan_format_pyc, BYTES("ab\r\n, a text of some lines\n"), REDAN_SNIFF_NO,
     "unread unsupported", NULL},
    {&redan_format_parquet, BYTES("PAR1...."), REDAN_SNIFF_YES, "unread unsupported", NULL},
    {&redan_format_tfrecord,
     BYTES("\1\0\0\0\0\0\0\0\xed\xd7\xb9"
           "A\1\0\0\0\0"),
     REDAN_SNIFF_NO, NULL, NULL},
    {&redan_format_sentencepiece,
     BYTES("\n\x0c\n\5<unk>\x15\0\0\0\0\n\x0a\n\3<s>\x15\0\0\0\0\n\x0b\n\4</s>\x15\0\0\0\0\x12\0"),
     REDAN_SNIFF_YES, NULL, NULL},
    {&redan_format_sentencepiece, BYTES("\n\x0c\n\5<unk>\x15\0\0\0\0\n\x0a\n\3"), REDAN_SNIFF_NO,
     "unread damaged", NULL},
};

static void check(struct redan_ctx *ctx, const struct row *row, size_t i)
{
    struct told told;

    told_read(&told, ctx, row->format, row->bytes, "");
    const char *log = told.log.data ? told.log.data : "";
    if (told.status != REDAN_OK || told.sniff != row->sniff)
        fail_msg("row %zu: %s: status %d (%s), sniff %d", i, row->format->name, told.status,
                 ctx->failure.text, told.sniff);
    if (row->line ? !told_has(&told, row->line) : told.log.len > 0)
        fail_msg("row %zu: %s: not what was told:\n%s", i, row->format->name, log);
    if (row->absent && told_has(&told, row->absent))
        fail_msg("row %zu: %s: told:\n%s", i, row->format->name, log);
    told_done(&told);
}

static void test_rows(void **state)
{
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        check(&ctx, &rows[i], i);
    redan_ctx_done(&ctx);
}

/* Every row cut anywhere, with any byte set, and with every allocation failing: facts or a refusal, never a fault. */
static void test_hostile(void **state)
{
    struct redan_ctx ctx;
    struct told told;
    char bytes[MOST];

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_slice whole = rows[i].bytes;

        assert_in_range(whole.len, 1, sizeof(bytes));
        for (size_t cut = 0; cut < whole.len; cut++) {
            redan_ctx_init(&ctx, NULL);
            told_read(&told, &ctx, rows[i].format, redan_slice_sub(whole, 0, cut), "");
            assert_int_not_equal(told.status, REDAN_E_MEMORY);
            told_done(&told);
            memcpy(bytes, whole.at, whole.len);
            bytes[cut] = (char)0xff;
            told_read(&told, &ctx, rows[i].format, (struct redan_slice){bytes, whole.len}, "");
            assert_int_not_equal(told.status, REDAN_E_MEMORY);
            told_done(&told);
            redan_ctx_done(&ctx);
        }
        for (uint64_t n = 1; n < 64; n++) {
            redan_ctx_init(&ctx, NULL);
            ctx.mem.fail_at = n;
            told_read(&told, &ctx, rows[i].format, whole, "");
            assert_true(told.status == REDAN_OK || told.status == REDAN_E_MEMORY);
            told_done(&told);
            redan_ctx_done(&ctx);
        }
    }
}

static void test_trees(void **state)
{
    static const struct {
        const char *tree;
        const char *defect; /* NULL: none */
    } trees[] = {
        {"num_leaves=3\nsplit_feature=0 2\nthreshold=1 2\nleft_child=1 -1\nright_child=-3 -2\n"
         "leaf_value=1 2 3\n",
         NULL},
        {"num_leaves=1\nsplit_feature=\nleft_child=\nleaf_value=0.5\n", NULL},
        {"num_leaves=3\nleft_child=1 -1\nright_child=-3\n", "defect tree-arrays"},
        {"num_leaves=30000\nleaf_value=1 2 3\n", "defect tree-arrays"},
        {"num_leaves=-3\n", "defect tree-arrays"},
        {"num_leaves=99999999999\n", "defect tree-arrays"},
        {"num_leaves=3\nleft_child=1 -4\n", "defect tree-index"},
        {"num_leaves=3\nleft_child=2 -1\n", "defect tree-index"},
        {"num_leaves=3\nsplit_feature=0 3\n", "defect tree-index"},
        {"num_leaves=3\nsplit_feature=0 -1\n", "defect tree-index"},
    };
    struct redan_ctx ctx;
    char text[512];

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(trees); i++) {
        struct told told;
        int len = snprintf(text, sizeof(text), "%s%s\nend of trees\n", tree_head, trees[i].tree);

        told_read(&told, &ctx, &redan_format_lightgbm, (struct redan_slice){text, (size_t)len}, "");
        assert_ok(told.status);
        bool has = trees[i].defect ? told_has(&told, trees[i].defect)
                                   : !told_has(&told, "defect tree-arrays") &&
                                         !told_has(&told, "defect tree-index");
        if (!has)
            fail_msg("row %zu:\n%s", i, told.log.data);
        told_done(&told);
    }
    redan_ctx_done(&ctx);
}

static void le(char *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (char)(v >> (8 * i));
}

/* PE, whose header is found through another; and a pair of CatBoost's properties. */
static void test_made(void **state)
{
    struct redan_ctx ctx;
    struct told told;
    char pe[512] = "MZ";
    char cbm[96] = "CBM1";

    (void)state;
    redan_ctx_init(&ctx, NULL);
    le(pe + 60, 128);
    memcpy(pe + 128, "PE\0\0\x64\x86", 6);
    pe[128 + 22] = 0;
    pe[128 + 23] = 0x20; /* a DLL without sections */
    told_read(&told, &ctx, &redan_format_pe, (struct redan_slice){pe, sizeof(pe)}, "");
    assert_int_equal(told.sniff, REDAN_SNIFF_YES);
    assert_true(told_has(&told, "code pe shared library"));
    told_done(&told);
    le(pe + 60, 4000); /* beyond its end */
    told_read(&told, &ctx, &redan_format_pe, (struct redan_slice){pe, sizeof(pe)}, "");
    assert_int_equal(told.sniff, REDAN_SNIFF_NO);
    told_done(&told);

    char *core =
        cbm + 8; /* root, its vtable, itself, the list, the pair's vtable, the pair, two texts */
    le(cbm + 4, 76);
    le(core, 16);
    memcpy(core + 4, "\x0a\0\x0c\0\0\0\4\0\x08\0", 10);
    le(core + 16, 12);
    le(core + 20, 4);
    le(core + 24, 4);
    le(core + 28, 1);
    le(core + 32, 12);
    memcpy(core + 36, "\x08\0\x0c\0\4\0\x08\0", 8);
    le(core + 44, 8);
    le(core + 48, 8);
    le(core + 52, 12);
    le(core + 56, 2);
    memcpy(core + 60, "k1", 2);
    le(core + 64, 5);
    memcpy(core + 68, "hello", 5);
    told_read(&told, &ctx, &redan_format_catboost, (struct redan_slice){cbm, 84}, "");
    assert_true(told_has(&told, "text k1 hello"));
    assert_false(told_has(&told, "unread damaged"));
    told_done(&told);
    le(core + 64, 50); /* longer than the rest */
    told_read(&told, &ctx, &redan_format_catboost, (struct redan_slice){cbm, 84}, "");
    assert_true(told_has(&told, "unread damaged"));
    told_done(&told);
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_trees),
        cmocka_unit_test(test_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
