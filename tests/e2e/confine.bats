#!/usr/bin/env bats
# What keyretire gives up before it reads what others wrote: core dumps, the network, other programs, other
# files. keyretire-probe is keyretire that tries all of it right before anything that it prints.

load lib
load change_lib

PROBE=$BUILD/crash/keyretire-probe

setup() {
    scratch
    world v1 v2 v3 v4
    cp -p .env.crypto old
    FOREIGN=$(mktemp -d /tmp/keyretire.foreign.XXXXXX) # what lies in the world's folder lies beside a target
    echo secret >"$FOREIGN/there"
}
teardown() {
    [ -z "${WAITS:-}" ] || kill "$WAITS" 2>/dev/null || true
    rm -rf "$FOREIGN"
    end_world
}

has_landlock() {
    /usr/bin/python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(444, 0, 0, 1) < 1)'
}

# shut_in CODE COMMAND...: it ends with this code, and everything that it tried was refused.
shut_in() {
    local code=$1
    shift
    TEST_PROBE=$FOREIGN exits "$code" "$PROBE" "$@"
    is "$(grep '^probe: [ilex]' err | grep -vE '(internet|local|exec) EPERM$')" ""
    grep '^probe: ' err | tail -7 >probes # a plan is shown before it is known which journals there are
    is "$(wc -l <probes)" 7
    # Sanitizers trace their own process from another one.
    [[ $BUILD = */asan ]] || says probes "probe: fork EPERM"
    if has_landlock; then
        is "$(grep -cE '^probe: (read|write|create) EACCES$' probes)" 3
    fi
    rm -f "$FOREIGN/new"
}

@test "no command can reach the network, start a program, or open what it has nothing to do with" {
    local txid
    shut_in 0 plan --report report.db --env-file .env.crypto --kdf-iterations 1 --keep-versions 1 \
        --state-dir "$STATE" -o plan.txt
    shut_in 0 show plan.txt
    shut_in 0 diff plan.txt
    shut_in 0 verify plan.txt --state-dir "$STATE"
    shut_in 0 check --report report.db --env-file .env.crypto
    shut_in 0 apply plan.txt --dry-run --state-dir "$STATE"
    shut_in 0 apply plan.txt --yes --state-dir "$STATE"
    is "$(env_versions .env.crypto)" v4
    txid=$(last_txid)
    for command in status log recover "backups list" "backups show $txid" "backups verify $txid"; do
        # shellcheck disable=SC2086 # words
        shut_in 0 $command --state-dir "$STATE"
    done
    shut_in 0 rollback "$txid" --dry-run --state-dir "$STATE"
    shut_in 0 rollback "$txid" --yes --state-dir "$STATE"
    same_file .env.crypto old
    shut_in 0 cleanup-keys --report report.db --model app.models:Users --column otp --env-file .env.crypto \
        --kdf-iterations 1 --keep-versions 1 --accept partial-input:x --dry-run --state-dir "$STATE"
}

@test "with approvals, too: ssh-keygen runs outside, and nothing else does" {
    mkdir keys
    ssh-keygen -q -t ed25519 -N '' -C ana -f keys/ana
    echo "ana@corp $(cat keys/ana.pub)" >signers
    planned --keep-versions 1 --approvals 1 --allowed-signers signers
    shut_in 0 approve plan.txt --key keys/ana --as ana --yes
    shut_in 0 apply plan.txt --yes --state-dir "$STATE"
    is "$(env_versions .env.crypto)" v4
}

@test "the process that changes dumps no core, gains no rights, and makes files for its user alone" {
    planned --keep-versions 1
    mkfifo answer
    (umask 000 && exec keyretire apply plan.txt --state-dir "$STATE") <answer >out 2>err 3>&- &
    WAITS=$!
    exec 9>answer
    await grep -q 'yes/no' err
    is "$(sed -n 's/^Seccomp:\t//p' "/proc/$WAITS/status")" 2
    is "$(sed -n 's/^NoNewPrivs:\t//p' "/proc/$WAITS/status")" 1
    is "$(sed -n 's/^Umask:\t//p' "/proc/$WAITS/status")" 0077
    is "$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$WAITS/limits")" "0 0"
    # A process that may not be dumped belongs to root in /proc, and nobody else may look into it.
    is "$(stat -c %U "/proc/$WAITS/environ")" root
    echo yes >&9
    exec 9>&-
    wait "$WAITS"
    WAITS=
    is "$(env_versions .env.crypto)" v4
    is "$(find "$STATE" -perm /077)" ""
}

@test "a core is not dumped where the machine would dump one" {
    planned --keep-versions 1
    mkfifo answer
    (ulimit -c unlimited && exec keyretire apply plan.txt --state-dir "$STATE") <answer >out 2>err 3>&- &
    WAITS=$!
    exec 9>answer
    await grep -q 'yes/no' err
    kill -ABRT "$WAITS"
    status=0
    wait "$WAITS" || status=$?
    exec 9>&-
    WAITS=
    is "$status" 134
    [ -z "$(find . -name 'core*')" ]
    same_file .env.crypto old
}

@test "plans and approvals are for others as well, as the user's umask has it" {
    (umask 022 && planned --keep-versions 1)
    is "$(stat -c %a plan.txt)" 644
    rm plan.txt
    (umask 027 && planned --keep-versions 1)
    is "$(stat -c %a plan.txt)" 640
}

@test "a backup folder that the user names is made, wherever it is" {
    planned --keep-versions 1
    shut_in 0 apply plan.txt --yes --state-dir "$STATE" --backup-dir far/away/backups
    is "$(stat -c %a far/away/backups)" 700
    is "$(find far/away/backups -type f | wc -l)" 1
}

@test "the sandbox is named with -v, and quiet without" {
    planned --keep-versions 1
    exits 0 keyretire show plan.txt -v
    says err "sandbox: no network and no other programs"
    exits 0 keyretire show plan.txt
    is "$(grep -c sandbox err)" 0
}
