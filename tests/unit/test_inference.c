/* Wire formats: what is understood, what is refused and with which words, and what an answer gives away. */
#include "test.h"

#include <math.h>

#include "inference/preset.h"

static const struct redan_slice names[] = {{"a", 1}, {"b", 1}, {"c", 1}};

struct request_row {
    const char *preset;
    bool named;
    size_t columns;
    size_t rows; /* limit; 0 for the default */
    const char *body;
    enum redan_status status;
    const char
        *text; /* in the failure's text; or, when all is well, rows x columns and the values */
    size_t offset;
};

#define V1 "kserve-v1"
#define V2 "oip-v2"
#define T(rest) "{\"inputs\":[{\"name\":\"x\"," rest "}]}"

static const struct request_row requests[] = {
    {V1, true, 3, 0, "{\"instances\":[[1,2,3],[4,5,6e-1]]}", REDAN_OK, "2x3 1 2 3 4 5 0.6", 0},
    {V1, true, 3, 0, " {\"signature_name\":\"s\",\"instances\":[ [1,2,3] ]} ", REDAN_OK,
     "1x3 1 2 3", 0},
    {V1, true, 3, 0, "{\"instances\":[{\"c\":3,\"a\":1,\"b\":2},[4,5,6]]}", REDAN_OK,
     "2x3 1 2 3 4 5 6", 0},
    {V1, false, 0, 0, "{\"instances\":[[1,2],[3,4]]}", REDAN_OK, "2x2 1 2 3 4", 0},
    {V1, true, 3, 2, "{\"instances\":[[1,2,3],[1,2,3],[1,2,3]]}", REDAN_E_LIMIT,
     "more than 2 instances", 30},
    {V1, true, 3, 0, "", REDAN_E_SYNTAX, "ends", 0},
    {V1, true, 3, 0, "[]", REDAN_E_SCHEMA, "the body is an array; an object belongs", 0},
    {V1, true, 3, 0, "{}", REDAN_E_SCHEMA, "no instances", 0},
    {V1, true, 3, 0, "{\"instances\":[]}", REDAN_E_SCHEMA, "there are no instances", 14},
    {V1, false, 0, 0, "{\"instances\":[]}", REDAN_E_SCHEMA, "there are no instances", 14},
    {V1, false, 0, 0, "{\"instances\":[[]]}", REDAN_E_SCHEMA, "instance 0: the row is empty", 14},
    {V1, true, 3, 0, "{\"instances\":{}}", REDAN_E_SCHEMA, "instances is an object; a list of rows",
     13},
    {V1, true, 3, 0, "{\"instances\":[1]}", REDAN_E_SCHEMA, "instance 0: the row is a number", 14},
    {V1, true, 3, 0, "{\"instances\":[[1,2]]}", REDAN_E_SCHEMA,
     "instance 0: 2 values where the model takes 3", 14},
    {V1, true, 3, 0, "{\"instances\":[[1,2,3],[1,2,3,4]]}", REDAN_E_SCHEMA,
     "instance 1: more than 3 values where the model takes 3", 22},
    {V1, true, 3, 0, "{\"instances\":[[1,true,3]]}", REDAN_E_SCHEMA,
     "instance 0: value 1 is true; a number belongs there", 17},
    {V1, true, 3, 0, "{\"instances\":[[1,\"2\",3]]}", REDAN_E_SCHEMA,
     "value 1 is a string; a number belongs", 17},
    {V1, true, 3, 0, "{\"instances\":[[1,null,3]]}", REDAN_E_SCHEMA,
     "value 1 is null; a number belongs", 17},
    {V1, true, 3, 0, "{\"instances\":[[1,[2],3]]}", REDAN_E_SCHEMA, "value 1 is an array", 17},
    {V1, true, 3, 0, "{\"instances\":[[1,NaN,3]]}", REDAN_E_SYNTAX, "found 'N'", 17},
    {V1, true, 3, 0, "{\"instances\":[[1,-Infinity,3]]}", REDAN_E_SYNTAX, "found 'I'", 18},
    {V1, true, 3, 0, "{\"instances\":[[1,1e999,3]]}", REDAN_E_SCHEMA, "too large for a double", 17},
    {V1, true, 3, 0, "{\"instances\":[[1,0x1,3]]}", REDAN_E_SYNTAX, "instance 0", 18},
    {V1, true, 3, 0, "{\"instances\":[[1,2,3]", REDAN_E_SYNTAX, "ends where", 21},
    {V1, true, 3, 0, "{\"instances\":[[1,2,3]]}x", REDAN_E_SYNTAX, "", 23},
    {V1, true, 3, 0, "{\"instances\":[[1,2,3]],\"instances\":[[1,2,3]]}", REDAN_E_SYNTAX, "", 23},
    {V1, true, 3, 0, "{\"instances\":[[1,2,3]],\"inputs\":1}", REDAN_E_SCHEMA,
     "both instances and inputs", 23},
    {V1, true, 3, 0, "{\"instances\":[[1,2,3]],\"Instances\":[[4,5,6]]}", REDAN_E_SCHEMA,
     "unknown member 'Instances'", 23},
    {V1, true, 3, 0, "{\"instances\":[{\"a\":[1],\"b\":2,\"c\":[3]}]}", REDAN_OK, "1x3 1 2 3", 0},
    {V1, true, 3, 0, "{\"instances\":[{\"a\":[1,2],\"b\":2,\"c\":3}]}", REDAN_E_SCHEMA,
     "a list of many values where the model takes one", 19},
    {V1, true, 3, 0, "{\"instances\":[{\"a\":[],\"b\":2,\"c\":3}]}", REDAN_E_SCHEMA,
     "a list of no values", 19},
    {V1, true, 1, 0, "{\"instances\":[1,[2],{\"a\":3}]}", REDAN_OK, "3x1 1 2 3", 0},
    {V1, true, 3, 0, "{\"inputs\":[[1,2,3],[4,5,6]]}", REDAN_OK, "2x3 1 2 3 4 5 6", 0},
    {V1, true, 3, 0, "{\"inputs\":{\"c\":[3,6],\"a\":[1,4],\"b\":[[2],[5]]}}", REDAN_OK,
     "2x3 1 2 3 4 5 6", 0},
    {V1, true, 3, 0, "{\"inputs\":{\"a\":[1,4],\"b\":[2,5]}}", REDAN_E_SCHEMA,
     "2 of the model's 3 columns", 30},
    {V1, true, 3, 0, "{\"inputs\":{\"a\":[1,4],\"b\":[2]}}", REDAN_E_SCHEMA,
     "column 1 has 1 values where the first has 2", 25},
    {V1, true, 3, 0, "{\"inputs\":{\"a\":[],\"b\":[],\"c\":[]}}", REDAN_E_SCHEMA,
     "there are no instances", 31},
    {V1, true, 3, 2, "{\"inputs\":{\"a\":[1,2,3],\"b\":[1,2,3],\"c\":[1,2,3]}}", REDAN_E_LIMIT,
     "column 0: more than 2 values", 20},
    {V1, true, 3, 0, "{\"inputs\":{\"a\":1,\"b\":2,\"c\":3}}", REDAN_E_SCHEMA,
     "a column is a number; a list of values", 15},
    {V1, true, 3, 0, "{\"inputs\":{\"a\":[1],\"a\":[2]}}", REDAN_E_SYNTAX, "the same key twice",
     19},
    {V1, true, 3, 0, "{\"inputs\":{\"z\":[1]}}", REDAN_E_SCHEMA, "no column 'z'", 11},
    {V1, false, 3, 0, "{\"inputs\":{\"a\":[1]}}", REDAN_E_SCHEMA, "no column names", 0},
    {V1, true, 3, 0, "{\"inputs\":7}", REDAN_E_SCHEMA, "inputs is a number; a list of rows", 10},
    {V1, true, 3, 0, "\xef\xbb\xbf{\"instances\":[[1,2,3]]}", REDAN_E_SYNTAX, "byte order mark", 0},
    {V1, true, 3, 0, "{\"instances\":[[1,2,3]],\"x\xff\":1}", REDAN_E_SYNTAX, "bad UTF-8", 25},
    {V1, true, 3, 0, "{\"signature_name\":1}", REDAN_E_SCHEMA, "signature_name is a number", 18},
    {V1, false, 3, 0, "{\"instances\":[{\"a\":1}]}", REDAN_E_SCHEMA, "no column names", 14},
    {V1, true, 3, 0, "{\"instances\":[{\"a\":1}]}", REDAN_E_SCHEMA, "1 of the model's 3 columns",
     14},
    {V1, true, 3, 0, "{\"instances\":[{\"a\":1,\"z\":1}]}", REDAN_E_SCHEMA, "no column 'z'", 21},
    {V1, true, 3, 0, "{\"instances\":[{\"a\":\"1\"}]}", REDAN_E_SCHEMA,
     "value 0 is a string; a number belongs there", 19},
    {V1, true, 3, 0, "{\"instances\":[{\"a\":1e400}]}", REDAN_E_SCHEMA, "too large", 19},
    {V2, true, 3, 0, T("\"shape\":[2,3],\"datatype\":\"FP32\",\"data\":[1,2,3,4,5,6]"), REDAN_OK,
     "2x3 1 2 3 4 5 6", 0},
    {V2, true, 3, 0, T("\"data\":[[1,2,3],[4,5,6]],\"datatype\":\"FP64\",\"shape\":[2,3]"),
     REDAN_OK, "2x3 1 2 3 4 5 6", 0},
    {V2, true, 3, 0,
     "{\"id\":\"i1\",\"parameters\":{\"priority\":1,\"content_type\":\"pd\"},\"outputs\":[{"
     "\"name\":\"score\",\"parameters\":{}}"
     "],\"inputs\":["
     "{\"name\":\"b\",\"shape\":[2],\"datatype\":\"INT8\",\"data\":[2,5]},"
     "{\"name\":\"a\",\"shape\":[2,1],\"datatype\":\"FP32\",\"data\":[[1],[4]],\"parameters\":{}},"
     "{\"name\":\"c\",\"shape\":[2,1],\"datatype\":\"UINT8\",\"data\":[3,6]}]}",
     REDAN_OK, "2x3 1 2 3 4 5 6", 0},
    {V2, false, 0, 0, T("\"shape\":[1,2],\"datatype\":\"FP16\",\"data\":[1,2]"), REDAN_OK,
     "1x2 1 2", 0},
    {V2, false, 0, 0, T("\"shape\":[2],\"datatype\":\"FP16\",\"data\":[1,2]"), REDAN_OK, "2x1 1 2",
     0},
    {V2, true, 1, 0,
     "{\"inputs\":[{\"name\":\"a\",\"shape\":[2],\"datatype\":\"FP64\",\"data\":[1,2]}]}", REDAN_OK,
     "2x1 1 2", 0},
    {V2, true, 3, 0, "{}", REDAN_E_SCHEMA, "no inputs", 0},
    {V2, true, 3, 0, "{\"inputs\":[]}", REDAN_E_SCHEMA, "inputs is empty", 11},
    {V2, true, 3, 0, "{\"inputs\":[1]}", REDAN_E_SCHEMA, "an input is a number; an object", 11},
    {V2, true, 3, 0, "{\"inputs\":[{}]}", REDAN_E_SCHEMA, "input 0: the input has no name", 12},
    {V2, true, 3, 0, T("\"datatype\":\"FP32\",\"data\":[1]"), REDAN_E_SCHEMA, "no shape", 51},
    {V2, true, 3, 0, T("\"shape\":[1,3],\"data\":[1,2,3]"), REDAN_E_SCHEMA, "no datatype", 51},
    {V2, true, 3, 0,
     T("\"shape\":[1,3],\"datatype\":\"FP32\",\"parameters\":{\"binary_data_size\":12}"),
     REDAN_E_SCHEMA, "input 0: the parameter binary_data_size: binary tensors are not supported",
     69},
    {V2, true, 3, 0,
     T("\"parameters\":{\"shared_memory_region\":\"r\"},\"shape\":[1,3],\"datatype\":\"FP32\""),
     REDAN_E_SCHEMA, "the parameter shared_memory_region: tensors in shared memory", 37},
    {V2, true, 3, 0, T("\"shape\":[1,3],\"datatype\":\"FP32\""), REDAN_E_SCHEMA, "has no data", 54},
    {V2, true, 3, 0, T("\"parameters\":{\"features\":1}"), REDAN_E_SCHEMA,
     "the parameter 'features' is not known here", 37},
    {V2, true, 3, 0, T("\"parameters\":{\"content_type\":\"base64\"}"), REDAN_E_SCHEMA,
     "other codecs are not supported", 52},
    {V2, true, 3, 0, T("\"parameters\":[]"), REDAN_E_SCHEMA, "parameters is an array", 36},
    {V2, true, 3, 0, "{\"parameters\":{\"binary_data_output\":true}}", REDAN_E_SCHEMA,
     "binary answers are not supported", 15},
    {V2, true, 3, 0, "{\"parameters\":{\"binary_data_output\":false}}", REDAN_E_SCHEMA, "no inputs",
     0},
    {V2, true, 3, 0, "{\"parameters\":{\"sequence_id\":[1]}}", REDAN_E_SCHEMA,
     "sequence_id is an array; a text, a number", 29},
    {V2, true, 3, 0, "{\"parameters\":{\"x\":1}}", REDAN_E_SCHEMA, "the parameter 'x' is not known",
     15},
    {V2, true, 3, 0,
     "{\"outputs\":[{\"name\":\"o\",\"parameters\":{\"shared_memory_region\":\"r\"}}]}",
     REDAN_E_SCHEMA, "tensors in shared memory", 38},
    {V2, true, 3, 0, "{\"outputs\":[{\"name\":\"o\",\"parameters\":{\"binary_data\":true}}]}",
     REDAN_E_SCHEMA, "binary answers", 38},
    {V2, true, 3, 0, "{\"outputs\":[{\"name\":\"o\",\"parameters\":{\"classification\":2}}]}",
     REDAN_E_SCHEMA, "texts with scores in them", 38},
    {V2, true, 3, 0, "{\"outputs\":[{\"name\":\"o\",\"data\":[1]}]}", REDAN_E_SCHEMA,
     "unknown member 'data' of an output", 24},
    {V2, true, 3, 0, T("\"shape\":[]"), REDAN_E_SCHEMA, "shape is empty", 32},
    {V2, true, 3, 0, T("\"shape\":[1,1,3]"), REDAN_E_SCHEMA, "more than two sizes", 36},
    {V2, true, 3, 0, T("\"shape\":[0,3]"), REDAN_E_SCHEMA, "not a positive whole", 32},
    {V2, true, 3, 0, T("\"shape\":[1.5,3]"), REDAN_E_SCHEMA, "not a positive whole", 32},
    {V2, true, 3, 0, T("\"shape\":[99999999999,3]"), REDAN_E_SCHEMA, "not a positive whole", 32},
    {V2, true, 3, 0, T("\"shape\":[3000000,1000000],\"datatype\":\"FP32\",\"data\":[1,2,3]"),
     REDAN_E_SCHEMA, "asks for 3000000 times 1000000", 74},
    {V2, true, 3, 0, T("\"shape\":[2,3],\"datatype\":\"FP32\",\"data\":[1,2,3]"), REDAN_E_SCHEMA,
     "data has 3 values where the shape asks for 2 times 3", 62},
    {V2, true, 3, 0, T("\"shape\":[3,2],\"datatype\":\"FP32\",\"data\":[[1,2,3],[4,5,6]]"),
     REDAN_E_SCHEMA, "6 values in lists where the shape", 62},
    {V2, true, 3, 0, T("\"shape\":[2,3],\"datatype\":\"FP32\",\"data\":[[1,2],[4,5,6]]"),
     REDAN_E_SCHEMA, "differ in length", 69},
    {V2, true, 3, 0, T("\"data\":[1,[2]]"), REDAN_E_SCHEMA, "mixes values and lists", 33},
    {V2, true, 3, 0, T("\"data\":[[1],2]"), REDAN_E_SCHEMA, "mixes values and lists", 35},
    {V2, true, 3, 0, T("\"data\":[[[1]]]"), REDAN_E_SCHEMA, "value 0 is an array; a number", 32},
    {V2, true, 3, 0, T("\"data\":[\"1\"]"), REDAN_E_SCHEMA, "value 0 is a string; a number", 31},
    {V2, true, 3, 0, T("\"data\":[null]"), REDAN_E_SCHEMA, "value 0 is null; a number", 31},
    {V2, true, 3, 0, T("\"shape\":[1,3],\"datatype\":\"BOOL\",\"data\":[true,false,1]"), REDAN_OK,
     "1x3 1 0 1", 0},
    {V2, true, 3, 0, T("\"shape\":[1,3],\"datatype\":\"BOOL\",\"data\":[true,0.5,1]"),
     REDAN_E_SCHEMA, "value 1 of data, 0.5, is no BOOL", 62},
    {V2, true, 3, 0, T("\"shape\":[1,3],\"datatype\":\"INT64\",\"data\":[1,2,9007199254740992]"),
     REDAN_E_SCHEMA, "is no INT64 that can be judged exactly", 63},
    {V2, true, 3, 0, T("\"shape\":[1,3],\"datatype\":\"INT64\",\"data\":[1,2,9007199254740991]"),
     REDAN_OK, "1x3 1 2 9.0072e+15", 0},
    {V2, true, 3, 0, T("\"shape\":[1,3],\"datatype\":\"UINT64\",\"data\":[1,2,-1]"), REDAN_E_SCHEMA,
     "value 2 of data, -1, is no UINT64", 64},
    {V2, true, 3, 0, T("\"shape\":[1,3],\"datatype\":\"UINT16\",\"data\":[1,2,65536]"),
     REDAN_E_SCHEMA, "is no UINT16", 64},
    {V2, true, 3, 0, T("\"shape\":[1,3],\"datatype\":\"FP16\",\"data\":[1,2,65505]"),
     REDAN_E_SCHEMA, "value 2 of data, 65505, is no FP16", 62},
    {V2, true, 3, 0, T("\"shape\":[1,3],\"datatype\":\"fp32\",\"data\":[1,2,3]"), REDAN_E_SCHEMA,
     "datatype 'fp32' is not one of", 62},
    {V2, true, 3, 0, T("\"data\":[1e999]"), REDAN_E_SCHEMA, "too large", 31},
    {V2, true, 3, 0, T("\"data\":[1,NaN]"), REDAN_E_SYNTAX, "found 'N'", 33},
    {V2, true, 3, 0, T("\"shape\":[1,3],\"datatype\":\"BYTES\",\"data\":[1,2,3]"), REDAN_E_SCHEMA,
     "value 0 of data, 1, is no BYTES", 63},
    {V2, true, 3, 0, T("\"shape\":[1,3],\"datatype\":\"INT8\",\"data\":[1,2,300]"), REDAN_E_SCHEMA,
     "value 2 of data, 300, is no INT8", 62},
    {V2, true, 3, 0, T("\"shape\":[1,3],\"datatype\":\"INT64\",\"data\":[1,2.5,3]"), REDAN_E_SCHEMA,
     "value 1 of data, 2.5, is no INT64", 63},
    {V2, true, 3, 0, T("\"shape\":[1,3],\"datatype\":\"FP32\",\"data\":[1,2,1e39]"), REDAN_E_SCHEMA,
     "is no FP32", 62},
    {V2, true, 3, 0, T("\"shape\":[1,2],\"datatype\":\"FP32\",\"data\":[1,2]"), REDAN_E_SCHEMA,
     "2 columns where the model takes 3", 62},
    {V2, true, 3, 0, T("\"shape\":[3],\"datatype\":\"FP32\",\"data\":[1,2,3]"), REDAN_E_SCHEMA,
     "the shape of one row is [1, columns]", 60},
    {V2, true, 3, 1, T("\"shape\":[2,3],\"datatype\":\"FP32\",\"data\":[1,2,3,4,5,6]"),
     REDAN_E_LIMIT, "data has more values than allowed", 69},
    {V2, false, 0, 1, T("\"shape\":[2,3],\"datatype\":\"FP32\",\"data\":[1,2,3,4,5,6]"),
     REDAN_E_LIMIT, "more than 1 rows", 62},
    {V2, true, 3, 0, T("\"surprise\":1"), REDAN_E_SCHEMA, "unknown member 'surprise' of an input",
     23},
    {V2, true, 3, 0, "{\"instances\":[]}", REDAN_E_SCHEMA, "unknown member 'instances'", 1},
    {V2, true, 3, 0, "{\"outputs\":[{}]}", REDAN_E_SCHEMA, "an output has no name", 12},
    {V2, true, 3, 0, "{\"id\":7}", REDAN_E_SCHEMA, "id is a number", 6},
    {V2, true, 3, 0,
     "{\"inputs\":[{\"name\":\"a\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]},"
     "{\"name\":\"a\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]},"
     "{\"name\":\"c\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]}]}",
     REDAN_E_SCHEMA, "input 1: a second column 'a'", 114},
    {V2, true, 3, 0,
     "{\"inputs\":[{\"name\":\"a\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]},"
     "{\"name\":\"z\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]},"
     "{\"name\":\"c\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]}]}",
     REDAN_E_SCHEMA, "input 1: the model has no column 'z'", 114},
    {V2, true, 3, 0,
     "{\"inputs\":[{\"name\":\"a\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]},"
     "{\"name\":\"b\",\"shape\":[2],\"datatype\":\"FP32\",\"data\":[1,2]},"
     "{\"name\":\"c\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]}]}",
     REDAN_E_SCHEMA, "input 1: a column of 1 values", 114},
    {V2, true, 3, 0,
     "{\"inputs\":[{\"name\":\"a\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]},"
     "{\"name\":\"b\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]}]}",
     REDAN_E_SCHEMA, "2 inputs; send one of shape", 60},
};

static struct redan_request_rules rules_of(const struct request_row *row)
{
    return (struct redan_request_rules){
        .names = row->named ? names : NULL, .columns = row->columns, .rows = row->rows};
}

static void describe(const struct redan_request *request, struct redan_buf *out)
{
    redan_buf_printf(out, "%zux%zu", request->rows, request->columns);
    for (size_t i = 0; i < request->rows * request->columns; i++)
        redan_buf_printf(out, " %g", request->values[i]);
}

static bool check_request(const struct request_row *row)
{
    struct redan_request_rules rules = rules_of(row);
    struct redan_request request = {.rows = 0};
    struct redan_buf told;
    struct redan_ctx ctx;

    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&told, &ctx, 4096);
    const struct redan_preset *preset = redan_preset_find(redan_slice_of(row->preset));
    assert_non_null(preset);
    enum redan_status status =
        preset->decode_request(&ctx, redan_slice_of(row->body), &rules, &request);
    bool good = status == row->status &&
                (status == REDAN_OK || (strstr(ctx.failure.text, row->text) != NULL &&
                                        ctx.failure.offset == row->offset));
    if (!good)
        print_error("%s %s: %s '%s' at %ju\n", row->preset, row->body, redan_status_name(status),
                    ctx.failure.text, (uintmax_t)ctx.failure.offset);
    if (good && status == REDAN_OK) {
        describe(&request, &told);
        assert_slice(redan_buf_view(&told), row->text);
    }
    redan_buf_done(&told);
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
    return good;
}

static void test_requests(void **state)
{
    (void)state;
    size_t bad = 0;
    for (size_t i = 0; i < REDAN_COUNT(requests); i++)
        bad += !check_request(&requests[i]);
    assert_int_equal(bad, 0);
}

static void test_requests_without_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(requests); i++) {
        const struct request_row *row = &requests[i];
        struct redan_request_rules rules = rules_of(row);
        const struct redan_preset *preset = redan_preset_find(redan_slice_of(row->preset));
        enum redan_status status = REDAN_E_MEMORY;
        for (uint64_t at = 1; status == REDAN_E_MEMORY; at++) {
            struct redan_request request;
            struct redan_ctx ctx;
            redan_ctx_init(&ctx, NULL);
            ctx.mem.fail_at = at;
            status = preset->decode_request(&ctx, redan_slice_of(row->body), &rules, &request);
            redan_ctx_done(&ctx);
            assert_int_equal(ctx.mem.used, 0);
            assert_true(at < 100);
        }
        assert_int_equal(status, row->status);
    }
}

static void test_extras(void **state)
{
    static const char body[] =
        "{\"id\":\"\\u00e9\",\"outputs\":[{\"name\":\"score\"}],\"inputs\":[{\"name\":\"x\","
        "\"shape\":[1,3],\"datatype\":\"FP32\",\"data\":[1,2,3]}]}";
    struct redan_request_rules rules = {.names = names, .columns = 3};
    struct redan_request request;
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_preset_find(REDAN_S("oip-v2"))
                  ->decode_request(&ctx, redan_slice_of(body), &rules, &request));
    assert_slice(request.id, "\xc3\xa9");
    assert_int_equal(request.wanted_count, 1);
    assert_slice(request.wanted[0], "score");
    assert_null(redan_preset_find(REDAN_S("v3")));
    redan_ctx_done(&ctx);
}

struct response_row {
    const char *preset;
    const char *body;
    enum redan_status status;
    const char *
        told; /* rows, then per output name:kind:width:decimals, others with +, S when there are scores */
};

static const struct response_row responses[] = {
    {V1, "{\"predictions\":[0.25,0.5,1]}", REDAN_OK, "3 predictions:numbers:1:2 S"},
    {V1, "{\"predictions\":[0,1]}", REDAN_OK, "2 predictions:numbers:1:0"},
    {V1, "{\"predictions\":[1.0,0e-3]}", REDAN_OK, "2 predictions:numbers:1:0"},
    {V1, "{\"predictions\":[[0.1,0.9],[0.75e0,25e-2]]}", REDAN_OK, "2 predictions:numbers:2:2 S"},
    {V1, "{\"predictions\":[\"ok\",\"no\"]}", REDAN_OK, "2 predictions:texts:1:0"},
    {V1, "{\"predictions\":[\"0.93\"]}", REDAN_OK, "1 predictions:texts:1:0 S"},
    {V1, "{\"predictions\":[true]}", REDAN_OK, "1 predictions:bools:1:0"},
    {V1, "{\"predictions\":[1,null]}", REDAN_OK, "2 predictions:mixed:1:0"},
    {V1, "{\"predictions\":[1e999]}", REDAN_OK, "1 predictions:mixed:1:0 S"},
    {V1, "{\"predictions\":[]}", REDAN_OK, "0 predictions:empty:0:0"},
    {V1, "{\"predictions\":[[[0.5]]]}", REDAN_OK, "1 predictions:mixed:1:0 S"},
    {V1,
     "{\"predictions\":[{\"decision\":\"review\",\"reason_code\":4},{\"decision\":\"ok\",\"reason_"
     "code\":0}]}",
     REDAN_OK, "2 decision:texts:1:0 reason_code:numbers:1:0"},
    {V1, "{\"predictions\":[{\"decision\":\"ok\"},{\"decision\":\"ok\",\"p\":0.125}]}", REDAN_OK,
     "2 decision:texts:1:0 p:mixed:1:0 S"},
    {V1, "{\"predictions\":[{\"p\":{\"q\":[0.125]}}]}", REDAN_OK, "1 p:mixed:1:0 S"},
    {V1, "{\"predictions\":[1],\"explanations\":[{\"x\":0.5}]}", REDAN_OK,
     "1 predictions:numbers:1:0 +explanations S"},
    {V1, "{\"error\":\"no 1.5\"}", REDAN_OK, "0 !no 1.5"},
    {V1, "{\"outputs\":{\"p\":[0.5,1],\"q\":[[1],[2]]}}", REDAN_OK,
     "2 p:numbers:1:1 q:numbers:1:0 S"},
    {V1, "{\"outputs\":[0.5]}", REDAN_OK, "1 outputs:numbers:1:1 S"},
    {V1, "{\"outputs\":{\"p\":1}}", REDAN_E_SCHEMA, ""},
    {V1, "{\"results\":[]}", REDAN_E_SCHEMA, ""},
    {V1, "[]", REDAN_E_SCHEMA, ""},
    {V1, "{\"predictions\":1}", REDAN_E_SCHEMA, ""},
    {V1, "{\"predictions\":[1}", REDAN_E_SYNTAX, ""},
    {V2,
     "{\"model_name\":\"m\",\"model_version\":\"1.5\",\"id\":\"7.5\",\"outputs\":[{\"name\":"
     "\"score\",\"shape\":[2],"
     "\"datatype\":\"FP32\",\"data\":[1e-05,0.5]}]}",
     REDAN_OK, "2 score/FP32:numbers:1:5 S"},
    {V2,
     "{\"model_name\":\"m\",\"outputs\":[{\"name\":\"label\",\"shape\":[2,1],\"datatype\":"
     "\"INT64\",\"data\":[[0],[1]]},"
     "{\"name\":\"why\",\"shape\":[2],\"datatype\":\"BYTES\",\"data\":[\"a\",\"b\"]}],\"more\":1}",
     REDAN_OK, "2 label/INT64:numbers:1:0 why/BYTES:texts:1:0 +more"},
    {V2, "{\"outputs\":[]}", REDAN_OK, "0"},
    {V2, "{\"outputs\":{}}", REDAN_E_SCHEMA, ""},
    {V2, "{\"outputs\":[{\"name\":\"x\"}]}", REDAN_E_SCHEMA, ""},
    {V2, "{\"predictions\":[]}", REDAN_E_SCHEMA, ""},
};

static void tell_response(const struct redan_response *response, struct redan_buf *out)
{
    static const char *const kinds[] = {"empty", "numbers", "texts", "bools", "mixed"};

    redan_buf_printf(out, "%zu", response->rows);
    for (size_t i = 0; i < response->count; i++) {
        const struct redan_output *o = &response->outputs[i];
        redan_buf_printf(out, " %.*s%s%.*s:%s:%zu:%u", REDAN_FMT(o->name),
                         o->datatype.len ? "/" : "", REDAN_FMT(o->datatype), kinds[o->kind],
                         o->width, o->decimals);
        assert_int_equal(o->numbers != NULL, o->kind == REDAN_OUTPUT_NUMBERS);
        assert_int_equal(o->texts != NULL, o->kind == REDAN_OUTPUT_TEXTS);
    }
    for (size_t i = 0; i < response->others_count; i++)
        redan_buf_printf(out, " +%.*s", REDAN_FMT(response->others[i]));
    if (response->error.len)
        redan_buf_printf(out, " !%.*s", REDAN_FMT(response->error));
    if (response->scores)
        redan_buf_text(out, " S");
}

static void test_responses(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(responses); i++) {
        const struct response_row *row = &responses[i];
        const struct redan_preset *preset = redan_preset_find(redan_slice_of(row->preset));
        enum redan_status status = REDAN_E_MEMORY;
        for (uint64_t at = 1; status == REDAN_E_MEMORY; at++) {
            struct redan_response response;
            struct redan_buf told;
            struct redan_ctx ctx;
            redan_ctx_init(&ctx, NULL);
            ctx.mem.fail_at = at;
            status = preset->decode_response(&ctx, redan_slice_of(row->body), &response);
            ctx.mem.fail_at = 0;
            redan_buf_init(&told, &ctx, 4096);
            if (status == REDAN_OK) {
                tell_response(&response, &told);
                assert_slice(redan_buf_view(&told), row->told);
            }
            redan_buf_done(&told);
            redan_ctx_done(&ctx);
            assert_int_equal(ctx.mem.used, 0);
        }
        if (status != row->status)
            fail_msg("%s: %s", row->body, redan_status_name(status));
    }
}

static const double scores[] = {0.123456789, 1, 1e-7, 0.9999};

struct answer_row {
    const char *preset;
    bool labels;
    unsigned decimals;
    const char *text;
};

static const struct answer_row answers[] = {
    {V1, false, REDAN_DECIMALS_ALL, "{\"predictions\":[0.123456791,1,1.00000001e-07,0.999899983]}"},
    {V1, false, 2, "{\"predictions\":[0.12,1,0,1]}"},
    {V1, true, 0, "{\"predictions\":[0,1,0,1]}"},
    {V2, false, 3,
     "{\"model_name\":\"fraud\",\"model_version\":\"1\",\"id\":\"q\\\"\",\"outputs\":[{\"name\":"
     "\"score\",\"shape\":[4],"
     "\"datatype\":\"FP32\",\"data\":[0.123,1,0,1]}]}"},
    {V2, true, 0,
     "{\"model_name\":\"fraud\",\"model_version\":\"1\",\"id\":\"q\\\"\",\"outputs\":[{\"name\":"
     "\"score\",\"shape\":[4],"
     "\"datatype\":\"INT64\",\"data\":[0,1,0,1]}]}"},
};

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(answers); i++) {
        const struct answer_row *row = &answers[i];
        const struct redan_preset *preset = redan_preset_find(redan_slice_of(row->preset));
        struct redan_response response;
        struct redan_buf out;
        struct redan_ctx ctx;
        double values[REDAN_COUNT(scores)];
        for (size_t k = 0; k < REDAN_COUNT(scores); k++)
            values[k] = row->labels ? round(scores[k]) : (double)(float)scores[k];
        struct redan_answer answer = {REDAN_S("fraud"), REDAN_S("1"),       REDAN_S("q\""),
                                      REDAN_S("score"), row->labels,        row->decimals,
                                      values,           REDAN_COUNT(values)};
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, 4096);
        preset->encode_response(&answer, &out);
        assert_slice(redan_buf_view(&out), row->text);
        assert_ok(preset->decode_response(&ctx, redan_buf_view(&out), &response));
        assert_int_equal(response.rows, REDAN_COUNT(values));
        assert_int_equal(response.scores, !row->labels);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

/* What a client of ours sends, a server of ours understands. */
static void test_round_trip(void **state)
{
    static const double values[] = {0.1, -2e300, 3, 0, 5e-324, 6.25};
    struct redan_request sent = {.id = REDAN_S("n-1"), .rows = 2, .columns = 3, .values = values};

    (void)state;
    for (const struct redan_preset *const *preset = redan_presets; *preset; preset++) {
        struct redan_request_rules rules = {.names = names, .columns = 3};
        struct redan_request got;
        struct redan_buf out;
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, 4096);
        (*preset)->encode_request(&sent, &out);
        assert_ok((*preset)->decode_request(&ctx, redan_buf_view(&out), &rules, &got));
        assert_int_equal(got.rows, 2);
        assert_memory_equal(got.values, values, sizeof(values));
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests), cmocka_unit_test(test_requests_without_memory),
        cmocka_unit_test(test_extras),   cmocka_unit_test(test_responses),
        cmocka_unit_test(test_answers),  cmocka_unit_test(test_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
