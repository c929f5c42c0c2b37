#!/usr/bin/env python3
"""The list of the public items of kiln, from the pages that `cargo doc` wrote.

`python3 .ci/public.py` compares the list with `.ci/public.txt` and shows the difference. With `--update` it writes the
file. It fails if an item has no example: a function, macro, type, trait, constant, or a method of kiln's types and
traits. Run `cargo doc --workspace --release --no-deps` before. The pages are those of the stable toolchain.
"""

import difflib
import html
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = ROOT / "target" / "doc" / "kiln"
LIST = ROOT / ".ci" / "public.txt"

# The parts of a page that list what other traits give.
FOREIGN = re.compile(r'<h2 id="(trait-implementations|synthetic-implementations|blanket-implementations|foreign-impls|implementors|deref-methods)')
MEMBER = re.compile(r'<section id="(?:method|tymethod|variant|structfield|associatedconstant|associatedtype)\.[^"]*"[^>]*>.*?<h[34] class="code-header">(.*?)</h[34]>', re.S)
FIELD = re.compile(r'<span id="structfield\.[^"]*"[^>]*>(.*?)</span>(?=<div|<span id|</div|<h2)', re.S)
DECLARATION = re.compile(r'<pre class="rust item-decl"><code>(.*?)</code></pre>', re.S)

# The start of a section after an item's own text, and of a method.
SECTION = re.compile(r'<section id="(?!main-content|rustdoc-toc)|<h2 [^>]*class="[^"]*section-header')
METHOD = re.compile(r'<section id="(?:method|tymethod)\.([^"]*)"')

# The items without an example of their own, and the reason.
EXAMPLE_ELSEWHERE = {
    "kiln::Lists::take": "implementations alone call it",
    "kiln::tree::Blocks::each": "the example of Leafwise calls it",
    "kiln::tree::Leafwise::each": "the example of Leafwise implements it",
    "kiln::tree::Leafwise::jacobian": "the example of Leafwise implements it",
    "kiln::tree::Rebuild::array": "the example of Rebuild calls it",
    "kiln::tree::Rebuild::length": "the example of Rebuild calls it",
    "kiln::tree::Rebuild::name": "the example of Rebuild calls it",
    "kiln::tree::Rebuild::value": "the example of Rebuild calls it",
    "kiln::tree::Rebuild::variant": "implementations alone call it, and #[derive(Tree)] writes those of enums",
}


def text(markup):
    """The text of a piece of a page, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>|§", "", re.sub(r"<br ?/?>", " ", markup))).split())


def pages():
    """The kind, the path and the page of each item, without the parts that list what other traits give."""
    for page in sorted(PAGES.rglob("*.html")):
        kind, _, name = page.stem.partition(".")
        source = page.read_text()
        # Pages of items in private modules, and of `name!`, lead to the item's own page.
        if not name or "<title>Redirection</title>" in source:
            continue
        end = FOREIGN.search(source)
        path = "::".join(["kiln", *page.parent.relative_to(PAGES).parts, name])
        yield kind, path, source[: end.start()] if end else source


def without_example():
    """The paths of the items that have no example."""
    missing = []
    for kind, path, own in pages():
        sections = [m.start() for m in SECTION.finditer(own)] + [len(own)]
        with_members = kind in ("struct", "enum", "trait")
        parts = [(path, own[: sections[0]] if with_members else own)]
        for method in METHOD.finditer(own) if with_members else []:
            end = min(start for start in sections if start > method.start())
            parts.append((f"{path}::{method.group(1)}", own[method.start() : end]))
        missing += [name for name, part in parts if '<div class="example-wrap' not in part]
    return missing


def items():
    lines = []
    for kind, path, own in pages():
        lines.append(f"{kind} {path}")
        if kind in ("fn", "constant", "type"):
            declaration = DECLARATION.search(own)
            if declaration:
                lines[-1] += f": {text(declaration.group(1))}"
        if kind in ("struct", "enum", "trait"):
            members = [text(m) for m in MEMBER.findall(own)] + [text(m) for m in FIELD.findall(own)]
            lines += [f"    {member}" for member in sorted(set(members))]
    return lines


def main():
    found = items()
    if len(found) < 500:
        sys.exit(f"only {len(found)} items in {PAGES}: run cargo doc --workspace --release --no-deps first")
    missing = set(without_example())
    if missing != set(EXAMPLE_ELSEWHERE):
        for path in sorted(missing - set(EXAMPLE_ELSEWHERE)):
            print(f"{path} has no example")
        for path in sorted(set(EXAMPLE_ELSEWHERE) - missing):
            print(f"{path} has an example, or is gone: remove it from EXAMPLE_ELSEWHERE")
        sys.exit("write an example, or give the reason in EXAMPLE_ELSEWHERE of .ci/public.py")
    if sys.argv[1:] == ["--update"]:
        LIST.write_text("\n".join(found) + "\n")
        return
    difference = list(difflib.unified_diff(LIST.read_text().splitlines(), found, str(LIST.name), "found", n=0, lineterm=""))
    if difference:
        print("\n".join(difference))
        sys.exit("the public items changed: if that is meant, run python3 .ci/public.py --update")


main()
