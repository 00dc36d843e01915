"""A device from a hardware's name."""

from pivotsim.hardware.kinds.gpu import is_gpu
from pivotsim.pruning.devices.gpu_wave import GpuWave
from pivotsim.pruning.devices.protocol import Device
from pivotsim.pruning.devices.simulated import Simulated


def device_of(name: str) -> Device:
    """Return the device of a hardware file: a GPU under the wave model, or a board under ``simulate()``.

    >>> device_of("zcu102").name, device_of("gpu/h200").name
    ('zcu102', 'h200, wave model')
    """
    return GpuWave(name) if is_gpu(name) else Simulated(name)
