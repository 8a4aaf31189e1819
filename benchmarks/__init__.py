"""How fast tlsee is, beside what a Python program would run otherwise.

``python -m benchmarks --help`` from the root of the repository. Nothing here is part of the wheel
and nothing here is asserted by a test: a ratio on a busy machine says little.
"""
