#!/bin/sh
# nginx with the shipped site in front of the containers: TLS, /sip to Asterisk, everything else to the service. Without a
# certificate in $TLS it makes one that browsers warn of, for a first try.
set -eu

TLS=${TLS:-/var/lib/hotline/tls}
RUN=${RUN:-/run/hotline}
SITE=${SITE:-/usr/share/hotline/nginx-site.conf}
: "${SERVER_NAME:?set SERVER_NAME}"

if [ ! -e "$TLS/hotline.pem" ]; then
    openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj "/CN=$SERVER_NAME" \
        -addext "subjectAltName=DNS:$SERVER_NAME" -keyout "$TLS/hotline.key" -out "$TLS/hotline.pem" 2>/dev/null
fi
sed -e "s|listen 443 ssl|listen ${HTTPS_PORT:-8443} ssl|" -e "s|hotline\.example|$SERVER_NAME|" \
    -e "s|/etc/ssl/hotline|$TLS/hotline|" -e "s|127\.0\.0\.1:8080|${SERVICE:-127.0.0.1:8080}|" \
    -e "s|127\.0\.0\.1:8088|${ASTERISK:-127.0.0.1:8088}|" "$SITE" >"$RUN/site.conf"
cat >"$RUN/nginx.conf" <<END
pid $RUN/nginx.pid;
events { worker_connections 2048; }
http {
    access_log off;
    client_body_temp_path $RUN/body;
    proxy_temp_path $RUN/proxy;
    fastcgi_temp_path $RUN/fastcgi;
    uwsgi_temp_path $RUN/uwsgi;
    scgi_temp_path $RUN/scgi;
    include $RUN/site.conf;
}
END
exec nginx -c "$RUN/nginx.conf" -e stderr -g "daemon off;"
