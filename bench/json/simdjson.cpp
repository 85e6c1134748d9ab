/* simdjson on demand: fields by name where the shape is known, as its manual advises; duplicates are not looked for. */
#include "bench.h"

#include <cstring>
#include <simdjson.h>

using namespace simdjson;

namespace
{

double numbers(ondemand::array array)
{
    double sum = 0;
    for (double v : array)
        sum += v;
    return sum;
}

double text(ondemand::value value)
{
    return (double)std::string_view(value.get_string()).size();
}

double named_sum(ondemand::object object)
{
    double sum = 0;
    for (auto field : object) {
        ondemand::value value = field.value();
        sum += field.key() == "client" ? text(value) : double(value.get_double());
    }
    return sum;
}

double line_sum(enum work work, ondemand::document_reference doc)
{
    ondemand::object object = doc.get_object();
    if (work == NAMED)
        return named_sum(object);
    double sum = text(object["client"].value());
    sum += double(object["ts"]);
    if (work == TABULAR)
        return sum + numbers(object["x"].get_array());
    sum += text(object["model"].value());
    for (ondemand::object message : object["messages"].get_array()) {
        sum += text(message["role"].value());
        sum += text(message["content"].value());
    }
    sum += double(object["temperature"]);
    (void)bool(object["stream"]);
    return sum;
}

double header_sum(ondemand::document &doc)
{
    double sum = 0;
    for (auto field : doc.get_object()) {
        (void)std::string_view(field.unescaped_key());
        ondemand::object tensor = field.value().get_object();
        sum += text(tensor["dtype"].value());
        sum += numbers(tensor["shape"].get_array());
        sum += numbers(tensor["data_offsets"].get_array());
    }
    return sum;
}

} // namespace

double simdjson_read(enum work work, const char *data, size_t len)
{
    const char *end = data + len;
    ondemand::parser parser;
    double sum = 0;

    try {
        for (const char *at = data; at < end;) {
            const char *stop = (const char *)std::memchr(at, '\n', (size_t)(end - at));
            size_t n = (size_t)(stop - at);
            ondemand::document doc =
                parser.iterate(padded_string_view(at, n, n + SIMDJSON_PADDING));
            sum += work == HEADER ? header_sum(doc) : line_sum(work, doc);
            at = stop + 1;
        }
    } catch (const simdjson_error &) {
        return -1;
    }
    return sum;
}

double simdjson_many(enum work work, const char *data, size_t len)
{
    ondemand::parser parser;
    double sum = 0;

    try {
        ondemand::document_stream stream = parser.iterate_many((const uint8_t *)data, len, 1 << 20);
        for (auto doc : stream)
            sum += line_sum(work, doc.value());
    } catch (const simdjson_error &) {
        return -1;
    }
    return sum;
}
