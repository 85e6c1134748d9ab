/* Configuration that makes a loader run code: remote code, targets to instantiate, tags of YAML, commands in values. */
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/map.h"
#include "scan/commands.h"
#include "scan/config_names.h"
#include "scan/detector_table.h"
#include "scan/policy.h"

static const char *const code_maps[] = {"atlas:2026.09/AML.T0011.000",
                                        "atlas:2026.09/AML.T0010.003", "cwe:4.18/CWE-829", NULL};
static const char *const target_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-470", NULL};
static const char *const tag_maps[] = {"atlas:2026.09/AML.T0011.000", "cwe:4.18/CWE-502", NULL};
static const char *const command_maps[] = {"atlas:2026.09/AML.T0018.002", "cwe:4.18/CWE-78", NULL};
static const char *const fetch_maps[] = {"atlas:2026.09/AML.T0010.003", "cwe:4.18/CWE-494", NULL};
static const char *const file_maps[] = {"atlas:2026.09/AML.T0025", "cwe:4.18/CWE-22", NULL};
static const char *const target_cves[] = {"CVE-2025-23304", NULL};
static const char *const tag_cves[] = {"CVE-2020-1747", "CVE-2020-14343", NULL};

static const struct redan_scan_rule remote_code = {
    .card = {"CFG360", "the configuration names code that is loaded with the weights",
             REDAN_SEVERITY_MEDIUM, code_maps,
             "read the code that it names, pin its revision, and load without trust_remote_code "
             "where that is possible"},
    .why = "The library imports and runs the Python file that this entry names, from the model's "
           "repository or from another one, as soon as the caller allows remote code. What the "
           "file does is not in the weights.",
};
static const struct redan_scan_rule asks_trust = {
    .card = {"CFG361", "the configuration switches trust in remote code on", REDAN_SEVERITY_MEDIUM,
             code_maps, "set trust_remote_code to false, or say who answers for the code"},
    .why = "Whoever can change the model's repository can then run code on every machine that "
           "loads it, without anybody being asked.",
};
static const struct redan_scan_rule bad_target = {
    .card = {"CFG362", "the configuration calls a function that runs code", REDAN_SEVERITY_CRITICAL,
             target_maps, "do not load it with anything that instantiates targets"},
    .why = "Hydra and what builds on it call whatever _target_ names with the arguments beside it. "
           "This name runs programs, evaluates text or loads other code.",
    .cves = target_cves,
};
static const struct redan_scan_rule odd_target = {
    .card = {"CFG363", "the configuration calls something that no known library of models has",
             REDAN_SEVERITY_MEDIUM, target_maps,
             "find out which package has it, and allow it by name"},
    .why = "Hydra and what builds on it call whatever _target_ names. Nobody here knows what this "
           "one does.",
    .cves = target_cves,
};
static const struct redan_scan_rule bad_tag = {
    .card = {"CFG364", "a YAML tag makes the loader call Python", REDAN_SEVERITY_CRITICAL, tag_maps,
             "do not load it but with yaml.safe_load"},
    .why = "Tags of python/object call functions and make objects while the document is read, "
           "before anybody sees its values.",
    .cves = tag_cves,
};
static const struct redan_scan_rule odd_tag = {
    .card = {"CFG365", "a YAML tag names a class of the loader's language", REDAN_SEVERITY_MEDIUM,
             tag_maps, "write the value without the tag, and load with yaml.safe_load"},
    .why = "Only an unsafe loader takes such tags. A document that needs one asks for a loader "
           "that runs what other documents say.",
    .cves = tag_cves,
};
static const struct redan_scan_rule command = {
    .card = {"CFG366", "a value is a command or code", REDAN_SEVERITY_HIGH, command_maps,
             "find out which program would run it, and remove it"},
    .why = "Metadata describes. A value that a shell or an interpreter would run waits for a "
           "program that hands it on.",
};
static const struct redan_scan_rule unsafe_fetch = {
    .card = {"CFG367", "packages are fetched over a connection that anybody can change",
             REDAN_SEVERITY_MEDIUM, fetch_maps, "fetch over https, by digest"},
    .why = "The packages that the environment of this model is made of come over plain http or "
           "from a bare address: whoever is on the way decides what is installed.",
};
static const struct redan_scan_rule loader = {
    .card = {"CFG368", "the model names a loader of its own", REDAN_SEVERITY_MEDIUM, code_maps,
             "find out which package has it, and allow it by name"},
    .why = "The serving library imports this module and hands it the model. It is none of the "
           "library's own.",
};
static const struct redan_scan_rule system_file = {
    .card = {"CFG369", "a value names a file of the system that holds secrets", REDAN_SEVERITY_HIGH,
             file_maps, "remove it, and find out what would read it"},
    .why = "A loader that takes the path at its word reads the file into the model's inputs or "
           "answers. No model lies there.",
};
static const struct redan_scan_rule *const rules[] = {
    &remote_code, &asks_trust, &bad_target,   &odd_target,  &bad_tag, &odd_tag,
    &command,     &loader,     &unsafe_fetch, &system_file, NULL};

enum { DECODED = 3072 };

static const char *const documents[] = {"json", "yaml", NULL};

static bool format_is(struct redan_scan *scan, const char *const *words)
{
    const struct redan_format *format = redan_scan_format_of(scan);

    return format && redan_slice_among(words, redan_slice_of(format->name));
}

/* ---- targets ---- */

/* Whether the tables say that nothing should ever call it. */
static bool denied(struct redan_scan *scan, struct redan_slice name)
{
    struct redan_slice last = redan_config_last(name);
    struct redan_slice module = redan_slice_sub(name, 0, name.len - last.len);

    module.len -= module.len > 0;
    return redan_policy_denies(
        redan_policy_of(redan_scan_options_of(scan)->tables, module, last).kind);
}

static enum redan_status interpolated(struct redan_scan *scan, struct redan_slice name,
                                      uint64_t offset);

static enum redan_status target(struct redan_scan *scan, struct redan_slice name, uint64_t offset,
                                struct redan_slice path)
{
    name = redan_slice_trim(name);
    struct redan_slice last = redan_config_last(name);
    bool fatal = redan_config_fatal(name);
    bool hidden = name.len && memmem(name.at, name.len, "__", 2) != NULL;

    path = redan_slice_sub(path, 0, 100);
    if (name.len == 0)
        return REDAN_OK;
    if (memchr(name.at, '$', name.len))
        return interpolated(scan, name, offset);
    if (fatal || hidden)
        return redan_scan_found(scan, &bad_target, REDAN_LEVEL_FAIL, offset, name,
                                "%.*s calls %.*s", REDAN_FMT(path),
                                REDAN_FMT(redan_slice_sub(name, 0, 100)));
    if (redan_slice_is(redan_config_first(name), "src") && last.len && last.at[0] >= 'A' &&
        last.at[0] <= 'Z')
        return REDAN_OK; /* a class of the project that the configuration belongs to */
    if (redan_config_fine(name) || (redan_config_known(name) && !denied(scan, name)))
        return REDAN_OK;
    return redan_scan_found(scan, &odd_target, REDAN_LEVEL_WARN, offset, name, "%.*s calls %.*s",
                            REDAN_FMT(path), REDAN_FMT(redan_slice_sub(name, 0, 100)));
}

/* Texts that a target may be made of by "${key}": the last part of a reference, and what stands under such a key. */
enum { REFERENCES = 16, VALUES = 64, VALUE = 96 };

struct text_at {
    uint64_t key, offset;
    size_t len;
    char text[VALUE];
};

struct state {
    size_t reference_count, value_count;
    struct text_at references[REFERENCES], values[VALUES];
};

static uint64_t key_hash(struct redan_scan *scan, struct redan_slice key)
{
    return redan_hash(redan_scan_ctx(scan)->seed, redan_config_last(key));
}

/* A target that is written with "${...}": one reference is followed at the end; what is put together is told. */
static enum redan_status interpolated(struct redan_scan *scan, struct redan_slice name,
                                      uint64_t offset)
{
    struct state *s = redan_scan_state(scan, &redan_det_config);
    struct redan_slice inner = redan_slice_sub(name, 2, name.len > 3 ? name.len - 3 : 0);
    bool plain_name = redan_slice_starts(name, REDAN_S("${")) && name.at[name.len - 1] == '}';

    for (size_t i = 0; i < inner.len && plain_name; i++)
        plain_name = !redan_char_among("${}:,", inner.at[i]);
    if (plain_name && s->reference_count < REFERENCES) {
        s->references[s->reference_count++] =
            (struct text_at){.key = key_hash(scan, inner), .offset = offset};
        return REDAN_OK;
    }
    return redan_scan_found(scan, &odd_target, REDAN_LEVEL_WARN, offset, name,
                            "what is called is put together: %.*s",
                            REDAN_FMT(redan_slice_sub(name, 0, 100)));
}

/* Keep what could be a target; functions that run code are never given up for others. */
static void keep_value(struct redan_scan *scan, const struct redan_entry *e)
{
    struct state *s = redan_scan_state(scan, &redan_det_config);
    struct redan_slice head = redan_config_first(e->text);
    size_t at = s->value_count;

    if (e->kind != REDAN_ENTRY_TEXT || e->text.len > VALUE || head.len == e->text.len ||
        head.len == 0 || memchr(e->text.at, ' ', e->text.len) ||
        memchr(e->text.at, '/', e->text.len))
        return;
    bool fatal = redan_config_fatal(e->text);
    if (redan_config_known(e->text))
        return;
    if (at == VALUES && fatal)
        at = key_hash(scan, e->key) % VALUES;
    else if (at == VALUES)
        return;
    else
        s->value_count++;
    s->values[at] =
        (struct text_at){.key = key_hash(scan, e->key), .offset = e->offset, .len = e->text.len};
    memcpy(s->values[at].text, e->text.at, e->text.len);
}

static enum redan_status end(struct redan_scan *scan)
{
    struct state *s = redan_scan_state(scan, &redan_det_config);

    for (size_t i = 0; i < s->reference_count; i++) {
        for (size_t k = 0; k < s->value_count; k++) {
            const struct text_at *v = &s->values[k];
            if (v->key == s->references[i].key)
                REDAN_TRY(target(scan, (struct redan_slice){v->text, v->len}, v->offset,
                                 REDAN_S("a reference")));
        }
    }
    return REDAN_OK;
}

static enum redan_status targets(struct redan_scan *scan, const struct redan_object *object)
{
    bool cli = redan_object_get(object, "init_args") != NULL; /* as jsonargparse has it */

    static const char *const words[] = {"_target_", "_target", NULL};

    for (size_t i = 0; i < object->count; i++) {
        const struct redan_entry *e = &object->entries[i];
        keep_value(scan, e);
        if (e->kind == REDAN_ENTRY_TEXT &&
            (redan_slice_among(words, e->key) || (cli && redan_slice_is(e->key, "class_path"))))
            REDAN_TRY(target(scan, e->text, e->offset, object->path));
    }
    return REDAN_OK;
}

/* ---- remote code ---- */

static bool under(struct redan_slice path, const char *word)
{
    return path.len && memmem(path.at, path.len, word, strlen(word)) != NULL;
}

static enum redan_status remote_text(struct redan_scan *scan, const struct redan_entry *e,
                                     struct redan_slice text, const char *key)
{
    struct redan_slice name = redan_slice_sub(text, 0, 120);
    bool elsewhere = name.len && memmem(name.at, name.len, "--", 2) != NULL;

    if (name.len == 0 || !memchr(name.at, '.', name.len) ||
        (!elsewhere && redan_slice_starts(name, REDAN_S("transformers."))))
        return REDAN_OK;
    return redan_scan_found(scan, &remote_code, REDAN_LEVEL_WARN, e->offset, text,
                            elsewhere ? "%s runs \"%.*s\" of another repository"
                                      : "%s runs \"%.*s\" beside the weights",
                            key, REDAN_FMT(name));
}

/* A name, or a pair of them, of which loaders take one or the other. */
static enum redan_status remote(struct redan_scan *scan, const struct redan_entry *e,
                                const char *key)
{
    REDAN_TRY(remote_text(scan, e, e->text, key));
    return remote_text(scan, e, e->second, key);
}

/* "_class_name": ["module", "Class"] of diffusers is a file beside the weights. */
static enum redan_status pipeline(struct redan_scan *scan, const struct redan_object *object)
{
    const struct redan_entry *e = redan_object_get(object, "_class_name");

    if (!e || e->kind != REDAN_ENTRY_LIST || e->text.len == 0 || e->second.len == 0)
        return REDAN_OK;
    return redan_scan_found(scan, &remote_code, REDAN_LEVEL_WARN, e->offset, e->text,
                            "_class_name runs \"%.*s\" beside the weights",
                            REDAN_FMT(redan_slice_sub(e->text, 0, 100)));
}

static enum redan_status auto_map(struct redan_scan *scan, const struct redan_object *object)
{
    const struct redan_entry *e = redan_object_get(object, "auto_map");

    if (e && (e->kind == REDAN_ENTRY_TEXT || e->kind == REDAN_ENTRY_LIST))
        REDAN_TRY(remote(scan, e, "auto_map"));
    if (redan_slice_is(object->within, "auto_map")) {
        for (size_t i = 0; i < object->count; i++) {
            e = &object->entries[i];
            if (e->kind == REDAN_ENTRY_TEXT || e->kind == REDAN_ENTRY_LIST)
                REDAN_TRY(remote(scan, e, "auto_map"));
        }
    }
    e = redan_object_get(object, "impl");
    if (e && e->kind == REDAN_ENTRY_TEXT && under(object->path, ".custom_pipelines"))
        REDAN_TRY(remote(scan, e, "custom_pipelines"));
    e = redan_object_get(object, "trust_remote_code");
    if (e && ((e->kind == REDAN_ENTRY_BOOL && e->truth) ||
              (e->kind == REDAN_ENTRY_TEXT && e->text.len == 4 &&
               strncasecmp(e->text.at, "true", 4) == 0)))
        return redan_scan_found(scan, &asks_trust, REDAN_LEVEL_WARN, e->offset, e->key,
                                "trust_remote_code is true");
    return REDAN_OK;
}

/* The parts of a sentence-transformers model; the flavors of an MLflow one. */
static enum redan_status loaders(struct redan_scan *scan, const struct redan_object *object)
{
    const struct redan_entry *type = redan_object_get(object, "type");
    const struct redan_entry *module = redan_object_get(object, "loader_module");

    if (type && type->kind == REDAN_ENTRY_TEXT && redan_object_get(object, "idx") &&
        redan_object_get(object, "path") && memchr(type->text.at, '.', type->text.len) &&
        !redan_slice_starts(type->text, REDAN_S("sentence_transformers.")) &&
        !redan_slice_starts(type->text, REDAN_S("pylate.")) &&
        !redan_slice_starts(type->text, REDAN_S("torch.nn.")))
        REDAN_TRY(redan_scan_found(scan, &loader, REDAN_LEVEL_WARN, type->offset, type->text,
                                   "a part of the model is \"%.*s\"",
                                   REDAN_FMT(redan_slice_sub(type->text, 0, 100))));
    if (module && module->kind == REDAN_ENTRY_TEXT &&
        !redan_slice_starts(module->text, REDAN_S("mlflow.")))
        REDAN_TRY(redan_scan_found(scan, &loader, REDAN_LEVEL_WARN, module->offset, module->text,
                                   "the loader is \"%.*s\"",
                                   REDAN_FMT(redan_slice_sub(module->text, 0, 100))));
    return REDAN_OK;
}

/* ---- tags ---- */

static enum redan_status tag(struct redan_scan *scan, const struct redan_fact *fact)
{
    static const char *const calls[] = {"python/object/apply", "python/object/new", "python/object",
                                        "python/module", NULL};
    static const char *const plain[] = {"python/none",    "python/bool",  "python/str",
                                        "python/unicode", "python/bytes", "python/int",
                                        "python/long",    "python/float", "python/complex",
                                        "python/list",    "python/dict",  NULL};
    bool python = redan_slice_starts(fact->module, REDAN_S("python/"));
    bool fatal = redan_config_fatal(fact->name);
    bool ours = redan_config_known(fact->name);
    const struct redan_slice shown = redan_slice_sub(fact->text, 0, 120);

    if (redan_slice_is(fact->module, "python/tuple") || redan_slice_among(plain, fact->module))
        return REDAN_OK;
    if (python && (redan_slice_among(calls, fact->module) || fatal) && !(ours && !fatal))
        return redan_scan_found(scan, &bad_tag, REDAN_LEVEL_FAIL, fact->offset, fact->text,
                                "the tag is !!%.*s", REDAN_FMT(shown));
    return redan_scan_found(scan, &odd_tag, REDAN_LEVEL_WARN, fact->offset, fact->text,
                            "the tag is !!%.*s", REDAN_FMT(shown));
}

/* ---- values ---- */

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

/* Bytes of a text that is nothing but base64; 0 when it is something else. */
static size_t base64(struct redan_slice text, char out[DECODED])
{
    size_t len = 0;
    uint32_t bits = 0;
    unsigned have = 0;

    while (text.len && text.at[text.len - 1] == '=')
        text.len--;
    if (text.len < 20 || text.len > DECODED)
        return 0;
    for (size_t i = 0; i < text.len; i++) {
        int v = base64_value(text.at[i]);
        if (v < 0)
            return 0;
        bits = bits << 6 | (uint32_t)v;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[len++] = (char)(bits >> have & 0xff);
        }
    }
    return len;
}

/* Keys under which other programs' files name what is to be run: there a program's name is what belongs. */
static bool runs_by_trade(struct redan_slice key)
{
    static const char *const keys[] = {
        "command",      "cmd",     "entrypoint",  "run",        "args",
        "script",       "scripts", "exec",        "test",       "build",
        "install",      "source",  "start",       "lint",       "postinstall",
        "content",      "text",    "value",       "prompt",     "response",
        "output",       "input",   "instruction", "completion", "code",
        "solution",     "shell",   "bash",        "entry",      "before_script",
        "after_script", "outputs", "description", "example",    "examples",
        "question",     "answer",  "summary",     "readme",     "documentation",
        "title",        "help",    "usage",       "notes",      "comment",
        "doc",          "docs",    "message",     NULL};

    return redan_slice_among(keys, key);
}

static bool starts_with_fetch(struct redan_slice seen)
{
    return redan_slice_starts(seen, REDAN_S("curl ")) || redan_slice_starts(seen, REDAN_S("wget "));
}

static enum redan_status say_command(struct redan_scan *scan, const struct redan_fact *fact,
                                     struct redan_slice seen, const char *how)
{
    return redan_scan_found(scan, &command, REDAN_LEVEL_WARN, fact->offset, seen,
                            "%.*s holds%s \"%.*s\"", REDAN_FMT(redan_slice_sub(fact->name, 0, 64)),
                            how, REDAN_FMT(redan_slice_sub(seen, 0, 120)));
}

static bool web_script(struct redan_slice text, struct redan_slice *seen)
{
    const char *p = text.len > 24 ? memmem(text.at, text.len, "<script", 7) : NULL;

    if (!p || !memmem(text.at, text.len, "</script", 8))
        return false;
    *seen = redan_slice_sub(text, (size_t)(p - text.at), 120);
    return true;
}

static bool names_secret_file(struct redan_slice text)
{
    static const char *const files[] = {"/etc/passwd",
                                        "/etc/shadow",
                                        "/.ssh/id_",
                                        "/.aws/credentials",
                                        "/proc/self/environ",
                                        "/.docker/config.json",
                                        "/.kube/config",
                                        "/.netrc",
                                        "\\System32\\config\\SAM",
                                        NULL};

    for (size_t i = 0; files[i] && text.len <= 256; i++) {
        if (text.len && memmem(text.at, text.len, files[i], strlen(files[i])))
            return true;
    }
    return false;
}

static enum redan_status text(struct redan_scan *scan, const struct redan_fact *fact)
{
    static const char *const metadata[] = {"json", "yaml", "safetensors", "gguf", "onnx", NULL};
    static const char *const packages[] = {
        "pip", "dependencies", "requirements", "install_requires", "pip_requirements", NULL};
    struct redan_slice seen = {0};
    char decoded[DECODED];

    if (!format_is(scan, metadata) || redan_slice_ends(redan_scan_name_of(scan), REDAN_S(".ipynb")))
        return REDAN_OK;
    bool document = format_is(scan, documents);
    enum redan_command kind = redan_command_in(fact->text, &seen);
    if (kind == REDAN_COMMAND_SEIZE ||
        (kind == REDAN_COMMAND_RUNS &&
         (!document || !runs_by_trade(fact->name) || starts_with_fetch(seen))))
        return say_command(scan, fact, seen, "");
    if (!document && web_script(fact->text, &seen))
        return say_command(scan, fact, seen, "");
    if (!runs_by_trade(fact->name) && names_secret_file(fact->text))
        return redan_scan_found(scan, &system_file, REDAN_LEVEL_WARN, fact->offset, fact->text,
                                "%.*s is \"%.*s\"", REDAN_FMT(redan_slice_sub(fact->name, 0, 64)),
                                REDAN_FMT(redan_slice_sub(fact->text, 0, 120)));
    size_t len = base64(fact->text, decoded);
    if (len && redan_command_in((struct redan_slice){decoded, len}, &seen) != REDAN_COMMAND_NONE)
        return say_command(scan, fact, seen, " in base64");
    if (redan_slice_among(packages, fact->name) &&
        (memmem(fact->text.at, fact->text.len, "git+http://", 11) ||
         memmem(fact->text.at, fact->text.len, "index-url http://", 17) ||
         memmem(fact->text.at, fact->text.len, "@ http://", 9)))
        return redan_scan_found(scan, &unsafe_fetch, REDAN_LEVEL_WARN, fact->offset, fact->text,
                                "\"%.*s\"", REDAN_FMT(redan_slice_sub(fact->text, 0, 120)));
    return REDAN_OK;
}

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *fact)
{
    if (fact->kind == REDAN_FACT_TEXT)
        return text(scan, fact);
    if (fact->kind == REDAN_FACT_CLASS && fact->what && strcmp(fact->what, "yaml-tag") == 0)
        return tag(scan, fact);
    if (fact->kind != REDAN_FACT_OBJECT || !format_is(scan, documents))
        return REDAN_OK;
    REDAN_TRY(targets(scan, fact->object));
    REDAN_TRY(auto_map(scan, fact->object));
    REDAN_TRY(pipeline(scan, fact->object));
    return loaders(scan, fact->object);
}

const struct redan_detector redan_det_config = {
    .name = "config", .rules = rules, .fact = fact, .end = end, .state = sizeof(struct state)};
