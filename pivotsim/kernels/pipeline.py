"""When each group of rows starts in, and leaves, each stage of a pipeline (API twin: engines/pipeline/schedule.py).

Group n of a stage, of the image ``n // groups``, starts when the one before it has left (image_clocks later where that
is of another image) and all that it needs has arrived. It leaves ``clocks`` later, or when every FIFO behind the stage
has room for it. What a time depends on may lie in later groups of other stages, so that stages advance in turn, each
as far as it can, until none does; every time is worked out once.
"""

from typing import TypeAlias

import numpy as np

from pivotsim.kernels._jit import kernel

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@kernel(
    "int64(int64[:, ::1], int64[:, ::1], int64[::1], int64[::1], int64[::1], int64, int64, int64,"
    " int64[:, ::1], int64[:, ::1], int64[::1], int64[::1])"
)
def stage_times(
    stages: Array,
    edges: Array,
    first_in: Array,
    first_out: Array,
    outs: Array,
    images: int,
    passes: int,
    image_clocks: int,
    starts: Array,
    leaves: Array,
    started: Array,
    left: Array,
) -> int:
    """Fill ``starts`` and ``leaves``, and return how many groups have left their stage: fewer than all is a deadlock.

    Parameters
    ----------
    stages : int64 (S, 2)
        Clocks of a group, groups of an image.
    edges : int64 (E, 6)
        Source, target, whether the target needs the whole image of it, depth (-1: unlimited), whether it leads back to
        the next pass of an image, and the source's groups before the one that the target's first needs. Ordered by
        target: those of stage s are ``first_in[s]`` to before ``first_in[s + 1]``.
    first_in, first_out : int64 (S + 1,)
    outs : int64 (E,)
        Edges ordered by source: those of stage s are ``outs[first_out[s]]`` to before ``outs[first_out[s+1]]``.
    images, passes, image_clocks : int
        Images with each pass counted, passes of an image, clocks between images.
    starts, leaves : int64 (S, images * most groups)
    started, left : int64 (S,)
        Zeros; groups of each stage that have started and left.
    """
    done = 0
    moved = True
    while moved:
        moved = False
        for s in range(len(stages)):
            clocks, groups = stages[s, 0], stages[s, 1]
            while left[s] < images * groups:
                n = left[s]
                image = n // groups
                group = n - image * groups
                ready = True
                if started[s] == n:
                    start = 0
                    if n > 0:
                        start = leaves[s, n - 1] + (image_clocks if group == 0 else 0)
                    for e in range(first_in[s], first_in[s + 1]):
                        of = image
                        if edges[e, 4] == 1:
                            if image % passes == 0:
                                continue
                            of -= 1
                        source = edges[e, 0]
                        last = stages[source, 1] - 1
                        needed = of * (last + 1) + (last if edges[e, 2] == 1 else min(group + edges[e, 5], last))
                        if left[source] <= needed:
                            ready = False
                            break
                        start = max(start, leaves[source, needed])
                    if not ready:
                        break
                    starts[s, n] = start
                    started[s] = n + 1
                    moved = True
                leave = starts[s, n] + clocks
                for o in range(first_out[s], first_out[s + 1]):
                    e = outs[o]
                    depth = edges[e, 3]
                    if depth < 0:
                        continue
                    target = edges[e, 1]
                    target_groups = stages[target, 1]
                    if edges[e, 2] == 1:
                        released = (image - depth + 1) * target_groups - 1  # the last group of an image before
                        if released < 0:
                            continue
                        if left[target] <= released:
                            ready = False
                            break
                        leave = max(leave, leaves[target, released])
                    else:
                        shared = min(groups, target_groups)
                        slot = image * shared + group - depth
                        if group >= shared or slot < 0:  # what the target does not take is dropped as it arrives
                            continue
                        taken = slot // shared * target_groups + slot % shared
                        if started[target] <= taken:
                            ready = False
                            break
                        leave = max(leave, starts[target, taken])
                if not ready:
                    break
                leaves[s, n] = leave
                left[s] = n + 1
                done += 1
                moved = True
    return done
