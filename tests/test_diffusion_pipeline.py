"""Several colourings of one photograph: what a caller can rely on, whatever the weights."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.models.unets.unet_2d import UNet2DModel
from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler
from PIL import Image

from colorizer_hf.color import rgb_to_lab
from colorizer_hf.diffusion_pipeline import ColorizationDiffusionOutput, ColorizationDiffusionPipeline
from colorizer_hf.errors import CheckpointError, HintError, ImageError
from colorizer_hf.hints import Hint
from tests.tiny_sampler import tiny_sampler

WIDTH, HEIGHT = 120, 90


@pytest.fixture(scope="module")
def pipe() -> ColorizationDiffusionPipeline:
    return tiny_sampler()


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return Image.fromarray((60 + 100 * (columns > 50) + rows / 2).astype(np.uint8))


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def luminance_of(picture: Image.Image) -> np.ndarray:
    luminance, _ = rgb_to_lab(torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)[None] / 255)
    return 100 * luminance[0, 0].numpy()


class TestColourings:
    def test_are_several_different_ones_at_the_photos_size_with_its_luminance(self, pipe: Any, photo: Any) -> None:
        results = pipe(photo, generator=seeded(1)).results
        assert len(results) == 4
        for result in results:
            assert result.image.size == (WIDTH, HEIGHT)
            assert np.abs(luminance_of(result.image) - luminance_of(photo)).max() < 1
        assert all((a.chroma - b.chroma).abs().max() > 0.01 for a, b in itertools.pairwise(results))

    def test_the_same_seed_gives_the_same_ones(self, pipe: Any, photo: Any) -> None:
        first, again, other = (pipe(photo, generator=seeded(seed)).results for seed in (3, 3, 4))
        assert all(torch.equal(a.chroma, b.chroma) for a, b in zip(first, again, strict=True))
        assert not torch.equal(first[0].chroma, other[0].chroma)

    def test_a_list_of_generators_has_one_for_each(self, pipe: Any, photo: Any) -> None:
        two = pipe(photo, num_images_per_photo=2, generator=[seeded(5), seeded(6)]).results
        alone = pipe(photo, num_images_per_photo=1, generator=[seeded(6)]).results
        assert torch.allclose(two[1].chroma, alone[0].chroma, atol=1e-5)

    def test_are_saved_with_the_photos_metadata(self, pipe: Any, photo: Any, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[0x010E] = "Harbour, 1911"
        photo.save(tmp_path / "old.jpg", exif=exif)
        pipe(tmp_path / "old.jpg", num_images_per_photo=1).results[0].save(tmp_path / "new.jpg")
        with Image.open(tmp_path / "new.jpg") as saved:
            assert saved.getexif()[0x010E] == "Harbour, 1911"

    def test_can_be_chosen_out_of_more(self, pipe: Any, photo: Any) -> None:
        every = pipe(photo, num_images_per_photo=8, generator=seeded(2)).results
        chosen = pipe(photo, num_images_per_photo=3, num_candidates=8, generator=seeded(2))
        assert len(set(chosen.drawn)) == len(chosen.results) == 3
        for place, result in zip(chosen.drawn, chosen.results, strict=True):
            assert torch.equal(result.chroma, every[place].chroma)

    def test_come_as_a_tuple_for_who_wants_one(self, pipe: Any, photo: Any) -> None:
        results, drawn = pipe(photo, num_images_per_photo=2, return_dict=False)
        assert (len(results), drawn) == (2, [0, 1])


class TestSteps:
    def test_callback_sees_every_step_and_may_change_what_was_drawn(self, pipe: Any, photo: Any) -> None:
        seen = []

        def calm(pipeline: Any, step: int, t: torch.Tensor, kept: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            assert pipeline is pipe
            seen.append((step, float(t)))
            return {"latents": torch.zeros_like(kept["latents"])}

        first, second = pipe(photo, num_images_per_photo=2, num_inference_steps=4, callback_on_step_end=calm).results
        assert seen == [(0, 1000), (1, 750), (2, 500), (3, 250)]
        assert torch.equal(first.chroma, second.chroma)  # nothing is left of chance

    def test_guidance_changes_what_is_drawn(self, pipe: Any, photo: Any) -> None:
        plain, guided = (
            pipe(photo, num_images_per_photo=1, guidance_scale=scale, generator=seeded(1)).results[0].chroma
            for scale in (1.0, 3.0)
        )
        assert not torch.allclose(plain, guided, atol=1e-3)

    def test_coherence_gives_what_looks_alike_one_colour(self, pipe: Any, photo: Any) -> None:
        spreads = []
        for coherence in (0.0, 1.0):
            (result,) = pipe(photo, num_images_per_photo=1, coherence=coherence, generator=seeded(1)).results
            left = result.chroma[..., : result.chroma.shape[-1] // 3]  # one even thing
            spreads.append(float(left.std(dim=(1, 2)).mean()))
        assert spreads[1] < 0.5 * spreads[0]


class TestHints:
    def test_hold_in_every_colouring(self, pipe: Any, photo: Any) -> None:
        x, y = 80, 30
        results = pipe(photo, hints=[Hint(x, y, "#b03030", 12)], generator=seeded(1)).results
        wanted = rgb_to_lab(torch.tensor([0xB0, 0x30, 0x30]).view(1, 3, 1, 1) / 255)[1].flatten()
        for result in results:
            h, w = result.chroma.shape[-2:]
            there = result.chroma[:, int(y / HEIGHT * h), int(x / WIDTH * w)]
            assert (there - wanted).abs().max() < 0.02
        elsewhere = [result.chroma[:, -1, 0] for result in results]
        assert (elsewhere[0] - elsewhere[1]).abs().max() > 0.005

    def test_outside_the_photo_are_refused(self, pipe: Any, photo: Any) -> None:
        with pytest.raises(HintError):
            pipe(photo, hints=[Hint(500, 30, "#b03030")])


class TestFolder:
    def test_draws_the_same_to_the_bit_after_saving_and_loading(self, pipe: Any, photo: Any, tmp_path: Path) -> None:
        pipe.save_pretrained(tmp_path / "pipe")
        loaded = ColorizationDiffusionPipeline.from_pretrained(tmp_path / "pipe", local_files_only=True)
        loaded.set_progress_bar_config(disable=True)
        before, after = (p(photo, generator=seeded(7)).results for p in (pipe, loaded))
        assert all(torch.equal(a.chroma, b.chroma) for a, b in zip(before, after, strict=True))
        assert loaded.config["size"] == 64

    def test_components_can_be_given_instead(self, pipe: Any, tmp_path: Path) -> None:
        pipe.save_pretrained(tmp_path / "pipe")
        scheduler = FlowMatchEulerDiscreteScheduler(stochastic_sampling=True)
        loaded = ColorizationDiffusionPipeline.from_pretrained(tmp_path / "pipe", scheduler=scheduler)
        assert loaded.scheduler is scheduler

    def test_does_without_an_image_processor(self, pipe: Any, photo: Any, tmp_path: Path) -> None:
        bare = ColorizationDiffusionPipeline(pipe.unet, pipe.scheduler, pipe.encoder, size=64)
        bare.save_pretrained(tmp_path / "bare")
        loaded = ColorizationDiffusionPipeline.from_pretrained(tmp_path / "bare")
        assert len(loaded(photo, num_images_per_photo=2, num_inference_steps=1).results) == 2

    @pytest.mark.parametrize("file", ["model_index.json", "unet/config.json", "encoder/model.safetensors"])
    def test_that_is_not_whole_is_one_sentence(self, pipe: Any, tmp_path: Path, file: str) -> None:
        pipe.save_pretrained(tmp_path / "pipe")
        (tmp_path / "pipe" / file).unlink()
        with pytest.raises(CheckpointError):
            ColorizationDiffusionPipeline.from_pretrained(tmp_path / "pipe")

    def test_weights_of_another_unet_are_refused(self, pipe: Any, tmp_path: Path) -> None:
        pipe.save_pretrained(tmp_path / "pipe")
        UNet2DModel(
            block_out_channels=(8, 16),
            down_block_types=("DownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "UpBlock2D"),
            norm_num_groups=4,
        ).save_pretrained(tmp_path / "other")
        weights = "diffusion_pytorch_model.safetensors"
        (tmp_path / "other" / weights).replace(tmp_path / "pipe" / "unet" / weights)
        with pytest.raises(CheckpointError):
            ColorizationDiffusionPipeline.from_pretrained(tmp_path / "pipe")


class TestMistakes:
    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({"num_images_per_photo": 0}, "num_images_per_photo must be at least 1, got 0"),
            ({"num_inference_steps": 0}, "num_inference_steps must be at least 1, got 0"),
            ({"num_candidates": 3}, "num_candidates must be at least num_images_per_photo, 4, got 3"),
            ({"coherence": 1.5}, "coherence must be between 0 and 1"),
            ({"guidance_scale": -1}, "guidance_scale must be at least 0, got -1"),
            ({"generator": [torch.Generator()]}, "as many generators as candidates, 4, got 1"),
        ],
    )
    def test_are_named(self, pipe: Any, photo: Any, options: dict[str, Any], sentence: str) -> None:
        with pytest.raises(ValueError, match=sentence):
            pipe(photo, **options)

    def test_a_file_that_is_no_photograph(self, pipe: Any, tmp_path: Path) -> None:
        (tmp_path / "text.jpg").write_text("no photo")
        with pytest.raises(ImageError):
            pipe(tmp_path / "text.jpg")

    def test_a_unet_of_other_channels(self) -> None:
        with pytest.raises(ValueError, match="unet must take 2 channels of colours and"):
            tiny_sampler(channels=7)

    def test_output_has_the_fields_of_a_diffusers_output(self, pipe: Any, photo: Any) -> None:
        output = pipe(photo, num_images_per_photo=1, num_inference_steps=1)
        assert isinstance(output, ColorizationDiffusionOutput)
        assert output["results"] is output.results
