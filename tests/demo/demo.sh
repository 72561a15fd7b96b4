#!/bin/bash
# make demo: the main job on a copy of an embedded sample, in a temporary folder. Changes nothing else.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/keyretire-demo.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p app/instance
cp "$here/sample/env.crypto" app/instance/.env.crypto
chmod 600 app/instance/.env.crypto
# The sample is years old by now; a backup job's dump would be from today.
zcat "$here/sample/dump.sql.gz" |
    sed "s/^-- Started on .*/-- Started on $(date -u '+%Y-%m-%d %H:%M:%S') UTC/" | gzip -n >dump.sql.gz
before=$(sha256sum <app/instance/.env.crypto)

say() {
    printf '\n\033[1m== %s\033[0m\n' "$*"
}
run() {
    printf '\033[32m$ %s\033[0m\n' "$*"
    "$@"
}
[ -t 1 ] || { say() { printf '\n== %s\n' "$*"; }; run() { printf '$ %s\n' "$*"; "$@"; }; }

say "1. Census: which key versions does the dump really use?"
run keycensus scan dump.sql.gz --env-file app/instance/.env.crypto \
    --table public.users --column _otp_secret -o report.db
run keycensus show report.db

say "2. Plan: what may leave the configuration, and why"
run keyretire plan --report report.db --env-file app/instance/.env.crypto --state-dir state -o plan.txt

say "3. Rehearse: the masked difference, nothing is changed"
run keyretire apply plan.txt --dry-run --state-dir state | sed -n '/^--- \|^+++ \|^[-+~ ] *line\|^dry run\|^would\|^nothing/p'

say "4. Apply: one transaction, archived first"
run keyretire apply plan.txt --yes --state-dir state | tail -8

say "5. Does the application still start? Its own rules, by python-dotenv"
run /usr/bin/python3 "$here/loader_rules.py" app/instance/.env.crypto
run keyretire check --report report.db --env-file app/instance/.env.crypto

say "6. The backup, and who did what"
run keyretire backups list --state-dir state
run keyretire log --verify --state-dir state

say "7. Undo"
txid=$(keyretire backups list --json --state-dir state | sed -n 's/.*"txid":"\([0-9a-f]*\)".*/\1/p')
run keyretire rollback "$txid" --yes --state-dir state
after=$(sha256sum <app/instance/.env.crypto)
if [ "$before" != "$after" ]; then
    echo "demo: the rolled back file is not the old one" >&2
    exit 1
fi
echo "the file is byte for byte what it was"

say "8. Lean Vault: API keys of OpenRouter, encrypted; here without network"
echo "sk-or-a-management-key-for-the-demo" | run lean_vault init --vault-dir "$work/vault"
run lean_vault rotate-master --vault-dir "$work/vault"
run lean_vault doctor --local --vault-dir "$work/vault"
