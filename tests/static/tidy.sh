#!/bin/sh
# tidy FILE...: clang-tidy over some sources, quiet when there is nothing to say.
cd "$(dirname "$0")/../.." || exit 1
command -v clang-tidy >/dev/null || {
    echo "tidy: no clang-tidy here; make deps" >&2
    exit 1
}
out=$(clang-tidy --quiet "$@" -- -I. -std=c17 -D_POSIX_C_SOURCE=200809L '-DKEYRETIRE_VERSION="0"' 2>/dev/null)
status=$?
[ $status = 0 ] && [ -z "$out" ] && exit 0
printf 'tidy: exit %s\n%s\n' "$status" "$out"
exit 1
