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

# ---- COPY (FORMAT binary) ----

@test "binary COPY: PostgreSQL's own file of every type is counted as SQL counts it" {
    pg_start
    python3 - >load.sql <<'PY'
v = open("v3").read().split() + open("v2").read().split()
print("CREATE TABLE t (id bigint, secret text, raw bytea, j jsonb, list text[], note varchar, d date, n numeric);")
for i, t in enumerate(v):
    note = ["NULL", "''", "E'a\\tb\\nc\\\\d\\\\.'", "'\\N'", "'x'"][i % 5]
    secret = "NULL" if i % 7 == 0 else f"'{t}'"
    print(f"INSERT INTO t VALUES ({i}, {secret}, convert_to('{t}', 'UTF8'), '{{\"a\": \"{t}\"}}', ARRAY['x', '{t}'], {note}, '2026-01-01', {i}.5);")
PY
    psql -q -v ON_ERROR_STOP=1 -f load.sql
    psql -qc "\\copy t TO 't.copy' (FORMAT binary)"
    psql -qc "\\copy (SELECT * FROM t WHERE false) TO 'none.copy' (FORMAT binary)"
    for how in "" "--block-size 1 --threads 2" "--block-size 100"; do
        # shellcheck disable=SC2086 # words
        keycensus scan t.copy --env-file env $how -q --overwrite -o r.db
        status_is complete
        is "$(query r.db "SELECT kind, complete, records FROM inputs")" "binary-copy|1|50"
        is "$(query r.db "SELECT schema_name, table_name, state FROM coverage")" "|t|data"
        is "$(columns)" "$(for c in id secret raw j list note d n; do
            psql -AtF'|' -c "SELECT 'column_' || (SELECT attnum FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = '$c'), count(*), count(*) - count($c) FROM t"
        done)"
        is "$(query r.db "SELECT version, record_count FROM key_usage WHERE column_name='column_2' ORDER BY 1")" \
            "$(psql -AtF'|' -c "SELECT split_part(secret, ':', 1), count(*) FROM t WHERE secret IS NOT NULL GROUP BY 1 ORDER BY 1")"
        for c in 3 4; do # bytea and jsonb
            is "$(query r.db "SELECT version, record_count FROM key_usage WHERE column_name='column_$c' ORDER BY 1")" "v2|20
v3|30"
        done
        # An array's value stands behind its binary length, which is another prefix (S4): none is lost.
        is "$(query r.db "SELECT sum(record_count) FROM key_usage WHERE column_name='column_5'")" 50
    done
    keycensus scan none.copy -q --overwrite -o r.db
    status_is complete
    is "$(query r.db "SELECT state, records FROM coverage")" "data|0"
    keycensus scan t.copy --table t --column column_2 -q --overwrite -o r.db
    is "$(query r.db "SELECT sum(record_count) FROM value_classes WHERE column_name='column_2'")" 50
    keycensus inspect t.copy --format csv | grep -q '^t.copy,"",t,8,'
    mkdir -p parts/users
    cp t.copy parts/users/1.copy
    cp t.copy parts/users/2.copy
    tar -cf parts.tar parts
    keycensus scan parts.tar --table-from-path --exclude-table x -q --overwrite -o r.db
    is "$(query r.db "SELECT table_name, records FROM coverage")" "users|100"
}

@test "S1: a binary COPY file cut at any byte, or damaged, is never complete" {
    python3 - "$T3" <<'PY'
import struct, sys
head = b"PGCOPY\n\xff\r\n\0" + struct.pack(">II", 0, 0)
row = struct.pack(">H", 2) + struct.pack(">I", 1) + b"7" + struct.pack(">I", len(sys.argv[1])) + sys.argv[1].encode()
open("whole.copy", "wb").write(head + row + b"\xff\xff")
open("long.copy", "wb").write(head + row + b"\xff\xff\n")
open("negative.copy", "wb").write(head + row + b"\xff\xfe")
open("ragged.copy", "wb").write(head + row + struct.pack(">HI", 1, 0) + b"\xff\xff")
open("later.copy", "wb").write(head[:11] + struct.pack(">II", 1 << 17, 0) + row + b"\xff\xff")
PY
    keycensus scan whole.copy -q -o whole.db
    size=$(stat -c %s whole.copy)
    for n in 12 19 20 21 25 26 30 40 $((size - 3)) $((size - 2)) $((size - 1)); do
        head -c "$n" whole.copy >cut.copy
        run keycensus scan cut.copy --overwrite -o r.db
        is "$status" 3
        status_is incomplete
    done
    for f in long negative later; do
        run keycensus scan $f.copy --overwrite -o r.db
        is "$status" 12
        printf '%s\n' "$output" | grep '^keycensus: error' | grep -qi binary
        status_is incomplete
    done
    run keycensus scan ragged.copy --overwrite -o r.db
    is "$status" 3
    status_is incomplete
}
