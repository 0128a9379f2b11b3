"""What the page without a server takes from npm; package.json says which versions."""

from dataclasses import dataclass
from pathlib import Path

from ..errors import ColorizerError

LICENSES = Path(__file__).with_name("library_licenses.txt")


@dataclass(frozen=True)
class Library:
    """What is taken of a package of npm.

    Attributes:
        name: Of the package.
        source: Folder of the files, in the package.
        folder: Folder of the files, in the page.
        files: Their names, the module first.
        export: What the module lacks to be one that others can import.
    """

    name: str
    source: str
    folder: str
    files: tuple[str, ...]
    export: str = ""

    def read(self, npm: Path) -> dict[str, bytes]:
        """The files by their paths in the page.

        Args:
            npm: Folder into which npm installed the packages.

        Raises:
            ColorizerError: a file is not there.
        """
        paths = [npm / "node_modules" / self.name / self.source / name for name in self.files]
        if missing := [path.name for path in paths if not path.is_file()]:
            raise ColorizerError(
                f"{npm} has no {missing[0]} of {self.name}; give the folder into which npm installed that package"
            )
        found = {f"{self.folder}/{path.name}": path.read_bytes() for path in paths}
        found[f"{self.folder}/{self.files[0]}"] += self.export.encode()
        return found


LIBRARIES = (
    Library(
        "onnxruntime-web",
        source="dist",
        folder="ort",
        files=("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"),
    ),
    Library(
        "@cornerstonejs/codec-libjpeg-turbo-8bit",
        source="dist",
        folder="jpeg",
        files=("libjpegturbowasm.js", "libjpegturbowasm.wasm"),
        export="\nexport default libjpegturbowasm;\n",  # it was made for require() and <script>
    ),
    Library("client-zip", source=".", folder="zip", files=("index.js",)),
)

__all__ = ["LIBRARIES", "LICENSES", "Library"]
