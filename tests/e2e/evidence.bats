#!/usr/bin/env bats
# Evidence over time (S7, S9): digests that bind a report to its dump, stored backups, earlier
# reports, clean censuses. What one report alone decides is in plan_evidence.bats.

load lib
load plan_lib
load change_lib

setup() {
    scratch
    make_env .env.crypto v4 v1 v2 v3 v4
}
teardown() {
    pg_stop
    unscratch
}

# ---- scan --sha256 ----

# digests: path and digest of the inputs of report.db.
digests() {
    query report.db "select path || ' ' || digest from inputs order by 1"
}

# sums FILE...: the same by sha256sum.
sums() {
    local f
    for f in "$@"; do
        printf '%s sha256:%s\n' "$f" "$(sha256sum "$f" | cut -d' ' -f1)"
    done
}

@test "scan --sha256 digests every input as sha256sum does: plain, packed, piped, several" {
    sealed v4 50 20 | users_dump >dump.sql
    census --sha256
    is "$(digests)" "$(sums dump.sql)"
    gzip -k dump.sql
    zstd -q dump.sql
    rm report.db
    keycensus scan dump.sql.gz dump.sql.zst --sha256 --threads 2 -q -o report.db
    is "$(digests)" "$(sums dump.sql.gz dump.sql.zst)"
    rm report.db
    keycensus scan - --sha256 --dump-time "$(utc 60)" -q -o report.db <dump.sql
    is "$(digests)" "standard input $(sums dump.sql | cut -d' ' -f2)"
    # A container and its members.
    tar cf all.tar dump.sql dump.sql.gz
    rm report.db
    keycensus scan all.tar --sha256 -q -o report.db
    is "$(digests)" "$(sums all.tar; sums dump.sql dump.sql.gz | sed 's/^/all.tar:/')"
    # What was found does not depend on it.
    digest=$(query report.db "select value from summary where item='content_digest'")
    rm report.db
    keycensus scan all.tar -q -o report.db
    is "$(query report.db "select value from summary where item='content_digest'")" "$digest"
    [ "$(digests | grep -c xxh3-128:)" -eq 3 ]
}

@test "scan --sha256 digests the archives of pg_dump, and the files of a folder" {
    pg_start
    psql -q -v ON_ERROR_STOP=1 -c 'create table users (id int, otp text)' \
        -c "insert into users select g, repeat('x', 100) || g from generate_series(1, 20000) g"
    for form in c t; do
        pg_dump -F$form -f pg.$form
        rm -f report.db
        keycensus scan pg.$form --sha256 --threads 2 -q -o report.db
        is "$(digests | grep "^pg.$form ")" "$(sums pg.$form)"
    done
    pg_dump -Fd -f pg.d
    rm -f report.db
    keycensus scan pg.d --sha256 --threads 2 -q -o report.db
    is "$(digests | grep '^pg.d/')" "$(sums pg.d/*)"
}
