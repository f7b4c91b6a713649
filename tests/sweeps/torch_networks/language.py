"""Language models of learned positions: GPT twice, BERT, a classic encoder-decoder."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .network import TorchNetwork

VOCABULARY = 100
LONGEST = 64


class CausalBlock(nn.Module):
    """Pre-norm block on nn.MultiheadAttention with a float mask of minus infinity."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, heads, dropout=0.1, batch_first=True)
        self.ln2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width),
            nn.GELU(approximate="tanh"),
            nn.Linear(4 * width, width),
            nn.Dropout(0.1),
        )

    def forward(self, x: Tensor) -> Tensor:
        length = x.shape[1]
        mask = torch.full((length, length), float("-inf"), dtype=x.dtype, device=x.device)
        y = self.ln1(x)
        y, _ = self.attn(y, y, y, attn_mask=torch.triu(mask, diagonal=1), need_weights=False)
        x = x + y
        return x + self.mlp(self.ln2(x))


class FusedCausalBlock(nn.Module):
    """The same through one projection, split, and scaled_dot_product_attention."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.width = heads, width
        self.ln1 = nn.LayerNorm(width)
        self.c_attn = nn.Linear(width, 3 * width)
        self.c_proj = nn.Linear(width, width)
        self.ln2 = nn.LayerNorm(width, bias=False)
        self.fc = nn.Linear(width, 4 * width)
        self.proj = nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.dropout(self.c_proj(self._attend(self.ln1(x))))
        return x + self.dropout(self.proj(F.gelu(self.fc(self.ln2(x)))))

    def _attend(self, x: Tensor) -> Tensor:
        batch, length, width = x.size()
        query, key, value = (
            part.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
            for part in self.c_attn(x).split(self.width, dim=2)
        )
        dropout = 0.1 if self.training else 0.0
        y = F.scaled_dot_product_attention(query, key, value, dropout_p=dropout, is_causal=True)
        return y.transpose(1, 2).contiguous().view(batch, length, width)


class GPT(nn.Module):
    """Learned positions and a head tied to the token embedding (Radford et al., 2019)."""

    def __init__(self, block: type[CausalBlock] | type[FusedCausalBlock], width: int = 32) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(VOCABULARY, width)
        self.position_embedding = nn.Embedding(LONGEST, width)
        self.dropout = nn.Dropout(0.1)
        self.blocks = nn.ModuleList([block(width, 4), block(width, 4)])
        self.ln = nn.LayerNorm(width)
        self.head = nn.Linear(width, VOCABULARY, bias=False)
        self.head.weight = self.token_embedding.weight

    def forward(self, tokens: Tensor) -> Tensor:
        positions = torch.arange(tokens.shape[1], device=tokens.device)
        x = self.token_embedding(tokens) + self.position_embedding(positions)
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln(x))


class PaddedAttention(nn.Module):
    """Attention by matmul with three projections and an additive mask."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        query, key, value = self._split(self.query(x)), self._split(self.key(x)), self.value(x)
        scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(self.size) + mask
        weights = self.dropout(F.softmax(scores, dim=-1))
        y = torch.matmul(weights, self._split(value)).permute(0, 2, 1, 3)
        return self.output(y.reshape(x.shape))

    def _split(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], x.shape[1], self.heads, self.size).permute(0, 2, 1, 3)


class BertLayer(nn.Module):
    """Post-norm attention and feed-forward."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = PaddedAttention(width, heads)
        self.attention_norm = nn.LayerNorm(width, eps=1e-12)
        self.intermediate = nn.Linear(width, 4 * width)
        self.output = nn.Linear(4 * width, width)
        self.output_norm = nn.LayerNorm(width, eps=1e-12)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = self.attention_norm(x + self.dropout(self.attention(x, mask)))
        y = self.output(F.gelu(self.intermediate(x)))
        return self.output_norm(x + self.dropout(y))


class Bert(nn.Module):
    """Token, type and position embeddings, padding mask, pooled head (Devlin et al., 2018)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(VOCABULARY, width, padding_idx=0)
        self.position_embeddings = nn.Embedding(LONGEST, width)
        self.token_type_embeddings = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.dropout = nn.Dropout(0.1)
        self.layers = nn.ModuleList([BertLayer(width, 4), BertLayer(width, 4)])
        self.pooler = nn.Linear(width, width)
        self.classifier = nn.Linear(width, 3)
        self.register_buffer("position_ids", torch.arange(LONGEST)[None], persistent=False)

    def forward(self, tokens: Tensor, token_types: Tensor, attention_mask: Tensor) -> Tensor:
        x = self.word_embeddings(tokens) + self.token_type_embeddings(token_types)
        x = x + self.position_embeddings(self.position_ids[:, : tokens.shape[1]])
        x = self.dropout(self.norm(x))
        keep = attention_mask[:, None, None, :].to(x.dtype)
        mask = (1.0 - keep) * torch.finfo(x.dtype).min
        for layer in self.layers:
            x = layer(x, mask)
        return self.classifier(torch.tanh(self.pooler(x[:, 0])))


class LibraryEncoder(nn.Module):
    """nn.TransformerEncoder with a key padding mask and a masked mean."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 32)
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.fc = nn.Linear(32, 3)

    def forward(self, tokens: Tensor, keep: Tensor) -> Tensor:
        x = self.encoder(self.embedding(tokens), src_key_padding_mask=~keep)
        x = x.masked_fill(~keep.unsqueeze(-1), 0.0)
        return self.fc(x.sum(dim=1) / keep.sum(dim=1, keepdim=True))


class SinusoidalPositions(nn.Module):
    """Sines and cosines added to [N, L, C] (Vaswani et al., 2017)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        places = torch.arange(LONGEST).unsqueeze(1)
        rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
        table = torch.zeros(1, LONGEST, width)
        table[0, :, 0::2] = torch.sin(places * rates)
        table[0, :, 1::2] = torch.cos(places * rates)
        self.register_buffer("table", table)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[:, : x.size(1)]


class Translator(nn.Module):
    """nn.Transformer: encoder, decoder with cross attention and a causal boolean mask."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.width = width
        self.source_embedding = nn.Embedding(VOCABULARY, width)
        self.target_embedding = nn.Embedding(VOCABULARY, width)
        self.positions = SinusoidalPositions(width)
        self.transformer = nn.Transformer(
            width, 4, 1, 1, 64, activation="gelu", batch_first=True, norm_first=True
        )
        self.head = nn.Linear(width, VOCABULARY)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        length = target.shape[1]
        future = torch.ones(length, length, dtype=torch.bool, device=target.device).triu(1)
        x = self.positions(self.source_embedding(source) * math.sqrt(self.width))
        y = self.positions(self.target_embedding(target) * math.sqrt(self.width))
        # Said outright: else the library compares the mask's values, which no static graph allows.
        return self.head(self.transformer(x, y, tgt_mask=future, tgt_is_causal=True))


TOKENS = f"int64[N,T]<{VOCABULARY}"
FAMILY = (
    TorchNetwork("gpt_multihead", lambda: GPT(CausalBlock), {"tokens": TOKENS}),
    TorchNetwork("gpt_fused", lambda: GPT(FusedCausalBlock), {"tokens": TOKENS}),
    TorchNetwork(
        "bert",
        Bert,
        {"tokens": TOKENS, "token_types": "int64[N,T]<2", "attention_mask": "bool[N,T]"},
    ),
    TorchNetwork("transformer_encoder", LibraryEncoder, {"tokens": TOKENS, "keep": "bool[N,T]"}),
    TorchNetwork(
        "transformer_translator",
        Translator,
        {"source": f"int64[N,S]<{VOCABULARY}", "target": TOKENS},
    ),
)
