# One image for every role: « ccn issuer », « ccn redemption », « ccn funding », « ccn migrate ».

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# The queries were checked when they were written (.sqlx): building needs no database.
ENV SQLX_OFFLINE=true
RUN cargo build --release --locked --package ccn

FROM debian:bookworm-slim
# For the health checks.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 1000 --no-create-home --shell /usr/sbin/nologin ccn
COPY --from=build /src/target/release/ccn /usr/local/bin/ccn
USER ccn
WORKDIR /tmp
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/ccn"]
CMD ["--help"]
