"""The command ``olat``: finds the verb, words the errors, sets the exit code."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from olat import __version__
from olat.cli.kernel_cache import kernel_cache
from olat.cli.verb_group import LazyVerbs
from olat.errors import OlatError

VERBS = {
    "demo": "Make a simulated capture, process it and relight it.",
    "init": "Look at a folder of photographs and write session.toml.",
    "process": "Turn a session into a reflectance field, normals and Phong terms.",
    "certify": "Admit calibrations that were measured, with the day from which they hold.",
    "relight": "Light a processed session with a point light or an environment map.",
    "export": "Write what was processed in the formats that other programs open.",
    "lights": "Make light files by rule, convert them, draw a rig as a picture.",
    "envmap": "Convert environment maps, draw labelled axes, see what lights make of a map.",
    "cameras": "Look at cameras of other programs, make calibrations of them, place cameras.",
    "response": "Measure which light the codes of a camera stand for.",
    "compare": "Measure how alike two pictures, maps, normals or masks are.",
    "info": "Say what a file holds: a field, a map, an environment, lights.",
    "explain": "Say what a pipeline, a stage, a parameter, a session or a file is.",
}

INTERRUPTED = 130
TERMINATED = 143


@click.command(
    cls=LazyVerbs,
    verbs=VERBS,
    module="olat.cli.{}",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, "--version")
@click.option("--traceback", is_flag=True, help="Show where in the program an error arose.")
@click.pass_context
def cli(ctx: click.Context, traceback: bool) -> None:
    """From one-light-at-a-time light-stage captures to relightable reflectance fields."""
    ctx.ensure_object(dict)["traceback"] = traceback


def main() -> NoReturn:
    """Run the command line; exit with the code of what happened."""
    signal.signal(signal.SIGTERM, _terminate)
    os.environ.setdefault("NUMBA_CACHE_DIR", kernel_cache())
    wants_traceback = "--traceback" in sys.argv
    arguments = [word for word in sys.argv[1:] if word != "--traceback"]
    if wants_traceback:  # it may stand anywhere on the line
        arguments.insert(0, "--traceback")
    try:
        code = cli.main(arguments, prog_name="olat", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        _say("Stopped. What is done is kept; the same command carries on.")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OlatError as error:
        if wants_traceback:
            raise
        _say(f"Error: {error}")
        sys.exit(error.exit_code)
    except Exception as error:
        if wants_traceback:
            raise
        _say(
            f"Error: {type(error).__name__}: {error}\n"
            "This is a fault of olat. Run the command with --traceback and report what it prints."
        )
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def _terminate(*_: int | FrameType | None) -> None:
    """Leave through the ``finally`` blocks when a scheduler says stop."""
    sys.exit(TERMINATED)


def _say(text: str) -> None:
    click.echo(text, err=True)
