"""How a module of a project serves its application by itself: what stands in ``web.run_app(...)`` is what it serves."""

import ast
from collections.abc import Iterator, Sequence

ELSEWHERE = {"host", "port", "path", "sock", "backlog", "reuse_address", "reuse_port", "print"}
"""Settings of ``web.run_app`` that do not matter behind nginx."""
SERVES = ("run_app", "_run_app", "AppRunner", "ServerRunner", "Server", "make_handler")
"""Functions of aiohttp.web in which every program ends that serves by itself."""

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
GUARDS = ("__name__ == '__main__'", "'__main__' == __name__")


def serving_call(tree: ast.Module) -> ast.Call | None:
    """Return the call with which a module serves an application, None where it serves none."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return next((call for name in SERVES for call in calls if _last_name(call.func) == name), None)


def served_name(tree: ast.Module, call: ast.Call) -> str:
    """Return the name of a module that serves the same as the module run as a program does; empty for none.

    The call has to be all that the program does besides defining things: what else it does would not be done, such as
    to parse its arguments. What a function makes before ``web.run_app`` is made once in a program, and for MODULE:NAME
    in each worker, so it has to be a coroutine function, which ``web.run_app`` runs, or an application.

    Args:
        tree: the module.
        call: of `serving_call`.
    """
    is_all = any(_is_all(statement, tree.body, call) for statement in tree.body)
    if not (is_all and _last_name(call.func) == "run_app" and len(call.args) == 1):
        return ""
    if not {keyword.arg for keyword in call.keywords} <= ELSEWHERE:
        return ""
    served = call.args[0]
    if isinstance(served, ast.Name):
        return served.id if served.id in {*_assigned(tree.body), *_imported(tree.body)} else ""
    if isinstance(served, ast.Call) and isinstance(served.func, ast.Name) and not (served.args or served.keywords):
        is_coroutine = isinstance(_functions(tree.body).get(served.func.id), ast.AsyncFunctionDef)
        return served.func.id if is_coroutine else ""
    return ""


def serves_when_run(tree: ast.Module, call: ast.Call) -> bool:
    """Whether a module comes to the call when it is run: outside of functions, or in one that is called from there."""
    inside = {each.name: each for each in tree.body if isinstance(each, _DEFINITIONS)}
    reached = [each for each in tree.body if not isinstance(each, _DEFINITIONS)]
    for each in reached:  # grows
        nodes = list(ast.walk(each))
        if call in nodes:
            return True
        names = {node.id for node in nodes if isinstance(node, ast.Name)}
        reached += [inside.pop(name) for name in names & inside.keys()]
    return False


def _is_all(statement: ast.stmt, body: Sequence[ast.stmt], call: ast.Call) -> bool:
    """Whether a statement is ``if __name__ == "__main__":`` and makes nothing but the call, itself or in a function."""
    if not (isinstance(statement, ast.If) and ast.unparse(statement.test) in GUARDS):
        return False
    done = _only_call(statement.body)
    if isinstance(done, ast.Call) and isinstance(done.func, ast.Name) and not (done.args or done.keywords):
        function = _functions(body).get(done.func.id)
        done = _only_call(function.body) if function else None
    return done is call


def _only_call(body: Sequence[ast.stmt]) -> ast.Call | None:
    only = [each for each in body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]
    expression = only[0].value if len(only) == 1 and isinstance(only[0], ast.Expr) else None
    return expression if isinstance(expression, ast.Call) else None


def _functions(body: Sequence[ast.stmt]) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    return {each.name: each for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


def _assigned(body: Sequence[ast.stmt]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def _imported(body: Sequence[ast.stmt]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in statement.names)


def _last_name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
