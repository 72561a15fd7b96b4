#!/usr/bin/env bats
# Archives to the end of a key's life: what they hold, who needs them, and how they are destroyed.

load lib
load change_lib

setup() {
    scratch
    world v1 v2 v3 v4
    cp -p .env.crypto original
}
teardown() {
    end_world
}

# stored NAME VERSION COUNT: the report of a stored backup, NAME.db, with values of that version.
stored() {
    sealed "$2" "$3" 100 original | { sql_head 8640000 app; sql_table public.users otp; sql_tail; } >"$1.sql"
    keycensus scan "$1.sql" --env-file original -q -o "$1.db"
}

applied() { # [PLAN OPTION...]
    planned --keep-versions 1 "$@"
    exits 0 retire apply plan.txt --yes --json
    TXID=$(field out 'x["txid"]')
    BACKUP=$(field out 'x["backup_file"]')
}

# listed TXID EXPRESSION: over the line `x` that backups list has for it.
listed() {
    keyretire backups list --json --state-dir "$STATE" "${@:3}" | /usr/bin/python3 -c '
import json, sys
x = next(r for r in map(json.loads, sys.stdin) if r["txid"] == sys.argv[1])
print(eval(sys.argv[2]))' "$1" "$2"
}

kept_by_all() { # the archive is there, no transaction of a purge, and it reads
    [ -f "$BACKUP" ]
    exits 0 retire backups verify "$TXID"
}

# ---- list ----

@test "backups list: the versions held, the dumps that need them, and destroy-not-before" {
    stored old v1 3
    applied --retained old.db:UNTIL=2199-01-01T00:00:00Z
    is "$(listed "$TXID" 'x["versions"]')" "v1 v2 v3"
    is "$(listed "$TXID" 'x["held"]')" "v1 v2 v3 v4"
    is "$(listed "$TXID" 'x["destroy_not_before"]')" "2199-01-01T00:00:00Z"
    [[ "$(listed "$TXID" 'x["needed_by"]')" == "v1: 3 values, app of "*"kept until 2199-01-01T00:00:00Z" ]]
    exits 0 retire backups list
    says out 2199-01-01T00:00:00Z "v1 v2 v3 v4" "$BACKUP"
    exits 0 retire backups show "$TXID"
    says out 2199-01-01T00:00:00Z "v1: 3 values"
}

@test "backups list: --retain-until of plan and apply, the later one counts; without any there is no time" {
    applied --retain-until 2198-05-06
    is "$(listed "$TXID" 'x["destroy_not_before"]')" "2198-05-06T00:00:00Z"
    says plan.txt "  retain-until 2198-05-06T00:00:00Z"
    exits 0 retire rollback "$TXID" --yes
    planned --keep-versions 1
    exits 0 retire apply plan.txt --yes --json --retain-until 2199-01-02T03:04:05Z
    is "$(listed "$(field out 'x["txid"]')" 'x["destroy_not_before"]')" "2199-01-02T03:04:05Z"
    is "$(keyretire backups list --json --state-dir "$STATE" |
        /usr/bin/python3 -c 'import json, sys; print(sorted(str(json.loads(l)["destroy_not_before"]) for l in sys.stdin))')" \
        "['2198-05-06T00:00:00Z', '2199-01-02T03:04:05Z', 'None']"
    exits 2 retire apply plan.txt --yes --retain-until tomorrow
    says err 948
    exits 2 retire apply plan.txt --yes --retain-until 2199-02-30
}

@test "backups list: a stored dump of which no end is known leaves no time; naming it gives one" {
    stored old v1 3
    applied --retained old.db
    is "$(listed "$TXID" 'x["destroy_not_before"]')" None
    [[ "$(listed "$TXID" 'x["needed_by"]')" == *"kept until unknown" ]]
    is "$(listed "$TXID" 'x["destroy_not_before"]' --retained old.db:UNTIL=2190-01-01T00:00:00Z)" "2190-01-01T00:00:00Z"
}

# ---- purge: refused ----

@test "backups purge: without a horizon it refuses (4) and says what resolves it" {
    applied
    exits 4 retire backups purge "$TXID" --yes
    says err R0821 --retain-until
    exits 4 retire backups purge "$TXID" --dry-run
    kept_by_all
    is "$(retire status | grep -c purge)" 0
}

@test "backups purge: before its horizon it refuses (4), and an option does not shorten it" {
    applied --retain-until 2199-01-01
    exits 4 retire backups purge "$TXID" --yes
    says err R0820 2199-01-01T00:00:00Z
    exits 4 retire backups purge "$TXID" --yes --retain-until 2020-01-01
    says err R0820
    kept_by_all
}

@test "backups purge: the last archived copy of a key that a stored dump needs stays (4)" {
    stored old v1 3
    applied --retained old.db:UNTIL=2199-01-01T00:00:00Z
    exits 4 retire backups purge "$TXID" --yes --retain-until 2020-01-01
    says err R0822 "version v1" "app of" "kept until 2199-01-01T00:00:00Z"
    kept_by_all
    # A dump that nobody named when it was applied, named now.
    rm -rf "$STATE"
    cp original .env.crypto
    applied --retain-until 2020-01-01
    exits 4 retire backups purge "$TXID" --yes --retained old.db
    says err R0822 "version v1"
    kept_by_all
}

@test "backups purge: a stored dump that a later plan was told of may need what had left before" {
    stored old v1 3
    stored other v4 1
    applied --only v1 --retain-until 2020-01-01
    first=$TXID archive=$BACKUP
    census
    # This plan knows no v1 any more, and so not that the dump needs it.
    applied --retained old.db:UNTIL=2199-01-01T00:00:00Z --retain-until 2020-01-01
    exits 4 retire backups purge "$first" --yes
    says err R0822 "version v1" "kept until 2199-01-01T00:00:00Z" "--retained"
    [[ "$(listed "$first" 'x["needed_by"]')" == "v1: perhaps, app of "*"kept until 2199-01-01T00:00:00Z" ]]
    BACKUP=$archive TXID=$first
    kept_by_all
    # Who names the dump lets its report say what it needs.
    exits 4 retire backups purge "$first" --yes --retained old.db
    says err R0822 "version v1, and a stored dump needs it: old.db"
    kept_by_all
    rm -rf "$STATE"
    cp original .env.crypto
    census
    applied --only v1 --retain-until 2020-01-01
    first=$TXID
    census
    applied --retained other.db:UNTIL=2199-01-01T00:00:00Z --retain-until 2020-01-01
    exits 4 retire backups purge "$first" --yes
    exits 0 retire backups purge "$first" --yes --retained other.db
}

@test "backups purge: another archive with the very same key makes room; one with another key does not" {
    stored old v1 3
    applied --retained old.db --retain-until 2020-01-01
    first=$TXID
    exits 4 retire backups purge "$first" --yes
    says err R0822 "UNTIL="
    exits 0 retire rollback "$first" --yes
    census
    applied --retained old.db --retain-until 2020-01-02 # the same keys, archived once more
    exits 0 retire backups purge "$first" --yes
    exits 4 retire backups purge "$TXID" --yes
    says err R0822
    # v1 with another key, archived by a third change, is no copy.
    {
        cat .env.crypto
        salt=$(new_salt)
        printf 'ENCRYPTION_KEYS__v1="%s"\nENCRYPTION_SALT__v1="%s"\nENCRYPTION_SALT_HASH__v1="%s"\n' \
            "$(new_password)" "$salt" "$(salt_hash "$salt")"
    } >edited
    cat edited >.env.crypto
    renew_checksum .env.crypto
    remember .env.crypto
    second=$TXID
    census
    applied --retain-until 2020-01-01
    exits 4 retire backups purge "$second" --yes
    says err R0822
}

@test "backups purge: when the applied plan is gone, who needs the keys is not known (4)" {
    applied --retain-until 2020-01-01
    mv "$STATE/plans" away
    exits 4 retire backups purge "$TXID" --yes
    says err R0823 "$TXID"
    mv away "$STATE/plans"
    exits 0 retire backups purge "$TXID" --yes
}

@test "backups purge: when a later plan is gone, who needs what had left before it is not known (4)" {
    applied --only v1 --retain-until 2020-01-01
    first=$TXID
    census
    cp "$STATE"/plans/*.plan first.plan
    applied --retain-until 2020-01-01
    rm "$STATE"/plans/*.plan
    cp first.plan "$STATE/plans/$(sha256sum <first.plan | cut -d' ' -f1).plan"
    exits 4 retire backups purge "$first" --yes
    says err R0823 "$TXID"
    exits 0 retire backups verify "$first"
    # With the plan back it may go.
    cp plan.txt "$STATE/plans/$(sha256sum <plan.txt | cut -d' ' -f1).plan"
    exits 0 retire backups purge "$first" --yes
}

@test "backups purge: a damaged one (12), one with two names (4), no such one (6), no id (2)" {
    applied --retain-until 2020-01-01
    cp "$BACKUP" good
    head -c 700 good >"$BACKUP"
    exits 12 retire backups purge "$TXID" --yes
    cat good >"$BACKUP"
    ln "$BACKUP" other
    exits 4 retire backups purge "$TXID" --yes
    says err R0824
    rm other
    exits 6 retire backups purge ffffffffffffffff --yes
    exits 2 retire backups purge
    kept_by_all
    [ ! -e "$STATE/destroyed" ]
}

@test "backups purge: asks; no and silence destroy nothing (7); a dry run neither" {
    applied --retain-until 2020-01-01
    echo no | exits 7 retire backups purge "$TXID"
    exits 7 retire backups purge "$TXID" </dev/null
    tree "$STATE" | grep -v ' .*/lock ' >tree.before
    exits 0 retire backups purge "$TXID" --dry-run
    says out "dry run" "$BACKUP"
    tree "$STATE" | grep -v ' .*/lock ' >tree.after
    same_file tree.before tree.after
    kept_by_all
    echo yes | exits 0 retire backups purge "$TXID"
    [ ! -e "$BACKUP" ]
}

# ---- purge: done ----

@test "backups purge: the archive goes, a record stays, the log has its line, the configuration is untouched" {
    stored old v1 3
    applied --retained old.db:UNTIL=2020-01-01T00:00:00Z
    before=$(sha256sum <.env.crypto)
    digest=$(sha256sum <"$BACKUP" | cut -d' ' -f1)
    exits 0 retire backups purge "$TXID" --yes --json
    is "$(field out 'x["backup_file"], x["versions"], x["dry_run"]')" "('$BACKUP', 'v1 v2 v3 v4', False)"
    purge=$(field out 'x["txid"]')
    record=$(field out 'x["record"]')
    [ ! -e "$BACKUP" ]
    is "$(ls -A "$STATE/backups")" ""
    [ "$record" = "$STATE/destroyed/$purge.txt" ]
    is "$(stat -c %a "$record")" 600
    says "$record" "archive $BACKUP" "sha256 $digest" "version v1" "version v4" "may remain elsewhere" snapshots
    [ "$(sha256sum <.env.crypto)" = "$before" ]
    exits 0 retire log --json
    tail -1 out >line
    is "$(field line 'x["operation"], x["outcome"], x["txid"], x["backup"], x["targets"][0]["sha256_before"]')" \
        "('purge', 'committed', '$purge', '$BACKUP', '$digest')"
    exits 0 retire log --verify
    exits 0 retire status
    says out purge committed
    # What is gone is not found, and a rollback of its transaction says so.
    exits 6 retire rollback "$TXID" --yes
    says err "destroyed by transaction $purge" "$record"
    exits 6 retire backups verify "$(basename "$BACKUP")"
    says err "destroyed by transaction $purge"
    exits 6 retire backups purge "$TXID" --yes
    exits 5 retire rollback "$purge" --yes
    exits 0 retire backups list --json
    [ ! -s out ]
    exits 0 retire recover
    says out "nothing to recover"
}

@test "backups purge: a stored dump whose end is over needs nothing any more" {
    stored old v1 3
    applied --retained old.db
    exits 4 retire backups purge "$TXID" --yes --retain-until 2020-01-01
    exits 0 retire backups purge "$TXID" --yes --retain-until 2020-01-01 --retained old.db:UNTIL=2020-02-02T00:00:00Z
    [ ! -e "$BACKUP" ]
}

@test "backups purge: of two archives the other one stays whole" {
    applied --retain-until 2020-01-01
    exits 0 retire rollback "$TXID" --yes --retain-until 2020-01-01 --json
    other=$(field out 'x["txid"]')
    exits 0 retire backups purge "${TXID:0:6}" --yes
    exits 0 retire backups verify "$other"
    exits 0 retire backups purge "$other" --yes
    is "$(ls -A "$STATE/backups")" ""
    is "$(ls -A "$STATE/destroyed" | wc -l)" 2
}
