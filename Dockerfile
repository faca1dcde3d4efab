# Skipper for production (api, worker, standalone), and the simulated cluster of docker-compose.yml.
#   docker build -t skipper .                                    for this machine
#   docker buildx build --platform linux/amd64,linux/arm64 .     for both
#   docker build -t skipper-simulated --target simulated .       with the simulator, for development
# Only the last stages are of the target's architecture, and they run nothing: no emulation is needed.

FROM --platform=$BUILDPLATFORM node:26-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --workspaces=false
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build-client-library.mjs scripts/build-web.mjs scripts/
COPY api api
COPY bin bin
COPY cli cli
COPY client client
COPY domain domain
COPY shared shared
COPY web web
COPY worker worker
RUN node node_modules/typescript/bin/tsc -p tsconfig.build.json --sourceMap false \
 && cp -R shared/state/lua dist/shared/state/lua \
 && node scripts/build-client-library.mjs \
 && node scripts/build-web.mjs

# Packages for production, without source maps, types, and native code for Bare, another runtime. Optional packages are
# accelerators in native code: without them the packages are the same for every architecture.
FROM --platform=$BUILDPLATFORM node:26-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --workspaces=false --omit=dev --omit=optional \
 && find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.bare' \) -delete \
 && rm -rf node_modules/.package-lock.json node_modules/.bin

# The simulator, with the packages that it runs with: Skipper's and its own.
FROM build AS build-simulator
COPY simulator simulator
RUN npm ci --ignore-scripts \
 && node node_modules/typescript/bin/tsc -p simulator --sourceMap false \
 && npm ci --ignore-scripts --omit=dev --omit=optional

FROM node:26-bookworm-slim AS node

# Only Node, without npm and headers: a smaller image with fewer possible vulnerabilities.
FROM debian:bookworm-slim AS skipper
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/lib/*-linux-gnu/libatomic.so.1* /usr/lib/
COPY --from=node /etc/passwd /etc/group /etc/
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY LICENSE package.json ./
COPY bin/skipper bin/skipper
COPY --from=build /app/dist dist

ENV NODE_ENV=production HOME=/home/node
USER 1000:1000
# 5000: the API. 5001: health and metrics of a worker.
EXPOSE 5000 5001
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "/app/dist/bin/health.js"]
ENTRYPOINT ["/app/bin/skipper"]
CMD ["api"]

ARG VERSION=0.0.0-dev
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="skipper" \
      org.opencontainers.image.description="Keeps the fiaas-deploy-daemon of every namespace at its release, and verifies it" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="debian:bookworm-slim" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"

# For development only: Skipper's image with the simulated cluster in it.
FROM skipper AS simulated
COPY --from=build-simulator /app/node_modules node_modules
COPY --from=build-simulator /app/dist/simulator dist/simulator
COPY simulator/channel simulator/channel
# 6443 the Kubernetes API, 6444 the release channels, 6480 its health.
EXPOSE 6443 6444 6480
HEALTHCHECK --interval=10s --timeout=5s --start-period=300s --retries=3 CMD ["node", "/app/dist/bin/health.js", "/healthz", "--port=6480"]
ENTRYPOINT ["node", "/app/dist/simulator/bin/simulated-cluster.js"]
CMD ["--help"]

# Last, so that a build without --target is production's.
FROM skipper
