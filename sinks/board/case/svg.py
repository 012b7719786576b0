"""SVG from plain values: an element is its name, its attributes and what stands in it, escaped."""

from __future__ import annotations

from markupsafe import Markup, escape


def element(name: str, *inside: Markup | str, **attributes: object) -> Markup:
    """`<name …>inside</name>`. `stroke_width` is written `stroke-width`, `class_` `class`; null leaves one out."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{said}>{''.join(escape(one) for one in inside)}</{name}>")


def drawing(width: float, height: float, *inside: Markup, title: str, desc: str, id_: str) -> Markup:
    """A whole drawing that says what it is: it scales with its place on the page, and its text with it."""
    return element(
        "svg",
        element("title", title, id=f"{id_}-title"),
        element("desc", desc, id=f"{id_}-desc"),
        *inside,
        viewBox=f"0 0 {_plain(width)} {_plain(height)}",
        role="img",
        aria_labelledby=f"{id_}-title {id_}-desc",
        class_="drawing",
    )


def text(x: float, y: float, words: str, **attributes: object) -> Markup:
    return element("text", words, x=x, y=y, **attributes)


def wrapped(words: str, most: int, lines: int) -> list[str]:
    """Words in lines of at most `most` letters; what does not fit into `lines` lines ends with an ellipsis."""
    made: list[str] = [""]
    for word in words.split():
        longer = f"{made[-1]} {word}".strip()
        if len(longer) <= most or not made[-1]:
            made[-1] = longer
        else:
            made.append(word)
    if len(made) > lines:
        made = [*made[: lines - 1], f"{made[lines - 1][: most - 1].rstrip()}…"]
    return made


def _plain(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
