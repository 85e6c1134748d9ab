/* The words of evidence, and the judgement of one query over a store of records. */
#include "record/evidence.h"

#include "base/clock.h"
#include "record/canonical_tree.h"
#include "record/store.h"

const char *const redan_outcome_words[] = {
    "pass",          "not-applicable", "fail",         "stale", "missing", "gap",
    "wrong-subject", "wrong-context",  "wrong-signer", "error", NULL};
const char *const redan_grade_words[] = {"E0", "E1", "E2", "E3", "E4", NULL};
const char *const redan_mode_words[] = {"enforce", "observe", NULL};

enum { SKEW = 300, LIVE = 7 * 86400, STAMP_SLACK = 3600 };

bool redan_outcome_holds(enum redan_outcome outcome)
{
    return outcome == REDAN_OUTCOME_PASS || outcome == REDAN_OUTCOME_WAIVED;
}

bool redan_outcome_unclear(enum redan_outcome outcome)
{
    return outcome == REDAN_OUTCOME_GAP || outcome == REDAN_OUTCOME_ERROR;
}

enum redan_status redan_system_digest(struct redan_ctx *ctx, struct redan_slice system,
                                      struct redan_digest *digest)
{
    return redan_tagged_digest(ctx, "system", system, digest);
}

/* One judgement under way. */
struct judging {
    struct redan_ctx *ctx;
    const struct redan_keyring *ring;
    const struct redan_store *store;
    const struct redan_query *query;
    struct redan_judgement *out;
};

/* The command that records an answer to a query. */
static enum redan_status how_to(struct redan_ctx *ctx, const struct redan_query *q,
                                const char *first, struct redan_slice *action)
{
    const struct redan_evidence_how *how = q->type->how;

    return redan_format(ctx, action, "%s: redan %s%s%.*s/%.*s %s%s%.*s%s%s KEY", first,
                        how && how->command ? how->command : "evidence ",
                        how ? how->before : "add ", REDAN_FMT(q->control), REDAN_FMT(q->id),
                        how ? how->after : "--observed FILE ", q->covers.len ? "--covers " : "",
                        REDAN_FMT(q->covers), q->covers.len ? " " : "",
                        how && how->key ? how->key : "--key");
}

static enum redan_status conclude(struct judging *j, enum redan_outcome outcome,
                                  struct redan_slice detail, const char *action)
{
    j->out->outcome = outcome;
    j->out->detail = detail;
    return how_to(j->ctx, j->query, action, &j->out->action);
}

static bool names_query(const struct redan_record *r, const struct redan_query *q)
{
    return redan_slice_eq(r->control, q->control) && redan_slice_eq(r->evidence, q->id);
}

static bool names_digest(const struct redan_record *r, const struct redan_digest *digest)
{
    for (size_t i = 0; i < r->statement.count; i++) {
        if (redan_digest_eq(&r->statement.subjects[i].digest, digest))
            return true;
    }
    return false;
}

static bool about_subject(const struct redan_record *r, const struct redan_query *q,
                          const struct redan_release *release)
{
    const struct redan_release_item *one = q->subject;
    size_t want = one ? 1 : release->count;

    if (q->covers.len)
        return names_digest(r, &q->covered);
    for (size_t i = 0; i < want; i++) {
        if (!names_digest(r, one ? &one->digest : &release->items[i].digest))
            return false;
    }
    return want > 0;
}

/* By id or by name: one person may be listed under two ids. */
static bool is_barred(const struct judging *j, struct redan_slice holder)
{
    const struct redan_keyring_holder *known = redan_keyring_holder(j->ring, holder);
    const struct redan_texts *barred = &j->query->barred;
    struct redan_slice name = known ? redan_slice_trim(known->name) : (struct redan_slice){"", 0};

    for (size_t i = 0; i < barred->count; i++) {
        struct redan_slice who = redan_slice_trim(barred->items[i]);
        if (redan_keyring_alike(who, holder) || redan_keyring_alike(who, name))
            return true;
    }
    return false;
}

/* The signature of a key that was valid when the record was made, held by the producer the record names, who is the one the
 * query asks for, and is not barred. NULL and the reason otherwise. */
static const struct redan_signer *right_signer(struct judging *j, const struct redan_record *r,
                                               bool *barred, struct redan_slice *why)
{
    const struct redan_query *q = j->query;

    *why = REDAN_S("no signature of a key in keys.yaml verifies");
    for (size_t i = 0; i < r->signer_count; i++) {
        const struct redan_keyring_key *key = r->signers[i].key;
        enum redan_key_state state =
            redan_keyring_state_signed(key, r->time, r->signers[i].stamped);
        enum redan_key_state today = redan_keyring_state(key, j->ctx->now);
        bool named = q->signer.len ? redan_slice_eq(key->holder, q->signer)
                                   : redan_keyring_holds(j->ring, key->holder, q->role);
        if (!named || !redan_slice_eq(key->holder, r->producer)) {
            if (redan_format(j->ctx, why, "signed by %.*s, who is not %s %.*s",
                             REDAN_FMT(key->holder), q->signer.len ? "the signer" : "in the role",
                             REDAN_FMT(q->signer.len ? q->signer : q->role)) != REDAN_OK)
                return NULL;
        } else if (state != REDAN_KEY_VALID) {
            if (redan_format(j->ctx, why, "the key %.*s of %.*s was %s when it signed",
                             REDAN_FMT(key->id), REDAN_FMT(key->holder),
                             redan_key_state_name(state)) != REDAN_OK)
                return NULL;
        } else if (r->signers[i].stamped == 0 && today != REDAN_KEY_VALID) {
            if (redan_format(j->ctx, why,
                             "the key %.*s of %.*s is %s, and no stamp says when it signed",
                             REDAN_FMT(key->id), REDAN_FMT(key->holder),
                             redan_key_state_name(today)) != REDAN_OK)
                return NULL;
        } else if (is_barred(j, key->holder)) {
            *barred = true;
            if (redan_format(j->ctx, why, "signed by %.*s, who leads this system",
                             REDAN_FMT(key->holder)) != REDAN_OK)
                return NULL;
        } else {
            return &r->signers[i];
        }
    }
    return NULL;
}

enum stage { NOTHING, FAULTY, FOREIGN, UNSIGNED, OTHER_STREAM, OTHER_SUBJECT, OTHER_QUERY, FOUND };

struct search {
    const struct redan_record *best;
    const struct redan_signer *signer;
    enum stage stage; /* how far the best candidate got */
    bool barred;      /* UNSIGNED, because who signed may not */
    struct redan_slice why;
};

/* How far one record gets on the way to answering the query. */
static enum stage reach(struct judging *j, const struct redan_record *r,
                        const struct redan_release *release, struct search *found)
{
    const struct redan_query *q = j->query;
    struct redan_slice *why = &found->why;

    if (!names_query(r, q))
        return NOTHING;
    if (r->fault.len) {
        *why = r->fault;
        return FAULTY;
    }
    if (!redan_slice_eq(r->system, q->system)) {
        *why = REDAN_S("recorded for another system");
        return FOREIGN;
    }
    found->signer = right_signer(j, r, &found->barred, why);
    if (!found->signer)
        return UNSIGNED;
    if (!redan_slice_eq(r->ledger, q->ledger)) {
        *why = REDAN_S("recorded in another ledger");
        return OTHER_STREAM;
    }
    if (!about_subject(r, q, release))
        return OTHER_SUBJECT;
    return redan_digest_eq(&r->query, &q->digest) && r->type == q->type ? FOUND : OTHER_QUERY;
}

/* The records that may be about the query, one after the other: NULL at the end. */
static const struct redan_record *first_of(const struct redan_store *store,
                                           struct redan_slice control)
{
    const struct redan_store_list *list = NULL;

    if (!store->next)
        return store->count ? store->records : NULL;
    list = redan_map_get(&store->by_control, control);
    return list ? list->first : NULL;
}

static const struct redan_record *next_of(const struct redan_store *store,
                                          const struct redan_record *r)
{
    size_t i = (size_t)(r - store->records);

    if (store->next)
        return store->next[i];
    return i + 1 < store->count ? r + 1 : NULL;
}

/* The newest record that gets furthest. A record by the wrong signer never hides one by the right signer. */
static void search(struct judging *j, const struct redan_release *release, struct search *s)
{
    for (const struct redan_record *r = first_of(j->store, j->query->control); r;
         r = next_of(j->store, r)) {
        struct search found = {.best = r};
        enum stage stage = found.stage = reach(j, r, release, &found);
        bool newer = s->best && (r->time > s->best->time ||
                                 (r->time == s->best->time && r->seq > s->best->seq));
        /* the newest of those about the released subject counts, whichever query it answers */
        enum stage rank = stage == OTHER_QUERY ? FOUND : stage;
        enum stage held = s->stage == OTHER_QUERY ? FOUND : s->stage;
        if (stage != NOTHING && (rank > held || (rank == held && newer)))
            *s = found;
    }
}

static enum redan_status not_found(struct judging *j, const struct search *s)
{
    struct redan_slice text = s->why;
    const struct redan_slice subject =
        j->query->subject ? j->query->subject->name : REDAN_S("the release");

    j->out->record = s->best;
    switch (s->stage) {
    case FAULTY:
        return conclude(j, REDAN_OUTCOME_ERROR, text, "remove the file and record it again");
    case FOREIGN:
    case OTHER_STREAM:
        return conclude(j, REDAN_OUTCOME_WRONG_CONTEXT, text, "run it where the query asks");
    case OTHER_QUERY:
        return conclude(j, REDAN_OUTCOME_WRONG_CONTEXT,
                        REDAN_S("the query has changed since it was recorded"),
                        "run it again and record it");
    case UNSIGNED:
        j->out->barred = s->barred;
        return conclude(j, REDAN_OUTCOME_WRONG_SIGNER, text, "have the right producer record it");
    case OTHER_SUBJECT:
        if (j->query->covers.len) {
            REDAN_TRY(redan_format(j->ctx, &text, "it does not cover the system %.*s",
                                   REDAN_FMT(j->query->covers)));
            return conclude(j, REDAN_OUTCOME_WRONG_SUBJECT, text,
                            "record it for all that it covers");
        }
        REDAN_TRY(redan_format(j->ctx, &text, "recorded about another digest than that of %.*s",
                               REDAN_FMT(subject)));
        return conclude(j, REDAN_OUTCOME_WRONG_SUBJECT, text,
                        "run it on what is released now and record it");
    case NOTHING:
        if (j->query->signer.len == 0 || !is_barred(j, j->query->signer))
            break;
        j->out->barred = true;
        REDAN_TRY(redan_format(j->ctx, &text, "it is to be signed by %.*s, who leads this system",
                               REDAN_FMT(j->query->signer)));
        return conclude(j, REDAN_OUTCOME_WRONG_SIGNER, text,
                        "name another signer in the query, and have them record it");
    case FOUND:
        break;
    }
    return conclude(j, REDAN_OUTCOME_MISSING, REDAN_S("nothing recorded"), "run it and record it");
}

static enum redan_grade grade_of(const struct redan_query *q, const struct redan_record *r,
                                 const struct redan_signer *signer)
{
    enum redan_grade grade = q->type->best;

    if (grade == REDAN_GRADE_LIVE && (q->fresh == 0 || q->fresh > LIVE))
        grade = REDAN_GRADE_MEASURED;
    if (r->imported && !r->source_signed && grade > REDAN_GRADE_SIGNED)
        grade = REDAN_GRADE_SIGNED;
    if (signer->stamped == 0 && grade > REDAN_GRADE_VERIFIED)
        grade = REDAN_GRADE_VERIFIED; /* a time that only the producer vouches for */
    return grade;
}

/* Time, chain and mode of the record that answers. True when it may be judged. */
static enum redan_status admissible(struct judging *j, const struct search *s, bool *ok)
{
    const struct redan_query *q = j->query;
    const struct redan_record *r = s->best;
    const struct redan_chain *chain =
        redan_chain_of(j->store->chains, j->store->chain_count, r->producer, r->system);
    int64_t now = j->ctx->now;
    struct redan_slice text = {0};
    char age[REDAN_TIME_TEXT];

    *ok = false;
    if (r->time > now + SKEW)
        return conclude(j, REDAN_OUTCOME_ERROR, REDAN_S("recorded in the future"),
                        "set the producer's clock and record it again");
    if (s->signer->stamped != 0 &&
        (s->signer->stamped < r->time - STAMP_SLACK || s->signer->stamped > r->time + STAMP_SLACK))
        return conclude(j, REDAN_OUTCOME_ERROR,
                        REDAN_S("its time and its time stamp are more than an hour apart"),
                        "record it again");
    if (!chain || !chain->whole) {
        REDAN_TRY(redan_format(j->ctx, &text, "the chain of %.*s has a gap: %.*s",
                               REDAN_FMT(r->producer),
                               REDAN_FMT(chain ? chain->fault : REDAN_S("no chain"))));
        return conclude(j, REDAN_OUTCOME_GAP, text,
                        "restore the withheld record; if it is lost, enrol the producer as a "
                        "new holder and record");
    }
    if (r->mode != q->mode) {
        REDAN_TRY(redan_format(j->ctx, &text, "recorded in mode %s, expected %s",
                               redan_mode_words[r->mode], redan_mode_words[q->mode]));
        return conclude(j, REDAN_OUTCOME_WRONG_CONTEXT, text, "run it in that mode and record it");
    }
    if (s->signer->stamped == 0) /* without a stamp, as long as its key counts */
        j->out->until = s->signer->key->until;
    if (q->fresh != 0) {
        int64_t stale = r->time + q->fresh;
        if (j->out->until == 0 || stale < j->out->until)
            j->out->until = stale;
        if (now > stale) {
            redan_span_text(now - r->time, age);
            REDAN_TRY(redan_format(j->ctx, &text, "%s old", age));
            return conclude(j, REDAN_OUTCOME_STALE, text, "run it again and record it");
        }
    }
    *ok = true;
    return REDAN_OK;
}

static bool is(const struct redan_node *node, const char *want)
{
    bool truth = false;

    if (node->kind == REDAN_NODE_BOOL && redan_node_bool(node, &truth))
        return redan_slice_is(truth ? REDAN_S("true") : REDAN_S("false"), want);
    return redan_slice_is(node->text, want);
}

/* A fact that is not recorded is an error, one with another value a failure. */
static enum redan_status judge_facts(struct redan_ctx *ctx, const struct redan_record *record,
                                     enum redan_outcome *outcome, struct redan_slice *detail)
{
    const struct redan_evidence_fact *fact = record->type->facts;

    for (; fact && fact->field; fact++) {
        const struct redan_node *node = redan_node_get(record->observed, fact->field);
        if (!node) {
            *outcome = REDAN_OUTCOME_ERROR;
            return redan_format(ctx, detail, "the record does not say \"%s\"", fact->field);
        }
        if (fact->want && !is(node, fact->want)) {
            *outcome = REDAN_OUTCOME_FAIL;
            return redan_format(ctx, detail, "%s is not %s", fact->field, fact->want);
        }
    }
    return REDAN_OK;
}

static enum redan_status judge_content(struct redan_ctx *ctx, const struct redan_query *query,
                                       const struct redan_record *record,
                                       enum redan_outcome *outcome, struct redan_slice *detail,
                                       int64_t *until)
{
    struct redan_query q = *query;
    struct redan_node seen = *record->observed; /* the same children, and n as one more */
    struct redan_node n = {.kind = REDAN_NODE_NUMBER, .key = REDAN_S("n")};
    bool holds = false;

    *outcome = REDAN_OUTCOME_PASS;
    REDAN_TRY(judge_facts(ctx, record, outcome, detail));
    if (*outcome == REDAN_OUTCOME_PASS && q.type->judge)
        REDAN_TRY(q.type->judge(ctx, &q, record, outcome, detail));
    if (*outcome != REDAN_OUTCOME_PASS)
        return REDAN_OK;
    REDAN_TRY(redan_format(ctx, &n.text, "%llu", (unsigned long long)record->n));
    n.next = seen.first; /* in front, so that an observed "n" cannot stand in for the record's */
    seen.first = &n;
    REDAN_TRY(redan_compare(ctx, q.expect, &seen, q.type->rigour, &holds, detail, until));
    *outcome = holds ? REDAN_OUTCOME_PASS : REDAN_OUTCOME_FAIL;
    return REDAN_OK;
}

enum redan_status redan_evidence_judge(struct redan_ctx *ctx, const struct redan_keyring *ring,
                                       const struct redan_store *store,
                                       const struct redan_release *release,
                                       const struct redan_query *query,
                                       struct redan_judgement *judgement)
{
    struct judging j = {ctx, ring, store, query, judgement};
    struct search s = {0};
    enum redan_outcome outcome = REDAN_OUTCOME_ERROR;
    struct redan_slice detail = {0};
    bool ok = false;

    *judgement = (struct redan_judgement){.query = query, .outcome = REDAN_OUTCOME_ERROR};
    search(&j, release, &s);
    if (s.stage != FOUND)
        return not_found(&j, &s);
    judgement->record = s.best;
    REDAN_TRY(admissible(&j, &s, &ok));
    if (!ok)
        return REDAN_OK;
    if (s.best->n == 0) {
        REDAN_TRY(redan_format(ctx, &detail, "n is 0: no %s were taken", query->type->counts));
        return conclude(&j, REDAN_OUTCOME_FAIL, detail, "run it on real input and record it");
    }
    REDAN_TRY(judge_content(ctx, query, s.best, &outcome, &detail, &judgement->until));
    if (outcome == REDAN_OUTCOME_PASS) {
        judgement->outcome = outcome;
        judgement->grade = grade_of(query, s.best, s.signer);
        return REDAN_OK;
    }
    return conclude(&j, outcome, detail,
                    outcome == REDAN_OUTCOME_FAIL ? "mend the control, then run it and record it"
                                                  : "record it again");
}
