"""What PIVOT's paper states of its rows: their baselines, printed ranges, and the targets in their names."""

from pivotsim.models.spec import load_model
from pivotsim.published.base.claims import Claim, Interval

BASELINES = {"PVDS-50": "DeiT-S", "PVDS-35": "DeiT-S", "PVLS-50": "LVViT-S", "PVLS-35": "LVViT-S"}
MODELS = {"DeiT-S": "deit_s", "LVViT-S": "lvvit_s"}  # as the paper calls them -> as they are called here
Values = dict[tuple[str, str], Interval]  # (model, quantity) -> what the digits of the first such cell stand for


def range_of(claims: list[Claim], model: str, quantity: str, otherwise: tuple[float, float]) -> tuple[float, float]:
    """Return the ends of a printed range such as ``3-9``; ``otherwise`` where none is printed."""
    text = next((c.text for c in claims if (c.model, c.quantity) == (model, quantity)), "")
    first, _, last = text.partition("-")
    return (float(first), float(last)) if last else otherwise


def efforts_of(claims: list[Claim], model: str) -> range:
    """Return the efforts that the paper trains for a baseline (section 4.1)."""
    first, last = range_of(claims, model, "efforts", (1, load_model(MODELS[model]).depth))
    return range(int(first), int(last) + 1)


def target_of(row: str, claims: list[Claim]) -> Interval:
    """Return the delays that phase 2 accepts for the target in a row's name, as 50 ms of PVDS-50 (section 3.3)."""
    percent = next((c.number or 0.0 for c in claims if c.quantity == "delay_constraint_tolerance"), 0.0)
    target = float(row.rpartition("-")[2])
    return Interval(target, target * (1 - percent / 100), target * (1 + percent / 100))
