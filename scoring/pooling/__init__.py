"""What tenants who opted in may learn from each other: coefficients of features that mean the same everywhere."""
