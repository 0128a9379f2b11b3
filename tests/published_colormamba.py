"""ColorMamba from its tables of layers, with its authors' names for the weights: plain functions, token by token.

Independent of the package: what a converted checkpoint must reproduce.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

STATES = 2


class PublishedWeights(dict[str, Tensor]):
    """Weights that come into being, at random, when a layer first asks for them."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(5)

    def get_or_draw(self, name: str, *shape: int, around: float = 0.0, spread: float = 0.1) -> Tensor:
        if name not in self:
            self[name] = around + spread * torch.randn(*shape, generator=self.generator)
        return self[name]

    def conv(
        self, name: str, x: Tensor, out: int, size: int = 3, stride: int = 1, *, depthwise: bool = False
    ) -> Tensor:
        inside = 1 if depthwise else x.shape[1]
        weight = self.get_or_draw(f"{name}.weight", out, inside, size, size, spread=(inside * size**2) ** -0.5)
        bias = self.get_or_draw(f"{name}.bias", out)
        return F.conv2d(x, weight, bias, stride, padding=1, groups=x.shape[1] if depthwise else 1)

    def deconv(self, name: str, x: Tensor, out: int, size: int) -> Tensor:
        weight = self.get_or_draw(f"{name}.weight", x.shape[1], out, size, size, spread=x.shape[1] ** -0.5)
        return F.conv_transpose2d(x, weight, self.get_or_draw(f"{name}.bias", out), 2, padding=(size - 2) // 2)

    def bounded_conv(self, name: str, x: Tensor) -> Tensor:
        count = x.shape[1]
        weight = self.get_or_draw(f"{name}.weight_orig", count, count, 3, 3)
        if f"{name}.weight_u" not in self:
            left, _, right = torch.linalg.svd(weight.flatten(1), full_matrices=False)
            self[f"{name}.weight_u"], self[f"{name}.weight_v"] = left[:, 0].clone(), right[0].clone()
        norm = self[f"{name}.weight_u"] @ weight.flatten(1) @ self[f"{name}.weight_v"]
        return F.conv2d(x, weight / norm, self.get_or_draw(f"{name}.bias", count), padding=1)

    def linear(self, name: str, x: Tensor, out: int, *, bias: bool = False) -> Tensor:
        weight = self.get_or_draw(f"{name}.weight", out, x.shape[-1], spread=x.shape[-1] ** -0.5)
        return F.linear(x, weight, self.get_or_draw(f"{name}.bias", out) if bias else None)

    def layer_norm(self, name: str, x: Tensor) -> Tensor:
        scale = self.get_or_draw(f"{name}.weight", x.shape[-1], around=1)
        return F.layer_norm(x, x.shape[-1:], scale, self.get_or_draw(f"{name}.bias", x.shape[-1]))

    def batch_norm(self, name: str, x: Tensor) -> Tensor:
        count = x.shape[1]
        statistics = (
            self.get_or_draw(f"{name}.running_mean", count),
            self.get_or_draw(f"{name}.running_var", count, around=1),
        )
        scale = self.get_or_draw(f"{name}.weight", count, around=1)
        return F.batch_norm(x, *statistics, scale, self.get_or_draw(f"{name}.bias", count))


def scan(w: PublishedWeights, name: str, u: Tensor) -> Tensor:
    """Tokens (B, H, W, C)."""
    batch, height, width, count = u.shape
    d, rank = 2 * count, -(-count // 16)
    x, gate = w.linear(f"{name}.in_proj", u, 2 * d).chunk(2, dim=-1)
    x = F.silu(w.conv(f"{name}.conv2d", x.permute(0, 3, 1, 2), d, depthwise=True))
    down = x.transpose(2, 3).reshape(batch, d, -1)
    ways = [x.reshape(batch, d, -1), down, x.reshape(batch, d, -1).flip(-1), down.flip(-1)]
    project = w.get_or_draw(f"{name}.x_proj_weight", 4, rank + 2 * STATES, d, spread=d**-0.5)
    step_weight = w.get_or_draw(f"{name}.dt_projs_weight", 4, d, rank)
    step_bias = w.get_or_draw(f"{name}.dt_projs_bias", 4, d, around=-2)
    A = -w.get_or_draw(f"{name}.A_logs", 4 * d, STATES).exp().view(4, d, STATES)
    D = w.get_or_draw(f"{name}.Ds", 4 * d, around=1).view(4, d)
    sequences = torch.stack(ways, dim=1)
    steps, B, C = (project @ sequences).split([rank, STATES, STATES], dim=2)
    delta = F.softplus(step_weight @ steps + step_bias[..., None])
    tokens, delta, B, C = (one.permute(3, 0, 1, 2).contiguous() for one in (sequences, delta, B, C))
    entering = (delta * tokens)[..., None] * B[..., None, :]
    state, seen = torch.zeros(batch, 4, d, STATES), []
    for t in range(len(tokens)):
        state = (delta[t][..., None] * A).exp() * state + entering[t]
        seen.append((state * C[t][..., None, :]).sum(-1))
    outputs = (torch.stack(seen) + D * tokens).permute(2, 1, 3, 0)
    y = outputs[0] + outputs[2].flip(-1)
    y = y + (outputs[1] + outputs[3].flip(-1)).view(batch, d, width, height).transpose(2, 3).flatten(2)
    y = w.layer_norm(f"{name}.out_norm", y.transpose(1, 2).reshape(batch, height, width, d))
    return w.linear(f"{name}.out_proj", y * F.silu(gate), count)


def agents(w: PublishedWeights, name: str, tokens: Tensor) -> Tensor:
    """Tokens (B, H, W, C), 8 heads, 49 agents."""
    batch, height, width, count = tokens.shape
    q = w.linear(f"{name}.q", tokens, count)
    k, v = w.linear(f"{name}.kv", tokens, 2 * count).chunk(2, dim=-1)
    a = F.adaptive_avg_pool2d(q.permute(0, 3, 1, 2), (7, 7)).flatten(2).transpose(1, 2)
    q, k, v, a = (part.reshape(batch, -1, 8, count // 8).transpose(1, 2) for part in (q, k, v, a))
    grids = [
        F.interpolate(w.get_or_draw(f"{name}.{one}_bias", 8, 49, 7, 7), size=(1, 1), mode="bilinear")
        for one in ("an", "na")
    ]
    lines = [w.get_or_draw(f"{name}.{one}_bias", 1, 8, 49, 1, 1) for one in ("ah", "aw")]
    rows = [w.get_or_draw(f"{name}.{one}_bias", 1, 8, 1, 1, 49) for one in ("ha", "wa")]
    seen = grids[0].view(1, 8, 49, 1) + (lines[0] + lines[1]).view(1, 8, 49, 1)
    heard = grids[1].view(1, 8, 1, 49) + (rows[0] + rows[1]).view(1, 8, 1, 49)
    scale = (count // 8) ** -0.5
    reports = (scale * a @ k.transpose(2, 3) + seen).softmax(dim=-1) @ v
    x = (scale * q @ a.transpose(2, 3) + heard).softmax(dim=-1) @ reports
    image = v.transpose(1, 2).reshape(batch, height, width, count).permute(0, 3, 1, 2)
    near = w.conv(f"{name}.dwc", image, count, depthwise=True).permute(0, 2, 3, 1)
    return w.linear(f"{name}.proj", x.transpose(1, 2).reshape(tokens.shape) + near, count, bias=True)


def mamba(w: PublishedWeights, name: str, x: Tensor) -> Tensor:
    inside, count = f"{name}.layers.0.residual_group.blocks.0", x.shape[1]
    t = x.permute(0, 2, 3, 1)
    framed = F.pad(w.layer_norm(f"{inside}.ln_1", t), (0, 0, 1, 1, 1, 1))
    s = w.get_or_draw(f"{inside}.skip_scale", count, around=1) * t
    s = s + scan(w, f"{inside}.self_attention", framed)[:, 1:-1, 1:-1]
    z = w.layer_norm(f"{inside}.ln_2", s).permute(0, 3, 1, 2)
    z = w.conv(f"{inside}.conv.2", F.gelu(w.conv(f"{inside}.conv.0", z, count // 3)), count).permute(0, 2, 3, 1)
    z = z + agents(w, f"{inside}.conv_blk.attn", w.layer_norm(f"{inside}.conv_blk.norm1", z))
    hidden = F.gelu(
        w.linear(f"{inside}.conv_blk.mlp.fc1", w.layer_norm(f"{inside}.conv_blk.norm2", z), 4 * count, bias=True)
    )
    z = z + w.linear(f"{inside}.conv_blk.mlp.fc2", hidden, count, bias=True)
    s = w.get_or_draw(f"{inside}.skip_scale2", count, around=1) * s + z
    t = w.layer_norm(f"{name}.norm", s + t)
    return w.conv(f"{name}.conv_after_body", t.permute(0, 3, 1, 2), count)


def act(x: Tensor) -> Tensor:
    return F.leaky_relu(F.instance_norm(x), 0.2)


def double_conv(w: PublishedWeights, name: str, x: Tensor, out: int, *, scanned: bool = False) -> Tensor:
    x = w.conv(f"{name}.conv2", act(w.conv(f"{name}.conv1", x, out)), out)
    return act(mamba(w, f"{name}.mamba", x) if scanned else x)


def predict_hsv(w: PublishedWeights, nir: Tensor, style: Tensor, n: int) -> tuple[Tensor, list[Tensor]]:
    kernel = -torch.ones(1, 1, 3, 3)
    kernel[..., 1, 1] = 8
    edge = F.conv2d(nir, kernel, padding=1)
    both = []
    for end, x in (("", torch.cat([nir, edge, style], dim=1)), ("_edge", edge)):
        maps: list[Tensor] = []
        for level in range(5):
            x = F.max_pool2d(x, 2) if level else x
            x = double_conv(w, f"netG_C.layer{level + 1}_conv{end}", x, n * 2**level, scanned=0 < level < 4)
            maps.append(x)
        both.append(maps)
    x = torch.cat([both[0][4], both[1][4]], dim=1)
    for stage in range(4):
        out = n * 2 ** (4 - stage)
        x = act(w.deconv(f"netG_C.deconv{stage + 1}.conv1", x, out, 2))
        x = torch.cat([x, both[0][3 - stage], both[1][3 - stage]], dim=1)
        x = double_conv(w, f"netG_C.layer{stage + 6}_conv", x, out)
    return w.conv("netG_C.layer10_conv", x, 3).tanh(), both[0][1:]


def spade_block(w: PublishedWeights, name: str, x: Tensor, guide: Tensor, hidden: int) -> Tensor:
    dx = x
    for half in ("0", "1"):
        seen = F.relu(w.conv(f"{name}.norm_{half}.mlp_shared.0", F.interpolate(guide, x.shape[2:]), hidden))
        gamma, beta = (w.conv(f"{name}.norm_{half}.mlp_{one}", seen, x.shape[1]) for one in ("gamma", "beta"))
        dx = w.bounded_conv(f"{name}.conv_{half}", F.leaky_relu(F.instance_norm(dx) * (1 + gamma) + beta, 0.2))
    return x + dx


def criss_cross(w: PublishedWeights, name: str, x: Tensor, y: Tensor) -> Tensor:
    def cd(part: str, seen: Tensor, out: int) -> Tensor:
        seen = w.batch_norm(f"{name}.{part}.2", F.relu(w.conv(f"{name}.{part}.0", seen, out)))
        return F.relu(w.conv(f"{name}.{part}.3", seen, out))

    count, (height, _) = x.shape[1], x.shape[2:]
    q, k, v = cd("query_conv", x, count // 8), cd("key_conv", x, count // 8), cd("value_conv", y, count)
    # pixels in front: (B, W, H, c) for columns, (B, H, W, c) for rows
    (qc, kc, vc), (qr, kr, vr) = ([one.permute(order) for one in (q, k, v)] for order in ((0, 3, 2, 1), (0, 2, 3, 1)))
    column = qc @ kc.transpose(2, 3) - torch.diag(torch.full((height,), torch.inf)).nan_to_num(0, torch.inf)
    row = qr @ kr.transpose(2, 3)
    weights = torch.cat([column.transpose(1, 2), row], dim=3).softmax(dim=3)
    looked = (weights[..., :height].transpose(1, 2) @ vc).transpose(1, 2) + weights[..., height:] @ vr
    skip = cd("conv_skip", torch.cat([x, y], dim=1), count)
    return w.get_or_draw(f"{name}.gamma", 1, around=0.7) * looked.permute(0, 3, 1, 2) + skip


def predict_rgb(w: PublishedWeights, nir: Tensor, hsv: Tensor, guides: list[Tensor], n: int) -> Tensor:
    x, skips = nir, []
    for stage in range(1, 8):
        x = w.conv(
            f"netG_A.coder_{stage}.{int(stage > 1)}",
            F.leaky_relu(x, 0.2) if stage > 1 else x,
            n * min(2 ** (stage - 1), 8),
            4,
            2,
        )
        x = mamba(w, f"netG_A.coder_{stage}.{1 + int(stage > 1)}", x) if stage < 4 else x
        x = F.instance_norm(x) if stage > 1 else x
        skips.append(x)
    x = w.conv("netG_A.innermost_8.1", F.leaky_relu(x, 0.2), 8 * n, 4, 2)
    x = F.instance_norm(w.deconv("netG_A.innermost_8.3", x.relu(), 8 * n, 4))
    for stage in (7, 6):
        x = torch.cat([skips[stage - 1], x], dim=1).relu()
        x = F.instance_norm(w.deconv(f"netG_A.decoder_{stage}.1", x, 8 * n, 4))
    decoded = {5: x}

    def up(number: int, times: int) -> Tensor:
        return F.interpolate(decoded[number], scale_factor=times, mode="bilinear", align_corners=True)

    for stage, out in ((5, 8 * n), (4, 4 * n), (3, 2 * n), (2, n)):
        more = [up(4, 4)] if stage == 2 else []
        x = torch.cat([skips[stage - 1], *more, decoded[stage]], dim=1).relu()
        x = w.deconv(f"netG_A.decoder_{stage}.block.1", x, out, 4)
        x = spade_block(w, f"netG_A.decoder_{stage}.SPADE_color", x, guides[stage - 2], 2 * n)
        decoded[stage - 1] = F.instance_norm(x)
    x = torch.cat([skips[0], up(4, 8), up(3, 4), decoded[1]], dim=1).relu()
    x = w.deconv("netG_A.block.1", x, n, 4)
    levels = (255 * nir).floor()
    rows = torch.arange(-1, nir.shape[2] + 1).abs()
    rows[-1] = nir.shape[2] - 2
    framed = levels[:, :, rows]
    texture = framed[:, :, 2:] + framed[:, :, :-2] - 2 * levels  # of one picture: see the table
    texture = (texture - texture.min()) / (texture.max() - texture.min())
    h = spade_block(w, "netG_A.fusion", hsv, texture, 2 * n)
    return w.conv("netG_A.fin_out.0", criss_cross(w, "netG_A.cross_block", x, h), 3).sigmoid()


def published_colormamba(w: PublishedWeights, nir: Tensor, style: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """HSV and RGB (1, 3, 256, 256) of a frame (1, 1, 256, 256), stretched, and its HSV, likewise."""
    hsv, guides = predict_hsv(w, nir, style, width // 2)
    return hsv, predict_rgb(w, nir, hsv, guides, width)
