FROM localhost:5000/debian:bookworm-slim
COPY nosuch /x
