#!/bin/sh
# Makes fixtures/ anew: a small system whose keys, records and approvals are signed once and committed, and judged with --at ever after.
# Records take the real time, so every digest changes: run `run.sh REDAN --update` afterwards and read the difference.
# The private keys are made here, for these tests only, and protect nothing.
# Usage: make_fixture.sh REDAN
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
redan=$(CDPATH='' cd -- "$(dirname -- "$1")" && pwd)/$(basename -- "$1")
redan() { "$redan" "$@"; }
rm -rf "$here/fixtures"
mkdir -p "$here/fixtures/scoring/redan" "$here/fixtures/keys"
cd "$here/fixtures/scoring"

cat >../README <<'TEXT'
Test data, made by ../make_fixture.sh. The keys in keys/ were made for these tests alone and protect nothing.
TEXT
printf 'weights, version 1\n' >model.bin
printf '{"answers": "labels", "online": false}\n' >serve.json
printf '{"raw_score": 0}\n' >shape.json
printf '{"alive": true}\n' >beat.json
printf '{"auc": {"value": 0.5, "low": 0.49, "high": 0.52}, "n": 500}\n' >auc.json

opened=$(date -u -d '-30 days' +%Y-%m-%d)
due=$(date -u -d '+100 days' +%Y-%m-%d)
expires=$(date -u -d '+200 days' +%Y-%m-%d)
cat >redan/threatmodel.yaml <<TEXT
# A small system for the tests of the commands.
schema: redan/1
id: scoring
inherits: [bank]
extends-stride: {format: threat-dragon, file: api.json}
owners: {ml-lead: r.okafor, security-lead: h.lindqvist}
profile: {kind: [predictive], trains: false}
release:
  model: "sha256:0000000000000000000000000000000000000000000000000000000000000000"
  gateway: "sha256:0000000000000000000000000000000000000000000000000000000000000000"
stages:
  storage: {assets: The model file., adversaries: An insider., vectors: Substitution., controls: Digest pinned.}
  inference: A caller maps the boundary and transfers what passes.
threats:
  - id: mapping
    name: Boundary mapping
    stage: inference
    severity: high
    resolution: {kind: control, cycle: 2026Q4, controls: [labels-only, model-held], residual: low}
  - id: drift
    archetype: EV-03
    severity: high
    resolution:
      kind: planned
      owner: d.moreau
      ticket: T-1
      opened: $opened
      due: $due
      controls: [baseline]
      interim: {controls: [alive], residual: medium}
  - id: membership
    name: Membership inference
    stage: inference
    severity: medium
    resolution:
      kind: accepted
      body: risk-board
      reason: Cardholders learn nothing new.
      residual: low
      expires: $expires
      conditions: [audit]
  - id: online
    name: Online learning
    stage: evolution
    severity: high
    resolution: {kind: eliminated, change: "git:7f3c9a1", absent: [no-update]}
controls:
  - id: labels-only
    catalog: I-OBSC
    evidence:
      - {id: shape, type: probe, ledger: staging/shape, subject: release.gateway, expect: {raw_score: 0}, signer: ci, fresh: 7d}
  - id: model-held
    evidence:
      - {id: hash, type: digest, subject: release.model, signer: ci, fresh: release}
  - {id: baseline, evidence: none}
  - id: alive
    evidence:
      - {id: beat, type: heartbeat, ledger: prod/drift, signer: ci, fresh: 24h}
  - id: audit
    evidence:
      - {id: auc, type: metric, subject: release.model, expect: {auc: {"<=": 0.55}}, signer: ci, fresh: release}
  - id: no-update
    evidence:
      - {id: config, type: config, subject: release.gateway, expect: {"\$.online": false}, signer: ci, fresh: release}
TEXT
cat >redan/org.yaml <<'TEXT'
schema: redan/org/1
org: bank
version: 1
roles: {ml-lead: 1, security-lead: 1, risk-board: 2}
controls:
  - id: platform
    evidence:
      - {id: scan, type: policy, signer: ci, fresh: 7d}
probes:
  - {id: shape, system: scoring, evidence: labels-only/shape, kind: http, url: "http://127.0.0.1:1/"}
TEXT
cat >redan/api.json <<'TEXT'
{"detail": {"diagrams": [{"cells": [{"data": {"threats": [{"status": "Mitigated"}, {"status": "Mitigated"}]}}]}]}}
TEXT

new() { id=$1; shift; redan keys new "$id" --quiet --out "../keys/$id.pem" --until 2099-12-31 "$@"; }
new root --org bank --holder a.root >../root
new okafor --holder r.okafor --role ml-lead >/dev/null
new lindqvist --holder h.lindqvist --role security-lead >/dev/null
new board-1 --holder b.haas --role risk-board >/dev/null
new board-2 --holder c.ngo --role risk-board --quorum 2 >/dev/null
new ci --holder ci --service >/dev/null
# valid long before the machine's clock, whatever that says
sed -i 's/from: .*/from: 2020-01-01/' redan/keys.yaml
redan keys sign keys.yaml --quiet --key ../keys/root.pem
redan keys sign org.yaml --quiet --key ../keys/root.pem
# a key that nobody knows
(cd .. && mkdir elsewhere && cd elsewhere && redan keys new stranger --quiet --org x --holder x --out ../keys/stranger.pem >/dev/null)
rm -rf ../elsewhere

redan release pin model=model.bin gateway=serve.json >/dev/null
ci() { redan evidence add "$@" --quiet --key ../keys/ci.pem; }
ci labels-only/shape --observed shape.json
ci model-held/hash --path model.bin
ci alive/beat --observed beat.json
ci audit/auc --observed auc.json
ci no-update/config --observed serve.json
for n in 1 2; do
    for threat in drift membership; do
        redan approve --quiet --role risk-board --accept $threat --key ../keys/board-$n.pem
    done
done
redan approve --quiet --role ml-lead --key ../keys/okafor.pem
redan approve --quiet --role security-lead --key ../keys/lindqvist.pem
date -u -d '+1 hour' +%Y-%m-%dT%H:%M:00Z >../at
sh "$here/make_signing.sh" ..
rm -f redan/.lock
redan check --root "$(cat ../root)" --at "$(cat ../at)"
