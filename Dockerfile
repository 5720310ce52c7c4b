# The command on a small Debian, without a toolchain:
#   docker build -t simile . && docker run --rm -v "$PWD:/work" simile train --model ... --output run
FROM swift:6.3-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
    make pkg-config libopenblas-dev libhdf5-dev zlib1g-dev libcurl4-openssl-dev
WORKDIR /source
COPY . .
RUN make install PREFIX=/usr DESTDIR=/installed

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
    ca-certificates libopenblas0-pthread libhdf5-103-1 zlib1g libcurl4 && rm -rf /var/lib/apt/lists/*
COPY --from=build /installed/ /
WORKDIR /work
ENTRYPOINT ["simile"]
