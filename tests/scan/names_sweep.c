/* Every name that comes in on standard input (`module<TAB>name`), called in each way that a pickle knows: none may come out clean but what the tables allow.
 * Every pickle is also cut at each byte after the call. Arguments are a number, and none. */
#include <stdio.h>
#include <string.h>

#include "../pickle_asm.h"
#include "scan/policy.h"

enum { FORMS = 6, NEED = 5000 };

struct sweep {
    struct redan_ctx ctx;
    struct redan_scan_options options;
    struct redan_buf pickle;
    size_t names, allowed, pickles, clean, lost;
};

static size_t build(struct redan_buf *to, int form, const char *module, const char *name)
{
    redan_buf_clear(to);
    if (form < 2) {
        pickle_proto(to, form == 0 ? 2 : 4);
        if (form == 0)
            pickle_global(to, module, name);
        else
            pickle_stack_global(to, module, name);
        pickle_int(to, 1);
        pickle_ops(to, "\x85R");
    } else if (form == 2) {
        pickle_ops(to, "(");
        pickle_int(to, 1);
        pickle_inst(to, module, name);
    } else if (form == 3) {
        pickle_ops(to, "(");
        pickle_global(to, module, name);
        pickle_int(to, 1);
        pickle_ops(to, "o");
    } else {
        pickle_proto(to, 2);
        pickle_global(to, module, name);
        pickle_int(to, 1);
        pickle_ops(to, form == 4 ? "\x85\x81" : "\x85}\x92");
    }
    size_t called = to->len;
    pickle_ops(to, "}K\x01K\x02s\x86");
    pickle_stop(to);
    return called;
}

static enum redan_scan_word scan(struct sweep *s, struct redan_slice bytes)
{
    struct redan_arena_mark mark = redan_arena_mark(&s->ctx.arena);
    struct redan_scan_artefact artefact = {.verdict = REDAN_SCAN_CLEAN};
    struct redan_source source = {0};

    redan_source_memory(&source, bytes);
    if (redan_scan_source(&s->ctx, &s->options, &source, REDAN_S("x.pkl"), &artefact) != REDAN_OK)
        fprintf(stderr, "not scanned: %s\n", s->ctx.failure.text);
    redan_source_done(&source);
    redan_arena_reset(&s->ctx.arena, mark);
    s->pickles++;
    return artefact.verdict;
}

static void judge(struct sweep *s, const char *module, const char *name)
{
    struct redan_policy policy =
        redan_policy_of(s->options.tables, redan_slice_of(module), redan_slice_of(name));

    s->names++;
    if (redan_policy_allows(policy.kind) && policy.kind != REDAN_POLICY_IMPORT) {
        s->allowed++;
        return;
    }
    for (int form = 0; form < FORMS; form++) {
        size_t called = build(&s->pickle, form, module, name);
        struct redan_slice all = redan_buf_view(&s->pickle);
        enum redan_scan_word word = scan(s, all);

        if (word < REDAN_SCAN_SUSPICIOUS) {
            s->clean++;
            fprintf(stderr, "clean: %s %s, form %d\n", module, name, form);
        }
        /* cut, a pickle without a magic is told from text by names of more than a letter */
        if (s->names % 16 != 0 || strlen(name) < 2)
            continue;
        for (size_t cut = called; cut < all.len; cut++) {
            if (scan(s, redan_slice_sub(all, 0, cut)) >= word)
                continue;
            s->lost++;
            fprintf(stderr, "lost: %s %s, form %d, cut at %zu\n", module, name, form, cut);
        }
    }
}

int main(void)
{
    struct sweep s = {0};
    char line[512];

    redan_ctx_init(&s.ctx, NULL);
    if (redan_scan_tables_builtin(&s.ctx, &s.options.tables) != REDAN_OK)
        return 2;
    redan_buf_init(&s.pickle, &s.ctx, 1 << 16);
    while (fgets(line, sizeof(line), stdin)) {
        char *tab = strchr(line, '\t');

        line[strcspn(line, "\n")] = '\0';
        if (!tab)
            continue;
        *tab = '\0';
        judge(&s, line, tab + 1);
    }
    printf("%zu names, of which the tables allow %zu to be called; %zu pickles: %zu clean, %zu "
           "cuts lost the verdict\n",
           s.names, s.allowed, s.pickles, s.clean, s.lost);
    redan_buf_done(&s.pickle);
    redan_ctx_done(&s.ctx);
    return s.names < NEED || s.clean || s.lost ? 1 : 0;
}
