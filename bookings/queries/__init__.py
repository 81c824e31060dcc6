"""Reads shaped for a page, one module per subject."""
