#!/usr/bin/env bats
# What stays and what leaves: the keep rule of requirements.md, row by row, from a dump to the plan.

load lib
load plan_lib

setup() { scratch; }
teardown() { unscratch; }

# row ACTIVE "VERSIONS IN USE" N KEPT REMOVED: a row of the table, versions v1..v6. The active version was
# written with first, or it would be a stale writer's doing.
row() {
    make_env .env.crypto "$1" v1 v2 v3 v4 v5 v6
    local v
    for v in $2; do
        case $v in
        "$1") sealed "$v" 3 5 ;;
        v6) sealed "$v" 2 1 ;;
        *) sealed "$v" 2 400 ;;
        esac
    done | users_dump >dump.sql
    census
    plan --keep-versions "$3"
    [ "$(kept)" = "$4" ]
    [ "$(removed)" = "$5" ]
}

@test "keep table: active v6, in use v5 v6, N 3" {
    row v6 "v5 v6" 3 "v3:recent v4:recent v5:in-use v6:active" "v1 v2"
}

@test "keep table, K2.4: active v6, in use v6, N 1" {
    row v6 "v6" 1 "v6:active" "v1 v2 v3 v4 v5"
}

@test "keep table, K1.5: active v6, in use v1 v6, N 1" {
    row v6 "v1 v6" 1 "v1:in-use v6:active" "v2 v3 v4 v5"
}

@test "keep table: active v5, in use v5 v6, N 2" {
    row v5 "v5 v6" 2 "v4:recent v5:active v6:in-use" "v1 v2 v3"
}

@test "keep table: active v5, in use v5, v6 staged, N 2" {
    row v5 "v5" 2 "v5:active v6:staged" "v1 v2 v3 v4"
}

@test "keep table, K2.2: N 7 keeps everything, whatever is active or in use" {
    row v6 "v5 v6" 7 "v1:recent v2:recent v3:recent v4:recent v5:in-use v6:active" ""
    row v5 "v5 v1" 7 "v1:in-use v2:recent v3:recent v4:recent v5:active v6:staged" ""
    plan --keep-versions 1000000
    [ "$(removed)" = "" ]
    [ "$(grep -c '^  keep v' plan.txt)" -eq 6 ]
}

@test "K1.2: as many as there are, and one fewer, are the border" {
    row v6 "v6" 6 "v1:recent v2:recent v3:recent v4:recent v5:recent v6:active" ""
    row v6 "v6" 5 "v2:recent v3:recent v4:recent v5:recent v6:active" "v1"
}

@test "K2.1: without the option three are kept, as with 3" {
    make_env .env.crypto v6 v1 v2 v3 v4 v5 v6
    sealed v6 3 | users_dump >dump.sql
    census
    plan
    [ "$(kept)" = "v4:recent v5:recent v6:active" ]
    [ "$(removed)" = "v1 v2 v3" ]
    cp plan.txt without.txt
    plan --keep-versions 3
    cmp plan.txt without.txt
}

@test "K2.3: keep-versions 0, -1 and abc are usage errors and write no plan" {
    make_env .env.crypto v3 v1 v2 v3
    sealed v3 3 | users_dump >dump.sql
    census
    for n in 0 -1 abc 1.5 3x '' ' 3' +3 0x2; do
        refused 2 plan --keep-versions "$n"
        grep -q '^keyretire: error\[R[0-9]*\]: ' plan.err
        grep -q -- 'keep-versions' plan.err
        [ ! -e plan.txt ]
        refused 2 plan "--keep-versions=$n"
        refused 2 keyretire cleanup-keys --report report.db --model m:Users --column otp \
            --env-file .env.crypto --state-dir "$STATE" --keep-versions "$n" --yes
    done
    [ "$(env_versions .env.crypto | tr '\n' ' ')" = "v1 v2 v3 " ]
    [ ! -e "$STATE" ]
}

@test "versions are ordered by number: v10 comes after v9" {
    make_env .env.crypto v10 v1 v10 v2 v8 v9
    sealed v10 2 | users_dump >dump.sql
    census
    plan --keep-versions 2
    [ "$(kept)" = "v9:recent v10:active" ]
    [ "$(removed)" = "v1 v2 v8" ]
}

@test "v10 is staged while v9 is active" {
    make_env .env.crypto v9 v1 v2 v8 v9 v10
    sealed v9 2 | users_dump >dump.sql
    census
    plan --keep-versions 2
    [ "$(kept)" = "v9:active v10:staged" ]
    [ "$(removed)" = "v1 v2 v8" ]
}

@test "numbers longer than any integer are still ordered or never removed" {
    local nines=9999999999999999999999999999999 # the longest name has 32 characters
    make_env .env.crypto v$nines v1 v${nines%9}8 v$nines
    sealed v$nines 2 | users_dump >dump.sql
    census
    plan --keep-versions 2
    [ "$(removed)" = "v1" ]
}

@test "names of unknown order are never removed by themselves" {
    make_env .env.crypto v4 v1 v2 v2-prod v02 k3 3 prod v v4 v3
    sealed v4 2 | users_dump >dump.sql
    census
    plan --keep-versions 1
    [ "$(removed)" = "v1 v2 v3" ]
    [ "$(ask 'sorted(k["version"] for k in p["keep"] if k["reason"] == "unordered")')" = "3 k3 prod v v02 v2-prod" ]
    # They do not count as the recent ones.
    plan --keep-versions 2
    [ "$(removed)" = "v1 v2" ]
    # In use or protected is the better reason.
    { sealed v4 2; sealed v2-prod 1 300; } | users_dump >dump.sql
    census
    plan --keep-versions 1 --protect k3
    [ "$(ask 'sorted(k["version"] + ":" + k["reason"] for k in p["keep"] if k["version"] in ("v2-prod", "k3"))')" = \
        "k3:protected v2-prod:in-use" ]
}

@test "versions compare lower-cased: names, values and options in upper case" {
    make_env .env.crypto V4 V1 v2 V3 v4
    { sealed v4 2; sealed v3 1 300 | sed 's/^v3:/V3:/'; } | users_dump >dump.sql
    census
    plan --keep-versions 1
    [ "$(kept)" = "v3:in-use v4:active" ]
    [ "$(removed)" = "v1 v2" ]
    plan --keep-versions 1 --protect V2
    [ "$(removed)" = "v1" ]
    plan --keep-versions 1 --only V1
    [ "$(removed)" = "v1" ]
    keyretire apply plan.txt --yes --state-dir "$STATE" -q
    [ "$(env_versions .env.crypto | tr '\n' ' ')" = "v2 v3 v4 " ]
    if grep -q '__V1=' .env.crypto; then false; fi # the name: a random key may hold the letters
    app_starts .env.crypto
}

@test "an active version of unknown order needs --order" {
    make_env .env.crypto prod old older prod
    sealed prod 2 | users_dump >dump.sql
    census
    refused 4 plan --keep-versions 1
    grep -q -- '--order' plan.err
    printf 'older\nold\nprod\n' >order
    plan --keep-versions 2 --order order
    [ "$(kept)" = "old:recent prod:active" ]
    [ "$(removed)" = "older" ]
    # An order that leaves the active version out is none; a version that it leaves out stays.
    printf 'older\nold\n' >order
    refused 4 plan --keep-versions 1 --order order
    printf 'older\nprod\n' >order
    plan --keep-versions 1 --order order
    [ "$(kept | tr ' ' '\n' | sort | paste -sd' ')" = "old:unordered prod:active" ]
    [ "$(removed)" = "older" ]
}

@test "--order decides what is older and what is staged" {
    make_env .env.crypto v2 v1 v2 v3
    sealed v2 2 | users_dump >dump.sql
    census
    plan --keep-versions 1
    [ "$(removed)" = "v1" ]
    [ "$(ask '[k["reason"] for k in p["keep"] if k["version"] == "v3"]')" = staged ]
    printf 'v3\nv1\nv2\n' >order
    plan --keep-versions 2 --order order
    [ "$(removed)" = "v3" ]
    printf 'v3\nv2\nv1\n' >order
    plan --keep-versions 1 --order order
    [ "$(removed)" = "v3" ]
    [ "$(ask '[k["reason"] for k in p["keep"] if k["version"] == "v1"]')" = staged ]
    refused 6 plan --order missing
}

@test "--only removes nothing else, and refuses an active, in-use or protected version" {
    make_env .env.crypto v6 v1 v2 v3 v4 v5 v6
    { sealed v6 2; sealed v5 2 300; } | users_dump >dump.sql
    census
    before=$(sha256sum <.env.crypto)
    plan --keep-versions 1 --only v2
    [ "$(removed)" = "v2" ]
    plan --keep-versions 1 --only v1,v3
    [ "$(removed)" = "v1 v3" ]
    plan --keep-versions 1 --only v1 --only v3
    [ "$(removed)" = "v1 v3" ]
    refused 4 plan --keep-versions 1 --only v6 # K1.4
    grep -q 'v6' plan.err
    refused 4 plan --keep-versions 1 --only v1,V6
    refused 4 plan --keep-versions 1 --only v5 # K1.5
    grep -q 'v5' plan.err
    refused 4 plan --keep-versions 1 --protect v1 --only v1
    refused 6 plan --keep-versions 1 --only v7
    grep -q 'hint: .*v[1-6]' plan.err
    refused 6 plan --keep-versions 1 --only v1,v77
    # A name that looks like another's beginning is another.
    refused 6 plan --keep-versions 1 --only v
    [ "$(sha256sum <.env.crypto)" = "$before" ]
}

@test "K1.4: the active version changed since the plan: nothing is removed" {
    make_env .env.crypto v3 v1 v2 v3
    sealed v3 2 | users_dump >dump.sql
    census
    plan --keep-versions 1
    [ "$(removed)" = "v1 v2" ]
    sed -i 's/^ACTIVE_ENCRYPTION_VERSION=.*/ACTIVE_ENCRYPTION_VERSION="v2"/; /CHECKSUM/d' .env.crypto
    before=$(sha256sum <.env.crypto)
    refused 5 keyretire apply plan.txt --yes --state-dir "$STATE"
    [ "$(sha256sum <.env.crypto)" = "$before" ]
    # Nor can a new plan be made from the report, which was made with another active version.
    refused 5 plan --keep-versions 1
    [ "$(sha256sum <.env.crypto)" = "$before" ]
}

@test "--protect keeps a version, by list or repeated; an unknown one is not found" {
    make_env .env.crypto v6 v1 v2 v3 v4 v5 v6
    sealed v6 2 | users_dump >dump.sql
    census
    plan --keep-versions 1 --protect v1,v3
    [ "$(kept)" = "v1:protected v3:protected v6:active" ]
    [ "$(removed)" = "v2 v4 v5" ]
    cp plan.txt list.txt
    plan --keep-versions 1 --protect v3 --protect v1
    cmp plan.txt list.txt
    # A protected version does not count as one of the recent ones.
    plan --keep-versions 2 --protect v1
    [ "$(kept)" = "v1:protected v5:recent v6:active" ]
    refused 6 plan --protect v9
}

@test "Scope: a version in use only in an undeclared column is kept" {
    make_env .env.crypto v4 v1 v2 v3 v4
    {
        sql_head
        sealed v4 3 | sql_table public.users otp
        sealed v1 1 300 | sql_table audit.log note
        sql_tail
    } >dump.sql
    census --table public.users --column otp
    [ "$(query report.db "select declared from columns where column_name='note'")" = 0 ]
    plan --keep-versions 1
    [ "$(kept)" = "v1:in-use v4:active" ]
    [ "$(removed)" = "v2 v3" ]
    grep -q 'audit.log.note' plan.txt
}

@test "K1.5: embedded values keep their version" {
    make_env .env.crypto v5 v1 v2 v3 v4 v5
    {
        sql_head
        sealed v5 3 | sql_table public.users otp
        sealed v1 1 300 | sed 's/.*/{"secret": "&", "n": 1}/' | sql_table public.events payload
        sealed v2 1 300 | sed 's/.*/old=&;note/' | sql_table public.notes body
        sealed v3 2 300 | paste -sd, | sed 's/.*/[&]/' | sql_table public.lists items
        sql_tail
    } >dump.sql
    census
    plan --keep-versions 1
    [ "$(kept)" = "v1:in-use v2:in-use v3:in-use v5:active" ]
    [ "$(removed)" = "v4" ]
}

@test "K1.1: a CSV export says which versions exist and are used" {
    make_env .env.crypto v4 v1 v2 v3 v4
    { echo 'id,otp'; { sealed v4 3; sealed v2 1 300; } | awk '{ print NR "," $0 }'; } >dump.sql
    census
    # A CSV cannot say which tables it leaves out (S2).
    refused 4 plan --keep-versions 1
    [ "$(blockers)" = "partial-input" ]
    [ "$(removed)" = "" ]
    plan --keep-versions 1 --accept 'partial-input:one table only'
    [ "$(kept)" = "v2:in-use v4:active" ]
    [ "$(removed)" = "v1 v3" ]
    [ "$(ask '[(v["version"], v["record_count"], v["percentage"], v["is_active"], v["is_removable"]) for v in p["versions"]]')" = \
        "('v1', 0, 0.0, False, True) ('v2', 1, 25.0, False, False) ('v3', 0, 0.0, False, True) ('v4', 3, 75.0, True, False)" ]
}

@test "a plan over two files keeps and removes by what both have" {
    make_env .env.crypto v4 v1 v2 v3 v4
    grep -v -e '__v1=' -e CHECKSUM .env.crypto >other.env # it never had v1
    chmod 600 other.env
    sealed v4 2 | users_dump >dump.sql
    census
    keyretire plan --report report.db --env-file .env.crypto --env-file other.env --state-dir "$STATE" \
        --keep-versions 2 -q -o plan.txt
    [ "$(kept)" = "v3:recent v4:active" ]
    [ "$(removed)" = "v1 v2" ]
    keyretire apply plan.txt --yes --state-dir "$STATE" -q
    [ "$(env_versions .env.crypto | tr '\n' ' ')" = "v3 v4 " ]
    [ "$(env_versions other.env | tr '\n' ' ')" = "v3 v4 " ]
    app_starts .env.crypto
}
