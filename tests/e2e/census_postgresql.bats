# The census of real dumps of a real PostgreSQL equals what SQL says, table by table and column by
# column (K5.2, S1, S2, S6, S8). The database is tests/data/census/schema.sql; what a census must say
# of it is asked by tests/data/census/expect.sql.

load lib

DATA=$BATS_TEST_DIRNAME/../data/census

setup_file() {
    pg_start
    export PGROOT
    cd "$BATS_FILE_TMPDIR" || return 1
    make_env env v3 v1 v2 v3
    for n in 1 2 3; do seal env v$n 100 $((1700000000 + n * 10000)); done > sealed
    seal env - 20 1600000000 > bare
    createdb -T template0 census
    psql -q census -c 'CREATE SCHEMA census' -c 'CREATE TABLE census.sealed (n serial, value text)' \
        -c 'CREATE TABLE census.bare (n serial, value text)' -c '\copy census.sealed (value) from sealed' \
        -c '\copy census.bare (value) from bare' -f "$DATA/schema.sql"
    psql -q census -v file=expected.out -v root_file=root.out -f "$DATA/expect.sql"
    LC_ALL=C sort expected.out > expected
    LC_ALL=C sort root.out > expected_root
    pg_dump census > census.sql
    # A test that compares nothing must not pass: 28 tables, 139 columns, 35 of them with values.
    [ "$(cut -d'|' -f1 expected | sort | uniq -c | tr -s ' \n' ' ')" = \
        ' 139 COLUMN 35 EMPTY 50 KEY 28 TABLE 50 TIME ' ]
}

teardown_file() {
    pg_stop
}

setup() {
    scratch
    F=$BATS_FILE_TMPDIR
}

teardown() {
    unscratch
}

hex() {
    printf %s "$1" | od -An -v -tx1 | tr -d ' \n'
}

# What the report says, in the form of expect.sql. What holds no rows of its own is left out.
seen() {
    local name="lower(hex(schema_name)) || '|' || lower(hex(table_name))"
    local column="$name || '|' || lower(hex(column_name))"
    local own="EXISTS (SELECT 1 FROM coverage o WHERE o.database_name = x.database_name AND o.schema_name = x.schema_name
               AND o.table_name = x.table_name AND (o.records > 0 OR o.kind IN ('table', 'unknown')))"
    query "$1" "
        SELECT 'TABLE|' || $name || '|' || records FROM coverage x WHERE $own AND state <> 'referenced-but-absent'
        UNION ALL SELECT 'COLUMN|' || $column || '|' || records || '|' || nulls FROM columns x WHERE $own
        UNION ALL SELECT 'KEY|' || $column || '|' || version || '|' || record_count FROM key_usage
        UNION ALL SELECT 'TIME|' || $column || '|' || version || '|' || strftime('%s', oldest) || '|' || strftime('%s', newest)
                    FROM write_times
        UNION ALL SELECT 'EMPTY|' || $column || '|' || sum(CASE class WHEN 'empty' THEN record_count ELSE 0 END)
                    FROM value_classes GROUP BY database_name, schema_name, table_name, column_name" | LC_ALL=C sort
}

# census INPUT [OPTION...]: a complete scan into r.db, whose classes add up.
census() {
    keycensus scan -q "$@" -o r.db --overwrite --env-file "$F/env"
    adds_up r.db
}

# The classes of a column add up to its records, its nulls are the class null, and its shares to its usages.
adds_up() {
    [ "$(query "$1" "SELECT count(*) FROM columns c JOIN (
            SELECT database_name, schema_name, table_name, column_name, sum(record_count) AS total,
                   sum(CASE class WHEN 'null' THEN record_count ELSE 0 END) AS nulls
              FROM value_classes GROUP BY 1, 2, 3, 4) v USING (database_name, schema_name, table_name, column_name)
          WHERE c.records <> v.total OR c.nulls <> v.nulls")" = 0 ]
    [ "$(query "$1" "SELECT count(*) FROM key_usage u WHERE NOT EXISTS (SELECT 1 FROM value_classes v
          WHERE v.schema_name = u.schema_name AND v.table_name = u.table_name AND v.column_name = u.column_name)")" = 0 ]
}

item() {
    query r.db "SELECT value FROM summary WHERE item = '$1'"
}

state() { # state SCHEMA TABLE
    query r.db "SELECT state FROM coverage WHERE schema_name = '$1' AND table_name = '$2'"
}

without() { # without EXPECTED SCHEMA TABLE: the expectation less one table
    grep -v "^[A-Z]*|$(hex "$2")|$(hex "$3")|" "$1"
}

# ---- the whole database ----

@test "K5.2: the census of pg_dump equals SQL for every table and every column" {
    census "$F/census.sql"
    seen r.db | diff "$F/expected" -
    [ "$(item status)" = complete ]
    [ "$(item partial)" = 0 ]
    [ "$(item rows)" = "$(awk -F'|' '$1 == "TABLE" { n += $4 } END { print n }' "$F/expected")" ]
    [ "$(item cells)" = "$(awk -F'|' '$1 == "COLUMN" { n += $5 } END { print n }' "$F/expected")" ]
    [ "$(item ciphertext_columns)" = 35 ]
}

@test "K5.2: a percentage is of the values of the column that use a key, not rounded" {
    census "$F/census.sql"
    # 40, 40 and 80 of 160 values; 28 bare ones; an array with 9 values and one bare one
    [ "$(query r.db "SELECT version, percentage, is_active FROM key_usage WHERE table_name = 'users' AND schema_name = 'public'
        AND column_name = 'otp_secret' ORDER BY 1" | tr '\n' ' ')" = 'v1|25.0|0 v2|25.0|0 v3|50.0|1 ' ]
    [ "$(query r.db "SELECT version, percentage, is_active FROM key_usage WHERE column_name = 'legacy'")" = '|100.0|0' ]
    [ "$(query r.db "SELECT version, percentage FROM key_usage WHERE table_name = 'embedded' AND column_name = 'arr' ORDER BY 1" |
        tr '\n' ' ')" = '|10.0 v2|90.0 ' ]
    [ "$(query r.db "SELECT count(*) FROM key_usage u WHERE table_name = 'big' AND abs(percentage - 100.0 * record_count /
        (SELECT records - nulls FROM columns c WHERE c.table_name = 'big' AND c.column_name = u.column_name)) < 1e-9")" = 3 ]
}

@test "S4: classes of a column: hinted, unversioned, null, empty, and values inside larger cells" {
    census "$F/census.sql"
    classes() { query r.db "SELECT class || ' ' || record_count FROM value_classes WHERE table_name = '$1' AND schema_name = 'public'
                            AND column_name = '$2' ORDER BY 1" | paste -sd, ; }
    [ "$(classes users otp_secret)" = 'empty 20,hinted 160,null 20' ]
    [ "$(classes users legacy)" = 'null 172,unversioned 28' ]
    [ "$(classes embedded j)" = 'hinted-embedded 9,null 1,plaintext 1,unversioned-embedded 1' ]
    [ "$(classes embedded jb)" = 'hinted-embedded 9,null 2,plaintext 1' ]
    [ "$(classes embedded raw)" = 'empty 1,hinted 9,plaintext 1,unversioned 1' ]
    [ "$(classes one_column only_text)" = 'empty 3,hinted 1,null 1,plaintext 3' ]
    # ordinary data: no class rows at all
    [ -z "$(classes types c_varchar)" ]
    [ -z "$(classes texts t)" ]
}

@test "K5.2: a generated column is in no COPY; the columns behind it are counted as themselves" {
    census "$F/census.sql"
    [ "$(query r.db "SELECT coalesce(max(records), 0) FROM columns WHERE column_name = 'shouted'")" = 0 ]
    [ "$(query r.db "SELECT records || ' ' || nulls FROM columns WHERE table_name = 'users' AND schema_name = 'public'
        AND column_name = 'after_generated'")" = '200 0' ]
}

@test "S2: partitioned roots, views and foreign tables stand apart, and make no dump partial" {
    census "$F/census.sql"
    [ "$(query r.db "SELECT kind || ' ' || count(*) FROM coverage GROUP BY kind ORDER BY 1" | paste -sd,)" = \
        'foreign-table 1,partitioned-table 2,table 28,view 2' ]
    [ "$(query r.db "SELECT count(*) FROM coverage WHERE state IN ('no-data', 'referenced-but-absent', 'skipped')")" = 0 ]
    [ "$(query r.db "SELECT state FROM coverage WHERE table_name = 'empty_table'")" = data ]
    [ "$(query r.db "SELECT records FROM coverage WHERE table_name = 'no_columns'")" = 5 ]
    [ "$(query r.db "SELECT count(*) FROM coverage WHERE table_name LIKE 'ghost%'")" = 0 ]
}

@test "K5.2: pg_dump -v, --create, --clean, --quote-all-identifiers and other forms say the same" {
    census "$F/census.sql"
    plain=$(item content_digest)
    for options in --clean '--clean --if-exists' --quote-all-identifiers '--no-owner --no-privileges' --no-comments \
        --disable-dollar-quoting --use-set-session-authorization; do
        pg_dump $options census > other.sql
        census other.sql
        [ "$(item content_digest)" = "$plain" ]
    done
    pg_dump -v census > verbose.sql 2> /dev/null
    census verbose.sql
    [ "$(item content_digest)" = "$plain" ]
    pg_dump --create census > create.sql
    census create.sql
    seen r.db | diff "$F/expected" -
    [ "$(item databases)" = census ]
    [ "$(query r.db "SELECT DISTINCT database_name FROM columns")" = census ]
}

@test "K5.2: the three sections of a dump in one file say what the whole dump says" {
    census "$F/census.sql"
    plain=$(item content_digest)
    for section in pre-data data post-data; do pg_dump --section=$section census; done > sections.sql
    census sections.sql
    [ "$(item content_digest)" = "$plain" ]
}

@test "K5.2: gzip, zstd and standard input say what the plain file says" {
    census "$F/census.sql"
    plain=$(item content_digest)
    gzip -c "$F/census.sql" > c.sql.gz
    zstd -q -c "$F/census.sql" > c.zst
    for input in c.sql.gz c.zst; do
        census "$input"
        [ "$(item content_digest)" = "$plain" ]
    done
    pg_dump census | keycensus scan - -q --dump-time "$(utc 0)" -o r.db --overwrite --env-file "$F/env"
    [ "$(item content_digest)" = "$plain" ]
    seen r.db | diff "$F/expected" -
    gzip -c "$F/census.sql" | keycensus scan - -q --dump-time "$(utc 0)" -o r.db --overwrite --env-file "$F/env"
    [ "$(item content_digest)" = "$plain" ]
}

@test "K5.2: rows loaded through the partition root are counted there, and no partition is missed" {
    pg_dump --load-via-partition-root census > root.sql
    census root.sql
    seen r.db | grep -v '^TABLE.*|0$' | diff <(grep -v '^TABLE.*|0$' "$F/expected_root") <(grep -v '^COLUMN.*|0|0$' - |
        cat - <(grep '^COLUMN.*|0|0$' "$F/expected_root") | LC_ALL=C sort)
    [ "$(query r.db "SELECT count(*) FROM coverage WHERE state = 'no-data'")" = 0 ]
    [ "$(item partial)" = 0 ]
}

@test "S2: with one partition's data left out, loading through the root does not hide it" {
    pg_dump --load-via-partition-root --exclude-table-data=public.events_2025 census > root.sql
    census root.sql
    [ "$(state public events_2025)" = no-data ]
    [ "$(query r.db "SELECT count(*) FROM coverage WHERE state = 'no-data'")" = 1 ]
    [ "$(item partial)" = 1 ]
}

# ---- parts of the database ----

@test "S2: --exclude-table-data leaves no-data, and the rest as SQL says" {
    pg_dump --exclude-table-data=public.big census > part.sql
    census part.sql
    [ "$(state public big)" = no-data ]
    [ "$(item status) $(item partial)" = 'complete 1' ]
    seen r.db | diff <(without "$F/expected" public big) <(without - public big)
    [ "$(query r.db "SELECT severity || table_name FROM findings WHERE code = 'no-data'")" = warningbig ]
}

@test "S2: -T of a table that others refer to leaves referenced-but-absent" {
    pg_dump -T public.users census > part.sql
    census part.sql
    [ "$(state public users)" = referenced-but-absent ]
    [ "$(state Auth users)" = data ]
    [ "$(item partial)" = 1 ]
    seen r.db | diff <(without "$F/expected" public users) -
}

@test "S2: -T of a table that nothing refers to cannot be seen, and the census is that of the rest" {
    pg_dump -T public.big census > part.sql
    census part.sql
    [ -z "$(state public big)" ]
    seen r.db | diff <(without "$F/expected" public big) -
}

@test "S2: --schema of one schema: a partition whose root is elsewhere tells of the missing table" {
    pg_dump --schema=public census > part.sql
    census part.sql
    [ "$(state Auth events_2026)" = referenced-but-absent ]
    [ "$(item partial)" = 1 ]
    seen r.db | diff <(grep "^[A-Z]*|$(hex public)|" "$F/expected") -
    pg_dump --schema='"Auth"' --schema='"odd.schema"' census > part.sql
    census part.sql
    seen r.db | diff <(grep -E "^[A-Z]*\|($(hex Auth)|$(hex odd.schema))\|" "$F/expected") -
}

@test "S2: a schema-only dump is complete and partial; every table has no data" {
    pg_dump --schema-only census > part.sql
    census part.sql
    [ "$(item status) $(item partial) $(item rows)" = 'complete 1 0' ]
    [ "$(query r.db "SELECT state || ' ' || count(*) FROM coverage WHERE kind = 'table' GROUP BY state")" = 'no-data 28' ]
    [ "$(query r.db "SELECT count(*) FROM columns WHERE records > 0")" = 0 ]
}

@test "S2: a data-only dump is partial, and its rows are as SQL says" {
    pg_dump --data-only -T public.no_columns census > part.sql
    census part.sql
    [ "$(item status) $(item partial)" = 'complete 1' ]
    # a table without rows and definition still names its columns in COPY
    seen r.db | diff <(grep -v "|$(hex no_columns)|" "$F/expected") -
}

@test "S1: rows of a table that nothing describes are unread, never zero" {
    pg_dump --data-only -t public.no_columns census > part.sql
    run keycensus scan part.sql -o r.db
    [ "$status" -eq 3 ]
    [ "$(item status)" = incomplete ]
    [ "$(state public no_columns)" = unknown ]
}

@test "S2: SET row_security = on makes a partial input, for rows may be missing" {
    pg_dump --enable-row-security census > part.sql
    census part.sql
    [ "$(item row_security) $(item partial) $(item status)" = '1 1 complete' ]
    seen r.db | diff "$F/expected" -
}

@test "S1: INSERT in every form that pg_dump writes says what SQL says, as COPY does" {
    for options in --inserts --column-inserts --rows-per-insert=100 '--inserts --on-conflict-do-nothing' \
        '--column-inserts --rows-per-insert=7 --on-conflict-do-nothing' '--inserts --quote-all-identifiers'; do
        pg_dump $options census > inserts.sql
        census inserts.sql
        [ "$(item status) $(item partial)" = 'complete 0' ]
        seen r.db | diff "$F/expected" -
    done
}

@test "S2: INSERT: an empty table is announced and has data, one without its data has not" {
    pg_dump --inserts -t public.empty_table -t public.users census > part.sql
    census part.sql
    [ "$(state public empty_table) $(state public users)" = 'data data' ]
    pg_dump --inserts -t public.empty_table -t public.users --exclude-table-data=public.empty_table census > part.sql
    census part.sql
    [ "$(state public empty_table) $(state public users)" = 'no-data data' ]
}

@test "S1: INSERT without a list of columns and without a definition is unread, never zero" {
    pg_dump --inserts --data-only -t public.users census > part.sql
    run keycensus scan part.sql -o r.db
    [ "$status" -eq 3 ]
    [[ "$output" == *"columns are not known"* ]]
    [ "$(state public users)" = unknown ]
    pg_dump --column-inserts --data-only -t public.users census > part.sql
    census part.sql
    seen r.db | diff <(grep "|$(hex public)|$(hex users)|" "$F/expected") -
}

@test "K5.2: INSERT through the root of partitions, and without conforming strings, reads the same" {
    pg_dump --inserts --load-via-partition-root census > root.sql
    census root.sql
    seen r.db | grep -v '^TABLE.*|0$' | diff <(grep -v '^TABLE.*|0$' "$F/expected_root") <(grep -v '^COLUMN.*|0|0$' - |
        cat - <(grep '^COLUMN.*|0|0$' "$F/expected_root") | LC_ALL=C sort)
    [ "$(item partial)" = 0 ]
    PGOPTIONS='-c standard_conforming_strings=off' pg_dump --inserts census > off.sql
    grep -q '^SET standard_conforming_strings = off;' off.sql
    census off.sql
    [ "$(item status)" = complete ]
    seen r.db | diff "$F/expected" -
}

@test "S1: a dump with COPY for one table and INSERT for another counts both" {
    { pg_dump -t public.users census; pg_dump --inserts -t public.parent census; } > mixed.sql
    census mixed.sql
    seen r.db | diff <(grep -E "\|$(hex public)\|($(hex users)|$(hex parent))(\||\$)" "$F/expected") -
}

# ---- clusters ----

# two_databases DUMP: where its lines end in CRLF, so do those inside of names.
two_databases() {
    census "$1"
    [ "$(item status) $(item partial)" = 'complete 0' ]
    [ "$(query r.db "SELECT database_name || ' ' || records FROM coverage WHERE schema_name = 'public' AND table_name = 'users' ORDER BY 1" |
        paste -sd,)" = 'census 200,second db "x" 50' ]
    # of rows 1..50: 15, 10 and 20 of the ten residues that v1, v2 and v3 have
    [ "$(query r.db "SELECT version || ' ' || record_count FROM key_usage WHERE database_name LIKE 'second%' AND column_name = 'otp_secret'
        ORDER BY 1" | paste -sd,)" = 'v1 10,v2 10,v3 20' ]
    query r.db "SELECT 'KEY|' || lower(hex(schema_name)) || '|' || lower(hex(table_name)) || '|' || lower(hex(column_name)) || '|' ||
        version || '|' || record_count FROM key_usage WHERE database_name = 'census'" | sed 's/0d0a/0a/g' | LC_ALL=C sort | diff <(grep ^KEY "$F/expected") -
    [ "$(query r.db "SELECT database_name FROM coverage WHERE table_name = 'only_here'")" = 'second db "x"' ]
}

@test "S7: pg_dumpall: every database by its name, the same table in two of them apart" {
    createdb -T template0 'second db "x"'
    pg_dump -t public.users -t public.trap census | psql -q 'dbname='\''second db "x"'\''' > /dev/null 2>&1 || true
    psql -q 'dbname='\''second db "x"'\''' -c 'DELETE FROM users WHERE id > 50' -c 'CREATE TABLE only_here (a text)'
    pg_dumpall > all.sql
    pg_dumpall --inserts > inserts.sql
    pg_dumpall --column-inserts --rows-per-insert=50 | sed 's/$/\r/' > crlf.sql
    dropdb 'second db "x"'
    for dump in all inserts crlf; do
        two_databases $dump.sql
    done
}

@test "S1: pg_dumpall cut off between two databases is truncated, though each dump has its trailer" {
    createdb -T template0 zzz
    pg_dumpall > all.sql
    dropdb zzz
    line=$(grep -n '^-- Database "zzz" dump' all.sql | cut -d: -f1)
    head -n $((line - 2)) all.sql > cut.sql
    run keycensus scan cut.sql -o r.db
    [ "$status" -eq 3 ]
    [ "$(item status)" = incomplete ]
    keycensus scan -q all.sql -o r.db --overwrite
    [ "$(item status)" = complete ]
}

# ---- evidence ----

@test "S6: the time of the data is that of pg_dump -v, else --dump-time, else the file's, and says which" {
    pg_dump -v census -t public.parent > v.sql 2> /dev/null
    pg_dump census -t public.parent > plain.sql
    touch -d 2026-02-03T04:05:06Z v.sql plain.sql
    started=$(sed -n 's/^-- Started on \(....-..-..\) \(..:..:..\) UTC$/\1T\2Z/p' v.sql)
    [ -n "$started" ]
    census v.sql
    [ "$(item data_time) $(item data_time_source)" = "$started header" ]
    census v.sql --dump-time 2026-02-01T00:00:00Z
    [ "$(item data_time) $(item data_time_source)" = "$started header" ]
    census plain.sql --dump-time 2026-02-01T00:00:00Z
    [ "$(item data_time) $(item data_time_source)" = '2026-02-01T00:00:00Z option' ]
    census plain.sql
    [ "$(item data_time) $(item data_time_source)" = '2026-02-03T04:05:06Z mtime' ]
}

@test "S6: a header in another time zone is the same moment; an ambiguous one makes it older" {
    TZ=Europe/Berlin pg_dump -v census -t public.parent > v.sql 2> /dev/null
    local_time=$(sed -n 's/^-- Started on //p' v.sql)
    census v.sql
    [ "$(item data_time) $(item data_time_source)" = "$(date -u -d "$local_time" +%Y-%m-%dT%H:%M:%SZ) header" ]
    # CST is seven hours from UTC in one country and eight ahead in another
    sed 's/^-- Started on .*/-- Started on 2026-01-05 10:00:00 CST/' v.sql > cst.sql
    touch -d 2026-02-03T04:05:06Z cst.sql
    # ... so the data may be as old as if it were that of the easternmost zone, UTC+14
    census cst.sql
    [ "$(item data_time) $(item data_time_source)" = '2026-01-04T20:00:00Z header' ]
    census cst.sql --dump-time 2026-01-05T16:00:00Z
    [ "$(item data_time) $(item data_time_source)" = '2026-01-05T16:00:00Z option' ]
}

@test "S6: standard input without --dump-time is a usage error, unless the dump says its time" {
    run bash -c "pg_dump census -t public.parent | keycensus scan - -o r.db"
    [ "$status" -eq 2 ]
    [[ "$output" == *--dump-time* ]]
    [ ! -e r.db ]
    pg_dump census -t public.parent | keycensus scan - -q -o r.db --dump-time 2026-02-01T00:00:00Z
    [ "$(item data_time) $(item data_time_source)" = '2026-02-01T00:00:00Z option' ]
}

@test "S9: token times later than the data are a finding and used for nothing" {
    census "$F/census.sql"
    [ "$(query r.db "SELECT count(*) FROM findings WHERE code LIKE '%future%'")" = 0 ]
    # between the tokens of v1 (17000100xx) and those of v2 (17000200xx)
    census "$F/census.sql" --dump-time "$(date -u -d @1700015000 +%Y-%m-%dT%H:%M:%SZ)"
    [ "$(query r.db "SELECT version || ' ' || record_count FROM key_usage WHERE table_name = 'users' AND column_name = 'otp_secret' ORDER BY 1" |
        paste -sd,)" = 'v1 40,v2 40,v3 80' ]
    [ "$(query r.db "SELECT group_concat(version || coalesce(newest, '')) FROM write_times WHERE table_name = 'users' AND column_name = 'otp_secret'
        AND newest IS NOT NULL")" = v12023-11-15T01:01:33Z ]
    [ "$(query r.db "SELECT record_count FROM findings WHERE code LIKE '%future%' AND table_name = 'users' AND column_name = 'otp_secret'")" = 120 ]
}

@test "S8: re-encryption jobs as they stand; versions in lower case; unknown without the table" {
    census "$F/census.sql"
    psql -qAt census -c "SELECT id, model_path, column_name, lower(target_version), status, coalesce(processed, 0), coalesce(total_records, 0),
        coalesce(errors, 0), to_char(updated_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM reencrypt_jobs ORDER BY id" > by_sql
    query r.db "SELECT id, model_path, column_name, target_version, status, processed, total_records, errors, updated_at
        FROM jobs ORDER BY id" | diff by_sql -
    [ "$(query r.db "SELECT group_concat(dry_run) FROM (SELECT dry_run FROM jobs WHERE id < 3 ORDER BY id)")" = 0,1 ]
    [ "$(item jobs)" = 3 ]
    pg_dump -T public.reencrypt_jobs census > none.sql
    census none.sql
    [ "$(item jobs)" = unknown ]
    [ "$(query r.db "SELECT count(*) FROM jobs")" = 0 ]
}

@test "S8: a jobs table without its rows is unknown too; an empty one is none" {
    pg_dump --exclude-table-data=public.reencrypt_jobs census > none.sql
    census none.sql
    [ "$(item jobs)" = unknown ]
    createdb -T template0 fresh
    pg_dump --schema-only -t public.reencrypt_jobs census | psql -q fresh > /dev/null
    pg_dump fresh > fresh.sql
    dropdb fresh
    census fresh.sql
    [ "$(item jobs)" = 0 ]
}

@test "K5.2: single-byte and multi-byte encodings of the dump give the same counts; SJIS is refused" {
    createdb -T template0 latin
    psql -q latin -c "CREATE TABLE \"é\" (\"ü\" text, s text)" -c "\\copy \"é\" (s) from '$F/sealed'" -c "UPDATE \"é\" SET \"ü\" = 'ñ'"
    for encoding in UTF8 LATIN1 WIN1252; do
        pg_dump -E $encoding latin > $encoding.sql
        census $encoding.sql
        [ "$(query r.db "SELECT version || ' ' || record_count FROM key_usage WHERE column_name = 's' ORDER BY 1" | paste -sd,)" = \
            'v1 100,v2 100,v3 100' ]
        [ "$(query r.db "SELECT count(*) FROM columns WHERE records = 300")" = 2 ]
    done
    psql -q latin -c 'ALTER TABLE "é" RENAME TO e' -c 'ALTER TABLE e DROP COLUMN "ü"'
    for encoding in SJIS BIG5 GBK UHC GB18030 JOHAB; do
        pg_dump -E $encoding latin > bad.sql
        run keycensus scan bad.sql -o r.db --overwrite
        [ "$status" -eq 12 ]
        [[ "$output" == *$encoding* ]]
    done
    pg_dump -E EUC_JP latin > good.sql
    census good.sql
    [ "$(query r.db "SELECT sum(record_count) FROM key_usage")" = 300 ]
    dropdb latin
}

@test "S1: standard_conforming_strings off, as old servers write, does not shift where statements end" {
    createdb -T template0 old
    psql -q old -c "ALTER DATABASE old SET standard_conforming_strings = off"
    psql -q old -c "CREATE TABLE t (a text DEFAULT E'x\\\\'';COPY nothing FROM stdin;', s text)" -c "\\copy t (s) from '$F/sealed'"
    pg_dump old > old.sql
    dropdb old
    census old.sql
    [ "$(query r.db "SELECT version || ' ' || record_count FROM key_usage WHERE column_name = 's' ORDER BY 1" | paste -sd,)" = \
        'v1 100,v2 100,v3 100' ]
    [ "$(query r.db "SELECT count(*) FROM coverage")" = 1 ]
}

@test "S1: a dump cut at any of its lines, and its gzip cut at any place, is never taken for complete" {
    pg_dump census -t public.parent -t '"sch""ema".*' -t public.orders > small.sql
    end=$(grep -n '^-- PostgreSQL database dump complete' small.sql | cut -d: -f1)
    census small.sql
    whole=$(item rows)
    cut() { # a cut input: exit 3, a report, no more rows than there are
        run keycensus scan "$1" -o r.db --overwrite
        [ "$status" -eq 3 ]
        [ "$(item status)" = incomplete ]
        [ "$(item rows)" -le "$whole" ]
    }
    for line in $(seq 20 9 $((end - 1))) $((end - 1)); do
        head -n "$line" small.sql > cut.sql
        cut cut.sql
    done
    size=$(stat -c %s small.sql)
    for byte in $(seq 400 701 $((size - 120))); do
        head -c "$byte" small.sql > cut.sql
        cut cut.sql
    done
    gzip -c small.sql > small.sql.gz
    size=$(stat -c %s small.sql.gz)
    for byte in $(seq 200 301 $((size - 9))) $((size - 8)) $((size - 1)); do
        head -c "$byte" small.sql.gz > cut.sql.gz
        cut cut.sql.gz
    done
}

@test "S5: the report of a real database holds no text of a cell and no token" {
    census "$F/census.sql"
    for text in user17@example.org 'COPY public.ghost' Z0FBQUFB "it's; ok" nnnnnnnn '2026-01-02 03:04:05' "$CANARY"; do
        if grep -aqF -- "$text" r.db; then
            echo "found in the report: $text"
            false
        fi
    done
    grep -aqF otp_secret r.db
}
