"""Algorithms as rows, and the provider that has them."""
