FROM localhost:5000/debian:bookworm-slim
RUNN foo
