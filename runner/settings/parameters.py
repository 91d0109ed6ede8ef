"""One parameter of a command, read from ``[commands.NAME.parameters.NAME]``."""

from __future__ import annotations

import re
from dataclasses import replace

from runner.catalogue import ChoiceParameter, IntegerParameter, Parameter, TextParameter
from runner.parameters import ARGUMENT_BYTES, INTEGER_LIMIT
from runner.settings.quantities import shown
from runner.settings.table import Table, filled, flag, integer, text, words

TYPES = ("text", "integer", "choice")
TYPES_LATER = ("number", "choices", "flag", "path", "date", "secret")

_whole = integer(-INTEGER_LIMIT, INTEGER_LIMIT - 1)


def read_parameter(name: str, table: Table) -> Parameter:
    """The parameter; a text stands in for one whose type is wrong, and its other keys are not judged."""
    plain = TextParameter(
        name=name,
        label=table.take("label", _worded(name), filled),
        description=table.take("description", "", text),
        required=table.take("required", True, flag),
    )
    type_ = table.require("type", "", _parse_type)
    if not type_:
        return plain
    if type_ == "integer":
        parameter: Parameter = _read_integer(plain, table)
    elif type_ == "choice":
        parameter = _read_choice(plain, table)
    else:
        parameter = _read_text(plain, table)
    _check_default(parameter, table)
    table.close()
    return parameter


def _read_text(plain: TextParameter, table: Table) -> TextParameter:
    parameter = replace(
        plain,
        default=table.take("default", None, text),
        min_length=table.take("min_length", 0, integer(0, ARGUMENT_BYTES)),
        max_length=table.take("max_length", 4096, integer(1, ARGUMENT_BYTES)),
        pattern=table.take("pattern", None, _parse_pattern),
        allow_dash=table.take("allow_dash", False, flag),
    )
    if parameter.min_length > parameter.max_length:
        table.fault("min_length", f"must not be more than max_length, which is {parameter.max_length}")
    return parameter


def _read_integer(plain: TextParameter, table: Table) -> IntegerParameter:
    parameter = IntegerParameter(
        name=plain.name,
        label=plain.label,
        description=plain.description,
        required=plain.required,
        default=table.take("default", None, _whole),
        min=table.take("min", None, _whole),
        max=table.take("max", None, _whole),
    )
    if parameter.min is not None and parameter.max is not None and parameter.min > parameter.max:
        table.fault("min", f"must not be more than max, which is {parameter.max}")
    return parameter


def _read_choice(plain: TextParameter, table: Table) -> ChoiceParameter:
    parameter = ChoiceParameter(
        name=plain.name,
        label=plain.label,
        description=plain.description,
        required=plain.required,
        default=table.take("default", None, text),
        choices=table.require("choices", (), words),
        allow_dash=table.take("allow_dash", False, flag),
    )
    _check_choices(parameter, table)
    return parameter


def _check_choices(parameter: ChoiceParameter, table: Table) -> None:
    if table.values.get("choices") == []:
        table.fault("choices", "must have at least one choice")
    for choice in dict.fromkeys(parameter.choices):
        if not choice:
            table.fault("choices", "must not have an empty choice; say required = false instead")
            continue
        if parameter.choices.count(choice) > 1:
            table.fault("choices", f"has {shown(choice)} more than once")
        try:
            parameter.check(choice)
        except ValueError as error:
            hint = "; say allow_dash = true if that is meant" if choice[0] in "-@" else ""
            table.fault("choices", f"{shown(choice)} {error}{hint}")


def _check_default(parameter: Parameter, table: Table) -> None:
    if parameter.default is None:
        return
    if parameter.default == "" and parameter.type == "text" and parameter.required:
        table.fault("default", "is empty, but the parameter is required; say required = false as well")
        return
    if isinstance(parameter, ChoiceParameter) and not parameter.choices:
        return  # the fault is with the choices, and noted there
    try:
        parameter.settle(None)
    except ValueError as error:
        table.fault("default", str(error))


def _parse_type(value: object) -> str:
    word = text(value)
    if word in TYPES_LATER:
        raise ValueError(f"{word} is not built yet; there are {', '.join(TYPES)}")
    if word not in TYPES:
        raise ValueError(f"must be one of {', '.join(TYPES)}, not {shown(word)}")
    return word


def _parse_pattern(value: object) -> str | None:
    pattern = text(value)
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return pattern


def _worded(name: str) -> str:
    """A label for a name: ``max_depth`` becomes "Max depth"."""
    worded = re.sub(r"[_-]+", " ", name).strip()
    return worded[:1].upper() + worded[1:] if worded else name
