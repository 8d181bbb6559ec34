# The image of Flash: one program on distroless, without a shell, for every architecture that both base images have.
ARG RUST_IMAGE=rust:1.95-bookworm
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${RUST_IMAGE} AS build
WORKDIR /build
# No panic unwinds through C code, so it needs no unwind tables.
ENV CFLAGS=-fno-asynchronous-unwind-tables
# The dependencies are a separate layer, which is rebuilt only when one of these files changes. Cargo needs something to build, so
# empty packages stand in for Flash.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY pq-sys pq-sys
COPY src/dataset/Cargo.toml src/dataset/Cargo.toml
RUN mkdir data && touch src/lib.rs src/dataset/mod.rs && echo 'fn main() {}' >src/main.rs \
    && cargo build --locked --profile dist --features tls --bin flash
COPY build.rs askama.toml ./
COPY packaging/build.sh packaging/build.sh
COPY migrations migrations
COPY src src
# Cargo compares file times, and the empty packages are newer than Flash, hence `touch`. Packed relocations make the program smaller; the C
# library of both images reads them (glibc 2.36 and later).
ARG REVISION
RUN touch build.rs src/lib.rs src/main.rs src/dataset/mod.rs \
    && FLASH_COMMIT="$REVISION" packaging/build.sh -- -C link-arg=-Wl,-z,pack-relative-relocs

FROM ${RUNTIME_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Flash" \
      org.opencontainers.image.description="Turns a CSV into a versioned HTTP API in one POST, and keeps that API's contract while it evolves" \
      org.opencontainers.image.source="https://github.com/kubernetes-flash/kubernetes-flash" \
      org.opencontainers.image.documentation="https://github.com/kubernetes-flash/kubernetes-flash/blob/main/docs/deploy.md" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /build/target/dist/flash /usr/bin/flash
# The default place of the database, and the only folder that Flash writes to.
COPY --from=build --chown=65532:65532 /build/data /data
WORKDIR /data
VOLUME ["/data"]
USER 65532:65532
# FLASH_ANONYMOUS has no default here: the operator chooses what callers without a key may do.
ENV FLASH_LISTEN=0.0.0.0:3000
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["/usr/bin/flash", "healthcheck"]
ENTRYPOINT ["/usr/bin/flash"]
CMD ["serve"]
