"""`python -m depthface_app` is the installed command `depthface`."""

import sys

from depthface_app.cli import main

if __name__ == "__main__":
    sys.exit(main())
