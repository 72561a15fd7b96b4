#!/usr/bin/env bats
# Evidence over time (S7, S9): digests that bind a report to its dump, stored backups, earlier
# reports, clean censuses. What one report alone decides is in plan_evidence.bats.

load lib
load plan_lib
load change_lib

setup() {
    scratch
    make_env .env.crypto v4 v1 v2 v3 v4
}
teardown() {
    pg_stop
    unscratch
}

# ---- scan --sha256 ----

# digests: path and digest of the inputs of report.db.
digests() {
    query report.db "select path || ' ' || digest from inputs order by 1"
}

# sums FILE...: the same by sha256sum.
sums() {
    local f
    for f in "$@"; do
        printf '%s sha256:%s\n' "$f" "$(sha256sum "$f" | cut -d' ' -f1)"
    done
}

@test "scan --sha256 digests every input as sha256sum does: plain, packed, piped, several" {
    sealed v4 50 20 | users_dump >dump.sql
    census --sha256
    is "$(digests)" "$(sums dump.sql)"
    gzip -k dump.sql
    zstd -q dump.sql
    rm report.db
    keycensus scan dump.sql.gz dump.sql.zst --sha256 --threads 2 -q -o report.db
    is "$(digests)" "$(sums dump.sql.gz dump.sql.zst)"
    rm report.db
    keycensus scan - --sha256 --dump-time "$(utc 60)" -q -o report.db <dump.sql
    is "$(digests)" "standard input $(sums dump.sql | cut -d' ' -f2)"
    # A container and its members.
    tar cf all.tar dump.sql dump.sql.gz
    rm report.db
    keycensus scan all.tar --sha256 -q -o report.db
    is "$(digests)" "$(sums all.tar; sums dump.sql dump.sql.gz | sed 's/^/all.tar:/')"
    # What was found does not depend on it.
    digest=$(query report.db "select value from summary where item='content_digest'")
    rm report.db
    keycensus scan all.tar -q -o report.db
    is "$(query report.db "select value from summary where item='content_digest'")" "$digest"
    [ "$(digests | grep -c xxh3-128:)" -eq 3 ]
}

@test "scan --sha256 digests the archives of pg_dump, and the files of a folder" {
    pg_start
    psql -q -v ON_ERROR_STOP=1 -c 'create table users (id int, otp text)' \
        -c "insert into users select g, repeat('x', 100) || g from generate_series(1, 20000) g"
    for form in c t; do
        pg_dump -F$form -f pg.$form
        rm -f report.db
        keycensus scan pg.$form --sha256 --threads 2 -q -o report.db
        is "$(digests | grep "^pg.$form ")" "$(sums pg.$form)"
    done
    pg_dump -Fd -f pg.d
    rm -f report.db
    keycensus scan pg.d --sha256 --threads 2 -q -o report.db
    is "$(digests | grep '^pg.d/')" "$(sums pg.d/*)"
}

# ---- S7: stored backups ----

@test "S7: what a stored backup still needs stands in plan, show, apply's end and backups list, with its date" {
    sql_head 60 shop >dump.sql
    { sealed v4 2 20 | sql_table public.users otp; sql_tail; } >>dump.sql
    census
    sql_head $((100 * DAY)) shop >old.sql
    { { sealed v2 3 900; sealed v3 1 210; } | sql_table public.users otp; sql_tail; } >>old.sql
    keycensus scan old.sql --env-file .env.crypto -q -o old.db
    until=2031-01-02T03:04:05Z
    plan --keep-versions 1 --retained "old.db:UNTIL=$until"
    is "$(removed)" "v1 v2 v3"
    grep -q "    retained 3 destroy-not-before $until" plan.txt
    grep -q '    database shop' plan.txt
    keyretire show plan.txt >shown
    grep -q "v2: 3 values.*before $until" shown
    [ "$(grep -c 'database shop; server 15.4' shown)" -eq 2 ]
    keyretire apply plan.txt --yes --state-dir "$STATE" >applied 2>&1
    is "$(env_versions .env.crypto | paste -sd' ')" v4
    grep -q "$until" applied
    keyretire backups list --state-dir "$STATE" >listed
    grep -q "$until" listed
    grep -q 'v2' listed
    # Neither shows what is not known to it.
    [ "$(grep -c "$CANARY" applied listed shown plan.txt | grep -vc ':0$')" -eq 0 ]
}

# ---- S9: stale writers over all reports ----

@test "S9: a write that an earlier report saw counts, though the value was encrypted anew since" {
    { sealed v4 2 20; sealed v3 1 10; } | users_dump $((5 * DAY)) >dump.sql
    census
    mv report.db earlier.db
    sealed v4 3 20 | users_dump >dump.sql
    census
    # As another live report its version is in use; of a stored backup, only its time counts.
    plan --keep-versions 1 --report earlier.db
    is "$(kept)" "v3:in-use v4:active"
    ask 'p["warnings"]' | grep -q 'stale-writer.*v3'
    refused 4 plan --keep-versions 1 --retained earlier.db
    is "$(blockers)" stale-writer
    # What two applied plans ago was seen is not forgotten.
    plan --keep-versions 1 --report earlier.db --only v1
    keyretire apply plan.txt --yes --state-dir "$STATE" -q
    census
    plan --keep-versions 1 --only v2
    keyretire apply plan.txt --yes --state-dir "$STATE" -q
    census
    refused 4 plan --keep-versions 1
    is "$(blockers)" stale-writer
    grep -q 'v3 was written with' plan.out
}

# ---- --min-clean-census ----

# aged DAYS FILE: a report of the dump as it was that many days ago.
aged() {
    users_dump $(($1 * DAY)) >dump.sql
    census
    mv report.db "$2"
}

@test "--min-clean-census: two clean reports, the interval apart; the earlier one of any age" {
    sealed v4 2 30 | aged 20 old.db
    sealed v4 3 30 | users_dump >dump.sql
    census
    plan --keep-versions 1 --min-clean-census 1
    is "$(removed)" "v1 v2 v3"
    refused 4 plan --keep-versions 1 --min-clean-census 2
    grep -q 'error\[R0632\]' plan.err
    [ ! -e plan.txt ]
    refused 5 plan --keep-versions 1 --report old.db # as one more live report it is too old
    plan --keep-versions 1 --report old.db --min-clean-census 2:7d
    is "$(removed)" "v1 v2 v3"
    grep -q '  min-clean-census 2 interval 604800 seconds' plan.txt
    [ "$(grep -c 'census clean' plan.txt)" -eq 2 ]
    keyretire show plan.txt | grep -q '^  earlier report'
    refused 4 plan --keep-versions 1 --report old.db --min-clean-census 2:21d
    refused 4 plan --keep-versions 1 --report old.db --min-clean-census 3
    # The plan is good for as long as its newest data is.
    plan --keep-versions 1 --report old.db --min-clean-census 2:7d
    keyretire apply plan.txt --yes --state-dir "$STATE" -q
    is "$(env_versions .env.crypto | paste -sd' ')" v4
    for wrong in 0 2: two 2:soon -1; do
        refused 2 plan --min-clean-census "$wrong"
    done
}

@test "--min-clean-census: a version in use in one of them stays, and one that is not clean does not count" {
    { sealed v4 2 30; sealed v2 1 300; } | aged 20 old.db
    { sealed v4 2 30; sealed v2 1 300 | sed 's/^v2://'; } | aged 20 unclean.db
    sealed v4 3 30 | users_dump >dump.sql
    census
    plan --keep-versions 1 --report old.db --min-clean-census 2:7d
    is "$(kept)" "v2:in-use v4:active"
    # A value without a version: nobody knows which key it needs.
    refused 5 plan --keep-versions 1 --report unclean.db --min-clean-census 2:7d
    refused 4 plan --keep-versions 1 --report unclean.db --min-clean-census 2:7d --max-report-age none
    grep -q 'error\[R0632\]' plan.err
    # One dump under two names is one census.
    cp dump.sql copy.sql
    sed -i '/Started on/d' dump.sql copy.sql
    census
    keycensus scan copy.sql --env-file .env.crypto --dump-time "$(utc $((3 * DAY)))" -q -o copy.db
    refused 4 plan --keep-versions 1 --report copy.db --min-clean-census 2
}
