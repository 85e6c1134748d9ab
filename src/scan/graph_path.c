/* Where a path leads that a model names. */
#include <string.h>
#include <strings.h>

#include "scan/graph.h"

/* Parts of paths that no model has business with. */
static const char *const places[] = {"/etc/",
                                     "/proc/",
                                     "/root/",
                                     "/dev/",
                                     "/var/spool/",
                                     "/usr/bin/",
                                     "/usr/lib/",
                                     "/usr/local/",
                                     "/bin/",
                                     "/sbin/",
                                     ".ssh/",
                                     ".aws/",
                                     ".kube/",
                                     ".gnupg/",
                                     ".config/",
                                     ".docker/",
                                     ".bashrc",
                                     ".bash_profile",
                                     ".profile",
                                     ".zshrc",
                                     ".netrc",
                                     ".git-credentials",
                                     ".npmrc",
                                     ".pypirc",
                                     "authorized_keys",
                                     "id_rsa",
                                     "id_ed25519",
                                     "crontab",
                                     "cron.d",
                                     "/passwd",
                                     "/shadow",
                                     "site-packages/",
                                     "sitecustomize",
                                     "windows/system32",
                                     "start menu/programs/startup",
                                     "launchagents/"};

static bool has(struct redan_slice s, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= s.len; i++) {
        bool same = true;
        for (size_t k = 0; k < len && same; k++) {
            char c = s.at[i + k];
            if (c >= 'A' && c <= 'Z')
                c = (char)(c - 'A' + 'a');
            same = (c == '\\' ? '/' : c) == word[k];
        }
        if (same)
            return true;
    }
    return false;
}

static bool names_a_place(struct redan_slice s)
{
    for (size_t i = 0; i < REDAN_COUNT(places); i++) {
        if (has(s, places[i]))
            return true;
    }
    return false;
}

static bool is_separator(char c)
{
    return c == '/' || c == '\\';
}

static bool is_absolute(struct redan_slice s)
{
    bool letter = s.len > 1 && ((s.at[0] | 0x20) >= 'a' && (s.at[0] | 0x20) <= 'z');

    return (s.len && (is_separator(s.at[0]) || s.at[0] == '~')) || (letter && s.at[1] == ':') ||
           has(s, "://") || (s.len > 5 && strncasecmp(s.at, "file:", 5) == 0);
}

/* How far above its beginning a relative path goes. */
static size_t climbs(struct redan_slice s)
{
    size_t depth = 0;
    size_t above = 0;

    for (size_t i = 0; i <= s.len;) {
        size_t from = i;
        while (i < s.len && !is_separator(s.at[i]))
            i++;
        size_t len = i - from;
        bool up = len == 2 && memcmp(s.at + from, "..", 2) == 0;
        if (up && depth)
            depth--;
        else if (up)
            above++;
        else if (len && !(len == 1 && s.at[from] == '.'))
            depth++;
        i++;
    }
    return above;
}

enum redan_graph_path redan_graph_path(struct redan_slice path)
{
    size_t above = 0;
    bool absolute = is_absolute(path);

    if (!absolute)
        above = climbs(path);
    if (!absolute && above == 0)
        return REDAN_GRAPH_INSIDE;
    if (names_a_place(path))
        return REDAN_GRAPH_SENSITIVE;
    return above == 1 ? REDAN_GRAPH_ABOVE : REDAN_GRAPH_OUTSIDE;
}

bool redan_graph_sensitive(struct redan_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == '<' || text.at[i] == '>')
            return false;
    }
    return text.len > 3 && text.len < 256 && redan_graph_path(text) == REDAN_GRAPH_SENSITIVE;
}
