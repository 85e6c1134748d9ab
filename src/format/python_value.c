/* Names and texts of Python source: what they stand for, and what calls make of them. */
#include "format/python_call.h"
#include "format/python_reader.h"

#include <string.h>

#include "base/map.h"

struct redan_python_token redan_python_take(struct redan_python_reader *r)
{
    if (r->looked) {
        r->looked = false;
        return r->ahead;
    }
    return redan_python_next(&r->lex);
}

const struct redan_python_token *redan_python_peek(struct redan_python_reader *r)
{
    if (!r->looked)
        r->ahead = redan_python_next(&r->lex);
    r->looked = true;
    return &r->ahead;
}

bool redan_python_is(const struct redan_python_token *token, const char *text)
{
    return (token->kind == REDAN_PY_PUNCT || token->kind == REDAN_PY_NAME) &&
           redan_slice_is(token->text, text);
}

bool redan_python_in_function(const struct redan_python_reader *r)
{
    for (size_t i = 0; i < r->scope_count; i++) {
        if (r->scopes[i].function)
            return true;
    }
    return false;
}

/* ---- names ---- */

const struct redan_python_bound *redan_python_find(const struct redan_python_reader *r,
                                                   struct redan_slice name)
{
    uint64_t hash = redan_hash(r->ctx->seed, name);

    for (size_t i = redan_min_size(r->name_count, REDAN_PY_MOST_NAMES); i > 0; i--) {
        if (r->names[i - 1].hash == hash && redan_slice_eq(r->names[i - 1].name, name))
            return &r->names[i - 1];
    }
    return NULL;
}

/* A room for one more name: a constant makes way before what was imported does. */
static struct redan_python_bound *room(struct redan_python_reader *r)
{
    struct redan_python_bound *oldest = &r->names[r->name_count % REDAN_PY_MOST_NAMES];

    if (r->name_count++ < REDAN_PY_MOST_NAMES)
        return oldest;
    for (size_t i = 0; i < REDAN_PY_MOST_NAMES && oldest->value.dotted.len; i++)
        oldest = &r->names[(r->name_count + i) % REDAN_PY_MOST_NAMES];
    r->lost |= oldest->value.dotted.len > 0;
    return oldest;
}

/* Texts of a value live as long as its name. */
enum redan_status redan_python_bind(struct redan_python_reader *r, struct redan_slice name,
                                    const struct redan_python_value *value)
{
    const struct redan_python_bound *known = redan_python_find(r, name);
    bool worth = value->dotted.len || value->constant || value->decoded || value->fetched;

    if (!known && !worth)
        return REDAN_OK;
    struct redan_python_bound *b = known ? &r->names[known - r->names] : room(r);
    b->name = name;
    b->hash = redan_hash(r->ctx->seed, name);
    b->value = *value;
    r->bound = true;
    return REDAN_OK;
}

enum redan_status redan_python_join(struct redan_python_reader *r, struct redan_slice a,
                                    const char *with, struct redan_slice b,
                                    struct redan_slice *both)
{
    if (a.len + b.len > REDAN_PY_MOST_DOTTED) {
        *both = (struct redan_slice){0};
        return REDAN_OK;
    }
    return redan_format(r->ctx, both, "%.*s%s%.*s", REDAN_FMT(a), with, REDAN_FMT(b));
}

static bool builtin(struct redan_slice name)
{
    static const char *const words[] = {
        "exec",         "eval",      "compile",         "__import__", "getattr",    "setattr",
        "open",         "globals",   "locals",          "vars",       "chr",        "map",
        "bytes",        "bytearray", "input",           "delattr",    "breakpoint", "execfile",
        "__builtins__", "builtins",  "__build_class__", NULL};

    return redan_slice_among(words, name);
}

/* What a name stands for here. */
enum redan_status redan_python_lookup(struct redan_python_reader *r, struct redan_slice name,
                                      struct redan_python_value *v)
{
    const struct redan_python_bound *b = redan_python_find(r, name);

    if (b) {
        size_t begin = v->begin;
        *v = b->value;
        v->begin = begin;
        return REDAN_OK;
    }
    if (r->script && (redan_slice_is(name, "ops") || redan_slice_is(name, "torch"))) {
        v->dotted = name;
        return REDAN_OK;
    }
    if (redan_slice_is(name, "__builtins__") || redan_slice_is(name, "builtins"))
        v->dotted = REDAN_S("builtins");
    else if (builtin(name))
        return redan_python_join(r, REDAN_S("builtins"), ".", name, &v->dotted);
    return REDAN_OK;
}

/* ---- texts ---- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Escapes decoded, as far as names and commands need them. */
enum redan_status redan_python_decode(struct redan_python_reader *r,
                                      const struct redan_python_token *token,
                                      struct redan_slice *text)
{
    struct redan_slice in = token->text;

    *text = in;
    if (token->raw || in.len > REDAN_PY_MOST_CONSTANT || !in.len || !memchr(in.at, '\\', in.len))
        return REDAN_OK;
    char *out = redan_take(r->ctx, in.len);
    size_t len = 0;
    if (!out)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < in.len; i++) {
        char c = in.at[i];
        if (c == '\\' && i + 1 < in.len) {
            c = in.at[++i];
            if (c == 'n')
                c = '\n';
            if (c == 'x' && i + 2 < in.len && hex_value(in.at[i + 1]) >= 0 &&
                hex_value(in.at[i + 2]) >= 0) {
                c = (char)(hex_value(in.at[i + 1]) * 16 + hex_value(in.at[i + 2]));
                i += 2;
            } else if (c >= '0' && c <= '7') {
                int code = c - '0';
                for (int n = 0;
                     n < 2 && i + 1 < in.len && in.at[i + 1] >= '0' && in.at[i + 1] <= '7'; n++)
                    code = code * 8 + (in.at[++i] - '0');
                c = (char)(code & 0xff);
            } else if (c == 'u' && i + 4 < in.len && in.at[i + 1] == '0' && in.at[i + 2] == '0') {
                int high = hex_value(in.at[i + 3]);
                int low = hex_value(in.at[i + 4]);
                c = high >= 0 && low >= 0 ? (char)(high * 16 + low) : 'u';
                i += 4;
            }
        }
        out[len++] = c;
    }
    *text = (struct redan_slice){out, len};
    return REDAN_OK;
}

enum redan_status redan_python_concat(struct redan_python_reader *r,
                                      const struct redan_python_value *a,
                                      const struct redan_python_value *b,
                                      struct redan_python_value *v)
{
    *v = (struct redan_python_value){.begin = a->begin,
                                     .decoded = a->decoded || b->decoded,
                                     .fetched = a->fetched || b->fetched};
    if (!a->constant || !b->constant)
        return REDAN_OK;
    v->constant = true;
    size_t len = a->text.len + b->text.len;
    r->work += len;
    if (len > REDAN_PY_MOST_CONSTANT || r->work > REDAN_PY_MOST_WORK) {
        v->text = a->text; /* that it is a constant is what counts */
        return REDAN_OK;
    }
    char *out = redan_take(r->ctx, len + 1);
    if (!out)
        return REDAN_E_MEMORY;
    if (a->text.len)
        memcpy(out, a->text.at, a->text.len);
    if (b->text.len)
        memcpy(out + a->text.len, b->text.at, b->text.len);
    v->text = (struct redan_slice){out, len};
    return REDAN_OK;
}

enum redan_status redan_python_reversed(struct redan_python_reader *r, struct redan_python_value *v)
{
    char *out = redan_take(r->ctx, v->text.len + 1);

    if (!out)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < v->text.len; i++)
        out[i] = v->text.at[v->text.len - 1 - i];
    v->text = (struct redan_slice){out, v->text.len};
    return REDAN_OK;
}

static bool decoder(struct redan_slice name)
{
    static const char *const words[] = {"base64.b64decode",
                                        "base64.b32decode",
                                        "base64.b16decode",
                                        "base64.b85decode",
                                        "base64.a85decode",
                                        "base64.urlsafe_b64decode",
                                        "base64.standard_b64decode",
                                        "base64.decodebytes",
                                        "base64.decodestring",
                                        "zlib.decompress",
                                        "bz2.decompress",
                                        "lzma.decompress",
                                        "gzip.decompress",
                                        "codecs.decode",
                                        "binascii.unhexlify",
                                        "binascii.a2b_base64",
                                        "binascii.a2b_hex",
                                        "builtins.bytes.fromhex",
                                        "builtins.bytearray.fromhex",
                                        "marshal.loads",
                                        "brotli.decompress",
                                        NULL};

    return redan_slice_among(words, name);
}

static bool fetcher(struct redan_slice name)
{
    static const char *const words[] = {"urllib.request.urlopen",
                                        "urllib.urlopen",
                                        "urllib2.urlopen",
                                        "requests.get",
                                        "requests.post",
                                        "requests.request",
                                        "httpx.get",
                                        "httpx.post",
                                        "urllib3.request",
                                        "http.client.HTTPSConnection",
                                        "socket.socket",
                                        "http.client.HTTPConnection",
                                        "urllib.request.Request",
                                        "socket.create_connection",
                                        NULL};

    return redan_slice_among(words, name);
}

enum redan_status redan_python_tell_call(struct redan_python_reader *r, struct redan_slice dotted,
                                         size_t begin, const struct redan_python_frame *f)
{
    size_t dot = dotted.len;
    uint64_t bits = redan_python_in_function(r) ? REDAN_PYTHON_FUNCTION : 0;

    while (dot > 0 && dotted.at[dot - 1] != '.')
        dot--;
    if (f) {
        bits |= f->decoded ? REDAN_PYTHON_DECODED : 0;
        bits |= f->fetched ? REDAN_PYTHON_FETCHED : 0;
        bits |= f->shell ? REDAN_PYTHON_SHELL : 0;
        bits |= f->first.constant ? REDAN_PYTHON_CONSTANT : 0;
    }
    struct redan_fact fact = {
        .kind = REDAN_FACT_CODE,
        .what = r->script ? "torchscript" : "python-call",
        .offset = begin,
        .number = bits,
        .module = redan_slice_sub(dotted, 0, dot ? dot - 1 : 0),
        .name = redan_slice_sub(dotted, dot, SIZE_MAX),
        .text = redan_slice_sub(
            r->text, begin,
            redan_min_size(REDAN_PY_MOST_EXCERPT, r->lex.at > begin ? r->lex.at - begin : 0))};
    return redan_tell(r->to, &fact);
}

enum redan_status redan_python_tell_reduce(struct redan_python_reader *r,
                                           const struct redan_python_value *v)
{
    struct redan_slice dotted = v->dotted;
    size_t dot = dotted.len;
    bool reduces = false;

    for (size_t i = 0; i < r->scope_count; i++)
        reduces |= r->scopes[i].reduces;
    if (!reduces || dotted.len == 0 || dotted.at[0] == '\'')
        return REDAN_OK;
    while (dot > 0 && dotted.at[dot - 1] != '.')
        dot--;
    struct redan_fact fact = {.kind = REDAN_FACT_CODE,
                              .what = "python-reduce",
                              .offset = v->begin,
                              .number = REDAN_PYTHON_FUNCTION,
                              .module = redan_slice_sub(dotted, 0, dot ? dot - 1 : 0),
                              .name = redan_slice_sub(dotted, dot, SIZE_MAX),
                              .text = redan_slice_sub(r->text, v->begin, 120)};
    return redan_tell(r->to, &fact);
}

/* What a call gives, when it is one whose result matters. */
enum redan_status redan_python_result(struct redan_python_reader *r,
                                      const struct redan_python_frame *f,
                                      struct redan_python_value *v)
{
    struct redan_slice of = f->of.dotted;
    struct redan_slice first = f->first.constant ? f->first.text : (struct redan_slice){0};

    *v = (struct redan_python_value){
        .begin = f->of.begin, .decoded = f->of.decoded, .fetched = f->of.fetched};
    v->decoded |= f->decoded;
    v->fetched |= f->fetched;
    if (redan_slice_is(of, "builtins.__import__") ||
        redan_slice_is(of, "importlib.import_module") ||
        redan_slice_is(of, "importlib.__import__")) {
        v->dotted = first;
    } else if (redan_slice_is(of, "builtins.getattr")) {
        if (f->first.dotted.len && f->second.constant)
            REDAN_TRY(redan_python_join(r, f->first.dotted, ".", f->second.text, &v->dotted));
    } else if (redan_slice_is(of, "builtins.globals") || redan_slice_is(of, "builtins.locals")) {
        v->dotted = REDAN_S("globals()");
    } else if (redan_slice_is(of, "builtins.vars") && f->first.dotted.len) {
        REDAN_TRY(redan_python_join(r, f->first.dotted, ".", REDAN_S("__dict__"), &v->dotted));
    } else if (redan_slice_is(of, "sys.modules.get")) {
        v->dotted = first;
    } else if (decoder(of)) {
        v->decoded |= f->first.constant || f->count == 0 || f->first.decoded;
        v->decoded |= !redan_slice_is(of, "codecs.decode");
    } else if (fetcher(of)) {
        v->fetched = true;
    } else if (redan_slice_is(of, "builtins.chr") && f->first.numeric) {
        char c = (char)(f->first.number & 0x7f);
        REDAN_TRY(redan_copy(r->ctx, (struct redan_slice){&c, 1}, &v->text));
        v->constant = true;
    } else if (redan_slice_is(of, "builtins.chr")) {
        v->decoded = true; /* of something that is computed */
    } else if (f->twisted &&
               (redan_slice_is(of, "builtins.bytes") || redan_slice_is(of, "builtins.bytearray") ||
                redan_slice_is(of, "builtins.map"))) {
        v->decoded = true;
    } else if (redan_slice_is(of, "builtins.compile")) {
        v->decoded |= f->decoded;
    }
    return REDAN_OK;
}

/* A method of a constant: ''.join([...]), 'x'.decode() and their like. */
enum redan_status redan_python_method(struct redan_python_reader *r,
                                      const struct redan_python_frame *f,
                                      struct redan_python_value *v)
{
    struct redan_slice method = {0};
    struct redan_slice text = f->of.text;

    (void)r;
    if (!redan_slice_starts(f->of.dotted, REDAN_S("''.")))
        return REDAN_OK;
    method = redan_slice_sub(f->of.dotted, 3, SIZE_MAX);
    if (redan_slice_is(method, "join")) {
        v->decoded |= f->twisted;
        v->constant = f->first.constant && text.len == 0;
        v->text = f->first.text;
    } else if (redan_slice_is(method, "decode") || redan_slice_is(method, "encode") ||
               redan_slice_is(method, "strip") || redan_slice_is(method, "lower")) {
        v->constant = true;
        v->text = text;
        v->decoded |= f->first.constant && (redan_slice_is(f->first.text, "base64") ||
                                            redan_slice_is(f->first.text, "hex") ||
                                            redan_slice_is(f->first.text, "rot13"));
    } else if (redan_slice_is(method, "replace") || redan_slice_is(method, "format")) {
        v->dotted = (struct redan_slice){0};
    }
    return REDAN_OK;
}
