/* The events of the pickle machine, as text. */
#include "pickle_fixture.h"

#include "format/fact.h"

static void quoted(struct redan_slice text, struct redan_buf *said)
{
    redan_buf_char(said, '\'');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c < ' ' || c >= 0x7f || c == '\'')
            redan_buf_printf(said, "\\x%02x", c);
        else
            redan_buf_char(said, (char)c);
    }
    redan_buf_char(said, '\'');
}

static void items(struct redan_pickle *pickle, const struct redan_pickle_value *value,
                  unsigned depth, struct redan_buf *said)
{
    struct redan_pickle_value item;
    uint64_t n = value->kind == REDAN_PICKLE_DICT ? 2 * value->at : value->at;

    for (uint64_t i = 0; i < n; i++) {
        redan_buf_text(said, i ? "," : "");
        if (depth == 0 || !redan_pickle_item(pickle, value, i, &item)) {
            redan_buf_printf(said, "..%llu", (unsigned long long)n);
            return;
        }
        pickle_say_value(pickle, &item, depth - 1, said);
    }
}

void pickle_say_value(struct redan_pickle *pickle, const struct redan_pickle_value *value,
                      unsigned depth, struct redan_buf *said)
{
    static const char open[] = "([{<";
    static const char close[] = ")]}>";
    struct redan_slice module, name;

    switch (value->kind) {
    case REDAN_PICKLE_NONE:
        redan_buf_text(said, "None");
        return;
    case REDAN_PICKLE_BOOL:
        redan_buf_text(said, value->truth ? "True" : "False");
        return;
    case REDAN_PICKLE_INT:
        redan_buf_printf(said, "%lld", (long long)value->at);
        return;
    case REDAN_PICKLE_FLOAT:
        redan_buf_text(said, "float");
        return;
    case REDAN_PICKLE_BYTES:
        redan_buf_char(said, 'b');
        quoted(redan_pickle_text(pickle, value, 40), said);
        return;
    case REDAN_PICKLE_TEXT:
        quoted(redan_pickle_text(pickle, value, 40), said);
        return;
    case REDAN_PICKLE_TUPLE:
    case REDAN_PICKLE_LIST:
    case REDAN_PICKLE_DICT:
    case REDAN_PICKLE_SET:
        redan_buf_char(said, open[value->kind - REDAN_PICKLE_TUPLE]);
        items(pickle, value, depth, said);
        redan_buf_char(said, close[value->kind - REDAN_PICKLE_TUPLE]);
        return;
    case REDAN_PICKLE_GLOBAL:
    case REDAN_PICKLE_RESULT:
        redan_buf_text(said, value->kind == REDAN_PICKLE_RESULT ? "result " : "");
        if (redan_pickle_global(pickle, value, &module, &name))
            redan_buf_printf(said, "%.*s.%.*s", REDAN_FMT(module), REDAN_FMT(name));
        else
            redan_buf_char(said, '?');
        return;
    case REDAN_PICKLE_PERSISTENT:
        redan_buf_text(said, "pid");
        return;
    default:
        redan_buf_char(said, '?');
        return;
    }
}

static enum redan_status said_one(void *arg, const struct redan_fact *fact)
{
    struct redan_buf *said = arg;
    const struct redan_pickle_event *event = fact->event;

    if (fact->kind != REDAN_FACT_PICKLE)
        return REDAN_OK;
    redan_buf_text(said, said->len ? "; " : "");
    switch (event->kind) {
    case REDAN_PICKLE_IMPORT:
        redan_buf_printf(said, "import %.*s.%.*s@%llu", REDAN_FMT(event->module),
                         REDAN_FMT(event->name), (unsigned long long)event->number);
        break;
    case REDAN_PICKLE_CALL:
    case REDAN_PICKLE_BUILD:
    case REDAN_PICKLE_ITEMS:
        redan_buf_text(said, event->kind == REDAN_PICKLE_CALL    ? "call "
                             : event->kind == REDAN_PICKLE_BUILD ? "build "
                                                                 : "items ");
        pickle_say_value(fact->pickle, &event->callee, 3, said);
        if (event->args.kind != REDAN_PICKLE_TUPLE)
            redan_buf_char(said, ' ');
        pickle_say_value(fact->pickle, &event->args, 3, said);
        if (event->keywords.kind != REDAN_PICKLE_UNKNOWN)
            pickle_say_value(fact->pickle, &event->keywords, 3, said);
        break;
    case REDAN_PICKLE_DYNAMIC:
        redan_buf_text(said, "dynamic ");
        pickle_say_value(fact->pickle, &event->callee, 3, said);
        redan_buf_char(said, ' ');
        pickle_say_value(fact->pickle, &event->args, 3, said);
        break;
    case REDAN_PICKLE_EXTENSION:
        redan_buf_printf(said, "ext %llu", (unsigned long long)event->number);
        break;
    case REDAN_PICKLE_PERSISTENT_ID:
        redan_buf_text(said, "persistent ");
        pickle_say_value(fact->pickle, &event->args, 3, said);
        break;
    case REDAN_PICKLE_CONSTANT:
        redan_buf_text(said, "constant ");
        pickle_say_value(fact->pickle, &event->args, 3, said);
        break;
    case REDAN_PICKLE_STRUCTURE:
        redan_buf_text(said, event->what);
        break;
    case REDAN_PICKLE_ARRAY:
        redan_buf_printf(said, "array %llu+%llu", (unsigned long long)event->offset,
                         (unsigned long long)event->number);
        break;
    case REDAN_PICKLE_END:
        redan_buf_printf(said, "end %s", event->what);
        break;
    }
    return said->fail == REDAN_OK ? REDAN_OK : REDAN_E_MEMORY;
}

enum redan_status pickle_said_of(struct redan_ctx *ctx, struct redan_source *source,
                                 struct redan_buf *said)
{
    struct redan_listener to = {.tell = said_one, .arg = said};

    return redan_pickle_read(ctx, source, 0, &to);
}

enum redan_status pickle_said(struct redan_ctx *ctx, struct redan_slice bytes,
                              struct redan_buf *said)
{
    struct redan_source source;

    redan_source_memory(&source, bytes);
    return pickle_said_of(ctx, &source, said);
}
