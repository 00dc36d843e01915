"""Boards calibrated on what was measured: rows in, constants with intervals and errors out."""

from typing import TYPE_CHECKING

from pivotsim._lazy import lazy

_HOMES = {
    "Calibration": "pivotsim.calibration.report",
    "MeasuredRow": "pivotsim.calibration.rows",
    "read_rows": "pivotsim.calibration.rows",
    "rows_text": "pivotsim.calibration.rows",
    "calibrate": "pivotsim.calibration.run",
    "form_of": "pivotsim.calibration.template",
}
__all__ = ["Calibration", "MeasuredRow", "calibrate", "form_of", "read_rows", "rows_text"]
__getattr__, __dir__ = lazy(__name__, _HOMES)

if TYPE_CHECKING:
    from pivotsim.calibration.report import Calibration
    from pivotsim.calibration.rows import MeasuredRow, read_rows, rows_text
    from pivotsim.calibration.run import calibrate
    from pivotsim.calibration.template import form_of
