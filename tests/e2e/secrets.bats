#!/usr/bin/env bats
# Key material stays where it belongs: not in outputs, journals and logs (end_world looks for every value), not
# in the memory of a process that ends, not in the swap or a core dump. keyretire-probe searches its own memory
# when it ends.

load lib
load change_lib

PROBE=$BUILD/crash/keyretire-probe

setup() {
    [[ $BUILD != */asan ]] || skip "the sanitizer keeps what was freed"
    scratch
    world v1 v2 v3 v4
    KEY=$(/usr/bin/python3 -c 'from dotenv import dotenv_values; print(dotenv_values(".env.crypto")["ENCRYPTION_KEYS__v1"])')
}
teardown() {
    [ -n "${SCRATCH:-}" ] || return 0
    [ -z "${WAITS:-}" ] || kill "$WAITS" 2>/dev/null || true
    end_world
}

# shifted TEXT: as TEST_CANARY takes it.
shifted() {
    /usr/bin/python3 -c 'import sys; print("".join(chr(ord(c) + 1) for c in sys.argv[1]))' "$1"
}

# forgets CODE COMMAND...: it ends with this code, and the key is nowhere in its memory then.
forgets() {
    local code=$1
    shift
    TEST_CANARY=$(shifted "$KEY") exits "$code" "$PROBE" "$@"
    says err "memory: searched"
    is "$(grep 'memory: [0-9]' err)" ""
}

@test "S15: no command leaves a key in the memory of its process, done or refused" {
    local txid
    [ "${#KEY}" -gt 20 ]
    # The search finds what is there.
    TEST_CANARY=$(shifted "$STATE") exits 0 "$PROBE" status --state-dir "$STATE"
    says err "memory: searched" "[stack]"
    planned --keep-versions 1
    forgets 0 plan --report report.db --env-file .env.crypto --kdf-iterations 1 --keep-versions 1 \
        --state-dir "$STATE" -o plan2.txt
    forgets 0 verify plan.txt --state-dir "$STATE"
    forgets 0 check --report report.db --env-file .env.crypto
    forgets 0 apply plan.txt --dry-run --state-dir "$STATE"
    forgets 7 apply plan.txt --state-dir "$STATE" </dev/null
    forgets 0 apply plan.txt --yes --state-dir "$STATE"
    txid=$(last_txid)
    forgets 0 backups list --state-dir "$STATE"
    forgets 0 backups verify "$txid" --state-dir "$STATE"
    forgets 0 rollback "$txid" --dry-run --state-dir "$STATE"
    forgets 0 rollback "$txid" --yes --state-dir "$STATE"
    sed -i 's/^\(ENCRYPTION_KEYS__v2=.\)./\1#/' .env.crypto # its checksum is wrong now
    forgets 12 plan --report report.db --env-file .env.crypto --state-dir "$STATE" -o plan3.txt
    forgets 5 apply plan2.txt --yes --state-dir "$STATE"
}

@test "S15: a file of many pages is forgotten as well" {
    sed -i /CHECKSUM/d .env.crypto
    for _ in $(seq 400); do echo "# $KEY and so on, which makes the file larger than a block of memory"; done >>.env.crypto
    [ "$(stat -c %s .env.crypto)" -gt 40000 ]
    planned --keep-versions 1
    forgets 0 apply plan.txt --yes --state-dir "$STATE"
    forgets 0 rollback "$(last_txid)" --yes --state-dir "$STATE"
}

@test "S15: a sealed backup is made, proven and opened, and no key stays behind" {
    age-keygen -o identity 2>/dev/null
    planned --keep-versions 1
    forgets 0 apply plan.txt --yes --state-dir "$STATE" --encrypt-to "$(age-keygen -y identity)"
    txid=$(last_txid)
    forgets 0 backups verify "$txid" --identity identity --state-dir "$STATE"
    forgets 0 rollback "$txid" --yes --identity identity --state-dir "$STATE"
    # Nor does the identity that opened it.
    KEY=$(grep '^AGE-SECRET-KEY' identity)
    planned --keep-versions 1 --protect v3
    forgets 0 apply plan.txt --yes --state-dir "$STATE" --encrypt-to "$(age-keygen -y identity)"
    forgets 0 rollback "$(last_txid)" --yes --identity identity --state-dir "$STATE"
}

@test "key material is in pages that are in no core dump and not swapped out" {
    local flags
    planned --keep-versions 1
    mkfifo answer
    keyretire apply plan.txt --state-dir "$STATE" <answer >out 2>err 3>&- &
    WAITS=$!
    exec 9>answer
    await grep -q 'yes/no' err # the files are loaded by then
    flags=$(sed -n 's/^VmFlags: //p' "/proc/$WAITS/smaps" | grep -w dd | sort -u)
    echo no >&9
    exec 9>&-
    wait "$WAITS" || true
    WAITS=
    [ -n "$flags" ]
    [ "$(ulimit -l)" = 0 ] || grep -qw lo <<<"$flags"
}
