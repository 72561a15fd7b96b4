# fault_lib: keyretire with a system-call table that fails, dies or stops on demand (tests/crash/fault.h).
#
#     calls_of apply plan.txt --yes                     which calls there are
#     with_fault fsync:2:EIO apply plan.txt --yes       GOT is its exit code
#     stopped_before lease:1 apply ...          it stands still there; what happens meanwhile?
#     resume [SIGNAL]                                   GOT is its exit code
FAULTY=$BUILD/crash/keyretire-faulty

# calls_of COMMAND...: "NUMBER NAME" of each call, in calls.
calls_of() {
    rm -f calls
    KEYRETIRE_FAULT_LOG=$SCRATCH/calls "$FAULTY" "$@" --state-dir "$STATE" >>talk 2>&1
}

# The number of the last call NAME before call LIMIT.
last_before() { # NAME LIMIT
    awk -v name="$1" -v limit="$2" '$1 < limit && $2 == name { n = $1 } END { print n }' calls
}
first_of() { # NAME
    awk -v name="$1" '$2 == name { print $1; exit }' calls
}

# with_fault SPEC COMMAND...: its exit code is in GOT, its words in out and err.
with_fault() {
    local spec=$1
    shift
    GOT=0
    KEYRETIRE_FAULT=$spec "$FAULTY" "$@" --state-dir "$STATE" >out 2>err || GOT=$?
    cat out err >>talk
}

first_after() { # NAME NUMBER
    awk -v name="$1" -v after="$2" '$1 > after && $2 == name { print $1; exit }' calls
}

# as_nth NUMBER: the same call as "NAME:K", which the number of names in a folder does not move.
as_nth() {
    awk -v at="$1" '{ n[$2]++ } $1 == at { print $2 ":" n[$2] }' calls
}

# stopped_before NAME:K COMMAND...: started, and standing still before that call.
stopped_before() {
    local at=$1 tries=0
    shift
    KEYRETIRE_FAULT=$at:STOP "$FAULTY" "$@" --state-dir "$STATE" >out 2>err 3>&- &
    PID=$!
    until [ "$(awk '{ print $3 }' "/proc/$PID/stat" 2>/dev/null)" = T ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 600 ] || [ ! -e "/proc/$PID" ]; then
            echo "it did not come to call $at"
            cat err
            return 1
        fi
        sleep 0.05
    done
}

resume() { # [SIGNAL]
    GOT=0
    [ -z "${1:-}" ] || kill -s "$1" "$PID"
    kill -s CONT "$PID" 2>/dev/null || true # unless that killed it
    wait "$PID" 2>/dev/null || GOT=$?
    PID=
    cat out err >>talk
}

# The end of a test that failed in between.
let_go() {
    if [ -n "${PID:-}" ]; then
        kill -s KILL "$PID" 2>/dev/null || true
        wait "$PID" 2>/dev/null || true
    fi
}
