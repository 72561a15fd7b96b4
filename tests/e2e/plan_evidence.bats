#!/usr/bin/env bats
# What a plan may rest on: age, keyring, coverage, several reports, jobs and write times (S2, S6-S9).

load lib
load plan_lib
load fault_lib

setup() {
    scratch
    make_env .env.crypto v4 v1 v2 v3 v4
}
teardown() {
    pg_stop
    unscratch
}

# ---- S6: age ----

@test "S6: data older than 7 days refuses with 5; --max-report-age moves the limit" {
    sealed v4 2 20 >values
    users_dump $((8 * DAY)) <values >dump.sql
    census
    refused 5 plan
    [ ! -e plan.txt ]
    refused 5 plan --max-report-age 7d
    refused 5 plan --max-report-age 191h # the dump is 192 hours old
    plan --max-report-age 193h
    plan --max-report-age 9d
    plan --max-report-age none
    users_dump $((7 * DAY - 600)) <values >dump.sql
    census
    plan
    users_dump $((7 * DAY + 600)) <values >dump.sql
    census
    refused 5 plan
    refused 2 plan --max-report-age soon
    refused 2 plan --max-report-age -1d
    refused 2 plan --max-report-age ''
}

@test "S6: above 24 hours there is a warning, below there is none" {
    sealed v4 2 20 >values
    users_dump $((25 * 3600)) <values >dump.sql
    census
    plan
    cat plan.out plan.err | grep -q 'old-data'
    keyretire show plan.txt | grep -q 'old-data'
    users_dump $((23 * 3600)) <values >dump.sql
    census
    plan
    if cat plan.out plan.err | grep -q 'old-data'; then false; fi
}

@test "S6: age is checked again at COMMIT" {
    sealed v4 2 20 | users_dump >dump.sql
    census
    plan --keep-versions 1
    cp -p .env.crypto before
    # Old already when it starts; and grown old while the new files are staged.
    for at in 1 fchown:1; do
        with_fault $at:LATER apply plan.txt --yes
        [ "$GOT" = 5 ]
        grep -q 'error\[R[0-9]*\]: .*\(old\|expired\)' err
        cmp .env.crypto before
        [ -z "$(find . -name '*.new' -o -name '*.conflict')" ]
    done
    with_fault 1:LATER verify plan.txt
    [ "$GOT" = 5 ]
    keyretire apply plan.txt --yes --state-dir "$STATE" -q
}

@test "S6: the age is that of the data: header, else --dump-time, else the file's time; never the scan's" {
    source_of() { query report.db "select value from summary where item='data_time_source'"; }
    sealed v4 2 20 >values
    # The header wins over --dump-time and over the file.
    users_dump $((8 * DAY)) <values >dump.sql
    census --dump-time "$(utc 60)"
    refused 5 plan
    header=$(source_of)
    # A script without the header's line: the option, else the file's time.
    users_dump <values | grep -v 'Started on' >dump.sql
    census --dump-time "$(utc $((8 * DAY)))"
    refused 5 plan
    option=$(source_of)
    touch -d '8 days ago' dump.sql
    census --dump-time "$(utc 60)"
    plan
    census
    refused 5 plan
    file=$(source_of)
    [ "$header" != "$option" ]
    [ "$option" != "$file" ]
    [ "$header" != "$file" ]
    touch dump.sql
    census
    plan
    keyretire show plan.txt | grep -q "($file)"
    # Standard input has no time.
    refused 2 keycensus scan - --env-file .env.crypto -q -o stdin.db <dump.sql
    keycensus scan - --env-file .env.crypto --dump-time "$(utc 60)" -q -o stdin.db <dump.sql
    for t in yesterday 2026-01-01 2026-01-01T00:00:00 2026-13-01T00:00:00Z 2026-02-30T00:00:00Z ''; do
        refused 2 keycensus scan dump.sql --dump-time "$t" -q -o bad.db
    done
    [ ! -e bad.db ]
}

@test "S6, active-unseen: no value of the active version in any report" {
    sealed v3 2 20 | users_dump >dump.sql
    census
    refused 4 plan
    [ "$(blockers)" = active-unseen ]
    [ "$(removed)" = "" ]
    plan --accept 'active-unseen:nothing was written since the rotation' --keep-versions 1
    [ "$(removed)" = "v1 v2" ]
    # Another report that has one answers it.
    mv report.db first.db
    sealed v4 1 1 | users_dump >dump.sql
    census
    plan --report first.db --keep-versions 1
    [ "$(removed)" = "v1 v2" ]
}

@test "S6: a report made with another active version or other version names refuses with 5" {
    sealed v4 2 20 | users_dump >dump.sql
    sed '/CHECKSUM/d; s/^ACTIVE.*/ACTIVE_ENCRYPTION_VERSION="v3"/' .env.crypto >earlier.env
    keycensus scan dump.sql --env-file earlier.env -q -o report.db
    refused 5 plan
    grep -q 'v3' plan.err
    grep -q 'v4' plan.err
    rm report.db
    sed '/CHECKSUM/d; /__v2=/d' .env.crypto >fewer.env
    keycensus scan dump.sql --env-file fewer.env -q -o report.db
    refused 5 plan
    rm report.db
    { cat .env.crypto; sed -n 's/__v4=/__v5=/p' .env.crypto; } | sed '/CHECKSUM/d' >more.env
    keycensus scan dump.sql --env-file more.env -q -o report.db
    refused 5 plan
    [ ! -e plan.txt ]
}

# ---- S2: coverage ----

# inventory_command DATABASE: the psql command that the last plan's hint prints.
inventory_command() {
    local command
    command=$(grep -ho 'psql .*tables.txt' hint | head -1)
    printf '%s' "${command/DATABASE/$1}"
}

@test "S2, partial-input: a table without its data needs an inventory or an acceptance" {
    {
        sql_head
        sealed v4 2 20 | sql_table public.users otp
        sql_define public.secrets value
        sql_tail
    } >dump.sql
    census
    [ "$(query report.db "select state from coverage where table_name='secrets'")" = no-data ]
    [ "$(query report.db "select value from summary where item='status'")" = complete ]
    refused 4 plan
    [ "$(blockers)" = partial-input ]
    keyretire show plan.txt | grep -q 'public.secrets'
    plan --accept 'partial-input@public.secrets=1:empty by design'
    [ "$(removed)" = "v1" ]
    # An inventory that names the table says that it has rows somewhere.
    printf 'public.users\npublic.secrets\n' >tables.txt
    refused 4 plan --tables tables.txt
    [ "$(blockers)" = partial-input ]
    # One without it says that the database does not have it any more.
    echo public.users >tables.txt
    plan --tables tables.txt
    [ "$(removed)" = "v1" ]
    # A second report with the table's data.
    mv report.db first.db
    { sql_head; sealed v1 1 30 | sql_table public.secrets value; sql_tail; } >dump.sql
    census
    # Neither names its database, so it takes the inventory to say that they are of one.
    refused 4 plan --report first.db
    printf 'public.users\npublic.secrets\n' >tables.txt
    plan --report first.db --tables tables.txt
    [ "$(ask '[k["version"] for k in p["keep"] if k["reason"] == "in-use"]')" = v1 ]
}

@test "S2: a referenced table that is absent, row security and an excluded table are seen" {
    {
        sql_head
        sealed v4 2 20 | sql_table public.users otp
        echo 'ALTER TABLE ONLY public.users ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES public.people(id);'
        sql_tail
    } >dump.sql
    census
    refused 4 plan
    [ "$(blockers)" = partial-input ]
    grep -q 'public.people' plan.out
    sql_head >dump.sql
    { echo 'SET row_security = on;'; sealed v4 2 20 | sql_table public.users otp; sql_tail; } >>dump.sql
    census
    refused 4 plan
    [ "$(blockers)" = partial-input ]
    {
        sql_head
        sealed v4 2 20 | sql_table public.users otp
        sealed v1 2 20 | sql_table public.logs line
        sql_tail
    } >dump.sql
    census --exclude-table public.logs
    plan
    keyretire show plan.txt | grep -q 'skipped.*public.logs\|public.logs.*skipped'
    keyretire show plan.txt | grep -q '1 skipped'
}

@test "S2: an input without catalogue is partial, and the hint's query makes the inventory" {
    { echo 'id,otp'; sealed v4 2 20 | awk '{ print NR "," $0 }'; } >users.csv
    { echo 'id,note'; echo '1,nothing'; } >Notes.csv
    keycensus scan users.csv Notes.csv --env-file .env.crypto -q -o report.db
    refused 4 plan
    [ "$(blockers)" = partial-input ]
    cat plan.out plan.err >hint
    [ "$(inventory_command x)" != "" ]
    pg_start
    psql -q -v ON_ERROR_STOP=1 -c 'create table users (id int, otp text)' -c 'create table "Notes" (id int, note text)' \
        -c 'create view seen as select 1 as one'
    bash -c "$(inventory_command postgres)"
    sort tables.txt >got
    printf 'public."Notes"\npublic.users\n' | sort | cmp - got
    plan --tables tables.txt
    [ "$(removed)" = "v1" ]
    grep -q 'inventory of 2 tables' plan.txt
    # A table more, and one with an awkward name.
    psql -q -v ON_ERROR_STOP=1 -c 'create schema "odd.one"' -c 'create table "odd.one"."a""b c" (x text)'
    bash -c "$(inventory_command postgres)"
    refused 4 plan --tables tables.txt
    [ "$(blockers)" = partial-input ]
    keyretire show plan.txt | grep -qF '"odd.one"."a""b c"'
    plan --tables tables.txt --accept 'partial-input@"odd.one"."a""b c":no ciphertext'
    [ "$(removed)" = "v1" ]
}

@test "S2: what pg_dump leaves out is found: without its data at once, without its table by the inventory" {
    pg_start
    sealed v4 3 20 | awk '{ print NR "\t" $0 }' >users.tsv
    sealed v1 1 30 | awk '{ print NR "\t" $0 }' >parts.tsv
    psql -q -v ON_ERROR_STOP=1 -c 'create table users (id int, otp text)' -c "\\copy users from users.tsv" \
        -c 'create table parts (id int, otp text) partition by range (id)' \
        -c 'create table parts_1 partition of parts for values from (0) to (100)' -c "\\copy parts from parts.tsv" \
        -c 'create table nothing (id int)' -c 'create view seen as select * from users'
    sealed v4 1 20 >one.csv # a CSV, for the hint
    keycensus scan one.csv --header no --env-file .env.crypto -q -o report.db
    refused 4 plan
    cp plan.out hint
    bash -c "$(inventory_command postgres)"
    printf 'public.nothing\npublic.parts_1\npublic.users\n' | cmp - <(sort tables.txt)
    dumped() { # OPTION...: a census of what pg_dump writes with them
        pg_dump "$@" >dump.sql
        census
    }
    # All of it: the root and the view hold no rows of their own, and an empty table has its empty data.
    dumped
    plan --keep-versions 1
    [ "$(kept)" = "v1:in-use v4:active" ]
    plan --keep-versions 1 --tables tables.txt
    [ "$(removed)" = "v2 v3" ]
    dumped --exclude-table-data=parts_1
    refused 4 plan --keep-versions 1
    [ "$(blockers)" = partial-input ]
    grep -q 'public.parts_1' plan.out
    dumped --exclude-table='parts*'
    plan --keep-versions 1 # nothing in the dump says that there was more
    refused 4 plan --keep-versions 1 --tables tables.txt
    [ "$(blockers)" = partial-input ]
    grep -q 'public.parts' plan.out
    dumped --schema-only
    refused 4 plan --keep-versions 1
    blockers | grep -q partial-input
    dumped --data-only
    refused 4 plan --keep-versions 1
    [ "$(blockers)" = partial-input ]
    plan --keep-versions 1 --tables tables.txt
    [ "$(kept)" = "v1:in-use v4:active" ]
    dumped --data-only --exclude-table=parts_1
    refused 4 plan --keep-versions 1 --tables tables.txt
    [ "$(blockers)" = partial-input ]
}

@test "S2: an inventory that cannot be read or understood is no inventory" {
    { echo 'id,otp'; sealed v4 2 20 | awk '{ print NR "," $0 }'; } >users.csv
    keycensus scan users.csv --env-file .env.crypto -q -o report.db
    refused 6 plan --tables missing.txt
    printf 'public.users\na.b.c.d\n' >tables.txt
    refused 2 plan --tables tables.txt
    grep -q 'line 2' plan.err
    printf 'public."users\n' >tables.txt
    refused 2 plan --tables tables.txt
    [ ! -e plan.txt ]
}

@test "S2: fewer tables or ciphertext columns than the last applied plan had" {
    {
        sql_head
        sealed v4 2 20 | sql_table public.users otp
        sealed v3 2 30 | sql_table public.cards pan
        sql_tail
    } >dump.sql
    census
    plan --only v1 --keep-versions 1
    keyretire apply plan.txt --yes --state-dir "$STATE" -q
    # A table is gone.
    { sql_head; sealed v4 2 20 | sql_table public.users otp; sql_tail; } >dump.sql
    census
    refused 4 plan --keep-versions 1
    [ "$(blockers)" = partial-input ]
    grep -q 'public.cards' plan.out
    [ "$(removed)" = "" ]
    # The table is there, its ciphertext is gone.
    {
        sql_head
        sealed v4 2 20 | sql_table public.users otp
        echo 'no more' | sql_table public.cards pan
        sql_tail
    } >dump.sql
    census
    refused 4 plan --keep-versions 1
    [ "$(blockers)" = partial-input ]
    grep -q 'public.cards.pan' plan.out
    plan --keep-versions 1 --accept 'partial-input@public.cards.pan:emptied in March'
    [ "$(removed)" = "v2 v3" ]
    # Another state folder remembers nothing.
    rm plan.txt
    keyretire plan --report report.db --env-file .env.crypto --state-dir "$STATE.other" --keep-versions 1 -q -o plan.txt
    [ "$(removed)" = "v2 v3" ]
}

# ---- S7: several reports, retained backups, databases ----

@test "S7: a version in use in any report stays, whatever its age" {
    sealed v4 2 20 | users_dump >dump.sql
    census
    mv report.db new.db
    { sealed v2 1 900; sealed v4 1 20; } | users_dump $((100 * DAY)) >dump.sql
    census
    refused 5 plan --report new.db --keep-versions 1
    plan --report new.db --keep-versions 1 --max-report-age none
    [ "$(kept)" = "v2:in-use v4:active" ]
    [ "$(ask '[v["record_count"] for v in p["versions"]]')" = "0 1 0 3" ]
}

@test "S7: --retained lets a version leave, and the plan says how long its archive must live" {
    sealed v4 2 20 | users_dump >dump.sql
    census
    { sealed v2 3 900; sealed v3 1 21; } | users_dump $((100 * DAY)) | sed 's/public.users/public.people/g' >old.sql
    keycensus scan old.sql --env-file .env.crypto -q -o old.db
    plan --keep-versions 1 --retained old.db
    [ "$(kept)" = "v4:active" ]
    [ "$(removed)" = "v1 v2 v3" ]
    keyretire show plan.txt >shown
    grep -Eq 'v2.*3 values.*not be destroyed before' shown
    grep -Eq 'v3.*1 value.*not be destroyed before' shown
    if grep -Eq 'v1.*destroyed before' shown; then false; fi
    grep -q 'destroyed before' plan.txt
    # As a live report it would keep both.
    plan --keep-versions 1 --report old.db --max-report-age none
    [ "$(removed)" = "v1" ]
    # In both ways at once it is live.
    plan --keep-versions 1 --report old.db --retained old.db --max-report-age none
    [ "$(removed)" = "v1" ]
}

@test "S7: --retained may say when its backup is destroyed, and the archive outlives the last of them" {
    sealed v4 2 20 | users_dump >dump.sql
    census
    { sealed v2 3 900; sealed v3 1 21; } | users_dump $((100 * DAY)) >old.sql
    keycensus scan old.sql --env-file .env.crypto -q -o old.db
    sealed v2 1 900 | users_dump $((90 * DAY)) >later.sql
    keycensus scan later.sql --env-file .env.crypto -q -o later.db
    plan --keep-versions 1 --retained old.db:UNTIL=2030-01-02T03:04:05Z --retained later.db:UNTIL=2031-01-02T03:04:05Z
    keyretire show plan.txt >shown
    grep -q 'v2: 4 values.*before 2031-01-02T03:04:05Z$' shown
    grep -q 'v3: 1 value.*before 2030-01-02T03:04:05Z$' shown
    grep -q 'kept until 2030-01-02T03:04:05Z' plan.txt
    # One backup without an end leaves the archive without one.
    plan --keep-versions 1 --retained old.db:UNTIL=2030-01-02T03:04:05Z --retained later.db
    keyretire show plan.txt >shown
    grep -q 'v2: 4 values.*before those backups are$' shown
    for wrong in 2030-01-02 tomorrow ''; do
        refused 2 plan --keep-versions 1 --retained "old.db:UNTIL=$wrong"
    done
    refused 6 plan --keep-versions 1 --retained missing.db:UNTIL=2030-01-02T03:04:05Z
    cp old.db kept.db
    refused 2 keyretire plan --report report.db --env-file .env.crypto --state-dir "$STATE" \
        --kdf-iterations 1 --retained old.db -o old.db --overwrite
    cmp old.db kept.db
}

@test "S7: the databases are recorded and shown" {
    sql_head 60 shop >dump.sql
    { sealed v4 2 20 | sql_table public.users otp; sql_tail; } >>dump.sql
    census
    plan
    keyretire show plan.txt | grep -q 'database shop; server 15.4'
}

@test "S7: a database of --databases without a report refuses, also in later plans for the same file" {
    sql_head 60 shop >dump.sql
    { sealed v4 2 20 | sql_table public.users otp; sql_tail; } >>dump.sql
    census
    refused 4 plan --databases shop,billing --keep-versions 2
    [ "$(blockers)" = partial-input ]
    grep -q 'billing' plan.out
    plan --databases shop --keep-versions 2
    mv report.db shop.db
    sql_head 60 billing >dump.sql
    { sealed v4 2 20 | sql_table public.bills iban; sql_tail; } >>dump.sql
    census
    mv report.db billing.db
    cp billing.db report.db
    plan --report shop.db --databases shop,billing --only v1 --keep-versions 1
    [ "$(removed)" = "v1" ]
    keyretire apply plan.txt --yes --state-dir "$STATE" -q
    # The set is remembered: without saying so, a plan from one database refuses now.
    sql_head 60 shop >dump.sql
    { sealed v4 2 20 | sql_table public.users otp; sql_tail; } >>dump.sql
    census
    refused 4 plan --keep-versions 1
    [ "$(blockers)" = partial-input ]
    grep -q 'database billing' plan.out
    [ "$(removed)" = "" ]
}

# ---- S8: jobs ----

job_reason() { # STATUS ERRORS DRY_RUN: the reason why v2 stays, or "leaves"
    {
        sql_head
        sealed v4 2 20 | sql_table public.users otp
        sql_jobs "$1" v2 "$2" "$3"
        sql_tail
    } >dump.sql
    census
    plan --keep-versions 1
    ask 'next((k["reason"] for k in p["keep"] if k["version"] == "v2"), "leaves")'
}

@test "S8, K6.4: targets of jobs that are not cleanly finished stay; the rest is a warning" {
    for status in pending running paused failed; do
        [ "$(job_reason $status 0 f)" = job-target ]
        [ "$(removed)" = "v1 v3" ]
        ask 'p["warnings"]' | grep -q "$status"
        keyretire show plan.txt | grep -q "$status"
    done
    [ "$(job_reason finished 3 f)" = job-target ]
    ask 'p["warnings"]' | grep -q "with errors"
    [ "$(job_reason finished 0 t)" = job-target ]
    ask 'p["warnings"]' | grep -q "dry run"
    [ "$(job_reason finished 0 f)" = leaves ]
    [ "$(ask 'sum(w.startswith("job") for w in p["warnings"])')" = 0 ]
    # A status that nobody knows is not a clean end.
    [ "$(job_reason resting 0 f)" = job-target ]
}

@test "S8: without the jobs table the jobs are unknown, never none" {
    sealed v4 2 20 | users_dump >dump.sql
    census
    plan
    keyretire show plan.txt | grep -q 'jobs: unknown'
    grep -q 'jobs unknown' plan.txt
    {
        sql_head
        sealed v4 2 20 | sql_table public.users otp
        sql_jobs finished v4 0 f
        sql_tail
    } >dump.sql
    census
    plan
    if keyretire show plan.txt | grep -q 'jobs: unknown'; then false; fi
}

@test "S8: --only cannot take a job's target, and a job's target in upper case is the same version" {
    {
        sql_head
        sealed v4 2 20 | sql_table public.users otp
        sql_jobs running V2 0 f
        sql_tail
    } >dump.sql
    census
    plan --keep-versions 1
    [ "$(ask '[k["reason"] for k in p["keep"] if k["version"] == "v2"]')" = job-target ]
    [ "$(removed)" = "v1 v3" ]
    refused 4 plan --keep-versions 1 --only v1,v2
    grep -q 'v2.*job' plan.err
    [ ! -e plan.txt ]
}

# ---- S9: stale writers ----

@test "S9, stale-writer: a candidate was written with after the active version's start" {
    sealed v4 2 20 | users_dump >dump.sql
    census
    # A stored backup shows a write with v3 ten days ago, when v4 was ten days in use.
    sealed v3 1 10 | users_dump $((5 * DAY)) | sed 's/public.users/public.people/g' >old.sql
    keycensus scan old.sql --env-file .env.crypto -q -o old.db
    refused 4 plan --keep-versions 1 --retained old.db
    [ "$(blockers)" = stale-writer ]
    keyretire show plan.txt | grep -q 'stale-writer.*v3'
    [ "$(removed)" = "" ]
    plan --keep-versions 1 --retained old.db --accept 'stale-writer@v3:the old worker was stopped'
    [ "$(removed)" = "v1 v2 v3" ]
    # Kept anyway, it is a warning.
    plan --keep-versions 2 --retained old.db
    [ "$(removed)" = "v1 v2" ]
    ask 'p["warnings"]' | grep -q 'stale-writer.*v3'
}

@test "S9: a kept version that is written with is a warning" {
    { sealed v4 2 20; sealed v2 1 3; } | users_dump >dump.sql
    census
    plan --keep-versions 1
    [ "$(kept)" = "v2:in-use v4:active" ]
    ask 'p["warnings"]' | grep -q 'stale-writer.*v2'
    { sealed v4 2 20; sealed v2 1 21; } | users_dump >dump.sql
    census
    plan --keep-versions 1
    if ask 'p["warnings"]' | grep -q 'stale-writer'; then false; fi
}

@test "S9: write times later than the dump are a finding and used for nothing" {
    { sealed v4 2 20; sealed v2 1 -30; } | users_dump >dump.sql
    census
    [ "$(query report.db "select count(*) from findings where message like '%later%' or code like '%future%'")" -ge 1 ]
    plan --keep-versions 1
    if ask 'p["warnings"]' | grep -q 'stale-writer'; then false; fi
    ask 'p["warnings"]' | grep -q 'later'
    # Nor do they say when the active version came into use.
    { sealed v4 2 -30; sealed v2 1 3; } | users_dump >dump.sql
    census
    plan --keep-versions 1
    if ask 'p["warnings"]' | grep -q 'stale-writer'; then false; fi
}

@test "S9: writes that an applied plan has seen are remembered" {
    { sealed v4 2 20; sealed v2 1 3; } | users_dump >dump.sql
    census
    plan --keep-versions 1 --only v1
    keyretire apply plan.txt --yes --state-dir "$STATE" -q
    # The row that the stale writer wrote was encrypted anew: v2 is a candidate now, with that write.
    sealed v4 3 20 | users_dump >dump.sql
    census
    refused 4 plan --keep-versions 1
    [ "$(blockers)" = stale-writer ]
}

# ---- reports that are none ----

@test "an incomplete report refuses with 4, a newer or damaged one with 12, a missing one with 6" {
    sealed v4 2 20 | users_dump >whole.sql
    head -c $(($(wc -c <whole.sql) - 30)) whole.sql >dump.sql
    run census
    [ "$status" -eq 3 ]
    refused 4 plan
    [ "$(blockers)" = incomplete-report ]
    [ "$(removed)" = "" ]
    grep -q 'INCOMPLETE\|incomplete' plan.out
    mv whole.sql dump.sql
    census
    sqlite3 report.db "pragma user_version=$(($(sqlite3 report.db 'pragma user_version') + 1))"
    refused 12 plan
    grep -Eq 'newer|layout 3' plan.err
    census
    sqlite3 report.db 'pragma application_id=1'
    refused 12 plan
    census
    python3 - <<'PY'
data = bytearray(open("report.db", "rb").read())
for i in range(4096, len(data), 97):
    data[i] ^= 0xff
open("report.db", "wb").write(data)
PY
    refused 12 plan
    echo 'not a database, though long enough to be taken for one by its name' >report.db
    refused 12 plan
    : >report.db
    refused 12 plan
    rm report.db
    refused 6 plan
    mkdir report.db
    run plan
    [ "$status" -eq 12 ] || [ "$status" -eq 13 ]
    rmdir report.db
    refused 2 keyretire plan --env-file .env.crypto --state-dir "$STATE"
    [ ! -e plan.txt ]
}

@test "one incomplete report among several refuses" {
    sealed v4 2 20 | users_dump >dump.sql
    census
    mv report.db good.db
    head -c $(($(wc -c <dump.sql) - 30)) dump.sql >cut.sql
    mv cut.sql dump.sql
    run census
    [ "$status" -eq 3 ]
    refused 4 plan --report good.db
    blockers | grep -q incomplete-report
}
