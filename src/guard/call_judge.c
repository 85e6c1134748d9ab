/* A request from its path to its verdict: what the policy does not know is refused, each refusal with a reason that its sender can use. */
#include "guard/call.h"
#include "inference/preset.h"
#include "text/glob.h"

enum { PATH_MOST = 1024 };

/* The request itself is refused: no rule had part in it. */
static enum redan_status refuse(struct redan_call *call, unsigned status, struct redan_slice reason)
{
    call->judged.action = REDAN_ACTION_REFUSE;
    call->judged.rule = NULL;
    call->judged.status = status;
    call->judged.reason = reason;
    return REDAN_OK;
}

/* The recorded failure is the reason. */
static enum redan_status refuse_failed(struct redan_call *call, unsigned status, bool place)
{
    struct redan_ctx *ctx = &call->ctx;
    struct redan_slice reason = {0};
    struct redan_failure *failure = &ctx->failure;
    struct redan_slice text = redan_slice_of(failure->text);

    enum redan_status done =
        place ? redan_format(ctx, &reason, "%.*s (at byte %llu)", REDAN_FMT(text),
                             (unsigned long long)failure->offset)
              : redan_copy(ctx, text, &reason);
    redan_fail_clear(ctx);
    REDAN_TRY(done);
    return refuse(call, status, reason);
}

/* Whether the path says the same to everybody: a step, a doubled slash or an escape may mean another one to the model server. */
static bool path_plain(struct redan_slice path)
{
    if (path.len == 0 || path.len > PATH_MOST || path.at[0] != '/')
        return false;
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.at[i];
        char next = i + 1 < path.len ? path.at[i + 1] : '\0';
        if (c <= ' ' || c == 0x7f || redan_char_among("%\\?#;", c) ||
            (c == '/' && (next == '/' || next == '.')))
            return false;
    }
    return true;
}

static size_t slashes(struct redan_slice text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += text.at[i] == '/';
    return count;
}

/* A path without wildcards is meant as it stands; a star is one step of a path, and only two of them take in what lies below. */
static bool path_fits(struct redan_slice pattern, struct redan_slice path)
{
    bool wild = false;
    bool below = false;

    for (size_t i = 0; i < pattern.len; i++) {
        wild = wild || redan_char_among("*?", pattern.at[i]);
        below = below || (i > 0 && pattern.at[i] == '*' && pattern.at[i - 1] == '*');
    }
    if (!wild)
        return redan_slice_eq(pattern, path);
    return (below || slashes(pattern) == slashes(path)) && redan_glob_whole(pattern, path);
}

/* Triton's shared memory: what a model is asked would never pass here. */
static bool names_memory(struct redan_slice path)
{
    return redan_slice_starts(path, REDAN_S("/v2/systemsharedmemory")) ||
           redan_slice_starts(path, REDAN_S("/v2/cudasharedmemory"));
}

static bool passes(const struct redan_policy *policy, const struct redan_call_request *request)
{
    if ((!redan_slice_is(request->method, "GET") && !redan_slice_is(request->method, "HEAD")) ||
        !path_plain(request->path) || names_memory(request->path))
        return false;
    for (size_t i = 0; i < policy->by.count; i++)
        if (path_fits(policy->by.items[i], request->path))
            return true;
    return false;
}

static enum redan_status identify(struct redan_call *call, const struct redan_call_request *request)
{
    struct redan_asked *asked = &call->asked;
    const struct redan_policy *policy = &call->edition->policy;
    bool cached = false;
    enum redan_status status = REDAN_OK;

    if (asked->rehearsal) /* of a record: a service that is trusted says whose it is */
        asked->caller = request->identity;
    else /* until it is established it may be a secret, and is nobody's name */
        status = redan_identity_establish(&call->ctx, call->edition->identity, request->identity,
                                          call->ctx.now, &asked->caller, &cached);
    if (cached)
        redan_region_count(call->worker->region, REDAN_COUNT_TOKENS_CACHED, 1);
    if (status == REDAN_E_MEMORY)
        return status;
    if (status != REDAN_OK)
        return refuse_failed(call, status == REDAN_E_SIGNATURE ? 401 : 503, false);
    if (asked->caller.len == 0)
        return REDAN_OK;
    REDAN_TRY(redan_copy(&call->ctx, asked->caller, &asked->caller));
    asked->caller_key = redan_region_key(call->worker->region, asked->caller);
    for (size_t i = 0; i < policy->class_count && !asked->caller_class; i++)
        if (redan_glob_name(policy->classes[i].match, asked->caller))
            asked->caller_class = &policy->classes[i];
    return REDAN_OK;
}

/* Which preset the path and method are for. */
static enum redan_status find_preset(struct redan_call *call,
                                     const struct redan_call_request *request)
{
    const struct redan_policy *policy = &call->edition->policy;
    struct redan_asked *asked = &call->asked;

    if (names_memory(request->path))
        return refuse(call, 403,
                      REDAN_S("shared memory is not allowed: what is asked cannot be seen"));
    for (size_t i = 0; policy->presets[i] && !asked->preset; i++)
        if (redan_preset_match(policy->presets[i], policy->pointers, call->path, &call->model,
                               &call->version))
            asked->preset = policy->presets[i];
    if (!asked->preset && passes(policy, request)) /* GET and HEAD, but with a body */
        return refuse(call, 403, REDAN_S("what this path lets by has no body"));
    if (!asked->preset)
        return refuse(call, 403, REDAN_S("this path is none that the policy knows"));
    if (!redan_slice_is(request->method, "POST")) {
        asked->preset = NULL;
        return refuse(call, 403, REDAN_S("this path takes POST alone"));
    }
    if (policy->models.count && !redan_texts_have(&policy->models, call->model))
        return refuse(call, 403, REDAN_S("this model is none that the policy knows"));
    return REDAN_OK;
}

static bool same_word(struct redan_slice text, const char *word)
{
    struct redan_slice w = redan_slice_of(word);
    size_t i = 0;

    while (i < text.len && i < w.len && (text.at[i] | 0x20) == w.at[i])
        i++;
    return i == text.len && i == w.len;
}

static enum redan_status check_form(struct redan_call *call,
                                    const struct redan_call_request *request)
{
    const struct redan_policy *policy = &call->edition->policy;
    struct redan_slice encoding = redan_slice_trim(request->encoding);
    struct redan_slice reason = {0};

    if (request->query.len) /* a service may take features from it */
        return refuse(call, 403,
                      REDAN_S("what stands behind the path's '?' is not judged; leave "
                              "it out"));
    if (request->json_length) /* with 0, Triton takes the whole body for a tensor's bytes */
        return refuse(call, 403,
                      REDAN_S("Inference-Header-Content-Length: binary tensors are not "
                              "supported; send data as JSON, without that header"));
    if (request->body_missing || request->body.len > policy->bytes) {
        REDAN_TRY(
            redan_format(&call->ctx, &reason, "the body is larger than %zu bytes", policy->bytes));
        return refuse(call, 413, reason);
    }
    if (encoding.len && !same_word(encoding, "identity"))
        return refuse(call, 415, REDAN_S("a compressed body is not read; send it as it is"));
    if (!redan_preset_reads(call->asked.preset, request->content_type)) {
        REDAN_TRY(redan_format(&call->ctx, &reason, "this content type is not read here; send %s",
                               call->asked.preset->media[0]));
        return refuse(call, 415, reason);
    }
    return REDAN_OK;
}

static enum redan_status decode(struct redan_call *call, const struct redan_call_request *request)
{
    const struct redan_edition *edition = call->edition;
    struct redan_asked *asked = &call->asked;
    const struct redan_request_rules rules = {
        .names = edition->names,
        .columns = edition->has_profile ? edition->profile.width : 0,
        .rows = edition->policy.rows,
        .texts = edition->texts,
        .missing = edition->missing,
        .pointers = edition->policy.pointers,
        .media = request->content_type,
    };
    enum redan_status status =
        asked->preset->decode_request(&call->ctx, request->body, &rules, &asked->request);

    if (status == REDAN_E_MEMORY)
        return status;
    if (status == REDAN_E_SYNTAX || status == REDAN_E_SCHEMA)
        return refuse_failed(call, 400, true);
    if (status == REDAN_E_LIMIT)
        return refuse_failed(call, 413, true);
    if (status != REDAN_OK)
        return refuse_failed(call, status == REDAN_E_UNSUPPORTED ? 403 : 503,
                             status == REDAN_E_UNSUPPORTED);
    call->decoded = true;
    return REDAN_OK;
}

/* What is needed when the server's request is gone. */
static enum redan_status keep(struct redan_call *call, const struct redan_call_request *request)
{
    REDAN_TRY(redan_copy(&call->ctx, request->path, &call->path));
    REDAN_TRY(redan_copy(&call->ctx, request->id, &call->id));
    return redan_copy(&call->ctx, request->address, &call->address);
}

/* Cells that are texts lie in the body, which goes. */
static enum redan_status keep_texts(struct redan_call *call)
{
    struct redan_request *r = &call->asked.request;
    bool wanted = call->worker->sink && call->edition->policy.features != REDAN_FEATURES_DROP;
    struct redan_slice *copy = NULL;

    if (!r->texts)
        return REDAN_OK;
    if (wanted) {
        copy = redan_take_array(&call->ctx, r->rows * r->columns, sizeof(*copy));
        if (!copy)
            return REDAN_E_MEMORY;
    }
    for (size_t i = 0; copy && i < r->rows * r->columns; i++)
        if (r->texts[i].at)
            REDAN_TRY(redan_copy(&call->ctx, r->texts[i], &copy[i]));
    r->texts = copy;
    return REDAN_OK;
}

/* A record comes without the path of its model: the first preset that reads it is its own. */
static enum redan_status decode_any(struct redan_call *call,
                                    const struct redan_call_request *request)
{
    const struct redan_policy *policy = &call->edition->policy;

    for (size_t i = 0; policy->presets[i] && !call->decoded; i++) {
        if (!redan_preset_reads(policy->presets[i], request->content_type))
            continue;
        call->asked.preset = policy->presets[i];
        call->judged = (struct redan_judged){0};
        REDAN_TRY(check_form(call, request));
        if (call->judged.status == 0)
            REDAN_TRY(decode(call, request));
    }
    return call->decoded || call->judged.status
               ? REDAN_OK
               : refuse(call, 415, REDAN_S("this content type is not read here"));
}

typedef enum redan_status step(struct redan_call *call, const struct redan_call_request *request);

enum redan_status redan_call_judge(struct redan_call *call,
                                   const struct redan_call_request *request)
{
    static step *const asking[] = {identify, find_preset, check_form, decode, NULL};
    static step *const learning[] = {identify, decode_any, NULL};
    step *const *steps = call->asked.rehearsal ? learning : asking;
    struct redan_region *region = call->worker->region;

    REDAN_TRY(keep(call, request));
    for (; *steps && call->judged.status == 0; steps++)
        REDAN_TRY((*steps)(call, request));
    if (!call->decoded)
        return REDAN_OK;
    if (!call->asked.rehearsal)
        redan_region_count(region, REDAN_COUNT_ROWS, call->asked.request.rows);
    call->asked.region = region;
    REDAN_TRY(redan_judge_rows(call->edition, &call->asked, &call->judged));
    if (call->asked.request.id.len)
        REDAN_TRY(redan_copy(&call->ctx, call->asked.request.id, &call->asked.request.id));
    return keep_texts(call);
}

bool redan_call_passes(const struct redan_call *call, const struct redan_call_request *request)
{
    /* a body would be one that nobody judged */
    return request->body.len == 0 && !request->body_missing &&
           passes(&call->edition->policy, request);
}
