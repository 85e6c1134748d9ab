/* Which constants of a pickle are worth a look of their own: a few nanoseconds for each of a million strings. */
#include "format/pickle_machine.h"

#include <string.h>

enum {
    LEAST = 8,
    ENCODED_LEAST = 24,
    WORDS_MOST = 65536, /* bytes of a text that are searched for words */
};

enum class {
    LOWER = 1,
    UPPER = 2,
    DIGIT = 4,
    HEX = 8,     /* a letter of a hexadecimal number */
    BASE64 = 16, /* of the alphabet, and no letter or digit */
    OTHER = 32,
    CODE = 64, /* brackets, quotes, blanks, line ends and the like: a text without one is a word */
};

static unsigned class_of(uint8_t c)
{
    if (c >= 'a' && c <= 'z')
        return LOWER | (c <= 'f' ? HEX : 0U);
    if (c >= 'A' && c <= 'Z')
        return UPPER | (c <= 'F' ? HEX : 0U);
    if (c >= '0' && c <= '9')
        return DIGIT;
    if (c == '+' || c == '=' || c == '-' || c == '_')
        return BASE64;
    if (c == '/')
        return BASE64 | CODE;
    return c > ' ' && c < 0x7f && c != '(' && c != ':' && c != ';' && c != '"' && c != '\'' &&
                   c != '\\' && c != '{' && c != '%' && c != '<' && c != '$' && c != '|' && c != '~'
               ? OTHER
               : OTHER | CODE;
}

struct magic {
    uint8_t len;
    uint8_t bytes[6];
};

/* What begins a file that loaders open: archives, compressed data, arrays, programs. */
static const struct magic magics[] = {
    {4, {'P', 'K', 3, 4}},
    {4, {'P', 'K', 5, 6}},
    {3, {0x1f, 0x8b, 8}},
    {6, {0xfd, '7', 'z', 'X', 'Z', 0}},
    {3, {'B', 'Z', 'h'}},
    {4, {0x04, 0x22, 0x4d, 0x18}},
    {4, {0x28, 0xb5, 0x2f, 0xfd}},
    {6, {0x93, 'N', 'U', 'M', 'P', 'Y'}},
    {4, {0x7f, 'E', 'L', 'F'}},
    {4, {0xfe, 0xed, 0xfa, 0xce}},
    {4, {0xfe, 0xed, 0xfa, 0xcf}},
    {4, {0xcf, 0xfa, 0xed, 0xfe}},
    {4, {0xce, 0xfa, 0xed, 0xfe}},
    {4, {0xca, 0xfe, 0xba, 0xbe}},
    {6, {'7', 'z', 0xbc, 0xaf, 0x27, 0x1c}},
    {4, {0x89, 'H', 'D', 'F'}},
    {4, {'G', 'G', 'U', 'F'}},
    {5, {0x5d, 0, 0, 0x80, 0}},
    {5, {0x5d, 0, 0, 0, 1}},
    {4, {0xe3, 0, 0, 0}}, /* marshal of a code object */
    {2, {'#', '!'}},
};

static bool magic(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < REDAN_COUNT(magics); i++) {
        const struct magic *m = &magics[i];

        if (bytes[0] == m->bytes[0] && len >= m->len && memcmp(bytes, m->bytes, m->len) == 0)
            return true;
    }
    switch (bytes[0]) {
    case 0x80: /* a pickle of protocol 2 or later */
        return bytes[1] <= 5 && redan_pickle_opcodes[bytes[2]].name != NULL;
    case 'x': /* zlib: RFC 1950 2.2 */
        return (bytes[0] * 256 + bytes[1]) % 31 == 0;
    case 'M': /* a DOS stub is never short */
        return bytes[1] == 'Z' && len >= 64;
    default:
        return false;
    }
}

static bool ident(uint8_t c)
{
    return (class_of(c) & (LOWER | UPPER | DIGIT)) || c == '_' || c == '.' || c >= 0x80;
}

/* A pickle of protocol 0 or 1 that names something: 'c' or '(i' and two lines of names, or a mark or container before one. */
static bool old_pickle(const uint8_t *bytes, size_t len)
{
    size_t lines = 0;

    if (!redan_char_among("c(]}iIVSFlKN)", bytes[0]))
        return false;
    for (size_t i = 0; i < len && i < 256; i++)
        lines += bytes[i] == '\n';
    if (lines < 2 && bytes[0] != '(' && bytes[0] != ']' && bytes[0] != '}')
        return false;
    for (size_t i = 0; i + 4 < len && i < 256; i++) {
        if (bytes[i] != 'c' && bytes[i] != 'i')
            continue;
        size_t k = i + 1;
        while (k < len && ident(bytes[k]))
            k++;
        if (k == i + 1 || k >= len || bytes[k] != '\n')
            continue;
        size_t from = ++k;
        while (k < len && ident(bytes[k]))
            k++;
        if (k > from && k < len && bytes[k] == '\n')
            return true;
    }
    return false;
}

/* Words of code, shells, addresses and paths. The first letter finds them. */
static const char *const words[] = {
    "import",  "exec",     "eval",    "os.",        "subprocess", "__",       "socket",
    "lambda",  "open(",    "system",  "popen",      "getattr",    "compile",  "base64",
    "://",     "/bin/",    "/etc/",   "/tmp/",      "/dev/",      "../",      "curl ",
    "wget ",   "bash",     "sh -",    "powershell", "cmd.exe",    "cmd /",    "rm -",
    "chmod",   "pickle",   "marshal", "urllib",     "requests",   "builtins", "globals",
    "setattr", "ctypes",   "shutil",  "python",     "{{",         "{%",       "\\x",
    "%TEMP",   "%APPDATA", "nc -",    "~/.",        "C:\\",       "ncat",     "perl ",
};

/* How they begin. */
static const bool begins[256] = {
    ['i'] = true,  ['e'] = true, ['o'] = true, ['s'] = true, ['_'] = true, ['l'] = true,
    ['p'] = true,  ['g'] = true, ['c'] = true, ['b'] = true, [':'] = true, ['/'] = true,
    ['.'] = true,  ['w'] = true, ['r'] = true, ['m'] = true, ['u'] = true, ['{'] = true,
    ['\\'] = true, ['%'] = true, ['n'] = true, ['~'] = true, ['C'] = true,
};

static bool has_word(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i + 2 <= len; i++) {
        if (!begins[bytes[i]])
            continue;
        for (size_t w = 0; w < REDAN_COUNT(words); w++) {
            size_t n = strlen(words[w]);
            if (bytes[i] == (uint8_t)words[w][0] && len - i >= n &&
                memcmp(bytes + i, words[w], n) == 0)
                return true;
        }
    }
    return false;
}

/* Base64 or hexadecimal digits of something: long, and mixed as no name is. */
static bool encoded(const uint8_t *bytes, size_t len, unsigned classes)
{
    size_t look = len < 256 ? len : 256;
    size_t changes = 0;

    if (len < ENCODED_LEAST || (classes & OTHER))
        return false;
    if (!(classes & (BASE64 | CODE)) && (classes & DIGIT) && (classes & HEX)) {
        size_t k = 0;
        while (k < look && (class_of(bytes[k]) & (DIGIT | HEX)))
            k++;
        if (k == look)
            return true;
    }
    if (!(classes & LOWER) || !(classes & UPPER))
        return false;
    for (size_t i = 1; i < look; i++) {
        unsigned a = class_of(bytes[i - 1]) & (LOWER | UPPER | DIGIT);
        unsigned b = class_of(bytes[i]) & (LOWER | UPPER | DIGIT);
        changes += a != b;
    }
    return changes * 4 >=
           look; /* of random base64 digits about 0.6 differ in kind from the one before */
}

bool redan_pm_constant_tells(const uint8_t *bytes, size_t len, uint64_t whole, bool text)
{
    unsigned classes = 0;
    size_t look = len < 64 ? len : 64;

    if (whole < LEAST || len < LEAST)
        return false;
    if (magic(bytes, len) || old_pickle(bytes, len))
        return true;
    for (size_t i = 0; i < look; i++)
        classes |= class_of(bytes[i]);
    if (encoded(bytes, len, classes))
        return true;
    if (!text) { /* the values of arrays and the like: only what is all text */
        for (size_t i = 0; i < look; i++) {
            if (bytes[i] >= 0x7f || (bytes[i] < ' ' && (bytes[i] < '\t' || bytes[i] > '\r')))
                return false;
        }
    }
    for (size_t i = look; i < len && i < 4096 && !(classes & CODE); i++)
        classes |= class_of(bytes[i]);
    bool path = bytes[0] == '/' || bytes[0] == '~' || bytes[0] == '\\' ||
                (bytes[0] == '_' && bytes[1] == '_') || (bytes[1] == ':' && bytes[2] == '\\');

    return path ||
           ((classes & CODE || len > 4096) && has_word(bytes, len < WORDS_MOST ? len : WORDS_MOST));
}

uint8_t redan_pm_hook(const uint8_t *text, size_t len)
{
    /* what load_build, numpy and torch ask an object for, and what isinstance() and copies do */
    static const char *const hooks[] = {"__setstate__",
                                        "__class__",
                                        "__reduce__",
                                        "__reduce_ex__",
                                        "__getattr__",
                                        "__getattribute__",
                                        "__setattr__",
                                        "__call__",
                                        "__new__",
                                        "__init__",
                                        "__del__",
                                        "__array__",
                                        "__array_struct__",
                                        "__array_prepare__",
                                        "__array_finalize__",
                                        "__array_interface__",
                                        "__array_wrap__",
                                        "__array_ufunc__",
                                        "__array_function__",
                                        "__iter__",
                                        "__getitem__",
                                        "__setitem__",
                                        "__missing__",
                                        "__bases__",
                                        "__instancecheck__",
                                        "__torch_function__",
                                        "__subclasscheck__",
                                        "__copy__",
                                        "__deepcopy__",
                                        "__getstate__",
                                        NULL};
    static const char *const methods[] = {"add",   "append",      "extend", "keys",
                                          "items", "as_subclass", "detach", NULL};
    struct redan_slice name = {(const char *)text, len};

    if (len < 3 || len > 22)
        return 0;
    if (text[0] == '_' && text[1] == '_')
        return redan_slice_among(hooks, name) ? REDAN_PICKLE_HOLDS_HOOK : 0;
    return redan_char_among("aekid", text[0]) && redan_slice_among(methods, name)
               ? REDAN_PICKLE_HOLDS_METHOD
               : 0;
}

static bool name_like(struct redan_slice name)
{
    if (name.len == 0 || name.len > 256)
        return false;
    if ((class_of((uint8_t)name.at[0]) & DIGIT) || name.at[0] == '.')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (!ident((uint8_t)name.at[i]) || (uint8_t)name.at[i] >= 0x80)
            return false;
    }
    return true;
}

bool redan_pm_plausible(struct redan_slice module, struct redan_slice name)
{
    return module.len > 1 && name.len > 1 && name_like(module) && name_like(name);
}
