"""The streaming pipeline once more, the slow way: clock by clock, with queues of real entries."""

from collections import deque


class DeadlockError(Exception):
    """Nothing can ever move again."""


def run(stages, edges, image_clocks, passes, images):
    """Return [(starts, leaves)] of each stage, lists of clocks in the order of the groups.

    ``stages`` are (name, clocks, groups), ``edges`` (name, source, target, depth, is_whole, is_feedback, skipped).
    """
    total = images * passes
    queues = [deque() for _ in edges]  # entries (pass, group) between two stages
    held = [{} for _ in edges]  # of whole operands: pass -> groups that have arrived
    stores = [set() for _ in edges]  # of feedbacks and of rows in another order: (pass, group) that have arrived
    inside = [None] * len(stages)  # (pass, group, clocks that are left)
    upcoming = [(0, 0)] * len(stages)
    not_before = [0] * len(stages)
    starts, leaves = [[] for _ in stages], [[] for _ in stages]

    def shared(edge):
        return min(stages[edge[1]][2], stages[edge[2]][2])

    def has_room(number, image, group):
        _, _, _, depth, is_whole, _, _ = edges[number]
        if depth < 0:
            return True
        if is_whole:
            return image in held[number] or len(held[number]) < depth
        return group >= shared(edges[number]) or len(queues[number]) < depth

    def put(number, image, group):
        _, _, _, _, is_whole, is_feedback, skipped = edges[number]
        if is_feedback or skipped:
            stores[number].add((image, group))
        elif is_whole:
            held[number][image] = held[number].get(image, 0) + 1
        elif group < shared(edges[number]):
            queues[number].append((image, group))

    def is_there(number, image, group):
        _, source, _, _, is_whole, is_feedback, skipped = edges[number]
        groups = stages[source][2]
        if is_feedback:
            return image % passes == 0 or (image - 1, min(group, groups - 1)) in stores[number]
        if is_whole:
            return held[number].get(image, 0) == groups
        if skipped:
            return (image, min(group + skipped, groups - 1)) in stores[number]
        return group >= groups or (bool(queues[number]) and queues[number][0] == (image, group))

    clock = 0
    while any(len(leaves[s]) < total * stages[s][2] for s in range(len(stages))):
        moved = True
        while moved:
            moved = False
            for s, (_, clocks, groups) in enumerate(stages):
                if inside[s] is not None and inside[s][2] == 0:
                    image, group, _ = inside[s]
                    behind = [n for n, edge in enumerate(edges) if edge[1] == s]
                    if all(has_room(n, image, group) for n in behind):
                        for n in behind:
                            put(n, image, group)
                        inside[s], moved = None, True
                        leaves[s].append(clock)
                        is_last = group == groups - 1
                        upcoming[s] = (image + 1, 0) if is_last else (image, group + 1)
                        not_before[s] = clock + image_clocks * is_last
                        for n, edge in enumerate(edges):
                            if edge[2] == s and edge[4] and is_last:
                                del held[n][image]
                image, group = upcoming[s]
                if inside[s] is None and image < total and clock >= not_before[s]:
                    before = [n for n, edge in enumerate(edges) if edge[2] == s]
                    if all(is_there(n, image, group) for n in before):
                        for n in before:
                            if not any(edges[n][4:]) and group < stages[edges[n][1]][2]:
                                queues[n].popleft()
                        inside[s], moved = (image, group, clocks), True
                        starts[s].append(clock)
        if not any(each is not None and each[2] > 0 for each in inside) and all(clock >= t for t in not_before):
            if any(len(leaves[s]) < total * stages[s][2] for s in range(len(stages))):
                raise DeadlockError
            break
        inside = [each and (each[0], each[1], max(each[2] - 1, 0)) for each in inside]
        clock += 1
    return list(zip(starts, leaves, strict=True))
