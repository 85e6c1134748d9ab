#!/bin/sh
# Proves who includes whom: floors go downwards, rooms on one floor are strangers, and each third-party header lives in
# one room. Usage: tools/floors.sh [ROOT]. Prints the offending lines; 0 clean, 1 violations, 2 nothing to check.
set -eu
root=${1:-$(dirname "$0")/..}
cd "$root" || exit 2
[ -d src ] || { echo "floors: no src/ in $root" >&2; exit 2; }

dirs=
for dir in src include examples nginx python; do
    [ -d "$dir" ] && dirs="$dirs $dir"
done
# shellcheck disable=SC2086 # a list of our own words
find $dirs -type f \( -name '*.c' -o -name '*.h' -o -name '*.cc' -o -name '*.cpp' -o -name '*.hpp' \) -print |
    LC_ALL=C sort |
    awk '
BEGIN {
    split("base 0 codec 1 crypto 1 text 1 stats 1 io 2 attest 3 record 4 format 5 inference 5 " \
          "threat 6 scan 6 sign 6 bom 6 dataset 6 guard 6 monitor 6 redteam 6 maturity 6 probe 6 api 7 cmd 7", w, " ")
    for (i = 1; i in w; i += 2)
        floor[w[i]] = w[i + 1]
    highest_for_examples = 5

    # header (a trailing * is a prefix), then the places that may include it
    third["yaml.h"] = "codec";              third["expat.h"] = "codec"
    third["openssl/*"] = "crypto";          third["p11-kit/*"] = "crypto"
    third["utf8proc.h"] = "text";           third["hs/*"] = "text"
    third["curl/*"] = "io";                 third["sqlite3.h"] = "io"
    third["libpq-fe.h"] = "io";             third["librdkafka/*"] = "io"
    third["zlib.h"] = "format";             third["lzma.h"] = "format"
    third["bzlib.h"] = "format";            third["zstd.h"] = "format"
    third["lz4.h"] = "format";              third["lz4frame.h"] = "format"
    third["zstd_errors.h"] = "format";      third["archive.h"] = "format"
    third["archive_entry.h"] = "format"
    third["microhttpd.h"] = "cmd examples"; third["xgboost/*"] = "examples"
    third["ngx_*"] = "nginx";               third["nginx.h"] = "nginx"
    third["Python.h"] = "python"

    # the C library, the compiler and the kernel; anything else must be named above
    n = split("assert ctype errno fenv float inttypes limits locale malloc math setjmp signal stdalign stdarg " \
              "stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings tgmath time uchar wchar " \
              "wctype dirent dlfcn fcntl fnmatch getopt glob grp libgen netdb poll pthread pwd regex sched " \
              "semaphore spawn syslog termios unistd cpuid emmintrin immintrin arm_neon", c, " ")
    for (i = 1; i <= n; i++)
        system_header[c[i] ".h"] = 1
    split("sys/ arpa/ netinet/ net/ linux/", system_folder, " ")
}
function bad(why) {
    printf "%s:%d: %s: %s\n", file, line, name, why
    violations++
}
function exists(path,   junk, got) {
    got = (getline junk < path)
    close(path)
    return got >= 0
}
function among(word, list,   parts, k, m) {
    m = split(list, parts, " ")
    for (k = 1; k <= m; k++)
        if (parts[k] == word)
            return 1
    return 0
}
function owners(header,   key) { # the places of a third-party header, "" when it is none
    for (key in third) {
        if (key == header)
            return third[key]
        if (key ~ /\*$/ && index(header, substr(key, 1, length(key) - 1)) == 1)
            return third[key]
    }
    return ""
}
function is_system(header,   k) {
    if (header in system_header)
        return 1
    for (k in system_folder)
        if (index(header, system_folder[k]) == 1)
            return 1
    return 0
}
function is_outer(where) {
    return among(where, "include nginx python api cmd examples")
}
function check_angle(   who) {
    who = owners(name)
    if (who != "") {
        if (!among(place, who))
            bad("a third-party header that belongs to " who " only")
    } else if (name ~ /^redan\//) {
        if (!is_outer(place))
            bad("the public interface is for adapters, examples and floor 7; include the room itself")
    } else if (!is_system(name)) {
        bad("an unknown header; name its one room in tools/floors.sh")
    }
}
function check_quoted(   room, parts) {
    if (index(name, "..") > 0) {
        bad("a path that climbs; write ROOM/NAME.h")
        return
    }
    split(name, parts, "/")
    room = parts[1]
    if (room == "redan" && parts[2] != "") {
        if (!is_outer(place))
            bad("the public interface is for adapters, examples and floor 7; include the room itself")
    } else if (name in system_header || (index(name, "/") > 0 && !(room in floor) && is_system(name))) {
        bad("a system header; write it in angle brackets")
    } else if (owners(name) != "") {
        check_angle()
    } else if (place == "nginx" || place == "python" || place == "include") {
        if (!exists(folder name))
            bad(place "/ sees include/redan alone")
    } else if (index(name, "/") > 0 && (room in floor)) {
        if (place == "examples") {
            if (floor[room] > highest_for_examples)
                bad("examples stand on floors up to " highest_for_examples ", " room " is on floor " floor[room])
        } else if (room != place && floor[room] == floor[place]) {
            bad("rooms on one floor are strangers: " place " and " room)
        } else if (floor[room] > floor[place]) {
            bad("floors go downwards: " place " is on floor " floor[place] ", " room " on floor " floor[room])
        }
    } else if (!exists(folder name)) {
        bad("no room of that name, and no such header beside this file")
    }
}
{
    file = $0
    files++
    split(file, step, "/")
    folder = file
    sub(/[^\/]*$/, "", folder)
    place = step[1] == "src" ? step[2] : step[1]
    line = 0
    if (step[1] == "src" && !(place in floor)) {
        name = place
        bad("a folder of src/ that is no room; give it a floor in DESIGN.md and tools/floors.sh")
    }
    while ((getline text < file) > 0) {
        line++
        if (text !~ /^[ \t]*#[ \t]*include/)
            continue
        name = text
        sub(/^[ \t]*#[ \t]*include[ \t]*/, "", name)
        if (name ~ /^</) {
            sub(/^</, "", name)
            sub(/>.*/, "", name)
            check_angle()
        } else if (name ~ /^"/) {
            sub(/^"/, "", name)
            sub(/".*/, "", name)
            check_quoted()
        } else {
            bad("an include must be a plain name")
        }
    }
    close(file)
}
END {
    if (violations > 0) {
        printf "floors: %d violations in %d files\n", violations, files
        exit 1
    }
    printf "floors: %d files, all includes go downwards\n", files
}'
