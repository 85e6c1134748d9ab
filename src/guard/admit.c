/* Whether a service may learn from a record: judged as a request would be, without counting it as one. */
#include "guard/call.h"

static void write_reason(struct redan_buf *out, size_t index, struct redan_slice reason)
{
    redan_buf_text(out, index ? "," : ",\"reasons\":[");
    redan_event_text(out, reason);
}

static void write_answer(struct redan_buf *out, const struct redan_judged *judged, bool trusted)
{
    size_t reasons = 0;

    redan_buf_text(out, trusted ? "{\"verdict\":\"trusted\"" : "{\"verdict\":\"quarantined\"");
    for (size_t i = 0; i < judged->finding_count && !trusted; i++)
        write_reason(out, reasons++, judged->findings[i].rule);
    if (!trusted && reasons == 0)
        write_reason(out, reasons++,
                     judged->reason.len ? judged->reason
                                        : REDAN_S("the record could not be judged"));
    redan_buf_text(out, trusted ? "}" : "]}");
}

enum redan_status redan_worker_admit(struct redan_worker *worker,
                                     const struct redan_call_request *request,
                                     struct redan_slice *answer)
{
    static const char *const undone =
        "{\"verdict\":\"quarantined\",\"reasons\":[\"the record could not be judged\"]}";
    struct redan_buf *out = &worker->admit;
    struct redan_call *call = redan_call_take(worker, request);
    bool trusted = false;

    redan_buf_clear(out);
    *answer = redan_slice_of(undone);
    if (!call) {
        redan_region_count(worker->region, REDAN_COUNT_QUARANTINED, 1);
        return REDAN_E_MEMORY;
    }
    call->asked.ctx = &call->ctx;
    call->asked.time_ms = request->time_ms;
    call->asked.rehearsal = true;
    enum redan_status status = call->edition ? redan_call_judge(call, request) : REDAN_E_ABSENT;
    if (status == REDAN_OK) {
        const struct redan_judged *judged = &call->judged;
        trusted = call->decoded && judged->finding_count == 0 && !judged->error &&
                  judged->action == REDAN_ACTION_ALLOW;
        write_answer(out, judged, trusted);
        if (out->fail == REDAN_OK)
            *answer = redan_buf_view(out);
        else
            trusted = false;
    }
    redan_region_count(worker->region, trusted ? REDAN_COUNT_ADMITTED : REDAN_COUNT_QUARANTINED, 1);
    redan_call_give(call);
    return status == REDAN_E_ABSENT ? REDAN_OK : status;
}
