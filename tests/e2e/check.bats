#!/usr/bin/env bats
# check: can this configuration read this dump, and if not, where did the key go?

load lib
load change_lib

setup() {
    scratch
    world v1 v2 v3 v4
    cp -p .env.crypto original
    # An older dump, with values of v1 and v2.
    { sealed v1 3; sealed v2 1; } | users_dump >old.sql
    keycensus scan old.sql --env-file original -q -o old.db
}
teardown() { end_world; }

applied() {
    planned --keep-versions 1 "$@"
    exits 0 retire apply plan.txt --yes --json
    TXID=$(field out 'x["txid"]')
    BACKUP=$(field out 'x["backup_file"]')
}

@test "check: a version that a transaction removed names it, its archive and the command that puts it back" {
    exits 0 retire check --report old.db --env-file .env.crypto
    applied
    exits 4 retire check --report old.db --env-file .env.crypto
    says out v1 v2 "$TXID" "$BACKUP"
    says err R0931 "v1 was removed by transaction $TXID" "$BACKUP"
    # The very command that is named makes the dump readable again.
    command=$(sed -n 's/.*has it: \(keyretire .*\)$/\1/p' err | head -1)
    is "$command" "keyretire backups restore $TXID --state-dir $STATE"
    exits 0 eval "$command --yes"
    exits 0 retire check --report old.db --env-file .env.crypto
    same_file .env.crypto original
}

@test "check: of two transactions the one that removed the version is named" {
    planned --keep-versions 3
    exits 0 retire apply plan.txt --yes --json
    first=$(field out 'x["txid"]')
    census
    applied
    exits 4 retire check --report old.db --env-file .env.crypto
    says err "v1 was removed by transaction $first" "v2 was removed by transaction $TXID" \
        "backups restore $first" "backups restore $TXID"
}

@test "check: an archive that was destroyed is no way back" {
    applied --retain-until 2020-01-01
    exits 0 retire backups purge "$TXID" --yes
    exits 4 retire check --report old.db --env-file .env.crypto
    says err "v1 was removed by transaction $TXID, and no archive here has it"
    is "$(grep -c 'backups restore' err)" 0
}

@test "check: a version that nobody removed is only named; a state folder that does not read is said" {
    { sealed v1 3; seal original v4 1 | sed 's/^v4:/v9:/'; } | users_dump >odd.sql
    keycensus scan odd.sql --env-file original -q -o odd.db
    exits 4 retire check --report odd.db --env-file .env.crypto
    says out v9
    is "$(grep -c 'v9 was removed' err)" 0
    mkdir -m 777 wide
    exits 4 keyretire check --report odd.db --env-file .env.crypto --state-dir "$SCRATCH/wide"
    says out v9
    says err "is not known"
}
