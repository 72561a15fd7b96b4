#!/usr/bin/env bats
# Text in UTF-16 as an input: what Windows shells make of a dump. formats.md section 3, safety.md S1.
# iconv makes the samples; the census must be that of the same bytes in UTF-8.

load lib

setup_file() {
    FIX=$(mktemp -d "${BATS_TMPDIR:-/tmp}/keyretire.XXXXXX")
    export FIX
    cd "$FIX" || return 1
    make_env env v3 v2 v3
    seal env v3 30 1750000000 >v3
    seal env v2 20 1740000000 >v2
    python3 - <<'PY'
v = open("v3").read().split() + open("v2").read().split()
rows = "".join(f"{i}\t{t}\tJosé €{i} 漢 😀\\n x\n" for i, t in enumerate(v))
open("dump.sql", "w").write(
    "--\n-- PostgreSQL database dump\n--\n\n-- Started on 2026-01-02 03:04:05 UTC\n\n"
    "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n"
    "CREATE TABLE public.users (\n    id integer NOT NULL,\n    secret text,\n    \"anotação\" text\n);\n\n"
    "COPY public.users (id, secret, \"anotação\") FROM stdin;\n" + rows + "\\.\n\n\n"
    "--\n-- PostgreSQL database dump complete\n--\n\n")
open("users.csv", "w").write("id,secret,anotação\n" + "".join(f'{i},{t},"José\n{i}"\n' for i, t in enumerate(v)))
PY
    for f in dump.sql users.csv; do
        keycensus scan $f --env-file env --dump-time 2026-01-02T03:04:05Z -q -o $f.db
        content $f.db >$f.content
    done
}
teardown_file() { rm -rf "$FIX"; }

setup() {
    scratch
    cp -p "$FIX"/* .
}
teardown() { unscratch; }

content() {
    query "$1" "SELECT value FROM summary WHERE item IN ('status','rows','cells','content_digest') ORDER BY item;
        SELECT * FROM columns ORDER BY 1,2,3; SELECT * FROM key_usage ORDER BY 1,2,3,4,5,6;
        SELECT schema_name, table_name, state FROM coverage ORDER BY 1,2"
}

utf16() { # ORDER MARK FILE
    printf '%b' "$2"
    iconv -f UTF-8 -t "UTF-16$1" "$3"
}

# same FILE NAME KIND: the census of FILE is that of NAME in UTF-8.
same() {
    keycensus scan "$1" --env-file env --dump-time 2026-01-02T03:04:05Z -q --overwrite -o r.db
    content r.db | diff - "$2.content"
    is "$(query r.db "SELECT kind, complete FROM inputs")" "$3|1"
}

@test "little-endian and big-endian, with a mark and without, give the census of the UTF-8 text" {
    grep -q complete dump.sql.content
    for how in 'LE \xff\xfe utf16le' 'BE \xfe\xff utf16be' 'LE  utf16le' 'BE  utf16be'; do
        IFS=' ' read -r order mark name <<<"$how"
        [ -n "$name" ] || { name=$mark mark=; }
        mkdir -p w
        utf16 "$order" "$mark" dump.sql >w/dump.sql
        same w/dump.sql dump.sql "$name+plain-sql"
        utf16 "$order" "$mark" users.csv >w/users.csv
        same w/users.csv users.csv "$name+csv"
        gzip -f w/users.csv
        same w/users.csv.gz users.csv "gzip+$name+csv"
    done
}

@test "a shell's redirection: a mark and CR LF line ends" {
    mkdir w
    for f in dump.sql users.csv; do
        { printf '\xff\xfe'; sed 's/$/\r/' $f | iconv -f UTF-8 -t UTF-16LE; } >w/$f
    done
    keycensus scan w/dump.sql --env-file env -q -o r.db
    is "$(query r.db "SELECT column_name, version, record_count FROM key_usage")" \
        "$(query dump.sql.db "SELECT column_name, version, record_count FROM key_usage")"
    is "$(query r.db "SELECT column_name, records, nulls FROM columns")" \
        "$(query dump.sql.db "SELECT column_name, records, nulls FROM columns")"
    is "$(query r.db "SELECT value FROM summary WHERE item='status'")" complete
    keycensus scan w/users.csv --env-file env -q --overwrite -o r.db
    is "$(query r.db "SELECT column_name, records, nulls FROM columns")" \
        "$(query users.csv.db "SELECT column_name, records, nulls FROM columns")"
}

@test "UTF-16 in a zip beside UTF-8, and byte by byte" {
    mkdir w
    utf16 LE '\xff\xfe' users.csv >w/accounts.csv
    cp users.csv w/
    (cd w && zip -q ../both.zip accounts.csv users.csv)
    keycensus scan both.zip --env-file env -q -o r.db
    is "$(query r.db "SELECT table_name, version, record_count FROM key_usage ORDER BY 1, 2")" "accounts|v2|20
accounts|v3|30
users|v2|20
users|v3|30"
    cp w/accounts.csv w/users.csv
    keycensus scan w/users.csv --env-file env --block-size 1 -q --overwrite -o r.db
    is "$(query r.db "SELECT version, record_count FROM key_usage ORDER BY 1")" "v2|20
v3|30"
}

@test "S1: an odd byte, a lost half of a character and a cut-off dump are never passed over" {
    utf16 LE '\xff\xfe' users.csv >odd.csv
    printf 'x' >>odd.csv
    run keycensus scan odd.csv --env-file env -o r.db
    is "$status" 3
    printf '%s\n' "$output" | grep '^keycensus: error' | grep -q 'UTF-16'
    is "$(query r.db "SELECT value FROM summary WHERE item='status'")" incomplete
    is "$(query r.db "SELECT sum(record_count) FROM key_usage")" 50
    { printf '\xff\xfe'; printf 'id,secret\n1,' | iconv -t UTF-16LE; printf '\x3d\xd8'; printf 'x\n2,y\n' | iconv -t UTF-16LE; } >lone.csv
    run keycensus scan lone.csv --overwrite -o r.db
    is "$status" 12
    printf '%s\n' "$output" | grep '^keycensus: error' | grep -q surrogate
    is "$(query r.db "SELECT value FROM summary WHERE item='status'")" incomplete
    utf16 LE '\xff\xfe' dump.sql | head -c 3000 >cut.sql
    run keycensus scan cut.sql --overwrite -o r.db
    is "$status" 3
    is "$(query r.db "SELECT value FROM summary WHERE item='status'")" incomplete
}

@test "S1: rows that a shell added in ASCII make the report incomplete, by name and place" {
    utf16 LE '\xff\xfe' users.csv >w.csv
    size=$(stat -c %s w.csv)
    sed -n 1,3p v2 | sed 's/^/99,/; s/$/,x/' >more
    [ $(($(stat -c %s more) % 2)) -eq 0 ] || echo >>more
    cat more >>w.csv
    run keycensus scan w.csv --env-file env -o r.db
    is "$status" 12
    printf '%s\n' "$output" | grep '^keycensus: error' | grep -q "not UTF-16.*from byte $size"
    printf '%s\n' "$output" | grep -q 'another encoding'
    is "$(query r.db "SELECT value FROM summary WHERE item='status'")" incomplete
    is "$(query r.db "SELECT sum(record_count) FROM key_usage")" 50
    for f in LE:'\xff\xfe' BE:'\xfe\xff'; do
        { utf16 "${f%%:*}" "${f#*:}" dump.sql; } >w.sql
        size=$(stat -c %s w.sql)
        { printf '\nCOPY public.users (id, secret, "anotação") FROM stdin;\n'; sed -n '1,3s/$/\tx/p' v2 | sed 's/^/99\t/'; printf '\\.\n'; } >more
        [ $(($(stat -c %s more) % 2)) -eq 0 ] || echo >>more
        cat more >>w.sql
        run keycensus scan w.sql --env-file env -q --overwrite -o r.db
        is "$status" 12
        printf '%s\n' "$output" | grep -q "not UTF-16.*from byte"
        is "$(query r.db "SELECT value FROM summary WHERE item='status'")" incomplete
    done
}

@test "S1: long texts of CJK, common and rare, are text" {
    python3 - <<'PY'
import random
rng = random.Random(7)
common = []  # level 1 of GB 2312: the 3755 that are used most
for row in range(0xB0, 0xD8):
    for cell in range(0xA1, 0xFF):
        try:
            common.append(bytes([row, cell]).decode("gb2312"))
        except UnicodeDecodeError:
            pass
assert len(common) == 3755
every = [chr(c) for c in range(0x4E00, 0xA000)]
with open("cjk.csv", "w", encoding="utf-16") as f:
    f.write("id,secret,note\n")
    for i in range(20):
        f.write(f"{i},x," + "".join(rng.choices([common, every][i % 2], k=5000)) + "\n")
PY
    for order in LE BE; do
        iconv -f UTF-16 -t UTF-16$order cjk.csv >w.csv
        keycensus scan w.csv --env-file env -q --overwrite -o r.db
        is "$(query r.db "SELECT value FROM summary WHERE item IN ('status','rows') ORDER BY item")" "20
complete"
    done
}

@test "inspect reads UTF-16 too" {
    utf16 LE '\xff\xfe' users.csv >w.csv
    run keycensus inspect w.csv --format csv
    is "$status" 0
    printf '%s\n' "$output" | grep -q '^w.csv,"",w,3,'
}
