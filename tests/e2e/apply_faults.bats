#!/usr/bin/env bats
# Failing system calls: the outcomes that the commit protocol names, by injection and by a real lack of space
# and of permission.
#
# By default every third call fails, with EIO, ENOSPC and EPERM in turn. FAULT_ALL=1: every call, each of them.

load lib
load change_lib
load fault_lib

: "${FAULT_ALL:=}"

setup() {
    # Where there is one: a file system in memory, whose fsync costs nothing. The runs are many.
    [ ! -w /dev/shm ] || BATS_TMPDIR=/dev/shm
    scratch
}
teardown() {
    end_world
}

# two_files [BYTES]: two files in two folders, the second with a comment that long, and a plan for both,
# kept in saved/.
two_files() {
    mkdir one two
    make_env .env.crypto v3 v1 v2 v3
    remember .env.crypto
    sealed v3 2 1 | users_dump >dump.sql
    census
    cp -p .env.crypto one/.env.crypto
    { echo "OTHER=$CANARY-0123456789"; grep -v CHECKSUM .env.crypto; } >two/app.env
    [ -z "${1:-}" ] || printf '# %0*d\n' "$1" 0 >>two/app.env
    remember two/app.env
    keyretire plan --report report.db --env-file one/.env.crypto --env-file two/app.env --keep-versions 1 \
        --state-dir "$STATE" -q -o plan.txt >>talk
    OLD=$(digests)
    mkdir saved
    cp -a one two saved/
}

digests() {
    sha256sum one/.env.crypto two/app.env | cut -d' ' -f1 | paste -sd' '
}

again() { # the world as it was before
    rm -rf one two "$STATE"
    cp -a saved/. .
}

# holds TEXT CONDITION...: else the point is on record as wrong.
holds() {
    local text=$1
    shift
    if ! "$@"; then
        echo "$POINT: exit $GOT: $text: $(grep -h error err | head -2 | tr '\n' ' ')"
        wrong=$((wrong + 1))
    fi
}

is_one_of() { # VALUE ALLOWED...
    local value=$1 allowed
    shift
    for allowed in "$@"; do
        [ "$value" != "$allowed" ] || return 0
    done
    return 1
}

# After a fault and after recovery: acknowledged stays, nothing is left, nothing was said.
settled() { # STATE-WANTED
    local said code=0
    said=$(keyretire recover --state-dir "$STATE" 2>&1) || code=$?
    echo "$said" >>talk
    holds "recover exits $code: $said" is_one_of "$code" 0 8
    holds "recover made something else of the files" [ "$(digests)" = "$1" ]
    holds "something staged is left" [ -z "$(find one two "$STATE" -name '*.new' -o -name '*.conflict' -o -name '*.tmp')" ]
    holds "a second recover has work" [ "$(keyretire recover --state-dir "$STATE" 2>&1)" = "nothing to recover" ]
    holds "the audit chain is broken" keyretire log --verify --state-dir "$STATE" >/dev/null 2>&1
    if grep -rqaF --exclude-dir=backups "$CANARY" "$STATE"; then
        holds "a value is in the state folder" false
    fi
}

# The moments of an apply of both files, each as "NAME:K".
moments() {
    local begin lease second
    calls_of apply plan.txt --yes
    NEW=$(digests)
    [ "$NEW" != "$OLD" ]
    begin=$(first_of random)
    lease=$(first_of lease)
    second=$(last_before renameat2 "$lease")
    ARCHIVE=$(as_nth "$(first_after renameat2 "$begin")")             # the backup gets its name
    FIRST_SWAP=$(as_nth "$(last_before renameat2 "$second")")
    SECOND_SWAP=$(as_nth "$second")
    UNLINK=$(as_nth "$(first_after unlinkat "$lease")")               # of the first old file
    END=$(as_nth "$(first_after renameat2 "$lease")")
    again
}

# specs: "NUMBER ERRNO" for each fault to try, from calls.
specs() { # STEP
    awk -v step="$1" -v all="$FAULT_ALL" '
        BEGIN { split("EIO ENOSPC EPERM", e, " ") }
        all { for (i = 1; i <= 3; i++) print $1, e[i]; next }
        $1 % step == 0 { print $1, e[int($1 / step) % 3 + 1] }' calls
}

@test "K6.2: apply with one failing call: 13 before BEGIN, 8 and all old until SWAPPED, then 0 and all new" {
    two_files
    calls_of apply plan.txt --yes
    NEW=$(digests)
    [ "$NEW" != "$OLD" ]
    begin=$(first_of random)
    # The journal is created, written and synced, then its folder.
    begun=$(awk -v from="$begin" '$1 > from && $2 == "fsync" && ++n == 2 { print $1; exit }' calls)
    swapped=$(last_before fsync "$(first_of lease)")
    [ "$begin" -gt 50 ]
    [ "$swapped" -gt "$begun" ]
    wrong=0
    tried=0
    failed=0
    while read -r k errno; do
        POINT="call $k ($(sed -n "${k}s/.* //p" calls)) with $errno"
        again
        with_fault "$k:$errno" apply plan.txt --yes
        now=$(digests)
        if [ "$GOT" = 0 ]; then
            holds "success, but the files are not all new" [ "$now" = "$NEW" ]
            settled "$NEW"
        else
            failed=$((failed + 1))
            holds "the files are not all old" [ "$now" = "$OLD" ]
            if [ "$k" -le "$begin" ]; then
                holds "13 was due" [ "$GOT" = 13 ]
                holds "a journal before BEGIN" [ -z "$(find "$STATE/txn" -type f 2>/dev/null)" ]
            elif [ "$k" -le "$begun" ]; then
                holds "13 or 8 was due" is_one_of "$GOT" 13 8
            elif [ "$k" -le "$swapped" ]; then
                holds "8 was due" [ "$GOT" = 8 ]
            else
                holds "it was decided and done: 0 was due" false
            fi
            holds "no error text" grep -q 'error\[R[0-9]*\]' err
            settled "$OLD"
        fi
        tried=$((tried + 1))
    done < <(specs 3)
    echo "$tried faults, $failed failures, $wrong wrong"
    [ "$wrong" = 0 ]
    [ "$tried" -gt 80 ]
    [ "$failed" -gt 40 ]
}

@test "K6.2: a fault after SWAPPED: 0, all new, and a warning that recover finishes the clean-up" {
    two_files
    moments
    for spec in lease:1:EIO lease:2:EPERM "$UNLINK:EIO" "$END:ENOSPC"; do
        POINT=$spec
        again
        with_fault "$spec" apply plan.txt --yes
        [ "$GOT" = 0 ]
        [ "$(digests)" = "$NEW" ]
        says err "keyretire recover"
        exits 0 keyretire recover --state-dir "$STATE"
        wrong=0
        settled "$NEW"
        [ "$wrong" = 0 ]
        # Success was reported: the plan is spent and the rollback is there.
        exits 5 keyretire apply plan.txt --yes --state-dir "$STATE"
        exits 0 keyretire rollback "$(last_txid)" --yes --state-dir "$STATE"
        [ "$(digests)" = "$OLD" ]
    done
}

@test "K6.2: an aborted plan may be applied again" {
    two_files
    moments
    for spec in "$ARCHIVE:ENOSPC" fchmod:1:EPERM "$FIRST_SWAP:EIO" "$SECOND_SWAP:EIO"; do
        again
        with_fault "$spec" apply plan.txt --yes
        [ "$GOT" = 8 ]
        [ "$(digests)" = "$OLD" ]
        exits 0 retire status
        says out aborted
        exits 0 retire apply plan.txt --yes
        [ "$(digests)" != "$OLD" ]
        app_starts one/.env.crypto
        app_starts two/app.env
        exits 0 retire log --json
        [ "$(wc -l <out)" = 2 ]
        says out '"outcome":"aborted"' '"outcome":"committed"'
    done
}

@test "K6.2: 9 only when undoing fails too; the journal is named, status says so, recover repairs" {
    two_files
    # The second exchange fails, and so does every later one.
    moments
    with_fault "$SECOND_SWAP:EIO:forever" apply plan.txt --yes
    [ "$GOT" = 9 ]
    says err "$STATE/txn/" "keyretire recover"
    exits 0 retire status
    says out open
    says err "keyretire recover"
    # Whoever wants to change something first gets this out of the way.
    exits 8 retire recover
    [ "$(digests)" = "$OLD" ]
    nothing_staged one two
    exits 0 retire apply plan.txt --yes
    [ "$(digests)" != "$OLD" ]
}

@test "K6.2: calls that fail for ever from some point on: never a mix after recovery" {
    two_files
    calls_of apply plan.txt --yes
    NEW=$(digests)
    wrong=0
    tried=0
    for name in fsync write renameat2 openat unlinkat pread fstatat; do
        count=$(awk -v name=$name '$2 == name' calls | wc -l)
        for k in $(seq 1 "$([ -n "$FAULT_ALL" ] && echo 1 || echo 5)" "$count"); do
            POINT="$name $k for ever"
            again
            with_fault "$name:$k:EIO:forever" apply plan.txt --yes
            holds "not a code of the protocol" is_one_of "$GOT" 0 8 9 13
            [ "$GOT" != 0 ] || holds "0 and not all new" [ "$(digests)" = "$NEW" ]
            [ "$GOT" != 8 ] || holds "8 and not all old" [ "$(digests)" = "$OLD" ]
            [ "$GOT" != 13 ] || holds "13 and not all old" [ "$(digests)" = "$OLD" ]
            case $GOT in
            0) settled "$NEW" ;;
            8 | 13) settled "$OLD" ;;
            *)
                got=0
                keyretire recover --state-dir "$STATE" >>talk 2>&1 || got=$?
                holds "recovery with nothing in its way" is_one_of "$got" 0 8
                holds "a mix" is_one_of "$(digests)" "$OLD" "$NEW"
                settled "$(digests)"
                ;;
            esac
            tried=$((tried + 1))
        done
    done
    echo "$tried faults, $wrong wrong"
    [ "$wrong" = 0 ]
    [ "$tried" -gt 20 ]
}

@test "K6.2: rollback with one failing call: all rolled back or all as before" {
    two_files
    exits 0 retire apply plan.txt --yes
    NEW=$(digests)
    txid=$(last_txid)
    rm -rf saved
    mkdir saved
    cp -a one two state saved/
    calls_of rollback "$txid" --yes
    [ "$(digests)" = "$OLD" ]
    wrong=0
    tried=0
    while read -r k errno; do
        POINT="rollback: call $k ($(sed -n "${k}s/.* //p" calls)) with $errno"
        again
        with_fault "$k:$errno" rollback "$txid" --yes
        if [ "$GOT" = 0 ]; then
            holds "success, but not rolled back" [ "$(digests)" = "$OLD" ]
            settled "$OLD"
        else
            holds "not a code of the protocol" is_one_of "$GOT" 8 13
            holds "failed, but the files are not as before" [ "$(digests)" = "$NEW" ]
            settled "$NEW"
        fi
        tried=$((tried + 1))
    done < <(specs 9)
    [ "$wrong" = 0 ]
    [ "$tried" -gt 15 ]
}

@test "K6.2: recovery itself with one failing call: the next one finishes it" {
    two_files
    moments
    # Dead between the two exchanges.
    with_fault "$SECOND_SWAP:KILL" apply plan.txt --yes
    [ "$GOT" = 137 ]
    [ "$(digests)" != "$OLD" ]
    [ "$(digests)" != "$NEW" ]
    rm -rf saved
    mkdir saved
    cp -a one two state saved/
    calls_of recover || [ $? = 8 ]
    wrong=0
    tried=0
    while read -r k errno; do
        POINT="recover: call $k ($(sed -n "${k}s/.* //p" calls)) with $errno"
        again
        with_fault "$k:$errno" recover
        holds "not a code of the protocol" is_one_of "$GOT" 0 8 9 13
        if is_one_of "$GOT" 0 8; then
            holds "0 or 8, and a mix" is_one_of "$(digests)" "$OLD" "$NEW"
        fi
        got=0
        keyretire recover --state-dir "$STATE" >>talk 2>&1 || got=$?
        holds "the second recovery, with nothing in its way" is_one_of "$got" 0 8
        holds "a mix after the second" is_one_of "$(digests)" "$OLD" "$NEW"
        settled "$(digests)"
        tried=$((tried + 1))
    done < <(specs 6)
    [ "$wrong" = 0 ]
    [ "$tried" -gt 10 ]
}

@test "recovery: a killed apply is finished or taken back at the start of the next changing command" {
    two_files
    cp -p one/.env.crypto original
    moments
    with_fault "$SECOND_SWAP:KILL" apply plan.txt --yes
    [ "$GOT" = 137 ]
    mixed=$(digests)
    # Commands that only look report it and touch nothing.
    exits 0 retire status
    says out open COMMIT
    exits 0 retire log
    exits 0 retire backups list
    exits 5 retire apply plan.txt --dry-run # of a mix, the one file is not what was planned
    says err interrupted
    [ "$(digests)" = "$mixed" ]
    # The decision was durable: the next change finishes it, says so, and finds its plan spent.
    exits 5 retire apply plan.txt --yes
    says err "recovery" "finished"
    nothing_staged one two
    [ "$(env_versions one/.env.crypto)" = v3 ]
    [ "$(env_versions two/app.env)" = v3 ]
    exits 0 retire rollback "$(last_txid)" --yes
    [ "$(digests)" = "$OLD" ]
    same_file one/.env.crypto original
}

@test "recovery: cleanup-keys plans from what recovery leaves" {
    two_files
    mkdir instance
    cp -p .env.crypto instance/.env.crypto
    rm .env.crypto
    keyretire plan --report report.db --env-file instance/.env.crypto --keep-versions 2 --state-dir "$STATE" -q -o one.txt >>talk
    cleanup() {
        keyretire cleanup-keys --report report.db --model app.models:Users --column otp --keep-versions 1 \
            --state-dir "$STATE" --yes
    }
    # Killed before the decision: it is taken back, and the clean-up goes on.
    with_fault fchown:1:KILL apply one.txt --yes
    [ "$GOT" = 137 ]
    [ -n "$(find "$STATE/txn" -type f)" ]
    exits 0 cleanup
    says err recovery
    [ "$(env_versions instance/.env.crypto)" = v3 ]
    nothing_staged instance
}

# ---- the real thing ----

# limited KILOBYTES COMMAND...: no file can grow beyond that.
limited() {
    (
        trap '' XFSZ
        ulimit -f "$1"
        shift
        exec "$@"
    )
}

@test "no space: files that may not grow: nothing changed, a clear error, nothing left" {
    two_files 20000
    # The plan's copy comes before BEGIN.
    exits 13 limited 1 keyretire apply plan.txt --yes --state-dir "$STATE" --json
    says err "plan: File too large"
    [ "$(digests)" = "$OLD" ]
    [ -z "$(find "$STATE/txn" "$STATE/plans" -type f)" ]
    # The copy of the plan fits, the archive of both files does not.
    plan_kb=$((($(stat -c %s plan.txt) + 1023) / 1024))
    for kb in $plan_kb $((plan_kb + 1)) $((plan_kb + 2)); do
        again
        exits 8 limited "$kb" keyretire apply plan.txt --yes --state-dir "$STATE" --json
        says err "backup" "File too large"
        [ "$(digests)" = "$OLD" ]
        nothing_staged one two "$STATE"
        [ -z "$(find "$STATE/backups" -type f)" ]
    done
    exits 0 retire apply plan.txt --yes
    [ "$(digests)" != "$OLD" ]
}

@test "no space: a full file system under one of the targets (8), all old" {
    [ "$(id -u)" = 0 ] || skip "mounting needs root"
    unshare -m true 2>/dev/null || skip "no mount namespaces here"
    cat >inside.bash <<SH
set -e
mkdir -p full
mount -t tmpfs -o size=64k,mode=700 tmpfs full
cp -p one/.env.crypto full/.env.crypto
keyretire plan --report report.db --env-file one/.env.crypto --env-file full/.env.crypto --keep-versions 1 \
    --state-dir "$STATE" -q -o full.txt >>talk
head -c 1000000 /dev/zero >full/fill 2>/dev/null || true
before=\$(cat one/.env.crypto full/.env.crypto | sha256sum)
code=0
keyretire apply full.txt --yes --state-dir "$STATE" -q >out 2>err || code=\$?
cat out err >>talk
[ "\$code" = 8 ] || { echo "exit \$code"; cat err; exit 1; }
grep -q 'No space left' err
[ "\$(cat one/.env.crypto full/.env.crypto | sha256sum)" = "\$before" ]
[ -z "\$(find one full -name '*.new')" ]
rm full/fill
keyretire apply full.txt --yes --state-dir "$STATE" -q >>talk 2>&1
[ "\$(cat one/.env.crypto full/.env.crypto | sha256sum)" != "\$before" ]
SH
    two_files
    unshare -m bash inside.bash
    rm -rf full
}

# other_user COMMAND...: as a user who owns nothing but what it was given.
other_user() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u nobody -- "$@"
    else
        "$@"
    fi
}

# The world of somebody unprivileged: its files and state are its own, the program is a copy it may run.
unprivileged() {
    two_files
    cp "$(command -v keyretire)" ./keyretire-copy
    chmod 755 "$SCRATCH" keyretire-copy
    chmod 644 report.db plan.txt
    mkdir "$STATE"
    chmod 700 "$STATE"
    [ "$(id -u)" != 0 ] || chown -R nobody: "$STATE" one two
}

@test "permission: a read-only folder (8), an unreadable file (13): nothing changed" {
    unprivileged
    chmod 555 two
    exits 8 other_user ./keyretire-copy apply plan.txt --yes --state-dir "$STATE" -q
    says err "Permission denied" two
    [ "$(digests)" = "$OLD" ]
    nothing_staged one two
    chmod 700 two
    chmod 000 two/app.env
    exits 13 other_user ./keyretire-copy apply plan.txt --yes --state-dir "$STATE" -q
    says err "Permission denied" two/app.env
    chmod 600 two/app.env
    chmod 000 one
    exits 13 other_user ./keyretire-copy apply plan.txt --yes --state-dir "$STATE" -q
    chmod 700 one
    [ "$(digests)" = "$OLD" ]
    chmod 555 "$STATE/txn"
    exits 13 other_user ./keyretire-copy apply plan.txt --yes --state-dir "$STATE" -q
    chmod 700 "$STATE/txn"
    [ "$(digests)" = "$OLD" ]
    exits 0 other_user ./keyretire-copy apply plan.txt --yes --state-dir "$STATE" -q
    [ "$(digests)" != "$OLD" ]
}

@test "permission: a file of another owner, whose owner cannot be kept (8), nothing changed" {
    [ "$(id -u)" = 0 ] || skip "needs files of two owners"
    unprivileged
    chown daemon two/app.env
    chmod 644 two/app.env
    exits 8 other_user ./keyretire-copy apply plan.txt --yes --state-dir "$STATE" -q
    says err two/app.env
    [ "$(digests)" = "$OLD" ]
    [ "$(stat -c %U two/app.env)" = daemon ]
    nothing_staged one two
}

@test "permission: a state folder of somebody else, or open to others, is refused (4)" {
    unprivileged
    chmod 777 "$STATE"
    exits 4 other_user ./keyretire-copy apply plan.txt --yes --state-dir "$STATE" -q
    chmod 700 "$STATE"
    if [ "$(id -u)" = 0 ]; then
        exits 4 retire apply plan.txt --yes # root would trust nobody's journals
    fi
    [ "$(digests)" = "$OLD" ]
}

@test "stdin closed: no answer is no (7), and --yes needs none" {
    two_files
    exits 7 keyretire apply plan.txt --state-dir "$STATE" <&-
    [ "$(digests)" = "$OLD" ]
    exits 0 keyretire apply plan.txt --yes --state-dir "$STATE" <&-
    [ "$(digests)" != "$OLD" ]
}

@test "recovery: -o and --log-file that name a target are refused (2) before anything is recovered" {
    two_files
    moments
    with_fault "$SECOND_SWAP:KILL" apply plan.txt --yes
    [ "$GOT" = 137 ]
    mixed=$(digests)
    txid=$(basename "$STATE"/txn/*.journal .journal)
    for target in one/.env.crypto two/app.env; do
        exits 2 retire recover --log-file $target
        exits 2 retire apply plan.txt --yes --log-file $target
        exits 2 retire rollback "$txid" --yes --log-file $target
        exits 2 retire rollback "$txid" --yes --json -o $target --overwrite
        exits 2 retire backups restore "$txid" --yes --log-file $target
        [ "$(digests)" = "$mixed" ]
    done
    # An archive that came from elsewhere has no journal here; its file is spared all the same.
    exits 0 retire recover
    mixed=$(digests)
    mkdir -m 700 other other/backups
    cp -p "$STATE"/backups/.env.crypto.* other/backups
    exits 2 keyretire backups restore "$txid" --yes --state-dir other --log-file one/.env.crypto
    [ "$(digests)" = "$mixed" ]
    exits 0 retire rollback "$txid" --yes --log-file spoken
    [ "$(digests)" = "$OLD" ]
}

@test "recovery: without the folder of a target it is stuck (9), says what is known, and goes on when it is back" {
    two_files
    moments
    cp -p two/app.env old.env
    old=$(sha256sum <two/app.env | cut -d' ' -f1)
    with_fault "$SECOND_SWAP:KILL" apply plan.txt --yes
    [ "$GOT" = 137 ]
    mv two away
    exits 9 retire recover
    says err "$PWD/two/app.env" "$old" choices "$STATE/backups/" "keyretire recover"
    new=$(grep -o 'by [0-9a-f]\{64\}' err | head -1 | cut -c4-)
    exits 9 retire apply plan.txt --yes
    # One of the choices: the folder comes back.
    mv away two
    exits 0 retire recover
    [ "$(digests)" = "$NEW" ]
    [ "$(sha256sum <two/app.env | cut -d' ' -f1)" = "$new" ]
}

@test "recovery: a folder that became a symbolic link is not followed (9)" {
    two_files
    moments
    with_fault "$SECOND_SWAP:KILL" apply plan.txt --yes
    [ "$GOT" = 137 ]
    mv two away
    ln -s away two
    before=$(tree away)
    exits 9 retire recover
    says err "$PWD/two/app.env" choices
    is "$(tree away)" "$before"
    rm two
    mv away two
    exits 0 retire recover
    [ "$(digests)" = "$NEW" ]
}

@test "recovery: a folder that is gone for good is made again with the old file from the backup" {
    two_files
    moments
    with_fault "$SECOND_SWAP:KILL" apply plan.txt --yes
    rm -r two
    exits 9 retire recover
    archive=$(ls "$STATE"/backups/.env.crypto.*)
    mkdir two
    # tar names the archived files by their paths without the first slash.
    (umask 077 && tar -xOf "$archive" "${PWD#/}/two/app.env" >two/app.env)
    exits 8 retire recover
    [ "$(digests)" = "$OLD" ]
    nothing_staged one two
}
