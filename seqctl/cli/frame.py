"""The frame in which every command stands.

A **verb** is a plain function whose first parameter is the `Session`; the others are annotated as
Typer wants them. `--db`, `--as`, `--json` and `--help` are added to each of them. A **noun** is a
`Noun` with verbs. A verb with an option `--as` of its own is told before the command who acts.
Functions may return an exit code; `None` is 0.

The docstring is the help: its first line stands in lists of commands, its last part is an example,

    Example:
        seqctl pause founders-intro --for 2w

User mistakes are raised as classes of `seqctl.domain.errors`, never printed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple, TypeVar

import typer
import typer.main
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from seqctl.cli import help as help_pages
from seqctl.cli.session import Session
from seqctl.cli.words import MayBeEmpty, refuse_empty

Verb = Callable[..., int | None]
AnyVerb = TypeVar("AnyVerb", bound=Verb)

Database = Annotated[
    str | None, typer.Option("--db", metavar="FILE", help="The workspace [SEQCTL_DB].")
]
ActingUser = Annotated[
    str | None, typer.Option("--as", metavar="USER", help="Who acts [SEQCTL_USER].")
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]


class Noun:
    """A group of verbs: `sequence apply`, `sequence list`, …"""

    def __init__(self, help: str) -> None:
        self.help = help
        self.verbs: dict[str, Verb] = {}

    def command(self, name: str) -> Callable[[AnyVerb], AnyVerb]:
        """Make the decorated function the verb `name` of this noun."""

        def register(verb: AnyVerb) -> AnyVerb:
            self.verbs[name] = verb
            return verb

        return register


class Entry(NamedTuple):
    """One command in the contents of a group: its panel, one line of help, and how to get it."""

    panel: str
    help: str
    load: Callable[[], Verb | Noun]


# --- from functions to commands -----------------------------------------------------------------


def build(name: str, found: Verb | Noun) -> Command | Group:
    """The command that Typer runs for a verb or a noun."""
    if isinstance(found, Noun):
        entries = {
            verb: Entry("Commands", help_pages.first_line(function.__doc__), _giving(function))
            for verb, function in found.verbs.items()
        }
        return build_group(name, found.help, entries, _common_options)
    app = _empty_app()
    app.command(name, cls=Command)(_with_common_options(found))
    command = typer.main.get_command(app)
    assert isinstance(command, Command)
    _prepare_parameters(command)
    return command


def build_group(
    name: str, help: str, entries: Mapping[str, Entry], options: Callable[..., None]
) -> Group:
    """A group whose commands are loaded when they run; `options` takes its own options."""
    app = _empty_app(name=name, cls=Group, help=help, callback=options)
    group = typer.main.get_command(app)
    assert isinstance(group, Group)
    _prepare_parameters(group)
    group.entries = entries
    return group


def _empty_app(**settings: Any) -> typer.Typer:
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        context_settings={
            "max_content_width": help_pages.HELP_WIDTH,
            "help_option_names": ["-h", "--help"],
        },
        **settings,
    )


def _giving(verb: Verb) -> Callable[[], Verb]:
    return lambda: verb


def _common_options(
    context: typer.Context, db: Database = None, as_user: ActingUser = None
) -> None:
    session_of(context).choose(db, as_user)


def session_of(context: typer.Context) -> Session:
    """The session of the running command."""
    session = context.find_object(Session)
    assert session is not None
    return session


def _with_common_options(verb: Verb) -> Verb:
    """`verb` as Typer calls it: without the session, with the options of every command."""

    def run(
        context: typer.Context,
        db: Database = None,
        as_user: ActingUser = None,
        json: AsJson = False,
        **arguments: Any,
    ) -> int | None:
        session = session_of(context)
        session.json = json
        session.choose(db, as_user)
        refuse_empty(arguments.items(), names)
        return verb(session, **arguments)

    context, *common, _ = inspect.signature(run, eval_str=True).parameters.values()
    _, *own = inspect.signature(verb, eval_str=True).parameters.values()
    names = {p.name: _typed_name(p) for p in own if not _may_be_empty(p)}
    common = [p for p in common if not _options_of(p) & set().union(*map(_options_of, own))]
    parameters = [p.replace(kind=p.KEYWORD_ONLY) for p in (context, *own, *common)]
    run.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportFunctionMemberAccess]  # read by `inspect.signature`
    run.__doc__ = verb.__doc__
    return run


def _may_be_empty(parameter: inspect.Parameter) -> bool:
    marked = MayBeEmpty in getattr(parameter.annotation, "__metadata__", ())
    return marked or parameter.default == ""


def _typed_name(parameter: inspect.Parameter) -> str:
    """What a message calls a parameter: `--where`, or of an argument what help calls it."""
    about = getattr(parameter.annotation, "__metadata__", ())
    shown = [o.metavar for o in about if getattr(o, "metavar", None)]
    typed = sorted(word for word in _options_of(parameter) if word.startswith("--"))
    return (typed or shown or [parameter.name.upper()])[0]


def _options_of(parameter: inspect.Parameter) -> set[str]:
    """The words by which an option is typed, where they are written out: `--as`."""
    about = getattr(parameter.annotation, "__metadata__", ())
    # In an annotation Typer takes the first word for the default, and sorts it out later.
    words = [
        w
        for o in about
        for w in (getattr(o, "default", None), *(getattr(o, "param_decls", None) or ()))
    ]
    return {word for word in words if isinstance(word, str)}


def _prepare_parameters(command: Command | Group) -> None:
    # The option --help is made on demand, once, in a context.
    context = typer.Context(command, **command.context_settings)
    for parameter in command.get_params(context):
        if isinstance(parameter, TyperOption | TyperArgument):
            help_pages.name_values(parameter)
            _spare_conversion(parameter)


def _spare_conversion(parameter: TyperArgument | TyperOption) -> None:
    """Let a value that is of its type already pass as it is.

    Typer would build a pydantic adapter even for plain text: half of the start-up.
    """
    convert = parameter.process_value
    wanted = parameter.type_descriptor.annotation
    parsed = parameter.type_descriptor.parameter_info.parser is not None

    def process(ctx: Any, value: Any) -> Any:
        absent = parameter.value_is_missing(value)
        fits = absent or type(value) is wanted or wanted == list[str]
        if parsed or not fits or (absent and parameter.required):
            return convert(ctx, value)
        return parameter.callback(ctx, parameter, value) if parameter.callback else value

    parameter.process_value = process


# --- the classes that Typer runs ----------------------------------------------------------------


class Command(TyperCommand):
    """One verb."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What the usage line says after the command's name."""
        return help_pages.usage_pieces(self.params)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page."""
        self.format_usage(ctx, formatter)
        help_pages.write_text(self.help, formatter)
        help_pages.write_parameters(self.get_params(ctx), ctx, formatter)
        help_pages.write_examples(self.help, formatter)


class Group(TyperGroup):
    """A noun, or the whole program: its commands are loaded one at a time."""

    entries: Mapping[str, Entry]

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order of the help page."""
        return list(self.entries)

    def get_command(self, ctx: Any, cmd_name: str) -> Command | Group | None:
        """Load the command of that name, if there is one."""
        entry = self.entries.get(cmd_name)
        return build(cmd_name, entry.load()) if entry else None

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the group's own options; a call without a command is answered with the help."""
        if not args:
            typer.echo(ctx.get_help(), err=True)
            raise typer.Exit(2)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str, Command | Group, list[str]]:
        """The command to run and its arguments; a misspelt name is answered with the nearest."""
        name, *rest = args
        entry = self.entries.get(name)
        if entry is None:
            return ctx.fail(f"There is no command '{name}'.{_did_you_mean(name, self.entries)}")
        return name, build(name, entry.load()), rest

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What the usage line says after the group's name."""
        return ["COMMAND [ARGUMENTS]"]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page from the contents alone, loading no command."""
        self.format_usage(ctx, formatter)
        help_pages.write_text(self.help, formatter)
        width = max(map(len, self.entries), default=0)
        for panel in dict.fromkeys(entry.panel for entry in self.entries.values()):
            with formatter.section(panel):
                listed = [
                    (n.ljust(width), e.help) for n, e in self.entries.items() if e.panel == panel
                ]
                formatter.write_dl(listed)
        help_pages.write_parameters(self.get_params(ctx), ctx, formatter)
        help_pages.write_examples(self.help, formatter)


def _did_you_mean(name: str, known: Mapping[str, Entry]) -> str:
    from difflib import get_close_matches

    nearest = get_close_matches(name, known, n=1)
    return f" Did you mean '{nearest[0]}'?" if nearest else ""
