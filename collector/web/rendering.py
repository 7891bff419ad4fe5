"""A template gets one whole context; what it was not given is an error, never an empty string."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from collector import wording
from collector.translation import counted, number, said

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@cache
def environment() -> Environment:
    """Autoescape for every template, whatever its name."""
    made = Environment(
        loader=PackageLoader("collector.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    catalogs: Any = made  # the extension adds this method
    catalogs.install_gettext_callables(said, counted, newstyle=True)
    made.filters.update(
        ago=wording.ago,
        exact=wording.exact,
        machine=wording.machine,
        day=wording.day,
        lasting=wording.lasting,
        number=number,
        severity=severity,
        role=role,
        outcome=outcome,
        said=said,
    )
    return made


def severity(value: str) -> str:
    """In words; one that a later version knows stays as it is."""
    return wording.SEVERITIES.get(value, value)


def role(value: str) -> str:
    """As `severity`."""
    return wording.ROLES.get(value, value)


def outcome(value: str) -> str:
    """As `severity`."""
    return wording.OUTCOMES.get(value, value)


def render(
    template: str,
    context: "DataclassInstance",
    *,
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    values: dict[str, Any] = {f.name: getattr(context, f.name) for f in fields(context)}
    text = environment().get_template(template).render(values)
    return HTMLResponse(text, status_code=status_code, headers=dict(headers or {}))
