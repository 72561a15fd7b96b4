#!/bin/sh
# check-headers COMPILER FLAGS...: every header compiles alone, so none depends on its includer.
cd "$(dirname "$0")/../.." || exit 1
bad=0
count=0
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
compiler=$1
shift
flags=$(printf '%s ' "$@" | sed 's/-MMD//; s/-MP//')
for header in $(find common formats analyzer applier -name '*.h' | sort); do
    printf '#include "%s"\n#include "%s"\ntypedef int not_empty;\n' "$header" "$header" >"$scratch/alone.c"
    # shellcheck disable=SC2086 # a command with options, and a list of flags
    if ! $compiler $flags -Werror -fsyntax-only "$scratch/alone.c"; then
        echo "check-headers: $header does not stand alone" >&2
        bad=1
    fi
    head -1 "$header" | grep -q '^/\*' || {
        echo "check-headers: $header does not open with what it is" >&2
        bad=1
    }
    count=$((count + 1))
done
if [ "$count" -lt 20 ]; then
    echo "check-headers: looked at $count headers; the check is broken" >&2
    bad=1
fi
[ $bad = 0 ] && echo "check-headers: ok, $count headers"
exit $bad
