"""SOQL: the queries that clients send, read and answered."""

from connector.sandbox.salesforce.soql.parse import parse
from connector.sandbox.salesforce.soql.run import Answer, run
from connector.sandbox.salesforce.soql.tree import Query

__all__ = ["Answer", "Query", "parse", "run"]
