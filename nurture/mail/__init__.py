"""From a template to a finished mail: compiled once, then slots are filled per lead.

`compiling.compile_template` reads one template with its partials and gives a `template.CompiledTemplate`;
`rendering.render` makes one lead's `messages.Mail` of it; `links` signs and reads what its URLs carry. What authors
write is told in `docs/templates.md`.
"""
