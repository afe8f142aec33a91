"""Looks at the Dockerfile and the Compose files: what docker-compose itself does not look at, and whether what they
name in other files is there."""

import json
import pathlib
import re
import shlex
import sys

import yaml

FOLDER = pathlib.Path("deploy")
COMPOSE = [FOLDER / "compose.yaml", FOLDER / "compose.scaled.yaml"]


def pinned(image):
    """Whether an image names its version, so that tomorrow's build is today's."""
    return re.search(r":(?!latest$)[\w][\w.-]*$|@sha256:[0-9a-f]{64}$", image) is not None


def instructions(text):
    """The instructions of a Dockerfile, each with its arguments on one line."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        word, _, rest = line.partition(" ")
        yield word.upper(), rest.strip()


def dockerfile(path):
    """What is wrong with the Dockerfile."""
    known = {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
    stages, last = set(), {}
    for word, rest in instructions(path.read_text()):
        if word not in known:
            yield f"{path}: {word} is not used here" + (", COPY does what is needed" if word == "ADD" else "")
        if word == "FROM":
            found = re.fullmatch(r"(?:--platform=\S+ )?(\S+)(?: AS (\S+))?", rest)
            if found is None:
                yield f"{path}: FROM {rest} cannot be read"
                continue
            last = {}
            if found[1] not in stages and not pinned(found[1]):
                yield f"{path}: {found[1]} has no version"
            stages.add(found[2])
        if word == "COPY":
            yield from copied(path, rest, stages)
        if word in ("CMD", "ENTRYPOINT") and not exec_form(rest):
            yield f"{path}: {word} needs a shell, and there is none"
        if word == "HEALTHCHECK" and not exec_form(rest.partition("CMD ")[2]):
            yield f"{path}: HEALTHCHECK needs a shell, and there is none"
        last[word] = rest
    user = last.get("USER", "root")
    if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", user):
        yield f"{path}: the last stage runs as {user}; write two numbers, neither of them 0"
    yield from (f"{path}: the last stage has no {word}" for word in ("HEALTHCHECK", "ENTRYPOINT", "WORKDIR") if word not in last)


def exec_form(text):
    try:
        return isinstance(json.loads(text), list)
    except ValueError:
        return False


def copied(path, rest, stages):
    words = shlex.split(rest)
    source = next((word.removeprefix("--from=") for word in words if word.startswith("--from=")), None)
    names = [word for word in words if not word.startswith("--")][:-1]
    if source is not None and source not in stages:
        yield f"{path}: there is no stage {source}"
    elif source is None:
        yield from (f"{path}: there is no {name} to copy" for name in names if not pathlib.Path(name).exists())


def service(path, name, one):
    """What is wrong with a service of a Compose file."""
    at = f"{path}: {name}"
    if not pinned(one.get("image", "")):
        yield f"{at}: {one.get('image')} has no version"
    if "duly" in one.get("image", "").split(":")[0]:
        hard = one.get("read_only") is True and one.get("cap_drop") == ["ALL"] and "no-new-privileges:true" in one.get("security_opt", [])
        if not hard:
            yield f"{at}: may write into its image, has capabilities or may gain some"
        seconds = re.fullmatch(r"(\d+)s", one.get("stop_grace_period", ""))
        if "migrate" not in one.get("command", []) and (seconds is None or int(seconds[1]) <= 30):
            yield f"{at}: is killed before it ends by itself"
    for key, value in one.get("environment", {}).items():
        if re.search(r"(PASSWORD|SECRET|TOKEN|URL|REPLICAS)$", key) and not key.endswith("PUBLIC_URL"):
            yield f"{at}: {key} is a secret; name a file with it"
        if str(value).startswith("/run/secrets/") and value.removeprefix("/run/secrets/") not in secrets(one):
            yield f"{at}: {key} names a secret that it is not given"
    for volume in one.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("./") and not (path.parent / source).is_file():
            yield f"{at}: there is no {source}"


def secrets(one):
    return [each if isinstance(each, str) else each["source"] for each in one.get("secrets", [])]


def compose(path):
    document = yaml.safe_load(path.read_text())
    for name, one in document["services"].items():
        yield from service(path, name, one)
    given = {each for one in document["services"].values() for each in secrets(one)}
    made = re.findall(r"^ *keep (\w+) ", (FOLDER / "compose-secrets").read_text(), re.MULTILINE)
    made += re.findall(r"^for name in (.*); do$", (FOLDER / "compose-secrets").read_text(), re.MULTILINE)[0].split() + ["certificate"]
    yield from (f"{path}: nobody uses the secret {name}" for name in document.get("secrets", {}).keys() - given)
    yield from (f"{path}: compose-secrets does not make {name}" for name in given - set(made))


def addresses():
    """Whether the balancer and Prometheus ask those that are there."""
    path = FOLDER / "compose.scaled.yaml"
    services = yaml.safe_load(path.read_text())["services"]
    fixed = {name: one["networks"]["edge"]["ipv4_address"] for name, one in services.items() if "ipv4_address" in str(one.get("networks"))}
    asked = set(re.findall(r"^ *server \w+ ([\d.]+):8080", (FOLDER / "haproxy/duly.cfg").read_text(), re.MULTILINE))
    web = {address for name, address in fixed.items() if name.startswith("web")}
    if asked != web:
        yield f"{path}: the balancer asks {sorted(asked)}, and the web servers are {sorted(web)}"
    trusted = {one["environment"]["DULY_HTTP__TRUSTED_PROXIES"] for name, one in services.items() if name.startswith("web")}
    if trusted != {fixed["balancer"]}:
        yield f"{path}: the web servers trust {sorted(trusted)}, and the balancer is {fixed['balancer']}"
    scraped = yaml.safe_load((FOLDER / "observability/prometheus.yml").read_text())["scrape_configs"][0]
    names = {target.split(":")[0] for group in scraped["static_configs"] for target in group["targets"]}
    names |= {name for group in scraped["dns_sd_configs"] for name in group["names"]}
    runs = {name for name, one in services.items() if one["image"].startswith("duly:") and one["command"] != ["migrate"]}
    if names != runs:
        yield f"{FOLDER}/observability/prometheus.yml: it asks {sorted(names)}, and {sorted(runs)} run"


def settings():
    """Whether there is every setting that something in deploy/ or the Dockerfile gives Duly, which refuses others."""
    known, section = {"DULY_CONFIG"}, ""
    for line in pathlib.Path("config.default.toml").read_text().splitlines():
        if found := re.fullmatch(r"\[(\w+)\]", line):
            section = found[1]
        elif found := re.match(r"(\w+) = ", line):
            known.add(f"DULY_{section}__{found[1]}".upper())
    for path in [pathlib.Path("Dockerfile"), *sorted(one for one in FOLDER.rglob("*") if one.is_file() and "secrets/" not in str(one))]:
        for name in sorted(set(re.findall(r"\bDULY_[A-Z]+__[A-Z_]+\b", path.read_text()))):
            if not {name, name.removesuffix("_FILE")} & known:
                yield f"{path}: Duly has no setting {name}"


def main():
    problems = [*dockerfile(pathlib.Path("Dockerfile")), *(problem for path in COMPOSE for problem in compose(path)), *addresses(), *settings()]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"containers: Dockerfile, {len(COMPOSE)} Compose files, settings, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
