"""Every shipped text, filled in: golden.txt. Write it again with `python -m tests.render.golden` and read the difference before committing it."""

from pathlib import Path

from gateway.render.catalog import Catalog
from gateway.render.lint import example
from gateway.render.text import segments, units

GOLDEN = Path(__file__).with_name("golden.txt")


def all_texts(catalog: Catalog) -> str:
    """One block a template: its name, its length, its text with the longest values."""
    texts = {template.name: example(template) for template in catalog}
    return "\n".join(f"== {name} · {units(text)} units · {segments(text)} segments\n{text}\n" for name, text in texts.items())


if __name__ == "__main__":
    GOLDEN.write_text(all_texts(Catalog.from_folder()), encoding="utf-8")
