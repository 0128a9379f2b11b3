"""What the Hub for tests stores.

Repositories are named as in their web address: acme/model, spaces/acme/demo.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import yaml
from fastapi.responses import JSONResponse

WRITE_TOKEN, READ_TOKEN, STRANGER_TOKEN = "hf_acme_write", "hf_acme_read", "hf_stranger_write"


class Refusal(Exception):
    """The Hub says no: a status, a sentence, and the X-Error-Code by which the client chooses its exception."""

    def __init__(self, status: int, message: str, code: str | None = None, **headers: str):
        super().__init__(message)
        codes = {"X-Error-Code": code} if code else {}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.response = JSONResponse({"error": message}, status, {"X-Error-Message": message} | codes | named)


@dataclass(frozen=True)
class Token:
    """Whom a token speaks for, and whether it may "write" or only "read"."""

    user: str
    role: str


@dataclass(frozen=True)
class File:
    """A file of a commit; of an LFS file git holds only a pointer."""

    content: bytes = field(repr=False)
    lfs: bool

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def pointer(self) -> bytes:
        version = "https://git-lfs.github.com/spec/v1"
        return f"version {version}\noid sha256:{self.sha256}\nsize {len(self.content)}\n".encode()

    @cached_property
    def blob_id(self) -> str:
        """The name that git gives to what it holds."""
        held = self.pointer if self.lfs else self.content
        return hashlib.sha1(b"blob %d\0" % len(held) + held).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.lfs else self.blob_id

    @property
    def lfs_info(self) -> dict[str, Any]:
        info = {"oid": self.sha256, "sha256": self.sha256, "size": len(self.content), "pointerSize": len(self.pointer)}
        return {"lfs": info} if self.lfs else {}


@dataclass(frozen=True)
class Commit:
    """A snapshot of all files of a repository."""

    parent: str | None
    files: Mapping[str, File]
    title: str
    message: str
    author: str
    date: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"))

    @cached_property
    def oid(self) -> str:
        etags = {path: file.etag for path, file in sorted(self.files.items())}
        return hashlib.sha1(repr((self.parent, etags, self.title, self.message, self.date)).encode()).hexdigest()


@dataclass
class Repo:
    """A repository; a gated one shows its files to its owner and to the users in `granted`."""

    name: str
    private: bool = False
    gated: bool = False
    sdk: str | None = None
    granted: set[str] = field(default_factory=set)
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return "/".join(self.name.split("/")[-2:])

    @property
    def owner(self) -> str:
        return self.id.split("/")[0]

    def at(self, revision: str) -> Commit:
        """The commit that a branch, a tag, or a commit's own id names."""
        oid = self.branches.get(revision) or self.tags.get(revision) or revision
        if oid not in self.commits:
            raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return self.commits[oid]

    def commit(self, branch: str, commit: Commit) -> None:
        """Show a commit: before the last line nothing of it can be seen, after it everything."""
        self.commits[commit.oid] = commit
        self.branches[branch] = commit.oid


@dataclass(repr=False)
class HubState:
    """All that a Hub knows.

    Attributes:
        tokens: Who may come in.
        repos: By name.
        objects: Content of LFS files by SHA-256, whether committed or not.
        parts: What came so far of LFS files that are uploaded in parts: SHA-256, number from 1.
        part_size: Larger LFS files are uploaded in parts of so many bytes.
    """

    tokens: dict[str, Token] = field(
        default_factory=lambda: {
            WRITE_TOKEN: Token("acme", "write"),
            READ_TOKEN: Token("acme", "read"),
            STRANGER_TOKEN: Token("stranger", "write"),
        }
    )
    repos: dict[str, Repo] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    part_size: int = 5 * 2**20

    def add_repo(
        self, name: str, files: Mapping[str, bytes] | None = None, *, private: bool = False, gated: bool = False
    ) -> Repo:
        """Put a repository there, as if it had been pushed. Like the Hub's own it begins with .gitattributes."""
        contents = {".gitattributes": b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n", **(files or {})}
        snapshot = {path: File(content, is_binary(content)) for path, content in contents.items()}
        self.objects |= {file.sha256: file.content for file in snapshot.values() if file.lfs}
        repo = self.repos[name] = Repo(name, private, gated)
        repo.commit("main", Commit(None, snapshot, "initial commit", "", repo.owner))
        return repo


def is_binary(content: bytes) -> bool:
    """Whether git, and the Hub, takes it for binary: then it becomes an LFS file."""
    return b"\0" in content[:512]


def front_matter(readme: str) -> dict[str, Any]:
    """The YAML at the head of a model card, {} where there is none.

    Raises:
        ValueError: It is no mapping.
    """
    head = re.match(r"---\r?\n(.*?)\r?\n---\r?\n", readme, re.DOTALL)
    try:
        data = yaml.safe_load(head[1]) if head else {}
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    if not isinstance(data, dict):
        raise ValueError("the metadata must be a mapping")
    return data
