"""Reading a real export: a folder of CSV files and a ``mapping.toml`` that names the columns."""

from connector.sandbox.imports.load import load_export
from connector.sandbox.imports.mapping import ExportMapping, TenantSection, find_mapping, read_mapping
from connector.sandbox.imports.problems import ExportError

__all__ = ["ExportError", "ExportMapping", "TenantSection", "find_mapping", "load_export", "read_mapping"]
