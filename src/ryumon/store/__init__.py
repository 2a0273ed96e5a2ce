"""What is remembered: hash-chained events and content-addressed texts."""

from ryumon.store.base import Store, Writer, read_files, text_id
from ryumon.store.sql import SqlStore, open_store

__all__ = ["SqlStore", "Store", "Writer", "open_store", "read_files", "text_id"]
