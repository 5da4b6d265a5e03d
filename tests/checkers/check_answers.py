"""Asks a running site all that can be asked with GET, and holds every answer against the site's own description of itself.

    check_answers.py http://127.0.0.1:8080 KEY...

Each KEY is an API key, of an organisation each. Addresses with parameters are filled with what the answers before named: an id that a list
of things gave is asked for as a thing. Of every answer: its status is described, its content type too, and JSON validates (OpenAPI 3.1, whose
schemas are JSON Schema 2020-12) without a field that the description does not name. Says what was asked, and what was not reached.
"""

import json
import re
import sys
import urllib.error
import urllib.request
from collections import defaultdict

from openapi_schema_validator import OAS31Validator

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
TRIES = 4  # of each address with parameters, by each key
BYTES_READ = 8 << 20


class Description:
    """What the document says, read strictly: an object has no field but those that it names."""

    def __init__(self, document):
        self.document = document
        self.components = {"schemas": {name: self.strict(schema) for name, schema in document["components"]["schemas"].items()}}
        self.validators = {}

    def operation(self, method, path):
        """The address in the document that this one is of, the most literal one first, and what is said of the verb."""
        parts = path.split("?")[0].split("/")

        def fits(template):
            wanted = template.split("/")
            return len(wanted) == len(parts) and all(one.startswith("{") or one == part for one, part in zip(wanted, parts))

        for template in sorted(filter(fits, self.document["paths"]), key=lambda template: template.count("{")):
            if method.lower() in self.document["paths"][template]:
                return template, self.document["paths"][template][method.lower()]
        return None, None

    def errors(self, schema, value):
        """What of a value is not as described, in a few words each."""
        if schema is None:
            return
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            self.validators[key] = OAS31Validator({**self.strict(schema), "components": self.components})
        for error in list(self.validators[key].iter_errors(value))[:3]:
            yield f"{error.json_path} {error.message[:300]}"

    def strict(self, schema, known=frozenset()):
        """The schema, in which an object has no field but those that it names, where all of them stand in one place."""
        if isinstance(schema, list):
            return [self.strict(part, known) for part in schema]
        if not isinstance(schema, dict):
            return schema
        strict = {name: self.strict(part, known) for name, part in schema.items()}
        # Parts that are put together name the rest between them.
        if isinstance(schema.get("properties"), dict) and "type" in schema and "additionalProperties" not in schema:
            strict["unevaluatedProperties"] = False
        if "allOf" in schema:
            parts = [self.strict(self.named(part), known) for part in schema["allOf"]]
            strict["allOf"] = [{name: value for name, value in part.items() if name != "unevaluatedProperties"} for part in parts]
            strict["unevaluatedProperties"] = False
        return strict

    def named(self, part):
        """A part of an object, where it is described."""
        name = part.get("$ref", "").removeprefix("#/components/schemas/")
        return self.document["components"]["schemas"][name] if name else part


class Site:
    def __init__(self, base, keys):
        self.base, self.keys = base, [None, *keys]
        self.description = Description(json.loads(self.fetch("/openapi.json", None)[2]))
        self.document = self.description.document
        self.found = defaultdict(dict)  # parameter: its values, in order
        self.asked, self.wrong, self.reached = 0, [], set()

    def fetch(self, path, key):
        request = urllib.request.Request(self.base + path, headers={"Authorization": f"Bearer {key}"} if key else {})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=120) as answer:
                return answer.status, answer.headers.get_content_type(), answer.read(BYTES_READ)
        except urllib.error.HTTPError as refused:
            return refused.code, refused.headers.get_content_type(), refused.read()

    def check(self, template, path, key):
        status, kind, body = self.fetch(path, key)
        self.asked += 1
        operation = self.document["paths"][template]["get"]
        described = operation["responses"].get(str(status))
        where = f"GET {template} ({path}): {status}"
        if described is None:
            return self.wrong.append(f"{where} is not described")
        if not body:
            return None
        content = described.get("content", {})
        if content and kind not in {name.split(";")[0] for name in content}:
            return self.wrong.append(f"{where} is {kind}, described as {sorted(content)}")
        if status == 200:
            self.reached.add(template)
        if not kind.endswith("json"):
            return None
        value = json.loads(body)
        schema = content.get(kind, {}).get("schema")
        if status == 200 and kind == "application/json" and schema is None:
            self.wrong.append(f"{where} has no schema")
        self.wrong.extend(f"{where}: {error}" for error in self.description.errors(schema, value))
        return value if status == 200 else None

    def learn(self, template, path, value):
        """What a list of things names: its things' ids, for the parameter that follows it."""
        things = value.get("items", value) if isinstance(value, dict) else value
        for name, part in walk(value):
            if isinstance(part, str) and UUID.match(part):
                self.found["id"][part] = None
            if isinstance(part, (str, int)) and name in ("programme_id", "batch_id", "series", "idx", "number", "size", "shard", "structure_id"):
                self.found[name.removesuffix("_id")][part] = None
        for thing in things if isinstance(things, list) else []:
            if isinstance(thing, dict):
                for name in ("id", "number", "size", "series", "shard", "month"):
                    if isinstance(thing.get(name), (str, int)):
                        self.found[path + "/"][thing[name]] = None

    def fill(self, template):
        """Addresses of a template, the likely ones first."""
        paths = [""]
        for part in re.split(r"(\{\w+\})", template):
            if not part.startswith("{"):
                paths = [path + part for path in paths]
                continue
            name = part[1:-1]
            several = []
            for path in paths:
                own = list(self.found.get(path, ())) or list(self.found.get(name, ()))
                several += [f"{path}{value}" for value in (own or list(self.found["id"]))[:TRIES]]
            paths = several[: 2 * TRIES]
        return paths

    def walk(self):
        templates = [path for path, item in self.document["paths"].items() if "get" in item]
        # A list before its things; and once more, with what the others named.
        for _ in range(2):
            for template in sorted(templates, key=lambda path: (path.count("{"), path)):
                for path in self.fill(template):
                    for key in self.keys:
                        value = self.check(template, path, key)
                        if value is not None:
                            self.learn(template, path, value)
        return sorted(set(templates) - self.reached)


def walk(value, name=""):
    yield name, value
    for part, inner in value.items() if isinstance(value, dict) else ((name, one) for one in value) if isinstance(value, list) else ():
        yield from walk(inner, part)


def main(base, *keys):
    site = Site(base.rstrip("/"), keys)
    missed = site.walk()
    for wrong in sorted(set(site.wrong)):
        print(wrong)
    print(f"{site.asked} answers of {len(site.reached)} operations; not reached: {', '.join(missed) or 'none'}")
    if site.wrong:
        sys.exit(f"{len(set(site.wrong))} answers are not as described")


if __name__ == "__main__":
    main(*sys.argv[1:])
