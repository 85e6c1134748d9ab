/* Reading approvals and counting who stands behind a subject. */
#include "threat/approval.h"

#include <assert.h>

#include "base/clock.h"
#include "io/file.h"

const char *const redan_approval_words[] = {"release", "acceptance", "not-applicable", NULL};

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
};

#define AT(field) offsetof(struct body, field)
static const struct redan_bind_field body_fields[] = {
    {"kind", REDAN_BIND_WORD, true, AT(kind), NULL, redan_approval_words,
     "release, acceptance or not-applicable"},
    {"system", REDAN_BIND_ID, true, AT(system), NULL, NULL, "the system's id"},
    {"role", REDAN_BIND_ID, true, AT(role), NULL, NULL, "the role that signs"},
    {"about", REDAN_BIND_TEXT, false, AT(about), NULL, NULL, "a threat, or control/evidence"},
    {"reason", REDAN_BIND_TEXT, false, AT(reason), NULL, NULL, "why"},
    {"time", REDAN_BIND_DATE, true, AT(time), NULL, NULL, "when, as RFC 3339"},
    {"until", REDAN_BIND_DATE, false, AT(until), NULL, NULL, "its end"},
    {"release", REDAN_BIND_NODE, false, AT(release), NULL, NULL, "digests"},
};
static const struct redan_bind_shape body_shape = {"an approval", sizeof(struct body), SIZE_MAX,
                                                   body_fields, REDAN_COUNT(body_fields)};

static enum redan_status read_body(struct redan_ctx *ctx, const struct redan_statement *statement,
                                   struct redan_approval *a)
{
    struct redan_problems problems;
    struct body body;

    redan_problems_init(&problems, ctx, a->file);
    if (!redan_slice_is(statement->predicate_type, REDAN_PREDICATE_APPROVAL)) {
        a->fault = REDAN_S("not an approval");
        return REDAN_OK;
    }
    REDAN_TRY(redan_bind(&problems, statement->predicate, &body_shape, &body));
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
    assert(statement->count > 0); /* a statement without a subject is not parsed */
    a->subject = statement->subjects[0].digest;
    return REDAN_OK;
}

static enum redan_status read_one(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                  struct redan_approval *a)
{
    struct redan_slice text = {0};
    struct redan_dsse envelope = {0};
    struct redan_statement statement = {0};
    enum redan_status status = redan_file_read(ctx, a->file, ctx->limits.file, false, &text);

    if (status == REDAN_OK)
        status = redan_dsse_parse(ctx, text, &envelope);
    if (status == REDAN_OK)
        status = redan_slice_is(envelope.payload_type, REDAN_DSSE_INTOTO)
                     ? redan_statement_parse(ctx, envelope.payload, &statement)
                     : redan_fail(ctx, REDAN_E_SCHEMA, 0, "not an in-toto envelope");
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
    return redan_keyring_signers(ctx, ring, &envelope, a->signers, &a->signer_count);
}

enum redan_status redan_approvals_read(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                       struct redan_slice folder, struct redan_approvals *approvals)
{
    struct redan_slice *names = NULL;
    size_t count = 0;

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
        REDAN_TRY(read_one(ctx, ring, a));
        approvals->count++;
    }
    return REDAN_OK;
}

/* Whether one signature counts; if not, why. */
static enum redan_status signer_counts(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                       const struct redan_approval *a,
                                       const struct redan_signer *signer, struct redan_slice role,
                                       const struct redan_texts *barred, bool *counts,
                                       struct redan_slice *why)
{
    const struct redan_keyring_key *key = signer->key;
    int64_t at = signer->stamped ? signer->stamped : a->time; /* a stamp is better than a word */
    enum redan_key_state state = redan_keyring_state(key, at);

    *counts = false;
    if (!redan_keyring_holds(ring, key->holder, role))
        return redan_format(ctx, why, "%.*s does not hold the role %.*s", REDAN_FMT(key->holder),
                            REDAN_FMT(role));
    if (barred && redan_texts_have(barred, key->holder))
        return redan_format(ctx, why, "%.*s owns what is to be accepted", REDAN_FMT(key->holder));
    if (state != REDAN_KEY_VALID)
        return redan_format(ctx, why, "the key %.*s was %s when it signed", REDAN_FMT(key->id),
                            redan_key_state_name(state));
    *counts = true;
    return REDAN_OK;
}

enum redan_status redan_approvals_consent(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                          const struct redan_approvals *approvals,
                                          struct redan_slice system, enum redan_approval_kind kind,
                                          const struct redan_digest *subject,
                                          struct redan_slice role, const struct redan_texts *barred,
                                          struct redan_consent *consent)
{
    size_t most = 0;

    *consent = (struct redan_consent){0};
    for (size_t i = 0; i < approvals->count; i++)
        most += approvals->items[i].signer_count;
    consent->holders = redan_take_array(ctx, most, sizeof(*consent->holders));
    if (!consent->holders)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < approvals->count; i++) {
        const struct redan_approval *a = &approvals->items[i];
        if (a->fault.len || a->kind != (int)kind || !redan_slice_eq(a->system, system) ||
            !redan_digest_eq(&a->subject, subject) || !redan_slice_eq(a->role, role))
            continue;
        if (a->time > ctx->now + 300) {
            consent->why = REDAN_S("signed in the future");
            continue;
        }
        if (a->until != 0 && a->until <= ctx->now) {
            consent->why = REDAN_S("it has expired");
            continue;
        }
        for (size_t k = 0; k < a->signer_count; k++) {
            const struct redan_keyring_key *key = a->signers[k].key;
            bool counts = false;
            REDAN_TRY(
                signer_counts(ctx, ring, a, &a->signers[k], role, barred, &counts, &consent->why));
            const struct redan_texts so_far = {consent->holders, consent->count};
            if (!counts || redan_texts_have(&so_far, key->holder))
                continue;
            consent->holders[consent->count++] = key->holder;
            if (a->until != 0 && (consent->until == 0 || a->until < consent->until))
                consent->until = a->until;
        }
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
    *envelope = (struct redan_dsse){.payload_type = REDAN_S(REDAN_DSSE_INTOTO)};
    return redan_statement_write(ctx, &statement, &envelope->payload);
}

enum redan_status redan_approvals_add(struct redan_ctx *ctx, struct redan_slice folder,
                                      const struct redan_dsse *envelope, struct redan_slice *path)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    struct redan_digest digest;
    char name[REDAN_DIGEST_HEX];

    redan_buf_init(&text, ctx, ctx->limits.file);
    redan_dsse_add(&text, envelope);
    REDAN_TRY(redan_buf_ok(ctx, &text, "the approval"));
    REDAN_TRY(redan_sha256(ctx, redan_buf_view(&text), &digest));
    redan_digest_hex(&digest, name);
    REDAN_TRY(redan_format(ctx, path, "%.*s/%s.json", REDAN_FMT(folder), name));
    return redan_file_create(ctx, *path, 0644, redan_buf_view(&text));
}
