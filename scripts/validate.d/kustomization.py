"""Renders the kustomizations of deploy/kubernetes.

Debian's kubectl is older than the format they are written in, so this does what they use of it: resources,
namespace, images, generated ConfigMaps, and patches by JSON Patch (RFC 6902). Whatever else a kustomization says is
an error, not ignored. Where a newer kubectl is installed, `compare` holds both to the same result."""

import hashlib
import json
import pathlib
import shutil
import subprocess

import yaml

KNOWN = {"apiVersion", "kind", "namespace", "resources", "images", "configMapGenerator", "patches"}
CLUSTER_WIDE = {"Namespace"}


class Wrong(Exception):
    """What is wrong with a kustomization, and where."""


def documents(path):
    """The objects in a file."""
    try:
        return [one for one in yaml.safe_load_all(path.read_text()) if one is not None]
    except (OSError, yaml.YAMLError) as error:
        raise Wrong(f"{path}: {error}") from error


def render(folder):
    """Every object of the kustomization in this folder."""
    folder = pathlib.Path(folder)
    objects, generated = collect(folder)
    name_by_content(objects, generated, documents(folder / "kustomization.yaml")[0].get("namespace"))
    return objects


def collect(folder):
    """The objects, and the ConfigMaps still without the hash in their names."""
    path = folder / "kustomization.yaml"
    [spec] = documents(path)
    if unknown := set(spec) - KNOWN:
        raise Wrong(f"{path}: this does not know {', '.join(sorted(unknown))}")
    objects, generated = [], {}
    for name in spec.get("resources", []):
        if (folder / name).is_dir():
            more, maps = collect(folder / name)
            objects += more
            generated |= maps
        else:
            objects += documents(folder / name)
    for generator in spec.get("configMapGenerator", []):
        data = dict(literal.split("=", 1) for literal in generator["literals"])
        name, merges = generator["name"], generator.get("behavior") == "merge"
        if merges != (name in generated):
            raise Wrong(f"{path}: {name} has {'nothing to be merged into' if merges else 'been generated already'}")
        generated[name] = generated.get(name, {}) | data
    for patch in spec.get("patches", []):
        apply_patch(folder, path, patch, objects)
    for image in spec.get("images", []):
        rename_image(path, image, objects)
    for one in objects:
        if "namespace" in spec and one["kind"] not in CLUSTER_WIDE:
            one["metadata"]["namespace"] = spec["namespace"]
        elif "namespace" in spec:
            one["metadata"]["name"] = spec["namespace"]
    return objects, generated


def apply_patch(folder, path, patch, objects):
    target = patch["target"]
    hits = [one for one in objects if one["kind"] == target["kind"] and one["metadata"]["name"] == target["name"]]
    if not hits:
        raise Wrong(f"{path}: nothing is {target['kind']} {target['name']}")
    [operations] = documents(folder / patch["path"])
    for one in hits:
        for operation in operations:
            change(folder / patch["path"], one, operation)


def change(path, document, operation):
    """One operation of a JSON Patch."""
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    at = document
    try:
        for part in parents:
            at = at[int(part)] if isinstance(at, list) else at[part]
        key = last if isinstance(at, dict) else len(at) if last == "-" else int(last)
        match operation["op"]:
            case "add" if isinstance(at, list):
                at.insert(key, operation["value"])
            case "add":
                at[key] = operation["value"]
            case "replace":
                at[key]  # has to be there
                at[key] = operation["value"]
            case "remove":
                del at[key]
            case other:
                raise Wrong(f"{path}: this does not know the operation {other}")
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise Wrong(f"{path}: there is no {operation['path']}") from error


def containers(one):
    """The containers an object makes, if it makes pods."""
    pod = one.get("spec", {}).get("template", {}).get("spec", {})
    return pod.get("initContainers", []) + pod.get("containers", [])


def rename_image(path, image, objects):
    hits = [each for one in objects for each in containers(one) if each["image"].split(":")[0] == image["name"]]
    if not hits:
        raise Wrong(f"{path}: no container has the image {image['name']}")
    for each in hits:
        each["image"] = f"{image['newName']}:{image['newTag']}"


def name_by_content(objects, generated, namespace):
    """Adds the ConfigMaps, each named by what is in it, and puts these names wherever they are named."""
    names = {}
    for name, data in generated.items():
        names[name] = f"{name}-{digest(data)}"
        metadata = {"name": names[name]} | ({"namespace": namespace} if namespace else {})
        objects.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
    for container in (each for one in objects for each in containers(one)):
        for source in container.get("envFrom", []):
            if source.get("configMapRef", {}).get("name") in names:
                source["configMapRef"]["name"] = names[source["configMapRef"]["name"]]


def digest(data):
    """The hash kustomize makes: ten digits without those that could form words. It leaves the name empty."""
    text = json.dumps({"data": data, "kind": "ConfigMap", "name": ""}, separators=(",", ":"), sort_keys=True)
    for plain in "<>&":
        text = text.replace(plain, f"\\u{ord(plain):04x}")
    return hashlib.sha256(text.encode()).hexdigest()[:10].translate(str.maketrans("013ae", "ghkmt"))


def compare(folder, objects):
    """What a kubectl of today makes of it otherwise; None when there is none."""
    if not shutil.which("kubectl"):
        return None
    version = subprocess.run(["kubectl", "version", "--client", "--output=json"], capture_output=True, text=True)
    client = json.loads(version.stdout or "{}").get("clientVersion", {})
    if int(client.get("minor", "0").rstrip("+") or 0) < 22:
        return None
    made = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True)
    if made.returncode != 0:
        return [f"{folder}: kubectl: {made.stderr.strip()}"]
    theirs, ours = ({name(one): one for one in many} for many in (yaml.safe_load_all(made.stdout), objects))
    return [f"{folder}: kubectl makes {one} otherwise" for one in sorted(theirs.keys() | ours.keys()) if theirs.get(one) != ours.get(one)]


def name(one):
    """How people call an object."""
    return f"{one['kind']} {one['metadata']['name']}"
