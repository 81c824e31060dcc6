"""Bars for ``components/_chart.html``: where each stands, worked out here so that the template only prints."""

import math
from collections.abc import Sequence
from typing import Any

HEIGHT, LABELS = 180, 20
LETTER = 8  # at most as wide at the size of a label, with its part of the gap to the next


def bar_chart(
    *, title: str, head: tuple[str, str], points: Sequence[tuple[str, int, str]], width: int = 640
) -> dict[str, Any]:  # Any: template data
    """Lay out bars for (label, value, value as text). Values are at least zero; labels thin out where they would touch."""
    base = HEIGHT - LABELS
    step = width / max(1, len(points))
    top = max((value for _, value, _ in points), default=0) or 1
    widest = max((len(label) for label, _, _ in points), default=0) * LETTER
    every = max(math.ceil(len(points) / 12), math.ceil(widest / step))
    bars = [
        {
            "x": round(i * step + step * 0.15, 1),
            "width": round(step * 0.7, 1),
            "height": round(base * value / top, 1),
            "y": round(base - base * value / top, 1),
            "middle": round((i + 0.5) * step, 1),
            "label": label,
            "value": text,
            "shown": i % every == 0,
        }
        for i, (label, value, text) in enumerate(points)
    ]
    return {"title": title, "head": head, "width": width, "height": HEIGHT, "base": base, "bars": bars}
