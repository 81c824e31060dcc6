"""``python -m marketplace.sandbox``: the demo."""

import sys

from marketplace.sandbox.demo import main

if __name__ == "__main__":
    sys.exit(main())
