"""The Space: the page of colorizer_hf, on the hardware that the Space has."""

import os

lend_gpu = None
if os.environ.get("SPACES_ZERO_GPU"):  # hardware that lends a GPU for a call
    import spaces  # must come before torch

    lend_gpu = spaces.GPU(duration=20)  # seconds; what is asked for counts against a visitor's quota

from colorizer_hf.webui import build_app, serve  # noqa: E402

# Built when the Space starts, so that the first visitor does not wait for the models.
app = build_app(lend_gpu=lend_gpu)

if __name__ == "__main__":
    serve(app)
