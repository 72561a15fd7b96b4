#!/usr/bin/env bats
# Keys that a removal does not reach are named: comments, other values, copies beside the file, git; never shown (S15).

load lib
load change_lib

setup() {
    scratch
    world v1 v2 v3 v4
    key=$(sed -n 's/^ENCRYPTION_KEYS__v1="\(.*\)"$/\1/p' .env.crypto)
    [ -n "$key" ]
    sed -i '/CHECKSUM/d' .env.crypto
}
teardown() { end_world; }

# warned TEXT...: the plan's warnings say it; unwarned TEXT: they do not.
warned() {
    ask 'p["warnings"]' >warnings
    says warnings "$@"
}
unwarned() {
    ask 'p["warnings"]' >warnings
    run grep -F -- "$1" warnings
    is "$status" 1
}

@test "a key in a comment, in another value or commented out is named by its line" {
    planned --keep-versions 2
    unwarned "outside its entry"
    unwarned "looks like an entry"
    {
        echo "# the old one was $key"
        echo "OTHER='x$key'"
        echo '# ENCRYPTION_KEYS__v0="c29tZXRoaW5nIGVsc2U="'
    } >>.env.crypto
    total=$(wc -l <.env.crypto)
    rm -f plan.txt
    planned --keep-versions 2
    warned "line $((total - 2)) holds the key of v1 outside its entry" "line $((total - 1)) holds the key of v1" \
        "comment on line $total looks like an entry"
    exits 0 keyretire check --report report.db --env-file .env.crypto --state-dir "$STATE"
    says err ".env.crypto: line $((total - 2)) holds the key of v1"
}

@test "copies beside the file that hold its keys are named with their versions" {
    cp .env.crypto .env.crypto~
    grep -v __v1 .env.crypto >.env.crypto.swp
    echo unrelated >.env.crypto.bak
    ln -s .env.crypto .env.crypto.link
    mkdir .env.crypto.d
    planned --keep-versions 2
    warned ".env.crypto~ beside it holds the key of v1, v2, v3, v4" ".env.crypto.swp beside it holds the key of v2, v3, v4"
    unwarned ".env.crypto.bak"
    unwarned ".env.crypto.link"
    unwarned ".env.crypto.d"
    cp plan.txt first.txt
    rm plan.txt
    planned --keep-versions 2
    same_file plan.txt first.txt
}

@test "whether git tracks the file is told from its index" {
    mkdir -p work/instance
    cp .env.crypto work/instance
    git -C work init -q
    exits 0 keyretire check --report report.db --env-file work/instance/.env.crypto --state-dir "$STATE"
    says err "lies in a git work tree"
    run grep -F "is tracked" err
    is "$status" 1
    touch work/other work/instance/.env.crypto2
    git -C work add other instance/.env.crypto2
    exits 0 keyretire check --report report.db --env-file work/instance/.env.crypto --state-dir "$STATE"
    says err "is not tracked now"
    git -C work add instance/.env.crypto
    exits 0 keyretire check --report report.db --env-file work/instance/.env.crypto --state-dir "$STATE"
    says err "is tracked: its history keeps the removed keys"
    git -C work add -N . && git -C work update-index --index-version 4
    exits 0 keyretire check --report report.db --env-file work/instance/.env.crypto --state-dir "$STATE"
    says err "if it was ever committed"
}

@test "a plan lists every place of a file in which versions live, and which one wins" {
    salt=$(sed -n 's/^ENCRYPTION_SALT__v1="\(.*\)"$/\1/p' .env.crypto)
    active=$(sed -n 's/^ENCRYPTION_KEYS__v4="\(.*\)"$/\1/p' .env.crypto)
    active_salt=$(sed -n 's/^ENCRYPTION_SALT__v4="\(.*\)"$/\1/p' .env.crypto)
    {
        echo "FLASK_ENCRYPTION_KEYS__v1='{\"key\": \"$key\", \"salt\": \"$salt\"}'"
        echo "FLASK_ENCRYPTION_KEYS__v4='{\"key\": \"$active\", \"salt\": \"$active_salt\"}'"
    } >>.env.crypto
    planned --keep-versions 2
    warned "plain names: v1, v2, v3, v4" "variables with FLASK_: v1, v4" "the application reads that with FLASK_"
    exits 0 retire apply plan.txt --yes
    run grep -F -- __v1 .env.crypto
    is "$status" 1
    is "$(grep -c FLASK_ENCRYPTION_KEYS__v4 .env.crypto)" 1
    is "$(env_versions .env.crypto | xargs)" "v3 v4"
}
