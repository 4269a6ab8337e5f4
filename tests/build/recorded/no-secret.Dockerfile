FROM localhost:5000/debian:bookworm-slim
RUN --mount=type=secret,id=TOK,required=true cat /run/secrets/TOK
