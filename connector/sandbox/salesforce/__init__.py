"""A stand-in of a Salesforce org's HTTP API (version 68.0)."""
