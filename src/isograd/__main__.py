"""``python -m isograd`` is ``isograd``."""

from isograd.cli import main

if __name__ == "__main__":
    main()
