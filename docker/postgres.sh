#!/bin/sh
# Initialises the cluster on first use, with one role that owns one database, then becomes PostgreSQL.
set -eu

: "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD}"
data=/var/lib/postgresql/hotline
set -- /usr/lib/postgresql/*/bin
bin=$1
if [ ! -s "$data/PG_VERSION" ]; then
    secret=$(mktemp)
    printf '%s' "$POSTGRES_PASSWORD" >"$secret"
    "$bin/initdb" -D "$data" -U hotline --pwfile="$secret" --auth=scram-sha-256 -E UTF8 --locale=C.UTF-8
    rm -f "$secret"
    echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
    # createdb needs a server: one on a socket only, in single-user fashion, before clients can connect.
    echo 'CREATE DATABASE hotline' | "$bin/postgres" --single -D "$data" -j postgres >/dev/null
fi
unset POSTGRES_PASSWORD
exec "$bin/postgres" -D "$data" -c listen_addresses='*' -c unix_socket_directories=/tmp
