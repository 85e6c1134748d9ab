/* Pickles: what they import, call and change, judged against the tables of names. */
#include <stdio.h>
#include <string.h>

#include "scan/detector_table.h"
#include "scan/pickle_judge.h"

enum { NESTED_MOST = 64, HEAD = 96 };

struct redan_policy redan_judge_policy(const struct redan_judging *j,
                                       const struct redan_pickle_value *value,
                                       struct redan_slice module, struct redan_slice name)
{
    const struct redan_scan_tables *tables = redan_scan_options_of(j->scan)->tables;
    size_t at = value->id & (REDAN_JUDGE_CACHE - 1);

    if (value->id == REDAN_PICKLE_NO_ID)
        return redan_policy_of(tables, module, name);
    if (j->state->cache[at].id != value->id + 1) {
        j->state->cache[at].policy = redan_policy_of(tables, module, name);
        j->state->cache[at].id = value->id + 1;
    }
    return j->state->cache[at].policy;
}

struct redan_slice redan_judge_text(const struct redan_judging *j,
                                    const struct redan_pickle_value *value)
{
    size_t at = (size_t)(value->at * 0x9e3779b97f4a7c15U >> 32) & (REDAN_JUDGE_TEXTS - 1);

    if (value->len > REDAN_JUDGE_TEXT)
        return (struct redan_slice){"", 0};
    if (j->state->texts[at].at != value->at + 1) {
        struct redan_slice text = redan_pickle_text(j->pickle, value, REDAN_JUDGE_TEXT);

        memcpy(j->state->texts[at].bytes, text.at, text.len);
        j->state->texts[at].len = text.len;
        j->state->texts[at].at = value->at + 1;
    }
    return (struct redan_slice){j->state->texts[at].bytes, j->state->texts[at].len};
}

/* Characters that no module and no class has. */
static bool odd_name(struct redan_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (c <= ' ' || c == 127 || c == '"' || c == '\'' || c == '(' || c == ';' || c == '=')
            return true;
    }
    return name.len > 512;
}

static size_t join(char *to, size_t cap, struct redan_slice module, struct redan_slice name)
{
    module = redan_slice_sub(module, 0, cap / 2 - 1);
    name = redan_slice_sub(name, 0, cap / 2 - 1);
    memcpy(to, module.at, module.len);
    to[module.len] = '.';
    memcpy(to + module.len + 1, name.at, name.len);
    to[module.len + 1 + name.len] = '\0';
    return module.len + 1 + name.len;
}

/* What is said of a name that nothing has called. */
static enum redan_status name_only(struct redan_scan *scan, const struct redan_judge_waiting *w)
{
    struct redan_slice evidence = redan_slice_of(w->name);

    switch ((int)w->kind) {
    case REDAN_POLICY_DENY_EXEC:
        return redan_scan_found(scan, &redan_pkl_runs, REDAN_LEVEL_FAIL, w->offset, evidence,
                                "%s is named: %.*s", w->name, REDAN_FMT(w->detail));
    case REDAN_POLICY_DENY_TAMPER:
        return redan_scan_found(scan, &redan_pkl_tamper, REDAN_LEVEL_FAIL, w->offset, evidence,
                                "%s is named: %.*s", w->name, REDAN_FMT(w->detail));
    case REDAN_POLICY_PATH:
        return redan_scan_found(scan, &redan_pkl_path, REDAN_LEVEL_FAIL, w->offset, evidence,
                                "%s is named", w->name);
    case REDAN_POLICY_UNKNOWN:
        return redan_scan_found(scan, &redan_pkl_imported, REDAN_LEVEL_WARN, w->offset, evidence,
                                "%s is imported", w->name);
    case REDAN_POLICY_PYTHON:
        return redan_scan_found(scan, &redan_pkl_named, REDAN_LEVEL_WARN, w->offset, evidence,
                                "%s is named: part of Python that saved models do not need",
                                w->name);
    case REDAN_POLICY_PACKAGE:
        return redan_scan_found(scan, &redan_pkl_named, REDAN_LEVEL_WARN, w->offset, evidence,
                                "%s is named: a function that runs, loads or fetches things",
                                w->name);
    case REDAN_POLICY_MODULE:
        return redan_scan_found(scan, &redan_pkl_named, REDAN_LEVEL_WARN, w->offset, evidence,
                                "%s is a module, which saved models do not hold", w->name);
    default:
        return redan_scan_found(scan, &redan_pkl_named, REDAN_LEVEL_WARN, w->offset, evidence,
                                "%s is named: %.*s", w->name, REDAN_FMT(w->detail));
    }
}

static enum redan_status flush(struct redan_scan *scan, struct redan_judge *state)
{
    for (size_t i = 0; i < state->waiting_count; i++) {
        if (state->waiting[i].id)
            REDAN_TRY(name_only(scan, &state->waiting[i]));
    }
    state->waiting_count = 0;
    return REDAN_OK;
}

static void used(struct redan_judge *state, const struct redan_pickle_value *value)
{
    for (size_t i = 0; i < state->waiting_count; i++) {
        if (state->waiting[i].id == value->id + 1)
            state->waiting[i].id = 0;
    }
}

static bool worth_a_word(enum redan_policy_kind kind)
{
    return redan_policy_denies(kind) || kind == REDAN_POLICY_PATH || kind == REDAN_POLICY_UNKNOWN ||
           kind == REDAN_POLICY_MODULE || kind == REDAN_POLICY_PYTHON;
}

/* A function of a known package whose name tells that it loads or runs things. */
static bool tells(enum redan_policy_kind kind, struct redan_slice name)
{
    static const char *const whole[] = {"eval",     "query",    "safe_eval", "remove", "unlink",
                                        "makedirs", "fromfile", "rmtree",    "run",    NULL};
    static const char *const parts[] = {
        "exec",    "execute", "system", "shell",      "popen",  "spawn",    "subprocess",
        "import",  "load",    "loads",  "unpickle",   "pickle", "download", "urlopen",
        "compile", "open",    "cmd",    "pretrained", "file",   "mkdir",    NULL};
    struct redan_slice last = name, head, part;

    while (redan_slice_cut(last, '.', &head, &name))
        last = name;
    if (kind != REDAN_POLICY_PACKAGE || last.len == 0 || (last.at[0] >= 'A' && last.at[0] <= 'Z'))
        return false;
    if (redan_slice_among(whole, last))
        return true;
    while (last.len) {
        (void)redan_slice_cut(last, '_', &part, &last);
        if (redan_slice_among(parts, part))
            return true;
    }
    return false;
}

static enum redan_status import(const struct redan_judging *j)
{
    const struct redan_pickle_event *event = j->event;
    struct redan_policy policy = redan_judge_policy(j, &event->callee, event->module, event->name);
    struct redan_judge_waiting wait = {.id = event->callee.id + 1,
                                       .kind = policy.kind,
                                       .offset = event->offset,
                                       .detail = policy.detail};

    if (!redan_policy_allows(policy.kind) && (odd_name(event->module) || odd_name(event->name)))
        REDAN_TRY(redan_scan_found(j->scan, &redan_pkl_name, REDAN_LEVEL_WARN, event->offset,
                                   event->name, "a name holds characters that no name has"));
    if (!worth_a_word(policy.kind) && !tells(policy.kind, event->name))
        return REDAN_OK;
    (void)join(wait.name, sizeof(wait.name), event->module, event->name);
    if (event->callee.id == REDAN_PICKLE_NO_ID || j->state->waiting_count == REDAN_JUDGE_WAITING)
        return name_only(j->scan, &wait);
    j->state->waiting[j->state->waiting_count++] = wait;
    return REDAN_OK;
}

/* A line that defines a function or returns names: no call but the one that scipy writes. */
static bool harmless_line(struct redan_slice line)
{
    static const char *const starts[] = {"def _parse_args(", "def _parse_args_rvs(",
                                         "def _parse_args_stats(", "return (",
                                         "return self._argcheck_rvs("};
    struct redan_slice rest = {"", 0};

    line = redan_slice_trim(line);
    if (line.len == 0)
        return true;
    for (size_t i = 0; i < REDAN_COUNT(starts); i++) {
        struct redan_slice start = redan_slice_of(starts[i]);
        if (redan_slice_starts(line, start))
            rest = redan_slice_sub(line, start.len, line.len);
    }
    for (size_t i = 0; i < rest.len; i++) {
        char c = rest.at[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && !redan_char_among("_ ,=.'):", c))
            return false;
    }
    return rest.len > 0;
}

static bool harmless_template(struct redan_slice text)
{
    while (text.len) {
        struct redan_slice line;

        (void)redan_slice_cut(text, '\n', &line, &text);
        if (!harmless_line(line))
            return false;
    }
    return true;
}

/* Until scipy 1.2 the state was (arguments of __init__, random state), of which nothing is run. */
static bool old_state(const struct redan_judging *j, const struct redan_pickle_value *state)
{
    struct redan_pickle_value arguments, generator;
    struct redan_slice module, name;

    return state->kind == REDAN_PICKLE_TUPLE && state->at == 2 &&
           redan_pickle_item(j->pickle, state, 0, &arguments) &&
           redan_pickle_item(j->pickle, state, 1, &generator) &&
           arguments.kind == REDAN_PICKLE_DICT && arguments.at > 4 &&
           redan_pickle_global(j->pickle, &generator, &module, &name) &&
           redan_slice_starts(module, REDAN_S("numpy.random"));
}

/* scipy.stats runs the text `_parse_arg_template` of a distribution's state (rv_generic._attach_argparser_methods). */
static enum redan_status runs_state(const struct redan_judging *j, const char *name)
{
    const struct redan_pickle_value *state = &j->event->args;
    bool seen = state->kind == REDAN_PICKLE_DICT && state->at <= 24;
    bool harmless = seen;

    if (old_state(j, state))
        return REDAN_OK;
    struct redan_pickle_value key, value;
    struct redan_slice evidence = redan_slice_of(name);

    for (uint64_t i = 0; harmless && i < state->at; i++) {
        harmless = redan_pickle_item(j->pickle, state, 2 * i, &key) &&
                   redan_pickle_item(j->pickle, state, 2 * i + 1, &value) &&
                   key.kind == REDAN_PICKLE_TEXT;
        if (!harmless ||
            !redan_slice_is(redan_pickle_text(j->pickle, &key, 64), "_parse_arg_template"))
            continue;
        evidence = redan_pickle_text(j->pickle, &value, 4096);
        harmless =
            value.kind == REDAN_PICKLE_TEXT && value.len < 4096 && harmless_template(evidence);
    }
    if (harmless)
        return REDAN_OK;
    if (!seen && state->kind == REDAN_PICKLE_DICT)
        return redan_scan_found(j->scan, &redan_pkl_shape, REDAN_LEVEL_WARN, j->event->offset,
                                evidence, "the state of %s is larger than what was looked at",
                                name);
    return redan_scan_found(j->scan, &redan_pkl_runs, REDAN_LEVEL_FAIL, j->event->offset, evidence,
                            "the state of %s holds code, which the class runs", name);
}

/* State or items are set on what is no object that was made here. */
static enum redan_status changes(const struct redan_judging *j)
{
    /* what they give is not made for the pickle: classes, and objects that the program has one of */
    static const char *const shared[] = {
        "builtins.type",     "__builtin__.type",
        "logging.getLogger", "torch.nn.backends.thnn._get_thnn_function_backend",
        "re._compile",       NULL};
    const struct redan_pickle_event *event = j->event;
    char name[REDAN_JUDGE_NAME * 2];
    size_t len = join(name, sizeof(name), event->module, event->name);
    struct redan_slice evidence = {name, len};

    if (event->what)
        return redan_scan_found(j->scan, &redan_pkl_smuggled, REDAN_LEVEL_FAIL, event->offset,
                                evidence,
                                "the state gives an object a method that loading then calls");
    if (event->callee.kind == REDAN_PICKLE_GLOBAL || event->callee.kind == REDAN_PICKLE_PERSISTENT)
        return redan_scan_found(j->scan, &redan_pkl_smuggled, REDAN_LEVEL_FAIL, event->offset,
                                evidence, "attributes of %s itself are set", name);
    if (event->callee.kind != REDAN_PICKLE_RESULT)
        return REDAN_OK;
    struct redan_policy policy = redan_judge_policy(j, &event->callee, event->module, event->name);
    if (policy.kind == REDAN_POLICY_RV && event->kind == REDAN_PICKLE_BUILD)
        return runs_state(j, name);
    if (policy.kind == REDAN_POLICY_GETATTR || policy.kind == REDAN_POLICY_IMPORTER ||
        policy.kind == REDAN_POLICY_TYPEWORD || redan_slice_among(shared, evidence))
        return redan_scan_found(j->scan, &redan_pkl_smuggled, REDAN_LEVEL_FAIL, event->offset,
                                evidence, "attributes of what %s gave are set", name);
    return REDAN_OK;
}

static enum redan_status dynamic(const struct redan_judging *j)
{
    struct redan_slice evidence = {"", 0};

    if (j->event->args.kind == REDAN_PICKLE_TEXT)
        evidence = redan_pickle_text(j->pickle, &j->event->args, 200);
    else if (j->event->callee.kind == REDAN_PICKLE_TEXT)
        evidence = redan_pickle_text(j->pickle, &j->event->callee, 200);
    return redan_scan_found(j->scan, &redan_pkl_dynamic, REDAN_LEVEL_FAIL, j->event->offset,
                            evidence, "the name of what is imported is computed");
}

static enum redan_status constant(const struct redan_judging *j)
{
    const struct redan_pickle_value *value = &j->event->args;
    bool binary = value->kind == REDAN_PICKLE_BYTES;
    enum redan_packing packing;
    bool pickle = false;
    char name[48];

    if (value->decoded || j->state->nested >= NESTED_MOST)
        return REDAN_OK;
    struct redan_slice head = redan_pickle_text(j->pickle, value, HEAD);
    if (!redan_pickle_nested(redan_scan_ctx(j->scan), head, value->len, binary, &packing, &pickle))
        return REDAN_OK;
    j->state->nested++;
    if (pickle)
        REDAN_TRY(redan_scan_found(j->scan, &redan_pkl_nested, REDAN_LEVEL_NOTE, value->at, head,
                                   "a value of %llu bytes is itself a pickle",
                                   (unsigned long long)value->len));
    struct redan_part part = {.offset = value->at,
                              .size = value->len,
                              .packing = packing,
                              .unpacked =
                                  packing == REDAN_PACK_NONE ? value->len : REDAN_SOURCE_UNKNOWN};
    (void)snprintf(name, sizeof(name), "value@%llu", (unsigned long long)value->at);
    return redan_scan_member(j->scan, redan_slice_of(name), &part);
}

static enum redan_status structure(const struct redan_judging *j)
{
    const struct redan_pickle_event *event = j->event;
    struct redan_slice what = redan_slice_of(event->what);

    if (redan_slice_is(what, "frame-overrun")) { /* a file cut short has one as well */
        j->state->overrun = true;
        j->state->overrun_at = event->offset;
        return REDAN_OK;
    }
    if (redan_slice_starts(what, REDAN_S("frame-")))
        return redan_scan_found(j->scan, &redan_pkl_frame, REDAN_LEVEL_FAIL, event->offset, what,
                                "%s", event->what);
    if (redan_slice_starts(what, REDAN_S("divergent-")))
        return redan_scan_found(j->scan, &redan_pkl_divergent, REDAN_LEVEL_WARN, event->offset,
                                what, "%s", event->what);
    if (redan_slice_is(what, "garbage-between"))
        return redan_scan_found(j->scan, &redan_pkl_garbage, REDAN_LEVEL_WARN, event->offset, what,
                                "%llu bytes that are no pickle", (unsigned long long)event->number);
    if (redan_slice_is(what, "array-unknown") || redan_slice_is(what, "array-deep"))
        return redan_scan_found(j->scan, &redan_pkl_shape, REDAN_LEVEL_WARN, event->offset, what,
                                "an array is described as no honest file does it: joblib may read "
                                "something else there");
    if (redan_slice_is(what, "expansion"))
        return redan_scan_found(j->scan, &redan_pkl_expands, REDAN_LEVEL_WARN, event->offset, what,
                                "containers hold each other twice, %llu deep",
                                (unsigned long long)event->number);
    if (redan_slice_is(what, "name-long") || redan_slice_is(what, "globals-limit"))
        return redan_scan_found(j->scan, &redan_pkl_name, REDAN_LEVEL_WARN, event->offset, what,
                                "%s", event->what);
    return REDAN_OK;
}

static enum redan_status over(const struct redan_judging *j)
{
    REDAN_TRY(flush(j->scan, j->state));
    if (j->state->overrun && j->event->what && strcmp(j->event->what, "stop") == 0)
        REDAN_TRY(redan_scan_found(j->scan, &redan_pkl_frame, REDAN_LEVEL_WARN,
                                   j->state->overrun_at, REDAN_S("frame-overrun"),
                                   "a frame is longer than the file"));
    j->state->overrun = false;
    /* numbers and places mean something else to the next machine */
    memset(j->state->cache, 0, sizeof(j->state->cache));
    memset(j->state->texts, 0, sizeof(j->state->texts));
    return REDAN_OK;
}

static enum redan_status extension(const struct redan_judging *j)
{
    return redan_scan_found(j->scan, &redan_pkl_extension, REDAN_LEVEL_WARN, j->event->offset,
                            (struct redan_slice){"", 0}, "extension %llu is used",
                            (unsigned long long)j->event->number);
}

/* Old torch saves a class as ('module', class, source file, source): the id is the class. */
static enum redan_status persistent(const struct redan_judging *j)
{
    struct redan_pickle_value word, of;

    if (!redan_pickle_item(j->pickle, &j->event->args, 0, &word) ||
        word.kind != REDAN_PICKLE_TEXT || !redan_slice_is(redan_judge_text(j, &word), "module") ||
        !redan_pickle_item(j->pickle, &j->event->args, 1, &of) || of.kind != REDAN_PICKLE_GLOBAL)
        return REDAN_OK;
    used(j->state, &of);
    return redan_judge_instance(j, &of);
}

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *fact);

const struct redan_detector redan_det_pickle;

static enum redan_status end(struct redan_scan *scan)
{
    return flush(scan, redan_scan_state(scan, &redan_det_pickle));
}

const struct redan_detector redan_det_pickle = {
    .name = "pickle",
    .rules = redan_pkl_rules,
    .fact = fact,
    .end = end,
    .state = sizeof(struct redan_judge),
};

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *fact)
{
    if (fact->kind != REDAN_FACT_PICKLE)
        return REDAN_OK;
    const struct redan_judging j = {scan, redan_scan_state(scan, &redan_det_pickle), fact->pickle,
                                    fact->event};

    switch (fact->event->kind) {
    case REDAN_PICKLE_IMPORT:
        return import(&j);
    case REDAN_PICKLE_CALL:
        used(j.state, &fact->event->callee);
        return redan_judge_call(&j);
    case REDAN_PICKLE_BUILD:
    case REDAN_PICKLE_ITEMS:
        return changes(&j);
    case REDAN_PICKLE_DYNAMIC:
        return dynamic(&j);
    case REDAN_PICKLE_EXTENSION:
        return extension(&j);
    case REDAN_PICKLE_CONSTANT:
        return constant(&j);
    case REDAN_PICKLE_STRUCTURE:
        return structure(&j);
    case REDAN_PICKLE_END:
        return over(&j);
    case REDAN_PICKLE_PERSISTENT_ID:
        return persistent(&j);
    case REDAN_PICKLE_ARRAY:
        return REDAN_OK;
    }
    return REDAN_OK;
}
