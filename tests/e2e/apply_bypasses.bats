#!/usr/bin/env bats
# Ways round the rules: output that names a configuration file, what an earlier
# plan had seen of one file among several, dumps that do not name their database.

load lib
load change_lib

setup() {
    scratch
    world v1 v2 v3 v4
    cp -p .env.crypto old
}
teardown() { end_world; }

# ---- output ----

@test "-o and --log-file that name a configuration file are refused (2), --overwrite or not" {
    local name
    mkdir elsewhere
    ln -s ../.env.crypto elsewhere/link
    planned --keep-versions 1
    for name in .env.crypto "$PWD/.env.crypto" elsewhere/link; do
        exits 2 keyretire plan --report report.db --env-file .env.crypto --state-dir "$STATE" \
            --kdf-iterations 1 -o "$name" --overwrite
        same_file .env.crypto old
        [ -L elsewhere/link ]
        exits 2 retire apply plan.txt --yes --json -o "$name" --overwrite
        exits 2 retire apply plan.txt --dry-run --json -o "$name" --overwrite
        exits 2 keyretire cleanup-keys --report report.db --model app.models:User --column otp --yes \
            --keep-versions 1 --kdf-iterations 1 --state-dir "$STATE" -o "$name" --overwrite
        same_file .env.crypto old
        [ -L elsewhere/link ]
    done
    exits 2 retire apply plan.txt --yes --log-file .env.crypto
    same_file .env.crypto old
    exits 2 keyretire plan --report report.db --env-file .env.crypto --state-dir "$STATE" \
        --kdf-iterations 1 -o more.txt --log-file .env.crypto
    same_file .env.crypto old
    # Nor may a plan take the place of its evidence.
    exits 2 keyretire plan --report report.db --env-file .env.crypto --state-dir "$STATE" \
        --kdf-iterations 1 -o report.db --overwrite
    keycensus show report.db >/dev/null
}

@test "no command writes over what it reads: reports, plans, lists, dumps and the files that they speak of" {
    local name
    planned --keep-versions 1
    echo public.users >tables
    printf 'v1\nv2\nv3\nv4\n' >order
    cp -p plan.txt plan.kept
    cp -p dump.sql dump.kept
    for name in tables order; do
        exits 2 keyretire plan --report report.db --env-file .env.crypto --state-dir "$STATE" --kdf-iterations 1 \
            --tables tables --order order -o $name --overwrite
        says err R0934 "$name"
    done
    is "$(cat tables order)" "$(printf 'public.users\nv1\nv2\nv3\nv4')"
    for name in .env.crypto plan.txt; do
        exits 2 retire show plan.txt -o $name --overwrite
        exits 2 retire diff plan.txt -o $name --overwrite
        exits 2 retire verify plan.txt --log-file $name
        exits 2 retire apply plan.txt --yes --log-file $name
    done
    for name in .env.crypto dump.sql; do
        exits 2 keycensus scan dump.sql --env-file .env.crypto -o $name --overwrite
        says err K0934 "$name"
        exits 2 keycensus scan dump.sql --env-file .env.crypto -o new.db --log-file $name
        exits 2 keycensus inspect dump.sql --log-file dump.sql
    done
    [ ! -e new.db ]
    # What a transaction was about is a configuration file, for whoever only looks as well.
    exits 0 retire apply plan.txt --yes
    cp -p .env.crypto new
    for name in "backups list" "status" "log"; do
        exits 2 retire $name -o .env.crypto --overwrite
        exits 2 retire $name --log-file .env.crypto
    done
    same_file .env.crypto new
    same_file plan.txt plan.kept
    same_file dump.sql dump.kept
}

@test "a mistake on the command line is not written down in a configuration file" {
    exits 2 keyretire plan --report report.db --env-file .env.crypto --log-file .env.crypto --no-such-option
    exits 2 keyretire plan --log-file .env.crypto --env-file .env.crypto --report
    exits 2 keycensus scan --log-file .env.crypto dump.sql --env-file .env.crypto --no-such-option
    same_file .env.crypto old
}

# ---- what an earlier plan had seen ----

# of_files FILE...: a plan of report.db for these files.
of_files() {
    local file options=()
    for file in "$@"; do options+=(--env-file "$file"); done
    rm -f plan.txt
    keyretire plan --report report.db --state-dir "$STATE" --kdf-iterations 1 -o plan.txt \
        "${options[@]}" "${more[@]}" >plan.out 2>plan.err
}

# dump_of DATABASE...: report.db of one dump with a table in each.
dump_of() {
    local name
    for name in "$@"; do
        sql_head 60 "$name"
        sealed v4 2 1 | sql_table "public.of_$name" otp
        sql_tail
    done >dump.sql
    rm -f report.db
    keycensus scan dump.sql --env-file .env.crypto -q -o report.db
}

@test "S7: the databases are remembered for each file, whichever files are planned together" {
    mkdir a b c
    cp .env.crypto a/env
    cp .env.crypto b/env
    without .env.crypto v1 >c/env
    chmod 600 c/env
    dump_of shop billing
    more=(--databases 'shop,billing' --only v1 --keep-versions 1)
    of_files a/env b/env c/env
    exits 0 retire apply plan.txt --yes
    # One of them alone, also the one that had nothing to lose.
    dump_of shop
    more=(--keep-versions 1)
    for file in a b c; do
        cp $file/env .env.crypto
        dump_of shop
        refused 4 of_files $file/env
        [ "$(blockers)" = partial-input ]
        grep -q 'billing' plan.out
        [ "$(removed)" = "" ]
    done
}

@test "S2: of several files each brings what its last plan had seen" {
    mkdir a b
    cp .env.crypto a/env
    cp .env.crypto b/env
    more=(--only v1 --keep-versions 1)
    dump_of shop
    of_files a/env
    exits 0 retire apply plan.txt --yes
    dump_of billing
    of_files b/env
    exits 0 retire apply plan.txt --yes
    cp a/env .env.crypto
    dump_of billing
    more=(--keep-versions 1)
    refused 4 of_files a/env b/env
    grep -q 'public.of_shop' plan.out
    # What both had seen is asked for once.
    dump_of shop billing
    of_files a/env b/env
    [ "$(removed)" = "v2 v3" ]
}

@test "S2: a dump without a database's name stands for one database, not for all" {
    twins() {
        local name
        for name in "$@"; do
            sql_head 60 "$name"
            sealed v4 2 1 | sql_table public.users otp
            sql_tail
        done >dump.sql
        census
    }
    twins shop billing
    planned --only v1 --keep-versions 1
    exits 0 retire apply plan.txt --yes
    twins ''
    refused 4 plan --keep-versions 1
    [ "$(blockers)" = partial-input ]
    [ "$(removed)" = "" ]
    # With one of the two by name, the other may be the one without.
    twins '' shop
    planned --keep-versions 1
    [ "$(removed)" = "v2 v3" ]
}

@test "S2: rows of one unnamed dump do not make up for what another leaves out" {
    mv report.db full.db
    { sql_head 30; sql_define public.users otp; sql_tail; } >dump.sql
    census
    refused 4 plan --report full.db --keep-versions 1
    [ "$(blockers)" = partial-input ]
    [ "$(removed)" = "" ]
    # Whoever says that the two are one database, by an inventory or an acceptance, is believed.
    echo public.users >tables.txt
    planned --report full.db --keep-versions 1 --tables tables.txt
    [ "$(removed)" = "v1 v2 v3" ]
    planned --report full.db --keep-versions 1 --accept 'partial-input@public.users:one database'
    # So are the dumps themselves when they name it.
    { sql_head 60 shop; sealed v4 2 1 | sql_table public.users otp; sql_tail; } >dump.sql
    census
    mv report.db full.db
    { sql_head 30 shop; sql_define public.users otp; sql_tail; } >dump.sql
    census
    planned --report full.db --keep-versions 1
    { sql_head 30 billing; sql_define public.users otp; sql_tail; } >dump.sql
    census
    refused 4 plan --report full.db --keep-versions 1
}

@test "S2: a kept plan that is not what was applied is an error (12), and one that is gone a gap (4)" {
    local kept
    planned --only v1 --keep-versions 1
    exits 0 retire apply plan.txt --yes
    census
    kept=$(echo "$STATE"/plans/*.plan)
    cp "$kept" whole
    sed -i 's/public\.users$/public.user/' "$kept"
    [ "$(cmp whole "$kept" 2>&1)" != "" ]
    exits 12 keyretire plan --report report.db --env-file .env.crypto --state-dir "$STATE" \
        --kdf-iterations 1 --keep-versions 1 -o second.txt
    rm "$kept"
    mkdir "$kept"
    exits 12 keyretire plan --report report.db --env-file .env.crypto --state-dir "$STATE" \
        --kdf-iterations 1 --keep-versions 1 -o second.txt
    rmdir "$kept"
    # What is gone cannot be compared, and that is a gap that somebody must answer for.
    refused 4 plan --keep-versions 1
    [ "$(blockers)" = partial-input ]
    grep -q 'gone from the state folder' plan.txt
    planned --keep-versions 1 --accept 'partial-input:nothing has left since'
    [ "$(removed)" = "v2 v3" ]
    cp whole "$kept"
    planned --keep-versions 1
    [ "$(removed)" = "v2 v3" ]
}

@test "S2, S7, S9: a plan made with another state folder does not escape what was seen before" {
    local kept
    elsewhere() { plan --state-dir "$SCRATCH/other" --keep-versions 1; }
    both() {
        sql_head 60 shop
        sealed v4 2 1 | sql_table public.users otp
        sealed v4 2 1 | sql_table public.old otp
        sql_tail
    }
    both >dump.sql
    census
    planned --only v1 --keep-versions 1 --databases shop
    exits 0 retire apply plan.txt --yes
    kept=$(sha256sum <.env.crypto)
    # Nothing is missing: the plan of another folder is as good.
    both >dump.sql
    census
    elsewhere
    exits 0 retire apply plan.txt --dry-run
    # The table that was there is not in this dump.
    { sql_head 60 shop; sealed v4 2 1 | sql_table public.users otp; sql_tail; } >dump.sql
    census
    elsewhere
    [ "$(removed)" = "v2 v3" ]
    exits 4 retire apply plan.txt --dry-run
    says err R0663 public.old
    exits 4 retire apply plan.txt --yes
    says err R0663 public.old
    [ "$(sha256sum <.env.crypto)" = "$kept" ]
    # It has its table, and no ciphertext any more.
    { sql_head 60 shop; sealed v4 2 1 | sql_table public.users otp; echo x | sql_table public.old otp; sql_tail; } >dump.sql
    census
    elsewhere
    exits 4 retire apply plan.txt --yes
    says err R0663 public.old.otp
    # Another database.
    { sql_head 60 billing; sealed v4 2 1 | sql_table public.users otp; sealed v4 2 1 | sql_table public.old otp; sql_tail; } >dump.sql
    census
    elsewhere
    exits 4 retire apply plan.txt --yes
    says err R0663 shop
    [ "$(sha256sum <.env.crypto)" = "$kept" ]
    # What is accepted where it is known is accepted.
    planned --keep-versions 1 --databases billing --accept 'partial-input@public.users:moved' --accept 'partial-input@public.old:moved'
    exits 0 retire apply plan.txt --yes
    [ "$(env_versions .env.crypto)" = v4 ]
}

@test "S9: a plan made with another state folder does not escape the writes that were seen before" {
    written() { # DAYS_AGO of v2
        { sealed v4 2 5 && sealed v2 1 "$1"; } | users_dump >dump.sql
        census
    }
    written 1
    planned --only v1 --keep-versions 1
    exits 0 retire apply plan.txt --yes
    cp -p .env.crypto kept
    sealed v4 2 5 | users_dump >dump.sql # the row is gone, its writer may not be
    census
    plan --state-dir "$SCRATCH/other" --keep-versions 1
    [ "$(removed)" = "v2 v3" ]
    exits 4 retire apply plan.txt --yes
    says err R0663 stale-writer v2
    same_file .env.crypto kept
    planned --keep-versions 1 --accept 'stale-writer@v2:stopped'
    exits 0 retire apply plan.txt --yes
}

# ---- limits and codes ----

@test "a plan over as many files as plan takes is read again" {
    local i options=()
    for i in $(seq 300); do
        mkdir "f$i"
        cp -p old "f$i/env"
        options+=(--env-file "f$i/env")
    done
    keyretire plan --report report.db "${options[@]}" --state-dir "$STATE" --kdf-iterations 1 \
        --keep-versions 1 -o plan.txt -q >/dev/null
    keyretire show plan.txt >/dev/null
}

@test "status exits 10 for an open transaction only with --detailed-exitcode" {
    planned --keep-versions 1
    exits 137 strace -f -o trace -e trace=renameat2 -e inject=renameat2:signal=KILL:when=2 \
        keyretire apply plan.txt --yes --state-dir "$STATE"
    exits 0 retire status
    says err 'recover'
    exits 10 retire status --detailed-exitcode
    exits 0 retire recover
    exits 0 retire status --detailed-exitcode
}
