"""What is wrong with a table of the file, in the words of the file."""

import difflib
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails


def said(model: type[BaseModel], error: ErrorDetails, where: str, beside: Sequence[str]) -> str:
    """What pydantic complains of, in the words of the file: the table, the key and the way out.

    The value stays out of it: it may be a URL with a password.
    """
    steps = [*error["loc"]]
    inside, place = model, where
    while len(steps) > 1:
        step = steps.pop(0)
        choices = list(_models(inside.model_fields[str(step)].annotation)) if step in inside.model_fields else []
        if len(choices) > 1 and steps:  # The word that chose the model stands next in pydantic's location.
            choices = [choice for choice in choices if _choosing_word(choice) == steps[0]]
            steps = steps[1:] if choices and len(steps) > 1 else steps
        place = f"{place.removesuffix(']')}.{step}]" if place.endswith("]") else f"{place}, {step}"
        if len(choices) != 1:
            break
        inside = choices[0]
    key = str(steps[-1]) if steps else ""
    known = [field.alias or name for name, field in inside.model_fields.items()]
    known = [name for name in known if name != "type"] + (list(beside) if inside is model else [])
    match error["type"]:
        case "extra_forbidden":
            return f"{place} has no setting {key!r} {near(key, known)}"
        case "missing":
            field = inside.model_fields.get(key)
            return f"{place} needs the setting {key!r}: {field.description if field else 'it has no default'}"
        case "union_tag_invalid":
            choosing, tag = error["ctx"]["discriminator"].strip("'"), error["ctx"]["tag"]
            return f"{place}: {key}: {choosing} is one of {error['ctx']['expected_tags']}, not {tag!r}"
        case "union_tag_not_found":
            return f"{place}: {key} needs the setting {error['ctx']['discriminator']}"
        case _:
            message = error["msg"].removeprefix("Value error, ")
            return f"{place}: {key}: {message}" if key else f"{place}: {message}"


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model that an annotation is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _choosing_word(model: type[BaseModel]) -> object:
    """The word in a file that chooses this model among others."""
    words = [
        get_args(field.annotation) for field in model.model_fields.values() if get_origin(field.annotation) is Literal
    ]
    return words[0][0] if words else None


def near(name: str, known: Collection[str]) -> str:
    """What a misspelt name may have meant, or what there is."""
    near = difflib.get_close_matches(name, known, n=3)
    return f"(did you mean {' or '.join(near)}?)" if near else f"(has: {', '.join(known)})"
