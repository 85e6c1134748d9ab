"""Doc."""
import torch
from torch import nn as n


class M(n.Module):
    def __init__(self, d: int = 3, *a, **k):
        super().__init__()
        self.l = n.Linear(d, d)

    @torch.no_grad()
    def forward(self, x):
        return {k: v for k, v in zip("ab", [self.l(x), x ** 2])}
