"""Holds recorded requests and their answers against the description of the interface.

    check_exchanges.py OPENAPI.json EXCHANGES.jsonl

A line of the second file is one exchange: method, path, sent_type and sent (JSON, or null for another type), status, type and answer. Of
each: the operation, its status and its content types are described; JSON that was taken validates (OpenAPI 3.1, whose schemas are JSON
Schema 2020-12), requests as well as answers, without a field that the description does not name. Says how many operations that write were
seen, and which were not.
"""

import json
import sys
from collections import Counter

from check_answers import Description


def main(document, exchanges):
    with open(document, encoding="utf-8") as file:
        description = Description(json.load(file))
    seen, wrong = Counter(), set()
    with open(exchanges, encoding="utf-8") as file:
        for line in file:
            one = json.loads(line)
            template, operation = description.operation(one["method"], one["path"])
            where = f"{one['method']} {template or one['path']}: {one['status']}"
            if operation is None:
                wrong.add(f"{where} is not described")
                continue
            for problem in check(description, operation, one):
                wrong.add(f"{where}: {problem}")
            if one["status"] < 300:
                seen[one["method"], template] += 1
    for one in sorted(wrong):
        print(one)
    writes = {
        (verb.upper(), path)
        for path, item in description.document["paths"].items()
        for verb in item
        if verb in ("post", "put", "delete")
    }
    reached = writes & seen.keys()
    missed = ", ".join(f"{verb} {path}" for verb, path in sorted(writes - reached))
    print(f"{sum(seen.values())} exchanges, {len(reached)} operations that write; not seen: {missed or 'none'}")
    if wrong:
        sys.exit(f"{len(wrong)} exchanges are not as described")


def check(description, operation, one):
    sent = operation.get("requestBody", {}).get("content", {})
    if one["sent_type"] is not None and one["status"] < 300:
        content = described(sent, one["sent_type"])
        if content is None:
            yield f"{one['sent_type']} is sent, described are {sorted(sent)}"
        elif one["sent"] is not None:
            for error in description.errors(content.get("schema"), one["sent"]):
                yield f"sent: {error}"
    response = operation["responses"].get(str(one["status"]))
    if response is None:
        yield "this status is not described"
        return
    contents = response.get("content", {})
    content = described(contents, one["type"])
    if contents and content is None:
        yield f"{one['type']} is answered, described are {sorted(contents)}"
    elif content and one["answer"] is not None:
        yield from description.errors(content.get("schema"), one["answer"])


def described(contents, kind):
    kind = kind.split(";")[0]
    return next((content for name, content in contents.items() if name.split(";")[0] == kind), None)


if __name__ == "__main__":
    main(*sys.argv[1:])
