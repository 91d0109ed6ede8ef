"""A command's form: what it asks, what was typed, what is wrong with it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from runner.catalogue import ChoiceParameter, Command, IntegerParameter, Parameter

_TEMPLATE = re.compile(r"[\w@%+=:,./{}-]+")
"""A word that needs no quotes; the braces of a parameter do not."""


@dataclass(frozen=True, slots=True)
class OptionView:
    """One choice of a select."""

    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field; ``kind`` is the type of its input, and an empty text is left out.

    ``described_by`` names the elements that explain it.
    """

    name: str
    id: str
    kind: str
    label: str
    hint: str
    hint_id: str
    reason: str
    reason_id: str
    described_by: str
    value: str
    required: bool
    least: str
    most: str
    max_length: str
    options: tuple[OptionView, ...]


@dataclass(frozen=True, slots=True)
class FormView:
    """A command's form. ``wrong`` has what is wrong with values that have no field; ``invalid`` if anything is."""

    command: str
    title: str
    description: str
    argv: str
    fields: tuple[FieldView, ...]
    wrong: tuple[str, ...]
    invalid: bool
    may_start: bool


def form_view(
    command: Command, typed: Mapping[str, str], reasons: Mapping[str, str], may_start: bool = True
) -> FormView:
    """The form with everything typed kept and each reason beside its field."""
    fields = tuple(
        _field(parameter, typed.get(name), reasons.get(name, "")) for name, parameter in command.parameters.items()
    )
    wrong = tuple(f"{name}: {reason}" for name, reason in reasons.items() if name not in command.parameters)
    return FormView(
        command=command.name,
        title=command.title,
        description=command.description,
        argv=" ".join(word if _TEMPLATE.fullmatch(word) else shlex.quote(word) for word in command.argv),
        fields=fields,
        wrong=wrong,
        invalid=bool(reasons),
        may_start=may_start,
    )


def _field(parameter: Parameter, typed: str | None, reason: str) -> FieldView:
    name = parameter.name
    value = _text(parameter.default) if typed is None else typed
    hint = _hint(parameter)
    hint_id, reason_id = f"hint-{name}", f"reason-{name}"
    described = [identity for identity, text in ((reason_id, reason), (hint_id, hint)) if text]
    return FieldView(
        name=name,
        id=f"field-{name}",
        # A browser shows nothing at all of a number that is none; what was typed must stay to be mended.
        kind="number" if isinstance(parameter, IntegerParameter) and not reason else "text",
        label=parameter.label,
        hint=hint,
        hint_id=hint_id,
        reason=_sentence(parameter.label, reason),
        reason_id=reason_id,
        described_by=" ".join(described),
        value=value,
        required=parameter.required,
        least=_text(parameter.min) if isinstance(parameter, IntegerParameter) else "",
        most=_text(parameter.max) if isinstance(parameter, IntegerParameter) else "",
        max_length="" if isinstance(parameter, ChoiceParameter | IntegerParameter) else str(parameter.max_length),
        options=_options(parameter, value),
    )


def _options(parameter: Parameter, value: str) -> tuple[OptionView, ...]:
    if not isinstance(parameter, ChoiceParameter):
        return ()
    options = tuple(OptionView(choice, choice, choice == value) for choice in parameter.choices)
    if parameter.required and parameter.default is not None:
        return options
    return (OptionView("", "Choose…" if parameter.required else "None", value == ""), *options)


def _hint(parameter: Parameter) -> str:
    parts = [parameter.description.rstrip(".")] if parameter.description else []
    if isinstance(parameter, IntegerParameter):
        parts += _limits(parameter)
    if not parameter.required:
        parts.append("May be left empty")
    return ". ".join(parts) + ("." if parts else "")


def _limits(parameter: IntegerParameter) -> list[str]:
    match parameter.min, parameter.max:
        case None, None:
            return []
        case None, most:
            return [f"At most {most:,}"]
        case least, None:
            return [f"At least {least:,}"]
        case least, most:
            return [f"{least:,} to {most:,}"]


def _sentence(label: str, reason: str) -> str:
    return f"{label} {reason}." if reason else ""


def _text(value: object) -> str:
    return "" if value is None else str(value)
