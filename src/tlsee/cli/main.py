"""The command ``tlsee``: its verbs, imported only when they are called, and how every one ends.

Exit codes are in ``exit_codes``. A traceback is never printed unless ``TLSEE_TRACEBACK`` is set.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import platform
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import click

from tlsee.cli.exit_codes import CommandError, ExitCode
from tlsee.cli.output import Screen, lost, silence
from tlsee.cli.surprises import Interrupted, confession
from tlsee.explain.layout import safe
from tlsee.text import printable

VERBS = {
    "demo": "watch a client and a server shake hands on this machine",
    "connect": "connect to a server, and tell what was negotiated and proved",
    "serve": "run a server that tells each client what was negotiated",
    "verify": "judge certificates in files, and tell every reason",
    "explain": "explain a word: an alert, extension, suite, field, or an older name",
    "replay": "run a recording again, change something, see what differs",
}
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 80}


class Verbs(click.Group):
    """A group whose commands live in modules of their name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The verbs in the order in which one meets them."""
        return list(VERBS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        """Import a verb."""
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"tlsee.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """List the verbs without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A word that is no verb may be a host: answer with the command to type."""
        word = args[0]
        if word not in VERBS:
            raise click.UsageError(_no_verb(word), ctx)
        return super().resolve_command(ctx, args)


def _no_verb(word: str) -> str:
    if word.startswith("-"):
        return f"{printable(word, 40)} is no option of tlsee; tlsee --help lists what there is"
    from difflib import get_close_matches

    from tlsee.cli.meant import shown_target

    close = [verb for verb in VERBS if verb.startswith(word) or word.startswith(verb)]
    close = close or get_close_matches(word, VERBS, 1, 0.75)
    if close:
        return f"{printable(word, 40)!r} is no verb; type: tlsee {close[0]}"
    if any(mark in word for mark in ".:[") or word == "localhost":
        return f"to connect, type: tlsee connect {shown_target(word)}"
    listed = ", ".join(VERBS)
    return (
        f"{printable(word, 40)!r} is no verb ({listed}); "
        f"to connect to a host, type: tlsee connect {shown_target(word)}"
    )


def _print_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from importlib.metadata import version

    import tlsee
    from tlsee.crypto.versions import openssl_version

    system = safe(platform.system() or "an unknown system")
    kind = safe(platform.python_implementation())
    click.echo(f"tlsee {tlsee.__version__}")
    click.echo(f"Python {platform.python_version()} ({kind}) on {system}")
    click.echo(f"cryptography {version('cryptography')} with {safe(openssl_version())}")
    context.exit(0)


@click.group(
    cls=Verbs, context_settings=CONTEXT, invoke_without_command=True, no_args_is_help=False
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the versions of tlsee, Python, cryptography and its OpenSSL.",
)
@click.pass_context
def group(context: click.Context) -> None:
    """TLS that shows its work.

    \b
    Examples:
      tlsee demo                       no set-up: watch one handshake
      tlsee connect www.python.org     your own: what was agreed and proved
      tlsee serve                      then the curl line it prints
      tlsee verify fullchain.pem       would clients accept it, and why not
      tlsee explain unknown_ca         what a word means, and what to do
    """  # noqa: D301 - click wants the backspace itself
    if context.invoked_subcommand is None:
        raise click.UsageError(
            "what to do? Type: tlsee demo, or tlsee connect HOST; tlsee --help lists the rest",
            context,
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave with its exit code."""
    _open_missing_streams()
    try:
        code = run(arguments)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError) as error:
                lost(stream, error)
    except CommandError as error:
        code = _complain(str(error), error.code)
    sys.exit(code)


def _open_missing_streams() -> None:
    """Whoever starts a program with closed standard streams gets null devices: else the next file
    or socket would take their place, and Python has nothing to print to.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(handle)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="ascii"))  # noqa: SIM115, PTH123


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code. Whatever goes wrong is one sentence."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # they are for programmers; python -W shows them
    given = None if arguments is None else list(arguments)
    try:
        result: Any = group.main(given, prog_name="tlsee", standalone_mode=False)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.UsageError as error:
        return _misused(_in_one_sentence(error), sys.argv[1:] if given is None else given)
    except CommandError as error:
        return _complain(str(error), error.code)
    except (KeyboardInterrupt, click.Abort, EOFError):
        return _complain(str(Interrupted()), ExitCode.INTERRUPTED)
    except BrokenPipeError:
        silence(sys.stdout)
        return ExitCode.WORKED
    except OSError as error:
        if error.errno == errno.ENOSPC:  # help and versions are printed by click
            try:
                lost(sys.stdout, error)
            except CommandError as told:
                return _complain(str(told), told.code)
        return _confess(error)
    except Exception as error:  # noqa: BLE001 - the last one to say something about it
        return _confess(error)
    return result if isinstance(result, int) else ExitCode.WORKED


def _confess(error: Exception) -> int:
    bug = confession(error)
    return _complain(str(bug), bug.code)


def _complain(text: str, code: ExitCode) -> int:
    screen = Screen(sys.stderr)
    with contextlib.suppress(CommandError):  # there is nowhere left to say it
        screen.paragraph(f"tlsee: {text}", 0)
        screen.flush()
    return code


def _misused(text: str, arguments: Sequence[str]) -> int:
    """Wrong usage: where ``--json`` was meant, the verb's object is printed all the same."""
    verb = arguments[0] if arguments else ""
    if "--json" in arguments and verb in {"connect", "verify"}:
        from tlsee.cli.exit_codes import Usage
        from tlsee.cli.json_output import failed_object, line_of
        from tlsee.cli.verdict_json import failed_verify

        failed = failed_object if verb == "connect" else failed_verify
        screen = Screen(sys.stdout)
        screen.line(line_of(failed("", Usage(text))))
        screen.flush()
        return ExitCode.USAGE
    return _complain(text, ExitCode.USAGE)


def _in_one_sentence(error: click.UsageError) -> str:
    path = error.ctx.command_path if error.ctx is not None else "tlsee"
    if isinstance(error, click.NoSuchOption):
        close = f", did you mean {error.possibilities[0]}" if error.possibilities else ""
        text = f"{printable(error.option_name, 40)} is no option of {path}{close}"
        return f"{text}; {path} --help lists what there is"
    text = " ".join(error.format_message().split()).rstrip(".")
    if isinstance(error, click.BadParameter | click.BadOptionUsage):
        return f"{text}; {path} --help lists what there is"
    if isinstance(error, click.MissingParameter):
        return f"{text}; see {path} --help"
    return text
