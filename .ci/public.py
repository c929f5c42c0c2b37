#!/usr/bin/env python3
"""The list of the public items of kiln, from the pages that `cargo doc` wrote.

`python3 .ci/public.py` compares the list with `.ci/public.txt` and shows the difference; with `--update` it writes
the file. Run `cargo doc --workspace --release --no-deps` before. The pages are those of the stable toolchain.
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


def text(markup):
    """The text of a piece of a page, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>|§", "", re.sub(r"<br ?/?>", " ", markup))).split())


def items():
    lines = []
    for page in sorted(PAGES.rglob("*.html")):
        kind, _, name = page.stem.partition(".")
        if not name:
            continue
        path = "::".join(["kiln", *page.parent.relative_to(PAGES).parts, name])
        source = page.read_text()
        end = FOREIGN.search(source)
        own = source[: end.start()] if end else source
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
    if sys.argv[1:] == ["--update"]:
        LIST.write_text("\n".join(found) + "\n")
        return
    difference = list(difflib.unified_diff(LIST.read_text().splitlines(), found, str(LIST.name), "found", n=0, lineterm=""))
    if difference:
        print("\n".join(difference))
        sys.exit("the public items changed: if that is meant, run python3 .ci/public.py --update")


main()
