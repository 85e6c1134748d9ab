/* Python beside or inside a model: what it runs when it is imported, and what no code beside a model ever runs. */
#include <string.h>

#include "format/python_call.h"
#include "scan/commands.h"
#include "scan/detector_table.h"

static const char *const maps[] = {"atlas:2026.09/AML.T0018.002", "atlas:2026.09/AML.T0011.000",
                                   "cwe:4.18/CWE-506", NULL};
static const char *const run_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-78", NULL};
static const char *const send_maps[] = {"atlas:2026.09/AML.T0025", "cwe:4.18/CWE-506", NULL};

static const struct redan_scan_rule hidden_code = {
    .card = {"COD520", "Python code runs what it unpacks from a text", REDAN_SEVERITY_CRITICAL,
             maps, "do not import it; decode the text to see what it is"},
    .why = "Code that is encoded or compressed and handed to exec or eval is hidden from whoever "
           "reads the file. No model needs it.",
};
static const struct redan_scan_rule fetched_code = {
    .card = {"COD521", "Python code runs what it fetches from the network", REDAN_SEVERITY_CRITICAL,
             maps, "do not import it"},
    .why = "What is run is decided by whoever answers the request, after the file was looked at.",
};
static const struct redan_scan_rule reverse_shell = {
    .card = {"COD522", "Python code opens the machine to the outside", REDAN_SEVERITY_CRITICAL,
             send_maps, "do not import it; treat a machine that did as compromised"},
    .why = "A connection is tied to a shell, or a command gives the machine away or wipes it.",
};
static const struct redan_scan_rule runs_program = {
    .card = {"COD523", "Python code runs programs when it is imported, or what it fetches",
             REDAN_SEVERITY_HIGH, run_maps, "read what it runs; import it only in a sandbox"},
    .why = "Code beside a model is imported by the library that loads the model. Starting a "
           "program at that moment serves no model.",
};
static const struct redan_scan_rule evaluates = {
    .card = {"COD524", "Python code evaluates what it computes when it is imported",
             REDAN_SEVERITY_HIGH, run_maps, "read what is evaluated"},
    .why = "exec and eval of a text that is put together at import hide what will run.",
};
static const struct redan_scan_rule model_runs = {
    .card = {"COD525", "the code of a model starts programs or opens connections",
             REDAN_SEVERITY_HIGH, run_maps, "ask its maker why a model needs this"},
    .why = "Classes that a library loads with a model compute. One that starts a program or opens "
           "a connection does so with the rights of whoever loads the model.",
};
static const struct redan_scan_rule script_reaches = {
    .card = {"COD526", "a TorchScript program reads or writes files", REDAN_SEVERITY_HIGH, run_maps,
             "export the model again without it"},
    .why = "TorchScript has operators that write and map files by name. A model that is run should "
           "use none of them.",
};
static const struct redan_scan_rule reduces = {
    .card = {"COD527", "Python code makes pickles that run programs", REDAN_SEVERITY_CRITICAL, maps,
             "do not run it, and load nothing that it wrote"},
    .why = "The class says that a pickle of it calls this function when it is loaded. That is how "
           "a malicious pickle is made; no object needs it to be restored.",
};
static const struct redan_scan_rule *const rules[] = {
    &hidden_code, &fetched_code,   &reverse_shell, &runs_program, &evaluates,
    &model_runs,  &script_reaches, &reduces,       NULL};

enum { NEAR = 1500 };

/* What a file has shown so far. */
struct state {
    uint64_t socket, shell; /* the last of each, one more than its offset; 0 for none */
    bool tied;              /* both near each other */
    bool model;             /* imports what a model's or handler's class is derived from */
    bool held;              /* a call inside a function that matters if the file is a model's */
    uint64_t offset;        /* of it */
    char what[80];
};

static bool is(const struct redan_fact *fact, const char *module, const char *name)
{
    return redan_slice_is(fact->module, module) && redan_slice_is(fact->name, name);
}

static bool builtin(const struct redan_fact *fact, const char *name)
{
    return redan_slice_is(fact->module, "builtins") && redan_slice_is(fact->name, name);
}

/* Runs text or bytes as code. */
static bool interprets(const struct redan_fact *fact)
{
    return builtin(fact, "exec") || builtin(fact, "eval") || builtin(fact, "execfile") ||
           is(fact, "types", "FunctionType") || is(fact, "code", "InteractiveInterpreter") ||
           is(fact, "builtins.exec", "__call__") || is(fact, "builtins.eval", "__call__");
}

static bool starts_program(const struct redan_fact *fact)
{
    static const char *const names[] = {
        "system",  "popen",       "popen2",    "popen3", "execl",   "execle",  "execlp", "execv",
        "execve",  "execvp",      "execvpe",   "spawnl", "spawnle", "spawnlp", "spawnv", "spawnve",
        "spawnvp", "posix_spawn", "startfile", "fork",   "forkpty", NULL};
    static const char *const runs[] = {"run",       "call",         "Popen",           "check_call",
                                       "getoutput", "check_output", "getstatusoutput", NULL};

    if (redan_slice_is(fact->module, "os") || redan_slice_is(fact->module, "posix") ||
        redan_slice_is(fact->module, "nt"))
        return redan_slice_among(names, fact->name);
    if (redan_slice_is(fact->module, "subprocess") || redan_slice_is(fact->module, "commands"))
        return redan_slice_among(runs, fact->name);
    return is(fact, "pty", "spawn") || is(fact, "asyncio", "create_subprocess_shell") ||
           is(fact, "asyncio", "create_subprocess_exec") ||
           is(fact, "_posixsubprocess", "fork_exec");
}

static bool unpickles(const struct redan_fact *fact)
{
    return is(fact, "pickle", "loads") || is(fact, "marshal", "loads") ||
           is(fact, "cPickle", "loads") || is(fact, "dill", "loads") ||
           is(fact, "cloudpickle", "loads") || is(fact, "_pickle", "loads");
}

/* Files that build, install or test, where programs are started by trade. */
static bool by_trade(struct redan_slice name)
{
    static const char *const bases[] = {
        "setup.py", "conftest.py",   "noxfile.py",       "fabfile.py", "tasks.py",   "conf.py",
        "build.py", "versioneer.py", "setup_helpers.py", "make.py",    "install.py", NULL};
    size_t from = name.len;

    while (from > 0 && name.at[from - 1] != '/')
        from--;
    struct redan_slice base = redan_slice_sub(name, from, SIZE_MAX);
    return redan_slice_among(bases, base) || redan_slice_starts(base, REDAN_S("test_")) ||
           redan_slice_ends(base, REDAN_S("_test.py")) ||
           (name.len &&
            (memmem(name.at, name.len, "/tests/", 7) || memmem(name.at, name.len, "/scripts/", 9)));
}

static enum redan_status found(struct redan_scan *scan, const struct redan_scan_rule *rule,
                               enum redan_level level, const struct redan_fact *fact,
                               const char *how)
{
    return redan_scan_found(scan, rule, level, fact->offset, fact->text, "%.*s%s%.*s %s",
                            REDAN_FMT(redan_slice_sub(fact->module, 0, 80)),
                            fact->module.len ? "." : "",
                            REDAN_FMT(redan_slice_sub(fact->name, 0, 80)), how);
}

static void hold(struct state *s, const struct redan_fact *fact)
{
    if (s->held)
        return;
    size_t len = redan_min_size(fact->text.len, sizeof(s->what));
    s->held = true;
    s->offset = fact->offset;
    if (len)
        memcpy(s->what, fact->text.at, len);
    if (len < sizeof(s->what))
        s->what[len] = '\0';
}

/* A connection and a shell within a few lines. */
static void watch(struct state *s, const struct redan_fact *fact)
{
    struct redan_slice text = fact->text;
    bool shell =
        text.len &&
        (memmem(text.at, text.len, "/bin/sh", 7) || memmem(text.at, text.len, "/bin/bash", 9) ||
         memmem(text.at, text.len, "cmd.exe", 7) || memmem(text.at, text.len, "powershell", 10));

    if (is(fact, "socket", "socket") || is(fact, "socket", "create_connection"))
        s->socket = fact->offset + 1;
    if (is(fact, "pty", "spawn") || (starts_program(fact) && shell))
        s->shell = fact->offset + 1;
    if (s->socket && s->shell)
        s->tied |= (s->socket > s->shell ? s->socket - s->shell : s->shell - s->socket) < NEAR;
}

/* What a call is given, without its name. */
static struct redan_slice arguments(const struct redan_fact *fact)
{
    const char *open = fact->text.len ? memchr(fact->text.at, '(', fact->text.len) : NULL;

    return open ? redan_slice_sub(fact->text, (size_t)(open - fact->text.at) + 1, SIZE_MAX)
                : (struct redan_slice){0};
}

/* "curl ... | sh" and its like, as the words of commands find it. */
static bool fetches(struct redan_slice seen)
{
    return redan_slice_starts(seen, REDAN_S("curl ")) || redan_slice_starts(seen, REDAN_S("wget "));
}

static enum redan_status call(struct redan_scan *scan, const struct redan_fact *fact)
{
    struct state *s = redan_scan_state(scan, &redan_det_python);
    struct redan_slice seen = {0};
    bool deep = fact->number & REDAN_PYTHON_FUNCTION;
    bool program = starts_program(fact);
    bool code = interprets(fact);

    watch(s, fact);
    if ((code || program) && (fact->number & REDAN_PYTHON_DECODED))
        return found(scan, &hidden_code, REDAN_LEVEL_FAIL, fact, "runs what a decoder gives");
    if (unpickles(fact) && (fact->number & REDAN_PYTHON_DECODED) && !deep)
        return found(scan, &hidden_code, REDAN_LEVEL_FAIL, fact, "loads what a decoder gives");
    if ((code || program || unpickles(fact)) && (fact->number & REDAN_PYTHON_FETCHED))
        return found(scan, &fetched_code, code || program ? REDAN_LEVEL_FAIL : REDAN_LEVEL_WARN,
                     fact, "runs what the network gives");
    if (program && redan_command_in(arguments(fact), &seen) == REDAN_COMMAND_SEIZE)
        return found(scan, &reverse_shell, REDAN_LEVEL_FAIL, fact, "is given a command that does");
    if (program && fetches(seen))
        return found(scan, &runs_program, REDAN_LEVEL_WARN, fact, "runs what it fetches");
    if ((program || is(fact, "socket", "socket")) && deep)
        hold(s, fact);
    if (deep || by_trade(redan_scan_name_of(scan)))
        return REDAN_OK;
    if (program)
        return found(scan, &runs_program, REDAN_LEVEL_WARN, fact, "is called at import");
    if (code && !(fact->number & REDAN_PYTHON_CONSTANT))
        return found(scan, &evaluates, REDAN_LEVEL_WARN, fact, "is called at import");
    if (code && redan_command_in(arguments(fact), &seen) != REDAN_COMMAND_NONE)
        return found(scan, &evaluates, REDAN_LEVEL_WARN, fact, "is called at import");
    return REDAN_OK;
}

/* Reads, writes or maps a file by name. */
static enum redan_status torchscript(struct redan_scan *scan, const struct redan_fact *fact)
{
    if (is(fact, "torch", "save") || is(fact, "torch", "from_file") ||
        is(fact, "ops.aten", "save") || is(fact, "ops.aten", "from_file") ||
        is(fact, "ops.prim", "save") || is(fact, "torch", "load"))
        return found(scan, &script_reaches, REDAN_LEVEL_WARN, fact, "is called");
    return REDAN_OK;
}

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *fact)
{
    /* what the classes that a library loads with a model are derived from */
    static const char *const bases[] = {"PreTrainedModel",     "PretrainedConfig",
                                        "PreTrainedTokenizer", "PreTrainedTokenizerFast",
                                        "PreTrainedConfig",    "FeatureExtractionMixin",
                                        "ProcessorMixin",      "BaseImageProcessor",
                                        "ModelHubMixin",       "PyTorchModelHubMixin",
                                        "DiffusionPipeline",   "BaseHandler",
                                        "PythonModel",         "TritonPythonModel",
                                        "EndpointHandler",     NULL};

    if (fact->kind != REDAN_FACT_CODE)
        return REDAN_OK;
    if (strcmp(fact->what, "python-call") == 0)
        return call(scan, fact);
    if (strcmp(fact->what, "torchscript") == 0)
        return torchscript(scan, fact);
    if (strcmp(fact->what, "python-reduce") == 0 && (starts_program(fact) || interprets(fact)))
        return found(scan, &reduces, REDAN_LEVEL_FAIL, fact, "is what its pickle calls");
    if (strcmp(fact->what, "python-import") == 0) {
        struct state *s = redan_scan_state(scan, &redan_det_python);
        s->model |= redan_slice_among(bases, fact->name) ||
                    redan_slice_starts(fact->module, REDAN_S("ts.torch_handler"));
    }
    return REDAN_OK;
}

static enum redan_status end(struct redan_scan *scan)
{
    struct state *s = redan_scan_state(scan, &redan_det_python);
    size_t len = 0;

    if (s->tied)
        REDAN_TRY(redan_scan_found(scan, &reverse_shell, REDAN_LEVEL_FAIL, s->shell - 1,
                                   REDAN_S("socket, shell"),
                                   "a connection and a shell are tied together"));
    while (len < sizeof(s->what) && s->what[len])
        len++;
    if (s->model && s->held)
        return redan_scan_found(scan, &model_runs, REDAN_LEVEL_WARN, s->offset,
                                (struct redan_slice){s->what, len}, "it calls %.*s", (int)len,
                                s->what);
    return REDAN_OK;
}

const struct redan_detector redan_det_python = {
    .name = "python", .rules = rules, .fact = fact, .end = end, .state = sizeof(struct state)};
