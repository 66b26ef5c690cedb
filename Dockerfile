# syntax=docker/dockerfile:1
# One image for every role, named by argument: docker run IMAGE serve --role api|worker|scheduler|all
FROM python:3.11.13-slim-bookworm AS build
COPY requirements.lock /tmp/requirements.lock
# Wheels only: nothing is compiled, so this stage needs no compiler; hashes are checked against the lock.
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r /tmp/requirements.lock

FROM python:3.11.13-slim-bookworm
RUN groupadd --gid 10001 tixing \
 && useradd --uid 10001 --gid 10001 --create-home --home-dir /data --shell /usr/sbin/nologin tixing \
 && printf '#!/bin/sh\nexec /opt/venv/bin/python -m gateway "$@"\n' > /usr/local/bin/tixing \
 && chmod 0755 /usr/local/bin/tixing
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY config.toml ./
COPY templates templates/
COPY providers providers/
COPY gateway gateway/
COPY scheduler scheduler/
ENV PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TIXING_CONFIG=/app/config.toml \
    TIXING__SERVER__HOST=0.0.0.0 \
    TIXING__STORE__DATA_DIR=/data
VOLUME /data
EXPOSE 8080
USER 10001:10001
ENTRYPOINT ["tixing"]
CMD ["serve", "--role", "all"]
