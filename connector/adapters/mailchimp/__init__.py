"""Mailchimp: audience members are the records, orders of connected shops the conversions."""
