/* Members of an inference event that are texts: one table for the writer and the reader. Private to the room. */
#ifndef REDAN_INFERENCE_EVENT_MEMBERS_H
#define REDAN_INFERENCE_EVENT_MEMBERS_H

#include "inference/event.h"

#define REDAN_EVENT_SCHEMA "redan/inference/1"

enum { REDAN_EVENT_FINDINGS = 256, REDAN_EVENT_TEXT = 4096, REDAN_EVENT_ROWS = 65536 };

struct redan_event_member {
    struct redan_slice key; /* as it is written: ,"name": */
    size_t offset;          /* of a struct redan_slice in struct redan_event */
};

#define REDAN_EVENT_TEXT_MEMBER(name, field)                                      \
    {                                                                             \
        {",\"" name "\":", sizeof(name) + 3}, offsetof(struct redan_event, field) \
    }

/* In the order in which they are written. */
static const struct redan_event_member redan_event_members[] = {
    REDAN_EVENT_TEXT_MEMBER("id", id),
    REDAN_EVENT_TEXT_MEMBER("system", system),
    REDAN_EVENT_TEXT_MEMBER("gen_ai.request.model", model),
    REDAN_EVENT_TEXT_MEMBER("redan.model.version", version),
    REDAN_EVENT_TEXT_MEMBER("gen_ai.response.id", response_id),
    REDAN_EVENT_TEXT_MEMBER("redan.preset", preset),
    REDAN_EVENT_TEXT_MEMBER("redan.policy", policy),
    REDAN_EVENT_TEXT_MEMBER("redan.profile", profile),
    REDAN_EVENT_TEXT_MEMBER("enduser.id", caller),
    REDAN_EVENT_TEXT_MEMBER("redan.caller.class", caller_class),
    REDAN_EVENT_TEXT_MEMBER("client.address", address),
    REDAN_EVENT_TEXT_MEMBER("redan.features.hash", features_hash),
    REDAN_EVENT_TEXT_MEMBER("redan.action", action),
    REDAN_EVENT_TEXT_MEMBER("redan.judged", judged),
};

#endif
