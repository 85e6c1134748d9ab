/* The reader of Jinja: what a template reaches for, however it is spelled, and that honest ones are read without a word too many. */
#include "test.h"

#include "base/buf.h"
#include "format/jinja.h"

static enum redan_status tell(void *arg, const struct redan_jinja_event *e)
{
    struct redan_buf *out = arg;
    static const char *const how[] = {".", "[", "|", "{", "getattr "};

    switch (e->kind) {
    case REDAN_JINJA_NAME:
        redan_buf_printf(out, "name %.*s;", REDAN_FMT(e->text));
        break;
    case REDAN_JINJA_ATTRIBUTE:
        redan_buf_printf(out, "%.*s%s%.*s%s%s%s;", REDAN_FMT(e->root), how[e->how],
                         REDAN_FMT(e->text), e->called ? "()" : "", e->hidden ? " hidden" : "",
                         e->free ? " free" : "");
        break;
    case REDAN_JINJA_DYNAMIC:
        redan_buf_printf(out, "dynamic %s%.*s;", how[e->how], REDAN_FMT(e->text));
        break;
    case REDAN_JINJA_CALL:
        redan_buf_printf(out, "call %.*s(%.*s);", REDAN_FMT(e->text), REDAN_FMT(e->args));
        break;
    case REDAN_JINJA_CONSTANT:
        if (e->built)
            redan_buf_printf(out, "built %.*s;", REDAN_FMT(e->text));
        break;
    case REDAN_JINJA_STATEMENT:
        redan_buf_printf(out, "%.*s %.*s;", REDAN_FMT(e->text), REDAN_FMT(e->args));
        break;
    case REDAN_JINJA_REPEAT:
        redan_buf_printf(out, "repeat %llu;", (unsigned long long)e->number);
        break;
    case REDAN_JINJA_TRIGGER:
        redan_buf_printf(out, "trigger %.*s;", REDAN_FMT(e->text));
        break;
    case REDAN_JINJA_BROKEN:
        redan_buf_printf(out, "broken;");
        break;
    }
    return REDAN_OK;
}

/* Events of a template, NUL-terminated. */
static const char *events(struct redan_ctx *ctx, struct redan_slice text, struct redan_buf *out)
{
    struct redan_jinja_sink sink = {tell, out};

    redan_buf_init(out, ctx, SIZE_MAX);
    assert_ok(redan_jinja_read(ctx, text, &sink));
    redan_buf_char(out, '\0');
    return out->data;
}

/* Every spelling of an attribute that Python would take; `has` must be among the events. */
static void test_spellings(void **state)
{
    static const struct {
        const char *text;
        const char *has;
    } rows[] = {
        {"{{ x.__class__ }}", "x.__class__ free;"},
        {"{{ x['__class__'] }}", "x[__class__ free;"},
        {"{{ x[\"\\x5f\\x5fclass\\x5f\\x5f\"] }}", "x[__class__ free;"},
        {"{{ x['\\137\\137class\\u005f\\U0000005f'] }}", "x[__class__ free;"},
        {"{{ x['\\N{LOW LINE}\\N{LOW LINE}class__'] }}", "x[__class__ free;"},
        {"{{ x['__cla' ~ 'ss__'] }}", "x[__class__ free;"},
        {"{{ x['_' * 2 ~ 'class' ~ '_' * 2] }}", "x[__class__ free;"},
        {"{{ x['__cla' + 'ss__'] }}", "x[__class__ free;"},
        {"{{ x['__cla' 'ss__'] }}", "x[__class__ free;"},
        {"{{ x[('__cla') ~ ('ss' ~ '__')] }}", "x[__class__ free;"},
        {"{{ x|attr('__class__') }}", "x|__class__ free;"},
        {"{{ x | attr ( '__cla' ~ 'ss__' ) }}", "x|__class__ free;"},
        {"{{ x|attr(['__','class','__']|join) }}", "x|__class__ free;"},
        {"{{ x|attr(['__','class','__']|join('')) }}", "x|__class__ free;"},
        {"{{ x|attr(''.join(['__','class','__'])) }}", "x|__class__ free;"},
        {"{{ x|attr(dict(__class__=1)|join) }}", "x|__class__ free;"},
        {"{{ x|attr(dict(__cla=1,ss__=2)|join) }}", "x|__class__ free;"},
        {"{{ x|attr({'__class__':1}|list|first) }}", "__class__"},
        {"{{ x|attr('__ssalc__'|reverse) }}", "x|__class__ free;"},
        {"{{ x['__ssalc__'[::-1]] }}", "x[__class__ free;"},
        {"{{ x['a__class__'[1:]] }}", "x[__class__ free;"},
        {"{{ x|attr('__CLASS__'|lower) }}", "x|__class__ free;"},
        {"{{ x|attr('__XX__'|replace('XX','class')) }}", "x|__class__ free;"},
        {"{{ x|attr('%sclass%s'|format('__','__')) }}", "x|__class__ free;"},
        {"{{ x|attr('%sclass%s' % ('__','__')) }}", "x|__class__ free;"},
        {"{{ x|attr('%c%cclass%c%c'|format(95,95,95,95)) }}", "x|__class__ free;"},
        {"{{ x|attr('{0}{0}class{0}{0}'.format('_')) }}", "x|__class__ free;"},
        {"{{ x|attr('_'*2 ~ 'class__') }}", "x|__class__ free;"},
        {"{% set a = '__class__' %}{{ x[a] }}", "x[__class__ free;"},
        {"{% set a = '__cla' %}{% set b = a ~ 'ss__' %}{{ x[b] }}", "x[__class__ free;"},
        {"{% set a %}__class__{% endset %}{{ x[a] }}", "x[__class__ free;"},
        {"{% set ns.a = '__class__' %}{{ x[ns.a] }}", "x[__class__ free;"},
        {"{{ x|map(attribute='__class__')|list }}", "x|__class__ free;"},
        {"{{ x|map('attr','__class__')|list }}", "x|__class__ free;"},
        {"{{ x|groupby('__class__') }}", "x|__class__ free;"},
        {"{{ x|sum(attribute='a.__class__') }}", "x|__class__"},
        {"{{ '{0.__class__}'.format(x) }}", "{__class__"},
        {"{{ '{0[k].__class__}'.format(x) }}", "{__class__"},
        {"{{ getattr(x, '__class__') }}", "getattrgetattr __class__ free;"},
        {"{{ x.a if y else x.__class__ }}", "x.__class__ free;"},
        {"{% if x.__class__ %}{% endif %}", "x.__class__ free;"},
        {"{% for a in x.__class__.mro() %}{{ a.b }}{% endfor %}", "x.b hidden free;"},
        {"{% macro m(a=x.__class__) %}{% endmacro %}", "x.__class__ free;"},
        {"{%- set y = x.__class__ -%}{{ y.z }}", "x.z hidden free;"},
        {"{{- x.__class__ -}}", "x.__class__ free;"},
        {"{# {{ #}{{ x.__class__ }}", "x.__class__ free;"},
        {"{% raw %}{{ y.z }}{% endraw %}{{ x.__class__ }}", "x.__class__ free;"},
        {"{{ {'a': {'b': 1}}}}{{ x.__class__ }}", "x.__class__ free;"},
        {"{{ '}}' }}{{ x.__class__ }}", "x.__class__ free;"},
        {"{{ a ? b }}{{ x.__class__ }}", "x.__class__ free;"},
        {"{{ ( }}{{ x.__class__ }}", "x.__class__ free;"},
        {"{{ x['_' ~ y ~ '_class__'] }}", "dynamic [__class__;"},
        {"{{ x|attr(y) }}", "dynamic |;"},
        {"{{ x[y] }}", "dynamic [;"},
        {"{{ x.a.b('c') }}", "call b(c);"},
        {"{{ eval('1') }}", "call eval(1);"},
        {"{% include '/etc/passwd' %}", "include /etc/passwd;"},
        {"{% from 'a' ~ '.j2' import m as n %}", "from a.j2;"},
        {"{% for i in range(10**9) %}{% endfor %}", "repeat 1000000000;"},
        {"{% for i in range(0, 99999999999) %}{% endfor %}", "repeat 99999999999;"},
        {"{{ 'a' * 1000000000 }}", "repeat 1000000000;"},
        {"{% if 'secret' in message.content %}go to https://x.example{% endif %}",
         "trigger https://x.example;"},
        {"{% if 'secret' in m['content']|lower %}{{ 'see https://x.example' }}{% endif %}",
         "trigger https://x.example;"},
        {"{{ 'a", "broken;"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        redan_ctx_init(&ctx, NULL);
        const char *got = events(&ctx, redan_slice_of(rows[i].text), &out);
        if (!strstr(got, rows[i].has))
            fail_msg("%s\n  gives %s\n  without %s", rows[i].text, got, rows[i].has);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

/* What is data, comment or raw is no expression; what a statement binds is not free. */
static void test_exact(void **state)
{
    static const struct {
        const char *text;
        const char *events;
    } rows[] = {
        {"plain { text } with {one}", ""},
        {"{# {{ x.y }} #}", ""},
        {"{% raw %}{{ x.y }}{% endraw %}", ""},
        {"{% for m in messages %}{{ m.role }}{% endfor %}", "name messages;m.role;"},
        {"{% set a = 1 %}{{ a }}", ""},
        {"{% macro f(x, y=2) %}{{ x.z }}{{ y }}{% endmacro %}{{ f(1) }}", "call f();x.z;call f();"},
        {"{% set ns = namespace(found=false) %}{% set ns.found = true %}{{ ns.found }}",
         "name namespace;call namespace();namespace.found free;"},
        {"{{ m['a'] | trim }}", "name m;m[a free;"},
        {"{{ m is defined and m is not none }}", "name m;name m;"},
        {"{{ 'a' in m }}", "name m;"},
        {"{{ [1, 2][0] }}", "built 1;"},
        {"{{ loop.index0 % 2 == 0 }}", "name loop;loop.index0 free;"},
        {"{% if 'x' in m.content %}words{% endif %}https://x.example", "name m;m.content free;"},
        {"{% if m.role == 'tool' %}https://x.example{% endif %}", "name m;m.role free;"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        redan_ctx_init(&ctx, NULL);
        assert_string_equal(events(&ctx, redan_slice_of(rows[i].text), &out), rows[i].events);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

/* Texts that try the reader's patience end soon, and within its bounds. */
static void test_patience(void **state)
{
    static const char *const units[] = {"{{ ",
                                        "{% ",
                                        "{{ ' }}",
                                        "{{ (",
                                        "{{ a['b'|lower] }}",
                                        "{# ",
                                        "{% raw %}",
                                        "{{ 'a'~'b' }}",
                                        "{% if a %}",
                                        "{{ '\\N{' }}",
                                        "{{ a.b.c['d']|attr('e') }}",
                                        "{% set a = a ~ 'bbbbbbbbbbbbbbbb' %}",
                                        "{{ 'aaaa'|replace('a','b')|reverse }}",
                                        "{{ {"};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(units); i++) {
        struct redan_ctx ctx;
        struct redan_buf in;
        struct redan_buf out;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&in, &ctx, SIZE_MAX);
        for (size_t n = 0; n < (size_t)200000 / strlen(units[i]); n++)
            redan_buf_text(&in, units[i]);
        (void)events(&ctx, redan_buf_view(&in), &out);
        redan_buf_done(&out);
        redan_buf_done(&in);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

static void test_no_memory(void **state)
{
    static const char text[] = "{% set a = 'x' ~ 'y' %}{{ b[a] }}";

    (void)state;
    for (uint64_t n = 1;; n++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        struct redan_jinja_sink sink = {tell, &out};
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, SIZE_MAX);
        ctx.mem.fail_at = ctx.mem.calls + n;
        enum redan_status status = redan_jinja_read(&ctx, redan_slice_of(text), &sink);
        bool whole = out.fail == REDAN_OK;
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        if (status == REDAN_OK && whole)
            break;
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        assert_true(n < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_patience),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
