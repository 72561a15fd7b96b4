# The census of real dumps of a real MariaDB equals what SQL says, table by table and column by column
# (K5.2, S1, S2, S6, S8). The database is tests/data/census/mysql.sql.

load lib

DATA=$BATS_TEST_DIRNAME/../data/census

setup_file() {
    my_start
    export MYROOT
    cd "$BATS_FILE_TMPDIR" || return 1
    make_env env v3 v1 v2 v3
    for n in 1 2 3; do seal env v$n 100 $((1700000000 + n * 10000)); done > sealed
    seal env - 20 1600000000 > bare
    my_sql -e 'CREATE DATABASE census; CREATE TABLE census.sealed (n int AUTO_INCREMENT PRIMARY KEY, value text);
        CREATE TABLE census.bare LIKE census.sealed'
    for t in sealed bare; do sed "s/.*/INSERT INTO census.$t (value) VALUES ('&');/" $t | my_sql; done
    my_sql < "$DATA/mysql.sql"
    expect > expected
    # A test that compares nothing must not pass: 10 tables, 55 columns, 12 of versions in columns.
    [ "$(cut -d'|' -f1 expected | sort | uniq -c | tr -s ' \n' ' ')" = ' 55 COLUMN 12 KEY 10 TABLE ' ]
    my_dump --databases shop 'second db' > all.sql
}

teardown_file() {
    my_stop
}

setup() {
    scratch
    F=$BATS_FILE_TMPDIR
}

teardown() {
    unscratch
}

hex() {
    printf %s "$1" | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F
}

# What SQL says: rows of each table; rows and NULLs of each column; values of each version.
expect() {
    my_sql -r > tables <<'SQL'
        SELECT CONCAT(table_schema, '\t', table_name) FROM information_schema.tables
         WHERE table_schema IN ('shop', 'second db') AND table_type = 'BASE TABLE';
SQL
    my_sql -r > columns <<'SQL'
        SELECT CONCAT(table_schema, '\t', table_name, '\t', column_name) FROM information_schema.columns
         WHERE table_schema IN ('shop', 'second db') AND table_name <> 'secrets';
SQL
    /usr/bin/python3 - > queries <<'PY'
def quoted(name):
    return "`" + name.replace("`", "``") + "`"
def upper_hex(name):
    return name.encode().hex().upper()
for line in open("tables", encoding="utf-8"):
    db, table = line.rstrip("\n").split("\t")
    print(f"SELECT CONCAT('TABLE|{db}|{upper_hex(table)}|', COUNT(*)) FROM {quoted(db)}.{quoted(table)};")
for line in open("columns", encoding="utf-8"):
    db, table, column = line.rstrip("\n").split("\t")
    place, source = f"{db}|{upper_hex(table)}|{upper_hex(column)}", f"{quoted(db)}.{quoted(table)}"
    print(f"SELECT CONCAT('COLUMN|{place}|', COUNT(*), '|', SUM({quoted(column)} IS NULL)) FROM {source} HAVING COUNT(*);")
    print(f"SELECT CONCAT('COLUMN|{place}|0|0') FROM {source} HAVING COUNT(*) = 0;")
    if column == "c_point":
        continue  # no text is to be had of it
    print(f"SELECT CONCAT('KEY|{place}|', v, '|', COUNT(*)) FROM (SELECT IF(LOCATE(':', c), SUBSTRING_INDEX(c, ':', 1), '') AS v"
          f" FROM (SELECT CAST({quoted(column)} AS char) AS c FROM {source}) x WHERE c LIKE '%Z0FBQUFB%') y GROUP BY v;")
PY
    my_sql -r < queries | LC_ALL=C sort
}

# What the report says, in the same form.
seen() {
    local name="database_name || '|' || hex(table_name)"
    query "$1" "SELECT 'TABLE|' || $name || '|' || records FROM coverage WHERE kind <> 'view'
        UNION ALL SELECT 'COLUMN|' || $name || '|' || hex(column_name) || '|' || records || '|' || nulls FROM columns WHERE table_name <> 'secrets'
        UNION ALL SELECT 'KEY|' || $name || '|' || hex(column_name) || '|' || version || '|' || record_count FROM key_usage" | LC_ALL=C sort
}

item() {
    query r.db "SELECT value FROM summary WHERE item = '$1'"
}

census() {
    keycensus scan -q "$@" -o r.db --overwrite --env-file "$F/env"
}

state() {
    query r.db "SELECT state FROM coverage WHERE table_name = '$1' AND database_name = 'shop'"
}

@test "K5.2: a dump of two databases says what SQL says" {
    census "$F/all.sql"
    [ "$(item status) $(item partial)" = 'complete 0' ]
    seen r.db | diff "$F/expected" -
    [ "$(query r.db "SELECT kind FROM coverage WHERE table_name = 'secrets'")" = view ]
    [ "$(query r.db "SELECT model_path || ' ' || status FROM jobs")" = 'app.models:User running' ]
    [ "$(query r.db "SELECT server_version LIKE '%MariaDB%' FROM inputs")" = 1 ]
}

@test "K5.2: every way of writing rows says the same" {
    for options in --hex-blob --complete-insert --skip-extended-insert '--skip-extended-insert --complete-insert --hex-blob' \
        --replace --insert-ignore --no-autocommit --compatible=ansi --routines '--events --flush-privileges' \
        --net-buffer-length=4096 --default-character-set=utf8mb3 '--single-transaction --order-by-primary' \
        '--skip-tz-utc --skip-dump-date' '--skip-add-locks --skip-disable-keys' --skip-comments; do
        my_dump $options --databases shop 'second db' > d.sql
        census d.sql
        [ "$(item status) $(item partial)" = 'complete 0' ]
        seen r.db | diff "$F/expected" -
    done
}

@test "S2: without comments and locks an empty table has left no trace of its data" {
    for options in --compact '--skip-opt --skip-comments'; do
        my_dump $options --databases shop 'second db' > d.sql
        census d.sql
        [ "$(item status) $(item partial)" = 'complete 1' ]
        [ "$(state empty_table) $(state users)" = 'no-data data' ]
        seen r.db | diff "$F/expected" -
    done
}

@test "S1: a dump that was cut off anywhere is never complete" {
    my_dump --databases shop > d.sql
    size=$(stat -c %s d.sql)
    # from where it can be told what it is, to the last byte but one of the trailer's words
    for at in $(seq 4 997 $((size - 2))) $(grep -abo '^/\*!' d.sql | cut -d: -f1 | tail -n 20) $((size - 25)); do
        head -c "$at" d.sql > cut.sql
        run keycensus scan -q cut.sql -o r.db --overwrite
        [ "$status" -ne 0 ] || { echo "cut at $at"; return 1; }
        [ "$status" -ne 3 ] || [ "$(item status)" = incomplete ]
    done
    # each byte of a small one
    my_dump shop parted > small.sql
    for at in $(seq 4 $(($(stat -c %s small.sql) - 25))); do
        head -c "$at" small.sql > cut.sql
        run keycensus scan -q cut.sql -o r.db --overwrite
        [ "$status" -ne 0 ] || { echo "cut at $at"; return 1; }
    done
}

@test "S2: definitions alone, tables left out, and --where make a partial input" {
    my_dump --no-data shop > d.sql
    census d.sql
    [ "$(item status) $(item partial) $(state users) $(state parted)" = 'complete 1 no-data no-data' ]
    my_dump --ignore-table=shop.users shop > d.sql
    census d.sql
    [ "$(item partial) $(state users)" = '1 referenced-but-absent' ]
    my_dump --where='id > 3' shop parted > d.sql
    census d.sql
    [ "$(item status) $(item partial) $(state parted)" = 'complete 1 data' ]
    [ "$(query r.db "SELECT count(*) FROM findings WHERE code = 'where'")" = 1 ]
    [ "$(query r.db "SELECT count(*) FROM findings WHERE message LIKE '%id > 3%'")" = 0 ]
    my_dump --no-create-info shop users > d.sql
    run keycensus scan -q d.sql -o r.db --overwrite
    [ "$status" -eq 3 ]
    [ "$(state users)" = unknown ]
}

@test "S6: the trailer tells the time without its zone: the data is as old as it may be" {
    my_dump shop parted | sed 's/^-- Dump completed on .*/-- Dump completed on 2026-01-02 03:04:05/' > d.sql
    keycensus scan -q d.sql -o r.db
    [ "$(query r.db "SELECT data_time_source || ' ' || data_time FROM inputs")" = 'header 2026-01-01T13:04:05Z' ]
    sed -i 's/on 2026-01-02 03/on 2026-01-02  3/' d.sql
    keycensus scan -q d.sql -o r.db --overwrite
    [ "$(query r.db "SELECT data_time FROM inputs")" = '2026-01-01T13:04:05Z' ]
    keycensus scan -q d.sql -o r.db --overwrite --dump-time 2026-01-02T01:00:00Z
    [ "$(query r.db "SELECT data_time_source || ' ' || data_time FROM inputs")" = 'option 2026-01-02T01:00:00Z' ]
    # without a time in it, the file's
    my_dump --skip-dump-date shop parted > d.sql
    touch -d 2026-01-03T00:00:00Z d.sql
    keycensus scan -q d.sql -o r.db --overwrite
    [ "$(query r.db "SELECT data_time_source || ' ' || data_time FROM inputs")" = 'mtime 2026-01-03T00:00:00Z' ]
}

@test "K5.2: the result does not depend on blocks, threads or compression" {
    census "$F/all.sql"
    plain=$(item content_digest)
    for options in '--threads 1' '--threads 3 --block-size 4096' '--block-size 1 --threads 1'; do
        census "$F/all.sql" $options
        [ "$(item content_digest)" = "$plain" ]
    done
    gzip -c "$F/all.sql" > all.sql.gz
    touch -r "$F/all.sql" all.sql.gz
    census all.sql.gz
    [ "$(item content_digest)" = "$plain" ]
}

@test "S1: a character set in which a quote can be half of a character is refused, with what to do" {
    my_dump shop parted | sed 's/SET NAMES utf8mb4/SET NAMES sjis/' > d.sql
    run keycensus scan d.sql -o r.db
    [ "$status" -eq 12 ]
    [[ "$output" == *sjis*default-character-set=utf8mb4* ]]
    my_dump --default-character-set=latin1 shop parted > d.sql
    keycensus scan -q d.sql -o r.db --overwrite
    [ "$(item status)" = complete ]
}

@test "K5.1: a declared column of a MySQL dump is accounted for" {
    keycensus scan -q "$F/all.sql" -o r.db --table users --column otp_secret --env-file "$F/env"
    # rows 0 to 59: six of NULL, six empty
    [ "$(query r.db "SELECT class || ' ' || record_count FROM value_classes WHERE table_name = 'users' AND database_name = 'shop'
        AND column_name = 'otp_secret' AND record_count > 0 ORDER BY 1" | paste -sd,)" = 'empty 6,hinted 48,null 6' ]
    run keycensus scan -q "$F/all.sql" -o r.db --overwrite --table users --column otp_secrets
    [ "$status" -eq 6 ]
}

@test "S1: statements of MySQL that are not read are named" {
    for statement in 'INSERT INTO `parted` SELECT * FROM x;' 'INSERT INTO parted SET id = 1;' 'UPDATE parted SET s = 1;' \
        'DELETE FROM parted;' "LOAD DATA INFILE 'x' INTO TABLE parted;" 'CALL p();' 'SELECT f();' 'INSERT INTO parted VALUES (1, UUID());' \
        'INSERT INTO parted VALUES (1, "x") ON DUPLICATE KEY UPDATE s = "y";' 'ALTER TABLE parted ADD COLUMN c int;' \
        'ALTER TABLE parted DROP COLUMN s;' 'CREATE TABLE z AS SELECT * FROM parted;' 'TRUNCATE TABLE parted;' 'frobnicate;' \
        $'DELIMITER //\nINSERT INTO parted VALUES (1, "x")//\nDELIMITER ;' '/*!40000 INSERT INTO parted VALUES (1, 2) */;' \
        'INSERT INTO other.parted VALUES (1, 2);' $'source x.sql\n;' $'use other\nINSERT INTO t VALUES (1);'; do
        { my_dump --skip-triggers shop parted | grep -v '^-- Dump completed'; printf '%s\n-- Dump completed\n' "$statement"; } > d.sql
        run keycensus scan -q d.sql -o r.db --overwrite
        [ "$status" -eq 3 ] || { echo "not noticed: $statement"; return 1; }
        [ "$(query r.db "SELECT count(*) > 0 FROM findings WHERE severity = 'error' AND code = 'unread'")" = 1 ]
    done
}

@test "inspect names the tables of a MySQL dump" {
    run keycensus inspect "$F/all.sql"
    [ "$status" -eq 0 ]
    [[ "$output" == *users* && "$output" == *'second db'* ]]
}

@test "K5.2: the text files of --tab are read as COPY text; one whose values hold tabs or line ends is never complete" {
    mkdir -m 777 "$MYROOT/tab" # where the server may write, too
    my_dump --tab="$MYROOT/tab" shop parted texts
    mv "$MYROOT/tab" tab
    keycensus scan -q tab/parted.txt --header no -o r.db --env-file "$F/env"
    [ "$(query r.db "SELECT table_name || ' ' || records FROM coverage")" = 'parted 4' ]
    [ "$(query r.db "SELECT version || ' ' || record_count FROM key_usage ORDER BY 1" | paste -sd,)" = 'v1 1,v2 1' ]
    [ "$(query r.db "SELECT group_concat(nulls) FROM columns")" = 0,1 ]
    run keycensus scan -q tab/texts.txt --header no -o r.db --overwrite
    [ "$status" -eq 3 ] || [ "$status" -eq 12 ]
    # their definitions stand in scripts of their own
    keycensus scan -q tab/parted.sql -o r.db --overwrite
    [ "$(item status) $(state parted)" = 'complete no-data' ]
}
