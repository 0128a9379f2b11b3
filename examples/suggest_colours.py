"""Ask the model which colours are likely at a point, and colorize the photograph once with each of them.

python examples/suggest_colours.py colorizer_hf/webui/examples/coffee_cup.jpg 150 150 --output out/suggestions
"""

import argparse
from pathlib import Path

from colorizer_hf import ColorizationPipeline, Hint


def main() -> None:
    parser = argparse.ArgumentParser(description="Colorize a photograph with each likely colour of one point.")
    parser.add_argument("photo", type=Path)
    parser.add_argument("x", type=int, help="column of the point in pixels")
    parser.add_argument("y", type=int, help="row of the point in pixels")
    parser.add_argument("--count", type=int, default=3, help="how many colours")
    parser.add_argument("--output", type=Path, default=Path("suggestions"), help="folder for the pictures")
    arguments = parser.parse_args()

    colorize = ColorizationPipeline.from_pretrained()
    suggestions = colorize(arguments.photo).suggestions(arguments.x, arguments.y, k=arguments.count)
    arguments.output.mkdir(parents=True, exist_ok=True)
    for number, suggestion in enumerate(suggestions, start=1):
        hint = Hint(arguments.x, arguments.y, suggestion.color)
        output = arguments.output / f"{arguments.photo.stem}-{number}.jpg"
        colorize(arguments.photo, hints=[hint]).save(output)
        print(f"{output}  {suggestion.color}  {suggestion.share:.0%}")


if __name__ == "__main__":
    main()
