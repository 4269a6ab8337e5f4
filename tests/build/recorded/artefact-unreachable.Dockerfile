FROM scratch AS w
ADD --checksum=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa http://localhost:59 /x
FROM localhost:5000/debian:bookworm-slim
COPY --from=w /x /x
