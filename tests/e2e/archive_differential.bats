#!/usr/bin/env bats
# Every kind of archive against the plain dump that `pg_restore -f -` makes of the same file: tables, columns,
# versions, classes, times, jobs and findings are equal, whatever options pg_dump was given. The database is
# tests/data/census/awkward.sql; archives.bats has another one, and what is particular to each format.

load lib

setup_file() {
    pg_start
    export PGROOT PGDATABASE=awkward
    cd "$BATS_FILE_TMPDIR" || return 1
    make_env env v3 v1 v2 v3
    createdb -T template0 awkward
    seal env v1 1 1700000000 >s1
    seal env v2 1 1710000000 >s2
    seal env v3 1 1720000000 >s3
    seal env - 1 1600000000 >bare
    psql -q -v v1="$(<s1)" -v v2="$(<s2)" -v v3="$(<s3)" -v bare="$(<bare)" -f "$BATS_TEST_DIRNAME/../data/census/awkward.sql"
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

# A line for every fact of a report; names in hex, for they hold anything. Whether pg_dump saw all rows of a table
# with a policy stands in a script only; of an archive it is a warning.
facts() {
    local who="hex(schema_name) || '.' || hex(table_name)"
    query "$1" "
        SELECT 'coverage', $who, state, note FROM coverage
        UNION ALL SELECT 'column', $who || '.' || hex(column_name), records || ' records', nulls || ' nulls' FROM columns
        UNION ALL SELECT 'usage', $who || '.' || hex(column_name), version || ' ' || basis, record_count || ' of ' || percentage
            FROM key_usage
        UNION ALL SELECT 'class', $who || '.' || hex(column_name), class, record_count FROM value_classes
        UNION ALL SELECT 'times', $who || '.' || hex(column_name), version, oldest || ' ' || newest FROM write_times
        UNION ALL SELECT 'job', id, hex(column_name) || ' ' || target_version, status || ' ' || updated_at FROM jobs
        UNION ALL SELECT 'finding', severity || ' ' || code, $who || '.' || hex(column_name), record_count FROM findings
            WHERE code <> 'row-security'
        UNION ALL SELECT 'summary', item, value, '' FROM summary WHERE item IN ('status', 'partial', 'rows', 'cells')" |
        LC_ALL=C sort
}

# agree ARCHIVE WHAT: it and its plain dump, exit codes included. Prints what differs.
agree() {
    local plain=0 archive=0
    pg_restore -f restored.sql "$1"
    keycensus scan restored.sql -q -o plain.db --overwrite --env-file "$F/env" 2>plain.err || plain=$?
    keycensus scan "$1" -q -o archive.db --overwrite --env-file "$F/env" 2>archive.err || archive=$?
    [ "$plain" -eq "$archive" ] || {
        echo "$2: the plain dump ends with $plain, the archive with $archive: $(cat plain.err archive.err)"
        return 1
    }
    facts plain.db >plain.facts
    facts archive.db >archive.facts
    diff plain.facts archive.facts >differ || {
        echo "$2:"
        head -20 differ
        return 1
    }
}

# every_kind OPTION...: of archive, made with these options.
every_kind() {
    local how name
    for how in '-Fc' '-Fc -Z0' '-Fc -Z9' '-Fd' '-Fd -Z0' '-Ft'; do
        rm -rf archive
        # shellcheck disable=SC2086 # a list of options
        pg_dump $how "$@" -f archive
        agree archive "$how $*"
    done
}

@test "the database is one that tells something" {
    pg_dump -Fc -f archive
    agree archive whole
    [ "$(grep -c '^column' archive.facts)" -gt 1550 ]
    [ "$(grep -c '^usage' archive.facts)" -gt 40 ]
    [ "$(grep -c '^job' archive.facts)" -eq 2 ]
    [ "$(grep -c '^coverage' archive.facts)" -gt 35 ]
    grep -q '^summary|status|complete' archive.facts
    # The rows of each table, as the database counts them.
    psql -qAtc "SELECT format('SELECT %L || count(*) FROM ONLY %I.%I;', upper(encode(convert_to(nspname, 'UTF8'), 'hex')) || '.' ||
            upper(encode(convert_to(relname, 'UTF8'), 'hex')) || '|', nspname, relname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relkind = 'r' AND nspname !~ '^(pg_|information_schema)'" | psql -qAt | LC_ALL=C sort >counted
    [ "$(wc -l <counted)" -gt 25 ] || { cat counted; false; }
    query archive.db "SELECT hex(schema_name) || '.' || hex(table_name), records FROM coverage
        WHERE kind = 'table' AND schema_name <> 'pg_catalog'" | LC_ALL=C sort | diff counted -
}

@test "S1: every kind of archive of COPY says what pg_restore says" {
    every_kind
    every_kind --load-via-partition-root
}

@test "S1: every kind of archive of INSERT says what pg_restore says" {
    every_kind --inserts
    every_kind --column-inserts --load-via-partition-root
    every_kind --rows-per-insert=7 --on-conflict-do-nothing
}

@test "S1: quoting, escapes and settings of the session change nothing" {
    for options in --quote-all-identifiers --disable-dollar-quoting '--encoding=SQL_ASCII' '--encoding=LATIN1' \
        '--clean --if-exists --create' '--no-owner --no-acl --no-comments --no-publications'; do
        for rows in '' --inserts; do
            for how in -Fc -Ft; do
                rm -rf archive
                # shellcheck disable=SC2086
                pg_dump $how $options $rows -f archive
                agree archive "$how $options $rows"
            done
        done
    done
    for setting in standard_conforming_strings=off bytea_output=escape datestyle=German extra_float_digits=0; do
        for rows in '' --inserts; do
            PGOPTIONS="-c $setting" pg_dump -Fc $rows -f archive
            agree archive "$setting $rows"
        done
    done
}

@test "S2: what was left out by name, schema or section is told alike" {
    for options in '--exclude-table-data=one.*' '--exclude-table=public.users' '--table=*.users' '--schema=one' \
        --schema-only --data-only '--section=data' '--section=pre-data --section=data' --enable-row-security \
        '--exclude-table-data=one.events_a' '--no-blobs' '--exclude-table-data=*.*'; do
        for how in -Fc -Fd -Ft; do
            rm -rf archive
            # shellcheck disable=SC2086
            pg_dump $how $options -f archive
            agree archive "$how $options"
            [ "$(wc -l <archive.facts)" -gt 4 ]
        done
    done
}

@test "S3: large objects are told alike where the plain dump can tell them" {
    pg_dump -Fc --blobs -t one.self -f archive
    keycensus scan archive -q -o archive.db --env-file "$F/env"
    is "$(query archive.db "SELECT version || record_count FROM key_usage WHERE table_name = 'pg_largeobject'")" v31
}
