"""``python -m divgrad``: the ``divgrad`` command, where that is not on the path."""

import sys

from divgrad.cli import main

if __name__ == "__main__":
    sys.exit(main())
