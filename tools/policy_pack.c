/* Turns the tables of names into C source, for the build: policy_pack OUT.c. What a program would do at every start is done once. */
#include <stdio.h>
#include <stdlib.h>

#include "scan/policy_rows.h"

static int by_hash(const void *a, const void *b)
{
    const struct redan_policy_row *x = a;
    const struct redan_policy_row *y = b;

    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->module != y->module ? (x->module < y->module ? -1 : 1)
                                  : (x->name > y->name) - (x->name < y->name);
}

static void write_rows(FILE *out, const struct redan_policy_rows *rows)
{
    size_t next = 0;

    (void)fprintf(out, "/* Made from catalog/pickle-*.tsv by the build. */\n"
                       "#include \"scan/policy_rows.h\"\n\n"
                       "const struct redan_policy_row redan_policy_packed[] = {\n");
    for (size_t i = 0; i < rows->count; i++) {
        const struct redan_policy_row *r = &rows->rows[i];

        (void)fprintf(out, "{%uU,%uU,%uU,%uU,%u,%u,%u,%u,%u},\n", r->hash, r->module, r->name,
                      r->detail, r->module_len, r->name_len, r->detail_len, r->kind, r->flags);
    }
    (void)fprintf(out, "};\n\nconst uint16_t redan_policy_starts[] = {");
    for (uint32_t bucket = 0; bucket <= (uint32_t)1 << REDAN_POLICY_BUCKET_BITS; bucket++) {
        while (next < rows->count &&
               rows->rows[next].hash >> (32 - REDAN_POLICY_BUCKET_BITS) < bucket)
            next++;
        (void)fprintf(out, "%s%zu,", bucket % 16 ? "" : "\n", next);
    }
    (void)fprintf(out, "\n};\n\nconst uint32_t redan_policy_packed_told = %zu;\n", rows->told);
}

int main(int argc, char **argv)
{
    struct redan_ctx REDAN_DEFER(redan_ctx_done) ctx;
    struct redan_policy_rows rows;

    redan_ctx_init(&ctx, NULL);
    redan_policy_rows_init(&rows, &ctx, 0);
    for (unsigned i = 0; redan_scan_policy_files[i].name; i++) {
        const struct redan_embedded *file = &redan_scan_policy_files[i];
        struct redan_slice text = {file->bytes, file->len};

        if (i >= REDAN_POLICY_OWN || redan_policy_rows_read(&rows, i, text) != REDAN_OK) {
            (void)fprintf(stderr, "policy_pack: %s:%u: %s\n", file->name, ctx.failure.line,
                          ctx.failure.text);
            return 1;
        }
    }
    FILE *out = argc == 2 && rows.count <= UINT16_MAX ? fopen(argv[1], "w") : NULL;
    if (!out) {
        (void)fprintf(stderr, "usage: policy_pack OUT.c (of at most %u rows)\n", UINT16_MAX);
        return 2;
    }
    qsort(rows.rows, rows.count, sizeof(*rows.rows), by_hash);
    write_rows(out, &rows);
    return fclose(out) == 0 ? 0 : 1;
}
