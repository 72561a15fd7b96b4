#!/usr/bin/env bats
# Rollback and check at their edges: a question that stands, a file that is gone, several files, bare values.

load lib

setup() {
    scratch
    make_env .env.crypto v3 v1 v2 v3
    { echo 'id,secret'; seal .env.crypto v3 2 | sed 's/^/1,/'; } >values.csv
    keycensus scan values.csv --env-file .env.crypto --table values --column secret -q -o report.db
    keyretire plan --report report.db --env-file .env.crypto --accept 'partial-input:a CSV export' \
        --keep-versions 1 --kdf-iterations 1 --state-dir "$STATE" -q -o plan.txt >/dev/null
}
teardown() { unscratch; }

apply() {
    keyretire apply plan.txt --yes --json --state-dir "$STATE" 2>/dev/null >result.json
    TXID=$(python3 -c 'import json; print(json.load(open("result.json"))["txid"])')
}

@test "K4.1: a rollback that waits for its answer holds no lock" {
    apply
    mkfifo answer
    keyretire rollback "$TXID" --state-dir "$STATE" <answer >out 2>&1 &
    pid=$!
    exec 7>answer
    await grep -q 'Put these versions back' out
    run keyretire recover --state-dir "$STATE" --lock-timeout 0s
    [ "$status" -eq 0 ]
    echo yes >&7
    exec 7>&-
    wait "$pid"
    [ "$(env_versions .env.crypto | paste -sd' ')" = "v1 v2 v3" ]
    app_starts .env.crypto
}

@test "K4.3: a rollback answered with no changes nothing" {
    apply
    before=$(sha256sum <.env.crypto)
    run bash -c 'echo no | keyretire rollback "$0" --state-dir "$1"' "$TXID" "$STATE"
    [ "$status" -eq 7 ]
    [ "$(sha256sum <.env.crypto)" = "$before" ]
}

@test "K6.2: a rollback of a file that is gone says how to get at the archived one" {
    apply
    rm .env.crypto
    run keyretire rollback "$TXID" --yes --state-dir "$STATE"
    [ "$status" -eq 6 ]
    archive=$(find "$STATE/backups" -type f)
    [[ "$output" == *"tar -xOf $archive"* ]]
    tar -xOf "$archive" --wildcards '*/.env.crypto' >.env.crypto
    [ "$(env_versions .env.crypto | paste -sd' ')" = "v1 v2 v3" ]
}

@test "a damaged journal refuses with what to do, and doing that brings the versions back" {
    apply
    journal=$STATE/txn/$TXID.journal
    cp -p "$journal" copy
    printf '\0' | dd of="$journal" bs=1 seek=40 conv=notrunc status=none
    for command in status recover "rollback $TXID --yes" "backups restore $TXID --yes"; do
        run keyretire $command --state-dir "$STATE"
        [ "$status" -eq 12 ]
        [[ "$output" == *"hint: "*"STATE/txn/$TXID.journal"*".$TXID.new"*"backups restore $TXID"* ]]
    done
    mv "$journal" damaged
    run keyretire recover --state-dir "$STATE"
    [ "$status" -eq 0 ]
    run keyretire backups restore "$TXID" --yes --state-dir "$STATE"
    [ "$status" -eq 0 ]
    [ "$(env_versions .env.crypto | paste -sd' ')" = "v1 v2 v3" ]
    app_starts .env.crypto
}

@test "a changed audit log refuses with what to do, and doing that writes it again" {
    apply
    cp -p "$STATE/audit.log" right
    sed -i 's/"apply"/"apple"/' "$STATE/audit.log"
    for command in recover "rollback $TXID --yes"; do
        run keyretire $command --state-dir "$STATE"
        [ "$status" -eq 12 ]
        [[ "$output" == *"hint: "*"STATE/audit.log"*"keyretire recover"* ]]
    done
    mv "$STATE/audit.log" evidence
    run keyretire recover --state-dir "$STATE"
    [ "$status" -eq 0 ]
    cmp right "$STATE/audit.log"
    run keyretire rollback "$TXID" --yes --state-dir "$STATE"
    [ "$status" -eq 0 ]
    [ "$(env_versions .env.crypto | paste -sd' ')" = "v1 v2 v3" ]
}

@test "check: every file must have the key, not only one of them" {
    make_env other.env v1 v1
    run keyretire check --report report.db --env-file .env.crypto
    [ "$status" -eq 0 ]
    run keyretire check --report report.db --env-file .env.crypto --env-file other.env
    [ "$status" -eq 4 ]
    [[ "$output" == *v3* ]]
}

@test "check: values without a readable label are no yes" {
    { echo 'id,secret'; seal .env.crypto - 3 | sed 's/^/1,/'; } >bare.csv
    keycensus scan bare.csv --env-file .env.crypto -q -o bare.db
    run keyretire check --report bare.db --env-file .env.crypto --json
    [ "$status" -eq 4 ]
    run keyretire check --report bare.db --env-file .env.crypto
    [ "$status" -eq 4 ]
    [[ "$output" == *"(unversioned)"*3* ]]
}
