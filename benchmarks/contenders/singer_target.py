"""The least a Singer target can do: records to JSON lines by stream, copied into DuckDB at the end.

python singer_tap.py … | python singer_target.py <folder>
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

import duckdb
import orjson


def main() -> None:
    folder = Path(sys.argv[1])
    files: dict[str, BinaryIO] = {}
    for line in sys.stdin.buffer:
        message = orjson.loads(line)
        if message["type"] != "RECORD":
            continue
        stream = message["stream"]
        if stream not in files:
            files[stream] = (folder / f"{stream}.jsonl").open("wb")
        files[stream].write(orjson.dumps(message["record"]) + b"\n")
    with duckdb.connect(str(folder / "singer.duckdb")) as connection:
        for stream, file in files.items():
            file.close()
            connection.execute(
                f"create table {stream} as from read_json('{folder}/{stream}.jsonl', format = 'newline_delimited')"  # noqa: E501
            )


if __name__ == "__main__":
    main()
