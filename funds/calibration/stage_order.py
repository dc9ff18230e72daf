"""The stages a round may carry, in the order in which companies move through them."""

STAGES = ("pre_seed", "seed", "series_a", "series_b", "series_c", "late")

STAGE_RANKS = {stage: rank for rank, stage in enumerate(STAGES)}
