# Sturmglas with the drivers of the production mode. No compiler, no root, nothing to write to.
FROM python:3.11-slim-bookworm AS build
RUN python -m venv /opt/sturmglas
COPY constraints.txt pyproject.toml README.md LICENSE /src/
COPY detectors /src/detectors
COPY alerts /src/alerts
COPY playbooks /src/playbooks
COPY dashboards /src/dashboards
COPY monitor /src/monitor
# Byte code is written now: at run time the file system is read-only.
RUN /opt/sturmglas/bin/pip install --no-cache-dir -c /src/constraints.txt '/src[redis,postgres,slack,png]'

FROM python:3.11-slim-bookworm
# pg_dump and pg_restore, for `sturmglas backup` and `sturmglas restore`; not older than the server.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends postgresql-client-15 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /nonexistent --no-create-home sturmglas
COPY --from=build /opt/sturmglas /opt/sturmglas
ENV PATH=/opt/sturmglas/bin:$PATH PYTHONUNBUFFERED=1
USER 10001
WORKDIR /tmp
EXPOSE 8787
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8787/healthz', timeout=3)"]
ENTRYPOINT ["sturmglas"]
CMD ["--help"]
