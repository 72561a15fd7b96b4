#!/usr/bin/env bats
# JSON Lines as an input: formats.md section 3, safety.md S1, S2, S4 and S5. What the records say is counted by hand;
# json_census.t asks Python's json module about many more.

load lib

setup_file() {
    FIX=$(mktemp -d "${BATS_TMPDIR:-/tmp}/keyretire.XXXXXX")
    export FIX
    cd "$FIX" || return 1
    make_env env v3 v1 v2 v3
    seal env v3 5 1750000000 >v3
    seal env v2 5 1740000000 >v2
    seal env v1 5 1730000000 >v1
}
teardown_file() { rm -rf "$FIX"; }

setup() {
    scratch
    cp -p "$FIX"/* .
    T3=$(head -1 v3) T2=$(head -1 v2) T1=$(head -1 v1)
}
teardown() {
    pg_stop
    unscratch
}

scan() { # into r.db, which must be complete
    keycensus scan "$@" --env-file env -q --overwrite -o r.db
    is "$(query r.db "SELECT value FROM summary WHERE item='status'")" complete
}

columns() {
    query r.db "SELECT column_name, records, nulls FROM columns ORDER BY 1"
}

usage() {
    query r.db "SELECT column_name, version, record_count FROM key_usage ORDER BY 1, 2"
}

@test "S2 each key is a column, a missing one is NULL, and the table is named after the file" {
    printf '{"id":1,"secret":"%s"}\n{"secret":null,"id":2}\n{"id":3,"late":"%s"}\n' "$T3" "$T1" >users.2026.jsonl
    scan users.2026.jsonl
    is "$(columns)" "id|3|0
late|3|2
secret|3|2"
    is "$(usage)" "late|v1|1
secret|v3|1"
    is "$(query r.db "SELECT schema_name, table_name, state, records FROM coverage")" "|users|data|3"
    is "$(query r.db "SELECT kind, records, complete, data_time_source FROM inputs")" "json-lines|3|1|mtime"
    is "$(query r.db "SELECT value FROM summary WHERE item='partial'")" 1
    mkdir exports && mv users.2026.jsonl exports/part-1.ndjson
    scan exports/part-1.ndjson --table-from-path
    is "$(query r.db "SELECT table_name FROM coverage")" exports
}

@test "values in objects and arrays, in other spellings and in keys that come twice are counted" {
    printf '{"doc":{"a":["%s",{"b":"%s"}]},"x":"%s"}\n' "$T3" "$T2" "$(sed 's/=/\\u003d/g' <<<"$T1")" >t.jsonl
    printf '{"x":"%s","x":"%s"}\n' "$T2" "$T3" >>t.jsonl
    scan t.jsonl
    is "$(columns)" "doc|2|1
x|3|0"
    is "$(usage)" "doc|v2|1
doc|v3|1
x|v1|1
x|v2|1
x|v3|1"
}

@test "S4 in a declared column every value of JSON is accounted for" {
    printf '{"s":"%s"}\n{"s":5}\n{"s":true}\n{"s":""}\n{"s":null}\n{}\n{"t":1}\n' "$T3" >t.jsonl
    scan t.jsonl --table t --column s
    is "$(query r.db "SELECT class, record_count FROM value_classes WHERE column_name='s' AND record_count > 0 ORDER BY 1")" \
        "empty|1
hinted|1
null|3
plaintext|2"
    run keycensus scan t.jsonl --table t --column late -o x.db
    [ "$status" -eq 6 ]
    [[ "$output" == *"late"* ]]
    printf '{"late":"%s"}\n' "$T2" >>t.jsonl
    scan t.jsonl --table t --column late
    is "$(query r.db "SELECT class, record_count FROM value_classes WHERE column_name='late' AND record_count > 0 ORDER BY 1")" \
        "hinted|1
null|7"
}

@test "row_to_json of PostgreSQL is read as it is" {
    pg_start
    as_pg psql -h "$PGHOST" -Xqc "CREATE TABLE u(id int, s text, b bytea, j jsonb, a text[])"
    as_pg psql -h "$PGHOST" -Xqc "INSERT INTO u VALUES (1, '$T3', '$T1', '{\"k\": \"$T2\"}', ARRAY['$T1', E'q\"\\\\\n']), (2, NULL, NULL, NULL, NULL)"
    as_pg psql -h "$PGHOST" -XAtc 'SELECT row_to_json(u) FROM u' >u.json
    scan u.json
    is "$(columns)" "a|2|1
b|2|1
id|2|0
j|2|1
s|2|1"
    is "$(usage)" "a|v1|1
b|v1|1
j|v2|1
s|v3|1"
}

@test "S1 a line that is no object and a last line that breaks off are never complete" {
    printf '{"id":1,"s":"%s"}\n{"id":2,"s":}\n{"id":3}\n' "$T3" >t.jsonl
    run keycensus scan t.jsonl -q -o r.db
    [ "$status" -eq 12 ]
    [[ "$output" == *"a value is missing"* ]]
    [[ "$output" == *"(line 2)"* ]]
    is "$(query r.db "SELECT records FROM coverage")" 1
    is "$(query r.db "SELECT value FROM summary WHERE item='status'")" incomplete
    printf '{"id":1,"s":"%s"}\n{"id":2,"s":"%.40s' "$T3" "$T3" >t.jsonl
    run keycensus scan t.jsonl -q --overwrite -o r.db
    [ "$status" -eq 3 ]
    [[ "$output" == *"the last line ends inside its record"* ]]
    is "$(query r.db "SELECT complete FROM inputs")" 0
}

@test "an array, and objects over several lines, are refused with the way to make lines of them" {
    printf '[{"id":1},\n{"id":2}]\n' >t.json
    run keycensus scan t.json -o r.db
    [ "$status" -eq 12 ]
    [[ "$output" == *"jq -c"* ]]
    [ ! -e r.db ]
    printf '{\n  "id": 1\n}\n' >t.json
    run keycensus inspect t.json
    [ "$status" -eq 12 ]
}

@test "S5 ciphertext where a key is due is refused and stands in no output" {
    printf '{"id":1}\n{"%s":1}\n' "${T3#*:}" >t.jsonl
    run keycensus scan t.jsonl -q -o r.db
    [ "$status" -eq 12 ]
    [[ "$output" == *"the key of a record holds ciphertext"* ]]
    [[ "$output" != *"${T3:3:30}"* ]]
    run grep -c "${T3:3:30}" r.db
    [ "$status" -eq 1 ]
}

@test "compressed, in a tar, excluded, and listed by inspect" {
    printf '{"id":1,"s":"%s"}\n{"x":1}\n' "$T3" >t.jsonl
    printf '{"id":1,"s":"%s"}\n' "$T2" >skip.jsonl
    gzip -k t.jsonl
    scan t.jsonl.gz
    is "$(usage)" "s|v3|1"
    tar cf both.tar t.jsonl skip.jsonl
    scan both.tar --exclude-table skip
    is "$(usage)" "s|v3|1"
    is "$(query r.db "SELECT state FROM coverage WHERE table_name='skip'")" skipped
    run keycensus inspect t.jsonl.gz --format csv
    [ "$status" -eq 0 ]
    [[ "$output" == *"t.jsonl.gz,\"\",t,3,$(wc -c <t.jsonl),"* ]]
}

@test "a value of many megabytes takes no memory of its size" {
    /usr/bin/python3 - "$T3" "$T2" >t.jsonl <<'PY'
import sys
print('{"id":1,"s":"%s"}' % sys.argv[1])
sys.stdout.write('{"id":2,"s":["')
for _ in range(60):
    sys.stdout.write("x" * 1000000)
print('","%s"],"late":null}' % sys.argv[2])
print('{"id":3,"s":"%s"}' % sys.argv[1])
PY
    case $BUILD in *asan*) ;; *) ulimit -v 400000 ;; esac
    keycensus scan t.jsonl --threads 2 -q -o r.db
    is "$(columns)" "id|3|0
late|3|3
s|3|0"
    is "$(usage)" "s|v2|1
s|v3|2"
}
