# Shared by the scripts of this folder; sourced, never run.
# They work from a fresh clone, with an empty environment, as root or as a normal user, and say nothing when
# there is nothing to do.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PATH="$HOME/.cargo/bin:$PATH:/usr/sbin:/sbin"

die() {
    printf '%s\n' "$@" >&2
    exit 1
}

note() {
    printf '%s\n' "$*" >&2
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# Runs a command as root, or tells which one to type.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        sudo "$@"
    else
        die "Il faut les droits de root pour continuer. Tapez, puis recommencez :" "    sudo $*"
    fi
}

# Cargo of the version that rust-toolchain.toml names. Where rustup neither has it nor can fetch it, rustup's default version
# does; Cargo.toml refuses one that is too old.
need_cargo() {
    have cargo || die "Rust est introuvable. Pour l'installer : https://www.rust-lang.org/tools/install"
    (cd "$ROOT" && cargo --version) >/dev/null 2>&1 && return
    RUSTUP_TOOLCHAIN=$(rustup default 2>/dev/null | cut -d ' ' -f 1 || true)
    [ -n "$RUSTUP_TOOLCHAIN" ] || die "Rust est incomplet. Pour l'installer : https://www.rust-lang.org/tools/install"
    export RUSTUP_TOOLCHAIN
}

# The folder of PostgreSQL's server programs: the newest of PATH and of Debian's.
pg_bin() {
    local folder
    if have pg_ctl && have initdb && have postgres; then
        dirname "$(readlink -f "$(command -v pg_ctl)")"
        return
    fi
    for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
        if [ -x "$folder/initdb" ]; then
            printf '%s\n' "$folder"
            return
        fi
    done
    die "PostgreSQL est introuvable. Tapez : scripts/install-debian demo"
}

# PostgreSQL refuses to run as root: runs a command as another user then, from a folder that it may read.
as_pg_user() {
    if [ "$(id -u)" != 0 ]; then
        (cd / && "$@")
    elif id postgres >/dev/null 2>&1; then
        (cd / && setpriv --reuid=postgres --regid=postgres --clear-groups "$@")
    else
        (cd / && setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups "$@")
    fi
}

# Starts a throw-away PostgreSQL for tests on a private socket, sets PG_DIR and DATABASE_URL. Nothing durable, unless $1 is « durable »:
# then as in production, for what is measured.
pg_start() {
    local bin settings="-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    if [ "${1:-}" = durable ]; then settings="-c shared_buffers=1GB -c max_wal_size=4GB"; fi
    bin=$(pg_bin)
    PG_DIR=$(mktemp -d /tmp/ccn-test-XXXXXX)
    if [ "$(id -u)" = 0 ]; then
        if id postgres >/dev/null 2>&1; then chown postgres "$PG_DIR"; else chown nobody "$PG_DIR"; fi
    fi
    as_pg_user "$bin/initdb" -D "$PG_DIR/data" --username=postgres --encoding=UTF8 --locale=C.UTF-8 \
        --auth-local=trust --auth-host=reject --no-sync --no-instructions >/dev/null
    as_pg_user "$bin/pg_ctl" start -s -w -D "$PG_DIR/data" -l "$PG_DIR/log" -o "-c listen_addresses='' -k $PG_DIR \
        $settings -c max_connections=400" ||
        { cat "$PG_DIR/log" >&2; die "PostgreSQL ne démarre pas."; }
    export DATABASE_URL="postgresql://postgres@localhost/postgres?host=$PG_DIR"
}

# Stops what pg_start started.
pg_stop() {
    [ -n "${PG_DIR:-}" ] || return 0
    as_pg_user "$(pg_bin)/pg_ctl" stop -s -m immediate -D "$PG_DIR/data" || true
    rm -rf "$PG_DIR"
    PG_DIR=
}

pg_psql() {
    as_pg_user "$(pg_bin)/psql" -X -q -v ON_ERROR_STOP=1 -h "$PG_DIR" -U postgres "$@"
}

# Fills a new database $1 of the server of pg_start with all schemas, in the order of the packages.
pg_schemas() {
    local schema file
    pg_psql -d postgres -c "create database $1"
    {
        for schema in roles access catalogue ledger issuer redemption funding; do
            echo "create schema if not exists $schema;"
            for file in "$ROOT/migrations/$schema"/*.sql; do
                [ -e "$file" ] || continue
                cat "$file"
                echo ";"
            done
        done
    } | pg_psql -d "$1" -1 -f - 2>&1 | { grep -v NOTICE || true; }
}

# The Python of tests/checkers/ at locked versions, made anew when their list changes; sets TEST_PYTHON.
checkers_python() {
    local venv="$ROOT/target/checkers"
    if ! cmp -s "$ROOT/tests/requirements.txt" "$venv/installed.txt"; then
        note "Préparation de l'environnement Python des vérificateurs"
        rm -rf "$venv"
        python3 -m venv "$venv"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r "$ROOT/tests/requirements.txt"
        cp "$ROOT/tests/requirements.txt" "$venv/installed.txt"
    fi
    export TEST_PYTHON="$venv/bin/python"
}
