# The product in one image: web, workers and beat are the same files with another command (see Procfile, compose.yaml).
# Nothing secret is in it; settings come from the environment or from files that NAME_FILE variables name.

FROM python:3.11-slim AS build
COPY requirements.txt /build/requirements.txt
RUN python -m venv /opt/venv
RUN /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /build/requirements.txt
# LightGBM takes libgomp from the system, which the slim image lacks: the copy that scikit-learn brings serves both.
RUN mkdir /opt/venv/libraries && ln -s /opt/venv/lib/python3*/site-packages/scikit_learn.libs/libgomp-*.so* /opt/venv/libraries/libgomp.so.1
RUN /opt/venv/bin/python -m pip uninstall --yes pip

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH
ENV LD_LIBRARY_PATH=/opt/venv/libraries
ENV OMP_NUM_THREADS=1
ENV PYTHONUNBUFFERED=1
ENV HOME=/data
ENV CONNECTOR_DATA_DIR=/data
COPY --from=build /opt/venv /opt/venv
COPY CHANGELOG.md /app/CHANGELOG.md
COPY migrations /app/migrations
COPY scoring /app/scoring
COPY connector /app/connector
COPY workers /app/workers
RUN python -m compileall -q /app
RUN mkdir /data && chown 10001:10001 /data
WORKDIR /app
# By number, so that an orchestrator sees that it is not root.
USER 10001:10001
EXPOSE 8000
# Of the web processes; compose.yaml says what tells whether the others live.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD python -c "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ.get(\"PORT\", 8000)}/healthz', timeout=4)"
CMD ["sh", "-c", "exec gunicorn --worker-class gthread --threads 8 --workers ${WEB_CONCURRENCY:-2} --bind 0.0.0.0:${PORT:-8000} --logger-class connector.web.serving.Logger \"connector.app:create_app()\""]
