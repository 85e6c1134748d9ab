/* How long a worker reads a request of about 1 KB in each wire format: CPU time of decoding alone, the forms interleaved, medians of rounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "inference/preset.h"

enum { ROUNDS = 15, COLUMNS = 30, BODY = 1024, FORMS = 16 };

struct form {
    const char *preset;
    const char *what;
    const char *media;
    void (*write)(struct redan_buf *out, size_t rows);
    bool texts; /* the rules allow texts and missing cells, though none is there */
    struct redan_buf body;
    size_t rows;
    double times[ROUNDS]; /* seconds per body */
};

static struct redan_slice names[COLUMNS];
static char spelled[COLUMNS][8];

/* What transactions look like: amounts, counts, shares, flags. */
static void number(struct redan_buf *out, size_t i)
{
    static const char *const numbers[] = {"129.95", "3",     "0.3217", "1",
                                          "0",      "-12.5", "45210",  "0.875",
                                          "7",      "19.99", "1e-3",   "0.041666667"};

    redan_buf_text(out, numbers[(i * 7 + i / COLUMNS) % REDAN_COUNT(numbers)]);
}

static void row(struct redan_buf *out, size_t r)
{
    for (size_t c = 0; c < COLUMNS; c++) {
        if (c)
            redan_buf_char(out, ',');
        number(out, r * COLUMNS + c);
    }
}

static void lists(struct redan_buf *out, size_t rows)
{
    redan_buf_char(out, '[');
    for (size_t r = 0; r < rows; r++) {
        redan_buf_text(out, r ? ",[" : "[");
        row(out, r);
        redan_buf_char(out, ']');
    }
    redan_buf_char(out, ']');
}

static void v1_lists(struct redan_buf *out, size_t rows)
{
    redan_buf_text(out, "{\"instances\":");
    lists(out, rows);
    redan_buf_char(out, '}');
}

static void v1_named(struct redan_buf *out, size_t rows)
{
    redan_buf_text(out, "{\"instances\":[");
    for (size_t r = 0; r < rows; r++) {
        redan_buf_text(out, r ? ",{" : "{");
        for (size_t c = 0; c < COLUMNS; c++) {
            redan_buf_printf(out, "%s\"%s\":", c ? "," : "", spelled[c]);
            number(out, r * COLUMNS + c);
        }
        redan_buf_char(out, '}');
    }
    redan_buf_text(out, "]}");
}

static void v1_columns(struct redan_buf *out, size_t rows)
{
    redan_buf_text(out, "{\"inputs\":{");
    for (size_t c = 0; c < COLUMNS; c++) {
        redan_buf_printf(out, "%s\"%s\":[", c ? "," : "", spelled[c]);
        for (size_t r = 0; r < rows; r++) {
            if (r)
                redan_buf_char(out, ',');
            number(out, r * COLUMNS + c);
        }
        redan_buf_char(out, ']');
    }
    redan_buf_text(out, "}}");
}

static void v2_one(struct redan_buf *out, size_t rows)
{
    redan_buf_printf(out,
                     "{\"inputs\":[{\"name\":\"x\",\"shape\":[%zu,%d],\"datatype\":\"FP64\","
                     "\"data\":[",
                     rows, COLUMNS);
    for (size_t r = 0; r < rows; r++) {
        if (r)
            redan_buf_char(out, ',');
        row(out, r);
    }
    redan_buf_text(out, "]}]}");
}

static void v2_many(struct redan_buf *out, size_t rows)
{
    redan_buf_text(out, "{\"inputs\":[");
    for (size_t c = 0; c < COLUMNS; c++) {
        redan_buf_printf(out,
                         "%s{\"name\":\"%s\",\"shape\":[%zu,1],\"datatype\":\"FP64\",\"data\":[",
                         c ? "," : "", spelled[c], rows);
        for (size_t r = 0; r < rows; r++) {
            if (r)
                redan_buf_char(out, ',');
            number(out, r * COLUMNS + c);
        }
        redan_buf_text(out, "]}");
    }
    redan_buf_text(out, "]}");
}

static void split(struct redan_buf *out, size_t rows)
{
    redan_buf_text(out, "{\"dataframe_split\":{\"columns\":[");
    for (size_t c = 0; c < COLUMNS; c++)
        redan_buf_printf(out, "%s\"%s\"", c ? "," : "", spelled[c]);
    redan_buf_text(out, "],\"data\":");
    lists(out, rows);
    redan_buf_text(out, "}}");
}

static void csv(struct redan_buf *out, size_t rows)
{
    for (size_t r = 0; r < rows; r++) {
        row(out, r);
        redan_buf_char(out, '\n');
    }
}

static void csv_header(struct redan_buf *out, size_t rows)
{
    for (size_t c = 0; c < COLUMNS; c++)
        redan_buf_printf(out, "%s%s", c ? "," : "", spelled[c]);
    redan_buf_char(out, '\n');
    csv(out, rows);
}

static void pointed(struct redan_buf *out, size_t rows)
{
    redan_buf_text(out, "{\"rows\":");
    lists(out, rows);
    redan_buf_char(out, '}');
}

/* Singles as numpy spells them. */
static void v1_floats(struct redan_buf *out, size_t rows)
{
    redan_buf_text(out, "{\"instances\":[");
    for (size_t r = 0; r < rows; r++) {
        redan_buf_text(out, r ? ",[" : "[");
        for (size_t c = 0; c < COLUMNS; c++)
            redan_buf_printf(out, "%s%.9g", c ? "," : "",
                             (double)(float)((double)((r * COLUMNS + c) * 7919 % 10007) / 997.0));
        redan_buf_char(out, ']');
    }
    redan_buf_text(out, "]}");
}

static struct form forms[] = {
    {.preset = "kserve-v1", .what = "lists of singles", .write = v1_floats},
    {.preset = "kserve-v1", .what = "lists", .write = v1_lists},
    {.preset = "kserve-v1", .what = "lists, texts allowed", .write = v1_lists, .texts = true},
    {.preset = "kserve-v1", .what = "rows by name", .write = v1_named},
    {.preset = "kserve-v1", .what = "columns", .write = v1_columns},
    {.preset = "oip-v2", .what = "one tensor", .write = v2_one},
    {.preset = "oip-v2", .what = "a tensor per column", .write = v2_many},
    {.preset = "mlflow", .what = "dataframe_split", .write = split},
    {.preset = "mlflow", .what = "CSV with header", .media = "text/csv", .write = csv_header},
    {.preset = "sagemaker", .what = "CSV", .media = "text/csv", .write = csv},
    {.preset = "pointers", .what = "/rows", .write = pointed},
};
_Static_assert(REDAN_COUNT(forms) <= FORMS, "room for the forms");

static double cpu(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

/* As many rows as fit in about 1 KB, at least one. */
static void prepare(struct redan_ctx *ctx, struct form *form)
{
    redan_buf_init(&form->body, ctx, (size_t)1 << 20);
    for (form->rows = 1;; form->rows++) {
        redan_buf_clear(&form->body);
        form->write(&form->body, form->rows);
        if (form->body.len >= BODY)
            return;
    }
}

/* Seconds per body; a context that is reused, as a worker's is. */
static bool run(struct redan_ctx *ctx, struct form *form, size_t times, double *seconds)
{
    const struct redan_preset *preset = redan_preset_find(redan_slice_of(form->preset));
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    struct redan_request_rules rules = {.names = names,
                                        .columns = COLUMNS,
                                        .rows = 1024,
                                        .texts = form->texts,
                                        .missing = form->texts,
                                        .media = redan_slice_of(form->media)};
    struct redan_request request;
    double begin = cpu();

    for (size_t i = 0; i < times; i++) {
        if (preset->decode_request(ctx, redan_buf_view(&form->body), &rules, &request) !=
                REDAN_OK ||
            request.rows != form->rows) {
            (void)fprintf(stderr, "decode: %s, %s: %s\n", form->preset, form->what,
                          ctx->failure.text);
            return false;
        }
        redan_arena_reset(&ctx->arena, mark);
    }
    *seconds = (cpu() - begin) / (double)times;
    return true;
}

static void report(struct form *form)
{
    qsort(form->times, ROUNDS, sizeof(form->times[0]), by_value);
    double t = form->times[ROUNDS / 2];
    double kb = (double)form->body.len / 1024;

    printf("  %-10s %-22s %6zu %5zu %9.2f %9.2f %12.0f %8.0f\n", form->preset, form->what,
           form->body.len, form->rows, t * 1e6, t * 1e6 / kb, (double)form->rows / t,
           kb / 1024 / t);
}

int main(int argc, char **argv)
{
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    struct redan_ctx ctx;
    bool good = true;

    if (argc > 1 + quick) {
        (void)fprintf(stderr, "usage: bench_decode [--quick]\n");
        return 2;
    }
    redan_ctx_init(&ctx, NULL);
    for (size_t c = 0; c < COLUMNS; c++) {
        (void)snprintf(spelled[c], sizeof(spelled[c]), "f%zu", c);
        names[c] = redan_slice_of(spelled[c]);
    }
    for (size_t i = 0; i < REDAN_COUNT(forms); i++)
        prepare(&ctx, &forms[i]);
    (void)redan_take(&ctx, 1); /* the arena's first chunk stays */
    for (size_t round = 0; round < ROUNDS && good; round++)
        for (size_t i = 0; i < REDAN_COUNT(forms) && good; i++)
            good = run(&ctx, &forms[i], quick ? 2000 : 20000, &forms[i].times[round]);
    if (good)
        printf("decoding a request, %d columns, median of %d rounds, CPU time\n"
               "  %-10s %-22s %6s %5s %9s %9s %12s %8s\n",
               COLUMNS, ROUNDS, "preset", "form", "bytes", "rows", "us", "us/KB", "rows/s", "MB/s");
    for (size_t i = 0; i < REDAN_COUNT(forms); i++) {
        if (good)
            report(&forms[i]);
        redan_buf_done(&forms[i].body);
    }
    redan_ctx_done(&ctx);
    return good ? 0 : 1;
}
