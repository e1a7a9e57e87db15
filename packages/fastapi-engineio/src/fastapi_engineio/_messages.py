"""Messages with a type: JSON text in, validated by pydantic, and pydantic's models out.

Handlers that take plain text and bytes have nothing to do with this, and cost nothing more.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, overload

from pydantic import BaseModel, TypeAdapter, ValidationError

from engineio import Data, SendData
from engineio.logs import printable

__all__ = ["Invalid", "dumped", "log_invalid", "parser_of", "validating"]

logger = logging.getLogger(__name__)

Invalid = Callable[[str, ValidationError], Awaitable[None]]
"""Is told of a message that does not fit."""

T = TypeVar("T")

_PLAIN = (inspect.Parameter.empty, Any, object, str, bytes, SendData)


def parser_of(handler: Callable[..., Any], is_decoded: bool) -> Callable[[Any], Any] | None:
    """Return what makes the type of a handler of its messages, or None where it takes plain ones.

    Args:
        handler: The handler, whose second parameter has the type.
        is_decoded: Whether the core has decoded JSON already.
    """
    parameters = list(inspect.signature(handler, eval_str=True).parameters.values())
    annotation = parameters[1].annotation if len(parameters) > 1 else Any
    if _is_plain(annotation):
        return None
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    # Text that is only to be short, for example, is the value itself.
    if is_decoded or _is_plain(annotation, with_metadata=True):
        return adapter.validate_python

    def parse(data: Data) -> Any:
        if isinstance(data, str):
            return adapter.validate_json(data)
        return adapter.validate_python(data)

    return parse


def validating(
    call: Callable[[str, Any], Awaitable[object]], parse: Callable[[Any], Any], invalid: Invalid
) -> Callable[[str, Any], Awaitable[None]]:
    """Return a handler of plain messages in front of one of typed messages.

    Args:
        call: Calls the handler of typed messages.
        parse: As from `parser_of`.
        invalid: Is told of what does not fit, in the place of the handler.
    """

    async def received(sid: str, data: Any) -> None:
        try:
            value = parse(data)
        except ValidationError as error:
            await invalid(sid, error)
        else:
            await call(sid, value)

    return received


def log_invalid(error: ValidationError, suppressed: int) -> None:
    """Log what did not fit, without what the client wrote."""
    details = error.errors(include_url=False, include_input=False, include_context=False)
    first = f"{details[0]['loc']}: {details[0]['type']}"
    logger.warning("a message does not fit: %s (%d more kept back)", printable(first), suppressed)


@overload
def dumped(data: BaseModel) -> str: ...
@overload
def dumped(data: T) -> T: ...


def dumped(data: object) -> object:
    """Return a model as JSON text, by its aliases as FastAPI does, and all else unchanged."""
    # A str has no need to be asked, and most messages are.
    if type(data) is not str and isinstance(data, BaseModel):
        return data.model_dump_json(by_alias=True)
    return data


def _is_plain(annotation: Any, with_metadata: bool = False) -> bool:
    origin = get_origin(annotation)
    if origin is Annotated and with_metadata:
        return _is_plain(get_args(annotation)[0], with_metadata)
    if origin in (Union, UnionType) and annotation != SendData:
        return all(_is_plain(member, with_metadata) for member in get_args(annotation))
    return annotation in _PLAIN
