"""Effort pairs behind printed cells the slow way: every pair at every F_H of a fine grid, one by one."""


def scan(efforts_ms, power_w, cells, definition, steps):
    """Return {(low, high): [F_H of the grid at which all cells hold]}; ``cells`` is quantity -> (least, most)."""
    found = {}
    for low in range(1, len(efforts_ms)):
        for high in range(low + 1, len(efforts_ms)):
            fits = []
            for step in range(steps + 1):
                f = step / steps
                first, second = efforts_ms[low], efforts_ms[high]
                delay = first + f * second
                energy = power_w * delay / 1000
                if definition == "sum over efforts":
                    edp = power_w * (first * first + f * second * second) / 1000
                elif definition == "mean image":
                    edp = energy * delay
                else:
                    both = first + second
                    edp = power_w * ((1 - f) * first * first + f * both * both) / 1000
                values = {"delay": delay, "energy": energy, "edp": edp}
                if all(least <= values[name] <= most for name, (least, most) in cells.items()):
                    fits.append(f)
            if fits:
                found[low, high] = fits
    return found
