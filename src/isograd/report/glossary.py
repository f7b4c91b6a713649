"""The words that reports use, explained where they are used."""

from __future__ import annotations

GLOSSARY = (
    (
        "reference",
        "The implementation that all others are held against: the model as it was brought, or the "
        "first mode of the first framework.",
    ),
    (
        "mode",
        "A way to execute a network: op by op (eager), from a graph recorded once (jit, session, "
        "function), or from a graph that was compiled (compile, xla).",
    ),
    (
        "rounding envelope",
        "How far the reference itself moves when its inputs and parameters are disturbed by one "
        "unit in the last place. It is measured, so that no tolerance is a matter of taste.",
    ),
    (
        "equivalent",
        "In float64 the deviation stays within a small multiple of the rounding envelope, and in "
        "float32 the mode is about as close to float64 as the reference is.",
    ),
    (
        "different",
        "The deviation is far larger than rounding can explain. The first stage that fails, and "
        "the tensor named there, is where to look.",
    ),
    (
        "inconclusive",
        "The figures do not decide. In a proof: the deviation lies between rounding and a real "
        "difference, or the envelope is too wide. In a timing: the interval is too wide.",
    ),
    ("unsupported", "The mode cannot express the network, or isograd cannot yet."),
    (
        "step time",
        "Time of one training step in steady state: forward, loss, backward and optimizer. The "
        "median over all rounds, with a 95 % confidence interval.",
    ),
    (
        "noise floor",
        "What two identical workers differ by on this machine. A difference below it is called no "
        "measurable difference, whatever the medians say.",
    ),
    (
        "first call",
        "The time until the first training step is done, with tracing and compilation. It is never "
        "mixed into the step time.",
    ),
    (
        "break-even",
        "After how many training steps a longer first call has paid for itself against the same "
        "framework's eager mode. Never, if its steps are no faster.",
    ),
    (
        "fairness gate",
        "Conditions that must hold before a mode may be called the fastest: the same parameters, "
        "batches, loss, precision and threads, and a network that learned something.",
    ),
    (
        "seed spread",
        "How far trainings of the reference differ that start from different random seeds: the "
        "scale on which a difference between two training curves matters at all.",
    ),
    (
        "declared difference",
        "A deviation that was accepted beforehand; it is named in every report.",
    ),
)
"""Term and meaning, in the order in which a reader meets them."""

_ENVELOPE = next(pair for pair in GLOSSARY if pair[0] == "rounding envelope")

WORDS = (
    (
        "reference, twin",
        "Two implementations that were written independently. The reference's weights go into the "
        "twin, both run as their owners wrote them, and the twin is held against the reference.",
    ),
    _ENVELOPE,
    (
        "equivalent",
        "In float64 every deviation stays within a small multiple of the rounding envelope, and in "
        "float32 the twin is about as close to float64 as the reference is.",
    ),
    ("different", "The deviation is far larger than rounding can explain."),
    (
        "inconclusive",
        "The figures do not decide: the deviation lies between rounding and a real difference, or "
        "the envelope is too wide.",
    ),
    (
        "first divergence",
        "A value that differs though all that it is made from agrees: the place where a difference "
        "comes in, not one that it has spread to.",
    ),
    (
        "cause",
        "A difference that is proven to matter: with every difference mended in the twin, the two "
        "agree; with this one alone left in, they do not.",
    ),
    (
        "harmless",
        "Something is written otherwise, and left as it is in the twin it changes nothing.",
    ),
    ("accepted", "A cause that the user declared to be no difference to them. It is still shown."),
)
"""The words of a page about two implementations."""

FRONTIER_WORDS = (
    (
        "baseline",
        "The float32 network as its framework runs it when nothing is asked for. All others are "
        "held against it.",
    ),
    (
        "front",
        "What is left when everything is taken out that another one beats in accuracy, size and "
        "time at once. Times that noise cannot tell apart share it. In the plot, the line is the "
        "front of the two axes that are shown.",
    ),
    (
        "latency",
        "The time of a call: the median of many calls with one batch, in a process of its own "
        "that has loaded nothing but the form and its runtime. The ratio comes from turns taken "
        "with the baseline's process, both alive; its interval is a 95 % confidence interval.",
    ),
    (
        "cold start",
        "From the start of a fresh process to its first output: imports, loading and first call.",
    ),
    (
        "size to ship",
        "The bytes of the files that have to be there to run it, without the runtime.",
    ),
    (
        "points lost",
        "Accuracy of the baseline less accuracy of this form, in hundredths, on the test examples.",
    ),
    (
        "same answers",
        "The fraction of test examples on which the answer is the dense network's, right or wrong.",
    ),
    (
        "equivalent",
        "In float32: as close to the network in float64 as rounding allows. Quantised forms have "
        "no such verdict: they are judged by accuracy and by the same answers.",
    ),
    (
        "seed spread",
        "How far float32 trainings differ that start from different random seeds. A precision "
        "whose trainings stay within it trains the same network.",
    ),
    (
        "folded, structured, unstructured",
        "Folded: layers that evaluation does not need are worked into their neighbours. "
        "Structured: whole channels are removed, so that every operation shrinks. Unstructured: "
        "single weights are set to zero, which makes nothing faster by itself.",
    ),
)
"""The words of the page about the forms of a network."""

CLAIM_WORDS = (
    (
        "holds",
        "It was shown in every case in which it was looked for, and nothing was left open.",
    ),
    ("does not hold", "It was shown in no case, and the contrary in some."),
    (
        "depends",
        "It was shown in some cases, and in others not: the figures say in which.",
    ),
    (
        "not testable",
        "Nothing decides: it cannot be tested here, nothing was measured, or noise hides it. What "
        "was found nevertheless is shown.",
    ),
    (
        "for, against, open",
        "What a figure says to the statement: it shows it, it shows the contrary, or it cannot "
        "tell. Figures that say nothing are there for the reader.",
    ),
    (
        "× as fast",
        "How many times as fast one is as the other, from rounds taken in turns, with a 95 % "
        "confidence interval. It is faster if the whole interval is beyond the noise floor and "
        "beyond 5 %; an interval that stays within 5 % speaks against it, and all others are open.",
    ),
    (
        "API name, method",
        "A name that comes out of an import of neither the standard library nor the user's own "
        "modules, in full; a method is an attribute that is read from a value, so that no import "
        "says whose it is.",
    ),
    (
        "before the first result",
        "Statements up to the first one that shows a number: print, or Keras' fit and evaluate, "
        "which print by themselves.",
    ),
)
"""The words of the page about statements."""

TUNING_WORDS = (
    _ENVELOPE,
    (
        "losses within the envelope",
        "Every step's loss in one mode is held against the reference's. The envelope is how far "
        "the reference itself has moved up to that step when its start was disturbed by one unit "
        "in the last place; another implementation, which rounds differently in every step, may be "
        "four times as far away.",
    ),
    (
        "seed spread",
        "How far trainings of the reference differ that start from different random seeds: another "
        "new head, other adapters, another order of the texts.",
    ),
    (
        "perplexity",
        "The exponential of the mean loss on held-out text: among how many tokens the network "
        "hesitates, on average.",
    ),
    (
        "LoRA",
        "Fine-tuning of low rank: beside each frozen projection W two thin matrices are trained, "
        "and W x becomes W x + (alpha / r) B A x. Merging adds their product to W. (Hu et al., "
        "2021.)",
    ),
    (
        "noise floor",
        "What two identical workers differ by on this machine. A difference below it is none.",
    ),
)
"""The words of the page about a language model that was pretrained or fine-tuned."""
SWEEP_WORDS = (
    (
        "cell",
        "One network in one framework, mode, batch size and precision, from one seed. It runs in a "
        "process of its own and is measured once.",
    ),
    (
        "baseline",
        "The first mode of the grid that works. Each cell is timed in turns with a process of the "
        "baseline with the same batch size, so that what drifts on the machine cancels in their "
        "ratio. Ratios of two other cells come from their ratios to the baseline.",
    ),
    (
        "noise",
        "What two processes of one program differ by: the baseline's cell is held against a second "
        "process of itself. Every interval here allows for that, by Student's distribution with as "
        "many degrees of freedom as there were such pairs.",
    ),
    (
        "crossover",
        "The batch size at which two modes take the same time, on a straight line between measured "
        "sizes (both axes logarithmic). It is named only where one is measurably faster on one "
        "side, and the other on the other. Its interval comes from 2,000 bootstrap replicates.",
    ),
    (
        "no measurable difference",
        "The interval of the ratio holds 1, or is less than 1 % away from it.",
    ),
    (
        "outputs and losses",
        "How far outputs of one batch, and losses of the first training steps, are from the "
        "baseline's, in multiples of what a change of the start by one unit in the last place does "
        "to the baseline itself. In float32 alone, and no proof. A cell that is different wins "
        "nothing.",
    ),
    (
        "inference",
        "A call in evaluation mode with one batch, from arrays in memory to arrays in memory.",
    ),
)
"""The words of the page about a sweep."""

SCALING_WORDS = (
    (
        "same training",
        "In float64, losses of all steps and weights and running statistics after the last are as "
        "close to one worker's as its own are when its start is disturbed by one unit in the last "
        "place.",
    ),
    (
        "step",
        "Forward, loss, backward, sum of gradients and update, as the first worker sees it. All "
        "numbers of workers take turns, so that what disturbs the machine disturbs them alike.",
    ),
    (
        "alone",
        "The same step with the same share of the batch, by a worker that sums nothing with others "
        "while they do the same.",
    ),
    (
        "efficiency",
        "Speed-up over the number of workers, for the same batch that is shared (strong scaling); "
        "with --weak, for a batch that grows with them. Paired round by round.",
    ),
    (
        "communication",
        "What a step takes longer than alone, over the step: sums, waiting for the slowest, the "
        "engine's own work.",
    ),
    (
        "crowded",
        "More workers than processors: they hinder each other, and no model is fitted to them.",
    ),
)
"""The words of a page about several workers."""
