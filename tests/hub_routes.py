"""The routes by which huggingface_hub reads and writes the Hub for tests."""

import base64
import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from tests.hub_store import Commit, File, HubState, Refusal, Repo, Token, front_matter, is_binary

# --- Who asks, and for what.


async def the_hub(request: Request) -> HubState:
    return request.state.hub


Hub = Annotated[HubState, Depends(the_hub)]


async def the_sender(request: Request, hub: Hub) -> Token | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    if token := hub.tokens.get(header.removeprefix("Bearer ")):
        return token
    raise Refusal(401, "Invalid credentials in Authorization header")


Sender = Annotated[Token | None, Depends(the_sender)]


async def a_user(sender: Sender) -> Token:
    if sender is None:
        raise Refusal(401, "Invalid username or password.")
    return sender


User = Annotated[Token, Depends(a_user)]


async def a_readable_repo(request: Request, hub: Hub, sender: Sender) -> Repo:
    parts = [parameter(request, part) for part in ("kind", "owner", "repo")]
    repo = hub.repos.get("/".join(part for part in parts if part not in ("", "models")))
    if repo and (not repo.private or (sender and sender.user == repo.owner)):
        return repo
    # What one may not see does not exist. Who did not give a name hears 401, as from the real Hub.
    raise Refusal(404 if sender else 401, "Repository not found", "RepoNotFound")


Readable = Annotated[Repo, Depends(a_readable_repo)]


async def a_writable_repo(repo: Readable, sender: Sender) -> Repo:
    if sender is None:
        # The real Hub gives no code here, and the client takes a bare 401 for RepoNotFound; but only over https.
        raise Refusal(401, "Invalid username or password.", "RepoNotFound")
    if sender.role != "write" or sender.user != repo.owner:
        raise Refusal(403, f"You don't have the required permissions to write to {repo.id}")
    return repo


Writable = Annotated[Repo, Depends(a_writable_repo)]


async def a_snapshot(request: Request, repo: Readable) -> Commit:
    return repo.at(parameter(request, "revision"))


Snapshot = Annotated[Commit, Depends(a_snapshot)]


def parameter(request: Request, name: str) -> str:
    """A part of the path; paths are matched as they are quoted, so that branch feature%2Fx is one part."""
    return unquote(request.path_params.get(name, ""))


# --- Routes: accounts and repositories.

routes = APIRouter()


@routes.get("/api/whoami-v2")
async def whoami(user: User) -> Any:
    access = {"accessToken": {"role": user.role, "displayName": "test"}}
    return {"type": "user", "name": user.user, "fullname": user.user, "orgs": [], "auth": access}


@routes.post("/api/repos/create")
async def create_repo(request: Request, hub: Hub, user: User) -> Any:
    asked = await request.json()
    name = _name_asked(asked, user)
    url = {"url": f"{request.base_url}{name}"}
    if name in hub.repos:
        return JSONResponse({"error": "You already created this repo", **url}, 409)
    if user.role != "write" or asked.get("organization") not in (None, user.user):
        raise Refusal(403, f"You don't have the rights to create {name}")
    hub.add_repo(name, private=asked.get("visibility") == "private").sdk = asked.get("sdk")
    return url


@routes.delete("/api/repos/delete")
async def delete_repo(request: Request, hub: Hub, user: User) -> None:
    name = _name_asked(await request.json(), user)
    if name not in hub.repos:
        raise Refusal(404, "Repository not found", "RepoNotFound")
    await a_writable_repo(hub.repos[name], user)
    del hub.repos[name]


def _name_asked(asked: dict[str, Any], user: Token) -> str:
    prefix = f"{asked['type']}s/" if asked.get("type", "model") != "model" else ""
    return f"{prefix}{asked.get('organization') or user.user}/{asked['name']}"


@routes.put("/api/{kind}/{repo:path}/settings")
async def change_settings(request: Request, repo: Writable) -> None:
    settings = await request.json()
    repo.private = settings.get("visibility", "private" if repo.private else "public") == "private"
    repo.gated = bool(settings.get("gated", repo.gated))


@routes.get("/api/{kind}/{repo:path}/auth-check")
async def check_gate(repo: Readable, sender: Sender) -> None:
    if repo.gated and (sender is None or sender.user not in {repo.owner, *repo.granted}):
        raise Refusal(403 if sender else 401, f"Access to model {repo.id} is restricted", "GatedRepo")


# --- Routes: reading.


@routes.get("/api/{kind}/{repo:path}/revision/{revision}")
async def show_revision(repo: Readable, commit: Snapshot) -> Any:
    card = front_matter(commit.files["README.md"].content.decode()) if "README.md" in commit.files else {}
    created = next(iter(repo.commits.values())).date
    siblings = [
        {"rfilename": path, "size": len(file.content), "blobId": file.blob_id, **file.lfs_info}
        for path, file in commit.files.items()
    ]
    access = {"private": repo.private, "gated": "auto" if repo.gated else False, "disabled": False}
    described = {name: card[name] for name in ("pipeline_tag", "library_name") if name in card}
    described |= {"cardData": card, "tags": card.get("tags", []), "sdk": repo.sdk, "downloads": 0, "likes": 0}
    dates = {"createdAt": created, "lastModified": commit.date}
    return {"id": repo.id, "author": repo.owner, "sha": commit.oid, "siblings": siblings} | access | described | dates


@routes.get("/api/{kind}/{repo:path}/refs")
async def list_refs(repo: Readable) -> Any:
    def refs(commits: dict[str, str], folder: str) -> list[dict[str, str]]:
        return [{"name": name, "ref": f"refs/{folder}/{name}", "targetCommit": oid} for name, oid in commits.items()]

    return {"branches": refs(repo.branches, "heads"), "tags": refs(repo.tags, "tags"), "converts": []}


@routes.get("/api/{kind}/{repo:path}/commits/{revision}")
async def list_commits(repo: Readable, commit: Snapshot) -> Any:
    log = [commit]
    while log[-1].parent:
        log.append(repo.commits[log[-1].parent])
    return [
        {
            "id": past.oid,
            "title": past.title,
            "message": past.message,
            "date": past.date,
            "authors": [{"user": past.author}],
        }
        for past in log
    ]


@routes.get("/api/{kind}/{repo:path}/tree/{revision}")
@routes.get("/api/{kind}/{repo:path}/tree/{revision}/{path:path}")
async def list_tree(request: Request, commit: Snapshot, recursive: bool = False) -> Any:
    folder = PurePosixPath(parameter(request, "path"))
    inside = {path: entry for path, entry in _entries(commit).items() if folder in path.parents}
    if folder.name and not inside:
        raise Refusal(404, f"{folder} does not exist", "EntryNotFound")
    return [entry for path, entry in inside.items() if recursive or path.parent == folder]


@routes.post("/api/{kind}/{repo:path}/paths-info/{revision}")
async def describe_paths(request: Request, commit: Snapshot) -> Any:
    async with request.form() as form:
        asked = [PurePosixPath(str(path)) for path in form.getlist("paths")]
    entries = _entries(commit)
    return [entries[path] for path in asked if path in entries]


def _entries(commit: Commit) -> dict[PurePosixPath, dict[str, Any]]:
    """The files and folders of a commit as the Hub describes them."""
    entries: dict[PurePosixPath, dict[str, Any]] = {}
    for name, file in sorted(commit.files.items()):
        path = PurePosixPath(name)
        size = len(file.content)
        entries[path] = {"type": "file", "path": name, "size": size, "oid": file.blob_id, **file.lfs_info}
        for folder in path.parents[:-1]:
            oid = hashlib.sha1(bytes(folder)).hexdigest()
            entries[folder] = {"type": "directory", "path": str(folder), "oid": oid}
    return entries


@routes.get("/api/{kind}/{repo}")
@routes.get("/api/{kind}/{owner}/{repo}")
async def show_repo(repo: Readable) -> Any:
    return await show_revision(repo, repo.at("main"))


@routes.api_route("/{repo:path}/resolve/{revision}/{path:path}", methods=["GET", "HEAD"])
async def resolve(request: Request, repo: Readable, commit: Snapshot, sender: Sender) -> Response:
    await check_gate(repo, sender)
    file = commit.files.get(parameter(request, "path"))
    if file is None:
        raise Refusal(404, "Entry not found", "EntryNotFound", X_Repo_Commit=commit.oid)
    size = len(file.content)
    headers = {"X-Repo-Commit": commit.oid, "ETag": f'"{file.etag}"', "Accept-Ranges": "bytes"}
    if file.lfs:
        headers |= {"X-Linked-Etag": f'"{file.sha256}"', "X-Linked-Size": str(size)}
    start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
    if start:
        headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
    return Response(file.content[start:], 206 if start else 200, headers, "application/octet-stream")


# --- Routes: branches and tags.


@routes.post("/api/{kind}/{repo:path}/branch/{name}")
async def create_branch(request: Request, repo: Writable) -> None:
    start = (await request.json()).get("startingPoint", "main")
    _add_ref(repo.branches, parameter(request, "name"), repo.at(start))


@routes.post("/api/{kind}/{repo:path}/tag/{revision}")
async def create_tag(request: Request, repo: Writable, commit: Snapshot) -> None:
    _add_ref(repo.tags, (await request.json())["tag"], commit)


def _add_ref(refs: dict[str, str], name: str, commit: Commit) -> None:
    if name in refs:
        raise Refusal(409, f"Reference {name} already exists")
    refs[name] = commit.oid


@routes.delete("/api/{kind}/{repo:path}/branch/{revision}")
async def delete_branch(request: Request, repo: Writable, _: Snapshot) -> None:
    del repo.branches[parameter(request, "revision")]


@routes.delete("/api/{kind}/{repo:path}/tag/{revision}")
async def delete_tag(request: Request, repo: Writable, _: Snapshot) -> None:
    del repo.tags[parameter(request, "revision")]


# --- Routes: writing. LFS files go up first and show nothing; the commit shows all at once.


@routes.post("/api/validate-yaml")
async def validate_yaml(request: Request) -> Any:
    try:
        found = front_matter((await request.json())["content"])
    except ValueError as error:
        return JSONResponse({"errors": [{"message": str(error)}], "warnings": []}, 400)
    return {"errors": [], "warnings": [] if found else [{"message": "empty or missing yaml metadata in repo card"}]}


@routes.post("/api/{kind}/{repo:path}/preupload/{revision}")
async def choose_upload_modes(request: Request, repo: Writable, commit: Snapshot) -> Any:
    def mode(path: str, sample: str, **_: Any) -> dict[str, Any]:
        known = commit.files.get(path)
        mode = "lfs" if is_binary(base64.b64decode(sample)) else "regular"
        return {"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": known.etag if known else None}

    return {"files": [mode(**file) for file in (await request.json())["files"]]}


@routes.post("/{repo:path}.git/info/lfs/objects/batch")
async def plan_lfs_uploads(request: Request, hub: Hub, repo: Writable) -> Any:
    def plan(oid: str, size: int) -> dict[str, Any]:
        if oid in hub.objects:
            return {"oid": oid, "size": size}
        href = f"{request.base_url}lfs/{oid}"
        parts = {str(number): f"{href}/{number}" for number in range(1, math.ceil(size / hub.part_size) + 1)}
        header = {"chunk_size": str(hub.part_size), **parts} if len(parts) > 1 else {}
        verify = {"href": f"{request.base_url}{repo.name}.git/info/lfs/objects/verify"}
        return {"oid": oid, "size": size, "actions": {"upload": {"href": href, "header": header}, "verify": verify}}

    return {"transfer": "basic", "objects": [plan(**asked) for asked in (await request.json())["objects"]]}


@routes.put("/lfs/{oid}")
async def upload_object(request: Request, hub: Hub) -> None:
    _keep_object(hub, parameter(request, "oid"), await request.body())


@routes.put("/lfs/{oid}/{part}")
async def upload_part(request: Request, hub: Hub) -> Response:
    content = await request.body()
    hub.parts.setdefault(parameter(request, "oid"), {})[int(parameter(request, "part"))] = content
    return Response(headers={"ETag": hashlib.md5(content).hexdigest()})


@routes.post("/lfs/{oid}")
async def join_parts(request: Request, hub: Hub) -> None:
    parts = hub.parts.pop(parameter(request, "oid"))
    _keep_object(hub, parameter(request, "oid"), b"".join(parts[number] for number in sorted(parts)))


def _keep_object(hub: HubState, oid: str, content: bytes) -> None:
    if hashlib.sha256(content).hexdigest() != oid:
        raise Refusal(400, "The content does not have the announced SHA-256")
    hub.objects[oid] = content


@routes.post("/{repo:path}.git/info/lfs/objects/verify")
async def verify_object(request: Request, hub: Hub, repo: Writable) -> None:
    asked = await request.json()
    if len(hub.objects.get(asked["oid"], b"")) != asked["size"]:
        raise Refusal(404, "The object was not uploaded")


@routes.post("/api/{kind}/{repo:path}/commit/{revision}")
async def make_commit(request: Request, hub: Hub, repo: Writable, user: User, head: Snapshot) -> Any:
    header, *lines = [json.loads(line) for line in (await request.body()).splitlines()]
    about = header["value"]
    if about.get("parentCommit", head.oid) != head.oid:
        raise Refusal(412, "A commit has happened since. Please refresh and try again.")
    files = dict(head.files)
    for line in lines:
        _apply(files, line, hub.objects)
    commit = Commit(head.oid, files, about["summary"], about["description"], user.user)
    repo.commit(parameter(request, "revision"), commit)
    return {"commitUrl": f"{request.base_url}{repo.name}/commit/{commit.oid}", "commitOid": commit.oid}


def _apply(files: dict[str, File], line: dict[str, Any], objects: Mapping[str, bytes]) -> None:
    """Do to `files` what one line of a commit's request says."""
    match line:
        case {"key": "file", "value": {"path": path, "content": content, "encoding": "base64"}}:
            files[path] = File(base64.b64decode(content), lfs=False)
        case {"key": "lfsFile", "value": {"path": path, "oid": oid}} if oid in objects:
            files[path] = File(objects[oid], lfs=True)
        case {"key": "deletedFile", "value": {"path": path}} if path in files:
            del files[path]
        case {"key": "deletedFolder", "value": {"path": folder}}:
            for path in [path for path in files if path.startswith(folder.rstrip("/") + "/")]:
                del files[path]
        case {"key": "deletedFile"}:
            raise Refusal(404, "A file with this name doesn't exist", "EntryNotFound")
        case _:
            raise Refusal(400, f"Cannot commit {line['value'].get('path')}")


async def _refuse(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return refusal.response


app = FastAPI(openapi_url=None, redirect_slashes=False)
app.include_router(routes)
app.add_exception_handler(Refusal, _refuse)
