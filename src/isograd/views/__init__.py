"""What each framework makes of a network: dynamic, static, backward and optimised graphs."""

from isograd.views.document import Change, Graphs, Layer, Overlay
from isograd.views.view import Event, Operation, Phase, Value, View

__all__ = ["Change", "Event", "Graphs", "Layer", "Operation", "Overlay", "Phase", "Value", "View"]
