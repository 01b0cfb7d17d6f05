FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/allowances
ENV PATH=/opt/allowances/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements/base.txt requirements/
RUN pip install --require-hashes -r requirements/base.txt
COPY pyproject.toml README.md ./
COPY app app
COPY loaders loaders
COPY resolvers resolvers
RUN pip install --no-deps .

FROM python:3.13-slim
COPY --from=build /opt/allowances /opt/allowances
ENV PATH=/opt/allowances/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8000
RUN useradd --system --no-create-home allowances
USER allowances
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/ready', timeout=2)"]
ENTRYPOINT ["allowances"]
CMD ["serve"]
