/* Holds a verification summary against the pinned keys, the releases asked for, and the clock. */
#include "threat/admission.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "threat/vsa.h"

/* A summary, read. */
struct summary {
    struct redan_dsse envelope;
    struct redan_statement statement;
    struct redan_slice system; /* resourceUri */
    int64_t verified;
    int64_t until;
    uint64_t keys; /* versions and step that the verdict stood on */
    uint64_t org;
    uint64_t number; /* 0: no approved step is named */
};

struct judge {
    struct redan_ctx *ctx;
    const struct redan_system *keys;
    const struct redan_admission_ask *ask;
    struct summary summary;
    struct redan_admission *out;
    bool refused; /* the first refusal stands */
};

static const char gate_again[] = "gate the release again: redan check --vsa FILE --key KEY";

static REDAN_PRINTF(3, 4) enum redan_status
    refuse(struct judge *j, const char *action, const char *format, ...)
{
    char line[512];
    va_list args;

    if (j->refused)
        return REDAN_OK;
    j->refused = true;
    va_start(args, format);
    int len = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (len < 0)
        line[0] = '\0';
    j->out->word = REDAN_WORD_FAIL;
    j->out->action = redan_slice_of(action);
    return redan_copy(j->ctx, redan_slice_of(line), &j->out->headline);
}

static enum redan_status judge_trust(struct judge *j)
{
    const struct redan_system *k = j->keys;
    const struct redan_problem *p = k->problems.first;

    if (p)
        return refuse(j, "mend keys.yaml: redan lint", "keys.yaml:%u:%u: %.*s", p->line, p->column,
                      REDAN_FMT(p->text));
    if (k->trust == REDAN_TRUST_UNPINNED) {
        REDAN_TRY(refuse(j, "pin the root: --root, REDAN_ROOT or /etc/redan/root", "%.*s",
                         REDAN_FMT(k->trust_detail)));
        j->out->word = REDAN_WORD_INDETERMINATE;
        return REDAN_OK;
    }
    if (k->trust != REDAN_TRUST_PINNED)
        return refuse(j,
                      k->handed_over ? "pin the new root when those who hold it have told you to"
                                     : "bring the keys.yaml and keys.dsse.json of the pinned root",
                      "%.*s", REDAN_FMT(k->trust_detail));
    if (k->ring.version < k->pin.keys_version)
        return refuse(j, "bring the keys.yaml of today",
                      "keys.yaml has version %llu, and the pin asks for %llu",
                      (unsigned long long)k->ring.version, (unsigned long long)k->pin.keys_version);
    return REDAN_OK;
}

/* A number of the predicate that is a whole one. */
static bool whole(const struct redan_node *map, const char *key, uint64_t *value)
{
    const struct redan_node *n = redan_node_get(map, key);

    return n && n->kind == REDAN_NODE_NUMBER && redan_slice_u64(n->text, value);
}

static enum redan_status not_ours(struct judge *j, const char *what)
{
    return refuse(j, gate_again, "the summary %s", what);
}

static enum redan_status read_redan(struct judge *j, const struct redan_node *predicate)
{
    struct summary *s = &j->summary;
    const struct redan_node *own = redan_node_get(predicate, "redan");
    const struct redan_node *until = redan_node_get(own, "until");

    if (!whole(own, "keys", &s->keys) || !whole(own, "org", &s->org))
        return not_ours(j, "does not say which keys.yaml and org.yaml it stood on");
    if (redan_node_get(own, "number") && !whole(own, "number", &s->number))
        return not_ours(j, "has a number that is none");
    if (until && (until->kind != REDAN_NODE_TEXT || !redan_time_parse(until->text, &s->until)))
        return not_ours(j, "has an end that is no time");
    return REDAN_OK;
}

static enum redan_status read_predicate(struct judge *j)
{
    struct summary *s = &j->summary;
    const struct redan_node *p = s->statement.predicate;
    struct redan_slice verifier = redan_node_text(redan_node_get(p, "verifier"), "id");

    if (!redan_slice_is(s->statement.predicate_type, REDAN_PREDICATE_VSA))
        return not_ours(j, "is of another kind than a SLSA verification summary v1");
    if (!redan_slice_is(verifier, REDAN_VSA_VERIFIER))
        return not_ours(j, "is by another verifier than redan check");
    s->system = redan_node_text(p, "resourceUri");
    if (s->system.len == 0)
        return not_ours(j, "names no system");
    if (!redan_time_parse(redan_node_text(p, "timeVerified"), &s->verified))
        return not_ours(j, "does not say when it was made");
    return read_redan(j, p);
}

static enum redan_status judge_result(struct judge *j)
{
    const struct redan_node *p = j->summary.statement.predicate;

    if (redan_slice_is(redan_node_text(p, "verificationResult"), "PASSED"))
        return REDAN_OK;
    return refuse(j, "see why: redan check; a release that fails is not run",
                  "the verdict on %.*s was not a pass", REDAN_FMT(j->summary.system));
}

static enum redan_status read_summary(struct judge *j, struct redan_slice text)
{
    struct summary *s = &j->summary;
    enum redan_status status = redan_statement_open(j->ctx, text, &s->envelope, &s->statement);

    if (status == REDAN_OK)
        return REDAN_OK;
    if (status == REDAN_E_MEMORY)
        return status;
    status = refuse(j, gate_again, "this is no signed summary: %s", j->ctx->failure.text);
    redan_fail_clear(j->ctx);
    return status;
}

/* Distinct holders of the role whose keys count now, and counted when the verdict was made. */
/* One person counts once, whatever id signs. */
static bool is_new(const struct judge *j, const struct redan_texts *seen, struct redan_slice holder)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (redan_consent_same_person(&j->keys->ring, seen->items[i], holder))
            return false;
    }
    return true;
}

static enum redan_status count_gates(struct judge *j, const struct redan_signer *signers,
                                     size_t count, uint64_t *found, struct redan_slice *why)
{
    struct redan_texts seen = {redan_take_array(j->ctx, count, sizeof(struct redan_slice)), 0};

    if (!seen.items)
        return REDAN_E_MEMORY;
    *why = REDAN_S("no key of keys.yaml signed it");
    for (size_t i = 0; i < count; i++) {
        const struct redan_keyring_key *key = signers[i].key;
        enum redan_key_state now = redan_keyring_state(key, j->ctx->now);
        enum redan_key_state then = redan_keyring_state(key, j->summary.verified);
        enum redan_key_state state = now != REDAN_KEY_VALID ? now : then;
        if (state != REDAN_KEY_VALID)
            REDAN_TRY(redan_format(j->ctx, why, "the key %.*s is %s", REDAN_FMT(key->id),
                                   redan_key_state_name(state)));
        else if (!redan_keyring_holds(&j->keys->ring, key->holder, REDAN_S(REDAN_ADMISSION_ROLE)))
            REDAN_TRY(redan_format(j->ctx, why, "%.*s does not hold the role %s",
                                   REDAN_FMT(key->holder), REDAN_ADMISSION_ROLE));
        else if (is_new(j, &seen, key->holder))
            seen.items[seen.count++] = key->holder;
    }
    *found = seen.count;
    if (seen.count > 0)
        j->out->signer = seen.items[0];
    return REDAN_OK;
}

static enum redan_status judge_signer(struct judge *j)
{
    const struct redan_keyring_role *role =
        redan_keyring_role(&j->keys->ring, REDAN_S(REDAN_ADMISSION_ROLE));
    struct redan_signer *signers =
        redan_take_array(j->ctx, j->summary.envelope.count, sizeof(*signers));
    struct redan_slice why = {0};
    uint64_t found = 0;
    size_t count = 0;

    if (!signers)
        return REDAN_E_MEMORY;
    if (!role)
        return refuse(j, "add one: redan keys add, with --role gate",
                      "keys.yaml has no role %s: nobody may sign summaries", REDAN_ADMISSION_ROLE);
    enum redan_status status =
        redan_keyring_signers(j->ctx, &j->keys->ring, &j->summary.envelope, signers, &count);
    if (status != REDAN_OK && status != REDAN_E_MEMORY) { /* an envelope made to be slow, or odd */
        status = refuse(j, gate_again, "the summary's signatures: %s", j->ctx->failure.text);
        redan_fail_clear(j->ctx);
        return status;
    }
    REDAN_TRY(status);
    REDAN_TRY(count_gates(j, signers, count, &found, &why));
    if (found > 0 && found >= role->quorum)
        return REDAN_OK;
    if (found > 0)
        return refuse(j, "let more holders of the role sign it",
                      "%llu of %llu holders of the role %s signed", (unsigned long long)found,
                      (unsigned long long)role->quorum, REDAN_ADMISSION_ROLE);
    return refuse(j, "sign the summary with the key of a holder of the role gate", "%.*s",
                  REDAN_FMT(why));
}

static enum redan_status judge_time(struct judge *j)
{
    const struct summary *s = &j->summary;
    char text[REDAN_TIME_TEXT];

    redan_time_text(s->verified, text);
    if (s->verified > j->ctx->now)
        return refuse(j, "set the clocks right", "the verdict is of %s, which is in the future",
                      text);
    if (j->ctx->now - s->verified > j->ask->max_age) {
        redan_span_text(j->ctx->now - s->verified, text);
        return refuse(j, gate_again, "the verdict is %s old, more than is allowed here", text);
    }
    redan_time_text(s->until, text);
    if (s->until != 0 && s->until <= j->ctx->now)
        return refuse(j, gate_again, "something that the verdict stood on ended at %s", text);
    return REDAN_OK;
}

static enum redan_status judge_versions(struct judge *j)
{
    const struct summary *s = &j->summary;
    const struct redan_pin *pin = &j->keys->pin;

    if (s->keys > j->keys->ring.version)
        return refuse(j, "bring the keys.yaml of today",
                      "the verdict stood on version %llu of keys.yaml, and here is version %llu",
                      (unsigned long long)s->keys, (unsigned long long)j->keys->ring.version);
    if (s->keys < pin->keys_version)
        return refuse(j, gate_again,
                      "the verdict stood on version %llu of keys.yaml, and the pin asks for %llu",
                      (unsigned long long)s->keys, (unsigned long long)pin->keys_version);
    if (s->org < pin->org_version)
        return refuse(j, gate_again,
                      "the verdict stood on version %llu of org.yaml, and the pin asks for %llu",
                      (unsigned long long)s->org, (unsigned long long)pin->org_version);
    return REDAN_OK;
}

static const struct redan_digest *subject_named(const struct summary *s, const char *kind,
                                                struct redan_slice name)
{
    for (size_t i = 0; i < s->statement.count; i++) {
        struct redan_slice before = {0};
        struct redan_slice after = {0};
        if (redan_slice_cut(s->statement.subjects[i].name, ':', &before, &after) &&
            redan_slice_is(before, kind) && redan_slice_eq(after, name))
            return &s->statement.subjects[i].digest;
    }
    return NULL;
}

/* The threat model may not be older than the pinned one, nor another in its place. */
static enum redan_status judge_step(struct judge *j)
{
    const struct summary *s = &j->summary;
    const struct redan_pin_last *last = redan_pin_last(&j->keys->pin, s->system);
    const struct redan_digest *root = subject_named(s, "threat-model", s->system);

    if (j->ask->system.len && !redan_slice_eq(s->system, j->ask->system))
        return refuse(j, "bring the summary of the system that is deployed",
                      "the summary is about the system %.*s, not %.*s", REDAN_FMT(s->system),
                      REDAN_FMT(j->ask->system));
    if (!root)
        return not_ours(j, "does not name the threat model it is about");
    if (!last)
        return REDAN_OK;
    if (s->number < last->number)
        return refuse(j, gate_again,
                      "the verdict stood on the approved threat model %llu, and the pin asks for "
                      "%llu",
                      (unsigned long long)s->number, (unsigned long long)last->number);
    if (s->number == last->number && !redan_digest_eq(root, &last->root))
        return refuse(j, gate_again,
                      "the verdict stood on another threat model %llu than the pinned one",
                      (unsigned long long)s->number);
    return REDAN_OK;
}

static enum redan_status judge_releases(struct judge *j)
{
    const struct redan_statement *statement = &j->summary.statement;

    for (size_t i = 0; i < j->ask->release_count; i++) {
        bool named = false;
        char hex[REDAN_DIGEST_HEX];
        for (size_t k = 0; k < statement->count && !named; k++)
            named = redan_slice_starts(statement->subjects[k].name, REDAN_S("release:")) &&
                    redan_digest_eq(&statement->subjects[k].digest, &j->ask->releases[i]);
        if (named)
            continue;
        redan_digest_hex(&j->ask->releases[i], hex);
        return refuse(j, "deploy what was gated, or gate what is deployed",
                      "sha256:%s is not among the releases of %.*s that passed", hex,
                      REDAN_FMT(j->summary.system));
    }
    return j->ask->release_count > 0
               ? REDAN_OK
               : refuse(j, "name one: --release sha256:...", "no release was asked for");
}

enum redan_status redan_admission_judge(struct redan_ctx *ctx, const struct redan_system *keys,
                                        const struct redan_admission_ask *ask,
                                        struct redan_slice summary,
                                        struct redan_admission *admission)
{
    static enum redan_status (*const steps[])(struct judge *) = {
        read_predicate, judge_signer, judge_result,   judge_time,
        judge_versions, judge_step,   judge_releases,
    };
    struct judge j = {.ctx = ctx, .keys = keys, .ask = ask, .out = admission};

    *admission = (struct redan_admission){.word = REDAN_WORD_FAIL};
    REDAN_TRY(judge_trust(&j));
    if (!j.refused)
        REDAN_TRY(read_summary(&j, summary));
    for (size_t i = 0; !j.refused && i < REDAN_COUNT(steps); i++)
        REDAN_TRY(steps[i](&j));
    if (admission->signer.len) { /* before, it is a stranger's word */
        admission->system = j.summary.system;
        admission->verified = j.summary.verified;
        admission->until = j.summary.until;
    }
    if (j.refused)
        return REDAN_OK;
    admission->word = REDAN_WORD_PASS;
    return redan_format(ctx, &admission->headline, "may run: gated by %.*s",
                        REDAN_FMT(admission->signer));
}
