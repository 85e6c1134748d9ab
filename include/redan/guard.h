/* libredan: judgement at the inference endpoint, for a server that calls it at each phase of a request. The nginx module is one such server.
 *
 * A process first prepares memory that all its workers share (counters, the state of each caller, the generation of the policy); each worker then opens a guard on it. Per request: a call is begun, given
 * the whole body, and gives a verdict; the answer is fed through it, and what may leave comes out; the end of the call writes one event. Nothing here blocks on the network or the disk, but for opening,
 * and for the tick when a policy has changed.
 *
 * A guard and its calls belong to one thread. Memory that is shared may be used by many processes at once, one of which may be killed at any moment.
 */
#ifndef REDAN_GUARD_H
#define REDAN_GUARD_H

#include <stddef.h>

#include "redan/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed bytes; `at` may be NULL when `size` is 0. */
struct redan_bytes {
    const char *at;
    size_t size;
};

enum redan_guard_answer {
    REDAN_GUARD_OK = 0,
    REDAN_GUARD_REFUSED = 1, /* the policy or what it names is wrong */
    REDAN_GUARD_MISUSED = 2, /* an argument makes no sense */
    REDAN_GUARD_UNDONE = 3   /* memory or the system refused */
};

/* --- memory that workers share ------------------------------------------------------------------------------------------- */

enum { REDAN_GUARD_SHARED_LEAST = 262144 }; /* bytes */

/* Format fresh memory, aligned to 64 bytes; contents are kept when it was formatted already by this edition of the library and with this size (`*kept` is then 1). */
enum redan_guard_answer redan_guard_share(void *memory, size_t size, int *kept);

/* --- a worker's guard ---------------------------------------------------------------------------------------------------- */

struct redan_guard; /* opaque */

enum redan_guard_mode {
    REDAN_GUARD_AS_POLICY = 0, /* what the policy says */
    REDAN_GUARD_OBSERVE = 1,   /* judge and record; let everything through */
    REDAN_GUARD_ENFORCE = 2
};

/* Whether a policy and all that it names can be opened; `text` receives the reason, NUL-terminated, or "". */
enum redan_guard_answer redan_guard_test(const char *policy, char *text, size_t size);
/* `*guard` is set unless memory is refused, for redan_guard_error too, and must be freed. `memory` outlives it. */
enum redan_guard_answer redan_guard_open(const char *policy, enum redan_guard_mode mode,
                                         void *memory, size_t size, struct redan_guard **guard);
void redan_guard_free(
    struct redan_guard
        *guard); /* writes out the events that wait, for at most a second; NULL is accepted */
const char *redan_guard_error(const struct redan_guard *guard); /* never NULL */

/* About once a second: takes up a policy whose file changed and that can be opened (and tells the other workers through the shared memory); one that cannot be opened is left, `redan_guard_error` says
 * why, and the old one stays in force. `*changed` becomes 1 when another policy is in force now. */
enum redan_guard_answer redan_guard_tick(struct redan_guard *guard, int *changed);

struct redan_guard_facts {
    const char *id;                /* of the policy */
    const char *policy;            /* "sha256:..." */
    const char *profile;           /* "sha256:...", "" when there is none */
    unsigned long long generation; /* rises by one with each policy taken up by any worker */
    int enforce;
    size_t request_bytes;  /* largest body that may come */
    size_t response_bytes; /* largest answer that is held whole */
    const char *
        warning; /* what is in force but does less than it seems to, a line each: rules that are not armed; "" when there is nothing */
};
/* Texts are valid until the next tick. */
void redan_guard_facts(const struct redan_guard *guard, struct redan_guard_facts *facts);

/* Prometheus text format 0.0.4 over the shared memory, of all workers. Valid until the next call of it. */
struct redan_bytes redan_guard_metrics(struct redan_guard *guard);

/* --- a request ----------------------------------------------------------------------------------------------------------- */

struct redan_guard_call; /* opaque */

struct redan_guard_request {
    struct redan_bytes method;
    struct redan_bytes path;         /* without the query */
    struct redan_bytes content_type; /* as sent, parameters included; may be empty */
    struct redan_bytes encoding;     /* Content-Encoding; empty for none */
    struct redan_bytes
        identity; /* who calls, as the server established it: a subject, a token, a key; may be empty */
    struct redan_bytes address; /* of the peer; may be empty */
    struct redan_bytes id;      /* the request's, for the event; may be empty */
    struct redan_bytes body;    /* whole */
    unsigned long long time_ms; /* since 1970 */
    int body_missing; /* not 0: the body could not be had (too large, on disk); it is judged as such */
    struct redan_bytes query; /* what stood behind the path's "?"; empty for none */
    int json_length; /* not 0: an Inference-Header-Content-Length came, by which Triton takes the rest of the body, or all of it, for bytes */
};

enum redan_guard_action {
    REDAN_GUARD_ALLOW,
    REDAN_GUARD_MARK,
    REDAN_GUARD_DEGRADE,
    REDAN_GUARD_REFUSE
};

/* Texts are NUL-terminated and valid as long as the call. */
struct redan_guard_verdict {
    enum redan_guard_action
        action; /* what is to be done; in observe mode always REDAN_GUARD_ALLOW */
    enum redan_guard_action judged; /* what would be done when enforced */
    int passed_by;           /* no inference: a path the policy lets by; nothing was judged */
    unsigned status;         /* of a refusal: 400, 401, 403, 413, 415, 422, 429, 503 */
    unsigned retry_after;    /* seconds; 0: not said */
    unsigned delay_ms;       /* before it is passed on */
    const char *rule;        /* id of the rule that decided, or "" */
    const char *reason;      /* for the caller: what is wrong, never how it was seen */
    struct redan_bytes body; /* JSON of a refusal */
    const char *mark;   /* value of the header X-Redan for the upstream; "" when there is none */
    const char *caller; /* established name of the caller for X-Redan-Caller; "" when unknown */
};

/* Begin a call and judge the request. All of `request` must outlive this function only. On REDAN_GUARD_UNDONE the verdict is a refusal with 503 (in observe mode it lets through, as always), and `*call` is NULL. */
enum redan_guard_answer redan_guard_call(struct redan_guard *guard,
                                         const struct redan_guard_request *request,
                                         struct redan_guard_call **call,
                                         struct redan_guard_verdict *verdict);

/* --- its answer ---------------------------------------------------------------------------------------------------------- */

enum redan_guard_plan {
    REDAN_GUARD_PASS,  /* nothing is done to this answer: do not feed it */
    REDAN_GUARD_WHOLE, /* hold the headers: length and status are known when the last byte was fed */
    REDAN_GUARD_STREAM /* send the headers without a length; each feeding gives what may leave */
};

struct redan_guard_head {
    unsigned status;
    struct redan_bytes content_type;
    struct redan_bytes encoding; /* Content-Encoding; anything but identity cannot be judged */
    unsigned long long length;   /* of the body; ~0ULL when it is not known */
};

enum redan_guard_plan redan_guard_answer_begin(struct redan_guard_call *call,
                                               const struct redan_guard_head *head);

/* After `begin`: whether a header of this answer may leave, or, with an empty name, the words of its status. Beside scores that are made coarser none may that could carry one. */
int redan_guard_answer_header(const struct redan_guard_call *call, struct redan_bytes name,
                              struct redan_bytes value);

struct redan_guard_out {
    struct redan_bytes bytes; /* what may leave now; valid until the next feeding or the end */
    unsigned
        status; /* 0: as the upstream said; otherwise, of WHOLE and before anything left, another one */
    const char *content_type; /* NULL: as the upstream said */
    int over;                 /* the stream ends here, whatever the upstream still sends */
};

/* Feed a piece; `last` is not 0 with the last one, which may be empty. */
enum redan_guard_answer redan_guard_answer_feed(struct redan_guard_call *call,
                                                struct redan_bytes piece, int last,
                                                struct redan_guard_out *out);

/* What these structs look like, as one number. A program whose own is another than its library's (the two were built from different states of this header) must call nothing else. */
#define REDAN_GUARD_LAYOUT                                                                     \
    ((((sizeof(struct redan_guard_facts) * 1009 + sizeof(struct redan_guard_request)) * 1009 + \
       sizeof(struct redan_guard_verdict)) *                                                   \
          1009 +                                                                               \
      sizeof(struct redan_guard_head)) *                                                       \
         1009 +                                                                                \
     sizeof(struct redan_guard_out))
size_t redan_guard_layout(void); /* the library's REDAN_GUARD_LAYOUT */

/* --- the end ------------------------------------------------------------------------------------------------------------- */

/* `status` is what the caller was told, 0 when the connection broke. Writes the event and frees the call. NULL is accepted. */
void redan_guard_call_end(struct redan_guard_call *call, unsigned status,
                          unsigned long long time_ms);

/* --- a record that a service would learn from ------------------------------------------------------------------------------ */

/* Judge a body as a request would be, without counting it as a query; `identity` is the established name of whoever the record came from, `path` and `method` say nothing: {"verdict": "trusted"} or {"verdict": "quarantined", "reasons": [...]}. Anything that cannot be judged is quarantined. The answer is
 * valid until the next call of it. */
enum redan_guard_answer redan_guard_admit(struct redan_guard *guard,
                                          const struct redan_guard_request *request,
                                          struct redan_bytes *answer);

#ifdef __cplusplus
}
#endif

#endif
