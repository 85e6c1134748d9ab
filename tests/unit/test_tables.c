/* All tables of the house: ids unique, nothing without words, every mapping known to the catalogue, every document there. */
#include "test.h"

#include <stdio.h>
#include <unistd.h>

#include "base/map.h"
#include "cmd/cli.h"
#include "inference/preset.h"
#include "io/file.h"
#include "probe/probe.h"
#include "record/catalog.h"
#include "record/import.h"
#include "threat/check.h"

struct house {
    struct redan_ctx ctx;
    struct redan_catalog catalog;
};

static void open_house(struct house *h)
{
    redan_ctx_init(&h->ctx, NULL);
    assert_ok(redan_catalog_load(&h->ctx, &h->catalog));
}

/* A name of its own, with words. */
static void is_new(struct redan_map *seen, struct redan_slice id)
{
    enum redan_status status = redan_map_put(seen, id, seen);

    if (status != REDAN_OK || id.len == 0)
        print_error("\"%.*s\" is there twice, or is empty\n", REDAN_FMT(id));
    assert_true(id.len > 0);
    assert_ok(status);
}

static void says_something(const char *id, const char *what)
{
    if (!what || !what[0])
        print_error("%s says nothing\n", id);
    assert_true(what && what[0] != '\0');
}

static void is_known(const struct redan_catalog *catalog, struct redan_slice id,
                     struct redan_slice reference)
{
    bool known = redan_catalog_knows(catalog, reference);

    if (!known)
        print_error("%.*s maps to %.*s, which no framework of the catalogue has\n", REDAN_FMT(id),
                    REDAN_FMT(reference));
    assert_true(known);
}

static void test_rules(void **state)
{
    struct house h;
    struct redan_map rules;
    struct redan_map checks;

    (void)state;
    open_house(&h);
    redan_map_init(&rules, &h.ctx);
    redan_map_init(&checks, &h.ctx);
    for (size_t i = 0; redan_threat_checks[i]; i++) {
        const struct redan_threat_check *check = redan_threat_checks[i];
        is_new(&checks, redan_slice_of(check->name));
        assert_non_null(check->rules[0]);
        for (size_t r = 0; check->rules[r]; r++) {
            const struct redan_rule *rule = check->rules[r];
            is_new(&rules, redan_slice_of(rule->id));
            says_something(rule->id, rule->title);
            says_something(rule->id, rule->help);
            assert_true(rule->severity <= REDAN_SEVERITY_CRITICAL);
            assert_true(rule->mappings && rule->mappings[0]);
            for (size_t m = 0; rule->mappings[m]; m++)
                is_known(&h.catalog, redan_slice_of(rule->id), redan_slice_of(rule->mappings[m]));
        }
    }
    redan_ctx_done(&h.ctx);
}

static void test_catalogue(void **state)
{
    struct house h;
    struct redan_map ids;

    (void)state;
    open_house(&h);
    redan_map_init(&ids, &h.ctx);
    const struct redan_framework *frameworks = h.catalog.frameworks.items;
    for (size_t i = 0; i < h.catalog.frameworks.count; i++) {
        struct redan_map entries;
        redan_map_init(&entries, &h.ctx);
        is_new(&ids, frameworks[i].id);
        assert_true(frameworks[i].title.len > 0);
        for (size_t e = 0; e < frameworks[i].entries.count; e++)
            is_new(&entries, frameworks[i].entries.items[e]);
    }
    const struct redan_catalog_control *controls = h.catalog.controls.items;
    for (size_t i = 0; i < h.catalog.controls.count; i++) {
        is_new(&ids, controls[i].id);
        for (size_t m = 0; m < controls[i].maps.count; m++)
            is_known(&h.catalog, controls[i].id, controls[i].maps.items[m]);
    }
    const struct redan_archetype *archetypes = h.catalog.archetypes.items;
    assert_true(h.catalog.archetypes.count > 0);
    for (size_t i = 0; i < h.catalog.archetypes.count; i++) {
        const struct redan_archetype *a = &archetypes[i];
        is_new(&ids, a->id);
        assert_true(a->controls.count > 0 && a->applies.count > 0);
        for (size_t c = 0; c < a->controls.count; c++) {
            if (!redan_catalog_control(&h.catalog, a->controls.items[c]))
                print_error("%.*s names the control %.*s\n", REDAN_FMT(a->id),
                            REDAN_FMT(a->controls.items[c]));
            assert_non_null(redan_catalog_control(&h.catalog, a->controls.items[c]));
        }
        for (size_t m = 0; m < a->maps.count; m++)
            is_known(&h.catalog, a->id, a->maps.items[m]);
        for (size_t k = 0; k < a->harms.count; k++) {
            bool word = false;
            for (size_t w = 0; redan_harm_words[w] && !word; w++)
                word = redan_slice_is(a->harms.items[k], redan_harm_words[w]);
            assert_true(word);
        }
    }
    redan_ctx_done(&h.ctx);
}

static bool holds(struct redan_slice text, const char *word)
{
    for (size_t i = 0; i + strlen(word) <= text.len; i++) {
        if (memcmp(text.at + i, word, strlen(word)) == 0)
            return true;
    }
    return false;
}

/* Each type is judged the same way by its name and by its predicate, and has a schema and a section. */
static void test_evidence_types(void **state)
{
    struct house h;
    struct redan_map names;
    struct redan_slice page = {0};
    size_t count = 0;

    (void)state;
    open_house(&h);
    redan_map_init(&names, &h.ctx);
    assert_ok(redan_file_read(&h.ctx, REDAN_S(REDAN_SOURCE "/docs/evidence.md"), h.ctx.limits.file,
                              false, &page));
    for (; redan_evidence_types[count]; count++) {
        const struct redan_evidence_type *type = redan_evidence_types[count];
        char path[512];
        char heading[64];
        is_new(&names, redan_slice_of(type->name));
        is_new(&names, redan_slice_of(type->predicate));
        says_something(type->name, type->title);
        says_something(type->name, type->counts);
        assert_true(type->best >= REDAN_GRADE_SIGNED && type->best <= REDAN_GRADE_LIVE);
        assert_ptr_equal(redan_evidence_type_named(redan_slice_of(type->name)), type);
        assert_ptr_equal(redan_evidence_type_of(redan_slice_of(type->predicate)), type);
        (void)snprintf(path, sizeof(path), "%s/docs/schema/evidence/%s.json", REDAN_SOURCE,
                       type->name);
        if (access(path, R_OK) != 0)
            print_error("%s has no schema\n", type->name);
        assert_int_equal(access(path, R_OK), 0);
        (void)snprintf(heading, sizeof(heading), "# %s\n", type->name);
        if (!holds(page, heading))
            print_error("docs/evidence.md says nothing about %s\n", type->name);
        assert_true(holds(page, heading));
    }
    assert_int_equal(count, 16);
    redan_ctx_done(&h.ctx);
}

static void test_importers_probes_presets(void **state)
{
    struct house h;
    struct redan_map importers;
    struct redan_map probes;
    struct redan_map presets;

    (void)state;
    open_house(&h);
    redan_map_init(&importers, &h.ctx);
    redan_map_init(&probes, &h.ctx);
    redan_map_init(&presets, &h.ctx);
    for (size_t i = 0; redan_importers[i]; i++) {
        const struct redan_importer *it = redan_importers[i];
        is_new(&importers, redan_slice_of(it->name));
        says_something(it->name, it->title);
        assert_non_null(it->read);
        assert_ptr_equal(redan_importer_named(redan_slice_of(it->name)), it);
        assert_true(!it->type || redan_evidence_type_named(redan_slice_of(it->type)));
    }
    for (size_t i = 0; redan_probe_kinds[i]; i++) {
        const struct redan_probe_kind *kind = redan_probe_kinds[i];
        is_new(&probes, redan_slice_of(kind->name));
        says_something(kind->name, kind->title);
        assert_true(kind->lint && kind->run);
        assert_ptr_equal(redan_probe_kind_named(redan_slice_of(kind->name)), kind);
    }
    for (size_t i = 0; redan_presets[i]; i++) {
        const struct redan_preset *preset = redan_presets[i];
        is_new(&presets, redan_slice_of(preset->name));
        assert_true(preset->before_model || !preset->after_model);
        if (preset->after_model)
            says_something(preset->name, preset->version);
        assert_true(preset->media[0] && preset->answers);
        assert_true(preset->decode_request && preset->encode_request && preset->encode_response &&
                    preset->decode_response);
        assert_ptr_equal(redan_preset_find(redan_slice_of(preset->name)), preset);
    }
    redan_ctx_done(&h.ctx);
}

/* Names and letters of one command's options, with those that all commands have. */
static void options_of(struct redan_ctx *ctx, const struct redan_command *command)
{
    const struct redan_option *lists[] = {command->options, redan_common_options};
    struct redan_map names;
    bool letters[256] = {false};

    redan_map_init(&names, ctx);
    for (size_t l = 0; l < 2; l++) {
        for (const struct redan_option *o = lists[l]; o && o->name; o++) {
            is_new(&names, redan_slice_of(o->name));
            says_something(o->name, o->help);
            if (!o->letter)
                continue;
            if (letters[(unsigned char)o->letter])
                print_error("%s has two options -%c\n", command->name, o->letter);
            assert_false(letters[(unsigned char)o->letter]);
            letters[(unsigned char)o->letter] = true;
        }
    }
}

/* No line of help is wider than a terminal, but for the commands that it shows. */
static void fits(const char *name, struct redan_slice help)
{
    while (help.len) {
        struct redan_slice line = {0};
        (void)redan_slice_cut(help, '\n', &line, &help);
        if (line.len > 80 && !redan_slice_starts(line, REDAN_S("  redan ")))
            print_error("%s --help: %.*s\n", name, REDAN_FMT(line));
        assert_true(line.len <= 80 || redan_slice_starts(line, REDAN_S("  redan ")));
    }
}

static void test_commands(void **state)
{
    struct house h;
    struct redan_map names;
    struct redan_buf help;

    (void)state;
    open_house(&h);
    redan_map_init(&names, &h.ctx);
    redan_buf_init(&help, &h.ctx, 100000);
    redan_cli_overview(&help);
    fits("redan", redan_buf_view(&help));
    for (size_t i = 0; redan_commands[i]; i++) {
        const struct redan_command *c = redan_commands[i];
        is_new(&names, redan_slice_of(c->name));
        says_something(c->name, c->summary);
        assert_non_null(c->run);
        assert_true(c->least <= c->most);
        assert_int_equal(c->most > 0, c->args[0] != '\0');
        options_of(&h.ctx, c);
        redan_buf_clear(&help);
        redan_cli_help(&help, c);
        fits(c->name, redan_buf_view(&help));
    }
    redan_buf_done(&help);
    redan_ctx_done(&h.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),          cmocka_unit_test(test_catalogue),
        cmocka_unit_test(test_evidence_types), cmocka_unit_test(test_importers_probes_presets),
        cmocka_unit_test(test_commands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
