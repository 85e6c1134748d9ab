/* The pickle machine: what each opcode does, what the two unpicklers of Python read differently, and every known way to hide a call. */
#include "test.h"

#include "format/format_table.h"
#include "pickle_asm.h"
#include "pickle_fixture.h"

struct row {
    const char *name;
    struct redan_slice bytes;
    const char *said;
    enum redan_status status;
};

#define ROW(name, bytes, said)                        \
    {                                                 \
        name, {(bytes), sizeof(bytes) - 1}, (said), 0 \
    }
#define BAD(name, bytes, said)                                     \
    {                                                              \
        name, {(bytes), sizeof(bytes) - 1}, (said), REDAN_E_SYNTAX \
    }

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct redan_ctx ctx;
        struct redan_buf said;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&said, &ctx, SIZE_MAX);
        enum redan_status status = pickle_said(&ctx, rows[i].bytes, &said);
        redan_buf_char(&said, '\0');
        if (strcmp(said.data, rows[i].said) != 0 || status != rows[i].status)
            fail_msg("%s (status %d):\n  %s\nnot\n  %s", rows[i].name, status, said.data,
                     rows[i].said);
        redan_buf_done(&said);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

/* Each value shows as an argument of f.g. */
#define ARG(op) "cf\ng\n(" op "tR."
#define SHOWS(value) "import f.g@0; call f.g(" value "); end stop"

static const struct row values[] = {
    ROW("NONE", ARG("N"), SHOWS("None")),
    ROW("NEWTRUE NEWFALSE", ARG("\x88\x89"), SHOWS("True,False")),
    ROW("INT", ARG("I-7\nI01\nI00\n"), SHOWS("-7,True,False")),
    ROW("BININT", ARG("J\xfe\xff\xff\xff"), SHOWS("-2")),
    ROW("BININT1", ARG("K\xff"), SHOWS("255")),
    ROW("BININT2", ARG("M\x01\x02"), SHOWS("513")),
    ROW("LONG", ARG("L12L\nL-3\n"), SHOWS("12,-3")),
    ROW("LONG1",
        ARG("\x8a\x00\x8a\x01\xff\x8a\x02\x00\x80\x8a\x09"
            "123456789"),
        SHOWS("0,-1,-32768,0")),
    ROW("LONG4", ARG("\x8b\x02\x00\x00\x00\x01\x01"), SHOWS("257")),
    ROW("FLOAT", ARG("F1.5e3\nFnan\nF-inf\n"), SHOWS("float,float,float")),
    ROW("BINFLOAT", ARG("G12345678"), SHOWS("float")),
    ROW("STRING", ARG("S'a\\x41\\n\\101\\q'\n"), SHOWS("'aA\\x0aA\\q'")),
    ROW("STRING double", ARG("S\"b\"\n"), SHOWS("'b'")),
    ROW("BINSTRING", ARG("T\x02\x00\x00\x00hi"), SHOWS("'hi'")),
    ROW("SHORT_BINSTRING", ARG("U\x02hi"), SHOWS("'hi'")),
    ROW("UNICODE", ARG("Va\\u0041\\U00000042\\x\n"), SHOWS("'aAB\\x'")),
    ROW("UNICODE Latin-1", ARG("V\xe9\n"), SHOWS("'\\xc3\\xa9'")),
    ROW("BINUNICODE", ARG("X\x02\x00\x00\x00hi"), SHOWS("'hi'")),
    ROW("SHORT_BINUNICODE", ARG("\x8c\x02hi"), SHOWS("'hi'")),
    ROW("BINUNICODE8", ARG("\x8d\x02\0\0\0\0\0\0\0hi"), SHOWS("'hi'")),
    ROW("BINBYTES", ARG("B\x02\x00\x00\x00hi"), SHOWS("b'hi'")),
    ROW("SHORT_BINBYTES", ARG("C\x02hi"), SHOWS("b'hi'")),
    ROW("BINBYTES8", ARG("\x8e\x02\0\0\0\0\0\0\0hi"), SHOWS("b'hi'")),
    ROW("BYTEARRAY8", ARG("\x96\x02\0\0\0\0\0\0\0hi"), SHOWS("b'hi'")),
    ROW("NEXT_BUFFER", ARG("\x97\x98"), SHOWS("?")),
    ROW("EMPTY_TUPLE", ARG(")"), SHOWS("()")),
    ROW("TUPLE1 to 3", ARG("K\1\x85K\1K\2\x86K\1K\2K\3\x87"), SHOWS("(1),(1,2),(1,2,3)")),
    ROW("TUPLE", ARG("(K\1K\2t"), SHOWS("(1,2)")),
    ROW("a long tuple", ARG("(NNNNNNNNNt"), SHOWS("(None,None,None,None,None,None,None,None,..9)")),
    ROW("LIST", ARG("(K\1K\2l"), SHOWS("[1,2]")),
    ROW("APPEND", ARG("]K\1aK\2aK\3a"), SHOWS("[1,2,3]")),
    ROW("APPENDS", ARG("](K\1K\2e(K\3e"), SHOWS("[1,2,3]")),
    ROW("DICT", ARG("(K\1K\2d"), SHOWS("{1,2}")),
    ROW("SETITEM", ARG("}K\1\x8c\1as\x8c\1bK\2s"), SHOWS("{1,'a','b',2}")),
    ROW("SETITEMS", ARG("}(K\1NK\2]u"), SHOWS("{1,None,2,[]}")),
    ROW("EMPTY_SET ADDITEMS", ARG("\x8f(K\1K\2\x90"), SHOWS("<1,2>")),
    ROW("FROZENSET", ARG("(K\1K\2\x91"), SHOWS("<1,2>")),
    ROW("nested", ARG("](](]e}K\1cd\ne\nse"),
        "import f.g@0; import d.e@0; call f.g([[[]],{1,d.e}]); end stop"),
    ROW("POP",
        ARG("K\1K\2"
            "0"),
        SHOWS("1")),
    ROW("POP of a mark", ARG("K\1(0"), SHOWS("1")),
    ROW("POP_MARK",
        ARG("K\1(K\2K\3"
            "1"),
        SHOWS("1")),
    ROW("DUP",
        ARG("K\1"
            "2"),
        SHOWS("1,1")),
    ROW("PUT GET", ARG("K\5p0\ng0\n"), SHOWS("5,5")),
    ROW("BINPUT BINGET", ARG("K\5q\7h\7"), SHOWS("5,5")),
    ROW("LONG_BINPUT LONG_BINGET", ARG("K\5r\1\1\0\0j\1\1\0\0"), SHOWS("5,5")),
    ROW("MEMOIZE", ARG("K\5\x94K\6\x94h\0h\1"), SHOWS("5,6,5,6")),
    ROW("a memo index far away", ARG("K\5p9000000\nK\6\x94g9000000\nh\1"), SHOWS("5,6,5,6")),
    ROW("a big number in the memo", ARG("J\xff\xff\xff\xff\x94h\0"), SHOWS("-1,-1")),
    ROW("PERSID", ARG("Pabc\n"), "import f.g@0; persistent 'abc'; call f.g(pid); end stop"),
    ROW("BINPERSID", ARG("\x8c\1aQ"), "import f.g@0; persistent 'a'; call f.g(pid); end stop"),
    ROW("EXT1", ARG("\x82\x05"), "import f.g@0; ext 5; call f.g(?); end stop"),
    ROW("EXT2", ARG("\x83\x05\x01"), "import f.g@0; ext 261; call f.g(?); end stop"),
    ROW("EXT4", ARG("\x84\x05\0\0\1"), "import f.g@0; ext 16777221; call f.g(?); end stop"),
    ROW("a list that grows later",
        ARG("]q\1"
            "0]q\2h\1ah\1cos\nsystem\na0"),
        "import f.g@0; import os.system@0; call f.g([[os.system]]); end stop"),
};

static const struct row calls[] = {
    ROW("GLOBAL", "\x80\2cos\nsystem\n.", "import os.system@2; end stop"),
    ROW("STACK_GLOBAL", "\x80\4\x8c\2os\x8c\6system\x93.", "import os.system@4; end stop"),
    ROW("REDUCE", "cos\nsystem\n(S'id'\ntR.", "import os.system@0; call os.system('id'); end stop"),
    ROW("INST", "(S'id'\nios\nsystem\n.", "import os.system@0; call os.system('id'); end stop"),
    ROW("OBJ", "(cos\nsystem\nS'id'\no.", "import os.system@0; call os.system('id'); end stop"),
    ROW("OBJ and POP", "(cos\nsystem\nS'id'\no0N.",
        "import os.system@0; call os.system('id'); end stop"),
    ROW("NEWOBJ", "ca\nB\nK\1\x85\x81.", "import a.B@0; call a.B(1); end stop"),
    ROW("NEWOBJ_EX", "ca\nB\n)}\x8c\1xK\1s\x92.", "import a.B@0; call a.B(){'x',1}; end stop"),
    ROW("BUILD", "ca\nB\n)\x81}\x8c\1xK\1sb.",
        "import a.B@0; call a.B(); build result a.B {'x',1}; end stop"),
    ROW("BUILD of a global", "cnumpy\nprod\n}\x8c\1aVos\nsb.",
        "import numpy.prod@0; build numpy.prod {'a','os'}; end stop"),
    ROW("a result called", "ca\nb\n)R)R.", "import a.b@0; call a.b(); call result a.b(); end stop"),
    ROW("a result of a result", "ca\nb\n)R)R)R.",
        "import a.b@0; call a.b(); call result a.b(); call result ?(); end stop"),
    ROW("arguments that are names", "cbuiltins\nmap\ncbuiltins\nexec\n]\x86R.",
        "import builtins.map@0; import builtins.exec@0; call builtins.map(builtins.exec,[]); end "
        "stop"),
    ROW("arguments that are no tuple", "ca\nb\n]R.",
        "import a.b@0; divergent-arguments; call a.b []; end stop"),
    ROW("names from the memo",
        "\x80\4\x8c\2os\x94\x8c\6system\x94"
        "00h\0h\1\x93.",
        "import os.system@4; end stop"),
    ROW("names put and memoized",
        "\x80\4\x8c\2osq\0"
        "0\x8c\6systemq\x05"
        "0\x8c\1x\x94"
        "0h\0h\5\x93.",
        "import os.system@4; end stop"),
    ROW("names as STRING", "\x80\4S'os'\nS'sys\\x74em'\n\x93.", "import os.system@4; end stop"),
    ROW("names as BINSTRING and UNICODE", "\x80\4U\2osV\\u0073ystem\n\x93.",
        "import os.system@4; end stop"),
    ROW("a name from a call", "\x80\4\x8c\2osca\nb\n)R\x93.",
        "import a.b@4; call a.b(); dynamic 'os' result a.b; end stop"),
    ROW("names of bytes", "\x80\4C\2osC\6system\x93.", "dynamic b'os' b'system'; end stop"),
    ROW("a dotted name", "\x80\4\x8c\6random\x8c\x0a_os.system\x93.",
        "import random._os.system@4; end stop"),
    ROW("a name told once", "ca\nb\n0ca\nb\n.", "import a.b@0; end stop"),
    ROW("a name told for each reading of dots", "\x80\2ca\nb\n0\x80\4ca\nb\n.",
        "import a.b@2; protocol-changed; import a.b@4; end stop"),
    ROW("items of a result", "ccollections\nOrderedDict\n)R(\x8c\1aK\1u.",
        "import collections.OrderedDict@0; call collections.OrderedDict(); items result "
        "collections.OrderedDict('a',1); end stop"),
    ROW("items of a name", "ca\nb\nK\1a.", "import a.b@0; items a.b(1); end stop"),
    ROW("a pickle in bytes", "C\x12\x80\2cos\nsystem\n)R.zz.",
        "constant b'\\x80\\x02cos\\x0asystem\\x0a)R.zz'; end stop"),
    ROW("code in a text", "X\x09\0\0\0import os.", "constant 'import os'; end stop"),
    ROW("a plain text", "X\x09\0\0\0layer.one.", "end stop"),
};

/* What pickletools refuses and an unpickler does not, or the other way round. */
static const struct row divergent[] = {
    ROW("INT of base 16", ARG("I0x1f\n"), SHOWS("31")),
    ROW("INT with an underscore", ARG("I1_0\n"), SHOWS("10")),
    ROW("INT, octal for C", ARG("I010\n"), "import f.g@0; divergent-int; call f.g(8); end stop"),
    ROW("INT and a NUL", ARG("I1\0x\n"), "import f.g@0; divergent-int; call f.g(1); end stop"),
    ROW("INT +0, a bool for C", ARG("I+0\n"), "import f.g@0; divergent-int; call f.g(0); end stop"),
    ROW("INT with blanks", ARG("I 12 \n"), SHOWS("12")),
    ROW("LONG and a NUL", ARG("L7\0L\n"), "import f.g@0; divergent-int; call f.g(7); end stop"),
    ROW("FLOAT and a NUL", ARG("F1.5\0x\n"),
        "import f.g@0; divergent-float; call f.g(float); end stop"),
    ROW("FLOAT with an underscore", ARG("F1_0\n"),
        "import f.g@0; divergent-float; call f.g(float); end stop"),
    ROW("GET and a NUL", ARG("K\1q\0g0\0\n"),
        "import f.g@0; divergent-memo; call f.g(1,1); end stop"),
    ROW("PUT beyond an array", ARG("K\1p99999999999999999999\ng99999999999999999999\n"),
        "import f.g@0; divergent-memo; call f.g(1,1); end stop"),
    ROW("STRING with blanks", ARG("S 'a' \n"),
        "import f.g@0; divergent-string; call f.g('a'); end stop"),
    ROW("the last line cut", "(S'id'\nios\nsystemX",
        "divergent-line; import os.system@0; call os.system('id'); end truncated"),
    ROW("STOP over values", "cf\ng\nK\1.", "import f.g@0; stack-leftover; end stop"),
    ROW("STOP over a mark", "cf\ng\n(K\1.", "import f.g@0; stack-leftover; end stop"),
    ROW("PROTO 9",
        "\x80\x09"
        "cf\ng\n.",
        "protocol-unknown; import f.g@9; end stop"),
    ROW("an unknown memo entry", "h\7cf\ng\n.",
        "memo-unknown; import f.g@0; stack-leftover; end stop"),
    ROW("a name never put", "\x80\4h\0h\1\x93.", "memo-unknown; dynamic ? ?; end stop"),
    ROW("below the bottom", "ca\nb\nRcf\ng\n.",
        "import a.b@0; stack-underflow; divergent-arguments; call ? a.b; import f.g@0; "
        "stack-leftover; end stop"),
    ROW("past the mark", "ca\nb\n(K\1a0cf\ng\n.",
        "import a.b@0; stack-underflow; import f.g@0; stack-leftover; end stop"),
    ROW("a list that takes itself",
        "]q\0h\0ah\0ah\0ah\0ah\0ah\0ah\0ah\0ah\0ah\0ah\0ah\0ah\0ah\0ah\0ah\0a.",
        "expansion; end stop"),
    ROW("a list that takes itself once", "]q\0h\0a.", "end stop"),
    ROW("twice, and that twice",
        "N\x85"
        "2\x86"
        "2\x86"
        "2\x86"
        "2\x86"
        "2\x86"
        "2\x86"
        "2\x86"
        "2\x86"
        "2\x86"
        "2\x86"
        "2\x86"
        "2\x86"
        "2\x86"
        "2\x86"
        "2\x86"
        "2\x86.",
        "expansion; end stop"),
    ROW("twice, but not in each other",
        "("
        "N\x85"
        "2\x86N\x85"
        "2\x86N\x85"
        "2\x86N\x85"
        "2\x86N\x85"
        "2\x86N\x85"
        "2\x86N\x85"
        "2\x86N\x85"
        "2\x86N\x85"
        "2\x86N\x85"
        "2\x86N\x85"
        "2\x86N\x85"
        "2\x86N\x85"
        "2\x86N\x85"
        "2\x86N\x85"
        "2\x86N\x85"
        "2\x86t.",
        "end stop"),
    ROW("an empty name", "ca\n\n.", "divergent-line; import a.@0; end stop"),
};

static const struct row ends[] = {
    BAD("nothing", "", "end truncated"),
    BAD("no opcode", "{}", "end opcode"),
    BAD("an operand cut", "\x80\2K", "end truncated"),
    ROW("cut after a call", "cos\nsystem\n)RK",
        "import os.system@0; call os.system(); end truncated"),
    ROW("broken after a call", "cos\nsystem\n)R\xff",
        "import os.system@0; call os.system(); end opcode"),
    ROW("an operand both refuse", "cos\nsystem\n)RIx\n.",
        "import os.system@0; call os.system(); end operand"),
    ROW("LONG4 below nothing", "cf\ng\n\x8b\xff\xff\xff\xff", "import f.g@0; end operand"),
    ROW("EXT of nothing", "cf\ng\n\x82\0.", "import f.g@0; ext 0; end operand"),
    ROW("a size of 2^63", "cf\ng\n\x8e\0\0\0\0\0\0\0\x80x.", "import f.g@0; end truncated"),
    ROW("two pickles", "\x80\2N.\x80\2cos\nsystem\n.", "end stop; import os.system@2; end stop"),
    ROW("torch's version", "\x80\2M\xe9\x03.\x80\2cos\nsystem\n.",
        "end stop; import os.system@2; end stop"),
    ROW("behind garbage", "\x80\2N.garbage\x80\2cos\nsystem\n)R.",
        "end stop; garbage-between; import os.system@2; call os.system(); end stop"),
    ROW("behind garbage, protocol 0", "\x80\2N.garbage\0cos\nsystem\n(S'id'\ntR.",
        "end stop; garbage-between; import os.system@0; call os.system('id'); end stop"),
    ROW("behind garbage, INST", "\x80\2N.garbage\0(S'id'\nios\nsystem\n.",
        "end stop; garbage-between; import os.system@0; call os.system('id'); end stop"),
    ROW("behind what breaks it", "\x80\2N\xff\0\0\x80\4\x8c\2os\x8c\6system\x93)R.",
        "end opcode; garbage-between; import os.system@4; call os.system(); end stop"),
    ROW("numbers that look like one", "\x80\2N.\x4d\x01\x02.\x80\x02\x4d\x01\xff\xff\xff\xff",
        "end stop; trailing"),
    ROW("words behind it", "\x80\2N.science\nice\nfiction\nclass\n", "end stop; trailing"),
};

static const struct row frames[] = {
    ROW("a frame", "\x80\4\x95\x09\0\0\0\0\0\0\0cos\nsys\n.", "import os.sys@4; end stop"),
    ROW("two frames",
        "\x80\4\x95\4\0\0\0\0\0\0\0NNN0\x95\2\0\0\0\0\0\0\0"
        "0.",
        "end stop"),
    ROW("a frame within a frame", "\x80\4\x95\x0c\0\0\0\0\0\0\0\x95\2\0\0\0\0\0\0\0NN.",
        "frame-nested; stack-leftover; end stop"),
    ROW("a frame beyond the end", "\x80\4\x95\xff\0\0\0\0\0\0\0cos\nsys\n.",
        "frame-overrun; import os.sys@4; end stop"),
    /* the frame ends one byte into the bytes: from a file C reads three anew, and the length of the next bytes is a mark */
    ROW("an argument beyond a frame",
        "\x80\4\x95\3\0\0\0\0\0\0\0C\3abcC(cos\nsystem\nS'id'\noNNNNNNNNNNNNNNNNNNNNNNN0.",
        "frame-straddle; constant b'cos\\x0asystem\\x0aS\\x27id\\x27\\x0aoNNNNNNNNNNNNNNNNNNNNNN'; "
        "stack-leftover; end stop; import os.system@0; call os.system('id'); stack-leftover; end "
        "stop"),
    ROW("a line beyond a frame", "\x80\4\x95\3\0\0\0\0\0\0\0cxxos\nsystem\n)R.",
        "import xxos.system@4; frame-straddle; call xxos.system(); end stop; import os.system@0; "
        "call os.system(); end stop"),
    ROW("the second line beyond a frame", "\x80\4\x95\x06\0\0\0\0\0\0\0cos\nxxsystem\n)R.",
        "import os.xxsystem@4; frame-straddle; call os.xxsystem(); end stop; import os.system@0; "
        "call os.system(); end stop"),
    ROW("a frame that ends before an argument", "\x80\4\x95\1\0\0\0\0\0\0\0K\5.", "end stop"),
};

static void test_values(void **state)
{
    (void)state;
    check(values, REDAN_COUNT(values));
}

static void test_calls(void **state)
{
    (void)state;
    check(calls, REDAN_COUNT(calls));
}

static void test_divergent(void **state)
{
    (void)state;
    check(divergent, REDAN_COUNT(divergent));
}

static void test_ends(void **state)
{
    (void)state;
    check(ends, REDAN_COUNT(ends));
}

static void test_frames(void **state)
{
    (void)state;
    check(frames, REDAN_COUNT(frames));
}

/* Every opcode is listed, once, by the name and operand that the assembler writes. */
static enum redan_status listed(void *arg, struct redan_pickle *pickle,
                                const struct redan_pickle_line *line)
{
    struct redan_buf *seen = arg;

    (void)pickle;
    redan_buf_printf(seen, "%s/%llu/%zu ", line->name ? line->name : "?",
                     (unsigned long long)line->size, line->stack);
    return REDAN_OK;
}

static void test_listing(void **state)
{
    struct redan_ctx ctx;
    struct redan_source source;
    struct redan_buf bytes, seen;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&bytes, &ctx, SIZE_MAX);
    redan_buf_init(&seen, &ctx, SIZE_MAX);
    pickle_proto(&bytes, 4);
    pickle_frame(&bytes, 40);
    pickle_call(&bytes, "os", "system", "id");
    pickle_put(&bytes, 300);
    pickle_int(&bytes, -1);
    pickle_op(&bytes, REDAN_OP_POP);
    pickle_stop(&bytes);
    pickle_number(&bytes, REDAN_OP_FRAME, 0);
    redan_source_memory(&source, redan_buf_view(&bytes));
    assert_ok(redan_pickle_list(&ctx, &source, 0, NULL, listed, &seen));
    redan_buf_char(&seen, '\0');
    assert_string_equal(
        seen.data, "PROTO/2/0 FRAME/9/0 GLOBAL/11/1 SHORT_BINUNICODE/4/2 TUPLE1/1/2 REDUCE/1/1 "
                   "LONG_BINPUT/5/1 BININT/5/2 POP/1/1 STOP/1/0 ");
    redan_buf_done(&bytes);
    redan_buf_done(&seen);
    redan_ctx_done(&ctx);
}

/* What a container took after it was put into another one shows in the outer one's bits. */
static enum redan_status held(void *arg, const struct redan_fact *fact)
{
    if (fact->event->kind == REDAN_PICKLE_CALL)
        *(uint8_t *)arg = fact->event->args.holds;
    return REDAN_OK;
}

struct holding {
    struct redan_slice bytes;
    uint8_t holds;
};

#define HOLD(ops, bits)                          \
    {                                            \
        {ARG(ops), sizeof(ARG(ops)) - 1}, (bits) \
    }

static const struct holding holdings[] = {
    HOLD("KN", 0),
    HOLD("(((Nttt", 0),
    HOLD("S'a'\n", REDAN_PICKLE_HOLDS_TEXT),
    HOLD("(((C\1attt", REDAN_PICKLE_HOLDS_BYTES),
    HOLD("}K\1(ca\nb\nts", REDAN_PICKLE_HOLDS_GLOBAL),
    HOLD("ca\nb\nS'a'\n\x85R", REDAN_PICKLE_HOLDS_RESULT | REDAN_PICKLE_HOLDS_TEXT),
    HOLD("NNNNNNNNN\x97", REDAN_PICKLE_HOLDS_UNKNOWN),
    HOLD("Px\n", REDAN_PICKLE_HOLDS_PERSISTENT),
    HOLD("]q\1"
         "0]q\2h\1ah\1cos\nsystem\na0",
         REDAN_PICKLE_HOLDS_GLOBAL),
    HOLD("]q\1\x85h\1cos\nsystem\na0", REDAN_PICKLE_HOLDS_GLOBAL),
};

static void test_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(holdings); i++) {
        struct redan_ctx ctx;
        struct redan_source source;
        uint8_t holds = 0xff;
        struct redan_listener to = {.tell = held, .arg = &holds};
        redan_ctx_init(&ctx, NULL);
        redan_source_memory(&source, holdings[i].bytes);
        assert_ok(redan_pickle_read(&ctx, &source, 0, &to));
        if (holds != holdings[i].holds)
            fail_msg("row %zu holds %u, not %u", i, holds, holdings[i].holds);
        redan_ctx_done(&ctx);
    }
}

/* A first text longer than the head does not hide what comes behind it. */
static void test_sniff_long(void **state)
{
    enum { HEAD = 4096 };
    static const char behind[] = "\n0cos\nsystem\n(S'id'\ntR.";
    static char bytes[3 * HEAD];

    (void)state;
    for (int hidden = 0; hidden < 2; hidden++) {
        struct redan_ctx ctx;
        struct redan_source source = {0};

        memset(bytes, 'x', sizeof(bytes));
        bytes[0] = 'V';
        memcpy(bytes + sizeof(bytes) - sizeof(behind), behind, hidden ? sizeof(behind) - 1 : 1);
        redan_ctx_init(&ctx, NULL);
        redan_source_memory(&source, (struct redan_slice){bytes, sizeof(bytes) - 1});
        struct redan_probe probe = {.ctx = &ctx, .source = &source, .head = {bytes, HEAD}};

        assert_int_equal(redan_format_named("pickle")->sniff(&probe),
                         hidden ? REDAN_SNIFF_YES : REDAN_SNIFF_NO);
        redan_source_done(&source);
        redan_ctx_done(&ctx);
    }
}

struct sniffed {
    const char *name;
    struct redan_slice head;
    enum redan_sniff sniff;
};

#define SNIFF(bytes, sniff)                            \
    {                                                  \
#bytes, {(bytes), sizeof(bytes) - 1 }, (sniff) \
    }

static const struct sniffed sniffs[] = {
    SNIFF("\x80\4\x95\x02\0\0\0\0\0\0\0N.", REDAN_SNIFF_YES),
    SNIFF("\x80\2}q\0.", REDAN_SNIFF_YES),
    SNIFF("cos\nsystem\n(S'id'\ntR.", REDAN_SNIFF_YES),
    SNIFF("(S'id'\nios\nsystem\n.", REDAN_SNIFF_YES),
    SNIFF("(lp0\nI1\naI2\na.", REDAN_SNIFF_YES),
    SNIFF("I010\n0cos\nsystem\n(S'id'\ntR.", REDAN_SNIFF_YES),
    SNIFF("(lisp)", REDAN_SNIFF_NO),
    SNIFF("I1\n.", REDAN_SNIFF_NO),
    SNIFF(".text", REDAN_SNIFF_NO),
    SNIFF("Version 1.0\nPlease read\nthis file.\n", REDAN_SNIFF_NO),
    SNIFF("copyright (c) someone\nall rights reserved\n", REDAN_SNIFF_NO),
    SNIFF("import os\nos.system('id')\n", REDAN_SNIFF_NO),
    SNIFF("collections\ntorch._utils\ntorch\n", REDAN_SNIFF_NO),
    SNIFF("collections\ntorch._utils\n.", REDAN_SNIFF_MAYBE),
    SNIFF("cos\nsystem\n(S'id'\nt", REDAN_SNIFF_MAYBE),
    SNIFF("PK\3\4\x14\0\0\0\x08\0", REDAN_SNIFF_NO),
    SNIFF("\x80\2\0\0\0\0\0\0", REDAN_SNIFF_NO),
    SNIFF("\x80\x3f\0\0\x80\x3f", REDAN_SNIFF_NO),
    SNIFF("{\"a\": 1}", REDAN_SNIFF_NO),
    SNIFF("", REDAN_SNIFF_NO),
};

static void test_sniff(void **state)
{
    (void)state;
    const struct redan_format *format = &redan_format_pickle;
    for (size_t i = 0; i < REDAN_COUNT(sniffs); i++) {
        struct redan_ctx ctx;
        struct redan_source source;
        redan_ctx_init(&ctx, NULL);
        redan_source_memory(&source, sniffs[i].head);
        struct redan_probe probe = {.ctx = &ctx, .source = &source, .head = sniffs[i].head};
        enum redan_sniff sniff = format->sniff(&probe);
        if (sniff != sniffs[i].sniff)
            fail_msg("%s: %d, not %d", sniffs[i].name, sniff, sniffs[i].sniff);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),    cmocka_unit_test(test_calls),
        cmocka_unit_test(test_divergent), cmocka_unit_test(test_ends),
        cmocka_unit_test(test_frames),    cmocka_unit_test(test_listing),
        cmocka_unit_test(test_sniff),     cmocka_unit_test(test_sniff_long),
        cmocka_unit_test(test_holds),
    };
    return cmocka_run_group_tests_name("pickle", tests, NULL, NULL);
}
