"""The law of a deal's score under the copula of a configuration."""

from collections.abc import Collection

from scenarios.simulation.configuration.parameters import Copula
from scenarios.simulation.dependence.latent_law import LatentLaw
from scenarios.simulation.dependence.macro_law import MacroLaw
from scenarios.simulation.dependence.student_law import StudentLaw

ScoreLaw = LatentLaw | StudentLaw


def score_law(
    *,
    macro: MacroLaw,
    macro_loading: float,
    copula: Copula,
    failure_probabilities: Collection[float] = (),
) -> ScoreLaw:
    """``failure_probabilities``: where the deals of the law may have their failure boundaries."""
    latent = LatentLaw(
        macro=macro,
        macro_loading=macro_loading,
        likely_probabilities=tuple({p for p in failure_probabilities if 0.0 < p < 1.0}),
    )
    if copula.degrees_of_freedom is None:
        return latent
    return StudentLaw(latent=latent, degrees_of_freedom=copula.degrees_of_freedom)
