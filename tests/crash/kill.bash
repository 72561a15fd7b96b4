# kill: kill -9 at every system call of the real binary (K6.2, S14); sourced by the kill_*.t scripts.
#
# A baseline run under strace lists the calls as (name, k); then the command runs once for each, killed
# right before that call, and recover has to give all old or all new files, nothing staged, a valid
# backup before any new byte, and a second recover without work. KILL_STEP=n tries every n-th call only; 7 unless
# it is set, and 1, all of them, in `make crash`.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
BATS_TEST_DIRNAME=$PWD/tests/e2e
. tests/e2e/lib.bash
: "${KILL_STEP:=7}"
# A file system in memory, where fsync costs nothing: the runs are many.
[ ! -w /dev/shm ] || BATS_TMPDIR=/dev/shm
scratch
trap unscratch EXIT
tests_done=0
failures=0

tap() { # RESULT TEXT
    tests_done=$((tests_done + 1))
    if [ "$1" = 0 ]; then
        echo "ok $tests_done - $2"
    else
        echo "not ok $tests_done - $2"
        failures=$((failures + 1))
    fi
}
note() {
    echo "# $*"
    wrong=$((wrong + 1))
}

# What every command under test is given at its end, and who judges what a kill left.
always=(--state-dir "$STATE")
judge=settle
plan_options=()

retire() {
    keyretire "$@" --state-dir "$STATE" >>"$SCRATCH/talk" 2>&1
}

# Two files in two folders, one report, one plan.
build_world() {
    mkdir -p one two
    make_env one/.env.crypto v3 v1 v2 v3
    cp -p one/.env.crypto two/.env.crypto
    { echo "id,secret"; seal one/.env.crypto v3 3 | sed 's/^/1,/'; } >values.csv
    keycensus scan values.csv --env-file one/.env.crypto --table values --column secret -q -o report.db &&
        keyretire plan --report report.db --env-file one/.env.crypto --env-file two/.env.crypto \
            --accept 'partial-input:a CSV export' --keep-versions 1 --state-dir "$STATE" -q "${plan_options[@]}" -o plan.txt >/dev/null || return 1
    old=$(digest)
}
digest() {
    sha256sum one/.env.crypto two/.env.crypto | cut -d' ' -f1 | paste -sd' '
}
save() { # NAME: the world as it is now
    rm -rf "$SCRATCH/../$(basename "$SCRATCH").$1"
    cp -a "$SCRATCH" "$SCRATCH/../$(basename "$SCRATCH").$1"
}
load_world() { # NAME: the files and the state, in place
    local from
    from="$SCRATCH/../$(basename "$SCRATCH").$1"
    rm -rf one two "$STATE"
    cp -a "$from/one" "$from/two" .
    [ ! -e "$from/state" ] || cp -a "$from/state" "$STATE"
}
forget_worlds() {
    rm -rf "$SCRATCH/../$(basename "$SCRATCH")".*
    unscratch
}
trap forget_worlds EXIT

first_backup() {
    find "$STATE/backups" -mindepth 1 -not -name '*.tmp' -printf '%f\n' | sort | head -1
}

# The calls of a command as lines "name k".
calls_of() {
    strace -qq -o trace keyretire "$@" "${always[@]}" >/dev/null 2>&1
    sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' trace | grep -v '^exit' | awk '{print $1, ++seen[$1]}' | sed 1d
}

# After a kill: recover, then everything that must hold. ALLOWED: digests that are all right.
settle() { # POINT ALLOWED...
    local point=$1 now d
    shift
    retire recover
    case $? in
    0 | 8) ;;
    *) note "$point: recover failed: $(tail -3 talk | tr '\n' ' ')" ;;
    esac
    now=$(digest)
    for d in "$@"; do
        [ "$now" != "$d" ] || d=found
        [ "$d" != found ] || break
    done
    [ "$d" = found ] || note "$point: neither all old nor all new"
    [ -z "$(find one two -name '*.new' -o -name '*.conflict')" ] || note "$point: something staged is left"
    if [ "$now" != "$old" ] && ! retire backups verify "$(first_backup)"; then
        note "$point: no valid backup"
    fi
    : >talk
    [ "$(keyretire recover --state-dir "$STATE" 2>&1)" = 'nothing to recover' ] ||
        note "$point: a second recover did something"
    keyretire log --verify --state-dir "$STATE" >/dev/null 2>&1 || note "$point: the audit chain is broken"
}

# Runs a command that is killed right before its k-th call of a name. False: that call did not come.
killed_at() { # NAME K COMMAND...
    local name=$1 k=$2
    shift 2
    # In a shell of its own, which keeps the news of the kill to itself.
    (
        exec 2>/dev/null
        strace -qq -o /dev/null -e trace="$name" -e inject="$name:signal=KILL:when=$k" \
            keyretire "$@" "${always[@]}" >/dev/null
        [ $? = 137 ]
    )
}

# Kills COMMAND at each call, from the world START; ALLOWED digests afterwards.
kill_all() { # TITLE START ALLOWED COMMAND...
    local title=$1 start=$2 allowed=$3 points=0 runs=0 name k
    shift 3
    wrong=0
    load_world "$start"
    calls_of "$@" >calls
    if [ "$(wc -l <calls)" -lt 50 ]; then
        note "the baseline shows only $(wc -l <calls) calls"
    fi
    while read -r name k; do
        points=$((points + 1))
        [ $((points % KILL_STEP)) = 0 ] || continue
        runs=$((runs + 1))
        load_world "$start"
        # shellcheck disable=SC2086 # two lists of words
        killed_at "$name" "$k" "$@" || { missed=$((missed + 1)); echo "# missed $name $k"; }
        eval "$judge '$name $k' $allowed"
    done <calls
    killed=$((killed + runs))
    tap "$wrong" "$title: killed at $runs of $points system calls"
}

killed=0
missed=0
wrong=0

start_world() {
    build_world || {
        echo "not ok 1 - the world could not be built"
        echo "1..1"
        exit 1
    }
    save fresh
    retire apply plan.txt --yes || echo "# $(cat talk)"
    new=$(digest)
    [ "$new" != "$old" ] || note "apply changed nothing"
    app_starts one/.env.crypto >/dev/null && app_starts two/.env.crypto >/dev/null ||
        note "the application would not start"
    tap "$wrong" "apply without a kill, and the application starts with the new files"
    txid=$(first_backup | sed 's/.*\.//')
    save applied
}

finish() { # LEAST: as many kill points there must be
    wrong=0
    [ "$killed" -ge "$(($1 / KILL_STEP))" ] || note "only $killed kill points"
    [ "$((missed * 20))" -lt "$killed" ] || note "$missed of $killed runs were not killed: their call did not come"
    tap "$wrong" "$killed kill points in all, $missed of them not reached"
    echo "1..$tests_done"
    [ "$failures" = 0 ]
}
