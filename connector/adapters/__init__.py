"""One folder a vendor, behind one contract."""
