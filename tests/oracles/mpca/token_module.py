"""The token-dropping module stepped clock by clock: every score read, comparison made, channel moved."""

from tests.oracles.mpca import sorting_networks


def average(heads, scores, lanes):
    clocks = 0
    for _ in range(heads):
        waiting = scores
        while waiting > 0:
            waiting -= lanes
            clocks += 1
    return clocks


def sort(network, scores, comparators):
    wires = sorting_networks.power_of_two(scores)
    return sorting_networks.clocks(sorting_networks.NETWORKS[network](wires), comparators)


def shuffle(tokens, width, ports, channels):
    clocks = 0
    waiting = list(range(tokens))
    while waiting:
        waiting = waiting[ports:]  # these pass together, some channels of each in a clock
        left = width
        while left > 0:
            left -= channels
            clocks += 1
    return clocks


def normalise(width, channels, divide):
    clocks = divide
    while width > 0:
        width -= channels
        clocks += 1
    return clocks
