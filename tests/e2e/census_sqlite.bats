#!/usr/bin/env bats
# SQLite database files as an input: formats.md section 3, safety.md S1, S2, S3 and S6. What a file holds is asked of
# the sqlite3 shell and of Python's module (sqlite_census.t), never of this program.

load lib

setup_file() {
    FIX=$(mktemp -d "${BATS_TMPDIR:-/tmp}/keyretire.XXXXXX")
    export FIX
    cd "$FIX" || return 1
    make_env env v3 v1 v2 v3
    seal env v3 5 1750000000 >v3
    seal env v2 5 1740000000 >v2
}
teardown_file() { rm -rf "$FIX"; }

setup() {
    scratch
    cp -p "$FIX"/* .
    T3=$(head -1 v3) T2=$(head -1 v2)
    sqlite3 app.db "CREATE TABLE users(id INTEGER PRIMARY KEY, secret TEXT, blob BLOB);
        INSERT INTO users VALUES (1, '$T3', CAST('$T2' AS BLOB)), (2, NULL, x'00ff'), (7, '', 1.5);"
}
teardown() { unscratch; }

scan() { # into r.db, which must be complete
    keycensus scan "$@" --env-file env -q --overwrite -o r.db
    is "$(query r.db "SELECT value FROM summary WHERE item='status'")" complete
}

usage() {
    query r.db "SELECT table_name, column_name, version, record_count FROM key_usage ORDER BY 1, 2, 3"
}

@test "S2 S6 a whole file is no partial input, and its data is as old as the file" {
    touch -d 2026-01-02T03:04:05Z app.db
    scan app.db
    is "$(usage)" "users|blob|v2|1
users|secret|v3|1"
    is "$(query r.db "SELECT column_name, records, nulls FROM columns")" "id|3|0
secret|3|1
blob|3|0"
    is "$(query r.db "SELECT table_name, state, kind, records FROM coverage")" "users|data|table|3"
    is "$(query r.db "SELECT value FROM summary WHERE item='partial'")" 0
    is "$(query r.db "SELECT kind, bytes, records, complete, data_time, data_time_source FROM inputs")" \
        "sqlite|$(stat -c %s app.db)|3|1|2026-01-02T03:04:05Z|mtime"
}

@test "S2 views, virtual tables, generated columns and a missing table that is referred to" {
    sqlite3 app.db "CREATE VIEW v AS SELECT * FROM users; CREATE TABLE g(a TEXT, b AS (a||'x'), c TEXT); INSERT INTO g VALUES ('$T2', 'z');
        CREATE TABLE s(id INTEGER PRIMARY KEY AUTOINCREMENT, u REFERENCES USERS(id), w REFERENCES gone(id)) ;
        INSERT INTO s(u) VALUES (1);
        CREATE VIRTUAL TABLE ft USING fts5(x); INSERT INTO ft VALUES ('$T3');"
    scan app.db
    is "$(query r.db "SELECT table_name, state, kind FROM coverage WHERE table_name IN ('v','g','s','users','ft','ft_content','gone','USERS','sqlite_sequence') ORDER BY 1")" \
        "ft|data|view
ft_content|data|table
g|data|table
gone|referenced-but-absent|unknown
s|data|table
users|data|table
v|data|view"
    is "$(query r.db "SELECT column_name, records FROM columns WHERE table_name='g'")" "a|1
c|1"
    is "$(usage | grep -v '^users')" "ft_content|c0|v3|1
g|a|v2|1"
    is "$(query r.db "SELECT severity, table_name FROM findings WHERE code='virtual-table'")" "info|ft"
}

@test "S1 rows in a write-ahead log are not in the file: incomplete, with what to do" {
    /usr/bin/python3 - "$T2" <<'PY' &
import sqlite3, sys, time
db = sqlite3.connect("app.db", isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("INSERT INTO users VALUES (8, ?, NULL)", [sys.argv[1]])
open("ready", "w").close()
time.sleep(60)
PY
    writer=$!
    await test -e ready
    [ -s app.db-wal ]
    run keycensus scan app.db -q -o r.db
    kill -9 "$writer"
    wait "$writer" || true
    [ "$status" -eq 3 ]
    [[ "$output" == *"write-ahead log"* ]]
    [[ "$output" == *".backup"* ]]
    is "$(query r.db "SELECT complete FROM inputs")" 0
    sqlite3 app.db ".backup copy.db"
    scan copy.db
    is "$(query r.db "SELECT records FROM coverage")" 4
}

@test "S1 a hot journal is told from one that is done with" {
    printf '\331\325\005\371\040\241\143\327 more' >app.db-journal
    run keycensus scan app.db -q -o out.db
    [ "$status" -eq 3 ]
    [[ "$output" == *"journal"* ]]
    head -c 512 /dev/zero >app.db-journal
    mkdir reports
    keycensus scan app.db -q -o reports/r.db
    is "$(query reports/r.db "SELECT complete FROM inputs")" 1
    : >app.db-wal
    scan app.db
}

@test "S1 the log and the journal of a symbolic link stand beside what it points to" {
    mkdir elsewhere links
    mv app.db elsewhere/app.db
    ln -s ../elsewhere/app.db links/one.db
    ln -s one.db links/two.db
    scan links/two.db
    printf 'rows' >elsewhere/app.db-wal
    run keycensus scan links/two.db -q -o wal.db
    [ "$status" -eq 3 ]
    [[ "$output" == *"write-ahead log"* ]]
    rm elsewhere/app.db-wal
    printf '\331\325\005\371\040\241\143\327 more' >elsewhere/app.db-journal
    run keycensus scan links/two.db -q -o hot.db
    [ "$status" -eq 3 ]
    head -c 512 /dev/zero >elsewhere/app.db-journal
    keycensus scan links/two.db -q -o cold.db
    is "$(query cold.db "SELECT complete FROM inputs")" 1
}

@test "nothing is written, and nothing but the file is opened" {
    cp app.db before.db
    mkdir data reports && mv app.db data
    chmod 555 data
    touch -d 2026-01-02T03:04:05Z data/app.db
    strace -f -e trace=open,openat,unlink,unlinkat,rename -o calls keycensus scan data/app.db -q -o reports/r.db
    chmod 755 data
    cmp before.db data/app.db
    is "$(ls data)" app.db
    is "$(grep -E 'O_(RDWR|WRONLY|CREAT)' calls | grep -c 'data/')" 0
}

@test "S1 S3 from a pipe or packed it is refused by name; a member marks the report" {
    gzip -k app.db
    for how in app.db.gz -; do
        run keycensus scan "$how" --dump-time 2026-01-01T00:00:00Z -o r.db <app.db
        [ "$status" -eq 12 ]
        [[ "$output" == *"unpack it"* ]]
        [ ! -e r.db ]
    done
    printf 'id,secret\n1,%s\n' "$T3" >t.csv
    tar cf both.tar app.db t.csv
    run keycensus scan both.tar -q -o r.db
    [ "$status" -eq 3 ]
    [[ "$output" == *"both.tar:app.db"* ]]
    is "$(query r.db "SELECT table_name FROM coverage")" t
    run keycensus inspect app.db.gz
    [ "$status" -eq 12 ]
}

@test "a report given as input by mistake is refused" {
    scan app.db
    run keycensus scan r.db -o x.db
    [ "$status" -eq 12 ]
    [[ "$output" == *"is a report of keycensus"* ]]
    [[ "$output" == *"keycensus show"* ]]
    [ ! -e x.db ]
}

@test "S1 damage is never complete, and what is sound beside it is read" {
    /usr/bin/python3 - "$T2" <<'PY'
import sqlite3, sys
db = sqlite3.connect("d.db")
db.execute("PRAGMA page_size=512")
for name in ["a", "b"]:
    db.execute(f"CREATE TABLE {name}(x)")
    db.executemany(f"INSERT INTO {name} VALUES (?)", [[sys.argv[1]]] * 20)
db.commit()
root = db.execute("SELECT rootpage FROM sqlite_master WHERE name='a'").fetchone()[0]
db.close()
data = bytearray(open("d.db", "rb").read())
data[(root - 1) * 512] = 0x77
open("d.db", "wb").write(data)
PY
    run keycensus scan d.db -q -o r.db
    [ "$status" -eq 12 ]
    [[ "$output" == *"malformed"* ]]
    [[ "$output" == *"table a"* ]]
    is "$(query r.db "SELECT table_name, records FROM coverage ORDER BY 1")" "a|0
b|20"
    head -c 5000 app.db >cut.db
    run keycensus scan cut.db -q --overwrite -o r.db
    [ "$status" -eq 12 ]
    head -c "$(($(stat -c %s app.db) - 100))" app.db >cut.db
    run keycensus scan cut.db -q --overwrite -o r.db
    [ "$status" -eq 3 ]
    [[ "$output" == *"ends inside a page"* ]]
}

@test "a file made to end SQLite's own check is told to be damaged" {
    /usr/bin/python3 <<'PY'
import sqlite3, struct
db = sqlite3.connect("deep.db")
db.execute("PRAGMA page_size=512")
db.execute("CREATE TABLE t(a)")
db.commit()
db.close()
page = bytearray(open("deep.db", "rb").read()[:512])
count = 100000
page[28:32] = struct.pack(">I", count)
with open("deep.db", "wb") as f:
    f.write(page)
    for n in range(2, count + 1):
        head = bytes([5 if n < count else 13]) + struct.pack(">HHHB", 0, 0, 512, 0) + struct.pack(">I", n + 1 if n < count else 0)
        f.write(head + bytes(512 - len(head)))
PY
    run keycensus scan deep.db -q -o r.db
    [ "$status" -eq 12 ]
    sqlite3 deep2.db "PRAGMA page_size=512; CREATE TABLE t(a); CREATE INDEX i ON t(a);"
    /usr/bin/python3 <<'PY'
import struct
data = bytearray(open("deep2.db", "rb").read()) # the index alone is too deep: no row is behind it
count = 50000
data[28:32] = struct.pack(">I", count)
index = 2 * 512
data[index:index + 12] = bytes([2]) + struct.pack(">HHHB", 0, 0, 512, 0) + struct.pack(">I", 4)
with open("deep2.db", "wb") as f:
    f.write(data)
    for n in range(4, count + 1):
        head = bytes([2 if n < count else 10]) + struct.pack(">HHHB", 0, 0, 512, 0) + struct.pack(">I", n + 1 if n < count else 0)
        f.write(head + bytes(512 - len(head)))
PY
    run keycensus scan deep2.db -q --overwrite -o r.db
    [ "$status" -eq 12 ]
    [[ "$output" == *"too deep"* ]]
}

@test "a value of many megabytes is read in pieces; where it cannot be the report says so" {
    /usr/bin/python3 - "$T3" <<'PY'
import sqlite3, sys
big = "x" * 60_000_000 + " " + sys.argv[1] + " end"
for name, encoding, sql in [("rowid", "UTF-8", "t(a, s, z)"), ("key", "UTF-8", "t(a PRIMARY KEY, s, z) WITHOUT ROWID"),
                            ("utf16", "UTF-16le", "t(a, s, z)")]:
    db = sqlite3.connect(name + ".db")
    db.execute(f"PRAGMA encoding='{encoding}'")
    db.execute("CREATE TABLE " + sql)
    db.executemany("INSERT INTO t VALUES (?,?,?)", [(1, sys.argv[1], None), (2, big, 5), (3, big.encode(), None), (4, None, 2.5)])
    db.commit()
PY
    case $BUILD in *asan*) ;; *) ulimit -v 300000 ;; esac
    scan rowid.db --threads 2
    is "$(query r.db "SELECT column_name, records, nulls FROM columns")" "a|4|0
s|4|1
z|4|2"
    is "$(usage)" "t|s|v3|3"
    for name in key utf16; do
        run keycensus scan $name.db -q --overwrite -o r.db
        [ "$status" -eq 3 ]
        [[ "$output" == *"too long"* ]]
        [[ "$output" == *"table t"* ]]
    done
}

@test "declared, excluded, in a folder with an odd name, and listed by inspect" {
    sqlite3 app.db "CREATE TABLE other(x); INSERT INTO other VALUES ('$T2')"
    scan app.db --table users --column secret --exclude-table other
    is "$(query r.db "SELECT class, record_count FROM value_classes WHERE column_name='secret' AND record_count > 0 ORDER BY 1")" \
        "empty|1
hinted|1
null|1"
    is "$(query r.db "SELECT state FROM coverage WHERE table_name='other'")" skipped
    run keycensus scan app.db --table users --column gone --overwrite -o r.db
    [ "$status" -eq 6 ]
    mkdir 'a b?c#%41&mode=rwc' && cp app.db 'a b?c#%41&mode=rwc/file:x?y.db'
    scan 'a b?c#%41&mode=rwc/file:x?y.db'
    is "$(query r.db "SELECT records FROM coverage WHERE table_name='users'")" 3
    run keycensus inspect app.db --format csv
    [ "$status" -eq 0 ]
    [[ "$output" == *'app.db,"",other,1,'* ]]
    [[ "$output" == *'app.db,"",users,3,'* ]]
}

@test "S1 an entry of the schema of an unknown type is damage, not a table that nobody reads" {
    for type in "'tAble'" "CAST('table' AS BLOB)" NULL "''"; do
        rm -f odd.db
        sqlite3 odd.db "CREATE TABLE t (secret TEXT); INSERT INTO t VALUES ('$T3'); CREATE TABLE u (a); INSERT INTO u VALUES (1);
            PRAGMA writable_schema = ON; UPDATE sqlite_master SET type = $type WHERE name = 't'"
        run keycensus scan odd.db --env-file env -q --overwrite -o r.db
        echo "$type: $status $output"
        [ "$status" -eq 12 ]
        [[ $output == *odd.db* ]]
        is "$(query r.db "SELECT value FROM summary WHERE item='status'")" incomplete
    done
}

# ---- .dump ----

@test "S2 S6 the .dump of a database tells what the database tells" {
    sqlite3 app.db "CREATE TABLE empty(a, b AS (a||'x'), [c d]);
        CREATE TABLE notes(n TEXT, u REFERENCES gone(id));
        INSERT INTO notes VALUES ('line' || char(10) || '$T3' || char(10), 1), (char(13) || '$T2', '\n$T2');
        CREATE TRIGGER t AFTER INSERT ON notes BEGIN INSERT INTO empty(a) VALUES (';'); END;"
    content() {
        query r.db "SELECT table_name, state, kind, records FROM coverage ORDER BY 1;
            SELECT table_name, column_name, records, nulls FROM columns ORDER BY 1, 2;
            SELECT table_name, column_name, version, record_count FROM key_usage ORDER BY 1, 2, 3;
            SELECT value FROM summary WHERE item='partial'"
    }
    touch -d 2026-01-02T03:04:05Z app.db
    scan app.db
    content >whole
    grep -q '^gone|referenced-but-absent' whole
    sqlite3 app.db .dump >app.sql
    sqlite3 app.db '.dump --newlines' >newlines.sql
    touch -d 2026-01-02T03:04:05Z app.sql
    for dump in app.sql newlines.sql; do
        scan $dump
        content | diff whole -
    done
    scan app.sql
    is "$(query r.db "SELECT kind, data_time, data_time_source FROM inputs")" "sqlite-dump|2026-01-02T03:04:05Z|mtime"
    zstd -qc app.sql >app.sql.zst
    scan - --dump-time 2026-01-02T00:00:00Z <app.sql.zst
    content | diff whole -
    run keycensus inspect app.sql --format csv
    [ "$status" -eq 0 ]
    [[ "$output" == *'app.sql,"",users,'* ]]
}

@test "S1 a .dump without its COMMIT, or with ROLLBACK in its place, is never complete" {
    sqlite3 app.db .dump >app.sql
    size=$(stat -c %s app.sql)
    for n in $(seq 30 97 $((size - 9))) $((size - 9)); do
        head -c "$n" app.sql >cut.sql
        run keycensus scan cut.sql -q --overwrite -o r.db
        [ "$status" -eq 3 ]
    done
    sed '$d' app.sql >bad.sql
    printf '/****** ERROR: (11) database disk image is malformed *****/\nROLLBACK; -- due to errors\n' >>bad.sql
    run keycensus scan bad.sql -q --overwrite -o r.db
    [ "$status" -eq 3 ]
    [[ "$output" == *"ROLLBACK"* ]]
    is "$(query r.db "SELECT records FROM coverage")" 3
    sqlite3 app.db .schema >schema.sql
    run keycensus scan schema.sql -q --overwrite -o r.db
    is "$(query r.db "SELECT value FROM summary WHERE item='partial'")" 1
}
