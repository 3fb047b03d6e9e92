"""Everything on one machine: a broker from a wheel, and the product's processes as children of one command."""
