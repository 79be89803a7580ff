# dm3-node in an image of its own: docker build -t dm3-node .
#   docker run -v dm3-data:/data -v ./dm3-node.toml:/etc/dm3-node.toml:ro -p 127.0.0.1:4040:4040 dm3-node
# In the configuration: listen = "0.0.0.0:4040", database = "/data/dm3-node.sqlite". The file must be readable by
# the user 10001 and by nobody else.

FROM rust:1.95.0-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --release --locked -p dm3-node --bin dm3-node

FROM debian:12.12-slim
RUN useradd --system --uid 10001 --user-group --no-create-home dm3 \
 && install --directory --owner=dm3 --group=dm3 --mode=0700 /data
COPY --from=build /source/target/release/dm3-node /usr/local/bin/dm3-node
USER 10001:10001
VOLUME /data
EXPOSE 4040
# The node ends its last requests within ten seconds of SIGTERM.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/dm3-node", "--config", "/etc/dm3-node.toml"]
