"""Published systems: how their authors call the weights, and how we do. A new one is an entry in `SYSTEMS`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

Weights = dict[str, Tensor]
Settings = dict[str, Any]


@dataclass(frozen=True)
class Layout:
    """How a file of weights is laid out.

    Attributes:
        modules: Their name of each module, or of a weight, and ours; what follows after a dot is the same in both.
        unused: Modules in their files that our network does without.
        adapt: Makes their weights, under their names, fit where more than the name differs.
        settings: What the configuration must be for such a file.
    """

    modules: Mapping[str, str]
    unused: tuple[str, ...] = ()
    adapt: Callable[[Weights], Weights] = dict
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class System:
    """A network whose weights are published.

    Attributes:
        architecture: Ours, a key of `ARCHITECTURES`.
        files: What the files are called, in the order in which they are given, and the layouts that each may have.
        settings: From all weights, under our names, to the configuration that they are of.
        source: Who publishes them.
        license: Of the weights, as the Hub calls it; "unknown" if their authors do not say.
        notes: What a person should know of a configuration that was found.
    """

    architecture: str
    files: Mapping[str, tuple[Layout, ...]]
    settings: Callable[[Weights], Settings]
    source: str
    license: str = "unknown"
    notes: Callable[[Settings], list[str]] = lambda settings: []


# Zhang et al. 2016 and 2017. In Caffe the luminance comes as L - 50, chroma as a and b, the mask times 110; layers are
# called after the convolution in them, and batch norms have no weights of their own.

_GLOBAL_HINTS = {
    "glob_conv1": "global_hints.colors",
    "s_conv1": "global_hints.saturation",
    "s_glob_conv1norm": "global_hints.layers.1",
    "glob_conv2": "global_hints.layers.2",
    "glob_conv2norm": "global_hints.layers.4",
    "glob_conv3": "global_hints.layers.5",
    "glob_conv3norm": "global_hints.layers.7",
    "glob_conv4": "global_hints.layers.8",
    "glob_conv4norm": "global_hints.layers.10",
}
_CAFFE_ENCODER = {
    f"conv{block}_{count}{'norm' * is_norm}": f"conv{block}.{2 * count if is_norm else 2 * count - 2}"
    for block, last in enumerate((2, 2, 3, 3, 3, 3, 3), start=1)
    for count in range(1, last + 1)
    for is_norm in (False, True)
    if not is_norm or count == last
}
_CAFFE_DECODER = {
    "conv8_1": "up8", "conv3_3_short": "short8", "conv8_2": "conv8.1", "conv8_3": "conv8.3", "conv8_3norm": "conv8.5",
    "conv9_1": "up9", "conv2_2_short": "short9", "conv9_2": "conv9.1", "conv9_2norm": "conv9.3",
    "conv10_1": "up10", "conv1_2_short": "short10", "conv10_2": "conv10.1", "conv10_ab": "chroma_head",
}  # fmt: skip
_CAFFE_SUBSAMPLING = ("conv1_2norm_ss", "conv2_2norm_ss", "conv3_3norm_ss")  # convolutions whose weights are 1
_CAFFE_SUGGESTIONS = (  # the head over 313 bins of the original, from maps of all blocks
    *(f"conv{block}_pred" for block in range(3, 9)), "pred_313", "pred_313_us", "pred_313_rs", "scale_S",
)  # fmt: skip


def siggraph17_layout(ours: str = "network.", *, global_hints: bool = False) -> Layout:
    """The user-guided network in its authors' PyTorch code, for training and for use.

    Args:
        ours: What stands before our names.
        global_hints: Whether it is the variant for them, of which there is no PyTorch code: these layers are called as
            in Caffe.
    """
    modules = {f"model{number}": f"conv{number}" for number in range(1, 11)}
    modules |= {"model8up.0": "up8", "model9up.0": "up9", "model10up.0": "up10"}
    modules |= {"model3short8.0": "short8", "model2short9.0": "short9", "model1short10.0": "short10"}
    modules |= {"model_class.0": "class_head", "model_out.0": "chroma_head"}
    modules |= _GLOBAL_HINTS if global_hints else {}
    return Layout({theirs: ours + name for theirs, name in modules.items()}, adapt=_add_weights_of_norms)


def _siggraph17_in_caffe(*, global_hints: bool) -> Layout:
    modules = _CAFFE_ENCODER | _CAFFE_DECODER | (_GLOBAL_HINTS if global_hints else {})
    return Layout(
        {theirs: f"network.{name}" for theirs, name in modules.items()},
        unused=(*_CAFFE_SUBSAMPLING, *_CAFFE_SUGGESTIONS, "pred_ab"),
        adapt=_adapt_caffe,
        settings={"tanh_scale": 100.0, "mask_center": 0.0},
    )


def _add_weights_of_norms(weights: Weights) -> Weights:
    """Caffe's batch norms, known by their names, get weights that change nothing where none of them has any."""
    norms = {key.removesuffix(".running_mean"): key for key in weights if key.endswith("norm.running_mean")}
    if any(f"{norm}.{part}" in weights for norm in norms for part in ("weight", "bias")):
        return weights
    scales = {f"{norm}.weight": torch.ones_like(weights[mean]) for norm, mean in norms.items()}
    return weights | scales | {f"{norm}.bias": torch.zeros_like(weights[mean]) for norm, mean in norms.items()}


def _adapt_caffe(weights: Weights) -> Weights:
    """Besides, one convolution of what we put in, of the two whose outputs Caffe adds: for L, and for a, b and mask."""
    weights = dict(_add_weights_of_norms(weights))
    gray, colors = (
        {part: weights.pop(f"{name}.{part}", None) for part in ("weight", "bias")}
        for name in ("bw_conv1_1", "ab_conv1_1")
    )
    if gray["weight"] is not None and gray["bias"] is not None:
        weight, bias = 100 * gray["weight"], gray["bias"]
        if colors["weight"] is not None and colors["bias"] is not None:
            weight, bias = torch.cat([weight, 110 * colors["weight"]], dim=1), bias + colors["bias"]
        weights |= {"conv1_1.weight": weight, "conv1_1.bias": bias}
    return weights


def _siggraph17_settings(weights: Weights) -> Settings:
    """Batch norms that have no weights of their own tell a network that came from Caffe, whose mask is not centred."""
    first = weights.get("network.conv1.0.weight")
    norms = [weights.get(f"network.conv{number}.{4 if number < 3 else 6}.weight") for number in range(1, 8)]
    is_from_caffe = all(norm is not None and bool((norm == 1).all()) for norm in norms)
    return {
        "width": 64 if first is None else len(first),
        "class_head": any(name.startswith("network.class_head.") for name in weights),
        "mask_center": 0.0 if is_from_caffe else 0.5,
    }


def _mask_note(settings: Settings) -> list[str]:
    center = settings["mask_center"]
    reason, other = ("they came from Caffe", "0.5") if center == 0 else ("they were trained in PyTorch", "0")
    return [
        f"mask_center is {center:g}, as the weights look as if {reason}; "
        f"should the colours be wrong, convert again with --mask-center {other}"
    ]


def _eccv16_settings(weights: Weights) -> Settings:
    first = weights.get("conv1.0.weight")
    return {"width": 64 if first is None else len(first)}


def _decoding_to_bins(weights: Weights) -> Weights:
    """The weights (2, 313, 1, 1) of the decoding are the colours (313, 2) of the bins."""
    decoding = weights.get("model_out.weight")
    return weights if decoding is None else weights | {"model_out.weight": decoding.flatten(1).T.contiguous()}


_ECCV16_IN_PYTORCH = Layout(
    {f"model{number}": f"conv{number}" for number in range(1, 9)} | {"model_out.weight": "bin_centers"},
    adapt=_decoding_to_bins,
)
_ECCV16_IN_CAFFE = Layout(
    _CAFFE_ENCODER | {"conv8_1": "conv8.0", "conv8_2": "conv8.2", "conv8_3": "conv8.4", "conv8_313": "conv8.6"},
    unused=("conv8_313_rh", "class8_ab"),  # the annealing, and the colours of the bins, which are not in the file
    adapt=_adapt_caffe,
    settings={"annealing": 2.606},
)

# Su, Chu, Huang 2020: three files of siggraph17's layers. The fourteenth of the networks that weigh, `weight_layerout`,
# and the heads over chroma bins are in the files and do nothing.

_WEIGHT_LAYERS = {
    "weight_layer": "conv1", "weight_layer2": "conv2", "weight_layer3": "conv3", "weight_layer4": "conv4",
    "weight_layer5": "conv5", "weight_layer6": "conv6", "weight_layer7": "conv7", "weight_layer8_1": "up8",
    "weight_layer8_2": "conv8", "weight_layer9_1": "up9", "weight_layer9_2": "conv9", "weight_layer10_1": "up10",
    "weight_layer10_2": "conv10",
}  # fmt: skip


def _instance_fusion_layout(ours: str, *, weighs: bool = False) -> Layout:
    """One of its three files, `weighs` the one with the networks that do."""
    layout = siggraph17_layout(ours)
    modules = {theirs: name for theirs, name in layout.modules.items() if not theirs.startswith("model_class")}
    for theirs, name in _WEIGHT_LAYERS.items() if weighs else ():
        modules[f"{theirs}.simple_instance_conv"] = f"fusions.{name}.instance"
        modules[f"{theirs}.simple_bg_conv"] = f"fusions.{name}.whole"
    return replace(layout, modules=modules, unused=("model_class", "weight_layerout") if weighs else ("model_class",))


def _instance_fusion_settings(weights: Weights) -> Settings:
    first, weighing = weights.get("full.conv1.0.weight"), weights.get("fusions.conv1.whole.0.weight")
    sizes = {"width": 64 if first is None else len(first), "fusion_width": 16 if weighing is None else len(weighing)}
    return {**sizes, "padding": "zero"}


# Zhai et al. 2024. `netG_A` predicts RGB, `netG_C` HSV. Spectral norms are of torch's older kind.


def _mamba_names(theirs: str, ours: str) -> dict[str, str]:
    inside = f"{theirs}.layers.0.residual_group.blocks.0"
    names = {
        "skip_scale": "scale1", "skip_scale2": "scale2", "ln_1": "norm1", "ln_2": "norm2", "self_attention": "scan",
        "conv": "local", "conv_blk.mlp.fc1": "agents.mlp.0", "conv_blk.mlp.fc2": "agents.mlp.2", "conv_blk": "agents",
    }  # fmt: skip
    ends = {f"{theirs}.norm": f"{ours}.norm", f"{theirs}.conv_after_body": f"{ours}.conv"}
    return {f"{inside}.{name}": f"{ours}.block.{own}" for name, own in names.items()} | ends


def _spade_names(theirs: str, ours: str) -> dict[str, str]:
    names = {}
    for half in ("0", "1"):
        for name, own in {"mlp_shared.0": "shared", "mlp_gamma": "gamma", "mlp_beta": "beta"}.items():
            names[f"{theirs}.norm_{half}.{name}"] = f"{ours}.norm{half}.{own}"
        for name, own in {"weight_orig": "original", "weight_u": "0._u", "weight_v": "0._v"}.items():
            names[f"{theirs}.conv_{half}.{name}"] = f"{ours}.conv{half}.parametrizations.weight.{own}"
        names[f"{theirs}.conv_{half}.bias"] = f"{ours}.conv{half}.bias"
    return names


def _double_conv_names(theirs: str, ours: str, *, mamba: bool = False) -> dict[str, str]:
    names = {f"{theirs}.{name}": f"{ours}.{name}" for name in ("conv1", "conv2")}
    return names | (_mamba_names(f"{theirs}.mamba", f"{ours}.mamba") if mamba else {})


def _colormamba_layout() -> Layout:
    names = {"netG_C.layer10_conv": "hsv.head"}
    for level in range(5):
        has_scan = level in (1, 2, 3)
        for theirs, ours in ((f"layer{level + 1}_conv", "encoder"), (f"layer{level + 1}_conv_edge", "edge_encoder")):
            names |= _double_conv_names(f"netG_C.{theirs}", f"hsv.{ours}.{level}", mamba=has_scan)
    for stage in range(4):
        names |= _double_conv_names(f"netG_C.layer{stage + 6}_conv", f"hsv.decoder.{stage}")
        names[f"netG_C.deconv{stage + 1}.conv1"] = f"hsv.ups.{stage}"
    for stage in range(1, 8):
        names[f"netG_A.coder_{stage}.{int(stage > 1)}"] = f"rgb.downs.{stage - 1}.conv"
        if stage < 4:
            names |= _mamba_names(f"netG_A.coder_{stage}.{1 + int(stage > 1)}", f"rgb.downs.{stage - 1}.mamba")
    names |= {"netG_A.innermost_8.1": "rgb.downs.7.conv", "netG_A.innermost_8.3": "rgb.ups.0.conv"}
    names |= {"netG_A.decoder_7.1": "rgb.ups.1.conv", "netG_A.decoder_6.1": "rgb.ups.2.conv"}
    for stage in (5, 4, 3, 2):
        names[f"netG_A.decoder_{stage}.block.1"] = f"rgb.ups.{8 - stage}.conv"
        names |= _spade_names(f"netG_A.decoder_{stage}.SPADE_color", f"rgb.ups.{8 - stage}.spade")
    names |= {"netG_A.block.1": "rgb.ups.7.conv", "netG_A.fin_out.0": "rgb.head"}
    names |= _spade_names("netG_A.fusion", "rgb.fusion")
    for theirs, ours in {"query_conv": "query", "key_conv": "key", "value_conv": "value", "conv_skip": "skip"}.items():
        names[f"netG_A.cross_block.{theirs}"] = f"rgb.cross.{ours}"
    return Layout(names | {"netG_A.cross_block.gamma": "rgb.cross.gamma"}, adapt=_without_single_dimensions)


def _without_single_dimensions(weights: Weights) -> Weights:
    """Biases of (1, heads, agents, 1, 1) are (heads, agents)."""
    return {name: value.squeeze() if value.ndim == 5 else value for name, value in weights.items()}


def _colormamba_settings(weights: Weights) -> Settings:
    first, logs = weights.get("rgb.downs.0.conv.bias"), weights.get("rgb.downs.0.mamba.block.scan.A_logs")
    sizes = {
        "width": 64 if first is None else len(first),
        "state_size": 16 if logs is None or logs.ndim != 2 else logs.shape[1],
    }
    return {**sizes, "laplacian": "published"}


_RICHZHANG = "R. Zhang et al., github.com/richzhang/colorization"

SYSTEMS = {
    "siggraph17": System(
        architecture="siggraph17",
        files={"WEIGHTS": (siggraph17_layout(), _siggraph17_in_caffe(global_hints=False))},
        settings=_siggraph17_settings,
        source=_RICHZHANG,
        license="bsd-2-clause",
        notes=_mask_note,
    ),
    "siggraph17_global": System(
        architecture="siggraph17",
        files={"WEIGHTS": (_siggraph17_in_caffe(global_hints=True), siggraph17_layout(global_hints=True))},
        settings=lambda weights: _siggraph17_settings(weights) | {"global_hints": True},
        source="R. Zhang, J.-Y. Zhu et al., github.com/junyanz/interactive-deep-colorization",
        license="mit",
    ),
    "eccv16": System(
        architecture="eccv16",
        files={"WEIGHTS": (_ECCV16_IN_PYTORCH, _ECCV16_IN_CAFFE)},
        settings=_eccv16_settings,
        source=_RICHZHANG,
        license="bsd-2-clause",
    ),
    "instance_fusion": System(
        architecture="instance_fusion",
        files={
            "FULL": (_instance_fusion_layout("full."),),
            "INSTANCE": (_instance_fusion_layout("instance."),),
            "FUSION": (_instance_fusion_layout("fusion.", weighs=True),),
        },
        settings=_instance_fusion_settings,
        source="J.-W. Su et al., github.com/ericsujw/InstColorization",
        license="mit",
    ),
    "colormamba": System(
        architecture="colormamba",
        files={"WEIGHTS": (_colormamba_layout(),)},
        settings=_colormamba_settings,
        source="H. Zhai, G. Jin, X. Yang, G. Kang, github.com/AlexYangxx/ColorMamba",
    ),
}

__all__ = ["SYSTEMS", "Layout", "Settings", "System", "Weights", "siggraph17_layout"]
