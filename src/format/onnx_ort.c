/* ONNX Runtime's own format: the nodes of every graph, out of a FlatBuffer. */
#include <string.h>

#include "codec/flatbuffer.h"
#include "format/format_table.h"

/* onnxruntime/core/flatbuffers/schema/ort.fbs: field ids. */
enum { SESSION_MODEL = 1, MODEL_GRAPH = 7, MODEL_METADATA = 9 };
enum { GRAPH_NODES = 2, NODE_NAME = 0, NODE_DOMAIN = 2, NODE_OP = 5, NODE_ATTRIBUTES = 10 };
enum { ATTRIBUTE_GRAPH = 7, ATTRIBUTE_GRAPHS = 12 };
enum { NAME = 128, SHOWN = 64 << 10, GRAPHS = 1024 };

struct session {
    struct redan_flat flat;
    const struct redan_listener *to;
    uint64_t *graphs; /* that wait */
    size_t waiting;
    bool full;
};

static size_t keep(struct redan_slice s, char *to)
{
    if (s.len)
        memcpy(to, s.at, s.len);
    return s.len;
}

static void wait_for(struct session *s, uint64_t graph)
{
    if (graph && s->waiting < GRAPHS)
        s->graphs[s->waiting++] = graph;
    else if (graph)
        s->full = true;
}

static void wait_for_attributes(struct session *s, uint64_t node)
{
    struct redan_flat *flat = &s->flat;
    struct redan_flat_vector attributes = redan_flat_vector(flat, node, NODE_ATTRIBUTES, 4);

    for (uint64_t i = 0; i < attributes.count && !flat->fault; i++) {
        uint64_t attribute = redan_flat_item(flat, attributes, i);
        struct redan_flat_vector graphs = redan_flat_vector(flat, attribute, ATTRIBUTE_GRAPHS, 4);
        wait_for(s, redan_flat_table(flat, attribute, ATTRIBUTE_GRAPH));
        for (uint64_t k = 0; k < graphs.count && !flat->fault; k++)
            wait_for(s, redan_flat_item(flat, graphs, k));
    }
}

static enum redan_status read_graph(struct session *s, uint64_t graph)
{
    struct redan_flat *flat = &s->flat;
    struct redan_flat_vector nodes = redan_flat_vector(flat, graph, GRAPH_NODES, 4);

    for (uint64_t i = 0; i < nodes.count && !flat->fault; i++) {
        uint64_t node = redan_flat_item(flat, nodes, i);
        char op[NAME];
        char domain[NAME];
        size_t op_len = keep(redan_flat_text(flat, node, NODE_OP, sizeof(op)), op);
        size_t domain_len = keep(redan_flat_text(flat, node, NODE_DOMAIN, sizeof(domain)), domain);
        wait_for_attributes(s, node);
        struct redan_slice name = redan_flat_text(flat, node, NODE_NAME, NAME);
        if (flat->fault)
            break;
        REDAN_TRY(redan_tell(s->to, &(struct redan_fact){.kind = REDAN_FACT_OPERATOR,
                                                         .what = "onnx",
                                                         .offset = node,
                                                         .module = {domain, domain_len},
                                                         .name = {op, op_len},
                                                         .text = name}));
    }
    return REDAN_OK;
}

static enum redan_status read_metadata(struct session *s, uint64_t model)
{
    struct redan_flat *flat = &s->flat;
    struct redan_flat_vector entries = redan_flat_vector(flat, model, MODEL_METADATA, 4);

    for (uint64_t i = 0; i < entries.count && !flat->fault; i++) {
        uint64_t entry = redan_flat_item(flat, entries, i);
        char key[NAME];
        size_t len = keep(redan_flat_text(flat, entry, 0, sizeof(key)), key);
        struct redan_slice value = redan_flat_text(flat, entry, 1, SHOWN);
        if (value.len)
            REDAN_TRY(redan_tell(s->to, &(struct redan_fact){.kind = REDAN_FACT_TEXT,
                                                             .offset = entry,
                                                             .name = {key, len},
                                                             .text = value}));
    }
    return REDAN_OK;
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct session s = {.to = to};
    struct redan_flat *flat = &s.flat;

    (void)name;
    s.graphs = redan_take_array(ctx, GRAPHS, sizeof(*s.graphs));
    if (!s.graphs)
        return REDAN_E_MEMORY;
    redan_flat_init(flat, ctx, source);
    uint64_t model = redan_flat_table(flat, redan_flat_root(flat), SESSION_MODEL);
    wait_for(&s, redan_flat_table(flat, model, MODEL_GRAPH));
    while (s.waiting && !flat->fault)
        REDAN_TRY(read_graph(&s, s.graphs[--s.waiting]));
    REDAN_TRY(read_metadata(&s, model));
    if (s.full)
        REDAN_TRY(redan_tell_unread(to, REDAN_UNREAD_BUDGET, 0, 0,
                                    REDAN_S("more graphs within graphs than are followed")));
    if (flat->fault)
        REDAN_TRY(redan_tell_defect(to, flat->fault, flat->fault_at, REDAN_S("an ORT model")));
    return redan_flat_ok(flat, "an ONNX Runtime model");
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_slice head = probe->head;

    return head.len >= 12 && memcmp(head.at + 4, "ORTM", 4) == 0 ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static const char *const extensions[] = {".ort", NULL};
static const char *const defects[] = {REDAN_FLAT_FAULTS, NULL};

const struct redan_format redan_format_ort = {.name = "ort",
                                              .title = "ONNX Runtime model",
                                              .extensions = extensions,
                                              .sniff = sniff,
                                              .read = read,
                                              .defects = defects};
