"""Names that people have for colours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorizer_hf.color_names import color_name


@pytest.mark.parametrize(
    ("color", "name"),
    [
        ("#7a1014", "dark red"),
        ("#c62a2f", "red"),
        ("#b8d0e8", "pale blue"),
        ("#86b6e0", "sky blue"),
        ("#2f4a80", "dark blue"),
        ("#808000", "olive"),
        ("#8c8c8c", "gray"),
        ("#6b4226", "brown"),
        ("#f0b4c2", "pink"),
        ("#00ff00", "green"),
        ("#000000", "black"),
        ("#ffffff", "white"),
    ],
)
def test_a_colour_is_called_as_people_call_it(color: str, name: str) -> None:
    assert color_name(color) == name


@given(code=st.integers(0, 255))
def test_what_has_no_colour_has_no_name_of_one(code: int) -> None:
    assert color_name(f"#{code:02x}{code:02x}{code:02x}") in {"black", "dark gray", "gray", "light gray", "white"}


@given(color=st.from_regex("#[0-9a-f]{6}", fullmatch=True))
def test_every_colour_has_a_name(color: str) -> None:
    assert color_name(color)
