"""The product in a real Chromium: `make test-browser`. Not part of `make test`, which needs no browser."""
