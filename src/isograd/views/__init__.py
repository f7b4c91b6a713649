"""What each framework makes of a network: dynamic, static, backward and optimised graphs."""

from isograd.views.document import Graphs
from isograd.views.view import Event, Operation, Phase, Value, View

__all__ = ["Event", "Graphs", "Operation", "Phase", "Value", "View"]
