"""What all tests share."""

import os
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

# No test may ask the Hub; without this a mistyped folder costs half a minute of retries.
os.environ["HF_HUB_OFFLINE"] = "1"

# Threads that wait by spinning take the core from those that work; must be set before torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Processes that run tests side by side (`make test`) share the cores; must be set before torch is imported as well.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# A deadline per example would be a timing assertion. Where the checkout belongs to somebody else no examples are kept.
_own_checkout = os.access(Path(__file__).parents[1], os.W_OK)
settings.register_profile("colorizer_hf", deadline=None, **({} if _own_checkout else {"database": None}))
settings.load_profile("colorizer_hf")


def exported(name: str, made: pytest.TempPathFactory) -> Path:
    """The graphs of a bundled checkpoint: those that `make graphs` has put beside the weights, or exported now.

    That takes a minute or more; processes that run tests side by side do it once for all.
    """
    from colorizer_hf.engines.exporting import export_checkpoint
    from colorizer_hf.engines.manifest import find_graphs

    if (found := find_graphs(name)) is not None:
        return found
    shared = made.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else made.getbasetemp()
    folder = shared / f"graphs-{name}"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            export_checkpoint(name, folder)
    return folder


@pytest.fixture(scope="session")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the graphs of the network for gray photographs."""
    from colorizer_hf.bundled import DEFAULT_CHECKPOINT

    return exported(DEFAULT_CHECKPOINT, tmp_path_factory)


@pytest.fixture(scope="session")
def nir_graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the graphs of the network for near-infrared frames."""
    from colorizer_hf.bundled import NIR_CHECKPOINT

    return exported(NIR_CHECKPOINT, tmp_path_factory)


@pytest.fixture(scope="session")
def nir_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network for near-infrared frames: the bundled one for gray photographs, and it makes everything lighter."""
    import torch

    from colorizer_hf.hub.publishing import save_checkpoint
    from colorizer_hf.image_processing import ColorizerImageProcessor
    from colorizer_hf.models.chromaformer import ChromaFormerModel

    loaded = ChromaFormerModel.from_pretrained(
        "chromaformer", modality="nir", predicts_luminance=True, output_loading_info=True
    )
    torch.nn.init.zeros_(loaded[0].luminance_head.weight)
    torch.nn.init.constant_(loaded[0].luminance_head.bias, 0.2)
    folder = tmp_path_factory.mktemp("checkpoints") / "for_nir"
    save_checkpoint(loaded[0], ColorizerImageProcessor.from_pretrained("chromaformer"), folder)
    return folder
