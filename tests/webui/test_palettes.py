"""What the page says of the colours that a picture should be made of."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorizer_hf.batches import palette_to_tensor
from colorizer_hf.errors import HintError
from colorizer_hf.palette import Palette
from colorizer_hf.webui.callbacks import Edits
from colorizer_hf.webui.palettes import parse_palette

MEASURED = {"chroma": [[60.0, 40.0], [-10.0, 5.0]], "shares": [0.75, 0.25], "strength": 0.8}


def test_nothing_is_no_palette() -> None:
    assert parse_palette(None) is None
    assert parse_palette({}) is None


def test_named_colours_have_equal_shares() -> None:
    assert parse_palette({"colors": ["#c02020", "#2040c0"]}) == Palette.of_colors(["#c02020", "#2040c0"])


def test_measured_ones_keep_theirs() -> None:
    assert parse_palette(MEASURED) == Palette(((60.0, 40.0), (-10.0, 5.0)), (0.75, 0.25), 0.8)


@pytest.mark.parametrize(
    ("said", "meant"), [(7, 1.0), (-1, 0.0), (float("nan"), 0.5), (float("inf"), 0.5), ("0.25", 0.25)]
)
def test_any_strength_is_brought_into_its_range(said: Any, meant: float) -> None:
    palette = parse_palette(MEASURED | {"strength": said})
    assert palette is not None
    assert palette.strength == meant


def test_too_many_named_colours_are_refused() -> None:
    with pytest.raises(HintError, match="a palette has 8 colours at most"):
        parse_palette({"colors": ["#c02020"] * 9})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["colors", "chroma", "shares", "strength"]), ANYTHING) | ANYTHING)
def test_any_words_are_understood_or_refused(words: Any) -> None:
    try:
        palette = Edits.parse({"revision": 1, "palette": words}).palette
    except HintError:
        return
    if palette is not None:
        assert sum(palette.shares) == pytest.approx(1)
        assert palette_to_tensor(palette).isfinite().all()
