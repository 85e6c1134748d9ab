/* TensorFlow's graphs: what the reader and the sniffing of its files share. */
#ifndef REDAN_FORMAT_TENSORFLOW_H
#define REDAN_FORMAT_TENSORFLOW_H

#include "format/format_table.h"
#include "format/wire.h"

/* tensorflow/core/protobuf/saved_model.proto, meta_graph.proto, framework/graph.proto: what a file begins as. */
enum redan_tf_outermost {
    REDAN_TF_NONE,
    REDAN_TF_SAVED_MODEL,
    REDAN_TF_META_GRAPH,
    REDAN_TF_GRAPH,
};

/* What the bytes are, by the first nodes that are found in them. */
enum redan_tf_outermost redan_tf_sniff(struct redan_ctx *ctx, struct redan_source *source,
                                       uint64_t offset, uint64_t length);
/* Which of an operator's inputs is the path of a file or folder; -1 when none is. */
int redan_tf_path_input(struct redan_slice op);
/* Whether an attribute's text is a path or an address that leads away from the model. */
bool redan_tf_leads_away(struct redan_slice s);

#endif
