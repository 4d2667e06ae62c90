#!/bin/sh
# coturn that relays the audio of phones in browsers: each gets a credential of the service that expires. It relays to
# this machine's Asterisk only through its public address, never into private networks.
set -eu

: "${TURN_SECRET:?set HOTLINE_TURN_SECRET}"
: "${EXTERNAL_ADDRESS:?set HOTLINE_EXTERNAL_ADDRESS}"
exec turnserver -n --log-file stdout --no-cli --no-tls --no-dtls --fingerprint --realm hotline \
    --use-auth-secret --static-auth-secret "$TURN_SECRET" --external-ip "$EXTERNAL_ADDRESS" \
    --min-port 21000 --max-port 21099 --no-multicast-peers \
    --denied-peer-ip 0.0.0.0-0.255.255.255 --denied-peer-ip 127.0.0.0-127.255.255.255 \
    --denied-peer-ip 169.254.0.0-169.254.255.255
