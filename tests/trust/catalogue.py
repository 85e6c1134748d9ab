"""The catalogue as the profile sees it: which archetypes a system must answer. A second reading, independent of redan's."""
import pathlib

import yaml

DEPTHS = ["page", "core", "full"]
FILE = pathlib.Path(__file__).resolve().parent.parent.parent / "catalog/archetypes.yaml"


def archetypes():
    return {a["id"]: a for a in yaml.safe_load(FILE.read_text())["archetypes"]}


def facts_of(profile):
    return {"always", *profile.get("kind", []), *[k for k, v in profile.items() if v is True]}


def applies(archetype, profile):
    facts = facts_of(profile)
    return any(all(word.strip() in facts for word in clause.split("&")) for clause in archetype["applies-when"])


def mandatory(profile, depth):
    return [i for i, a in archetypes().items() if DEPTHS.index(a.get("depth", "full")) <= DEPTHS.index(depth) and applies(a, profile)]
