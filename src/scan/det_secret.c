/* Credentials in text, by patterns that carry a checksum or a structure of their own; placeholders are none. */
#include <string.h>
#include <strings.h>

#include "scan/detector_table.h"

static const char *const maps[] = {"atlas:2026.09/AML.T0055", "cwe:4.18/CWE-798",
                                   "cwe:4.18/CWE-540", NULL};

static const struct redan_scan_rule token = {
    .card = {"SEC601", "an access token lies in the file", REDAN_SEVERITY_HIGH, maps,
             "revoke the token, then remove it from the file and its history"},
    .why = "Whoever has the file has the access. Artefacts are copied to places that their maker "
           "does not know.",
};
static const struct redan_scan_rule private_key = {
    .card = {"SEC602", "a private key lies in the file", REDAN_SEVERITY_HIGH, maps,
             "replace the key everywhere, then remove it from the file and its history"},
    .why = "Whoever has the file can sign and decrypt as its owner.",
};
static const struct redan_scan_rule password = {
    .card = {"SEC603", "an address holds a password", REDAN_SEVERITY_HIGH, maps,
             "change the password, and take it from the environment"},
    .why = "Connection texts with a password open the database or store to whoever has the file.",
};
static const struct redan_scan_rule *const rules[] = {&token, &private_key, &password, NULL};

/* Characters of a token's body. */
enum set {
    UPPER_DIGIT,
    LETTER,
    BASE62,
    WORD, /* BASE62, '-', '_' */
};

struct pattern {
    const char *name;
    const char *prefix;
    size_t least, most; /* of the body */
    const char *within; /* a text that the body must have; may be NULL */
    enum set set;
    bool github; /* its last six characters are the checksum of the others */
};

static const struct pattern patterns[] = {
    {"AWS access key", "AKIA", 16, 16, NULL, UPPER_DIGIT, false},
    {"AWS access key", "ASIA", 16, 16, NULL, UPPER_DIGIT, false},
    {"GitHub token", "ghp_", 36, 36, NULL, BASE62, true},
    {"GitHub token", "gho_", 36, 36, NULL, BASE62, true},
    {"GitHub token", "ghu_", 36, 36, NULL, BASE62, true},
    {"GitHub token", "ghs_", 36, 36, NULL, BASE62, true},
    {"GitHub token", "ghr_", 36, 36, NULL, BASE62, true},
    {"GitHub token", "github_pat_", 82, 82, NULL, WORD, false},
    {"GitLab token", "glpat-", 20, 20, NULL, WORD, false},
    {"Hugging Face token", "hf_", 34, 34, NULL, LETTER, false},
    {"OpenAI key", "sk-proj-", 48, 200, "T3BlbkFJ", WORD, false},
    {"OpenAI key", "sk-svcacct-", 48, 200, "T3BlbkFJ", WORD, false},
    {"Anthropic key", "sk-ant-", 90, 120, NULL, WORD, false},
    {"OpenAI key", "sk-", 48, 48, "T3BlbkFJ", BASE62, false},
    {"Slack token", "xoxb-", 40, 80, NULL, WORD, false},
    {"Slack token", "xoxp-", 40, 100, NULL, WORD, false},
    {"Google key", "AIza", 35, 35, NULL, WORD, false},
    {"Stripe key", "sk_live_", 24, 99, NULL, BASE62, false},
    {"npm token", "npm_", 36, 36, NULL, BASE62, true},
    {"PyPI token", "pypi-AgEIcHlwaS5vcmc", 50, 250, NULL, WORD, false},
};

static bool in_set(enum set set, char c)
{
    bool upper = c >= 'A' && c <= 'Z';
    bool lower = c >= 'a' && c <= 'z';
    bool digit = c >= '0' && c <= '9';

    switch (set) {
    case UPPER_DIGIT:
        return upper || (c >= '2' && c <= '7');
    case LETTER:
        return upper || lower;
    case BASE62:
        return upper || lower || digit;
    case WORD:
        return upper || lower || digit || c == '-' || c == '_';
    }
    return false;
}

/* Tokens are random: most of their characters differ, and none is repeated over and over. */
static bool random_like(struct redan_slice s)
{
    static const char *const words[] = {"example",  "placeholder", "yourtoken", "your_", "xxxx",
                                        "abcdefgh", "12345678",    "changeme",  "dummy", "fake",
                                        "sample",   "secret",      "token",     NULL};
    bool seen[256] = {false};
    size_t kinds = 0;
    size_t run = 1;
    size_t longest = 1;

    for (size_t i = 0; i < s.len; i++) {
        kinds += !seen[(unsigned char)s.at[i]];
        seen[(unsigned char)s.at[i]] = true;
        run = i && s.at[i] == s.at[i - 1] ? run + 1 : 1;
        longest = run > longest ? run : longest;
        for (size_t k = 0; words[k]; k++) {
            size_t len = strlen(words[k]);
            if (s.len - i >= len && strncasecmp(s.at + i, words[k], len) == 0)
                return false;
        }
    }
    return longest < 5 && kinds >= (s.len >= 30 ? 14 : 8);
}

static uint32_t crc32_of(struct redan_slice s)
{
    uint32_t crc = 0xffffffffU;

    for (size_t i = 0; i < s.len; i++) {
        crc ^= (unsigned char)s.at[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (0xedb88320U & (0U - (crc & 1)));
    }
    return ~crc;
}

/* The last six characters are the CRC-32 of the others in base 62. */
static bool github_checksum(struct redan_slice body)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint32_t crc = crc32_of(redan_slice_sub(body, 0, body.len - 6));

    for (size_t i = 0; i < 6; i++) {
        if (body.at[body.len - 1 - i] != digits[crc % 62])
            return false;
        crc /= 62;
    }
    return true;
}

static enum redan_status say(struct redan_scan *scan, const struct redan_scan_rule *rule,
                             const struct redan_fact *fact, size_t at, struct redan_slice seen,
                             const char *what)
{
    /* enough to find it, not enough to use it */
    return redan_scan_found(
        scan, rule, REDAN_LEVEL_WARN,
        fact->offset + (redan_slice_is(redan_slice_of(fact->what), "chunk") ? (uint64_t)at : 0),
        redan_slice_sub(seen, 0, 8), "%s %.*s...", what, REDAN_FMT(redan_slice_sub(seen, 0, 8)));
}

/* The id of a key opens nothing by itself: it is told where it is a value, and in prose only with its secret. */
static bool with_secret(const struct redan_fact *fact, size_t at)
{
    struct redan_slice near = redan_slice_sub(fact->text, at + 20, 200);
    size_t run = 0;

    if (fact->what && strcmp(fact->what, "chunk") != 0)
        return fact->text.len <= 64;
    for (size_t i = 0; i <= near.len; i++) {
        bool part =
            i < near.len && (in_set(BASE62, near.at[i]) || near.at[i] == '/' || near.at[i] == '+');
        if (!part && run == 40 && random_like(redan_slice_sub(near, i - run, run)))
            return true;
        run = part ? run + 1 : 0;
    }
    return false;
}

static enum redan_status tokens(struct redan_scan *scan, const struct redan_fact *fact, size_t at)
{
    struct redan_slice rest = redan_slice_sub(fact->text, at, SIZE_MAX);

    if (at > 0 && in_set(WORD, fact->text.at[at - 1]))
        return REDAN_OK;
    for (size_t i = 0; i < REDAN_COUNT(patterns); i++) {
        const struct pattern *p = &patterns[i];
        size_t prefix = strlen(p->prefix);
        size_t len = 0;
        if (!redan_slice_starts(rest, redan_slice_of(p->prefix)))
            continue;
        while (prefix + len < rest.len && len <= p->most && in_set(p->set, rest.at[prefix + len]))
            len++;
        struct redan_slice body = redan_slice_sub(rest, prefix, len);
        if (len < p->least || len > p->most ||
            (prefix + len < rest.len && in_set(WORD, rest.at[prefix + len])))
            continue;
        if (p->within && !memmem(body.at, body.len, p->within, strlen(p->within)))
            continue;
        if (p->github ? !github_checksum(body) : !random_like(body))
            continue;
        if (p->set == UPPER_DIGIT && !with_secret(fact, at))
            continue;
        return say(scan, &token, fact, at, rest, p->name);
    }
    return REDAN_OK;
}

/* "-----BEGIN ... PRIVATE KEY-----" with something of a key after it. */
static enum redan_status pem(struct redan_scan *scan, const struct redan_fact *fact, size_t at)
{
    struct redan_slice rest = redan_slice_sub(fact->text, at, 600);
    struct redan_slice mark = REDAN_S("PRIVATE KEY-----");
    const char *p =
        rest.len ? memmem(rest.at, redan_min_size(rest.len, 64), mark.at, mark.len) : NULL;
    size_t body = 0;

    if (!redan_slice_starts(rest, REDAN_S("-----BEGIN ")) || !p)
        return REDAN_OK;
    for (size_t i = (size_t)(p - rest.at) + mark.len; i < rest.len; i++) {
        char c = rest.at[i];
        if (c == '\\' && i + 1 < rest.len && rest.at[i + 1] == 'n') {
            i++;
            continue;
        }
        if (in_set(BASE62, c) || c == '+' || c == '/')
            body++;
        else if (c != '\n' && c != '\r' && c != '=')
            break;
    }
    return body < 64 ? REDAN_OK : say(scan, &private_key, fact, at, rest, "a key in PEM");
}

/* scheme://user:password@host, at its "://". */
static enum redan_status connection(struct redan_scan *scan, const struct redan_fact *fact,
                                    size_t mark)
{
    static const char *const schemes[] = {"postgres", "postgresql", "mysql", "mongodb", "srv",
                                          "redis",    "rediss",     "amqp",  "amqps",   "mssql",
                                          "pymysql",  "psycopg2",   "ftp",   "sftp",    NULL};
    struct redan_slice text = fact->text;
    size_t from = mark;
    size_t at = mark + 3;
    size_t colon = 0;

    while (from > 0 && (in_set(BASE62, text.at[from - 1])))
        from--;
    if (!redan_slice_among(schemes, redan_slice_sub(text, from, mark - from)))
        return REDAN_OK;
    for (; at < text.len && at - mark < 200; at++) {
        char c = text.at[at];
        if (c == '@' || (unsigned char)c <= ' ' || redan_char_among("/\"'<>{}$%*", c))
            break;
        if (c == ':' && !colon)
            colon = at;
    }
    if (!colon || at >= text.len || text.at[at] != '@' || at - colon < 7)
        return REDAN_OK;
    struct redan_slice secret = redan_slice_sub(text, colon + 1, at - colon - 1);
    static const char *const common[] = {
        "password", "postgres", "passwd", "example",  "secret",        "changeme",   "pass",
        "mypass",   "guest",    "test",   "PASSWORD", "your-password", "mypassword", NULL};
    if (redan_slice_among(common, secret))
        return REDAN_OK;
    return say(scan, &password, fact, from, redan_slice_sub(text, from, SIZE_MAX),
               "a connection text");
}

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *fact)
{
    struct redan_slice text = fact->text;

    if (fact->kind != REDAN_FACT_TEXT || text.len < 20)
        return REDAN_OK;
    for (size_t i = 0; i + 12 < text.len; i++) {
        switch (text.at[i]) {
        case 'A':
        case 'g':
        case 'h':
        case 's':
        case 'x':
        case 'n':
        case 'p':
            REDAN_TRY(tokens(scan, fact, i));
            break;
        case '-':
            if (i == 0 || text.at[i - 1] != '-')
                REDAN_TRY(pem(scan, fact, i));
            break;
        case ':':
            if (text.at[i + 1] == '/' && text.at[i + 2] == '/')
                REDAN_TRY(connection(scan, fact, i));
            break;
        default:
            break;
        }
    }
    return REDAN_OK;
}

const struct redan_detector redan_det_secret = {.name = "secret", .rules = rules, .fact = fact};
