# plan_lib: small dumps with sealed values, and questions to a plan. `load lib` first.
#
# The tests of planning write their dumps themselves, as pg_dump does, so that time, tables and values are
# what a rule is about.

DAY=86400

# sealed VERSION COUNT [DAYS_AGO] [ENV_FILE]: values as the application stores them, written that long ago.
sealed() {
    seal "${4:-.env.crypto}" "$1" "$2" $(($(date +%s) - ${3:-1} * DAY))
}

# sql_head [SECONDS_AGO] [DATABASE]: how pg_dump begins; with a database as pg_dumpall and -C do.
sql_head() {
    printf -- '--\n-- PostgreSQL database dump\n--\n\n'
    printf -- '-- Dumped from database version 15.4\n-- Dumped by pg_dump version 15.4\n\n'
    printf -- '-- Started on %s UTC\n\n' "$(date -u -d "@$(($(date +%s) - ${1:-60}))" '+%Y-%m-%d %H:%M:%S')"
    printf "SET standard_conforming_strings = on;\n"
    printf "SELECT pg_catalog.set_config('search_path', '', false);\n\n"
    [ -z "${2:-}" ] || printf 'CREATE DATABASE %s;\n\n\\connect %s\n\n' "$2" "$2"
}

# sql_define SCHEMA.TABLE COLUMN: the table without its rows.
sql_define() {
    printf 'CREATE TABLE %s (\n    id integer NOT NULL,\n    %s text\n);\n\n' "$1" "$2"
}

# sql_table SCHEMA.TABLE COLUMN: the table with the values that stand on standard input, a line each.
sql_table() {
    sql_define "$1" "$2"
    printf 'COPY %s (id, %s) FROM stdin;\n' "$1" "$2"
    awk '{ print NR "\t" $0 }'
    printf '\\.\n\n'
}

sql_tail() {
    printf -- '--\n-- PostgreSQL database dump complete\n--\n'
}

# sql_jobs STATUS TARGET ERRORS DRY_RUN: the application's table of re-encryption jobs with one job.
sql_jobs() {
    cat <<SQL
CREATE TABLE public.reencrypt_jobs (
    id integer NOT NULL,
    model_path character varying(255),
    column_name character varying(255),
    pk_name character varying(64),
    last_pk character varying(255),
    target_version character varying(32),
    status character varying(32),
    total_records integer,
    processed integer,
    skipped integer,
    errors integer,
    last_error text,
    dry_run boolean,
    created_at timestamp without time zone,
    updated_at timestamp without time zone
);

COPY public.reencrypt_jobs (id, model_path, column_name, pk_name, last_pk, target_version, status, total_records, processed, skipped, errors, last_error, dry_run, created_at, updated_at) FROM stdin;
SQL
    printf '1\tapp.models:User\totp\tid\t\\N\t%s\t%s\t10\t4\t0\t%s\t\\N\t%s\t2026-01-01 00:00:00\t2026-01-01 00:00:00\n\\.\n\n' \
        "$2" "$1" "$3" "$4"
}

# users_dump [SECONDS_AGO]: one table public.users (id, otp) with the values on standard input.
users_dump() {
    sql_head "$@"
    sql_table public.users otp
    sql_tail
}

# census [SCAN OPTION...]: dump.sql to report.db.
census() {
    rm -f report.db
    keycensus scan dump.sql --env-file .env.crypto -q -o report.db "$@"
}

# plan [OPTION...]: of report.db for .env.crypto to plan.txt; what it says is in plan.out and plan.err.
# Fingerprints with one iteration instead of 100,000: only their own test needs them to be costly.
plan() {
    rm -f plan.txt
    keyretire plan --report report.db --env-file .env.crypto --state-dir "$STATE" --kdf-iterations 1 \
        -o plan.txt "$@" >plan.out 2>plan.err
}

# A question to the plan as show --json gives it: a Python expression over `p`; lists print on one line.
ask() { # ask EXPRESSION [PLAN]
    keyretire show "${2:-plan.txt}" --json | /usr/bin/python3 -c '
import json, sys
p = json.load(sys.stdin)
answer = eval(sys.argv[1])
print(" ".join(map(str, answer)) if isinstance(answer, (list, set, tuple)) else answer)' "$1"
}

kept() { # versions with their reasons: "v5:in-use v6:active"
    ask '[k["version"] + ":" + k["reason"] for k in p["keep"]]' "$@"
}

removed() {
    ask '[r["version"] for r in p["remove"]]' "$@"
}

blockers() { # codes, each once
    ask 'sorted({b["code"] for b in p["blockers"]})' "$@"
}

# refused EXIT COMMAND...: the command exits so, says an error with an id on standard error and a hint.
refused() {
    local code=$1
    shift
    "$@" >refused.out 2>refused.err && status=0 || status=$?
    if [ "$status" -ne "$code" ]; then
        echo "expected exit $code, got $status from: $*"
        cat refused.out refused.err
        return 1
    fi
}
