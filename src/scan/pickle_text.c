/* What texts and names in a pickle look like: commands, code, addresses and paths. */
#include <string.h>

#include "scan/pickle_judge.h"

enum { TEXT_MOST = 2048 };

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Where `what` (lower case) stands in `text`, or -1. */
static ptrdiff_t has(struct redan_slice text, const char *what)
{
    size_t n = strlen(what);

    for (size_t i = 0; n <= text.len && i <= text.len - n; i++) {
        size_t k = 0;
        while (k < n && lower(text.at[i + k]) == what[k])
            k++;
        if (k == n)
            return (ptrdiff_t)i;
    }
    return -1;
}

/* The same, where a word begins. */
static bool has_word(struct redan_slice text, const char *what)
{
    while (text.len) {
        ptrdiff_t at = has(text, what);

        if (at < 0)
            return false;
        if (at == 0 || !word_char(text.at[at - 1]))
            return true;
        text = redan_slice_sub(text, (size_t)at + 1, text.len);
    }
    return false;
}

static bool code(struct redan_slice text)
{
    static const char *const marks[] = {
        "import ",  "exec(",     "eval(",   "__import__", "system(",   "popen(",      "subprocess",
        "os.",      "open(",     "print(",  "compile(",   "getattr(",  "globals(",    "b64decode",
        "builtins", "socket.",   "lambda ", "lambda:",    "__class__", "__globals__", "requests.",
        "urllib",   "execfile(", "loads(",  "def ",       "exec ",     NULL};
    bool call = false;

    for (size_t i = 0; marks[i]; i++) {
        if (has_word(text, marks[i]))
            return true;
    }
    /* a call and nothing else */
    struct redan_slice trimmed = redan_slice_trim(text);
    for (size_t i = 1; i < trimmed.len && !call; i++) {
        if (trimmed.at[i] == '(')
            call = word_char(trimmed.at[i - 1]);
        else if (!word_char(trimmed.at[i]) && trimmed.at[i] != '.')
            break;
    }
    return call && (redan_slice_ends(trimmed, REDAN_S(")")) || has(trimmed, ");") > 0);
}

static const char *const commands[] = {"sh",
                                       "bash",
                                       "zsh",
                                       "dash",
                                       "cmd",
                                       "cmd.exe",
                                       "powershell",
                                       "pwsh",
                                       "python",
                                       "python3",
                                       "perl",
                                       "ruby",
                                       "node",
                                       "curl",
                                       "wget",
                                       "nc",
                                       "ncat",
                                       "netcat",
                                       "rm",
                                       "cat",
                                       "ls",
                                       "id",
                                       "whoami",
                                       "uname",
                                       "touch",
                                       "echo",
                                       "chmod",
                                       "chown",
                                       "cp",
                                       "mv",
                                       "mkdir",
                                       "kill",
                                       "sudo",
                                       "su",
                                       "ssh",
                                       "scp",
                                       "ps",
                                       "env",
                                       "calc",
                                       "calc.exe",
                                       "notepad",
                                       "notepad.exe",
                                       "open",
                                       "ping",
                                       "dir",
                                       "type",
                                       "del",
                                       "sleep",
                                       "crontab",
                                       "nohup",
                                       "base64",
                                       "certutil",
                                       "mshta",
                                       "rundll32",
                                       "reg",
                                       "telnet",
                                       "ftp",
                                       "tar",
                                       "dd",
                                       "hostname",
                                       "ifconfig",
                                       "ip",
                                       "netstat",
                                       "pip",
                                       "pip3",
                                       "apt",
                                       "apt-get",
                                       "git",
                                       "make",
                                       "gcc",
                                       "osascript",
                                       "xterm",
                                       "gnome-calculator",
                                       "shutdown",
                                       "reboot",
                                       NULL};

static struct redan_slice first_word(struct redan_slice text, bool *more)
{
    struct redan_slice word, rest;

    text = redan_slice_trim(text);
    *more = redan_slice_cut(text, ' ', &word, &rest) && rest.len > 0;
    for (size_t i = word.len; i > 0; i--) {
        if (word.at[i - 1] == '/')
            return redan_slice_sub(word, i, word.len);
    }
    return word;
}

static bool command(struct redan_slice text)
{
    static const char *const marks[] = {
        "$(",     "&&",    "||",          " | ",         "; ",      ">/",         "> /",   "2>",
        "/bin/",  "/dev/", "/etc/passwd", "/etc/shadow", "cmd.exe", "powershell", "curl ", "wget ",
        "bash -", "sh -c", "nc -",        "rm -",        "chmod ",  "/tmp/",      "`",     NULL};

    for (size_t i = 0; marks[i]; i++) {
        if (has(text, marks[i]) >= 0)
            return true;
    }
    return false;
}

static bool address(struct redan_slice text)
{
    unsigned dots = 0, digits = 0;

    if (has(text, "://") > 0 || has(text, "www.") == 0 || has(text, "localhost") == 0)
        return true;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];

        if (c >= '0' && c <= '9')
            digits++;
        else if (c == '.')
            dots++;
        else
            return dots == 3 && digits >= 4 && c == ':';
    }
    return dots == 3 && digits >= 4;
}

static bool path(struct redan_slice text)
{
    static const char *const endings[] = {
        ".py",  ".sh",  ".so",  ".dll", ".exe", ".pkl",  ".pickle", ".txt", ".json",   ".bin",
        ".pt",  ".pth", ".log", ".cfg", ".ini", ".yaml", ".yml",    ".db",  ".sqlite", ".zip",
        ".tar", ".gz",  ".npy", ".npz", ".h5",  ".html", ".php",    ".ps1", ".bat",    ".jar",
        ".csv", ".key", ".pem", ".js",  ".rb",  ".pl",   ".c",      NULL};

    if (text.len < 2 || memchr(text.at, '\n', text.len))
        return false;
    if (text.at[0] == '/' || text.at[0] == '~' || text.at[0] == '\\' ||
        redan_slice_starts(text, REDAN_S("./")) || redan_slice_starts(text, REDAN_S("..")) ||
        (text.at[1] == ':' && text.len > 2 && (text.at[2] == '\\' || text.at[2] == '/')))
        return true;
    for (size_t i = 0; endings[i]; i++) {
        if (redan_slice_ends(text, redan_slice_of(endings[i])))
            return true;
    }
    return false;
}

/* More than a few control bytes are no text. */
static bool readable(struct redan_slice text)
{
    size_t odd = 0;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        odd += c < 9 || (c > 13 && c < 32) || c == 127;
    }
    return odd * 32 <= text.len;
}

enum redan_says redan_says_of(struct redan_slice text)
{
    bool more = false;

    text = redan_slice_sub(text, 0, TEXT_MOST);
    if (text.len < 2 || !readable(text))
        return REDAN_SAYS_NOTHING;
    struct redan_slice word = first_word(text, &more);
    if (code(text))
        return REDAN_SAYS_CODE;
    if (command(text) || (more && redan_slice_among(commands, word)))
        return REDAN_SAYS_COMMAND;
    if (address(text))
        return REDAN_SAYS_ADDRESS;
    if (path(text))
        return REDAN_SAYS_PATH;
    return redan_slice_among(commands, word) ? REDAN_SAYS_WORD : REDAN_SAYS_NOTHING;
}

bool redan_name_tells(struct redan_slice name)
{
    static const char *const tokens[] = {
        "exec",    "eval",    "execute",   "system",     "shell",    "popen",   "spawn",
        "cmd",     "command", "commands",  "subprocess", "run",      "bash",    "unpickle",
        "pickle",  "loads",   "download",  "urlopen",    "backdoor", "payload", "fetch",
        "reverse", "output",  "getoutput", "script",     "import",   "pty",     "inject",
        "exploit", "sh",      "process",   "launch",     "invoke",   "runner",  "call",
        "compile", "open",    NULL};
    struct redan_slice part = {name.at, 0};

    if (redan_slice_starts(name,
                           REDAN_S("__pyx_unpickle_"))) /* what Cython calls its own helpers */
        return false;
    /* parts end at what is no letter, and before a capital */
    for (size_t i = 0; i <= name.len; i++) {
        bool ends = i == name.len || !word_char(name.at[i]) || name.at[i] == '_' ||
                    (name.at[i] >= 'A' && name.at[i] <= 'Z' && part.len &&
                     !(name.at[i - 1] >= 'A' && name.at[i - 1] <= 'Z'));
        if (!ends) {
            part.len++;
            continue;
        }
        char small[16];
        if (part.len && part.len < sizeof(small)) {
            for (size_t k = 0; k < part.len; k++)
                small[k] = lower(part.at[k]);
            if (redan_slice_among(tokens, (struct redan_slice){small, part.len}))
                return true;
        }
        if (i == name.len)
            break;
        bool letter = word_char(name.at[i]) && name.at[i] != '_';
        part = letter ? (struct redan_slice){name.at + i, 1}
                      : (struct redan_slice){name.at + i + 1, 0};
    }
    return false;
}
