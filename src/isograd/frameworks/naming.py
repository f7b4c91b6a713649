"""Names in emitted source: safe, unique Python identifiers made from names that may come from
anywhere.

Nothing but ASCII letters, digits and single inner underscores of a given name survives, so that a
name can carry no code, no line break and no look-alike letter.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata

LONGEST = 40
"""Letters of a name that are kept, so that no line grows past reason."""

_MODULE_AND_MODEL = """
    T_destination activity_regularizer add_loss add_metric add_module add_variable add_weight apply
    autocast bfloat16 buffers build build_from_config built call call_signature_parameters
    call_super_init children compile compile_from_config compiled compiled_loss compiled_metrics
    compute_dtype compute_loss compute_mask compute_metrics compute_output_shape compute_output_spec
    count_params cpu cuda distribute_reduction_method distribute_strategy double dtype dtype_policy
    dump_patches eval evaluate export extra_repr fit float forward from_config get_buffer
    get_build_config get_compile_config get_config get_extra_state get_layer get_metrics_result
    get_parameter get_quantization_layer_structure get_state_tree get_submodule get_weights half
    input input_dtype input_spec inputs ipu jit_compile layers load_own_variables load_state_dict
    load_weights loss losses make_predict_function make_test_function make_train_function metrics
    metrics_names metrics_variables modules mtia name named_buffers named_children named_modules
    named_parameters non_trainable_variables non_trainable_weights optimizer output outputs
    parameters path predict predict_function predict_on_batch predict_step quantization_mode
    quantize quantized_build quantized_call register_backward_hook register_buffer
    register_forward_hook register_forward_pre_hook register_full_backward_hook
    register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook rematerialized_call requires_grad_
    reset_metrics run_eagerly save save_own_variables save_weights set_extra_state set_state_tree
    set_submodule set_weights share_memory state state_dict state_updates stateless_call
    stateless_compute_loss steps_per_execution stop_training submodules summary supports_jit
    supports_masking symbolic_call test_function test_on_batch test_step to to_empty to_json train
    train_function train_on_batch train_step trainable trainable_variables trainable_weights
    training type unrolled_steps_per_execution updates variable_dtype variables weights xpu
    zero_grad
"""

ATTRIBUTES = frozenset(_MODULE_AND_MODEL.split())
"""What ``nn.Module`` and ``keras.Model`` already use; one set for both, so that a layer has the
same name everywhere."""

LOCALS = frozenset({"self", "training", "inputs", "keras", "ops", "torch", "nn", "F", "Tensor"})
"""What means something else inside a forward pass."""


class UniqueNames:
    """Hands out identifiers, none twice, and none of ``reserved``, keywords or builtins."""

    def __init__(self, reserved: frozenset[str]) -> None:
        self._taken = set(reserved) | set(keyword.kwlist) | set(keyword.softkwlist)
        self._taken |= set(dir(builtins))

    def claim(self, wish: str, otherwise: str = "layer") -> str:
        """An identifier that resembles ``wish``; one made from ``otherwise``, which must be an
        identifier, where nothing of ``wish`` can be used.
        """
        base = identifier(wish, otherwise)
        name, count = base, 1
        while name in self._taken:
            count += 1
            name = f"{base}_{count}"
        self._taken.add(name)
        return name


def identifier(wish: str, otherwise: str) -> str:
    """``wish`` with everything else than letters and digits as underscores: ``"block1.conv"`` is
    ``block1_conv``, ``"0.fc"`` is ``layer_0_fc`` for ``otherwise="layer"``.
    """
    ascii_only = unicodedata.normalize("NFKD", wish).encode("ascii", "ignore").decode()
    name = re.sub(r"[^0-9A-Za-z]+", "_", ascii_only)[:LONGEST].strip("_")
    if not name:
        return otherwise
    return f"{otherwise}_{name}" if name[0].isdigit() else name


def class_name(wish: str, reserved: frozenset[str]) -> str:
    """A class name: ``"mnist-mlp"`` is ``MnistMlp``. A reserved one ends in ``Network``."""
    words = identifier(wish, "network").split("_")
    name = "".join(word[:1].upper() + word[1:] for word in words)
    if name in reserved or keyword.iskeyword(name) or hasattr(builtins, name):
        name += "Network"
    return name
