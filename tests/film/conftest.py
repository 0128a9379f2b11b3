"""What the tests of films share."""

import pytest

from colorizer_hf.pipeline import ColorizationPipeline


@pytest.fixture(scope="session")
def colorize() -> ColorizationPipeline:
    return ColorizationPipeline.from_pretrained("chromaformer", device="cpu")
