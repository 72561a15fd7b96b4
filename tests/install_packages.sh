#!/bin/sh
# Installs the Debian packages that are missing. Quiet when none is.
missing=
for package in "$@"; do
    state=$(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null)
    case $state in
    ii*) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "deps: this is not Debian; install the equivalents of:$missing" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1; then
    as_root=sudo
else
    echo "deps: missing packages:$missing" >&2
    echo "deps: neither root nor sudo here; as root type: apt-get install$missing" >&2
    exit 1
fi
echo "deps: installing$missing"
$as_root apt-get update -q >/dev/null || exit 1
# shellcheck disable=SC2086 # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing \
    >/dev/null || exit 1
