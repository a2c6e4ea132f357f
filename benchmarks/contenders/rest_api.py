"""dlt's declarative `rest_api` source with the same tables, as its documentation teaches it.

    python rest_api.py <origin> <key> <folder> [<loader file format>]

The dependent resources are `parallelized`; how many workers they have is set by EXTRACT__WORKERS. Tool calls
are appended, since their ids repeat inside one run and so cannot be a key. Payloads are kept as JSON:
left alone, the source makes some dozen tables of them, and takes several times as long.
"""

from __future__ import annotations

import sys

import dlt
from dlt.sources.rest_api import rest_api_source

CHILD = {"paginator": "single_page"}
PAYLOADS = {name: {"data_type": "json"} for name in ("arguments", "result")}


def main() -> None:
    origin, key, folder, *file_format = sys.argv[1:]
    source = rest_api_source(
        {
            "client": {
                "base_url": f"{origin}/api/armature/v1/",
                "auth": {"type": "bearer", "token": key},
            },
            "resources": [
                {
                    "name": "runs",
                    "primary_key": "id",
                    "write_disposition": "merge",
                    "endpoint": {
                        "path": "runs",
                        "params": {"range": "30d", "pageSize": 100},
                        "data_selector": "runs",
                        "paginator": {"type": "page_number", "base_page": 1, "total_path": None},
                    },
                },
                {
                    "name": "evaluations",
                    "max_table_nesting": 1,
                    "primary_key": "id",
                    "write_disposition": "merge",
                    "parallelized": True,
                    "include_from_parent": ["id"],
                    "endpoint": {
                        "path": "runs/{resources.runs.id}/evaluation",
                        "data_selector": "$",
                        "response_actions": [{"status_code": 404, "action": "ignore"}],
                        **CHILD,
                    },
                },
                {
                    "name": "tool_calls",
                    "write_disposition": "append",
                    "parallelized": True,
                    "include_from_parent": ["id"],
                    "columns": PAYLOADS,
                    "endpoint": {
                        "path": "runs/{resources.runs.id}/tool-calls",
                        "data_selector": "toolCalls",
                        **CHILD,
                    },
                },
            ],
        }
    )
    pipeline = dlt.pipeline(
        "rest_api",
        destination=dlt.destinations.duckdb(f"{folder}/rest_api.duckdb"),
        dataset_name="armature",
        pipelines_dir=f"{folder}/pipelines",
    )
    pipeline.run(source, loader_file_format=file_format[0] if file_format else None)


if __name__ == "__main__":
    main()
