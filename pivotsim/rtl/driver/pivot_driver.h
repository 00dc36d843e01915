/* Driver of the accelerator: runs a layer program, GEMM after GEMM and pass after pass of its units, and asks the host at
 * each stop. Bare metal: no operating system, no heap, nothing of the C library.
 *
 * The image is layers/program.bin of `pivotsim rtl --integer`: little-endian words of 32 bits, at any address that the
 * processor reads. Registers are those of control_registers.v. Caches are the caller's business: what at_stop writes
 * must be in DRAM when it returns, and what it reads must not be an old copy.
 */
#ifndef PIVOT_DRIVER_H
#define PIVOT_DRIVER_H

#include <stdint.h>

/* Registers, bytes from the base. */
enum pivot_register {
    PIVOT_CONTROL = 0x00, PIVOT_STATUS = 0x04, PIVOT_CLOCKS = 0x08, PIVOT_TABLE_SELECT = 0x0c, PIVOT_TABLE_INDEX = 0x10,
    PIVOT_LOADS = 0x14, PIVOT_PASSES = 0x18, PIVOT_DRAINS = 0x1c, PIVOT_NARROW_COLUMN = 0x20, PIVOT_FORM = 0x24,
    PIVOT_SCALE = 0x28, PIVOT_UNIT_OPERATIONS = 0x2c, PIVOT_TABLE_DATA = 0x80
};

/* Where they lie in the processor's address space; a test bench defines its own. */
#ifndef PIVOT_WRITE
#define PIVOT_WRITE(base, offset, value) (*(volatile uint32_t *)((base) + (offset)) = (value))
#define PIVOT_READ(base, offset) (*(volatile uint32_t *)((base) + (offset)))
#endif

enum pivot_error {
    PIVOT_NO_IMAGE = -1,   /* not an image, one of another version, or of longer descriptors than TABLE_DATA */
    PIVOT_TIMEOUT = -2,    /* a GEMM or a pass was not done after that many reads of its status */
    PIVOT_NO_HOST = -3,    /* a stop, and nobody to call */
    PIVOT_NO_ROOM = -4,    /* the program's last byte lies beyond the accelerator's addresses */
    PIVOT_STOPPED = -16    /* at_stop's own errors are from here downwards */
};

typedef struct pivot_driver {
    const uint32_t *image;
    uintptr_t registers;
    uint32_t dram_address; /* of the program's first byte, as the accelerator sees DRAM */
    uint32_t polls;        /* reads of the status before a GEMM or a pass counts as lost; 0: no end */
    void *context;
    /* What the host does at an entry that is a stop: 0 to go on, 1 where a gate sends the image on, or an error. */
    int (*at_stop)(void *context, uint32_t entry);
    /* After each GEMM and each pass, the clocks it took; may be null. */
    void (*after)(void *context, uint32_t entry, uint32_t clocks);
    uint32_t table; /* the driver's own: the table that the accelerator holds, counted from 1; set to 0 */
    uint32_t words; /* the driver's own: words written into tables so far */
    uint32_t constants[3]; /* the driver's own: what the units' tables hold, places in the image; set to 0 */
} pivot_driver;

/* Runs the program from an entry on, 0 or where another path begins. Returns the entry of the end that it came to, or
 * an error. */
int32_t pivot_run(pivot_driver *driver, uint32_t first);

#endif
