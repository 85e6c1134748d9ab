#!/usr/bin/env python3
"""A terminal screen as an SVG picture: COMMAND | tools/ansi_svg.py TITLE > picture.svg"""
import html
import re
import sys

COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "2": "#8b949e"}
WIDTH, HEIGHT, PAD = 7.85, 17, 16


def spans(line):
    """(text, style) pieces of a line with SGR sequences."""
    style = ""
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        code = re.fullmatch(r"\x1b\[([0-9;]*)m", part)
        if not code:
            if part:
                yield part, style
        elif code[1] in ("", "0"):
            style = ""
        elif code[1] == "1":
            style += "font-weight:bold;"
        else:
            style += f"fill:{COLOURS.get(code[1], '#e6edf3')};"


def main():
    lines = sys.stdin.read().rstrip("\n").split("\n")
    columns = max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines)
    w, h = columns * WIDTH + 2 * PAD, len(lines) * HEIGHT + 2 * PAD + 22
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w:.0f} {h}" width="{w:.0f}" height="{h}" role="img">')
    print(f"<title>{html.escape(sys.argv[1])}</title>")
    print(f'<rect width="{w:.0f}" height="{h}" rx="8" fill="#0d1117"/>')
    for i, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        print(f'<circle cx="{PAD + 6 + 18 * i}" cy="16" r="5" fill="{colour}"/>')
    print('<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="13" fill="#e6edf3">')
    for row, line in enumerate(lines):
        y, column, out = PAD + 22 + HEIGHT * (row + 0.75), 0, ""
        for text, style in spans(line):
            out += (f'<tspan x="{PAD + column * WIDTH:.1f}" textLength="{len(text) * WIDTH:.1f}" '
                    f'style="{style}">{html.escape(text).replace(" ", "&#160;")}</tspan>')
            column += len(text)
        print(f'<text y="{y:.1f}">{out}</text>')
    print("</g></svg>")


if __name__ == "__main__":
    main()
