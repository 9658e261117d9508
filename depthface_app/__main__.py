"""`python -m depthface_app` is the installed command `depthface`."""

import multiprocessing
import sys

from depthface_app.cli import main

if __name__ == "__main__":
    multiprocessing.freeze_support()  # a camera's own process, when the program is frozen, starts here again
    sys.exit(main())
