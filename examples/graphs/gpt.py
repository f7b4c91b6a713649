"""A decoder after "Language Models are Unsupervised Multitask Learners" (Radford et al., 2019), as
small as it may be."""

import torch
from torch import nn


class Block(nn.Module):
    """Causal attention and a perceptron, each normalised before and added to what came in."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, dropout, batch_first=True)
        self.ln2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width),
            nn.GELU(),
            nn.Linear(4 * width, width),
            nn.Dropout(dropout),
        )

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        y = self.ln1(x)
        y, _ = self.attention(y, y, y, attn_mask=mask, is_causal=True, need_weights=False)
        x = x + y
        return x + self.mlp(self.ln2(x))


class GPT(nn.Module):
    """Embeddings of tokens and places, blocks, and a head whose weight is the tokens' embedding."""

    def __init__(
        self, tokens: int = 32, length: int = 8, width: int = 16, heads: int = 2, blocks: int = 1
    ) -> None:
        super().__init__()
        self.tokens = nn.Embedding(tokens, width)
        self.places = nn.Embedding(length, width)
        self.drop = nn.Dropout(0.1)
        self.blocks = nn.ModuleList(Block(width, heads, 0.1) for _ in range(blocks))
        self.ln = nn.LayerNorm(width)
        self.head = nn.Linear(width, tokens, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Tokens [N, T] to logits [N, T, tokens]."""
        length = tokens.shape[1]
        places = torch.arange(length, device=tokens.device)
        mask = nn.Transformer.generate_square_subsequent_mask(length, device=tokens.device)
        x = self.drop(self.tokens(tokens) + self.places(places))
        for block in self.blocks:
            x = block(x, mask)
        return self.head(self.ln(x))
