"""The same report on paper."""

from pathlib import Path

import matplotlib
from fpdf import FPDF
from fpdf.enums import TableBordersLayout, WrapMode
from fpdf.fonts import FontFace

from depthface_app.pipeline.runs.report.content import Bad, Plot, Report, Table
from depthface_app.pipeline.runs.report.plots import FIRST, SECOND, png
from depthface_app.pipeline.runs.report.worst import png as picture_png
from depthface_app.pipeline.runs.report.worst import scale_bar

FONT = "DejaVu"
SMALL, NORMAL, LARGE, LARGEST = 7.0, 9.0, 12.0, 16.0
MARGIN_MM, GAP_MM = 14.0, 5.0
HEAD = FontFace(emphasis="BOLD", fill_color=(244, 245, 247))
COLOURS = {"better": (26, 127, 55), "worse": (179, 38, 30)}


class _Paper(FPDF):
    """A4 with page numbers."""

    def __init__(self, title: str) -> None:
        super().__init__(orientation="landscape", format="A4")
        fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
        self.add_font(FONT, "", fonts / "DejaVuSans.ttf")
        self.add_font(FONT, "B", fonts / "DejaVuSans-Bold.ttf")
        self.set_title(title)
        self.set_margins(MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(True, MARGIN_MM + 4)
        self.set_font(FONT, size=NORMAL)
        self.add_page()

    def footer(self) -> None:
        """The page's number."""
        self.set_y(-MARGIN_MM)
        self.set_font(FONT, size=SMALL)
        self.cell(0, 5, f"{self.page_no()} / {{nb}}", align="R")

    def words(self, text: str, size: float = NORMAL, *, bold: bool = False, after_mm: float = 2.0) -> None:
        """A paragraph."""
        self.set_font(FONT, "B" if bold else "", size)
        self.multi_cell(0, size * 0.5, text, align="L", new_x="LMARGIN", new_y="NEXT")
        self.ln(after_mm)

    def chapter(self, text: str, needs_mm: float = 40.0) -> None:
        """The head of a chapter, not alone at the end of a page."""
        if self.get_y() + needs_mm > self.h - MARGIN_MM:
            self.add_page()
        self.ln(3)
        self.words(text, LARGE, bold=True)


def document(report: Report) -> bytes:
    """The whole document."""
    paper = _Paper(report.title)
    paper.words(report.title, LARGEST, bold=True)
    paper.words(f"{report.facts} Every figure is measured on the nearest face of a frame, on both sides alike.")
    for problem in report.problems:
        paper.words(f"Not inspected: {problem}")
    _figures(paper, report)
    _plots(paper, report)
    _worst(paper, report)
    paper.chapter("Inputs")
    _table(paper, report.inputs)
    paper.chapter("Settings")
    _table(paper, report.settings)
    paper.chapter("Models")
    _table(paper, report.models)
    return bytes(paper.output())


def _figures(paper: _Paper, report: Report) -> None:
    paper.chapter("Figures")
    if not report.lines:
        paper.words("No face was found in any frame, so there is nothing to measure.")
        return
    first, second = report.sides
    paper.words(report.how_to_read)
    paper.set_font(FONT, size=SMALL)
    widths = (40, 15, 14, 38, 38, 44, 80)
    aligned = ("LEFT", "LEFT", "RIGHT", "RIGHT", "RIGHT", "RIGHT", "LEFT")
    with paper.table(
        col_widths=widths, text_align=aligned, headings_style=HEAD, line_height=4, padding=1,
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
    ) as table:  # fmt: skip
        table.row(("figure", "unit", "frames", first, second, "change", "what is good"))
        for line in report.lines:
            row = table.row()
            for text in (line.title, line.unit, line.count, line.first, line.second):
                row.cell(text)
            row.cell(line.change, style=FontFace(color=COLOURS.get(line.verdict, (27, 29, 33))))
            row.cell(line.good)


def _plots(paper: _Paper, report: Report) -> None:
    paper.chapter("Distributions", needs_mm=60)
    if not report.plots:
        paper.words("There are too few frames to draw.")
        return
    paper.set_font(FONT, size=NORMAL)
    paper.cell(
        paper.get_string_width("How many of the frames had which value:  "),
        5,
        "How many of the frames had which value:",
    )
    for name, colour in zip(report.sides, (FIRST, SECOND), strict=True):
        paper.set_text_color(colour)
        paper.cell(paper.get_string_width(f"■ {name}   "), 5, f"■ {name}")
    paper.set_text_color(0, 0, 0)
    paper.ln(7)
    width = (paper.epw - 2 * GAP_MM) / 3
    for begin in range(0, len(report.plots), 3):
        _row_of_plots(paper, report.plots[begin : begin + 3], width)


def _row_of_plots(paper: _Paper, plots: tuple[Plot, ...], width: float) -> None:
    height = width * 1.55 / 3.5
    if paper.get_y() + height + 12 > paper.h - MARGIN_MM - 4:
        paper.add_page()
    top, bottom = paper.get_y(), 0.0
    paper.set_font(FONT, size=SMALL)
    for column, plot in enumerate(plots):
        left = paper.l_margin + column * (width + GAP_MM)
        paper.image(png(plot.canvas), left, top, width, height)
        paper.set_xy(left, top + height)
        paper.multi_cell(width, 3.5, plot.good, align="L")
        bottom = max(bottom, paper.get_y())
    paper.set_xy(paper.l_margin, bottom + 3)


def _worst(paper: _Paper, report: Report) -> None:
    paper.chapter("Worst frames", needs_mm=90)
    if not report.worst:
        paper.words("There are no frames to show.")
        return
    paper.words(report.how_to_see)
    scale = f"{report.scale_mm:g} mm"
    paper.cell(34, 4, f"−{scale}, nearer")
    paper.image(picture_png(scale_bar()), paper.get_x(), paper.get_y(), 50, 4)
    paper.set_x(paper.get_x() + 53)
    paper.cell(40, 4, f"+{scale}, farther", new_x="LMARGIN", new_y="NEXT")
    paper.ln(2)
    width = (paper.epw - 2 * GAP_MM) / 3
    for title, frames in report.worst:
        if paper.get_y() + width / 3 + 35 > paper.h - MARGIN_MM - 4:
            paper.add_page()
        paper.words(title, bold=True)
        top = paper.get_y()
        bottoms = [_frame(paper, bad, report.sides, k, width, top) for k, bad in enumerate(frames)]
        paper.set_xy(paper.l_margin, max(bottoms) + 4)


def _frame(paper: _Paper, bad: Bad, sides: tuple[str, str], column: int, width: float, top: float) -> float:
    left, side = paper.l_margin + column * (width + GAP_MM), (width - 2) / 3
    pictures = (bad.shown.first, bad.shown.second, bad.shown.difference)
    for k, (picture, name) in enumerate(zip(pictures, (*sides, "difference"), strict=True)):
        paper.image(picture_png(picture), left + k * (side + 1), top, side, side)
        paper.set_xy(left + k * (side + 1), top + side)
        paper.set_font(FONT, size=SMALL)
        paper.cell(side, 4, name, align="C")
    paper.set_xy(left, top + side + 4)
    paper.set_font(FONT, "B", SMALL)
    paper.multi_cell(width, 3.5, bad.title, align="L", new_x="LEFT", new_y="NEXT")
    paper.set_font(FONT, "", SMALL)
    paper.multi_cell(width, 3.5, bad.where, align="L", new_x="LEFT", new_y="NEXT", link=bad.link or None)
    if bad.command:
        paper.multi_cell(width, 3.5, bad.command, align="L", new_x="LEFT", new_y="NEXT", wrapmode=WrapMode.CHAR)
    return float(paper.get_y())


def _table(paper: _Paper, table: Table) -> None:
    if not table.rows:
        paper.words("none")
        return
    paper.set_font(FONT, size=SMALL)
    longest = [max(len(row[k]) for row in (table.head, *table.rows)) for k in range(len(table.head))]
    widths = tuple(min(max(length, 11), 55) for length in longest)
    with paper.table(
        col_widths=widths, text_align="LEFT", headings_style=HEAD, line_height=4, padding=1,
        width=paper.epw if len(table.head) > 2 else paper.epw / 2, align="LEFT",
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
    ) as drawn:  # fmt: skip
        for row in (table.head, *table.rows):
            drawn.row(row)
