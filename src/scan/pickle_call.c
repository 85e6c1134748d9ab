/* What a call in a pickle is worth: the callee by its policy, the arguments by what they hold. */
#include <string.h>

#include "base/buf.h"
#include "scan/pickle_judge.h"

enum { TEXT_MOST = 2048, LOOKED_AT = 48, DEPTH = 4 };

/* What arguments hold. */
struct held {
    enum redan_says says;
    struct redan_pickle_value text; /* the one that says it, else the first */
    bool any_text;
    bool name;    /* a global of which no row says anything good */
    bool unknown; /* what a call gave, or what cannot be known */
    struct redan_slice module_of, name_of;
};

static bool is_text(const struct redan_pickle_value *value)
{
    return value->kind == REDAN_PICKLE_TEXT || value->kind == REDAN_PICKLE_BYTES;
}

static void hold(const struct redan_judging *j, const struct redan_pickle_value *value,
                 struct held *held)
{
    if (is_text(value) && value->len) {
        struct redan_slice text = value->len <= REDAN_JUDGE_TEXT
                                      ? redan_judge_text(j, value)
                                      : redan_pickle_text(j->pickle, value, TEXT_MOST);
        enum redan_says says = redan_says_of(text);

        if (!held->any_text || says > held->says)
            held->text = *value;
        held->any_text = true;
        if (says > held->says)
            held->says = says;
    } else if (value->kind == REDAN_PICKLE_GLOBAL) {
        struct redan_slice module, name;

        if (redan_pickle_global(j->pickle, value, &module, &name) &&
            !redan_policy_allows(redan_judge_policy(j, value, module, name).kind)) {
            held->name = true;
            held->module_of = module;
            held->name_of = name;
        }
    } else if (value->kind == REDAN_PICKLE_RESULT || value->kind == REDAN_PICKLE_UNKNOWN) {
        held->unknown = true;
    }
}

/* Everything in the arguments, within bounds; `deep`: also within lists and maps. */
static void look(const struct redan_judging *j, const struct redan_pickle_value *args, bool deep,
                 struct held *held)
{
    struct redan_pickle_value stack[DEPTH];
    uint64_t next[DEPTH];
    size_t depth = 1;

    stack[0] = *args;
    next[0] = 0;
    for (size_t n = 0; depth && n < LOOKED_AT; n++) {
        struct redan_pickle_value item;
        struct redan_pickle_value *top = &stack[depth - 1];

        if (!redan_pickle_item(j->pickle, top, next[depth - 1]++, &item)) {
            depth--;
            continue;
        }
        bool container = item.kind == REDAN_PICKLE_TUPLE || item.kind == REDAN_PICKLE_LIST ||
                         item.kind == REDAN_PICKLE_DICT || item.kind == REDAN_PICKLE_SET;
        if (container && deep && depth < DEPTH) {
            stack[depth] = item;
            next[depth++] = 0;
        } else {
            hold(j, &item, held);
        }
    }
}

/* "os.system('id')": the name, and the text that is worth seeing. */
static enum redan_status tell(const struct redan_judging *j, const struct redan_scan_rule *rule,
                              enum redan_level level, struct redan_slice module,
                              struct redan_slice name, const struct held *held, const char *what)
{
    char bytes[200];
    size_t len = 0;
    struct redan_slice parts[] = {redan_slice_sub(module, 0, 60),
                                  REDAN_S("."),
                                  redan_slice_sub(name, 0, 60),
                                  {"", 0},
                                  {"", 0},
                                  {"", 0}};

    if (held && held->any_text) {
        parts[3] = REDAN_S("(");
        parts[4] = redan_pickle_text(j->pickle, &held->text, 70);
        parts[5] = REDAN_S(")");
    }
    for (size_t i = 0; i < REDAN_COUNT(parts); i++) {
        size_t n = redan_min_size(parts[i].len, sizeof(bytes) - len);

        memcpy(bytes + len, parts[i].at, n);
        len += n;
    }
    return redan_scan_found(j->scan, rule, level, j->event->offset,
                            (struct redan_slice){bytes, len}, "%.*s.%.*s %s",
                            (int)redan_min_size(module.len, 120), module.at,
                            (int)redan_min_size(name.len, 120), name.at, what);
}

static bool capital(struct redan_slice name)
{
    size_t dot = name.len;

    while (dot > 0 && name.at[dot - 1] != '.')
        dot--;
    name = redan_slice_sub(name, dot, name.len);
    while (name.len && name.at[0] == '_')
        name = redan_slice_sub(name, 1, name.len);
    return name.len && name.at[0] >= 'A' && name.at[0] <= 'Z';
}

/* Something that no row allows is called with these arguments. */
static enum redan_status call_unknown(const struct redan_judging *j, enum redan_policy_kind kind,
                                      struct redan_slice module, struct redan_slice name,
                                      const struct redan_pickle_value *args)
{
    struct held held = {0};
    bool tells = redan_name_tells(name) || redan_name_tells(module);
    /* of a package that is known, a word that is also a command is a word */
    enum redan_says least = kind == REDAN_POLICY_PACKAGE ? REDAN_SAYS_PATH : REDAN_SAYS_WORD;

    look(j, args, true, &held);
    if (j->event->keywords.kind == REDAN_PICKLE_DICT)
        look(j, &j->event->keywords, true, &held);
    bool grave = held.says >= least || (tells && !capital(name)) || (tells && held.any_text);
    if ((kind == REDAN_POLICY_PYTHON || kind == REDAN_POLICY_IMPORT) && !capital(name))
        grave |= held.any_text;
    return tell(j, &redan_pkl_called, grave ? REDAN_LEVEL_FAIL : REDAN_LEVEL_WARN, module, name,
                &held,
                held.says >= least ? "is called with what reads as a command, code, path or address"
                : grave            ? "is called, and its name or arguments tell of running things"
                                   : "is called");
}

/* An object is made without running __init__. */
static enum redan_status instance(const struct redan_judging *j, const struct redan_policy *policy,
                                  struct redan_slice module, struct redan_slice name)
{
    const struct redan_format *within = redan_scan_container_of(j->scan);

    if (redan_policy_allows(policy->kind) || policy->kind == REDAN_POLICY_MAIN)
        return REDAN_OK;
    /* the classes of a TorchScript archive are in its own code, which Python does not run */
    if (policy->kind == REDAN_POLICY_SCRIPT && within && strcmp(within->name, "zip") == 0)
        return REDAN_OK;
    return tell(j, &redan_pkl_instance, REDAN_LEVEL_WARN, module, name, NULL,
                "is made an object of");
}

static enum redan_status deny_call(const struct redan_judging *j, const struct redan_policy *policy,
                                   struct redan_slice module, struct redan_slice name,
                                   const struct redan_pickle_value *args)
{
    const struct redan_scan_rule *rule = &redan_pkl_denied;
    struct held held = {0};
    char what[160];

    look(j, args, true, &held);
    if (policy->kind == REDAN_POLICY_DENY_EXEC)
        rule = &redan_pkl_runs;
    if (policy->kind == REDAN_POLICY_DENY_TAMPER)
        rule = &redan_pkl_tamper;
    if (policy->kind == REDAN_POLICY_DENY_LOAD)
        rule = &redan_pkl_loads;
    size_t n = redan_min_size(policy->detail.len, sizeof(what) - 12);
    memcpy(what, "is called: ", 11);
    memcpy(what + 11, policy->detail.at, n);
    what[11 + n] = '\0';
    return tell(j, rule, REDAN_LEVEL_FAIL, module, name, &held, what);
}

static enum redan_status odd_shape(const struct redan_judging *j, struct redan_slice module,
                                   struct redan_slice name, const struct held *held)
{
    bool grave = held->says >= REDAN_SAYS_CODE;

    return tell(j, &redan_pkl_shape, grave ? REDAN_LEVEL_FAIL : REDAN_LEVEL_WARN, module, name,
                held,
                grave ? "is called with what reads as code or a command"
                      : "is called as no honest file calls it");
}

/* A function of the tables: the shape of its arguments, and what their texts say. */
static enum redan_status call_known(const struct redan_judging *j,
                                    const struct redan_policy *policy, struct redan_slice module,
                                    struct redan_slice name, const struct redan_pickle_value *args)
{
    struct redan_slice shapes =
        policy->kind == REDAN_POLICY_UNPICKLE ? REDAN_S("gi*") : policy->detail;
    bool shaped = policy->shaped || policy->kind == REDAN_POLICY_UNPICKLE;
    bool free_text = false;
    struct held held = {0};

    if (!shaped && args->kind == REDAN_PICKLE_TUPLE && args->at == 0)
        return REDAN_OK;
    bool fits = shaped ? redan_shape_fits(j->pickle, shapes, args, &free_text)
                       : args->kind == REDAN_PICKLE_TUPLE;
    if (fits && free_text)
        return REDAN_OK;
    look(j, args, !fits, &held);
    /* no honest pickle calls a class of this sort with a text: its objects are made without __init__ */
    bool odd = policy->kind == REDAN_POLICY_CLASS && j->event->opcode == 'R' && held.any_text;
    if (!fits || odd || held.says >= REDAN_SAYS_PATH)
        return odd_shape(j, module, name, &held);
    if (held.name && !redan_slice_is(name, "defaultdict")) {
        struct redan_pickle_value first;
        struct redan_slice m, n;

        /* a reconstructor makes an object of the class that it is given */
        if (redan_pickle_item(j->pickle, args, 0, &first) &&
            redan_pickle_global(j->pickle, &first, &m, &n) && first.kind == REDAN_PICKLE_GLOBAL) {
            struct redan_policy of = redan_judge_policy(j, &first, m, n);
            if (!redan_policy_denies(of.kind))
                return instance(j, &of, m, n);
        }
    }
    return REDAN_OK;
}

/* _reconstructor(class, base, state), __newobj__(class, ...). */
static enum redan_status made_of_first(const struct redan_judging *j, bool base,
                                       struct redan_slice module, struct redan_slice name,
                                       const struct redan_pickle_value *args)
{
    static const char *const bases[] = {"object",    "dict",  "list",    "tuple",     "set",
                                        "frozenset", "str",   "unicode", "bytes",     "int",
                                        "long",      "float", "complex", "bytearray", NULL};
    struct redan_pickle_value first, second;
    struct redan_slice m, n;
    struct held held = {0};

    look(j, args, true, &held);
    if (!redan_pickle_item(j->pickle, args, 0, &first) || first.kind != REDAN_PICKLE_GLOBAL ||
        !redan_pickle_global(j->pickle, &first, &m, &n))
        return odd_shape(j, module, name, &held);
    struct redan_policy of = redan_judge_policy(j, &first, m, n);
    if (redan_policy_denies(of.kind))
        return deny_call(j, &of, m, n, args);
    if (base) {
        if (!redan_pickle_item(j->pickle, args, 1, &second) || args->at != 3 ||
            !redan_pickle_global(j->pickle, &second, &module, &name) ||
            (!redan_slice_among(bases, name) &&
             !redan_policy_allows(redan_judge_policy(j, &second, module, name).kind)))
            return odd_shape(j, REDAN_S("copyreg"), REDAN_S("_reconstructor"), &held);
    }
    return instance(j, &of, m, n);
}

static bool plain_name(struct redan_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_'))
            return false;
    }
    return name.len && !redan_slice_starts(name, REDAN_S("__"));
}

/* getattr(class or object, name): how old protocols name methods and nested classes. */
static enum redan_status call_getattr(const struct redan_judging *j,
                                      const struct redan_pickle_value *args)
{
    struct redan_slice module = REDAN_S("builtins"), name = REDAN_S("getattr"), m, n;
    struct redan_pickle_value of, attribute;
    struct held held = {0};
    enum redan_level level = REDAN_LEVEL_FAIL;

    look(j, args, true, &held);
    if (redan_pickle_item(j->pickle, args, 0, &of) &&
        redan_pickle_item(j->pickle, args, 1, &attribute) && attribute.kind == REDAN_PICKLE_TEXT &&
        redan_pickle_global(j->pickle, &of, &m, &n)) {
        struct redan_policy owner = redan_judge_policy(j, &of, m, n);
        struct redan_slice text = redan_pickle_text(j->pickle, &attribute, 200);
        bool plain = plain_name(text);

        if (plain && (owner.kind == REDAN_POLICY_CLASS || owner.kind == REDAN_POLICY_RV ||
                      owner.kind == REDAN_POLICY_CALL || owner.kind == REDAN_POLICY_UNPICKLE ||
                      owner.kind == REDAN_POLICY_IMPORT || owner.kind == REDAN_POLICY_MAIN ||
                      owner.kind == REDAN_POLICY_PACKAGE))
            return REDAN_OK;
        if (plain && owner.kind == REDAN_POLICY_UNKNOWN && !redan_name_tells(text))
            level = REDAN_LEVEL_WARN;
    } else if (redan_pickle_item(j->pickle, args, 0, &of) &&
               redan_pickle_item(j->pickle, args, 1, &attribute) &&
               attribute.kind == REDAN_PICKLE_TEXT && of.kind >= REDAN_PICKLE_INT &&
               of.kind <= REDAN_PICKLE_SET &&
               plain_name(redan_pickle_text(j->pickle, &attribute, 200))) {
        return REDAN_OK; /* a method of plain data, held: "abc".join */
    }
    return tell(j, &redan_pkl_denied, level, module, name, &held,
                "is called: reads an attribute that saved models do not need");
}

static enum redan_status call_getter(const struct redan_judging *j, struct redan_slice module,
                                     struct redan_slice name, const struct redan_pickle_value *args)
{
    struct redan_pickle_value item;
    struct held held = {0};

    look(j, args, true, &held);
    if (redan_pickle_item(j->pickle, args, 0, &item) && item.kind == REDAN_PICKLE_TEXT &&
        args->at == 1 && plain_name(redan_pickle_text(j->pickle, &item, 200)) &&
        !redan_name_tells(redan_pickle_text(j->pickle, &item, 200)) &&
        held.says == REDAN_SAYS_NOTHING)
        return tell(j, &redan_pkl_denied, REDAN_LEVEL_WARN, module, name, &held,
                    "is called: reads an attribute by name");
    return tell(j, &redan_pkl_denied, REDAN_LEVEL_FAIL, module, name, &held,
                "is called: reads attributes by name");
}

/* encode(text, "latin1"): how Python 3 writes bytes for Python 2. */
static enum redan_status call_latin1(const struct redan_judging *j, struct redan_slice module,
                                     struct redan_slice name, const struct redan_pickle_value *args)
{
    static const char *const codecs[] = {"latin1", "latin-1", "raw_unicode_escape", NULL};
    struct redan_pickle_value text, codec;
    struct held held = {0};

    if (args->at == 2 && redan_pickle_item(j->pickle, args, 0, &text) &&
        redan_pickle_item(j->pickle, args, 1, &codec) && text.kind == REDAN_PICKLE_TEXT &&
        codec.kind == REDAN_PICKLE_TEXT && redan_slice_among(codecs, redan_judge_text(j, &codec)))
        return REDAN_OK;
    look(j, args, true, &held);
    return odd_shape(j, module, name, &held);
}

/* partial(function, ...): held, not called. */
static enum redan_status call_partial(const struct redan_judging *j, struct redan_slice module,
                                      struct redan_slice name,
                                      const struct redan_pickle_value *args)
{
    struct redan_pickle_value first;
    struct redan_slice m, n;
    struct held held = {0};

    look(j, args, true, &held);
    if (redan_pickle_item(j->pickle, args, 0, &first) &&
        redan_pickle_global(j->pickle, &first, &m, &n)) {
        struct redan_policy of = redan_judge_policy(j, &first, m, n);
        bool known = redan_policy_allows(of.kind) || of.kind == REDAN_POLICY_PACKAGE ||
                     of.kind == REDAN_POLICY_MAIN;

        if (redan_policy_denies(of.kind) || of.kind == REDAN_POLICY_PATH)
            return deny_call(j, &of, m, n, args);
        if (known && held.says < REDAN_SAYS_CODE && of.kind != REDAN_POLICY_GETATTR &&
            of.kind != REDAN_POLICY_GETTER)
            return REDAN_OK;
    }
    return odd_shape(j, module, name, &held);
}

/* List[int] and its like: getitem(typing.List, ...). */
static enum redan_status call_subscript(const struct redan_judging *j, struct redan_slice module,
                                        struct redan_slice name,
                                        const struct redan_pickle_value *args)
{
    struct redan_pickle_value first;
    struct redan_slice m, n;
    struct held held = {0};

    if (redan_pickle_item(j->pickle, args, 0, &first) && first.kind == REDAN_PICKLE_GLOBAL &&
        redan_pickle_global(j->pickle, &first, &m, &n) &&
        (redan_slice_is(m, "typing") || redan_slice_is(m, "collections.abc") ||
         redan_judge_policy(j, &first, m, n).kind == REDAN_POLICY_CLASS))
        return REDAN_OK;
    look(j, args, true, &held);
    return tell(j, &redan_pkl_denied, REDAN_LEVEL_FAIL, module, name, &held,
                "is called: takes an item out of an object");
}

/* _ufunc_reconstruct(module, name) imports what it is told. */
static enum redan_status call_ufunc(const struct redan_judging *j, struct redan_slice module,
                                    struct redan_slice name, const struct redan_pickle_value *args)
{
    static const char *const modules[] = {"numpy",
                                          "numpy.core.umath",
                                          "numpy.core.multiarray",
                                          "numpy.core._multiarray_umath",
                                          "numpy._core._multiarray_umath",
                                          "numpy._core.umath",
                                          "scipy.special",
                                          "scipy.special._ufuncs",
                                          NULL};
    struct redan_pickle_value of, what;
    struct held held = {0};

    if (args->at == 2 && redan_pickle_item(j->pickle, args, 0, &of) &&
        redan_pickle_item(j->pickle, args, 1, &what) && of.kind == REDAN_PICKLE_TEXT &&
        what.kind == REDAN_PICKLE_TEXT &&
        redan_slice_among(modules, redan_pickle_text(j->pickle, &of, 64)) &&
        plain_name(redan_pickle_text(j->pickle, &what, 64)) &&
        !redan_name_tells(redan_pickle_text(j->pickle, &what, 64)))
        return REDAN_OK;
    look(j, args, true, &held);
    return tell(j, &redan_pkl_denied, REDAN_LEVEL_FAIL, module, name, &held,
                "is called: imports any module");
}

/* _load_from_bytes(bytes): torch's own way to keep a storage in a pickle. */
static enum redan_status call_bytes(const struct redan_judging *j, struct redan_slice module,
                                    struct redan_slice name, const struct redan_pickle_value *args)
{
    struct redan_pickle_value item;
    struct held held = {0};

    if (args->at == 1 && redan_pickle_item(j->pickle, args, 0, &item) &&
        item.kind == REDAN_PICKLE_BYTES && !item.decoded) {
        struct redan_part part = {.offset = item.at, .size = item.len, .unpacked = item.len};
        return redan_scan_member(j->scan, REDAN_S("storage"), &part);
    }
    /* protocol 2 spells bytes as encode(text, "latin1") */
    struct redan_pickle_value inner, text;
    if (args->at == 1 && redan_pickle_item(j->pickle, args, 0, &item) &&
        item.kind == REDAN_PICKLE_RESULT && redan_pickle_arguments(j->pickle, &item, &inner) &&
        redan_pickle_item(j->pickle, &inner, 0, &text) && text.kind == REDAN_PICKLE_TEXT &&
        text.len < REDAN_SOURCE_VIEW) {
        struct redan_slice utf8 = redan_pickle_text(j->pickle, &text, (size_t)text.len);
        struct redan_buf REDAN_DEFER(redan_buf_done) raw;

        redan_buf_init(&raw, redan_scan_ctx(j->scan), REDAN_SOURCE_VIEW);
        for (size_t i = 0; i < utf8.len; i++) {
            unsigned char c = (unsigned char)utf8.at[i];
            if ((c == 0xc2 || c == 0xc3) && i + 1 < utf8.len)
                c = (unsigned char)((c << 6) | ((unsigned char)utf8.at[++i] & 0x3f));
            redan_buf_char(&raw, (char)c);
        }
        REDAN_TRY(redan_buf_ok(redan_scan_ctx(j->scan), &raw, "bytes of a storage"));
        if (raw.len) {
            struct redan_part part = {
                .memory = redan_buf_view(&raw), .size = raw.len, .unpacked = raw.len};
            return redan_scan_member(j->scan, REDAN_S("storage"), &part);
        }
    }
    look(j, args, true, &held);
    return tell(j, &redan_pkl_loads, REDAN_LEVEL_FAIL, module, name, &held,
                "is called on bytes that are not in the file");
}

static enum redan_status call_typeword(const struct redan_judging *j, struct redan_slice module,
                                       struct redan_slice name,
                                       const struct redan_pickle_value *args)
{
    struct redan_pickle_value word;
    struct redan_slice text = {"", 0};

    if (redan_pickle_item(j->pickle, args, 0, &word) && word.kind == REDAN_PICKLE_TEXT)
        text = redan_pickle_text(j->pickle, &word, 64);
    if (text.len && !redan_slice_ends(text, REDAN_S("CodeType")) &&
        !redan_slice_ends(text, REDAN_S("FunctionType")) &&
        !redan_slice_ends(text, REDAN_S("LambdaType")) &&
        !redan_slice_ends(text, REDAN_S("MethodType")) &&
        !redan_slice_ends(text, REDAN_S("ModuleType")) && plain_name(text))
        return REDAN_OK;
    return tell(j, &redan_pkl_code, REDAN_LEVEL_WARN, module, name, NULL, "is called: makes code");
}

static enum redan_status call_importer(const struct redan_judging *j, struct redan_slice module,
                                       struct redan_slice name,
                                       const struct redan_pickle_value *args)
{
    struct redan_pickle_value word;
    struct redan_slice text = {"", 0};
    struct held held = {0};
    enum redan_level level = REDAN_LEVEL_FAIL;

    look(j, args, true, &held);
    if (redan_pickle_item(j->pickle, args, 0, &word) && word.kind == REDAN_PICKLE_TEXT) {
        text = redan_pickle_text(j->pickle, &word, 200);
        struct redan_policy of =
            redan_policy_of(redan_scan_options_of(j->scan)->tables, text, REDAN_S("x"));
        if (!redan_policy_denies(of.kind) && of.kind != REDAN_POLICY_PATH &&
            !redan_slice_is(text, "builtins") && !redan_slice_is(text, "__builtin__"))
            level = REDAN_LEVEL_WARN;
    }
    return tell(j, &redan_pkl_denied, level, module, name, &held, "is called: imports a module");
}

static enum redan_status dispatch(const struct redan_judging *j, const struct redan_policy *policy,
                                  struct redan_slice module, struct redan_slice name,
                                  const struct redan_pickle_value *args, bool plain_instance);

/* rebuild(function, class, arguments, ...) calls its first argument. */
static enum redan_status call_apply(const struct redan_judging *j,
                                    const struct redan_policy *policy, struct redan_slice module,
                                    struct redan_slice name, const struct redan_pickle_value *args)
{
    struct redan_pickle_value function, inner;
    struct redan_slice m, n;
    struct held held = {0};

    if (policy->detail.len == 2 &&
        redan_pickle_item(j->pickle, args, (uint64_t)(policy->detail.at[0] - '0'), &function) &&
        redan_pickle_item(j->pickle, args, (uint64_t)(policy->detail.at[1] - '0'), &inner) &&
        function.kind == REDAN_PICKLE_GLOBAL && redan_pickle_global(j->pickle, &function, &m, &n)) {
        struct redan_policy of = redan_judge_policy(j, &function, m, n);
        if (of.kind != REDAN_POLICY_APPLY)
            return dispatch(j, &of, m, n, &inner, false);
    }
    look(j, args, true, &held);
    return odd_shape(j, module, name, &held);
}

static enum redan_status dispatch(const struct redan_judging *j, const struct redan_policy *policy,
                                  struct redan_slice module, struct redan_slice name,
                                  const struct redan_pickle_value *args, bool plain_instance)
{
    if (redan_policy_denies(policy->kind))
        return deny_call(j, policy, module, name, args);
    switch ((int)policy->kind) {
    case REDAN_POLICY_IMPORT:
        if (plain_instance && capital(name))
            return REDAN_OK;
        return call_unknown(j, policy->kind, module, name, args);
    case REDAN_POLICY_CLASS:
    case REDAN_POLICY_RV:
    case REDAN_POLICY_CALL:
    case REDAN_POLICY_UNPICKLE:
        return call_known(j, policy, module, name, args);
    case REDAN_POLICY_GETATTR:
        return call_getattr(j, args);
    case REDAN_POLICY_RECONSTRUCT:
        return made_of_first(j, true, module, name, args);
    case REDAN_POLICY_NEWOBJ:
        return made_of_first(j, false, module, name, args);
    case REDAN_POLICY_LATIN1:
        return call_latin1(j, module, name, args);
    case REDAN_POLICY_PARTIAL:
        return call_partial(j, module, name, args);
    case REDAN_POLICY_GETTER:
        return call_getter(j, module, name, args);
    case REDAN_POLICY_SUBSCRIPT:
        return call_subscript(j, module, name, args);
    case REDAN_POLICY_UFUNC:
        return call_ufunc(j, module, name, args);
    case REDAN_POLICY_BYTES:
        return call_bytes(j, module, name, args);
    case REDAN_POLICY_APPLY:
        return call_apply(j, policy, module, name, args);
    case REDAN_POLICY_CODE:
        return tell(j, &redan_pkl_code, REDAN_LEVEL_WARN, module, name, NULL,
                    "is called: it carries code");
    case REDAN_POLICY_TYPEWORD:
        return call_typeword(j, module, name, args);
    case REDAN_POLICY_IMPORTER:
        return call_importer(j, module, name, args);
    case REDAN_POLICY_PATH:
        return tell(j, &redan_pkl_path, REDAN_LEVEL_FAIL, module, name, NULL, "is called");
    default:
        break;
    }
    if (plain_instance && capital(name))
        return instance(j, policy, module, name);
    return call_unknown(j, policy->kind, module, name, args);
}

/* getattr(class, "method") whose row exists under its dotted name is that row. */
static bool known_method(const struct redan_judging *j, struct redan_policy *policy, char *dotted,
                         size_t cap, struct redan_slice *module, struct redan_slice *name)
{
    struct redan_pickle_value args, of, attribute;

    if (!redan_pickle_arguments(j->pickle, &j->event->callee, &args) ||
        !redan_pickle_item(j->pickle, &args, 0, &of) || of.kind != REDAN_PICKLE_GLOBAL ||
        !redan_pickle_item(j->pickle, &args, 1, &attribute) ||
        attribute.kind != REDAN_PICKLE_TEXT || !redan_pickle_global(j->pickle, &of, module, name))
        return false;
    struct redan_slice text = redan_pickle_text(j->pickle, &attribute, 64);
    if (name->len + text.len + 1 > cap)
        return false;
    memcpy(dotted, name->at, name->len);
    dotted[name->len] = '.';
    memcpy(dotted + name->len + 1, text.at, text.len);
    *name = (struct redan_slice){dotted, name->len + 1 + text.len};
    const struct redan_scan_tables *tables = redan_scan_options_of(j->scan)->tables;
    if (!redan_policy_knows(tables, *module, *name))
        return false;
    *policy = redan_policy_of(tables, *module, *name);
    return true;
}

static enum redan_status call_result(const struct redan_judging *j)
{
    const struct redan_pickle_event *event = j->event;
    struct redan_slice module = event->module, name = event->name;
    struct redan_policy policy = {0};
    struct held held = {0};
    char dotted[256];

    if (!redan_pickle_global(j->pickle, &event->callee, &module, &name))
        return tell(j, &redan_pkl_result, REDAN_LEVEL_FAIL, REDAN_S("?"), REDAN_S("?"), &held,
                    "what a call of a computed function gave is called");
    policy = redan_judge_policy(j, &event->callee, module, name);
    if (policy.kind == REDAN_POLICY_GETATTR &&
        known_method(j, &policy, dotted, sizeof(dotted), &module, &name))
        return dispatch(j, &policy, module, name, &event->args, false);
    look(j, &event->args, true, &held);
    if (policy.kind == REDAN_POLICY_TYPEWORD)
        return tell(j, &redan_pkl_code, REDAN_LEVEL_WARN, module, name, NULL,
                    "gave a type of code, which is called");
    if (policy.kind == REDAN_POLICY_CODE)
        return tell(j, &redan_pkl_result, REDAN_LEVEL_FAIL, module, name, &held,
                    "gave a function that loading calls");
    bool grave = !redan_policy_allows(policy.kind) || policy.kind > REDAN_POLICY_CALL ||
                 held.says >= REDAN_SAYS_WORD;
    return tell(j, &redan_pkl_result, grave ? REDAN_LEVEL_FAIL : REDAN_LEVEL_WARN, module, name,
                &held, "gave what is called");
}

enum redan_status redan_judge_instance(const struct redan_judging *j,
                                       const struct redan_pickle_value *of)
{
    struct redan_pickle_value none = {.kind = REDAN_PICKLE_TUPLE};
    struct redan_slice module, name;

    if (!redan_pickle_global(j->pickle, of, &module, &name))
        return REDAN_OK;
    struct redan_policy policy = redan_judge_policy(j, of, module, name);
    return dispatch(j, &policy, module, name, &none, true);
}

enum redan_status redan_judge_call(const struct redan_judging *j)
{
    enum { INST = 'i', OBJ = 'o', NEWOBJ = 0x81, NEWOBJ_EX = 0x92 };
    const struct redan_pickle_event *event = j->event;
    bool makes = event->opcode == INST || event->opcode == OBJ || event->opcode == NEWOBJ ||
                 event->opcode == NEWOBJ_EX;
    bool none = event->args.kind == REDAN_PICKLE_TUPLE && event->args.at == 0 &&
                event->keywords.kind != REDAN_PICKLE_DICT;

    if (event->callee.kind == REDAN_PICKLE_RESULT)
        return call_result(j);
    if (event->callee.kind == REDAN_PICKLE_PERSISTENT && makes && none)
        return REDAN_OK; /* its class was judged when the id was loaded */
    if (event->callee.kind != REDAN_PICKLE_GLOBAL) {
        struct held held = {0};

        look(j, &event->args, true, &held);
        return tell(j, &redan_pkl_result,
                    held.says >= REDAN_SAYS_WORD ? REDAN_LEVEL_FAIL : REDAN_LEVEL_WARN,
                    REDAN_S("?"), REDAN_S("?"), &held, "something that is no name is called");
    }
    struct redan_policy policy = redan_judge_policy(j, &event->callee, event->module, event->name);
    return dispatch(j, &policy, event->module, event->name, &event->args, makes && none);
}
