/* A worker's guard and the life of its calls, as floor 7 gives them to a server. One thread. */
#ifndef REDAN_GUARD_WORKER_H
#define REDAN_GUARD_WORKER_H

#include "guard/guard.h"

struct redan_worker;
struct redan_call;

enum redan_worker_mode { REDAN_WORKER_AS_POLICY, REDAN_WORKER_OBSERVE, REDAN_WORKER_ENFORCE };

/* `*worker` is set unless memory is refused: without a policy that can be opened it refuses everything, and redan_worker_error says why. `region` outlives it. */
REDAN_NODISCARD enum redan_status redan_worker_open(struct redan_slice policy,
                                                    enum redan_worker_mode mode,
                                                    struct redan_region *region,
                                                    struct redan_worker **worker);
void redan_worker_free(struct redan_worker *worker); /* and its calls */
/* Why the policy, or its next edition, was not taken up; "" when it was. NUL-terminated. */
const char *redan_worker_error(const struct redan_worker *worker);
/* What is in force but does less than it seems to, a line each; NUL-terminated. */
const char *redan_worker_warning(const struct redan_worker *worker);
/* Take up a policy that changed; `*changed`: another one is in force now. */
REDAN_NODISCARD enum redan_status redan_worker_tick(struct redan_worker *worker, bool *changed);
const struct redan_edition *redan_worker_edition(const struct redan_worker *worker); /* or NULL */
uint64_t redan_worker_generation(const struct redan_worker *worker);
bool redan_worker_enforces(const struct redan_worker *worker);
/* Prometheus text; valid until the next call. */
struct redan_slice redan_worker_metrics(struct redan_worker *worker);
/* The first problems as one text, for people. */
void redan_problems_say(const struct redan_problems *problems, char *text, size_t size);

/* A request as a server has it; all of it is borrowed for the beginning of the call only. */
struct redan_call_request {
    struct redan_slice method, path, content_type, encoding, identity, address, id, body;
    struct redan_slice query; /* behind the path */
    uint64_t time_ms;
    bool body_missing;
    bool json_length; /* Triton's: the rest of the body is binary */
};

/* Texts are NUL-terminated and live as long as the call. */
struct redan_call_verdict {
    enum redan_action action, judged;
    bool passed_by;
    unsigned status, retry_after, delay_ms;
    struct redan_slice rule, reason, body, mark, caller;
};

/* REDAN_E_MEMORY: there is no call, and the verdict is a refusal. */
REDAN_NODISCARD enum redan_status redan_call_begin(struct redan_worker *worker,
                                                   const struct redan_call_request *request,
                                                   struct redan_call **call,
                                                   struct redan_call_verdict *verdict);
enum redan_answer_way redan_call_answer(struct redan_call *call, unsigned status,
                                        struct redan_slice content_type,
                                        struct redan_slice encoding, uint64_t length);
/* After it: whether a header of this answer, or with an empty name the words of its status, may leave. */
bool redan_call_answer_header(const struct redan_call *call, struct redan_slice name,
                              struct redan_slice value);
REDAN_NODISCARD enum redan_status redan_call_feed(struct redan_call *call, struct redan_slice piece,
                                                  bool last, struct redan_answer_piece *out);
/* Writes the event; the call is over. NULL is accepted. */
void redan_call_end(struct redan_call *call, unsigned status, uint64_t time_ms);

/* A record that a service would learn from: {"verdict":"trusted"}, or "quarantined" and why. Valid until the next call of it. */
REDAN_NODISCARD enum redan_status redan_worker_admit(struct redan_worker *worker,
                                                     const struct redan_call_request *request,
                                                     struct redan_slice *answer);

#endif
