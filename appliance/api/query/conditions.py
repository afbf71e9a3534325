"""Makes SQL conditions out of filters, with a caller's limits on everything that is joined.

Only names that we have declared are put into the SQL; all values are parameters. A comparison
is true or false, never unknown: with what is missing it is false, and "not" turns it round.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from appliance.api.query.columns import Column, Hop, Place, UnknownName, locate
from appliance.api.query.grammar import Both, Comparison, Node, Not
from appliance.api.query.tokens import Sort, Token
from appliance.api.query.values import ADDRESS, addresses_with
from appliance.protocol.errors import InvalidInput
from appliance.store.fields import database
from appliance.store.kinds import Kinds, ResourceKind, Rows, Scope

BASE = "v0"  # what the listed table is called


@dataclass(frozen=True)
class Sql:
    """A condition and its parameters."""

    text: str
    values: tuple[Any, ...] = ()

    @property
    def where(self) -> str:
        """The clause of a SELECT; SQLite counts a whole table faster without one."""
        return "" if self == TRUE else f"WHERE {self.text}"


TRUE, FALSE = Sql("1"), Sql("0")


def joined(parts: Iterable[Sql], word: str = "AND") -> Sql:
    """All of `parts`, or with OR any of them."""
    found = list(parts)
    if word == "AND":
        found = [part for part in found if part != TRUE]
    if not found:
        return TRUE if word == "AND" else FALSE
    text = f" {word} ".join(part.text for part in found)
    values = tuple(value for part in found for value in part.values)
    return Sql(f"({text})" if len(found) > 1 else text, values)


def of_expression(expression: Any, model: Any, alias: str) -> Sql:
    """A peewee condition on `model`, whose table is called `alias`."""
    context = database.get_sql_context(subquery=True)
    context.alias_manager[model._meta.table] = alias
    text, values = context.sql(expression).query()
    return Sql(text, tuple(values))


class Conditions:
    """Makes conditions for one query."""

    def __init__(self, kinds: Kinds, kind: ResourceKind, scope: Scope | None = None) -> None:
        self._kinds = kinds
        self._kind = kind
        self._scope = scope
        self._aliases = (f"v{number}" for number in count(1))

    def limits(self, rows: Rows | None = None, alias: str = BASE, source: str = "") -> list[Sql]:
        """What the caller may see of `rows` (the listed kind), which `source` leads to."""
        rows = rows or self._kind
        if not isinstance(rows, ResourceKind):
            return self._limits_of_part(rows, alias, source)
        found = []
        if rows.visible is not None:
            found.append(of_expression(rows.visible(), rows.model, alias))
        if self._scope is not None and (limit := self._scope(rows)) is not None:
            found.append(of_expression(limit, rows.model, alias))
        return found

    def _limits_of_part(self, rows: Rows, alias: str, source: str) -> list[Sql]:
        """Who comes from a thing to its parts may see them; others must be able to see it."""
        if rows.part_of is None or rows.part_of[1] == source:
            return []
        column, name = rows.part_of
        whole = self._kinds.find(name)
        if whole is None:
            return [FALSE]
        inner = next(self._aliases)
        limits = self.limits(whole, inner)
        if not limits:
            return []
        return [_within(alias, column, whole, inner, joined(limits), whole.key.column_name)]

    def of(self, node: Node, *, negated: bool = False) -> Sql:
        """The condition of a filter; raises InvalidInput naming the place in it."""
        match node:
            case Not(part):
                return self.of(part, negated=not negated)
            case Both(parts, any=is_or):
                word = "OR" if is_or != negated else "AND"
                return joined((self.of(part, negated=negated) for part in parts), word)
            case Comparison():
                return self._comparison(node, negated=negated)

    def equal(self, name: str, values: Sequence[str]) -> Sql:
        """The condition of `name=a,b` in a query; raises InvalidInput for the parameter."""
        field = Token(Sort.WORD, name, 0, name)
        tokens = tuple(Token(Sort.TEXT, value, 0, value) for value in values)
        try:
            place = locate(self._kinds, self._kind, name.split("."))
        except UnknownName as unknown:
            raise _bad(name, name, f"fields are {', '.join(unknown.choices)}") from None
        if place.column is None:
            raise _bad(name, name, "it leads to several fields; add a dot and one of them")
        comparison = Comparison(field, "in", tokens)
        try:
            return self._through(place, comparison, negated=False)
        except InvalidInput as error:
            raise _bad(name, ",".join(values)[:60], f"a {place.column.type.code}") from error

    def matching(self, kind: ResourceKind, text: str) -> Sql:
        """The condition of a search for part of a name, id or address."""
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        pattern = Token(Sort.TEXT, f"%{escaped}%", 0, text)
        ways = []
        for name in kind.search:
            place = locate(self._kinds, kind, name.split("."))
            if place.column is None or not place.column.type.may_contain(text):
                continue
            field = Token(Sort.WORD, name, 0, name)
            node = Comparison(field, "like", (pattern,))
            if place.column.type is ADDRESS and (whole := addresses_with(text)):
                node = Comparison(field, "in", tuple(Token(Sort.TEXT, a, 0, a) for a in whole))
            ways.append(self._through(place, node, negated=False))
        if kind.search_also is not None:
            ways.append(of_expression(kind.search_also(text), kind.model, BASE))
        return joined(ways, "OR")

    def _comparison(self, node: Comparison, *, negated: bool) -> Sql:
        try:
            place = locate(self._kinds, self._kind, node.path)
        except UnknownName as unknown:
            choices = ", ".join(unknown.choices)
            raise node.field.refused(
                "query.unknown_field", name=unknown.name, kind=unknown.owner, choices=choices
            ) from None
        column = place.column
        if column is None and node.operator != "null":
            raise node.field.refused("query.no_column", name=node.field.value)
        if column is not None and node.operator not in column.type.operators:
            raise node.field.refused(
                "query.bad_operator", name=node.field.value, operator=node.operator
            )
        return self._through(place, node, negated=negated)

    def _through(self, place: Place, node: Comparison, *, negated: bool) -> Sql:
        """Along the relations one by one, then the comparison with the last one's column."""
        if not place.hops:
            assert place.column is not None
            return _leaf(BASE, place.column, node, negated=negated)
        # That something related is missing means that nothing related is there.
        if node.operator == "null":
            return self._related(place.hops, BASE, place.column, None, negated=not negated)
        return self._related(place.hops, BASE, place.column, node, negated=negated)

    def _related(
        self,
        hops: Sequence[Hop],
        outer: str,
        column: Column | None,
        node: Comparison | None,
        *,
        negated: bool,
    ) -> Sql:
        hop, rest = hops[0], hops[1:]
        alias = next(self._aliases)
        wanted = self.limits(hop.target, alias, hop.source.name)
        if rest:
            wanted.append(self._related(rest, alias, column, node, negated=False))
        elif node is None:
            wanted += [] if column is None else [Sql(f'{alias}."{column.name}" IS NOT NULL')]
        elif column is not None:
            wanted.append(_leaf(alias, column, node, negated=False))
        own, other = hop.relation.on
        return _within(
            outer,
            own,
            hop.target,
            alias,
            joined(wanted),
            other,
            own_nullable=_is_nullable(hop.source, own),
            other_nullable=_is_nullable(hop.target, other),
            negated=negated,
        )


def _within(
    outer: str,
    own: str,
    target: Rows,
    alias: str,
    wanted: Sql,
    other: str,
    *,
    own_nullable: bool = False,
    other_nullable: bool = False,
    negated: bool = False,
) -> Sql:
    """Whether there is a row of `target` that belongs to the outer row and is as `wanted`."""
    table = target.model._meta.table_name  # type: ignore[attr-defined]
    guard = f' AND {alias}."{other}" IS NOT NULL' if other_nullable else ""
    chosen = f'SELECT {alias}."{other}" FROM "{table}" AS {alias} WHERE {wanted.text}{guard}'  # noqa: S608 our names
    word = "NOT IN" if negated else "IN"
    text = f'{outer}."{own}" {word} ({chosen})'
    if own_nullable and negated:
        text = f'({outer}."{own}" IS NULL OR {text})'
    return Sql(text, wanted.values)


def _is_nullable(rows: Rows, column: str) -> bool:
    return rows.model._meta.columns[column].null  # type: ignore[attr-defined]


def _leaf(alias: str, column: Column, node: Comparison, *, negated: bool) -> Sql:
    name = f'{alias}."{column.name}"'
    if node.operator == "null":
        return Sql(f"{name} IS {'NOT ' if negated else ''}NULL")
    condition = _compared(name, column, node, negated=negated)
    if negated and column.nullable:
        return Sql(f"({name} IS NULL OR {condition.text})", condition.values)
    return condition


_TURNED = {"=": "<>", ">": "<=", ">=": "<", "<": ">=", "<=": ">"}


def _compared(name: str, column: Column, node: Comparison, *, negated: bool) -> Sql:
    prefix = "NOT " if negated else ""
    if node.operator == "like":
        text = column.type.as_text.format(column=name)
        return Sql(f"{text} {prefix}LIKE ? ESCAPE '\\'", (_pattern(node.values[0]),))
    values = tuple(_value(column, token) for token in node.values)
    if node.operator == "in":
        return Sql(f"{name} {prefix}IN ({', '.join('?' * len(values))})", values)
    operator = _TURNED[node.operator] if negated else node.operator
    return Sql(f"{name} {operator} ?", values)


def _value(column: Column, token: Token) -> Any:
    try:
        return column.type.read(token.value)
    except (ValueError, KeyError):
        code = f"query.bad_{column.type.code}"
        raise token.refused(code, name=column.name, value=token.value[:60]) from None


_BACKSLASH = re.compile(r"\\[%_\\]?")


def _pattern(token: Token) -> str:
    """A backslash that stands before nothing special is meant as itself."""
    return _BACKSLASH.sub(lambda match: r"\\" if match[0] == "\\" else match[0], token.value)


def _bad(field: str, value: str, reason: str) -> InvalidInput:
    return InvalidInput("request.bad_value", field=field, name=field, value=value, reason=reason)
