"""What changes in a function's syntax tree before it is compiled: names, literals, docstrings."""

from __future__ import annotations

import ast


def undocumented(node: ast.FunctionDef) -> ast.FunctionDef:
    """Return a definition without its docstring."""
    if ast.get_docstring(node) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    return node


def renamed(node: ast.FunctionDef, names: dict[str, str]) -> ast.FunctionDef:
    """Return a definition with names called otherwise, and exponentials by the name of our own."""
    found: ast.FunctionDef = _Rename(names).visit(node)
    return found


def typed(node: ast.FunctionDef, *, every: bool) -> ast.FunctionDef:
    """Return a definition with its literals in REAL(): an untyped 1.0 would draw the arithmetic into float64.

    That is half the speed. ``every``: also integers, and what is returned, as in a conductance, which is real
    throughout.
    """
    found: ast.FunctionDef = _Reals(every).visit(node)
    return found


class _Rename(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.names:
            return node
        return ast.parse(self.names[node.id], mode="eval").body

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node = self.generic_visit(node)  # type: ignore[assignment]
        if (
            isinstance(node.value, ast.Name)
            and node.value.id in ("math", "np")
            and node.attr == "exp"
        ):
            return ast.Name("_exp", node.ctx)
        return node


class _Reals(ast.NodeTransformer):
    def __init__(self, every: bool) -> None:
        self.every = every

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        number = float if not self.every else float | int
        if isinstance(node.value, number) and not isinstance(node.value, bool):
            return ast.Call(ast.Name("REAL", ast.Load()), [ast.Constant(float(node.value))], [])
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        node.left = self.visit(node.left)
        whole = isinstance(node.right, ast.Constant) and isinstance(node.right.value, int)
        if not (isinstance(node.op, ast.Pow) and whole):  # s2 ** 2 stays a product
            node.right = self.visit(node.right)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id in ("REAL", "range"):
            return node
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if self.every and node.value is not None:
            node.value = ast.Call(ast.Name("REAL", ast.Load()), [self.visit(node.value)], [])
        return node
