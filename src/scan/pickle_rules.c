/* The rules of pickles. */
#include "scan/pickle_judge.h"

#define UNSAFE "atlas:2026.09/AML.T0011.000"
#define EMBED "atlas:2026.09/AML.T0018.002"
#define CORRUPT "atlas:2026.09/AML.T0076"

static const char *const runs_maps[] = {UNSAFE, EMBED, "cwe:4.18/CWE-502", "cwe:4.18/CWE-94", NULL};
static const char *const load_maps[] = {UNSAFE, "cwe:4.18/CWE-502", NULL};
static const char *const name_maps[] = {UNSAFE, "cwe:4.18/CWE-470", "cwe:4.18/CWE-502", NULL};
static const char *const set_maps[] = {UNSAFE, "cwe:4.18/CWE-913", "cwe:4.18/CWE-502", NULL};
static const char *const odd_maps[] = {CORRUPT, "cwe:4.18/CWE-436", NULL};
static const char *const hidden_maps[] = {EMBED, "cwe:4.18/CWE-506", NULL};
static const char *const code_maps[] = {UNSAFE, "cwe:4.18/CWE-94", NULL};
static const char *const expand_maps[] = {"atlas:2026.09/AML.T0076", "cwe:4.18/CWE-400", NULL};
static const char *const size_maps[] = {"atlas:2026.09/AML.T0074", "cwe:4.18/CWE-131", NULL};

#define GONE "do not load it; delete it, and find out where it came from and who has loaded it"
#define ASK                                                                                     \
    "do not load it before somebody has read what the name stands for; ask for the model in a " \
    "format without code (safetensors, ONNX)"
#define AGAIN "save the model again from a source that you trust; do not load this file"

static const char *const runs_cves[] = {"CVE-2025-32434", "CVE-2025-1716", "CVE-2020-13092", NULL};
const struct redan_scan_rule redan_pkl_runs = {
    .card = {"PKL001", "loading it runs code or commands", REDAN_SEVERITY_CRITICAL, runs_maps,
             GONE},
    .why = "A pickle is a program: loading it calls the functions that it names. This one names a "
           "function that runs commands or "
           "Python code, which no saved model needs.",
    .cves = runs_cves,
};
const struct redan_scan_rule redan_pkl_denied = {
    .card = {"PKL002", "loading it reaches files, the network or the interpreter",
             REDAN_SEVERITY_CRITICAL, runs_maps, GONE},
    .why = "Loading calls a function that opens files, speaks to the network, imports modules or "
           "takes the interpreter apart. "
           "Each is a step of known attacks, and none is a step of restoring a model.",
};
const struct redan_scan_rule redan_pkl_named = {
    .card = {"PKL003", "it names a function that no saved model needs", REDAN_SEVERITY_HIGH,
             name_maps, ASK},
    .why = "The function is not called in the part that was read, but the object that comes out "
           "holds it, and whatever uses the "
           "object may call it.",
};
const struct redan_scan_rule redan_pkl_called = {
    .card = {"PKL004", "loading it calls a function that nobody vouches for", REDAN_SEVERITY_HIGH,
             name_maps, ASK},
    .why = "What the function does depends on the package that has it on the machine that loads "
           "the file. Harmless names are known "
           "one by one; this is none of them, and packages exist whose only purpose is to be "
           "called in this way.",
};
const struct redan_scan_rule redan_pkl_instance = {
    .card = {"PKL005", "loading it makes objects of a class that nobody vouches for",
             REDAN_SEVERITY_MEDIUM, name_maps, ASK},
    .why = "Making an object and setting its state runs methods of its class. The class is of a "
           "package that is not known here.",
};
const struct redan_scan_rule redan_pkl_imported = {
    .card = {"PKL006", "loading it imports a module that nobody vouches for", REDAN_SEVERITY_MEDIUM,
             name_maps, ASK},
    .why = "Importing a module runs the code at its top. The module is of a package that is not "
           "known here.",
};
const struct redan_scan_rule redan_pkl_path = {
    .card = {"PKL007", "it reaches a name by a detour", REDAN_SEVERITY_CRITICAL, name_maps, GONE},
    .why = "The name leads through another module or through attributes that only the interpreter "
           "uses, such as "
           "random._os.system or numpy.__builtins__. It is written so to pass lists of forbidden "
           "names.",
};
const struct redan_scan_rule redan_pkl_dynamic = {
    .card = {"PKL008", "it computes the name of what it imports", REDAN_SEVERITY_CRITICAL,
             name_maps, GONE},
    .why = "Programs that write pickles spell out the names they import. A name that only comes "
           "about while loading is hidden "
           "from whoever reads the file.",
};
const struct redan_scan_rule redan_pkl_smuggled = {
    .card = {"PKL009", "it changes a class, function or module", REDAN_SEVERITY_CRITICAL, set_maps,
             GONE},
    .why = "State is set on a class, function or module itself and not on an object that was made "
           "from it. That changes what "
           "later steps, and the program that loads it, will run.",
};
const struct redan_scan_rule redan_pkl_result = {
    .card = {"PKL010", "it calls what another call gave", REDAN_SEVERITY_HIGH, set_maps, ASK},
    .why = "Saved models call functions by name. Calling a value that was computed while loading "
           "(an attribute, a method, a "
           "partial function) is how a chain of harmless looking steps ends in a harmful one.",
};
const struct redan_scan_rule redan_pkl_extension = {
    .card = {"PKL011", "it uses the extension registry", REDAN_SEVERITY_HIGH, name_maps, ASK},
    .why = "A number stands for a name that the loading program has registered. What it is cannot "
           "be seen from the file, and no "
           "library of models uses it.",
};
const struct redan_scan_rule redan_pkl_shape = {
    .card = {"PKL012", "a known function is called as no honest file calls it", REDAN_SEVERITY_HIGH,
             set_maps, ASK},
    .why = "The function is one that saved models call, but never with such arguments. If somebody "
           "has replaced it on the "
           "machine that loads the file, the arguments are the attack.",
};
const struct redan_scan_rule redan_pkl_code = {
    .card = {"PKL013", "it carries code", REDAN_SEVERITY_HIGH, code_maps,
             "load it only if you would run a program from the same source; have the model saved "
             "without functions"},
    .why = "Functions, lambdas or classes were saved as compiled Python. Whoever uses the loaded "
           "object runs that code, and nothing "
           "here can tell what it does.",
};
const struct redan_scan_rule redan_pkl_loads = {
    .card = {"PKL014", "loading it loads another pickle", REDAN_SEVERITY_CRITICAL, load_maps, GONE},
    .why = "A pickle that calls an unpickler hides the one that matters from scanners. The inner "
           "one was looked at too, where its "
           "bytes are in the file.",
};
const struct redan_scan_rule redan_pkl_nested = {
    .card = {"PKL015", "a value in it is itself a pickle", REDAN_SEVERITY_LOW, hidden_maps,
             "ask what the value is for; it is harmless as long as nothing loads it"},
    .why = "The bytes are not loaded by this file itself, but pickles are kept inside others to "
           "carry them past a check.",
};
const struct redan_scan_rule redan_pkl_frame = {
    .card = {"PKL016", "its frames contradict its opcodes", REDAN_SEVERITY_HIGH, odd_maps, AGAIN},
    .why = "The two unpicklers of Python read such frames differently, so that one of them runs "
           "what the other, and a scanner, takes "
           "for data. No pickler writes them.",
};
const struct redan_scan_rule redan_pkl_divergent = {
    .card = {"PKL017", "unpicklers disagree on what it says", REDAN_SEVERITY_MEDIUM, odd_maps,
             AGAIN},
    .why = "The spelling of a value is accepted by one unpickler and refused by another. Picklers "
           "do not write it; it is there to make "
           "a scanner stop early.",
};
const struct redan_scan_rule redan_pkl_garbage = {
    .card = {"PKL018", "other bytes stand between its pickles", REDAN_SEVERITY_MEDIUM, odd_maps,
             AGAIN},
    .why = "A second pickle follows bytes that are no pickle. A scanner that stops at the first "
           "one does not see the second.",
};
const struct redan_scan_rule redan_pkl_tamper = {
    .card = {"PKL019", "it tampers with unpicklers or scanners", REDAN_SEVERITY_CRITICAL, runs_maps,
             GONE},
    .why = "It names the machinery that loads or checks pickles. Changing that switches off the "
           "check of the next file.",
};
const struct redan_scan_rule redan_pkl_name = {
    .card = {"PKL020", "a name in it is no name", REDAN_SEVERITY_MEDIUM, odd_maps, AGAIN},
    .why = "Modules and functions have names of letters, digits and underscores. Blanks, quotes or "
           "control characters in them are "
           "there to confuse whoever lists them.",
};
const struct redan_scan_rule redan_pkl_storage = {
    .card = {"PKL021", "a tensor has another size than declared", REDAN_SEVERITY_MEDIUM, size_maps,
             AGAIN},
    .why = "data.pkl says how many bytes each tensor has. A member of another size was changed "
           "afterwards, and what else "
           "it holds was looked at as a file of its own.",
};
const struct redan_scan_rule redan_pkl_expands = {
    .card = {"PKL024", "its containers double until nobody can walk them", REDAN_SEVERITY_MEDIUM,
             expand_maps, AGAIN},
    .why = "A few bytes put a container into the next one twice, over and over. Loading is quick; "
           "whoever prints, compares, copies or "
           "checks the value works without end. It is how scanners and services are stopped.",
};

const struct redan_scan_rule *const redan_pkl_rules[] = {
    &redan_pkl_runs,
    &redan_pkl_denied,
    &redan_pkl_named,
    &redan_pkl_called,
    &redan_pkl_instance,
    &redan_pkl_imported,
    &redan_pkl_path,
    &redan_pkl_dynamic,
    &redan_pkl_smuggled,
    &redan_pkl_result,
    &redan_pkl_extension,
    &redan_pkl_shape,
    &redan_pkl_code,
    &redan_pkl_loads,
    &redan_pkl_nested,
    &redan_pkl_frame,
    &redan_pkl_divergent,
    &redan_pkl_garbage,
    &redan_pkl_tamper,
    &redan_pkl_name,
    &redan_pkl_storage,
    &redan_pkl_expands,
    NULL,
};
