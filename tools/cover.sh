#!/bin/sh
# Line coverage of src/ in build/cover against its floors, which only rise. Usage: tools/cover.sh.
set -eu
overall=85 # percent of lines, every room
parsers=90 # percent of lines, where untrusted bytes are read

cd "$(dirname "$0")/.."
find build/cover -name '*.gcda' -delete
ctest --preset cover -j "$(nproc)" >build/cover.ctest 2>&1 || {
    tail -n 40 build/cover.ctest
    echo "cover: tests failed; mend them first (./dev test)" >&2
    exit 1
}
gcovr --root . --object-directory build/cover --filter 'src/' --exclude-unreachable-branches \
    --json build/cover.json build/cover
gcovr --root . --add-tracefile build/cover.json --txt build/cover.txt
cat build/cover.txt

status=0
gcovr --root . --add-tracefile build/cover.json --fail-under-line "$overall" --txt build/cover.txt || status=1
gcovr --root . --add-tracefile build/cover.json --fail-under-line "$parsers" --txt build/cover.txt \
    --filter 'src/codec/' --filter 'src/attest/' --filter 'src/crypto/key' || status=1
if [ "$status" -ne 0 ]; then
    echo "cover: below the floor ($overall % of all lines, $parsers % in codec, attest and crypto/key*)" >&2
    exit 1
fi
echo "cover: at least $overall % of all lines and $parsers % in the parsers"
