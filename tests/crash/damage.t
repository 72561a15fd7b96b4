#!/bin/bash
# Every format that keycensus reads, damaged: small samples made by the real programs, cut off at every byte,
# every bit flipped, edited at random, with bytes behind the end (S1). tests/crash/damage.c does it and says
# what the words mean. DAMAGE_STEP=1 tries every case; unset, about a thousand of each sample.
# damage.t PATTERN: only the samples whose name matches.
set -u
cd "$(dirname "$0")/../.." || exit 1
BATS_TEST_DIRNAME=$PWD/tests/e2e
. tests/e2e/lib.bash
[ ! -w /dev/shm ] || BATS_TMPDIR=/dev/shm
# A small quarantine: the cases are many, and each takes megabytes.
export ASAN_OPTIONS=abort_on_error=1:quarantine_size_mb=16:malloc_context_size=6
export UBSAN_OPTIONS=abort_on_error=1:print_stacktrace=1
DATA=$PWD/tests/data/damage
only=${1:-}
scratch
trap 'pg_stop; my_stop; unscratch' EXIT
done_so_far=0
failures=0

# sample CUT CHANGE APPEND INPUT [FILE]
sample() {
    local name=$4${5:+, $5}
    [[ $name =~ $only ]] || return 0
    done_so_far=$((done_so_far + 1))
    if "$BUILD/crash/damage" "$@"; then
        echo "ok $done_so_far - $name"
    else
        echo "not ok $done_so_far - $name"
        failures=$((failures + 1))
    fi
}

chmod 711 . # the server's user starts here
pg_start || exit 1
createdb -T template0 small
psql -q small -f "$DATA/small.sql"
query_all='SELECT id, secret, note FROM users ORDER BY id'

# ---- plain SQL: an end mark, no checksum ----
# A cut shows by the missing trailer. A changed byte may be of a value, or of a name. Behind the end another
# script may stand.
pg_dump small > copy.sql
pg_dump --inserts small > inserts.sql
pg_dump --column-inserts --rows-per-insert=3 small > rows.sql
pg_dumpall -l small --no-role-passwords --exclude-database='postgres' --exclude-database='template*' > cluster.sql
iconv -f UTF-8 -t UTF-16LE copy.sql > utf16.sql
sample same records accounts copy.sql
sample same records accounts inserts.sql
sample same records accounts rows.sql
sample same records accounts cluster.sql
sample same records accounts utf16.sql

my_start || exit 1
{ echo 'CREATE DATABASE small; USE small;'; sed "s/E'/'/g; s/ REFERENCES users//" "$DATA/small.sql"; } | my_sql
my_dump small > mysql.sql
my_dump --skip-extended-insert --complete-insert --hex-blob --databases small > complete.sql
sample same records accounts mysql.sql
sample same records accounts complete.sql

# SQLite: the header tells how many pages there are, and nothing has a checksum.
# A dump ends in COMMIT.
{
    echo 'PRAGMA page_size = 512;'
    sed "s/E'/'/g" "$DATA/small.sql"
    echo "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) INSERT INTO empty_one SELECT 'v2:' || i FROM n;"
} | sqlite3 small.db
sqlite3 small.db .dump > lite.sql
sample same records accounts small.db
sample same:20 records accounts lite.sql # before, a word of text

# ---- CSV: neither; a record cut off at its end, or in its last field, is a shorter file ----
psql -qAt small -c "COPY ($query_all) TO STDOUT (FORMAT csv, HEADER)" > comma.csv
psql -qAt small -c "COPY ($query_all) TO STDOUT (FORMAT csv, HEADER, DELIMITER ';', FORCE_QUOTE *)" |
    sed 's/$/\r/' > excel.csv
psql -qAt small -c "COPY (SELECT id, secret FROM users ORDER BY id) TO STDOUT (FORMAT csv)" | tr '\n' '\r' > bare.csv
psql -qAt small -c "COPY ($query_all) TO STDOUT" > copy.tsv
{ printf '\377\376'; iconv -f UTF-8 -t UTF-16LE comma.csv; } > utf16.csv
sample accounts records accounts comma.csv
sample accounts records accounts excel.csv
sample accounts records accounts bare.csv
sample accounts records accounts copy.tsv
sample accounts records accounts utf16.csv
# Its last line tells the number of rows, when it is there.
psql -qA small -c "SELECT id, secret FROM users ORDER BY id" > footer.csv
sample accounts records accounts footer.csv
# An end mark, and the number of fields before every row; no checksum.
psql -qAt small -c "COPY ($query_all) TO STDOUT (FORMAT binary)" > binary.copy
sample same records same binary.copy
# No end mark: cut off between two lines it is a shorter file.
psql -qAt small -c "SELECT row_to_json(u) FROM users u ORDER BY id" > rows.jsonl
sample accounts records accounts rows.jsonl
cat > activity.csv <<'CSV'
generation_id,created_at,cost_total,cost_cache,model_permaslug,cancelled,api_key_name
gen-1,2026-01-02 03:04:05.678,0.001234,-0.000001,openai/gpt-4,false,one
gen-2,2026-01-02 23:59:59.999,1.000000,,openai/gpt-4,false,one
gen-3,2026-02-03 00:00:00.000,0.500000,0.000000,"meta, llama",true,two
gen-2,2026-01-02 23:59:59.999,1.000000,,openai/gpt-4,false,one
CSV
sample accounts records accounts activity.csv

# ---- compression: a checksum of the contents ----
gzip -n < copy.sql > one.gz
{ head -c 1500 copy.sql | gzip -n; tail -c +1501 copy.sql | gzip -n1; } > two.gz
zstd -q --check < copy.sql > check.zst
lz4 -q < copy.sql > check.lz4
xz < copy.sql > crc64.xz
xz --check=sha256 < comma.csv > sha256.xz
bzip2 < copy.sql > crc.bz2
gzip -n < comma.csv > comma.csv.gz
sample same same same one.gz
sample same same same two.gz
sample same same same check.zst
sample same same same check.lz4
sample same same same crc64.xz
sample same same same sha256.xz
sample same same same crc.bz2
sample same same same comma.csv.gz
# Without one, the frame is still told to be whole.
zstd -q --no-check < copy.sql > bare.zst
lz4 -q --no-frame-crc < copy.sql > bare.lz4
sample same accounts same bare.zst
sample same accounts same bare.lz4

# ---- containers ----
# tar checks its headers only; zip its members, and names them twice. Bytes behind a tar's end are no part of it,
# and before the end of its first name it looks like a word of text.
tar -cf csv.tar -b 1 comma.csv
zip -q deflated.zip comma.csv copy.sql
zip -q0 stored.zip comma.csv
zip -q - - < comma.csv > streamed.zip
gzip -n < csv.tar > csv.tar.gz
tar -cf gz.tar -b 1 comma.csv.gz
zip -q zst.zip check.zst
sample same:10 records accounts csv.tar
sample same same same csv.tar.gz
sample same:13 numbers accounts gz.tar
sample same numbers same deflated.zip
sample same numbers same stored.zip
sample same numbers same streamed.zip
sample same numbers same zst.zip

# ---- archives of pg_dump: the table of contents has no checksum, zlib's blocks have one ----
pg_dump -Fc small > zlib.custom
pg_dump -Fc small | cat > piped.custom
pg_dump -Fc -Z0 small > bare.custom
pg_dump -Fd small -f folder
pg_dump -Fd -Z0 small -f bare
pg_dump -Ft small > small.tar
sample same numbers same zlib.custom
sample same numbers same piped.custom
sample same accounts same bare.custom
sample same:8 accounts accounts small.tar
sample same numbers same folder folder/toc.dat
sample same same same folder "$(ls folder/*.gz | head -1)"
sample same accounts same bare bare/toc.dat
sample same records same bare "$(ls -S bare/[0-9]*.dat | head -1)"

echo "1..$done_so_far"
[ "$failures" = 0 ]
