/* Operators that no runtime has, and functions of the graph that may be what they are. */
#include <string.h>

#include "base/map.h"
#include "scan/graph.h"

uint64_t redan_graph_hash(struct redan_scan *scan, struct redan_slice domain,
                          struct redan_slice name)
{
    uint64_t seed = redan_scan_ctx(scan)->seed;

    if (domain.len)
        seed = redan_hash(seed, domain);
    return redan_hash(seed, name) | 1;
}

static struct redan_graph_names *make(struct redan_scan *scan, struct redan_graph_names **names)
{
    if (!*names)
        *names = redan_take(redan_scan_ctx(scan), sizeof(**names));
    return *names;
}

/* Where a hash stands or would; the table is never full. */
static size_t place_of(const struct redan_graph_names *names, uint64_t hash)
{
    size_t i = (size_t)(hash / 2) % REDAN_GRAPH_FUNCTIONS;

    while (names->functions[i] && names->functions[i] != hash)
        i = (i + 1) % REDAN_GRAPH_FUNCTIONS;
    return i;
}

enum redan_status redan_graph_defines(struct redan_scan *scan, struct redan_graph_names **names,
                                      uint64_t hash)
{
    struct redan_graph_names *n = make(scan, names);

    if (!n)
        return REDAN_E_MEMORY;
    size_t i = place_of(n, hash);
    if (n->functions[i] || n->function_count == REDAN_GRAPH_FUNCTIONS - 1)
        return REDAN_OK; /* beyond that many, operators that are not known stay so */
    n->functions[i] = hash;
    n->function_count++;
    return REDAN_OK;
}

static size_t keep(struct redan_slice s, char *to)
{
    size_t len = redan_min_size(s.len, REDAN_GRAPH_NAME);

    if (len)
        memcpy(to, s.at, len);
    return len;
}

enum redan_status redan_graph_uses(struct redan_scan *scan, struct redan_graph_names **names,
                                   const struct redan_fact *fact, uint64_t hash)
{
    struct redan_graph_names *n = make(scan, names);

    if (!n)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < n->strange_count && i < REDAN_GRAPH_NAMED; i++) {
        if (n->strange[i].hash == hash)
            return REDAN_OK;
    }
    if (n->strange_count == REDAN_GRAPH_STRANGE)
        return redan_scan_unread(scan, REDAN_UNREAD_BUDGET, fact->offset,
                                 REDAN_S("more operators of its own than are followed"));
    size_t i = n->strange_count++;
    n->strange[i].hash = hash;
    n->strange[i].at = fact->offset;
    if (i < REDAN_GRAPH_NAMED) {
        n->named[i].len = keep(fact->name, n->named[i].name);
        n->named[i].domain_len = keep(fact->module, n->named[i].domain);
    }
    return REDAN_OK;
}

enum redan_status redan_graph_settle(struct redan_scan *scan, const struct redan_graph_names *names,
                                     const struct redan_scan_rule *rule)
{
    for (size_t i = 0; names && i < names->strange_count; i++) {
        struct redan_slice name = REDAN_S("of an unlisted name");
        struct redan_slice domain = {0};

        if (names->functions[place_of(names, names->strange[i].hash)])
            continue; /* a function of the graph itself */
        if (i < REDAN_GRAPH_NAMED) {
            name = (struct redan_slice){names->named[i].name, names->named[i].len};
            domain = (struct redan_slice){names->named[i].domain, names->named[i].domain_len};
        }
        REDAN_TRY(redan_scan_found(scan, rule, REDAN_LEVEL_WARN, names->strange[i].at, name,
                                   "operator %.*s%s%.*s", REDAN_FMT(name),
                                   domain.len ? " of domain " : "", REDAN_FMT(domain)));
    }
    return REDAN_OK;
}
