/* Finds commands in text by words that begin one, at the beginning of a word; letters of both cases are the same. */
#include "scan/commands.h"

#include <string.h>
#include <strings.h>

enum { SHOWN = 160, BACK = 32, LINE = 512 };

struct word {
    const char *text;
    enum redan_command kind;
};

/* Lower case; sorted. */
static const struct word words[] = {
    {"__import__(", REDAN_COMMAND_RUNS},
    {"/bin/bash -c", REDAN_COMMAND_RUNS},
    {"/bin/sh -c", REDAN_COMMAND_RUNS},
    {"/dev/tcp/", REDAN_COMMAND_SEIZE},
    {"bash -c ", REDAN_COMMAND_RUNS},
    {"bash -i", REDAN_COMMAND_SEIZE},
    {"certutil -urlcache", REDAN_COMMAND_SEIZE},
    {"certutil.exe -urlcache", REDAN_COMMAND_SEIZE},
    {"cmd /c ", REDAN_COMMAND_RUNS},
    {"cmd.exe /c", REDAN_COMMAND_RUNS},
    {"dd if=/dev/zero of=/dev/", REDAN_COMMAND_SEIZE},
    {"downloadstring(", REDAN_COMMAND_SEIZE},
    {"eval(base64", REDAN_COMMAND_RUNS},
    {"eval(compile(", REDAN_COMMAND_RUNS},
    {"eval(zlib", REDAN_COMMAND_RUNS},
    {"exec(base64", REDAN_COMMAND_RUNS},
    {"exec(compile(", REDAN_COMMAND_RUNS},
    {"exec(zlib", REDAN_COMMAND_RUNS},
    {"getruntime().exec(", REDAN_COMMAND_RUNS},
    {"iex (new-object", REDAN_COMMAND_SEIZE},
    {"iex(new-object", REDAN_COMMAND_SEIZE},
    {"invoke-expression", REDAN_COMMAND_RUNS},
    {"import socket,os", REDAN_COMMAND_SEIZE},
    {"import socket,subprocess", REDAN_COMMAND_SEIZE},
    {"import socket, subprocess", REDAN_COMMAND_SEIZE},
    {"io.popen(", REDAN_COMMAND_RUNS},
    {"mkfs.", REDAN_COMMAND_SEIZE},
    {"mshta http", REDAN_COMMAND_SEIZE},
    {"nc -e ", REDAN_COMMAND_SEIZE},
    {"ncat -e ", REDAN_COMMAND_SEIZE},
    {"nc -c ", REDAN_COMMAND_SEIZE},
    {"os.execl", REDAN_COMMAND_RUNS},
    {"os.execute(", REDAN_COMMAND_RUNS},
    {"os.execv", REDAN_COMMAND_RUNS},
    {"os.popen(", REDAN_COMMAND_RUNS},
    {"os.spawn", REDAN_COMMAND_RUNS},
    {"os.system(", REDAN_COMMAND_RUNS},
    {"perl -e 'use socket", REDAN_COMMAND_SEIZE},
    {"perl -msocket -e", REDAN_COMMAND_SEIZE},
    {"perl -mio -e", REDAN_COMMAND_SEIZE},
    {"php -r '$sock", REDAN_COMMAND_SEIZE},
    {"popen('", REDAN_COMMAND_RUNS},
    {"popen(\"", REDAN_COMMAND_RUNS},
    {"powershell -c", REDAN_COMMAND_RUNS},
    {"powershell -e", REDAN_COMMAND_SEIZE},
    {"powershell -nop", REDAN_COMMAND_SEIZE},
    {"powershell -w", REDAN_COMMAND_SEIZE},
    {"powershell.exe -e", REDAN_COMMAND_SEIZE},
    {"powershell.exe -nop", REDAN_COMMAND_SEIZE},
    {"powershell.exe -w", REDAN_COMMAND_SEIZE},
    {"powershell.exe", REDAN_COMMAND_RUNS},
    {"pty.spawn(", REDAN_COMMAND_SEIZE},
    {"ruby -rsocket", REDAN_COMMAND_SEIZE},
    {"sh -i", REDAN_COMMAND_SEIZE},
    {"shell_exec(", REDAN_COMMAND_RUNS},
    {"socat exec:", REDAN_COMMAND_SEIZE},
    {"subprocess.call(", REDAN_COMMAND_RUNS},
    {"subprocess.check_call(", REDAN_COMMAND_RUNS},
    {"subprocess.check_output(", REDAN_COMMAND_RUNS},
    {"subprocess.getoutput(", REDAN_COMMAND_RUNS},
    {"subprocess.popen(", REDAN_COMMAND_RUNS},
    {"subprocess.run(", REDAN_COMMAND_RUNS},
    {"system('", REDAN_COMMAND_RUNS},
    {"system(\"", REDAN_COMMAND_RUNS},
    {"system2(", REDAN_COMMAND_RUNS},
    {"wscript.shell", REDAN_COMMAND_RUNS},
};

static bool letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool begins(struct redan_slice s, const char *word)
{
    size_t len = strlen(word);

    return s.len >= len && strncasecmp(s.at, word, len) == 0;
}

/* Whether a line goes on with "| sh" or another interpreter. */
static bool piped(struct redan_slice rest)
{
    static const char *const runners[] = {"sh",        "bash",   "zsh",     "/bin/sh",
                                          "/bin/bash", "python", "python3", "perl",
                                          "iex",       "sudo",   "ruby",    "node"};

    for (size_t i = 0; i < rest.len && rest.at[i] != '\n'; i++) {
        if (rest.at[i] != '|')
            continue;
        struct redan_slice to = redan_slice_trim(redan_slice_sub(rest, i + 1, rest.len));
        for (size_t k = 0; k < REDAN_COUNT(runners); k++) {
            size_t len = strlen(runners[k]);
            if (begins(to, runners[k]) && (to.len == len || !letter(to.at[len])))
                return true;
        }
    }
    return false;
}

/* Whether a line goes on with an option that hands a shell to the connection: "nc 10.0.0.1 99 -e /bin/sh". */
static bool hands_shell(struct redan_slice rest)
{
    for (size_t i = 0; i < rest.len && rest.at[i] != '\n'; i++) {
        struct redan_slice to = redan_slice_sub(rest, i, rest.len);
        if (begins(to, " -e /bin/") || begins(to, " -c /bin/") || begins(to, " -e cmd") ||
            begins(to, " -e sh") || begins(to, " -e bash"))
            return true;
    }
    return false;
}

/* "rm -rf /", and the whole home; a folder below them is a command like others. */
static enum redan_command wipes(struct redan_slice rest)
{
    static const char *const roots[] = {"/", "~", "~/", "$home", "$home/", "${home}"};

    if (!begins(rest, "rm -rf ") && !begins(rest, "rm -fr "))
        return REDAN_COMMAND_NONE;
    rest = redan_slice_sub(rest, 7, rest.len);
    if (begins(rest, "--no-preserve-root"))
        return REDAN_COMMAND_SEIZE;
    for (size_t i = 0; i < REDAN_COUNT(roots); i++) {
        size_t len = strlen(roots[i]);
        struct redan_slice after = redan_slice_sub(rest, len, rest.len);
        if (begins(rest, roots[i]) &&
            (after.len == 0 || redan_char_among(" *;&|'\"`\r\n)", after.at[0])))
            return REDAN_COMMAND_SEIZE;
    }
    return begins(rest, "/") || begins(rest, "~") ? REDAN_COMMAND_RUNS : REDAN_COMMAND_NONE;
}

/* What is fetched or decoded, and then run. */
static enum redan_command chained(struct redan_slice rest)
{
    static const char *const fetchers[] = {"curl ", "wget ", "iwr ", "invoke-webrequest "};

    rest = redan_slice_sub(rest, 0, LINE);
    if ((begins(rest, "nc ") || begins(rest, "ncat ") || begins(rest, "netcat ")) &&
        hands_shell(rest))
        return REDAN_COMMAND_SEIZE;
    if (begins(rest, "rm "))
        return wipes(rest);
    if (begins(rest, "base64 -d") || begins(rest, "base64 --decode"))
        return piped(rest) ? REDAN_COMMAND_SEIZE : REDAN_COMMAND_NONE;
    for (size_t i = 0; i < REDAN_COUNT(fetchers); i++) {
        if (begins(rest, fetchers[i]))
            return piped(rest) ? REDAN_COMMAND_RUNS : REDAN_COMMAND_NONE;
    }
    return REDAN_COMMAND_NONE;
}

static bool first_of(char c)
{
    return redan_char_among("_/abcdegimnoprswABCDEGIMNOPRSW", c);
}

static enum redan_command at(struct redan_slice rest)
{
    for (size_t i = 0; i < REDAN_COUNT(words); i++) {
        size_t len = strlen(words[i].text);
        if (rest.len >= len && (rest.at[0] | 32) == (words[i].text[0] | 32) &&
            strncasecmp(rest.at, words[i].text, len) == 0)
            return words[i].kind;
    }
    return chained(rest);
}

enum redan_command redan_command_in(struct redan_slice text, struct redan_slice *seen)
{
    enum redan_command gravest = REDAN_COMMAND_NONE;

    *seen = (struct redan_slice){"", 0};
    for (size_t i = 0; i < text.len && gravest != REDAN_COMMAND_SEIZE; i++) {
        if (!first_of(text.at[i]) || (i && letter(text.at[i - 1]) && text.at[i] != '/'))
            continue;
        enum redan_command kind = at(redan_slice_sub(text, i, text.len - i));
        if (kind > gravest) {
            gravest = kind;
            *seen = redan_slice_sub(text, i, SHOWN);
        }
    }
    return gravest;
}

static bool holds_word(struct redan_slice s)
{
    static const char *const names[] = {"callback", "webhook", "upload",    "download", "exfil",
                                        "beacon",   "payload", "collector", "c2_"};

    for (size_t i = 0; i < REDAN_COUNT(names); i++) {
        size_t len = strlen(names[i]);
        for (size_t k = 0; k + len <= s.len; k++) {
            if (strncasecmp(s.at + k, names[i], len) == 0)
                return true;
        }
    }
    return false;
}

bool redan_command_address(struct redan_slice name, struct redan_slice text,
                           struct redan_slice *seen)
{
    static const char *const schemes[] = {"http://", "https://", "ftp://"};

    for (size_t i = 0; i < REDAN_COUNT(schemes); i++) {
        const char *found =
            text.len ? memmem(text.at, text.len, schemes[i], strlen(schemes[i])) : NULL;
        if (!found)
            continue;
        size_t place = (size_t)(found - text.at);
        size_t back = place < BACK ? place : BACK;
        struct redan_slice before = redan_slice_sub(text, place - back, back);
        /* the name stands on the same line, before '=' or ':' */
        for (size_t k = before.len; k > 0; k--) {
            if (before.at[k - 1] == '\n' || before.at[k - 1] == ',') {
                before = redan_slice_sub(before, k, before.len);
                break;
            }
        }
        bool assigned = before.len && redan_char_among("=:\"' ", before.at[before.len - 1]);
        if ((assigned && holds_word(before)) || (place == 0 && holds_word(name))) {
            *seen = redan_slice_sub(text, place - before.len, SHOWN);
            return true;
        }
    }
    return false;
}
