# change_lib: a small world to change, and what has to hold afterwards. `load lib` first.
#
#     setup() { scratch; world v1 v2 v3 v4; }        .env.crypto, two values of the last version, report.db
#     planned --keep-versions 1                      plan.txt
#     exits 0 retire apply plan.txt --yes            what it said is in out and err
#     teardown() { end_world; }                      S15: none of the values in any of it
load plan_lib

# world VERSION...: the last one is active and the only one in use.
world() {
    local active
    for active in "$@"; do :; done
    make_env .env.crypto "$active" "$@"
    remember .env.crypto
    sealed "$active" 2 1 | users_dump >dump.sql
    census
}

# remember FILE...: no output may hold a value of these files from now on.
remember() {
    local file
    for file in "$@"; do
        /usr/bin/python3 - "$file" >>secrets <<'PY'
import sys
from dotenv import dotenv_values
for value in dotenv_values(sys.argv[1]).values():
    for line in (value or "").splitlines():
        if len(line) >= 12:
            print(line)
PY
    done
    grep -q . secrets
}

planned() { # planned [PLAN OPTION...]
    local status=0
    plan "$@" || status=$?
    cat plan.out plan.err >>talk
    if [ "$status" -ne 0 ]; then
        cat plan.err
        return "$status"
    fi
}

retire() {
    keyretire "$@" --state-dir "$STATE"
}

# exits CODE COMMAND...: it ends with this code; its words are in out and err, and all words in talk.
exits() {
    local code=$1 got=0
    shift
    "$@" >out 2>err || got=$?
    cat out err >>talk
    if [ "$got" -ne "$code" ]; then
        echo "expected exit $code, got $got from: $*"
        cat out err
        return 1
    fi
}

# says FILE TEXT...: each text is in what was said (out or err).
says() {
    local file=$1 text
    shift
    for text in "$@"; do
        if ! grep -qF -- "$text" "$file"; then
            echo "\"$text\" is not in $file:"
            cat "$file"
            return 1
        fi
    done
}

# without FILE VERSION...: the file as it has to be without them, made with sed and python-dotenv.
without() {
    local file=$1 v
    shift
    cp "$file" without.tmp
    for v in "$@"; do
        sed -i -E "/^(export )?ENCRYPTION_(KEYS|SALT|SALT_HASH)__$v=/d" without.tmp
    done
    renew_checksum without.tmp
    cat without.tmp
    rm without.tmp
}

renew_checksum() { # FILE: right again, where there is one
    local sum
    sum=$(env_checksum "$1")
    sed -i -E "s/^(ENCRYPTION_ENV_CHECKSUM=\"?)[0-9a-f]*/\\1$sum/" "$1"
}

# same_file A B
same_file() {
    if ! cmp "$1" "$2"; then
        return 1
    fi
}

# The id of the newest transaction whose plan was applied.
last_txid() {
    keyretire log --json --state-dir "$STATE" | tail -1 |
        /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["txid"])'
}

# field JSON_FILE EXPRESSION: a Python expression over `x`, the object in the file.
field() {
    /usr/bin/python3 -c 'import json, sys; x = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$@"
}

# nothing_staged FOLDER...
nothing_staged() {
    local left
    left=$(find "$@" -name '*.new' -o -name '*.conflict' -o -name '*.tmp')
    if [ -n "$left" ]; then
        echo "left: $left"
        return 1
    fi
}

# Everything about a tree that a change would change: names, inodes, sizes, times, modes, owners.
tree() {
    find "$@" -printf '%p %i %s %T@ %C@ %m %U:%G %l\n' | sort
}

# S15: the values are in no output, report, plan, log, journal, plan copy or audit line.
no_secret() {
    local leaked
    echo "$CANARY" >>secrets
    # shellcheck disable=SC2046 # files that need not exist
    leaked=$(grep -rlaF --exclude-dir=backups -f secrets \
        $(ls -d talk out err report.db plan*.txt plan.out plan.err "$STATE" 2>/dev/null)) || true # none is good
    if [ -n "$leaked" ]; then
        echo "a value of the configuration is in: $leaked"
        return 1
    fi
}

end_world() {
    local leaked=
    cd "$SCRATCH" || return 1
    no_secret || leaked=yes
    unscratch
    [ -z "$leaked" ]
}
