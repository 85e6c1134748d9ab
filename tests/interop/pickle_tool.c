/* The pickle machine as a program, for tests/interop/pickle.py: byte strings from standard input, each after its length in four little-endian bytes;
 * for each the opcodes ("L stream? no: offset name") and the events, a line each, then a line with a full stop. With an argument, that file alone. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "format/pickle.h"

static const char *const kinds[] = {"import",    "call",   "build", "dynamic",
                                    "extension", "persid", "items", "constant",
                                    "structure", "array",  "end"};

static enum redan_status line(void *arg, struct redan_pickle *pickle,
                              const struct redan_pickle_line *line)
{
    (void)arg;
    (void)pickle;
    printf("L %llu %s\n", (unsigned long long)line->offset, line->name ? line->name : "?");
    return REDAN_OK;
}

static void words(const char *name, struct redan_slice text)
{
    printf(" %s=", name);
    for (size_t i = 0; i < text.len; i++)
        printf("%02x", (unsigned char)text.at[i]);
}

static enum redan_status fact(void *arg, const struct redan_fact *fact)
{
    const struct redan_pickle_event *event = fact->event;

    (void)arg;
    if (fact->kind != REDAN_FACT_PICKLE)
        return REDAN_OK;
    printf("E %s what=%s stream=%u offset=%llu number=%llu", kinds[event->kind],
           event->what ? event->what : "", event->stream, (unsigned long long)event->offset,
           (unsigned long long)event->number);
    words("module", event->module);
    words("name", event->name);
    if (event->kind == REDAN_PICKLE_CONSTANT)
        words("text", redan_pickle_text(fact->pickle, &event->args, 64));
    printf("\n");
    return REDAN_OK;
}

static void one(struct redan_slice bytes, bool lines)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_source source;
    struct redan_listener to = {.tell = fact};

    redan_ctx_init(&ctx, NULL);
    redan_source_memory(&source, bytes);
    enum redan_status status = redan_pickle_list(&ctx, &source, 0, &to, lines ? line : NULL, NULL);
    printf(". %d\n", status);
}

static bool get(void *to, size_t len)
{
    return fread(to, 1, len, stdin) == len;
}

int main(int argc, char **argv)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_buf bytes REDAN_DEFER(redan_buf_done);
    unsigned char head[4];

    (void)argv;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&bytes, &ctx, (size_t)64 << 20);
    while (get(head, 4)) {
        size_t len = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
        redan_buf_clear(&bytes);
        char *room = redan_buf_room(&bytes, len);
        if (!room || !get(room, len))
            return 2;
        redan_buf_grew(&bytes, len);
        one(redan_buf_view(&bytes), argc == 1);
    }
    return 0;
}
