# lib: what the end-to-end tests share: a scratch folder, env files with generated keys, sealed values,
# a private PostgreSQL.
#
# Each test file loads it: `load lib`. BUILD names the build folder; programs are on the PATH.

: "${BUILD:=$BATS_TEST_DIRNAME/../../build/release}"
export BUILD PATH="$BUILD:$BUILD/support:$PATH" LC_ALL=C.UTF-8 TZ=UTC
unset NO_COLOR XDG_STATE_HOME

# The leak checker of a sanitizer build cannot attach to a process that is traced already.
strace() {
    ASAN_OPTIONS=detect_leaks=0 command strace "$@"
}

# A fresh folder for the test, its state folder apart.
scratch() {
    SCRATCH=$(mktemp -d "${BATS_TMPDIR:-/tmp}/keyretire.XXXXXX")
    STATE=$SCRATCH/state
    cd "$SCRATCH" || return 1
}

unscratch() {
    cd / && rm -rf "$SCRATCH"
}

# A value that no output may ever hold (S15): every generated password carries it.
CANARY=CaNaRy

new_password() { # 32 random bytes as base64, the canary inside
    printf '%s%s' "$CANARY" "$(head -c 24 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n')"
}

new_salt() {
    head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n'
}

# salt_hash TEXT: hex SHA-256 of the decoded base64 salt.
salt_hash() {
    printf '%s' "$1" | tr -- '-_' '+/' | base64 -d | sha256sum | cut -d' ' -f1
}

# make_env FILE ACTIVE VERSION...: an env file as the application writes it, checksum included.
make_env() {
    local file=$1 active=$2 v
    shift 2
    {
        printf '# Gerado em 2026-01-01 %s\nACTIVE_ENCRYPTION_VERSION="%s"\n' "$CANARY" "$active"
        for v in "$@"; do
            local salt
            salt=$(new_salt)
            printf 'ENCRYPTION_KEYS__%s="%s"\n' "$v" "$(new_password)"
            printf 'ENCRYPTION_SALT__%s="%s"\n' "$v" "$salt"
            printf 'ENCRYPTION_SALT_HASH__%s="%s"\n' "$v" "$(salt_hash "$salt")"
        done
    } >"$file"
    printf 'ENCRYPTION_ENV_CHECKSUM="%s"\n' "$(env_checksum "$file")" >>"$file"
    chmod 600 "$file"
}

# env_checksum FILE: formats.md section 2, as the application computes it, with python-dotenv itself.
env_checksum() {
    /usr/bin/python3 - "$1" <<'PY'
import hashlib, sys
from dotenv import dotenv_values
values = dotenv_values(sys.argv[1])
lines = [f"{k}={v}" for k, v in sorted(values.items()) if k != "ENCRYPTION_ENV_CHECKSUM" and v is not None]
print(hashlib.sha256("\n".join(lines).encode()).hexdigest())
PY
}

# env_versions FILE: the versions that the application would see, one a line.
env_versions() {
    /usr/bin/python3 - "$1" <<'PY'
import sys
from dotenv import dotenv_values
p = "ENCRYPTION_KEYS__"
print("\n".join(sorted(k[len(p):].lower() for k in dotenv_values(sys.argv[1]) if k.startswith(p))))
PY
}

# app_starts FILE: the application's own loader rules: active key present, salts and checksum right.
app_starts() {
    /usr/bin/python3 "$BATS_TEST_DIRNAME/../demo/loader_rules.py" "$1"
}

# query REPORT SQL: with a separator that no name holds.
query() {
    sqlite3 -batch -noheader -separator '|' "$1" "$2"
}

# is SEEN EXPECTED: equal, or both are shown.
is() {
    [ "$1" = "$2" ] || {
        printf -- '--- expected\n%s\n--- seen\n%s\n' "$2" "$1"
        return 1
    }
}

# await COMMAND...: until it succeeds. A minute is more than any machine takes.
await() {
    local tries=0
    until "$@"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 1200 ]; then
            echo "waited in vain for: $*"
            return 1
        fi
        sleep 0.05
    done
}

# catches PID SIGNAL: the process has a handler for the signal.
catches() {
    local caught
    caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$1/status")
    [ $((0x$caught >> ($(kill -l "$2") - 1) & 1)) -eq 1 ]
}

# on_terminal ANSWER COMMAND...: the command with a terminal, on which the answer is typed when it asks.
on_terminal() {
    /usr/bin/python3 - "$@" <<'PY'
import os, pty, select, sys
answer, command = sys.argv[1], sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
said, typed = b"", False
while select.select([fd], [], [], 60)[0]:
    try:
        data = os.read(fd, 65536)
    except OSError:
        break  # the terminal is gone with the command
    said += data
    if not typed and (b"[yes/no]" in said or b"type their list" in said):
        os.write(fd, answer.encode() + b"\n")
        typed = True
else:
    os.kill(pid, 9)  # neither a question nor an end
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xff)
PY
}

# utc SECONDS_AGO: a time as --dump-time takes it.
utc() {
    date -u -d "@$(($(date +%s) - $1))" +%Y-%m-%dT%H:%M:%SZ
}

# ---- a private PostgreSQL on a Unix socket, as an unprivileged user ----

pg_bin() {
    local dir
    for dir in /usr/lib/postgresql/*/bin; do :; done
    printf '%s' "$dir"
}

as_pg() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u postgres -- "$@"
    else
        "$@"
    fi
}

pg_start() {
    PGROOT=$(mktemp -d /tmp/krpg.XXXXXX)
    [ "$(id -u)" != 0 ] || chown postgres "$PGROOT"
    as_pg "$(pg_bin)/initdb" -D "$PGROOT/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
        >"$PGROOT.initdb.log" 2>&1 || return 1
    as_pg "$(pg_bin)/pg_ctl" -D "$PGROOT/data" -s -w -l "$PGROOT/log" \
        -o "-c listen_addresses='' -c unix_socket_directories='$PGROOT' -c fsync=off -c timezone=UTC" start || return 1
    export PGHOST=$PGROOT PGUSER=postgres PGDATABASE=postgres
}

pg_stop() {
    [ -n "${PGROOT:-}" ] || return 0
    as_pg "$(pg_bin)/pg_ctl" -D "$PGROOT/data" -s -m immediate stop || true
    rm -rf "$PGROOT" "$PGROOT.initdb.log"
}

# ---- a private MariaDB on a Unix socket, as an unprivileged user ----

as_my() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u mysql -- "$@"
    else
        "$@"
    fi
}

my_start() {
    MYROOT=$(mktemp -d /tmp/krmy.XXXXXX)
    [ "$(id -u)" != 0 ] || chown mysql "$MYROOT"
    (cd / && as_my mariadb-install-db --no-defaults --datadir="$MYROOT/data" --auth-root-authentication-method=normal \
        --skip-test-db) >"$MYROOT.install.log" 2>&1 || return 1
    (cd / && as_my mariadbd --no-defaults --datadir="$MYROOT/data" --socket="$MYROOT/s" --skip-networking \
        --pid-file="$MYROOT/pid" --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=32M \
        --default-time-zone=+00:00 --character-set-server=utf8mb4 >"$MYROOT.log" 2>&1 3>&- &)
    for _ in $(seq 100); do
        my_admin ping >/dev/null 2>&1 && return 0
        sleep 0.2
    done
    cat "$MYROOT.log"
    return 1
}

my_admin() {
    mariadb-admin --no-defaults -uroot -S "$MYROOT/s" "$@"
}

my_sql() {
    mariadb --no-defaults -uroot -S "$MYROOT/s" --default-character-set=utf8mb4 -N "$@"
}

my_dump() {
    mariadb-dump --no-defaults -uroot -S "$MYROOT/s" "$@"
}

my_stop() {
    [ -n "${MYROOT:-}" ] || return 0
    my_admin shutdown >/dev/null 2>&1 || true
    rm -rf "$MYROOT" "$MYROOT.install.log" "$MYROOT.log"
}
