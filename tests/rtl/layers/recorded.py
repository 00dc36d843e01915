"""The driver that ships beside a bus that only notes what is written: words of tables, without any hardware."""

import ctypes
import subprocess
from typing import NamedTuple

from pivotsim.rtl.descriptors import Drain, Load, Stream, Tile
from tests.rtl.layers.driven import DRIVER

KINDS = (Load, Tile, Stream, Drain)  # by the value of TABLE_SELECT
TABLE_SELECT, TABLE_INDEX, TABLE_DATA = 0x0C, 0x10, 0x80
WRITTEN = ctypes.CFUNCTYPE(None, ctypes.c_uint32, ctypes.c_uint32)
HEAD = """
#include <stdint.h>
static void (*written)(uint32_t, uint32_t);
static uint32_t reads_left;
#define PIVOT_WRITE(base, offset, value) written(offset, value)
#define PIVOT_READ(base, offset) (reads_left == 0 || --reads_left == 0)
"""
TAIL = """
static int at_stop(void *context, uint32_t entry) { (void)context; (void)entry; return 0; }
int32_t recorded(const uint32_t *image, uint32_t dram_address, uint32_t polls, uint32_t reads,
                 void (*noted)(uint32_t, uint32_t)) {
    pivot_driver driver = {.image = image, .dram_address = dram_address, .polls = polls, .at_stop = at_stop};
    written = noted;
    reads_left = reads;
    return pivot_run(&driver, 0);
}
"""


class Recorded(NamedTuple):
    """What ``pivot_run`` returned, and the descriptors that it wrote: which table, and the words as one number."""

    ended: int
    descriptors: list[tuple[int, int]]


class RecordedDriver:
    """The driver, compiled once; ``narrow`` makes its count of polls one of 8 bits."""

    def __init__(self, folder, narrow=False):
        text = (DRIVER / "pivot_driver.c").read_text()
        if narrow:
            assert text.count("uint32_t polls = 0") == 1
            text = text.replace("uint32_t polls = 0", "uint8_t polls = 0")
        source, library = folder / "recorded.c", folder / "recorded.so"
        source.write_text(HEAD + text + TAIL)
        flags = ["-std=c99", "-O1", "-shared", "-fPIC", "-fsanitize=bounds", "-fsanitize-undefined-trap-on-error"]
        subprocess.run(["gcc", *flags, f"-I{DRIVER}", source, "-o", library], check=True, timeout=60)
        self._run = ctypes.CDLL(str(library)).recorded

    def run(self, image, dram_address=0, polls=9, reads=1):
        """Run an image from its first entry on; each GEMM is done after that many reads of the status, in all."""
        found, words, select = [], {}, [0]

        def written(offset, value):
            if offset >= TABLE_DATA:
                words[(offset - TABLE_DATA) // 4] = value
            elif offset == TABLE_SELECT:
                select[0] = value
            elif offset == TABLE_INDEX:
                found.append((select[0], sum(value << 32 * place for place, value in words.items())))
                words.clear()

        sizes = (ctypes.c_uint32(number) for number in (dram_address, polls, reads))
        ended = self._run(image.ctypes.data_as(ctypes.c_void_p), *sizes, WRITTEN(written))
        return Recorded(ended, found)


def fields(kind, number, widths):
    """Return a descriptor's fields by name: ``word`` of pivotsim.rtl.encoding, backwards; what is above them as ''."""
    found = {}
    for name in kind._fields:
        bits = widths.of(name)
        found[name] = number & ((1 << bits) - 1)
        number >>= bits
    return found | {"": number}
