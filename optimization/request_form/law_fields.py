"""The fields of the form's section on the scenario law, group by group, in the analyst's words."""

from dataclasses import dataclass

from optimization.request_form.fields import RequestField
from optimization.request_form.units import Unit

AS_CALIBRATED = ("", "As calibrated")
OWN_SHARES = "own"
SHARES_PATH = "scenario_law.variance_shares"
CORRELATION_PATH = "scenario_law.bucket_correlation"


@dataclass(frozen=True, slots=True, kw_only=True)
class LawGroup:
    """Fields under one heading; ``key`` is the group's id on the page."""

    key: str
    label: str
    help: str
    fields: tuple[RequestField, ...]


def _law(
    path: str,
    label: str,
    unit: Unit,
    help_text: str = "",
    *,
    choices: tuple[tuple[str, str], ...] = (),
) -> RequestField:
    return RequestField(
        path=f"scenario_law.{path}",
        label=label,
        unit=unit,
        help=help_text,
        choices=(AS_CALIBRATED, *choices) if choices else (),
    )


EXITS = LawGroup(
    key="law-exits",
    label="Exits and failures",
    help="The median and the P90 of exit multiples stay those of the calibration.",
    fields=(
        _law(
            "exit_law.law",
            "Exit multiples",
            Unit.TEXT,
            "How far the largest exits reach beyond the P90.",
            choices=(
                ("lognormal_pareto", "Lognormal with a Pareto tail"),
                ("pareto", "Pareto up to the largest multiple"),
                ("lognormal", "Lognormal"),
            ),
        ),
        _law(
            "exit_law.tail_index",
            "Tail index",
            Unit.NUMBER,
            "Only with a Pareto tail: 0.1 to 10. The smaller, the more a single exit can carry.",
        ),
        _law(
            "exit_law.multiple_cap",
            "Largest multiple",
            Unit.MULTIPLE,
            "No exit returns more on the initial cheque. Not with a plain lognormal.",
        ),
        _law(
            "value_path_coupling",
            "Better exits take longer",
            Unit.NUMBER,
            "0: time says nothing about value. Up to 0.95: the best exits come last.",
        ),
        _law(
            "failure_recovery.threshold",
            "Failures that return nothing",
            Unit.PERCENT,
            "Share of failed companies from which no money comes back.",
        ),
        _law(
            "failure_recovery.maximum",
            "Recovered at best",
            Unit.PERCENT,
            "What the mildest failure returns of the money invested.",
        ),
    ),
)
SHARES = (
    _law(
        "variance_shares.macro",
        "Economy",
        Unit.PERCENT,
        "Own shares: what the whole market moves together.",
    ),
    _law(
        "variance_shares.bucket",
        "Stages and sectors",
        Unit.PERCENT,
        "Own shares: what a stage or a sector moves by itself.",
    ),
    _law(
        "variance_shares.idiosyncratic",
        "Single deals",
        Unit.PERCENT,
        "Own shares: what is each deal's own. The three sum to 100%.",
    ),
)
FACTOR_SHARES = (
    _law(
        "factor_shares.sector",
        "Shared within a sector",
        Unit.PERCENT,
        "How the swings of stages and sectors split. These three sum to 100% too.",
    ),
    _law("factor_shares.stage", "Shared within a stage", Unit.PERCENT),
    _law("factor_shares.bucket", "One bucket's alone", Unit.PERCENT),
)
CORRELATION = RequestField(
    path=CORRELATION_PATH,
    label="Correlations between buckets",
    unit=Unit.TEXT,
    help="In place of the three shares above: one row and one column for each bucket of the fund,"
    " as CSV with a heading line, or as JSON with buckets and matrix.",
    is_long_text=True,
)
TOGETHER = LawGroup(
    key="law-together",
    label="How outcomes move together",
    help="What makes a portfolio swing; without recycling no expected multiple changes.",
    fields=(
        _law(
            "variance_shares",
            "Sources of variance",
            Unit.TEXT,
            "Economy, stages and sectors, single deals: of a diversified benchmark portfolio, under"
            " stress of ten benchmark deals of one stage. Own shares are stated below.",
            choices=(
                ("market", "Market: 50, 25 and 25%"),
                ("calm", "Calm: 40, 30 and 30%"),
                ("crisis_prone", "Crisis-prone: 60, 20 and 20%"),
                ("stress", "Stress: 50, 25 and 25%, of ten deals"),
                (OWN_SHARES, "Own shares"),
            ),
        ),
        *SHARES,
        _law(
            "share_level",
            "Own shares hold for",
            Unit.TEXT,
            "The fewer deals they hold for, the more of a portfolio's swings cannot be spread.",
            choices=(
                ("reference_portfolio", "A diversified portfolio"),
                ("entry", "Every bucket"),
                ("deal", "Every single deal"),
            ),
        ),
        _law(
            "copula.family",
            "Copula",
            Unit.TEXT,
            "With Student's t the market, sectors and deals reach their extremes together. That"
            " counts as economy: with few degrees of freedom choose stress, or own shares that hold"
            " for every single deal.",
            choices=(("gaussian", "Gaussian"), ("t", "Student's t")),
        ),
        _law(
            "copula.degrees_of_freedom",
            "Degrees of freedom",
            Unit.NUMBER,
            "Only with Student's t: 3 to 100. The fewer, the more extremes come together.",
        ),
        *FACTOR_SHARES,
        CORRELATION,
    ),
)
RECYCLING = (
    _law(
        "recycling.utilization_fraction",
        "Exit proceeds recycled",
        Unit.PERCENT,
        "Share of what exits return until the deadline. All five blank: as calibrated.",
    ),
    _law(
        "recycling.cost_multiple",
        "Recycled, at most",
        Unit.MULTIPLE,
        "Times what the deals of the bucket cost: 0 to 10.",
    ),
    _law(
        "recycling.max_deals",
        "New deals, at most",
        Unit.DEALS,
        "In each bucket: 0 to 100.",
    ),
    _law(
        "recycling.deadline_years",
        "Recycled until year",
        Unit.YEARS,
        "What exits return later is distributed: 0 to 16.",
    ),
    _law(
        "recycling.vintage_correlation",
        "Market of the new deals",
        Unit.NUMBER,
        "1: that of the old deals; 0: one of its own. Blank: 0.5.",
    ),
)
RESERVES = LawGroup(
    key="law-reserves",
    label="Reserves and recycling",
    help="Recycled is what exits return, into new deals of the same bucket and once only.",
    fields=(
        _law(
            "unspent_reserves",
            "Reserves that are not called",
            Unit.TEXT,
            "Money set aside for follow-ons that no round asks for.",
            choices=(("returned", "Come back as cash"), ("idle", "Are lost")),
        ),
        *RECYCLING,
    ),
)
SAMPLING = LawGroup(
    key="law-sampling",
    label="Drawing of scenarios",
    help="Only the optimization scenarios; validation scenarios are always independent.",
    fields=(
        _law(
            "sampling",
            "Sampling",
            Unit.TEXT,
            "Sobol points cover the market and its factors evenly, so that few scenarios tell as"
            " much as several times their number; best in powers of two, such as 1,024.",
            choices=(
                ("iid", "Independent"),
                ("antithetic", "Antithetic pairs"),
                ("sobol", "Sobol points"),
            ),
        ),
    ),
)
LAW_GROUPS = (EXITS, TOGETHER, RESERVES, SAMPLING)
LAW = tuple(field for group in LAW_GROUPS for field in group.fields)
