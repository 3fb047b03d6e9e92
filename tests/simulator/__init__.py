"""The product in one process under a storm of faults, on a virtual clock, repeatable by its seed."""
