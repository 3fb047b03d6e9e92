"""The truth, in SQL: one file a noun, transactions opened by the services."""
