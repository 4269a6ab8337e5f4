FROM scratch AS w
ADD --checksum=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa http://127.0.0.1:5080/conda-forge/noarch/repodata.json.zst /x
FROM localhost:5000/debian:bookworm-slim
COPY --from=w /x /x
