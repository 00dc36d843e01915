"""The package's namespaces: what a user reaches as ``pivotsim.NAME``."""

NAMESPACES = (
    "calibration",
    "dram",
    "effort",
    "export",
    "hardware",
    "models",
    "pruning",
    "published",
    "simulation",
    "workload",
)
