#!/usr/bin/env bats
# What may not be lost on the way into a report (safety.md S1, S2, S5, S6): rows behind rows, data that one input
# has and another lacks, the older of two dumps, a value where a header is looked for.

load lib

setup() {
    scratch
    make_env env v3 v1 v2 v3
    v1=$(seal env v1 1)
    v2=$(seal env v2 1)
}
teardown() { unscratch; }

# dump FILE TEXT...: the texts, each with a newline, between header and trailer; SAID goes into the header.
dump() {
    local file=$1
    shift
    {
        printf -- '--\n-- PostgreSQL database dump\n--\n\n%b' "${SAID:-}"
        printf '%b\n' "$@"
        printf -- '\n--\n-- PostgreSQL database dump complete\n--\n\n'
    } >"$file"
}

# rows TABLE VALUE: its definition and its data.
rows() {
    printf '%s\\n' "CREATE TABLE $1 (secret text);" "COPY $1 (secret) FROM stdin;" "$2" '\\.'
}

summary() { query "$1" "SELECT value FROM summary WHERE item = '$2'"; }

@test "S1: rows behind the end line in a COPY file make the report incomplete" {
    printf 'secret\tn\n%s\t\\N\n' "$v1" >users.tsv
    for _ in $(seq 20000); do printf '%s\n' 'x	\N'; done >>users.tsv
    printf '\\.\n%s\t\\N\n' "$v2" >>users.tsv
    run keycensus scan users.tsv -q -o r.db
    [ "$status" -eq 3 ]
    [[ $output == *'behind COPY'* ]]
    is "$(summary r.db status)" incomplete
}

@test "S1: a COPY file may end with its end line, and is checked to the end of its compression" {
    printf 'secret\n%s\n\\N\n\\.\n\n' "$v1" >users.tsv
    keycensus scan users.tsv -q -o r.db
    is "$(summary r.db status)" complete
    is "$(query r.db 'SELECT records, nulls FROM columns')" '2|1'
    gzip -k users.tsv
    printf 'x' >>users.tsv.gz
    run keycensus scan users.tsv.gz -q -o z.db
    [ "$status" -eq 12 ]
}

@test "S1: a script's rows are counted whatever follows their end line" {
    dump d.sql "$(rows public.a "$v1")" "$(rows public.b "$v2")"
    keycensus scan d.sql -q -o r.db
    is "$(query r.db 'SELECT version FROM key_usage ORDER BY 1')" $'v1\nv2'
}

@test "S2: rows in one dump do not hide that another leaves the table of that name out" {
    dump shop.sql "$(rows public.users "$v1")" "$(rows public.log x)"
    dump billing.sql 'CREATE TABLE public.users (secret text);' "$(rows public.log x)"
    for order in 'shop.sql billing.sql' 'billing.sql shop.sql'; do
        # shellcheck disable=SC2086
        keycensus scan $order -q --overwrite -o r.db
        is "$(query r.db "SELECT state FROM coverage WHERE table_name = 'users'")" no-data
        is "$(summary r.db partial)" 1
        is "$(query r.db "SELECT version FROM key_usage")" v1
    done
}

@test "S2: definitions in one script and rows in another are one whole" {
    dump schema.sql 'CREATE TABLE public.users (secret text);' 'CREATE TABLE public.log (secret text);'
    dump data.sql 'COPY public.users (secret) FROM stdin;' "$v1" '\\.' 'COPY public.log (secret) FROM stdin;' '\\.'
    keycensus scan schema.sql data.sql -q -o r.db
    is "$(summary r.db partial)" 0
    is "$(query r.db "SELECT DISTINCT state FROM coverage")" data
}

@test "S2: a generated column of MySQL may be left out, as mysqldump does; a declared one may not" {
    cat >d.sql <<SQL
-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
--
-- Host: localhost    Database: app
-- ------------------------------------------------------
CREATE TABLE \`t\` (
  \`otp\` text COMMENT 'as',
  \`hint\` text GENERATED ALWAYS AS (substr(\`otp\`, 1, 2)) VIRTUAL,
  \`tail\` int(11) AS (1) STORED,
  \`last\` text DEFAULT 'generated always as'
) ENGINE=InnoDB;
INSERT INTO \`t\` (\`otp\`, \`last\`) VALUES ('$v2',NULL);
-- Dump completed on 2026-11-20 10:00:00
SQL
    keycensus scan d.sql -q -o r.db
    is "$(query r.db "SELECT state, note FROM coverage")" 'data|'
    is "$(query r.db "SELECT column_name FROM columns ORDER BY 1")" "last
otp"
    is "$(query r.db "SELECT value FROM summary WHERE item='partial'")" 0
    keycensus scan d.sql --table t --column hint -q -o declared.db
    is "$(query declared.db "SELECT state, note FROM coverage")" 'unknown|its rows leave out the column "hint"'
    sed 's/`last`) VALUES/`tail`) VALUES/' d.sql >lost.sql
    keycensus scan lost.sql -q -o lost.db
    is "$(query lost.db "SELECT state, note FROM coverage")" 'unknown|its rows leave out the column "last"'
}

@test "S1: a dump that ends inside its transaction was cut off: phpMyAdmin has no other trailer" {
    printf '%s\n' '-- phpMyAdmin SQL Dump' '-- version 5.2.1' 'SET SQL_MODE = "NO_AUTO_VALUE_ON_ZERO";' \
        'START TRANSACTION;' 'CREATE TABLE `t` (`otp` text) ENGINE=InnoDB;' \
        "INSERT INTO \`t\` (\`otp\`) VALUES" "('$v2');" >cut.sql
    run keycensus scan cut.sql -q -o cut.db
    [ "$status" -eq 3 ]
    [[ "$output" == *"begins a transaction"* ]]
    is "$(query cut.db "SELECT version, record_count FROM key_usage")" 'v2|1'
    run keycensus inspect cut.sql
    [ "$status" -eq 3 ]
    { cat cut.sql && printf 'COMMIT;\n'; } >whole.sql
    keycensus scan whole.sql -q -o whole.db
    is "$(query whole.db "SELECT value FROM summary WHERE item='status'")" complete
}

@test "S2: a column that the rows leave out is not known to be empty" {
    dump d.sql 'CREATE TABLE public.users (id int, secret text, twice int GENERATED ALWAYS AS (2 * id) STORED);' \
        'COPY public.users (id) FROM stdin;' '1' '\\.'
    keycensus scan d.sql -q -o r.db
    is "$(query r.db "SELECT state, note FROM coverage")" 'unknown|its rows leave out the column "secret"'
    is "$(query r.db "SELECT column_name, records FROM columns ORDER BY 1")" $'id|1\nsecret|0'
    is "$(summary r.db partial)" 1
    # in another input they are there
    dump e.sql 'COPY public.users (secret, id) FROM stdin;' "$v1\t1" '\\.'
    keycensus scan d.sql e.sql -q -o s.db
    is "$(query s.db "SELECT state FROM coverage")" data
    is "$(summary s.db partial)" 0
}

@test "S2: a view of the same name does not stand for a table without its data" {
    dump d.sql 'CREATE TABLE public.users (secret text);' "$(rows public.log x)"
    dump e.sql 'CREATE VIEW public.users AS SELECT 1;' "$(rows public.log x)"
    keycensus scan d.sql e.sql -q -o r.db
    is "$(query r.db "SELECT state FROM coverage WHERE table_name = 'users'")" no-data
    is "$(summary r.db partial)" 1
}

@test "S6: dumps behind one another are as old as the oldest" {
    SAID='-- Started on 2026-05-01 03:04:05 UTC\n' dump new.sql "$(rows public.a "$v1")"
    SAID='-- Started on 2020-05-01 03:04:05 UTC\n' dump old.sql "$(rows public.b "$v2")"
    cat new.sql old.sql >newold.sql
    cat old.sql new.sql >oldnew.sql
    tar cf both.tar new.sql old.sql
    for input in newold.sql oldnew.sql both.tar 'new.sql old.sql'; do
        # shellcheck disable=SC2086
        keycensus scan $input -q --overwrite -o r.db
        is "$(summary r.db data_time)" 2020-05-01T03:04:05Z
        is "$(summary r.db data_time_source)" header
    done
}

@test "S9: an older dump in front does not make the newer one's tokens look future" {
    SAID='-- Started on 2001-05-01 03:04:05 UTC\n' dump old.sql "$(rows public.a x)"
    SAID='-- Started on 2026-05-01 03:04:05 UTC\n' dump new.sql "$(rows public.b "$(seal env v2 1 1750000000)")"
    cat old.sql new.sql >oldnew.sql
    tar cf both.tar old.sql new.sql
    for input in oldnew.sql both.tar; do
        keycensus scan "$input" -q --overwrite -o r.db
        is "$(query r.db 'SELECT newest FROM write_times')" 2025-06-15T15:06:40Z
    done
}

@test "S6: an input of unknown time makes the report's time unknown, wherever it stands" {
    dump a.sql "$(rows public.a "$v1")"
    dump b.sql "$(rows public.b "$v2")"
    keycensus scan <(cat a.sql) b.sql -q -o one.db
    is "$(query one.db "SELECT coalesce(value, '') FROM summary WHERE item = 'data_time'")" ''
    keycensus scan a.sql <(cat b.sql) -q -o two.db
    is "$(query two.db "SELECT coalesce(value, '') FROM summary WHERE item = 'data_time'")" ''
    # no token is later than a time that is not known
    is "$(query two.db "SELECT count(*) FROM write_times WHERE newest IS NOT NULL")" 2
    is "$(query two.db "SELECT count(*) FROM findings WHERE code = 'future-time'")" 0
}

@test "S1: damage wins over what is merely missing, wherever it stands" {
    dump a.sql "$(rows public.a "$v1")"
    head -n 9 a.sql >cut.sql
    gzip -k a.sql
    printf '\377' | dd of=a.sql.gz bs=1 seek=$(($(stat -c %s a.sql.gz) - 6)) conv=notrunc status=none
    for order in 'cut.sql a.sql.gz' 'a.sql.gz cut.sql'; do
        # shellcheck disable=SC2086
        tar cf both.tar $order
        run keycensus scan both.tar -q --overwrite -o r.db
        [ "$status" -eq 12 ]
        # shellcheck disable=SC2086
        run keycensus scan $order -q --overwrite -o r.db
        [ "$status" -eq 12 ]
        is "$(query r.db "SELECT count(*) FROM inputs WHERE complete = 0")" 2
    done
}

@test "S5: a value is never taken for a column's name" {
    printf '1,%s\n2,%s\n' "$v1" "$v2" >users.csv
    run keycensus scan users.csv --header yes -q -o r.db
    [ "$status" -eq 12 ]
    [[ $output == *'field 2 of the header holds ciphertext'* && $output == *'--header no'* ]]
    is "$(summary r.db status)" incomplete
    if grep -aq 'Z0FBQUFB' r.db; then false; fi
    keycensus scan users.csv -q -o s.db
    is "$(query s.db 'SELECT version FROM key_usage ORDER BY 1')" $'v1\nv2'
}

@test "S1: a symbolic link in an archive is data that is not there; a hard link was read already" {
    dump a.sql "$(rows public.a "$v1")"
    ln a.sql b.sql
    tar cf hard.tar a.sql b.sql
    keycensus scan hard.tar -q -o h.db
    is "$(summary h.db status)" complete
    ln -s /elsewhere/c.sql c.sql
    tar cf soft.tar a.sql c.sql
    run keycensus scan soft.tar -q -o s.db
    [ "$status" -eq 3 ]
    [[ $output == *'soft.tar:c.sql: a symbolic link'* ]]
    is "$(summary s.db status)" incomplete
    is "$(query s.db 'SELECT version FROM key_usage')" v1
}

@test "S1: rows whose header names a column twice are not counted as what they are not" {
    dump d.sql 'CREATE TABLE public.users (id int, secret text, note text);' \
        'COPY public.users (id, note, note) FROM stdin;' "1\t$v1\tx" '\\.'
    run keycensus scan d.sql -q -o r.db
    [ "$status" -eq 3 ]
    [[ $output == *d.sql*'names a column twice'* ]]
    is "$(summary r.db status)" incomplete
    dump d.sql 'CREATE TABLE public.users (id int, secret text, note text);' \
        "INSERT INTO public.users (id, note, note) VALUES (1, '$v1', 'x');"
    run keycensus scan d.sql -q -o r.db --overwrite
    [ "$status" -eq 3 ]
    [[ $output == *d.sql*'names a column twice'* ]]
}

@test "S1: a file that ends within its signature is no table of one word" {
    for head in P PGDM PGC 'PGCOPY\n\377' '(' '\375' '\3757z' B BZ PK - '-\0'; do
        printf -- "$head" >cut
        run keycensus scan cut -q -o r.db --overwrite
        printf '%s: %s %s\n' "$head" "$status" "$output"
        [ "$status" -eq 3 ] || [ "$status" -eq 12 ]
        [[ $output == *'error[K'*cut* ]]
    done
}

@test "an archive of a later pg_dump is refused by its file's name" {
    printf 'PGDMP\2\0\0\4\10\1' >later.dump
    run keycensus scan later.dump -q -o r.db
    [ "$status" -eq 12 ]
    [[ $output == *'K0382'*'later.dump: '*'2.0'* ]]
}

@test "S1: what damaged compression decodes to is not taken for the cause" {
    dump d.sql "$(rows public.a "$v1")"
    bzip2 -k d.sql
    python3 - <<'PY'
data = open("d.sql.bz2", "rb").read()
for at in range(40, len(data) - 1):  # the last bits are padding, which is no data
    for bit in range(8):
        bad = bytearray(data)
        bad[at] ^= 1 << bit
        if at * 8 + bit in range(320, len(data) * 8, 101):
            open(f"flipped-{at}-{bit}", "wb").write(bad)
PY
    for file in flipped-*; do
        run keycensus scan "$file" -q -o r.db --overwrite
        printf '%s: %s %s\n' "$file" "$status" "$output"
        [ "$status" -eq 12 ] || [ "$status" -eq 3 ]
        [[ $output == *bzip2* ]]
        is "$(summary r.db status)" incomplete
    done
    [ "$(printf '%s\n' flipped-* | wc -l)" -gt 15 ]
}

@test "S1: what was not read is named with its table" {
    dump d.sql "INSERT INTO public.unheard_of VALUES ('$v1');"
    run keycensus scan d.sql -q -o r.db
    [ "$status" -eq 3 ]
    [[ $output == *'in: d.sql, table public.unheard_of'* ]]
}

# hole FILE: zeros in the place of some records, from behind one note to behind another, as where blocks were never
# written: what is left is well formed.
hole() {
    python3 - "$1" <<'PY'
import sys
with open(sys.argv[1], "r+b") as f:
    text = f.read()
    begin = text.index(b"note", 153600) + 4
    end = text.index(b"note", begin + 4000) + 4
    f.seek(begin)
    f.write(bytes(end - begin))
PY
}

@test "S1: a hole in a text makes the report incomplete, whatever its form" {
    for i in $(seq 1500); do printf '%d\tnote\t%s\n' "$i" "$v1"; done >t.tsv
    { printf 'id,note,secret\n' && tr '\t' , <t.tsv; } >t.csv
    dump copy.sql 'CREATE TABLE t (id int, note text, secret text);' 'COPY t (id, note, secret) FROM stdin;' \
        "$(cat t.tsv)" '\\.'
    dump insert.sql 'CREATE TABLE t (id int, note text, secret text);' \
        "$(sed "s/\t/, '/; s/\t/', '/; s/.*/INSERT INTO t VALUES (&');/" t.tsv)"
    for f in t.csv copy.sql insert.sql; do
        keycensus scan $f -q -o whole.db --overwrite
        is "$(query whole.db 'SELECT sum(record_count) FROM key_usage')" 1500
        hole $f
        run keycensus scan $f -q -o r.db --overwrite
        [ "$status" -eq 3 ] || { echo "$f: $status $output"; return 1; }
        [[ $output == *'zero bytes'* ]] || { echo "$output"; return 1; }
        is "$(summary r.db status)" incomplete
        gzip -kf $f
        run keycensus scan $f.gz -q -o r.db --overwrite
        [ "$status" -eq 3 ]
    done
}

@test "S1: a hole in a file of a directory archive makes the report incomplete" {
    pg_start
    psql -q -c "CREATE TABLE t AS SELECT i, 'note' AS note, '$v1' AS secret FROM generate_series(1, 1500) i"
    pg_dump -Fd -Z0 -f d
    keycensus scan d -q -o whole.db
    is "$(query whole.db 'SELECT sum(record_count) FROM key_usage')" 1500
    hole d/*[0-9].dat
    run keycensus scan d -q -o r.db
    pg_stop
    [ "$status" -eq 3 ]
    [[ $output == *'zero bytes'* ]] || { echo "$output"; return 1; }
    is "$(summary r.db status)" incomplete
}

@test "S1: UTF-16 added to a text in another encoding makes the report incomplete" {
    for i in $(seq 1500); do printf '%s\n' "$v1"; done >one.csv
    iconv -f UTF-8 -t UTF-16LE one.csv >more
    for lead in '' x; do
        { printf 'secret%s\n' "$lead" && cat one.csv more; } >t.csv
        run keycensus scan t.csv -q -o r.db --overwrite
        [ "$status" -eq 3 ] || { echo "'$lead': $status $output"; return 1; }
        [[ $output == *'zero bytes'* ]] || { echo "$output"; return 1; }
    done
}

@test "S1: rows behind a semicolon that got lost are not passed over" {
    for lost in 'ALTER TABLE public.event OWNER TO postgres' 'SET x = 1' 'CREATE INDEX i ON public.t (secret)' \
        'CREATE TABLE public.other (event text, insert text)' 'GRANT EXECUTE ON FUNCTION public.f() TO x'; do
        dump d.sql 'CREATE TABLE public.t (secret text);' "$lost" "\n-- Data\n\nINSERT INTO public.t VALUES ('$v1');" \
            "INSERT INTO public.t VALUES ('$v2');"
        run keycensus scan d.sql -q -o r.db --overwrite
        printf '%s: %s %s\n' "$lost" "$status" "$output"
        [ "$status" -eq 3 ]
        [[ $output == *d.sql*'INSERT inside of another statement'* ]]
    done
    dump d.sql 'CREATE TABLE public.t (secret text);' 'SET x = 1' 'CREATE TABLE public.unseen (secret text);'
    run keycensus scan d.sql -q -o r.db --overwrite
    [ "$status" -eq 3 ]
    [[ $output == *'CREATE TABLE inside of another statement'* ]]
}
