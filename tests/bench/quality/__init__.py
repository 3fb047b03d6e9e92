"""How good the models are, beside the usual peers on identical rows: ``make bench-quality``."""
