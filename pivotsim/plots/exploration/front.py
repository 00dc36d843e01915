"""Pictures of an exploration: the front among all designs, parallel coordinates, a heat map of two axes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pivotsim.dse.dataset import Dataset
from pivotsim.dse.fronts import best_by_pair
from pivotsim.plots.exploration.heat_map import draw_heat, heat_data
from pivotsim.plots.exploration.parallel import draw_parallel, parallel_data
from pivotsim.plots.labels import axis_label, design_text, is_wide_range
from pivotsim.plots.style import log_axes, new_axes, plain_axes, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREY, GREEN = "#0072B2", "#D55E00", "#999999", "#009E73"
MAX_CLOUD = 4000  # designs that are drawn of those behind the front


class Point(NamedTuple):
    """A design by its place in the picture, and in words."""

    x: float
    y: float
    text: str


class FrontPicture(NamedTuple):
    """What is drawn of a front.

    Attributes
    ----------
    x, y, z : float64 arrays
        The front, ordered by x; z is the third objective, None where there is none.
    cloud : pair of float64 arrays
        Designs behind it, of many an even choice.
    designs : int
        All designs behind it.
    knee, board : Point
        The front's knee, and the board's own design; None where it is not to be marked, or not there.
    """

    x: Any
    y: Any
    z: Any
    cloud: tuple[Any, Any]
    designs: int
    knee: Point | None
    board: Point | None


def front_data(
    dataset: Dataset, front: Mapping[str, Any], objectives: Sequence[str], knee: int, where: Sequence[str] = ()
) -> FrontPicture:
    """Return a front's picture of its first two objectives, the third as a value of each point."""
    order = np.argsort(front[objectives[0]], kind="stable")
    x, y, *z = (np.asarray(front[name], dtype=np.float64)[order] for name in objectives[:3])
    parts, own, found = [], _own_design(dataset), None
    for table in dataset.tables([*objectives[:2], *own], dataset.filters(where)):
        parts.append(tuple(np.asarray(table[name], dtype=np.float64) for name in objectives[:2]))
        if own and found is None:
            is_own = np.all([table[name] == value for name, value in own.items()], axis=0)
            found = next(((float(parts[-1][0][i]), float(parts[-1][1][i])) for i in np.flatnonzero(is_own)), None)
    xs, ys = (np.concatenate(column) for column in zip(*parts, strict=True))
    step = max(1, -(-len(xs) // MAX_CLOUD))
    at_knee = [float(front[name][knee]) for name in objectives[:2]]
    named = design_text({name: front[name][knee] for name in dataset.axes})
    return FrontPicture(
        x, y, z[0] if z else None, (xs[::step], ys[::step]), len(xs) - len(x),
        Point(at_knee[0], at_knee[1], named), None if found is None else Point(found[0], found[1], design_text(own)),
    )  # fmt: skip


def _own_design(dataset: Dataset) -> dict[str, Any]:
    """Return the values of the axes that the board has of itself, nothing where an axis is none of the hardware."""
    space, own = dataset.manifest["space"], {}
    for name in dataset.axes:
        value: Any = space["values"].get(name, space["hardware"])
        for key in name.split(".") if value is space["hardware"] else ():
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is None or isinstance(value, (Mapping, list)):
            return {}
        own[name] = value
    return own


def draw_front(data: FrontPicture, labels: Sequence[str], axes: "Axes", *, falls: bool = True) -> "Axes":
    """Draw a front among the designs behind it.

    With two objectives a step line bounds what is attained; ``falls`` tells that the second gets less along it, to the
    right of each point. With a third, points take its colour and the line would say nothing.
    """
    axes.scatter(*data.cloud, s=4, color="#CCCCCC", linewidths=0, label=f"{data.designs:,} designs behind it", zorder=1)
    if data.z is None:
        axes.plot(data.x, data.y, drawstyle="steps-post" if falls else "steps-pre", color=BLUE, linewidth=0.9, zorder=2)
        axes.scatter(data.x, data.y, s=16, color=BLUE, label=f"front, {len(data.x):,} designs", zorder=3)
    else:
        points = axes.scatter(
            data.x, data.y, c=data.z, s=22, cmap="viridis", edgecolors="white", linewidths=0.4, zorder=3,
            label=f"front of three, {len(data.x):,} designs",
        )  # fmt: skip
        axes.figure.colorbar(points, ax=axes, label=labels[2])
    for what, point, marker, size, colour in (
        ("knee", data.knee, "D", 8, ORANGE),
        ("board", data.board, "*", 11, GREEN),
    ):
        if point is not None:
            label = f"{what}: {point.text}"
            axes.plot(point.x, point.y, marker, markersize=size, color=colour, label=label, zorder=4)
    log_axes(axes, x=is_wide_range(data.cloud[0]), y=is_wide_range(data.cloud[1]))
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.legend(frameon=True, framealpha=0.9, edgecolor="none", fontsize=7, loc="upper right")
    return plain_axes(axes)


def plot_front(
    dataset: Dataset, front: Mapping[str, Any], objectives: Sequence[str], knee: int, folder: Path,
    heat: Sequence[str] = (), *, where: Sequence[str] = (), maximize: Sequence[str] = (),
) -> list[Path]:  # fmt: skip
    """Write the pictures of a front and return their paths; ``heat`` names two axes.

    ``where`` and ``maximize`` are those of the front, as for ``front_rows``.
    """
    paths = []
    labels = {name: axis_label(name, unit) for name, unit in dataset.units.items()}
    if len(objectives) > 1:
        figure, (axes,) = new_axes(6 + 0.8 * (len(objectives) > 2), 4.2)
        falls = objectives[0] not in maximize
        data = front_data(dataset, front, objectives, knee, where)
        draw_front(data, [labels[name] for name in objectives], axes, falls=falls)
        paths.append(save_figure(figure, folder, "front"))
    columns = [*dataset.axes, *objectives]
    figure, (axes,) = new_axes(2.6 + 1.1 * len(columns), 4.4)
    draw_parallel(parallel_data(front, columns), [labels[name] for name in columns], knee, axes)
    paths.append(save_figure(figure, folder, "parallel_coordinates"))
    if heat:
        figure, (axes,) = new_axes(6.8, 4.8)
        pair = best_by_pair(dataset, heat[0], heat[1], objectives[0], where=where)
        fitting = best_by_pair(dataset, heat[0], heat[1], objectives[0], where=[*where, "fits"])
        draw_heat(heat_data(heat, *pair, *fitting), [labels[name] for name in (*heat, objectives[0])], axes)
        paths.append(save_figure(figure, folder, "heat_map"))
    return paths
