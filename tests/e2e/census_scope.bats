# Declared tables, columns and models, what their cells are (S3, S4), what a report may hold of them
# (S5), and what is said of names that do not exist (K5).

load lib

setup() {
    scratch
    make_env env v3 v1 v2 v3
}

teardown() {
    unscratch
}

item() {
    query r.db "SELECT value FROM summary WHERE item = '$1'"
}

declared() { # every declared column as schema.table.column
    query r.db "SELECT schema_name || '.' || table_name || '.' || column_name FROM columns WHERE declared = 1 ORDER BY 1" | paste -sd,
}

classes() { # classes TABLE COLUMN
    query r.db "SELECT class || ' ' || record_count FROM value_classes WHERE table_name = '$1' AND column_name = '$2' ORDER BY 1" | paste -sd,
}

findings() { # findings TABLE COLUMN: code and count, without those about versions
    query r.db "SELECT code || ' ' || record_count FROM findings WHERE table_name = '$1' AND column_name = '$2'
                 AND code <> 'unknown-version' ORDER BY 1" | paste -sd,
}

# Tables as of an application; structurally valid tokens made from formats.md section 1 alone.
write_dump() {
    /usr/bin/python3 - <<'PY'
import base64, hashlib
def token(seed, n=2, when=1700000000):
    body = b"".join(hashlib.sha512(b"%d %d" % (seed, i)).digest() for i in range(4))
    raw = b"\x80" + when.to_bytes(8, "big") + body[:16] + body[16:16 + 16 * n] + body[-32:]
    return base64.urlsafe_b64encode(base64.urlsafe_b64encode(raw)).decode()
tok = [token(i) for i in range(12)]
assert all(len(t) == 160 for t in tok) and len(token(1, 6)) == 272
cells = ["v1:" + tok[0], "V2:" + tok[1], "v9:" + tok[2], "Prod-2024.x:" + tok[3],             # hinted
         tok[4],                                                                            # unversioned
         ("v3:" + token(5, 6))[:255], token(6, 6)[:255],                                     # truncated
         "bad name:" + tok[7], ":" + tok[8], "n" * 33 + ":" + tok[9],                        # malformed: other prefixes
         "v1:" + tok[10][:50] + "*" + tok[10][51:], "v1:plain after a version", "v77:plain", # malformed
         "vimeo:plainleak", "PLANTEDPLAINTEXT",                                              # plaintext
         None, ""]
def copy(name, columns, rows):
    out = ["CREATE TABLE %s (%s);" % (name, ", ".join(c + " text" for c in columns)), "",
           "COPY %s (%s) FROM stdin;" % (name, ", ".join(columns))]
    out += ["\t".join("\\N" if c is None else c for c in r) for r in rows]
    return "\n".join(out + ["\\.", "", ""])
text = "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.4\n\n"
text += copy("public.usuarios", ["id", "nome", "_otp_secret", "spare"],
             [[str(i), "PLANTEDNAME%d" % i, c, c] for i, c in enumerate(cells)])
text += copy("public.user_profile", ["id", "token"], [["1", "v2:" + tok[11]], ["2", None]])
text += copy("billing.user_profile", ["id", "token", "other"], [["1", "v3:" + tok[11], "v1:" + tok[0]]])
text += copy("public.api_client", ["id", "secret_key"], [["1", "v1:" + tok[0]]])
text += "--\n-- PostgreSQL database dump complete\n--\n\n"
open("dump.sql", "w").write(text)
open("tokens", "w").write("\n".join(tok) + "\n")
PY
}

# ---- S4 ----

@test "S4: a declared column: every cell has its class, and they add up" {
    write_dump
    keycensus scan -q dump.sql -o r.db --env-file env --table public.usuarios --column _otp_secret
    [ "$(classes usuarios _otp_secret)" = 'empty 1,hinted 4,malformed 6,null 1,plaintext 2,truncated 2,unversioned 1' ]
    [ "$(query r.db "SELECT records || ' ' || nulls || ' ' || envelope FROM columns WHERE column_name = '_otp_secret'")" = '17 1 versioned-fernet' ]
    [ "$(declared)" = public.usuarios._otp_secret ]
}

# attached STATEMENT...: the definitions, the statements, and rows in the table public.part.
attached() {
    printf '%s\n' '--' '-- PostgreSQL database dump' '--' '' "$@" 'COPY public.part (id, secret) FROM stdin;' \
        '1	not ciphertext' '2	v1:neither' '3	\N' '\.' '' '--' '-- PostgreSQL database dump complete' '--' ''
}

@test "S4: a column declared of a partitioned or inherited table is declared in the tables below it" {
    local root='CREATE TABLE public.root (id int, secret text) PARTITION BY RANGE (id);'
    local middle='CREATE TABLE public.middle (id int, secret text) PARTITION BY RANGE (id);'
    local part='CREATE TABLE public.part (id int, secret text);'
    local attach='ALTER TABLE ONLY public.middle ATTACH PARTITION public.part FOR VALUES FROM (0) TO (9);'
    attached "$root" "$middle" "$part" \
        'ALTER TABLE ONLY public.root ATTACH PARTITION public.middle FOR VALUES FROM (0) TO (99);' "$attach" > deep.sql
    attached 'CREATE TABLE public.root (id int, secret text);' \
        'CREATE TABLE public.part (more int) INHERITS (public.root);' > child.sql
    for input in deep.sql child.sql; do
        for table in root public.root; do
            keycensus scan -q "$input" -o r.db --overwrite --table $table --column secret
            [ "$(declared)" = public.part.secret ]
            [ "$(classes part secret)" = 'malformed 1,null 1,plaintext 1' ]
            [ "$(findings part secret)" = 'malformed 1,plaintext 1' ]
        done
    done
    # of a second dump nothing came early
    cp deep.sql again.sql
    keycensus scan -q deep.sql again.sql -o r.db --overwrite --table root --column secret
    [ "$(classes part secret)" = 'malformed 2,null 2,plaintext 2' ]
    # a table that is not below it is not meant
    attached "$root" "$part" > apart.sql
    keycensus scan -q apart.sql -o r.db --overwrite --table root --column secret
    [ "$(declared)" = '' ]
}

@test "S4: rows that came before their table was attached to a declared one were not looked at closely" {
    attached 'CREATE TABLE public.root (id int, secret text) PARTITION BY RANGE (id);' \
        'CREATE TABLE public.part (id int, secret text);' > late.sql
    printf 'ALTER TABLE public.root ATTACH PARTITION public.part DEFAULT;\n' >> late.sql
    keycensus scan -q late.sql -o r.db
    run keycensus scan -q late.sql -o r.db --overwrite --table root --column secret
    [ "$status" -eq 3 ]
    [[ "$output" == *'public.part'*'public.root'* ]]
    [ "$(item status)" = incomplete ]
}

@test "S4: the same cells in an undeclared column: only those with the token constant count" {
    write_dump
    keycensus scan -q dump.sql -o r.db --env-file env --table public.usuarios --column _otp_secret
    [ "$(classes usuarios spare)" = 'empty 1,hinted 4,malformed 4,null 1,plaintext 4,truncated 2,unversioned 1' ]
    # ordinary columns have no classes and no findings
    [ -z "$(classes usuarios nome)$(classes usuarios id)$(findings usuarios nome)" ]
    keycensus scan -q dump.sql -o r.db --overwrite --env-file env
    [ "$(classes usuarios _otp_secret)" = "$(classes usuarios spare)" ]
    [ "$(declared)" = '' ]
}

@test "S4: a version is in use by its name: in lower case, unknown ones too, of cut values too" {
    write_dump
    keycensus scan -q dump.sql -o r.db --env-file env --table public.usuarios --column _otp_secret
    uses() { query r.db "SELECT version || ' ' || record_count FROM key_usage WHERE table_name = 'usuarios' AND column_name = '$1'
                         AND version <> 'v1' ORDER BY 1" | paste -sd,; }
    # '' : one bare token and one bare one that is cut; (other): three prefixes that are no version
    want=' 2,(other) 3,prod-2024.x 1,v2 1,v3 1,v9 1'
    [ "$(uses spare)" = "$want" ]
    # in a declared column a text behind a name like a version counts for it as well
    [ "$(uses _otp_secret)" = "${want/v9 1/v77 1,v9 1}" ]
    [ "$(query r.db "SELECT record_count > 0 FROM key_usage WHERE table_name = 'usuarios' AND column_name = 'spare' AND version = 'v1'")" = 1 ]
    [ "$(query r.db "SELECT DISTINCT is_active FROM key_usage WHERE version = 'v3'")" = 1 ]
    [ "$(query r.db "SELECT DISTINCT is_active FROM key_usage WHERE version IN ('v9', '', '(other)', 'prod-2024.x')")" = 0 ]
    keycensus scan -q dump.sql -o r.db --overwrite
    [ "$(query r.db "SELECT count(*) FROM key_usage WHERE is_active IS NOT NULL")" = 0 ]
}

@test "S4: a keyring whose names the application cannot read is refused, not read in part" {
    write_dump
    make_env odd v3 v3 'bad name' 2> /dev/null || true # python-dotenv warns of it
    grep -q '__bad name=' odd
    run keycensus scan -q dump.sql -o r.db --env-file odd
    [ "$status" -eq 4 ]
    [ ! -e r.db ]
}

@test "S4: findings: what blocks in a declared column, what merely counts in an undeclared one" {
    write_dump
    keycensus scan -q dump.sql -o r.db --env-file env --table public.usuarios --column _otp_secret
    [ "$(findings usuarios _otp_secret)" = 'malformed 6,plaintext 2,plaintext-leak 1,truncated 2,unversioned 1' ]
    [ "$(query r.db "SELECT DISTINCT severity FROM findings WHERE column_name = '_otp_secret'")" = error ]
    # 4 hinted, 4 malformed, 2 truncated, 1 unversioned
    [ "$(query r.db "SELECT record_count FROM findings WHERE code LIKE 'undeclared%' AND table_name = 'usuarios' AND column_name = 'spare'")" = 11 ]
    [ "$(query r.db "SELECT count(*) FROM findings WHERE code LIKE 'undeclared%'")" = 5 ]
    [ "$(query r.db "SELECT count(*) FROM findings WHERE code LIKE 'plaintext%' AND column_name <> '_otp_secret'")" = 0 ]
    # nothing declared: nothing is undeclared
    # v9, Prod-2024.x and the three prefixes that are no version are in use and not in the env file
    [ "$(query r.db "SELECT record_count FROM findings WHERE code = 'unknown-version' AND column_name = 'spare'")" = 5 ]
    keycensus scan -q dump.sql -o r.db --overwrite --env-file env
    [ "$(query r.db "SELECT count(*) FROM findings WHERE code LIKE 'undeclared%' OR code LIKE 'plaintext%'")" = 0 ]
}

@test "S4: a value cut by VARCHAR(255) is truncated, a whole one of 255 bytes or less is not" {
    write_dump
    keycensus scan -q dump.sql -o r.db --env-file env
    [ "$(findings usuarios spare)" = 'malformed 4,truncated 2,unversioned 1' ]
    [ "$(findings user_profile token)" = '' ]
    [ "$(classes api_client secret_key)" = 'hinted 1' ]
}

# ---- S5 ----

@test "S5: neither the report, nor any output, nor the log holds a cell, a token or a key" {
    write_dump
    { keycensus scan dump.sql -o r.db -v --env-file env --table public.usuarios --column _otp_secret --log-file log
      keycensus show r.db; keycensus show --json r.db; keycensus inspect dump.sql; keycensus inspect --json dump.sql
      { cat dump.sql; echo "INSERT INTO public.usuarios VALUES ('PLANTEDNAME');"; } > more.sql
      keycensus scan more.sql -o r2.db --log-file log
      keycensus scan dump.sql -o r3.db --table public.usuarios --column none --log-file log; } > out 2>&1 || true
    [ -s out ]
    [ -s log ]
    { cat tokens; printf '%s\n' PLANTEDNAME PLANTEDPLAINTEXT plainleak vimeo 'plain after' Z0FBQUFB 'bad name' nnnnnnnn "$CANARY"; } > needles
    for file in r.db out log; do
        if grep -aoFf needles "$file"; then
            echo "in $file"
            false
        fi
    done
    grep -aq prod-2024.x r.db
    [ -z "$(find . -name 'r.db?*')" ]
}

@test "S5: at most 1024 unknown names a column, then (more); all are counted, the known ones apart" {
    write_dump
    tok=$(head -n 1 tokens)
    { printf 'CREATE TABLE many (a text, b text);\nCOPY many (a, b) FROM stdin;\n'
      for i in $(seq 1 1500); do printf 'name-%04d:%s\tv%d:%s\n' "$i" "$tok" $((i % 3 + 1)) "$tok"; done
      for i in $(seq 1 1500); do printf 'NAME-%04d:%s\tX-%d:%s\n' "$i" "$tok" $((i % 1024)) "$tok"; done
      printf 'v1:%s\t\\N\n\\.\n' "$tok"; } > many.sql
    keycensus scan -q many.sql -o r.db --env-file env --threads 1
    [ "$(query r.db "SELECT count(*) || ' ' || sum(record_count) FROM key_usage WHERE column_name = 'a' AND version LIKE 'name-%'")" = '1024 2048' ]
    [ "$(query r.db "SELECT record_count FROM key_usage WHERE column_name = 'a' AND version = '(more)'")" = 952 ]
    [ "$(query r.db "SELECT record_count FROM key_usage WHERE column_name = 'a' AND version = 'v1'")" = 1 ]
    # 1,024 unknown names exactly: none left over
    [ "$(query r.db "SELECT count(*) FROM key_usage WHERE column_name = 'b' AND version LIKE 'x-%'")" = 1024 ]
    [ "$(query r.db "SELECT count(*) FROM key_usage WHERE column_name = 'b' AND version = '(more)'")" = 0 ]
    [ "$(query r.db "SELECT group_concat(record_count) FROM key_usage WHERE column_name = 'b' AND version LIKE 'v%'")" = 500,500,500 ]
    digest=$(item content_digest)
    for options in '--threads 2 --block-size 4096' '--threads 8 --block-size 700' '--threads 3 --block-size 1'; do
        keycensus scan -q many.sql -o r.db --overwrite --env-file env $options
        [ "$(item content_digest)" = "$digest" ]
    done
}

@test "S5: control and bidirectional characters of names are never printed as they are" {
    name=$'e\e[31mvil\xe2\x80\xae'
    printf 'CREATE TABLE "%s" ("%s" text, x text);\nCOPY "%s" ("%s", x) FROM stdin;\n%s\tv1:plain\n\\.\nINSERT INTO "%s" VALUES (1, now());\n' \
        "$name" "$name" "$name" "$name" 'v1:Z0FBQUFBQmxVX0VBQUFFQ0F3UUZCZ2NJQ1FvTERBME9ENzItWVl0eVdYbm9Bd0ZpdHd3XzVRTVNJb1hoTUo2MWpDSE91cmJ3dGZGZHdRRWs5WkpSQzJvUGtiNWJFMTF4eVdnclVEMC1yQjA5R0F5a2dRTG80VVk9' "$name" > x.sql
    run keycensus scan x.sql -o r.db --color never
    [ "$status" -eq 3 ]
    [[ "$output" == *vil* ]]
    { printf '%s\n' "$output"; keycensus show --color never r.db; keycensus show --json r.db; keycensus inspect --color never x.sql
      keycensus scan x.sql -o r2.db --table "$name" --column nothing; keycensus scan x.sql -o r2.db --table eevil; } > out 2>&1 || true
    [ "$(grep -c vil out)" -ge 4 ]
    if LC_ALL=C grep -aq $'\e' out || LC_ALL=C grep -aq $'\xe2\x80\xae' out; then
        cat -v out
        false
    fi
    # the report itself keeps the name
    [ "$(query r.db "SELECT hex(table_name) FROM coverage")" = "$(printf %s "$name" | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F)" ]
}

# ---- K5: tables and columns ----

@test "K5.5: an unknown column names the table, the place and the nearest column, and exits 6" {
    write_dump
    run keycensus scan dump.sql -o r.db --table public.usuarios --column otp_secret
    [ "$status" -eq 6 ]
    [[ "${lines[0]}" == 'keycensus: error[K0412]: column "otp_secret" is not in table public.usuarios' ]]
    [[ "${lines[1]}" =~ ^'  in: dump.sql, '.*' at byte '([0-9]+)' of the decoded stream (line '([0-9]+)')'$ ]]
    # the place is that of a statement which names the table
    [[ "$(tail -c +$((BASH_REMATCH[1] + 1)) dump.sql | head -n 1)" == *public.usuarios* ]]
    [[ "$(sed -n "${BASH_REMATCH[2]}p" dump.sql)" == *public.usuarios* ]]
    [[ "${lines[2]}" == '  hint: did you mean "_otp_secret"? --column takes the database column, not the Python property' ]]
    [ ! -e r.db ]
}

@test "K5.5: an unknown table exits 6 with the nearest names" {
    write_dump
    run keycensus scan dump.sql -o r.db --table public.usario --column _otp_secret
    [ "$status" -eq 6 ]
    [[ "$output" == *K0411* ]]
    [[ "$output" == *usuarios* ]]
    [ ! -e r.db ]
    run keycensus scan dump.sql -o r.db --table auth.usuarios --column _otp_secret
    [ "$status" -eq 6 ]
    [[ "$output" == *public.usuarios* ]]
    run keycensus scan dump.sql -o r.db --table nothing_like_it
    [ "$status" -eq 6 ]
    run keycensus scan dump.sql -o r.db --table usuarios --column zzzzzz
    [ "$status" -eq 6 ]
    [ ! -e r.db ]
}

@test "K5.1: --column belongs to the nearest table or model before it; alone it is a usage error" {
    write_dump
    run keycensus scan dump.sql -o r.db --column token
    [ "$status" -eq 2 ]
    keycensus scan -q dump.sql -o r.db --table billing.user_profile --column token --column other \
        --model app.models:ApiClient --column secret_key --table usuarios
    [ "$(declared)" = billing.user_profile.other,billing.user_profile.token,public.api_client.secret_key ]
    [ "$(query r.db "SELECT count(*) FROM findings WHERE code LIKE 'undeclared%' AND table_name = 'user_profile'")" = 1 ]
    # a column of the one is not looked for in the other
    run keycensus scan dump.sql -o r.db --overwrite --table public.user_profile --column other --table billing.user_profile
    [ "$status" -eq 6 ]
}

@test "K5.1: a table without schema is meant in every schema" {
    write_dump
    keycensus scan -q dump.sql -o r.db --table user_profile --column token
    [ "$(declared)" = billing.user_profile.token,public.user_profile.token ]
}

@test "K5.1: a declared column changes no count, only what is said of it" {
    write_dump
    keycensus scan -q dump.sql -o r.db
    query r.db 'SELECT * FROM key_usage' > all
    query r.db 'SELECT schema_name, table_name, column_name, records, nulls FROM columns' > columns
    keycensus scan -q dump.sql -o r.db --overwrite --table user_profile --column token --table api_client
    query r.db 'SELECT * FROM key_usage' | diff all -
    query r.db 'SELECT schema_name, table_name, column_name, records, nulls FROM columns' | diff columns -
}

# ---- K5: models ----

@test "K5.1: Flask-SQLAlchemy's naming rule, with a colon or a dot" {
    write_dump
    for model in app.models:UserProfile app.models.UserProfile; do
        keycensus scan -q dump.sql -o r.db --overwrite --model $model --column token
        [ "$(declared)" = billing.user_profile.token,public.user_profile.token ]
    done
    for pair in ApiClient:secret_key APIClient:secret_key; do
        keycensus scan -q dump.sql -o r.db --overwrite --model "app:${pair%:*}" --column "${pair#*:}"
        [ "$(declared)" = public.api_client.secret_key ]
    done
    run keycensus scan dump.sql -o r.db --overwrite --model app.models:Userprofiles --column token
    [ "$status" -eq 6 ]
    [[ "$output" == *user_profile* ]]
    run keycensus scan dump.sql -o r.db --overwrite --model NoModule --column token
    [ "$status" -eq 2 ]
}

@test "K5.1: a map names table, schema and column; comments and blanks are passed over" {
    write_dump
    cat > map <<'MAP'
# models of the application
app.models:User = public.usuarios   # the table
app.models:User.otp_secret = _otp_secret

app.models:Profile = billing.user_profile
app.models:Bare=api_client
MAP
    keycensus scan -q dump.sql -o r.db --map map --model app.models:User --column otp_secret \
        --model app.models:Profile --column token --model app.models.Bare --column secret_key
    [ "$(declared)" = billing.user_profile.token,public.api_client.secret_key,public.usuarios._otp_secret ]
    echo 'app.models:User usuarios' > bad
    run keycensus scan dump.sql -o r2.db --map bad --model app.models:User --column otp_secret
    [ "$status" -eq 2 ]
    [[ "$output" == *"in: bad, line 1"* ]]
    run keycensus scan dump.sql -o r2.db --map none --model app.models:User --column otp_secret
    [ "$status" -eq 6 ]
}

@test "K5.1: --source reads tables, schemas and column names from Python and never runs it" {
    write_dump
    mkdir -p src/app/models
    : > src/app/__init__.py
    cat > src/app/models/__init__.py <<'PY'
open("ran", "w").write("executed")
raise SystemExit("never run")
PY
    cat > src/app/models/people.py <<'PY'
from app import db
class User(db.Model):
    """Not this: __tablename__ = "wrong" """
    __tablename__ = "usuarios"
    id = db.Column(db.Integer, primary_key=True)
    otp_secret = db.Column("_otp_secret", db.String(255))
class UserProfile(db.Model):
    __tablename__ = 'user_profile'
    __table_args__ = (db.Index("x", "y"), {"schema": "billing"})
    second: Mapped[str] = mapped_column("other", String(255), nullable=True)
    token = db.Column(db.Text)
class ApiClient(db.Model):
    secret_key = db.Column(db.Text)
PY
    keycensus scan -q dump.sql -o r.db --source src --model app.models.people:User --column otp_secret \
        --model app.models.people:UserProfile --column second --column token --model app.models.people.ApiClient --column secret_key
    [ "$(declared)" = billing.user_profile.other,billing.user_profile.token,public.api_client.secret_key,public.usuarios._otp_secret ]
    [ ! -e ran ]
    [ ! -e src/ran ]
    [ -z "$(find src -name '*.pyc')" ]
    run keycensus scan dump.sql -o r2.db --source src --model app.models.people:Usr --column otp_secret
    [ "$status" -eq 6 ]
    [[ "$output" == *User* ]]
    run keycensus scan dump.sql -o r2.db --source src --model app.models.people:User --column otp_secrt
    [ "$status" -eq 6 ]
    [[ "$output" == *otp_secret* ]]
    run keycensus scan dump.sql -o r2.db --source nowhere --model app.models.people:User --column otp_secret
    [ "$status" -eq 6 ]
    [ ! -e r2.db ]
}

@test "K5.1: a map wins over the source" {
    write_dump
    mkdir src
    printf 'class User(db.Model):\n    __tablename__ = "nowhere"\n    token = db.Column(db.Text)\n' > src/app.py
    printf 'app:User = billing.user_profile\n' > map
    keycensus scan -q dump.sql -o r.db --source src --map map --model app:User --column token
    [ "$(declared)" = billing.user_profile.token ]
}

# ---- S3 ----

@test "S3: --exclude-table is the only way to leave a table out, and it stands as skipped" {
    write_dump
    keycensus scan -q dump.sql -o r.db --table api_client --column secret_key
    [ "$(query r.db "SELECT sum(records) FROM coverage")" = 21 ]
    keycensus scan -q dump.sql -o r.db --overwrite --exclude-table public.user_profile --exclude-table usuarios
    [ "$(query r.db "SELECT schema_name || '.' || table_name || ' ' || state || ' ' || records FROM coverage ORDER BY 1" | paste -sd,)" = \
        'billing.user_profile data 1,public.api_client data 1,public.user_profile skipped 0,public.usuarios skipped 0' ]
    [ "$(query r.db "SELECT count(*) FROM key_usage WHERE table_name = 'usuarios'")" = 0 ]
    [ "$(item status) $(item rows)" = 'complete 2' ]
    keycensus show r.db > out
    grep -q skipped out
}

@test "S3: excluding a table that is not there, or one that is declared, is not passed over" {
    write_dump
    # nothing is left out by mistake, so a name that fits no table is a warning
    run keycensus scan dump.sql -o r.db --exclude-table public.usario
    [ "$status" -eq 0 ]
    [[ "$output" == *warning*public.usario* ]]
    [ "$(query r.db "SELECT sum(records) FROM coverage")" = 21 ]
    run keycensus scan dump.sql -o r.db --overwrite --exclude-table usuarios --exclude-table billing.usuarios
    [ "$status" -eq 0 ]
    [[ "$output" == *warning*billing.usuarios* ]]
    for excluded in public.usuarios usuarios; do
        run keycensus scan dump.sql -o r2.db --exclude-table $excluded --table public.usuarios --column _otp_secret
        [ "$status" -eq 2 ]
        [ ! -e r2.db ]
    done
    # of two tables of one name only one is left out: the other is meant
    keycensus scan -q dump.sql -o r.db --overwrite --exclude-table public.user_profile --table user_profile --column other
    [ "$(declared)" = billing.user_profile.other ]
}

@test "S3: names with dots, quotes and blanks can be declared and excluded, in double quotes" {
    printf 'CREATE TABLE "o.s"."a.b""c d" ("x.y" text);\nCOPY "o.s"."a.b""c d" ("x.y") FROM stdin;\nz\n\\.\n' > odd.sql
    keycensus scan -q odd.sql -o r.db --table '"o.s"."a.b""c d"' --column x.y
    [ "$(query r.db "SELECT schema_name, table_name, column_name FROM columns WHERE declared = 1")" = 'o.s|a.b"c d|x.y' ]
    keycensus scan -q odd.sql -o r.db --overwrite --exclude-table '"o.s"."a.b""c d"'
    [ "$(query r.db "SELECT state FROM coverage")" = skipped ]
    run keycensus scan odd.sql -o r2.db --table '"o.s"."a.b"' --column x.y
    [ "$status" -eq 6 ]
}

@test "S3: a table that only its definition names satisfies a declaration, and stands as no-data" {
    write_dump
    sed -i 's/^CREATE TABLE public.api_client/CREATE TABLE public.later (hidden text);\n&/' dump.sql
    keycensus scan -q dump.sql -o r.db --table public.later --column hidden
    [ "$(query r.db "SELECT state FROM coverage WHERE table_name = 'later'")" = no-data ]
    [ "$(item partial)" = 1 ]
}
