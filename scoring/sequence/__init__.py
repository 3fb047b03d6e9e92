"""Learning the sequence model: the only part that needs PyTorch (the extra ``sequence``). Serving needs numpy."""
