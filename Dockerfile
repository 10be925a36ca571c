FROM python:3.11-slim

RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-default-groups --group oidc --group otel
ENV PATH="/app/bin:/app/.venv/bin:$PATH" PYTHONUNBUFFERED=1
COPY . .
# Collecting static files reads the settings; the values given here are used for that alone.
RUN DATABASE_URL=postgresql:///unused REDIS_URL=redis://unused SECRET_KEY=unused CREDENTIAL_KEYS=unused \
    STATIC_ROOT=/app/static python manage.py collectstatic --noinput --verbosity 0 \
    && useradd --system distributor && install -d -o distributor /journal
USER distributor
EXPOSE 8000
