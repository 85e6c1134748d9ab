/* keys.yaml: its schema as a table, and the checks that a table cannot express. */
#include "attest/keyring.h"

#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "codec/yaml.h"
#include "crypto/timestamp.h"

#define SCHEMA "redan/keys/1"

struct file {
    struct redan_slice schema;
    struct redan_slice org;
    uint64_t version;
    int organisation; /* 0 absent, 1 required */
    struct redan_keyring_root *root;
    struct redan_list holders;
    struct redan_list keys;
    struct redan_list roles;
    struct redan_list timestamps;
    struct redan_list former;
    const struct redan_node *node;
};

static const char *const required[] = {"", "required", NULL};
static const char *const kinds[] = {"person", "service", NULL};
static const char *const reasons[] = {"retired", "compromise", NULL};

static const struct redan_bind_field revoked_fields[] = {
    {"at", REDAN_BIND_DATE, true, offsetof(struct redan_keyring_revocation, at), NULL, NULL,
     "since when, such as 2026-05-05"},
    {"reason", REDAN_BIND_WORD, true, offsetof(struct redan_keyring_revocation, reason), NULL,
     reasons, "retired, or compromise: then nothing that it signed counts"},
};
static const struct redan_bind_shape revoked_shape = {
    "a revocation", sizeof(struct redan_keyring_revocation), SIZE_MAX, revoked_fields,
    REDAN_COUNT(revoked_fields)};

static const struct redan_bind_field root_fields[] = {
    {"threshold", REDAN_BIND_COUNT, true, offsetof(struct redan_keyring_root, threshold), NULL,
     NULL, "how many of the root's keys must sign"},
    {"keys", REDAN_BIND_TEXTS, true, offsetof(struct redan_keyring_root, keys), NULL, NULL,
     "a list of ids of keys below"},
};
static const struct redan_bind_shape root_shape = {"a root", sizeof(struct redan_keyring_root),
                                                   offsetof(struct redan_keyring_root, node),
                                                   root_fields, REDAN_COUNT(root_fields)};

static const struct redan_bind_field holder_fields[] = {
    {"id", REDAN_BIND_ID, true, offsetof(struct redan_keyring_holder, id), NULL, NULL,
     "a short name, such as r.okafor"},
    {"name", REDAN_BIND_TEXT, false, offsetof(struct redan_keyring_holder, name), NULL, NULL,
     "the name in full"},
    {"kind", REDAN_BIND_WORD, true, offsetof(struct redan_keyring_holder, kind), NULL, kinds,
     "person or service"},
};
static const struct redan_bind_shape holder_shape = {
    "a holder", sizeof(struct redan_keyring_holder), offsetof(struct redan_keyring_holder, node),
    holder_fields, REDAN_COUNT(holder_fields)};

static const struct redan_bind_field key_fields[] = {
    {"id", REDAN_BIND_ID, true, offsetof(struct redan_keyring_key, id), NULL, NULL,
     "a short name, such as okafor-2026"},
    {"holder", REDAN_BIND_TEXT, true, offsetof(struct redan_keyring_key, holder), NULL, NULL,
     "the id of a holder"},
    {"public", REDAN_BIND_TEXT, true, offsetof(struct redan_keyring_key, public_text), NULL, NULL,
     "the public key: an OpenSSH line, or a PEM block after \"|\""},
    {"from", REDAN_BIND_DATE, true, offsetof(struct redan_keyring_key, from), NULL, NULL,
     "the first day it may sign, such as 2026-01-01"},
    {"until", REDAN_BIND_DATE, true, offsetof(struct redan_keyring_key, until), NULL, NULL,
     "the first day it may not, such as 2027-01-01"},
    {"revoked", REDAN_BIND_STRUCT, false, offsetof(struct redan_keyring_key, revoked),
     &revoked_shape, NULL, "{at: DATE, reason: retired or compromise}"},
};
static const struct redan_bind_shape key_shape = {"a key", sizeof(struct redan_keyring_key),
                                                  offsetof(struct redan_keyring_key, node),
                                                  key_fields, REDAN_COUNT(key_fields)};

static const struct redan_bind_field role_fields[] = {
    {"id", REDAN_BIND_ID, true, offsetof(struct redan_keyring_role, id), NULL, NULL,
     "a short name, such as ml-lead"},
    {"holders", REDAN_BIND_TEXTS, true, offsetof(struct redan_keyring_role, holders), NULL, NULL,
     "a list of ids of holders"},
    {"quorum", REDAN_BIND_COUNT, true, offsetof(struct redan_keyring_role, quorum), NULL, NULL,
     "how many of them must sign"},
};
static const struct redan_bind_shape role_shape = {"a role", sizeof(struct redan_keyring_role),
                                                   offsetof(struct redan_keyring_role, node),
                                                   role_fields, REDAN_COUNT(role_fields)};

static const struct redan_bind_field authority_fields[] = {
    {"id", REDAN_BIND_ID, true, offsetof(struct redan_keyring_authority, id), NULL, NULL,
     "a short name, such as tsa-1"},
    {"certificate", REDAN_BIND_TEXT, true, offsetof(struct redan_keyring_authority, certificate),
     NULL, NULL, "a PEM block after \"|\": the authority's certificate, or its issuer's"},
};
static const struct redan_bind_shape authority_shape = {
    "a timestamp authority", sizeof(struct redan_keyring_authority),
    offsetof(struct redan_keyring_authority, node), authority_fields,
    REDAN_COUNT(authority_fields)};

static const struct redan_bind_field file_fields[] = {
    {"schema", REDAN_BIND_TEXT, true, offsetof(struct file, schema), NULL, NULL, SCHEMA},
    {"org", REDAN_BIND_ID, true, offsetof(struct file, org), NULL, NULL,
     "a short name of the organisation"},
    {"version", REDAN_BIND_COUNT, true, offsetof(struct file, version), NULL, NULL,
     "a number that rises with every change"},
    {"organisation", REDAN_BIND_WORD, false, offsetof(struct file, organisation), NULL, required,
     "organisation: required, when org.yaml must lie beside it"},
    {"root", REDAN_BIND_STRUCT, true, offsetof(struct file, root), &root_shape, NULL,
     "{threshold: 1, keys: [ID]}"},
    {"holders", REDAN_BIND_LIST, true, offsetof(struct file, holders), &holder_shape, NULL,
     "a list of {id, name, kind}"},
    {"keys", REDAN_BIND_LIST, true, offsetof(struct file, keys), &key_shape, NULL,
     "a list of {id, holder, public, from, until}"},
    {"roles", REDAN_BIND_LIST, false, offsetof(struct file, roles), &role_shape, NULL,
     "a list of {id, holders, quorum}"},
    {"timestamps", REDAN_BIND_LIST, false, offsetof(struct file, timestamps), &authority_shape,
     NULL, "a list of {id, certificate}"},
    {"former", REDAN_BIND_LIST, false, offsetof(struct file, former), &root_shape, NULL,
     "a list of {threshold, keys}: roots that this one has followed"},
};
static const struct redan_bind_shape file_shape = {"keys.yaml", sizeof(struct file),
                                                   offsetof(struct file, node), file_fields,
                                                   REDAN_COUNT(file_fields)};

struct check {
    struct redan_problems *problems;
    struct redan_ctx *ctx;
    struct redan_keyring *ring;
    struct redan_map holders; /* id -> struct redan_keyring_holder */
    struct redan_map keys;    /* id -> struct redan_keyring_key */
};

/* Where to point for a field: at its value, or at what should hold it. */
static const struct redan_node *at(const struct redan_node *node, const char *field)
{
    const struct redan_node *child = redan_node_get(node, field);

    return child ? child : node;
}

/* Put under an id; an id that is taken is a problem, an absent one was one already. */
static enum redan_status put(struct check *check, struct redan_map *map, struct redan_slice id,
                             void *value, const struct redan_node *node)
{
    enum redan_status status = id.len ? redan_map_put(map, id, value) : REDAN_OK;

    if (status != REDAN_E_EXISTS)
        return status;
    redan_problem_add(check->problems, at(node, "id"), "give each its own id",
                      "the id \"%s\" is there twice", redan_snippet_of(id).text);
    return REDAN_OK;
}

/* A failure that is about the document becomes a problem at `node`; one of the machine stays a status. What follows the
 * last "; " of its text is the fix, else it is `usual`. */
static enum redan_status blame(struct check *check, enum redan_status status,
                               const struct redan_node *node, const char *usual)
{
    char text[REDAN_FAILURE_TEXT];
    char *fix = NULL;

    if (status == REDAN_OK || status == REDAN_E_MEMORY)
        return status;
    (void)snprintf(text, sizeof(text), "%s", check->ctx->failure.text);
    redan_fail_clear(check->ctx);
    for (char *hit = strstr(text, "; "); hit; hit = strstr(hit + 2, "; "))
        fix = hit;
    if (fix) {
        *fix = '\0';
        fix += 2;
    }
    redan_problem_add(check->problems, node, fix ? fix : usual, "%s", text);
    return REDAN_OK;
}

static enum redan_status check_holders(struct check *check)
{
    struct redan_keyring_holder *holders = check->ring->holders.items;

    for (size_t i = 0; i < check->ring->holders.count; i++)
        REDAN_TRY(put(check, &check->holders, holders[i].id, &holders[i], holders[i].node));
    return REDAN_OK;
}

static enum redan_status read_public(struct check *check, struct redan_keyring_key *key,
                                     struct redan_map *publics)
{
    const struct redan_node *node = at(key->node, "public");
    enum redan_status status = redan_key_parse_public(check->ctx, key->public_text, &key->key);

    if (status != REDAN_OK)
        return blame(check, status, node, "write an OpenSSH line, or a PEM block after \"|\"");
    redan_key_id(key->key, &key->keyid);
    struct redan_slice id = {(const char *)key->keyid.bytes, REDAN_DIGEST_LEN};
    status = redan_map_put(publics, id, key);
    if (status != REDAN_E_EXISTS)
        return status;
    const struct redan_keyring_key *other = redan_map_get(publics, id);
    redan_problem_add(check->problems, node, "one key belongs to one holder, once",
                      "the keys \"%s\" and \"%s\" are the same key",
                      redan_snippet_of(other->id).text, redan_snippet_of(key->id).text);
    return REDAN_OK;
}

static enum redan_status check_keys(struct check *check)
{
    struct redan_keyring_key *keys = check->ring->keys.items;
    struct redan_map publics;

    redan_map_init(&publics, check->ctx);
    for (size_t i = 0; i < check->ring->keys.count; i++) {
        struct redan_keyring_key *key = &keys[i];
        REDAN_TRY(put(check, &check->keys, key->id, key, key->node));
        if (key->holder.len && !redan_map_get(&check->holders, key->holder))
            redan_problem_add(check->problems, at(key->node, "holder"),
                              "name one of the holders, or add this one to them",
                              "there is no holder \"%s\"", redan_snippet_of(key->holder).text);
        if (redan_node_get(key->node, "from") && redan_node_get(key->node, "until") &&
            key->from >= key->until)
            redan_problem_add(check->problems, at(key->node, "until"),
                              "let \"until\" be after \"from\"", "the key \"%s\" is never valid",
                              redan_snippet_of(key->id).text);
        if (key->public_text.len)
            REDAN_TRY(read_public(check, key, &publics));
    }
    return REDAN_OK;
}

/* Each text of a list once, and known: how many are. */
static enum redan_status check_names(struct check *check, const struct redan_texts *texts,
                                     const struct redan_map *known, const char *what,
                                     const struct redan_node *node, uint64_t *distinct)
{
    struct redan_map seen;

    *distinct = 0;
    redan_map_init(&seen, check->ctx);
    for (size_t i = 0; i < texts->count; i++) {
        enum redan_status status = redan_map_put(&seen, texts->items[i], &texts->items[i]);
        if (status == REDAN_E_EXISTS)
            redan_problem_add(check->problems, node, "name each once", "%s \"%s\" is named twice",
                              what, redan_snippet_of(texts->items[i]).text);
        else if (status != REDAN_OK)
            return status;
        else if (!redan_map_get(known, texts->items[i]))
            redan_problem_add(check->problems, node, "name one that this file lists",
                              "there is no %s \"%s\"", what,
                              redan_snippet_of(texts->items[i]).text);
        else
            (*distinct)++;
    }
    return REDAN_OK;
}

static enum redan_status check_roles(struct check *check)
{
    struct redan_keyring_role *roles = check->ring->roles.items;
    struct redan_map ids;
    uint64_t distinct = 0;

    redan_map_init(&ids, check->ctx);
    for (size_t i = 0; i < check->ring->roles.count; i++) {
        struct redan_keyring_role *role = &roles[i];
        REDAN_TRY(put(check, &ids, role->id, role, role->node));
        REDAN_TRY(check_names(check, &role->holders, &check->holders, "holder",
                              at(role->node, "holders"), &distinct));
        if (redan_node_get(role->node, "quorum") && (role->quorum < 1 || role->quorum > distinct))
            redan_problem_add(check->problems, at(role->node, "quorum"),
                              "ask for 1 up to as many as hold the role",
                              "a quorum of %llu where %llu hold the role",
                              (unsigned long long)role->quorum, (unsigned long long)distinct);
    }
    return REDAN_OK;
}

static enum redan_status check_timestamps(struct check *check)
{
    struct redan_keyring_authority *list = check->ring->timestamps.items;
    struct redan_map ids;
    struct redan_digest fingerprint;

    redan_map_init(&ids, check->ctx);
    for (size_t i = 0; i < check->ring->timestamps.count; i++) {
        REDAN_TRY(put(check, &ids, list[i].id, &list[i], list[i].node));
        if (list[i].certificate.len)
            REDAN_TRY(blame(
                check, redan_timestamp_certificate(check->ctx, list[i].certificate, &fingerprint),
                at(list[i].node, "certificate"),
                "write one certificate as a PEM block after \"|\""));
    }
    return REDAN_OK;
}

static enum redan_status check_root(struct check *check, const struct redan_keyring_root *root)
{
    const struct redan_node *node = at(root->node, "threshold");
    uint64_t distinct = 0;
    uint64_t usable = 0;

    REDAN_TRY(
        check_names(check, &root->keys, &check->keys, "key", at(root->node, "keys"), &distinct));
    for (size_t i = 0; i < root->keys.count; i++) {
        const struct redan_keyring_key *key = redan_map_get(&check->keys, root->keys.items[i]);
        usable += key && !key->revoked;
    }
    if (usable > distinct)
        usable = distinct;
    if (redan_node_get(root->node, "threshold") &&
        (root->threshold < 1 || root->threshold > usable))
        redan_problem_add(check->problems, node,
                          "ask for 1 up to as many as there are root keys that are not revoked",
                          "a threshold of %llu where %llu keys can sign",
                          (unsigned long long)root->threshold, (unsigned long long)usable);
    return REDAN_OK;
}

/* Former roots are told from each other by their fingerprints; their keys may be revoked by now. */
static enum redan_status check_former(struct check *check)
{
    const struct redan_keyring_root *roots = check->ring->former.items;
    uint64_t distinct = 0;

    for (size_t i = 0; i < check->ring->former.count; i++) {
        const struct redan_node *node = at(roots[i].node, "keys");
        REDAN_TRY(check_names(check, &roots[i].keys, &check->keys, "key", node, &distinct));
        if (redan_node_get(roots[i].node, "threshold") &&
            (roots[i].threshold < 1 || roots[i].threshold > distinct))
            redan_problem_add(check->problems, at(roots[i].node, "threshold"),
                              "write what the threshold was",
                              "a former threshold of %llu of %llu keys",
                              (unsigned long long)roots[i].threshold, (unsigned long long)distinct);
    }
    return REDAN_OK;
}

static enum redan_status check_file(struct check *check, const struct file *file)
{
    if (file->schema.len && !redan_slice_is(file->schema, SCHEMA))
        redan_problem_add(check->problems, at(file->node, "schema"), "write schema: " SCHEMA,
                          "the schema \"%s\" is not known here",
                          redan_snippet_of(file->schema).text);
    if (redan_node_get(file->node, "version") && file->version == 0)
        redan_problem_add(check->problems, at(file->node, "version"), "begin with 1",
                          "the version 0");
    redan_map_init(&check->holders, check->ctx);
    redan_map_init(&check->keys, check->ctx);
    REDAN_TRY(check_holders(check));
    REDAN_TRY(check_keys(check));
    REDAN_TRY(check_roles(check));
    REDAN_TRY(check_timestamps(check));
    if (file->root)
        REDAN_TRY(check_root(check, file->root));
    REDAN_TRY(check_former(check));
    /* problems are added without a status: memory that they were refused is in the context */
    return check->ctx->failure.status == REDAN_E_MEMORY ? REDAN_E_MEMORY : REDAN_OK;
}

enum redan_status redan_keyring_parse(struct redan_problems *problems, struct redan_slice text,
                                      struct redan_keyring *ring)
{
    struct redan_ctx *ctx = problems->ctx;
    const struct redan_node *root = NULL;
    struct file file;
    size_t before = problems->count;
    struct check check = {.problems = problems, .ctx = ctx, .ring = ring};

    *ring = (struct redan_keyring){0};
    REDAN_TRY(redan_sha256(ctx, text, &ring->file));
    REDAN_TRY(redan_yaml_parse(ctx, text, &root));
    REDAN_TRY(redan_bind(problems, root, &file_shape, &file));
    ring->org = file.org;
    ring->version = file.version;
    ring->holders = file.holders;
    ring->keys = file.keys;
    ring->roles = file.roles;
    ring->timestamps = file.timestamps;
    ring->former = file.former;
    ring->org_required = file.organisation == 1;
    if (file.root) {
        ring->root_keys = file.root->keys;
        ring->root_threshold = file.root->threshold;
    }
    REDAN_TRY(check_file(&check, &file));
    return problems->count == before ? redan_keyring_fingerprint(ctx, ring, &ring->root) : REDAN_OK;
}
