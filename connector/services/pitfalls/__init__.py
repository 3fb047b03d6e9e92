"""Known pitfalls of lead scoring: each looked for by a number with a bound, with one thing to do about it."""
