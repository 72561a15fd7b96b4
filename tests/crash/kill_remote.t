#!/bin/bash
# lean_vault add, rotate and remove, killed at every system call behind the opening of the vault. After the next
# command a key that lives at OpenRouter is in the vault, a key in the vault lives at OpenRouter, and its value is
# the one that belongs to its hash. KILL_STEP=1 tries all calls; each run derives some twenty keys.
[[ ${BUILD:-} != */asan ]] || : "${KILL_STEP:=97}" # each run is longer there
: "${KILL_STEP:=67}"
. "$(dirname "$0")/kill.bash"
. "$BATS_TEST_DIRNAME/remote_lib.bash"
server_start
cd "$SCRATCH" || exit 1
world
trap 'server_stop; unscratch' EXIT
always=(--vault-dir "$VAULT" "${remote[@]}")

# From the lock of the vault's folder on: before it nothing is changed and nothing is sent. Without mmap and
# munmap, which change nothing either and which a sanitizer calls thousands of times.
calls_of() {
    ASAN_OPTIONS=detect_leaks=0 command strace -qq -o trace lean_vault "$@" "${always[@]}" >/dev/null 2>&1
    sed -n 's/^\([a-z_0-9]*\)(.*/\1 &/p' trace | grep -v '^exit' |
        awk '{ k = ++seen[$1] } /"lock"/ { on = 1 } on && $1 !~ /^(mmap|munmap)$/ { print $1, k }' | sed 1d
}
killed_at() { # NAME K COMMAND...
    local name=$1 k=$2
    shift 2
    (
        exec 2>/dev/null
        ASAN_OPTIONS=detect_leaks=0 command strace -qq -o /dev/null -e trace="$name" \
            -e inject="$name:signal=KILL:when=$k" lean_vault "$@" "${always[@]}" >/dev/null
        [ $? = 137 ]
    )
}
save() {
    cp -a "$VAULT" "$SCRATCH/$1.vault"
    cp "$WORLD/keys.json" "$SCRATCH/$1.keys"
}
load_world() {
    rm -rf "$VAULT" "$WORLD/faults"
    cp -a "$SCRATCH/$1.vault" "$VAULT"
    cp "$SCRATCH/$1.keys" "$WORLD/keys.json"
}
# A command that finishes or undoes what was interrupted, and then finds nothing to do.
recover() {
    lean_vault remove nobody --force "${always[@]}" >talk 2>&1
    [ $? = 6 ]
}
settle_remote() { # POINT NAMES...: the names that may be in the vault then, several if need be
    local point=$1 held
    shift
    recover || note "$point: recovery failed: $(tail -3 talk | tr '\n' ' ')"
    held=$(vault_keys)
    [ "$(cut -d' ' -f2 <<<"$held" | sort)" = "$(of_keys '"\n".join(sorted(k["hash"] for k in keys))')" ] ||
        note "$point: in the vault: $held; alive: $(of_keys '[(k["name"], k["hash"][:8], k["disabled"]) for k in keys]')"
    [ "$(of_keys 'any(k["disabled"] for k in keys)')" = False ] || note "$point: a key is left disabled"
    printf '%s\n' "$@" | grep -qx "$(cut -d' ' -f1 <<<"$held" | paste -sd+)" || note "$point: the names are $held"
    [ -z "$held" ] || [ "$(vault get my-key | tr -d '\n' | sha256sum | cut -d' ' -f1)" = "$(sed -n 's/^my-key //p' <<<"$held")" ] ||
        note "$point: the value is not that of the hash"
    [ -z "$(find "$VAULT" -name '*.new' -o -name '*.tmp' -o -name '*.conflict')" ] || note "$point: something staged is left"
    recover
    ! grep -q recovery talk || note "$point: a second recovery did something"
}
judge=settle_remote

lean_vault add my-key --daily-limit 10 "${always[@]}" >/dev/null || note "the world could not be built"
save one
kill_all add one 'my-key my-key+second' add second --monthly-limit 5
kill_all rotate one my-key rotate my-key
load_world one
kill_all remove one '"" my-key' remove my-key --force
# What was decided, with the deletion to be done.
load_world one
fault 'DELETE /keys/* * status 503'
lean_vault remove my-key --force "${always[@]}" >talk 2>&1
save pending
kill_all "the deletion of a removal that was decided" pending '""' remove nobody --force
wrong=0
[ "$killed" -ge $((900 / KILL_STEP)) ] || note "only $killed kill points"
[ "$((missed * 10))" -lt "$killed" ] || note "$missed of $killed runs were not killed: their call did not come"
tap "$wrong" "$killed kill points in all, $missed of them not reached"
echo "1..$tests_done"
[ "$failures" = 0 ]
