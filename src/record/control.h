/* A control: a named claim, and the queries over evidence that prove it. */
#ifndef REDAN_RECORD_CONTROL_H
#define REDAN_RECORD_CONTROL_H

#include "codec/bind.h"
#include "record/evidence.h"

/* As written in a threat model or an organisation file. */
struct redan_control {
    struct redan_slice id;
    struct redan_slice name;
    struct redan_slice catalog; /* id in the catalogue; may be empty */
    struct redan_slice scope;   /* organisation files: where it is inherited; record/scope.h */
    const struct redan_node *evidence; /* a list, or "none" */
    const struct redan_node *node;

    struct redan_slice org;      /* whose it is; empty for a system's own */
    struct redan_query *queries; /* made from `evidence` by redan_control_resolve */
    size_t query_count;
};

extern const struct redan_bind_shape redan_control_shape;

/* Make the control's queries for a system: types known, subjects in the release, someone to sign, expectations in form. A query of an
 * organisation's control without a subject is proved once, about the organisation: its records name the systems that they cover.
 * Problems are collected. */
REDAN_NODISCARD enum redan_status redan_control_resolve(struct redan_problems *problems,
                                                        struct redan_slice system,
                                                        const struct redan_release *release,
                                                        struct redan_control *control);

#endif
