#!/bin/sh
# Redis with a password and an append-only file. The configuration comes on standard input, so that the password is in
# no argument list.
set -eu

: "${REDIS_PASSWORD:?set REDIS_PASSWORD}"
exec redis-server - <<END
bind *
protected-mode yes
requirepass "$REDIS_PASSWORD"
dir /var/lib/redis
save ""
appendonly yes
appendfsync everysec
END
