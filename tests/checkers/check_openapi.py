"""Validates a description of an HTTP interface against the OpenAPI 3.1 schema.

    check_openapi.py OPENAPI.json
"""

import json
import sys

from openapi_spec_validator import OpenAPIV31SpecValidator


def main(path):
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    if not document["openapi"].startswith("3.1"):
        raise ValueError(f"OpenAPI {document['openapi']}")
    OpenAPIV31SpecValidator(document).validate()
    print(f"OpenAPI {document['openapi']}: valid, {sum(len(path) for path in document['paths'].values())} operations")


if __name__ == "__main__":
    main(*sys.argv[1:])
