# Archives of the real pg_dump: custom, directory and tar format say what the plain dump that
# pg_restore makes of them says, table by table and column by column (S1, S2, S3, S6, S8). The
# database is tests/data/census/schema.sql.

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
    pg_dump census > census.sql
    census_into plain.db census.sql
    said_by plain.db > plain.said
    # A test that compares nothing must not pass.
    [ "$(grep -c '^COLUMN' plain.said)" -gt 130 ]
    [ "$(grep -c '^KEY' plain.said)" -eq 50 ]
    [ "$(grep -c '^JOB' plain.said)" -eq 3 ]
    pg_dump -Fc census > custom
    pg_dump -Fc -t public.parent -t '"sch""ema".*' -t public.orders census > small
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

# census_into REPORT INPUT [OPTION...]: a complete scan.
census_into() {
    local report=$1
    shift
    keycensus scan -q "$@" -o "$report" --overwrite --env-file "$BATS_FILE_TMPDIR/env"
}

# All that a census says of the data, but the name of the database, which a plain dump may lack.
said_by() {
    local name="hex(schema_name) || '|' || hex(table_name)"
    local column="$name || '|' || hex(column_name)"
    query "$1" "
        SELECT 'TABLE|' || $name || '|' || kind || '|' || state || '|' || note || '|' || records FROM coverage
        UNION ALL SELECT 'COLUMN|' || $column || '|' || records || '|' || nulls || '|' || key_records FROM columns
        UNION ALL SELECT 'KEY|' || $column || '|' || version || '|' || record_count || '|' || basis FROM key_usage
        UNION ALL SELECT 'CLASS|' || $column || '|' || class || '|' || record_count FROM value_classes
        UNION ALL SELECT 'TIME|' || $column || '|' || version || '|' || oldest || '|' || newest FROM write_times
        UNION ALL SELECT 'JOB|' || id || '|' || hex(column_name) || '|' || target_version || '|' || status FROM jobs
        UNION ALL SELECT 'ITEM|' || item || '|' || value FROM summary
                   WHERE item IN ('status', 'partial', 'rows', 'cells', 'row_security')" | LC_ALL=C sort
}

# like_plain INPUT [OPTION...]: the whole database.
like_plain() {
    census_into r.db "$@"
    said_by r.db | diff "$F/plain.said" -
}

# like_restored INPUT [LINES]: what the plain dump says that pg_restore makes of it, with the same exit code.
like_restored() {
    local plain=0 archive=0
    pg_restore -f restored.sql "$1"
    census_into restored.db restored.sql 2> restored.err || plain=$?
    census_into r.db "$1" 2> archive.err || archive=$?
    [ "$archive" -eq "$plain" ]
    diff <(said_by restored.db) <(said_by r.db)
    [ "$(grep -c . <(said_by r.db))" -gt "${2:-20}" ]
}

item() {
    query r.db "SELECT value FROM summary WHERE item = '$1'"
}

state() { # state TABLE, of schema public
    query r.db "SELECT state FROM coverage WHERE schema_name = 'public' AND table_name = '$1'"
}

# The first file with rows in a folder of pg_dump, by name.
first_data() {
    basename "$(find "$1" -name '[0-9]*' | sort | head -n 1)"
}

@test "custom: every level of compression says what the plain dump says" {
    like_plain "$F/custom"
    [ "$(item databases)" = census ]
    [ "$(query r.db 'SELECT kind FROM inputs')" = pg-archive ]
    for level in 0 1 9; do
        pg_dump -Fc -Z$level census > c$level
        like_plain c$level
    done
}

@test "custom: without offsets, from a pipe, packed again, under any name" {
    pg_dump -Fc census | cat > piped
    like_plain piped
    pg_dump -Fc census | keycensus scan - -q --dump-time "$(utc 0)" -o r.db --overwrite --env-file "$F/env"
    said_by r.db | diff "$F/plain.said" -
    gzip -1 -c "$F/custom" > users.csv
    like_plain users.csv
    tar -cf t.tar -C "$F" custom
    like_plain t.tar
    zip -qj z.zip "$F/custom"
    like_plain z.zip
}

@test "custom: versions 1.10 to 1.16, every compression and size of a number say the same" {
    convert() { python3 "$BATS_TEST_DIRNAME/../support/archive_convert.py" "$F/custom" c "$@"; }
    for minor in 10 11 12 13 14; do
        convert $minor zlib
        like_plain c
    done
    for how in none zlib lz4 zstd; do
        convert 15 $how
        like_plain c
        convert 16 $how 4 8 1000000
        like_plain c
    done
    convert 13 none 8 4 77
    like_plain c
    convert 10 zlib 2 4 33
    like_plain c
    for minor in 9 17; do
        convert 14 zlib
        printf "\\x$(printf %02x $minor)" | dd of=c bs=1 seek=6 conv=notrunc status=none
        run keycensus scan c -o refused.db
        [ "$status" -eq 12 ]
        [[ "$output" == *K0382*"1.$minor"* ]]
    done
    [ ! -e refused.db ]
}

@test "custom: threads and block size change nothing" {
    census_into r.db "$F/custom" --threads 1
    digest=$(item content_digest)
    for options in '--threads 4' '--block-size 1' '--threads 3 --block-size 77'; do
        census_into r.db "$F/small" --threads 1
        small=$(item content_digest)
        census_into r.db "$F/small" $options
        [ "$(item content_digest)" = "$small" ]
    done
    census_into r.db "$F/custom" --threads 4
    [ "$(item content_digest)" = "$digest" ]
}

# flip FILE BYTE: one bit of it, into the file flipped.
flip() {
    python3 - "$1" "$2" <<'PY'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[int(sys.argv[2])] ^= 1 << (int(sys.argv[2]) % 8)
open("flipped", "wb").write(data)
PY
}

@test "custom: a damaged archive says the same whatever the threads, and one block does not stop the others" {
    size=$(stat -c %s "$F/custom")
    stable() { # the findings too, and what each table has
        # A distance too far back is told some bytes later or earlier (formats/stream/inflate.h).
        [ "$(query r.db "SELECT count(*) FROM inputs WHERE note LIKE '%too far back%'")" -eq 0 ] ||
            { query r.db "SELECT path, complete FROM inputs"; return; }
        query r.db "SELECT path, decoded_bytes, records, complete, note FROM inputs
            UNION ALL SELECT code, message, record_count, 0, 0 FROM findings
            UNION ALL SELECT schema_name, table_name, records, state, 0 FROM coverage"
    }
    others=0
    for byte in $(seq $((size / 3)) 97001 $((size - 1))); do
        flip "$F/custom" "$byte"
        run keycensus scan flipped -q -o r.db --overwrite --threads 1
        first=$status
        stable > one.said
        for threads in 2 5; do
            run keycensus scan flipped -q -o r.db --overwrite --threads $threads
            [ "$status" -eq "$first" ]
            stable | diff one.said -
        done
        [ "$first" -ne 12 ] || [ "$(query r.db "SELECT count(*) FROM coverage WHERE state = 'data'")" -lt 27 ] || others=1
    done
    [ "$others" -eq 1 ]
}

@test "custom: sections, schema only, data only and left out data say what pg_restore's script says" {
    for options in --data-only --section=data --schema-only --section=pre-data '--exclude-table-data=public.users' \
        '--exclude-table-data=public.events_2025' '-n public' '-t public.users' -c -C --no-comments; do
        pg_dump -Fc $options census > c
        echo "$options"
        like_restored c 2
    done
    pg_dump -Fc --exclude-table-data=public.users census > c
    census_into r.db c
    [ "$(state users)" = no-data ]
    [ "$(item partial)" = 1 ]
}

@test "custom: rows that go through the partition root are counted there, and no partition is missed" {
    pg_dump -Fc --load-via-partition-root census > c
    like_restored c
    [ "$(query r.db "SELECT count(*) FROM coverage WHERE state = 'no-data'")" = 0 ]
    [ "$(query r.db "SELECT note FROM coverage WHERE table_name = 'events_2025'")" = \
        'partition: its rows were loaded through its root' ]
    pg_dump -Fc --load-via-partition-root --exclude-table-data=public.events_2025 census > c
    census_into r.db c
    [ "$(state events_2025)" = no-data ]
}

@test "S6: the data is as old as the header, by the westernmost and easternmost clocks" {
    census_into r.db "$F/custom"
    [ "$(item data_time_source)" = header ]
    began=$(pg_restore -l "$F/custom" | sed -n 's/^; Archive created at //p')
    [ "$(date -u -d "$(item data_time)" +%s)" -eq $(($(date -u -d "$began" +%s) - 14 * 3600)) ]
    [ "$(query r.db 'SELECT server_version FROM inputs')" = "$(pg_restore -l "$F/custom" |
        sed -n 's/^;     Dumped from database version: //p')" ]
}

@test "S3: a table excluded by name is skipped, and nothing else" {
    census_into r.db "$F/custom" --exclude-table public.users
    [ "$(state users)" = skipped ]
    others() { grep -v -e '|7075626C6963|7573657273|' -e '^ITEM|[rc]'; } # all but public.users, rows and cells
    said_by r.db | others > seen
    others < "$F/plain.said" | diff - seen
}

@test "S3: rows that go through the root of an excluded partition are those of the root" {
    createdb -T template0 parted
    psql -q parted -c 'CREATE TABLE p(n int, s text) PARTITION BY RANGE (n)' \
        -c 'CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (3)' \
        -c 'CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (3) TO (9)' \
        -c "INSERT INTO p SELECT g, 'x' FROM generate_series(0, 7) g"
    for options in '' --inserts; do
        pg_dump -Fc --load-via-partition-root $options parted > c
        census_into r.db c --exclude-table public.p1
        is "$(query r.db "SELECT table_name, state, records FROM coverage ORDER BY 1")" 'p|data|8
p1|skipped|0
p2|data|0'
        pg_dump -Fc $options parted > c
        census_into r.db c --exclude-table public.p1
        is "$(query r.db "SELECT table_name, state, records FROM coverage ORDER BY 1")" 'p|data|0
p1|skipped|0
p2|data|5'
    done
}

@test "S2: tables that a broken archive did not come to are unknown, and not without data" {
    states() { query r.db "SELECT state, count(*) FROM coverage WHERE kind = 'table' GROUP BY 1 ORDER BY 1" | paste -sd' '; }
    psql -q -d template1 -c 'CREATE DATABASE three TEMPLATE template0'
    psql -q three -c 'CREATE TABLE a AS SELECT repeat(md5(n::text), 3) v FROM generate_series(1, 9000) n' \
        -c 'CREATE TABLE b AS TABLE a' -c 'CREATE TABLE c AS TABLE a'
    pg_dump -Fc three > c
    pg_dump -Fd --inserts three -f d
    pg_dump -Ft three > t
    pg_dump three > p
    dropdb three
    for input in c t p; do
        census_into r.db $input
        [ "$(states)" = 'data|3' ]
        head -c $(($(stat -c %s $input) / 2)) $input > cut
        run keycensus scan cut -q -o r.db --overwrite
        [ "$status" -eq 3 ]
        half=unknown # the script's reader met rows of b, and tells the end of the input only
        [ $input != p ] || half=data
        [ "$(query r.db "SELECT group_concat(state) FROM (SELECT state FROM coverage ORDER BY table_name)")" = \
            data,$half,unknown ]
    done
    # inside its table of contents nothing says which tables have data
    head -c $(($(pg_restore -l c > /dev/null && LC_ALL=C grep -abom1 -P '\x78\x9c' c | cut -d: -f1) / 2)) c > cut
    run keycensus scan cut -q -o r.db --overwrite
    [ "$status" -eq 3 ]
    [ "$(query r.db "SELECT count(*) FROM coverage WHERE state <> 'unknown'")" = 0 ]
    # a file that is damaged where it begins
    file=$(find d -name '[0-9]*' | sort | head -n 1)
    printf '\xff\xff\xff\xff' | dd of="$file" bs=1 seek=10 conv=notrunc status=none
    run keycensus scan d -q -o r.db --overwrite
    [ "$status" -eq 12 ]
    [ "$(states)" = 'data|2 unknown|1' ]
}

@test "S1: a custom archive cut at any place is never taken for complete" {
    census_into r.db "$F/small"
    rows=$(item rows)
    size=$(stat -c %s "$F/small")
    for byte in $(seq 9 397 $((size - 1))) $((size - 1)) $((size - 2)) $((size - 6)); do
        head -c "$byte" "$F/small" > cut
        run keycensus scan cut -q -o r.db --overwrite
        [ "$status" -eq 3 ] || { echo "$byte: $status $output"; false; }
        [ "$(item status)" = incomplete ]
        [ "$(item rows)" -le "$rows" ]
    done
}

@test "S1: a bit flipped in the blocks of a custom archive is never a complete census with other numbers" {
    census_into r.db "$F/small"
    said_by r.db > whole
    size=$(stat -c %s "$F/small")
    # The first zlib stream; before it stand its length, the entry's number and the kind of block.
    first=$(LC_ALL=C grep -abom1 -P '\x78\x9c' "$F/small" | head -1 | cut -d: -f1)
    [ "$first" -gt 1000 ]
    for byte in $(seq $((first - 11)) 23 $((size - 1))); do
        flip "$F/small" "$byte"
        run keycensus scan flipped -q -o r.db --overwrite --env-file "$F/env"
        [ "$status" -eq 12 ] || [ "$status" -eq 3 ] || said_by r.db | diff whole - || { echo "$byte: $status"; false; }
    done
}

# ---- directory and tar ----

@test "directory: every level of compression says what the plain dump says" {
    for level in 0 1 6; do
        pg_dump -Fd -Z$level census -f d$level
        like_plain d$level
        like_plain d$level/
    done
    [ "$(query r.db "SELECT count(*) FROM inputs WHERE kind = 'folder+gzip+pg-archive-data' AND complete")" -gt 20 ]
    [ "$(query r.db "SELECT kind || '|' || complete FROM inputs WHERE path = 'd6/'")" = 'folder|1' ]
    pg_dump -Fd -j2 census -f parallel
    like_plain parallel
}

@test "directory: threads change nothing, with damage and among files of other kinds" {
    stable() {
        query r.db "SELECT path, kind, bytes, digest, decoded_bytes, records, complete, note FROM inputs
            UNION ALL SELECT code, message, record_count, 0, 0, 0, 0, 0 FROM findings
            UNION ALL SELECT schema_name, table_name, records, state, note, 0, 0, 0 FROM coverage
            UNION ALL SELECT item, value, 0, 0, 0, 0, 0, 0 FROM summary WHERE item IN ('content_digest', 'rows', 'status')"
    }
    same() { # same EXIT [OPTION...]: the folder d
        local exit=$1
        shift
        run keycensus scan d -q -o r.db --overwrite --threads 1 --env-file "$F/env" "$@"
        [ "$status" -eq "$exit" ]
        sort <<< "$output" > one.err
        stable > one.said
        [ "$(wc -l < one.said)" -gt 30 ]
        for threads in 2 3 8; do
            run keycensus scan d -q -o r.db --overwrite --threads $threads --env-file "$F/env" "$@"
            [ "$status" -eq "$exit" ]
            sort <<< "$output" | diff one.err -
            stable | diff one.said -
        done
    }
    pg_dump -Fd census -f d
    same 0
    same 0 --exclude-table orders --exclude-table parent
    same 12 --max-decoded-bytes 20000
    for file in $(ls -S d/*.gz | sed -n '1p;3p;6p'); do
        truncate -s $(($(stat -c %s "$file") / 2)) "$file"
        same 3
    done
    for file in $(ls -S d/*.gz | sed -n '2p;8p'); do
        printf X | dd of="$file" bs=1 seek=$(($(stat -c %s "$file") - 6)) conv=notrunc status=none
    done
    same 12
    rm -r d
    pg_dump -Fd -Z0 --load-via-partition-root census -f d
    printf 'x\ty\n' | cat - "$(ls -S d/*.dat | sed -n 2p)" > ragged
    mv ragged "$(ls -S d/*.dat | sed -n 2p)"
    same 3
}

@test "directory: files packed again, with lz4, zstd or not at all" {
    pg_dump -Fd -Z0 census -f d
    for tool in 'lz4 -q -m --rm' 'zstd -q --rm'; do
        cp -r d packed
        $tool packed/*.dat
        like_plain packed
        rm -r packed
    done
    pg_dump -Fd census -f z
    gunzip z/*.gz
    like_plain z
    gzip z/*.dat
    like_plain z
}

@test "tar: in the order of pg_dump, from a pipe, compressed, in a tar, with a prefix, in any order" {
    pg_dump -Ft census > t
    like_plain t
    keycensus scan - -q --dump-time "$(utc 0)" -o r.db --overwrite --env-file "$F/env" < <(cat t)
    said_by r.db | diff "$F/plain.said" -
    gzip -1 -c t > t.gz
    like_plain t.gz
    tar -cf outer t
    like_plain outer
    mkdir -p a/b
    tar -xf t -C a/b
    tar -cf prefixed a
    like_plain prefixed
    find a/b -type f ! -name toc.dat ! -name restore.sql -printf '%P\n' > middle
    tar -C a/b -cf early restore.sql -T middle toc.dat
    like_plain early
    zstd -q early
    like_plain early.zst
    (cd a && zip -qr ../z.zip b)
    like_plain z.zip
    pg_dump -Fd census -f d
    tar -cf d.tar d
    like_plain d.tar
}

@test "tar: a table of contents behind the data is refused in a pipe, with what to do" {
    pg_dump -Ft census > t
    mkdir x
    tar -xf t -C x
    find x -type f ! -name toc.dat -printf '%P\n' > first
    tar -C x -cf late -T first toc.dat
    run keycensus scan - --dump-time "$(utc 0)" -o r.db < <(cat late)
    [ "$status" -eq 12 ]
    [[ "$output" == *K0386*'as a file'* ]]
    [ ! -e r.db ]
}

@test "tar: decoys of other systems are passed over" {
    pg_dump -Fd -Z0 -t public.parent census -f d
    census_into r.db d
    said_by r.db > clean
    printf '\0\005\026\007junk' > d/._toc.dat
    cp d/._toc.dat "d/._$(first_data d)"
    : > d/.DS_Store
    tar -cf decoys d
    census_into r.db decoys
    said_by r.db | diff clean -
    census_into r.db d
    said_by r.db | diff clean -
}

@test "two archives in one zip are two databases" {
    createdb -T template0 other
    psql -q other -c 'CREATE TABLE users (id int, otp_secret text)' -c "INSERT INTO users VALUES (1, 'v1:x')"
    pg_dump -Fd other -f other
    pg_dump -Fd census -f census
    dropdb other
    zip -qr both.zip other census
    census_into r.db both.zip
    [ "$(item databases)" = 'census, other' ]
    [ "$(query r.db "SELECT group_concat(records) FROM (SELECT records FROM coverage WHERE table_name = 'users'
        AND schema_name = 'public' ORDER BY database_name)")" = 200,1 ]
    [ "$(item partial)" = 0 ]
    [ "$(item status)" = complete ]
}

@test "S1: a tar cut at any place is never taken for complete" {
    pg_dump -Ft -t public.parent -t '"sch""ema".*' -t public.orders census > whole
    size=$(stat -c %s whole)
    [ "$size" -gt 10000 ]
    for byte in $(seq 600 1111 $((size - 1025))); do
        head -c "$byte" whole > cut
        run keycensus scan cut -q -o r.db --overwrite
        [ "$status" -eq 3 ] || { echo "$byte: $status $output"; false; }
        [ "$(item status)" = incomplete ]
    done
}

@test "S1: a data file that is missing, unlisted, twice there or damaged makes the census incomplete by name" {
    pg_dump -Fd -t public.parent -t public.users census -f whole
    victim=$(pg_restore -l whole | sed -n 's/^\([0-9]*\); .* TABLE DATA public users .*/\1/p').dat.gz
    [ -e "whole/$victim" ]
    incomplete() { # incomplete EXIT CODE TEXT
        run keycensus scan d -q -o r.db --overwrite
        [ "$status" -eq "$1" ]
        [[ "$output" == *"$2"* ]]
        [ "$(item status)" = incomplete ]
        rm -r d
    }
    cp -r whole d && rm "d/$victim"
    incomplete 3 'TABLE DATA public.users is listed, and missing'
    cp -r whole d && cp "d/$victim" d/99999.dat.gz
    incomplete 12 99999.dat
    cp -r whole d && gunzip -k "d/$victim"
    incomplete 12 'stands in the archive twice'
    cp -r whole d && truncate -s -3 "d/$victim"
    incomplete 3 "$victim"
    cp -r whole d && printf X | dd of="d/$victim" bs=1 seek=60 conv=notrunc status=none
    incomplete 12 "$victim"
    cp -r whole d && : > "d/$victim"
    incomplete 3 "$victim"
    cp -r whole d && gunzip "d/$victim" && sed -i '/^\\\.$/d' "d/${victim%.gz}"
    incomplete 3 K0312
    cp -r whole d && truncate -s -30 d/toc.dat
    incomplete 3 K0380
    cp -r whole d && truncate -s 7 d/toc.dat
    incomplete 3 K0380
    cp -r whole d && printf 'SELECT 1;' > d/restore.sql
    incomplete 3 "restore.sql that is not pg_dump's"
}

@test "a toc.dat alone, a folder without one, and an archive of a later pg_dump are refused" {
    pg_dump -Fd -t public.parent census -f d
    run keycensus scan d/toc.dat -o r.db
    [ "$status" -eq 12 ]
    [[ "$output" == *K0385* ]]
    mkdir none
    cp d/*.gz none
    run keycensus scan none -o r.db
    [ "$status" -eq 12 ]
    [[ "$output" == *K0106* ]]
    printf '\021' | dd of=d/toc.dat bs=1 seek=6 conv=notrunc status=none
    cp d/toc.dat later
    for input in d later; do
        run keycensus scan $input -o r.db
        [ "$status" -eq 12 ]
        [[ "$output" == *K0382*1.17*pg_restore* ]]
    done
    [ ! -e r.db ]
}

@test "directory and tar: left out data, sections and partition roots say what pg_restore's script says" {
    for options in --data-only --schema-only --exclude-table-data=public.users --load-via-partition-root '-n public'; do
        for format in d t; do
            rm -rf a
            pg_dump -F$format $options census -f a
            echo "$format $options"
            like_restored a 2
        done
    done
}

# ---- large objects ----

@test "S3: large objects are searched, in every format; what they hold is in use" {
    createdb -T template0 objects
    psql -q objects -c 'CREATE TABLE t (a int)' -c 'SELECT lo_from_bytea(0, convert_to($$nothing$$, $$UTF8$$))' \
        -c "SELECT lo_from_bytea(0, convert_to(repeat('x', 100000) || ' $(head -1 "$F/sealed") ' || repeat('y', 99999), 'UTF8'))" \
        -c "SELECT lo_from_bytea(0, convert_to(repeat('z', 16384 - 51) || ' $(head -1 "$F/sealed") y', 'UTF8'))" \
        -c "SELECT lo_from_bytea(0, '')" -c "SELECT lo_from_bytea(0, decode('1f8b0800000000000000', 'hex'))" > /dev/null
    pg_dump -Fc objects > c
    pg_dump -Fc -Z0 objects > c0
    pg_dump -Fd objects -f d
    pg_dump -Fd -Z0 objects -f d0
    pg_dump -Ft objects > t
    pg_dump objects > p
    [ "$(grep -c lowrite p)" -gt 14 ] # a value stands in two of them
    pg_dump -C --inserts objects > pi
    PGOPTIONS='-c standard_conforming_strings=off' pg_dump objects > ps
    grep -qF "lowrite(0, '\\\\x" ps
    sed 's/$/\r/' p > pcr
    psql -q objects -c "SELECT lo_from_bytea(0, convert_to('$(head -1 "$F/bare")', 'UTF8'))" > /dev/null
    pg_dump -Fc objects > bare
    dropdb objects
    for input in c c0 d d0 t p pi ps pcr; do
        census_into r.db $input
        echo "$input"
        [ "$(item status)" = complete ]
        [ "$(query r.db "SELECT records || '|' || state FROM coverage WHERE schema_name = 'pg_catalog'
            AND table_name = 'pg_largeobject'")" = '5|data' ]
        [ "$(query r.db "SELECT column_name || '|' || version || '|' || record_count FROM key_usage")" = 'data|v1|2' ]
        [ "$(query r.db "SELECT class || record_count FROM value_classes ORDER BY 1" | paste -sd,)" = \
            'empty1,hinted-embedded2,plaintext2' ]
        [ "$(item partial)" = 0 ]
        said_by r.db > $input.said
        diff c.said $input.said
    done
    for input in c pi; do
        census_into $input.db $input
    done
    [ "$(query c.db "SELECT value FROM summary WHERE item = 'content_digest'")" = \
        "$(query pi.db "SELECT value FROM summary WHERE item = 'content_digest'")" ]
    for input in c d p; do
        census_into r.db $input --exclude-table pg_catalog.pg_largeobject
        [ "$(item status)" = complete ]
        [ "$(query r.db "SELECT state FROM coverage WHERE table_name = 'pg_largeobject'")" = skipped ]
    done
    head -c $(($(stat -c %s p) / 2)) p > cut
    run keycensus scan cut -q -o r.db --overwrite
    [ "$status" -eq 3 ]
    [[ "$output" == *'inside a large object'* ]]
    census_into r.db bare
    [ "$(query r.db "SELECT severity || '|' || code || '|' || record_count FROM findings WHERE table_name = 'pg_largeobject'
        AND code = 'unversioned'")" = 'error|unversioned|1' ]
    run keyretire plan --report r.db --env-file "$F/env" -o plan.txt
    [ "$status" -eq 4 ]
    grep -q '^  unversioned 1 version "" at objects pg_catalog.pg_largeobject.data$' plan.txt
    rm d/blob_*.dat.gz
    run keycensus scan d -q -o r.db --overwrite
    [ "$status" -eq 3 ]
    [[ "$output" == *'lists 5 large objects and holds 0'* ]]
}

@test "S1: a large object of the table of contents whose data is nowhere makes the report incomplete" {
    psql -q template1 -c 'CREATE DATABASE objects TEMPLATE template0'
    psql -q objects -c 'SELECT lo_from_bytea(16400 + n, convert_to(repeat($$x$$, 40) || n, $$UTF8$$)) FROM generate_series(1, 5) n' > /dev/null
    pg_dump -Fc -Z0 objects > c
    pg_dump -Fd -Z0 objects -f d
    pg_dump -Ft objects > t
    pg_dump -Fc --section=data objects > data
    pg_dump -Fc --section=pre-data objects > pre
    dropdb objects
    lost() {
        run keycensus scan "$1" -q -o r.db --overwrite
        echo "$1: $output"
        [ "$status" -eq 3 ]
        [[ "$output" == *"$1"*'lists 5 large objects, and the data is of 4, or others'* ]]
        [ "$(item status)" = incomplete ]
        [ "$(query r.db "SELECT count(*) FROM findings WHERE code = 'incomplete' AND table_name = 'pg_largeobject'")" = 1 ]
    }
    # the same without the third: {oid, chunk, 0} leaves the block, its line and its file the folder
    python3 - <<'PY'
import io, struct, tarfile
number = lambda n: b"\0" + struct.pack("<I", n)
bytes_of = lambda n: b"x" * 40 + b"%d" % n
archive = open("c", "rb").read()
whole = number(16403) + number(41) + bytes_of(3) + number(0)
assert archive.count(whole) == 1
open("lost-c", "wb").write(archive.replace(whole, b""))
# pg_dump 17 has no entry of each, but one that lists several, a line each (dumpLO)
text = lambda s: number(len(s)) + s
def listed(oids):
    out = archive
    for n in range(16401, 16406):
        made = text(b"SELECT pg_catalog.lo_create('%d');\n" % n)
        old = text(b"%d" % n) + text(b"BLOB") + number(2) + made
        assert out.count(old) == 1
        many = n == 16401
        new = text(b"16401..16405") + text(b"BLOB METADATA") + number(3) + text(b"".join(b"%d\n" % o for o in oids))
        out = out.replace(old, new if many else text(b"LARGE OBJECT") + text(b"COMMENT") + number(2) + made)
    return out
open("many", "wb").write(listed(range(16401, 16406)))
open("lost-many", "wb").write(listed(range(16401, 16406)).replace(whole, b""))
open("other-many", "wb").write(listed([16401, 16402, 16403, 16404, 16499]))
with tarfile.open("t") as old, tarfile.open("lost-t", "w", format=tarfile.USTAR_FORMAT) as new:
    for m in old:
        data = old.extractfile(m).read()
        if m.name.startswith("blobs"):
            data = b"".join(l for l in data.splitlines(True) if b"16403" not in l)
            m.size = len(data)
        if m.name != "blob_16403.dat":
            new.addfile(m, io.BytesIO(data))
PY
    sed -i '/16403/d' d/blobs*.toc
    rm d/blob_16403.dat
    for input in lost-c d lost-t lost-many; do
        lost $input
    done
    run keycensus scan other-many -q -o r.db --overwrite
    [ "$status" -eq 3 ]
    [[ "$output" == *'lists 5 large objects, and the data is of 5, or others'* ]]
    for input in c t data many; do
        census_into r.db $input
        [ "$(item status)" = complete ]
        [ "$(query r.db "SELECT records || '|' || state FROM coverage WHERE table_name = 'pg_largeobject'")" = '5|data' ]
    done
    census_into r.db lost-c --exclude-table pg_catalog.pg_largeobject
    [ "$(item status)" = complete ]
    # definitions alone
    census_into r.db pre
    [ "$(query r.db "SELECT state FROM coverage WHERE table_name = 'pg_largeobject'")" = no-data ]
    [ "$(item partial)" = 1 ]
}

# ---- limits ----

@test "--max-decoded-bytes bounds the blocks and files of an archive together" {
    pg_dump -Fc census > c
    pg_dump -Fd census -f d
    pg_dump -Fd -Z0 census -f d0
    decoded=$(gzip -dc d/*.gz | wc -c)
    largest=$(for file in d/*.gz; do gzip -dc "$file" | wc -c; done | sort -n | tail -1)
    [ "$largest" -lt "$decoded" ]
    for input in c d; do
        like_plain $input --max-decoded-bytes "$decoded"
        run keycensus scan $input --max-decoded-bytes $((decoded - 1)) -q -o r.db --overwrite
        [ "$status" -eq 12 ]
        [ "$(grep -c K0204 <<< "$output")" -eq 1 ]
        [ "$(item status)" = incomplete ]
        run keycensus scan $input --max-decoded-bytes "$largest" -q -o r.db --overwrite --threads 4
        [ "$status" -eq 12 ]
    done
    like_plain d0 --max-decoded-bytes 1 # nothing is packed
}

# ---- inspect ----

@test "inspect reads the table of contents alone: tables, columns and sizes" {
    # rows FILE...: of each table its names and number of columns; 0 and unknown alike, because a COPY
    # without a list has a number of columns only where its table's definition is read.
    rows() {
        keycensus inspect "$@" --format json | python3 -c 'import json, sys
for t in json.load(sys.stdin)["tables"]:
    print(repr((t["schema_name"], t["table_name"], t["columns"] or 0)))' | LC_ALL=C sort
    }
    sizes() { # sizes FILE: how many are known, and their sum
        keycensus inspect "$1" --format json | python3 -c 'import json, sys
known = [t["bytes"] for t in json.load(sys.stdin)["tables"] if t["bytes"] is not None]
print(len(known), sum(known))'
    }
    pg_restore -f plain.sql "$F/custom"
    rows plain.sql > wanted
    [ "$(wc -l < wanted)" -eq 28 ]
    pg_dump -Fd census -f d
    pg_dump -Ft census > t
    gzip -k t
    find d -type f ! -name toc.dat > first
    tar -cf late -T first d/toc.dat
    for input in "$F/custom" d t t.gz late; do
        rows "$input" | diff wanted -
    done
    keycensus inspect d | grep -q ' census$'
    [ "$(sizes d)" = "28 $(cat d/[0-9]*.dat.gz | wc -c)" ]
    [ "$(sizes t)" = "28 $(tar -xOf t --wildcards '[0-9]*.dat' | wc -c)" ]
    # Blocks fill a custom archive from the first one to its end.
    size=$(stat -c %s "$F/custom")
    read -r known sum <<< "$(sizes "$F/custom")"
    [ "$known" = 28 ]
    [ "$sum" -lt "$size" ]
    [ "$sum" -gt $((size - 100000)) ]
    pg_dump -Fc census | cat > piped
    [ "$(sizes piped)" = '0 0' ]
    # Damage behind the table of contents is not looked at.
    head -c 200000 "$F/custom" > cut
    rows cut | diff wanted -
    rm "d/$(first_data d)"
    [ "$(keycensus inspect d | grep -c 'its file is missing')" = 1 ]
}

# ---- INSERTs ----

@test "every format with --inserts, --column-inserts and --rows-per-insert says what its plain dump says" {
    for options in --inserts --column-inserts '--rows-per-insert=7 --on-conflict-do-nothing' \
        '--inserts --load-via-partition-root'; do
        for format in c d t; do
            rm -rf a
            pg_dump -F$format $options census -f a
            echo "$format $options"
            like_restored a
            [ "$(item rows)" -ge "$(sed -n 's/^ITEM|rows|//p' "$F/plain.said")" ]
        done
    done
}

@test "S1: INSERTs whose file is empty or cut off between two statements are incomplete" {
    for format in d t; do
        pg_dump -F$format --inserts -t public.users -t public.parent census -f whole
        [ $format = d ] || { mkdir files && tar -C files -xf whole && rm whole && mv files whole; }
        id=$(pg_restore -l whole | sed -n 's/^\([0-9]*\); .* TABLE DATA public users .*/\1/p')
        [ ! -e whole/$id.dat.gz ] || gunzip whole/*.gz
        [ "$(grep -c '^INSERT' whole/$id.dat)" -gt 3 ]
        census_into r.db whole
        for lines in 0 1 3; do
            cp -r whole d
            grep '^INSERT' whole/$id.dat | head -n $lines > d/$id.dat
            run keycensus scan d -q -o r.db --overwrite
            [ "$status" -eq 3 ] || { echo "$lines: $status $output"; false; }
            [[ "$output" == *K0380*"$id.dat"* ]]
            [ "$(item status)" = incomplete ]
            rm -r d
        done
        rm -r whole
    done
}

@test "a function with a hundred arguments of long types does not stop an archive" {
    long=$(printf 'n%.0s' $(seq 60))
    createdb -T template0 functions
    {
        echo "CREATE SCHEMA $long; CREATE TYPE $long.$long AS (a int); CREATE TABLE t(a text);"
        echo "CREATE FUNCTION f($(yes "$long.$long" | head -100 | paste -sd,)) RETURNS int LANGUAGE sql AS 'SELECT 1';"
        echo "COMMENT ON FUNCTION f IS 'x'; INSERT INTO t VALUES ('$(head -1 "$F/sealed")');"
    } | psql -q functions
    pg_dump -Fc functions > c
    like_restored c 4
    keycensus inspect c | grep -q ' t'
}
