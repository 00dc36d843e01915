"""A stream of images, each run effort by effort until its exit."""


def stream(exits: list[int], delays_ms: list[float], energies_j: list[float], gate_ms: float, gate_j: float) -> dict:
    """Means over images; ``exits`` holds each image's exit, 0 for the first effort."""
    last = len(delays_ms) - 1
    delay_sum = energy_sum = product_sum = efforts_sum = 0.0
    for exit_at in exits:
        delay = energy = 0.0
        for effort in range(exit_at + 1):
            own_delay, own_energy = delays_ms[effort], energies_j[effort]
            if effort < last:
                own_delay += gate_ms
                own_energy += gate_j
            delay += own_delay
            energy += own_energy
            efforts_sum += own_delay * own_energy
        delay_sum += delay
        energy_sum += energy
        product_sum += delay * energy
    n = len(exits)
    return {
        "delay_ms": delay_sum / n,
        "energy_j": energy_sum / n,
        "edp_j_ms": delay_sum / n * energy_sum / n,
        "edp_mean_of_images_j_ms": product_sum / n,
        "edp_sum_of_efforts_j_ms": efforts_sum / n,
    }
