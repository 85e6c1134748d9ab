/* The schema redan/guard/1 by table: who calls, where events go; what a request may be is in policy_request.c, rules in policy_rules.c, answers in policy_answers.c. */
#include "guard/policy.h"

#include "codec/bind_value.h"
#include "codec/yaml.h"
#include "crypto/jwt.h"
#include "guard/policy_parts.h"
#include "guard/stage.h"

enum { LEEWAY_MS = 60000 };

const char *const redan_action_words[] = {"allow", "mark", "degrade", "refuse", NULL};
const char *const redan_on_error_words[] = {"closed", "open", "flag", NULL};

static const char *const mode_words[] = {"", "observe", "enforce", NULL};
static const char *const identity_words[] = {"", "plain", "subject", "jwt", "api-key", NULL};
static const char *const features_words[] = {"", "store", "hash", "drop", NULL};

struct written_profile {
    const struct redan_node *node;
    struct redan_slice file, digest, key;
};
static const struct redan_bind_field profile_fields[] = {
    {"file", REDAN_BIND_TEXT, true, offsetof(struct written_profile, file), NULL, NULL,
     "the profile that redan guard learn made, beside the policy"},
    {"digest", REDAN_BIND_TEXT, false, offsetof(struct written_profile, digest), NULL, NULL,
     "sha256: and 64 digits; no other profile is accepted then"},
    {"key", REDAN_BIND_TEXT, false, offsetof(struct written_profile, key), NULL, NULL,
     "a public key file; the profile must carry its signature then"},
};
static const struct redan_bind_shape profile_shape = {"the profile", sizeof(struct written_profile),
                                                      offsetof(struct written_profile, node),
                                                      profile_fields, REDAN_COUNT(profile_fields)};

struct written_identity {
    const struct redan_node *node;
    int kind;
    bool required;
    struct redan_slice keys, algorithm, issuer, audience, claim, leeway;
};
static const struct redan_bind_field identity_fields[] = {
    {"kind", REDAN_BIND_WORD, true, offsetof(struct written_identity, kind), NULL, identity_words,
     "plain, subject, jwt or api-key"},
    {"required", REDAN_BIND_BOOL, false, offsetof(struct written_identity, required), NULL, NULL,
     "false lets requests by that say nobody; true when it is left out"},
    {"keys", REDAN_BIND_TEXT, false, offsetof(struct written_identity, keys), NULL, NULL,
     "jwt: a JWKS file; api-key: a file of lines sha256:HEX NAME"},
    {"algorithm", REDAN_BIND_TEXT, false, offsetof(struct written_identity, algorithm), NULL, NULL,
     "jwt: the one that is accepted, ES256"},
    {"issuer", REDAN_BIND_TEXT, false, offsetof(struct written_identity, issuer), NULL, NULL,
     "jwt: the claim iss"},
    {"audience", REDAN_BIND_TEXT, false, offsetof(struct written_identity, audience), NULL, NULL,
     "jwt: the claim aud"},
    {"claim", REDAN_BIND_TEXT, false, offsetof(struct written_identity, claim), NULL, NULL,
     "jwt: which claim says who calls, sub"},
    {"leeway", REDAN_BIND_TEXT, false, offsetof(struct written_identity, leeway), NULL, NULL,
     "jwt: how far clocks may differ, 60s"},
};
static const struct redan_bind_shape identity_shape = {
    "the identity", sizeof(struct written_identity), offsetof(struct written_identity, node),
    identity_fields, REDAN_COUNT(identity_fields)};

struct written_class {
    const struct redan_node *node;
    struct redan_slice id, match;
};
static const struct redan_bind_field class_fields[] = {
    {"class", REDAN_BIND_ID, true, offsetof(struct written_class, id), NULL, NULL,
     "a short name, merchants"},
    {"match", REDAN_BIND_TEXT, true, offsetof(struct written_class, match), NULL, NULL,
     "a pattern over names, merchant-*"},
};
static const struct redan_bind_shape class_shape = {
    "a class of callers", sizeof(struct written_class), offsetof(struct written_class, node),
    class_fields, REDAN_COUNT(class_fields)};

struct written_events {
    const struct redan_node *node;
    struct redan_slice to, key;
    int features;
};
static const struct redan_bind_field events_fields[] = {
    {"to", REDAN_BIND_TEXT, true, offsetof(struct written_events, to), NULL, NULL,
     "a file, or unix:PATH of a socket"},
    {"features", REDAN_BIND_WORD, false, offsetof(struct written_events, features), NULL,
     features_words, "store, hash or drop"},
    {"key", REDAN_BIND_TEXT, false, offsetof(struct written_events, key), NULL, NULL,
     "for hash: a file of at least 16 secret bytes"},
};
static const struct redan_bind_shape events_shape = {"the events", sizeof(struct written_events),
                                                     offsetof(struct written_events, node),
                                                     events_fields, REDAN_COUNT(events_fields)};

struct document {
    const struct redan_node *node;
    struct redan_slice schema, id, system;
    int mode;
    struct written_profile *profile;
    struct redan_written_request *request;
    struct written_identity *identity;
    struct redan_list callers, rules;
    struct redan_written_answers *answers;
    struct written_events *events;
};
static const struct redan_bind_field policy_fields[] = {
    {"schema", REDAN_BIND_TEXT, true, offsetof(struct document, schema), NULL, NULL,
     "redan/guard/1"},
    {"id", REDAN_BIND_ID, true, offsetof(struct document, id), NULL, NULL,
     "a short name, fraud-guard"},
    {"system", REDAN_BIND_ID, false, offsetof(struct document, system), NULL, NULL,
     "id of the threat model's system"},
    {"mode", REDAN_BIND_WORD, false, offsetof(struct document, mode), NULL, mode_words,
     "observe or enforce"},
    {"profile", REDAN_BIND_STRUCT, false, offsetof(struct document, profile), &profile_shape, NULL,
     "{file: profile.json}"},
    {"request", REDAN_BIND_STRUCT, true, offsetof(struct document, request),
     &redan_policy_request_shape, NULL, "{presets: [kserve-v1]}"},
    {"identity", REDAN_BIND_STRUCT, false, offsetof(struct document, identity), &identity_shape,
     NULL, "{kind: plain}"},
    {"callers", REDAN_BIND_LIST, false, offsetof(struct document, callers), &class_shape, NULL,
     "[{class: merchants, match: \"merchant-*\"}]"},
    {"rules", REDAN_BIND_LIST, false, offsetof(struct document, rules), &redan_policy_rule_shape,
     NULL, "[{id: schema, stage: schema, action: refuse}]"},
    {"answers", REDAN_BIND_STRUCT, false, offsetof(struct document, answers),
     &redan_policy_answers_shape, NULL, "{answers: labels}"},
    {"events", REDAN_BIND_STRUCT, false, offsetof(struct document, events), &events_shape, NULL,
     "{to: events.jsonl, features: store}"},
};
static const struct redan_bind_shape policy_shape = {"a guard policy", sizeof(struct document),
                                                     offsetof(struct document, node), policy_fields,
                                                     REDAN_COUNT(policy_fields)};

static bool span(struct redan_slice text, int64_t *ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    size_t digits = 0;
    uint64_t n = 0;

    while (digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9')
        digits++;
    if (!redan_slice_u64(redan_slice_sub(text, 0, digits), &n) || n == 0 || n > 100000000)
        return false;
    for (size_t i = 0; i < REDAN_COUNT(units); i++) {
        if (redan_slice_is(redan_slice_sub(text, digits, text.len), units[i].unit)) {
            *ms = (int64_t)n * units[i].ms;
            return true;
        }
    }
    return false;
}

void redan_policy_take_span(struct redan_problems *problems, const struct redan_node *at,
                            const char *field, struct redan_slice text, int64_t least, int64_t most,
                            int64_t *ms)
{
    int64_t found = 0;

    if (!text.len)
        return;
    if (span(text, &found) && found >= least && found <= most)
        *ms = found;
    else
        redan_problem_add(problems, redan_node_get(at, field),
                          "a whole number and ms, s, m, h or d, such as 500ms or 1m",
                          "%s \"%s\" is no span between %lld ms and %lld s", field,
                          redan_snippet_of(text).text, (long long)least, (long long)(most / 1000));
}

void redan_policy_take_count(struct redan_problems *problems, const struct redan_node *node,
                             const char *field, uint64_t written, uint64_t least, uint64_t most,
                             uint64_t *value)
{
    const struct redan_node *at = redan_node_get(node, field);

    if (!at)
        return;
    if (written >= least && written <= most)
        *value = written;
    else
        redan_problem_add(problems, at, NULL, "%s is %llu; it lies between %llu and %llu", field,
                          (unsigned long long)written, (unsigned long long)least,
                          (unsigned long long)most);
}

static void take_profile(struct redan_problems *problems, const struct written_profile *w,
                         struct redan_policy *policy)
{
    struct redan_digest digest;

    if (!w)
        return;
    policy->profile = w->file;
    policy->profile_digest = w->digest;
    policy->profile_key = w->key;
    if (w->digest.len && !redan_digest_parse(w->digest, &digest))
        redan_problem_add(problems, redan_node_get(w->node, "digest"),
                          "write sha256: and 64 lower-case digits, as redan guard learn prints it",
                          "\"%s\" is no digest", redan_snippet_of(w->digest).text);
}

static void take_identity(struct redan_problems *problems, const struct written_identity *w,
                          struct redan_policy *policy)
{
    struct redan_policy_identity *identity = &policy->identity;
    int64_t leeway = LEEWAY_MS;

    if (!w)
        return; /* a header that a trusted proxy sets, where there is one */
    bool jwt = w->kind - 1 == REDAN_IDENTITY_JWT;
    bool keys = jwt || w->kind - 1 == REDAN_IDENTITY_API_KEY;
    const struct {
        struct redan_slice value;
        const char *name;
        bool needed, allowed;
    } rules[] = {
        {w->keys, "keys", keys, keys},   {w->algorithm, "algorithm", jwt, jwt},
        {w->issuer, "issuer", jwt, jwt}, {w->audience, "audience", jwt, jwt},
        {w->claim, "claim", false, jwt}, {w->leeway, "leeway", false, jwt},
    };

    for (size_t i = 0; i < REDAN_COUNT(rules) && w->kind; i++) {
        if (rules[i].value.len && !rules[i].allowed)
            redan_problem_add(problems, redan_node_get(w->node, rules[i].name), "leave it out",
                              "%s means nothing to the kind %s", rules[i].name,
                              identity_words[w->kind]);
        if (!rules[i].value.len && rules[i].needed)
            redan_problem_add(problems, w->node, NULL, "the kind %s needs \"%s\"",
                              identity_words[w->kind], rules[i].name);
    }
    if (jwt && w->algorithm.len && !redan_slice_among(redan_jwt_words, w->algorithm))
        redan_problem_add(problems, redan_node_get(w->node, "algorithm"),
                          "ES256, ES384, EdDSA, RS256, PS256 or HS256",
                          "there is no algorithm \"%s\"", redan_snippet_of(w->algorithm).text);
    redan_policy_take_span(problems, w->node, "leeway", w->leeway, 1000, 600000, &leeway);
    *identity = (struct redan_policy_identity){
        .kind = w->kind ? (enum redan_identity_kind)(w->kind - 1) : REDAN_IDENTITY_PLAIN,
        .required = redan_node_get(w->node, "required") ? w->required : true,
        .keys = w->keys,
        .algorithm = w->algorithm,
        .issuer = w->issuer,
        .audience = w->audience,
        .claim = w->claim,
        .leeway = leeway / 1000,
    };
}

static enum redan_status take_classes(struct redan_problems *problems,
                                      const struct document *document, struct redan_policy *policy)
{
    const struct written_class *w = document->callers.items;
    size_t count = document->callers.count;

    if (count > REDAN_POLICY_CLASSES) {
        redan_problem_add(problems, redan_node_get(document->node, "callers"), NULL,
                          "%zu classes are more than %d", count, REDAN_POLICY_CLASSES);
        count = REDAN_POLICY_CLASSES;
    }
    policy->classes = redan_take_array(problems->ctx, count, sizeof(*policy->classes));
    if (!policy->classes)
        return REDAN_E_MEMORY;
    policy->class_count = count;
    for (size_t i = 0; i < count; i++) {
        policy->classes[i] = (struct redan_policy_class){.id = w[i].id, .match = w[i].match};
        for (size_t k = 0; k < i; k++)
            if (w[i].id.len && redan_slice_eq(w[i].id, w[k].id))
                redan_problem_add(problems, w[i].node, "give it another name",
                                  "the class %.*s comes twice", REDAN_FMT(w[i].id));
    }
    return REDAN_OK;
}

static void take_events(struct redan_problems *problems, const struct written_events *w,
                        struct redan_policy *policy)
{
    policy->features = REDAN_FEATURES_DROP;
    if (!w)
        return;
    policy->events = w->to;
    policy->features_key = w->key;
    if (w->features)
        policy->features = (enum redan_features)(w->features - 1);
    if (policy->features == REDAN_FEATURES_HASH && !w->key.len)
        redan_problem_add(problems, w->node, "key: FILE",
                          "hashed features need a key: without one they could be guessed");
    if (policy->features != REDAN_FEATURES_HASH && w->key.len)
        redan_problem_add(problems, redan_node_get(w->node, "key"), "features: hash",
                          "a key means nothing unless features are hashed");
}

enum redan_status redan_policy_parse(struct redan_problems *problems, struct redan_slice folder,
                                     struct redan_slice text, struct redan_policy *policy)
{
    const struct redan_node *root = NULL;
    struct document document = {0};

    *policy = (struct redan_policy){.folder = folder};
    REDAN_TRY(redan_sha256(problems->ctx, text, &policy->digest));
    REDAN_TRY(redan_yaml_parse(problems->ctx, text, &root));
    REDAN_TRY(redan_bind(problems, root, &policy_shape, &document));
    if (document.schema.len && !redan_slice_is(document.schema, "redan/guard/1"))
        redan_problem_add(problems, redan_node_get(root, "schema"), "redan/guard/1",
                          "schema is \"%s\", not redan/guard/1",
                          redan_snippet_of(document.schema).text);
    policy->id = document.id;
    policy->system = document.system;
    policy->enforce = document.mode != 1;
    take_profile(problems, document.profile, policy);
    REDAN_TRY(redan_policy_take_request(problems, document.request, policy));
    take_identity(problems, document.identity, policy);
    REDAN_TRY(take_classes(problems, &document, policy));
    REDAN_TRY(redan_policy_take_rules(problems, root, &document.rules, policy));
    REDAN_TRY(redan_policy_take_answers(problems, document.answers, policy));
    take_events(problems, document.events, policy);
    return REDAN_OK;
}
