"""The Space: the page of colorizer_hf, on the hardware that the Space has."""

try:
    import spaces  # ZeroGPU: lends a GPU for a call; must come before torch
except ImportError:  # any other host
    spaces = None

from colorizer_hf.webui import build_app, serve

# Built when the Space starts, so that the first visitor does not wait for the models.
app = build_app(lend_gpu=spaces.GPU if spaces else None)

if __name__ == "__main__":
    serve(app)
