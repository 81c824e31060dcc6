"""Answering with small pages: escaping, the frame around them, and their security headers."""

from html import escape
from pathlib import Path

from .api import Answer

STATIC = Path(__file__).parent / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}
POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; "


def document(
    title: str, body: str, *, status: int = 200, framed: bool = False, style: str = "pages.css", script: str = ""
) -> Answer:
    """Return a whole page; ``body`` is HTML that is escaped already. ``framed`` pages may stand inside others."""
    scripts = f'<script src="/v3/{script}"></script>' if script else ""
    text = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/v3/{style}"></head>'
        f"<body>{body}{scripts}</body></html>"
    )
    # A form that leads on to another site (the return address) counts as a form action of this page.
    policy = POLICY + (
        "form-action 'self' http: https:" if framed else "form-action 'self' http: https:; frame-ancestors 'none'"
    )
    return Answer(
        status,
        text.encode(),
        {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer" if framed else "same-origin",  # "no-referrer" would send Origin: null
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "cross-origin" if framed else "same-origin",
        },
    )


def asset(name: str) -> Answer | None:
    """Return a file of ``static/``, or nothing when there is none of that name."""
    path = STATIC / name
    if "/" in name or path.suffix not in TYPES or not path.is_file():
        return None
    headers = {
        "Content-Type": TYPES[path.suffix],
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": "*",
    }
    if path.suffix == ".html":
        headers["Content-Security-Policy"] = (
            POLICY + "connect-src 'self'; font-src http: https: data:; form-action 'none'"
        )
    return Answer(200, path.read_bytes(), headers)


def amount(minor: int, currency: str) -> str:
    zero_decimal = {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof",
                    "xpf"}  # fmt: skip
    number = f"{minor:,}" if currency in zero_decimal else f"{minor / 100:,.2f}"
    return f"{number} {currency.upper()}"


def button(label: str, action: str, *, kind: str = "", **fields: str) -> str:
    hidden = "".join(f'<input type="hidden" name="{escape(n)}" value="{escape(v)}">' for n, v in fields.items())
    return (
        f'<form method="post" action="{escape(action)}">{hidden}'
        f'<button class="{escape(kind)}">{escape(label)}</button></form>'
    )
