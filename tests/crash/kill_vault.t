#!/bin/bash
# lean_vault init, migrate and rotate-master, killed at every system call: the vault is the old one or
# the new one, opens with the master key that lies beside it, and the next command needs no help.
# Each run derives a dozen keys, and under a sanitizer makes five times the calls; 1, all of them, in `make crash`.
[[ ${BUILD:-} != */asan ]] || : "${KILL_STEP:=1499}"
: "${KILL_STEP:=83}"
. "$(dirname "$0")/kill.bash"
V=$SCRATCH/vault
always=(--vault-dir "$V")
# What calls_of and killed_at of kill.bash run.
keyretire() { lean_vault "$@"; }
calls_of() {
    command strace -qq -o trace lean_vault "$@" "${always[@]}" <management >/dev/null 2>&1
    sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' trace | grep -v '^exit' | awk '{print $1, ++seen[$1]}' | sed 1d
}
killed_at() { # NAME K COMMAND...
    local name=$1 k=$2
    shift 2
    (
        exec 2>/dev/null
        ASAN_OPTIONS=detect_leaks=0 command strace -qq -o /dev/null -e trace="$name" -e inject="$name:signal=KILL:when=$k" \
            lean_vault "$@" "${always[@]}" <management >/dev/null
        [ $? = 137 ]
    )
}
load_world() { # NAME
    rm -rf "$V"
    [ ! -e "$SCRATCH/$1" ] || cp -a "$SCRATCH/$1" "$V"
}

settle_vault() { # POINT
    local point=$1
    if [ ! -e "$V/secrets.vault" ]; then # init, before it was done
        lean_vault init "${always[@]}" <management >talk 2>&1 || note "$point: init again failed: $(tail -2 talk)"
    fi
    lean_vault doctor --local "${always[@]}" >talk 2>&1 || note "$point: doctor says $(tail -2 talk | tr '\n' ' ')"
    [ ! -e "$SCRATCH/sample" ] || [ "$title" = init ] || [ "$(lean_vault get my-key "${always[@]}" 2>&1)" = sk-or-v1-TESTKEY ] ||
        note "$point: the value is lost"
    grep -q 'leftover' talk && note "$point: something is left: $(ls -A "$V" | tr '\n' ' ')"
    lean_vault doctor --local "${always[@]}" >talk 2>&1
    grep -q 'recovery' talk && note "$point: a second recovery did something"
    find "$V" -perm /077 | grep -q . && note "$point: others may read something"
    [ "$(find "$V" -name '*.new' -o -name '*.tmp' | wc -l)" = 0 ] || note "$point: something staged is left"
}
judge=settle_vault

echo sk-or-management-key >management
mkdir -m 700 sample
cp "$BATS_TEST_DIRNAME/../data/lean_vault_sample.vault" sample/secrets.vault
cp "$BATS_TEST_DIRNAME/../data/lean_vault_sample.key" sample/.secret_vault.key
chmod 600 sample/secrets.vault sample/.secret_vault.key
kill_all init nothing '' init
kill_all migrate sample '' migrate
kill_all rotate-master sample '' rotate-master
finish 600
