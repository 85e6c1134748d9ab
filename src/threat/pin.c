/* Reading, writing and advancing the text that is pinned outside the tree. */
#include "threat/pin.h"

#include <string.h>

#include "base/map.h"
#include "codec/bind.h"

static bool is_gap(char c)
{
    return c == ' ' || c == '\t' || c == ',' || c == '\n' || c == '\r';
}

/* The next word at or after `*at`, without comment lines; false at the end. */
static bool next_word(struct redan_slice text, size_t *at, struct redan_slice *word)
{
    size_t i = *at;

    while (i < text.len && (is_gap(text.at[i]) || text.at[i] == '#')) {
        if (text.at[i] != '#') {
            i++;
            continue;
        }
        if (i > 0 && !is_gap(text.at[i - 1]))
            break; /* within a word, which will be refused */
        while (i < text.len && text.at[i] != '\n')
            i++;
    }
    *word = redan_slice_sub(text, i, 0);
    while (i < text.len && !is_gap(text.at[i])) {
        i++;
        word->len++;
    }
    *at = i;
    return word->len > 0;
}

static enum redan_status wrong(struct redan_ctx *ctx, struct redan_slice word, const char *what)
{
    char shown[80];
    size_t len = redan_min_size(word.len, sizeof(shown) - 1);

    for (size_t i = 0; i < len; i++)
        shown[i] = word.at[i] >= ' ' && word.at[i] < 127 ? word.at[i] : '?';
    shown[len] = '\0';
    return redan_fail(ctx, REDAN_E_USAGE, 0, "\"%s\" in the pin: %s", shown, what);
}

/* keys=N or org=N, each once. */
static enum redan_status read_version(struct redan_ctx *ctx, struct redan_slice word,
                                      struct redan_slice value, uint64_t *version)
{
    if (*version != 0)
        return wrong(ctx, word, "it is there twice");
    if (!redan_slice_u64(value, version) || *version == 0)
        return wrong(ctx, word, "a version is a whole number, 1 or more");
    return REDAN_OK;
}

static enum redan_status read_last(struct redan_ctx *ctx, struct redan_slice word,
                                   struct redan_slice name, struct redan_slice value,
                                   struct redan_pin_last *last)
{
    struct redan_slice number = {0};
    struct redan_slice root = {0};

    if (!redan_bind_is_id(name) || !redan_slice_cut(value, ':', &number, &root) ||
        !redan_slice_u64(number, &last->number) || last->number == 0 ||
        !redan_digest_parse(root, &last->root))
        return wrong(ctx, word, "write keys=N, org=N or SYSTEM=N:sha256:HEX");
    return redan_copy(ctx, name, &last->system);
}

static size_t count_words(struct redan_slice text)
{
    struct redan_slice word = {0};
    size_t at = 0;
    size_t count = 0;

    while (next_word(text, &at, &word))
        count++;
    return count;
}

static enum redan_status read_word(struct redan_ctx *ctx, struct redan_slice word,
                                   struct redan_pin *pin, struct redan_map *seen)
{
    struct redan_slice name = {0};
    struct redan_slice value = {0};

    (void)redan_slice_cut(word, '=', &name, &value);
    bool number =
        value.len > 0 && !memchr(value.at, ':', value.len); /* a system may be named keys */
    if (redan_slice_is(name, "keys") && number)
        return read_version(ctx, word, value, &pin->keys_version);
    if (redan_slice_is(name, "org") && number)
        return read_version(ctx, word, value, &pin->org_version);
    struct redan_pin_last *last = &pin->last[pin->last_count];
    REDAN_TRY(read_last(ctx, word, name, value, last));
    enum redan_status status = redan_map_put(seen, last->system, last);
    if (status == REDAN_E_EXISTS)
        return wrong(ctx, word, "the system is there twice");
    pin->last_count += status == REDAN_OK;
    return status;
}

enum redan_status redan_pin_parse(struct redan_ctx *ctx, struct redan_slice text,
                                  struct redan_pin *pin)
{
    struct redan_pin made = {.source = pin->source, .system = pin->system};
    struct redan_slice word = {0};
    struct redan_map seen;
    size_t at = 0;

    if (text.len > REDAN_PIN_TEXT)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "the pin is longer than %d bytes",
                          (int)REDAN_PIN_TEXT);
    if (!next_word(text, &at, &word))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "the pin is empty; it begins with sha256:HEX");
    if (!redan_digest_parse(word, &made.root))
        return wrong(ctx, word, "a root fingerprint is sha256: and 64 hexadecimal digits");
    redan_map_init(&seen, ctx);
    made.last = redan_take_array(ctx, count_words(text), sizeof(*made.last));
    if (!made.last)
        return REDAN_E_MEMORY;
    while (next_word(text, &at, &word))
        REDAN_TRY(read_word(ctx, word, &made, &seen));
    made.set = true;
    *pin = made;
    return REDAN_OK;
}

static void add_digest(struct redan_buf *out, const struct redan_digest *digest)
{
    char hex[REDAN_DIGEST_HEX];

    redan_digest_hex(digest, hex);
    redan_buf_printf(out, "sha256:%s", hex);
}

static void add(struct redan_buf *out, const struct redan_pin *pin, char gap)
{
    add_digest(out, &pin->root);
    if (pin->keys_version)
        redan_buf_printf(out, " keys=%llu", (unsigned long long)pin->keys_version);
    if (pin->org_version)
        redan_buf_printf(out, " org=%llu", (unsigned long long)pin->org_version);
    for (size_t i = 0; i < pin->last_count; i++) {
        redan_buf_printf(out, "%c%.*s=%llu:", gap, REDAN_FMT(pin->last[i].system),
                         (unsigned long long)pin->last[i].number);
        add_digest(out, &pin->last[i].root);
    }
    redan_buf_char(out, '\n');
}

void redan_pin_add(struct redan_buf *out, const struct redan_pin *pin)
{
    add(out, pin, ' ');
}

void redan_pin_add_lines(struct redan_buf *out, const struct redan_pin *pin)
{
    add(out, pin, '\n');
}

const struct redan_pin_last *redan_pin_last(const struct redan_pin *pin, struct redan_slice system)
{
    for (size_t i = 0; i < pin->last_count; i++) {
        if (redan_slice_eq(pin->last[i].system, system))
            return &pin->last[i];
    }
    return NULL;
}

static enum redan_status advance_version(struct redan_ctx *ctx, const char *what, uint64_t before,
                                         uint64_t now, uint64_t *version, struct redan_slice *why)
{
    *version = now;
    if (now >= before)
        return REDAN_OK;
    return redan_format(ctx, why, "%s has version %llu, %llu was pinned", what,
                        (unsigned long long)now, (unsigned long long)before);
}

static enum redan_status advance_last(struct redan_ctx *ctx, struct redan_pin_last *last,
                                      const struct redan_pin_last *now, struct redan_slice *why)
{
    if (now->number < last->number)
        return redan_format(ctx, why, "%.*s is at approval %llu, %llu was pinned",
                            REDAN_FMT(last->system), (unsigned long long)now->number,
                            (unsigned long long)last->number);
    if (now->number == last->number && !redan_digest_eq(&now->root, &last->root))
        return redan_format(ctx, why, "approval %llu of %.*s is of another threat model",
                            (unsigned long long)now->number, REDAN_FMT(last->system));
    *last = *now;
    return REDAN_OK;
}

enum redan_status redan_pin_advance(struct redan_ctx *ctx, const struct redan_pin *before,
                                    const struct redan_pin *now, struct redan_pin *pin,
                                    struct redan_slice *why)
{
    struct redan_pin made = *before;

    *why = (struct redan_slice){"", 0};
    if (!redan_digest_eq(&before->root, &now->root)) {
        *why = REDAN_S("it stands on another root than the one that is pinned");
        return REDAN_OK;
    }
    made.last = redan_take_array(ctx, before->last_count + now->last_count, sizeof(*made.last));
    if (!made.last)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < before->last_count; i++)
        made.last[i] = before->last[i];
    REDAN_TRY(advance_version(ctx, "keys.yaml", before->keys_version, now->keys_version,
                              &made.keys_version, why));
    if (why->len == 0)
        REDAN_TRY(advance_version(ctx, "org.yaml", before->org_version, now->org_version,
                                  &made.org_version, why));
    for (size_t i = 0; i < now->last_count && why->len == 0; i++) {
        size_t k = 0;
        while (k < made.last_count && !redan_slice_eq(made.last[k].system, now->last[i].system))
            k++;
        if (k == made.last_count)
            made.last[made.last_count++] = now->last[i];
        else
            REDAN_TRY(advance_last(ctx, &made.last[k], &now->last[i], why));
    }
    if (why->len == 0)
        *pin = made;
    return REDAN_OK;
}
