FROM localhost:59/debian:1
