#!/bin/sh
# Renders Asterisk's configuration from the templates and the environment, then becomes Asterisk.
# Every @NAME@ in a template is the environment variable NAME: one that is not set is an error, so that no
# half-configured Asterisk starts. Files under $SITE (pjsip.d, extensions.d, queues.d, musiconhold.d) are the operator's own, such as
# the carrier's trunk; they may use @NAME@ too.
set -eu

TEMPLATES=${TEMPLATES:-/usr/share/hotline/asterisk}
export SITE="${SITE:-/etc/hotline/asterisk}"
export STATE="${STATE:-/var/lib/hotline/asterisk}"
export ETC="${ETC:-$STATE/etc}"
export DATA="${DATA:-/usr/share/asterisk}"
if [ -z "${MODULES:-}" ]; then
    set -- /usr/lib/*/asterisk/modules
    MODULES=$1
fi
export MODULES

fail() {
    echo "entrypoint: $*" >&2
    exit 1
}

# A value as the replacement of sed's s|…|…|, which gives backslash, ampersand and the delimiter a meaning. To Asterisk a
# semicolon begins a comment.
escaped() {
    printenv "$1" | sed -e 's/;/\\;/g' -e 's/[\\&|]/\\&/g'
}

# One sed program for all templates: names are taken from them, so that a new name needs no change here.
substitutions() {
    for name in $(grep -rhoE '@[A-Z_]+@' "$@" | tr -d '@' | sort -u); do
        printenv "$name" >/dev/null || fail "the environment variable $name is not set"
        [ "$(printenv "$name" | wc -l)" -eq 1 ] || fail "the environment variable $name spans several lines"
        echo "s|@$name@|$(escaped "$name")|g"
    done
}

# render TEMPLATE TARGET
render() {
    program=$(substitutions "$1")
    sed -e "$program" "$1" >"$2"
}

umask 027
for folder in lib/keys run log spool agi; do mkdir -p "$STATE/$folder"; done
rm -rf "$ETC" && mkdir -p "$ETC"
rm -f "$STATE/run/asterisk.ctl"
mkdir -p "$RECORDINGS/spool" "$PROMPTS"
# ARI's own recordings land where the service seals them.
rm -rf "$STATE/spool/recording" && ln -s "$RECORDINGS/spool" "$STATE/spool/recording"

for template in "$TEMPLATES"/etc/*.conf; do render "$template" "$ETC/${template##*/}"; done
for folder in pjsip.d extensions.d queues.d musiconhold.d; do
    mkdir "$ETC/$folder"
    # An #include that matches nothing is an error.
    : >"$ETC/$folder/shipped.conf"
    for own in "$SITE/$folder"/*.conf; do
        if [ -e "$own" ]; then render "$own" "$ETC/$folder/${own##*/}"; fi
    done
done
if [ "${PROFILE:-production}" = sample ]; then
    [ -n "${SAMPLE_PASSWORD:-}" ] || fail "the sample profile needs SAMPLE_PASSWORD: phones would register without one"
    for sample in "$TEMPLATES"/sample/*.conf; do render "$sample" "$ETC/$(basename "$sample" .conf).d/sample.conf"; done
fi
if [ -n "${EXTERNAL_ADDRESS:-}" ]; then
    # Behind a container's address translation, phones and carriers must be told the address they can reach. The name
    # sorts last: a transport is added to once it is there.
    for transport in $(grep -hoE '^\[transport-(udp|tcp|tls)\]' "$ETC/pjsip.conf" "$ETC"/pjsip.d/*.conf | sort -u); do
        cat <<END
$transport(+)
external_signaling_address = $EXTERNAL_ADDRESS
external_media_address = $EXTERNAL_ADDRESS
END
        for network in $(echo "$LOCAL_NETWORK" | tr ',' ' '); do echo "local_net = $network"; done
    done >"$STATE/external.conf"
    mv "$STATE/external.conf" "$ETC/pjsip.d/zz-external.conf"
    # Phones in browsers try both addresses.
    printf '\n[ice_host_candidates]\n' >>"$ETC/rtp.conf"
    for own in $(hostname -I | tr ' ' '\n' | grep -v :); do
        echo "$own => $EXTERNAL_ADDRESS,include_local_address" >>"$ETC/rtp.conf"
    done
fi
# Important lines also go to the container's log.
touch "$STATE/log/messages.log"
tail -n 0 -F "$STATE/log/messages.log" &
exec /usr/sbin/asterisk -f -C "$ETC/asterisk.conf"
