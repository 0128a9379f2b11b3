"""`from_pretrained` of a network's class and of the image processor: it takes what `load_model` takes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoImageProcessor, AutoModel

from colorizer_hf.errors import CheckpointError
from colorizer_hf.hub.publishing import push_checkpoint
from colorizer_hf.image_processing import ColorizerImageProcessor
from colorizer_hf.models.auto import load_model
from colorizer_hf.models.base import ColorizerConfig, ColorizerModel
from colorizer_hf.models.chromaformer import ChromaFormerModel
from colorizer_hf.pipeline import ColorizationPipeline
from tests.hub_server import HubServer, connect_client
from tests.hub_store import READ_TOKEN, STRANGER_TOKEN

NAME = "acme/small"
WEIGHTS = "GET */model.safetensors"
LOADERS = [
    pytest.param(ChromaFormerModel.from_pretrained, id="network"),
    pytest.param(ColorizerImageProcessor.from_pretrained, id="image processor"),
]
Files = dict[str, bytes]


def refused(load: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(CheckpointError, match=sentence) as caught:
        load()
    assert "\n" not in str(caught.value)


def same_weights(one: ColorizerModel, other: ColorizerModel) -> bool:
    return all(torch.equal(value, other.state_dict()[key]) for key, value in one.state_dict().items())


@pytest.fixture
def repo(hub: HubServer, hub_client: Path, files: Files) -> Any:
    """The small checkpoint on the Hub."""
    return hub.add_repo(NAME, files)


def test_bundled_names() -> None:
    assert same_weights(ChromaFormerModel.from_pretrained("chromaformer"), load_model("chromaformer"))
    processor = ColorizerImageProcessor.from_pretrained("chromaformer")
    assert processor.working_size == load_model().config.working_size


@pytest.mark.usefixtures("repo")
def test_ids_of_the_hub_as_the_auto_classes_do(checkpoint: Path) -> None:
    for model in (ChromaFormerModel.from_pretrained(NAME), AutoModel.from_pretrained(NAME)):
        assert type(model) is ChromaFormerModel
        assert same_weights(model, load_model(checkpoint))
    for kind in (ColorizerImageProcessor, AutoImageProcessor):
        assert kind.from_pretrained(NAME).working_size == 64


@pytest.mark.usefixtures("repo")
def test_an_image_processor_comes_without_the_weights(hub: HubServer) -> None:
    ColorizerImageProcessor.from_pretrained(NAME)
    assert not hub.seen(WEIGHTS)
    load_model(NAME)


def test_a_network_comes_without_an_image_processor(hub: HubServer, hub_client: Path, files: Files) -> None:
    hub.add_repo(NAME, {name: content for name, content in files.items() if name != "preprocessor_config.json"})
    assert same_weights(ChromaFormerModel.from_pretrained(NAME), load_model(NAME))


@pytest.mark.usefixtures("repo")
def test_the_options_of_transformers_are_heeded(hub: HubServer, checkpoint: Path, tmp_path: Path) -> None:
    load = ChromaFormerModel.from_pretrained
    assert load(NAME, dtype=torch.float16).dtype == torch.float16
    assert load(NAME, working_size=96).config.working_size == 96
    config = load(checkpoint).config
    config.working_size = 128
    assert load(NAME, config=config).config.working_size == 128
    assert load(None, config=config, state_dict=load_model(checkpoint).state_dict()).config.working_size == 128
    hub.repos[NAME].tags["v1"] = hub.repos[NAME].branches["main"]
    place: dict[str, Any] = {"revision": "v1", "cache_dir": tmp_path / "mine"}
    assert same_weights(load(NAME, token=READ_TOKEN, **place), load(NAME, local_files_only=True, **place))
    hub.requests.clear()
    load(NAME, force_download=True)
    assert hub.seen(WEIGHTS)


@pytest.mark.usefixtures("hub_client")
def test_a_subfolder_is_left_to_transformers(hub: HubServer, files: dict[str, bytes]) -> None:
    hub.add_repo(NAME, {f"nested/{name}": content for name, content in files.items()})
    assert ChromaFormerModel.from_pretrained(NAME, subfolder="nested").config.working_size == 64
    assert ColorizerImageProcessor.from_pretrained(NAME, subfolder="nested").working_size == 64


def test_who_asks_which_weights_did_not_fit_gets_to_know(checkpoint: Path) -> None:
    with pytest.raises(CheckpointError, match="missing weights"):
        ChromaFormerModel.from_pretrained(checkpoint, num_layers=2)
    _, info = ChromaFormerModel.from_pretrained(checkpoint, num_layers=2, output_loading_info=True)
    assert info["missing_keys"]


def test_a_network_of_another_kind_is_refused() -> None:
    class Other(ColorizerModel):
        config_class = ColorizerConfig

    with pytest.raises(CheckpointError, match="chromaformer is a chromaformer, not a colorizer"):
        Other.from_pretrained("chromaformer")


@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize("load", LOADERS)
def test_who_cannot_have_it_is_told_why(
    hub: HubServer, files: Files, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, load: Callable[..., Any]
) -> None:
    refused(lambda: load("acme/nothing"), "there is no acme/nothing on the Hub")
    refused(lambda: load(NAME, revision="v9"), "there is no acme/small at revision v9")
    refused(lambda: load("nonsense"), "there is no checkpoint nonsense")
    refused(lambda: load("a b/c"), "no id of the Hub")
    connect_client(monkeypatch, hub, tmp_path / "home", token=STRANGER_TOKEN)
    hub.add_repo(NAME, files, gated=True)
    refused(lambda: load(NAME), "acme/small is gated")
    hub.add_repo(NAME, files, private=True)
    refused(lambda: load(NAME), "or it is private")
    refused(lambda: load(NAME, token="hf_unknown"), "acme/small cannot be had with this token")
    load(NAME, token=READ_TOKEN, cache_dir=tmp_path / "mine")
    hub.stop()
    refused(lambda: load(NAME, cache_dir=tmp_path / "none"), "cached here: nothing")
    refused(lambda: load("acme/other", cache_dir=tmp_path / "mine"), "cached here: acme/small")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"config.json": None}, r"has no config\.json"),
        ({"config.json": b"{"}, "the configuration of acme/small cannot be used"),
        ({"config.json": b"[]"}, "the configuration of acme/small cannot be used"),
        ({"config.json": b"{}"}, "not a chromaformer"),
        ({"config.json": b'{"model_type": "bert"}'}, "acme/small is a bert, not a chromaformer"),
        ({"config.json": b'{"model_type": "chromaformer", "modality": "purple"}'}, "got purple"),
        ({"model.safetensors": None}, r"has no model\.safetensors"),
        ({"model.safetensors": None, "pytorch_model.bin": b"\x80\x04."}, "has pickled weights only"),
        ({"model.safetensors": b"no weights"}, "the weights of acme/small cannot be loaded"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value,
)
def test_what_a_network_cannot_be_made_of_is_named(
    hub: HubServer, hub_client: Path, files: Files, changes: dict[str, bytes | None], sentence: str
) -> None:
    contents = {name: content for name, content in {**files, **changes}.items() if content is not None}
    hub.add_repo(NAME, contents)
    refused(lambda: ChromaFormerModel.from_pretrained(NAME), sentence)


@pytest.mark.parametrize(("content", "sentence"), [(None, "has no preprocessor_config"), (b"{", "can be read")])
def test_what_an_image_processor_cannot_be_made_of_is_named(
    hub: HubServer, hub_client: Path, files: Files, content: bytes | None, sentence: str
) -> None:
    kept = {name: content for name, content in files.items() if name != "preprocessor_config.json"}
    hub.add_repo(NAME, kept | ({"preprocessor_config.json": content} if content else {}))
    refused(lambda: ColorizerImageProcessor.from_pretrained(NAME), sentence)


@pytest.mark.usefixtures("hub_client")
def test_a_network_alone_is_published_without_what_surrounds_it(hub: HubServer, checkpoint: Path) -> None:
    push_checkpoint(checkpoint, NAME, branch="whole")
    model = load_model(checkpoint)
    model.push_to_hub(NAME)
    names = set(hub.repos[NAME].at("main").files)
    assert names == {".gitattributes", "README.md", "config.json", "model.safetensors"}
    assert same_weights(load_model(NAME), model)
    with pytest.raises(CheckpointError, match=r"acme/small has no preprocessor_config\.json"):
        ColorizationPipeline.from_pretrained(NAME)
    model.push_to_hub(NAME, revision="whole")
    files = hub.repos[NAME].at("whole").files
    assert "preprocessor_config.json" in files
    assert "auto_map" not in json.loads(files["config.json"].content)
