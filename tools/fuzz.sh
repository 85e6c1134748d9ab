#!/bin/sh
# Runs the fuzz targets of build/fuzz over copies of their corpora. Usage: tools/fuzz.sh [TARGET] [SECONDS].
# A crash is kept in build/fuzz/crash and ends the run with 1.
set -eu
cd "$(dirname "$0")/.."
only=
seconds=60
for word in "$@"; do
    case $word in
    *[!0-9]*) only=$word ;;
    *) seconds=$word ;;
    esac
done

tried=0
crashed=0
mkdir -p build/fuzz/crash
for program in build/fuzz/tests/fuzz/fuzz_*; do
    if [ ! -f "$program" ] || [ ! -x "$program" ]; then continue; fi
    name=${program##*/fuzz_}
    if [ -n "$only" ] && [ "$only" != "$name" ]; then continue; fi
    tried=$((tried + 1))
    corpus=build/fuzz/corpus/$name
    mkdir -p "$corpus"
    if [ -d "tests/corpus/$name" ]; then cp -R "tests/corpus/$name/." "$corpus/"; fi
    printf '%-20s %s s: ' "$name" "$seconds"
    if "$program" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3072 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/crash/$name-" "$corpus" >"build/fuzz/$name.log" 2>&1; then
        awk '/number_of_executed_units/ { runs = $2 } /cov:/ { for (i = 1; i < NF; i++) if ($i == "cov:") cov = $(i + 1) }
            END { printf "%d runs, %d edges, no crash\n", runs, cov }' "build/fuzz/$name.log"
    else
        crashed=$((crashed + 1))
        echo "CRASH"
        tail -n 25 "build/fuzz/$name.log"
        echo "fuzz: move the input named above to tests/corpus/$name/ and mend the parser with it"
    fi
done
if [ "$tried" -eq 0 ]; then
    echo "fuzz: no target \"$only\"; targets are:" >&2
    for program in build/fuzz/tests/fuzz/fuzz_*; do
        if [ -f "$program" ] && [ -x "$program" ]; then echo "    ${program##*/fuzz_}" >&2; fi
    done
    exit 2
fi
[ "$crashed" -eq 0 ]
