"""One note of a result. ``code`` names what it warns of to programs; None where nothing does."""

Note = dict[str, str | None]


def warning(title: str, text: str, *, code: str | None = None) -> Note:
    return {"level": "warning", "code": code, "title": title, "text": text}


def info(title: str, text: str) -> Note:
    return {"level": "info", "code": None, "title": title, "text": text}


def percent(fraction: float, *, decimals: int = 1) -> str:
    return f"{100 * fraction:.{decimals}f}%"
