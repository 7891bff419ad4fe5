"""Plots are drawn without anything left behind in the interpreter."""

import subprocess
import sys
from datetime import date

from collector.web.charts import Series, lines

SCRIPT = """
from datetime import date
from collector.web.charts import Series, bars, lines
for draw in (lines, bars):
    assert not draw((date(2026, 11, 22),), (Series("fail", "Failing", (3,)),)).is_empty
try:
    import not_there_at_all  # only then is the last of the finders asked
except ModuleNotFoundError:
    pass
"""


def test_a_plot_holds_no_script_and_no_style() -> None:
    plot = lines((date(2026, 11, 21), date(2026, 11, 22)), (Series("fail", "<b>", (3, None)),))
    assert plot.svg.startswith("<svg")
    assert not any(word in plot.svg for word in ("<script", "<style", "<b>"))


def test_drawing_leaves_no_import_hook_behind_that_warns_of_every_later_import() -> None:
    command = [sys.executable, "-W", "error", "-c", SCRIPT]
    drawn = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert (drawn.returncode, drawn.stderr) == (0, "")
