"""Requests that nobody would send: made by a seed, sent to the whole application, judged by one oracle."""
