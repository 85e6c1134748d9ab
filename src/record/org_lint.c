/* What org.yaml may say beyond its fields: duties, bodies, floors, the catalogue it has triaged, the scope of its controls. */
#include "base/clock.h"
#include "base/map.h"
#include "record/org.h"
#include "record/scope.h"

const char *const redan_separation_words[] = {"ml-lead != security-lead", "acceptor != owner",
                                              "evidence-signer != author", NULL};

enum { QUORUM_MAX = 1000 };

static void lint_rules(struct redan_problems *problems, struct redan_rules *rules)
{
    const struct redan_node *review = redan_node_get(rules->node, "review");

    if (rules->review.len && !redan_slice_is(rules->review, "each-release") &&
        !redan_slice_is(rules->review, "each-change") &&
        !redan_span_parse(rules->review, &rules->review_every))
        redan_problem_add(problems, review,
                          "write each-release, each-change, or a span such as 90d",
                          "review is \"%.*s\"", REDAN_FMT(rules->review));
    for (size_t i = 0; i < rules->separation.count; i++) {
        if (!redan_slice_among(redan_separation_words, rules->separation.items[i]))
            redan_problem_add(problems, redan_node_get(rules->node, "separation"),
                              "use ml-lead != security-lead, acceptor != owner, evidence-signer != "
                              "author",
                              "unknown duty \"%.*s\"", REDAN_FMT(rules->separation.items[i]));
    }
}

static void lint_roles(struct redan_problems *problems, const struct redan_node *roles)
{
    uint64_t quorum = 0;

    if (!roles)
        return;
    if (roles->kind != REDAN_NODE_MAP) {
        redan_problem_add(problems, roles, "write {ml-lead: 1, risk-board: 2}", "roles is %s",
                          redan_node_kind_name(roles->kind));
        return;
    }
    for (const struct redan_node *n = roles->first; n; n = n->next) {
        bool number = n->kind == REDAN_NODE_NUMBER || (n->kind == REDAN_NODE_TEXT && n->plain);
        if (!number || !redan_slice_u64(redan_slice_trim(n->text), &quorum) || quorum == 0 ||
            quorum > QUORUM_MAX)
            redan_problem_add(problems, n, "write how many must sign, risk-board: 2",
                              "the quorum of role \"%.*s\" is no number of persons",
                              REDAN_FMT(n->key));
    }
}

static bool has_key(const struct redan_node *map, struct redan_slice key)
{
    for (const struct redan_node *n = map->first; n; n = n->next) {
        if (redan_slice_eq(n->key, key))
            return true;
    }
    return false;
}

static void lint_bodies(struct redan_problems *problems, const struct redan_org *org)
{
    const struct redan_node *at = redan_node_get(org->node, "bodies");

    if (!at || at->kind != REDAN_NODE_LIST)
        return;
    if (org->bodies.count == 0)
        redan_problem_add(problems, at, "name a role that may carry a risk, [risk-board]",
                          "bodies names nothing");
    for (size_t i = 0; i < org->bodies.count; i++) {
        struct redan_slice body = org->bodies.items[i];
        if (redan_slice_is(body, "ml-lead") || redan_slice_is(body, "security-lead"))
            redan_problem_add(problems, at, "name a role of others than the owners",
                              "the role \"%.*s\" owns the systems whose risks a body carries",
                              REDAN_FMT(body));
        else if (org->roles && org->roles->kind == REDAN_NODE_MAP && !has_key(org->roles, body))
            redan_problem_add(problems, at, "give it a quorum, roles: {risk-board: 2}",
                              "the body \"%.*s\" has no quorum under roles", REDAN_FMT(body));
    }
}

static void lint_floors(struct redan_problems *problems, const struct redan_node *floors)
{
    if (!floors)
        return;
    if (floors->kind != REDAN_NODE_MAP) {
        redan_problem_add(problems, floors, "write {IN-02: critical}", "floors is %s",
                          redan_node_kind_name(floors->kind));
        return;
    }
    for (const struct redan_node *n = floors->first; n; n = n->next) {
        if (n->kind != REDAN_NODE_TEXT ||
            !redan_slice_among(redan_severity_words, redan_slice_trim(n->text)))
            redan_problem_add(problems, n, "write low, medium, high or critical",
                              "the floor of %.*s is no severity", REDAN_FMT(n->key));
    }
}

/* One key of `catalog`: three are ours, any other names a framework. */
static void lint_edition(struct redan_problems *problems, const struct redan_node *n)
{
    bool text = n->kind == REDAN_NODE_TEXT && redan_slice_trim(n->text).len > 0;
    bool map = n->kind == REDAN_NODE_MAP && redan_slice_trim(redan_node_text(n, "edition")).len > 0;

    if (!text && !map)
        redan_problem_add(problems, n, "write its edition in quotes, owasp-llm: \"2026\"",
                          "catalog.%.*s names no edition", REDAN_FMT(n->key));
}

static void lint_catalog(struct redan_problems *problems, const struct redan_node *node,
                         struct redan_org_catalog *catalog)
{
    if (!node)
        return;
    if (node->kind != REDAN_NODE_MAP) {
        redan_problem_add(problems, node, "write {version: 1, max-age: 45d, reviewed: 2026-11-24}",
                          "catalog is %s", redan_node_kind_name(node->kind));
        return;
    }
    catalog->editions = node;
    for (const struct redan_node *n = node->first; n; n = n->next) {
        struct redan_slice text = redan_slice_trim(n->text);
        if (redan_slice_is(n->key, "version")) {
            if (!redan_slice_u64(text, &catalog->version) || catalog->version == 0)
                redan_problem_add(problems, n,
                                  "write the version that you have triaged, version: 1",
                                  "catalog.version is no version");
        } else if (redan_slice_is(n->key, "max-age")) {
            if (!redan_span_parse(text, &catalog->max_age))
                redan_problem_add(problems, n, "write a span, max-age: 45d",
                                  "catalog.max-age is no span");
        } else if (redan_slice_is(n->key, "reviewed")) {
            if (!redan_time_parse(text, &catalog->reviewed))
                redan_problem_add(problems, n, "write the day of the triage, reviewed: 2026-11-24",
                                  "catalog.reviewed is no date");
        } else {
            lint_edition(problems, n);
        }
    }
}

static void lint_required(struct redan_problems *problems, const struct redan_org *org)
{
    const struct redan_required *items = org->required.items;

    for (size_t i = 0; i < org->required.count; i++) {
        if (items[i].scope.len)
            redan_scope_lint(problems, redan_node_get(items[i].node, "scope"), items[i].scope);
    }
}

static enum redan_status lint_controls(struct redan_problems *problems, struct redan_org *org)
{
    struct redan_control *controls = org->controls.items;
    struct redan_map seen;

    redan_map_init(&seen, problems->ctx);
    for (size_t i = 0; i < org->controls.count; i++) {
        struct redan_control *c = &controls[i];
        c->org = org->id;
        if (c->scope.len)
            redan_scope_lint(problems, redan_node_get(c->node, "scope"), c->scope);
        enum redan_status status = c->id.len ? redan_map_put(&seen, c->id, c) : REDAN_OK;
        if (status == REDAN_E_EXISTS)
            redan_problem_add(problems, c->node, "give it an id of its own",
                              "the control \"%.*s\" is there twice", REDAN_FMT(c->id));
        else if (status != REDAN_OK)
            return status;
    }
    return REDAN_OK;
}

enum redan_status redan_org_lint(struct redan_problems *problems, struct redan_org *org)
{
    const struct redan_node *version = redan_node_get(org->node, "version");

    uint64_t number = 1;

    if (version && redan_slice_u64(redan_slice_trim(version->text), &number) && number == 0)
        redan_problem_add(problems, version, "count from 1", "version is not a number from 1");
    if (org->rules)
        lint_rules(problems, org->rules);
    lint_roles(problems, org->roles);
    lint_bodies(problems, org);
    lint_floors(problems, org->floors);
    lint_required(problems, org);
    lint_catalog(problems, org->catalog_node, &org->catalog);
    return lint_controls(problems, org);
}

/* An edition of a framework that the catalogue maps to must be the catalogue's; a framework that it does not map to is the
 * organisation's own business. */
static void lint_known_edition(struct redan_problems *problems, const struct redan_catalog *catalog,
                               const struct redan_node *n)
{
    const struct redan_framework *items = catalog->frameworks.items;
    struct redan_slice edition =
        redan_slice_trim(n->kind == REDAN_NODE_MAP ? redan_node_text(n, "edition") : n->text);
    struct redan_slice known = {0};

    for (size_t i = 0; i < catalog->frameworks.count; i++) {
        struct redan_slice name = {0};
        struct redan_slice of = {0};
        (void)redan_slice_cut(items[i].id, ':', &name, &of);
        if (!redan_slice_eq(name, n->key))
            continue;
        if (redan_slice_eq(of, edition))
            return;
        known = items[i].id;
    }
    if (known.len)
        redan_problem_add(problems, n, "triage the edition that the catalogue has, and write that",
                          "catalog names %.*s:%.*s, the catalogue has %.*s", REDAN_FMT(n->key),
                          REDAN_FMT(edition), REDAN_FMT(known));
}

void redan_org_lint_catalog(struct redan_problems *problems, const struct redan_org *org,
                            const struct redan_catalog *catalog)
{
    const struct redan_node *n = org->floors ? org->floors->first : NULL;
    const struct redan_required *required = org->required.items;

    for (; n; n = n->next) {
        if (!redan_catalog_archetype(catalog, n->key))
            redan_problem_add(problems, n, "name one of the catalogue",
                              "unknown archetype \"%.*s\"", REDAN_FMT(n->key));
    }
    for (size_t i = 0; i < org->required.count; i++) {
        if (required[i].catalog.len && !redan_catalog_control(catalog, required[i].catalog))
            redan_problem_add(problems, required[i].node, "name one of the catalogue, I-LOG",
                              "unknown control \"%.*s\"", REDAN_FMT(required[i].catalog));
    }
    for (n = org->catalog.editions ? org->catalog.editions->first : NULL; n; n = n->next) {
        if (!redan_slice_is(n->key, "version") && !redan_slice_is(n->key, "max-age") &&
            !redan_slice_is(n->key, "reviewed"))
            lint_known_edition(problems, catalog, n);
    }
}
