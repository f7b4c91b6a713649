"""Tiny, randomly initialised models of the transformers library, by architecture.

Each entry of `ARCHITECTURES` returns a module of plain tensors and its inputs as specifications
(see `specs.sample`). Nothing is downloaded; `transformers` is imported only when one is built.

A few architectures own parameters that this forward never uses, as the library has them: the
pooler of fnet, the mask token of dinov2; and the sinusoidal positions of pegasus, marian and
whisper are frozen parameters.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from torch import Tensor, nn

Built = tuple[nn.Module, Mapping[str, str]]

TOKENS = {"input_ids": "int64[N,T]<99"}
MASKED_TOKENS = {**TOKENS, "attention_mask": "bool[N,T]"}
PAIR = {**TOKENS, "decoder_input_ids": "int64[N,S]<99"}
IMAGE = {"pixel_values": "float32[N,3,32,32]"}
LARGE_IMAGE = {"pixel_values": "float32[N,3,64,64]"}


class PlainOutput(nn.Module):
    """Calls the model by keyword, without a cache, and returns one tensor of its ModelOutput.

    Booleans in `attention_mask` become integers, which every architecture accepts.
    """

    def __init__(self, model: nn.Module, names: tuple[str, ...], output: str, cache: bool) -> None:
        super().__init__()
        self.model = model
        self.names = names
        self.output = output
        self.options = {"use_cache": False} if cache else {}

    def forward(self, *inputs: Tensor) -> Tensor:
        keywords = dict(zip(self.names, inputs, strict=True))
        if "attention_mask" in keywords:
            keywords["attention_mask"] = keywords["attention_mask"].long()
        return getattr(self.model(**keywords, **self.options), self.output)


@dataclass(frozen=True)
class Architecture:
    """Names of the configuration and model classes, the sizes to set, inputs and output; and of a
    method that is called once the model is made."""

    config: str
    model: str
    sizes: Mapping[str, Any]
    inputs: Mapping[str, str]
    output: str = "logits"
    cache: bool = False
    attention: str | None = "eager"
    nested: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    prepare: str = ""


def build(architecture: Architecture) -> Built:
    """The module with random weights, and its inputs."""
    import transformers

    options = dict(architecture.sizes) | {k: dict(v) for k, v in architecture.nested.items()}
    if architecture.attention is not None:
        options["attn_implementation"] = architecture.attention
    config = getattr(transformers, architecture.config)(**options)
    model = getattr(transformers, architecture.model)(config)
    if architecture.prepare:
        getattr(model, architecture.prepare)()
    names = tuple(architecture.inputs)
    return PlainOutput(model, names, architecture.output, architecture.cache), architecture.inputs


LENGTH = {"vocab_size": 99, "max_position_embeddings": 64}
SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
ENCODER = {
    **LENGTH,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}
DECODER = {**ENCODER, **SPECIAL}
GROUPED = {**DECODER, "num_key_value_heads": 2}
GPT = {"vocab_size": 99, "n_positions": 64, "n_embd": 32, "n_layer": 2, "n_head": 4, **SPECIAL}
SEQ2SEQ = {
    **LENGTH,
    **SPECIAL,
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "decoder_start_token_id": 2,
    "forced_eos_token_id": 2,
}
VISION = {
    "image_size": 32,
    "patch_size": 8,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}
T5 = {
    "vocab_size": 99,
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 64,
    "num_layers": 2,
    "num_heads": 4,
    "relative_attention_num_buckets": 8,
    "decoder_start_token_id": 0,
}
WAVE = {
    **{name: ENCODER[name] for name in ENCODER if name != "max_position_embeddings"},
    "vocab_size": 32,
    "conv_dim": (16, 16, 16),
    "conv_stride": (4, 2, 2),
    "conv_kernel": (8, 3, 3),
    "num_feat_extract_layers": 3,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 4,
    "mask_time_prob": 0.0,
    "layerdrop": 0.0,  # whole layers left out by a draw: no graph holds that
}

_encoder = partial(Architecture, inputs=MASKED_TOKENS)
_decoder = partial(Architecture, inputs=TOKENS, cache=True)
_seq2seq = partial(Architecture, inputs=PAIR, cache=True)
_vision = partial(Architecture, inputs=IMAGE)

TEXT_ENCODERS = {
    "bert": _encoder("BertConfig", "BertForSequenceClassification", ENCODER),
    "roberta": _encoder("RobertaConfig", "RobertaForMaskedLM", ENCODER),
    "xlm_roberta": _encoder("XLMRobertaConfig", "XLMRobertaForTokenClassification", ENCODER),
    "camembert": _encoder("CamembertConfig", "CamembertForSequenceClassification", ENCODER),
    "distilbert": _encoder(
        "DistilBertConfig",
        "DistilBertForSequenceClassification",
        {**LENGTH, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64},
    ),
    "albert": _encoder("AlbertConfig", "AlbertForMaskedLM", {**ENCODER, "embedding_size": 16}),
    "electra": _encoder(
        "ElectraConfig", "ElectraForPreTraining", {**ENCODER, "embedding_size": 16}
    ),
    "mpnet": _encoder("MPNetConfig", "MPNetForMaskedLM", ENCODER),
    "deberta_v2": _encoder(
        "DebertaV2Config",
        "DebertaV2ForSequenceClassification",
        {
            **ENCODER,
            "relative_attention": True,
            "position_buckets": 16,
            "pos_att_type": ["p2c", "c2p"],
            "norm_rel_ebd": "layer_norm",
        },
    ),
    "fnet": Architecture("FNetConfig", "FNetForMaskedLM", ENCODER, TOKENS),
    "modernbert": _encoder(
        "ModernBertConfig",
        "ModernBertForMaskedLM",
        {**DECODER, "cls_token_id": 1, "sep_token_id": 2},
    ),
}

DECODERS = {
    "gpt2": _decoder("GPT2Config", "GPT2LMHeadModel", GPT),
    "gpt_neo": _decoder(
        "GPTNeoConfig",
        "GPTNeoForCausalLM",
        {
            **LENGTH,
            **SPECIAL,
            "hidden_size": 32,
            "num_layers": 2,
            "num_heads": 4,
            "window_size": 4,
            "attention_types": [[["global", "local"], 1]],
        },
    ),
    "gptj": _decoder("GPTJConfig", "GPTJForCausalLM", {**GPT, "rotary_dim": 4}),
    "gpt_neox": _decoder("GPTNeoXConfig", "GPTNeoXForCausalLM", DECODER),
    "opt": _decoder(
        "OPTConfig",
        "OPTForCausalLM",
        {
            **{name: DECODER[name] for name in DECODER if name != "intermediate_size"},
            "ffn_dim": 64,
            "word_embed_proj_dim": 32,
        },
    ),
    "bloom": _decoder(
        "BloomConfig",
        "BloomForCausalLM",
        {"vocab_size": 99, "hidden_size": 32, "n_layer": 2, "n_head": 4, **SPECIAL},
    ),
    "llama": _decoder("LlamaConfig", "LlamaForCausalLM", GROUPED),
    "mistral": _decoder("MistralConfig", "MistralForCausalLM", {**GROUPED, "sliding_window": 8}),
    "qwen2": _decoder("Qwen2Config", "Qwen2ForCausalLM", GROUPED, attention="sdpa"),
    "gemma": _decoder("GemmaConfig", "GemmaForCausalLM", {**GROUPED, "head_dim": 8}),
    "phi": _decoder("PhiConfig", "PhiForCausalLM", DECODER, attention="sdpa"),
    "stablelm": _decoder("StableLmConfig", "StableLmForCausalLM", GROUPED),
}

SEQUENCE_TO_SEQUENCE = {
    "t5": _seq2seq("T5Config", "T5ForConditionalGeneration", T5),
    "t5_gated": _seq2seq(
        "T5Config",
        "T5ForConditionalGeneration",
        {**T5, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False},
    ),
    "bart": _seq2seq("BartConfig", "BartForConditionalGeneration", SEQ2SEQ),
    "pegasus": _seq2seq("PegasusConfig", "PegasusForConditionalGeneration", SEQ2SEQ),
    "marian": _seq2seq("MarianConfig", "MarianMTModel", SEQ2SEQ, attention="sdpa"),
}

IMAGES = {
    "vit": _vision("ViTConfig", "ViTForImageClassification", VISION),
    "deit": _vision("DeiTConfig", "DeiTForImageClassification", VISION, attention="sdpa"),
    "beit": _vision(
        "BeitConfig",
        "BeitForImageClassification",
        {**VISION, "use_relative_position_bias": True, "use_mean_pooling": True},
    ),
    "dinov2": _vision("Dinov2Config", "Dinov2ForImageClassification", VISION),
    "swin": _vision(
        "SwinConfig",
        "SwinForImageClassification",
        {
            "image_size": 32,
            "patch_size": 2,
            "embed_dim": 16,
            "depths": [2, 2],
            "num_heads": [2, 4],
            "window_size": 4,
        },
    ),
    "convnext": _vision(
        "ConvNextConfig",
        "ConvNextForImageClassification",
        {"hidden_sizes": [8, 12, 16, 24], "depths": [1, 1, 1, 1], "num_stages": 4},
        attention=None,
    ),
    "resnet": _vision(
        "ResNetConfig",
        "ResNetForImageClassification",
        {"embedding_size": 8, "hidden_sizes": [8, 16, 24], "depths": [1, 1, 1]},
        attention=None,
    ),
    "mobilevit": Architecture(
        "MobileViTConfig",
        "MobileViTForImageClassification",
        {
            "image_size": 64,
            "hidden_sizes": [24, 32, 40],
            "neck_hidden_sizes": [8, 8, 12, 16, 20, 24, 32],
            "num_attention_heads": 4,
        },
        LARGE_IMAGE,
    ),
    "segformer": Architecture(
        "SegformerConfig",
        "SegformerForSemanticSegmentation",
        {
            "hidden_sizes": [8, 8, 16, 16],
            "depths": [1, 1, 1, 1],
            "num_attention_heads": [1, 2, 2, 4],
            "decoder_hidden_size": 16,
        },
        LARGE_IMAGE,
        attention=None,
    ),
    "poolformer": Architecture(
        "PoolFormerConfig",
        "PoolFormerForImageClassification",
        {"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1]},
        LARGE_IMAGE,
        attention=None,
    ),
}

JOINT_AND_SOUND = {
    "clip_text": Architecture(
        "CLIPTextConfig",
        "CLIPTextModel",
        {**DECODER, "projection_dim": 16},
        TOKENS,
        output="last_hidden_state",
    ),
    "clip_vision": Architecture(
        "CLIPVisionConfig", "CLIPVisionModel", VISION, IMAGE, output="pooler_output"
    ),
    "clip": Architecture(
        "CLIPConfig",
        "CLIPModel",
        {"projection_dim": 16},
        {**TOKENS, **IMAGE},
        output="logits_per_text",
        nested={"text_config": DECODER, "vision_config": VISION},
    ),
    # As it is fine-tuned; else it sets requires_grad on what is computed from its input.
    "wav2vec2": Architecture(
        "Wav2Vec2Config",
        "Wav2Vec2ForCTC",
        WAVE,
        {"input_values": "float32[N,800]"},
        prepare="freeze_feature_encoder",
    ),
    "whisper": Architecture(
        "WhisperConfig",
        "WhisperForConditionalGeneration",
        {
            **{name: SEQ2SEQ[name] for name in SEQ2SEQ if name != "max_position_embeddings"},
            "num_mel_bins": 8,
            "max_source_positions": 30,
            "max_target_positions": 40,
        },
        {"input_features": "float32[N,8,60]", "decoder_input_ids": "int64[N,S]<99"},
        cache=True,
    ),
}

ARCHITECTURES: dict[str, Callable[[], Built]] = {
    name: partial(build, architecture)
    for group in (TEXT_ENCODERS, DECODERS, SEQUENCE_TO_SEQUENCE, IMAGES, JOINT_AND_SOUND)
    for name, architecture in group.items()
}
