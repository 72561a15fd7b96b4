#!/bin/sh
# Runs one test of any kind so that it speaks TAP.
case $1 in
*.bats) exec bats --tap "$1" ;;
*/replay/*) exec "$1" "tests/fuzz/corpus/${1##*/}" ;;
*) exec "$1" ;;
esac
