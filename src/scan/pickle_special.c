/* Functions that pickles call and that have rules of their own: what reads attributes, binds, subscripts, imports or loads. */
#include "scan/pickle_judge.h"

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

static bool is_new(const struct redan_judging *j, const struct redan_pickle_value *args,
                   struct redan_pickle_value *of)
{
    struct redan_pickle_value attribute;
    struct redan_slice m, n;

    if (args->at != 2 || !redan_pickle_item(j->pickle, args, 0, of) ||
        !redan_pickle_item(j->pickle, args, 1, &attribute) || of->kind != REDAN_PICKLE_GLOBAL ||
        attribute.kind != REDAN_PICKLE_TEXT || !redan_pickle_global(j->pickle, of, &m, &n) ||
        !redan_slice_is(redan_pickle_text(j->pickle, &attribute, 64), "__new__"))
        return false;
    enum redan_policy_kind kind = redan_judge_policy(j, of, m, n).kind;
    return kind == REDAN_POLICY_CLASS || kind == REDAN_POLICY_CALL;
}

bool redan_judge_is_new(const struct redan_judging *j, const struct redan_pickle_value *value,
                        struct redan_pickle_value *of)
{
    struct redan_pickle_value args;
    struct redan_slice m, n;

    return value->kind == REDAN_PICKLE_RESULT && redan_pickle_global(j->pickle, value, &m, &n) &&
           redan_judge_policy(j, value, m, n).kind == REDAN_POLICY_GETATTR &&
           redan_pickle_arguments(j->pickle, value, &args) && is_new(j, &args, of);
}

/* Whose attribute it is: what a reconstructor gave is an object of its first argument. */
static struct redan_policy owner_of(const struct redan_judging *j, struct redan_pickle_value of,
                                    struct redan_slice m, struct redan_slice n)
{
    struct redan_policy owner = redan_judge_policy(j, &of, m, n);
    struct redan_pickle_value args, first;

    if ((owner.kind == REDAN_POLICY_RECONSTRUCT || owner.kind == REDAN_POLICY_NEWOBJ) &&
        redan_pickle_arguments(j->pickle, &of, &args) &&
        redan_pickle_item(j->pickle, &args, 0, &first) && first.kind == REDAN_PICKLE_GLOBAL &&
        redan_pickle_global(j->pickle, &first, &m, &n))
        return redan_judge_policy(j, &first, m, n);
    return owner;
}

/* getattr(class or object, name): how old protocols name methods and nested classes. */
static enum redan_status call_getattr(const struct redan_judging *j,
                                      const struct redan_pickle_value *args)
{
    struct redan_slice module = REDAN_S("builtins"), name = REDAN_S("getattr"), m, n;
    struct redan_pickle_value of, attribute;
    struct redan_held held = {0};
    enum redan_level level = REDAN_LEVEL_FAIL;

    redan_held_look(j, args, true, &held);
    if (redan_pickle_item(j->pickle, args, 0, &of) &&
        redan_pickle_item(j->pickle, args, 1, &attribute) && attribute.kind == REDAN_PICKLE_TEXT &&
        redan_pickle_global(j->pickle, &of, &m, &n)) {
        struct redan_policy owner = owner_of(j, of, m, n);
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
               attribute.kind == REDAN_PICKLE_TEXT &&
               ((of.kind >= REDAN_PICKLE_INT && of.kind <= REDAN_PICKLE_SET) ||
                of.kind == REDAN_PICKLE_RESULT) &&
               plain_name(redan_pickle_text(j->pickle, &attribute, 200))) {
        return REDAN_OK; /* held: "abc".join, a method of an object of a persistent class */
    }
    if (is_new(j, args, &of))
        return REDAN_OK;
    return redan_judge_tell(j, &redan_pkl_denied, level, module, name, &held,
                            "is called: reads an attribute that saved models do not need");
}

static enum redan_status call_getter(const struct redan_judging *j, struct redan_slice module,
                                     struct redan_slice name, const struct redan_pickle_value *args)
{
    struct redan_pickle_value item;
    struct redan_held held = {0};

    redan_held_look(j, args, true, &held);
    if (redan_pickle_item(j->pickle, args, 0, &item) && item.kind == REDAN_PICKLE_TEXT &&
        args->at == 1 && plain_name(redan_pickle_text(j->pickle, &item, 200)) &&
        !redan_name_tells(redan_pickle_text(j->pickle, &item, 200)) &&
        held.says == REDAN_SAYS_NOTHING)
        return redan_judge_tell(j, &redan_pkl_denied, REDAN_LEVEL_WARN, module, name, &held,
                                "is called: reads an attribute by name");
    return redan_judge_tell(j, &redan_pkl_denied, REDAN_LEVEL_FAIL, module, name, &held,
                            "is called: reads attributes by name");
}

/* encode(text, "latin1"): how Python 3 writes bytes for Python 2. */
static enum redan_status call_latin1(const struct redan_judging *j, struct redan_slice module,
                                     struct redan_slice name, const struct redan_pickle_value *args)
{
    static const char *const codecs[] = {"latin1", "latin-1", "raw_unicode_escape", NULL};
    struct redan_pickle_value text, codec;
    struct redan_held held = {0};

    if (args->at == 2 && redan_pickle_item(j->pickle, args, 0, &text) &&
        redan_pickle_item(j->pickle, args, 1, &codec) && text.kind == REDAN_PICKLE_TEXT &&
        codec.kind == REDAN_PICKLE_TEXT && redan_slice_among(codecs, redan_judge_text(j, &codec)))
        return REDAN_OK;
    redan_held_look(j, args, true, &held);
    return redan_judge_odd(j, module, name, &held);
}

/* partial(function, ...): held, not called. */
static enum redan_status call_partial(const struct redan_judging *j, struct redan_slice module,
                                      struct redan_slice name,
                                      const struct redan_pickle_value *args)
{
    struct redan_pickle_value first, of_what;
    struct redan_slice m, n;
    struct redan_held held = {0};

    redan_held_look(j, args, true, &held);
    if (redan_pickle_item(j->pickle, args, 0, &first) &&
        redan_pickle_global(j->pickle, &first, &m, &n)) {
        struct redan_policy of = redan_judge_policy(j, &first, m, n);
        bool known = redan_policy_allows(of.kind) || of.kind == REDAN_POLICY_PACKAGE ||
                     of.kind == REDAN_POLICY_MAIN;

        if (redan_policy_denies(of.kind) || of.kind == REDAN_POLICY_PATH)
            return redan_judge_denied(j, &of, m, n, args);
        if (known && held.says < REDAN_SAYS_CODE && of.kind != REDAN_POLICY_GETATTR &&
            of.kind != REDAN_POLICY_GETTER)
            return REDAN_OK;
    }
    if (redan_pickle_item(j->pickle, args, 0, &first) && args->at == 1 &&
        (first.kind == REDAN_PICKLE_PERSISTENT || redan_judge_is_new(j, &first, &of_what)))
        return REDAN_OK; /* a class that was judged when its id was loaded */
    return redan_judge_odd(j, module, name, &held);
}

/* List[int] and its like: getitem(typing.List, ...). */
static enum redan_status call_subscript(const struct redan_judging *j, struct redan_slice module,
                                        struct redan_slice name,
                                        const struct redan_pickle_value *args)
{
    struct redan_pickle_value first;
    struct redan_slice m, n;
    struct redan_held held = {0};

    if (redan_pickle_item(j->pickle, args, 0, &first) && first.kind == REDAN_PICKLE_GLOBAL &&
        redan_pickle_global(j->pickle, &first, &m, &n) &&
        (redan_slice_is(m, "typing") || redan_slice_is(m, "collections.abc") ||
         redan_judge_policy(j, &first, m, n).kind == REDAN_POLICY_CLASS))
        return REDAN_OK;
    redan_held_look(j, args, true, &held);
    return redan_judge_tell(j, &redan_pkl_denied, REDAN_LEVEL_FAIL, module, name, &held,
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
    struct redan_held held = {0};

    if (args->at == 2 && redan_pickle_item(j->pickle, args, 0, &of) &&
        redan_pickle_item(j->pickle, args, 1, &what) && of.kind == REDAN_PICKLE_TEXT &&
        what.kind == REDAN_PICKLE_TEXT &&
        redan_slice_among(modules, redan_pickle_text(j->pickle, &of, 64)) &&
        plain_name(redan_pickle_text(j->pickle, &what, 64)) &&
        (redan_slice_starts(redan_pickle_text(j->pickle, &of, 64), REDAN_S("scipy")) ||
         !redan_name_tells(redan_pickle_text(j->pickle, &what, 64))))
        return REDAN_OK;
    redan_held_look(j, args, true, &held);
    return redan_judge_tell(j, &redan_pkl_denied, REDAN_LEVEL_FAIL, module, name, &held,
                            "is called: imports any module");
}

/* _load_from_bytes(bytes): torch's own way to keep a storage in a pickle. */
static enum redan_status call_bytes(const struct redan_judging *j, struct redan_slice module,
                                    struct redan_slice name, const struct redan_pickle_value *args)
{
    struct redan_pickle_value item = {0}, inner, text;
    struct redan_slice m, n;
    struct redan_held held = {0};

    if (args->at == 1 && redan_pickle_item(j->pickle, args, 0, &item) &&
        item.kind == REDAN_PICKLE_BYTES && !item.decoded) {
        struct redan_part part = {.offset = item.at, .size = item.len, .unpacked = item.len};
        return redan_scan_member(j->scan, REDAN_S("storage"), &part);
    }
    if (item.kind == REDAN_PICKLE_RESULT && redan_pickle_global(j->pickle, &item, &m, &n) &&
        redan_judge_policy(j, &item, m, n).kind == REDAN_POLICY_LATIN1) {
        if (redan_pickle_arguments(j->pickle, &item, &inner) &&
            redan_pickle_item(j->pickle, &inner, 0, &text) && text.kind == REDAN_PICKLE_TEXT &&
            !text.decoded) {
            struct redan_part part = {.offset = text.at,
                                      .size = text.len,
                                      .packing = REDAN_PACK_LATIN1,
                                      .unpacked = REDAN_SOURCE_UNKNOWN};
            return redan_scan_member(j->scan, REDAN_S("storage"), &part);
        }
        return redan_scan_unread(j->scan, REDAN_UNREAD_BUDGET, j->event->offset,
                                 REDAN_S("the bytes of a storage were not kept"));
    }
    redan_held_look(j, args, true, &held);
    return redan_judge_tell(j, &redan_pkl_loads, REDAN_LEVEL_FAIL, module, name, &held,
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
    return redan_judge_tell(j, &redan_pkl_code, REDAN_LEVEL_WARN, module, name, NULL,
                            "is called: makes code");
}

static enum redan_status call_importer(const struct redan_judging *j, struct redan_slice module,
                                       struct redan_slice name,
                                       const struct redan_pickle_value *args)
{
    struct redan_pickle_value word;
    struct redan_slice text = {"", 0};
    struct redan_held held = {0};
    enum redan_level level = REDAN_LEVEL_FAIL;

    redan_held_look(j, args, true, &held);
    if (redan_pickle_item(j->pickle, args, 0, &word) && word.kind == REDAN_PICKLE_TEXT) {
        text = redan_pickle_text(j->pickle, &word, 200);
        struct redan_policy of =
            redan_policy_of(redan_scan_options_of(j->scan)->tables, text, REDAN_S("x"));
        if (!redan_policy_denies(of.kind) && of.kind != REDAN_POLICY_PATH &&
            !redan_slice_is(text, "builtins") && !redan_slice_is(text, "__builtin__"))
            level = REDAN_LEVEL_WARN;
    }
    return redan_judge_tell(j, &redan_pkl_denied, level, module, name, &held,
                            "is called: imports a module");
}

enum redan_status redan_judge_special(const struct redan_judging *j, enum redan_policy_kind kind,
                                      struct redan_slice module, struct redan_slice name,
                                      const struct redan_pickle_value *args)
{
    switch ((int)kind) {
    case REDAN_POLICY_GETATTR:
        return call_getattr(j, args);
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
    case REDAN_POLICY_TYPEWORD:
        return call_typeword(j, module, name, args);
    default:
        return call_importer(j, module, name, args);
    }
}
