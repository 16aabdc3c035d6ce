"""How templates become Python: as Jinja does it, with less around each value and each call.

Jinja asks of each call whether what is called wants the context, and makes each text that it shows a `Markup`. Few do,
and what a page is put together from are texts: a fifth of what a page takes is this.
"""

import re
from typing import Any

from jinja2 import Environment, Template, nodes
from jinja2.compiler import CodeGenerator
from markupsafe import escape

_SPECIAL = re.compile("[&<>\"']")


def shown(value: object) -> str:
    """A value as it stands on a page: what would be markup is escaped, unless it is meant to be.

    >>> shown("a < b"), shown("王小明"), shown(7)
    (Markup('a &lt; b'), '王小明', '7')
    """
    if type(value) is str:
        return value if _SPECIAL.search(value) is None else escape(value)
    return str(value) if type(value) is int else escape(value)


def called(what: Any, /, *given: Any, **named: Any) -> Any:
    """What a call gives that wants nothing of the context."""
    return what(*given, **named)


class Plain(CodeGenerator):
    """Writes the Python of templates."""

    def _output_child_pre(self, node: nodes.Expr, frame: Any, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.shown(")

    def visit_Call(self, node: nodes.Call, frame: Any, forward_caller: bool = False) -> None:  # noqa: N802, FBT001, FBT002  (Jinja's)
        """A call, without the context where nobody asks for it."""
        what = node.node
        known = self.environment.globals.get(what.name) if isinstance(what, nodes.Name) else None
        if forward_caller or hasattr(known, "jinja_pass_arg"):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.write("environment.called(")
        self.visit(what, frame)
        self.signature(node, frame)
        self.write(")")


class Sharing(Template):
    """A template whose macros are made once."""

    def _get_default_module(self, ctx: Any = None) -> Any:  # noqa: ARG002  (Jinja's)
        """What others import from it: none of them has globals of its own, so nobody looks each time."""
        return super()._get_default_module()


class Compiled(Environment):
    """The environment of templates that are compiled so."""

    code_generator_class = Plain
    template_class = Sharing
    shown = staticmethod(shown)
    called = staticmethod(called)
