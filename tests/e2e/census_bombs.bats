#!/usr/bin/env bats
# Decompression bombs: an input of some kilobytes that decodes to hundreds of megabytes takes no more memory than
# a small one, in every packing, and --max-decoded-bytes stops it with what to do.

load lib

DECODED=100000000 # bytes of the one field of every bomb

setup_file() {
    FIX=$(mktemp -d "${BATS_TMPDIR:-/tmp}/keyretire.XXXXXX")
    export FIX
    cd "$FIX" || return 1
    printf 'id,secret\n1,x\n2,y\n3,z\n' >small.csv
    read -r code base < <(peak_rss keycensus scan small.csv --threads 2 -q -o small.db)
    [ "$code" -eq 0 ]
    echo "$base" >base
    bomb | gzip -9 >csv.gz
    [ "$(stat -c %s csv.gz)" -lt 400000 ]
}
teardown_file() { rm -rf "$FIX"; }

setup() {
    scratch
    base=$(<"$FIX/base")
    # The address sanitizer keeps what was freed, and its shadow, in memory.
    case $BUILD in */asan) room=700 ;; *) room=${ROOM:-48} ;; esac
}
teardown() {
    pg_stop
    unscratch
}

# A CSV of three records, one of which has a field of $DECODED bytes.
bomb() {
    printf 'id,secret\n1,x\n2,'
    head -c "$DECODED" /dev/zero | tr '\0' a
    printf '\n3,y\n'
}

# peak_rss COMMAND...: runs it, prints exit status and peak memory in MiB.
peak_rss() {
    python3 - "$@" <<'PY'
import resource, subprocess, sys
r = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=open("rss.err", "w"))
print(r.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
PY
}

# defused FILE [RECORDS]: read whole in constant memory; stopped by a limit, with what to do.
defused() {
    local code peak
    read -r code peak < <(peak_rss keycensus scan "$1" --threads 2 -q --overwrite -o bomb.db)
    echo "$1: exit $code, $peak MiB, a small file $base MiB: $(cat rss.err)"
    [ "$code" -eq 0 ]
    [ "$peak" -lt $((base + room)) ]
    is "$(query bomb.db "SELECT value FROM summary WHERE item = 'status'")" complete
    is "$(query bomb.db "SELECT records FROM columns WHERE column_name = 'secret'")" "${2:-3}"
    rm bomb.db
    limited "$1"
}

# limited FILE: the limit stops it at once, and there is no complete report.
limited() {
    local code peak
    read -r code peak < <(peak_rss keycensus scan "$1" --threads 2 --max-decoded-bytes 10000000 -q --overwrite -o bomb.db)
    echo "$1: limited: exit $code, $peak MiB: $(cat rss.err)"
    [ "$code" -eq 12 ]
    [ "$peak" -lt $((base + room)) ]
    grep -q "error\[K[0-9]*\]: .*$1" rss.err
    grep -q 'hint: .*--max-decoded-bytes' rss.err
    [ ! -e bomb.db ] || is "$(query bomb.db "SELECT value FROM summary WHERE item = 'status'")" incomplete
    rm -f bomb.db
}

@test "a bomb in gzip, zstd or lz4 takes no memory" {
    cp "$FIX/csv.gz" csv.gz
    defused csv.gz
    bomb | zstd -q -19 --long=27 -T1 >csv.zst
    [ "$(stat -c %s csv.zst)" -lt 100000 ]
    ROOM=176 # the frame asks for a window of 128 MiB
    setup_room
    defused csv.zst
    bomb | zstd -q -6 >small-window.zst
    ROOM=48
    setup_room
    defused small-window.zst
    bomb | lz4 -q -9 >csv.lz4
    defused csv.lz4
}
setup_room() {
    case $BUILD in */asan) room=700 ;; *) room=$ROOM ;; esac
}

@test "a bomb in xz or bzip2 takes no memory" {
    bomb | xz -6 >csv.xz
    [ "$(stat -c %s csv.xz)" -lt 100000 ]
    defused csv.xz
    bomb | bzip2 -9 >csv.bz2
    [ "$(stat -c %s csv.bz2)" -lt 100000 ]
    defused csv.bz2
}

@test "a bomb in zip, tar and tar.gz takes no memory" {
    bomb >bomb.csv
    zip -q9 csv.zip bomb.csv
    tar -czf csv.tar.gz bomb.csv
    tar -cf plain.tar bomb.csv
    rm bomb.csv
    defused csv.zip
    defused csv.tar.gz
    [ "$(stat -c %s plain.tar)" -gt "$DECODED" ]
    read -r code peak < <(peak_rss keycensus scan plain.tar --threads 2 -q -o bomb.db)
    [ "$code" -eq 0 ]
    [ "$peak" -lt $((base + room)) ]
}

@test "bombs in one another take no memory" {
    zstd -q <"$FIX/csv.gz" >gz.zst
    xz <gz.zst >gz.zst.xz
    tar -cf inner.tar gz.zst.xz
    zip -q nested.zip inner.tar
    [ "$(stat -c %s nested.zip)" -lt 20000 ]
    defused nested.zip
    cp "$FIX/csv.gz" one.gz
    cp one.gz two.gz
    tar -cf many.tar one.gz two.gz
    read -r code peak < <(peak_rss keycensus scan many.tar --threads 2 -q -o bomb.db)
    [ "$code" -eq 0 ]
    [ "$peak" -lt $((base + room)) ]
    is "$(query bomb.db "SELECT sum(records) FROM columns WHERE column_name = 'secret'")" 6
    limited many.tar
}

@test "a bomb in a block of a pg_dump archive takes no memory" {
    pg_start
    psql -qc 'CREATE TABLE t (id int, secret text)' -c "INSERT INTO t VALUES (1, 'x')"
    pg_dump -Fc >small.dump
    pg_dump -Fd -f folder
    DECODED=$DECODED python3 - <<'PY'
import glob, gzip, os, zlib
n = int(os.environ["DECODED"])

def pieces():
    yield b"1\tx\n2\t"
    for _ in range(n // 1000000):
        yield b"a" * 1000000
    yield b"\n3\ty\n\\.\n\n\n"

def packed(window):
    c = zlib.compressobj(9, zlib.DEFLATED, window)
    return b"".join(c.compress(p) for p in pieces()) + c.flush()

# One table, so one block, at the end: its kind, the entry's number, then chunks up to one of length 0.
archive = open("small.dump", "rb").read()
block = archive.rindex(b"\x78\x9c") - 11
assert archive[block] == 1
number = lambda v: b"\0" + v.to_bytes(4, "little")
data = packed(15)
open("bomb.dump", "wb").write(archive[:block + 6] + number(len(data)) + data + number(0))
[file] = glob.glob("folder/*.dat.gz")
open(file, "wb").write(packed(31))
PY
    [ "$(stat -c %s bomb.dump)" -lt 400000 ]
    defused bomb.dump
    defused folder
    tar -cf folder.tar -C folder .
    defused folder.tar
}

@test "bombs of rows, of names and of statements take no memory" {
    # Many rows of nothing; a value, a name and a comment without an end.
    { printf 'secret\nx\n'; head -c 30000000 /dev/zero | tr '\0' '\n'; } | gzip -9 >rows.csv.gz
    read -r code peak < <(peak_rss keycensus scan rows.csv.gz --threads 2 -q -o bomb.db)
    [ "$code" -eq 0 ]
    [ "$peak" -lt $((base + room)) ]
    is "$(query bomb.db 'SELECT records FROM columns')" 30000001
    local start
    for start in "INSERT INTO t VALUES (''" "CREATE TABLE t (\"" 'COPY t (' '/* ' 'SELECT $$' "COMMENT ON TABLE t IS '"; do
        { printf -- '--\n-- PostgreSQL database dump\n--\n\n%s' "$start"; head -c "$DECODED" /dev/zero | tr '\0' a; } |
            gzip -1 >statement.gz
        read -r code peak < <(peak_rss keycensus scan statement.gz --threads 2 -q --overwrite -o bomb.db)
        echo "$start: exit $code, $peak MiB: $(cat rss.err)"
        [ "$code" -eq 3 ] || [ "$code" -eq 12 ]
        [ "$peak" -lt $((base + room)) ]
    done
    { printf 'id,"secret'; head -c "$DECODED" /dev/zero | tr '\0' a; } | gzip -1 >header.csv.gz
    read -r code peak < <(peak_rss keycensus scan header.csv.gz --threads 2 -q --overwrite -o bomb.db)
    echo "header: exit $code, $peak MiB: $(cat rss.err)"
    [ "$code" -eq 3 ] || [ "$code" -eq 12 ]
    [ "$peak" -lt $((base + room)) ]
    { printf '{"id":1,"secret":"'; head -c "$DECODED" /dev/zero | tr '\0' a; printf '"}\n{"id":2,"secret":"x"}\n'; } |
        gzip -1 >lines.jsonl.gz
    read -r code peak < <(peak_rss keycensus scan lines.jsonl.gz --threads 2 -q --overwrite -o bomb.db)
    echo "JSON: exit $code, $peak MiB: $(cat rss.err)"
    [ "$code" -eq 0 ]
    [ "$peak" -lt $((base + room)) ]
    is "$(query bomb.db "SELECT records FROM columns WHERE column_name = 'secret'")" 2
}
