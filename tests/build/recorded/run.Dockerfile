FROM localhost:5000/debian:bookworm-slim
RUN echo out; echo err >&2; \
  sh -c "exit 7"
RUN true
