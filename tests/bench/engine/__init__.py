"""Many tenants on the same workers: fairness, recovery, and what an idle one costs."""
