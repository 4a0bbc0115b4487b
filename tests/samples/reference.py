"""Samples of the API's reference."""

from __future__ import annotations

from fusioncell.web.pages.reference import _door
from samples.pages import Context, shell

_SAID = {
    "summary": "Share a value", "description": "Takes `value` and what it is; answers 202.",
    "parameters": [{"name": "which", "in": "path", "required": True, "description": "Its id.",
                    "schema": {"type": "string"}},
                   {"name": "limit", "in": "query", "description": "How many.",
                    "schema": {"type": "integer", "default": 50}},
                   {"name": "tlp", "in": "query", "schema": {"enum": ["clear", "green"], "type": "string"}}],
    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Value"}}}},
    "responses": {"202": {"content": {"application/json": {}}}, "400": {}},
}  # fmt: skip
_KNOWN = {"Value": {"required": ["value"], "properties": {
    "value": {"type": "string", "description": "The value."},
    "ages": {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]}}}}  # fmt: skip
CHAPTER: Context = {"name": "values", "title": "Values", "doors": [
    _door("/api/values/{which}", "post", _SAID, _KNOWN),
    _door("/api/values", "get", {"responses": {"200": {}}}, _KNOWN)]}  # fmt: skip

PAGES = {
    "reference": ("reference/index.html", {"shell": shell(here="reference", viewer=None), "chapters": [CHAPTER],
                                           "first": 'curl "$HUB/api/whoami"'}),
    "reference-chapter": ("reference/chapter.html", {"shell": shell(here="reference", viewer=None),
                                                     "chapter": CHAPTER}),
}  # fmt: skip
