# syntax=docker/dockerfile:1
# Duly as a container: one binary, no shell, no root. docs/operator/containers.md says how to build and run it.
# For several kinds of machines: docker buildx build --platform linux/amd64,linux/arm64 .

# The page is the same for every kind of machine, so it is built once, on the one that builds.
FROM --platform=$BUILDPLATFORM node:22-bookworm-slim AS web
WORKDIR /duly/web
COPY web/package.json web/package-lock.json web/.npmrc ./
# Not `npm ci`, for the reason the Makefile gives.
RUN npm install --no-save --no-audit --no-fund
COPY web/ ./
RUN npm run build

FROM rust:1.95-bookworm AS chef
RUN cargo install cargo-chef --version 0.1.78 --locked
WORKDIR /duly

FROM chef AS plan
COPY Cargo.toml Cargo.lock ./
COPY crates/ crates/
RUN cargo chef prepare --recipe-path recipe.json

# Dependencies are built by themselves: this is repeated only when one of them changes.
FROM chef AS build
COPY --from=plan /duly/recipe.json recipe.json
RUN cargo chef cook --release --locked --bin duly --recipe-path recipe.json
COPY Cargo.toml Cargo.lock config.default.toml ./
COPY crates/ crates/
COPY --from=web /duly/web/dist/ web/dist/
RUN cargo build --release --locked --bin duly \
    && mkdir /data

FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="Duly" \
      org.opencontainers.image.description="A self-hosted task tracker that never forgets" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /duly/target/release/duly /usr/local/bin/duly
# Who runs it owns the place of its data, also in a volume that is new.
COPY --from=build --chown=65532:65532 /data /var/lib/duly
WORKDIR /var/lib/duly
# A number, so that Kubernetes sees that it is not root.
USER 65532:65532
ENV DULY_HTTP__LISTEN=0.0.0.0:8080 \
    DULY_LOG__FORMAT=json
VOLUME /var/lib/duly
# People and programs; and what looks after Duly, if `operations.listen` lets it in from outside.
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/duly", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/duly"]
CMD ["serve"]
