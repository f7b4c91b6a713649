"""Sequences through convolution and recurrence."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from .network import TorchNetwork


class CausalConv(nn.Module):
    """Dilated convolution that sees the past only: padded on both sides, the right cut off."""

    def __init__(
        self, channels_in: int, channels_out: int, dilation: int, normalised: bool
    ) -> None:
        super().__init__()
        self.excess = 2 * dilation
        conv = nn.Conv1d(channels_in, channels_out, 3, padding=self.excess, dilation=dilation)
        self.conv = weight_norm(conv) if normalised else conv

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)[:, :, : -self.excess].contiguous()


class TemporalBlock(nn.Module):
    """Two causal convolutions and a shortcut (Bai et al., 2018)."""

    def __init__(
        self, channels_in: int, channels_out: int, dilation: int, normalised: bool
    ) -> None:
        super().__init__()
        self.net = nn.Sequential(
            CausalConv(channels_in, channels_out, dilation, normalised),
            nn.ReLU(),
            nn.Dropout(0.2),
            CausalConv(channels_out, channels_out, dilation, normalised),
            nn.ReLU(),
            nn.Dropout1d(0.2),
        )
        same = channels_in == channels_out
        self.downsample = None if same else nn.Conv1d(channels_in, channels_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.relu(self.net(x) + shortcut)


class TemporalConvNet(nn.Module):
    """Dilations 1, 2, 4; a linear on the last step."""

    def __init__(self, normalised: bool = False) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            TemporalBlock(4, 12, 1, normalised),
            TemporalBlock(12, 12, 2, normalised),
            TemporalBlock(12, 12, 4, normalised),
        )
        self.head = nn.Linear(12, 10)

    def forward(self, sequence: Tensor) -> Tensor:
        return self.head(self.blocks(sequence.transpose(1, 2))[:, :, -1])


class TextCNN(nn.Module):
    """Three filter widths, maximum over time (Kim, 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(100, 16, padding_idx=0)
        self.convs = nn.ModuleList(nn.Conv1d(16, 8, width) for width in (3, 4, 5))
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(24, 2)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embedding(tokens).permute(0, 2, 1)
        pooled = []
        for conv in self.convs:
            y = F.relu(conv(x))
            pooled.append(F.max_pool1d(y, y.shape[2]).squeeze(2))
        return self.fc(self.dropout(torch.cat(pooled, dim=1)))


class LSTMClassifier(nn.Module):
    """Two bidirectional layers; the last state of either direction decides."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(100, 12)
        self.lstm = nn.LSTM(12, 10, num_layers=2, batch_first=True, dropout=0.3, bidirectional=True)
        self.fc = nn.Linear(20, 3)

    def forward(self, tokens: Tensor) -> Tensor:
        _, (hidden, _) = self.lstm(self.embedding(tokens))
        return self.fc(torch.cat((hidden[-2], hidden[-1]), dim=1))


class TimeMajorLSTM(nn.Module):
    """Batch second, explicit zero states, an output for every step."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(5, 8)
        self.fc = nn.Linear(8, 4)

    def forward(self, sequence: Tensor) -> Tensor:
        x = sequence.transpose(0, 1)
        h0 = torch.zeros(1, x.size(1), 8, dtype=x.dtype, device=x.device)
        c0 = torch.zeros(1, x.size(1), 8, dtype=x.dtype, device=x.device)
        out, _ = self.lstm(x, (h0, c0))
        return self.fc(out).transpose(0, 1)


class GRUTagger(nn.Module):
    """A class for every token."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(100, 12)
        self.gru = nn.GRU(12, 10, num_layers=2, batch_first=True)
        self.norm = nn.LayerNorm(10)
        self.fc = nn.Linear(10, 7)

    def forward(self, tokens: Tensor) -> Tensor:
        out, _ = self.gru(self.embedding(tokens))
        return self.fc(self.norm(out))


class ElmanNet(nn.Module):
    """Plain recurrence with ReLU, mean over time."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(5, 8, nonlinearity="relu", batch_first=True, bidirectional=True)
        self.fc = nn.Linear(16, 4)

    def forward(self, sequence: Tensor) -> Tensor:
        return self.fc(self.rnn(sequence)[0].mean(dim=1))


class ConvRecurrent(nn.Module):
    """A spectrogram through Conv1d, BatchNorm1d and a GRU."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(8, 12, 5, stride=2, padding=2),
            nn.BatchNorm1d(12),
            nn.ReLU(),
            nn.MaxPool1d(2),
            nn.Conv1d(12, 12, 3, padding=1, groups=3),
            nn.GLU(dim=1),
        )
        self.gru = nn.GRU(6, 8, batch_first=True)
        self.fc = nn.Linear(8, 5)

    def forward(self, spectrogram: Tensor) -> Tensor:
        x = self.features(spectrogram).transpose(1, 2)
        _, hidden = self.gru(x)
        return self.fc(hidden.squeeze(0))


class Encoder(nn.Module):
    """What a decoder starts from."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(100, 12)
        self.lstm = nn.LSTM(12, 10, num_layers=2, batch_first=True, dropout=0.2)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        _, (hidden, cell) = self.lstm(self.embedding(tokens))
        return hidden, cell


class Decoder(nn.Module):
    """The next token for each, teacher forced."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(90, 12)
        self.lstm = nn.LSTM(12, 10, num_layers=2, batch_first=True, dropout=0.2)
        self.fc = nn.Linear(10, 90)

    def forward(self, tokens: Tensor, state: tuple[Tensor, Tensor]) -> Tensor:
        outputs, _ = self.lstm(self.embedding(tokens), state)
        return self.fc(outputs)


class SequenceToSequence(nn.Module):
    """Sutskever et al., 2014: hidden and cell states go from the encoder to the decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        return self.decoder(target, self.encoder(source))


# Recurrent networks allow any length, but torch.export fixes the length of the scan.
SEQUENCE = {"sequence": "float32[N,12,5]"}
TOKENS = {"tokens": "int64[N,12]<100"}
FAMILY = (
    TorchNetwork("tcn", TemporalConvNet, {"sequence": "float32[N,T,4]"}),
    TorchNetwork(
        "tcn_weight_norm", lambda: TemporalConvNet(normalised=True), {"sequence": "float32[N,T,4]"}
    ),
    TorchNetwork("text_cnn", TextCNN, {"tokens": "int64[N,16]<100"}),
    TorchNetwork("lstm_bidirectional", LSTMClassifier, TOKENS),
    TorchNetwork("lstm_time_major", TimeMajorLSTM, SEQUENCE),
    TorchNetwork("gru", GRUTagger, TOKENS),
    TorchNetwork("rnn", ElmanNet, SEQUENCE),
    TorchNetwork(
        "seq2seq", SequenceToSequence, {"source": "int64[N,9]<100", "target": "int64[N,7]<90"}
    ),
    TorchNetwork("conv_recurrent", ConvRecurrent, {"spectrogram": "float32[N,8,32]"}),
)
