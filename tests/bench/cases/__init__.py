"""Systems as lead-scoring playbooks describe them, each built with this package, with its table and its picture."""
