#!/usr/bin/env bats
# The plan's text: what you see is what you sign. Deterministic, complete in itself, refused when edited;
# what show, diff and verify make of it (commit-protocol.md "Approval", safety.md "What a reviewer sees").

load lib
load plan_lib

setup() {
    scratch
    make_env .env.crypto v4 v1 v2 v3 v4
    {
        sql_head 60 shop
        { sealed v4 3 20; sealed v2 1 30; } | sql_table public.users otp
        sealed v4 1 20 | sql_table public.cards pan
        sql_tail
    } >dump.sql
    census --table public.users --column otp
}
teardown() { unscratch; }

@test "equal inputs give equal bytes, later and in another order" {
    sed '/CHECKSUM/d; /__v1=/d' .env.crypto >other.env
    chmod 600 other.env
    { sql_head 120 billing; sealed v4 1 20 | sql_table public.bills iban; sql_tail; } >b.sql
    keycensus scan b.sql --env-file .env.crypto -q -o billing.db
    keyretire plan --report report.db --report billing.db --env-file .env.crypto --env-file other.env \
        --protect v2,v3 --databases shop,billing --keep-versions 1 --state-dir "$STATE" -q -o one.txt
    sleep 1 # later, elsewhere, and in another language
    mkdir elsewhere
    cp report.db elsewhere/first.db
    cd elsewhere
    TZ=America/Sao_Paulo LC_ALL=pt_BR.UTF-8 LANG=pt_BR.UTF-8 keyretire plan \
        --databases billing,shop --keep-versions=1 --protect v3 --protect v2 --env-file ../other.env \
        --report ../billing.db --env-file ../.env.crypto --report first.db --state-dir "$STATE" -q -o two.txt
    cd ..
    cmp one.txt elsewhere/two.txt
    [ "$(removed one.txt)" = v1 ]
    # One input named twice is one input; another scan of the same data is the same evidence.
    keyretire plan --report report.db --report billing.db --env-file .env.crypto --env-file other.env \
        --env-file ./.env.crypto --protect v2,v3 --databases shop,billing --keep-versions 1 --state-dir "$STATE" -q -o three.txt
    cmp one.txt three.txt
    mv report.db again.db
    census --table public.users --column otp --threads 1 --block-size 7
    keyretire plan --report report.db --report billing.db --env-file .env.crypto --env-file other.env \
        --protect v2,v3 --databases shop,billing --keep-versions 1 --state-dir "$STATE" -q -o four.txt
    cmp one.txt four.txt
    # The order of acceptances does not matter.
    plan --accept 'plaintext:x' --accept 'orphan:y'
    cp plan.txt five.txt
    plan --accept 'orphan:y' --accept 'plaintext:x'
    cmp plan.txt five.txt
}

@test "another option, report or file gives another plan" {
    plan --keep-versions 1
    cp plan.txt one.txt
    for options in "--keep-versions 2" "--keep-versions 1 --protect v1" "--keep-versions 1 --only v1" \
        "--keep-versions 1 --max-report-age 6d" "--keep-versions 1 --databases shop"; do
        # shellcheck disable=SC2086 # options
        plan $options
        if cmp -s plan.txt one.txt; then false; fi
        [ "$(ask 'p["plan_id"]')" != "$(ask 'p["plan_id"]' one.txt)" ]
    done
    echo '# a comment' >>.env.crypto
    plan --keep-versions 1
    if cmp -s plan.txt one.txt; then false; fi
}

@test "show and diff need the plan file alone, on any machine" {
    plan --keep-versions 1
    keyretire show plan.txt | grep -v ' old' >there
    keyretire show plan.txt --json >there.json
    keyretire diff plan.txt >there.diff
    mkdir empty
    mv plan.txt empty/
    mv .env.crypto report.db dump.sql "$BATS_TEST_TMPDIR"
    cd empty
    HOME=/nonexistent keyretire show plan.txt | grep -v ' old' | cmp - ../there
    HOME=/nonexistent keyretire show plan.txt --json | cmp - ../there.json
    HOME=/nonexistent keyretire diff plan.txt | cmp - ../there.diff
    [ "$(ls -A)" = plan.txt ]
}

@test "show says in this order: verdict, evidence, coverage, versions, acceptances, impact, critical, not seen, undo" {
    { sql_head 60 shop; { sealed v4 3 20; sealed v2 1 30; echo plain; } | sql_table public.users otp; sql_tail; } >dump.sql
    census --table public.users --column otp
    plan --keep-versions 1 --accept 'plaintext@public.users.otp=1:a test account'
    keyretire show plan.txt >shown
    last=0
    for pattern in '^verdict: remove v1 v3$' '^Evidence' 'database shop; server 15.4' 'labels only' '^Coverage' \
        '^Versions' 'a test account' '^Impact' '0 of .* values name or need a removed version' '^Critical' '^Not seen' \
        '^Undo' 'keyretire rollback'; do
        line=$(grep -nE -- "$pattern" shown | tail -1 | cut -d: -f1)
        if [ "${line:-0}" -le "$last" ]; then
            echo "out of order or missing: $pattern"
            cat shown
            false
        fi
        last=$line
    done
    [ "$(head -1 shown)" = "LABELS ONLY: no value was proven" ]
    [ "$(head -2 plan.txt | tail -1)" = "LABELS ONLY: no value was proven" ]
    # The question before apply is about the same text.
    keyretire apply plan.txt --state-dir "$STATE" </dev/null >asked 2>/dev/null && false
    diff <(grep -v ' old' shown) <(head -"$(wc -l <shown)" asked | grep -v ' old')
    # What nobody looked at is part of the plan itself.
    for words in caches queues sessions files databases backups hosts; do
        sed -n '/^# not seen/,$p' plan.txt | grep -q "$words"
    done
    # Versions: rows, where, newest write, fingerprint, reason.
    grep -Eq '^ *v2 +keep +in-use +1 +[0-9-]{10}T[0-9:]{8}Z +[0-9a-f]{16}$' shown
    grep -q 'v2: 1 value.* public.users.otp' shown
    grep -Eq '^ *v1 +REMOVE +[a-z]+ +0 +- +[0-9a-f]{16}$' shown
    # Coverage and impact, counted by hand: 9 lines of v1 and v3 without the checksum that changes.
    grep -q '1 table.* defined, 1 with data, 0 without data, 0 absent, 0 skipped; 1 ciphertext column' shown
    grep -Eq '2 of 4 versions leave, 1 of 1 files? changes?, 6 lines go, 1 changes?' shown
    grep -q '0 of 4 values name or need' shown # three of v4, one of v2; plaintext needs no key
}

@test "show --json has the shape of cli.md, also for a blocked plan and one with nothing to remove" {
    shape() {
        keyretire show plan.txt --json | python3 -c '
import json, sys
p = json.load(sys.stdin)
assert list(p)[:2] == ["plan_id", "active"] and len(p["plan_id"]) >= 16, p
assert set(p) >= {"plan_id", "active", "versions", "keep", "remove", "blockers", "warnings", "targets"}
for v in p["versions"]:
    assert set(v) >= {"version", "record_count", "percentage", "is_active", "is_removable"}, v
    assert isinstance(v["record_count"], int) and isinstance(v["percentage"], float)
    assert v["is_active"] in (True, False) and v["is_removable"] in (True, False)
assert all(set(k) >= {"version", "reason", "record_count"} for k in p["keep"])
assert all(set(r) >= {"version", "fingerprint"} for r in p["remove"])
assert all(set(b) >= {"code", "message"} for b in p["blockers"])
assert all(set(t) >= {"path", "sha256_before", "sha256_after"} for t in p["targets"])
print(len(p["versions"]), len(p["keep"]), len(p["remove"]), len(p["blockers"]))'
    }
    plan --keep-versions 1
    [ "$(shape)" = "4 2 2 0" ]
    [ "$(ask '[v["record_count"] for v in p["versions"]]')" = "0 1 0 4" ]
    [ "$(ask '[v["percentage"] for v in p["versions"]]')" = "0.0 20.0 0.0 80.0" ]
    [ "$(ask 'p["targets"][0]["path"]')" = "$SCRATCH/.env.crypto" ]
    [ "$(ask 'p["targets"][0]["sha256_before"]')" = "$(sha256sum <.env.crypto | cut -c1-64)" ]
    after=$(ask 'p["targets"][0]["sha256_after"]')
    [ "$(sha256sum <plan.txt | cut -c1-16)" = "$(ask 'p["plan_id"][:16]')" ]
    keyretire apply plan.txt --yes --state-dir "$STATE" -q
    [ "$after" = "$(sha256sum <.env.crypto | cut -c1-64)" ]
    rm report.db
    make_env .env.crypto v4 v1 v2 v3 v4
    census
    plan --keep-versions 9
    [ "$(shape)" = "4 4 0 0" ]
    [ "$(ask 'p["targets"][0]["sha256_after"]')" = "$(sha256sum <.env.crypto | cut -c1-64)" ]
    { sealed v4 1 20; seal .env.crypto - 2; } | users_dump >dump.sql
    census
    refused 4 plan --keep-versions 1 --state-dir "$STATE.2"
    [ "$(shape)" = "4 4 0 1" ]
}

@test "the text of a plan cannot be edited" {
    plan --keep-versions 1
    keyretire show plan.txt >/dev/null
    edited() { # SED: an edit that changes something is refused by every command
        sed "$1" plan.txt >edited.txt
        if cmp -s plan.txt edited.txt; then
            echo "no edit: $1"
            return 1
        fi
        for command in show diff verify "apply --yes --state-dir $STATE" "apply --dry-run --state-dir $STATE"; do
            # shellcheck disable=SC2086 # a command with its options
            keyretire $command edited.txt >edited.out 2>edited.err && status=0 || status=$?
            if [ "$status" -ne 12 ]; then
                echo "exit $status from $command after: $1"
                return 1
            fi
        done
    }
    before=$(sha256sum <.env.crypto)
    edited 's/^verdict: .*/verdict: remove v1/'
    edited 's/keep-versions 1/keep-versions 01/'
    edited 's/remove v1 values 0/keep v1 recent values 0/'
    edited 's/  keep v2 in-use values 1/  remove v2 values 0/'
    edited '/^    values 1 in .*users.otp/d'
    edited '1s/1$/2/'
    edited '1d'
    edited '2d'
    edited '$d'
    edited '$s/$/ /'
    edited 's/^# not seen:/# seen:/'
    edited '/^#   caches/d'
    edited '5s/^/ /'
    edited 's/$/\r/'
    edited '$s/$/\nmore/'
    edited 's/    - line 3/    = line 3/'
    edited 's/removes v1 v3/removes v1/'
    head -c 200 plan.txt >edited.txt
    refused 12 keyretire show edited.txt
    : >edited.txt
    refused 12 keyretire show edited.txt
    head -c 4096 /dev/urandom >edited.txt
    refused 12 keyretire apply edited.txt --yes --state-dir "$STATE"
    refused 6 keyretire show missing.txt
    [ "$(sha256sum <.env.crypto)" = "$before" ]
}

@test "a plan that could not be read again is refused (4) and not written" {
    local names
    names=$(seq -s, -f 'database%g' 4097)
    refused 4 plan --keep-versions 1 --databases "$names" --accept partial-input:test
    grep -q '4096' plan.err
    [ ! -e plan.txt ]
    plan --keep-versions 1 --databases "${names%,*}" --accept partial-input:test
    keyretire show plan.txt >/dev/null
}

@test "a digest in the plan that was edited is another plan, and does not fit the file" {
    plan --keep-versions 1
    sed 's/^    after sha256:..../    after sha256:0000/' plan.txt >edited.txt
    before=$(sha256sum <.env.crypto)
    run keyretire apply edited.txt --yes --state-dir "$STATE"
    [ "$status" -eq 5 ] || [ "$status" -eq 12 ]
    [ "$(sha256sum <.env.crypto)" = "$before" ]
}

@test "diff is masked: names, line numbers and lengths" {
    plan --keep-versions 1
    keyretire diff plan.txt >diff.txt
    grep -q "^--- $SCRATCH/.env.crypto" diff.txt
    # Lines 3-5 and 9-11 are v1's and v3's; the checksum is the last of 15.
    [ "$(sed -n 's/^- line \([0-9]*\) .*/\1/p' diff.txt | tr '\n' ' ')" = "3 4 5 9 10 11 " ]
    [ "$(sed -n 's/^~ line \([0-9]*\) .*/\1/p' diff.txt)" = 15 ]
    grep -q '^- line 3 *ENCRYPTION_KEYS__v1=<masked, 38 chars>$' diff.txt
    grep -q '^- line 4 *ENCRYPTION_SALT__v1=<masked, 24 chars>$' diff.txt
    grep -q '^- line 5 *ENCRYPTION_SALT_HASH__v1=<masked, 64 chars>$' diff.txt
    if grep -q "$CANARY" diff.txt; then false; fi
}

@test "verify says what changed since" {
    plan --keep-versions 1
    keyretire verify plan.txt --state-dir "$STATE" >verified
    grep -q "unchanged *$SCRATCH/.env.crypto" verified
    cp .env.crypto kept.env
    echo '# edited' >>.env.crypto
    refused 5 keyretire verify plan.txt --state-dir "$STATE"
    grep -q "changed *$SCRATCH/.env.crypto" refused.out
    refused 5 keyretire apply plan.txt --yes --state-dir "$STATE"
    tail -1 .env.crypto | grep -q edited
    mv .env.crypto moved
    refused 5 keyretire verify plan.txt --state-dir "$STATE"
    grep -q "missing *$SCRATCH/.env.crypto" refused.out
    cp -p kept.env .env.crypto
    keyretire verify plan.txt --state-dir "$STATE"
    keyretire apply plan.txt --yes --state-dir "$STATE" -q
    refused 5 keyretire verify plan.txt --state-dir "$STATE"
    txid=$(keyretire backups list --json --state-dir "$STATE" | python3 -c 'import json,sys; print(json.load(sys.stdin)["txid"])')
    grep -q "$txid" refused.out refused.err
    # A plan that committed is spent, and says by whom.
    refused 5 keyretire apply plan.txt --yes --state-dir "$STATE"
    grep -q "$txid" refused.err
}

@test "--detailed-exitcode tells pending removals" {
    plan --keep-versions 1
    refused 10 keyretire show plan.txt --detailed-exitcode
    refused 10 keyretire apply plan.txt --dry-run --detailed-exitcode --state-dir "$STATE"
    plan --keep-versions 9
    keyretire show plan.txt --detailed-exitcode >/dev/null
    keyretire apply plan.txt --dry-run --detailed-exitcode --state-dir "$STATE"
}

@test "planning and reviewing change nothing on disk" {
    local list=$BATS_TEST_TMPDIR/list made=$BATS_TEST_TMPDIR/plan.txt
    find . -printf '%p %s %T@ %C@ %m\n' | sort >"$list"
    keyretire plan --report report.db --env-file .env.crypto --state-dir "$STATE" --keep-versions 1 >"$made"
    for command in show diff; do keyretire $command "$made" >/dev/null; done
    keyretire verify "$made" --state-dir "$STATE" >/dev/null
    find . -printf '%p %s %T@ %C@ %m\n' | sort | cmp - "$list"
    [ ! -e "$STATE" ]
}
