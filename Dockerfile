# One image for the web server, the worker and the migrations:
#   docker run IMAGE web|worker|migrate|check|manage COMMAND…
# Each command below also runs, without an engine, in tests/house/test_image.py.

FROM python:3.13-slim AS build
WORKDIR /app
COPY bin bin
COPY requirements requirements
RUN bin/setup base
COPY . .
# Also compiles every module that the product imports.
RUN bin/as-production python manage.py collectstatic --noinput --verbosity 0

FROM python:3.13-slim
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
# Owned by root and run by a user who may write nowhere but /tmp: what runs cannot change itself.
COPY --from=build /app /app
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "bin/healthcheck.py"]
ENTRYPOINT ["/app/bin/entrypoint"]
CMD ["web", "--bind", "0.0.0.0:8000"]
