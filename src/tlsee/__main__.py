"""``python -m tlsee`` is the command ``tlsee``."""

from __future__ import annotations

from tlsee.cli.main import main

if __name__ == "__main__":
    main()
