"""Pages that stand alone: one HTML file without script, style sheet, font or picture from elsewhere."""

from ryumon.pages.chart import Chart, Series, chart
from ryumon.pages.render import page, write

__all__ = ["Chart", "Series", "chart", "page", "write"]
