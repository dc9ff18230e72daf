"""Small server-drawn SVG: icons, bars and the chip of a session's state.

Only presentation attributes and percent positions are used, no style attribute: the content
security policy refuses inline styles.
"""

from typing import Any

from django import template
from django.forms.boundfield import BoundField
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from optimization.ranges.tracks import Reach

register = template.Library()

ICONS = {
    "warning": '<path d="M8 2.2 14.6 13.6H1.4zM8 6.6v3.2M8 11.8v.1"/>',
    "info": '<circle cx="8" cy="8" r="6"/><path d="M8 7.4v3.6M8 5v.1"/>',
    "bad": '<circle cx="8" cy="8" r="6"/><path d="m5.8 5.8 4.4 4.4M10.2 5.8l-4.4 4.4"/>',
    "met": '<path d="m3 8.5 3.2 3.2L13 4.8"/>',
    "binding": '<path d="M13 3.5v9M3 8h7M7.2 5 10.2 8l-3 3"/>',
    "running": '<circle cx="8" cy="8" r="5.5"/><path d="M8 5v3.2l2 1.4"/>',
    "cancelled": '<circle cx="8" cy="8" r="5.5"/><path d="M5.5 8h5"/>',
    "cross": '<path d="m4.5 4.5 7 7M11.5 4.5l-7 7"/>',
    "dash": '<path d="M4 8h8"/>',
    "plus": '<path d="M8 3v10M3 8h10"/>',
    "copy": '<path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"/>',
    "theme": '<circle cx="8" cy="8" r="5.5"/><path d="M8 2.5v11M8 5h4.6M8 8h5.5M8 11h4.6"/>',
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decoration beside words that say the same, hence hidden from screen readers."""
    return format_html(
        '<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">{}</svg>',
        mark_safe(ICONS[name]),  # noqa: S308 constants of this file
    )


@register.filter
def is_changed(field: BoundField) -> bool:
    """Whether an input of the request form holds something else than the fund's default."""
    default = getattr(field.field, "default", "")
    return bool(default) and field.value() != default


@register.simple_tag
def bar(fraction: float, full_scale: float) -> SafeString:
    """A horizontal bar of a table cell; ``full_scale`` fills the cell."""
    width = 100 * fraction / full_scale if full_scale else 0.0
    return format_html(
        '<svg aria-hidden="true"><rect class="accent" y="2" height="8" width="{}%"/></svg>',
        f"{width:.2f}",
    )


@register.simple_tag
def reach_track(reach: Reach) -> SafeString:
    """What can be reached, from left to right, and the limit entered; the words beside say it."""
    track = reach.track
    spans = [("open", track.open)] if track.open else []
    return format_html(
        '<svg class="track" aria-hidden="true"><rect class="rail" y="7" width="100%" height="3"/>'
        "{}{}</svg>",
        format_html_join(
            "",
            '<rect class="{}" x="{}%" y="7" width="{}%" height="3"/>',
            [
                (name, f"{100 * low:.2f}", f"{100 * (high - low):.2f}")
                for name, (low, high) in [*spans, ("soft", track.reached)]
            ],
        ),
        ""
        if track.mark is None
        else format_html(
            '<rect class="{}" x="{}%" y="2" width="3" height="13" rx="1"/>',
            "out" if reach.verdict == "out" else "mark",
            f"{100 * track.mark:.2f}",
        ),
    )


@register.inclusion_tag("optimization/_state_chip.html")
def state_chip(session: dict[str, Any]) -> dict[str, Any]:
    """The session's state as icon, word and colour; takes ``session_status`` or more."""
    relaxed = len(session.get("allocation", {}).get("relaxations", []))
    icon_name, tone = {
        "COMPLETED": ("warning", "relaxed") if relaxed else ("met", ""),
        "FAILED": ("bad", "bad"),
        "CANCELLED": ("cancelled", ""),
    }.get(session["status"], ("running", "live"))
    return {
        "icon_name": icon_name,
        "tone": tone,
        "label": session["status_label"],
        "relaxed": relaxed,
    }
