/* skops archives: what every node of schema.json would be made of, and files beside it that skops does not write. */
#include <string.h>

#include "base/map.h"
#include "scan/code_names.h"
#include "scan/detector_table.h"
#include "scan/policy.h"

static const char *const maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-502",
                                   "cwe:4.18/CWE-470", NULL};
static const char *const kind_cves[] = {"CVE-2025-54412", "CVE-2025-54413", NULL};
static const char *const card_cves[] = {"CVE-2025-54886", NULL};

static const struct redan_scan_rule evil = {
    .card = {"SKO350", "loading looks up a function that runs code", REDAN_SEVERITY_CRITICAL, maps,
             "do not load it; if it was loaded, treat the machine as compromised"},
    .why = "Every node of a skops file names a type or function that loading imports. These run "
           "commands or code; no estimator is made of them.",
};
static const struct redan_scan_rule disguise = {
    .card = {"SKO351", "a node is loaded as one thing and named as another",
             REDAN_SEVERITY_CRITICAL, maps, "do not load it, and update skops to 0.12 or later"},
    .why = "skops asks whether the named type is trusted and then makes something else of it: an "
           "operator, or an attribute reached by its name. That is how files pass the question.",
    .cves = kind_cves,
};
static const struct redan_scan_rule unknown = {
    .card = {"SKO352", "a node is of a type of no library that is known", REDAN_SEVERITY_MEDIUM,
             maps, "read the type's code before you add it to trusted="},
    .why = "Loading imports the module and makes an object of the type. What that does depends on "
           "what is installed when the file is loaded.",
};
static const struct redan_scan_rule beside = {
    .card = {"SKO353",
             "the archive holds a file that skops does not write and that speaks of "
             "loading code",
             REDAN_SEVERITY_MEDIUM, maps,
             "load the file with skops.io.load only, never with joblib or Card.get_model"},
    .why = "A skops file holds schema.json and arrays. Other files in it are for tools that fall "
           "back to pickles, or that read nodes from where skops does not.",
    .cves = card_cves,
};
static const struct redan_scan_rule reach = {
    .card = {"SKO354", "a node calls a method or reads an attribute by its name",
             REDAN_SEVERITY_HIGH, maps, "do not load it unless you know what the name reaches"},
    .why = "operator.methodcaller and attrgetter call or read, on whatever they are given, what "
           "the file's author chose.",
    .cves = kind_cves,
};
static const struct redan_scan_rule *const rules[] = {&evil,   &disguise, &unknown,
                                                      &beside, &reach,    NULL};

enum { NAME = 200, LOOK = 4096 };

struct state {
    bool nodes; /* a node was seen */
    /* of the last node that a method is taken from: hashes of its method's path, and of its class */
    uint64_t owner, owner_class;
};
/* Of the archive, for its members. */
struct group {
    bool named;  /* *.skops */
    bool schema; /* holds schema.json */
};

/* Functions of known packages that open files, fetch, or evaluate what they are given. */
static const char *const opens[] = {
    "load",       "loads",        "loadtxt",    "fromfile",         "memmap",
    "genfromtxt", "open_memmap",  "save",       "savetxt",          "savez",
    "eval",       "query",        "runstring",  "fromregex",        "DataSource",
    "loadmat",    "load_library", "system",     "exec_command",     "get_data_home",
    "safe_eval",  "vectorize",    "frompyfunc", "apply_along_axis", NULL};

static bool dangerous_name(struct redan_slice name)
{
    return redan_slice_among(opens, name) || redan_slice_starts(name, REDAN_S("read_")) ||
           redan_slice_starts(name, REDAN_S("fetch_")) ||
           redan_slice_starts(name, REDAN_S("to_pickle"));
}

static struct redan_slice last_part(struct redan_slice name)
{
    for (size_t i = name.len; i > 0; i--) {
        if (name.at[i - 1] == '.')
            return redan_slice_sub(name, i, name.len - i);
    }
    return name;
}

static bool dunder(struct redan_slice s)
{
    return redan_slice_starts(s, REDAN_S("__")) && redan_slice_ends(s, REDAN_S("__"));
}

static enum redan_status told(struct redan_scan *scan, const struct redan_scan_rule *rule,
                              enum redan_level level, const struct redan_object *object,
                              struct redan_slice module, struct redan_slice name)
{
    char text[NAME];
    size_t len = redan_min_size(module.len, NAME / 2),
           rest = redan_min_size(name.len, NAME / 2 - 1);

    if (len)
        memcpy(text, module.at, len);
    text[len++] = '.';
    if (rest)
        memcpy(text + len, name.at, rest);
    struct redan_slice seen = {text, len + rest};
    return redan_scan_found(scan, rule, level, object->offset, seen, "%.*s at %.*s",
                            REDAN_FMT(seen), (int)redan_min_size(object->path.len, 120),
                            object->path.at);
}

/* operator.NAME, made by OperatorFuncNode. */
static enum redan_status operator_node(struct redan_scan *scan, const struct redan_object *object,
                                       struct redan_slice module, struct redan_slice name)
{
    static const char *const methods[] = {"methodcaller", "attrgetter", NULL};
    static const char *const calls[] = {"call", "setitem", "delitem", "concat", "iconcat", NULL};

    if (!redan_slice_is(module, "operator") && !redan_slice_is(module, "_operator"))
        return told(scan, &disguise, REDAN_LEVEL_FAIL, object, module, name);
    if (redan_slice_among(calls, name))
        return told(scan, &evil, REDAN_LEVEL_FAIL, object, module, name);
    if (redan_slice_among(methods, name))
        return told(scan, &reach, REDAN_LEVEL_WARN, object, module, name);
    return REDAN_OK;
}

/* A method's node names the class of the object that it holds: these must be one. Inner nodes come first. */
static enum redan_status owner(struct redan_scan *scan, const struct redan_object *object,
                               struct redan_slice loader, struct redan_slice class)
{
    struct redan_slice ending = REDAN_S(".content.obj");
    struct state *s = redan_scan_state(scan, &redan_det_skops);

    if (redan_slice_ends(object->path, ending)) {
        s->owner = redan_hash(0, redan_slice_sub(object->path, 0, object->path.len - ending.len));
        s->owner_class = redan_hash(0, class);
        return REDAN_OK;
    }
    if (!redan_slice_is(loader, "MethodNode") || s->owner != redan_hash(0, object->path) ||
        s->owner_class == redan_hash(0, class))
        return REDAN_OK;
    return told(scan, &disguise, REDAN_LEVEL_FAIL, object, redan_object_text(object, "__module__"),
                class);
}

static enum redan_status node(struct redan_scan *scan, const struct redan_object *object)
{
    struct redan_slice module = redan_object_text(object, "__module__");
    struct redan_slice whole = redan_object_text(object, "__class__");
    struct redan_slice loader = redan_object_text(object, "__loader__");
    struct redan_slice name = last_part(whole);

    REDAN_TRY(owner(scan, object, loader, whole));
    if (redan_slice_is(loader, "OperatorFuncNode"))
        return operator_node(scan, object, module, whole);
    if (module.len == 0 || redan_slice_is(module, "__main__"))
        return REDAN_OK;
    if (redan_slice_is(module, "builtins") || redan_slice_is(module, "__builtin__"))
        return redan_code_builtin(name) && !redan_slice_is(loader, "JsonNode")
                   ? told(scan, &evil, REDAN_LEVEL_FAIL, object, module, name)
                   : REDAN_OK;
    if (redan_slice_is(loader, "PartialNode") && redan_slice_is(module, "functools") &&
        redan_slice_is(name, "partial"))
        return REDAN_OK;
    if (redan_code_module(module) || dunder(name) || dangerous_name(name))
        return told(scan, &evil, REDAN_LEVEL_FAIL, object, module, name);
    struct redan_policy policy = redan_policy_of(redan_scan_options_of(scan)->tables, module, name);
    if (redan_policy_denies(policy.kind) || policy.kind == REDAN_POLICY_PATH ||
        policy.kind == REDAN_POLICY_MODULE)
        return told(scan, &evil, REDAN_LEVEL_FAIL, object, module, name);
    if (policy.kind == REDAN_POLICY_UNKNOWN || policy.kind == REDAN_POLICY_PYTHON)
        return told(scan, &unknown, REDAN_LEVEL_WARN, object, module, name);
    return REDAN_OK;
}

/* The content of a method's node: the name of the method, and what it is taken from. */
static enum redan_status method(struct redan_scan *scan, const struct redan_object *object)
{
    struct redan_slice name = redan_object_text(object, "func");

    if (name.len == 0 || (!memchr(name.at, '.', name.len) && !dunder(name)))
        return REDAN_OK;
    return told(scan, &disguise, REDAN_LEVEL_FAIL, object, REDAN_S("method"), name);
}

static enum redan_status member(struct redan_scan *scan, const struct redan_fact *f)
{
    struct group *below = redan_scan_group_below(scan, &redan_det_skops);

    below->named = redan_slice_ends(redan_scan_name_of(scan), REDAN_S(".skops"));
    below->schema = below->schema || redan_slice_is(f->name, "schema.json");
    return REDAN_OK;
}

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *f)
{
    struct state *s = redan_scan_state(scan, &redan_det_skops);

    if (f->kind == REDAN_FACT_MEMBER)
        return member(scan, f);
    if (f->kind != REDAN_FACT_OBJECT)
        return REDAN_OK;
    if (redan_object_text(f->object, "__loader__").len &&
        redan_object_text(f->object, "__class__").len) {
        s->nodes = true;
        return node(scan, f->object);
    }
    if (s->nodes && redan_object_get(f->object, "func") && redan_object_get(f->object, "obj"))
        return method(scan, f->object);
    const struct group *group = redan_scan_group(scan, &redan_det_skops);
    if (group->named && redan_object_text(f->object, "__class__").len)
        return node(scan, f->object);
    return REDAN_OK;
}

/* Whether a text has one of the words that only tools beside skops have a use for. */
static struct redan_slice speaks(struct redan_slice text, const char *const *words)
{
    for (size_t i = 0; words[i]; i++) {
        const char *at = text.len ? memmem(text.at, text.len, words[i], strlen(words[i])) : NULL;
        if (at)
            return (struct redan_slice){at, strlen(words[i])};
    }
    return (struct redan_slice){0};
}

static bool own_file(struct redan_slice name)
{
    return redan_slice_is(name, "schema.json") || redan_slice_is(name, "schema") ||
           redan_slice_ends(name, REDAN_S(".npy")) || redan_slice_ends(name, REDAN_S(".npz"));
}

static enum redan_status end(struct redan_scan *scan)
{
    static const char *const named[] = {"OperatorFuncNode", "MethodNode", "__getattr__", NULL};
    static const char *const said[] = {"OperatorFuncNode", "MethodNode", "__getattr__", "joblib",
                                       "pickle.load",      "get_model(", "__import__",  NULL};
    const struct group *group = redan_scan_group(scan, &redan_det_skops);
    struct redan_slice name = redan_scan_name_of(scan), view = {0};

    if (!redan_scan_container_of(scan) || !group->named || !group->schema || own_file(name))
        return REDAN_OK;
    struct redan_slice seen = speaks(name, named);
    if (seen.len == 0) {
        REDAN_TRY(
            redan_source_view(redan_scan_ctx(scan), redan_scan_source_of(scan), 0, LOOK, &view));
        seen = speaks(view, said);
    }
    if (seen.len == 0)
        return REDAN_OK;
    return redan_scan_found(scan, &beside, REDAN_LEVEL_WARN, 0, seen, "%.*s speaks of %.*s",
                            (int)redan_min_size(name.len, 120), name.at, REDAN_FMT(seen));
}

const struct redan_detector redan_det_skops = {.name = "skops",
                                               .rules = rules,
                                               .fact = fact,
                                               .end = end,
                                               .state = sizeof(struct state),
                                               .group = sizeof(struct group)};
