#!/usr/bin/env bats
# CSV and its relatives as an input: formats.md section 3 ("CSV and others"), safety.md S1, S2 and S4, cli.md's
# CSV options. What a file says is asked of Python's csv module and of PostgreSQL, never of this program.

load lib

setup_file() {
    FIX=$(mktemp -d "${BATS_TMPDIR:-/tmp}/keyretire.XXXXXX")
    export FIX
    cd "$FIX" || return 1
    make_env env v3 v1 v2 v3
    seal env v3 60 1750000000 >v3
    seal env v2 40 1740000000 >v2
    seal env v1 20 1730000000 >v1
    seal env - 10 1730000000 >legacy
}
teardown_file() { rm -rf "$FIX"; }

setup() {
    scratch
    cp -p "$FIX"/* .
    T3=$(head -1 v3) T2=$(head -1 v2) T1=$(head -1 v1) L=$(head -1 legacy)
}
teardown() {
    pg_stop
    unscratch
}

# scan FILE [OPTION...]: into r.db, which must be complete.
scan() {
    keycensus scan "$@" --env-file env -q --overwrite -o r.db
    is "$(query r.db "SELECT value FROM summary WHERE item='status'")" complete
}

columns() { # name|records|nulls in the order of the file
    query r.db "SELECT column_name, records, nulls FROM columns"
}

usage() {
    query r.db "SELECT column_name, version, record_count FROM key_usage ORDER BY 1, 2"
}

classes() { # of one column
    query r.db "SELECT class, record_count FROM value_classes WHERE column_name='$1' AND record_count > 0 ORDER BY 1"
}

content() {
    query r.db "SELECT value FROM summary WHERE item IN ('status','rows','cells','content_digest') ORDER BY item;
        SELECT * FROM columns ORDER BY 1,2,3; SELECT * FROM key_usage ORDER BY 1,2,3,4,5,6;
        SELECT * FROM value_classes ORDER BY 1,2,3,4"
}

# ---- dialects, by hand ----

@test "comma, semicolon, tab and pipe are found by themselves and read alike" {
    for d in ',' ';' "$(printf '\t')" '|'; do
        printf "id${d}secret${d}note\n1${d}%s${d}\"a${d}b\"\n2${d}%s${d}\n3${d}${d}\"\"\n" "$T3" "$T2" >t.csv
        scan t.csv
        is "$(columns)" "id|3|0
secret|3|1
note|3|1"
        is "$(usage)" "secret|v2|1
secret|v3|1"
    done
}

@test "the table is the file's name without extensions, its schema is empty, stdin's is stdin" {
    printf 'id,secret\n1,%s\n' "$T3" >users.2026-01.csv
    gzip -k users.2026-01.csv
    for file in users.2026-01.csv users.2026-01.csv.gz; do
        scan "$file"
        is "$(query r.db "SELECT DISTINCT schema_name, table_name FROM columns")" "|users"
        is "$(query r.db "SELECT schema_name, table_name, state FROM coverage")" "|users|data"
    done
    scan - --dump-time 2026-03-01T00:00:00Z <users.2026-01.csv
    is "$(query r.db "SELECT DISTINCT schema_name, table_name FROM columns")" "|stdin"
    mkfifo accounts.csv
    cat users.2026-01.csv >accounts.csv &
    scan accounts.csv --dump-time 2026-03-01T00:00:00Z
    is "$(query r.db "SELECT DISTINCT schema_name, table_name FROM columns")" "|accounts"
}

@test "S2: a file named schema.table is that table, and no other schema's" {
    printf 'id,secret\n1,%s\n' "$T3" >public.users.csv
    printf 'id,secret\n1,%s\n' "$T2" >old.users.csv
    gzip old.users.csv
    for option in '' --table-from-path; do
        # shellcheck disable=SC2086 # no word, or one
        scan public.users.csv old.users.csv.gz $option
        is "$(query r.db "SELECT schema_name, table_name, version FROM key_usage ORDER BY 1")" "old|users|v2
public|users|v3"
    done
    scan public.users.csv --table public.users --column secret
    keycensus inspect old.users.csv.gz --format csv | grep -q '^old.users.csv.gz,old,users,2,'
    for name in users.csv.gz users.2026.csv users.csv.old.csv .users.x.csv users; do # no schema
        gzip -dc old.users.csv.gz >"$name"
        scan "$name"
        is "$(query r.db "SELECT schema_name || '|' || table_name FROM key_usage")" "|$(sed 's/\(.\)\..*/\1/' <<<"$name")"
    done
}

@test "--table-from-path: the folder names the table, and its files add up" {
    mkdir -p exports/users exports/jobs
    printf 'id,secret\n1,%s\n' "$T3" >exports/users/part-0001.csv
    printf 'id,secret\n2,%s\n3,%s\n' "$T2" "$T3" >exports/users/part-0002.csv
    printf 'id,name\n1,x\n' >exports/jobs/part-0001.csv
    scan exports/users/*.csv exports/jobs/part-0001.csv --table-from-path
    is "$(query r.db "SELECT table_name, column_name, records FROM columns ORDER BY 1, 2")" "jobs|id|1
jobs|name|1
users|id|3
users|secret|3"
    is "$(usage)" "secret|v2|1
secret|v3|2"
    tar -cf exports.tar exports
    scan exports.tar --table-from-path
    is "$(query r.db "SELECT table_name, records FROM columns WHERE column_name='secret'")" "users|3"
}

@test "quotes: newlines, delimiters and doubled quotes inside; text behind a closing quote; quotes in plain fields" {
    printf 'id,secret,note\n' >q.csv
    printf '1,"%s","two\nlines, and ""quoted"""\n' "$T3" >>q.csv
    printf '2,"%s"%s,5" pipe\n' "${T2:0:20}" "${T2:20}" >>q.csv
    printf '3,%s,"1,%s\n4,%s"\n' "$T1" "$T3" "$T3" >>q.csv
    scan q.csv
    is "$(columns)" "id|3|0
secret|3|0
note|3|0"
    is "$(usage)" "note|v3|1
secret|v1|1
secret|v2|1
secret|v3|1" # the value inside a text counts too
    python3 - "$T3" "$T2" "$T1" <<'PY'
import csv, sys
rows = list(csv.reader(open("q.csv", newline="")))
assert [r[1] for r in rows[1:]] == sys.argv[1:4] and len(rows) == 4, rows
PY
}

@test "line ends: LF, CRLF, CR alone; a last record without one; a byte order mark" {
    for end in '\n' '\r\n' '\r'; do
        printf "id,secret,note$end""1,%s,x$end""2,%s,\"y$end z\"$end""3,,z$end" "$T3" "$T2" >t.csv
        scan t.csv
        is "$(columns)" "id|3|0
secret|3|1
note|3|0"
        is "$(usage)" "secret|v2|1
secret|v3|1"
        printf "\\xef\\xbb\\xbfid,secret,note$end""1,x,y$end""2,x,%s" "$T3" >t.csv
        scan t.csv
        is "$(columns)" "id|2|0
secret|2|0
note|2|0"
        is "$(usage)" "note|v3|1"
    done
    printf '\xef\xbb\xbf"id";"secret"\n"1";"%s"\n' "$T3" >t.csv
    scan t.csv
    is "$(columns)" "id|1|0
secret|1|0"
}

@test "--escape and --quote: backslash escapes, single quotes, no quotes at all" {
    printf 'id,secret,note\n1,"%s","say \\"a,b\\" twice"\n2,"%s","back\\\\"\n' "$T3" "$T2" >e.csv
    for how in "--escape backslash" "--escape \\" "--delimiter comma --quote double --escape \\" ""; do
        # shellcheck disable=SC2086 # words
        scan e.csv $how
        is "$(columns)" "id|2|0
secret|2|0
note|2|0"
        is "$(usage)" "secret|v2|1
secret|v3|1"
    done
    printf "id,secret,note\n1,'%s','it''s, so'\n2,'%s','a\nb'\n" "$T3" "$T2" >s.csv
    scan s.csv --quote single
    is "$(columns)" "id|2|0
secret|2|0
note|2|0"
    scan s.csv --quote "'"
    is "$(usage)" "secret|v2|1
secret|v3|1"
    printf 'id|secret|note\n1|%s|"open\n2|%s|close"\n' "$T3" "$T2" >n.csv
    scan n.csv --quote none --delimiter pipe
    is "$(columns)" "id|2|0
secret|2|0
note|2|0"
}

@test "--delimiter takes a byte or a name" {
    printf 'id^secret\n1^%s\n' "$T3" >c.csv
    scan c.csv --delimiter '^'
    is "$(columns)" "id|1|0
secret|1|0"
    printf 'id secret\n1 %s\n' "$T3" >s.csv
    scan s.csv --delimiter space
    is "$(columns)" "id|1|0
secret|1|0"
    printf 'id\tsecret\n1\t%s\n' "$T3" >t.csv
    for d in tab "$(printf '\t')"; do
        scan t.csv --delimiter "$d"
        is "$(usage)" "secret|v3|1"
    done
    for bad in "--delimiter xy" "--delimiter=" "--quote ab" "--escape no" "--header maybe" "--delimiter , --quote ,"; do
        # shellcheck disable=SC2086 # words
        run keycensus scan t.csv $bad -o bad.db
        is "$status" 2
        [ ! -e bad.db ]
    done
}

@test "NULL: an unquoted empty field, not a quoted one; --null names another text, never when it is quoted" {
    printf 'id,secret\n1,\n2,""\n3,NULL\n4,"NULL"\n5,\\N\n6,%s\n' "$T3" >n.csv
    scan n.csv --null '' --table n --column secret
    is "$(columns)" "id|6|0
secret|6|1"
    is "$(classes secret)" "empty|1
hinted|1
null|1
plaintext|3"
    scan n.csv --null NULL --table n --column secret
    is "$(classes secret)" "empty|2
hinted|1
null|1
plaintext|2"
    scan n.csv --null '\N' --table n --column secret
    is "$(classes secret)" "empty|2
hinted|1
null|1
plaintext|2"
}

@test "S1: a NULL text that is guessed never hides a value" {
    # Without --null: whatever stands for NULL, the token is counted and the cells add up.
    printf 'id,secret\n1,\n2,%s\n3,\n' "$T3" >n.csv
    scan n.csv --table n --column secret
    is "$(classes secret)" "hinted|1
null|2"
    is "$(query r.db "SELECT sum(record_count) FROM value_classes WHERE column_name='secret'")" 3
}

# ---- headers ----

@test "--header yes|no, and without it the first record decides by itself" {
    printf 'id,secret\n1,%s\n' "$T3" >h.csv
    scan h.csv
    is "$(columns)" "id|1|0
secret|1|0"
    scan h.csv --header no
    is "$(query r.db "SELECT value FROM summary WHERE item='rows'")" 2
    is "$(query r.db "SELECT count(*) FROM columns WHERE column_name IN ('id','secret')")" 0
    # Change-data files: an Op column and no header. Nothing of the first record may be lost.
    printf 'I,1,%s\nU,2,%s\nD,3,\n' "$T3" "$T2" >cdc.csv
    scan cdc.csv
    is "$(query r.db "SELECT value FROM summary WHERE item='rows'")" 3
    is "$(query r.db "SELECT version, record_count FROM key_usage ORDER BY 1")" "v2|1
v3|1"
    # One column of values, the first a token, with and without its version.
    for first in "$T3" "$L"; do
        printf '%s\n%s\n' "$first" "$T2" >values.csv
        scan values.csv
        is "$(query r.db "SELECT value FROM summary WHERE item='rows'")" 2
        is "$(query r.db "SELECT sum(record_count) FROM key_usage")" 2
    done
    # A header said to be there is one, whatever it looks like.
    printf '1,2\n3,%s\n' "$T3" >numbers.csv
    scan numbers.csv --header yes
    is "$(columns)" "1|1|0
2|1|0"
}

@test "duplicate, empty and awkward header names keep every column apart, in a finding" {
    printf 'id,secret,,secret,,"a ""b"", c",column_3\n1,%s,x,%s,,%s,z\n' "$T3" "$T2" "$T1" >d.csv
    scan d.csv --header yes
    is "$(query r.db "SELECT count(DISTINCT column_name) FROM columns")" 7
    is "$(query r.db "SELECT sum(records) FROM columns")" 7
    is "$(query r.db "SELECT version, count(DISTINCT column_name) FROM key_usage GROUP BY 1 ORDER BY 1")" "v1|1
v2|1
v3|1"
    is "$(query r.db "SELECT column_name FROM key_usage WHERE version='v1'")" 'a "b", c'
    is "$(query r.db "SELECT column_name FROM key_usage WHERE version='v3'")" secret
    [ "$(query r.db "SELECT count(*) FROM findings WHERE severity='warning' AND code='header-names'")" -eq 1 ]
    # Without --header the values are counted all the same.
    scan d.csv
    is "$(query r.db "SELECT version, record_count FROM key_usage ORDER BY 1")" "v1|1
v2|1
v3|1"
}

@test "a header alone is a table without rows; declared columns must be in the header (6)" {
    printf 'id,secret\n' >h.csv
    scan h.csv
    is "$(columns)" "id|0|0
secret|0|0"
    printf 'id,secret\n1,%s\n' "$T3" >t.csv
    scan t.csv --table t --column secret
    is "$(query r.db "SELECT column_name, declared FROM columns ORDER BY 1")" "id|0
secret|1"
    run keycensus scan t.csv --table t --column secrte -o x.db
    is "$status" 6
    printf '%s\n' "$output" | grep -q 'hint: .*secret'
    run keycensus scan t.csv --table tt --column secret -o x.db
    is "$status" 6
    [ ! -e x.db ]
}

# ---- damage ----

@test "S1: ragged rows make the report incomplete (3), by table and record; the values in them still count" {
    printf 'id,secret,note\n1,%s,a\n2,%s\n3,%s,b,c\n4,%s,d\n' "$T3" "$T2" "$T1" "$T3" >ragged.csv
    run keycensus scan ragged.csv --delimiter , --header yes --env-file env -o r.db
    is "$status" 3
    printf '%s\n' "$output" | grep '^keycensus: error' | grep -q 'ragged.csv'
    printf '%s\n' "$output" | grep '^keycensus: error' | grep -q 'record 2'
    is "$(query r.db "SELECT value FROM summary WHERE item='status'")" incomplete
    is "$(query r.db "SELECT table_name, record_count FROM findings WHERE severity='error'")" "ragged|2"
    is "$(query r.db "SELECT complete FROM inputs")" 0
    is "$(query r.db "SELECT version, record_count FROM key_usage WHERE column_name='secret' ORDER BY 1")" "v1|1
v2|1
v3|2"
    # A stray quote makes one record of three, with no other number of fields: refused where it is seen at the
    # begin of the file. Where it is meant, or comes later, no value is lost.
    printf 'id,note,secret\n1,"oops,%s\n2,x,%s\n3,"y",%s\n' "$T3" "$T2" "$T1" >stray.csv
    run keycensus scan stray.csv --delimiter , --header yes -o stray.db
    is "$status" 12
    [[ "$output" == *"--quote none"* ]]
    scan stray.csv --delimiter , --header yes --quote double
    is "$(usage)" "note|v2|1
note|v3|1
secret|v1|1"
}

@test "S1: an unterminated quote is a cut-off input (3), with place and hint" {
    printf 'id,secret,note\n1,%s,a\n2,%s,"never closed\n3,%s,x\n' "$T3" "$T2" "$T1" >open.csv
    for how in "" "--threads 3 --block-size 16"; do
        # shellcheck disable=SC2086 # words
        run keycensus scan open.csv --env-file env $how --overwrite -o r.db
        is "$status" 3
        printf '%s\n' "$output" | grep '^keycensus: error' | grep -q 'open.csv'
        printf '%s\n' "$output" | grep '^keycensus: error' | grep -qi quote
        is "$(query r.db "SELECT value FROM summary WHERE item='status'")" incomplete
        is "$(query r.db "SELECT complete FROM inputs")" 0
    done
    # The quote opens in the header or in the first record.
    printf 'id,"secret\n1,%s\n' "$T3" >first.csv
    run keycensus scan first.csv --overwrite -o r.db
    case $status in 3 | 12) ;; *) echo "$status" && false ;; esac
    [ ! -e r.db ] || is "$(query r.db "SELECT value FROM summary WHERE item='status'")" incomplete
}

@test "blank lines are no records of a table of several columns; of one column they are NULLs" {
    printf '\n\nid,secret\n\n1,%s\n\n\n2,%s\n\n' "$T3" "$T2" >blank.csv
    scan blank.csv
    is "$(columns)" "id|2|0
secret|2|0"
    printf 'secret\n%s\n\n\n%s\n' "$T3" "$T2" >one.csv
    scan one.csv
    is "$(columns)" "secret|4|2"
}

# ---- PostgreSQL writes them ----

@test "every form in which PostgreSQL writes CSV and text reads as SQL says" {
    pg_start
    python3 - >load.sql <<'PY'
import random
rng = random.Random(5)
v = [l.strip() for f in ("v1", "v2", "v3") for l in open(f)]
legacy = [l.strip() for l in open("legacy")]
notes = ["", None, "a,b", "semi;colon", "tab\there", "pipe|", 'say "x"', "it's", "two\nlines", "cr\rlf\r\n", "\\N", "\\.", "NULL",
         " lead", "trail ", "back\\slash", "\\", '"', "'", "é ü 漢", "a" * 3000, '","', "\n"]
print("CREATE TABLE t (id int, secret text, note text, other text);")
print("CREATE TABLE one (secret text);")
def lit(s):
    return "NULL" if s is None else "E'" + s.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + "'"
for i in range(400):
    s = rng.choice(v) if rng.random() < .6 else rng.choice([None, "", rng.choice(legacy)])
    print(f"INSERT INTO t VALUES ({i}, {lit(s)}, {lit(rng.choice(notes))}, {lit(rng.choice(notes + v))});")
for s in [v[0], None, "", "\\.", v[30], None, "x"]:
    print(f"INSERT INTO one VALUES ({lit(s)});")
PY
    psql -q -v ON_ERROR_STOP=1 -f load.sql
    count() { # column: records, nulls, then per version
        psql -Atc "SELECT count(*), count(*) - count($1) FROM t" \
            -c "SELECT CASE WHEN $1 LIKE 'v%:Z0FBQUFB%' THEN split_part($1, ':', 1) ELSE '' END AS v, count(*) FROM t
                WHERE $1 LIKE 'v%:Z0FBQUFB%' OR $1 LIKE 'Z0FBQUFB%' GROUP BY 1 ORDER BY 1"
    }
    for c in id secret note other; do
        [ "$c" = id ] && psql -Atc "SELECT count(*), count(*) - count(id) FROM t" || count $c
    done >expected
    one=$(psql -Atc "SELECT count(*), count(*) - count(secret) FROM one")
    i=0
    while IFS='~' read -r options flags; do
        i=$((i + 1))
        psql -qc "\\copy t TO 't.csv' WITH ($options)"
        # shellcheck disable=SC2086 # words
        eval "scan t.csv $flags"
        case $options in
        *HEADER*) names="id secret note other" ;;
        *) names=$(query r.db "SELECT column_name FROM columns") ;;
        esac
        for c in $names; do
            query r.db "SELECT records, nulls FROM columns WHERE column_name='$c';
                SELECT version, record_count FROM key_usage WHERE column_name='$c' ORDER BY 1"
        done >seen
        diff expected seen || { echo "$options"; false; }
    done <<'FORMS'
FORMAT csv, HEADER~
FORMAT csv, HEADER, FORCE_QUOTE *~
FORMAT csv, HEADER, DELIMITER ';'~
FORMAT csv, HEADER, DELIMITER '|', NULL 'NULL'~--null NULL
FORMAT csv, HEADER, DELIMITER E'\t'~--delimiter tab
FORMAT csv, HEADER, QUOTE '''', ESCAPE E'\\'~--quote single --escape backslash
FORMAT csv, HEADER, ESCAPE E'\\'~--escape backslash
FORMAT csv, HEADER, QUOTE '^'~--quote ^
FORMAT csv~--header no
FORMAT csv, NULL '\N'~--null '\N' --header no
FORMAT text~--delimiter tab --quote none --escape backslash --null '\N' --header no
FORMAT text~
FORMS
    is "$i" 12
    psql -qc "\\copy one TO 'one.csv' WITH (FORMAT csv, HEADER)"
    pg_stop
    scan one.csv
    is "$(query r.db "SELECT records || '|' || nulls FROM columns")" "$one"
}

# ---- Python writes them ----

@test "S4: random files of Python's csv module, column by column, in every dialect and packing" {
    cat >random_csv.py <<'PY'
import base64, csv, gzip, io, json, os, random, re, sqlite3, subprocess, sys

rng = random.Random(int(os.environ.get("CSV_SEED", "3")))
tokens = {v: [l.strip().split(":")[1] for l in open(v)] for v in ("v1", "v2", "v3")}
legacy = [l.strip() for l in open("legacy")]
text = ["a", "x y", "O'Brien", '5" pipe', '"', '""', "'", "\n", "a\nb", "\r\n", ",", ";", "|", "\t", "a,b;c|d\te",
        "\\", "\\N", "NULL", "é漢", "0", " lead", "trail ", "note: v2 is old", "Z0FBQUFX", "v", ":", "user:pass"]

def cell():
    """A value of a column declared as encrypted and its class of safety.md S4, with the version that it uses."""
    kind = rng.random()
    v = rng.choice(list(tokens))
    token = rng.choice(tokens[v])
    if kind < .35:
        return f"{v}:{token}", "hinted", v
    if kind < .45:
        return rng.choice(legacy), "unversioned", ""
    if kind < .55:
        return f"{v}:{token[:rng.randint(8, 130)]}", "truncated", v
    if kind < .6:
        return f"{v}:{rng.choice(['hello', '', 'Z0FB', token[1:]])}", "malformed", v  # its name is in use
    if kind < .65:
        return f" {v}:{token}", "malformed", "(other)"     # a valid payload behind another prefix
    if kind < .75:
        return "", "empty", None
    return "".join(rng.choice(text) for _ in range(rng.randint(1, 3))), None, None

def classify(value):  # of random text only
    name = re.match(r"(v[0-9]+):", value)
    return ("malformed", name[1]) if name else ("plaintext", None)

def make(path, rows, d):
    out = io.StringIO(newline="")
    w = csv.writer(out, **d)
    w.writerows(rows)
    data = out.getvalue().encode()
    open(path, "wb").write(data)
    again = list(csv.reader(io.StringIO(data.decode(), newline=""), **{k: x for k, x in d.items() if k != "lineterminator"}))
    assert again == rows, "Python does not read back what it wrote"

failures = 0
for number in range(int(os.environ.get("CSV_FILES", "24"))):
    delimiter = rng.choice(",;\t|")
    quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    end = rng.choice(["\n", "\r\n"])
    d = dict(delimiter=delimiter, quoting=quoting, lineterminator=end, quotechar='"')
    width = rng.randint(2, 5)
    names = ["id"] + [f"secret {c}" for c in range(1, width)]
    rows, expected = [names], {n: {} for n in names[1:]}
    usage = {n: {} for n in names[1:]}
    for r in range(rng.choice([3, 40, 300])):
        row = [str(r)]
        for n in names[1:]:
            value, kind, version = cell()
            if end == "\n" and quoting == csv.QUOTE_MINIMAL:
                value = value.replace("\r", "")
            if kind is None:
                kind, version = classify(value)
            if value == "":  # QUOTE_MINIMAL leaves the empty field unquoted: PostgreSQL's NULL
                kind = "null" if quoting == csv.QUOTE_MINIMAL else "empty"
            row.append(value)
            expected[n][kind] = expected[n].get(kind, 0) + 1
            if version is not None:
                usage[n][version] = usage[n].get(version, 0) + 1
        rows.append(row)
    make("r.csv", rows, d)
    gzip.open("r.csv.gz", "wb").write(open("r.csv", "rb").read())
    declared = ["--table", "r"] + [x for n in names[1:] for x in ("--column", n)]
    digests = set()
    said = ["--delimiter", delimiter, "--header", "yes", "--null", ""]
    for file, how in (("r.csv", said), ("r.csv.gz", said + ["--threads", "3", "--block-size", str(rng.choice([1, 7, 100, 4096]))]),
                      ("r.csv", ["--threads", "1", "--null", ""])):
        r = subprocess.run(["keycensus", "scan", file, "--env-file", "env", "-q", "--overwrite", "-o", "r.db"] + declared + how,
                           capture_output=True, text=True)
        problem = r.stderr if r.returncode else ""
        if not problem:
            db = sqlite3.connect("r.db")
            digests.add(db.execute("SELECT value FROM summary WHERE item='content_digest'").fetchone()[0])
            for n in names[1:]:
                seen = dict(db.execute("SELECT class, record_count FROM value_classes WHERE column_name=? AND record_count>0", (n,)))
                used = dict(db.execute("SELECT version, record_count FROM key_usage WHERE column_name=?", (n,)))
                records, nulls = db.execute("SELECT records, nulls FROM columns WHERE column_name=?", (n,)).fetchone()
                if seen != expected[n]:
                    problem += f"{n}: classes {seen}, expected {expected[n]}\n"
                if used != usage[n]:
                    problem += f"{n}: usage {used}, expected {usage[n]}\n"
                if (records, nulls) != (len(rows) - 1, expected[n].get("null", 0)):
                    problem += f"{n}: {records} records, {nulls} nulls\n"
            db.close()
        if problem:
            failures += 1
            print(f"file {number}, {d}, {how}: {problem}")
            if failures == 1:
                print(repr(open("r.csv", "rb").read()[:600]))
    if len(digests) != 1:
        failures += 1
        print(f"file {number}, {d}: {len(digests)} digests")
sys.exit(1 if failures else 0)
PY
    python3 random_csv.py
}

@test "the content digest does not depend on threads, block size or packing, whatever the dialect" {
    {
        printf 'id;secret;note\r\n'
        for i in $(seq 40); do
            printf '%s;"%s";"line one\r\nline ""two""; and\n\nmore"\r\n' "$i" "$(sed -n "${i}p" v3)"
        done
    } >t.csv
    tr -d '\n' <t.csv | sed 's/\r/\n/g' | tr '\n' '\r' >cr.csv # the same with CR alone
    for file in t.csv cr.csv; do
        scan $file --threads 1
        content >first
        is "$(query r.db "SELECT value FROM summary WHERE item='rows'")" 40
        gzip -kf $file
        zstd -qkf $file
        for how in "1 1" "2 3" "3 17" "8 1000" "2 1048576"; do
            for packed in $file $file.gz $file.zst; do
                scan $packed --threads "${how% *}" --block-size "${how#* }"
                content >again
                diff first again
            done
        done
    done
}

@test "a field of 50 MB, quoted or not, is read in constant memory" {
    for quote in '"' ''; do
        {
            printf 'id,note,secret\n1,%s' "$quote"
            head -c 50000000 /dev/zero | tr '\0' 'x'
            printf '%s,%s\n2,y,%s\n' "$quote" "$T3" "$T2"
        } >large.csv
        python3 - >rss <<'PY'
import resource, subprocess
r = subprocess.run("keycensus scan large.csv --threads 2 --env-file env -q --overwrite -o r.db".split())
print(r.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
PY
        read -r code peak <rss
        is "$code" 0
        echo "$peak MiB"
        [ "$peak" -lt 45 ]
        is "$(columns)" "id|2|0
note|2|0
secret|2|0"
        is "$(usage)" "secret|v2|1
secret|v3|1"
    done
}

@test "S5: no cell of a CSV is in the report, and a header name is shown escaped" {
    printf 'id,"na\x1b[31mme",secret\n1,%s,%s\n2,%s plain,\n' "$CANARY" "$T3" "$CANARY" >t.csv
    scan t.csv --header yes
    keycensus show r.db >shown
    run grep -c "$CANARY" r.db shown
    is "$output" "r.db:0
shown:0"
    run grep -c "$(printf '\033')" shown
    is "$output" 0
    run grep -c "${T3:3:40}" r.db
    is "$output" 0
}

@test "inspect names the CSV's table and the number of its columns" {
    printf 'id,secret\n1,%s\n' "$T3" >users.csv
    gzip -c users.csv >accounts.csv.gz
    keycensus inspect users.csv accounts.csv.gz --json >i.json
    python3 - <<'PY'
import json
i = json.load(open("i.json"))
assert [(t["schema_name"], t["table_name"], t["columns"]) for t in i["tables"]] == [("", "users", 2), ("", "accounts", 2)], i
assert [x["kind"] for x in i["inputs"]] == ["csv", "gzip+csv"], i
PY
}
