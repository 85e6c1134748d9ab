class M(Module):
  __parameters__ = []
  def forward(self: __torch__.M,
    x: Tensor) -> Tensor:
    return torch.add(ops.quantized.linear(x), 1)
