/* The presets' other sides: texts and missing cells, MLflow, SageMaker, pointers, CSV; paths and content types. */
#include "test.h"

#include <math.h>
#include <stdio.h>

#include "inference/csv.h"
#include "inference/pointers.h"

enum { TEXTS = 1, MISSING = 2, NAMED = 4, ALL = TEXTS | MISSING | NAMED };

struct row {
    const char *preset;
    const char *media;
    unsigned flags;
    size_t columns;
    const char *body;
    enum redan_status status;
    const char
        *told; /* in the failure's text; or rows x columns and the cells: a number, 'text', or - */
    size_t offset;
};

#define V1 "kserve-v1", ""
#define V2 "oip-v2", ""
#define ML "mlflow", "application/json"
#define MC "mlflow", "text/csv"
#define SJ "sagemaker", "application/json"
#define SL "sagemaker", "application/jsonlines"
#define SC "sagemaker", "text/csv; charset=UTF-8"
#define DF(rest) "{\"dataframe_split\":{" rest "}}"
#define BAD REDAN_E_SCHEMA
#define SYN REDAN_E_SYNTAX
#define LIM REDAN_E_LIMIT

static const struct redan_slice names[] = {{"a", 1}, {"b", 1}, {"c", 1}};

static const struct row rows[] = {
    {V1, ALL, 3, "{\"instances\":[[1,\"x\",null],{\"b\":\"\",\"c\":\"\\u00e9\",\"a\":2}]}", 0,
     "2x3 1 'x' - 2 '' '\xc3\xa9'", 0},
    {V1, TEXTS, 0, "{\"instances\":[[\"p\\n\",1],[2,\"q\"]]}", 0, "2x2 'p\n' 1 2 'q'", 0},
    {V1, ALL, 3, "{\"inputs\":{\"a\":[1,2],\"b\":[\"x\",null],\"c\":[null,[\"y\"]]}}", 0,
     "2x3 1 'x' - 2 - 'y'", 0},
    {V1, NAMED | TEXTS, 3, "{\"instances\":[[1,null,3]]}", BAD, "a number or a text belongs there",
     17},
    {V1, NAMED | MISSING, 3, "{\"instances\":[[1,\"\",3]]}", BAD, "a number or null belongs there",
     17},
    {V1, ALL, 3, "{\"instances\":[[1,true,3]]}", BAD, "value 1 is true; a number, a text or null",
     17},
    {V1, ALL, 3, "{\"instances\":[[1,{\"b64\":\"eA==\"},3]]}", BAD, "value 1 is an object", 17},
    {V2, ALL, 3,
     "{\"inputs\":[{\"name\":\"b\",\"shape\":[2],\"datatype\":\"BYTES\",\"data\":[\"x\",null]},"
     "{\"name\":\"c\",\"shape\":[2,1],\"datatype\":\"BOOL\",\"data\":[[true],[false]]},"
     "{\"name\":\"a\",\"shape\":[2],\"datatype\":\"FP32\",\"data\":[null,7]}]}",
     0, "2x3 - 'x' 1 7 - 0", 0},
    {V2, ALL, 3,
     "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,3],\"datatype\":\"BYTES\",\"data\":[\"p\",\"q\","
     "\"r\"]}]}",
     0, "1x3 'p' 'q' 'r'", 0},
    {V2, ALL, 3,
     "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,3],\"datatype\":\"FP32\",\"data\":[\"p\",1,2]}]}",
     BAD, "value 0 of data is no FP32", 62},
    {V2, ALL, 3,
     "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,3],\"datatype\":\"INT8\",\"data\":[1,null,2]}]}",
     BAD, "value 1 of data is no INT8", 62},
    {V2, ALL, 3,
     "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,3],\"datatype\":\"BYTES\",\"data\":[\"p\",\"q\",1]}"
     "]}",
     BAD, "value 2 of data, 1, is no BYTES", 63},

    {ML, NAMED, 3, DF("\"columns\":[\"a\",\"b\",\"c\"],\"data\":[[1,2,3],[4,5,6]]"), 0,
     "2x3 1 2 3 4 5 6", 0},
    {ML, ALL, 3,
     DF("\"data\":[[3,\"x\",null],[true,\"y\",2]],\"index\":[0,\"r\"],\"columns\":[\"c\",\"a\","
        "\"b\"]"),
     0, "2x3 'x' - 3 'y' 2 1", 0},
    {ML, 0, 3, DF("\"data\":[[1,2,3]]"), 0, "1x3 1 2 3", 0},
    {ML, 0, 3, DF("\"columns\":[\"a\",\"b\",\"c\"],\"data\":[[1,2,3]]"), BAD, "no column names",
     30},
    {ML, NAMED, 3, DF("\"columns\":[\"a\",\"b\"],\"data\":[[1,2,3]]"), BAD,
     "2 names where the model takes 3", 30},
    {ML, NAMED, 3, DF("\"columns\":[\"a\",\"b\",\"a\"],\"data\":[[1,2,3]]"), BAD,
     "a second column 'a'", 30},
    {ML, NAMED, 3, DF("\"columns\":[\"a\",\"b\",\"z\"],\"data\":[[1,2,3]]"), BAD, "no column 'z'",
     30},
    {ML, NAMED, 3, DF("\"columns\":[\"a\",\"b\",\"c\",\"d\"],\"data\":[[1,2,3]]"), BAD,
     "more than 3 names", 43},
    {ML, NAMED, 3, DF("\"columns\":[1],\"data\":[[1,2,3]]"), BAD, "a name in columns is a number",
     31},
    {ML, NAMED, 3, DF("\"data\":[[1,2,3]],\"index\":[0,1]"), BAD,
     "index has 2 labels where data has 1", 45},
    {ML, NAMED, 3, DF("\"index\":[],\"data\":[[1,2,3]]"), BAD,
     "index has 0 labels where data has 1", 28},
    {ML, NAMED, 3, DF("\"index\":[null],\"data\":[[1,2,3]]"), BAD, "a label in index is null", 29},
    {ML, NAMED, 3, DF("\"index\":[0]"), BAD, "dataframe_split has no data", 19},
    {ML, NAMED, 3, DF("\"data\":[{\"a\":1,\"b\":2,\"c\":3}]"), BAD,
     "row 0: the row is an object; a list", 28},
    {ML, NAMED, 3, DF("\"data\":[[1,2,3]],\"column_names\":[]"), BAD,
     "unknown member 'column_names' of dataframe_split", 37},
    {ML, NAMED, 3, DF("\"data\":[]"), BAD, "there are no rows", 28},
    {ML, NAMED, 3, "{\"dataframe_split\":[]}", BAD, "dataframe_split is an array", 19},
    {ML, ALL, 3,
     "{\"dataframe_records\":[{\"a\":1,\"b\":\"x\",\"c\":null},{\"c\":6,\"b\":false,\"a\":4}],"
     "\"params\":{\"t\":[1]}}",
     0, "2x3 1 'x' - 4 0 6", 0},
    {ML, NAMED, 3, "{\"dataframe_records\":[{\"a\":1,\"b\":2}]}", BAD,
     "row 0: 2 of the model's 3 columns", 22},
    {ML, NAMED, 3, "{\"dataframe_records\":[{\"a\":1,\"b\":2,\"c\":3,\"d\":4}]}", BAD,
     "no column 'd'", 41},
    {ML, NAMED, 3, "{\"dataframe_records\":[[1,2,3]]}", BAD,
     "the row is an array; an object by name", 22},
    {ML, NAMED, 3, "{\"dataframe_records\":[{\"a\":[1],\"b\":2,\"c\":3}]}", BAD,
     "value 0 is an array", 27},
    {ML, NAMED, 3, "{\"dataframe_records\":{\"a\":[1]}}", BAD,
     "dataframe_records is an object; a list of rows belongs", 21},
    {ML, NAMED, 3, "{\"instances\":[{\"a\":[1],\"b\":2,\"c\":3},[4,5,6]]}", 0, "2x3 1 2 3 4 5 6",
     0},
    {ML, NAMED, 3, "{\"inputs\":{\"a\":[1],\"b\":[2],\"c\":[3]}}", 0, "1x3 1 2 3", 0},
    {ML, NAMED, 3, "{\"inputs\":[[1,2,3]]}", 0, "1x3 1 2 3", 0},
    {ML, NAMED, 3, "{\"inputs\":[1,2,3]}", BAD, "row 0: the row is a number", 11},
    {ML, NAMED, 3, "{\"inputs\":[[1,2,3]],\"dataframe_split\":{\"data\":[[1,2,3]]}}", BAD,
     "both inputs and dataframe_split", 20},
    {ML, NAMED, 3, "{\"dataframe_records\":[],\"inputs\":[]}", BAD, "there are no rows", 22},
    {ML, NAMED, 3, "{\"inputs\":[[1,2,3]],\"signature_name\":\"x\"}", BAD,
     "unknown member 'signature_name'", 20},
    {ML, NAMED, 3, "{\"params\":[1]}", BAD, "params is an array; an object", 10},
    {ML, NAMED, 3, "{\"params\":{\"x\":1}}", BAD, "the body has none of dataframe_split", 0},
    {ML, NAMED, 3, "{\"params\":{\"x\":NaN}}", SYN, "found 'N'", 15},
    {ML, NAMED, 3, "{\"inputs\":[[1,2,1e309]]}", BAD, "too large for a double", 16},
    {ML, NAMED, 3, "{\"inputs\":[[1,2,1e39]]}", 0, "1x3 1 2 1e+39", 0},
    {ML, NAMED, 3, "{\"inputs\":[[1,2,3]]}{}", SYN, "the end belongs", 20},
    {ML, NAMED, 3, "{\"inputs\":[[1,2,3]],\"inputs\":[[1,2,3]]}", SYN, "the same key twice", 20},
    {ML, NAMED, 3, "a,b,c\n1,2,3\n", SYN, "found 'a'", 0},
    {"mlflow", "text/plain", NAMED, 3, "{}", BAD, "mlflow does not read content type 'text/plain'",
     0},

    {MC, NAMED, 3, "a,b,c\n1,2,3\n4,5,6\n", 0, "2x3 1 2 3 4 5 6", 0},
    {MC, ALL, 3, "\"c\",a,b\r\n3,1,\"x \"\"y\"\", z\"\r\n,4,w", 0, "2x3 1 'x \"y\", z' 3 4 'w' -",
     0},
    {MC, ALL, 3, "a,b,c\n,,\n", 0, "1x3 - - -", 0},
    {MC, NAMED, 3, "a,b,c\n1,,3\n", BAD, "row 0: an empty cell", 8},
    {MC, NAMED, 3, "a,b\n1,2\n", BAD, "2 names where the model takes 3", 0},
    {MC, NAMED, 3, "a,b,c,d\n1,2,3,4\n", BAD, "more than 3 columns", 6},
    {MC, NAMED, 3, "a,b,a\n1,2,3\n", BAD, "a second column 'a'", 0},
    {MC, NAMED, 3, "a,b,z\n1,2,3\n", BAD, "no column 'z'", 0},
    {MC, NAMED, 3, "a,b,c\n1,2,3,\n", BAD, "row 0: more than 3 values", 6},
    {MC, NAMED, 3, "a,b,c\n1,2\n", BAD, "row 0: 2 values where", 6},
    {MC, NAMED, 3, "a,b,c\n", BAD, "there are no rows", 6},
    {MC, NAMED, 3, "", SYN, "the CSV is empty", 0},
    {MC, NAMED, 3,
     "\xef\xbb\xbf"
     "a,b,c\n1,2,3\n",
     SYN, "byte order mark", 0},
    {MC, NAMED, 3, "a,b,c\n1,2,\xff\n", SYN, "bad UTF-8 in CSV", 10},
    {MC, NAMED, 3, "a,b,c\n1,2,3\n\n", SYN, "row 1: a blank line", 12},
    {MC, ALL, 3, "a,b,c\n1,2,3\r4,5,6\n", SYN, "a lone CR", 11},
    {MC, ALL, 3, "a,b,c\n1,x\"y,3\n", SYN, "a quote inside", 9},
    {MC, ALL, 3, "a,b,c\n1,\"x\"y,3\n", SYN, "after a closing quote", 11},
    {MC, ALL, 3, "a,b,c\n1,\"x,3\n", SYN, "a line break in a CSV cell", 12},
    {MC, ALL, 3, "a,b,c\n1,\"x", SYN, "closing quote is missing", 8},
    {MC, ALL, 3, "a,b,c\n1,x\ty,3\n", SYN, "a control character", 9},
    {MC, 0, 0, "a,b\n1,2\n", BAD, "no column names", 0},

    {SC, 0, 3, "1,2,3\n4,-5.5e-1,\"6\"", 0, "2x3 1 2 3 4 -0.55 6", 0},
    {SC, 0, 0, "1,2\r\n3,4\r\n", 0, "2x2 1 2 3 4", 0},
    {SC, ALL, 3, "1,ok,\nno,3-5,2024-01-02\n", 0, "2x3 1 'ok' - 'no' '3-5' '2024-01-02'", 0},
    {SC, 0, 3, "a,b,c\n1,2,3\n", BAD, "row 0: 'a' is not a number", 0},
    {SC, 0, 3, "1,2\n", BAD, "2 values where the model takes 3", 0},
    {SC, 0, 3, "1,2,3,\n", BAD, "more than 3 values", 0},
    {SC, 0, 0, "1,2\n1,2,3\n", BAD, "row 1: more than 2 values", 4},
    {SC, ALL, 3, "1,2,3\n1,#2,3\n", SYN, "a '#' in CSV", 8},
    {SC, 0, 1, "\n", SYN, "a blank line", 0},
    {SC, 0, 1, "1e999\n", BAD, "'1e999' is not a number", 0},

    {SJ, 0, 3, "{\"instances\":[{\"features\":[1,2,3]},{\"features\":[4,5,6]}]}", 0,
     "2x3 1 2 3 4 5 6", 0},
    {SJ, 0, 3, "{\"instances\":[[1,2,3],{\"features\":[4,5,6]}]}", 0, "2x3 1 2 3 4 5 6", 0},
    {SJ, ALL, 3, "[[1,\"x\",null]]", 0, "1x3 1 'x' -", 0},
    {SJ, 0, 0, "[[1,2],[3,4]]", 0, "2x2 1 2 3 4", 0},
    {SJ, 0, 3, "[1,2,3]", BAD, "row 0: the row is a number", 1},
    {SJ, 0, 3, "[]", BAD, "there are no rows", 1},
    {SJ, NAMED, 3, "[{\"a\":1,\"b\":2,\"c\":3}]", BAD, "the row is an object; a list of values", 1},
    {SJ, 0, 3, "{\"instances\":[]}", BAD, "there are no rows", 14},
    {SJ, 0, 3, "{}", BAD, "not {\"instances\": [...]}", 1},
    {SJ, 0, 3, "{\"inputs\":[[1,2,3]]}", BAD, "not {\"instances\"", 1},
    {SJ, 0, 3, "{\"instances\":[[1,2,3]],\"configuration\":{}}", BAD, "more than instances", 23},
    {SJ, 0, 3, "{\"instances\":[{\"features\":[1,2,3],\"x\":1}]}", BAD, "more than features", 34},
    {SJ, 0, 3, "{\"instances\":[{\"data\":{\"features\":{\"values\":[1]}}}]}", BAD,
     "not {\"features\"", 15},
    {SJ, 0, 3, "{\"instances\":[{\"features\":1}]}", BAD, "features is a number; a list", 26},
    {SJ, 0, 3, "{\"instances\":[7]}", BAD, "the row is a number; a list of values, or", 14},
    {SJ, 0, 3, "{\"instances\":7}", BAD, "instances is a number", 13},
    {SJ, 0, 3, "7", BAD, "the body is a number", 0},
    {SJ, 0, 3, "[[1,2,3]] x", SYN, "the end belongs", 10},
    {SJ, 0, 3, "[[1,2,true]]", BAD, "value 2 is true", 6},

    {SL, 0, 3, "{\"features\":[1,2,3]}\r\n[4,5,6]\n", 0, "2x3 1 2 3 4 5 6", 0},
    {SL, ALL, 3, "{\"features\":[\"\\u0078\",2,3]}\n{\"features\":[\"y\",null,3]}", 0,
     "2x3 'x' 2 3 'y' - 3", 0},
    {SL, 0, 3, "", BAD, "there are no rows", 0},
    {SL, 0, 3, "[1,2,3]\n\n[4,5,6]\n", SYN, "the JSON ends", 8},
    {SL, 0, 3, "[1,2,3]\n[4,5]\n", BAD, "row 1: 2 values where", 8},
    {SL, 0, 3, "[1,2,3] [4,5,6]\n", SYN, "the end belongs", 8},
    {SL, 0, 3, "[1,2,3]\n[4,\n5,6]\n", SYN, "the JSON ends", 11},
    {SL, 0, 3, "{\"instances\":[[1,2,3]]}\n", BAD, "not {\"features\"", 1},
};

static void describe(const struct redan_request *request, struct redan_buf *out)
{
    redan_buf_printf(out, "%zux%zu", request->rows, request->columns);
    for (size_t i = 0; i < request->rows * request->columns; i++) {
        if (request->texts && request->texts[i].at) {
            assert_true(isnan(request->values[i]));
            redan_buf_printf(out, " '%.*s'", REDAN_FMT(request->texts[i]));
        } else if (isnan(request->values[i])) {
            redan_buf_text(out, " -");
        } else {
            redan_buf_printf(out, " %g", request->values[i]);
        }
    }
}

/* What was decoded, written and decoded again says the same. */
static void again(struct redan_ctx *ctx, const struct redan_preset *preset,
                  struct redan_request_rules rules, const struct redan_request *request,
                  const char *told)
{
    struct redan_request second;
    struct redan_buf out;
    struct redan_buf text;

    redan_buf_init(&out, ctx, 65536);
    redan_buf_init(&text, ctx, 65536);
    preset->encode_request(request, &out);
    assert_int_equal(out.fail, REDAN_OK);
    rules.media = (struct redan_slice){"", 0};
    rules.pointers = NULL;
    assert_ok(preset->decode_request(ctx, redan_buf_view(&out), &rules, &second));
    describe(&second, &text);
    assert_slice(redan_buf_view(&text), told);
    redan_buf_done(&out);
    redan_buf_done(&text);
}

static bool decode(const struct row *row, const struct redan_preset_pointers *pointers,
                   uint64_t fail_at, enum redan_status *status)
{
    struct redan_request_rules rules = {.names = row->flags & NAMED ? names : NULL,
                                        .columns = row->columns,
                                        .texts = row->flags & TEXTS,
                                        .missing = row->flags & MISSING,
                                        .pointers = pointers,
                                        .media = redan_slice_of(row->media)};
    const struct redan_preset *preset = redan_preset_find(redan_slice_of(row->preset));
    struct redan_request request = {.rows = 0};
    struct redan_buf told;
    struct redan_ctx ctx;
    bool good = true;

    assert_non_null(preset);
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&told, &ctx, 65536);
    ctx.mem.fail_at = fail_at;
    *status = preset->decode_request(&ctx, redan_slice_of(row->body), &rules, &request);
    ctx.mem.fail_at = 0;
    if (*status == REDAN_OK) {
        describe(&request, &told);
        good = row->status == REDAN_OK && redan_slice_is(redan_buf_view(&told), row->told);
        if (good)
            again(&ctx, preset, rules, &request, row->told);
    } else if (*status != REDAN_E_MEMORY) {
        good = *status == row->status && strstr(ctx.failure.text, row->told) &&
               ctx.failure.offset == row->offset;
    }
    if (!good)
        print_error("%s %s: %s '%s' at %ju: %.*s\n", row->preset, row->body,
                    redan_status_name(*status), ctx.failure.text, (uintmax_t)ctx.failure.offset,
                    REDAN_FMT(redan_buf_view(&told)));
    redan_buf_done(&told);
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
    return good;
}

/* With all memory, and with every allocation failing in turn. */
static bool decode_always(const struct row *row, const struct redan_preset_pointers *pointers)
{
    enum redan_status status = REDAN_OK;

    if (!decode(row, pointers, 0, &status))
        return false;
    status = REDAN_E_MEMORY;
    for (uint64_t at = 1; status == REDAN_E_MEMORY; at++) {
        assert_true(at < 200);
        if (!decode(row, pointers, at, &status))
            return false;
    }
    return status == row->status;
}

static void test_rows(void **state)
{
    size_t bad = 0;

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        bad += !decode_always(&rows[i], NULL);
    assert_int_equal(bad, 0);
}

static const struct {
    const char *pointer;
    struct row row;
} pointed[] = {
#define P(flags, columns, body) "pointers", "", flags, columns, body
    {"", {P(0, 3, "[[1,2,3],[4,5,6]]"), 0, "2x3 1 2 3 4 5 6", 0}},
    {"", {P(0, 3, " [ 1,2,3]"), 0, "1x3 1 2 3", 0}},
    {"", {P(NAMED, 3, "{\"c\":3,\"b\":2,\"a\":true}"), 0, "1x3 1 2 3", 0}},
    {"/rows",
     {P(ALL, 3, "{\"user\":[{\"x\":[1]}],\"rows\":[[1,\"x\",null],{\"a\":4,\"b\":5,\"c\":6}]}"), 0,
      "2x3 1 'x' - 4 5 6", 0}},
    {"/rows", {P(NAMED, 3, "{\"rows\":{\"a\":1,\"b\":2,\"c\":3}}"), 0, "1x3 1 2 3", 0}},
    {"/rows/*", {P(0, 0, "{\"rows\":[[1,2],[3,4]]}"), 0, "2x2 1 2 3 4", 0}},
    {"/records/*/features",
     {P(0, 2,
        "{\"records\":[{\"id\":{\"features\":[9]},\"features\":[1,2]},{\"features\":[3,4],\"z\":0}]"
        "}"),
      0, "2x2 1 2 3 4", 0}},
    {"/a~1b/~0/0/x", {P(0, 2, "{\"a/b\":{\"~\":[{\"x\":[1,2]},{\"x\":[8,9]}]}}"), 0, "1x2 1 2", 0}},
    {"/*/1", {P(0, 2, "[[0,[1,2],0],[0,[3,4]]]"), 0, "2x2 1 2 3 4", 0}},
    {"/a/*/b/*/c",
     {P(0, 1, "{\"a\":[{\"b\":[{\"c\":[1]},{\"c\":[2]}]},{\"b\":[{\"c\":[3]}]}]}"), 0, "3x1 1 2 3",
      0}},
    {"/rows", {P(0, 3, "{\"row\":[[1,2,3]]}"), BAD, "'rows' is missing", 16}},
    {"/rows", {P(0, 3, "[[1,2,3]]"), BAD, "an array where an object with 'rows' belongs", 0}},
    {"/rows/*",
     {P(0, 3, "{\"rows\":{\"a\":[1,2,3]}}"), BAD, "an object where a list for '*' belongs", 8}},
    {"/records/*/features",
     {P(0, 2, "{\"records\":[{\"features\":[1,2]},{\"id\":1}]}"), BAD, "'features' is missing",
      38}},
    {"/records/*/features", {P(0, 2, "{\"records\":[]}"), BAD, "there are no rows", 14}},
    {"/records/*/features",
     {P(0, 2, "{\"records\":[{\"features\":[[1,2]]}]}"), BAD, "row 0: value 0 is an array", 25}},
    {"/2", {P(0, 2, "[[1,2],[3,4]]"), BAD, "'2' is missing", 12}},
    {"/01", {P(0, 2, "[[1,2],[3,4]]"), BAD, "an array where an object with '01'", 0}},
    {"/rows", {P(0, 3, "{\"rows\":[]}"), BAD, "0 values where the model takes 3", 8}},
    {"/rows", {P(0, 3, "{\"rows\":[[1,2,3],4]}"), BAD, "row 1: the row is a number", 17}},
    {"/rows", {P(0, 3, "{\"rows\":[[1,2,3]],\"rows\":[[7,8,9]]}"), SYN, "the same key twice", 18}},
    {"/rows", {P(0, 3, "{\"rows\":[[1,2,3]],\"x\":nan}"), SYN, "", 22}},
    {"/rows", {P(0, 3, "{\"rows\":[[1,2,3]]}]"), SYN, "the end belongs", 18}},
    {"rows", {P(0, 3, "{}"), BAD, "a JSON pointer begins with '/'", 0}},
    {"/~2", {P(0, 3, "{}"), BAD, "a '~' in a JSON pointer", 0}},
    {"/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", {P(0, 3, "{}"), LIM, "more than 16 parts", 0}},
};

static void test_pointers(void **state)
{
    size_t bad = 0;

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(pointed); i++) {
        struct redan_preset_pointers pointers = {.rows = redan_slice_of(pointed[i].pointer)};
        bad += !decode_always(&pointed[i].row, &pointers);
    }
    assert_int_equal(bad, 0);
}

/* A NUL in a body is a byte like others, and none that belongs there. */
static void test_nul(void **state)
{
    const struct {
        const char *preset;
        const char *media;
        struct redan_slice body;
        size_t offset;
    } bodies[] = {
        {"sagemaker", "text/csv", REDAN_S("1,\0002,3\n"), 2},
        {"mlflow", "text/csv", REDAN_S("a,b,c\n1,2,3\0"), 11},
        {"mlflow", "", REDAN_S("{\"inputs\":[[1,2,3]]}\0"), 20},
        {"kserve-v1", "", REDAN_S("{\"instances\":[[1,2,\0003]]}"), 19},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(bodies); i++) {
        struct redan_request_rules rules = {.names = names,
                                            .columns = 3,
                                            .texts = true,
                                            .missing = true,
                                            .media = redan_slice_of(bodies[i].media)};
        const struct redan_preset *preset = redan_preset_find(redan_slice_of(bodies[i].preset));
        struct redan_request request;
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        assert_int_equal(preset->decode_request(&ctx, bodies[i].body, &rules, &request),
                         REDAN_E_SYNTAX);
        assert_int_equal(ctx.failure.offset, bodies[i].offset);
        redan_ctx_done(&ctx);
    }
}

static void test_doubtful(void **state)
{
    static const char *const doubtful[] = {
        "+1",       "1.",        ".5",   "007", "0x1F", "0X1p4", "1_000", "nan",  "NaN",  "-inf",
        "Infinity", "+Infinity", " 1",   "1 ",  "NA",   "None",  "null",  "<NA>", "#N/A", "1.#IND",
        "1e5_",     "1d5",       "0b11", "- 1", "n/a",  "NULL",  "1e+",   "1E5 ",
    };
    static const char *const texts[] = {"none", "na",  "A", "12A", "3-5",  "2024-01-02", "1.2.3",
                                        "e5",   "-",   "+", ".",   "info", "0xyz",       "north",
                                        "1/2",  "10%", "_", "",    "nano"};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(doubtful); i++)
        if (!redan_csv_doubtful(redan_slice_of(doubtful[i])))
            fail_msg("'%s' is not doubted", doubtful[i]);
    for (size_t i = 0; i < REDAN_COUNT(texts); i++)
        if (redan_csv_doubtful(redan_slice_of(texts[i])))
            fail_msg("'%s' is doubted", texts[i]);
}

static void test_match(void **state)
{
    static const struct {
        const char *preset;
        const char *pattern;
        const char *path;
        const char *told; /* model@version; NULL: no match */
    } paths[] = {
        {"kserve-v1", "", "/v1/models/fraud:predict", "fraud@"},
        {"kserve-v1", "", "/v1/models/fraud/versions/3:predict", "fraud@3"},
        {"kserve-v1", "", "/v1/models/fraud.eu-1_b/versions/2:predict", "fraud.eu-1_b@2"},
        {"kserve-v1", "", "/v1/models/fraud:classify", NULL},
        {"kserve-v1", "", "/v1/models/:predict", NULL},
        {"kserve-v1", "", "/v1/models/a/b:predict", NULL},
        {"kserve-v1", "", "/v1/models/a/versions/:predict", NULL},
        {"kserve-v1", "", "/v1/models/a/versions/1/versions/2:predict", NULL},
        {"kserve-v1", "", "/v1/models//versions/1:predict", NULL},
        {"kserve-v1", "", "/v1/models/..:predict", NULL},
        {"kserve-v1", "", "/v1/models/a%2fb:predict", NULL},
        {"kserve-v1", "", "/v1/models/a b:predict", NULL},
        {"kserve-v1", "", "/v1/models/a:predict/", NULL},
        {"kserve-v1", "", "/v1/models/a:predict:predict", NULL},
        {"kserve-v1", "", "/V1/models/a:predict", NULL},
        {"kserve-v1", "", "", NULL},
        {"oip-v2", "", "/v2/models/m/infer", "m@"},
        {"oip-v2", "", "/v2/models/m/versions/1/infer", "m@1"},
        {"oip-v2", "", "/v2/models/m/versions/./infer", NULL},
        {"oip-v2", "", "/v2/models/m/ready", NULL},
        {"oip-v2", "", "/v2/models/m/infer_stream", NULL},
        {"oip-v2", "", "/v2/models/infer", NULL},
        {"oip-v2", "", "/v2/systemsharedmemory/region/r/register", NULL},
        {"mlflow", "", "/invocations", "@"},
        {"mlflow", "", "/invocations/", NULL},
        {"mlflow", "", "/invocationsx", NULL},
        {"sagemaker", "", "/invocations", "@"},
        {"pointers", "/score", "/score", "@"},
        {"pointers", "/score", "/score/x", NULL},
        {"pointers", "/score/*", "/score/x", "@"},
        {"pointers", "/score/*", "/other/x", NULL},
        {"pointers", "/score/*", "/score/%2e", NULL},
        {"pointers", "/score/*", "/score/../x", NULL},
        {"pointers", "/score/*", "score/x", NULL},
        {"pointers", "", "", NULL},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(paths); i++) {
        struct redan_preset_pointers pointers = {.path = redan_slice_of(paths[i].pattern)};
        struct redan_slice model = {0};
        struct redan_slice version = {0};
        char told[128] = "";
        bool match = redan_preset_match(redan_preset_find(redan_slice_of(paths[i].preset)),
                                        &pointers, redan_slice_of(paths[i].path), &model, &version);
        if (match)
            (void)snprintf(told, sizeof(told), "%.*s@%.*s", REDAN_FMT(model), REDAN_FMT(version));
        if (match != (paths[i].told != NULL) || (match && strcmp(told, paths[i].told) != 0))
            fail_msg("%s %s: '%s'", paths[i].preset, paths[i].path, told);
    }
}

static void test_reads(void **state)
{
    static const struct {
        const char *preset;
        const char *media;
        bool reads;
    } types[] = {
        {"kserve-v1", "application/json", true},
        {"kserve-v1", "Application/JSON; charset=\"UTF-8\"", true},
        {"kserve-v1", "application/json;", true},
        {"kserve-v1", "", true},
        {"kserve-v1", "application/json; charset=utf-16", false},
        {"kserve-v1", "application/json; format=pandas-split", false},
        {"kserve-v1", "application/jsonx", false},
        {"kserve-v1", "application/x-www-form-urlencoded", false},
        {"oip-v2", "application/octet-stream", false},
        {"mlflow", "text/csv", true},
        {"mlflow", "text/csv; header=absent", false},
        {"mlflow", "application/json", true},
        {"mlflow", "", false},
        {"sagemaker", "application/jsonlines", true},
        {"sagemaker", " text/csv ; charset=us-ascii ", true},
        {"sagemaker", "text/libsvm", false},
        {"pointers", "application/json", true},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(types); i++)
        if (redan_preset_reads(redan_preset_find(redan_slice_of(types[i].preset)),
                               redan_slice_of(types[i].media)) != types[i].reads)
            fail_msg("%s '%s'", types[i].preset, types[i].media);
}

static const struct {
    const char *preset;
    const char *body;
    enum redan_status status;
    const char
        *told; /* rows, outputs as name:count:width, ! before an error, S when there are scores */
} responses[] = {
    {"mlflow", "{\"predictions\":[0.5,1]}", 0, "2 predictions:2:1 S"},
    {"mlflow", "{\"predictions\":[{\"label\":1}]}", 0, "1 label:1:1"},
    {"mlflow", "{\"error_code\":\"BAD_REQUEST\",\"message\":\"no 1.5\"}", 0, "0 !no 1.5"},
    {"mlflow", "{\"predictions\":{\"p\":[1]}}", 0, "1 p:1:1"},
    {"mlflow", "{}", BAD, ""},
    {"sagemaker", "{\"predictions\":[{\"score\":0.9,\"predicted_label\":1}]}", 0,
     "1 score:1:1 predicted_label:1:1 S"},
    {"sagemaker", "[[0.25,0.75],[1,0]]", 0, "2 predictions:4:2 S"},
    {"sagemaker", "0.25\n0.75\n", 0, "2 predictions:2:1 S"},
    {"sagemaker", "0.25,0.75", 0, "1 predictions:2:2 S"},
    {"sagemaker", "yes\nno", 0, "2 predictions:2:1"},
    {"sagemaker", "{\"score\":0.5}\n{\"score\":1}\n", 0, "2 score:2:1 S"},
    {"sagemaker", "{\"score\":0.5}", 0, "1 score:1:1 S"},
    {"sagemaker", "{\"error\":\"x\"}", 0, "0 !x"},
    {"sagemaker", "{\"score\":0.5}\n{", SYN, ""},
    {"sagemaker", "", SYN, ""},
    {"pointers", "{\"id\":7,\"scores\":[0.5,1]}", 0, "2 scores:2:1 +id S"},
    {"pointers", "{\"results\":[{\"score\":0.5,\"label\":1}]}", 0, "1 score:1:1 label:1:1 S"},
    {"pointers", "{\"id\":7}", BAD, ""},
};

static void tell(const struct redan_response *response, struct redan_buf *out)
{
    redan_buf_printf(out, "%zu", response->rows);
    for (size_t i = 0; i < response->count; i++)
        redan_buf_printf(out, " %.*s:%zu:%zu", REDAN_FMT(response->outputs[i].name),
                         response->outputs[i].count, response->outputs[i].width);
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
        const struct redan_preset *preset = redan_preset_find(redan_slice_of(responses[i].preset));
        enum redan_status status = REDAN_E_MEMORY;
        for (uint64_t at = 1; status == REDAN_E_MEMORY; at++) {
            struct redan_response response;
            struct redan_buf told;
            struct redan_ctx ctx;
            redan_ctx_init(&ctx, NULL);
            ctx.mem.fail_at = at;
            status = preset->decode_response(&ctx, redan_slice_of(responses[i].body), &response);
            ctx.mem.fail_at = 0;
            redan_buf_init(&told, &ctx, 4096);
            if (status == REDAN_OK) {
                tell(&response, &told);
                assert_slice(redan_buf_view(&told), responses[i].told);
            }
            redan_buf_done(&told);
            redan_ctx_done(&ctx);
            assert_int_equal(ctx.mem.used, 0);
        }
        if (status != responses[i].status)
            fail_msg("%s %s: %s", responses[i].preset, responses[i].body,
                     redan_status_name(status));
    }
}

/* What a server of ours answers, a client of ours understands. */
static void test_answers(void **state)
{
    static const double values[] = {0, 1, 1};

    (void)state;
    for (size_t i = 0; redan_presets[i]; i++)
        for (int labels = 0; labels < 2; labels++) {
            struct redan_answer answer = {.output = REDAN_S("score"),
                                          .labels = labels,
                                          .decimals = 2,
                                          .values = values,
                                          .rows = 3};
            struct redan_response response;
            struct redan_buf out;
            struct redan_ctx ctx;
            redan_ctx_init(&ctx, NULL);
            redan_buf_init(&out, &ctx, 4096);
            redan_presets[i]->encode_response(&answer, &out);
            assert_ok(redan_presets[i]->decode_response(&ctx, redan_buf_view(&out), &response));
            assert_int_equal(response.rows, 3);
            assert_int_equal(response.count, 1);
            assert_memory_equal(response.outputs[0].numbers, values, sizeof(values));
            redan_buf_done(&out);
            redan_ctx_done(&ctx);
        }
}

/* Rows by name in an order of their own each: as many look-ups as cells, none of them a search. */
static void test_wide(void **state)
{
    enum { WIDE = 1000, ROWS = 40 };
    static struct redan_slice wide[WIDE];
    static char spelled[WIDE][8];
    struct redan_request request;
    struct redan_buf body;
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&body, &ctx, (size_t)8 << 20);
    redan_buf_text(&body, "{\"instances\":[");
    for (size_t c = 0; c < WIDE; c++) {
        (void)snprintf(spelled[c], sizeof(spelled[c]), "x%zu", c);
        wide[c] = redan_slice_of(spelled[c]);
    }
    for (size_t r = 0; r < ROWS; r++) {
        redan_buf_text(&body, r ? ",{" : "{");
        for (size_t i = 0; i < WIDE; i++) { /* 7 and 1,000 have no divisor in common */
            size_t c = (i * 7 + r * 13) % WIDE;
            redan_buf_printf(&body, "%s\"%s\":%zu", i ? "," : "", spelled[c], c + r);
        }
        redan_buf_char(&body, '}');
    }
    redan_buf_text(&body, "]}");
    struct redan_request_rules rules = {.names = wide, .columns = WIDE};
    assert_ok(redan_preset_find(REDAN_S("kserve-v1"))
                  ->decode_request(&ctx, redan_buf_view(&body), &rules, &request));
    assert_int_equal(request.rows, ROWS);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t c = 0; c < WIDE; c++)
            assert_true(request.values[r * WIDE + c] == (double)(c + r));
    redan_buf_done(&body);
    redan_ctx_done(&ctx);
}

/* Nested deeper than allowed, wherever it is. */
static void test_deep(void **state)
{
    static const char *const bodies[] = {
        "{\"instances\":[[[[[[1]]]]]]}",
        "{\"params\":{\"a\":{\"b\":{\"c\":{\"d\":1}}}}}",
        "{\"x\":[[[[[[1]]]]]]}",
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(bodies); i++) {
        static const char *const presets[] = {"kserve-v1", "mlflow", "pointers"};
        struct redan_request_rules rules = {.names = names, .columns = 3};
        struct redan_request request;
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        ctx.limits.depth = 4;
        enum redan_status status =
            redan_preset_find(redan_slice_of(presets[i]))
                ->decode_request(&ctx, redan_slice_of(bodies[i]), &rules, &request);
        assert_int_equal(status, i == 0 ? REDAN_E_SCHEMA : REDAN_E_LIMIT);
        redan_ctx_done(&ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),      cmocka_unit_test(test_pointers),
        cmocka_unit_test(test_nul),       cmocka_unit_test(test_doubtful),
        cmocka_unit_test(test_match),     cmocka_unit_test(test_reads),
        cmocka_unit_test(test_responses), cmocka_unit_test(test_answers),
        cmocka_unit_test(test_wide),      cmocka_unit_test(test_deep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
