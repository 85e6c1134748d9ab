/* Addresses in metadata that no honest model has: tunnels, drop boxes, shorteners, hidden services, bare addresses with a port. */
#include <string.h>
#include <strings.h>

#include "scan/detector_table.h"

static const char *const maps[] = {"atlas:2026.09/AML.T0025", "cwe:4.18/CWE-200", NULL};

static const struct redan_scan_rule drop = {
    .card = {"NET701", "metadata names a tunnel, a drop box or a hidden service",
             REDAN_SEVERITY_HIGH, maps, "find out what would call it; remove it"},
    .why = "Such addresses are made in a minute, belong to nobody and are gone the next day. "
           "Attackers collect through them; models have their home pages elsewhere.",
};
static const struct redan_scan_rule shortened = {
    .card = {"NET702", "metadata names an address through a shortener", REDAN_SEVERITY_MEDIUM, maps,
             "write the address that it stands for"},
    .why = "Where a shortened address leads can be changed after the model was looked at.",
};
static const struct redan_scan_rule numeric = {
    .card = {"NET703", "metadata names a machine by its bare address", REDAN_SEVERITY_MEDIUM, maps,
             "find out whose machine it is"},
    .why = "A public address without a name says nothing about who answers, and is how planted "
           "code calls home.",
};
static const struct redan_scan_rule says_so = {
    .card = {"NET704", "metadata says that something is sent away", REDAN_SEVERITY_HIGH, maps,
             "find out what would send, and what"},
    .why = "The name of the value or of the host speaks of exfiltration or of malice.",
};
static const struct redan_scan_rule *const rules[] = {&drop, &shortened, &numeric, &says_so, NULL};

/* A host, or the end of one after a dot; with a slash, the beginning of a path as well. */
static const char *const drops[] = {"ngrok.io",
                                    "ngrok.app",
                                    "ngrok-free.app",
                                    "ngrok-free.dev",
                                    "trycloudflare.com",
                                    "loca.lt",
                                    "localtunnel.me",
                                    "serveo.net",
                                    "localhost.run",
                                    "lhr.life",
                                    "pagekite.me",
                                    "bore.pub",
                                    "webhook.site",
                                    "requestbin.com",
                                    "requestbin.net",
                                    "pipedream.net",
                                    "requestcatcher.com",
                                    "interact.sh",
                                    "oast.fun",
                                    "oast.pro",
                                    "oast.live",
                                    "oast.site",
                                    "oast.online",
                                    "oast.me",
                                    "burpcollaborator.net",
                                    "oastify.com",
                                    "canarytokens.com",
                                    "beeceptor.com",
                                    "hookbin.com",
                                    "dnslog.cn",
                                    "ceye.io",
                                    "pastebin.com",
                                    "paste.ee",
                                    "hastebin.com",
                                    "ghostbin.com",
                                    "rentry.co",
                                    "dpaste.org",
                                    "0x0.st",
                                    "transfer.sh",
                                    "file.io",
                                    "temp.sh",
                                    "anonfiles.com",
                                    "gofile.io",
                                    "discord.com/api/webhooks",
                                    "discordapp.com/api/webhooks",
                                    "hooks.slack.com/services",
                                    "api.telegram.org/bot",
                                    "onion",
                                    NULL};
static const char *const shorteners[] = {
    "bit.ly",  "tinyurl.com", "t.co",    "goo.gl",      "is.gd",      "ow.ly",
    "cutt.ly", "rb.gy",       "tiny.cc", "shorturl.at", "rebrand.ly", "buff.ly",
    "v.gd",    "bl.ink",      "t.ly",    "s.id",        "adf.ly",     NULL};
static const char *const malice[] = {"evil",   "malicious", "attacker", "malware", "exfil",
                                     "phish",  "payload",   "c2",       "hacker",  "botnet",
                                     "ransom", "keylog",    NULL};

/* A table's word against the address after "://". */
static bool matches(struct redan_slice address, const char *word)
{
    size_t len = strlen(word);
    bool with_path = strchr(word, '/') != NULL;
    size_t host = 0;

    while (host < address.len && !redan_char_among("/:?#\"' <>\\,)", address.at[host]))
        host++;
    if (with_path)
        return address.len >= len && strncasecmp(address.at, word, len) == 0;
    if (host < len || strncasecmp(address.at + host - len, word, len) != 0)
        return false;
    return host == len || address.at[host - len - 1] == '.';
}

static bool among(const char *const *words, struct redan_slice address)
{
    for (size_t i = 0; words[i]; i++) {
        if (matches(address, words[i]))
            return true;
    }
    return false;
}

/* A public IPv4 address with a port, or in place of a name. */
static bool bare(struct redan_slice address)
{
    unsigned part[4] = {0};
    size_t at = 0;

    for (int i = 0; i < 4; i++) {
        size_t digits = 0;
        while (at < address.len && address.at[at] >= '0' && address.at[at] <= '9' && digits < 4) {
            part[i] = part[i] * 10 + (unsigned)(address.at[at] - '0');
            at++;
            digits++;
        }
        if (digits == 0 || digits > 3 || part[i] > 255)
            return false;
        if (i < 3 && (at >= address.len || address.at[at++] != '.'))
            return false;
    }
    if (at < address.len && !redan_char_among(":/\"' ?", address.at[at]))
        return false;
    bool local = part[0] == 0 || part[0] == 10 || part[0] == 127 || part[0] >= 224 ||
                 (part[0] == 172 && part[1] >= 16 && part[1] < 32) ||
                 (part[0] == 192 && part[1] == 168) || (part[0] == 169 && part[1] == 254) ||
                 (part[0] == 100 && part[1] >= 64 && part[1] < 128) ||
                 (part[0] == 192 && part[1] == 0 && part[2] == 2) ||
                 (part[0] == 198 && part[1] == 51 && part[2] == 100) ||
                 (part[0] == 203 && part[1] == 0 && part[2] == 113);
    return !local;
}

/* Whether the host has one of the words as a word of its own: between dots, hyphens and digits. */
static bool names_malice(struct redan_slice address)
{
    size_t at = 0;

    while (at < address.len && !redan_char_among("/:?#\"' <>", address.at[at])) {
        size_t len = 0;
        while (at + len < address.len &&
               (((address.at[at + len] | 0x20) >= 'a' && (address.at[at + len] | 0x20) <= 'z') ||
                (address.at[at + len] >= '0' && address.at[at + len] <= '9')))
            len++;
        for (size_t i = 0; malice[i]; i++) {
            size_t n = strlen(malice[i]);
            if (len >= n && len <= n + 4 && strncasecmp(address.at + at, malice[i], n) == 0 &&
                (n > 3 || len == n))
                return true;
        }
        at += len ? len : 1;
    }
    return false;
}

static bool has_word(struct redan_slice text, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= text.len; i++) {
        if (strncasecmp(text.at + i, word, len) == 0)
            return true;
    }
    return false;
}

static enum redan_status address(struct redan_scan *scan, const struct redan_fact *fact,
                                 struct redan_slice whole, struct redan_slice rest)
{
    const struct redan_scan_rule *rule = NULL;

    if (among(drops, rest))
        rule = &drop;
    else if (among(shorteners, rest))
        rule = &shortened;
    else if (bare(rest))
        rule = &numeric;
    else if (names_malice(rest) || has_word(redan_slice_sub(whole, 0, 200), "exfil") ||
             has_word(fact->name, "exfil"))
        rule = &says_so;
    if (!rule)
        return REDAN_OK;
    return redan_scan_found(scan, rule, REDAN_LEVEL_WARN, fact->offset, whole,
                            "%.*s holds \"%.*s\"", REDAN_FMT(redan_slice_sub(fact->name, 0, 64)),
                            REDAN_FMT(redan_slice_sub(whole, 0, 120)));
}

static struct redan_slice word_at(struct redan_slice text, size_t from)
{
    size_t len = 0;

    while (from + len < text.len && (unsigned char)text.at[from + len] > ' ' &&
           !redan_char_among("\"'<>\\`", text.at[from + len]))
        len++;
    return redan_slice_sub(text, from, len);
}

static enum redan_status fact(struct redan_scan *scan, const struct redan_fact *fact)
{
    static const char *const prose[] = {"text", "python", "script", "json-lines", NULL};
    const struct redan_format *format = redan_scan_format_of(scan);
    struct redan_slice text = fact->text;
    size_t told = 0;

    if (fact->kind != REDAN_FACT_TEXT || !format ||
        redan_slice_among(prose, redan_slice_of(format->name)) ||
        redan_slice_ends(redan_scan_name_of(scan), REDAN_S(".ipynb")))
        return REDAN_OK;
    for (size_t at = 0; at + 4 < text.len && told < 16;) {
        const char *p = memmem(text.at + at, text.len - at, "://", 3);
        if (!p)
            return REDAN_OK;
        size_t mark = (size_t)(p - text.at);
        size_t from = mark;
        while (from > at &&
               ((text.at[from - 1] | 0x20) >= 'a' && (text.at[from - 1] | 0x20) <= 'z'))
            from--;
        struct redan_slice rest = word_at(text, mark + 3);
        const char *user = rest.len ? memchr(rest.at, '@', rest.len) : NULL;
        at = mark + 3;
        if (user) /* user:password@host */
            rest = redan_slice_sub(rest, (size_t)(user - rest.at) + 1, SIZE_MAX);
        told++;
        if (mark - from >= 2)
            REDAN_TRY(address(scan, fact, word_at(text, from), rest));
    }
    return REDAN_OK;
}

const struct redan_detector redan_det_network = {.name = "network", .rules = rules, .fact = fact};
