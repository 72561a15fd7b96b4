#!/bin/sh
# The one TAP runner: unit tests (cmocka), corpus replays, end-to-end tests (bats and scripts).
# tests/run.sh [PATTERN]: only tests whose path matches; EXCLUDE=PATTERN: not those.
cd "$(dirname "$0")/.." || exit 1
: "${BUILD:=$PWD/build/release}"
export BUILD
export PATH="$BUILD:$PATH"
export CMOCKA_MESSAGE_OUTPUT=TAP
list=$(
    find "$BUILD/unit" "$BUILD/replay" -maxdepth 1 -type f -perm -u+x 2>/dev/null | sort
    find tests/e2e tests/crash -name '*.bats' -o -name '*.t' -perm -u+x 2>/dev/null | sort
)
[ -z "${EXCLUDE:-}" ] || list=$(printf '%s\n' "$list" | grep -vE -- "$EXCLUDE")
[ -z "${1:-}" ] || list=$(printf '%s\n' "$list" | grep -E -- "$1")
[ -n "$list" ] || {
    echo "no test matches" >&2
    exit 1
}
# shellcheck disable=SC2086 # a list of paths without spaces
exec prove --timer -j2 --exec tests/run_one.sh $list
