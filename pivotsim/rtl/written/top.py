"""The top module of a written design: sizes and dataflow fixed, DRAM behind AXI streams."""

from collections.abc import Mapping, Sequence

from pivotsim.hardware.kinds.systolic import SystolicHardware

DIRECTION = {"i": "input", "o": "output"}


def top_module(parameters: Mapping[str, int], board: SystolicHardware) -> str:
    """Return top.v."""
    array = board.array
    values = ",\n        ".join(f".{name}({value})" for name, value in parameters.items())
    ports = _ports(parameters)
    declared = ",\n".join(
        f"    {DIRECTION[way]} wire {f'[{width - 1}:0] ' if width > 1 else ''}{name}" for way, width, name in ports
    )
    joined = ",\n        ".join(f".{name}({name})" for _, _, name in ports)
    return (
        f"// {array.rows}x{array.cols}, {array.dataflow}, {array.fold_overlap}: see README.md, and accelerator.v,"
        " read_stream.v and\n// write_stream.v for the ports.\n"
        f"`default_nettype none\nmodule top (\n{declared}\n);\n"
        f"    stream_accelerator #(\n        {values}\n    ) core (\n"
        f"        .output_stationary(1'b{int(array.dataflow == 'os')}),"
        f" .weight_stationary(1'b{int(array.dataflow == 'ws')}),\n"
        f"        {joined}\n    );\nendmodule\n`default_nettype wire\n"
    )


def _ports(parameters: Mapping[str, int]) -> Sequence[tuple[str, int, str]]:
    """Return (i or o, bits, name) of the ports of verilog/stream_accelerator.v but for the dataflow's."""
    count, address, lanes = parameters["COUNT_BITS"], parameters["ADDRESS_BITS"], parameters["LANES"]
    of_masks = 2 * count + parameters["R"] + parameters["C"] + 2
    word = 11 * count + 4 + (of_masks if parameters["MASKED"] else 0)
    return (
        ("i", 1, "clk"), ("i", 1, "reset"), ("i", 1, "table_write"), ("i", 2, "table_select"),
        ("i", parameters["TABLE_BITS"], "table_index"), ("i", word, "table_data"), ("i", 1, "start"), ("o", 1, "done"),
        ("i", count, "loads"), ("i", count, "passes"), ("i", count, "drains"), ("i", count, "narrow_column"),
        ("i", 1, "biased"), ("i", 1, "wide"), ("i", 16, "multiplier"), ("i", 6, "shift"),
        ("o", 1, "m_axis_read_command_tvalid"), ("i", 1, "m_axis_read_command_tready"),
        ("o", 2 * count + address, "m_axis_read_command_tdata"), ("i", 1, "s_axis_read_tvalid"),
        ("o", 1, "s_axis_read_tready"), ("i", 8 * lanes, "s_axis_read_tdata"), ("i", lanes, "s_axis_read_tkeep"),
        ("i", 1, "s_axis_read_tlast"), ("o", 1, "m_axis_write_command_tvalid"),
        ("i", 1, "m_axis_write_command_tready"), ("o", count + address, "m_axis_write_command_tdata"),
        ("o", 1, "m_axis_write_tvalid"), ("i", 1, "m_axis_write_tready"), ("o", 8 * lanes, "m_axis_write_tdata"),
        ("o", lanes, "m_axis_write_tkeep"), ("o", 1, "m_axis_write_tlast"),
        ("i", 1, "s_axis_write_status_tvalid"), ("o", 1, "s_axis_write_status_tready"),
    )  # fmt: skip
