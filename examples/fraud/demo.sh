#!/bin/sh
# The story on the card-fraud service: somebody with a merchant's account learns where the model draws its line, until a guard stands before it;
# a claim without proof stops the release; an honest plan lets it through; one changed byte stops it again. Everything happens in build/demo and
# on loopback.
set -eu
cd "$(dirname "$0")/../.."
top=$PWD
bin=$top/build/release
work=$top/build/demo
port=${REDAN_DEMO_PORT:-8473}
export PATH="$bin:$bin/examples/fraud:$PATH"
export OMP_NUM_THREADS=1
server=
guard=
history_days=${REDAN_DEMO_HISTORY_DAYS:-20} # of honest traffic that the guard is calibrated on
test_days=${REDAN_DEMO_TEST_DAYS:-7}        # and of what it is tried on, by other merchants

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { printf '$ %s\n' "$*"; "$@"; }
refuse() { # run a check that must refuse the release
    printf '$ %s\n' "$*"
    code=0
    "$@" || code=$?
    if [ "$code" != 1 ]; then
        echo "demo: expected exit code 1, got $code" >&2
        exit 3
    fi
}
stop() {
    if [ -n "$server" ]; then kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; fi
    server=
}
stop_guard() {
    if [ -n "$guard" ]; then kill "$guard" 2>/dev/null && wait "$guard" 2>/dev/null; fi
    guard=
}
wait_for() { # ADDRESS PROCESS LOG
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        curl --silent --fail --output /dev/null "$1" && return 0
        kill -0 "$2" 2>/dev/null || break
        sleep 0.25
    done
    cat "$3" >&2
    exit 3
}
start_guard() { # POLICY
    redan guard run --upstream "http://127.0.0.1:$port" --policy "$1" --listen "127.0.0.1:$((port + 2))" --status "127.0.0.1:$((port + 3))" \
        --identity '$http_x_client' --workers 1 --zone-size 64m --user "$(id -un)" >guard.out 2>&1 &
    guard=$!
    wait_for "http://127.0.0.1:$((port + 3))/redan/metrics" "$guard" guard.out
}
ask() { # PORT: one honest request, as a merchant sends it
    curl --silent --header 'Content-Type: application/json' --header 'X-Client: merchant-00007' \
        --data '{"instances": [[57.2, 0, 0, 2, 48.1, 11, 50.3, 44, 49.9, 1, 0, 7, 0, 31, 0]]}' "http://127.0.0.1:$1/v1/models/fraud:predict"
    echo
}
trap 'stop_guard; stop' EXIT
trap 'exit 130' INT TERM

rm -rf "$work"
mkdir -p "$work/keys"
cp -R examples/fraud/redan "$work/redan"
cp -R examples/fraud/guard "$work/guard"
cp examples/fraud/beat.sh "$work/"
cd "$work"

say "1. A card-fraud model: simulated transactions, a boosted model, its holdout result"
run fraud-simulate --out transactions.csv --seed 7
run fraud-train --data transactions.csv --model model.json --holdout holdout.json --seed 7
echo "Whoever trained it signs it; the service will load nothing else:"
openssl ecparam -name prime256v1 -genkey -noout -out keys/signer.pem
openssl pkey -in keys/signer.pem -pubout -out keys/signer.pub
run redan sign model.json --key keys/signer.pem
cat >serve.json <<JSON
{"model": "model.json", "signature": "model.json.sig", "key": "keys/signer.pub",
 "listen": "127.0.0.1:$port", "name": "fraud", "version": "1",
 "answers": "labels", "threshold": 0.5, "online_update": false}
JSON

say "2. The service, speaking KServe v1 and Open Inference Protocol v2"
fraud-serve --config serve.json >serve.out 2>&1 &
server=$!
wait_for "http://127.0.0.1:$port/v2/health/ready" "$server" serve.out
cat serve.out
ask "$port"
echo "It answers with a label alone. Somebody who has a merchant's account asks for more:"
run fraud-attack --kind ranges --to "127.0.0.1:$port"
run fraud-attack --kind lines --to "127.0.0.1:$port"

say "3. Keys: a root, two leads, a risk board of two, and the services that record evidence"
# dates of the example are moved to today, so that the story does not age
half_year=$(date -u -d '+180 days' +%Y-%m-%d)
opened=$(date -u -d '-50 days' +%Y-%m-%d)
plan=$(date -u -d '+90 days' +%Y-%m-%d)
sed -i -e "s/expires: .*/expires: $half_year/" -e "s/opened: .*/opened: $opened/" -e "s/due: .*/due: $plan/" \
    redan/threatmodel.yaml
sed -i -e "s/127.0.0.1:8473/127.0.0.1:$port/" -e "s/127.0.0.1:8474/127.0.0.1:$((port + 1))/" -e "s/127.0.0.1:8475/127.0.0.1:$((port + 2))/" \
    -e "s/127.0.0.1:8476/127.0.0.1:$((port + 3))/" redan/org.yaml
signer=$(openssl pkey -pubin -in keys/signer.pub -outform DER | openssl dgst -sha256 -r | cut -d ' ' -f 1)
sed -i "s/key sha256:0*\"/key sha256:$signer\"/" redan/threatmodel.yaml
new() { id=$1; shift; redan keys new "$id" --quiet --out "keys/$id.pem" "$@"; }
REDAN_ROOT=$(new root --org examplebank --holder a.root)
export REDAN_ROOT
for who in "okafor r.okafor ml-lead" "lindqvist h.lindqvist security-lead" "steward m.silva data-steward"; do
    # shellcheck disable=SC2086 # three words
    set -- $who
    new "$1" --holder "$2" --role "$3" --sign-with keys/root.pem >/dev/null
done
new board-1 --holder b.haas --role risk-board --sign-with keys/root.pem >/dev/null
new board-2 --holder c.ngo --role risk-board --quorum 2 --sign-with keys/root.pem >/dev/null
for service in ci-staging ml-eval monitor-prod; do
    new "$service" --holder "$service" --service --sign-with keys/root.pem >/dev/null
done
redan keys sign org.yaml --quiet --key keys/root.pem
run redan keys list

say "4. A guard before it: what honest rows look like is learned, what honest merchants do is observed, then it is enforced"
openssl pkey -in keys/ml-eval.pem -pubout -out guard/ml-eval.pub
awk -F, 'NR == 1 || $3 <= 45' transactions.csv >training.csv # what was known when the model was trained
mine=tx_amount,tx_weekend,tx_night,customer_count_1d,customer_avg_amount_1d,customer_count_7d,customer_avg_amount_7d,customer_count_30d,customer_avg_amount_30d
echo "$ redan guard learn training.csv --label fraud ... --model model.json --key keys/ml-eval.pem --out guard/profile.json"
redan guard learn training.csv --label fraud --drop transaction_id,time,day,customer_id,terminal_id,scenario --caller $mine \
    --model model.json --key keys/ml-eval.pem --out guard/profile.json >learned.txt
grep -E '^(guard|parts|alpha 0.01|schema)' learned.txt
sed -e 's/^mode: enforce/mode: observe/' -e 's/events.jsonl/history.jsonl/' guard/policy.yaml >guard/observe.yaml
start_guard guard/observe.yaml
echo "Half of the merchants ask about $history_days days of payments, and the guard only looks on:"
run fraud-merchants --to "127.0.0.1:$((port + 2))" --half 1 --from $((46 - history_days)) --days "$history_days"
stop_guard
run redan guard learn --from guard/profile.json --history guard/history.jsonl --alpha 0.001 --key keys/ml-eval.pem --out guard/profile.json
echo "The policy takes no other profile than this one, and so its digest stands for both."
digest=$(sed -n 's/.*"payload": *"\([^"]*\)".*/\1/p' guard/profile.json | base64 -d | openssl dgst -sha256 -r | cut -d ' ' -f 1)
sed -i "s/^profile: {file: profile.json,/& digest: \"sha256:$digest\",/" guard/policy.yaml
echo "Before it is enforced: what would the policy have done to these merchants?"
echo "$ redan guard replay guard/history.jsonl --policy guard/policy.yaml"
redan guard replay guard/history.jsonl --policy guard/policy.yaml >replayed.txt
sed -n '1,/^rule /p' replayed.txt | sed '$d'
start_guard guard/policy.yaml
echo "The same honest request, of the service itself and through the guard:"
ask "$port"
ask $((port + 2))
echo "The same two, through the guard:"
run fraud-attack --kind ranges --to "127.0.0.1:$((port + 2))" --name merchant-90001
run fraud-attack --kind lines --to "127.0.0.1:$((port + 2))" --name merchant-90002
echo "And the other half of the merchants, on days that nobody had seen:"
run fraud-merchants --to "127.0.0.1:$((port + 2))" --half 2 --from 53 --days "$test_days"
curl --silent "http://127.0.0.1:$((port + 3))/redan/metrics" | grep -E '^redan_guard_(verdicts|events_dropped|callers_accused)'
run redan guard probes guard/policy.yaml --caller 'merchant-probe-{n}' --key keys/ml-eval.pem --out guard/probes.json

say "5. The release is pinned, and evidence about it recorded"
run redan release pin model=model.json dataset=transactions.csv gateway=serve.json guard=guard/policy.yaml
run redan evidence add model-held/hash --path model.json --key keys/ci-staging.pem
run redan verify model.json --key keys/signer.pub --for model-held/signature --record-key keys/ci-staging.pem
run redan scan model.json --for model-scanned/scan --key keys/ci-staging.pem
run redan evidence add dataset-held/hash --path transactions.csv --key keys/steward.pem
run redan evidence add holdout-gate/auc --observed holdout.json --key keys/ml-eval.pem
run redan evidence add no-online-update/serving-config --observed serve.json --key keys/ci-staging.pem
run redan evidence run response-shape --key keys/ci-staging.pem
run redan evidence run service-beat --key keys/monitor-prod.pem
echo "The set of requests is sent to the guard that is running: it must be this policy, and it must enforce it:"
run redan evidence run guard-input guard-search --key keys/ci-staging.pem
run redan evidence run guard-beat --key keys/monitor-prod.pem
redan evidence list | grep -E "guard" || true
sh "$top/examples/fraud/smoke.sh" "http://127.0.0.1:$port" fraud-serve model.json smoke.xml model.json.sig keys/signer.pub
run redan evidence import smoke.xml --format junit --for verify-on-load/refuses --key keys/ci-staging.pem
echo "A service of its own is started with copies of the model: flipped, truncated, unsigned, and the genuine one:"
run redan evidence run tamper --key keys/ci-staging.pem
board() { for n in 1 2; do redan approve --quiet --role risk-board "$@" --key "keys/board-$n.pem"; done; }
leads() {
    redan approve --quiet --role ml-lead --key keys/okafor.pem
    redan approve --quiet --role security-lead --key keys/lindqvist.pem
}
board --accept membership
board --exclude DC-08
leads

say "6. May it ship? STRIDE says all is mitigated, and the guard is proved. The monitor over many accounts is a claim without proof."
refuse redan check

say "7. The same model, with that control honestly planned: a deadline, and an interim risk that the board signed"
sed -e "s/@TODAY@/$(date -u +%Y-%m-%d)/" -e "s/@DUE@/$(date -u -d '+60 days' +%Y-%m-%d)/" \
    "$top/examples/fraud/planned.yaml" >planned.yaml
awk '/^  - id: / { inside = ($3 == "boundary-mapping-shared") }
     inside && /^    resolution:/ { while ((getline line < "planned.yaml") > 0) print line; skip = 1; next }
     skip && /^      / { next }
     { skip = 0; print }' redan/threatmodel.yaml >changed.yaml
mv changed.yaml redan/threatmodel.yaml
echo "What the leads are about to sign, the loosened first:"
refuse redan diff
board --accept boundary-mapping-shared
leads
run redan check --artefact model=model.json
echo "What ships without proof, who answers for it, and until when:"
run redan check --waivers
echo "What a gate pins from now on: the root, the versions, the last approved threat model"
run redan pin
REDAN_ROOT=$(redan pin)

say "8. Whoever can edit the repository makes an organisation of her own, with the same names and a key for each"
cp -R redan mallory
forge() { command=$1; shift; redan $command --quiet --dir forged "$@" >/dev/null; }
forge "org new" examplebank --holder a.root --out keys/mallory.pem
forge "keys new" k1 --holder r.okafor --role ml-lead --sign-with keys/mallory.pem --out keys/k1.pem
forge "keys new" k2 --holder h.lindqvist --role security-lead --sign-with keys/mallory.pem --out keys/k2.pem
cp forged/*.yaml forged/*.json mallory/
rm -r mallory/approvals mallory/history
env -u REDAN_ROOT redan approve --quiet --dir mallory --role ml-lead --key keys/k1.pem
env -u REDAN_ROOT redan approve --quiet --dir mallory --role security-lead --key keys/k2.pem
refuse redan check mallory >mallory.txt
head -n 6 mallory.txt

say "9. Somebody plants a pickle in the place of the model, and pins it: the scan says what loading it would run"
printf 'cposix\nsystem\n(S"id > planted.txt"\ntR.' >planted.pkl
refuse redan scan planted.pkl
cp -R redan planted
redan release pin --quiet --dir planted model=planted.pkl >/dev/null
redan scan planted.pkl --quiet --dir planted --for model-scanned/scan --key keys/ci-staging.pem >/dev/null || true
refuse redan check planted >planted.said
head -n 3 planted.said
grep -A 3 'code-on-load' planted.said

say "10. One byte of the model is changed"
printf 'X' | dd of=model.json bs=1 seek=4096 conv=notrunc status=none
refuse redan check --artefact model=model.json
refuse redan verify model.json --key keys/signer.pub
echo "The service is told to load it, and goes on with the model that was signed:"
kill -HUP "$server"
sleep 1
tail -n 2 serve.out
echo "And started anew, it does not come up:"
code=0
fraud-serve --config serve.json --listen 127.0.0.1:0 || code=$?
[ "$code" = 3 ] || { echo "demo: expected exit code 3, got $code" >&2; exit 3; }

say "The story is in build/demo: redan/ holds the threat model, its evidence and its approvals."
echo "Try: cd build/demo; export REDAN_ROOT='$REDAN_ROOT'; ../release/redan next"
