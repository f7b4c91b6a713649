"""The few questions that make a profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

import typer

from isograd.advise.profile import Profile
from isograd.errors import IsogradError


@dataclass(frozen=True)
class Question:
    """``name`` is the field of `Profile` that it is about."""

    name: str
    text: str

    def ask(self) -> Any:
        """Asks until there is an answer; the default is the profile's."""
        default = getattr(Profile(), self.name)
        choices = get_args(get_type_hints(Profile)[self.name])
        text = f"{self.text} ({', '.join(choices)})" if choices else self.text
        while True:
            answer = typer.prompt(text, default=default, type=type(default))
            try:
                return getattr(Profile().but(**{self.name: answer}), self.name)
            except IsogradError as error:
                typer.echo(error.sentence())


def questions() -> tuple[Question, ...]:
    """In the order in which they are asked."""
    return (
        Question("target", "Where will the network be used?"),
        Question("hardware", "What will train it?"),
        Question("limits", "Which limits has what is shipped?"),
        Question("batch", "How many examples has a call?"),
        Question("steps", "How many steps has a training?"),
        Question("workers", "On how many machines or devices?"),
        Question("team", "What does the team know?"),
        Question("code", "What is the network written in?"),
        Question("debugging", "How much debugging do you expect?"),
    )
