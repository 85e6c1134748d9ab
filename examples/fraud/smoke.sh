#!/bin/sh
# Tests against the running service, reported as JUnit XML: smoke.sh URL SERVER MODEL REPORT [SIGNATURE KEY]
set -eu
url=$1 server=$2 model=$3 report=$4 signature=${5:-} key=${6:-}
passed=0 failed=0 cases=

record() { # NAME STATUS DETAIL
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
        cases="$cases  <testcase classname=\"serve\" name=\"$1\"/>
"
    else
        failed=$((failed + 1))
        cases="$cases  <testcase classname=\"serve\" name=\"$1\"><failure message=\"$3\"/></testcase>
"
    fi
}

answers() { # BODY EXPECTED-STATUS: 0 when the service answers so
    code=$(printf '%s' "$1" | curl --silent --output /dev/null --max-time 5 --write-out '%{http_code}' \
        --header 'Content-Type: application/json' --data-binary @- "$url/v1/models/fraud:predict") || code=none
    [ "$code" = "$2" ]
}

refused=0
for body in '' '{' '{"instances": []}' '{"instances": [[1, 2, 3]]}' '{"instances": [["a"]]}' '{"instances": [[NaN]]}'; do
    answers "$body" 400 || refused=1
done
record bad_input_is_refused "$refused" "a malformed request was not answered with 400"

good='{"instances": [[57.2, 0, 0, 2, 48.1, 11, 50.3, 44, 49.9, 1, 0, 7, 0, 31, 0]]}'
if answers "$good" 200; then record good_input_is_scored 0 ''; else record good_input_is_scored 1 "no 200"; fi

box=$(mktemp -d)
damaged=$box/damaged.json
trap 'rm -r "$box"' EXIT
head -c 1000 "$model" >"$damaged"
status=0
timeout 10 "$server" --model "$damaged" --listen 127.0.0.1:0 >/dev/null 2>&1 || status=$?
case $status in # 124: it came up and had to be stopped; 0: it came up and ended; 126 and up: it was never there, or it crashed
1 | 2 | 3) record damaged_model_is_not_served 0 '' ;;
*) record damaged_model_is_not_served 1 "the server ended with $status on a truncated model" ;;
esac

if [ -n "$signature" ]; then # one byte is another one, and the model still a model
    changed=$box/$(basename -- "$model")
    cp "$model" "$changed"
    printf ' ' >>"$changed"
    status=0
    said=$(timeout 10 "$server" --model "$changed" --signature "$signature" --key "$key" --listen 127.0.0.1:0 2>&1) || status=$?
    case $status:$said in
    3:*'is not what was signed'*) record changed_model_is_not_served 0 '' ;;
    *) record changed_model_is_not_served 1 "the server ended with $status on a model that was not signed" ;;
    esac
fi

{
    echo '<?xml version="1.0" encoding="UTF-8"?>'
    echo "<testsuite name=\"serve\" tests=\"$((passed + failed))\" failures=\"$failed\">"
    printf '%s' "$cases"
    echo '</testsuite>'
} >"$report"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
