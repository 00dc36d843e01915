"""What the shell offers while a value is typed: names of models, boards and the like, and the words of a choice."""

import re
from typing import Annotated, Any

import typer

# argument or option -> the kind of names that it takes
NAMES = {
    "model": "models", "--model": "models", "--template": "models", "--hw": "boards", "space": "spaces",
    "--space": "spaces", "--preset": "presets", "--tokens": "methods", "--trace": "traces", "--accuracy": "accuracy",
    "--logits": "logits", "--cka": "cka",
}  # fmt: skip
# an argument that is called name takes what its command shows
SHOWN = {"hw": "boards", "fit": "boards", "model": "models", "plan": "models", "trace": "models"}
_WORDS = re.compile(r"[a-z0-9_]+(\|[a-z0-9_]+)+")


def complete_values(command: str | None, parameters: list[Any]) -> None:
    """Let the shell complete the values of a command's parameters: names of a kind, or the words of a choice."""
    for parameter in parameters:
        option = parameter.opts[0]
        kind = SHOWN.get(command or "") if option == "name" else NAMES.get(option)
        metavar = parameter.metavar or ""
        if kind is not None or _WORDS.fullmatch(metavar):
            parameter.shell_complete = _completer(kind, metavar)


def _completer(kind: str | None, metavar: str) -> Any:
    """Return what typer calls for the shell, made when it is: each command line would else pay for it."""

    def complete(context: Any, incomplete: str) -> Any:
        texts = metavar.split("|") if kind is None else names(kind)
        return _of_typer([text for text in texts if text.startswith(incomplete)]).shell_complete(context, incomplete)

    return complete


def _of_typer(texts: list[str]) -> Any:
    """Return an option of typer that completes to some texts, as nothing public turns texts into its items."""
    app = typer.Typer()

    @app.command()
    def holder(value: Annotated[str, typer.Option(autocompletion=lambda: texts)] = "") -> None:
        """Hold the option."""

    return typer.main.get_command(app).params[0]


def names(kind: str) -> list[str]:
    """Return the names of a kind: models, boards, spaces, presets, methods, or a kind of samples."""
    from pivotsim.io.documents import names_of
    from pivotsim.io.samples import ENDINGS, sample_names

    if kind in ENDINGS:
        return sample_names(kind)
    if kind == "presets":
        from pivotsim.workload.presets import PRESETS

        return list(PRESETS)
    if kind == "methods":
        from pivotsim.workload.tokens.methods import METHODS

        return list(METHODS)
    folder, what = {
        "models": ("workloads", "model"), "spaces": ("workloads", "space"), "boards": ("hwconfigs", "hardware"),
    }[kind]  # fmt: skip
    return names_of(folder, what, ("gpu",))
