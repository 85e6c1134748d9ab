/* Reading and writing approvals. */
#include "threat/approval.h"

#include <assert.h>

#include "base/clock.h"
#include "io/file.h"
#include "threat/approval_step.h"

enum { KEPT = 1024 }; /* bytes of a text of an approval that does not count */

const char *const redan_approval_words[] = {
    "release", "acceptance", "not-applicable", "exclusion", "exception", "profile", NULL};

/* The predicate, as written. */
struct body {
    int kind;
    struct redan_slice system;
    struct redan_slice role;
    struct redan_slice about;
    struct redan_slice reason;
    int64_t time;
    int64_t until;
    const struct redan_node *release;
    struct redan_step_fields step;
};

#define AT(field) offsetof(struct body, field)
static const struct redan_bind_field body_fields[] = {
    {"kind", REDAN_BIND_WORD, true, AT(kind), NULL, redan_approval_words,
     "release, acceptance, not-applicable, exclusion, exception or profile"},
    {"system", REDAN_BIND_ID, true, AT(system), NULL, NULL, "the system's id"},
    {"role", REDAN_BIND_ID, true, AT(role), NULL, NULL, "the role that signs"},
    {"about", REDAN_BIND_TEXT, false, AT(about), NULL, NULL, "a threat, or control/evidence"},
    {"reason", REDAN_BIND_TEXT, false, AT(reason), NULL, NULL, "why"},
    {"time", REDAN_BIND_DATE, true, AT(time), NULL, NULL, "when, as RFC 3339"},
    {"until", REDAN_BIND_DATE, false, AT(until), NULL, NULL, "its end"},
    {"release", REDAN_BIND_NODE, false, AT(release), NULL, NULL, "digests"},
    {"number", REDAN_BIND_COUNT, false, AT(step.number), NULL, NULL, "its place in the chain"},
    {"previous", REDAN_BIND_TEXT, false, AT(step.previous), NULL, NULL, "the root before it"},
    {"chain", REDAN_BIND_TEXT, false, AT(step.chain), NULL, NULL,
     "the digest of the step before it"},
    {"diff", REDAN_BIND_TEXT, false, AT(step.diff), NULL, NULL, "the digest of the difference"},
    {"keys", REDAN_BIND_STRUCT, false, AT(step.keys), &redan_step_version_shape, NULL, "{version}"},
    {"org", REDAN_BIND_STRUCT, false, AT(step.org), &redan_step_stamp_shape, NULL,
     "{version, digest}"},
    {"catalog", REDAN_BIND_STRUCT, false, AT(step.catalog), &redan_step_stamp_shape, NULL,
     "{version, digest}"},
    {"heads", REDAN_BIND_LIST, false, AT(step.heads), &redan_step_head_shape, NULL,
     "producers' newest records"},
};
static const struct redan_bind_shape body_shape = {"an approval", sizeof(struct body), SIZE_MAX,
                                                   body_fields, REDAN_COUNT(body_fields)};

static enum redan_status read_body(struct redan_ctx *ctx, const struct redan_statement *statement,
                                   struct redan_approval *a)
{
    const struct redan_node *predicate = statement->predicate;
    const char *extra = redan_step_named(predicate);
    struct redan_problems problems;
    struct body body;

    redan_problems_init(&problems, ctx, a->file);
    if (!redan_slice_is(statement->predicate_type, REDAN_PREDICATE_APPROVAL)) {
        a->fault = REDAN_S("not an approval");
        return REDAN_OK;
    }
    if (statement->count != 1) {
        a->fault = REDAN_S("an approval is of one thing");
        return REDAN_OK;
    }
    REDAN_TRY(redan_bind(&problems, predicate, &body_shape, &body));
    if (problems.count > 0) {
        a->fault = problems.first->text;
        return REDAN_OK;
    }
    a->kind = body.kind;
    a->system = body.system;
    a->role = body.role;
    a->about = body.about;
    a->reason = body.reason;
    a->time = body.time;
    a->until = body.until;
    a->subject = statement->subjects[0].digest;
    if (body.kind == REDAN_APPROVAL_RELEASE)
        return redan_step_read(ctx, predicate, &body.step, &a->step, &a->fault);
    return extra ? redan_format(ctx, &a->fault, "an approval of kind %s has no \"%s\"",
                                redan_approval_words[body.kind], extra)
                 : REDAN_OK;
}

static enum redan_status read_one(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                  size_t *tries, struct redan_approval *a)
{
    struct redan_slice text = {0};
    struct redan_dsse envelope = {0};
    struct redan_statement statement = {0};
    bool whole = false;
    enum redan_status status = redan_file_read(ctx, a->file, ctx->limits.record, false, &text);

    if (status == REDAN_OK)
        status = redan_statement_open(ctx, text, &envelope, &statement);
    if (status == REDAN_E_MEMORY)
        return status;
    if (status != REDAN_OK) {
        REDAN_TRY(redan_copy(ctx, redan_slice_of(ctx->failure.text), &a->fault));
        redan_fail_clear(ctx);
        return REDAN_OK;
    }
    REDAN_TRY(read_body(ctx, &statement, a));
    a->signers = redan_take_array(ctx, envelope.count, sizeof(*a->signers));
    if (!a->signers)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_keyring_signers_within(ctx, ring, &envelope, tries, a->signers,
                                           &a->signer_count, &whole));
    if (!whole && a->fault.len == 0)
        a->fault = REDAN_S("it carries more false signatures than are looked at");
    return REDAN_OK;
}

/* What cannot count is not kept whole: anybody may have laid it there, as large and as often as they like. */
static enum redan_status slim(struct redan_ctx *ctx, struct redan_arena_mark mark,
                              struct redan_approval *a)
{
    struct redan_slice *const texts[] = {&a->system, &a->role, &a->about, &a->reason, &a->fault};

    if (a->fault.len == 0 && a->signer_count > 0)
        return REDAN_OK;
    REDAN_TRY(redan_keep_texts(ctx, mark, texts, REDAN_COUNT(texts), KEPT));
    a->step.heads = NULL;
    a->step.head_count = 0;
    a->signers = NULL;
    a->signer_count = 0;
    return REDAN_OK;
}

enum redan_status redan_approvals_read(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                       struct redan_slice folder, struct redan_approvals *approvals)
{
    struct redan_slice *names = NULL;
    size_t count = 0;
    size_t tries = REDAN_KEYRING_TRIES; /* what false signatures of the whole folder may cost */

    *approvals = (struct redan_approvals){0};
    if (!redan_folder_exists(ctx, folder))
        return REDAN_OK;
    REDAN_TRY(redan_folder_list(ctx, folder, &names, &count));
    approvals->items = redan_take_array(ctx, count, sizeof(*approvals->items));
    if (!approvals->items)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        struct redan_approval *a = &approvals->items[approvals->count];
        if (!redan_slice_ends(names[i], REDAN_S(".json")))
            continue;
        REDAN_TRY(redan_path_join(ctx, folder, names[i], &a->file));
        const struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
        REDAN_TRY(read_one(ctx, ring, &tries, a));
        REDAN_TRY(slim(ctx, mark, a));
        approvals->count++;
    }
    return REDAN_OK;
}

static bool add_time(struct redan_ctx *ctx, struct redan_node *map, const char *key, int64_t time)
{
    char text[REDAN_TIME_TEXT];
    struct redan_slice copy = {0};

    redan_time_text(time, text);
    return redan_copy(ctx, redan_slice_of(text), &copy) == REDAN_OK &&
           redan_node_add_text(ctx, map, key, copy);
}

enum redan_status redan_approval_write(struct redan_ctx *ctx,
                                       const struct redan_approval_draft *draft,
                                       struct redan_dsse *envelope)
{
    struct redan_node *p = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_statement_subject subject = {.digest = *draft->subject};
    struct redan_statement statement = {&subject, 1, REDAN_S(REDAN_PREDICATE_APPROVAL), p};

    assert((draft->kind == REDAN_APPROVAL_RELEASE) == (draft->step != NULL));
    REDAN_TRY(redan_format(
        ctx, &subject.name, "%s:%.*s%s%.*s",
        draft->kind == REDAN_APPROVAL_RELEASE ? "threat-model" : redan_approval_words[draft->kind],
        REDAN_FMT(draft->system), draft->about.len ? "/" : "", REDAN_FMT(draft->about)));
    if (!p ||
        !redan_node_add_text(ctx, p, "kind", redan_slice_of(redan_approval_words[draft->kind])) ||
        !redan_node_add_text(ctx, p, "system", draft->system) ||
        !redan_node_add_text(ctx, p, "role", draft->role) ||
        (draft->about.len && !redan_node_add_text(ctx, p, "about", draft->about)) ||
        (draft->reason.len && !redan_node_add_text(ctx, p, "reason", draft->reason)) ||
        !add_time(ctx, p, "time", ctx->now) ||
        (draft->until && !add_time(ctx, p, "until", draft->until)))
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_release_add(ctx, p, draft->release));
    if (draft->step)
        REDAN_TRY(redan_step_write(ctx, draft->step, p));
    *envelope = (struct redan_dsse){.payload_type = REDAN_S(REDAN_DSSE_INTOTO)};
    REDAN_TRY(redan_statement_write(ctx, &statement, &envelope->payload));
    return redan_statement_fits(ctx, envelope->payload);
}

enum redan_status redan_approvals_add(struct redan_ctx *ctx, struct redan_slice folder,
                                      const struct redan_dsse *envelope, struct redan_slice *path)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    struct redan_digest digest;
    char name[REDAN_DIGEST_HEX];

    redan_buf_init(&text, ctx, ctx->limits.record);
    redan_dsse_add(&text, envelope);
    REDAN_TRY(redan_buf_ok(ctx, &text, "the approval"));
    REDAN_TRY(redan_sha256(ctx, redan_buf_view(&text), &digest));
    redan_digest_hex(&digest, name);
    REDAN_TRY(redan_format(ctx, path, "%.*s/%s.json", REDAN_FMT(folder), name));
    return redan_file_create(ctx, *path, 0644, redan_buf_view(&text));
}
