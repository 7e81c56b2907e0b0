"""The layers of a network as a table, with shapes and numbers of parameters."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.estimators.loss import Floats

__all__ = ["Layer", "LayerTable", "layer_table"]


@dataclass(frozen=True)
class Layer:
    """One row: its name, its activation, the shape of what it gives, its parameters."""

    name: str
    activation: str
    shape: tuple[None, int]
    parameters: int


@dataclass(frozen=True)
class LayerTable:
    """The layers from input to output; its text is the table that Keras prints.

    Attributes
    ----------
    layers : tuple of Layer
    n_bytes : int
        What all parameters take.
    """

    layers: tuple[Layer, ...]
    n_bytes: int

    @property
    def parameters(self) -> int:
        """The parameters of all layers."""
        return sum(layer.parameters for layer in self.layers)

    def __str__(self) -> str:
        rows = [("Layer (activation)", "Output Shape", "Param #")]
        for layer in self.layers:
            name = f"{layer.name} ({layer.activation})" if layer.activation else layer.name
            rows.append((name, str(layer.shape), f"{layer.parameters:,}"))
        gaps = (2, 2, 0)
        widths = [max(len(row[column]) for row in rows) + gaps[column] for column in range(3)]
        lines = [
            f"{name:<{widths[0]}}{shape:<{widths[1]}}{count:>{widths[2]}}"
            for name, shape, count in rows
        ]
        rule = "─" * sum(widths)
        total = f"Total params: {self.parameters:,} ({size(self.n_bytes)})"
        return "\n".join([lines[0], rule, *lines[1:], rule, total])


def layer_table(
    coefs: list[Floats], intercepts: list[Floats], activation: str, out_activation: str
) -> LayerTable:
    """The table of a network with these weights."""
    layers = [Layer("input", "", (None, len(coefs[0])), 0)]
    for number, (W, b) in enumerate(zip(coefs, intercepts, strict=True), start=1):
        last = number == len(coefs)
        name, function = ("output", out_activation) if last else (f"hidden_{number}", activation)
        layers.append(Layer(name, function, (None, len(b)), W.size + b.size))
    n_bytes = sum(array.nbytes for array in [*coefs, *intercepts])
    return LayerTable(tuple(layers), n_bytes)


def size(n_bytes: int) -> str:
    """The size in the unit that suits it."""
    amount, units = float(n_bytes), ["B", "KB", "MB", "GB"]
    while amount >= 1024 and len(units) > 1:
        amount /= 1024
        units.pop(0)
    return f"{amount:.2f} {units[0]}"
