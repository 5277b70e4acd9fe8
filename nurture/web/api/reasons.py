"""`/api/reasons`: what sales may say when it refuses, and what that leads to."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from nurture.agreement import BUILT_IN_REASONS, RejectReason
from nurture.web.api import examples, shapes
from nurture.web.api.answers import answers
from nurture.web.api.asking import TheApp, as_json

router = APIRouter(tags=["agreement"])


@router.get("/reasons", responses=answers(shapes.Reasons, examples.REASONS), summary="List reject reasons")
def list_reasons(app: TheApp) -> Response:
    """The reject reasons of the agreement that is in force. The built-in ones are given by the SLA, not by people."""
    reasons = app.book.agreement.reject_reasons
    return as_json(
        {"reasons": [_shown(code, reason) for code, reason in reasons.items() if code not in BUILT_IN_REASONS]}
    )


def _shown(code: str, reason: RejectReason) -> dict[str, Any]:
    waits = reason.wait.days if reason.then == "nurture" and reason.wait else None
    return {"reason": code, "label": reason.label, "then": reason.then, "wait_days": waits}
