#!/bin/sh
# Layout, floors, words, then two static analysers over build/clang. Usage: tools/lint.sh [--analyze].
# With --analyze gcc's analyser runs too, which is slow and only advises.
set -eu
cd "$(dirname "$0")/.."
failed=0

step() { # WORDS COMMAND...
    echo "== $1"
    shift
    "$@" || failed=$((failed + 1))
}

sources() {
    find src include examples tests bench -name '*.[ch]' -type f 2>/dev/null | LC_ALL=C sort
}

layout() {
    if ! sources | xargs clang-format-14 --dry-run --Werror; then
        echo "lint: mend it with: clang-format-14 -i FILE" >&2
        return 1
    fi
}

check_cpp() {
    cppcheck --quiet --project=build/clang/compile_commands.json --error-exitcode=1 --inline-suppr \
        --enable=warning,performance,portability --suppress=missingIncludeSystem \
        --suppress='*:*/build/*' -i tests -j "$(nproc)"
}

tidy() {
    sed -n 's/.*"file": "\(.*\)".*/\1/p' build/clang/compile_commands.json |
        grep "^$PWD/src/" | LC_ALL=C sort -u |
        xargs -P "$(nproc)" -n 4 clang-tidy-14 -p build/clang --quiet 2>/dev/null
}

analyze() {
    object=$(mktemp) # gcc unlinks what it could not finish, and as root that must not be a device
    for file in $(sources | grep '^src/.*\.c$'); do
        gcc -std=c17 -D_GNU_SOURCE -Isrc -O1 -fanalyzer -c -o "$object" "$file" || true
    done
    rm -f "$object"
}

step "layout (clang-format)" layout
step "floors" tools/floors.sh
step "words" tools/words.sh
step "cppcheck" check_cpp
step "clang-tidy" tidy
if [ "${1:-}" = --analyze ]; then step "gcc -fanalyzer (advice)" analyze; fi
if [ "$failed" -gt 0 ]; then
    echo "lint: $failed of its steps found something; see above" >&2
    exit 1
fi
echo "lint: clean"
