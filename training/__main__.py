"""`python -m training COMMAND`."""

import typer

from training.reproduce import reproduce

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command()(reproduce)


@app.callback()
def main() -> None:
    """Train, evaluate and compare the networks of DepthFace."""


if __name__ == "__main__":
    app(prog_name="python -m training")
