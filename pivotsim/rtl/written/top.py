"""The top modules of a written design: sizes and dataflow fixed, DRAM behind AXI streams; one with registers."""

from collections.abc import Mapping, Sequence

from pivotsim.hardware.kinds.systolic import SystolicHardware

DIRECTION = {"i": "input", "o": "output"}
BUS = (
    ("i", 1, "s_axil_awvalid"), ("o", 1, "s_axil_awready"), ("i", 8, "s_axil_awaddr"), ("i", 1, "s_axil_wvalid"),
    ("o", 1, "s_axil_wready"), ("i", 32, "s_axil_wdata"), ("o", 1, "s_axil_bvalid"), ("i", 1, "s_axil_bready"),
    ("o", 2, "s_axil_bresp"), ("i", 1, "s_axil_arvalid"), ("o", 1, "s_axil_arready"), ("i", 8, "s_axil_araddr"),
    ("o", 1, "s_axil_rvalid"), ("i", 1, "s_axil_rready"), ("o", 32, "s_axil_rdata"), ("o", 2, "s_axil_rresp"),
)  # fmt: skip


def top_module(parameters: Mapping[str, int], board: SystolicHardware) -> str:
    """Return top.v."""
    array = board.array
    values = ",\n        ".join(f".{name}({value})" for name, value in parameters.items())
    ports = _ports(parameters)
    declared = _declared(ports)
    given = {name: name for _, _, name in ports}
    if not parameters.get("UNITS"):
        given |= {"table_select": "{1'b0, table_select}", "start_pass": "1'b0"}
        given["operations"] = f"{parameters['COUNT_BITS']}'d0"
    joined = ",\n        ".join(f".{name}({value})" for name, value in given.items())
    return (
        f"// {array.rows}x{array.cols}, {array.dataflow}, {array.fold_overlap}: see README.md, and accelerator.v,"
        " read_stream.v and\n// write_stream.v for the ports.\n"
        f"`default_nettype none\nmodule top (\n{declared}\n);\n"
        f"    stream_accelerator #(\n        {values}\n    ) core (\n"
        f"        .output_stationary(1'b{int(array.dataflow == 'os')}),"
        f" .weight_stationary(1'b{int(array.dataflow == 'ws')}),\n"
        f"        {joined}\n    );\nendmodule\n`default_nettype wire\n"
    )


def driven_module(parameters: Mapping[str, int]) -> str:
    """Return driven_top.v: the top behind registers, which a processor writes through AXI4-Lite."""
    ports, has_units = _ports(parameters), bool(parameters.get("UNITS"))
    inner = [port for port in ports if port[2] not in ("clk", "reset") and "axis" not in port[2]]
    outer = [port for port in ports if port not in inner]
    widths = {name: width for _, width, name in ports}
    wires = "".join(f"    wire {_range(width)}{name};\n" for _, width, name in inner)
    of_registers, of_top = ({name: name for _, _, name in of} for of in ([*BUS, *inner], ports))
    if not has_units:  # registers have what only units need
        wires += f"    wire start_pass, unit_table;\n    wire {_range(widths['loads'])}operations;\n"
        wires += "    wire unused = &{1'b0, start_pass, unit_table, operations};\n"
        of_registers |= {"start_pass": "start_pass", "operations": "operations"}
        of_registers["table_select"] = "{unit_table, table_select}"
    registers, top = (
        ",\n        ".join(f".{name}({value})" for name, value in of.items()) for of in (of_registers, of_top)
    )
    return (
        "// The top behind control_registers.v, for driver/pivot_driver.c; see README.md.\n"
        f"`default_nettype none\nmodule driven_top (\n{_declared([*outer, *BUS])}\n);\n{wires}"
        f"    control_registers #(.TABLE_BITS({widths['table_index']}), .COUNT_BITS({widths['loads']}),"
        f" .PROGRAM_BITS({widths['table_data']})) registers (\n        .clk(clk), .reset(reset),\n        {registers}\n"
        f"    );\n    top core (\n        {top}\n    );\nendmodule\n`default_nettype wire\n"
    )


def _range(width: int) -> str:
    return f"[{width - 1}:0] " if width > 1 else ""


def _declared(ports: Sequence[tuple[str, int, str]]) -> str:
    return ",\n".join(f"    {DIRECTION[way]} wire {_range(width)}{name}" for way, width, name in ports)


def _ports(parameters: Mapping[str, int]) -> Sequence[tuple[str, int, str]]:
    """Return (i or o, bits, name) of the ports of verilog/stream_accelerator.v but for the dataflow's.

    Those of units are there where a design has some.
    """
    count, address, lanes = parameters["COUNT_BITS"], parameters["ADDRESS_BITS"], parameters["LANES"]
    of_masks = 2 * count + parameters["R"] + parameters["C"] + 2
    word = 11 * count + 4 + (of_masks if parameters["MASKED"] else 0)
    has_units = bool(parameters.get("UNITS"))
    of_units = (("i", 1, "start_pass"), ("i", count, "operations")) if has_units else ()
    index, data = parameters.get("INDEX_BITS", parameters["TABLE_BITS"]), parameters.get("DATA_BITS", word)
    return (
        ("i", 1, "clk"), ("i", 1, "reset"), ("i", 1, "table_write"), ("i", 3 if has_units else 2, "table_select"),
        ("i", index, "table_index"), ("i", data, "table_data"), ("i", 1, "start"), *of_units, ("o", 1, "done"),
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
