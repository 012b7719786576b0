# Throughline with exactly the packages of requirements.image.lock (no tools for tests), run by nobody in particular (uid 10001).
FROM python:3.13.9-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
RUN python -m venv /opt/throughline
WORKDIR /src
COPY requirements.image.lock ./
RUN /opt/throughline/bin/pip install --require-hashes -r requirements.image.lock
COPY pyproject.toml README.md ./
COPY throughline/ throughline/
COPY schemas/ schemas/
COPY sources/ sources/
COPY streams/ streams/
COPY sinks/ sinks/
COPY quality/ quality/
RUN /opt/throughline/bin/pip install --no-build-isolation --no-deps --no-index .

FROM python:3.13.9-slim-trixie
# a named volume that is mounted here for the first time takes its owner from these folders
RUN groupadd --system --gid 10001 throughline \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/throughline --shell /usr/sbin/nologin throughline \
 && install --directory --owner=10001 --group=10001 --mode=0750 \
      /var/lib/throughline /var/lib/throughline/worker /var/lib/throughline/sink
COPY --from=build /opt/throughline /opt/throughline
ENV PATH=/opt/throughline/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/var/lib/throughline
WORKDIR /var/lib/throughline
USER 10001:10001
ENTRYPOINT ["throughline"]
CMD ["--help"]
