"""What merging two leads does, said to a person."""

from nurture.cli.printing import out
from nurture.flows.merge_leads import Merging

_MOVED = {
    "events": ("event", "events"),
    "answers": ("answer", "answers"),
    "mails": ("mail", "mails"),
    "handoffs": ("handoff", "handoffs"),
    "refusals": ("refusal", "refusals"),
    "ids": ("id", "ids"),
}


def say_merging(told: Merging) -> None:
    """Say what will happen, or that there is nothing to do."""
    if told.one_already:
        out.print(f"{told.lost} and {told.kept} are one lead already", markup=False)
        return
    moved = [
        f"{told.moved[name]:,} {words[told.moved[name] != 1]}" for name, words in _MOVED.items() if told.moved[name]
    ]
    out.print(f"{told.kept} is kept; {told.lost} becomes another address of it", markup=False)
    out.print(f"  it gets {', '.join(moved) or 'nothing: there is no history'}", markup=False)
    if told.moved["waiting"]:
        waiting = told.moved["waiting"]
        out.print(f"  {waiting} mail{'' if waiting == 1 else 's'} on the way to {told.lost} will not go", markup=False)
    if told.fields:
        out.print(f"  filled in: {', '.join(told.fields)}", markup=False)
    before, after = told.stage
    out.print(f"  stage: {before}" if before == after else f"  stage: {before}, then {after}", markup=False)
    for note in told.notes:
        out.print(f"  {note}", markup=False)
