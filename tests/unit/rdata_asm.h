/* An assembler of R's serialised objects, in any of the three forms. */
#ifndef REDAN_TESTS_RDATA_ASM_H
#define REDAN_TESTS_RDATA_ASM_H

#include <string.h>

#include "base/buf.h"

struct r {
    struct redan_buf out;
    char form;
};

static inline void r_num(struct r *r, uint32_t v)
{
    char bytes[4] = {(char)(v >> 24), (char)(v >> 16), (char)(v >> 8), (char)v};
    char swapped[4] = {bytes[3], bytes[2], bytes[1], bytes[0]};

    if (r->form == 'A')
        redan_buf_printf(&r->out, "%d\n", (int)v);
    else
        redan_buf_add(&r->out, r->form == 'X' ? bytes : swapped, 4);
}

static inline void r_chars(struct r *r, const char *text)
{
    r_num(r, 0x40009);
    r_num(r, (uint32_t)strlen(text));
    for (size_t i = 0; text[i]; i++) {
        if (r->form == 'A' && (text[i] == '"' || text[i] == '\\'))
            redan_buf_char(&r->out, '\\');
        redan_buf_char(&r->out, text[i]);
    }
    if (r->form == 'A')
        redan_buf_char(&r->out, '\n');
}

static inline void r_sym(struct r *r, const char *name)
{
    r_num(r, 1);
    r_chars(r, name);
}

static inline void r_str(struct r *r, const char *text)
{
    r_num(r, 16);
    r_num(r, 1);
    r_chars(r, text);
}

enum { R_NIL = 254, R_LANG = 6, R_LIST = 2, R_PROM = 5, R_CLO = 3, R_TAGGED = 1 << 10 };

static inline void r_start(struct r *r, struct redan_ctx *ctx, char form, const char *magic,
                           unsigned version)
{
    r->form = form;
    redan_buf_init(&r->out, ctx, 1 << 16);
    redan_buf_text(&r->out, magic);
    redan_buf_char(&r->out, form);
    redan_buf_char(&r->out, '\n');
    r_num(r, version);
    r_num(r, 0x40201);
    r_num(r, 0x30500);
    if (version == 3) {
        r_num(r, 5);
        redan_buf_text(&r->out, form == 'A' ? "UTF-8\n" : "UTF-8");
    }
}

/* f("argument") */
static inline void r_call(struct r *r, const char *function, const char *argument)
{
    r_num(r, R_LANG);
    r_sym(r, function);
    r_num(r, R_LIST);
    r_str(r, argument);
    r_num(r, R_NIL);
}

static inline void r_promise(struct r *r, bool forced)
{
    r_num(r, R_PROM);
    r_num(r, forced ? R_NIL : 252);
}

#endif
