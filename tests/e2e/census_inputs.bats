#!/usr/bin/env bats
# What an input may be packed in, and what it may not be: formats.md section 3, safety.md S1, S2 and S6,
# issue items "Input" and "Bad input". The same dump must give the same census however it is packed; a
# damaged one never ends in 0; what is not read is refused or named.

load lib

# One dump for the whole file, with what a reading of it by hand says.
setup_file() {
    FIX=$(mktemp -d "${BATS_TMPDIR:-/tmp}/keyretire.XXXXXX")
    export FIX
    cd "$FIX" || return 1
    make_env env v3 v1 v2 v3
    seal env v3 200 1750000000 >v3
    seal env v2 100 1740000000 >v2
    python3 - <<'PY'
v3 = open("v3").read().split()
v2 = open("v2").read().split()
rows = []
for i in range(300):
    rows.append(f"{i}\t{(v3 + v2)[i]}\tplain text {i * 7919 % 1000}\\n second line\n")
for i in range(300, 320):
    rows.append(f"{i}\t\\N\t\n")
open("dump.sql", "w").write(
    "--\n-- PostgreSQL database dump\n--\n\n"
    "-- Dumped from database version 15.3\n-- Dumped by pg_dump version 15.3\n\n"
    "-- Started on 2026-01-02 03:04:05 UTC\n\n"
    "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n"
    "SELECT pg_catalog.set_config('search_path', '', false);\n\n"
    "CREATE TABLE public.users (\n    id integer NOT NULL,\n    secret text,\n    note text\n);\n\n"
    "CREATE TABLE public.nothing (\n    id integer\n);\n\n"
    "COPY public.users (id, secret, note) FROM stdin;\n" + "".join(rows) + "\\.\n\n\n"
    "COPY public.nothing (id) FROM stdin;\n\\.\n\n\n"
    "-- Completed on 2026-01-02 03:04:06 UTC\n\n"
    "--\n-- PostgreSQL database dump complete\n--\n\n")
open("users.csv", "w").write("id,secret\n" + "".join(f"{i},{v}\n" for i, v in enumerate(v3 + v2)))
PY
    keycensus scan dump.sql --env-file env -q -o plain.db
    content plain.db >plain.content
}
teardown_file() { rm -rf "$FIX"; }

setup() {
    scratch
    cp -p "$FIX/dump.sql" "$FIX/users.csv" "$FIX/env" .
}
teardown() {
    pg_stop
    unscratch
}

# Everything that was found, and nothing of the file it was found in.
content() {
    query "$1" "SELECT value FROM summary WHERE item IN ('status','rows','cells','active_version',
                    'data_time','data_time_source','content_digest') ORDER BY item;
        SELECT * FROM key_usage ORDER BY 1,2,3,4,5,6; SELECT * FROM value_classes ORDER BY 1,2,3,4;
        SELECT * FROM columns ORDER BY 1,2,3; SELECT schema_name, table_name, state FROM coverage ORDER BY 1,2;
        SELECT * FROM write_times ORDER BY 1,2,3,4;
        SELECT severity, code, schema_name, table_name, column_name, record_count FROM findings ORDER BY 1,2,3,4,5"
}

# same_census FILE...: each gives what the plain dump gave.
same_census() {
    local file
    for file; do
        keycensus scan "$file" --env-file env -q --overwrite -o same.db
        content same.db >same.content
        diff "$FIX/plain.content" same.content
    done
}

# XXH3-128 of a file, by libxxhash itself.
xxh128() {
    python3 - "$1" <<'PY'
import ctypes, sys
class H(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]
lib = ctypes.CDLL("libxxhash.so.0")
lib.XXH3_128bits.restype = H
lib.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
data = open(sys.argv[1], "rb").read()
h = lib.XXH3_128bits(data, len(data))
print(f"{h.high:016x}{h.low:016x}")
PY
}

# refused FILE WORD: exit 12, an id, WORD in the message, a hint, and no report that says complete.
refused() {
    rm -f refused.db
    run keycensus scan "$1" -o refused.db
    [ "$status" -eq 12 ]
    printf '%s\n' "$output" | grep -Eq '^keycensus: error\[K[0-9]{4}\]: '
    printf '%s\n' "$output" | grep '^keycensus: error' | grep -Fq -- "$1"
    printf '%s\n' "$output" | grep '^keycensus: error' | grep -Fiq -- "$2"
    printf '%s\n' "$output" | grep -q '^  hint: .'
    not_complete refused.db
}

# not_complete REPORT: there is none, or it says that it is incomplete.
not_complete() {
    [ ! -e "$1" ] || [ "$(query "$1" "SELECT value FROM summary WHERE item='status'")" = incomplete ]
}

compress_all() { # each kind once, from dump.sql
    gzip -c dump.sql >d.gz
    zstd -qc dump.sql >d.zst
    lz4 -qc dump.sql >d.lz4
    xz -c dump.sql >d.xz
    bzip2 -c dump.sql >d.bz2
}

# damage cut|flip FILE REPORT_FROM [CUT_FROM]: scans copies of FILE that are cut off, or have one bit flipped, at
# many places. Each must end in 3 or 12, and say incomplete if there is a report; from REPORT_FROM bytes on there
# must be one. Below CUT_FROM bytes nothing tells the file from a short text. Prints a line for each that is wrong.
damage() {
    python3 - "$@" <<'PY'
import os, sqlite3, subprocess, sys
how, path, report_from = sys.argv[1], sys.argv[2], int(sys.argv[3])
cut_from = int(sys.argv[4]) if len(sys.argv) > 4 else 1
data = open(path, "rb").read()
n = len(data)

def scan(name):
    if os.path.exists("damaged.db"):
        os.remove("damaged.db")
    r = subprocess.run(["keycensus", "scan", name, "--env-file", "env", "-q", "-o", "damaged.db"],
                       capture_output=True, text=True)
    if not os.path.exists("damaged.db"):
        return r.returncode, None, None, 0, r.stderr
    with sqlite3.connect("damaged.db") as db:
        s = dict(db.execute("SELECT item, value FROM summary"))
    return r.returncode, s["status"], s["content_digest"], int(s["rows"]), r.stderr

code, status, whole, most, _ = scan(path)
assert (code, status) == (0, "complete"), path
if how == "cut":
    places = {1, 2, 3, 4, 5, 9, 11, 17, 40, 100, 511, 513, n - 1, n - 2, n - 4, n - 5, n - 8, n - 9, n - 12,
              n - 22, n - 23, n - 30} | {n * k // 16 for k in range(1, 16)}
    places = {at for at in places if at >= cut_from}
else:
    places = {0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 12, n - 1, n - 2, n - 4, n - 5, n - 8, n - 9, n - 10, n - 12,
              n - 16, n - 22} | {n * k // 12 for k in range(1, 12)}
wrong = tried = 0
for at in sorted(places):
    bad = data[:at] if how == "cut" else data[:at] + bytes([data[at] ^ (1 << at % 8)]) + data[at + 1:]
    open("damaged", "wb").write(bad)
    code, status, digest, rows, errors = scan("damaged")
    tried += 1
    ok = code in (3, 12) and status in (None, "incomplete") and errors.startswith("keycensus: error[K")
    ok = ok and rows <= most and (at < report_from or status == "incomplete")
    # Nothing is lost with the padding of a tar behind its two zero blocks, or with what follows
    # "dump complete"; and a flipped bit may stand in a time stamp or a file name.
    nothing_lost = data[at:].strip(b"\0") == b"" and bad.endswith(bytes(1024)) or \
        data[at:].strip(b"\n-") == b"" or how == "flip"
    if code == 0 and nothing_lost:
        ok = status == "complete" and digest == whole and rows == most
    if not ok:
        wrong += 1
        print(f"{how} {path} at {at} of {n}: exit {code}, report {status}, {rows} rows: {errors.strip()}")
print(f"{how} {path}: {tried} tried")
sys.exit(1 if wrong or tried < 20 else 0)
PY
}

# ---- the same dump in every packing ----

@test "census of the plain dump is what a reading by hand says" {
    is "$(query "$FIX/plain.db" "SELECT value FROM summary WHERE item='status'")" complete
    is "$(query "$FIX/plain.db" "SELECT table_name, column_name, records, nulls FROM columns ORDER BY 1,2")" "nothing|id|0|0
users|id|320|0
users|note|320|0
users|secret|320|20"
    is "$(query "$FIX/plain.db" "SELECT version, record_count, round(percentage, 9), is_active FROM key_usage
        WHERE column_name='secret' ORDER BY 1")" "v2|100|33.333333333|0
v3|200|66.666666667|1"
    is "$(query "$FIX/plain.db" "SELECT version, oldest, newest FROM write_times ORDER BY 1")" \
        "v2|2025-02-19T21:20:00Z|2025-02-19T21:21:39Z
v3|2025-06-15T15:06:40Z|2025-06-15T15:09:59Z"
    is "$(query "$FIX/plain.db" "SELECT kind, bytes, decoded_bytes, records, digest, complete, note FROM inputs")" \
        "plain-sql|$(stat -c %s dump.sql)|$(stat -c %s dump.sql)|320|xxh3-128:$(xxh128 dump.sql)|1|"
}

@test "gzip, zstd, lz4, xz and bzip2 give the same census, and inputs tells sizes and digest of the file" {
    compress_all
    same_census d.gz d.zst d.lz4 d.xz d.bz2
    for pair in gz:gzip zst:zstd lz4:lz4 xz:xz bz2:bzip2; do
        file=d.${pair%:*}
        keycensus scan "$file" --env-file env -q --overwrite -o one.db
        is "$(query one.db "SELECT path, kind, bytes, decoded_bytes, records, digest, complete, note FROM inputs")" \
            "$file|${pair#*:}+plain-sql|$(stat -c %s "$file")|$(stat -c %s dump.sql)|320|xxh3-128:$(xxh128 "$file")|1|"
    done
}

@test "every level, block size and frame option of the compressors is read" {
    gzip -1c dump.sql >1.gz
    gzip -9nc dump.sql >9.gz
    zstd -q --no-check -c dump.sql >n.zst
    zstd -q --ultra -22 --no-progress -c <dump.sql >s.zst
    zstd -q --format=lz4 -c dump.sql >z.lz4 || lz4 -qc dump.sql >z.lz4
    lz4 -q -B4 -BD --content-size -c dump.sql >b.lz4
    lz4 -q --no-frame-crc -12 -c dump.sql >n.lz4
    xz --check=crc32 -c dump.sql >c.xz
    xz --check=sha256 --block-size=4096 -c dump.sql >b.xz
    xz --check=none -9e -c dump.sql >n.xz
    xz --x86 --lzma2 -c dump.sql >x.xz
    bzip2 -1c dump.sql >1.bz2
    igzip -c dump.sql >i.gz 2>/dev/null || gzip -c dump.sql >i.gz
    same_census 1.gz 9.gz i.gz n.zst s.zst z.lz4 b.lz4 n.lz4 c.xz b.xz n.xz x.xz 1.bz2
}

@test "gzip: members one after another, an empty member, header fields and trailing zeros" {
    python3 - <<'PY'
import gzip, zlib, struct
data = open("dump.sql", "rb").read()
cut = [0, 1, 5000, 5000, 17001, len(data)]
parts = b"".join(gzip.compress(data[a:b]) for a, b in zip(cut, cut[1:]))
open("members.gz", "wb").write(parts)
open("zeros.gz", "wb").write(parts + bytes(1))
open("manyzeros.gz", "wb").write(gzip.compress(data) + bytes(100000))
# FEXTRA, FNAME, FCOMMENT and FHCRC of RFC 1952
head = b"\x1f\x8b\x08\x1e" + struct.pack("<IBB", 1, 0, 3)
head += struct.pack("<H", 6) + b"ABxxyy" + b"name\0" + b"comment\0"
head += struct.pack("<H", zlib.crc32(head) & 0xffff)
raw = zlib.compressobj(6, zlib.DEFLATED, -15)
body = raw.compress(data) + raw.flush()
open("fields.gz", "wb").write(head + body + struct.pack("<II", zlib.crc32(data), len(data)))
# stored blocks only
raw = zlib.compressobj(0, zlib.DEFLATED, -15)
body = raw.compress(data) + raw.flush()
open("stored.gz", "wb").write(b"\x1f\x8b\x08\0" + bytes(6) + body + struct.pack("<II", zlib.crc32(data), len(data)))
PY
    same_census members.gz zeros.gz manyzeros.gz fields.gz stored.gz
}

@test "gzip: a wrong CRC, a wrong length and reserved flags are damage (12), with a report marked incomplete" {
    gzip -c dump.sql >d.gz
    python3 - <<'PY'
data = bytearray(open("d.gz", "rb").read())
for name, at, value in (("crc", -8, 1), ("length", -4, 1), ("flags", 3, 0xe0)):
    bad = bytearray(data)
    bad[at] ^= value
    open(name + ".gz", "wb").write(bad)
PY
    for name in crc length flags; do
        run keycensus scan $name.gz -o $name.db
        [ "$status" -eq 12 ]
        printf '%s\n' "$output" | grep '^keycensus: error' | grep -q "$name.gz"
        is "$(query $name.db "SELECT value FROM summary WHERE item='status'")" incomplete
        is "$(query $name.db "SELECT complete, note <> '' FROM inputs")" "0|1"
    done
}

@test "frames and streams one after another: zstd with skippable frames, lz4, xz with padding, bzip2" {
    head -c 20000 dump.sql >a
    tail -c +20001 dump.sql >b
    for f in a b; do
        zstd -qc $f >$f.zst
        lz4 -qc $f >$f.lz4
        xz -c $f >$f.xz
        bzip2 -c $f >$f.bz2
    done
    printf '\x50\x2a\x4d\x18\x04\0\0\0skip' >skip
    cat a.zst skip b.zst skip >d.zst
    cat skip a.zst b.zst >e.zst
    cat a.lz4 skip b.lz4 >d.lz4
    { cat a.xz b.xz; head -c 8 /dev/zero; } >d.xz
    cat a.bz2 b.bz2 >d.bz2
    same_census d.zst e.zst d.lz4 d.xz d.bz2
}

@test "bytes behind the end of a compressed stream are an error, never ignored" {
    compress_all
    for file in d.gz d.zst d.lz4 d.xz d.bz2; do
        for tail in garbage x "-- more sql that someone appended"; do
            { cat $file; printf '%s' "$tail"; } >tail
            run keycensus scan tail --overwrite -o tail.db
            case $status in 3 | 12) ;; *) echo "$file + $tail: $status" && false ;; esac
            is "$(query tail.db "SELECT value FROM summary WHERE item='status'")" incomplete
        done
    done
    # A second member that is cut short.
    { cat d.gz; head -c 500 d.gz; } >tail
    run keycensus scan tail --overwrite -o tail.db
    [ "$status" -eq 3 ]
}

@test "tar: any kind of tar, prefix folders, several members, decoys of macOS" {
    mkdir -p deep/er/folder
    cp dump.sql deep/er/folder/
    for format in v7 ustar pax gnu oldgnu; do
        tar --format=$format -cf $format.tar dump.sql
    done
    tar -cf deep.tar deep
    tar -cf abs.tar -P "$PWD/dump.sql"
    tar -C deep/er -cf dot.tar ./folder
    python3 - <<'PY'
import tarfile, io
dump = open("dump.sql", "rb").read()
apple = bytes.fromhex("0005160700020000") + b"Mac OS X        " + bytes(100)
def add(t, name, data):
    i = tarfile.TarInfo(name)
    i.size = len(data)
    t.addfile(i, io.BytesIO(data))
with tarfile.open("decoys.tar", "w") as t:
    add(t, "._dump.sql", apple)
    add(t, "db/._dump.sql", apple)
    add(t, "db/dump.sql", dump)
    add(t, "__MACOSX/db/._dump.sql", apple)
with tarfile.open("long.tar", "w", format=tarfile.GNU_FORMAT) as t:
    add(t, "x/" * 90 + "dump.sql", dump)
PY
    same_census v7.tar ustar.tar pax.tar gnu.tar oldgnu.tar deep.tar abs.tar dot.tar decoys.tar long.tar
}

@test "tar: the order of the members does not matter, and each member stands in inputs" {
    cp "$FIX/users.csv" accounts.csv
    printf 'id\tname\n1\tann\n2\tbob\n' >people.tsv
    tar -cf one.tar dump.sql accounts.csv people.tsv
    tar -cf two.tar people.tsv dump.sql accounts.csv
    keycensus scan one.tar --env-file env -q -o one.db
    keycensus scan two.tar --env-file env -q -o two.db
    content one.db >one
    content two.db >two
    diff one two
    is "$(query one.db "SELECT schema_name, table_name, records FROM columns WHERE column_name='id' ORDER BY 2")" \
        "|accounts|300
public|nothing|0
|people|2
public|users|320"
    is "$(query one.db "SELECT path, kind, bytes, decoded_bytes, records, complete FROM inputs WHERE path <> 'one.tar' ORDER BY 1")" \
        "one.tar:accounts.csv|tar+csv|$(stat -c %s accounts.csv)|$(stat -c %s accounts.csv)|300|1
one.tar:dump.sql|tar+plain-sql|$(stat -c %s dump.sql)|$(stat -c %s dump.sql)|320|1
one.tar:people.tsv|tar+csv|20|20|2|1"
    is "$(query one.db "SELECT digest FROM inputs WHERE path = 'one.tar:accounts.csv'")" "xxh3-128:$(xxh128 accounts.csv)"
    is "$(query one.db "SELECT bytes, records, digest, complete FROM inputs WHERE path = 'one.tar'")" \
        "$(stat -c %s one.tar)|622|xxh3-128:$(xxh128 one.tar)|1"
}

@test "a member that only has the name of a decoy is read all the same" {
    python3 - <<'PY'
import tarfile
with tarfile.open("named.tar", "w", dereference=True) as t:
    t.add("users.csv", "export/._users.csv")
PY
    keycensus scan named.tar --env-file env -q -o named.db
    is "$(query named.db "SELECT value FROM summary WHERE item='rows'")" 300
}

@test "zip: stored, deflated, from a pipe with data descriptors, zip64, with folders and a comment" {
    mkdir folder
    cp dump.sql folder/
    zip -q0 stored.zip folder/dump.sql
    zip -qr deflated.zip folder
    zip -q - folder/dump.sql | cat >pipe.zip
    zip -qfd seekable.zip folder/dump.sql
    printf 'a comment' | zip -qz9 comment.zip folder/dump.sql
    cat dump.sql | zip -q from_stdin.zip -
    python3 - <<'PY'
import zipfile
with zipfile.ZipFile("zip64.zip", "w", zipfile.ZIP_DEFLATED) as z:
    with z.open("dump.sql", "w", force_zip64=True) as f:
        f.write(open("dump.sql", "rb").read())
with zipfile.ZipFile("decoy.zip", "w", zipfile.ZIP_DEFLATED) as z:
    z.write("folder/dump.sql")
    z.writestr("__MACOSX/folder/._dump.sql", bytes.fromhex("0005160700020000") + bytes(90))
PY
    same_census stored.zip deflated.zip pipe.zip seekable.zip comment.zip from_stdin.zip zip64.zip decoy.zip
}

@test "zip: an encrypted member is refused by name (12)" {
    cp dump.sql secret.sql
    zip -q -P hunter2 encrypted.zip secret.sql
    run keycensus scan encrypted.zip -o encrypted.db
    [ "$status" -eq 12 ]
    printf '%s\n' "$output" | grep '^keycensus: error' | grep -q secret.sql
    printf '%s\n' "$output" | grep '^keycensus: error' | grep -qi encrypted
    not_complete encrypted.db
    # Beside a member that can be read, too.
    zip -q encrypted.zip users.csv
    run keycensus scan encrypted.zip --overwrite -o encrypted.db
    [ "$status" -eq 12 ]
    not_complete encrypted.db
}

@test "packings in one another: tar.gz, tar.zst, tar.xz, gz in tar, zip in tar, tar in zip, gz in gz" {
    cp dump.sql plain.sql
    tar -cf d.tar plain.sql
    gzip -c d.tar >tar.gz
    zstd -qc d.tar >tar.zst
    xz -c d.tar >tar.xz
    bzip2 -c d.tar >tar.bz2
    lz4 -qc d.tar >tar.lz4
    gzip -c plain.sql >plain.sql.gz
    tar -cf gz_in.tar plain.sql.gz
    zip -q plain.zip plain.sql
    tar -cf zip_in.tar plain.zip
    tar -cf tar_in.tar d.tar
    zip -q tar_in.zip d.tar
    zip -q gz_in.zip plain.sql.gz
    zstd -qc plain.zip >zip.zst
    gzip -c plain.sql.gz >gz.gz
    same_census tar.gz tar.zst tar.xz tar.bz2 tar.lz4 gz_in.tar zip_in.tar tar_in.tar tar_in.zip gz_in.zip zip.zst gz.gz
}

@test "never trust a name: wrong extensions change nothing" {
    compress_all
    cp dump.sql plain
    tar -cf d.tar plain
    zip -q d.zip plain
    cp plain dump.csv && cp plain dump.sql.gz && cp plain toc.dat
    cp d.gz dump.zst && cp d.zst dump.bz2 && cp d.lz4 dump.txt && cp d.xz dump.lz4 && cp d.bz2 dump.zip
    cp d.tar dump.json && cp d.zip dump.parquet
    same_census dump.csv dump.sql.gz toc.dat dump.zst dump.bz2 dump.txt dump.lz4 dump.zip dump.json dump.parquet
    # And a CSV that is called .sql is a CSV: its table is the name without extensions.
    cp users.csv accounts.2026.sql
    keycensus scan accounts.2026.sql --env-file env -q -o csv.db
    is "$(query csv.db "SELECT schema_name, table_name, records FROM columns WHERE column_name='secret'")" "|accounts|300"
}

@test "standard input: each packing gives the same census; S6: it needs --dump-time" {
    compress_all
    cp dump.sql plain.sql
    tar -cf d.tar plain.sql
    zip -q d.zip plain.sql
    for file in dump.sql d.gz d.zst d.lz4 d.xz d.bz2 d.tar d.zip; do
        cat $file | keycensus scan - --dump-time 2026-03-01T00:00:00Z --env-file env -q --overwrite -o in.db
        content in.db >in.content
        diff "$FIX/plain.content" in.content
        is "$(query in.db "SELECT bytes, decoded_bytes, digest FROM inputs WHERE path NOT LIKE '%:%'")" \
            "$(stat -c %s $file)|$(stat -c %s dump.sql)|xxh3-128:$(xxh128 $file)"
        keycensus scan - --dump-time 2026-03-01T00:00:00Z --env-file env -q --overwrite -o in.db <$file
        content in.db >in.content
        diff "$FIX/plain.content" in.content
    done
    run keycensus scan - -o no.db <dump.sql
    [ "$status" -eq 2 ]
    printf '%s\n' "$output" | grep -q -- '--dump-time'
    [ ! -e no.db ]
}

@test "standard input that is empty or closed is an error, and leaves no report that says complete" {
    run keycensus scan - --dump-time 2026-03-01T00:00:00Z -o in.db </dev/null
    [ "$status" -eq 12 ]
    not_complete in.db
    run bash -c 'keycensus scan - --dump-time 2026-03-01T00:00:00Z -o in.db <&-'
    case $status in 12 | 13) ;; *) echo "closed: $status" && false ;; esac
    not_complete in.db
    mkfifo pipe
    head -c 30000 dump.sql >pipe &
    run keycensus scan - --dump-time 2026-03-01T00:00:00Z --overwrite -o in.db <pipe
    [ "$status" -eq 3 ]
    is "$(query in.db "SELECT value FROM summary WHERE item='status'")" incomplete
}

@test "S6: data time is the header's, else --dump-time, else the file's mtime, and the report says which" {
    grep -v '^-- Started on' dump.sql >bare.sql
    touch -d 2026-02-03T04:05:06Z bare.sql
    times="SELECT (SELECT value FROM summary WHERE item='data_time'), (SELECT value FROM summary WHERE item='data_time_source')"
    keycensus scan bare.sql -q -o t.db
    is "$(query t.db "$times")" "2026-02-03T04:05:06Z|mtime"
    keycensus scan bare.sql --dump-time 2026-02-01T00:00:00Z -q --overwrite -o t.db
    is "$(query t.db "$times")" "2026-02-01T00:00:00Z|option"
    keycensus scan dump.sql --dump-time 2026-02-01T00:00:00Z -q --overwrite -o t.db
    is "$(query t.db "$times")" "2026-01-02T03:04:05Z|header"
    gzip -k bare.sql # gzip keeps the mtime
    keycensus scan bare.sql.gz -q --overwrite -o t.db
    is "$(query t.db "$times")" "2026-02-03T04:05:06Z|mtime"
    # Of several inputs the oldest counts: evidence is as old as its oldest part.
    keycensus scan bare.sql dump.sql -q --overwrite -o t.db
    is "$(query t.db "$times")" "2026-01-02T03:04:05Z|header"
    keycensus scan dump.sql bare.sql -q --overwrite -o t.db
    is "$(query t.db "$times")" "2026-01-02T03:04:05Z|header"
}

@test "a scan that waits for its input prints progress on SIGUSR1 and ends on SIGTERM, without a report" {
    mkfifo pipe
    (printf 'id,name\n1,ann\n'; exec sleep 60) >pipe &
    writer=$!
    keycensus scan - --dump-time 2026-03-01T00:00:00Z -q -o in.db <pipe 2>err &
    scan=$!
    await catches $scan USR1
    kill -USR1 $scan
    await test -s err
    grep -q 'scan: ' err
    kill -TERM $scan
    code=0
    wait $scan || code=$?
    kill $writer
    is "$code" 143
    [ ! -e in.db ]
}

@test "several inputs make one report that adds up" {
    cp users.csv a.csv
    gzip -c users.csv >b.csv.gz
    keycensus scan dump.sql a.csv b.csv.gz --env-file env -q -o all.db
    is "$(query all.db "SELECT value FROM summary WHERE item='status'")" complete
    is "$(query all.db "SELECT value FROM summary WHERE item='rows'")" 920
    is "$(query all.db "SELECT value FROM summary WHERE item='inputs'")" 3
    is "$(query all.db "SELECT path, records, complete FROM inputs ORDER BY 1")" "a.csv|300|1
b.csv.gz|300|1
dump.sql|320|1"
    is "$(query all.db "SELECT version, sum(record_count) FROM key_usage GROUP BY 1 ORDER BY 1")" "v2|300
v3|600"
    # The same table in two inputs: both count.
    mkdir one two && cp users.csv one/ && cp users.csv two/
    keycensus scan one/users.csv two/users.csv --env-file env -q -o two.db
    is "$(query two.db "SELECT table_name, records FROM columns WHERE column_name='secret'")" "users|600"
    is "$(query two.db "SELECT version, record_count FROM key_usage ORDER BY 1")" "v2|200
v3|400"
}

@test "one damaged input of several marks the whole report incomplete; the others are counted" {
    gzip -c dump.sql | head -c 3000 >cut.gz
    run keycensus scan users.csv cut.gz --env-file env -o all.db
    [ "$status" -eq 3 ]
    is "$(query all.db "SELECT value FROM summary WHERE item='status'")" incomplete
    is "$(query all.db "SELECT path, complete FROM inputs ORDER BY 1")" "cut.gz|0
users.csv|1"
    is "$(query all.db "SELECT records FROM columns WHERE schema_name='' AND column_name='secret'")" 300
    query all.db "SELECT message FROM findings WHERE severity='error'" | grep -q cut.gz
    run keycensus scan cut.gz users.csv --env-file env --overwrite -o all.db
    [ "$status" -eq 3 ]
    is "$(query all.db "SELECT records FROM columns WHERE schema_name='' AND column_name='secret'")" 300
    # A failed checksum wins over a truncation (12 over 3), in either order.
    gzip -c dump.sql >crc.gz
    printf '\x00\x01\x02\x03' | dd of=crc.gz bs=1 seek=$(($(stat -c %s crc.gz) - 8)) conv=notrunc status=none
    run keycensus scan cut.gz crc.gz --overwrite -o all.db
    [ "$status" -eq 12 ]
    run keycensus scan crc.gz cut.gz --overwrite -o all.db
    [ "$status" -eq 12 ]
}

# ---- truncation and damage ----

@test "S1: a plain dump cut anywhere is never complete" {
    damage cut dump.sql 2 2
}

@test "S1: gzip and zstd cut anywhere are never complete" {
    compress_all
    damage cut d.gz 10 2
    damage cut d.zst 10 2
}

@test "S1: lz4, xz and bzip2 cut anywhere are never complete" {
    compress_all
    damage cut d.lz4 10 2
    damage cut d.xz 10 2
    damage cut d.bz2 10 3
}

@test "S1: tar and zip cut anywhere are never complete" {
    cp dump.sql a.sql
    cp users.csv z.csv
    # The member last in the archive is a CSV, which has no end of its own.
    tar --format=pax -cf d.tar a.sql z.csv
    zip -q d.zip a.sql z.csv
    zip -q - a.sql z.csv | cat >p.zip
    damage cut d.tar 600 20
    damage cut d.zip 10 3
    damage cut p.zip 10 3
}

@test "S1: a tar cut at a member's end, without its closing blocks, is incomplete" {
    cp dump.sql a.sql
    cp users.csv z.csv
    tar -cf d.tar a.sql z.csv
    size=$((512 + ($(stat -c %s a.sql) + 511) / 512 * 512))
    head -c $size d.tar >cut.tar
    run keycensus scan cut.tar -o cut.db
    [ "$status" -eq 3 ]
    is "$(query cut.db "SELECT value FROM summary WHERE item='status'")" incomplete
    head -c $((size + 512)) d.tar >cut.tar
    run keycensus scan cut.tar --overwrite -o cut.db
    [ "$status" -eq 3 ]
}

@test "S1: a zip without its central directory, or whose directory lists a member that is gone, is refused or incomplete" {
    cp dump.sql a.sql
    cp users.csv z.csv
    zip -q d.zip a.sql z.csv
    python3 - <<'PY'
import struct
data = open("d.zip", "rb").read()
end = data.rindex(b"PK\5\6")
start = struct.unpack("<I", data[end + 16:end + 20])[0]
open("nodir.zip", "wb").write(data[:start])
first = data.index(b"PK\3\4", 10)
open("lost.zip", "wb").write(data[:0] + data[first:])  # the first member is gone, the directory lists it
PY
    for file in nodir.zip lost.zip; do
        run keycensus scan $file --overwrite -o z.db
        case $status in 3 | 12) ;; *) echo "$file: $status" && false ;; esac
        not_complete z.db
    done
}

@test "S1: one flipped bit in gzip, zstd or lz4 never gives other numbers" {
    compress_all
    damage flip d.gz 100000000
    damage flip d.zst 100000000
    damage flip d.lz4 100000000
}

@test "S1: one flipped bit in xz, bzip2 or zip never gives other numbers" {
    compress_all
    cp dump.sql a.sql
    zip -q d.zip a.sql
    zip -q0 s.zip a.sql
    damage flip d.xz 100000000
    damage flip d.bz2 100000000
    damage flip d.zip 100000000
    damage flip s.zip 100000000
}

@test "S1: a flipped bit in a tar header is damage" {
    cp dump.sql a.sql
    cp users.csv z.csv
    tar -cf d.tar a.sql z.csv
    at=$((512 + ($(stat -c %s a.sql) + 511) / 512 * 512)) # header of the second member
    for offset in 0 100 124 148 156; do
        python3 -c "
import sys
d = bytearray(open('d.tar', 'rb').read()); d[$at + $offset] ^= 1
open('bad.tar', 'wb').write(d)"
        run keycensus scan bad.tar --overwrite -o bad.db
        [ "$status" -eq 12 ]
        is "$(query bad.db "SELECT value FROM summary WHERE item='status'")" incomplete
    done
}

# ---- what is not read ----

@test "an empty file and a folder are refused with a hint" {
    : >empty
    refused empty empty
    printf '\n  \n\t\n' >blank
    refused blank empty
    : | gzip -c >empty.gz
    refused empty.gz empty
    mkdir folder
    cp users.csv folder/
    refused folder folder
}

@test "a missing file is 6, an unreadable one 13" {
    run keycensus scan missing.sql -o m.db
    [ "$status" -eq 6 ]
    printf '%s\n' "$output" | grep -q missing.sql
    [ ! -e m.db ]
    cp dump.sql unreadable.sql
    chmod 0 unreadable.sql
    chmod 777 .
    cp "$(command -v keycensus)" program
    if [ "$(id -u)" = 0 ]; then # root may read everything: another user tries
        run runuser -u nobody -- "$SCRATCH/program" scan "$SCRATCH/unreadable.sql" -o "$SCRATCH/m.db"
    else
        run ./program scan unreadable.sql -o m.db
    fi
    [ "$status" -eq 13 ]
    printf '%s\n' "$output" | grep -qi 'permission denied'
    [ ! -e m.db ]
}

@test "S4: classes of a column add up to its records, over files with and without counted values" {
    mkdir a b c
    printf 'id,s\n1,plain\n2,\n' >a/t.csv
    printf 'id,s\n1,%s\n' "$(head -1 "$FIX/v3")" >b/t.csv
    printf 'id,s\n1,x\n2,y\n3,z\n' >c/t.csv
    zip -qr parts.zip a b c
    keycensus scan parts.zip --env-file env -q -o p.db --overwrite
    is "$(query p.db "SELECT class, record_count FROM value_classes ORDER BY 1")" "$(printf 'hinted|1\nnull|1\nplaintext|4')"
    is "$(query p.db "SELECT column_name, records FROM columns ORDER BY 1")" "$(printf 'id|6\ns|6')"
}

@test "every archive made by the real pg_dump is read" {
    pg_start
    psql -q -c "CREATE TABLE t (id int, secret text)" -c "INSERT INTO t VALUES (1, '$(head -1 "$FIX/v3")'), (2, NULL)"
    pg_dump -Fc -f c.dump
    pg_dump -Fd -f d.dump
    pg_dump -Ft -f t.dump
    pg_dump -Fp -Z6 -f p.sql.gz
    pg_stop
    for file in p.sql.gz c.dump d.dump t.dump; do
        keycensus scan $file --env-file env -q -o p.db --overwrite
        is "$(query p.db "SELECT version, record_count FROM key_usage")" "v3|1"
        is "$(query p.db "SELECT records, nulls FROM columns WHERE column_name='secret'")" "2|1"
    done
}

@test "UTF-32 files, and an archive ruined by UTF-16 redirection, are refused with a hint" {
    { printf '\xff\xfe\0\0'; iconv -f UTF-8 -t UTF-32LE users.csv; } >le32.csv
    refused le32.csv UTF-32
    printf '\xff\xfeP\0G\0D\0M\0P\0\x01\0\x0e\0' >ruined.dump
    refused ruined.dump pg_dump
    printf '%s\n' "$output" | grep -q '^  hint: .*-f FILE'
    gzip -k ruined.dump
    refused ruined.dump.gz pg_dump
}

@test "packed SQLite, JSON that is no table, Parquet and random bytes are refused with a hint" {
    sqlite3 app.db "CREATE TABLE t (a); INSERT INTO t VALUES (1)"
    printf '[\n  {"id": 1}\n]\n' >rows.json
    refused rows.json JSON
    printf 'PAR1\x15\x04\x15\x10PAR1' >t.parquet
    refused t.parquet Parquet
    python3 -c 'import random; open("random.bin", "wb").write(random.Random(7).randbytes(20000))'
    refused random.bin kind
    printf '<?xml version="1.0"?><a><b>1</b></a>\n' >doc.xml
    refused doc.xml kind
    head -c 10000 /dev/zero >zeros
    refused zeros kind
    # And the same behind compression.
    gzip -c app.db >app.gz
    refused app.gz SQLite
    zstd -qc rows.json >rows.zst
    refused rows.zst JSON
}

@test "S1: a member that is not read marks the report incomplete by name; the others are counted" {
    sqlite3 app.db "CREATE TABLE t (a)"
    printf '[\n  {"id": 1, "secret": "x"}\n]\n' >rows.json
    head -c 3000 /dev/urandom >noise.bin
    for member in app.db rows.json noise.bin; do
        rm -f m.tar m.zip
        tar -cf m.tar users.csv $member dump.sql
        zip -q m.zip users.csv $member dump.sql
        for pack in m.tar m.zip; do
            run keycensus scan $pack --env-file env --overwrite -o m.db
            [ "$status" -eq 3 ]
            printf '%s\n' "$output" | grep '^keycensus: error' | grep -q "$member"
            is "$(query m.db "SELECT value FROM summary WHERE item='status'")" incomplete
            query m.db "SELECT message FROM findings WHERE severity='error'" | grep -q "$member"
            is "$(query m.db "SELECT path, complete FROM inputs WHERE path LIKE '%:%' ORDER BY 1")" \
                "$(printf '%s\n' "$pack:$member|0" "$pack:dump.sql|1" "$pack:users.csv|1" | sort)"
            is "$(query m.db "SELECT complete FROM inputs WHERE path = '$pack'")" 0
            is "$(query m.db "SELECT sum(record_count) FROM key_usage")" 600
        done
    done
}

@test "S1: a damaged compressed member of a tar does not hide the members behind it" {
    gzip -c dump.sql | head -c 4000 >a.sql.gz
    cp users.csv b.csv
    tar -cf m.tar a.sql.gz b.csv
    run keycensus scan m.tar --env-file env -o m.db
    [ "$status" -eq 3 ]
    is "$(query m.db "SELECT value FROM summary WHERE item='status'")" incomplete
    query m.db "SELECT message FROM findings WHERE severity='error'" | grep -q a.sql.gz
    is "$(query m.db "SELECT records FROM columns WHERE table_name='b' AND column_name='secret'")" 300
}

@test "S1: an archive without any member that holds data is no census" {
    mkdir folder
    tar -cf folders.tar folder
    tar -cf none.tar --files-from /dev/null
    : >empty.csv
    tar -cf empty.tar empty.csv
    ln -s dump.sql link.sql
    tar -cf link.tar link.sql
    python3 -c 'import zipfile; zipfile.ZipFile("none.zip", "w").close()'
    for file in folders.tar none.tar none.zip empty.tar link.tar; do
        run keycensus scan $file --overwrite -o n.db
        case $status in 3 | 12) ;; *) echo "$file: $status $output" && false ;; esac
        not_complete n.db
        rm -f n.db
    done
}

@test "text in a member's name is shown escaped" {
    python3 - <<'PY'
import tarfile, io
with tarfile.open("names.tar", "w") as t:
    data = b"id,name\n1,x\n"
    m = tarfile.TarInfo("bad\x1b[31m\u202ename\n.csv"); m.size = len(data); t.addfile(m, io.BytesIO(data))
PY
    run keycensus scan names.tar -o n.db
    [ "$status" -eq 0 ]
    keycensus inspect names.tar >inspect.txt
    keycensus show n.db >show.txt
    printf '%s\n' "$output" | cat - inspect.txt show.txt >all.txt
    query n.db "SELECT path FROM inputs; SELECT note FROM inputs; SELECT message FROM findings" >>all.txt
    run grep -c "$(printf '\033')" all.txt
    [ "$output" = 0 ]
    run grep -c "$(printf '\u202e')" all.txt
    [ "$output" = 0 ]
}

# ---- limits ----

@test "--max-decoded-bytes refuses an input that decodes to more, and not one that decodes to exactly that" {
    gzip -c dump.sql >d.gz
    size=$(stat -c %s dump.sql)
    keycensus scan d.gz --max-decoded-bytes "$size" --env-file env -q -o ok.db
    is "$(query ok.db "SELECT value FROM summary WHERE item='status'")" complete
    run keycensus scan d.gz --max-decoded-bytes $((size - 1)) --overwrite -o over.db
    [ "$status" -eq 12 ]
    printf '%s\n' "$output" | grep -q -- '--max-decoded-bytes'
    not_complete over.db
    run keycensus scan d.gz --max-decoded-bytes 0 -o zero.db
    [ "$status" -eq 2 ]
    run keycensus scan d.gz --max-decoded-bytes many -o zero.db
    [ "$status" -eq 2 ]
}

@test "--max-decoded-bytes: members and layers of one depth add up" {
    for n in 1 2 3; do sed "s/public.users/public.users$n/" users.csv > "m$n.csv"; done
    size=$(cat m?.csv | wc -c)
    zip -q m.zip m?.csv
    tar -cf m.tar m?.csv
    tar -czf m.tgz m?.csv
    tar -cf gz.tar --transform 's,.*/,,' m1.csv m2.csv
    gzip -k m3.csv
    tar -rf gz.tar m3.csv.gz
    for input in m.zip m.tar gz.tar; do
        keycensus scan $input --max-decoded-bytes "$size" -q --overwrite -o ok.db
        is "$(query ok.db "SELECT value FROM summary WHERE item='status'")" complete
        run keycensus scan $input --max-decoded-bytes $((size - 1)) --overwrite -q -o over.db
        [ "$status" -eq 12 ]
        is "$(printf '%s\n' "$output" | grep -c K0204)" 1
        not_complete over.db
    done
    layer=$(gzip -dc m.tgz | wc -c)
    keycensus scan m.tgz --max-decoded-bytes "$layer" -q --overwrite -o ok.db
    run keycensus scan m.tgz --max-decoded-bytes $((layer - 1)) --overwrite -q -o over.db
    [ "$status" -eq 12 ]
    not_complete over.db
}

@test "--max-window: zstd --long=28 needs it, and is told so; the same for xz" {
    python3 - <<'PY' | zstd -q --long=28 -c >long.zst
import sys
dump = open("dump.sql").read()
head, rest = dump.split("COPY public.users", 1)
sys.stdout.write(head + "COPY public.filler (t) FROM stdin;\n")
for _ in range(150):
    sys.stdout.write(("x" * 1023 + "\n") * 1024)
sys.stdout.write("\\.\n\nCOPY public.users" + rest)
PY
    run keycensus scan long.zst --env-file env -o w.db
    [ "$status" -eq 12 ]
    printf '%s\n' "$output" | grep -q -- '--max-window'
    not_complete w.db
    keycensus scan long.zst --max-window 268435456 --env-file env --overwrite -q -o w.db
    is "$(query w.db "SELECT value FROM summary WHERE item='status'")" complete
    is "$(query w.db "SELECT table_name, records FROM columns WHERE column_name IN ('t','secret') ORDER BY 1")" "filler|153600
users|320"
    xz -9 -c dump.sql >d.xz # a dictionary of 64 MiB
    keycensus scan d.xz --env-file env -q -o x.db
    run keycensus scan d.xz --max-window 1048576 --overwrite -o x.db
    [ "$status" -eq 12 ]
    printf '%s\n' "$output" | grep -q -- '--max-window'
    not_complete x.db
}

# peak_rss COMMAND...: runs it, prints exit status and peak memory in MiB.
peak_rss() {
    python3 - "$@" <<'PY'
import resource, subprocess, sys
r = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=open("rss.err", "w"))
print(r.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
PY
}

@test "a bomb is read in constant memory: 400 MB in one field, and compressed twice" {
    python3 - <<'PY'
import gzip, io, zlib
c = zlib.compressobj(9, zlib.DEFLATED, 31)
with open("bomb.gz", "wb") as f:
    f.write(c.compress(b"id,secret\n1,x\n2,"))
    for _ in range(40):
        f.write(c.compress(b"a" * 10_000_000))
    f.write(c.compress(b"\n3,y\n") + c.flush())
open("bomb.gz.gz", "wb").write(gzip.compress(open("bomb.gz", "rb").read()))
PY
    [ "$(stat -c %s bomb.gz.gz)" -lt 20000 ]
    cp users.csv small.csv
    read -r code base < <(peak_rss keycensus scan small.csv --threads 2 -q -o small.db)
    [ "$code" -eq 0 ]
    for file in bomb.gz bomb.gz.gz; do
        read -r code peak < <(peak_rss keycensus scan $file --threads 2 -q --overwrite -o bomb.db)
        [ "$code" -eq 0 ]
        echo "$file: $peak MiB, a small file $base MiB"
        [ "$peak" -lt $((base + 64)) ]
        is "$(query bomb.db "SELECT records FROM columns WHERE column_name='secret'")" 3
    done
    run keycensus scan bomb.gz.gz --max-decoded-bytes 100000000 --overwrite -q -o bomb.db
    [ "$status" -eq 12 ]
    not_complete bomb.db
}

@test "a bomb of zero bytes, and compression in compression without end, are refused" {
    head -c 10000000 /dev/zero | gzip -9 >z.gz
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
        gzip -9 <z.gz >y.gz && mv y.gz z.gz
    done
    run keycensus scan z.gz -o z.db
    [ "$status" -eq 12 ]
    printf '%s\n' "$output" | grep -qi 'layers'
    not_complete z.db
    head -c 10000000 /dev/zero | xz -9 >z.xz
    read -r code peak < <(peak_rss keycensus scan z.xz -q --overwrite -o z.db)
    [ "$code" -eq 12 ]
    [ "$peak" -lt 160 ]
}

@test "the content digest is the same for 1, 2, 3 and 8 threads and any block size, in every packing" {
    compress_all
    cp dump.sql a.sql
    tar -cf d.tar a.sql
    zip -q d.zip a.sql
    for file in dump.sql d.gz d.zst d.lz4 d.xz d.bz2 d.tar d.zip; do
        for how in "1 1000" "2 65536" "3 4096" "8 1048576"; do
            keycensus scan $file --env-file env --threads "${how% *}" --block-size "${how#* }" -q --overwrite -o t.db
            content t.db >t.content
            diff "$FIX/plain.content" t.content
        done
    done
    keycensus scan d.gz --env-file env --threads 2 --block-size 1 -q --overwrite -o t.db
    content t.db >t.content
    diff "$FIX/plain.content" t.content
}

# ---- inspect ----

@test "inspect tells kinds, sizes and tables as text and JSON, and makes no report" {
    gzip -c dump.sql >d.gz
    tar -cf both.tar d.gz users.csv
    keycensus inspect both.tar --json >i.json
    size=$(stat -c %s dump.sql) csv=$(stat -c %s users.csv) python3 - <<'PY'
import json, os
i = json.load(open("i.json"))
by = {x["path"]: x for x in i["inputs"]}
assert by["both.tar:d.gz"]["kind"] == "tar+gzip+plain-sql", by
assert by["both.tar:d.gz"]["decoded_bytes"] == int(os.environ["size"])
assert by["both.tar:users.csv"]["kind"] == "tar+csv"
assert by["both.tar:users.csv"]["decoded_bytes"] == int(os.environ["csv"])
assert all(x["read"] is True for x in i["inputs"])
tables = {(t["schema_name"], t["table_name"]): t["columns"] for t in i["tables"]}
assert tables == {("public", "users"): 3, ("public", "nothing"): 1, ("", "users"): 2}, tables
PY
    run keycensus inspect both.tar
    [ "$status" -eq 0 ]
    printf '%s\n' "$output" | grep -q 'both.tar:d.gz.*gzip+plain-sql'
    printf '%s\n' "$output" | grep -q 'public *users *3'
    [ "$(find . -name '*.db' | wc -l)" -eq 0 ]
}

@test "inspect of what is not read says so and exits 12; of a cut input 3; of a missing one 6" {
    sqlite3 app.db "CREATE TABLE t (a)"
    run keycensus inspect - <app.db
    [ "$status" -eq 12 ]
    printf '%s\n' "$output" | grep -qi sqlite
    mkdir dir
    printf 'PGDMP' >dir/toc.dat
    run keycensus inspect dir
    [ "$status" -eq 3 ]
    gzip -c dump.sql | head -c 3000 >cut.gz
    run keycensus inspect cut.gz
    [ "$status" -eq 3 ]
    head -c 20000 dump.sql >cut.sql
    run keycensus inspect cut.sql
    [ "$status" -eq 3 ]
    gzip -c dump.sql >crc.gz
    printf '\x00\x01\x02\x03' | dd of=crc.gz bs=1 seek=$(($(stat -c %s crc.gz) - 8)) conv=notrunc status=none
    run keycensus inspect crc.gz
    [ "$status" -eq 12 ]
    run keycensus inspect missing
    [ "$status" -eq 6 ]
    : >empty
    run keycensus inspect empty
    [ "$status" -eq 12 ]
}
