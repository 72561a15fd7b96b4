# What a script holds and this version does not read is never taken for nothing (S1); what is not data
# is not taken for data; and the result depends on the data alone, not on threads, blocks or compression.

load lib

setup() {
    scratch
}

teardown() {
    unscratch
}

# From the vectors of formats.md section 1, with the time 2023-11-14T22:13:20Z.
V1=v1:Z0FBQUFBQmxVX0VBQUFFQ0F3UUZCZ2NJQ1FvTERBME9ENzItWVl0eVdYbm9Bd0ZpdHd3XzVRTVNJb1hoTUo2MWpDSE91cmJ3dGZGZHdRRWs5WkpSQzJvUGtiNWJFMTF4eVdnclVEMC1yQjA5R0F5a2dRTG80VVk9
V2=v2:Z0FBQUFBQmxVX0VBQUFFQ0F3UUZCZ2NJQ1FvTERBME9ELWZ6WlR6VTh1NUp1ZHhqX3VUSjlkRXB0SldRWlJ2X19lZC04OFp6cVQ0eS1lRjJyQkdTWGdGd001Tm9Eb2RiY0RTTkdGYXRPUnB6a0pMel9KQmo5eUk9

item() {
    query r.db "SELECT value FROM summary WHERE item = '$1'"
}

uses() { # schema.table.column version count, of the whole report
    query r.db "SELECT schema_name || '.' || table_name || '.' || column_name || ' ' || version || ' ' || record_count
                  FROM key_usage ORDER BY 1" | paste -sd,
}

table_a() { # one table with one value of v1 and a NULL
    printf 'CREATE TABLE a (b text, c text);\nCOPY public.a (b, c) FROM stdin;\n%s\t\\N\n\\.\n' "$V1"
}

# unread TEXT-OF-THE-MESSAGE: the script on standard input, behind table a, leaves the report incomplete.
unread() {
    { table_a; cat; } > x.sql
    run keycensus scan x.sql -o r.db --overwrite
    if [ "$status" -ne 3 ] || [[ "$output" != *"$1"* ]] || [ "$(item status)" != incomplete ] ||
        [ "$(query r.db "SELECT complete FROM inputs")" != 0 ] ||
        [ "$(query r.db "SELECT count(*) > 0 FROM findings WHERE severity = 'error' AND instr(message, '$1')")" != 1 ] ||
        [ "$(uses)" != 'public.a.b v1 1' ]; then
        echo "not noticed: $(cat x.sql)"
        echo "exit $status: $output"
        return 1
    fi
}

# harmless: the script on standard input, behind table a, brings nothing.
harmless() {
    { table_a; cat; } > x.sql
    run keycensus scan x.sql -o r.db --overwrite
    if [ "$status" -ne 0 ] || [ "$(item status)" != complete ] || [ "$(uses)" != 'public.a.b v1 1' ]; then
        echo "taken for data: $(cat x.sql)"
        echo "exit $status: $output"
        return 1
    fi
}

# ---- S1: what brings rows ----

@test "S1: INSERT of what is not in the script, or not understood, marks the report incomplete and names the table" {
    for statement in "INSERT INTO public.b VALUES (1);" "INSERT INTO b DEFAULT VALUES;" "INSERT INTO b SELECT * FROM c;" \
        "INSERT INTO b (x) SELECT a FROM c;" "INSERT INTO b (SELECT 1);" "INSERT INTO b TABLE c;" "INSERT INTO b (x[1]) VALUES (1);" \
        "INSERT INTO b WITH x AS (VALUES (1)) SELECT * FROM x;"; do
        unread b <<< "$statement"
        [ "$(query r.db "SELECT state FROM coverage WHERE table_name = 'b'")" = unknown ]
    done
    for statement in "INSERT INTO b (x) VALUES (now());" "INSERT INTO b (x) VALUES (1), (DEFAULT);" "INSERT INTO b (x) VALUES (1 + 1);" \
        "INSERT INTO b (x) VALUES ('a' || 'b');" "INSERT INTO b (x) VALUES ((SELECT ')' FROM c));" \
        "INSERT INTO b (x) VALUES (ARRAY['a', 'b']);" "INSERT INTO b (x) VALUES (CAST('1' AS integer));" \
        "INSERT INTO b (x) VALUES (1) ON CONFLICT (x) DO UPDATE SET x = 2;" "INSERT INTO b (x) VALUES (1) RETURNING x;" \
        "INSERT INTO b (x) VALUES (:variable);"; do
        unread b <<< "$statement"
        [ "$(query r.db "SELECT state || ' ' || records > 'data 0' FROM coverage WHERE table_name = 'b'")" = 1 ]
    done
    unread WITH <<< "WITH x AS (SELECT 1) INSERT INTO b SELECT * FROM x;"
}

@test "S1: rows that stand elsewhere: files, programs, other formats, other commands of psql" {
    unread '\i' <<< '\i other.sql'
    unread '\ir' <<< '\ir other.sql'
    unread '\include' <<< '\include other.sql'
    unread '\copy' <<< "\\copy a from 'x.csv' csv"
    unread '\gexec' <<< $'SELECT \'INSERT INTO a VALUES (1)\'\n\\gexec'
    unread COPY <<< "COPY a (b, c) FROM '/tmp/x.dat';"
    unread COPY <<< "COPY a (b, c) FROM PROGRAM 'cat x';"
    for options in 'WITH (FORMAT csv)' 'CSV' 'WITH CSV HEADER' '(FORMAT binary)' 'BINARY' "WITH (DELIMITER ',')" "DELIMITER ','" \
        "WITH (NULL '')" "NULL AS ''"; do
        unread COPY <<< "COPY a (b, c) FROM stdin $options;"$'\nx\ty\n\\.'
    done
    unread 'CREATE TABLE' <<< 'CREATE TABLE z AS SELECT 1;'
    unread SELECT <<< 'SELECT 1 INTO z;'
    unread UPDATE <<< "UPDATE a SET c = '$V2';"
    unread MERGE <<< 'MERGE INTO a USING z ON true WHEN NOT MATCHED THEN INSERT VALUES (1);'
    unread DELETE <<< "DELETE FROM a WHERE c IS NULL;"
    unread TRUNCATE <<< 'TRUNCATE a;'
    unread 'call of a function' <<< 'SELECT fill_a();'
    unread 'ALTER TABLE' <<< "ALTER TABLE a ADD COLUMN d text DEFAULT '$V2';"
    unread DO <<< "DO \$\$ BEGIN INSERT INTO a VALUES ('x'); END \$\$;"
    unread 'large object' <<< "SELECT pg_catalog.lowrite(0, '\\x00');"
}

@test "S1: an unread statement inside a large INSERT dump is found behind every kind of quoting" {
    printf '%s\n' "SELECT 'a''b;', E'c\\'d;', U&'e;' , \$\$ f; ' \$\$, \$x\$ \$\$; \$x\$, \"g;\"\"'\";" '-- h ;'"'" \
        '/* i; /* j; */ '"'"' */' "INSERT INTO b VALUES (';');" | unread 'columns are not known'
    [ "$(query r.db "SELECT state FROM coverage WHERE table_name = 'b'")" = unknown ]
}

@test "S1: a record with more or fewer fields than the COPY has columns is not counted as whole" {
    for record in x $'x\ty\tz'; do
        printf 'CREATE TABLE a (b text, c text);\nCOPY a (b, c) FROM stdin;\n1\t2\n%s\n\\.\n' "$record" > x.sql
        run keycensus scan x.sql -o r.db --overwrite
        [ "$status" -eq 3 ]
        [[ "$output" == *"record 2"* ]]
        [ "$(item status)" = incomplete ]
    done
}

@test "S1: a value in a field too many still counts its version" {
    printf 'CREATE TABLE a (b text);\nCOPY a (b) FROM stdin;\nx\t%s\n\\.\n' "$V2" > x.sql
    run keycensus scan x.sql -o r.db
    [ "$status" -eq 3 ]
    [ "$(query r.db "SELECT sum(record_count) FROM key_usage WHERE version = 'v2'")" = 1 ]
}

# ---- what brings none ----

@test "S1: what brings no rows is passed over, whatever it looks like" {
    harmless <<< "SELECT pg_catalog.setval('public.a_seq', 5, true); SELECT pg_catalog.set_config('x', 'INSERT INTO a', false);"
    harmless <<< "UPDATE pg_catalog.pg_database SET datistemplate = false WHERE datname = 'x';"
    harmless <<< "SET statement_timeout = 0; ALTER TABLE a OWNER TO x; GRANT INSERT ON a TO x; REVOKE UPDATE ON a FROM x;"
    harmless <<< "COMMENT ON TABLE a IS 'INSERT INTO b VALUES (1);';"
    harmless <<< "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS \$\$ INSERT INTO a VALUES ('x'); \$\$;"
    harmless <<< "CREATE FUNCTION f() RETURNS void BEGIN ATOMIC INSERT INTO a VALUES ('x'); SELECT CASE WHEN true THEN 1 END; END;"
    harmless <<< "CREATE RULE r AS ON INSERT TO a DO INSTEAD (INSERT INTO b VALUES (1); DELETE FROM c);"
    harmless <<< "CREATE TRIGGER t BEFORE INSERT OR UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f();"
    harmless <<< "CREATE VIEW v AS SELECT 'COPY a FROM stdin;'::text; CREATE MATERIALIZED VIEW m AS SELECT 1 WITH NO DATA;"
    harmless <<< $'-- COPY a (b) FROM stdin;\n/* INSERT INTO a VALUES (1);\nCOPY a (b) FROM stdin; */'
    harmless <<< "COPY a (b) TO stdout;"
    harmless <<< $'\\restrict abc\n\\unrestrict abc\n\\echo INSERT'
    harmless <<< "CREATE POLICY p ON a FOR INSERT WITH CHECK (b <> 'COPY a FROM stdin;');"
    harmless <<< "CREATE INDEX ON a (b); REFRESH MATERIALIZED VIEW m; VACUUM a; BEGIN; COMMIT;"
}

@test "S1: rows that look like the script stay rows" {
    { printf 'CREATE TABLE a (b text);\nCOPY a (b) FROM stdin;\n'
      printf '%s\n' '-- PostgreSQL database dump' 'COPY z (b) FROM stdin;' 'INSERT INTO z VALUES (1);' '\\.' '\\i x' "'" '$$' '/*' '' \
          '-- PostgreSQL database dump complete' '\\connect x' "$V1" '\.'; } > x.sql
    keycensus scan -q x.sql -o r.db
    [ "$(item status) $(item rows)" = 'complete 12' ]
    [ "$(query r.db "SELECT group_concat(table_name) FROM coverage")" = a ]
    [ "$(item databases)" = '' ]
}

@test "S1: a trailer inside a cell is not the trailer of the dump" {
    printf -- '--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE a (b text);\nCOPY a (b) FROM stdin;\n%s\n\\.\n' \
        '-- PostgreSQL database dump complete' > x.sql
    run keycensus scan x.sql -o r.db
    [ "$status" -eq 3 ]
    [[ "$output" == *"dump complete"* ]]
    printf -- '\n--\n-- PostgreSQL database dump complete\n--\n\n' >> x.sql
    run keycensus scan x.sql -o r.db --overwrite
    [ "$status" -eq 0 ]
}

@test "S1: rows without their end line are a truncated input" {
    table_a | sed '$d' > x.sql
    run keycensus scan x.sql -o r.db
    [ "$status" -eq 3 ]
    [ "$(item status)" = incomplete ]
    [ "$(uses)" = 'public.a.b v1 1' ]
}

@test "S7: \\connect in its forms says which database follows" {
    { printf '%s\n' '\connect one' 'CREATE TABLE a (b text);' 'COPY a (b) FROM stdin;' "$V1" '\.'
      printf '%s\n' '\c "t w""o"' 'CREATE TABLE a (b text);' 'COPY a (b) FROM stdin;' "$V2" '\.'
      printf '%s\n' '\connect -reuse-previous=on "dbname='"'"'thr\\ee'"'"'"' 'CREATE TABLE a (b text);' 'COPY a (b) FROM stdin;' '\.'; } > x.sql
    keycensus scan -q x.sql -o r.db
    [ "$(query r.db "SELECT database_name || ' ' || records FROM coverage ORDER BY 1" | paste -sd,)" = 'one 1,t w"o 1,thr\ee 0' ]
    [ "$(query r.db "SELECT database_name || ' ' || version FROM key_usage ORDER BY 1" | paste -sd,)" = 'one v1,t w"o v2' ]
}

@test "K5.2: an unqualified COPY takes the search_path of its place" {
    { printf 'SET search_path = "S 1", pg_catalog;\nCREATE TABLE a (b text);\nCOPY a (b) FROM stdin;\n%s\n\\.\n' "$V1"
      printf "SELECT pg_catalog.set_config('search_path', 's2', false);\nCREATE TABLE a (b text);\nCOPY a (b) FROM stdin;\n%s\n\\.\n" "$V2"
      printf 'SET search_path TO DEFAULT;\nCREATE TABLE a (b text);\nCOPY a (b) FROM stdin;\n\\.\n'; } > x.sql
    keycensus scan -q x.sql -o r.db
    [ "$(uses)" = 'S 1.a.b v1 1,s2.a.b v2 1' ]
    [ "$(query r.db "SELECT group_concat(schema_name) FROM (SELECT schema_name FROM coverage ORDER BY 1)")" = 'S 1,public,s2' ]
}

@test "K5.2: escapes of COPY text: a value written in octal, hexadecimal or with needless backslashes is that value" {
    octal=$(printf %s "$V1" | sed 's/:/\\072/; s/Z0FB/\\1320\\106B/')
    hex=$(printf %s "$V1" | sed 's/:/\\x3a/; s/Z0FB/\\x5A0\\x46B/')
    needless=$(printf %s "$V1" | sed 's/:Z/\\:\\Z/')
    printf 'CREATE TABLE a (b text);\nCOPY a (b) FROM stdin;\n%s\n%s\n%s\n\\.\n' "$octal" "$hex" "$needless" > x.sql
    keycensus scan -q x.sql -o r.db
    [ "$(uses)" = 'public.a.b v1 3' ]
    [ "$(query r.db "SELECT group_concat(class || record_count) FROM value_classes")" = hinted3 ]
}

@test "K5.2: a dump with CRLF line ends gives the counts of the same dump with LF" {
    { table_a; printf 'COPY a (b, c) FROM stdin;\n%s\t%s\n\\N\t\n\\.\nSELECT 1;\n' "$V1" "$V2"; } > lf.sql
    sed 's/$/\r/' lf.sql > crlf.sql
    keycensus scan -q lf.sql -o r.db
    digest=$(item content_digest)
    [ "$(uses)" = 'public.a.b v1 2,public.a.c v2 1' ]
    keycensus scan -q crlf.sql -o r.db --overwrite
    [ "$(uses)" = 'public.a.b v1 2,public.a.c v2 1' ]
    [ "$(query r.db "SELECT group_concat(column_name || records || nulls) FROM (SELECT * FROM columns ORDER BY 3)")" = b31,c31 ]
    [ "$(item content_digest)" = "$digest" ]
}

# ---- inputs ----

@test "K5.2: several inputs make one report, in any order" {
    table_a > one.sql
    printf 'CREATE TABLE z (y text);\nCOPY z (y) FROM stdin;\n%s\n%s\n\\.\n' "$V2" "$V2" > two.sql
    keycensus scan -q one.sql two.sql -o r.db
    digest=$(item content_digest)
    [ "$(uses)" = 'public.a.b v1 1,public.z.y v2 2' ]
    [ "$(query r.db "SELECT count(*) || ' ' || sum(records) || ' ' || sum(complete) FROM inputs")" = '2 3 2' ]
    keycensus scan -q two.sql one.sql -o r.db --overwrite
    [ "$(item content_digest)" = "$digest" ]
}

@test "S1: one damaged input of two leaves a report of both, marked incomplete" {
    table_a > one.sql
    printf 'CREATE TABLE z (y text);\nCOPY z (y) FROM stdin;\n%s\n' "$V2" > two.sql
    run keycensus scan two.sql one.sql -o r.db
    [ "$status" -eq 3 ]
    [ "$(uses)" = 'public.a.b v1 1,public.z.y v2 1' ]
    [ "$(query r.db "SELECT path || ' ' || complete FROM inputs ORDER BY 1" | paste -sd,)" = 'one.sql 1,two.sql 0' ]
}

@test "K5.2: a missing file is 6, an unreadable one 13, an empty or unknown one 12, and no report is left" {
    run keycensus scan none.sql -o r.db
    [ "$status" -eq 6 ]
    [ ! -e r.db ]
    : > empty.sql
    run keycensus scan empty.sql -o r.db
    [ "$status" -eq 12 ]
    head -c 3000 /dev/zero > junk.sql
    run keycensus scan junk.sql -o r2.db
    [ "$status" -eq 12 ]
    run keycensus scan "$(command -v keycensus)" -o r2.db
    [ "$status" -eq 12 ]
    [ ! -e r2.db ]
    mkdir folder.sql
    run keycensus scan folder.sql -o r3.db
    [ "$status" -eq 12 ]
    [ ! -e r3.db ]
    table_a > locked.sql
    chmod 000 locked.sql
    chmod 777 .
    if [ "$(id -u)" = 0 ]; then
        run runuser -u nobody -- "$(command -v keycensus)" scan "$PWD/locked.sql" -o "$PWD/r4.db"
    else
        run keycensus scan locked.sql -o r4.db
    fi
    [ "$status" -eq 13 ]
    [ ! -e r4.db ]
}

@test "S6: a scan needs the time of what comes from standard input, and a time that is one" {
    table_a > x.sql
    run keycensus scan - -o r.db < x.sql
    [ "$status" -eq 2 ]
    [ ! -e r.db ]
    for bad in yesterday 2026-01-02 2026-01-02T03:04:05 2026-13-02T03:04:05Z 2026-02-30T03:04:05Z 2026-01-02T03:04:05+01:00 ''; do
        run keycensus scan - --dump-time "$bad" -o r.db < x.sql
        [ "$status" -eq 2 ]
        [ ! -e r.db ]
    done
    run bash -c 'keycensus scan - --dump-time 2026-01-02T03:04:05Z -o r.db <&-'
    [ "$status" -ne 0 ]
    [ ! -e r.db ] || [ "$(item status)" = incomplete ]
}

@test "K5.2: an existing report is refused with 2 and left as it is, unless --overwrite" {
    table_a > x.sql
    echo mine > r.db
    run keycensus scan x.sql -o r.db
    [ "$status" -eq 2 ]
    [ "$(cat r.db)" = mine ]
    keycensus scan -q x.sql -o r.db --overwrite
    [ "$(item status)" = complete ]
    [ -z "$(find . -name 'r.db?*')" ]
    run keycensus scan x.sql
    [ "$status" -eq 2 ]
}

@test "K5.2: threads and block sizes that are none are usage errors" {
    table_a > x.sql
    for bad in 0 -1 abc 1.5 '' 99999999999999999999; do
        run keycensus scan x.sql -o r.db --threads "$bad"
        [ "$status" -eq 2 ]
        run keycensus scan x.sql -o r.db --block-size "$bad"
        [ "$status" -eq 2 ]
    done
    [ ! -e r.db ]
}

# ---- the same digest ----

# A dump with cells longer than a block, escapes at every place, values inside larger cells, two tables.
dump_for_digest() {
    make_env env v3 v1 v2 v3
    for v in v1 v2 v3; do seal env $v 12 1700000000; done > values
    seal env - 3 1600000000 >> values
    /usr/bin/python3 - <<'PY'
values = open("values").read().split()
def esc(s):
    return s.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
out = ["--\n-- PostgreSQL database dump\n--\n", "-- Dumped from database version 15.4", "CREATE TABLE public.t (a text, b text, c text);",
       'CREATE TABLE public."odd \n name" (x text);', "CREATE TABLE public.reencrypt_jobs (id integer, model_path text, target_version text, status text);", "",
       "COPY public.t (a, b, c) FROM stdin;"]
for i, v in enumerate(values):
    b = ["\\N", "", esc('{"k": "%s", "l": "%s"}' % (v, values[(i + 5) % len(values)])), esc("\\x" + v.encode().hex()),
         esc("x" * 300 + "\n\\.\t" + v + "\r"), v[:-3], v + "x", "v9:" + v.split(":")[-1], "vimeo:abc", ":" + v][i % 10]
    out.append("%s\t%s\t%s" % (v if i % 3 else v.replace(":", "\\072"), b, "\\N" if i % 2 else "y" * (i * 40)))
out += ["\\.", "", 'COPY public."odd \n name" (x) FROM stdin;'] + ["", "\\N", esc("\n\n\\"), values[0], ""] + ["\\.", ""]
out += ["COPY public.reencrypt_jobs (id, model_path, target_version, status) FROM stdin;", "1\tapp.models:User\tv3\trunning",
        "2\tapp:User\tv2\t" + "z" * 200, "\\.", ""]
out += ["--\n-- PostgreSQL database dump complete\n--\n"]
open("d.sql", "w").write("\n".join(out))
PY
}

# digest INPUT [OPTION...]
digest() {
    timeout -s KILL 60 keycensus scan -q "$@" --env-file env -o r.db --overwrite --table t --column a --column b
    item content_digest
}

@test "K5.2: the same content digest for every block size and thread count" {
    dump_for_digest
    want=$(digest d.sql)
    [[ "$want" == sha256:* ]]
    [ "$(item status) $(item rows) $(item jobs)" = 'complete 46 2' ]
    for block in 1 2 3 7 64 4096; do
        [ "$(digest d.sql --threads 1 --block-size $block)" = "$want" ]
        [ "$(digest d.sql --threads 8 --block-size $block)" = "$want" ]
    done
    for threads in 1 2 3 8; do
        [ "$(digest d.sql --threads $threads)" = "$want" ]
        [ "$(digest d.sql --threads $threads --block-size 97)" = "$want" ]
    done
}

@test "K5.2: the same content digest for plain, gzip, zstd, lz4, xz and bzip2, whatever the name and the time" {
    dump_for_digest
    want=$(digest d.sql)
    gzip -nc d.sql > a
    zstd -qc d.sql > b.sql
    lz4 -qc d.sql > c.gz
    xz -c d.sql > d
    bzip2 -c d.sql > e.csv
    { head -c 5000 d.sql | gzip -nc; tail -c +5001 d.sql | gzip -nc; } > two-members.gz
    touch -d 2026-01-01T00:00:00Z a d
    for input in a b.sql c.gz d e.csv two-members.gz; do
        [ "$(digest "$input")" = "$want" ]
        [ "$(digest "$input" --threads 3 --block-size 7)" = "$want" ]
        [ "$(query r.db "SELECT decoded_bytes FROM inputs")" = "$(stat -c %s d.sql)" ]
        [ "$(query r.db "SELECT bytes FROM inputs")" = "$(stat -c %s "$input")" ]
    done
    [ "$(digest - --dump-time 2026-01-02T00:00:00Z < a)" = "$want" ]
}

@test "K5.2: the content digest tells one changed value, one changed name and one lost row" {
    dump_for_digest
    want=$(digest d.sql)
    sed '0,/^v1:/s//v2:/' d.sql > value.sql
    sed 's/CREATE TABLE public.t (a text, b text, c text/CREATE TABLE public.t (a text, b text, d text/; s/t (a, b, c)/t (a, b, d)/' d.sql > name.sql
    sed '/^v3:/{x;s/^/x/;/^x$/{x;d};x}' d.sql > row.sql
    for other in value name row; do
        cmp -s d.sql $other.sql && false
        [ "$(digest $other.sql)" != "$want" ]
        [ "$(item status)" = complete ]
    done
}

@test "S1: a truncated input gives the same digest for every block size and thread count too" {
    dump_for_digest
    head -c 9000 d.sql > cut.sql
    for options in '' '--threads 1 --block-size 1' '--threads 2 --block-size 3' '--threads 8 --block-size 64' '--threads 3 --block-size 4096'; do
        run keycensus scan -q cut.sql -o r.db --overwrite --env-file env $options
        [ "$status" -eq 3 ]
        item content_digest
    done > digests
    [ "$(sort -u digests | wc -l)" -eq 1 ]
    [ "$(wc -l < digests)" -eq 5 ]
}
