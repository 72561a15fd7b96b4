#!/usr/bin/env bats
# keycensus diff: what changed between two reports. What is expected is counted from the dumps.

load lib
load plan_lib

setup() {
    scratch
    make_env .env.crypto v3 v1 v2 v3
}
teardown() {
    unscratch
}

# report FILE: of the dump on standard input, scanned with the env file.
report() {
    cat >dump.sql
    census
    mv report.db "$1"
}

# changes: old.db against new.db as lines "subject place name property old>new note".
changes() {
    keycensus diff old.db new.db --json | /usr/bin/python3 -c '
import json, sys
for c in json.load(sys.stdin)["changes"]:
    place = ".".join(c[k] for k in ("schema_name", "table_name", "column_name") if c[k])
    say = lambda v: "-" if v is None else v
    print(c["subject"], place, c["name"], c["property"], "%s>%s" % (say(c["old"]), say(c["new"])), c["note"])' |
        tr -s ' ' | sed 's/ $//'
}

two_reports() {
    {
        sql_head 864000
        { sealed v3 5 20; sealed v2 2 30; } | sql_table public.users otp
        sealed v1 3 40 | sql_table public.cards pan
        echo nothing | sql_table public.notes text
        sql_jobs running v3 0 f
        sql_tail
    } | report old.db
    {
        sql_head 60
        { sealed v3 4 20; sealed v2 4 25; } | sql_table public.users otp
        sql_define public.cards pan
        sealed v1 1 40 | sql_table public.notes text
        sql_jobs finished v3 0 f
        sql_tail
    } | report new.db
}

@test "diff says what grew, what is gone, what is new, and marks a stale writer" {
    two_reports
    changes >got
    grep -v 'newest\|oldest' got | sort >told
    sort >expected <<'END'
report partial no>yes
table public.cards records 3>0
table public.cards state data>no-data less-seen
column public.cards.pan holds versioned-fernet>no ciphertext less-seen
column public.notes.text holds no ciphertext>versioned-fernet new-ciphertext
table public.users records 7>8
version public.users.otp v2 records 2>4 stale-writer
version public.users.otp v3 records 5>4
version public.cards.pan v1 records 3>-
version public.notes.text v1 records ->1 stale-writer
class public.users.otp hinted records 7>8
class public.cards.pan hinted records 3>-
class public.notes.text hinted records ->1
job 1 status running>finished
finding public.cards no-data warning ->0
END
    diff expected told
    # Written 25 days ago, before the first value of v3: the count tells, the time does not.
    [ "$(grep -c 'newest.*stale-writer' got)" -eq 0 ]
    keycensus diff old.db new.db >text
    grep -q '^stale-writer (2): ' text
    grep -q '^less-seen (2): ' text
    grep -Eq '^  public.users.otp +v2 +records +2 +4 +\+2 +stale-writer$' text
    grep -Eq '^  public.cards +state +data +no-data +less-seen$' text
}

@test "diff: a write after the active version came into use is a stale writer, whatever the counts" {
    { sealed v3 5 20; sealed v2 1 30; } | users_dump 864000 | report old.db
    { sealed v3 5 20; sealed v2 1 3; } | users_dump | report new.db
    changes | grep -q 'version public.users.otp v2 newest .*stale-writer$'
    [ "$(changes | grep -c 'stale-writer$')" -eq 1 ]
}

@test "diff: the same data differs in nothing, whatever the time, the threads and the compression" {
    two_reports
    gzip -c dump.sql >dump.sql.gz
    touch -d '3 days ago' dump.sql.gz
    keycensus scan dump.sql.gz --env-file .env.crypto --threads 1 -q -o again.db
    run keycensus diff new.db again.db --detailed-exitcode
    [ "$status" -eq 0 ]
    [[ $output == *'no difference'* ]]
    keycensus diff new.db again.db --json | grep -q '"differ":false'
    [ "$(keycensus diff new.db again.db --format csv | wc -l)" -eq 1 ]
}

@test "diff --detailed-exitcode: 10 when they differ, 0 without it" {
    two_reports
    run keycensus diff old.db new.db --detailed-exitcode
    [ "$status" -eq 10 ]
    run keycensus diff old.db new.db
    [ "$status" -eq 0 ]
    run keycensus diff old.db old.db --detailed-exitcode
    [ "$status" -eq 0 ]
}

@test "diff --format csv and --json say the same, and -o writes it" {
    two_reports
    keycensus diff old.db new.db --format csv -o d.csv
    keycensus diff old.db new.db --json -o d.json
    refused 2 keycensus diff old.db new.db -o d.csv
    /usr/bin/python3 - <<'PY'
import csv, json
rows = list(csv.DictReader(open("d.csv", newline="")))
told = json.load(open("d.json"))
assert told["differ"] is True and told["old"]["path"] == "old.db" and told["new"]["active_version"] == "v3"
assert len(rows) == len(told["changes"]) > 10
for row, change in zip(rows, told["changes"]):
    assert list(row) == list(change)
    for k, v in change.items():
        assert row[k] == ("" if v is None else str(v)), (row, change)
    counted = isinstance(change["old"], int) or isinstance(change["new"], int)
    assert change["difference"] == ((change["new"] or 0) - (change["old"] or 0) if counted else None)
PY
}

@test "diff refuses what is no report (12), what is not there (6) and one report alone (2)" {
    two_reports
    for pair in "old.db dump.sql" "dump.sql new.db"; do
        # shellcheck disable=SC2086
        refused 12 keycensus diff $pair
        grep -q 'dump.sql' refused.err
        [ ! -s refused.out ]
    done
    head -c 6000 new.db >cut.db
    refused 12 keycensus diff old.db cut.db
    refused 6 keycensus diff old.db missing.db
    refused 2 keycensus diff old.db
    refused 2 keycensus diff old.db new.db old.db
    cp new.db kept.db
    refused 2 keycensus diff old.db new.db -o new.db --overwrite
    cmp new.db kept.db
}

@test "diff: an incomplete report is compared, named, and exits 3" {
    two_reports
    head -c $(($(wc -c <dump.sql) - 300)) dump.sql >cut.sql
    run keycensus scan cut.sql --env-file .env.crypto -q -o cut.db
    [ "$status" -eq 3 ]
    run keycensus diff new.db cut.db --detailed-exitcode
    [ "$status" -eq 3 ]
    [[ $output == *'cut.db'*INCOMPLETE* ]]
    [[ $output == *complete*incomplete* ]]
}

@test "diff: a report of an earlier layout is compared with one of now" {
    two_reports
    # Layout 1 had neither the table _spend nor its views (report_schema.h).
    cp new.db first.db
    sqlite3 first.db "drop view if exists spend_daily; drop view if exists spend_monthly;
        drop table _spend; pragma user_version=1"
    keycensus show first.db -q >/dev/null
    run keycensus diff first.db new.db --detailed-exitcode
    [ "$status" -eq 0 ]
    [ "$(keycensus diff old.db first.db --format csv)" = "$(keycensus diff old.db new.db --format csv)" ]
}

@test "diff: a dump that names its database against one that does not" {
    sealed v3 5 20 >values
    users_dump 60 <values | report old.db
    { users_dump 60 shop <values; } | report new.db
    run keycensus diff old.db new.db --detailed-exitcode
    [ "$status" -eq 10 ]
    # No table came or went.
    [ "$(changes)" = 'report database ->shop' ]
    keycensus diff old.db new.db | grep -q '^new .*database shop'
}

@test "diff needs no key and shows no value" {
    two_reports
    rm .env.crypto
    keycensus diff old.db new.db --json >all
    keycensus diff old.db new.db >>all
    [ "$(grep -c "$CANARY\|Z0FBQUFB" all)" -eq 0 ]
}
