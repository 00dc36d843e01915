"""The two MLPs of an encoder: GELU or ReLU, and SwiGLU as DINOv2 has it."""

import torch.nn.functional as F  # noqa: N812 - torch's own habit
from torch import Tensor, nn

ACTIVATIONS = {"gelu": F.gelu, "relu": F.relu}  # VitModel.activation -> function


class Mlp(nn.Module):
    """fc2(activation(fc1(x))); GELU has the error function."""

    def __init__(self, width: int, hidden: int, activation: str) -> None:
        super().__init__()
        self.activation = activation
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return the MLP of tokens (..., D)."""
        y: Tensor = self.fc2(ACTIVATIONS[self.activation](self.fc1(x)))
        return y


class SwiGlu(nn.Module):
    """w3(SiLU(gate) * value), where w12 holds gate and value one after the other; names of DINOv2's release."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.w12 = nn.Linear(width, 2 * hidden)
        self.w3 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return the gated MLP of tokens (..., D)."""
        gate, value = self.w12(x).chunk(2, dim=-1)
        y: Tensor = self.w3(F.silu(gate) * value)
        return y
