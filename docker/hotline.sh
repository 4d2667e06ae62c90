#!/bin/sh
# The hotline command inside its container: docker compose exec hotline hotline staff list
exec /opt/hotline/bin/python -m ari_app.cli "$@"
