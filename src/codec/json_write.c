/* JSON out: strings and numbers in their one canonical spelling, trees for people. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "codec/json_scan.h"

/* RFC 8785 3.2.2.2 */
static void escape_add(struct redan_buf *out, unsigned char c)
{
    static const char from[] = "\b\t\n\f\r\"\\";
    static const char to[] = "btnfr\"\\";
    const char *hit = c ? strchr(from, (char)c) : NULL;

    if (hit) {
        const char pair[2] = {'\\', to[hit - from]};
        redan_buf_add(out, pair, 2);
    } else {
        redan_buf_printf(out, "\\u%04x", c);
    }
}

void redan_json_string_add(struct redan_buf *out, struct redan_slice text)
{
    const char *run = text.at;
    const char *end = run + text.len;

    redan_buf_char(out, '"');
    for (const char *p = run; run < end; run = p) {
        while (p < end) {
            p = skip_plain(p, end);
            if (p == end || (unsigned char)*p < 0x80)
                break;
            p++; /* beyond ASCII nothing is escaped */
        }
        redan_buf_add(out, run, (size_t)(p - run));
        if (p < end)
            escape_add(out, (unsigned char)*p++);
    }
    redan_buf_char(out, '"');
}

/* Decimal digits without leading or trailing zeros; the value is 0.digits times ten to `point`. */
struct digits {
    char text[24];
    int len;
    int point;
};

/* The correctly rounded `count` digits. The locale may put any sign between the first two. */
static void round_to(double value, int count, struct digits *digits)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "%.*e", count - 1, value);
    digits->len = 0;
    const char *p = text;
    for (; *p && *p != 'e'; p++) {
        if (digit(*p))
            digits->text[digits->len++] = *p;
    }
    digits->point = (*p ? (int)strtol(p + 1, NULL, 10) : 0) + 1;
}

static bool reads_back(double value, const struct digits *digits)
{
    char text[48];
    double read = 0;
    int n = snprintf(text, sizeof(text), "%.*se%d", digits->len, digits->text,
                     digits->point - digits->len);

    return n > 0 && redan_json_double((struct redan_slice){text, (size_t)n}, &read) &&
           read == value;
}

/* The next larger decimal of as many digits; false when it would be one digit longer. */
static bool step_up(struct digits *digits)
{
    for (int i = digits->len - 1; i >= 0; i--) {
        if (digits->text[i] != '9') {
            digits->text[i]++;
            return true;
        }
        digits->text[i] = '0';
    }
    return false;
}

/* The fewest digits that read back as `value`, and of those the nearest. */
static void shortest(double value, struct digits *digits)
{
    /* 15 digits survive the way through a normal double, so that shorter answers are 15 with zeros at the end */
    for (int count = value < 2.3e-308 ? 1 : 15; count <= 17; count++) {
        round_to(value, count, digits);
        if (reads_back(value, digits))
            break;
        /* below a power of two doubles are denser than above: the nearest decimal may fail and the next do */
        struct digits next = *digits;
        if (step_up(&next) && reads_back(value, &next)) {
            *digits = next;
            break;
        }
    }
    while (digits->len > 1 && digits->text[digits->len - 1] == '0')
        digits->len--;
}

/* Up to 15 digits with up to 22 behind the point, as people and single precision have them: exact arithmetic instead of trial.
 * Two such decimals never read as the same double, so that the first that reads back is the shortest. */
static bool few_digits(double value, struct digits *digits)
{
    char text[24];
    int at = (int)sizeof(text);

    for (size_t k = 0; k < REDAN_COUNT(redan_json_ten); k++) {
        double scaled = value * redan_json_ten[k];
        if (!(scaled < 1e15 - 1))
            return false;
        double whole = (double)(uint64_t)(scaled + 0.5);
        double back =
            whole / redan_json_ten[k]; /* both are exact, so this is the decimal's nearest double */
        if (back < value || back > value) /* 0 too: the value is above it */
            continue;
        for (uint64_t left = (uint64_t)whole; left; left /= 10)
            text[--at] = (char)('0' + left % 10);
        digits->len = (int)sizeof(text) - at;
        digits->point = digits->len - (int)k;
        memcpy(digits->text, text + at, (size_t)digits->len);
        while (digits->len > 1 && digits->text[digits->len - 1] == '0')
            digits->len--;
        return true;
    }
    return false;
}

/* ECMA-262 Number::toString, radix 10 */
void redan_json_number_add(struct redan_buf *out, double value)
{
    struct digits d;

    if (!isfinite(value)) {
        out->fail = out->fail != REDAN_OK ? out->fail : REDAN_E_USAGE; /* JSON has no word for it */
        return;
    }
    if (value < 0)
        redan_buf_char(out, '-');
    value = fabs(value);
    if (value == 0) {
        redan_buf_char(out, '0');
        return;
    }
    if (!few_digits(value, &d))
        shortest(value, &d);
    size_t len = (size_t)d.len;
    if (d.point > 21 || d.point <= -6) {
        redan_buf_add(out, d.text, 1);
        if (len > 1)
            redan_buf_char(out, '.');
        redan_buf_add(out, d.text + 1, len - 1);
        redan_buf_printf(out, "e%+d", d.point - 1);
    } else if (d.point >= d.len) {
        redan_buf_add(out, d.text, len);
        redan_buf_repeat(out, '0', (size_t)(d.point - d.len));
    } else if (d.point > 0) {
        redan_buf_add(out, d.text, (size_t)d.point);
        redan_buf_char(out, '.');
        redan_buf_add(out, d.text + d.point, (size_t)(d.len - d.point));
    } else {
        redan_buf_text(out, "0.");
        redan_buf_repeat(out, '0', (size_t)-d.point);
        redan_buf_add(out, d.text, len);
    }
}

static void scalar_add(struct redan_buf *out, const struct redan_node *node)
{
    switch (node->kind) {
    case REDAN_NODE_NULL:
        redan_buf_text(out, "null");
        break;
    case REDAN_NODE_BOOL:
        redan_buf_text(out, node->truth ? "true" : "false");
        break;
    case REDAN_NODE_NUMBER:
        redan_buf_slice(out, node->text);
        break;
    case REDAN_NODE_TEXT:
        redan_json_string_add(out, node->text);
        break;
    case REDAN_NODE_LIST: /* empty ones only */
        redan_buf_text(out, "[]");
        break;
    case REDAN_NODE_MAP:
        redan_buf_text(out, "{}");
        break;
    }
}

static void line_add(struct redan_buf *out, size_t depth)
{
    redan_buf_char(out, '\n');
    redan_buf_repeat(out, ' ', depth * 2);
}

void redan_json_tree_add(struct redan_buf *out, const struct redan_node *root)
{
    /* the open containers, as pointers one after the other */
    struct redan_buf stack REDAN_DEFER(redan_buf_done) = {.mem = out->mem, .max = SIZE_MAX / 2};
    const struct redan_node *parent = NULL;
    const struct redan_node *node = root;
    size_t depth = 0;

    while (node && out->fail == REDAN_OK) {
        if (parent && parent->kind == REDAN_NODE_MAP) {
            redan_json_string_add(out, node->key);
            redan_buf_text(out, ": ");
        }
        if (node->first) {
            redan_buf_char(out, node->kind == REDAN_NODE_MAP ? '{' : '[');
            redan_buf_add(&stack, &node, sizeof(node));
            if (stack.fail != REDAN_OK) {
                out->fail = stack.fail;
                return;
            }
            parent = node;
            node = node->first;
            line_add(out, ++depth);
            continue;
        }
        scalar_add(out, node);
        while (parent && !node->next) { /* close what ends here */
            line_add(out, --depth);
            redan_buf_char(out, parent->kind == REDAN_NODE_MAP ? '}' : ']');
            node = parent;
            stack.len = depth * sizeof(node);
            parent = NULL;
            if (depth > 0)
                memcpy(&parent, stack.data + stack.len - sizeof(parent), sizeof(parent));
        }
        if (!parent)
            break;
        redan_buf_char(out, ',');
        line_add(out, depth);
        node = node->next;
    }
    redan_buf_char(out, '\n');
}
