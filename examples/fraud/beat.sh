#!/bin/sh
# A heartbeat as evidence: is the service ready? Prints one JSON object for `redan evidence run`.
set -eu
if curl --silent --fail --max-time 5 --output /dev/null "$1"; then alive=true; else alive=false; fi
printf '{"alive": %s, "endpoint": "%s", "n": 1}\n' "$alive" "$1"
