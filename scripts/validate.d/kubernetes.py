"""Holds the manifests of deploy/kubernetes to the schemas in deploy/schemas, to each other, and to what every pod of
Duly has to be."""

import json
import pathlib
import re
import sys

import jsonschema

import kustomization

ROOT = pathlib.Path("deploy/kubernetes")
RENDERED = ["small", "scaled", "workers-by-hpa"]
# Made by operators.
SECRETS = {"duly-secrets"}


def schemas():
    """The validator of each kind."""
    found = {}
    for path in sorted(pathlib.Path("deploy/schemas").glob("*.json")):
        schema = json.loads(path.read_text())
        for kind, reference in schema["kinds"].items():
            found[kind] = jsonschema.Draft7Validator({"$ref": reference, "$defs": schema["$defs"]})
    return found


def malformed(objects, validators):
    """What an API server would refuse."""
    for one in objects:
        validator = validators.get(f"{one['apiVersion']}/{one['kind']}")
        if validator is None:
            yield one, f"no schema of {one['apiVersion']} {one['kind']} in deploy/schemas"
            continue
        for error in validator.iter_errors(one):
            at = ".".join(str(part) for part in error.absolute_path)
            yield one, f"{at}: {error.message[:200]}"


def pods(objects):
    """Each object that makes pods, with the pod's labels and specification."""
    for one in objects:
        if "template" in one.get("spec", {}):
            template = one["spec"]["template"]
            yield one, template["metadata"]["labels"], template["spec"]


def unsafe(objects):
    """What a pod may, or lacks, that it should not."""
    for one, _, pod in pods(objects):
        security = pod.get("securityContext", {})
        rules = {
            "may run as root": security.get("runAsNonRoot") is True and security.get("runAsUser", 0) > 0,
            "has no seccomp profile": security.get("seccompProfile", {}).get("type") == "RuntimeDefault",
            "is given a token of Kubernetes": pod.get("automountServiceAccountToken") is False,
            # Those of the Service `duly` would begin with DULY_, and Duly refuses variables it does not know.
            "is given variables of services": pod.get("enableServiceLinks") is False,
            "is killed before it ends by itself": pod.get("terminationGracePeriodSeconds", 0) > 35,
        }
        yield from ((one, text) for text, holds in rules.items() if not holds)
        for container in kustomization.containers(one):
            yield from ((one, f"{container['name']} {text}") for text, holds in of_container(one, container).items() if not holds)


def told(objects):
    """Secrets that stand where everybody reads them."""
    for one in (each for each in objects if each["kind"] == "ConfigMap"):
        open_ones = [key for key in one["data"] if re.search(r"(PASSWORD|SECRET|TOKEN|URL|REPLICAS)$", key) and not key.endswith("PUBLIC_URL")]
        yield from ((one, f"{key} is a secret; name a file with it") for key in open_ones)


def of_container(one, container):
    own, resources = container.get("securityContext", {}), container.get("resources", {})
    rules = {
        "may gain privileges": own.get("allowPrivilegeEscalation") is False,
        "may write into its image": own.get("readOnlyRootFilesystem") is True,
        "has capabilities": own.get("capabilities") == {"drop": ["ALL"]},
        "asks for no processor or memory": {"cpu", "memory"} <= resources.get("requests", {}).keys(),
        "has no bound of memory": "memory" in resources.get("limits", {}),
        "has an image without a version": re.search(r":(?!latest$)[\w.-]+$", container["image"]) is not None,
    }
    if one["kind"] == "Deployment":
        for probe, path in (("startupProbe", "/livez"), ("readinessProbe", "/readyz"), ("livenessProbe", "/livez")):
            asked = container.get(probe, {}).get("httpGet", {})
            rules[f"has no {probe} of {path}"] = asked == {"path": path, "port": "operations"}
    return rules


def selected(selector, objects):
    return [pod for _, labels, pod in pods(objects) if selector.items() <= labels.items()]


def dangling(objects):
    """What is named and not there."""
    present = {(one["kind"], one["metadata"]["name"]) for one in objects}
    for one in objects:
        spec, kind = one.get("spec", {}), one["kind"]
        if "scaleTargetRef" in spec:
            target = spec["scaleTargetRef"]
            if (target.get("kind", "Deployment"), target["name"]) not in present:
                yield one, f"scales {target['name']}, which is not there"
        selector = spec.get("selector") if kind == "Service" else spec.get("podSelector", spec.get("selector", {})).get("matchLabels")
        if kind in ("Service", "NetworkPolicy", "PodDisruptionBudget", "Deployment") and selector:
            hits = selected(selector, objects)
            if not hits:
                yield one, "selects no pod"
            named = {port["name"] for pod in hits for each in pod["containers"] for port in each.get("ports", [])}
            wanted = [port.get("targetPort") for port in spec.get("ports", [])] if kind == "Service" else []
            wanted += [port.get("port") for rule in spec.get("ingress", []) for port in rule.get("ports", [])]
            yield from ((one, f"no pod has a port {port}") for port in wanted if isinstance(port, str) and port not in named)
        if kind == "ServiceMonitor":
            services = [each for each in objects if each["kind"] == "Service" and spec["selector"]["matchLabels"].items() <= each["metadata"].get("labels", {}).items()]
            ports = {port["name"] for each in services for port in each["spec"]["ports"]}
            yield from ((one, f"no service has a port {each['port']}") for each in spec["endpoints"] if each["port"] not in ports)
    for one, _, pod in pods(objects):
        needs = [("ServiceAccount", pod.get("serviceAccountName"))]
        needs += [("ConfigMap", source["configMapRef"]["name"]) for each in pod["containers"] for source in each.get("envFrom", [])]
        needs += [("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]) for volume in pod["volumes"] if "persistentVolumeClaim" in volume]
        yield from ((one, f"there is no {kind} {name}") for kind, name in needs if (kind, name) not in present)
        secrets = {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
        yield from ((one, f"nobody is told to make the Secret {name}") for name in secrets - SECRETS)
        volumes = {volume["name"] for volume in pod["volumes"]}
        mounts = {mount["name"] for each in pod["containers"] for mount in each["volumeMounts"]}
        yield from ((one, f"there is no volume {name}") for name in mounts ^ volumes)


def main():
    problems, validators, compared, count = [], schemas(), True, 0
    for name in RENDERED:
        try:
            objects = kustomization.render(ROOT / name)
        except kustomization.Wrong as error:
            problems.append(str(error))
            continue
        count += len(objects)
        faults = list(malformed(objects, validators))
        # What is not of the right form cannot be looked at any further.
        if not faults and name != "workers-by-hpa":
            faults += [*unsafe(objects), *told(objects), *dangling(objects)]
        problems += [f"{ROOT}/{name}: {kustomization.name(one)}: {text}" for one, text in faults]
        other = kustomization.compare(ROOT / name, objects)
        compared = compared and other is not None
        problems += other or []
    for problem in problems:
        print(problem, file=sys.stderr)
    beside = "as kubectl renders them" if compared else "rendered without kubectl, of which there is none or an old one"
    print(f"kubernetes: {count} objects, {beside}, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
