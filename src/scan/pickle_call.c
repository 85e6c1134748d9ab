/* What a call in a pickle is worth: the callee by its policy, the arguments by what they hold. */
#include <string.h>

#include "scan/pickle_judge.h"

enum { TEXT_MOST = 2048, LOOKED_AT = 48, DEPTH = 4 };

static bool is_text(const struct redan_pickle_value *value)
{
    return value->kind == REDAN_PICKLE_TEXT || value->kind == REDAN_PICKLE_BYTES;
}

static void hold(const struct redan_judging *j, const struct redan_pickle_value *value,
                 struct redan_held *held)
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
void redan_held_look(const struct redan_judging *j, const struct redan_pickle_value *args,
                     bool deep, struct redan_held *held)
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
enum redan_status redan_judge_tell(const struct redan_judging *j,
                                   const struct redan_scan_rule *rule, enum redan_level level,
                                   struct redan_slice module, struct redan_slice name,
                                   const struct redan_held *held, const char *what)
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
    struct redan_held held = {0};
    bool tells = redan_name_tells(name) || redan_name_tells(module);
    /* of a package that is known, a word that is also a command is a word */
    enum redan_says least = kind == REDAN_POLICY_PACKAGE ? REDAN_SAYS_PATH : REDAN_SAYS_WORD;

    redan_held_look(j, args, true, &held);
    if (j->event->keywords.kind == REDAN_PICKLE_DICT)
        redan_held_look(j, &j->event->keywords, true, &held);
    bool grave = held.says >= least || (tells && !capital(name)) || (tells && held.any_text);
    if ((kind == REDAN_POLICY_PYTHON || kind == REDAN_POLICY_IMPORT) && !capital(name))
        grave |= held.any_text;
    return redan_judge_tell(
        j, &redan_pkl_called, grave ? REDAN_LEVEL_FAIL : REDAN_LEVEL_WARN, module, name, &held,
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
    return redan_judge_tell(j, &redan_pkl_instance, REDAN_LEVEL_WARN, module, name, NULL,
                            "is made an object of");
}

enum redan_status redan_judge_denied(const struct redan_judging *j,
                                     const struct redan_policy *policy, struct redan_slice module,
                                     struct redan_slice name, const struct redan_pickle_value *args)
{
    const struct redan_scan_rule *rule = &redan_pkl_denied;
    struct redan_held held = {0};
    char what[160];

    redan_held_look(j, args, true, &held);
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
    return redan_judge_tell(j, rule, REDAN_LEVEL_FAIL, module, name, &held, what);
}

enum redan_status redan_judge_odd(const struct redan_judging *j, struct redan_slice module,
                                  struct redan_slice name, const struct redan_held *held)
{
    bool grave = held->says >= REDAN_SAYS_CODE;

    return redan_judge_tell(j, &redan_pkl_shape, grave ? REDAN_LEVEL_FAIL : REDAN_LEVEL_WARN,
                            module, name, held,
                            grave ? "is called with what reads as code or a command"
                                  : "is called as no honest file calls it");
}

/* Whether an argument is an object of a class, not a value that a function gave. */
static bool walks_object(const struct redan_judging *j, const struct redan_pickle_value *args)
{
    struct redan_pickle_value item;
    struct redan_slice module, name;

    for (uint64_t i = 0; redan_pickle_item(j->pickle, args, i, &item); i++) {
        if (item.kind != REDAN_PICKLE_RESULT ||
            !redan_pickle_global(j->pickle, &item, &module, &name))
            continue;
        enum redan_policy_kind kind = redan_judge_policy(j, &item, module, name).kind;
        if (kind != REDAN_POLICY_CALL && kind != REDAN_POLICY_LATIN1 &&
            kind != REDAN_POLICY_UNPICKLE)
            return true;
    }
    return false;
}

/* Functions that go through what they are given, by its own methods. */
static const char *const walkers[] = {"list",
                                      "tuple",
                                      "set",
                                      "frozenset",
                                      "dict",
                                      "iter",
                                      "enumerate",
                                      "reversed",
                                      "str",
                                      "unicode",
                                      "bytes",
                                      "bytearray",
                                      "Counter",
                                      "OrderedDict",
                                      "deque",
                                      "chain",
                                      "compress",
                                      "combinations",
                                      "permutations",
                                      "islice",
                                      "product",
                                      "zip_longest",
                                      "combinations_with_replacement",
                                      NULL};

/* A function of the tables: the shape of its arguments, and what their texts say. */
static enum redan_status call_known(const struct redan_judging *j,
                                    const struct redan_policy *policy, struct redan_slice module,
                                    struct redan_slice name, const struct redan_pickle_value *args)
{
    struct redan_slice shapes =
        policy->kind == REDAN_POLICY_UNPICKLE ? REDAN_S("gi*") : policy->detail;
    bool shaped = policy->shaped || policy->kind == REDAN_POLICY_UNPICKLE;
    bool free_text = false;
    struct redan_held held = {0};

    if (!shaped && args->kind == REDAN_PICKLE_TUPLE && args->at == 0)
        return REDAN_OK;
    if (policy->kind == REDAN_POLICY_CALL &&
        (j->event->what || (redan_slice_among(walkers, name) && walks_object(j, args))))
        return redan_judge_tell(j, &redan_pkl_shape, REDAN_LEVEL_WARN, module, name, NULL,
                                "is given an object whose own methods it calls");
    bool fits = shaped ? redan_shape_fits(j->pickle, shapes, args, &free_text)
                       : args->kind == REDAN_PICKLE_TUPLE;
    if (fits && free_text)
        return REDAN_OK;
    redan_held_look(j, args, !fits, &held);
    if (j->event->keywords.kind == REDAN_PICKLE_DICT)
        redan_held_look(j, &j->event->keywords, true, &held);
    /* no honest pickle calls a class of this sort with more than numbers: its objects are made without __init__ */
    bool odd = policy->kind == REDAN_POLICY_CLASS &&
               (args->holds &
                (REDAN_PICKLE_HOLDS_TEXT | REDAN_PICKLE_HOLDS_BYTES | REDAN_PICKLE_HOLDS_GLOBAL |
                 REDAN_PICKLE_HOLDS_RESULT | REDAN_PICKLE_HOLDS_UNKNOWN)) &&
               (j->event->opcode == 'R' || j->event->opcode == 'i' || j->event->opcode == 'o');
    if (!fits || odd || held.says >= REDAN_SAYS_PATH)
        return redan_judge_odd(j, module, name, &held);
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
    struct redan_held held = {0};

    redan_held_look(j, args, true, &held);
    if (!redan_pickle_item(j->pickle, args, 0, &first) || first.kind != REDAN_PICKLE_GLOBAL ||
        !redan_pickle_global(j->pickle, &first, &m, &n))
        return redan_judge_odd(j, module, name, &held);
    struct redan_policy of = redan_judge_policy(j, &first, m, n);
    if (redan_policy_denies(of.kind))
        return redan_judge_denied(j, &of, m, n, args);
    if (base) {
        if (!redan_pickle_item(j->pickle, args, 1, &second) || args->at != 3 ||
            !redan_pickle_global(j->pickle, &second, &module, &name) ||
            (!redan_slice_among(bases, name) &&
             !redan_policy_allows(redan_judge_policy(j, &second, module, name).kind)))
            return redan_judge_odd(j, REDAN_S("copyreg"), REDAN_S("_reconstructor"), &held);
    }
    return instance(j, &of, m, n);
}

/* What is called, under which name, with what. */
struct callee {
    struct redan_policy policy;
    struct redan_slice module, name;
    struct redan_pickle_value args;
};

/* rebuild(function, class, arguments, ...) calls its first argument; one that would do the same again is not followed. */
static bool applied(const struct redan_judging *j, const struct redan_policy *policy,
                    const struct redan_pickle_value *args, struct callee *to)
{
    struct redan_pickle_value function;

    if (policy->detail.len != 2 ||
        !redan_pickle_item(j->pickle, args, (uint64_t)(policy->detail.at[0] - '0'), &function) ||
        !redan_pickle_item(j->pickle, args, (uint64_t)(policy->detail.at[1] - '0'), &to->args) ||
        function.kind != REDAN_PICKLE_GLOBAL ||
        !redan_pickle_global(j->pickle, &function, &to->module, &to->name))
        return false;
    to->policy = redan_judge_policy(j, &function, to->module, to->name);
    return to->policy.kind != REDAN_POLICY_APPLY;
}

/* A named tuple or a member of an enumeration of the program's own: nothing but numbers and words. */
static bool own_value(const struct redan_judging *j, const struct redan_pickle_value *args)
{
    enum { NEWOBJ = 0x81 };
    struct redan_pickle_value value;
    struct redan_held held = {0};

    redan_held_look(j, args, true, &held);
    if (args->kind != REDAN_PICKLE_TUPLE || held.says > REDAN_SAYS_NOTHING || held.name ||
        j->event->keywords.kind == REDAN_PICKLE_DICT)
        return false;
    return j->event->opcode == NEWOBJ ||
           (j->event->opcode == 'R' && args->at == 1 &&
            redan_pickle_item(j->pickle, args, 0, &value) &&
            (value.kind == REDAN_PICKLE_INT || value.kind == REDAN_PICKLE_FLOAT ||
             (value.kind == REDAN_PICKLE_TEXT && value.len <= REDAN_JUDGE_TEXT)));
}

static enum redan_status dispatch(const struct redan_judging *j, const struct redan_policy *policy,
                                  struct redan_slice module, struct redan_slice name,
                                  const struct redan_pickle_value *args, bool plain_instance)
{
    struct callee to;

    if (policy->kind == REDAN_POLICY_APPLY) {
        struct redan_held held = {0};
        if (!applied(j, policy, args, &to)) {
            redan_held_look(j, args, true, &held);
            return redan_judge_odd(j, module, name, &held);
        }
        policy = &to.policy;
        module = to.module;
        name = to.name;
        args = &to.args;
        plain_instance = false;
    }
    if (redan_policy_denies(policy->kind))
        return redan_judge_denied(j, policy, module, name, args);
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
        return redan_judge_special(j, policy->kind, module, name, args);
    case REDAN_POLICY_RECONSTRUCT:
        return made_of_first(j, true, module, name, args);
    case REDAN_POLICY_NEWOBJ:
        return made_of_first(j, false, module, name, args);
    case REDAN_POLICY_LATIN1:
    case REDAN_POLICY_PARTIAL:
    case REDAN_POLICY_GETTER:
    case REDAN_POLICY_SUBSCRIPT:
    case REDAN_POLICY_UFUNC:
    case REDAN_POLICY_BYTES:
        return redan_judge_special(j, policy->kind, module, name, args);
    case REDAN_POLICY_CODE:
        return redan_judge_tell(j, &redan_pkl_code, REDAN_LEVEL_WARN, module, name, NULL,
                                "is called: it carries code");
    case REDAN_POLICY_TYPEWORD:
    case REDAN_POLICY_IMPORTER:
        return redan_judge_special(j, policy->kind, module, name, args);
    case REDAN_POLICY_PATH:
        return redan_judge_tell(j, &redan_pkl_path, REDAN_LEVEL_FAIL, module, name, NULL,
                                "is called");
    default:
        break;
    }
    if ((plain_instance && capital(name)) ||
        (policy->kind == REDAN_POLICY_MAIN && capital(name) && own_value(j, args)))
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

static bool same(const struct redan_pickle_value *a, const struct redan_pickle_value *b)
{
    return a->kind == b->kind && a->id == b->id && a->at == b->at;
}

static bool is_class(const struct redan_judging *j, const struct redan_pickle_value *value)
{
    struct redan_slice m, n;

    if (value->kind != REDAN_PICKLE_GLOBAL || !redan_pickle_global(j->pickle, value, &m, &n))
        return false;
    enum redan_policy_kind kind = redan_judge_policy(j, value, m, n).kind;
    return kind == REDAN_POLICY_CLASS || kind == REDAN_POLICY_CALL;
}

/* What partial(function) gave is called: the function of its state, which is the one it was made of, with nothing bound but keywords. pandas 1.3
 * writes its blocks so, and protocols 2 and 3 an object whose class takes keywords. */
static bool bound(const struct redan_judging *j, struct redan_pickle_value *function,
                  struct redan_policy *policy, struct redan_slice *module, struct redan_slice *name)
{
    struct redan_pickle_value args, state, again, list, words, of, first;
    struct redan_held held = {0};

    if (!redan_pickle_arguments(j->pickle, &j->event->callee, &args) || args.at != 1 ||
        !redan_pickle_item(j->pickle, &args, 0, function) ||
        !redan_pickle_state(j->pickle, &j->event->callee, &state) ||
        state.kind != REDAN_PICKLE_TUPLE || state.at != 4 ||
        !redan_pickle_item(j->pickle, &state, 0, &again) || !same(function, &again) ||
        !redan_pickle_item(j->pickle, &state, 1, &list) || list.kind != REDAN_PICKLE_TUPLE ||
        !redan_pickle_item(j->pickle, &state, 2, &words) || words.kind != REDAN_PICKLE_DICT)
        return false;
    redan_held_look(j, &list, true, &held);
    redan_held_look(j, &words, true, &held);
    if (held.says >= REDAN_SAYS_WORD || j->event->args.kind != REDAN_PICKLE_TUPLE)
        return false;
    if (function->kind == REDAN_PICKLE_RESULT)
        return j->event->args.at == 0 && redan_judge_is_new(j, function, &of) &&
               redan_pickle_item(j->pickle, &list, 0, &first) && is_class(j, &first);
    if (function->kind != REDAN_PICKLE_GLOBAL || list.at != 0 ||
        !redan_pickle_global(j->pickle, function, module, name))
        return false;
    *policy = redan_judge_policy(j, function, *module, *name);
    return policy->kind == REDAN_POLICY_CLASS || policy->kind == REDAN_POLICY_CALL;
}

static enum redan_status call_result(const struct redan_judging *j)
{
    const struct redan_pickle_event *event = j->event;
    struct redan_slice module = event->module, name = event->name;
    struct redan_policy policy = {0};
    struct redan_held held = {0};
    char dotted[256];

    if (!redan_pickle_global(j->pickle, &event->callee, &module, &name))
        return redan_judge_tell(j, &redan_pkl_result, REDAN_LEVEL_FAIL, REDAN_S("?"), REDAN_S("?"),
                                &held, "what a call of a computed function gave is called");
    policy = redan_judge_policy(j, &event->callee, module, name);
    if (policy.kind == REDAN_POLICY_GETATTR &&
        known_method(j, &policy, dotted, sizeof(dotted), &module, &name))
        return dispatch(j, &policy, module, name, &event->args, false);
    struct redan_pickle_value function;
    if (policy.kind == REDAN_POLICY_PARTIAL && bound(j, &function, &policy, &module, &name))
        return function.kind == REDAN_PICKLE_RESULT
                   ? REDAN_OK
                   : dispatch(j, &policy, module, name, &event->args, false);
    redan_held_look(j, &event->args, true, &held);
    if (policy.kind == REDAN_POLICY_TYPEWORD)
        return redan_judge_tell(j, &redan_pkl_code, REDAN_LEVEL_WARN, module, name, NULL,
                                "gave a type of code, which is called");
    if (policy.kind == REDAN_POLICY_CODE)
        return redan_judge_tell(j, &redan_pkl_result, REDAN_LEVEL_FAIL, module, name, &held,
                                "gave a function that loading calls");
    bool grave = !redan_policy_allows(policy.kind) || policy.kind > REDAN_POLICY_CALL ||
                 held.says >= REDAN_SAYS_WORD;
    return redan_judge_tell(j, &redan_pkl_result, grave ? REDAN_LEVEL_FAIL : REDAN_LEVEL_WARN,
                            module, name, &held, "gave what is called");
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
        struct redan_held held = {0};

        redan_held_look(j, &event->args, true, &held);
        return redan_judge_tell(j, &redan_pkl_result,
                                held.says >= REDAN_SAYS_WORD ? REDAN_LEVEL_FAIL : REDAN_LEVEL_WARN,
                                REDAN_S("?"), REDAN_S("?"), &held,
                                "something that is no name is called");
    }
    struct redan_policy policy = redan_judge_policy(j, &event->callee, event->module, event->name);
    return dispatch(j, &policy, event->module, event->name, &event->args, makes && none);
}
