#!/bin/sh
# check-man BUILD: the man pages are what the option tables say now, and mandoc finds no error in them.
cd "$(dirname "$0")/../.." || exit 1
bad=0
for page in analyzer/keycensus applier/keyretire applier/vault/lean_vault; do
    name=${page##*/}
    if ! "$1/$name" --man-page | cmp -s - "$page.1"; then
        echo "check-man: $page.1 is not what $name --man-page prints; run make man" >&2
        bad=1
    fi
    mandoc -T lint -W error "$page.1" >&2 || bad=1
done
[ $bad = 0 ] && echo "check-man: ok"
exit $bad
