# INSERT: a field of any length and statements in any order pass in constant memory, and the result
# depends on the data alone (K5.2, S1). What INSERT means is tested with real dumps in
# census_postgresql.bats and census_mysql.bats.

load lib

setup() {
    scratch
}

teardown() {
    unscratch
}

# From the vectors of formats.md section 1.
V1=v1:Z0FBQUFBQmxVX0VBQUFFQ0F3UUZCZ2NJQ1FvTERBME9ENzItWVl0eVdYbm9Bd0ZpdHd3XzVRTVNJb1hoTUo2MWpDSE91cmJ3dGZGZHdRRWs5WkpSQzJvUGtiNWJFMTF4eVdnclVEMC1yQjA5R0F5a2dRTG80VVk9
V2=v2:Z0FBQUFBQmxVX0VBQUFFQ0F3UUZCZ2NJQ1FvTERBME9ELWZ6WlR6VTh1NUp1ZHhqX3VUSjlkRXB0SldRWlJ2X19lZC04OFp6cVQ0eS1lRjJyQkdTWGdGd001Tm9Eb2RiY0RTTkdGYXRPUnB6a0pMel9KQmo5eUk9

item() {
    query r.db "SELECT value FROM summary WHERE item = '$1'"
}

counts() { # table.column version count of each
    query r.db "SELECT table_name || '.' || column_name || ' ' || version || ' ' || record_count FROM key_usage ORDER BY 1" | paste -sd,
}

# peak_rss COMMAND...: runs it, prints exit status and peak memory in MiB.
peak_rss() {
    python3 - "$@" <<'PY'
import resource, subprocess, sys
r = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=open("rss.err", "w"))
print(r.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
PY
}

@test "K5.2: a field of 64 MB is read in constant memory, in COPY, INSERT and hexadecimal, and what is in it is found" {
    V1=$V1 V2=$V2 python3 - <<'PY'
import os
v1, v2 = os.environ["V1"], os.environ["V2"]
half = "x'y\\z\n" * (32 * 1024 * 1024 // 6) # every byte that has to be escaped somewhere
def write(name, head, text, tail):
    with open(name, "w", newline="") as f:
        f.write(head); f.write(text(half)); f.write(" " + v2 + " "); f.write(text(half)); f.write(tail)
pg = "CREATE TABLE t (a text, b text);\n"
my = "CREATE TABLE `t` (`a` longtext, `b` text);\n"
write("copy.sql", pg + "COPY t (a, b) FROM stdin;\n", lambda s: s.replace("\\", "\\\\").replace("\n", "\\n"), f"\t{v1}\n\\.\n")
write("insert.sql", pg + "INSERT INTO t VALUES ('", lambda s: s.replace("'", "''"), f"', '{v1}');\n")
write("escape.sql", pg + "INSERT INTO t VALUES (E'", lambda s: s.replace("\\", "\\\\").replace("'", "\\'"), f"', '{v1}');\n")
write("dollar.sql", pg + "INSERT INTO t VALUES ($q$", lambda s: s, f"$q$, '{v1}');\n")
write("my.sql", my + "INSERT INTO `t` VALUES ('", lambda s: s.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n"), f"','{v1}');\n")
with open("hex.sql", "w") as f:
    f.write(my + "INSERT INTO `t` VALUES (0x" + (half + " " + v2 + " ").encode().hex() + f",'{v1}');\n")
PY
    printf 'CREATE TABLE t (a text);\nCOPY t (a) FROM stdin;\nx\n\\.\n' > small.sql
    read -r code base < <(peak_rss keycensus scan small.sql --threads 2 -q -o r.db)
    [ "$code" -eq 0 ]
    for kind in copy insert escape dollar my hex; do
        read -r code peak < <(peak_rss keycensus scan $kind.sql --threads 2 --block-size 65536 -q -o r.db --overwrite)
        echo "$kind: $peak MiB, a small file $base MiB: $(cat rss.err)"
        [ "$code" -eq 0 ]
        [ "$peak" -lt $((base + 16)) ]
        [ "$(counts)" = 't.a v2 1,t.b v1 1' ]
        [ "$(query r.db "SELECT records FROM coverage")" = 1 ]
    done
}

@test "K5.2: statements of many tables in turn are read in constant memory" {
    V1=$V1 python3 - <<'PY'
import os
v1 = os.environ["V1"]
with open("turns.sql", "w") as f:
    for t in range(20):
        f.write(f"CREATE TABLE t{t} (a int, b text, c text);\n")
    for n in range(10000):
        for t in range(20):
            f.write(f"INSERT INTO t{t} (a, b) VALUES ({n}, '{v1 if n % 100 == 0 else 'x'}');\n")
PY
    head -n 2020 turns.sql > few.sql
    read -r code base < <(peak_rss keycensus scan few.sql --threads 2 -q -o r.db)
    [ "$code" -eq 0 ]
    read -r code peak < <(peak_rss keycensus scan turns.sql --threads 2 -q -o r.db --overwrite)
    echo "$peak MiB, the first of it $base MiB"
    [ "$code" -eq 0 ]
    [ "$peak" -lt $((base + 8)) ]
    [ "$(query r.db "SELECT count(*) || ' ' || min(records) || ' ' || max(records) FROM coverage")" = '20 10000 10000' ]
    [ "$(query r.db "SELECT count(*) || ' ' || sum(record_count) FROM key_usage WHERE column_name = 'b'")" = '20 2000' ]
}

@test "K5.2: one row to a statement, many to one, and CRLF are the same rows; so are blocks and threads" {
    { printf 'CREATE TABLE t (a text, b text);\n'; for n in $(seq 300); do printf "INSERT INTO t VALUES ('%s', 'n''%s');\n" "$V1" "$n"; done; } > one.sql
    { printf 'CREATE TABLE t (a text, b text);\nINSERT INTO t VALUES\n'; for n in $(seq 300); do printf "('%s', 'n''%s')%s\n" "$V1" "$n" \
        "$([ "$n" = 300 ] && echo ';' || echo ,)"; done; } > many.sql
    sed 's/$/\r/' one.sql > crlf.sql
    touch -d 2026-01-01T00:00:00Z one.sql many.sql crlf.sql
    keycensus scan -q one.sql -o r.db
    [ "$(counts)" = 't.a v1 300' ]
    digest=$(item content_digest)
    for options in 'many.sql' 'crlf.sql' 'one.sql --threads 1 --block-size 1' 'many.sql --threads 3 --block-size 300'; do
        keycensus scan -q $options -o r.db --overwrite
        [ "$(item content_digest)" = "$digest" ]
    done
}

@test "S1: a character set that is set in the middle counts from there on, and an unsafe one is refused" {
    printf "CREATE TABLE t (a text);\nSET client_encoding = 'LATIN1';\nINSERT INTO t VALUES ('\xe9%s');\n" "$V1" > x.sql
    keycensus scan -q x.sql -o r.db
    [ "$(item status)" = complete ]
    for encoding in SJIS big5 'GB 18030' uhc johab gbk; do
        { cat x.sql; printf "SET client_encoding TO '%s';\nINSERT INTO t VALUES ('x');\n" "$encoding"; } > bad.sql
        run keycensus scan bad.sql -o bad.db --overwrite
        [ "$status" -eq 12 ]
        [[ "$output" == *encoding=UTF8* ]]
        { cat x.sql; printf '\\encoding %s\n' "${encoding// /}"; } > bad.sql
        run keycensus scan bad.sql -o bad.db --overwrite
        [ "$status" -eq 12 ]
    done
}

@test "S1: INSERT cut off at any byte is never complete with fewer rows, but between two statements" {
    printf "CREATE TABLE t (a text, b text);\nINSERT INTO t VALUES ('%s', E'x\\\\'y'), ('a', \$q\$b\$q\$);\nINSERT INTO t (a) VALUES (NULL);\n" "$V1" > x.sql
    size=$(stat -c %s x.sql)
    complete=
    for at in $(seq 34 $((size - 1))); do
        head -c "$at" x.sql > cut.sql
        run keycensus scan -q cut.sql -o r.db --overwrite
        [ "$status" -eq 0 ] || [ "$status" -eq 3 ]
        [ "$status" -eq 3 ] || complete="$complete $at:$(head -c "$at" x.sql | tail -c 2 | tr '\n' '|')"
    done
    # whole where a statement has ended, and in the white space behind it
    first=$(grep -abo ';' x.sql | cut -d: -f1 | sed -n 2p)
    is "$complete" " $((first + 1)):); $((first + 2)):;| $((size - 1)):);"
}
