"""Small executed experiments: what each framework lets you do in each of its modes.

A question (`isograd.probes.questions`) has a snippet in each framework's folder (``probes/``
there, under the same name), which is run in every mode, each time in a fresh process, and returns
what it observed. The question's rule makes an answer of the observation. No answer is written down
anywhere.
"""
