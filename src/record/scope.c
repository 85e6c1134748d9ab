/* Reads a scope from left to right and evaluates it on the way: a frame per open parenthesis, no tree, no recursion. */
#include "record/scope.h"

const char *const redan_profile_kinds[] = {"predictive", "llm", "rag", "agentic", NULL};
const char *const redan_profile_flags[] = {"trains",
                                           "retrains",
                                           "query_access",
                                           "sensitive_data",
                                           "hosts_model",
                                           "consumed_by_system",
                                           "third_party_model",
                                           "third_party_service",
                                           "external_data",
                                           "online_learning",
                                           "untrusted_content",
                                           "multi_tenant",
                                           "memory",
                                           "human_feedback",
                                           "edge",
                                           "federated",
                                           "finetunes",
                                           NULL};

enum { DEPTH = 8, LENGTH = 1024 };

enum token { END, OPEN, CLOSE, AND, OR, NOT, IN, EQUAL, UNEQUAL, TEXT, FIELD, OTHER };

/* What stands inside one pair of parentheses, or at the top. */
struct frame {
    bool any;    /* one of the alternatives read so far holds */
    bool all;    /* what is joined by `and` so far holds */
    bool negate; /* an odd number of `not` stands before the next operand */
};

struct reader {
    struct redan_slice text;
    size_t at;    /* first byte after the token */
    size_t begin; /* first byte of the token */
    enum token token;
    struct redan_slice word; /* of TEXT and FIELD, without quotes and "system." */
    const struct redan_node *profile;
    struct frame frames[DEPTH + 1];
    size_t depth;
    const char *fault; /* why it cannot be read; NULL while it can */
    const char *fix;
    size_t fault_at;
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

static void refuse_at(struct reader *r, size_t at, const char *fault, const char *fix)
{
    if (!r->fault) {
        r->fault = fault;
        r->fix = fix;
        r->fault_at = at;
    }
}

/* What is wrong is the token at hand. */
static void refuse(struct reader *r, const char *fault, const char *fix)
{
    refuse_at(r, r->begin, fault, fix);
}

/* A word is a keyword or a field. */
static enum token word_of(struct reader *r)
{
    static const struct {
        const char *word;
        enum token token;
    } keywords[] = {{"and", AND}, {"or", OR}, {"not", NOT}, {"in", IN}};
    struct redan_slice field = REDAN_S("system.");

    while (r->at < r->text.len && is_word(r->text.at[r->at]))
        r->at++;
    r->word = redan_slice_sub(r->text, r->begin, r->at - r->begin);
    for (size_t i = 0; i < REDAN_COUNT(keywords); i++) {
        if (redan_slice_is(r->word, keywords[i].word))
            return keywords[i].token;
    }
    if (!redan_slice_starts(r->word, field))
        return OTHER;
    r->word = redan_slice_sub(r->word, field.len, r->word.len - field.len);
    return FIELD;
}

static enum token quoted(struct reader *r)
{
    r->at++;
    while (r->at < r->text.len && r->text.at[r->at] != '\'')
        r->at++;
    if (r->at == r->text.len)
        return OTHER;
    r->word = redan_slice_sub(r->text, r->begin + 1, r->at - r->begin - 1);
    r->at++;
    return TEXT;
}

static bool starts(const struct reader *r, const char *sign)
{
    return redan_slice_starts(redan_slice_sub(r->text, r->at, 2), redan_slice_of(sign));
}

static void advance(struct reader *r)
{
    while (r->at < r->text.len && (r->text.at[r->at] == ' ' || r->text.at[r->at] == '\t' ||
                                   r->text.at[r->at] == '\n' || r->text.at[r->at] == '\r'))
        r->at++;
    r->begin = r->at;
    if (r->at == r->text.len) {
        r->token = END;
    } else if (is_word(r->text.at[r->at])) {
        r->token = word_of(r);
    } else if (starts(r, "'")) {
        r->token = quoted(r);
    } else if (starts(r, "==") || starts(r, "!=")) {
        r->token = starts(r, "==") ? EQUAL : UNEQUAL;
        r->at += 2;
    } else {
        r->token = starts(r, "(") ? OPEN : starts(r, ")") ? CLOSE : OTHER;
        r->at++;
    }
}

static const struct redan_node *find(const struct reader *r, struct redan_slice name)
{
    const struct redan_node *n = r->profile ? r->profile->first : NULL;

    while (n && !redan_slice_eq(n->key, name))
        n = n->next;
    return n;
}

/* 'KIND' in system.kind; the text is at hand. */
static bool read_kind(struct reader *r)
{
    struct redan_slice kind = r->word;

    if (!redan_slice_among(redan_profile_kinds, kind))
        refuse(r, "this is no kind of system", "use 'predictive', 'llm', 'rag' or 'agentic'");
    advance(r);
    if (r->token == IN)
        advance(r);
    else
        refuse(r, "a text stands alone", "write 'llm' in system.kind");
    if (r->token != FIELD || !redan_slice_is(r->word, "kind"))
        refuse(r, "only system.kind is a list", "write 'llm' in system.kind");
    advance(r);
    const struct redan_node *list = find(r, REDAN_S("kind"));
    for (const struct redan_node *n = list ? list->first : NULL; n; n = n->next) {
        if (redan_slice_eq(redan_slice_trim(n->text), kind))
            return true;
    }
    return false;
}

/* system.registry == 'TEXT'; the comparator is at hand. */
static bool read_comparison(struct reader *r, struct redan_slice field, size_t at)
{
    bool equal = r->token == EQUAL;
    const struct redan_node *node = find(r, field);
    struct redan_slice value =
        node && node->kind == REDAN_NODE_TEXT ? redan_slice_trim(node->text) : REDAN_S("");

    if (!redan_slice_is(field, "registry"))
        refuse_at(r, at, "this field is not a text",
                  "compare system.registry; a flag stands alone");
    advance(r);
    if (r->token != TEXT)
        refuse(r, "a text in quotes belongs here", "write 'reg-eu1'");
    bool same = redan_slice_eq(value, r->word);
    advance(r);
    return same == equal;
}

static bool read_field(struct reader *r)
{
    struct redan_slice field = r->word;
    size_t at = r->begin;
    bool truth = false;

    advance(r);
    if (r->token == EQUAL || r->token == UNEQUAL)
        return read_comparison(r, field, at);
    if (redan_slice_is(field, "kind") || redan_slice_among(redan_profile_kinds, field))
        refuse_at(r, at, "a kind is asked for in another way", "write 'llm' in system.kind");
    else if (redan_slice_is(field, "registry"))
        refuse_at(r, at, "system.registry is a text", "write system.registry == 'reg-eu1'");
    else if (!redan_slice_among(redan_profile_flags, field))
        refuse_at(r, at, "the profile has no such flag",
                  "docs/threat-model.md lists the flags of a profile");
    const struct redan_node *node = find(r, field);
    return node && redan_node_bool(node, &truth) && truth;
}

/* `not`s, `(`s, and then an operand. False when what stands here is none. */
static bool read_operand(struct reader *r, bool *value)
{
    while (r->token == NOT || r->token == OPEN) {
        if (r->token == NOT) {
            r->frames[r->depth].negate = !r->frames[r->depth].negate;
        } else if (r->depth == DEPTH) {
            refuse(r, "parentheses are more than eight deep", "write it more simply");
            return false;
        } else {
            r->frames[++r->depth] = (struct frame){.all = true};
        }
        advance(r);
    }
    if (r->token != FIELD && r->token != TEXT) {
        refuse(r, r->token == END ? "it ends too early" : "a condition belongs here",
               "write system.FLAG, 'KIND' in system.kind, or system.registry == 'TEXT'");
        return false;
    }
    *value = r->token == FIELD ? read_field(r) : read_kind(r);
    return !r->fault;
}

static void take(struct frame *f, bool value)
{
    f->all = f->all && value != f->negate;
    f->negate = false;
}

/* After an operand: what closes, and what joins it to the next one. False at the end, or when it cannot be read. */
static bool read_joint(struct reader *r)
{
    while (r->token == CLOSE && r->depth > 0) {
        bool value = r->frames[r->depth].any || r->frames[r->depth].all;
        take(&r->frames[--r->depth], value);
        advance(r);
    }
    struct frame *f = &r->frames[r->depth];
    if (r->token == END && r->depth > 0)
        refuse(r, "a parenthesis is not closed", "add )");
    else if (r->token == OR)
        *f = (struct frame){.any = f->any || f->all, .all = true};
    else if (r->token != END && r->token != AND)
        refuse(r, "this joins nothing", "join conditions by and, or");
    if (r->fault || r->token == END)
        return false;
    advance(r);
    return true;
}

static bool evaluate(struct reader *r)
{
    bool value = false;

    r->frames[0] = (struct frame){.all = true};
    if (r->text.len > LENGTH) {
        refuse(r, "it is longer than 1024 bytes", "write it more simply");
        return false;
    }
    advance(r);
    do {
        if (!read_operand(r, &value))
            return false;
        take(&r->frames[r->depth], value);
    } while (read_joint(r));
    return !r->fault && (r->frames[0].any || r->frames[0].all);
}

void redan_scope_lint(struct redan_problems *problems, const struct redan_node *at,
                      struct redan_slice text)
{
    struct reader r = {.text = text};

    (void)evaluate(&r);
    if (r.fault)
        redan_problem_add(problems, at, r.fix, "scope, at byte %zu, \"%s\": %s", r.fault_at,
                          redan_snippet_of(redan_slice_sub(text, r.fault_at, text.len)).text,
                          r.fault);
}

bool redan_scope_meets(struct redan_slice text, const struct redan_node *profile)
{
    struct reader r = {.text = text, .profile = profile};

    return text.len == 0 || evaluate(&r);
}
