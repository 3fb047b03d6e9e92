"""A stand-in of People Data Labs' Company Enrichment API."""
