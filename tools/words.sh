#!/bin/sh
# Proves that no banned function is called and no leftover stays. Usage: tools/words.sh [ROOT].
# Prints the offending lines; 0 clean, 1 violations, 2 nothing to check.
set -eu
root=${1:-$(dirname "$0")/..}
cd "$root" || exit 2
[ -d src ] || { echo "words: no src/ in $root" >&2; exit 2; }

list() { # the files under the folders that exist
    for place in "$@"; do
        [ -e "$place" ] && printf '%s\n' "$place"
    done | while read -r place; do
        find "$place" -type f ! -path 'tests/corpus/*' ! -path '*/__pycache__/*' -print
    done | LC_ALL=C sort
}

calls=0
list src include examples nginx python tests bench tools | grep -E '\.(c|h|cc|cpp|hpp)$' | awk '
BEGIN {
    # function, where it may still be called (a path, a trailing * is a prefix; "src" in `scope` bans it there only)
    split("strcpy stpcpy strcat sprintf vsprintf gets strtok atoi atol atoll atof system popen rand srand " \
          "tmpnam tempnam mktemp alloca", everywhere, " ")
    split("malloc calloc realloc reallocarray aligned_alloc posix_memalign free strdup strndup asprintf " \
          "vasprintf getline getdelim mmap mmap64 mremap", in_src, " ")
    split("printf vprintf fprintf vfprintf dprintf puts fputs putchar fputc perror syslog exit _exit _Exit " \
          "quick_exit abort", in_library, " ")
    may["malloc"] = may["realloc"] = may["free"] = may["aligned_alloc"] = "src/base/mem.c"
    may["mmap"] = "src/sign/opened_seal.c" # of a copy of ours that is sealed, and cannot shrink under its map (STYLE.md 21)
}
function allowed(word, file) {
    return ((word in may) && may[word] == file) || (word == "mmap" && file == "src/base/mem.c")
}
# Comments and literals become blanks, so that only code is left; `inside` says that a comment goes on.
function code_of(text,   out, i, c, d, quote) {
    out = ""
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        d = substr(text, i, 2)
        if (inside) {
            if (d == "*/") { inside = 0; i++ }
        } else if (quote != "") {
            if (c == "\\") i++
            else if (c == quote) quote = ""
        } else if (d == "/*") { inside = 1; i++
        } else if (d == "//") { break
        } else if (c == "\"" || c == "\047") { quote = c; out = out " "
        } else out = out c
    }
    return out
}
function search(list, why,   k) {
    for (k in list) {
        if (index(code, list[k]) == 0 || allowed(list[k], file))
            continue
        if ((" " code) ~ ("(^|[^A-Za-z0-9_.>]|[^-]>)" list[k] "[ \t]*\\(")) {
            printf "%s:%d: %s() %s\n", file, line, list[k], why
            found++
        }
    }
}
{
    file = $0
    line = inside = 0
    library = file ~ /^src\// && file !~ /^src\/cmd\//
    while ((getline text < file) > 0) {
        line++
        code = code_of(text)
        if (index(code, "(") == 0)
            continue
        search(everywhere, "is never used here; see STYLE.md")
        if (file ~ /^src\//)
            search(in_src, "is for src/base/mem.c; take memory from the context")
        if (library)
            search(in_library, "is for src/cmd; a library room neither prints nor ends the program")
    }
    close(file)
}
END { exit found > 0 }' || calls=1

# Leftovers in anything that people read; written so that this file does not trip over itself.
leftovers=0
list CMakeLists.txt CMakePresets.json README.md SECURITY.md CONTRIBUTING.md dev .ci cmake src include examples \
    nginx python web tests bench docs tools |
    grep -v -E '\.(bin|der|png|svg|jsonl|tsv|csv)$' |
    tr '\n' '\0' |
    xargs -0 grep -n -I -E \
        '(^|[^A-Za-z0-9_])(TOD[O]|FIXM[E]|XX[X])([^A-Za-z0-9_]|$)|(^|[^A-Za-z0-9_.}>])/(work|roo[t]|hom[e])/[A-Za-z0-9_.-]' \
        /dev/null && leftovers=1

if [ "$calls" = 1 ] || [ "$leftovers" = 1 ]; then
    echo "words: banned words above"
    exit 1
fi
echo "words: clean"
