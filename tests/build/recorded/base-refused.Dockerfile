FROM localhost:5001/debian:1
