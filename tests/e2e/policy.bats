#!/usr/bin/env bats
# The machine's policy: minima that options cannot go below, and that no other folder escapes.
# build/.../crash/keyretire-elsewhere is keyretire with /etc/keyretire in $TEST_ETC/keyretire.

load lib
load change_lib

setup() {
    [ "$(id -u)" = 0 ] || skip "the policy belongs to root"
    scratch
    export TEST_ETC=$SCRATCH/etc
    mkdir -p etc/keyretire keys
    chmod 755 etc etc/keyretire
    for k in ana rui eva; do ssh-keygen -q -t ed25519 -N '' -C "$k" -f "keys/$k"; done
    {
        echo "ana@corp $(cat keys/ana.pub)"
        echo "rui@corp $(cat keys/rui.pub)"
        echo "root@corp $(cat keys/eva.pub)"
    } >etc/keyretire/signers
    world v1 v2 v3 v4
    cp -p .env.crypto old
}
teardown() { [ -z "${SCRATCH:-}" ] || end_world; }

keyretire() {
    "$BUILD/crash/keyretire-elsewhere" "$@"
}

# policy LINE...: these are its lines.
policy() {
    printf '%s\n' "$@" >etc/keyretire/policy
    chmod 644 etc/keyretire/policy
}

# The policy of most tests.
two() {
    policy "approvals 2" "allowed-signers /etc/keyretire/signers" "$@"
}

# plan_exits CODE [OPTION...]
plan_exits() {
    local code=$1
    shift
    rm -f plan.txt
    exits "$code" keyretire plan --report report.db --env-file .env.crypto --state-dir "$STATE" --kdf-iterations 1 \
        --keep-versions 1 -o plan.txt "$@"
}

@test "the policy and its digest stand in the plan; options may ask for more and not for less" {
    two "max-report-age 2d"
    plan_exits 0
    says plan.txt "  policy sha256:$(sha256sum etc/keyretire/policy | cut -d' ' -f1)" "max-report-age 172800 seconds" \
        "  approvals 2 by sha256:$(sha256sum etc/keyretire/signers | cut -d' ' -f1) at \"/etc/keyretire/signers\""
    plan_exits 0 --max-report-age 1d
    says plan.txt "max-report-age 86400 seconds"
    plan_exits 4 --max-report-age none
    says err R0952 "younger data"
    plan_exits 4 --max-report-age 3d
    cp etc/keyretire/signers mine
    plan_exits 4 --approvals 2 --allowed-signers mine
    says err R0952 "its own list"
    plan_exits 4 --approvals 1 --allowed-signers mine
    says err R0952 "2 approvals"
    [ ! -e plan.txt ]
}

@test "reports below the policy refuse: unproven, without SHA-256, partial; and acceptances that it does not allow" {
    policy "verified-reports yes"
    plan_exits 4
    says err R0952 "every value was proven"
    policy "sha256-inputs yes"
    plan_exits 4
    says err R0952 SHA-256
    census --sha256
    plan_exits 0
    says plan.txt "    inputs digested sha256"
    exits 0 retire apply plan.txt --dry-run
    # One input with SHA-256 and one without is not enough.
    mv report.db one.db
    census
    plan_exits 4 --report one.db
    # A table without its rows makes the input partial.
    { sql_head; sealed v4 2 1 | sql_table public.users otp; sql_define public.empty x; sql_tail; } >dump.sql
    census
    policy "clean-census yes"
    plan_exits 4 --accept partial-input:known
    says err R0952 "complete census"
    policy "accept unversioned"
    plan_exits 4 --accept partial-input:known
    says err R0952 partial-input
    policy "accept partial-input"
    plan_exits 0 --accept partial-input:known
    policy "sealed-backups yes"
    plan_exits 0 --accept partial-input:known
    exits 4 retire apply plan.txt --yes
    says err R0952 seal
    same_file .env.crypto old
}

@test "a census that left a table out is not clean: the table may be the one that needs the version" {
    { sql_head; sealed v4 2 1 | sql_table public.users otp; sealed v1 1 9 | sql_table public.old otp; sql_tail; } >dump.sql
    census --exclude-table public.old
    policy "clean-census yes"
    plan_exits 4
    says err R0952 "without --exclude-table"
    # Nor when another report has the table: what was left out of this one is not known.
    cp report.db short.db
    census
    plan_exits 0
    plan_exits 4 --report short.db
    says err R0952 "without --exclude-table"
    same_file .env.crypto old
}

@test "another state folder does not escape it, and a plan from elsewhere is refused" {
    "$BUILD/keyretire" plan --report report.db --env-file .env.crypto --state-dir "$STATE" --kdf-iterations 1 \
        --keep-versions 1 -o plan.txt >/dev/null # where there is no policy
    two
    exits 4 keyretire apply plan.txt --yes --state-dir "$SCRATCH/other"
    says err R0953 "not made under the policy"
    exits 4 retire apply plan.txt --yes
    plan_exits 0
    exits 4 keyretire apply plan.txt --yes --state-dir "$SCRATCH/other"
    says err R0940
    # Its own words are no proof: the same digest with fewer approvals.
    sed 's/approvals 2 by/approvals 1 by/' plan.txt >plan2.txt
    exits 0 keyretire approve plan2.txt --key keys/ana --as ana --yes
    exits 4 retire apply plan2.txt --yes
    says err R0952
    TEST_ETC=$SCRATCH/nowhere exits 4 retire apply plan.txt --yes
    says err R0953
    same_file .env.crypto old
    nothing_staged .
}

@test "a policy that wants two clean censuses: an option may ask for more, not for less" {
    policy "clean-census 2:7d"
    plan_exits 4
    says err R0632
    mv report.db new.db
    sealed v4 2 30 | users_dump $((9 * DAY)) >dump.sql
    census
    plan_exits 0 --report new.db
    says plan.txt "min-clean-census 2 interval 604800 seconds"
    exits 0 retire apply plan.txt --dry-run
    plan_exits 0 --report new.db --min-clean-census 2:8d
    for less in 1:7d 2 2:6d 3:1d; do
        plan_exits 4 --report new.db --min-clean-census $less
        says err R0952 "clean censuses"
    done
    policy "clean-census two"
    plan_exits 12 --report new.db
    says err R0951
}

@test "cleanup-keys below the policy refuses with the commands that do it; those work" {
    two
    exits 4 keyretire cleanup-keys --report report.db --model app.models:Users --column otp --keep-versions 1 --yes \
        --kdf-iterations 1 --state-dir "$STATE" --env-file .env.crypto
    says err R0954 "keyretire approve plan.txt --key" "keyretire apply plan.txt"
    same_file .env.crypto old
    exits 0 keyretire cleanup-keys --report report.db --model app.models:Users --column otp --keep-versions 1 --dry-run \
        --kdf-iterations 1 --state-dir "$STATE" --env-file .env.crypto
    same_file .env.crypto old
    policy "max-report-age 9d" # demands no approvals
    exits 0 keyretire cleanup-keys --report report.db --model app.models:Users --column otp --keep-versions 1 --yes \
        --kdf-iterations 1 --state-dir "$STATE" --env-file .env.crypto
    is "$(env_versions .env.crypto)" v4
}

@test "the commands that cleanup-keys names ask for no more than it was asked for" {
    two
    mkdir instance 'my files'
    mv .env.crypto 'instance/.env.crypto'
    cp report.db "my files/it's.db"
    exits 4 keyretire cleanup-keys --report "my files/it's.db" --model app.models:Users --column otp --yes \
        --keep-versions 1 --protect v2 --accept 'partial-input:not here' --kdf-iterations 1 --state-dir "$STATE"
    says err "keyretire apply plan.txt --yes --state-dir $STATE"
    command=$(sed -n 's/^ *hint: //p' err | sed 's/; keyretire approve.*//')
    eval "$command" >out 2>err
    cat out err >>talk
    is "$(keyretire show plan.txt --json | /usr/bin/python3 -c 'import json, sys; print([x["version"] for x in json.load(sys.stdin)["remove"]])')" \
        "['v1', 'v3']"
    says plan.txt "$PWD/instance/.env.crypto"
    # A command that does not fit is not shown in part.
    exits 4 keyretire cleanup-keys --report "my files/it's.db" --model app.models:Users --column otp --yes \
        --keep-versions 1 --protect v2 --accept "partial-input:$(printf 'x%.0s' {1..600})" --kdf-iterations 1 --state-dir "$STATE"
    says err "with the same options" "keyretire approve plan.txt --key KEY; keyretire apply plan.txt"
}

@test "a policy that changes voids the plan (5), also one that goes away (4)" {
    policy "max-report-age 9d"
    plan_exits 0
    policy "max-report-age 8d"
    exits 5 retire apply plan.txt --yes
    says err R0953 "changed since"
    rm etc/keyretire/policy
    exits 4 retire apply plan.txt --yes
    same_file .env.crypto old
    policy "max-report-age 9d"
    exits 0 retire apply plan.txt --yes
    exits 0 retire log --json
    is "$(field out 'x["policy"]')" "$(sha256sum etc/keyretire/policy | cut -d' ' -f1)"
    exits 0 retire log --verify
}

@test "a policy, list or folder that is not root's alone refuses everything (4); one not understood too (12)" {
    policy "max-report-age 9d"
    plan_exits 0
    chmod 666 etc/keyretire/policy
    exits 4 retire apply plan.txt --yes
    says err R0950
    chmod 664 etc/keyretire/policy
    exits 4 retire apply plan.txt --yes
    chmod 644 etc/keyretire/policy
    chown nobody etc/keyretire/policy
    exits 4 retire apply plan.txt --yes
    chown root etc/keyretire/policy
    chmod 777 etc/keyretire
    exits 4 retire apply plan.txt --yes
    rm etc/keyretire/policy # in a folder of anybody's its absence says nothing
    exits 4 retire apply plan.txt --yes
    chmod 755 etc/keyretire
    printf 'max-report-age 9d\n' >elsewhere
    ln -s "$PWD/elsewhere" etc/keyretire/policy
    exits 4 retire apply plan.txt --yes
    rm etc/keyretire/policy
    policy "max-report-age 9d" "min-reviewers 2"
    exits 12 retire apply plan.txt --yes
    says err R0951 "line 2"
    plan_exits 12
    two
    chmod 666 etc/keyretire/signers
    plan_exits 4
    says err R0950
    rm etc/keyretire/signers
    plan_exits 4
    same_file .env.crypto old
}

@test "who made the plan does not count among its approvers" {
    policy "approvals 1" "allowed-signers /etc/keyretire/signers" "exclude-planner yes"
    unset SUDO_USER
    plan_exits 0
    says plan.txt '  planner "root"'
    exits 0 keyretire approve plan.txt --key keys/eva --as root --yes # root@corp
    exits 4 retire apply plan.txt --yes
    says err "its signer made the plan" "0 of 1"
    same_file .env.crypto old
    exits 0 keyretire approve plan.txt --key keys/rui --as rui --yes
    exits 0 retire apply plan.txt --yes
    is "$(env_versions .env.crypto)" v4
}

@test "verify says whether the policy still allows the plan, and status which one a change was made under" {
    policy "max-report-age 2d"
    cp etc/keyretire/policy first
    plan_exits 0
    policy "max-report-age 1d"
    exits 5 retire verify plan.txt
    says out "unchanged" "policy     the policy changed since the plan was made"
    cp first etc/keyretire/policy
    exits 0 retire verify plan.txt
    says out "policy     is the one that the plan was made under"
    exits 0 retire apply plan.txt --yes
    exits 0 retire status --json
    is "$(field out 'x[0]["policy"]')" "$(sha256sum first | cut -c1-16)"
}
