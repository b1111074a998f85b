FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 UV_COMPILE_BYTECODE=1
WORKDIR /app
COPY requirements/base.lock requirements/installer.lock requirements/
RUN python -m venv .venv \
 && .venv/bin/pip install --require-hashes -r requirements/installer.lock \
 && .venv/bin/uv pip install --no-cache --python .venv/bin/python --require-hashes -r requirements/base.lock
COPY . .
# Collecting needs settings, not servers.
RUN DJANGO_SETTINGS_MODULE=portal.settings.production SECRET_KEY=build \
    .venv/bin/python manage.py collectstatic --noinput

FROM python:3.12-slim
RUN useradd --uid 10001 --create-home glowworm && install -d -o glowworm -g glowworm /data
WORKDIR /app
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=portal.settings.production \
    DATA_DIR=/data
USER glowworm
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "portal.wsgi:application", "--config", "python:portal.web", \
     "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--preload", "--timeout", "120", "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
