# keycensus: models and attributes become tables and columns (K5), by map, source and naming rule.

load lib

APP=$BATS_TEST_DIRNAME/../data/models

setup() {
    scratch
    write_dump > dump.sql
}

teardown() {
    unscratch
}

# Two tables as pg_dump writes them, one with a value of formats.md section 1.
write_dump() {
    cat <<'SQL'
--
-- PostgreSQL database dump
--

-- Dumped from database version 15.4
-- Dumped by pg_dump version 15.4

SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);

CREATE TABLE auth.usuarios (
    id integer NOT NULL,
    _otp_secret character varying(255)
);

CREATE TABLE public.user_profile (
    id integer NOT NULL,
    token text
);

SQL
    printf 'COPY auth.usuarios (id, _otp_secret) FROM stdin;\n'
    printf '1\tv1:Z0FBQUFBQmxVX0VBQUFFQ0F3UUZCZ2NJQ1FvTERBME9ENzItWVl0eVdYbm9Bd0ZpdHd3XzVRTVNJb1hoTUo2MWpDSE91cmJ3dGZGZHdRRWs5WkpSQzJvUGtiNWJFMTF4eVdnclVEMC1yQjA5R0F5a2dRTG80VVk9\n2\t\\N\n\\.\n\n'
    printf 'COPY public.user_profile (id, token) FROM stdin;\n1\t\\N\n\\.\n\n'
    printf -- '--\n-- PostgreSQL database dump complete\n--\n'
}

# The only declared pair of a report, as schema.table.column.
declared_pair() {
    sqlite3 "$1" "SELECT schema_name || '.' || table_name || '.' || column_name FROM columns WHERE declared"
}

@test "K5.1 a model and its property are found in the source" {
    run keycensus scan dump.sql -o r.db --source "$APP" --model app.models.user:User --column otp_secret
    [ "$status" -eq 0 ]
    [ "$(declared_pair r.db)" = auth.usuarios._otp_secret ]
}

@test "K5.1 a model is accepted with dots, and by the package that exports it" {
    run keycensus scan dump.sql -o r.db --source "$APP" --model app.models.User --column _otp_secret
    [ "$status" -eq 0 ]
    [ "$(declared_pair r.db)" = auth.usuarios._otp_secret ]
}

@test "K5.2 the versions that the column uses are counted" {
    keycensus scan dump.sql -o r.db --source "$APP" --model app.models.user:User --column otp_secret
    [ "$(sqlite3 r.db "SELECT version || ' ' || record_count FROM key_usage WHERE column_name = '_otp_secret'")" = "v1 1" ]
}

@test "K5.1 without source the naming rule gives the table" {
    run keycensus scan dump.sql -o r.db --model app.models.user:UserProfile --column token
    [ "$status" -eq 0 ]
    [ "$(declared_pair r.db)" = public.user_profile.token ]
}

@test "K5.1 a map names what neither source nor rule can" {
    echo 'app.other:Account = auth.usuarios   # an old name' > names.map
    echo 'app.other:Account.otp = _otp_secret' >> names.map
    run keycensus scan dump.sql -o r.db --map names.map --model app.other:Account --column otp
    [ "$status" -eq 0 ]
    [ "$(declared_pair r.db)" = auth.usuarios._otp_secret ]
}

@test "K5.5 an unknown model is an error with the nearest names" {
    run keycensus scan dump.sql -o r.db --source "$APP" --model app.models.user:Usr --column otp_secret
    [ "$status" -eq 6 ]
    [[ "$output" == *K0402*'did you mean "app.models.user:User"'* ]]
    [ ! -e r.db ]
}

@test "K5.5 a model whose table is not in the dump is an error" {
    run keycensus scan dump.sql -o r.db --model app.models.user:UserProfil --column token
    [ "$status" -eq 6 ]
    [[ "$output" == *K0411*user_profil*'did you mean "public.user_profile"'* ]]
}

@test "K5.5 an unknown column is an error that tells property from column" {
    run keycensus scan dump.sql -o r.db --table auth.usuarios --column otp_secret
    [ "$status" -eq 6 ]
    [[ "$output" == *K0412*'did you mean "_otp_secret"? --column takes the database column, not the Python property'* ]]
}

@test "a text that names no model is a usage error" {
    run keycensus scan dump.sql -o r.db --model User --column otp_secret
    [ "$status" -eq 2 ]
    [[ "$output" == *K0401* ]]
}

@test "a table named by an expression is not guessed" {
    run keycensus scan dump.sql -o r.db --source "$APP" --model app.models.user:Dynamic --column secret
    [ "$status" -eq 6 ]
    [[ "$output" == *K0405*user.py*'--map'* ]]
}

@test "an attribute that is seen and not understood is not guessed, though a column has its name" {
    mkdir app
    printf '%s\n' 'class User(db.Model):' '    __tablename__ = "usuarios"' \
        '    _otp_secret = encrypted("otp_cipher")' > app/models.py
    run keycensus scan dump.sql -o r.db --source app --model models:User --column _otp_secret
    [ "$status" -eq 6 ]
    [[ "$output" == *K0414*'models.py, line 3'*'--table'*'--map'* ]]
    [ ! -e r.db ]
    keycensus scan -q dump.sql -o r.db --source app --model models:User --table auth.usuarios --column _otp_secret
}

@test "a class that is mapped imperatively gets no table by the naming rule" {
    mkdir app
    printf '%s\n' 'class Usuarios:' '    pass' 'registry.map_imperatively(Usuarios, table)' > app/models.py
    run keycensus scan dump.sql -o r.db --source app --model models:Usuarios
    [ "$status" -eq 6 ]
    [[ "$output" == *K0415*'models.py, line 1'*'--map'* ]]
    run keycensus models app
    [ "$status" -eq 0 ]
    [[ "$output" == *'models.py line 3: map_imperatively(...)'* ]]
}

@test "a malformed map names its line" {
    printf '# first\nnonsense\n' > names.map
    run keycensus scan dump.sql -o r.db --map names.map --model a:B --column c
    [ "$status" -eq 2 ]
    [[ "$output" == *'names.map, line 2'* ]]
}

@test "models lists every model as JSON, and no literal of the source" {
    keycensus models "$APP" --json > models.json 2> talk
    run python3 - <<'PY'
import json
rows = json.load(open("models.json"))
pan = [r for r in rows if r["attribute"] == "pan"]
print(len(rows), sum(r["encrypted"] for r in rows), pan[0]["table_name"], pan[0]["column_name"])
PY
    [ "$output" = "37 12 payment card_pan" ]
    run grep -c literal-key models.json talk
    [ "$status" -eq 1 ]
}

@test "models of a folder that is not there is not found" {
    run keycensus models "$SCRATCH/none"
    [ "$status" -eq 6 ]
    [[ "$output" == *K0403* ]]
}
