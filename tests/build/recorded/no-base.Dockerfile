FROM localhost:5000/nosuch:1
