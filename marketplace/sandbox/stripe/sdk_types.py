"""What Stripe accepts, read from the ``stripe`` package's own parameter types.

The declarations (``stripe.params.*``) are read as text: importing the package costs a third of a second
and 35 MB, which a small server that starts with every test run should not spend.
"""

import ast
import functools
import importlib.util
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Type:
    """One declared type: ``kind`` is str, int, float, bool, any, list, map, choice, hash or union."""

    kind: str
    inner: tuple["Type", ...] = ()
    choices: tuple[str, ...] = ()
    name: str = ""  # of the hash's class

    def may_be_empty(self) -> bool:
        return "" in self.choices or any(option.may_be_empty() for option in self.inner if self.kind == "union")


@dataclass(frozen=True)
class Field:
    type: Type
    required: bool


@dataclass(frozen=True)
class Schema:
    """The parameters of one request: its fields, and the hashes that they name."""

    fields: dict[str, Field] = field(default_factory=dict)
    hashes: dict[str, dict[str, Field]] = field(default_factory=dict)


STRING = Type("str")
SIMPLE = {"str": STRING, "int": Type("int"), "float": Type("float"), "bool": Type("bool"), "Decimal": STRING}
UNTYPED = Type("map", (STRING,))


@functools.cache
def sdk_folder() -> Path:
    spec = importlib.util.find_spec("stripe")  # finds it, does not import it
    if spec is None or spec.origin is None:
        raise RuntimeError("the stripe package is not installed")
    return Path(spec.origin).parent


@functools.cache
def api_version() -> str:
    """Return the API version that the installed package speaks, such as ``2026-10-28.endive``."""
    for node in ast.walk(ast.parse((sdk_folder() / "_api_version.py").read_text())):
        match node:
            case ast.Assign(targets=[ast.Name(id="CURRENT")], value=ast.Constant(value=version)):
                return str(version)
    raise RuntimeError("the stripe package does not say which API version it speaks")


@functools.cache
def schema(name: str) -> Schema:
    """Read the parameters of one request; ``name`` is its module's, ``payment_intent_create``."""
    module = ast.parse((sdk_folder() / "params" / f"_{name}_params.py").read_text())
    classes = {node.name: read_fields(node) for node in module.body if isinstance(node, ast.ClassDef)}
    main = "".join(part.capitalize() for part in name.split("_")) + "Params"
    return Schema(fields=classes.pop(main), hashes=classes)


def read_fields(declaration: ast.ClassDef) -> dict[str, Field]:
    fields = {}
    for node in declaration.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            annotation = node.annotation
            required = True
            if isinstance(annotation, ast.Subscript) and named(annotation.value) == "NotRequired":
                required, annotation = False, annotation.slice
            fields[node.target.id] = Field(read_type(annotation), required)
    return fields


def named(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def read_type(node: ast.expr) -> Type:
    match node:
        case ast.Constant(value=str() as text):  # a forward reference
            return read_type(ast.parse(text.strip(), mode="eval").body)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return union(read_type(left), read_type(right))
        case ast.Subscript(value=ast.Name(id=name), slice=inner):
            return read_generic(name, inner.elts if isinstance(inner, ast.Tuple) else [inner])
        case ast.Name(id=name) if name in SIMPLE:
            return SIMPLE[name]
        case ast.Name(id=name) if name not in {"Any", "IO"}:
            return Type("hash", name=name)
    return Type("any")


def read_generic(name: str, inner: list[ast.expr]) -> Type:
    match name:
        case "Union":
            return union(*(read_type(option) for option in inner))
        case "List":
            return Type("list", (read_type(inner[0]),))
        case "Dict":
            return Type("map", (read_type(inner[1]),))
        case "UntypedStripeObject":
            return UNTYPED
        case "Literal":
            return Type("choice", choices=tuple(constant(option) for option in inner))
    return Type("any")


def constant(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def union(*options: Type) -> Type:
    """Join types. Stripe's ``Literal['a', 'b'] | str`` leaves room for values to come; today it is a choice.

    A ``Literal['']`` is no choice: it says that an empty value unsets.
    """
    flat: list[Type] = []
    for option in options:
        flat += option.inner if option.kind == "union" else (option,)
    if any(option.kind == "choice" and option.choices != ("",) for option in flat):
        flat = [option for option in flat if option != STRING]
    distinct = tuple(dict.fromkeys(flat))
    return distinct[0] if len(distinct) == 1 else Type("union", distinct)
