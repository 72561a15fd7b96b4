#!/usr/bin/env bats
# Tables that are nearly CSV: what psql prints, change data of replication tools, COPY's binary files.
# formats.md section 3, safety.md S1 and S2. PostgreSQL and psql make the samples and say what is in them.

load lib

setup_file() {
    FIX=$(mktemp -d "${BATS_TMPDIR:-/tmp}/keyretire.XXXXXX")
    export FIX
    cd "$FIX" || return 1
    make_env env v3 v2 v3
    seal env v3 30 1750000000 >v3
    seal env v2 20 1740000000 >v2
}
teardown_file() { rm -rf "$FIX"; }

setup() {
    scratch
    cp -p "$FIX"/* .
    T3=$(head -1 v3) T2=$(head -1 v2)
}
teardown() {
    pg_stop
    unscratch
}

status_is() { is "$(query r.db "SELECT value FROM summary WHERE item='status'")" "$1"; }

usage() { query r.db "SELECT column_name, version, record_count FROM key_usage ORDER BY 1, 2"; }

columns() { query r.db "SELECT column_name, records, nulls FROM columns"; }

# ---- psql ----

@test "psql -A with any separator: the last line is no record; psql's own count agrees" {
    pg_start
    {
        printf 'CREATE TABLE t (id int, secret text, note text);\n'
        n=0
        while read -r v; do
            n=$((n + 1))
            printf "INSERT INTO t VALUES (%d, '%s', '\"say\" %d');\n" $n "$v" $n
        done < <(cat v3 v2)
        printf 'INSERT INTO t VALUES (51, NULL, NULL);\nCREATE TABLE one AS SELECT secret FROM t WHERE id < 31;\n'
    } >load.sql
    psql -q -f load.sql
    for f in '|' ',' ';' "$(printf '\t')"; do
        psql -A -F "$f" -c 'SELECT * FROM t ORDER BY id' >t.csv
        tail -1 t.csv | grep -qx '(51 rows)'
        keycensus scan t.csv --env-file env -q --overwrite -o r.db
        status_is complete
        is "$(columns)" "id|51|0
secret|51|1
note|51|1"
        is "$(usage)" "secret|v2|20
secret|v3|30"
    done
    psql -A -c 'SELECT * FROM one' >one.csv
    keycensus scan one.csv --env-file env -q --overwrite -o r.db
    status_is complete
    is "$(columns)" "secret|30|0"
    psql -A -c 'SELECT * FROM t WHERE id < 0' >none.csv
    keycensus scan none.csv -q --overwrite -o r.db
    status_is complete
    is "$(columns)" "id|0|0
secret|0|0
note|0|0"
    psql -A -t -c 'SELECT * FROM t ORDER BY id' >t.csv # neither header nor last line
    keycensus scan t.csv --env-file env --quote none -q --overwrite -o r.db
    is "$(query r.db "SELECT value FROM summary WHERE item='rows'")" 51
    psql -c 'SELECT * FROM t ORDER BY id' >aligned.csv
    psql -x -c 'SELECT * FROM t ORDER BY id' >expanded.csv
    for f in aligned expanded; do
        run keycensus scan $f.csv -o $f.db
        is "$status" 12
        printf '%s\n' "$output" | grep -q '^  hint: .*psql --csv'
        [ ! -e $f.db ]
    done
}

@test "S1: fewer or more records than psql's last line says make the report incomplete (3)" {
    printf 'id|secret\n1|%s\n2|%s\n(3 rows)\n' "$T3" "$T2" >cut.csv
    run keycensus scan cut.csv --env-file env -o r.db
    is "$status" 3
    printf '%s\n' "$output" | grep '^keycensus: error' | grep -q '3 rows, and 2'
    status_is incomplete
    is "$(usage)" "secret|v2|1
secret|v3|1"
    printf 'id|secret\n1|%s\n(1 row)\nid|secret\n2|%s\n(1 row)\n' "$T3" "$T2" >two.csv
    run keycensus scan two.csv --delimiter pipe --env-file env --overwrite -o r.db
    is "$status" 3
    is "$(query r.db "SELECT sum(record_count) FROM key_usage")" 2
    # A file longer than what is looked at first.
    { printf 'id|secret\n'; yes "1|$T3" | head -2000; printf '(2000 rows)\n'; } >long.csv
    for how in "" "--block-size 7 --threads 2"; do
        # shellcheck disable=SC2086 # words
        keycensus scan long.csv --env-file env $how -q --overwrite -o r.db
        status_is complete
        is "$(usage)" "secret|v3|2000"
    done
    sed -i '$s/2000/2001/' long.csv
    run keycensus scan long.csv --env-file env --overwrite -o r.db
    is "$status" 3
    status_is incomplete
}

@test "a last value that looks like psql's line is a value when a row is left over" {
    printf 'id,note\n1,(2 rows)\n' >v.csv
    keycensus scan v.csv -q -o r.db
    is "$(columns)" "id|1|0
note|1|0"
}

# ---- change data ----

@test "change data: a column Op and no header; every change counts, and a full load's files add up" {
    mkdir -p users
    printf 'I,1,%s\nU,1,%s\nD,1,\n' "$T3" "$T2" >users/20260101-01.csv
    keycensus scan users/20260101-01.csv --table-from-path --env-file env -q -o r.db
    is "$(columns)" "Op|3|0
column_1|3|0
column_2|3|1"
    is "$(usage)" "column_2|v2|1
column_2|v3|1"
    is "$(query r.db "SELECT severity, table_name FROM findings WHERE code='change-data'")" "info|users"
    # names only: nothing may be taken for a header
    printf 'I,alice,bob\nU,carol,dave\n' >names.csv
    keycensus scan names.csv -q --overwrite -o r.db
    is "$(columns)" "Op|2|0
column_1|2|0
column_2|2|0"
    # the full load of the same table has no Op
    printf '1,%s\n2,%s\n' "$T3" "$T2" >users/LOAD00000001.csv
    keycensus scan users/*.csv --table-from-path --env-file env -q --overwrite -o r.db
    is "$(query r.db "SELECT column_name, records FROM columns ORDER BY 1")" "Op|3
column_1|5
column_2|5"
    # with a header it is a column like any other
    printf 'Op,id,secret\nI,1,%s\n' "$T3" >named.csv
    keycensus scan named.csv -q --overwrite -o r.db
    is "$(columns)" "Op|1|0
id|1|0
secret|1|0"
    is "$(query r.db "SELECT count(*) FROM findings WHERE code='change-data'")" 0
}
