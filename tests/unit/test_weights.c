/* Readers of weights: safetensors, GGUF, GGML and HDF5, each over its corpus, cut at every byte, and without memory. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "fact_log.h"
#include "format/format_table.h"

struct row {
    const char *file;
    enum redan_status status;
    const char *log;
};

#define T(name) "TEXT safetensors-metadata " name "\n"
static const struct row safetensors[] = {
    {"empty.safetensors", REDAN_OK, ""},
    {"two.safetensors", REDAN_OK, T("format=pt") T("note=a \"b\" \n")},
    {"sub.safetensors", REDAN_OK, ""},
    {"program.safetensors", REDAN_OK, "MEMBER - program=\n"},
    {"overlap.safetensors", REDAN_OK,
     "DEFECT safetensors-layout =a tensor begins at 4, inside another that ends at 8\n"},
    {"gap.safetensors", REDAN_OK,
     "DEFECT safetensors-layout =a tensor begins at 12, the one before it ends at 8\n"},
    {"size.safetensors", REDAN_OK, "DEFECT safetensors-size =a\n"},
    {"huge.safetensors", REDAN_OK, "DEFECT safetensors-size =a\n"},
    {"tail.safetensors", REDAN_OK,
     "DEFECT safetensors-trailing =the tensors end at 8, the data at 22\n"},
    {"cut.safetensors", REDAN_OK, "UNREAD damaged =the file ends before its tensors do\n"},
    {"meta.safetensors", REDAN_OK,
     "DEFECT safetensors-metadata =a\nDEFECT safetensors-metadata =b\n"},
    {"metalist.safetensors", REDAN_OK, "DEFECT safetensors-metadata =__metadata__ is no object\n"},
    {"twice.safetensors", REDAN_E_SYNTAX,
     "DEFECT safetensors-header =the same key twice in one JSON object\n"},
    {"template.safetensors", REDAN_OK,
     T("t={{ ''.__class__ }}") "TEMPLATE jinja t={{ ''.__class__ }}\n"},
    {"fields.safetensors", REDAN_OK,
     "DEFECT safetensors-tensor =a\nDEFECT safetensors-tensor =b\nDEFECT safetensors-layout =c\n"},
    {"negative.safetensors", REDAN_OK, "DEFECT safetensors-tensor =a\n"},
    {"broken.safetensors", REDAN_E_SYNTAX,
     "DEFECT safetensors-header =found '}' where a key in double quotes belongs in JSON\n"},
    {"after.safetensors", REDAN_E_SYNTAX,
     "DEFECT safetensors-header =found '{' where the end belongs in JSON\n"},
};

#define LLAMA "TEXT gguf-value general.architecture=llama\n"
#define IN "in a file of "
static const struct row gguf[] = {
    {"v1.gguf", REDAN_OK, LLAMA},
    {"v2.gguf", REDAN_OK, LLAMA},
    {"v3.gguf", REDAN_OK, LLAMA},
    {"templates.gguf", REDAN_OK,
     LLAMA "TEXT gguf-value tokenizer.x={{ cycler.__init__ }}\n"
           "TEMPLATE jinja tokenizer.x={{ cycler.__init__ }}\n"},
    {"big.gguf", REDAN_OK, LLAMA},
    {"align.gguf", REDAN_OK, LLAMA},
    {"template.gguf", REDAN_OK,
     LLAMA "TEMPLATE jinja tokenizer.chat_template={{ ''.__class__ }}\n"
           "TEXT gguf-value general.tags=tag\n"},
    {"bad_align.gguf", REDAN_E_SYNTAX, "DEFECT gguf-alignment =3 " IN "57 bytes\n"},
    {"bad_count.gguf", REDAN_E_SYNTAX, "DEFECT gguf-count =1152921504606846976 " IN "102 bytes\n"},
    {"bad_tensors.gguf", REDAN_E_SYNTAX,
     "DEFECT gguf-count =9223372036854775807 " IN "102 bytes\n"},
    {"bad_length.gguf", REDAN_E_SYNTAX,
     "DEFECT gguf-length =18446744073709551615 " IN "35 bytes\n"},
    {"bad_array.gguf", REDAN_E_SYNTAX, "DEFECT gguf-length =2305843009213693952 " IN "51 bytes\n"},
    {"bad_type.gguf", REDAN_E_SYNTAX, "DEFECT gguf-type =13 " IN "39 bytes\n"},
    {"deep.gguf", REDAN_E_SYNTAX, "DEFECT gguf-nesting =16 " IN "519 bytes\n"},
    {"twice.gguf", REDAN_OK, LLAMA LLAMA "DEFECT gguf-duplicate =a key is given twice\n"},
    {"key.gguf", REDAN_OK,
     "DEFECT gguf-key =../../../etc/passwd\nTEXT gguf-value ../../../etc/passwd=root\n"},
    {"overflow.gguf", REDAN_OK,
     LLAMA "DEFECT gguf-shape =its size overflows or is no whole block\n"},
    {"dims.gguf", REDAN_E_SYNTAX, LLAMA "DEFECT gguf-shape =5 " IN "224 bytes\n"},
    {"offset.gguf", REDAN_OK, LLAMA "DEFECT gguf-offset =not aligned\n"},
    {"overlap.gguf", REDAN_E_SYNTAX, LLAMA "DEFECT gguf-overlap =32 " IN "352 bytes\n"},
    {"cut.gguf", REDAN_OK, LLAMA "UNREAD damaged =the file ends before its tensors do\n"},
    {"tail.gguf", REDAN_OK,
     LLAMA "DEFECT trailing-data =another format begins here\nMEMBER - trailing data=\n"},
};
static const struct row ggml[] = {
    {"llama.ggjt", REDAN_OK, ""},
    {"llama.ggmf", REDAN_OK, ""},
    {"gpt2.ggml", REDAN_OK, ""},
    {"version.ggml", REDAN_OK,
     "DEFECT ggml-version =version 99999\n"
     "UNREAD unsupported =a GGML file of a kind that is not known\n"},
};

#define H(name) "TEXT hdf5-text " name "\n"
#define SOFT(n) "LINK hdf5-soft l" n "=/to" n "\n"
static const struct row hdf5[] = {
    {"old.h5", REDAN_OK, H("keras_version=2.15") H("x=fixed")},
    {"new.h5", REDAN_OK, H("keras_version=3.1") H("x=fixed")},
    {"config.h5", REDAN_OK, "MEMBER json model_config=\nMEMBER json training_config=\n"},
    {"external.h5", REDAN_OK, "LINK hdf5-external out=/etc/passwd\nLINK hdf5-soft soft=/a\n"},
    {"external_old.h5", REDAN_OK, "LINK hdf5-external out=../secret.h5\nLINK hdf5-soft soft=/a\n"},
    {"storage.h5", REDAN_OK, "LINK hdf5-external-data x=/etc/hostname\n"},
    {"virtual.h5", REDAN_OK, "LINK hdf5-virtual v=other.h5\n"},
    {"dense.h5", REDAN_OK,
     H("a9=v9") H("a7=v7") H("a2=v2") H("a3=v3") H("a1=v1") H("a5=v5") H("a0=v0") H("a8=v8")
         H("a4=v4") H("a6=v6")},
    {"heap_wide.h5", REDAN_OK,
     "UNREAD damaged =an HDF5 heap\n"}, /* a row of blocks of 2^64 bytes */
    {"links.h5", REDAN_OK,
     SOFT("5") SOFT("7") SOFT("0") SOFT("8") SOFT("11") SOFT("1") SOFT("4") SOFT("9") SOFT("10")
         SOFT("3") SOFT("6") SOFT("2")},
    {"user.h5", REDAN_OK, "TEXT hdf5-user-block user block=#!/bin/sh\necho hello\n\n" H("k=v")},
    {"pickle.h5", REDAN_OK, "MEMBER pickle info=\n" H("text=(not one).")},
    {"texts.h5", REDAN_OK, H("s=ab") H("s=cd") H("fx=xy") H("fx=zz")},
    {"tracked.h5", REDAN_OK, H("k=v") H("z=y")},
    {"compressed.h5", REDAN_OK, ""},
    {"shared_type.h5", REDAN_OK, H("x=abcd")},
    {"cycle.h5", REDAN_OK, "DEFECT hdf5-cycle =a B-tree leads back\n" H("keras_version=2.15")},
    {"cut.h5", REDAN_OK, "UNREAD damaged =the file ends before its superblock says\n"},
    {"appended.h5", REDAN_OK,
     "DEFECT trailing-data =another format begins here\nMEMBER - trailing data=\n" H(
         "keras_version=2.15") H("x=fixed")},
};

static const struct set {
    const struct redan_format *format;
    const char *folder;
    const struct row *rows;
    size_t count;
} sets[] = {
    {&redan_format_safetensors, "safetensors", safetensors, REDAN_COUNT(safetensors)},
    {&redan_format_gguf, "gguf", gguf, REDAN_COUNT(gguf)},
    {&redan_format_ggml, "gguf", ggml, REDAN_COUNT(ggml)},
    {&redan_format_hdf5, "hdf5", hdf5, REDAN_COUNT(hdf5)},
};

/* A file of the corpus; the caller frees it. */
static struct redan_slice corpus(const char *folder, const char *name)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/tests/corpus/%s/%s", REDAN_SOURCE, folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *bytes = malloc(1 << 16);
    assert_non_null(bytes);
    size_t len = fread(bytes, 1, 1 << 16, file);
    (void)fclose(file);
    char *exact = malloc(len + 1); /* so that a sanitizer sees the end */
    assert_non_null(exact);
    memcpy(exact, bytes, len);
    free(bytes);
    return (struct redan_slice){exact, len};
}

static void test_corpus(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(sets); i++) {
        for (size_t k = 0; k < sets[i].count; k++) {
            const struct row *row = &sets[i].rows[k];
            struct redan_slice bytes = corpus(sets[i].folder, row->file);
            struct redan_ctx ctx;
            struct fact_log log;

            redan_ctx_init(&ctx, NULL);
            assert_int_equal(fact_log_sniff(&ctx, sets[i].format, bytes), REDAN_SNIFF_YES);
            assert_int_equal(fact_log_read(&ctx, sets[i].format, bytes, &log), row->status);
            redan_buf_char(&log.text, '\0');
            assert_string_equal(log.text.data, row->log);
            redan_buf_done(&log.text);
            redan_ctx_done(&ctx);
            free((void *)(uintptr_t)bytes.at);
        }
    }
}

/* Every defect that is told is one that the format declares. */
static void test_defects(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(sets); i++) {
        for (size_t k = 0; k < sets[i].count; k++) {
            const char *at = sets[i].rows[k].log;

            while ((at = strstr(at, "DEFECT ")) != NULL) {
                at += strlen("DEFECT ");
                assert_true(redan_slice_among(sets[i].format->defects,
                                              (struct redan_slice){at, strcspn(at, " ")}));
            }
        }
    }
}

/* Cut anywhere, each file is read to some end without a fault, and nothing but memory is refused. */
static void test_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(sets); i++) {
        for (size_t k = 0; k < sets[i].count; k++) {
            struct redan_slice bytes = corpus(sets[i].folder, sets[i].rows[k].file);

            for (size_t len = 0; len < bytes.len; len += 1 + bytes.len / 300) {
                struct redan_ctx ctx;
                struct fact_log log;

                redan_ctx_init(&ctx, NULL);
                (void)fact_log_sniff(&ctx, sets[i].format, redan_slice_sub(bytes, 0, len));
                enum redan_status status =
                    fact_log_read(&ctx, sets[i].format, redan_slice_sub(bytes, 0, len), &log);
                assert_true(status == REDAN_OK || status == REDAN_E_SYNTAX ||
                            status == REDAN_E_UNSUPPORTED);
                redan_buf_done(&log.text);
                redan_ctx_done(&ctx);
            }
            free((void *)(uintptr_t)bytes.at);
        }
    }
}

/* Every byte in turn is changed: numbers grow, addresses lead elsewhere. */
static void test_changed(void **state)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xff};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(sets); i++) {
        for (size_t k = 0; k < sets[i].count; k++) {
            struct redan_slice bytes = corpus(sets[i].folder, sets[i].rows[k].file);
            char *at = (char *)(uintptr_t)bytes.at;

            for (size_t n = 0; n < bytes.len; n++) {
                struct redan_ctx ctx;
                struct fact_log log;
                char mask = (char)masks[n % REDAN_COUNT(masks)];

                if (at[n] == 0 && n % 7) /* most zeros are padding */
                    continue;
                at[n] = (char)(at[n] ^ mask);
                redan_ctx_init(&ctx, NULL);
                (void)fact_log_read(&ctx, sets[i].format, bytes, &log);
                assert_int_not_equal(ctx.failure.status, REDAN_E_IO);
                redan_buf_done(&log.text);
                redan_ctx_done(&ctx);
                at[n] = (char)(at[n] ^ mask);
            }
            free((void *)(uintptr_t)bytes.at);
        }
    }
}

static void test_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(sets); i++) {
        for (size_t k = 0; k < sets[i].count; k++) {
            struct redan_slice bytes = corpus(sets[i].folder, sets[i].rows[k].file);

            for (uint64_t n = 1; n < 200; n++) {
                struct redan_ctx ctx;
                struct fact_log log;

                redan_ctx_init(&ctx, NULL);
                ctx.mem.fail_at = ctx.mem.calls + n;
                enum redan_status status = fact_log_read(&ctx, sets[i].format, bytes, &log);
                bool through = ctx.mem.calls < ctx.mem.fail_at;
                assert_int_equal(status, through ? sets[i].rows[k].status : REDAN_E_MEMORY);
                redan_buf_done(&log.text);
                redan_ctx_done(&ctx);
                if (through)
                    break;
                assert_true(n < 199);
            }
            free((void *)(uintptr_t)bytes.at);
        }
    }
}

/* Two hundred thousand tensors in reverse order: sorted once, and the bound on values is said. */
static void test_many(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf file;
    struct fact_log log;
    enum { COUNT = 100000 };
    char head[8] = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&file, &ctx, 64 << 20);
    redan_buf_add(&file, head, sizeof(head));
    redan_buf_char(&file, '{');
    for (int i = COUNT - 1; i >= 0; i--)
        redan_buf_printf(&file,
                         "\"t%d\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%d,%d]}%s", i,
                         i, i + 1, i ? "," : "}");
    uint64_t size = file.len - 8;
    for (size_t i = 0; i < 8; i++)
        file.data[i] = (char)(size >> (8 * i));
    redan_buf_repeat(&file, 'x', COUNT);
    assert_int_equal(fact_log_read(&ctx, &redan_format_safetensors, redan_buf_view(&file), &log),
                     REDAN_OK);
    assert_int_equal(log.text.len, 0);
    redan_buf_done(&log.text);
    ctx.limits.nodes = COUNT;
    assert_int_equal(fact_log_read(&ctx, &redan_format_safetensors, redan_buf_view(&file), &log),
                     REDAN_E_LIMIT);
    redan_buf_done(&log.text);
    redan_buf_done(&file);
    redan_ctx_done(&ctx);
}

static void test_sniff(void **state)
{
    const struct {
        const struct redan_format *format;
        struct redan_slice bytes;
        enum redan_sniff sniff;
    } rows[] = {
        {&redan_format_safetensors, REDAN_S("\x02\0\0\0\0\0\0\0{}"), REDAN_SNIFF_YES},
        {&redan_format_safetensors, REDAN_S("\x02\0\0\0\0\0\0\0[]"), REDAN_SNIFF_NO},
        {&redan_format_safetensors, REDAN_S("\x03\0\0\0\0\0\0\0{}"), REDAN_SNIFF_MAYBE},
        {&redan_format_safetensors, REDAN_S("\x03\0\0\0\0\0\0\0 {}"), REDAN_SNIFF_MAYBE},
        {&redan_format_safetensors, REDAN_S("\x02\0\0\0\0\0\0\1{}"), REDAN_SNIFF_NO},
        {&redan_format_safetensors, REDAN_S("{\"a\": {}}"), REDAN_SNIFF_NO},
        {&redan_format_gguf, REDAN_S("GGUF\3\0\0\0"), REDAN_SNIFF_YES},
        {&redan_format_gguf, REDAN_S("GGUF"), REDAN_SNIFF_NO},
        {&redan_format_ggml, REDAN_S("GGML is a library"), REDAN_SNIFF_NO},
        {&redan_format_ggml, REDAN_S("lmgg\1\0\0\0"), REDAN_SNIFF_YES},
        {&redan_format_hdf5, REDAN_S("\x89HDF\r\n\x1a\n"), REDAN_SNIFF_YES},
        {&redan_format_hdf5, REDAN_S("\x89HDF\n\x1a\n "), REDAN_SNIFF_NO},
    };
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        assert_int_equal(fact_log_sniff(&ctx, rows[i].format, rows[i].bytes), rows[i].sniff);
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),  cmocka_unit_test(test_defects), cmocka_unit_test(test_cut),
        cmocka_unit_test(test_changed), cmocka_unit_test(test_memory),  cmocka_unit_test(test_many),
        cmocka_unit_test(test_sniff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
