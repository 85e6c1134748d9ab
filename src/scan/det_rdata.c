/* R objects: code that runs when a value is looked at, when a workspace is loaded, or when somebody calls what was stored. */
#include <string.h>

#include "scan/commands.h"
#include "scan/detector_table.h"

static const char *const maps[] = {"atlas:2026.09/AML.T0011.000", "atlas:2026.09/AML.T0018.002",
                                   "cwe:4.18/CWE-502", NULL};
static const char *const promise_cves[] = {"CVE-2024-27322", NULL};

static const struct redan_scan_rule promise = {
    .card = {"COD530", "looking at a value of this R object runs a command",
             REDAN_SEVERITY_CRITICAL, maps,
             "do not load it; if it was loaded, treat the machine as compromised"},
    .why = "A promise is an expression that R evaluates when the value is first used, be it only "
           "to print it. Before R 4.4.0 one may come from a file, so that readRDS or load is "
           "enough to run what its author wrote.",
    .cves = promise_cves,
};
static const struct redan_scan_rule pending = {
    .card = {"COD531", "an unevaluated promise stands where this R object has data",
             REDAN_SEVERITY_HIGH, maps, "do not load it with an R older than 4.4.0"},
    .why = "R code cannot make such an object: promises are found in environments only. Someone "
           "has written the file by hand, and the expression runs when the value is used.",
    .cves = promise_cves,
};
static const struct redan_scan_rule stored = {
    .card = {"COD532", "a function or expression in this R object runs commands",
             REDAN_SEVERITY_MEDIUM, maps,
             "read the function before anything calls it; data and models need none like it"},
    .why = "A stored function runs when somebody calls it, or when a method of that name is "
           "looked for, as printing does. Models hold functions, "
           "but these have no reason to start programs, open sockets or load libraries.",
};
static const struct redan_scan_rule startup = {
    .card = {"COD533", "loading this R workspace runs a function", REDAN_SEVERITY_HIGH, maps,
             "do not load it; start R with --no-restore where the file lies"},
    .why = "R runs .First when it starts beside such a file and .Last when it ends; an active "
           "binding runs its function whenever the variable is looked at.",
};
static const struct redan_scan_rule mapped = {
    .card = {"COD534", "this R object opens a file when it is read", REDAN_SEVERITY_MEDIUM, maps,
             "do not load it; save the values themselves again"},
    .why = "An object of the class mmap_integer or mmap_real holds the path of a file, which R "
           "opens while it reads the object.",
};
static const struct redan_scan_rule *const rules[] = {&promise, &pending, &stored,
                                                      &startup, &mapped,  NULL};

/* Functions that start programs, open connections for others or bring in machine code. */
static const char *const runs[] = {
    "system",           "system2",      "shell",        "shell.exec", "dyn.load",
    "socketConnection", "serverSocket", "socketAccept", "pipe",       NULL};
/* The same where nobody should run anything. */
static const char *const reaches[] = {
    "download.file", "source",   "sys.source", "url",           "unlink",           "file.remove",
    "writeLines",    "writeBin", "Sys.setenv", "library.dynam", "install.packages", "file",
    "gzcon",         "readRDS",  "load",       "Sys.chmod",     "file.copy",        ".Call",
    ".External",     ".C",       ".Fortran",   "Sys.getenv",    "readLines",        NULL};
/* Call a function by a name that is data. */
static const char *const callers[] = {"do.call",          "match.fun",        "get",    "get0",
                                      "getExportedValue", "getFromNamespace", "Recall", "sapply",
                                      "lapply",           "vapply",           "Map",    "Reduce",
                                      "Filter",           "mapply",           NULL};
static const char *const parsers[] = {"parse", "str2lang", "str2expression", NULL};

static bool base_package(struct redan_slice module)
{
    return module.len == 0 || redan_slice_is(module, "base") || redan_slice_is(module, "utils");
}

static bool evaluates_text(const struct redan_fact *fact)
{
    return (redan_slice_is(fact->name, "eval") || redan_slice_is(fact->name, "evalq")) &&
           redan_slice_among(parsers, fact->text);
}

/* Starts a program, or says so in text that is to be parsed. */
static bool starts_program(const struct redan_fact *fact)
{
    struct redan_slice seen = {0};

    if (!base_package(fact->module))
        return false;
    if (redan_slice_among(runs, fact->name))
        return true;
    if (redan_slice_among(callers, fact->name))
        return redan_slice_among(runs, fact->text);
    if (redan_slice_among(parsers, fact->name))
        return redan_command_in(fact->text, &seen) != REDAN_COMMAND_NONE;
    return redan_slice_is(fact->name, "source") && redan_slice_starts(fact->text, REDAN_S("http"));
}

static bool reaches_out(const struct redan_fact *fact)
{
    return base_package(fact->module) &&
           (redan_slice_among(reaches, fact->name) || evaluates_text(fact));
}

static enum redan_status found(struct redan_scan *scan, const struct redan_scan_rule *rule,
                               enum redan_level level, const struct redan_fact *fact,
                               const char *where)
{
    return redan_scan_found(scan, rule, level, fact->offset, fact->name, "%.*s(%.*s) %s",
                            REDAN_FMT(fact->name), REDAN_FMT(fact->text), where);
}

static enum redan_status code(struct redan_scan *scan, const struct redan_fact *fact)
{
    bool starts = starts_program(fact);
    bool either = starts || reaches_out(fact);

    if (strcmp(fact->what, "r-pending") == 0)
        return redan_scan_found(scan, &pending, REDAN_LEVEL_WARN, fact->offset,
                                (struct redan_slice){0}, "a promise without a value");
    if (strcmp(fact->what, "r-promise") == 0)
        return either
                   ? found(scan, &promise, REDAN_LEVEL_FAIL, fact, "in a promise without a value")
                   : REDAN_OK;
    /* an argument that was not asked for yet, as environments of honest objects hold them */
    if (strcmp(fact->what, "r-promise-of-environment") == 0) {
        if (starts)
            return found(scan, &promise, REDAN_LEVEL_FAIL, fact, "in a promise without a value");
        return evaluates_text(fact) || redan_slice_is(fact->name, "download.file") ||
                       redan_slice_is(fact->name, "install.packages")
                   ? found(scan, &stored, REDAN_LEVEL_WARN, fact, "in a promise without a value")
                   : REDAN_OK;
    }
    if (strcmp(fact->what, "r-startup") == 0)
        return found(scan, &startup, either ? REDAN_LEVEL_FAIL : REDAN_LEVEL_WARN, fact,
                     "in a function that starts with R");
    if (strcmp(fact->what, "r-active-binding") == 0)
        return starts ? found(scan, &startup, REDAN_LEVEL_FAIL, fact, "in an active binding")
                      : REDAN_OK;
    if (strcmp(fact->what, "r-closure") == 0 || strcmp(fact->what, "r-expression") == 0)
        return starts ? found(scan, &stored, REDAN_LEVEL_WARN, fact,
                              fact->what[2] == 'c' ? "in a function" : "in an expression")
                      : REDAN_OK;
    return REDAN_OK;
}

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *fact)
{
    if (fact->kind == REDAN_FACT_CODE && strncmp(fact->what, "r-", 2) == 0)
        return code(scan, fact);
    if (fact->kind == REDAN_FACT_CLASS && strcmp(fact->what, "r-altrep") == 0 &&
        redan_slice_starts(fact->name, REDAN_S("mmap_")))
        return redan_scan_found(scan, &mapped, REDAN_LEVEL_WARN, fact->offset, fact->name,
                                "an object of the class %.*s", REDAN_FMT(fact->name));
    return REDAN_OK;
}

const struct redan_detector redan_det_rdata = {.name = "rdata", .rules = rules, .fact = fact};
