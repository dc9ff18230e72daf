"""The section of the request form that asks for a frontier instead of one allocation."""

from typing import Any

from optimization.request_form.fields import RequestField
from optimization.request_form.units import Unit
from optimization.solver.frontier.grid import FEWEST_POINTS, MOST_POINTS

FRONTIER = (
    RequestField(
        path="frontier.limit",
        label="Limit to vary",
        unit=Unit.TEXT,
        choices=(
            ("", "None: find one allocation"),
            ("max_loss_probability", "Loss probability"),
            ("cvar", "CVaR, at the confidence above"),
        ),
    ),
    RequestField(
        path="frontier.from",
        label="Tightest value",
        unit=Unit.PERCENT,
        help="Where the frontier begins, such as 20%.",
    ),
    RequestField(
        path="frontier.to",
        label="Loosest value",
        unit=Unit.PERCENT,
        help="Where it ends, such as 50%.",
    ),
    RequestField(
        path="frontier.points",
        label="Points",
        unit=Unit.NUMBER,
        help=f"{FEWEST_POINTS} to {MOST_POINTS}, evenly spaced, both ends included.",
    ),
)


def fit_to_frontier(request: dict[str, Any]) -> None:
    """Say in ``request`` what the rest of the form means when a frontier is asked for.

    The box for relaxing is ticked from the start and a frontier has no use for it. The confidence
    is that of the CVaR that is varied, though its limit may have been left blank.
    """
    if "frontier" not in request:
        return
    request.pop("relax", None)
    grid, cvar = request["frontier"], request.get("limits", {}).get("cvar", {})
    if grid.get("limit") == "cvar" and "confidence" in cvar and "to" in grid:
        cvar.setdefault("max", grid["to"])
