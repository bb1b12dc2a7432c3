"""What a user would pick instead, over the same pages: dlt into DuckDB, and pynamodb written the usual ways.

Each makes the layout of bench.layout (dlt its own tables) and is given what favours it: no validation beyond its own,
no birth dates to join, its imports outside the timed part.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack

from bench.floor import fetched
from bench.layout import COLLECTIONS, TABLE, items
from bench.stopwatch import Stopwatch
from bench.worlds import ROSTER

QUIET = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}


def dlt(port: int, page: int) -> dict[str, float]:
    """Its declarative REST source into its DuckDB destination, by parquet files.

    Its default, INSERT statements, took four times as long and nine times the memory with this DuckDB.
    """
    with tempfile.TemporaryDirectory(prefix="bench-dlt-") as folder:
        os.environ.update(QUIET, DLT_DATA_DIR=folder, HOME=folder)
        import dlt
        import duckdb  # noqa: F401 - imported before the clock starts
        from dlt.sources.rest_api import rest_api_source

        paginator = {"type": "offset", "limit": page, "total_path": None, "stop_after_empty_page": True}
        config = {
            "client": {"base_url": f"http://127.0.0.1:{port}{ROSTER}", "paginator": paginator},
            "resources": [{"name": name, "endpoint": {"path": name, "data_selector": name}} for name in COLLECTIONS],
        }
        with Stopwatch() as watch:
            destination = dlt.destinations.duckdb(f"{folder}/district.duckdb")
            pipeline = dlt.pipeline("bench", pipelines_dir=folder, destination=destination, dataset_name="roster")
            pipeline.run(rest_api_source(config), loader_file_format="parquet")
        counts = pipeline.last_trace.last_normalize_info.row_counts
        tables = [name for name in counts if "__" not in name and not name.startswith("_dlt")]
        return {**watch.read(), "rows": sum(counts[name] for name in tables)}


def save(port: int, page: int) -> dict[str, float]:
    """requests, and `save()` per item."""
    models = _models(port)
    written = 0
    with Stopwatch() as watch:
        for collection, rows in fetched(port, page):
            for row in rows:
                for kind, item in items(collection, row):
                    models[kind](**item).save()
                    written += 1
    return {**watch.read(), "items": written}


def batch_write(port: int, page: int) -> dict[str, float]:
    """requests, and one open `batch_write` per model, so that every batch is full."""
    models = _models(port)
    written = 0
    with Stopwatch() as watch, ExitStack() as stack:
        writers = {kind: stack.enter_context(model.batch_write()) for kind, model in models.items()}
        for collection, rows in fetched(port, page):
            for row in rows:
                for kind, item in items(collection, row):
                    writers[kind].save(models[kind](**item))
                    written += 1
    return {**watch.read(), "items": written}


def _models(port: int) -> dict:
    """A pynamodb model for each kind of item."""
    from pynamodb.attributes import UnicodeAttribute
    from pynamodb.models import Model

    names = {
        "person": "kind id first last email username number school status modified",
        "relationship": "student parent relation school status modified",
        "class": "id name code school term course subject period grade status modified",
        "enrolment": "id class_id user role primary school status modified",
    }

    def model(kind: str) -> type[Model]:
        meta = type("Meta", (), {"table_name": TABLE, "region": "us-east-1", "host": f"http://127.0.0.1:{port}"})
        attributes = {name: UnicodeAttribute(null=True) for name in names[kind].split()}
        keys = {"pk": UnicodeAttribute(hash_key=True), "sk": UnicodeAttribute(range_key=True)}
        return type(kind.title(), (Model,), {"Meta": meta, **keys, **attributes})

    return {kind: model(kind) for kind in names}
