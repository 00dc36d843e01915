/* See pivot_driver.h. The words of an image are named here as rtl/layers/image.py names them. */
#include "pivot_driver.h"

#define MAGIC 0x544f5650u /* "PVOT" */
#define VERSION 2u
#define UNITS_VERSION 3u /* has passes of units, too */
#define MOST_WORDS 32u /* of a descriptor: as many as TABLE_DATA has */

enum { LOADS, TILES, STREAMS, DRAINS, TABLES };
enum header {
    H_MAGIC, H_VERSION, H_WORDS, H_LOAD_BIT = H_WORDS + TABLES, H_DRAIN_BIT, H_TABLES, H_ENTRIES, H_ADDRESS_BITS,
    H_DRAM_BYTES, HEADER
};
enum table { T_COUNTS, T_PASSES = TABLES, T_NARROW, T_LOAD_SLOTS, T_DRAIN_SLOTS, T_DATA, TABLE = T_DATA + TABLES };
enum entry { E_KIND, E_TABLE, E_FORM, E_SCALE, E_BASES, E_OTHERWISE, ENTRY };
enum pass { P_KIND, P_COUNT, P_OPERATIONS, P_TABLES, P_TABLE_LIST };
enum unit_table { U_SELECT, U_PLACES, U_WORDS, U_DATA, UNIT_TABLE };
enum kind { PRODUCT, STOP, GATE, END, PASS };
enum operation { O_KIND, O_ADDRESS, OPERATION = 8 }; /* words of an operation of units */
enum { O_FILL, O_DRAIN, OPERATION_KIND = 7 };
enum { OPERATIONS = TABLES, CONSTANTS }; /* of TABLE_SELECT: the units' operations, and the first of their constants */
enum { START = 1, START_PASS = 2 }; /* of CONTROL */

static void put(const pivot_driver *driver, uint32_t offset, uint32_t value) {
    (void)driver;
    PIVOT_WRITE(driver->registers, offset, value);
}

/* Adds to the address that begins at a bit of a descriptor; the sum has no more bits, as pivot_run has checked. */
static void add_at(uint32_t *words, uint32_t bit, uint32_t value) {
    uint64_t carry = (uint64_t)value << (bit % 32u);
    for (uint32_t i = bit / 32u; carry != 0 && i < MOST_WORDS; ++i) {
        carry += words[i];
        words[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

/* Puts words at a place of the table that is selected. */
static void put_words(pivot_driver *driver, uint32_t index, const uint32_t *words, uint32_t size) {
    for (uint32_t i = 0; i < size; ++i) put(driver, PIVOT_TABLE_DATA + 4u * i, words[i]);
    put(driver, PIVOT_TABLE_INDEX, index);
    driver->words += size;
}

/* Writes one table; where slots are given, each descriptor's address is moved by the base that its slot names. */
static void write_table(pivot_driver *driver, uint32_t select, const uint32_t *data, uint32_t count,
                        const uint32_t *slots, const uint32_t *bases, uint32_t bit) {
    const uint32_t size = driver->image[H_WORDS + select];
    uint32_t words[MOST_WORDS] = {0};
    put(driver, PIVOT_TABLE_SELECT, select);
    for (uint32_t index = 0; index < count; ++index) {
        for (uint32_t i = 0; i < size; ++i) words[i] = data[index * size + i];
        if (slots) add_at(words, bit, bases[slots[index]] + driver->dram_address);
        put_words(driver, index, words, size);
    }
}

/* Starts a GEMM or a pass, and waits until it is done. */
static int32_t run(const pivot_driver *driver, uint32_t number, uint32_t start) {
    put(driver, PIVOT_CONTROL, start);
    for (uint32_t polls = 0; PIVOT_READ(driver->registers, PIVOT_STATUS) == 0;)
        if (driver->polls != 0 && ++polls == driver->polls) return PIVOT_TIMEOUT;
    if (driver->after) driver->after(driver->context, number, PIVOT_READ(driver->registers, PIVOT_CLOCKS));
    return 0;
}

static int32_t run_product(pivot_driver *driver, uint32_t number, const uint32_t *entry) {
    const uint32_t *image = driver->image, *bases = image + entry[E_BASES];
    const uint32_t *table = image + image[H_TABLES] + TABLE * entry[E_TABLE];
    write_table(driver, LOADS, image + table[T_DATA + LOADS], table[T_COUNTS + LOADS], image + table[T_LOAD_SLOTS],
                bases, image[H_LOAD_BIT]);
    write_table(driver, DRAINS, image + table[T_DATA + DRAINS], table[T_COUNTS + DRAINS], image + table[T_DRAIN_SLOTS],
                bases, image[H_DRAIN_BIT]);
    if (driver->table != entry[E_TABLE] + 1u) { /* else tiles and streams are there, and so are the counts */
        for (uint32_t select = TILES; select <= STREAMS; ++select)
            write_table(driver, select, image + table[T_DATA + select], table[T_COUNTS + select], 0, 0, 0);
        put(driver, PIVOT_LOADS, table[T_COUNTS + LOADS]);
        put(driver, PIVOT_PASSES, table[T_PASSES]);
        put(driver, PIVOT_DRAINS, table[T_COUNTS + DRAINS]);
        put(driver, PIVOT_NARROW_COLUMN, table[T_NARROW]);
        driver->table = entry[E_TABLE] + 1u;
    }
    put(driver, PIVOT_FORM, entry[E_FORM]);
    put(driver, PIVOT_SCALE, entry[E_SCALE]);
    return run(driver, number, START);
}

static int32_t run_pass(pivot_driver *driver, uint32_t number, const uint32_t *entry) {
    const uint32_t *image = driver->image, *operation = image + entry[P_OPERATIONS], *table = image + entry[P_TABLE_LIST];
    for (uint32_t count = entry[P_TABLES]; count > 0; --count, table += UNIT_TABLE) {
        uint32_t *held = &driver->constants[table[U_SELECT] - CONSTANTS];
        if (*held == table[U_DATA]) continue; /* else they are there */
        put(driver, PIVOT_TABLE_SELECT, table[U_SELECT]);
        for (uint32_t i = 0; i < table[U_PLACES]; ++i)
            put_words(driver, i, image + table[U_DATA] + i * table[U_WORDS], table[U_WORDS]);
        *held = table[U_DATA];
    }
    put(driver, PIVOT_TABLE_SELECT, OPERATIONS);
    for (uint32_t index = 0; index < entry[P_COUNT]; ++index, operation += OPERATION) {
        uint32_t words[OPERATION];
        for (uint32_t i = 0; i < OPERATION; ++i) words[i] = operation[i];
        if ((words[O_KIND] & OPERATION_KIND) <= O_DRAIN) words[O_ADDRESS] += driver->dram_address;
        put_words(driver, index, words, OPERATION);
    }
    put(driver, PIVOT_UNIT_OPERATIONS, entry[P_COUNT]);
    return run(driver, number, START_PASS);
}

int32_t pivot_run(pivot_driver *driver, uint32_t first) {
    const uint32_t *image = driver->image;
    if (image[H_MAGIC] != MAGIC || image[H_VERSION] < VERSION || image[H_VERSION] > UNITS_VERSION)
        return PIVOT_NO_IMAGE;
    for (uint32_t select = LOADS; select < TABLES; ++select)
        if (image[H_WORDS + select] > MOST_WORDS) return PIVOT_NO_IMAGE;
    if ((uint64_t)driver->dram_address + image[H_DRAM_BYTES] > (uint64_t)1 << image[H_ADDRESS_BITS])
        return PIVOT_NO_ROOM;
    for (uint32_t at = first;;) {
        const uint32_t number = at++, *entry = image + image[H_ENTRIES] + ENTRY * number;
        int32_t answer = 0;
        if (entry[E_KIND] == END) return (int32_t)number;
        if (entry[E_KIND] == PRODUCT) {
            answer = run_product(driver, number, entry);
        } else if (entry[E_KIND] == PASS) {
            answer = run_pass(driver, number, entry);
        } else {
            answer = driver->at_stop ? driver->at_stop(driver->context, number) : PIVOT_NO_HOST;
            if (answer == 1 && entry[E_KIND] == GATE) at = entry[E_OTHERWISE];
        }
        if (answer < 0) return answer;
    }
}
