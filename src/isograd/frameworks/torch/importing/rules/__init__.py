"""Rules by family: how each op of aten is said in the graph's terms."""

from isograd.frameworks.torch.importing.call import Rule
from isograd.frameworks.torch.importing.rules import (
    activation,
    arithmetic,
    attention,
    comparison,
    creation,
    indexing,
    layers,
    normalization,
    padding,
    pooling,
    randomness,
    recurrent,
    reduction,
    shape,
)

RULES: dict[str, Rule] = {
    **activation.RULES,
    **arithmetic.RULES,
    **attention.RULES,
    **comparison.RULES,
    **creation.RULES,
    **indexing.RULES,
    **layers.RULES,
    **normalization.RULES,
    **padding.RULES,
    **pooling.RULES,
    **randomness.RULES,
    **recurrent.RULES,
    **reduction.RULES,
    **shape.RULES,
}
"""``op`` or ``op.overload`` to its rule; the overload's own goes first. An in-place op has the rule
of its functional form."""
