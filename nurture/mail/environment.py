"""Jinja as templates know it: a sandbox in which nothing can be changed, nothing is left out, and little can be called.

Three environments share one set of filters: HTML (escapes every value) and text (escapes none), both writing
quoted-printable, and one for subjects, which gives a plain string.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NoReturn

from jinja2.filters import FILTERS, do_format, do_replace, sync_do_slice
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS
from jinja2.utils import pass_eval_context

from nurture.mail.bounds import OPERATORS, check_call, check_format, check_operation, check_parts, check_replaced
from nurture.mail.quoted_printable import QuotedPrintableGenerator, encode_html, encode_text

_FILTERS = (
    "abs", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "filesizeformat", "first", "float",
    "format", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr",
    "replace", "reverse", "round", "select", "selectattr", "slice", "sort", "string", "striptags", "sum", "title",
    "trim", "truncate", "unique", "upper", "urlencode", "wordcount", "wordwrap",
)  # fmt: skip
"""Jinja's own, without those that would let a lead's data write HTML (`safe`, `tojson`, `urlize`, `xmlattr`), or give
another mail every time (`random`)."""

_TESTS = (
    "boolean", "defined", "divisibleby", "eq", "equalto", "even", "false", "float", "ge", "greaterthan", "gt", "in",
    "integer", "iterable", "le", "lessthan", "lower", "lt", "mapping", "ne", "none", "number", "odd", "sequence",
    "string", "true", "undefined", "upper", "==", "!=", ">", ">=", "<", "<=",
)  # fmt: skip


class Empty(Undefined):
    """A field that this lead's record does not fill: a comparison with it is false, `default()` takes its place.

    Writing it into the mail, or counting, looping and calculating with it, is an error: a mail has no holes.
    """

    def _fail_with_undefined_error(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise self._undefined_exception(self._undefined_message)

    __str__ = __iter__ = __len__ = __hash__ = _fail_with_undefined_error

    def __bool__(self) -> bool:
        """Nothing is not true."""
        return False

    def _never(self, _other: object) -> bool:
        return False

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = _never  # type: ignore[assignment]


class Facts:
    """What a template knows under one name (`lead`, `company`, …). `values` has no None: empty fields are not in it."""

    __slots__ = ("name", "values")

    def __init__(self, name: str, values: Mapping[str, object]) -> None:
        """`name` is what templates call it, for messages."""
        self.name, self.values = name, values


def _write(value: object) -> object:
    """Refuse to write `None` into a mail."""
    if value is None:
        raise TypeError("this has no value; write `| default('…')` behind it")
    return value


def _format(value: str, *args: object, **kwargs: object) -> str:
    """Jinja's filter, within bounds."""
    check_format(str(value), "%")
    return do_format(value, *args, **kwargs)


@pass_eval_context
def _replace(eval_ctx: EvalContext, value: str, old: str, new: str, count: int | None = None) -> str:
    """Jinja's filter, within bounds."""
    check_replaced(str(value), str(old), str(new))
    return do_replace(eval_ctx, value, old, new, count)


def _slice(value: Collection[Any], slices: int, fill_with: object = None) -> Iterator[list[Any]]:
    """Jinja's filter, within bounds."""
    check_parts(slices)
    return sync_do_slice(value, slices, fill_with)


class TemplateEnvironment(ImmutableSandboxedEnvironment):
    """The sandbox for subjects: plain text out."""

    intercepted_binops = OPERATORS

    def __init__(self, *, autoescape: bool = False) -> None:
        """Know only the filters and tests that are good for a mail, and no global names."""
        super().__init__(undefined=Empty, autoescape=autoescape, finalize=_write, keep_trailing_newline=True)
        self.filters = {name: FILTERS[name] for name in _FILTERS} | {
            "format": _format,
            "replace": _replace,
            "slice": _slice,
        }
        self.tests = {name: TESTS[name] for name in _TESTS}
        self.globals = {}

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Do it, unless it comes to too much."""
        check_operation(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a method or a function of ours, unless it comes to too much."""
        check_call(obj, args, kwargs)
        return super().call(context, obj, *args, **kwargs)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Look up `lead.first_name`; Python's own attributes of our values are nobody's business."""
        if type(obj) is Facts:
            try:
                return obj.values[attribute]
            except KeyError:
                return self._empty(obj, attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Look up `lead['first_name']`."""
        if type(obj) is Facts:
            return self.getattr(obj, str(argument))
        return super().getitem(obj, argument)

    def _empty(self, facts: Facts, attribute: str) -> Empty:
        name = f"{facts.name}.{attribute}"
        return Empty(hint=f"{name} is empty here; say what to write instead: {name} | default('…')", name=attribute)


class EncodedEnvironment(TemplateEnvironment):
    """The sandbox for a mail's parts: quoted-printable out. `encode_slot` is what every value goes through."""

    code_generator_class = QuotedPrintableGenerator

    def __init__(self, encode_slot: Callable[[object], str], *, autoescape: bool = False) -> None:
        """`autoescape` is for what a `{% set %}` block collects; `encode_slot` escapes the rest."""
        super().__init__(autoescape=autoescape)
        self.encode_slot = encode_slot


SUBJECTS = TemplateEnvironment()
TEXT = EncodedEnvironment(encode_text)
HTML = EncodedEnvironment(encode_html, autoescape=True)
