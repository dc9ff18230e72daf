"""Slow, separate ways to the right answer, in exact fractions; nothing of the package is used."""

from collections.abc import Sequence
from fractions import Fraction

Observation = tuple[Fraction, int, Fraction]
"""Duration, cause (-1 for none), and the time that had passed when watching began."""


def at_risk(observations: Sequence[Observation], time: Fraction) -> list[Observation]:
    return [
        (end, cause, start)
        for end, cause, start in observations
        if end >= time and (start == 0 or start < time)
    ]


def event_times(observations: Sequence[Observation], until: Fraction) -> list[Fraction]:
    return sorted({end for end, cause, _ in observations if cause >= 0 and end <= until})


def hazards(
    observations: Sequence[Observation], until: Fraction, cause_count: int
) -> list[tuple[int, list[Fraction]]]:
    """The number at risk and the share of them with each cause, time by time."""
    found = []
    for time in event_times(observations, until):
        risk = at_risk(observations, time)
        counts = [sum(end == time and c == k for end, c, _ in risk) for k in range(cause_count)]
        found.append((len(risk), [Fraction(count, len(risk)) for count in counts]))
    return found


def incidence_of(steps: Sequence[Sequence[Fraction]], cause: int) -> Fraction:
    """F = sum over times of (nothing before) x (hazard of the cause)."""
    nothing_yet, reached = Fraction(1), Fraction(0)
    for shares in steps:
        reached += nothing_yet * shares[cause]
        nothing_yet *= 1 - sum(shares)
    return reached


def survival_of(steps: Sequence[Sequence[Fraction]]) -> Fraction:
    nothing_yet = Fraction(1)
    for shares in steps:
        nothing_yet *= 1 - sum(shares)
    return nothing_yet


def delta_method_variance(
    observations: Sequence[Observation], until: Fraction, *, cause: int, cause_count: int
) -> Fraction:
    """Variance of F by its exact gradient in the hazards, which are multinomial shares.

    F is linear in each single hazard, so raising one by 1 gives its exact derivative.
    """
    counted = hazards(observations, until, cause_count)
    steps = [shares for _, shares in counted]
    base = incidence_of(steps, cause)
    variance = Fraction(0)
    for position, (risk, shares) in enumerate(counted):
        gradient = []
        for k in range(cause_count):
            raised = [list(step) for step in steps]
            raised[position][k] += 1
            gradient.append(incidence_of(raised, cause) - base)
        for j in range(cause_count):
            for k in range(cause_count):
                covariance = (shares[j] * (j == k) - shares[j] * shares[k]) / risk
                variance += gradient[j] * gradient[k] * covariance
    return variance
