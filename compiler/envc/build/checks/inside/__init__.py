"""What runs in an image with the image's own Python: it needs nothing but a Python from 3.8 on."""
