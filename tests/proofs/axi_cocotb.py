"""The AXI masters on the memory of cocotbext-axi, whose channels pause at random: `make rtl-axi`.

Run by an environment of its own with cocotb 2 and cocotbext-axi, and Verilator on PATH; a count of commands for each
master makes a quick try: python -m tests.proofs.axi_cocotb 100.
"""

import os
import random
import sys
import tempfile
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ReadOnly, RisingEdge
from cocotb_tools.runner import get_results, get_runner
from cocotbext.axi import AxiRamRead, AxiRamWrite, AxiReadBus, AxiWriteBus

HERE = Path(__file__).parents[2]
VERILOG = [
    HERE / "pivotsim/rtl/verilog/axi" / f"{name}.v"
    for name in ("burst_splitter", "axi_read_master", "axi_write_master")
]
COMMANDS, BYTES, LANES, COUNT_BITS, ADDRESS_BITS = 1_000, 65536, 8, 20, 32


def pauses(draw):
    """Yield whether a channel pauses, clock by clock."""
    while True:
        pause = draw.random() < 0.4
        for _ in range(draw.randint(1, 4)):
            yield pause


def drawn_command(draw):
    size = draw.randint(1, draw.choice((12, 300, 5000)))
    near = 4096 * draw.randint(1, 15) - draw.randint(0, 200)
    return min(draw.choice((draw.randrange(BYTES), near)), BYTES - size), size


async def started(dut):
    cocotb.start_soon(Clock(dut.clk, 2, unit="ns").start())
    for name in ("s_axis_command_tvalid", "m_axis_tready", "s_axis_tvalid", "m_axis_status_tready"):
        if hasattr(dut, name):
            getattr(dut, name).value = 0
    dut.reset.value = 1
    for _ in range(4):
        await RisingEdge(dut.clk)
    dut.reset.value = 0
    await RisingEdge(dut.clk)


async def send_command(dut, address, size):
    word = (size << ADDRESS_BITS) | address
    dut.s_axis_command_tdata.value, dut.s_axis_command_tvalid.value = word, 1
    while True:
        await ReadOnly()
        taken = dut.s_axis_command_tready.value == 1
        await RisingEdge(dut.clk)
        if taken:
            break
    dut.s_axis_command_tvalid.value = 0


@cocotb.test()
async def reads(dut):
    draw, commands = random.Random(1), int(os.environ["COMMANDS"])
    memory = AxiRamRead(AxiReadBus.from_prefix(dut, "m_axi"), dut.clk, dut.reset, size=BYTES)
    image = draw.randbytes(BYTES)
    memory.write(0, image)
    for channel in (memory.ar_channel, memory.r_channel):
        channel.set_pause_generator(pauses(random.Random(draw.random())))
    await started(dut)
    asked = [drawn_command(draw) for _ in range(commands)]

    async def ask():
        for address, size in asked:
            await send_command(dut, address, size)

    cocotb.start_soon(ask())
    for address, size in asked:
        got = bytearray()
        while len(got) < size:
            dut.m_axis_tready.value = int(draw.random() < 0.7)
            await ReadOnly()
            if dut.m_axis_tvalid.value == 1 and dut.m_axis_tready.value == 1:
                count = int(dut.m_axis_tkeep.value).bit_count()
                got += int(dut.m_axis_tdata.value).to_bytes(LANES, "little")[:count]
                assert (dut.m_axis_tlast.value == 1) == (len(got) == size)
            await RisingEdge(dut.clk)
        assert got == image[address : address + size], (address, size)
    assert dut.error.value == 0


@cocotb.test()
async def writes(dut):
    draw, commands = random.Random(2), int(os.environ["COMMANDS"])
    memory = AxiRamWrite(AxiWriteBus.from_prefix(dut, "m_axi"), dut.clk, dut.reset, size=BYTES)
    expected = bytearray(draw.randbytes(BYTES))
    memory.write(0, bytes(expected))
    for channel in (memory.aw_channel, memory.w_channel, memory.b_channel):
        channel.set_pause_generator(pauses(random.Random(draw.random())))
    await started(dut)
    dut.m_axis_status_tready.value = 1
    for _ in range(commands):
        address, size = drawn_command(draw)
        payload = draw.randbytes(size)
        await send_command(dut, address, size)
        sent, answered = 0, False
        while not answered:
            count = draw.randint(1, min(LANES, size - sent)) if sent < size else 0
            beat = payload[sent : sent + count].ljust(LANES, b"\xa5")
            dut.s_axis_tdata.value, dut.s_axis_tkeep.value = int.from_bytes(beat, "little"), (1 << count) - 1
            dut.s_axis_tvalid.value, dut.s_axis_tlast.value = int(count > 0), int(sent + count == size)
            while True:
                await ReadOnly()
                taken, answered = dut.s_axis_tready.value == 1, dut.m_axis_status_tvalid.value == 1
                await RisingEdge(dut.clk)
                if taken or answered or not count:
                    break
            sent += count if taken else 0
        expected[address : address + size] = payload
        window = max(0, address - 64), min(BYTES, address + size + 64)
        assert memory.read(window[0], window[1] - window[0]) == expected[slice(*window)], (address, size)
    assert memory.read(0, BYTES) == expected and dut.error.value == 0


def main() -> int:
    os.environ["COMMANDS"] = sys.argv[1] if len(sys.argv) > 1 else str(COMMANDS)
    failed = 0
    for top, test in (("axi_read_master", "reads"), ("axi_write_master", "writes")):
        with tempfile.TemporaryDirectory() as folder:
            runner = get_runner("verilator")
            sizes = {"LANES": LANES, "BURST_BEATS": 16, "COUNT_BITS": COUNT_BITS, "ADDRESS_BITS": ADDRESS_BITS}
            runner.build(
                sources=VERILOG, hdl_toplevel=top, parameters=sizes, build_dir=folder, build_args=["-Wno-fatal"]
            )
            told = runner.test(
                hdl_toplevel=top, test_module="tests.proofs.axi_cocotb", testcase=test, build_dir=folder,
                test_dir=folder, extra_env={"PYTHONPATH": str(HERE)},
            )  # fmt: skip
            failed += get_results(told) != (1, 0)
    return failed


if __name__ == "__main__":
    sys.exit(main())
