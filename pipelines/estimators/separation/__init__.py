"""Perfect separation: whether an unpenalised logistic regression has an optimum at all.

A direction of the weights separates where it puts no row on the wrong side of another
class, and some row strictly on the side of its own: along it the likelihood grows without
end. It is complete where all rows stand strictly on their side, and quasi-complete where
others lie on the border. Without such a direction the rows overlap, and the optimum is finite.

Source: A. Albert and J. A. Anderson, On the existence of maximum likelihood estimates in
logistic regression models, Biometrika 71 (1984), 1-10.
"""

from __future__ import annotations

from pipelines.estimators.separation.decision import separation_of
from pipelines.estimators.separation.finding import Separation, SeparationWarning

__all__ = ["Separation", "SeparationWarning", "separation_of"]
