"""Edit a photograph as an editor's window would: the network looks once, every further hint costs milliseconds.

python examples/edit_step_by_step.py colorizer_hf/webui/examples/coffee_cup.jpg --output out/edited.jpg
"""

import argparse
import time
from pathlib import Path

from colorizer_hf import ColorizationPipeline, EditSession, Hint

# Places as shares of width and height.
STROKES = [(0.5, 0.5, "#2e6fb0"), (0.25, 0.75, "#8a5a33"), (0.8, 0.2, "#7a4a2a")]


def main() -> None:
    parser = argparse.ArgumentParser(description="Add colour hints one by one and save the last picture.")
    parser.add_argument("photo", type=Path)
    parser.add_argument("--output", type=Path, default=Path("edited.jpg"), help="the picture to write")
    arguments = parser.parse_args()

    session = EditSession(ColorizationPipeline.from_pretrained(), arguments.photo)
    result = session.update()
    width, height = session.photo.size
    hints: list[Hint] = []
    for x, y, color in STROKES:
        hints.append(Hint(x * width, y * height, color))
        start = time.perf_counter()
        result = session.update(hints)
        print(f"{len(hints)} hints: {1000 * (time.perf_counter() - start):.0f} ms")
    result.save(arguments.output)
    print(arguments.output)


if __name__ == "__main__":
    main()
