/* Which preset a request is for: its path, the model that the path names, and its content type. */
#include "inference/rows.h"
#include "text/glob.h"

/* A name in a path. What a server could read otherwise (an escape, a separator, a step to another folder) is none. */
static bool name_good(struct redan_slice name)
{
    if (name.len == 0 || redan_slice_is(name, ".") || redan_slice_is(name, ".."))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.at[i] <= ' ' || name.at[i] == 0x7f ||
            redan_char_among("/:%?#;\\", name.at[i]))
            return false;
    return true;
}

/* Where `mark` begins in `text`; text.len when it does not occur. */
static size_t find(struct redan_slice text, struct redan_slice mark)
{
    for (size_t i = 0; i + mark.len <= text.len; i++)
        if (redan_slice_starts(redan_slice_sub(text, i, text.len), mark))
            return i;
    return text.len;
}

static bool match_model(const struct redan_preset *preset, struct redan_slice path,
                        struct redan_slice *model, struct redan_slice *version)
{
    struct redan_slice before = redan_slice_of(preset->before_model);
    struct redan_slice after = redan_slice_of(preset->after_model);
    struct redan_slice mark = redan_slice_of(preset->version);

    if (path.len < before.len + after.len || !redan_slice_starts(path, before) ||
        !redan_slice_ends(path, after))
        return false;
    struct redan_slice name = redan_slice_sub(path, before.len, path.len - before.len - after.len);
    size_t cut = mark.len ? find(name, mark) : name.len;
    struct redan_slice number = {"", 0};
    if (cut < name.len) {
        number = redan_slice_sub(name, cut + mark.len, name.len);
        name = redan_slice_sub(name, 0, cut);
        if (!name_good(number))
            return false;
    }
    if (!name_good(name))
        return false;
    *model = name;
    *version = number;
    return true;
}

/* A path without wildcards is meant as it stands: a glob would take in what lies below it. */
static bool match_glob(struct redan_slice pattern, struct redan_slice path)
{
    bool wild = false;
    struct redan_slice part;

    for (size_t i = 0; i < pattern.len; i++)
        wild = wild || redan_char_among("*?", pattern.at[i]);
    if (!wild || path.len == 0 || path.at[0] != '/')
        return pattern.len > 0 && redan_slice_eq(pattern, path);
    for (struct redan_slice rest = redan_slice_sub(path, 1, path.len); rest.len > 0;) {
        (void)redan_slice_cut(rest, '/', &part, &rest);
        if (!name_good(part))
            return false;
    }
    return redan_glob_whole(pattern, path);
}

bool redan_preset_match(const struct redan_preset *preset,
                        const struct redan_preset_pointers *pointers, struct redan_slice path,
                        struct redan_slice *model, struct redan_slice *version)
{
    struct redan_slice none = {"", 0};

    if (preset->before_model && preset->after_model)
        return match_model(preset, path, model, version);
    if (preset->before_model ? !redan_slice_is(path, preset->before_model)
                             : !pointers || !match_glob(pointers->path, path))
        return false;
    *model = none;
    *version = none;
    return true;
}

static bool same_word(struct redan_slice a, const char *word)
{
    struct redan_slice b = redan_slice_of(word);

    for (size_t i = 0; a.len == b.len && i < a.len; i++) {
        char c = a.at[i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c) != b.at[i])
            return false;
    }
    return a.len == b.len;
}

/* RFC 9110 8.3.1. The one parameter that changes nothing is a charset that all of this is written in. */
static bool parameter_good(struct redan_slice parameter)
{
    struct redan_slice name;
    struct redan_slice value;

    if (!redan_slice_cut(parameter, '=', &name, &value) || !same_word(name, "charset"))
        return false;
    if (value.len >= 2 && value.at[0] == '"' && value.at[value.len - 1] == '"')
        value = redan_slice_sub(value, 1, value.len - 2);
    return same_word(value, "utf-8") || same_word(value, "us-ascii");
}

const char *redan_rows_media(const char *const *media, struct redan_slice content_type)
{
    struct redan_slice rest = content_type;
    struct redan_slice name;

    if (redan_slice_trim(content_type).len == 0)
        return *media;
    (void)redan_slice_cut(rest, ';', &name, &rest);
    name = redan_slice_trim(name);
    while (*media && !same_word(name, *media))
        media++;
    while (*media && rest.len > 0) {
        struct redan_slice parameter;
        (void)redan_slice_cut(rest, ';', &parameter, &rest);
        parameter = redan_slice_trim(parameter);
        if (parameter.len > 0 && !parameter_good(parameter))
            return NULL;
    }
    return *media;
}

bool redan_preset_reads(const struct redan_preset *preset, struct redan_slice content_type)
{
    if (redan_slice_trim(content_type).len == 0) /* without one, only one reading may be possible */
        return preset->media[0] && !preset->media[1];
    return redan_rows_media(preset->media, content_type) != NULL;
}
