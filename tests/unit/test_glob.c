/* Path patterns: by a table, and against the definition tried in every way. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "text/glob.h"

struct row {
    const char *pattern;
    const char *path;
    bool fits;
};

static const struct row rows[] = {
    {"serving/**", "serving/a/b.c", true},
    {"serving/**", "serving/x", true},
    {"serving/**", "serving2/x", false},
    {"serving", "serving/a/b.c", true},
    {"serving/", "serving/a/b.c", true},
    {"serving/", "serving", true},
    {"./serving/*.py", "serving/a.py", true},
    {"/serving/*.py", "serving/a.py", true},
    {"serving/*.py", "serving/x/a.py", false},
    {"serving/*.py", "serving/a.pyc", false},
    {"**/*.py", "a.py", true},
    {"**/*.py", "x/y/a.py", true},
    {"**/a.py", "x/ba.py", false},
    {"a/**/b", "a/b", true},
    {"a/**/b", "a/x/y/b", true},
    {"a/**/b", "ab", false},
    {"**", "x/y", true},
    {"*", "x", true},
    {"*", "x/y", true}, /* the folder fits */
    {"x?z", "xyz", true},
    {"x?z", "x/z", false},
    {"x?z", "x\xc3\xa9z", true},
    {"x*z", "x\xc3\xa9z", true},
    {"x**z", "x/y/z", true},
    {"a*b*c", "aXbYc", true},
    {"a*b*c", "aXbYd", false},
    {"", "x", false},
    {"/", "x", false},
    {"a", "", false},
    {"[ab]", "a", false},
    {"[ab]", "[ab]", true},
    {"a\\*", "ab", false},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        if (redan_glob_fits(redan_slice_of(rows[i].pattern), redan_slice_of(rows[i].path)) !=
            rows[i].fits)
            fail_msg("%s on %s", rows[i].pattern, rows[i].path);
    }
}

/* The definition as it reads; the test's own short texts only. */
static bool plain(const char *all, const char *p, const char *t)
{
    if (p[0] == '*' && p[1] == '*') {
        bool folders = p[2] == '/' && (p == all || p[-1] == '/');
        const char *rest = p + 2 + folders;
        if (plain(all, rest, t))
            return true;
        for (; *t; t++) {
            if ((!folders || *t == '/') && plain(all, rest, t + 1))
                return true;
        }
        return false;
    }
    if (p[0] == '*') {
        for (;; t++) {
            if (plain(all, p + 1, t))
                return true;
            if (*t == '\0' || *t == '/')
                return false;
        }
    }
    if (*p == '\0' || *t == '\0')
        return *p == *t;
    return (*p == '?' ? *t != '/' : *p == *t) && plain(all, p + 1, t + 1);
}

static bool defined(const char *pattern, const char *path)
{
    char p[16];
    char t[16];
    size_t n = strlen(pattern);

    while (pattern[0] == '/') {
        pattern++;
        n--;
    }
    (void)snprintf(p, sizeof(p), "%s", pattern);
    while (n > 0 && p[n - 1] == '/')
        p[--n] = '\0';
    (void)snprintf(t, sizeof(t), "%s", path);
    for (size_t end = strlen(t); n > 0 && end > 0; end--) {
        if (t[end] != '\0' && t[end] != '/')
            continue;
        t[end] = '\0';
        if (plain(p, p, t))
            return true;
        t[end] = '/';
    }
    return false;
}

/* The text with a number, over an alphabet. */
static void spell(unsigned number, const char *letters, char *text)
{
    unsigned base = (unsigned)strlen(letters);
    size_t n = 0;

    for (; number > 0; number /= base, n++)
        text[n] = letters[--number % base];
    text[n] = '\0';
}

static void test_every(void **state)
{
    char pattern[16];
    char path[16];

    (void)state;
    for (unsigned i = 0; i < 6000; i++) { /* patterns of up to six characters */
        spell(i, "a*/?", pattern);
        for (unsigned j = 0; j < 250; j++) {
            spell(j, "a/b", path);
            if (redan_glob_fits(redan_slice_of(pattern), redan_slice_of(path)) !=
                defined(pattern, path))
                fail_msg("%s on %s", pattern, path);
        }
    }
}

/* Many stars are no way to make us think. */
static void test_hostile(void **state)
{
    char pattern[401];
    char path[4097];

    (void)state;
    for (size_t i = 0; i < 400; i += 4)
        (void)snprintf(pattern + i, sizeof(pattern) - i, "%s", i % 8 ? "a**/" : "*a*b");
    memset(path, 'a', 4096);
    for (size_t i = 7; i < 4096; i += 9)
        path[i] = '/';
    path[4096] = '\0';
    assert_false(redan_glob_fits(redan_slice_of(pattern), redan_slice_of(path)));
}

/* Names, and paths that are meant as they stand: nothing fits because what it begins with does. */
static void test_whole(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool path, name;
    } whole[] = {
        {"/score/*", "/score/a", true, true},
        {"/score/*", "/score/a/b", false, true},
        {"/a/**/b", "/a/x/b", true, true},
        {"/a/**/b", "/a/x/b/c", false, false},
        {"*", "a", true, true},
        {"*", "/a", false, true},
        {"*", "", true, true},
        {"CN=*,O=Bank", "CN=eve,O=Bank/eve", false, false},
        {"CN=*,O=Bank", "CN=a/b,O=Bank", false, true},
        {"merchant-?", "merchant-\xc3\xa9", true, true},
        {"a*b*c", "axbxbc", true, true},
        {"a*b*c", "axbxb", false, false},
        {"", "", false, false},
        {"a", "", false, false},
    };
    char text[1025];
    const struct redan_slice long_one = {text, sizeof(text) - 1};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(whole); i++) {
        struct redan_slice pattern = redan_slice_of(whole[i].pattern);
        struct redan_slice t = redan_slice_of(whole[i].text);
        if (redan_glob_whole(pattern, t) != whole[i].path ||
            redan_glob_name(pattern, t) != whole[i].name)
            fail_msg("row %zu", i);
    }
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_false(redan_glob_whole(REDAN_S("**a*a*b"), long_one)); /* takes too long to say */
    assert_false(redan_glob_name(REDAN_S("*a*a*a*b"), long_one));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_every),
                                       cmocka_unit_test(test_hostile),
                                       cmocka_unit_test(test_whole)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
