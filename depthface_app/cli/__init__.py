"""The command line, one file per sub-command."""

from depthface_app.cli.program import main

__all__ = ["main"]
