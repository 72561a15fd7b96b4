#!/bin/sh
# check-errors: every number that the sources give to an error is explained in errors.def, once, and
# nothing is explained that no source uses.
cd "$(dirname "$0")/../.." || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
sed -n 's/^ERROR(\([0-9]*\),.*/\1/p' common/errors.def | sort >"$scratch/listed"
uniq -d "$scratch/listed" | sed 's/^/check-errors: explained twice: /' >&2
find common formats analyzer applier -name '*.[ch]' ! -path common/err.h -print0 | xargs -0 cat |
    tr '\n' ' ' | grep -oE '(ERR_[A-Z_]+( \+ [A-Z]+)?|kind|why|[a-z_]+_kind[a-z_()>. -]*), *[1-9][0-9]{2,3}\b' |
    grep -oE '[0-9]{3,4}$' | sort -u >"$scratch/used_inline"
find common formats analyzer applier -name '*.[ch]' -print0 | xargs -0 cat |
    grep -oE '\b(E|ID|ERROR|ERR_ID)_[A-Z_0-9]+ *= *[1-9][0-9]{2,3}\b' | grep -oE '[0-9]{3,4}$' | sort -u >"$scratch/used_named"
sort -u "$scratch/used_inline" "$scratch/used_named" >"$scratch/used"
sort -u "$scratch/listed" >"$scratch/listed_once"
missing=$(comm -23 "$scratch/used" "$scratch/listed_once" | paste -sd' ')
bad=0
if [ -n "$missing" ]; then
    echo "check-errors: not explained in common/errors.def: $missing" >&2
    bad=1
fi
# A number that stands nowhere in the sources explains nothing.
for id in $(cat "$scratch/listed_once"); do
    grep -rqE "\b$id\b" common formats analyzer applier --include='*.[ch]' || {
        echo "check-errors: $id is explained but never used" >&2
        bad=1
    }
done
[ -z "$(uniq -d "$scratch/listed")" ] || bad=1
[ $bad = 0 ] && echo "check-errors: ok, $(wc -l <"$scratch/listed_once") numbers"
exit $bad
