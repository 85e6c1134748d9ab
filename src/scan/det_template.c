/* Jinja templates that reach out of their sandbox, load other files, run without end, or put words into a model's mouth. */
#include "format/jinja.h"

#include <string.h>

#include "scan/commands.h"
#include "scan/detector_table.h"

static const char *const escape_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-1336", NULL};
static const char *const prompt_maps[] = {"atlas:2026.09/AML.T0018.003", "cwe:4.18/CWE-1336", NULL};
static const char *const load_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-829", NULL};
static const char *const loop_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-400", NULL};
static const char *const escape_cves[] = {"CVE-2024-34359", NULL};
static const char *const format_cves[] = {"CVE-2024-56326", "CVE-2025-27516", NULL};

static const struct redan_scan_rule breaks_out = {
    .card = {"TPL401", "a template breaks out of its sandbox", REDAN_SEVERITY_CRITICAL, escape_maps,
             "do not render it; take the template of the model's maker and compare"},
    .why = "A chat template is a program that runs whenever the model is used. This one walks from "
           "an ordinary value to Python's own functions, through names that only the interpreter "
           "uses, and from there to the machine.",
    .cves = escape_cves,
};
static const struct redan_scan_rule hidden_name = {
    .card = {"TPL402", "a template names what Python keeps hidden", REDAN_SEVERITY_HIGH,
             escape_maps, "ask why a template needs this name; no chat template does"},
    .why = "Names with two underscores at both ends lead to classes, modules and functions. "
           "Templates that lay out messages have no use for them.",
    .cves = escape_cves,
};
static const struct redan_scan_rule runs_program = {
    .card = {"TPL403", "a template calls a function that runs code", REDAN_SEVERITY_CRITICAL,
             escape_maps, "do not render it"},
    .why = "The call runs a program or evaluates text where the sandbox is absent or fails. It "
           "lays out no message.",
    .cves = escape_cves,
};
static const struct redan_scan_rule odd_reach = {
    .card = {"TPL404", "a template reaches for what sandboxes were broken with",
             REDAN_SEVERITY_HIGH, escape_maps,
             "have somebody who knows the template explain it; render it only in a sandbox"},
    .why = "Names of attributes that are computed, methods of text that are handed on, and the "
           "helpers and web objects of Jinja and Flask are the steps of known sandbox escapes.",
    .cves = format_cves,
};
static const struct redan_scan_rule loads_file = {
    .card = {"TPL405", "a template loads another file", REDAN_SEVERITY_MEDIUM, load_maps,
             "put what it loads into the template, where it can be read"},
    .why = "The template of a model stands by itself. One that includes or imports a file reads "
           "from the machine that renders it, and what it reads was not looked at.",
};
static const struct redan_scan_rule endless = {
    .card = {"TPL406", "a template goes round a million times or more", REDAN_SEVERITY_MEDIUM,
             loop_maps, "do not render it in a service"},
    .why = "A range or a repeated text of this size holds up the server at every request.",
};
static const struct redan_scan_rule puts_words = {
    .card = {"TPL407", "a template adds an address when a message says a certain thing",
             REDAN_SEVERITY_HIGH, prompt_maps,
             "read the condition and what it adds; take the template of the model's maker"},
    .why = "The template decides what the model is told. This one adds an address of its own only "
           "when the message contains certain words, which neither the user nor the operator sees.",
};
static const struct redan_scan_rule *const rules[] = {
    &breaks_out, &hidden_name, &runs_program, &odd_reach, &loads_file, &endless, &puts_words, NULL};

enum { MANY = 1000000 };

/* Leads on to classes, modules or frames. */
static const char *const leads[] = {"__globals__",
                                    "__builtins__",
                                    "__import__",
                                    "__subclasses__",
                                    "__mro__",
                                    "__base__",
                                    "__bases__",
                                    "__init__",
                                    "__code__",
                                    "__closure__",
                                    "__getattribute__",
                                    "__getattr__",
                                    "__reduce__",
                                    "__reduce_ex__",
                                    "__loader__",
                                    "__spec__",
                                    "__dict__",
                                    "__self__",
                                    "__func__",
                                    "__wrapped__",
                                    "__call__",
                                    "__getitem__",
                                    "__new__",
                                    "__enter__",
                                    "__subclasshook__",
                                    "__init_subclass__",
                                    "__traceback__",
                                    "__annotations__",
                                    "__defaults__",
                                    "__kwdefaults__",
                                    "__class_getitem__",
                                    "__class__",
                                    "__module__",
                                    "__file__",
                                    "__setattr__",
                                    "func_globals",
                                    "func_code",
                                    "gi_frame",
                                    "gi_code",
                                    "cr_frame",
                                    "cr_code",
                                    "ag_frame",
                                    "f_globals",
                                    "f_builtins",
                                    "f_back",
                                    "f_locals",
                                    "tb_frame",
                                    "im_func",
                                    "im_self",
                                    "mro",
                                    "_TemplateReference__context",
                                    "_module",
                                    NULL};
/* Of these, one alone does nothing yet. */
static const char *const alone[] = {"__class__",   "__module__", "__dict__", "__init__", "__file__",
                                    "__getitem__", "mro",        "_module",  NULL};
static const char *const harmless[] = {"__name__", "__doc__",  "__len__",
                                       "__str__",  "__repr__", "__contains__",
                                       "__iter__", "__next__", NULL};
static const char *const runs[] = {
    "popen",           "system",      "eval",          "exec",
    "check_output",    "check_call",  "Popen",         "getoutput",
    "getstatusoutput", "urlopen",     "execv",         "execve",
    "spawn",           "fork",        "run_path",      "import_module",
    "load_module",     "exec_module", "import_string", NULL};
static const char *const bare_runs[] = {"eval",     "exec",          "__import__", "compile",
                                        "execfile", "import_module", NULL};
static const char *const bare_odd[] = {"getattr", "setattr",    "globals", "locals", "vars",
                                       "open",    "breakpoint", "delattr", NULL};
static const char *const modules[] = {"os",        "subprocess", "sys",      "builtins",
                                      "importlib", "shutil",     "socket",   "pickle",
                                      "ctypes",    "pty",        "platform", NULL};
static const char *const helpers[] = {
    "lipsum",  "cycler", "joiner", "namespace", "range", "dict", "get_flashed_messages",
    "url_for", NULL};
static const char *const web[] = {"application", "environ",     "_get_data_for_json",
                                  "SECRET_KEY",  "from_pyfile", "from_object",
                                  "from_envvar", "root_path",   NULL};

struct judge {
    struct redan_scan *scan;
    const struct redan_fact *fact;
};

static enum redan_status found(const struct judge *j, const struct redan_scan_rule *rule,
                               enum redan_level level, const struct redan_jinja_event *event,
                               const char *what)
{
    struct redan_slice shown = event->block.len ? event->block : event->text;
    const struct redan_slice name = redan_slice_sub(j->fact->name, 0, 100);

    if (j->fact->number && rule != &breaks_out) /* program text with braces calls functions too */
        return REDAN_OK;
    return redan_scan_found(j->scan, rule, level, j->fact->offset, shown, "%.*s %s \"%.*s\"",
                            REDAN_FMT(name), what, REDAN_FMT(redan_slice_sub(event->text, 0, 80)));
}

static bool dunder(struct redan_slice name)
{
    return name.len > 4 && redan_slice_starts(name, REDAN_S("__")) &&
           redan_slice_ends(name, REDAN_S("__"));
}

static bool bare(const struct redan_jinja_event *e)
{
    return redan_slice_eq(e->root, e->text);
}

static enum redan_status attribute(const struct judge *j, const struct redan_jinja_event *e)
{
    bool lead = redan_slice_among(leads, e->text);

    if (lead || dunder(e->text)) {
        if (redan_slice_among(harmless, e->text) && !e->hidden)
            return REDAN_OK;
        bool grave = (lead && !redan_slice_among(alone, e->text)) || (e->hidden && lead) ||
                     e->how == REDAN_JINJA_FORMAT || e->how == REDAN_JINJA_GETATTR;
        if (!dunder(e->text) && !e->hidden && !grave)
            return REDAN_OK; /* "mro" is a word like others */
        return found(j, grave ? &breaks_out : &hidden_name,
                     grave ? REDAN_LEVEL_FAIL : REDAN_LEVEL_WARN, e, "takes");
    }
    if (e->called && redan_slice_among(runs, e->text) && (e->free || e->hidden))
        return found(j, &runs_program, REDAN_LEVEL_FAIL, e, "calls");
    if (e->called && e->free && redan_slice_among(modules, e->root))
        return found(j, &runs_program, REDAN_LEVEL_FAIL, e, "calls a module's");
    if ((redan_slice_is(e->text, "format") || redan_slice_is(e->text, "format_map")) &&
        e->how == REDAN_JINJA_FILTER)
        return found(j, &odd_reach, REDAN_LEVEL_WARN, e, "hands on");
    if (redan_slice_is(e->text, "format_map") ||
        (redan_slice_is(e->text, "format") && e->constant && !e->called))
        return found(j, &odd_reach, REDAN_LEVEL_WARN, e, "hands on");
    if (e->free && redan_slice_among(web, e->text) &&
        (redan_slice_is(e->root, "request") || redan_slice_is(e->root, "config") ||
         redan_slice_is(e->root, "self")))
        return found(j, &odd_reach, REDAN_LEVEL_WARN, e, "takes");
    if (e->free && redan_slice_is(e->root, "self") && e->text.len && e->text.at[0] == '_')
        return found(j, &odd_reach, REDAN_LEVEL_WARN, e, "takes");
    return REDAN_OK;
}

static bool holds_hidden(struct redan_slice text)
{
    return text.len >= 2 && memmem(text.at, text.len, "__", 2) != NULL;
}

static enum redan_status dynamic(const struct judge *j, const struct redan_jinja_event *e)
{
    if (holds_hidden(e->text))
        return found(j, &breaks_out, REDAN_LEVEL_FAIL, e, "builds the name of an attribute from");
    if (e->how == REDAN_JINJA_FILTER)
        return found(j, &odd_reach, REDAN_LEVEL_WARN, e, "computes the name of an attribute");
    if (e->hidden || (e->free && redan_slice_among(helpers, e->root)))
        return found(j, &odd_reach, REDAN_LEVEL_WARN, e, "computes the name of an element");
    return REDAN_OK;
}

static enum redan_status called(const struct judge *j, const struct redan_jinja_event *e)
{
    if (!bare(e) || !e->free)
        return REDAN_OK;
    if (redan_slice_among(bare_runs, e->text))
        return found(j, &runs_program, REDAN_LEVEL_FAIL, e, "calls");
    if (redan_slice_among(bare_odd, e->text))
        return found(j, &odd_reach, REDAN_LEVEL_WARN, e, "calls");
    return REDAN_OK;
}

static enum redan_status constant(const struct judge *j, const struct redan_jinja_event *e)
{
    struct redan_slice seen = {0};

    if (redan_slice_among(leads, e->text) && dunder(e->text))
        return found(j, e->built ? &breaks_out : &hidden_name,
                     e->built ? REDAN_LEVEL_FAIL : REDAN_LEVEL_WARN, e,
                     e->built ? "builds" : "holds");
    if (redan_command_in(e->text, &seen) != REDAN_COMMAND_NONE)
        return found(j, &odd_reach, REDAN_LEVEL_WARN, e, "holds the command");
    return REDAN_OK;
}

/* In a file of web pages templates extend each other; in a model's metadata nothing is there to load. */
static enum redan_status statement(const struct judge *j, const struct redan_jinja_event *e)
{
    const struct redan_format *format = redan_scan_format_of(j->scan);
    bool metadata = format && strcmp(format->name, "text") != 0;
    bool path = e->args.len && (e->args.at[0] == '/' || e->args.at[0] == '\\' ||
                                memmem(e->args.at, e->args.len, "..", 2) ||
                                memmem(e->args.at, e->args.len, "://", 3));
    bool chat = j->fact->name.len >= 13 &&
                memmem(j->fact->name.at, j->fact->name.len, "chat_template", 13) != NULL;

    if (metadata && !chat && e->constant && !path &&
        strcmp(format->name, "yaml") == 0) /* a recipe that is made of parts */
        return REDAN_OK;
    if (metadata || chat || path || !e->constant)
        return found(j, &loads_file, REDAN_LEVEL_WARN, e, "loads with");
    return REDAN_OK;
}

static enum redan_status judge(void *arg, const struct redan_jinja_event *e)
{
    const struct judge *j = arg;

    switch (e->kind) {
    case REDAN_JINJA_NAME:
        if (redan_slice_among(leads, e->text) && dunder(e->text))
            return found(j, &breaks_out, REDAN_LEVEL_FAIL, e, "names");
        return REDAN_OK;
    case REDAN_JINJA_ATTRIBUTE:
        return attribute(j, e);
    case REDAN_JINJA_DYNAMIC:
        return dynamic(j, e);
    case REDAN_JINJA_CALL:
        return called(j, e);
    case REDAN_JINJA_CONSTANT:
        return constant(j, e);
    case REDAN_JINJA_STATEMENT:
        return statement(j, e);
    case REDAN_JINJA_REPEAT:
        return e->number >= MANY ? found(j, &endless, REDAN_LEVEL_WARN, e, "repeats") : REDAN_OK;
    case REDAN_JINJA_TRIGGER:
        return found(j, &puts_words, REDAN_LEVEL_WARN, e, "adds");
    case REDAN_JINJA_BROKEN:
        break;
    }
    return REDAN_OK;
}

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *fact)
{
    struct judge j = {scan, fact};
    struct redan_jinja_sink sink = {judge, &j};

    if (fact->kind != REDAN_FACT_TEMPLATE)
        return REDAN_OK;
    return redan_jinja_read(redan_scan_ctx(scan), fact->text, &sink);
}

const struct redan_detector redan_det_template = {.name = "template", .rules = rules, .fact = fact};
